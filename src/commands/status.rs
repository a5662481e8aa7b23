//! `tok status`: lists cached tokens and their lifetimes. It prints no token and sends no request.

mod logins;
mod shared;

use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;

use serde_json::{Value, json};

use crate::cache;
use crate::cache::entries::{Entries, Listed};
use crate::cache::error::CacheError;
use crate::cache::shared::Shown;
use crate::cache::store::Store;
use crate::clock::Now;
use crate::commands::get::profile_variable;
use crate::commands::session::{Session, write};
use crate::commands::status::logins::Logins;
use crate::error::{Kind, OrFail, Subject, chain};
use crate::output::rfc3339;
use crate::profile::Overrides;
use crate::secrets::keyring;
use crate::term::colour::{ASIDE, NAME, for_stdout, paint};
use crate::term::duration;
use crate::term::table;
use crate::token::{Freshness, Token};

struct Row {
    profile: String,
    state: &'static str,
    /// Whether the profile would use this entry now; `None` if the profile does not exist.
    current: Option<bool>,
    left_ms: Option<i64>,
    /// How long the provider asked tok to wait.
    wait_ms: Option<i64>,
    age_ms: Option<i64>,
    fetches: Option<u64>,
    reuses: Option<u64>,
    store: &'static str,
    place: String,
}

pub(crate) const COMMAND: Spec = Spec {
    name: "status",
    about: "Show what is cached and how long it lives",
    group: Group::Cache,
    examples: "\
tok status
tok status cint --json | jq '.[0].state'",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(after_help = "\
States: fresh; stale (good, and the next call refreshes it); dead; damaged;
  none; locked or unreachable (in the keyring, exit code 4; at the shared cache, exit code 6). (other): for another scope,
  audience or parameter, or from before the profile was edited. retry in: the provider asked to wait that long.
LOGIN: profiles with a refresh token, since when tok knows the login, and when it ends, if the provider says so.")]
pub(crate) struct Args {
    /// Only this profile
    #[arg(env = profile_variable(), hide_env = true)]
    pub(crate) profile: Option<String>,

    /// Print JSON: an array with one object for each cached token
    #[arg(long)]
    pub(crate) json: bool,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let wanted = self.profile.as_deref();
        let now = Now::read();
        let (listed, mut waits) = Entries::open()
            .and_then(|entries| match entries {
                Some(entries) => Ok((entries.list(wanted)?, entries.waits(wanted, &now)?)),
                None => Ok((Vec::new(), Vec::new())),
            })
            .or_fail(Kind::Unexpected)
            .map_err(|error| error.about(Subject::Action("the cache cannot be used".into())))?;
        let is_current = |profile: &str, stem: &str| {
            current_stem(session, profile).map(|current| current == stem)
        };
        let keyring_error = listed.iter().find_map(|entry| match &entry.entry {
            Err(CacheError::Keyring(_, error)) => Some(error.clone()),
            _ => None,
        });
        let mut rows = Vec::new();
        for entry in listed {
            let wait = waits.iter().position(|wait| wait.stem == entry.stem);
            let wait_ms = wait.map(|index| waits.remove(index).left_ms);
            let current = is_current(&entry.profile, &entry.stem);
            rows.extend(row(session, entry, current, &now).map(|row| Row { wait_ms, ..row }));
        }
        rows.extend(waits.into_iter().map(|wait| Row {
            current: is_current(&wait.profile, &wait.stem),
            wait_ms: Some(wait.left_ms),
            ..nothing(&wait.profile)
        }));
        let (contents, shared_error) = shared::contents(session, wanted);
        for (profile, shown) in contents {
            rows.push(shared_row(&profile, shown.as_ref(), &now));
        }
        let logins = Logins::of(session, wanted);
        for profile in logins.profiles() {
            if !rows.iter().any(|row| row.profile == profile) {
                rows.push(nothing(profile));
            }
        }
        if let (Some(name), true) = (wanted, rows.is_empty()) {
            // Fails for an unknown name; a known profile may have nothing cached.
            session.config()?.profile(name)?;
            rows.push(nothing(name));
        }
        if rows.is_empty() && !self.json {
            session.notes().note("no token is cached");
        }
        let answer = if self.json {
            let rows: Vec<Value> = rows.iter().map(|row| row.json(&now, &logins)).collect();
            format!("{}\n", Value::from(rows))
        } else {
            lines(&rows) + &login_lines(&logins, &now)
        };
        write(out, &answer)?;
        match keyring_error {
            Some(error) => Err(error
                .about(Subject::Action("a cached token cannot be read".into()))
                .into()),
            None => shared_error.map_or(Ok(()), |error| Err(error.into())),
        }
    }
}

