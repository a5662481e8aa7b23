//! The profiles whose tokens another profile sends: `${profile.NAME}`.

use std::collections::BTreeMap;

use crate::error::{Error, Kind};
use crate::profile::plan::Plan;
use crate::profile::resolved::Profile;
use crate::profile::template::{Name, Template};

/// Each level is a token that waits for another one.
const LONGEST_CHAIN: usize = 8;

/// Resolves a profile by its name and those that wait for its token.
type Resolve<'a> = &'a dyn Fn(&str, &[&str]) -> Result<Profile, Error>;

/// Resolves the profiles that `profile` refers to, and theirs. `outer` are the profiles that wait for this one's token.
pub(super) fn of(
    profile: &Profile,
    outer: &[&str],
    resolve: Resolve<'_>,
) -> Result<BTreeMap<String, Profile>, Error> {
    let mut others = BTreeMap::new();
    let mut chain = outer.to_vec();
    chain.push(&profile.name);
    for name in profile.plans().flat_map(Plan::profiles) {
        if others.contains_key(name) {
            continue;
        }
        let shown = || format!("{} → {name}", chain.join(" → "));
        let refused = |reason: String| {
            let error = Error::new(Kind::Config, reason);
            let written = written(profile, name);
            profile
                .config
                .located_at_text(&profile.name, written, error)
        };
        if chain.contains(&name) {
            let reason = format!(
                "profiles need one another's tokens in a circle: {}",
                shown()
            );
            return Err(refused(reason));
        }
        if chain.len() >= LONGEST_CHAIN {
            let reason = format!("a chain of more than {LONGEST_CHAIN} profiles: {}", shown());
            return Err(refused(reason));
        }
        if !profile.config.has(name) {
            return Err(
                refused(format!("`${{profile.{name}}}`: no profile `{name}`"))
                    .hint("`tok list` shows the profiles"),
            );
        }
        let mut other = resolve(name, &chain)?;
        // One deadline for the whole chain, so messages name the outermost one.
        other.timeout_ms = profile.timeout_ms;
        others.insert(name.to_owned(), other);
    }
    Ok(others)
}

fn written<'a>(profile: &'a Profile, name: &str) -> &'a str {
    let templates = profile.plans().flat_map(Plan::templates);
    let mut named = templates.filter(|template: &&Template| {
        template
            .names()
            .any(|found| matches!(found, Name::Profile(other) if other == name))
    });
    named.next().map_or("", Template::source)
}
