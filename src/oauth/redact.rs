//! Secrets taken out of somebody else's words: a provider, or a proxy before it, may repeat what it was sent.
//!
//! Most text is kept clean by its type: a request is shown as it is built without its secrets, an answer by its shape. What is left is words
//! that others chose, and those are searched for each secret in every spelling it could come back in.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::profile::template::percent_encode;
use crate::secret::Secret;

/// What stands where a secret stood.
const REPLACEMENT: &str = "***";

/// The shortest secret that is looked for, in bytes: a shorter one is in every other word.
const SHORTEST: usize = 4;

/// So many characters of a secret tell that it is meant, whatever follows: a provider may send a part of it back, and no text costs more to search
/// than this many looks at each of its characters.
const TELLING: usize = 64;

/// What stands where [`clean`](crate::term::text::clean) has cut a text: before it, the beginning of a secret stands for the whole.
const CUT: char = '…';

/// The secrets of a run, in each form in which they go over the wire.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    forms: Vec<Secret>,
}

impl Redactor {
    /// Knows `secrets`, and what each is with `client_id` in Basic credentials.
    #[must_use]
    pub fn new<'a>(client_id: Option<&str>, secrets: impl Iterator<Item = &'a Secret>) -> Self {
        let mut redactor = Self::default();
        for secret in secrets {
            redactor.learn(secret.expose());
            if let Some(id) = client_id {
                for pair in [
                    Zeroizing::new(format!("{id}:{}", secret.expose())),
                    Zeroizing::new(format!(
                        "{}:{}",
                        percent_encode(id).expose(),
                        percent_encode(secret.expose()).expose()
                    )),
                ] {
                    redactor.forms.extend(base64(&pair));
                }
            }
        }
        redactor.in_order()
    }

    /// The same, and one secret more.
    #[must_use]
    pub fn and(mut self, secret: &str) -> Self {
        self.learn(secret);
        self.in_order()
    }

    fn learn(&mut self, secret: &str) {
        self.forms.push(Secret::new(secret));
        // A message is cleaned before it gets here, which folds white space.
        self.forms
            .push(Secret::new(crate::term::text::clean(secret, usize::MAX)));
        self.forms.extend(base64(secret));
    }

    fn in_order(mut self) -> Self {
        self.forms.retain(|form| form.expose().len() >= SHORTEST);
        // The longest first: one form may be a part of another.
        self.forms
            .sort_by_key(|form| std::cmp::Reverse(form.expose().len()));
        self
    }

    /// `text` with every secret replaced, however it is escaped.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some(character) = rest.chars().next() {
                if let Some(length) = spelled(form.expose(), rest) {
                    out.push_str(REPLACEMENT);
                    rest = &rest[length..];
                } else {
                    out.push(character);
                    rest = &rest[character.len_utf8()..];
                }
            }
            text = out;
        }
        text
    }
}

/// `secret` in base64, in either alphabet, with and without padding (RFC 4648 §4, §5).
fn base64(secret: &str) -> [Secret; 4] {
    [
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ]
    .map(Secret::new)
}

/// How many bytes at the start of `text` spell `secret`, each of its characters as itself or escaped in any of the ways a web server knows; or spell its
/// beginning, where that is [`TELLING`] or the text is cut there.
fn spelled(secret: &str, text: &str) -> Option<usize> {
    // A character may be read in two ways (`%` and `%25`), so all ends reached so far are followed.
    let mut ends = vec![0];
    for (matched, character) in secret.chars().enumerate() {
        let mut next: Vec<usize> = ends
            .iter()
            .flat_map(|end| spellings(character, &text[*end..]).map(move |length| end + length))
            .collect();
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            let is_cut = |end: &usize| matched >= SHORTEST && text[*end..].starts_with(CUT);
            return match matched >= TELLING {
                true => ends.last().copied(),
                false => ends.into_iter().rfind(is_cut),
            };
        }
        ends = next;
    }
    ends.last().copied()
}

/// The lengths of all spellings of `character` that `text` begins with.
fn spellings(character: char, text: &str) -> impl Iterator<Item = usize> {
    let itself = text.starts_with(character).then_some(character.len_utf8());
    let escaped = text
        .starts_with(['+', '%', '\\', '&'])
        .then(|| escapes(character))
        .into_iter()
        .flatten()
        .filter(|escape| {
            text.get(..escape.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(escape))
        })
        .map(|escape| escape.len());
    itself
        .into_iter()
        .chain(escaped.collect::<Vec<_>>())
        .chain(percent_encoded(character, text))
}

/// The lengths of all percent-encodings of `character` that `text` begins with, also of those encoded again: `%2B`, `%252B`, `%25252B`.
fn percent_encoded(character: char, text: &str) -> Vec<usize> {
    let mut bytes = [0; 4];
    let text = text.as_bytes();
    let mut ends = vec![0];
    for byte in character.encode_utf8(&mut bytes).bytes() {
        let code = format!("{byte:02x}");
        let mut next = Vec::new();
        for end in ends {
            if text.get(end) != Some(&b'%') {
                continue;
            }
            let mut at = end + 1;
            while let Some(digits) = text.get(at..at + 2) {
                at += 2;
                if digits.eq_ignore_ascii_case(code.as_bytes()) {
                    next.push(at);
                }
                if digits != b"25" {
                    break;
                }
            }
        }
        ends = next;
    }
    ends
}

