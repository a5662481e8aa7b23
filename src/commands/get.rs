//! Gets a token for a command: profile and options in, token out.

use crate::commands::session::{Session, environment};
use crate::error::Error;
use crate::get::{Options, Run, Source, acquire};
use crate::output;
use crate::profile::file::Config;
use crate::profile::file::schema::{DurationText, NotADuration};
use crate::profile::{Overrides, Profile};
use crate::secret::Secret;
use crate::secrets;
use crate::token::Token;

const FETCHING: &str = "Which token";

/// `TOK_PROFILE`, unless it is empty: an empty variable counts as unset.
pub(crate) fn profile_variable() -> Option<&'static str> {
    let is_empty = environment("TOK_PROFILE").is_some_and(|name| name.is_empty());
    (!is_empty).then_some("TOK_PROFILE")
}

#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(crate) struct Fetch {
    /// The profile, a `[profiles.NAME]` of the config
    #[arg(env = profile_variable(), hide_env = true)]
    pub(crate) profile: String,

    #[command(flatten)]
    pub(crate) options: FetchOptions,
}

/// The options of every command that may fetch.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = FETCHING)]
pub(crate) struct FetchOptions {
    /// Fetch a new token even if the cached one is good
    #[arg(long, conflicts_with = "cached")]
    pub(crate) refresh: bool,

    /// Only a token with at least this long to live, as in 10m
    #[arg(long, value_name = "DURATION")]
    pub(crate) min_ttl: Option<DurationText>,

    /// Only a cached token: never go to the network
    #[arg(long)]
    pub(crate) cached: bool,

    /// Neither read nor write the cache
    #[arg(long, conflicts_with = "cached")]
    pub(crate) no_cache: bool,

    #[command(flatten)]
    pub(crate) asking: Asking,
}

impl FetchOptions {
    /// Whether no option changes which token is returned or where it comes from.
    pub(crate) fn is_plain(&self) -> bool {
        !self.refresh && !self.no_cache && self.asking == Asking::default()
    }
}

/// The options that change what a profile asks for.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
#[group(skip)]
#[command(next_help_heading = FETCHING)]
pub(crate) struct Asking {
    /// Ask for this scope instead of the profile's; may be repeated
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,

    /// Ask for a token for this audience instead of the profile's
    #[arg(long)]
    pub(crate) audience: Option<String>,

    /// Send this parameter too, or instead of the profile's; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub(crate) param: Vec<(String, String)>,

    /// The value of a ${var.K} in the profile; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub(crate) var: Vec<(String, String)>,

    /// Give up after this long [default: the profile's, or 30s]
    #[arg(long, value_name = "DURATION", value_parser = some_time)]
    pub(crate) timeout: Option<DurationText>,
}

/// Reads a duration that is greater than zero.
pub(crate) fn some_time(text: &str) -> Result<DurationText, String> {
    let read: DurationText = text
        .parse()
        .map_err(|error: NotADuration| error.to_string())?;
    match read.ms {
        0 => Err("must be greater than zero".to_owned()),
        _ => Ok(read),
    }
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("not of the form K=V".to_owned()),
    }
}

pub(crate) fn get(session: &Session, fetch: &Fetch) -> Result<(Profile, Token, Source), Error> {
    get_for(session, &fetch.profile, &fetch.options)
}

pub(crate) fn get_for(
    session: &Session,
    name: &str,
    options: &FetchOptions,
) -> Result<(Profile, Token, Source), Error> {
    let (config, profile, wish) = prepare_for(session, name, options)?;
    let (token, source) = with(session, &config, &profile, wish)?;
    Ok((profile, token, source))
}

pub(crate) fn with(
    session: &Session,
    config: &Config,
    profile: &Profile,
    wish: Options,
) -> Result<(Token, Source), Error> {
    acquire(Run {
        profile,
        config,
        options: wish,
        environment: &environment,
        notes: session.notes(),
    })
}

pub(crate) fn prepare(
    session: &Session,
    fetch: &Fetch,
) -> Result<(Config, Profile, Options), Error> {
    prepare_for(session, &fetch.profile, &fetch.options)
}

pub(crate) fn prepare_for(
    session: &Session,
    name: &str,
    options: &FetchOptions,
) -> Result<(Config, Profile, Options), Error> {
    let wish = Options {
        refresh: options.refresh,
        min_ttl_ms: options.min_ttl.map_or(0, |ttl| ttl.ms),
        cached_only: options.cached,
        no_cache: options.no_cache,
    };
    let config = session.config()?;
    let profile = session.profile(&config, name, &overrides(&options.asking))?;
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let others = || match config.overview() {
        Ok(overview) => overview.profiles.into_keys().collect(),
        Err(_) => Vec::new(),
    };
    for note in profile.unused_variables(set, others) {
        session.notes().note(&note);
    }
    Ok((config, profile, wish))
}

pub(crate) fn overrides(asking: &Asking) -> Overrides {
    Overrides {
        scope: asking.scope.clone(),
        audience: asking.audience.clone(),
        params: asking.param.clone(),
        vars: asking.var.clone(),
        timeout_ms: asking.timeout.map(|timeout| timeout.ms),
        login: false,
    }
}

/// Returns the header lines for `token`, each with a line end.
pub(crate) fn header_lines(profile: &Profile, token: &Token) -> Result<Secret, Error> {
    output::header(profile, token, &|name| {
        secrets::find(profile, name, &environment, secrets::Patience::default())
            .map(|found| found.secret)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_a_name() {
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(pair("a="), Ok(("a".into(), String::new())));
        assert!(pair("=b").is_err() && pair("ab").is_err());
    }
}
