//! An issuer's metadata: from the cache, or looked up once a day by one process.

use std::time::Instant;

use crate::cache::error::CacheError;
use crate::cache::metadata::MetadataSlot;
use crate::clock::Now;
use crate::error::{Error, Kind, OrFail as _, Subject, chain};
use crate::http::{Http, Tries};
use crate::oauth::discovery::{self, NotMetadata};
use crate::oauth::jwks::KeySet;
use crate::oauth::problem::Problem;
use crate::oauth::redact::Redactor;
use crate::oauth::transcript;
use crate::profile::metadata::{Endpoint, Metadata};
use crate::profile::{Environment, Profile};
use crate::secret::Secret;
use crate::term::notes::Notes;
use crate::wire::answer::Answer;
use crate::wire::request::{Method, Request};

/// Why no metadata was found at any address.
#[derive(Debug, thiserror::Error)]
#[error("no metadata found: {}", listed(.0))]
struct NotFound(Vec<(String, NotMetadata)>);

fn listed(tried: &[(String, NotMetadata)]) -> String {
    let tried: Vec<String> = tried
        .iter()
        .map(|(address, why)| format!("{address} ({why})"))
        .collect();
    tried.join(", ")
}

/// Returns the metadata of the profile's `issuer`.
///
/// # Errors
/// Fails if the profile has no `issuer`, if the issuer does not answer by `until`, or if it publishes no metadata of its own.
pub(crate) fn metadata(profile: &Profile, until: Instant, notes: Notes) -> Result<Metadata, Error> {
    let Some(issuer) = profile.issuer_url() else {
        let error = Error::new(Kind::Config, "missing: the provider's issuer URL");
        return Err(located(profile, error));
    };
    let note = |what: &str, error: CacheError| notes.note(&format!("{what}: {}", chain(&error)));
    let slot = MetadataSlot::of(profile, &issuer)
        .inspect_err(|error| notes.note(&format!("not keeping metadata: {}", chain(error))))
        .ok();
    let read = |noting: bool| match slot.as_ref()?.read(&Now::read()) {
        Ok(found) => found,
        Err(error) => {
            if noting {
                note("not using the kept metadata", error);
            }
            None
        }
    };
    if let Some(found) = read(true) {
        notes.trace(&format!("metadata of {issuer} from the cache"));
        return Ok(found);
    }
    // Without the lock at worst several processes look it up.
    let _lock = slot.as_ref().map(|slot| slot.lock(until));
    if let Some(found) = read(false) {
        return Ok(found);
    }
    let (found, sent) = look_up(profile, &issuer, until, notes)?;
    if let Some(Err(error)) = slot.as_ref().map(|slot| slot.write(&found, &sent)) {
        note("the metadata could not be kept for the next run", error);
    }
    Ok(found)
}

/// Returns the metadata in the cache, without a lookup.
pub(crate) fn kept(profile: &Profile) -> Option<Metadata> {
    let slot = MetadataSlot::of(profile, &profile.issuer_url()?).ok()?;
    slot.read(&Now::read()).ok().flatten()
}

/// Makes the next run look the metadata up again.
pub(crate) fn forget(profile: &Profile) {
    if let Some(issuer) = profile.issuer_url()
        && let Ok(slot) = MetadataSlot::of(profile, &issuer)
    {
        // A file that stays is used for a day at most.
        let _ = slot.remove();
    }
}

/// Completes a profile whose token endpoint comes from its issuer.
pub(super) fn completed(
    profile: &Profile,
    environment: Environment<'_>,
    until: Instant,
    notes: Notes,
) -> Result<Profile, Error> {
    let metadata = metadata(profile, until, notes)?;
    // The next run may find unusable metadata corrected.
    let completed = profile.with_metadata(&metadata, environment);
    completed.inspect_err(|_| forget(profile))
}

