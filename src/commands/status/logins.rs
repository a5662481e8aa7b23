//! The logins that `tok status` shows: since when, and until when if that is known.

use serde_json::{Value, json};

use crate::cache::login::{self, LoginRecord};
use crate::clock::Now;
use crate::commands::session::Session;
use crate::output::rfc3339;
use crate::term::colour::{ASIDE, NAME, paint};
use crate::term::duration;

pub(super) struct Logins(Vec<LoginRecord>);

impl Logins {
    /// Reads the logins of `wanted`, or of every profile that the config has. Nothing but what is shown depends on them.
    pub(super) fn of(session: &Session, wanted: Option<&str>) -> Self {
        let config = session.config().ok();
        let has = |profile: &str| config.as_ref().is_some_and(|config| config.has(profile));
        let mut all = login::list().unwrap_or_default();
        all.retain(|login| {
            wanted.is_none_or(|wanted| wanted == login.profile) && has(&login.profile)
        });
        Self(all)
    }

    pub(super) fn profiles(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|login| login.profile.as_str())
    }

    pub(super) fn json(&self, profile: &str, now: &Now) -> Value {
        let login = self.0.iter().find(|login| login.profile == profile);
        login.map_or(Value::Null, |login| {
            json!({
                "since": rfc3339(login.since_unix_ms),
                "ends_in": left_ms(login, now).map(|ms| ms / 1000),
                "ends_at": login.ends_unix_ms.map(rfc3339),
            })
        })
    }

    /// Returns the rows of a table with its headings, or nothing without logins.
    pub(super) fn cells(&self, now: &Now) -> Vec<Vec<String>> {
        let headings = ["LOGIN", "SINCE", "ENDS"].map(|heading| paint(ASIDE, heading));
        let rows = self.0.iter().map(|login| {
            let age = now.unix_ms.saturating_sub(login.since_unix_ms);
            let ends = match left_ms(login, now) {
                Some(0) => "over".to_owned(),
                Some(ms) => format!("in {}", duration::words(ms)),
                None => "-".to_owned(),
            };
            vec![
                paint(NAME, &login.profile),
                format!("{} ago", duration::words(age)),
                ends,
            ]
        });
        match self.0.is_empty() {
            true => Vec::new(),
            false => std::iter::once(headings.to_vec()).chain(rows).collect(),
        }
    }
}

fn left_ms(login: &LoginRecord, now: &Now) -> Option<i64> {
    Some(login.ends_unix_ms?.saturating_sub(now.unix_ms).max(0))
}
