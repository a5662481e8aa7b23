//! Looks an issuer up while its profile is added, and asks about another host that its metadata names.

use std::time::{Duration, Instant};

use super::missing::{table, without_location};
use crate::commands::ask;
use crate::commands::session::environment;
use crate::error::{Error, Kind};
use crate::fetch::issuer;
use crate::profile::draft::Draft;
use crate::profile::file::Config;
use crate::profile::{Overrides, Profile};
use crate::term::notes::Notes;

/// Does nothing for a profile with a token endpoint. An issuer that cannot be reached now is only noted.
pub(super) fn look_up(
    draft: &mut Draft,
    config: &Config,
    name: &str,
    person: bool,
    notes: Notes,
) -> anyhow::Result<()> {
    if draft.issuer.is_none() {
        return Ok(());
    }
    let with = config.with_profile(name, table(draft, name)?)?;
    let named = |error: Error| without_location(error, name);
    let profile = Profile::resolve(&with, name, &Overrides::default(), &environment)
        .and_then(|profile| profile.check(&with).map(|()| profile))
        .map_err(named)?;
    let until = Instant::now() + Duration::from_millis(profile.timeout_ms.unsigned_abs());
    let metadata = match issuer::metadata(&profile, until, notes) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == Kind::Unreachable => {
            notes.note(&format!("the issuer could not be checked: {error}"));
            return Ok(());
        }
        Err(error) => return Err(named(error).into()),
    };
    if let Some(origin) = profile.token_endpoint_elsewhere(&metadata) {
        let question =
            format!("The issuer's token endpoint is at {origin}. Send the secrets there?");
        if !person {
            let reason = format!("the issuer's token endpoint is at another host, {origin}");
            return Err(Error::new(Kind::Config, reason)
                .hint(format!(
                    "if that is the provider's own, add `--origin {origin}`"
                ))
                .profile(name)
                .into());
        }
        if !ask::yes(&question, false)? {
            return Err(Error::new(Kind::Usage, "nothing was written").into());
        }
        draft.allow(&origin.to_string());
        return Ok(());
    }
    profile
        .with_metadata(&metadata, &environment)
        .map_err(named)?;
    Ok(())
}
