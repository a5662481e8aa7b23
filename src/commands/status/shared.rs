//! The content of the shared cache, for `tok status`.

use crate::cache::shared::Shown;
use crate::commands::session::Session;
use crate::commands::shared_entries::{SharedEntries, profiles};
use crate::error::Error;

/// Returns the content for each profile that uses it, `None` if the engine cannot be used, and the first error.
pub(super) fn contents(
    session: &Session,
    wanted: Option<&str>,
) -> (Vec<(String, Option<Shown>)>, Option<Error>) {
    let mut contents = Vec::new();
    // Without a config there may still be cached tokens to show.
    let Ok(config) = session.config() else {
        return (contents, None);
    };
    let using = profiles(&config, wanted);
    if using.is_empty() {
        return (contents, None);
    }
    let (entries, mut first_error) = match SharedEntries::open(&config) {
        Ok(entries) => (Some(entries), None),
        Err(error) => (None, Some(error)),
    };
    for profile in using {
        // An engine that failed is asked only once.
        let entries = entries.as_ref().filter(|_| first_error.is_none());
        let shown = match entries.map(|entries| entries.show(&profile, session)) {
            None => None,
            Some(Ok(shown)) => Some(shown),
            Some(Err(error)) => {
                first_error = Some(error);
                None
            }
        };
        contents.push((profile.name, shown));
    }
    (contents, first_error)
}
