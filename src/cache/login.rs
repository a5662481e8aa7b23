//! Since when there is a login, and until when: a record without any secret, which is only shown.

use serde::{Deserialize, Serialize};

use crate::cache::directory::{self, Directory};
use crate::cache::error::CacheError;
use crate::cache::refresh::{PREFIX, RefreshSlot, fingerprint};
use crate::secret::Secret;

/// Raise it when the form changes: records of other versions are ignored.
const VERSION: u32 = 1;

const ENDING: &str = "login";

/// How long before its end a login is worth a note: over a weekend.
const SOON_MS: i64 = 2 * 24 * 60 * 60 * 1000;

/// A provider that gives each new refresh token a full lifetime moves the end by more than this.
const SAME_END_MS: i64 = 60 * 1000;

/// A login, known by its newest refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LoginRecord {
    version: u32,
    pub(crate) profile: String,
    /// The [fingerprint] of the newest refresh token.
    token: String,
    pub(crate) since_unix_ms: i64,
    pub(crate) ends_unix_ms: Option<i64>,
}

/// An answer that has a refresh token, or leaves the old one valid.
pub(crate) struct Granted<'a> {
    pub(crate) profile: &'a str,
    pub(crate) token: &'a Secret,
    pub(crate) at_unix_ms: i64,
    /// How long the refresh token lives, if the answer states it.
    pub(crate) lifetime_ms: Option<i64>,
}

impl LoginRecord {
    /// A login that begins with `granted`.
    fn new(granted: &Granted<'_>) -> Self {
        Self {
            version: VERSION,
            profile: granted.profile.to_owned(),
            token: fingerprint(granted.token),
            since_unix_ms: granted.at_unix_ms,
            ends_unix_ms: granted
                .lifetime_ms
                .map(|lifetime| granted.at_unix_ms.saturating_add(lifetime)),
        }
    }

    /// Returns the record after a refresh with `sent`: the same login, unless `before` is of another refresh token.
    fn after(before: Option<Self>, sent: &Secret, granted: &Granted<'_>) -> Self {
        let new = Self::new(granted);
        match before.filter(|before| before.token == fingerprint(sent)) {
            Some(before) => Self {
                since_unix_ms: before.since_unix_ms,
                ends_unix_ms: new.ends_unix_ms.or(before.ends_unix_ms),
                ..new
            },
            None => new,
        }
    }

    /// Returns how long the login lasts, if it ends soon and refreshing does not prolong it.
    fn ends_soon_ms(&self, before: Option<&Self>, now_unix_ms: i64) -> Option<i64> {
        let end = self.ends_unix_ms?;
        let left = end.saturating_sub(now_unix_ms);
        let old_end = before?.ends_unix_ms?;
        let is_prolonged = end.saturating_sub(old_end) > SAME_END_MS;
        (left < SOON_MS && !is_prolonged).then_some(left.max(0))
    }
}

impl RefreshSlot {
    fn login(&self) -> Option<LoginRecord> {
        read(&self.directory, &self.file_name(ENDING))
    }

    /// Records the first refresh token of a login, in the place of any earlier login.
    pub(crate) fn begin_login(&self, granted: &Granted<'_>) -> Result<(), CacheError> {
        self.write_login(&LoginRecord::new(granted))
    }

    /// Removes the record.
    pub(crate) fn end_login(&self) -> Result<(), CacheError> {
        self.directory.remove(&self.file_name(ENDING)).map(|_| ())
    }

    /// Records a refresh; returns how long the login lasts if it ends soon.
    pub(crate) fn continue_login(
        &self,
        sent: &Secret,
        granted: &Granted<'_>,
    ) -> Result<Option<i64>, CacheError> {
        let before = self.login();
        let record = LoginRecord::after(before.clone(), sent, granted);
        self.write_login(&record)?;
        Ok(record.ends_soon_ms(before.as_ref(), granted.at_unix_ms))
    }

    fn write_login(&self, record: &LoginRecord) -> Result<(), CacheError> {
        let text = serde_json::to_vec(record).unwrap_or_default();
        self.directory.write(&self.file_name(ENDING), &text)
    }
}

/// Returns all logins, by profile.
pub(crate) fn list() -> Result<Vec<LoginRecord>, CacheError> {
    let Some(directory) = Directory::open(&directory::path()?)? else {
        return Ok(Vec::new());
    };
    let names = directory.names()?;
    let is_login = |name: &&String| name.starts_with(PREFIX) && name.ends_with(ENDING);
    let mut all: Vec<LoginRecord> = names
        .iter()
        .filter(is_login)
        .filter_map(|name| read(&directory, name))
        .collect();
    all.sort_by(|a, b| a.profile.cmp(&b.profile));
    Ok(all)
}

fn read(directory: &Directory, name: &str) -> Option<LoginRecord> {
    let file = directory.read(name).ok()??;
    let record: LoginRecord = serde_json::from_slice(file.line()).ok()?;
    (record.version == VERSION).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    fn granted(token: &Secret, at_days: i64, lifetime_days: Option<i64>) -> Granted<'_> {
        Granted {
            profile: "p",
            token,
            at_unix_ms: at_days * DAY_MS,
            lifetime_ms: lifetime_days.map(|days| days * DAY_MS),
        }
    }

    #[test]
    fn a_login_lasts_as_long_as_its_refresh_tokens_follow_each_other() {
        let [first, second, other] = ["1", "2", "3"].map(Secret::new);
        let began = LoginRecord::new(&granted(&first, 0, Some(30)));
        let later = LoginRecord::after(Some(began.clone()), &first, &granted(&second, 9, None));
        assert_eq!(
            (later.since_unix_ms, later.ends_unix_ms),
            (0, Some(30 * DAY_MS))
        );
        let anew = LoginRecord::after(Some(later), &other, &granted(&second, 10, None));
        assert_eq!((anew.since_unix_ms, anew.ends_unix_ms), (10 * DAY_MS, None));
    }

    #[test]
    fn only_an_end_that_refreshing_does_not_move_is_worth_a_note() {
        let token = Secret::new("t");
        let before = LoginRecord::new(&granted(&token, 0, Some(30)));
        let soon = |at_days, lifetime_days| {
            let granted = granted(&token, at_days, lifetime_days);
            let record = LoginRecord::after(Some(before.clone()), &token, &granted);
            record.ends_soon_ms(Some(&before), granted.at_unix_ms)
        };
        assert_eq!(soon(27, None), None);
        assert_eq!(soon(29, None), Some(DAY_MS));
        assert_eq!(soon(29, Some(1)), Some(DAY_MS));
        assert_eq!(soon(40, None), Some(0));
        // A session that each refresh prolongs by a day.
        assert_eq!(soon(30, Some(1)), None);
        let fresh = LoginRecord::new(&granted(&token, 0, Some(1)));
        assert_eq!(fresh.ends_soon_ms(None, 0), None);
    }
}
