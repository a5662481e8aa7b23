//! `tok add`: writes a profile, from a manual's example request, from the catalogue, or from flags; with secrets going to the keyring.
//!
//! Nothing is stored or written before everything is known to be good: the profile is resolved and checked as `tok token` would do it. Who sits at
//! a terminal is asked for what is missing; a script is told.

mod ask;
mod lacking;

use std::io::Write;

use anyhow::Context as _;

use self::lacking::{Wants, table, without_place};
use crate::clock::Now;
use crate::commands::cli::{Add, Keys};
use crate::commands::{Session, environment, stdin_is_terminal, write};
use crate::curl::import;
use crate::error::{Error, Kind};
use crate::get::{Run, Wish, acquire};
use crate::profile::catalogue;
use crate::profile::draft::Draft;
use crate::profile::file::{Config, edit};
use crate::profile::name::secret_variable;
use crate::profile::template::CLIENT_SECRET;
use crate::profile::{Overrides, Profile, name};
use crate::secret::Secret;
use crate::secrets::{self, keyring};

pub(super) fn run(session: &Session<'_>, add: &Add, out: &mut impl Write) -> anyhow::Result<()> {
    name::check(&add.name)
        .map_err(|message| Error::new(Kind::Usage, format!("profile {message}")))?;
    let path = Config::path(session.cli.config.as_deref())?;
    let before = edit::open(&path)?;
    if before.has_profile(&add.name)? && !add.force {
        return Err(Error::new(
            Kind::Config,
            format!("profile `{}` is in {} already", add.name, path.display()),
        )
        .hint("choose another name, or replace it with --force")
        .into());
    }
    let person = stdin_is_terminal();
    let Start { mut draft, found } = Start::of(session, add, person)?;
    fill_in(&mut draft, &before, add, person)?;

    let table = table(&draft, &add.name)?;
    let shown = edit::shown(&add.name, table.clone());
    let after = before.with_profile(&add.name, table)?;
    let profile = Profile::resolve(&after, &add.name, &Overrides::default(), &environment)
        .and_then(|profile| profile.check(&after).map(|()| profile))
        .map_err(|failure| without_place(failure, &after, &add.name))?;

    if add.dry_run {
        return write(out, &shown);
    }
    if !session.cli.quiet {
        // If even stderr is gone there is nobody to show it to.
        let _ = write!(std::io::stderr(), "{shown}");
    }
    if person && !ask::yes(&format!("Write this to {}?", path.display()))? {
        return Err(Error::new(Kind::Usage, "nothing was written, as you wished").into());
    }
    let to_store = secrets_to_store(session, &profile, &draft, found, person)?;
    after.replace(&before)?;
    session.notes().note(&format!("wrote {}", path.display()));
    store(session, &profile, to_store)?;
    match add.attempt {
        true => attempt(session, &profile, &after),
        false => Ok(()),
    }
}

/// What the profile starts from, before anything is asked.
struct Start {
    draft: Draft,
    /// The secrets that stand in the request.
    found: Vec<(String, Secret)>,
}

impl Start {
    fn of(session: &Session<'_>, add: &Add, person: bool) -> anyhow::Result<Self> {
        let mut start = Self {
            draft: Draft::default(),
            found: Vec::new(),
        };
        if add.from_curl {
            let text = ask::request(person)?;
            let import = import::import(&text).map_err(|message| {
                Error::new(
                    Kind::Usage,
                    format!("the request cannot be read: {message}"),
                )
                .hint("give the manual's curl command on stdin, or say the same with flags (`tok add --help`)")
            })?;
            for note in &import.notes {
                session.notes().note(note);
            }
            start.draft = import.draft;
            for (name, secret) in import.secrets {
                start.found.extend(secret.map(|secret| (name, secret)));
            }
        } else if let Some(provider) = &add.provider {
            catalogue::find_typed(provider)?;
            start.draft.provider = Some(provider.clone());
        }
        apply(&mut start.draft, &add.keys);
        Ok(start)
    }
}

/// The flags, laid over `draft`.
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

/// Asks for what `draft` still lacks.
///
/// # Errors
/// A usage failure that names all of it, where nobody can be asked.
fn fill_in(draft: &mut Draft, config: &Config, add: &Add, person: bool) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    if draft.token_url.is_none() && draft.provider.is_none() {
        match person {
            true => draft.token_url = Some(ask::line("Token endpoint (URL)")?),
            false => missing.push(
                "the token endpoint (--token-url URL, --provider NAME or --from-curl)".to_owned(),
            ),
        }
    }
    if missing.is_empty() {
        let wants = Wants::of(draft, config, &add.name)?;
        let entry = draft
            .provider
            .as_deref()
            .and_then(|name| catalogue::find(name).ok());
        if wants.client_id {
            match person {
                true => draft.client_id = Some(ask::line("Client id")?.replace("${", "$${")),
                false => missing.push("the client id (--client-id ID)".to_owned()),
            }
        }
        for var in wants.vars {
            let what = entry.as_ref().and_then(|entry| entry.needs.get(&var));
            let what = what.map_or_else(String::new, |what| format!(": {what}"));
            match person {
                true => {
                    let value = ask::line(&format!("`{var}`{what}"))?;
                    draft.vars.push((var, value.replace("${", "$${")));
                }
                false => missing.push(format!("`{var}` (--var {var}=…){what}")),
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Usage,
        format!("profile `{}`: missing: {}", add.name, missing.join("; ")),
    )
    .hint("give them as flags, or run it on a terminal to be asked")
    .into())
}

/// The secrets that go into the keyring: those of the request, and those that a person types.
fn secrets_to_store(
    session: &Session<'_>,
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
        let typed = match person {
            true => ask::secret(session.notes(), &user)?,
            false => None,
        };
        match typed {
            Some(secret) => to_store.push((name, secret)),
            None => {
                let argument = match name.as_str() {
                    CLIENT_SECRET => String::new(),
                    other => format!(" {other}"),
                };
                session.notes().note(&format!(
                    "{name} is still to be set: `tok secret set {}{argument}`, or {variable} where there is no keyring",
                    profile.name
                ));
            }
        }
    }
    Ok(to_store)
}

/// Puts `secrets` into the keyring.
///
/// # Errors
/// A secret failure that says which could not be stored, and the variables to set instead.
fn store(
    session: &Session<'_>,
    profile: &Profile,
    secrets: Vec<(String, Secret)>,
) -> Result<(), Error> {
    let mut left = Vec::new();
    let mut trouble = None;
    for (name, secret) in secrets {
        let user = secrets::keyring_user(profile, &name)?;
        // A keyring that failed once would only take its deadline again.
        let stored = match trouble {
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
                trouble = Some(failure.context(format!("keyring entry `{user}`")));
                left.push(name);
            }
        }
    }
    let Some(trouble) = trouble else {
        return Ok(());
    };
    let variables: Vec<String> = left
        .iter()
        .map(|name| secret_variable(&profile.name, name))
        .collect();
    Err(trouble
        .context(format!(
            "profile `{}` is written, but {} could not be stored",
            profile.name,
            left.join(" and ")
        ))
        .hint(format!(
            "where there is no keyring, set {}",
            variables.join(" and ")
        )))
}

/// Fetches a token, as `--try` asks for.
fn attempt(session: &Session<'_>, profile: &Profile, config: &Config) -> anyhow::Result<()> {
    let (token, _) = acquire(Run {
        profile,
        config,
        wish: Wish {
            refresh: true,
            ..Wish::default()
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
