//! What `tok token`, `tok header` and `tok json` share: a token, in the form asked for.

use std::io::Write;

use crate::commands::get::{Fetch, prepare, with};
use crate::commands::session::{Session, write};
use crate::error::Error;
use crate::fast;
use crate::get::Source;
use crate::profile::Profile;
use crate::secret::Secret;
use crate::token::Token;

/// Prints the token that `fetch` asks for in the form that `form` gives it.
pub(crate) fn print(
    session: &Session,
    fetch: &Fetch,
    out: &mut dyn Write,
    form: impl FnOnce(&Profile, &Token, Source) -> Result<Secret, Error>,
) -> anyhow::Result<()> {
    let (config, profile, wish) = prepare(session, fetch)?;
    let (token, source) = with(session, &config, &profile, wish)?;
    write(out, form(&profile, &token, source)?.expose())?;
    if fetch.options.is_plain() {
        fast::remember(&profile, &config);
    }
    Ok(())
}
