//! `tok introspect`: asks the provider what it knows about a token (RFC 7662).

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::clock::Now;
use crate::commands::claims;
use crate::commands::get::{Fetch, get};
use crate::commands::session::{Session, environment, write};
use crate::commands::spec::{Execute, Group, Spec};
use crate::error::{Error, Kind};
use crate::fetch::client::{Call, call};
use crate::get::{Options, Run, acquire_by};
use crate::profile::metadata::Endpoint;
use crate::profile::{Overrides, Profile};
use crate::secret::Secret;
use crate::term::colour::for_stdout;
use crate::term::table;
use crate::wire::answer::Answer;

pub(crate) const COMMAND: Spec = Spec {
    name: "introspect",
    about: "Ask the provider what it knows about a token",
    details: "\
The exit code is 0 if the token is active and 5 if it is not; the answer is
printed in both cases. The endpoint is `introspection_url`, or comes from
`issuer`.",
    group: Group::Printing,
    examples: "\
tok introspect cint
tok introspect cint --json | jq .scope
tok introspect cint --as api   # authorized by the token of another profile",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Print the provider's JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Authorize the question with the token of this profile instead of the client's credentials
    #[arg(long = "as", value_name = "PROFILE")]
    pub(crate) by: Option<String>,

    #[command(flatten)]
    pub(crate) fetch: Fetch,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, token, _) = get(session, &self.fetch)?;
        let until = Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs());
        let bearer = match &self.by {
            Some(other) => Some((other.as_str(), token_of(session, &profile, other, until)?)),
            None => None,
        };
        let answer = call(Call {
            profile: &profile,
            endpoint: Endpoint::Introspection,
            token: &token.access_token,
            bearer: bearer.as_ref().map(|(name, token)| (*name, token)),
            environment: &environment,
            until,
            notes: session.notes(),
        })?;
        let (members, is_active) = read(&answer).map_err(|error| error.profile(&profile.name))?;
        let shown = match self.json {
            true => format!("{}\n", Value::from(members)),
            false => {
                let rows = claims::rows(&members, Now::read().unix_ms);
                for_stdout(table::for_terminal(&rows))
            }
        };
        write(out, &shown)?;
        match is_active {
            true => Ok(()),
            false => Err(Error::new(Kind::Refused, "the token is not active")
                .hint(format!(
                    "`tok token {} --refresh` fetches a new one",
                    profile.name
                ))
                .profile(&profile.name)
                .into()),
        }
    }
}

fn token_of(
    session: &Session,
    profile: &Profile,
    other: &str,
    until: Instant,
) -> Result<Secret, Error> {
    let config = &profile.config;
    let other = session.profile(config, other, &Overrides::default())?;
    let run = Run {
        profile: &other,
        config,
        options: Options::default(),
        environment: &environment,
        notes: session.notes(),
    };
    acquire_by(run, until).map(|(token, _)| token.access_token)
}

/// RFC 7662 §2.2: an object whose only required member is `active`.
fn read(answer: &Answer) -> Result<(Map<String, Value>, bool), Error> {
    let unusable = |reason: &'static str| {
        Error::new(Kind::Unusable, reason)
            .hint("check `introspection_url`; -v shows the answer, without secrets")
    };
    match answer.json() {
        Ok(Value::Object(members)) => match members.get("active").and_then(Value::as_bool) {
            Some(is_active) => Ok((members, is_active)),
            None => Err(unusable(
                "the answer does not say whether the token is active",
            )),
        },
        _ if answer.body.trim_ascii().is_empty() => Err(unusable("the answer is empty")),
        _ => Err(unusable("the answer is not a JSON object")),
    }
}