/// `character` as JSON and HTML escape it, and a space as forms do; the case of letters in these does not matter.
fn escapes(character: char) -> Vec<String> {
    let mut units = [0; 2];
    let json = character
        .encode_utf16(&mut units)
        .iter()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    let code = u32::from(character);
    let mut all = vec![json, format!("&#{code};"), format!("&#x{code:x};")];
    all.extend(
        match character {
            ' ' => &["+"][..],
            '"' => &["\\\"", "&quot;"],
            '\\' => &["\\\\"],
            '/' => &["\\/"],
            '&' => &["&amp;"],
            '<' => &["&lt;"],
            '>' => &["&gt;"],
            '\'' => &["&apos;", "\\'"],
            _ => &[],
        }
        .iter()
        .map(|escape| (*escape).to_owned()),
    );
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_in_every_form_it_travels_in() {
        let secret = Secret::new("hunt er+2");
        let said = [
            "you sent hunt er+2",
            "you sent hunt%20er%2B2",
            "you sent hunt%20er%2b2",
            "you sent hunt+er%2B2",
            &format!("you sent {}", STANDARD.encode("hunt er+2")),
            &format!("you sent Basic {}", STANDARD.encode("id:hunt er+2")),
            &format!("you sent Basic {}", STANDARD.encode("id:hunt%20er%2B2")),
        ];
        for text in said {
            let expected = if text.contains("Basic") {
                "you sent Basic ***"
            } else {
                "you sent ***"
            };
            assert_eq!(
                Redactor::new(Some("id"), [&secret].into_iter()).apply(text),
                expected
            );
        }
    }

    #[test]
    fn every_way_of_escaping_is_seen_through_even_mixed() {
        let secret = Secret::new("a\"b\\c/d&e<f'g é%41");
        let redactor = Redactor::new(None, [&secret].into_iter());
        let json = serde_json::to_string(secret.expose()).unwrap();
        for text in [
            secret.expose(),
            json.trim_matches('"'),
            r#"a\u0022b\u005Cc\/d\u0026e\u003cf\u0027g\u0020\u00e9%41"#,
            "a&quot;b\\c/d&amp;e&lt;f&#39;g &#xE9;%41",
            "a&#34;b\\c/d&e&lt;f&#x27;g é%2541",
            // What JavaScript's encodeURIComponent leaves alone.
            "a%22b%5cc%2fd%26e%3Cf'g%20%c3%A9%2541",
            "a%22b%5Cc%2Fd%26e%3Cf%27g+%C3%A9%2541",
            "a%2522b%255Cc%252Fd%2526e%253Cf%2527g%2520%25C3%25A9%252541",
        ] {
            assert_eq!(redactor.apply(&format!("<{text}>")), "<***>", "{text}");
        }
        assert_eq!(
            redactor.apply("a\"b and nothing more"),
            "a\"b and nothing more"
        );
    }

    #[test]
    fn a_secret_in_percent_signs_costs_no_more_than_another() {
        let secret = Secret::new("%25".repeat(200));
        let redactor = Redactor::new(None, [&secret].into_iter());
        let text = "%25".repeat(1500);
        assert!(redactor.apply(&text).starts_with(REPLACEMENT));
    }

    #[test]
    fn a_part_of_a_secret_that_tells_what_it_is_is_taken_out() {
        let secret = Secret::new("s3cret/".repeat(40));
        let redactor = Redactor::new(None, [&secret].into_iter());
        let said = |length: usize, after: &str| format!("<{}{after}", &secret.expose()[..length]);
        assert_eq!(redactor.apply(&said(280, ">")), "<***>");
        assert_eq!(redactor.apply(&said(100, "!>")), "<***!>");
        assert_eq!(redactor.apply(&said(5, "…")), "<***…");
        let encoded = said(100, "").replace('/', "%2F");
        assert_eq!(
            redactor.apply(&crate::term::text::clean(&encoded, 60)),
            "<***…"
        );
        for harmless in [said(5, "!"), said(3, "…")] {
            assert_eq!(redactor.apply(&harmless), harmless);
        }
    }

    #[test]
    fn a_provider_that_makes_the_secret_cannot_make_the_search_for_it_long() {
        let token = Secret::new("a".repeat(400_000) + "b");
        let redactor = Redactor::default().and(token.expose());
        // Squared, these would be hours.
        assert_eq!(redactor.apply(&"a".repeat(400_000)), REPLACEMENT);
        let near = "a".repeat(TELLING - 1) + "c";
        let text = near.repeat(100);
        assert_eq!(redactor.apply(&text), text);
    }

    #[test]
    fn one_more_secret_can_be_learnt() {
        let redactor = Redactor::default().and("t0ken").and("abc");
        assert_eq!(redactor.apply("t0ken dDBrZW4= abc"), "*** *** abc");
    }
}
