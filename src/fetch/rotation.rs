//! One use of a refresh token: read under its lock, proven replaceable, sent once, and its successor stored before anything else happens.
//!
//! A provider may revoke the whole login when it sees a replaced token again (RFC 9700 §4.14.2). So a request whose answer is lost is not
//! repeated by the same run, and a mark of it stays, by which a later run can say what happened.

use std::time::{Duration, Instant};

use crate::cache::error::CacheError;
use crate::cache::login::Granted;
use crate::cache::refresh::{Pending, RefreshSlot, Reserve, fingerprint};
use crate::cache::sealed::Sealed;
use crate::clock::Now;
use crate::error::{Error, Kind, Subject, chain};
use crate::oauth::problem::Problem;
use crate::oauth::refusal::Refusal;
use crate::oauth::remark::Remark;
use crate::oauth::response;
use crate::process::deferral::Deferral;
use crate::profile::rules::Response;
use crate::profile::template::REFRESH_TOKEN;
use crate::profile::{Environment, Profile};
use crate::secret::Secret;
use crate::secrets::refresh_token::{self, Place};
use crate::secrets::{self, Found, Patience, Source};
use crate::term::duration;
use crate::term::notes::Notes;
use crate::wire::answer::Answer;
use crate::wire::no_answer::NoAnswer;

/// A refresh is sent only if its answer has this much time, or half the timeout: one that is cut off may lose the login.
const LEAST: Duration = Duration::from_secs(2);

pub(super) struct Rotation<'a> {
    profile: &'a Profile,
    notes: Notes,
    until: Instant,
    sent: Secret,
    source: Source,
    /// `None` if the token comes from a source that tok cannot write.
    held: Option<Held>,
    lost_unix_ms: Option<i64>,
    _signals: Deferral,
}

struct Held {
    place: Place,
    slot: RefreshSlot,
    /// Open from the moment the request is sent.
    reserve: Option<Reserve>,
}

/// The state of the token that was sent, as far as an outcome tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Still good: the provider did not process the request, or refused it.
    Unused,
    /// The provider may have replaced it.
    Unknown,
}

impl<'a> Rotation<'a> {
    /// Reads the profile's refresh token for a request, or returns `None` for a profile that sends no refresh token.
    pub(super) fn begin(
        profile: &'a Profile,
        environment: Environment<'_>,
        until: Instant,
        notes: Notes,
    ) -> Result<Option<(Self, Found)>, Error> {
        if !profile.refreshes() {
            return Ok(None);
        }
        let place = Place::of(profile)?;
        let lock_until = until.checked_sub(least(profile)).unwrap_or(until);
        let slot = match RefreshSlot::take(&place.identity(), lock_until) {
            Ok(Some(slot)) => Ok(slot),
            Ok(None) => return Err(timed_out()),
            Err(error) => Err(error),
        };
        let signals = Deferral::begin();
        let patience = Patience::until(until);
        let read = refresh_token::read(profile, environment, patience)?;
        let is_here = |found: &Found| found.source == place.source();
        let (found, slot) = match (read, slot) {
            (Some(found), Err(error)) if !is_here(&found) => {
                notes.note(&format!("refreshing without a lock: {}", chain(&error)));
                (Some(found), None)
            }
            (Some(found), Ok(_)) if !is_here(&found) => (Some(found), None),
            (_, Err(error)) => return Err(not_replaceable(error)),
            (read, Ok(slot)) => (rescued(&place, &slot, read, notes)?, Some(slot)),
        };
        let found = match found {
            Some(found) => found,
            None => secrets::find(profile, REFRESH_TOKEN, environment, patience)?,
        };
        let held = slot.map(|slot| Held {
            place,
            slot,
            reserve: None,
        });
        let mut lost_unix_ms = None;
        if let Some(Held { place, slot, .. }) = &held {
            place.prove(Some(&found.secret)).map_err(|error| {
                unproven(error.about(Subject::Action(
                    "a new refresh token could not be stored, so none was asked for".into(),
                )))
            })?;
            let pending = slot.pending().map_err(not_replaceable)?;
            lost_unix_ms = pending
                .filter(|pending| pending.sent == fingerprint(&found.secret))
                .and_then(|pending| pending.lost_unix_ms.or(pending.open_unix_ms));
        }
        let rotation = Self {
            profile,
            notes,
            until,
            sent: found.secret.clone(),
            source: found.source.clone(),
            held,
            lost_unix_ms,
            _signals: signals,
        };
        Ok(Some((rotation, found)))
    }

