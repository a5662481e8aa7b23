//! Asks for the keys that a new profile lacks.

use super::Args;
use super::missing::Missing;
use crate::commands::ask;
use crate::error::{Error, Kind};
use crate::profile::catalogue;
use crate::profile::draft::Draft;
use crate::profile::file::Config;
use crate::term::notes::Notes;

/// Asks for the missing keys of `draft`. Without a terminal this fails, or `--dry-run` gets placeholders.
pub(super) fn fill_in(
    draft: &mut Draft,
    config: &Config,
    add: &Args,
    person: bool,
    notes: Notes,
) -> anyhow::Result<()> {
    let is_good = |draft: &Draft| Missing::of(draft, config, &add.name).map(|_| ());
    let literal = |typed: &str| typed.replace("${", "$${");
    if draft.token_url.is_none() && draft.issuer.is_none() && draft.provider.is_none() {
        if !person {
            return Err(incomplete(
                add,
                &[
                    "the token endpoint (--token-url URL, --issuer URL, --provider NAME or --from-curl)"
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