fn shared_row(profile: &str, shown: Option<&Shown>, now: &Now) -> Row {
    let row = Row {
        current: Some(true),
        store: "shared",
        wait_ms: shown.and_then(|shown| shown.wait_ms),
        ..nothing(profile)
    };
    match shown.map(|shown| &shown.token) {
        Some(Some(token)) => of_token(token, now, row),
        Some(None) => row,
        None => Row {
            state: "unreachable",
            ..row
        },
    }
}

fn of_token(token: &Token, now: &Now, row: Row) -> Row {
    Row {
        state: match token.freshness(now, 0, 0.0) {
            Freshness::Fresh => "fresh",
            Freshness::Stale => "stale",
            Freshness::Dead => "dead",
        },
        left_ms: Some(token.left_ms(now).unwrap_or(0).max(0)),
        age_ms: Some(now.since(&token.sent)),
        ..row
    }
}

fn current_stem(session: &Session, name: &str) -> Option<String> {
    let config = session.config().ok()?;
    let profile = session.profile(&config, name, &Overrides::default()).ok()?;
    Some(cache::stem(&profile))
}

fn nothing(profile: &str) -> Row {
    Row {
        profile: profile.to_owned(),
        state: "none",
        current: None,
        left_ms: None,
        wait_ms: None,
        age_ms: None,
        fetches: None,
        reuses: None,
        store: "",
        place: String::new(),
    }
}

/// Returns the row of an entry, or `None` if the keyring no longer has it.
fn row(session: &Session, listed: Listed, current: Option<bool>, now: &Now) -> Option<Row> {
    let (store, place) = match listed.store {
        Store::Keyring => ("keyring", format!("keyring: token/{}", listed.stem)),
        Store::File => ("file", listed.file.display().to_string()),
    };
    let row = Row {
        current,
        store,
        place,
        ..nothing(&listed.profile)
    };
    match listed.entry {
        Ok(entry) => entry.map(|entry| Row {
            fetches: Some(entry.fetches),
            reuses: Some(entry.reuses),
            ..of_token(&entry.token, now, row)
        }),
        Err(error) => {
            let state = match &error {
                CacheError::Keyring(_, error) if keyring::is_locked(error) => "locked",
                CacheError::Keyring(..) => "unreachable",
                _ => {
                    session.notes().note(&chain(&error));
                    "damaged"
                }
            };
            Some(Row { state, ..row })
        }
    }
}

impl Row {
    fn json(&self, now: &Now, logins: &Logins) -> Value {
        let moment = |ms: Option<i64>| ms.map(|ms| rfc3339(now.unix_ms.saturating_add(ms)));
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        json!({
            "profile": self.profile,
            "state": self.state,
            "current": self.current,
            "expires_in": self.left_ms.map(|ms| ms / 1000),
            "expires_at": moment(self.left_ms),
            "retry_in": self.wait_ms.map(|ms| ms / 1000),
            "retry_at": moment(self.wait_ms),
            "fetched_at": moment(self.age_ms.map(i64::saturating_neg)),
            "fetches": self.fetches,
            "reuses": self.reuses,
            "login": logins.json(&self.profile, now),
            "cache": text(self.store),
            "file": (self.store == "file").then_some(&self.place),
        })
    }

    fn cells(&self) -> Vec<String> {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let other = if self.current == Some(false) {
            " (other)"
        } else {
            ""
        };
        let wait = self.wait_ms.map_or_else(String::new, |ms| {
            format!(", retry in {}", duration::words(ms))
        });
        vec![
            paint(NAME, &self.profile),
            format!("{}{other}{wait}", self.state),
            or_dash(self.left_ms.map(duration::words)),
            or_dash(self.age_ms.map(|ms| format!("{} ago", duration::words(ms)))),
            or_dash(self.fetches.map(|count| count.to_string())),
            or_dash(self.reuses.map(|count| count.to_string())),
            or_dash((!self.store.is_empty()).then(|| self.store.to_owned())),
        ]
    }
}

/// Formats the rows in columns under headings; empty without rows.
fn lines(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let headings = [
        "PROFILE", "STATE", "LEFT", "FETCHED", "FETCHES", "REUSED", "CACHE",
    ];
    let mut all = vec![headings.map(|heading| paint(ASIDE, heading)).to_vec()];
    all.extend(rows.iter().map(Row::cells));
    for_stdout(table::for_terminal(&all))
}

fn login_lines(logins: &Logins, now: &Now) -> String {
    match logins.cells(now) {
        cells if cells.is_empty() => String::new(),
        cells => format!("\n{}", for_stdout(table::for_terminal(&cells))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash() {
        let known = Row {
            left_ms: Some(3_552_000),
            age_ms: Some(48_000),
            wait_ms: Some(60_000),
            current: Some(false),
            ..nothing("p")
        };
        assert_eq!(
            known.cells(),
            [
                &paint(NAME, "p"),
                "none (other), retry in 1m",
                "59m 12s",
                "48s ago",
                "-",
                "-",
                "-"
            ]
        );
        assert_eq!(lines(&[]), "");
    }
}
