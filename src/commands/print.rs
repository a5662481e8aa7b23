//! `tok token`, `tok header`, `tok json`: a token, in the form asked for.

use std::io::Write;

use crate::clock::Now;
use crate::commands::cli::Fetch;
use crate::commands::get::{at_hand, header_lines, prepare, remember, with};
use crate::commands::{Session, write};
use crate::error::Error;
use crate::fast::bookmark::AtHand;
use crate::get::Source;
use crate::output;
use crate::profile::Profile;
use crate::secret::Secret;
use crate::token::Token;

pub(super) fn token(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    print(
        session,
        fetch,
        out,
        |at_hand| Some(output::raw(&at_hand.found.entry.token)),
        |_, token, _| Ok(output::raw(token)),
    )
}

pub(super) fn header(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    print(
        session,
        fetch,
        out,
        |at_hand| output::header_around(at_hand.header.as_deref(), &at_hand.found.entry.token),
        |profile, token, _| header_lines(profile, token),
    )
}

pub(super) fn json(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let json =
        |profile: &str, token: &Token, source| output::json(profile, token, source, &Now::read());
    print(
        session,
        fetch,
        out,
        |at_hand| {
            Some(json(
                &fetch.profile,
                &at_hand.found.entry.token,
                Source::Cache,
            ))
        },
        |profile, token, source| Ok(json(&profile.name, token, source)),
    )
}

/// Prints the token at hand as `short` says; where there is none, or `short` has nothing to say, one that is got for the profile, as `long` says.
fn print(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
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
