//! Prints a token in a given form, for `tok token`, `tok header` and `tok json`.

use std::io::Write;

use crate::commands::get::{Fetch, prepare, with};
use crate::commands::session::{Session, write};
use crate::error::Error;
use crate::fast;
use crate::get::Source;
use crate::profile::Profile;
use crate::secret::Secret;
use crate::token::Token;

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
