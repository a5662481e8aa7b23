//! Checks where a profile's secrets come from: each has at most one source, and no key without effect.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::profile::at::{At, wrong};
use crate::profile::file::schema::SourceTable;
use crate::profile::name;
use crate::profile::pointer::Pointer;
use crate::profile::template::{CLIENT_SECRET, REFRESH_TOKEN};

pub(super) const ONE_SOURCE: &str =
    "a secret has one source: `env`, `file`, `credential` or `command`";

pub(super) fn read(
    mut secrets: BTreeMap<String, SourceTable>,
    client_secret: Option<SourceTable>,
) -> Result<BTreeMap<String, SourceTable>, Error> {
    for secret in secrets.keys() {
        name::check(secret).at("secrets")?;
    }
    if let Some(source) = client_secret {
        secrets.insert(CLIENT_SECRET.to_owned(), source);
    }
    for (secret, source) in &secrets {
        let key = match secret.as_str() {
            CLIENT_SECRET => CLIENT_SECRET.to_owned(),
            other => format!("secrets.{other}"),
        };
        check(source, &key, ONE_SOURCE)?;
        check_store(source, secret, &key)?;
    }
    Ok(secrets)
}

/// Only a refresh token is ever replaced.
pub(super) fn check_store(source: &SourceTable, secret: &str, key: &str) -> Result<(), Error> {
    let Some(store) = &source.store else {
        return Ok(());
    };
    let reason = if secret != REFRESH_TOKEN {
        "`store` is for the secret `refresh_token`, the only one that a provider replaces"
    } else if source.command.is_none() || source.pointer.is_some() {
        "`store` belongs to `command`, without `pointer`: it stores what that prints"
    } else if store.is_empty() {
        "`store` is empty; it is a list of a program and its arguments"
    } else {
        return Ok(());
    };
    Err(wrong(key, reason))
}

/// Whether `source` names where the secret is, rather than leaving it to the keyring.
pub(super) fn is_given(source: &SourceTable) -> bool {
    given(source).contains(&true)
}

fn given(source: &SourceTable) -> [bool; 4] {
    [
        source.env.is_some(),
        source.file.is_some(),
        source.credential.is_some(),
        source.command.is_some(),
    ]
}

pub(super) fn check(
    source: &SourceTable,
    key: &str,
    one_source: &'static str,
) -> Result<(), Error> {
    let given = given(source);
    if given.into_iter().filter(|given| *given).count() > 1 {
        return Err(wrong(key, one_source));
    }
    if let Some(pointer) = &source.pointer {
        Pointer::parse(pointer).at(key)?;
        if !given.contains(&true) {
            return Err(wrong(
                key,
                "`pointer` says where in a JSON text the secret is; name the `file`, `env`, `credential` or `command` that gives it",
            ));
        }
    }
    if source.command.as_ref().is_some_and(Vec::is_empty) {
        return Err(wrong(
            key,
            "`command` is empty; it is a list of a program and its arguments",
        ));
    }
    Ok(())
}