    /// Leaves a durable mark, and reserves room for a token; call it directly before the request is sent.
    pub(super) fn sending(&mut self) -> Result<(), Error> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left < least(self.profile) / 2 {
            return Err(Error::new(
                Kind::Unreachable,
                "too little time was left to wait for the provider's answer, so the refresh was not sent",
            )
            .hint("try again, or give it longer with --timeout"));
        }
        let pending = Pending {
            open_unix_ms: Some(Now::read().unix_ms),
            ..self.pending()
        };
        if let Some(Held { slot, reserve, .. }) = &mut self.held {
            slot.write(&pending).map_err(not_replaceable)?;
            *reserve = Some(slot.reserve().map_err(not_replaceable)?);
        }
        Ok(())
    }

    fn pending(&self) -> Pending {
        Pending {
            sent: fingerprint(&self.sent),
            lost_unix_ms: self.lost_unix_ms,
            ..Pending::default()
        }
    }

    /// Stores the successor that `outcome` has, if any; returns a remark if it cannot be stored for good.
    pub(super) fn settle(
        &self,
        outcome: &Result<Answer, Error>,
        rules: &Response,
    ) -> Result<Option<Remark>, Error> {
        let answer = match outcome {
            Ok(answer) if rules.is_success(answer.status) => answer,
            _ => {
                if fate(outcome) == Fate::Unused {
                    self.restore();
                }
                return Ok(None);
            }
        };
        match response::successor(answer, rules) {
            Some(new) if new != self.sent => {
                let remark = self.keep(&new)?;
                self.record(&new, answer, rules);
                Ok(remark)
            }
            Some(same) => {
                self.forget_mark();
                self.record(&same, answer, rules);
                Ok(None)
            }
            // RFC 6749 §6: without a new one the old one stays.
            None if response::is_document(answer, rules) => {
                self.forget_mark();
                self.record(&self.sent, answer, rules);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    fn keep(&self, new: &Secret) -> Result<Option<Remark>, Error> {
        let Some(Held {
            place,
            slot,
            reserve,
        }) = &self.held
        else {
            return Ok(Some(Remark::Replaced {
                source: self.source.to_string(),
            }));
        };
        // The place may need many steps, and SIGKILL may come between any two of them.
        let rescue = Pending {
            rescued: Sealed::new(new, &self.sent),
            ..self.pending()
        };
        let filled = reserve
            .as_ref()
            .filter(|reserve| rescue.rescued.is_some() && reserve.fill(&rescue).is_ok());
        let Err(error) = place.store(new) else {
            self.forget_mark();
            return Ok(None);
        };
        let is_synced = filled.is_some_and(|reserve| reserve.sync().is_ok());
        if !is_synced && (rescue.rescued.is_none() || slot.write(&rescue).is_err()) {
            let reason = "the provider replaced the refresh token, and the new one could be stored nowhere, so it is lost";
            let way = self.profile.way_to_log_in();
            return Err(Error::new(Kind::Secret, format!("{reason}: {error}"))
                .hint(format!("get a new one with {way}")));
        }
        self.notes.note(&format!(
            "the new refresh token could not be stored where it belongs ({error}); it is in {}, encrypted with the old one, and the next run moves it from there",
            slot.path().display()
        ));
        Ok(None)
    }

    /// Updates what `tok status` shows of the login.
    fn record(&self, token: &Secret, answer: &Answer, rules: &Response) {
        let Some(Held { slot, .. }) = &self.held else {
            return;
        };
        let profile = &self.profile.name;
        let granted = Granted {
            profile,
            token,
            at_unix_ms: Now::read().unix_ms,
            lifetime_ms: response::refresh_lifetime_ms(answer, rules),
        };
        match slot.continue_login(&self.sent, &granted) {
            Ok(None) => {}
            Ok(Some(left_ms)) => self.notes.note(&format!(
                "the login of profile `{profile}` ends in {}, and refreshing does not prolong it: {}",
                duration::words(left_ms),
                self.way()
            )),
            Err(error) => self.only_noted(Err(error)),
        }
    }

    /// Takes the mark of this request back, but not that of an earlier one.
    fn restore(&self) {
        match (&self.held, self.lost_unix_ms) {
            (Some(Held { slot, .. }), Some(_)) => self.only_noted(slot.write(&self.pending())),
            _ => self.forget_mark(),
        }
    }

    fn forget_mark(&self) {
        if let Some(Held { slot, .. }) = &self.held {
            self.only_noted(slot.clear());
        }
    }

    /// A mark that stays can only make a later message wrong.
    fn only_noted(&self, done: Result<(), CacheError>) {
        if let Err(error) = done {
            self.notes.note(&chain(&error));
        }
    }

    /// Returns the problem that a refusal of the token itself is (RFC 6749 §5.2).
    pub(super) fn over(&self, problem: Problem) -> Problem {
        match problem {
            Problem::Refused { status, words, .. }
                if is_over(status, words.as_ref(), self.lost_unix_ms.is_some()) =>
            {
                Problem::LoginOver {
                    status,
                    words,
                    way: self.way(),
                    lost_unix_ms: self.lost_unix_ms,
                }
            }
            other => other,
        }
    }

    fn way(&self) -> String {
        match &self.source {
            _ if self
                .profile
                .grant
                .is_some_and(|grant| grant.login.is_some()) =>
            {
                format!("log in again with {}", self.profile.way_to_log_in())
            }
            Source::Keyring(_) => {
                format!("store a new one with {}", self.profile.way_to_log_in())
            }
            source => format!("get a new one from the provider, and put it into {source}"),
        }
    }
}

/// Whether a refusal means that the refresh token is used up. Some servers refuse a used one without a reason; after a lost answer that is why.
fn is_over(status: u16, words: Option<&Refusal>, is_answer_lost: bool) -> bool {
    match words {
        Some(words) => words.is_invalid_grant(),
        None => is_answer_lost && status == 400,
    }
}

fn least(profile: &Profile) -> Duration {
    LEAST.min(Duration::from_millis(profile.timeout_ms.unsigned_abs()) / 2)
}

/// Uses the token that an earlier run could not store where it belongs, unless a newer one is there now.
fn rescued(
    place: &Place,
    slot: &RefreshSlot,
    read: Option<Found>,
    notes: Notes,
) -> Result<Option<Found>, Error> {
    let pending = slot.pending().map_err(not_replaceable)?;
    let (Some(found), Some(pending)) = (&read, pending) else {
        return Ok(read);
    };
    let Some(sealed) = &pending.rescued else {
        return Ok(read);
    };
    let Some(token) = sealed.open(&found.secret) else {
        // The new one is stored already, or the user has stored another.
        slot.clear().map_err(not_replaceable)?;
        return Ok(read);
    };
    place.store(&token).map_err(|error| {
        let kept = slot.path();
        unproven(
            error.about(Subject::Action(
                format!(
                    "the newest refresh token is in {} and still cannot be stored where it belongs",
                    kept.display()
                )
                .into(),
            )),
        )
    })?;
    slot.clear().map_err(not_replaceable)?;
    notes.note(&format!("moved the newest refresh token to {place}"));
    Ok(Some(Found {
        secret: token,
        source: place.source(),
        is_trimmed: false,
    }))
}

/// Only these say that the provider did not issue a new token.
fn fate(outcome: &Result<Answer, Error>) -> Fate {
    let is_unused = match outcome {
        Ok(answer) => !matches!(answer.status, 200..=299 | 408 | 500..=502 | 504..=599),
        Err(error) => match error.reason::<Problem>() {
            Some(Problem::NoAnswer { why, .. }) => !matches!(
                why,
                NoAnswer::TimedOut { .. }
                    | NoAnswer::BrokenOff(_)
                    | NoAnswer::TooLarge
                    | NoAnswer::WrongCompression
            ),
            // The request could not be made.
            _ => true,
        },
    };
    match is_unused {
        true => Fate::Unused,
        false => Fate::Unknown,
    }
}

fn unproven(error: Error) -> Error {
    match error.next_step() {
        Some(_) => error,
        None => {
            error.hint("make the place writable; the refresh token that is there is still good")
        }
    }
}

fn not_replaceable(error: CacheError) -> Error {
    Error::of(Kind::Secret, error)
        .about(Subject::Action(
            "a new refresh token could be lost, so none was asked for".into(),
        ))
        .hint("make the cache folder writable, or name another one with XDG_CACHE_HOME")
}

fn timed_out() -> Error {
    Error::new(
        Kind::Unreachable,
        "another tok has been refreshing this login for too long",
    )
    .hint("look for one that is stopped (`ps`); its lock goes with it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::no_answer::Breakage;

    #[test]
    fn a_refusal_without_a_reason_is_that_of_a_used_token_only_after_a_lost_answer() {
        let code = |code: &str| {
            Some(Refusal {
                code: Some(code.to_owned()),
                ..Refusal::default()
            })
        };
        for (status, words, is_answer_lost, expected) in [
            (400, code("invalid_grant"), false, true),
            (401, code("invalid_grant"), true, true),
            (400, code("invalid_scope"), true, false),
            (400, None, true, true),
            (400, None, false, false),
            (401, None, true, false),
        ] {
            let found = is_over(status, words.as_ref(), is_answer_lost);
            assert_eq!(found, expected, "{status} {words:?} {is_answer_lost}");
        }
    }

    #[test]
    fn only_an_outcome_that_rules_a_new_token_out_leaves_the_old_one_unused() {
        for (status, expected) in [
            (400, Fate::Unused),
            (401, Fate::Unused),
            (302, Fate::Unused),
            (429, Fate::Unused),
            (503, Fate::Unused),
            (408, Fate::Unknown),
            (500, Fate::Unknown),
            (502, Fate::Unknown),
            (504, Fate::Unknown),
            (201, Fate::Unknown),
        ] {
            let answer = Answer {
                status,
                headers: Vec::new(),
                body: Default::default(),
                sent: Now::read(),
            };
            assert_eq!(fate(&Ok(answer)), expected, "{status}");
        }
        for (why, expected) in [
            (NoAnswer::NoConnection(String::new()), Fate::Unused),
            (NoAnswer::Unsendable, Fate::Unused),
            (NoAnswer::TimedOut { timeout_ms: 0 }, Fate::Unknown),
            (NoAnswer::BrokenOff(Breakage::Early), Fate::Unknown),
            (NoAnswer::TooLarge, Fate::Unknown),
        ] {
            let origin = String::new();
            let error = Problem::NoAnswer { origin, why }.into_error("p");
            assert_eq!(fate(&Err(error)), expected);
        }
    }
}
