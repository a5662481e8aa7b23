//! The check of the shared cache: an entry is stored, read back and removed.

use crate::cache::shared::Identity;
use crate::commands::doctor::finding::Finding;
use crate::commands::session::Session;
use crate::commands::shared_entries::{SharedEntries, profiles};
use crate::error::Error;
use crate::profile::file::Config;
use crate::profile::file::schema::TokenCharacters;
use crate::profile::file::shared_cache::SharedCacheTable;
use crate::token::Token;

const CHECK: &str = "shared cache";

/// Returns `None` if no profile, or not `profile`, uses it and the config has no `[shared_cache]`.
pub(super) fn examine(
    session: &Session,
    config: &Config,
    profile: Option<&str>,
) -> Option<Finding> {
    let is_used = !profiles(config, profile).is_empty();
    let is_written = config
        .shared_cache()
        .is_ok_and(|table| table != SharedCacheTable::default());
    match (is_used, is_written, profile) {
        (true, ..) | (_, true, None) => Some(Finding::new(CHECK, test(session, config))),
        (false, ..) => None,
    }
}

fn test(session: &Session, config: &Config) -> Result<String, Error> {
    let entries = SharedEntries::open(config)?;
    let unique = crate::profile::template::uuid()?;
    let identity = Identity {
        digest: format!("doctor {unique}"),
        characters: TokenCharacters::Visible,
    };
    let took = entries
        .level(identity, session)
        .test(Token::to_test(&unique))?;
    Ok(format!(
        "{}, an entry was stored, read back and removed in {} ms",
        entries.shown(),
        took.as_millis()
    ))
}
