//! Removes secrets from text that a provider or proxy may have echoed in any encoding.
//!
//! Text is read under every encoding ([`views`]) and searched for runs of [`TELLING`] characters of a
//! secret, in either case, with and without white space. The cost is linear in text and secrets.

mod escapes;
mod items;
mod views;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use self::items::Item;
use self::views::{View, sextet, views};
use crate::secret::Secret;

const REPLACEMENT: &str = "***";

/// A run of this many characters gives a secret away.
const TELLING: usize = 8;

/// In characters; a shorter secret would be part of many words.
const SHORTEST: usize = 4;

/// In bytes; longer secrets are not searched for decoded or in base64 of another case.
const LONG: usize = 16_384;

/// The most short words of a computed text that are searched for.
const MOST_WORDS: usize = 1_000;

/// Base64 digits that [`TELLING`] characters determine at every offset.
const TELLING_DIGITS: usize = 9;

/// [`clean`](crate::term::text::clean) ends a cut text with it; before it a secret may be incomplete.
const CUT: char = '…';

/// The secrets of a run.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    /// Secrets, and computed texts with their public parts.
    secrets: Vec<(Secret, Option<Secret>)>,
    patterns: OnceCell<Patterns>,
}

impl Redactor {
    /// Creates a redactor of `secrets`.
    #[must_use]
    pub fn new<'a>(secrets: impl Iterator<Item = &'a Secret>) -> Self {
        let mut redactor = Self::default();
        secrets.for_each(|secret| redactor.add(secret.clone()));
        redactor
    }

    /// Adds a secret.
    pub fn add(&mut self, secret: Secret) {
        self.push(secret, None);
    }

    /// Adds a text computed from secrets; its runs that are also in `public` are not secret.
    pub fn add_computed(&mut self, text: Secret, public: Secret) {
        self.push(text, Some(public));
    }

    fn push(&mut self, text: Secret, public: Option<Secret>) {
        let is_known = |(known, other): &(Secret, Option<Secret>)| {
            other.is_some() == public.is_some() && known.expose() == text.expose()
        };
        if !self.secrets.iter().any(is_known) {
            self.secrets.push((text, public));
            self.patterns.take();
        }
    }

    /// Returns `text` with each run of [`TELLING`] or more characters of a secret replaced.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let patterns = self.patterns.get_or_init(|| {
            let mut patterns = Patterns::default();
            for (secret, public) in &self.secrets {
                patterns.add(secret.expose(), public.as_ref().map(Secret::expose));
            }
            patterns
        });
        if patterns.is_empty() {
            return text.to_owned();
        }
        let mut found = Vec::new();
        for view in views(text, true) {
            patterns.search(&view, text, &mut found);
        }
        replaced(text, found)
    }
}

fn replaced(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_unstable_by_key(|range| range.start);
    let mut out = String::with_capacity(text.len());
    let mut shown = 0;
    let mut last_end = None;
    for range in found {
        let end = range.end.max(shown);
        if last_end.is_none_or(|last| range.start > last) {
            out.push_str(text.get(shown..range.start).unwrap_or_default());
            out.push_str(REPLACEMENT);
        }
        shown = end;
        last_end = Some(end);
    }
    out.push_str(text.get(shown..).unwrap_or_default());
    out
}

/// Hashes of runs, which need no further hashing.
type Hashes = HashSet<u64, BuildHasherDefault<AsItIs>>;

#[derive(Clone, Copy, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[derive(Clone, Debug, Default)]
struct Patterns {
    /// Runs of [`TELLING`] characters in lower case.
    runs: Hashes,
    /// Whole secrets shorter than that, by length.
    short: [Hashes; TELLING - SHORTEST],
    /// The first characters of secrets, by length.
    beginnings: [Hashes; TELLING - SHORTEST],
    /// Runs in lower case, as a change of case cannot be undone in base64.
    digits: Hashes,
}

