//! The rows of `tok status` for what the shared cache has.

use super::{Row, nothing, of_token};
use crate::clock::Now;
use crate::commands::session::Session;
use crate::commands::shared_entries::{SharedEntries, profiles};
use crate::error::Error;

/// Adds what the shared cache has for each profile that uses it; returns the first error.
pub(super) fn add(
    session: &Session,
    wanted: Option<&str>,
    now: &Now,
    rows: &mut Vec<Row>,
) -> Option<Error> {
    // Without a config there may still be cached tokens to show.
    let config = session.config().ok()?;
    let using = profiles(&config, wanted);
    if using.is_empty() {
        return None;
    }
    let entries = SharedEntries::open(&config);
    let mut first_error = entries.as_ref().err().cloned();
    for profile in using {
        let row = Row {
            current: Some(true),
            store: "shared",
            ..nothing(&profile.name)
        };
        // An engine that failed is asked only once.
        let shown = match (&entries, &first_error) {
            (Ok(entries), None) => entries.show(&profile, session),
            (_, Some(error)) => Err(error.clone()),
            (Err(error), None) => Err(error.clone()),
        };
        rows.push(match shown {
            Ok(shown) => Row {
                wait_ms: shown.wait_ms,
                ..match &shown.token {
                    Some(token) => of_token(token, now, row),
                    None => row,
                }
            },
            Err(error) => {
                first_error.get_or_insert(error);
                Row {
                    state: "unreachable",
                    ..row
                }
            }
        });
    }
    first_error
}
