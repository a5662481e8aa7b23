//! `tok add`: writes a profile, from an example request, the catalogue or flags, and stores its secrets.
//!
//! Nothing is stored or written before the profile is resolved and checked as for `tok token`.

mod missing;

use crate::commands::get::pair;
use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;

use anyhow::Context as _;

use self::missing::{Missing, table, without_location};
use crate::clock::Now;
use crate::commands::ask;
use crate::commands::session::{Session, environment, stdin_is_terminal, write};
use crate::curl::import::import;
use crate::error::{Error, Kind, Subject};
use crate::get::{Options, Run, acquire};
use crate::profile::catalogue;
use crate::profile::draft::Draft;
use crate::profile::file::{Config, edit};
use crate::profile::name::secret_variable;
use crate::profile::template::CLIENT_SECRET;
use crate::profile::{Overrides, Profile, name};
use crate::secret::Secret;
use crate::secrets::{self, keyring};
use crate::term::notes::Notes;

pub(crate) const COMMAND: Spec = Spec {
    name: "add",
    about: "Write a profile into the config",
    group: Group::Profiles,
    examples: "\
tok add cint --provider cint --client-id 0a1b2c
tok add mine --from-curl < request.txt
tok add mine --from-curl --try   # opens $EDITOR",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(after_help = "\
Secrets in a request go into the keyring and never into the file. Without a
terminal nothing is asked: what is missing is named, with its flag.")]
pub(crate) struct Args {
    /// The profile's name
    pub(crate) name: String,

    /// Read the example request of a manual from stdin, or in $VISUAL/$EDITOR
    #[arg(long, conflicts_with = "provider")]
    pub(crate) from_curl: bool,

    /// Start from a provider of the built-in catalogue
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,

    /// Replace a profile of this name
    #[arg(long)]
    pub(crate) force: bool,

    /// Print the profile; write and store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Fetch a token at the end
    #[arg(long = "try", conflicts_with = "dry_run")]
    pub(crate) attempt: bool,

    #[command(flatten)]
    pub(crate) keys: Keys,
}

/// The keys of the profile, which take precedence over the request and the catalogue.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Keys of the profile")]
pub(crate) struct Keys {
    /// The token endpoint
    #[arg(long, value_name = "URL")]
    pub(crate) token_url: Option<String>,

    /// The client id
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,

    /// The environment variable that holds the client secret
    #[arg(long, value_name = "VARIABLE", conflicts_with = "client_secret_file")]
    pub(crate) client_secret_env: Option<String>,

    /// The file that holds the client secret
    #[arg(long, value_name = "FILE")]
    pub(crate) client_secret_file: Option<String>,

    /// client_secret_basic (or _post, _jwt), private_key_jwt or none
    #[arg(long, value_name = "METHOD")]
    pub(crate) auth_method: Option<String>,

    /// rfc6749 or raw
    #[arg(long, value_name = "ENCODING")]
    pub(crate) basic_encoding: Option<String>,

    /// POST or GET
    #[arg(long)]
    pub(crate) method: Option<String>,

    /// form, json, query or none
    #[arg(long)]
    pub(crate) encoding: Option<String>,

    /// The grant type, or `none` to send no such parameter
    #[arg(long)]
    pub(crate) grant_type: Option<String>,

    /// A scope; may be repeated
    #[arg(long)]
    pub(crate) scope: Vec<String>,

    /// The audience
    #[arg(long)]
    pub(crate) audience: Option<String>,

    /// A resource (RFC 8707); may be repeated
    #[arg(long, value_name = "URI")]
    pub(crate) resource: Vec<String>,

    /// A further parameter; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub(crate) param: Vec<(String, String)>,

    /// Another name for what tok sends, as in client_id=clientId
    #[arg(long = "rename", value_name = "K=NAME", value_parser = pair)]
    pub(crate) names: Vec<(String, String)>,

    /// A header field of the request; may be repeated
    #[arg(long = "request-header", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) headers: Vec<(String, String)>,

    /// A further secret, used as ${secret.NAME}; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Vec<String>,

    /// The value of ${var.K}; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub(crate) var: Vec<(String, String)>,

    /// A key of `response`, as in access_token=/data/token
    #[arg(long, value_name = "K=POINTER", value_parser = pair)]
    pub(crate) response: Vec<(String, String)>,

    /// How long a token lives whose answer does not say
    #[arg(long, value_name = "DURATION")]
    pub(crate) default_ttl: Option<String>,

    /// A line that `tok header` prints; may be repeated
    #[arg(long, value_name = "LINE")]
    pub(crate) header: Vec<String>,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        name::check(&self.name)
            .map_err(|message| Error::new(Kind::Usage, format!("profile {message}")))?;
        let path = Config::path(session.config.as_deref())?;
        let before = edit::open(&path)?;
        if before.has_profile(&self.name)? && !self.force {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "profile `{}` already exists in {}",
                    self.name,
                    path.display()
                ),
            )
            .hint("choose another name, or replace it with --force")
            .into());
        }
        let person = stdin_is_terminal();
        let Start { mut draft, found } = Start::of(session, self, person)?;
        fill_in(&mut draft, &before, self, person, session.notes())?;

        let table = table(&draft, &self.name)?;
        let shown = edit::shown(&self.name, table.clone());
        let after = before.with_profile(&self.name, table)?;
        let profile = Profile::resolve(&after, &self.name, &Overrides::default(), &environment)
            .and_then(|profile| profile.check(&after).map(|()| profile))
            .map_err(|failure| without_location(failure, &self.name))?;

        if self.dry_run {
            return write(out, &shown);
        }
        if !session.quiet {
            // A closed stderr is not an error here.
            let _ = write!(std::io::stderr(), "{shown}");
        }
        if person && !ask::yes(&format!("Write this to {}?", path.display()), true)? {
            return Err(Error::new(Kind::Usage, "nothing was written").into());
        }
        let to_store = secrets_to_store(session, &profile, &draft, found, person)?;
        after.replace(&before)?;
        session.notes().note(&format!("wrote {}", path.display()));
        store(session, &profile, to_store)?;
        match self.attempt {
            true => attempt(session, &profile, &after),
            false => Ok(()),
        }
    }
}

