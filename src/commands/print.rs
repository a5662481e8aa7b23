//! `tok token`, `tok header`, `tok json`: a token, in the form asked for.

use std::io::Write;

use super::get::{get, header_lines};
use super::{Session, write};
use crate::cli::Fetch;
use crate::clock::Now;
use crate::output;

pub(super) fn token(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (_, token, _) = get(session, fetch)?;
    write(out, output::raw(&token).expose())
}

pub(super) fn header(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (profile, token, _) = get(session, fetch)?;
    write(out, header_lines(&profile, &token)?.expose())
}

pub(super) fn json(
    session: &Session<'_>,
    fetch: &Fetch,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (profile, token, source) = get(session, fetch)?;
    write(
        out,
        output::json(&profile, &token, source, &Now::read()).expose(),
    )
}