impl Patterns {
    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.short.iter().all(Hashes::is_empty)
    }

    fn add(&mut self, secret: &str, public: Option<&str>) {
        let Some(public) = public else {
            return self.add_secret(secret);
        };
        let mut known = Self::default();
        known.add_secret(public);
        known.add_words(public);
        let mut added = Self::default();
        added.add_secret(secret);
        added.add_words(secret);
        added.runs.retain(|run| !known.runs.contains(run));
        added.digits.retain(|run| !known.digits.contains(run));
        for (short, known) in added.short.iter_mut().zip(&known.short) {
            short.retain(|run| !known.contains(run));
        }
        self.runs.extend(added.runs);
        self.digits.extend(added.digits);
        for at in 0..TELLING - SHORTEST {
            self.short[at].extend(&added.short[at]);
        }
    }

    fn add_secret(&mut self, secret: &str) {
        let views = views(secret, false);
        // A secret that looks escaped is decoded once too often in an escaped text.
        let views = match secret.len() {
            ..=LONG => views.as_slice(),
            _ => views.get(..1).unwrap_or_default(),
        };
        for View { items, .. } in views {
            for form in forms(items.clone()) {
                self.add_form(&form);
            }
        }
        if secret.len() <= LONG {
            self.add_digits(secret.as_bytes());
        }
    }

    fn add_form(&mut self, items: &[Item]) {
        if items.len() >= TELLING {
            let folded: Vec<u32> = items.iter().map(folded).collect();
            let runs = folded.windows(TELLING);
            self.runs
                .extend(runs.map(|run| hash_of(run.iter().copied())));
            for (at, beginnings) in self.beginnings.iter_mut().enumerate() {
                beginnings.insert(hash(&items[..SHORTEST + at]));
            }
        } else if items.len() >= SHORTEST {
            self.short[items.len() - SHORTEST].insert(hash(items));
        }
    }

    /// Each short word of a computed text may be a secret by itself.
    fn add_words(&mut self, text: &str) {
        for word in text.split_whitespace().take(MOST_WORDS) {
            let length = word.chars().take(TELLING).count();
            if (SHORTEST..TELLING).contains(&length) {
                self.short[length - SHORTEST].insert(hash_of(word.chars().map(u32::from)));
            }
        }
    }

    fn add_digits(&mut self, secret: &[u8]) {
        for offset in 0..3 {
            let mut bits = 0u32;
            let mut count = 0;
            let mut digits = Vec::new();
            for byte in std::iter::repeat_n(&0, offset).chain(secret) {
                bits = bits << 8 | u32::from(*byte);
                count += 8;
                while count >= 6 {
                    count -= 6;
                    digits.push(folded_digit(bits >> count & 63));
                }
                bits &= 63;
            }
            // The first digits contain bits of the text before the secret.
            let own = digits.get((8 * offset).div_ceil(6)..).unwrap_or_default();
            self.digits.extend(
                own.windows(TELLING_DIGITS)
                    .map(|run| hash_of(run.iter().copied())),
            );
        }
    }

    fn search(&self, view: &View, text: &str, found: &mut Vec<Range<usize>>) {
        let first = found.len();
        let [spaced, compact, as_is] = forms(view.items.clone());
        for form in [&spaced, &compact, &as_is] {
            let folded: Vec<u32> = form.iter().map(folded).collect();
            let runs = folded.windows(TELLING).zip(form.windows(TELLING));
            found.extend(
                runs.filter(|(run, _)| self.runs.contains(&hash_of(run.iter().copied())))
                    .map(|(_, run)| range(run)),
            );
        }
        for (at, short) in self.short.iter().enumerate() {
            if !short.is_empty() {
                let runs = spaced.windows(SHORTEST + at);
                found.extend(runs.filter(|run| short.contains(&hash(run))).map(range));
            }
        }
        if view.binaries > 0 {
            // Padding is a part of the encoded text.
            for range in &mut found[first..] {
                let rest = text.get(range.end..).unwrap_or_default();
                range.end += rest.len() - rest.trim_start_matches('=').len();
            }
            return;
        }
        for (at, _) in spaced
            .iter()
            .enumerate()
            .filter(|(_, item)| item.character == CUT)
        {
            for (length, beginnings) in (SHORTEST..).zip(&self.beginnings) {
                let before = at.checked_sub(length).and_then(|from| spaced.get(from..at));
                found.extend(
                    before
                        .filter(|run| beginnings.contains(&hash(run)))
                        .map(range),
                );
            }
        }
        let compact = if compact.is_empty() {
            &spaced
        } else {
            &compact
        };
        for run in compact.windows(TELLING_DIGITS) {
            let digits = run.iter().map(|item| sextet(item.character));
            if digits.clone().all(|digit| digit.is_some())
                && self
                    .digits
                    .contains(&hash_of(digits.flatten().map(folded_digit)))
            {
                found.push(range(run));
            }
        }
    }
}

fn range(run: &[Item]) -> Range<usize> {
    let from = run.first().map_or(0, |item| item.from);
    from..run.last().map_or(from, |item| item.to)
}

/// Returns `items` spaced, compact and as they are; a form equal to an earlier one is empty.
fn forms(items: Vec<Item>) -> [Vec<Item>; 3] {
    let spaced = spaced(&items);
    let mut compact = compact(&items);
    let as_is = match spaced.len() == items.len() {
        true => Vec::new(),
        false => items,
    };
    if compact.len() == spaced.len() {
        compact.clear();
    }
    [spaced, compact, as_is]
}

fn spaced(items: &[Item]) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        let is_blank = item.character.is_whitespace() || item.character.is_control();
        if !is_blank {
            out.push(*item);
        } else if let Some(last) = out.last_mut().filter(|last| last.character == ' ') {
            // A run of blanks counts only as the blank nearest to the match.
            last.from = item.from;
        } else {
            out.push(Item {
                character: ' ',
                ..*item
            });
        }
    }
    out
}

fn compact(items: &[Item]) -> Vec<Item> {
    let is_blank = |item: &&Item| item.character.is_whitespace() || item.character.is_control();
    items
        .iter()
        .filter(|item| !is_blank(item))
        .copied()
        .collect()
}

fn folded(item: &Item) -> u32 {
    let lower = item.character.to_lowercase().next();
    lower.map_or(0, u32::from)
}

fn hash(run: &[Item]) -> u64 {
    hash_of(run.iter().map(|item| u32::from(item.character)))
}

fn hash_of(numbers: impl Iterator<Item = u32>) -> u64 {
    // FNV-1a over whole numbers; a collision only replaces more.
    numbers.fold(0xcbf2_9ce4_8422_2325, |hash, number| {
        (hash ^ u64::from(number)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn folded_digit(digit: u32) -> u32 {
    if digit < 26 { digit + 26 } else { digit }
}

#[cfg(test)]
mod tests;