struct Start {
    draft: Draft,
    found: Vec<(String, Secret)>,
}

impl Start {
    fn of(session: &Session, add: &Args, person: bool) -> anyhow::Result<Self> {
        let mut start = Self {
            draft: Draft::default(),
            found: Vec::new(),
        };
        if add.from_curl {
            let text = ask::request(person)?;
            let import = import(&text).map_err(|error| {
                Error::of(Kind::Usage, error)
                    .about(Subject::Action("the request cannot be read".into()))
                    .hint("give the manual's curl command on stdin, or say the same with flags (`tok add --help`)")
            })?;
            for note in &import.notes {
                session.notes().note(note);
            }
            start.draft = import.draft;
            start.found = import.secrets;
        } else if let Some(provider) = &add.provider {
            catalogue::find(provider).map_err(|error| error.into_error(Kind::Usage))?;
            start.draft.provider = Some(provider.clone());
        }
        apply(&mut start.draft, &add.keys);
        Ok(start)
    }
}

fn apply(draft: &mut Draft, keys: &Keys) {
    let set = |key: &mut Option<String>, flag: &Option<String>| {
        if flag.is_some() {
            key.clone_from(flag);
        }
    };
    set(&mut draft.token_url, &keys.token_url);
    set(&mut draft.client_id, &keys.client_id);
    set(&mut draft.auth_method, &keys.auth_method);
    set(&mut draft.basic_encoding, &keys.basic_encoding);
    set(&mut draft.method, &keys.method);
    set(&mut draft.encoding, &keys.encoding);
    set(&mut draft.grant_type, &keys.grant_type);
    set(&mut draft.audience, &keys.audience);
    set(&mut draft.default_ttl, &keys.default_ttl);
    let source = |kind, flag: &Option<String>| flag.clone().map(|which| (kind, which));
    draft.client_secret =
        source("env", &keys.client_secret_env).or_else(|| source("file", &keys.client_secret_file));
    let list = |key: &mut Vec<String>, flag: &[String]| {
        if !flag.is_empty() {
            *key = flag.to_vec();
        }
    };
    list(&mut draft.scope, &keys.scope);
    list(&mut draft.resource, &keys.resource);
    list(&mut draft.header, &keys.header);
    let pairs = |key: &mut Vec<(String, String)>, flag: &[(String, String)]| {
        for (name, value) in flag {
            match key.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.clone_from(value),
                None => key.push((name.clone(), value.clone())),
            }
        }
    };
    pairs(&mut draft.names, &keys.names);
    pairs(&mut draft.headers, &keys.headers);
    pairs(&mut draft.vars, &keys.var);
    pairs(&mut draft.response, &keys.response);
    for (name, value) in &keys.param {
        draft.params.insert(name.clone(), value.as_str().into());
    }
    for name in &keys.secret {
        if !draft.secrets.contains(name) {
            draft.secrets.push(name.clone());
        }
    }
}

