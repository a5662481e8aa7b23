//! What `tok token`, `tok header` and `tok json` share: a token, in the form asked for.

use std::io::Write;

use crate::commands::get::{Fetch, at_hand, prepare, remember, with};
use crate::commands::session::{Session, write};
use crate::error::Error;
use crate::fast::bookmark::AtHand;
use crate::get::Source;
use crate::profile::Profile;
use crate::secret::Secret;
use crate::token::Token;

/// Prints the token at hand as `short` says; where there is none, or `short` has nothing to say, one that is got for the profile, as `long` says.
pub(crate) fn print(
    session: &Session,
    fetch: &Fetch,
    out: &mut dyn Write,
    short: impl FnOnce(&AtHand) -> Option<Secret>,
    long: impl FnOnce(&Profile, &Token, Source) -> Result<Secret, Error>,
) -> anyhow::Result<()> {
    if let Some(at_hand) = at_hand(session, fetch)
        && let Some(answer) = short(&at_hand)
    {
        at_hand.found.count_use();
        return write(out, answer.expose());
    }
    let (config, profile, wish) = prepare(session, fetch)?;
    let (token, source) = with(session, &config, &profile, wish)?;
    write(out, long(&profile, &token, source)?.expose())?;
    remember(session, fetch, &config, &profile);
    Ok(())
}
