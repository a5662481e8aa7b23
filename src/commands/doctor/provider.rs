//! The checks that contact the provider: its answer, its clock and, with `--fetch`, a token request.

use std::time::{Duration, Instant};

use crate::commands::doctor::finding::Finding;
use crate::commands::session::environment;
use crate::commands::show::sources::places;
use crate::error::{Error, Kind};
use crate::fetch::{fetch, issuer};
use crate::get::{Options, Run, acquire_by};
use crate::http::{Http, Tries};
use crate::profile::Profile;
use crate::profile::template::CLIENT_KEY;
use crate::secret::Secret;
use crate::secrets::{self, Patience, Source};
use crate::term::notes::Notes;
use crate::wire::answer::Answer;
use crate::wire::origin::Origin;
use crate::wire::request::Method;
use crate::wire::request::Request;

/// The largest accepted clock difference: servers commonly check a JWT's `iat` with this leeway.
const CLOCKS_APART_MS: i64 = 60_000;

pub(super) fn examine(
    profile: &Profile,
    fetch_too: bool,
    keyring_works: bool,
    notes: Notes,
) -> Vec<Finding> {
    let mut findings = match profile.home() {
        Ok(origin) => match client_key(profile, keyring_works) {
            Ok(key) => knock(profile, key.as_ref(), &origin, notes),
            Err(finding) => vec![finding],
        },
        Err(why) => vec![Finding::skipped("provider", why.to_string())],
    };
    if profile.issuer.is_some() {
        findings.push(Finding::new("issuer", published(profile, notes)));
    }
    if fetch_too {
        findings.push(Finding::new("token", token(profile, notes)));
    }
    findings
}

/// Says what the issuer's metadata gives, and what the profile says itself.
fn published(profile: &Profile, notes: Notes) -> Result<String, Error> {
    let found = match issuer::kept(profile) {
        Some(_) => "in the cache",
        None => "looked up",
    };
    let metadata = issuer::metadata(profile, deadline(profile), notes)?;
    if !profile.is_discovered {
        return Ok(format!("metadata {found}; `token_url` is from the profile"));
    }
    let complete = profile.with_metadata(&metadata, &environment)?;
    let plan = &complete.token;
    Ok(format!(
        "metadata {found}: `token_url` {}, `auth_method` {}",
        plan.url.source(),
        plan.auth_method.name(),
    ))
}

pub(super) fn deadline(profile: &Profile) -> Instant {
    Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs())
}

/// Returns the key of the profile's certificate, if it shows one, or the reason why the provider cannot be asked.
fn client_key(profile: &Profile, keyring_works: bool) -> Result<Option<Secret>, Finding> {
    if !profile.shows_certificate {
        return Ok(None);
    }
    let places = places(profile, CLIENT_KEY, &environment).unwrap_or_default();
    let source = places.iter().find(|place| place.wins);
    match source.map(|place| place.source.place()) {
        Some(Source::Command(..)) => Err(Finding::skipped(
            "provider",
            "a command gives client_key; only --fetch runs it",
        )),
        Some(Source::Keyring(_)) if !keyring_works => Err(Finding::skipped(
            "provider",
            "client_key would come from the keyring",
        )),
        _ => match secrets::find(profile, CLIENT_KEY, &environment, Patience::default()) {
            Ok(found) => Ok(Some(found.secret)),
            Err(_) => Err(Finding::skipped("provider", "client_key is missing")),
        },
    }
}

/// Requests `/` from the token endpoint's host. Any status will do: this checks DNS, proxy and TLS.
fn knock(
    profile: &Profile,
    client_key: Option<&Secret>,
    origin: &Origin,
    notes: Notes,
) -> Vec<Finding> {
    let request = Request {
        method: Method::Get,
        url: Secret::new(format!("{origin}/")),
        headers: Vec::new(),
        body: None,
    };
    let answered = Http::new(profile, client_key, deadline(profile), Tries::Once, notes)
        .and_then(|http| http.send(&request, &|_| false, None));
    match answered {
        Ok(answer) => vec![
            Finding::new(
                "provider",
                Ok(format!("{origin} answers (HTTP {})", answer.status)),
            ),
            clock(&answer),
        ],
        Err(failure) => vec![Finding::new("provider", Err(failure))],
    }
}

fn clock(answer: &Answer) -> Finding {
    match answer.date_unix_ms() {
        None => Finding::skipped("clock", "the provider's answer has no date to compare with"),
        Some(theirs) => Finding::new("clock", compare(answer.sent.unix_ms, theirs)),
    }
}

fn compare(ours_ms: i64, theirs_ms: i64) -> Result<String, Error> {
    let ahead_ms = ours_ms.saturating_sub(theirs_ms);
    let side = if ahead_ms < 0 { "behind" } else { "ahead of" };
    let seconds = ahead_ms.unsigned_abs() / 1000;
    if ahead_ms.saturating_abs() > CLOCKS_APART_MS {
        return Err(Error::new(
            Kind::Unexpected,
            format!("this machine's clock is {seconds} s {side} the provider's"),
        )
        .hint("set it by the network (`timedatectl set-ntp true` on Linux)"));
    }
    // The Date field has whole seconds, so a smaller difference means nothing.
    Ok(if seconds < 2 {
        "agrees with the provider's".to_owned()
    } else {
        format!("{seconds} s {side} the provider's")
    })
}

fn token(profile: &Profile, notes: Notes) -> Result<String, Error> {
    let until = deadline(profile);
    let token_of = |other: &Profile| {
        let run = Run {
            profile: other,
            config: &other.config,
            options: Options::default(),
            environment: &environment,
            notes,
        };
        acquire_by(run, until).map(|(token, _)| token)
    };
    let fetched = fetch(profile, &environment, until, Tries::Once, notes, &token_of);
    fetched.map(|token| {
        format!(
            "fetched one that lives {} s; it was not cached",
            token.lifetime_ms / 1000
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_difference_of_more_than_a_minute_is_an_error_with_its_direction() {
        assert_eq!(compare(1_900, 0).unwrap(), "agrees with the provider's");
        assert_eq!(compare(0, 30_000).unwrap(), "30 s behind the provider's");
        assert!(compare(60_000, 0).is_ok());
        let ahead = compare(3_600_000, 0).unwrap_err();
        assert!(ahead.to_string().contains("3600 s ahead of"), "{ahead}");
        assert!(
            compare(0, 61_000)
                .unwrap_err()
                .to_string()
                .contains("61 s behind")
        );
    }
}