/// Asks for the missing keys of `draft`. Without a terminal this fails, or `--dry-run` gets placeholders.
fn fill_in(
    draft: &mut Draft,
    config: &Config,
    add: &Args,
    person: bool,
    notes: Notes,
) -> anyhow::Result<()> {
    let is_good = |draft: &Draft| Missing::of(draft, config, &add.name).map(|_| ());
    let literal = |typed: &str| typed.replace("${", "$${");
    if draft.token_url.is_none() && draft.provider.is_none() {
        if !person {
            return Err(incomplete(
                add,
                &[
                    "the token endpoint (--token-url URL, --provider NAME or --from-curl)"
                        .to_owned(),
                ],
            ));
        }
        let mut with = draft.clone();
        let url = ask::line("Token endpoint (URL)", None, |typed| {
            with.token_url = Some(typed.to_owned());
            is_good(&with)
        })?;
        draft.token_url = Some(url);
        if draft.auth_method.is_none() && !add.from_curl {
            let methods = AUTH_METHODS.join(", ");
            let question = format!(
                "Client authentication, one of {methods} [{}]",
                AUTH_METHODS[0]
            );
            let method = ask::line(&question, Some(AUTH_METHODS[0]), |typed| {
                with.auth_method = Some(typed.to_owned());
                with.token_url.clone_from(&draft.token_url);
                is_good(&with)
            })?;
            draft.auth_method = (method != AUTH_METHODS[0]).then_some(method);
        }
    }
    let missing = Missing::of(draft, config, &add.name)?;
    let entry = draft
        .provider
        .as_deref()
        .and_then(|name| catalogue::find(name).ok());
    let mut named = Vec::new();
    let placeholder = |name: &str| name.to_ascii_uppercase().replace('-', "_");
    if missing.client_id {
        if person {
            let mut with = draft.clone();
            let id = ask::line("Client id", None, |typed| {
                with.client_id = Some(literal(typed));
                is_good(&with)
            })?;
            draft.client_id = Some(literal(&id));
        } else {
            named.push("the client id (--client-id ID)".to_owned());
            draft.client_id = Some(placeholder("client_id"));
        }
    }
    for var in missing.vars {
        let what = entry.as_ref().and_then(|entry| entry.needs.get(&var));
        let what = what.map_or_else(String::new, |what| format!(": {what}"));
        if person {
            let mut with = draft.clone();
            with.vars.push((var.clone(), String::new()));
            let value = ask::line(&format!("`{var}`{what}"), None, |typed| {
                if let Some((_, value)) = with.vars.last_mut() {
                    *value = literal(typed);
                }
                is_good(&with)
            })?;
            draft.vars.push((var, literal(&value)));
        } else {
            named.push(format!("`{var}` (--var {var}=…){what}"));
            draft.vars.push((var.clone(), placeholder(&var)));
        }
    }
    match named.as_slice() {
        [] => Ok(()),
        named if add.dry_run => {
            notes.note(&format!("placeholders for: {}", named.join("; ")));
            Ok(())
        }
        named => Err(incomplete(add, named)),
    }
}

const AUTH_METHODS: [&str; 4] = [
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "none",
];

