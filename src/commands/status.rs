//! `tok status`: what is cached, how long it lives, and how much it was worth. Never shows a token, and asks no one but the cache.

use std::io::Write;

use serde_json::{Value, json};

use super::{Session, write};
use crate::cache::Slot;
use crate::cache::shelf::{Kept, Shelf};
use crate::cli::Status;
use crate::clock::Now;
use crate::failure::{Failure, Kind};
use crate::output::rfc3339;
use crate::profile::Overrides;
use crate::token::Freshness;

/// One line of the answer.
struct Row {
    profile: String,
    state: &'static str,
    /// Whether it is what the profile as it is now would use; none where there is no such profile to ask.
    current: Option<bool>,
    left_ms: Option<i64>,
    age_ms: Option<i64>,
    fetches: Option<u64>,
    reuses: Option<u64>,
    store: &'static str,
    place: String,
}

pub(super) fn run(
    session: &Session<'_>,
    status: &Status,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let wanted = status.profile.as_deref();
    let now = Now::read();
    let kept = match Shelf::open()
        .and_then(|shelf| shelf.map_or(Ok(Vec::new()), |shelf| shelf.kept(wanted)))
    {
        Ok(kept) => kept,
        Err(trouble) => {
            return Err(Failure::new(
                Kind::Unexpected,
                format!("the cache cannot be used: {trouble}"),
            )
            .into());
        }
    };
    let mut rows = Vec::new();
    for kept in kept {
        let current = current_stem(session, &kept.profile).map(|stem| stem == kept.stem);
        rows.extend(row(session, kept, current, &now));
    }
    if let (Some(name), true) = (wanted, rows.is_empty()) {
        // A name that is nowhere is a mistake; one that is in the config has nothing yet.
        session.config()?.profile(name)?;
        rows.push(nothing(name));
    }
    let answer = if status.json {
        let rows: Vec<Value> = rows.iter().map(|row| row.json(&now)).collect();
        format!("{}\n", Value::from(rows))
    } else {
        table(&rows)
    };
    write(out, &answer)
}

/// The stem that the profile as it is now would use.
fn current_stem(session: &Session<'_>, name: &str) -> Option<String> {
    let config = session.config().ok()?;
    let profile = session.profile(&config, name, &Overrides::default()).ok()?;
    Some(Slot::of(&profile).ok()?.stem().to_owned())
}

fn nothing(profile: &str) -> Row {
    Row {
        profile: profile.to_owned(),
        state: "none",
        current: None,
        left_ms: None,
        age_ms: None,
        fetches: None,
        reuses: None,
        store: "",
        place: String::new(),
    }
}

/// The row for an entry; none when the keyring no longer has it.
fn row(session: &Session<'_>, kept: Kept, current: Option<bool>, now: &Now) -> Option<Row> {
    let (store, place) = if kept.in_keyring {
        ("keyring", format!("keyring: token/{}", kept.stem))
    } else {
        ("file", kept.file.display().to_string())
    };
    let row = Row {
        current,
        store,
        place,
        ..nothing(&kept.profile)
    };
    match kept.entry {
        Ok(entry) => entry.map(|entry| {
            let token = &entry.token;
            Row {
                state: match token.freshness(now, 0, 0.0) {
                    Freshness::Fresh => "fresh",
                    Freshness::Stale => "stale",
                    Freshness::Dead => "dead",
                },
                left_ms: Some(token.left_ms(now).unwrap_or(0).max(0)),
                age_ms: Some(now.since(&token.sent)),
                fetches: Some(entry.fetches),
                reuses: Some(entry.reuses),
                ..row
            }
        }),
        Err(trouble) => {
            session.notes().note(&trouble.0);
            Some(Row {
                state: "damaged",
                ..row
            })
        }
    }
}

impl Row {
    fn json(&self, now: &Now) -> Value {
        let moment = |ms: Option<i64>| ms.map(|ms| rfc3339(now.unix_ms.saturating_add(ms)));
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        json!({
            "profile": self.profile,
            "state": self.state,
            "current": self.current,
            "expires_in": self.left_ms.map(|ms| ms / 1000),
            "expires_at": moment(self.left_ms),
            "fetched_at": moment(self.age_ms.map(i64::saturating_neg)),
            "fetches": self.fetches,
            "reuses": self.reuses,
            "cache": text(self.store),
            "file": (self.store == "file").then_some(&self.place),
        })
    }

    fn cells(&self) -> [String; 7] {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let other = if self.current == Some(false) {
            " (other)"
        } else {
            ""
        };
        [
            self.profile.clone(),
            format!("{}{other}", self.state),
            or_dash(self.left_ms.map(length)),
            or_dash(self.age_ms.map(|ms| format!("{} ago", length(ms)))),
            or_dash(self.fetches.map(|count| count.to_string())),
            or_dash(self.reuses.map(|count| count.to_string())),
            or_dash((!self.place.is_empty()).then(|| self.place.clone())),
        ]
    }
}

/// The rows under their headings, in columns; nothing when there are none.
fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let headings = [
        "PROFILE", "STATE", "LEFT", "FETCHED", "FETCHES", "REUSED", "FILE",
    ];
    let mut lines = vec![headings.map(str::to_owned)];
    lines.extend(rows.iter().map(Row::cells));
    let widths: Vec<usize> = (0..headings.len())
        .map(|column| {
            let lengths = lines.iter().map(|line| line[column].chars().count());
            lengths.max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// A length of time for people: its two largest units, as in `59m 12s`.
fn length(ms: i64) -> String {
    let mut left = ms.max(0) / 1000;
    let mut parts = Vec::new();
    for (seconds, unit) in [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")] {
        let count = left / seconds;
        left %= seconds;
        if count > 0 || !parts.is_empty() {
            parts.push((count, unit));
        }
    }
    let shown: Vec<String> = parts
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if shown.is_empty() {
        "0s".to_owned()
    } else {
        shown.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_their_two_largest_units() {
        let cases = [
            (-5, "0s"),
            (999, "0s"),
            (1_000, "1s"),
            (60_000, "1m"),
            (3_552_000, "59m 12s"),
            (3_600_000, "1h"),
            (3_601_000, "1h"),
            (86_399_000, "23h 59m"),
            (90_000_000, "1d 1h"),
        ];
        for (ms, text) in cases {
            assert_eq!(length(ms), text, "{ms}");
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let long = Row {
            left_ms: Some(3_552_000),
            ..nothing("a-long-name")
        };
        assert_eq!(
            table(&[nothing("p"), long]),
            "PROFILE      STATE  LEFT     FETCHED  FETCHES  REUSED  FILE\n\
             p            none   -        -        -        -       -\n\
             a-long-name  none   59m 12s  -        -        -       -\n"
        );
        assert_eq!(table(&[]), "");
    }
}
