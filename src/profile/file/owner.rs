//! Whether a config file may be trusted: what others can write could send secrets anywhere and run anything.

use std::fs::Metadata;
use std::path::Path;

use crate::error::Error;

/// Refuses a file that anyone but its user or root may write, judged on the opened file.
#[cfg(unix)]
pub(super) fn check(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    use crate::error::Kind;
    use std::os::unix::fs::MetadataExt;

    let at = path.display();
    let me = rustix::process::geteuid().as_raw();
    let sudo = std::env::var("SUDO_UID")
        .ok()
        .and_then(|uid| uid.parse().ok());
    if !may_own(metadata.uid(), me, sudo) {
        return Err(Error::new(
            Kind::Config,
            format!("{at} belongs to another user (uid {}), who could change what tok runs and where secrets go", metadata.uid()),
        )
        .hint(format!("use a config of your own: `cp {at} …`, then --config or TOK_CONFIG")));
    }
    // A character device or a pipe (`--config <(…)`, /dev/stdin) has no writers that its mode tells of.
    if metadata.is_file() && metadata.mode() & 0o022 != 0 {
        return Err(Error::new(
            Kind::Config,
            format!(
                "{at} may be written by others (mode {:03o})",
                metadata.mode() & 0o777
            ),
        )
        .hint(format!("`chmod go-w {at}`")));
    }
    Ok(())
}

/// Whether a config of user `owner` may steer a run of user `me`: one's own, root's, or, under `sudo`, the caller's.
#[cfg(unix)]
fn may_own(owner: u32, me: u32, sudo: Option<u32>) -> bool {
    owner == me || owner == 0 || me == 0 && Some(owner) == sudo
}

/// Windows keeps a user's config folder to the user by its access control lists, which have no such thing as a mode.
#[cfg(not(unix))]
pub(super) fn check(_: &Path, _: &Metadata) -> Result<(), Error> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_the_user_root_and_the_caller_of_sudo_may_own_a_config() {
        let cases = [
            (1000, 1000, None, true),
            (0, 1000, None, true),
            (1001, 1000, None, false),
            (1001, 1000, Some(1001), false),
            (1000, 0, None, false),
            (1000, 0, Some(1000), true),
            (1001, 0, Some(1000), false),
            (0, 0, None, true),
        ];
        for (owner, me, sudo, expected) in cases {
            assert_eq!(may_own(owner, me, sudo), expected, "{owner} {me} {sudo:?}");
        }
    }
}