fn incomplete(add: &Args, missing: &[String]) -> anyhow::Error {
    Error::new(Kind::Usage, format!("missing: {}", missing.join("; ")))
        .profile(&add.name)
        .hint("give them as flags, or run it on a terminal to be asked")
        .into()
}

/// Returns the secrets for the keyring, from the request and the prompt.
fn secrets_to_store(
    session: &Session,
    profile: &Profile,
    draft: &Draft,
    found: Vec<(String, Secret)>,
    person: bool,
) -> anyhow::Result<Vec<(String, Secret)>> {
    let mut to_store = found;
    to_store.retain(|(name, _)| {
        let variable = secret_variable(&profile.name, name);
        let elsewhere = match (&draft.client_secret, name.as_str()) {
            (Some((kind, which)), CLIENT_SECRET) => format!("{kind} {which}"),
            _ if environment(&variable).is_some() => variable,
            _ => return true,
        };
        session.notes().note(&format!(
            "did not store the request's {name}: {elsewhere} comes first"
        ));
        false
    });
    // Probed before the first question: without a keyring the typed secret would be lost.
    let mut has_keyring = None;
    for name in profile.needed_secrets() {
        let has_source = name == CLIENT_SECRET && draft.client_secret.is_some();
        let variable = secret_variable(&profile.name, &name);
        let is_known = to_store.iter().any(|(known, _)| *known == name)
            || has_source
            || environment(&variable).is_some();
        if is_known {
            continue;
        }
        let user = secrets::keyring_user(profile, &name)?;
        if person && has_keyring.is_none() {
            let probed = keyring::probe(&user);
            if let Err(error) = &probed {
                session
                    .notes()
                    .note(&format!("no secret can be stored: {error}"));
            }
            has_keyring = Some(probed.is_ok());
        }
        let typed = match has_keyring {
            Some(true) => ask::secret(session.notes(), &user)?,
            _ => None,
        };
        match typed {
            Some(secret) => to_store.push((name, secret)),
            None => {
                let argument = match name.as_str() {
                    CLIENT_SECRET => String::new(),
                    other => format!(" {other}"),
                };
                session.notes().note(&format!(
                    "{name} is not set yet: run `tok secret set {}{argument}`, or set {variable} if you have no keyring",
                    profile.name
                ));
            }
        }
    }
    Ok(to_store)
}

/// Stores `secrets` in the keyring. An error names those not stored and the variables to set instead.
fn store(
    session: &Session,
    profile: &Profile,
    secrets: Vec<(String, Secret)>,
) -> Result<(), Error> {
    let mut left = Vec::new();
    let mut first_error = None;
    for (name, secret) in secrets {
        let user = secrets::keyring_user(profile, &name)?;
        // A keyring that failed once would only use up its deadline again.
        let stored = match first_error {
            None => keyring::set(&user, &secret),
            Some(_) => {
                left.push(name);
                continue;
            }
        };
        match stored {
            Ok(()) => session
                .notes()
                .note(&format!("stored keyring entry `{user}`")),
            Err(failure) => {
                first_error =
                    Some(failure.about(Subject::Source(format!("keyring entry `{user}`"))));
                left.push(name);
            }
        }
    }
    let Some(error) = first_error else {
        return Ok(());
    };
    let variables: Vec<String> = left
        .iter()
        .map(|name| secret_variable(&profile.name, name))
        .collect();
    Err(error
        .about(Subject::Action(
            format!(
                "profile `{}` is written, but {} could not be stored",
                profile.name,
                left.join(" and ")
            )
            .into(),
        ))
        .hint(format!(
            "if you have no keyring, set {}",
            variables.join(" and ")
        )))
}

fn attempt(session: &Session, profile: &Profile, config: &Config) -> anyhow::Result<()> {
    let (token, _) = acquire(Run {
        profile,
        config,
        options: Options {
            refresh: true,
            ..Options::default()
        },
        environment: &environment,
        notes: session.notes(),
    })
    .context("the profile is written, but trying it failed")?;
    let left_s = token.left_ms(&Now::read()).unwrap_or(0) / 1000;
    session
        .notes()
        .note(&format!("got a token that lives {left_s} s"));
    Ok(())
}
