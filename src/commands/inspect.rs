//! `tok inspect`: decodes a token that is a JWT (RFC 7519), and with `--verify` verifies it by the issuer's keys.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::clock::Now;
use crate::commands::claims;
use crate::commands::get::{Fetch, get};
use crate::commands::session::{Session, write};
use crate::commands::spec::{Execute, Group, Spec};
use crate::error::{Error, Kind, Subject};
use crate::fetch::issuer;
use crate::oauth::jwt::Jwt;
use crate::oauth::verify::{self, Expected, Invalid};
use crate::output::rfc3339;
use crate::profile::Profile;
use crate::term::colour::{GOOD, NAME, for_stdout, paint};
use crate::term::notes::Notes;
use crate::term::table;
use crate::term::text::{SHOWN_CHARACTERS, clean};

pub(crate) const COMMAND: Spec = Spec {
    name: "inspect",
    about: "Show the claims of a token that is a JWT",
    details: "\
With --verify the exit code is 0 only if the token is signed by a key that the
profile's `issuer` publishes, and its issuer, audience and times are right; a
token that is not valid is exit code 7, with nothing on stdout.",
    group: Group::Printing,
    examples: "\
tok inspect cint
tok inspect cint --json | jq .claims.aud
tok inspect cint --verify",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Check signature, issuer, audience and times by the metadata of `issuer`
    #[arg(long)]
    pub(crate) verify: bool,

    #[command(flatten)]
    pub(crate) fetch: Fetch,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, token, _) = get(session, &self.fetch)?;
        let jwt = Jwt::decode(token.access_token.expose()).map_err(|error| {
            Error::of(Kind::Unusable, error)
                .about(Subject::Action("nothing to inspect".into()))
                .profile(&profile.name)
                .hint(format!(
                    "`tok json {}` prints what the provider said of it",
                    profile.name
                ))
        })?;
        let verified = match self.verify {
            true => Some(verified(&profile, &jwt, session.notes())?),
            false => {
                let said = "decoded, not verified: anyone could have written this";
                session.notes().note(said);
                None
            }
        };
        let answer = if self.json {
            format!("{}\n", in_json(&jwt, verified.as_ref()))
        } else {
            let now = Now::read().unix_ms;
            for_stdout(table::for_terminal(&rows(&jwt, verified.as_ref(), now)))
        };
        write(out, &answer)
    }
}

/// What was verified.
struct Verified {
    algorithm: &'static str,
    issuer: String,
    /// The audiences of which the token has one; empty if the profile names none.
    audiences: Vec<String>,
    is_rfc9068: bool,
}

/// A key that the issuer does not have causes one more lookup: it may be new, or the keys may have moved.
fn verified(profile: &Profile, jwt: &Jwt<'_>, notes: Notes) -> Result<Verified, Error> {
    let invalid = |invalid: Invalid| {
        Error::of(Kind::Unusable, invalid)
            .about(Subject::Action("the token is not valid".into()))
            .profile(&profile.name)
    };
    let issuer = profile.issuer_url();
    let algorithm = verify::algorithm(&jwt.header).map_err(invalid)?;
    let until = Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs());
    let keys = || {
        let metadata = issuer::metadata(profile, until, notes)?;
        issuer::keys(profile, &metadata, until, notes)
    };
    let mut signature = verify::signature(jwt, algorithm, &keys()?);
    if let Err(Invalid::UnknownKey(_) | Invalid::NoKey) = signature {
        notes.trace("the issuer has no such key: looking its keys up again");
        issuer::forget(profile);
        signature = verify::signature(jwt, algorithm, &keys()?);
    }
    signature.map_err(invalid)?;
    let issuer = issuer.unwrap_or_default();
    let audiences = profile.audiences();
    let expected = Expected {
        issuer: &issuer,
        audiences: &audiences,
        #[expect(clippy::cast_precision_loss, reason = "seconds of this era are exact")]
        now_s: Now::read().unix_ms as f64 / 1000.0,
    };
    verify::claims(jwt, expected).map_err(invalid)?;
    if audiences.is_empty() {
        notes.note("`aud` was not checked: the profile has no `audience` or `resource`");
    }
    Ok(Verified {
        algorithm: algorithm.name(),
        issuer,
        audiences,
        is_rfc9068: verify::is_rfc9068(&jwt.header),
    })
}

fn in_json(jwt: &Jwt<'_>, verified: Option<&Verified>) -> Value {
    let times: Map<String, Value> = claims::moments(&jwt.claims)
        .map(|(name, unix_ms)| (name.to_owned(), json!(rfc3339(unix_ms))))
        .collect();
    let mut shown = json!({
        "header": jwt.header,
        "claims": jwt.claims,
        "times": times,
        "verified": verified.is_some(),
    });
    if let Some(verified) = verified {
        shown["checked"] = json!({
            "alg": verified.algorithm,
            "iss": verified.issuer,
            "aud": verified.audiences,
            "rfc9068": verified.is_rfc9068,
        });
    }
    shown
}

fn rows(jwt: &Jwt<'_>, verified: Option<&Verified>, now_unix_ms: i64) -> Vec<Vec<String>> {
    let header = jwt.header.iter().map(|(name, value)| {
        vec![
            paint(NAME, &clean(&format!("header.{name}"), SHOWN_CHARACTERS)),
            claims::shown(value),
        ]
    });
    let verified = verified.map(|verified| {
        let by = format!("{} by a key of {}", verified.algorithm, verified.issuer);
        vec![paint(GOOD, "verified"), clean(&by, SHOWN_CHARACTERS)]
    });
    let claims = claims::rows(&jwt.claims, now_unix_ms);
    verified.into_iter().chain(header).chain(claims).collect()
}
