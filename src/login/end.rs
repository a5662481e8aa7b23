//! The end of a login: the refresh token is revoked (RFC 7009), then forgotten whether that worked or not.

use std::time::{Duration, Instant};

use crate::cache::entries::Entries;
use crate::cache::refresh::RefreshSlot;
use crate::error::{Error, Kind, OrFail as _, Subject};
use crate::fetch::client::{Call, call};
use crate::fetch::issuer;
use crate::login::problem::Problem;
use crate::profile::metadata::Endpoint;
use crate::profile::template::REFRESH_TOKEN;
use crate::profile::{Environment, Profile};
use crate::secret::Secret;
use crate::secrets::refresh_token::Place;
use crate::secrets::{self, Patience};
use crate::term::notes::Notes;

/// Ends the login of `profile`. A failed revocation is reported after everything here is forgotten.
pub(crate) fn log_out(
    profile: &Profile,
    environment: Environment<'_>,
    notes: Notes,
) -> Result<(), Error> {
    let name = &profile.name;
    if !profile.refreshes() {
        return Err(Problem::NoLogin.into_error(name));
    }
    let until = Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs());
    let place = Place::of(profile)?;
    // No other process may replace the token between its revocation and its end.
    let slot = RefreshSlot::take(&place.identity(), until).or_fail(Kind::Unexpected)?;
    let Some(slot) = slot else {
        let error = Error::new(Kind::Unreachable, "another tok is refreshing this login");
        return Err(error.hint("try again").profile(name));
    };
    let patience = Patience::until(until);
    let found = place.source().read(environment, patience);
    let found = found.map_err(|error| error.profile(name))?;
    let revoked = match &found {
        Some(found) => revoke(profile, &found.secret, environment, until, notes),
        None => Ok(Revoked::NotNeeded),
    };
    let unforgotten = |error: Error| {
        error
            .about(Subject::Action("could not forget the login".into()))
            .profile(name)
    };
    let forgotten = place.forget().map_err(unforgotten)?;
    slot.clear()
        .and_then(|()| slot.end_login())
        .and_then(|()| Entries::open())
        .and_then(|entries| {
            entries.map_or(Ok(()), |entries| entries.forget(Some(name)).map(|_| ()))
        })
        .or_fail(Kind::Unexpected)
        .map_err(unforgotten)?;
    let revoked = revoked.map_err(|error| {
        error
            .about(Subject::Action(
                "forgot the login, but the provider was not told to end it".into(),
            ))
            .hint("end it on the provider's page for your account")
    })?;
    notes.note(&match (revoked, forgotten) {
        (Revoked::NotNeeded, _) => format!("there was no login of `{name}`"),
        (Revoked::Yes, _) => format!("logged out of `{name}`: the refresh token is revoked and forgotten"),
        (Revoked::NoEndpoint, _) => format!(
            "forgot the login of `{name}`; the provider was not told, because neither `revocation_url` nor `issuer` names an endpoint for that"
        ),
    });
    if let Some(variable) = secrets::given_in(profile, REFRESH_TOKEN, environment) {
        notes.note(&format!("{variable} is still set; unset it"));
    } else if found.is_some() && !forgotten {
        notes.note(&format!(
            "tok cannot remove the refresh token from {place}; remove it there"
        ));
    }
    Ok(())
}

enum Revoked {
    Yes,
    NoEndpoint,
    NotNeeded,
}

fn revoke(
    profile: &Profile,
    token: &Secret,
    environment: Environment<'_>,
    until: Instant,
    notes: Notes,
) -> Result<Revoked, Error> {
    if profile.revocation_url.is_none() {
        let Some(_) = &profile.issuer else {
            return Ok(Revoked::NoEndpoint);
        };
        let metadata = issuer::metadata(profile, until, notes)?;
        if metadata.endpoint(Endpoint::Revocation, false).is_err() {
            return Ok(Revoked::NoEndpoint);
        }
    }
    call(Call {
        profile,
        endpoint: Endpoint::Revocation,
        token,
        bearer: None,
        environment,
        until,
        notes,
    })?;
    Ok(Revoked::Yes)
}