/// Returns the issuer's public keys.
pub(crate) fn keys(
    profile: &Profile,
    metadata: &Metadata,
    until: Instant,
    notes: Notes,
) -> Result<KeySet, Error> {
    let url = metadata.endpoint(Endpoint::Keys, false);
    let url = url
        .or_fail(Kind::Config)
        .map_err(|error| located(profile, error))?;
    let named = |error: Error| {
        let about = Subject::Action("the issuer's keys".into());
        error.about(about).profile(&profile.name)
    };
    let http = Http::new(profile, None, until, Tries::Several, notes).map_err(named)?;
    let answer = get(&http, url, notes).map_err(named)?;
    if let 408 | 429 | 500.. = answer.status {
        return Err(named(
            in_trouble(profile, answer.status, &answer).without_outermost(),
        ));
    }
    let document = answer.json().ok().filter(|_| answer.status == 200);
    document.as_ref().and_then(KeySet::of).ok_or_else(|| {
        let reason = format!("{url} has no JWK set (HTTP {})", answer.status);
        named(Error::new(Kind::Unusable, reason))
    })
}

fn look_up(
    profile: &Profile,
    issuer: &str,
    until: Instant,
    notes: Notes,
) -> Result<(Metadata, Now), Error> {
    let http = Http::new(profile, None, until, Tries::Several, notes)
        .map_err(|error| error.profile(&profile.name))?;
    let mut tried = Vec::new();
    for address in discovery::addresses(issuer) {
        let answer = get(&http, &address, notes).map_err(|error| {
            let error = match error.kind() {
                Kind::Unreachable => error.hint(
                    "check the network, the proxy variables (HTTPS_PROXY, NO_PROXY) and `issuer`",
                ),
                _ => error,
            };
            error
                .about(Subject::Key("issuer".to_owned()))
                .profile(&profile.name)
        })?;
        match discovery::read(issuer, &answer) {
            Ok(found) => return Ok((found, answer.sent)),
            Err(NotMetadata::Status(status @ (408 | 429 | 500..))) => {
                return Err(in_trouble(profile, status, &answer));
            }
            Err(why) => tried.push((address, why)),
        }
    }
    Err(located(profile, not_found(issuer, tried)))
}

fn get(http: &Http, address: &str, notes: Notes) -> Result<Answer, Error> {
    let request = Request {
        method: Method::Get,
        url: Secret::new(address),
        headers: vec![("Accept".to_owned(), Secret::new("application/json"))],
        body: None,
    };
    let trace = |lines: Vec<String>| lines.iter().for_each(|line| notes.trace(line));
    if notes.verbose {
        trace(transcript::request(&request));
    }
    let answer = http.send(&request, &|status| status == 200, None)?;
    if notes.verbose {
        trace(transcript::answer(&answer, &Redactor::default()));
    }
    Ok(answer)
}

fn in_trouble(profile: &Profile, status: u16, answer: &Answer) -> Error {
    let wait_s = answer
        .retry_at()
        .map(|at| (at.saturating_sub(answer.sent.unix_ms) + 999) / 1000);
    let problem = Problem::InTrouble {
        status,
        words: None,
        wait_s,
    };
    let error = problem
        .into_error(&profile.name)
        .about(Subject::Key("issuer".to_owned()))
        .profile(&profile.name);
    match answer.retry_at() {
        Some(at) => error.retry_at(at),
        None => error,
    }
}

fn not_found(issuer: &str, tried: Vec<(String, NotMetadata)>) -> Error {
    let other = tried.iter().find_map(|(_, why)| match why {
        NotMetadata::OtherIssuer(other) => Some(other.clone()),
        _ => None,
    });
    match other {
        Some(other) => Error::new(
            Kind::Config,
            format!("is `{issuer}`, but the metadata there is that of `{other}`"),
        )
        .hint(format!(
            "if that is your provider, write `issuer = \"{other}\"`, or set `token_url` instead"
        )),
        None => Error::of(Kind::Config, NotFound(tried))
            .hint("check `issuer` against the provider's manual, or set `token_url` instead"),
    }
}

fn located(profile: &Profile, error: Error) -> Error {
    let error = error.about(Subject::Key("issuer".to_owned()));
    profile.config.located(&profile.name, error)
}
