//! Logs a user in: with a code that is typed on any device, or in a browser that comes back to a port of this machine.

mod browser;
mod code;
mod device;
mod end;
mod listener;
mod page;
mod problem;
mod qr;

use std::time::{Duration, Instant};

pub(crate) use self::end::log_out;

use crate::cache::Slot;
use crate::cache::error::CacheError;
use crate::cache::lock::Turn;
use crate::cache::login::Granted;
use crate::cache::refresh::RefreshSlot;
use crate::clock::Now;
use crate::error::{Error, Subject, chain};
use crate::fetch::issuer;
use crate::fetch::login::{Conversation, Tokens};
use crate::get::{Options, Run, acquire};
use crate::login::code::Desk;
use crate::login::problem::{Ended, Problem};
use crate::profile::grants::Login;
use crate::profile::template::REFRESH_TOKEN;
use crate::profile::{Environment, Profile};
use crate::secrets;
use crate::secrets::refresh_token::Place;
use crate::term::notes::Notes;

/// How long to wait for another process that fetches the profile's token.
const LOCKING: Duration = Duration::from_secs(40);

pub(crate) struct Wish {
    /// `--timeout`: how long the user may take.
    pub(crate) most: Option<Duration>,
    /// `--no-browser` is not given.
    pub(crate) opens_browser: bool,
}

/// Logs in to `profile`; `login` is the same profile, resolved for a login.
pub(crate) fn log_in(
    profile: &Profile,
    login: &Profile,
    environment: Environment<'_>,
    notes: Notes,
    wish: &Wish,
) -> Result<(), Error> {
    let name = &profile.name;
    let completed;
    let login = match login.issuer {
        Some(_) => {
            let until = Instant::now() + Duration::from_millis(login.timeout_ms.unsigned_abs());
            let metadata = issuer::metadata(login, until, notes)?;
            completed = login.with_metadata(&metadata, environment)?;
            &completed
        }
        None => login,
    };
    let Some(plan) = &login.login else {
        return Err(Problem::NoLogin.into_error(name));
    };
    let place = Place::of(profile)?;
    place.prove(None).map_err(|error| unstorable(error, name))?;
    let token_of = |other: &Profile| {
        let run = Run {
            profile: other,
            config: &other.config,
            options: Options::default(),
            environment,
            notes,
        };
        acquire(run).map(|(token, _)| token)
    };
    let mut conversation = Conversation::open(login, environment, notes, &token_of)?;
    let granted = match plan.kind {
        Login::DeviceCode => device::log_in(&mut conversation, plan, name, wish.most),
        Login::AuthorizationCode => {
            let desk = Desk {
                profile: name,
                environment,
                notes,
                opens_browser: wish.opens_browser,
                withheld: secrets::environment::withheld(&|| Some(profile.config.clone())),
            };
            code::log_in(&mut conversation, plan, &desk, wish.most)
        }
    };
    let tokens = granted.map_err(|ended| match ended {
        Ended::Problem(problem) => conversation.redacted(problem.into_error(name)),
        Ended::Error(error) => error,
    })?;
    keep(profile, &place, &tokens, notes)?;
    notes.note(&match tokens.refresh_token {
        Some(_) => format!("logged in to `{name}`"),
        None => format!(
            "logged in to `{name}` only until the token expires: the provider gave no refresh token; many want `offline_access` in `scope` for one"
        ),
    });
    let variable = secrets::given_in(profile, REFRESH_TOKEN, environment);
    if let Some(variable) = variable.filter(|_| tokens.refresh_token.is_some()) {
        notes.note(&format!(
            "{variable} is set and takes precedence over the new login; unset it"
        ));
    }
    Ok(())
}

/// Stores the refresh token before the access token: only it cannot be fetched again.
fn keep(profile: &Profile, place: &Place, tokens: &Tokens, notes: Notes) -> Result<(), Error> {
    let until = Instant::now() + LOCKING;
    let noted =
        |error: &CacheError| notes.note(&format!("the token is not cached: {}", chain(error)));
    let slot = Slot::of(profile).inspect_err(noted).ok().flatten();
    // A process that fetches now would store an older token over this one.
    let _turn = slot.as_ref().map(|slot| {
        loop {
            match slot.lock(until) {
                Ok(Turn::Waited) => {}
                other => break other,
            }
        }
    });
    if let Some(refresh_token) = &tokens.refresh_token {
        let granted = Granted {
            profile: &profile.name,
            token: refresh_token,
            at_unix_ms: Now::read().unix_ms,
            lifetime_ms: tokens.refresh_token_lifetime_ms,
        };
        store(place, &granted, until, notes).map_err(|error| unstorable(error, &profile.name))?;
    }
    if let Some(slot) = &slot {
        let _ = slot.store(&tokens.token, true).inspect_err(noted);
    }
    Ok(())
}

fn store(place: &Place, granted: &Granted<'_>, until: Instant, notes: Notes) -> Result<(), Error> {
    let slot = RefreshSlot::take(&place.identity(), until);
    place.store(granted.token)?;
    let recorded = slot.and_then(|slot| match slot {
        // What an earlier refresh left behind belongs to the old login.
        Some(slot) => slot.clear().and_then(|()| slot.begin_login(granted)),
        None => Ok(()),
    });
    // Only `tok status` needs the record.
    if let Err(error) = recorded {
        notes.note(&chain(&error));
    }
    Ok(())
}

fn unstorable(error: Error, profile: &str) -> Error {
    let error = error
        .about(Subject::Action("the refresh token cannot be stored".into()))
        .profile(profile);
    const ELSEWHERE: &str = "`secrets = { refresh_token = { file = \"…\" } }`";
    let hint = match error.next_step() {
        Some(step) => format!("{step}, or name another place: {ELSEWHERE}"),
        None => format!("make that place writable, or name another: {ELSEWHERE}"),
    };
    error.hint(hint)
}
