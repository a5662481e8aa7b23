//! Stores the secrets of a new profile in the keyring.

use crate::commands::ask;
use crate::commands::session::{Session, environment};
use crate::error::{Error, Subject};
use crate::profile::Profile;
use crate::profile::draft::Draft;
use crate::profile::name::secret_variable;
use crate::profile::template::CLIENT_SECRET;
use crate::secret::Secret;
use crate::secrets::{self, keyring};

/// Returns the secrets for the keyring, from the request and the prompt.
pub(super) fn secrets_to_store(
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
pub(super) fn store(
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
