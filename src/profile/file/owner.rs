//! Checks that only the user can write the config: a changed one could send secrets anywhere and run anything.

use std::fs::Metadata;
use std::path::Path;

use crate::error::Error;

/// Refuses a file that anyone but the user or root may write, judged on the opened file.
#[cfg(unix)]
pub(super) fn check(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    use crate::error::Kind;
    use std::os::unix::fs::MetadataExt;

    let me = rustix::process::geteuid().as_raw();
    let sudo = std::env::var("SUDO_UID")
        .ok()
        .and_then(|uid| uid.parse().ok());
    if !may_own(metadata.uid(), me, sudo) {
        return Err(Error::new(
            Kind::Config,
            format!(
                "{} belongs to another user (uid {}), who could change what tok runs and where secrets go",
                path.display(),
                metadata.uid()
            ),
        )
        .hint(format!(
            "copy it: `install -m 600 {} \"$HOME/tok.toml\"`, and name the copy with --config or TOK_CONFIG",
            quoted(path)
        )));
    }
    // The mode of a character device or pipe (`--config <(…)`, /dev/stdin) does not tell its writers.
    let mode = metadata.mode() & 0o777;
    if !metadata.is_file() || mode & 0o022 == 0 {
        return Ok(());
    }
    let is_private = || {
        is_private_group(
            &read("/etc/passwd"),
            &read("/etc/group"),
            me,
            metadata.gid(),
        )
    };
    if mode & 0o002 == 0 && metadata.uid() == me && is_private() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Config,
        format!(
            "{} may be written by others (mode {mode:03o})",
            path.display()
        ),
    )
    .hint(format!("`chmod go-w {}`", quoted(path))))
}

/// Allows the user's own file, root's and, under `sudo`, the caller's.
#[cfg(unix)]
fn may_own(owner: u32, me: u32, sudo: Option<u32>) -> bool {
    owner == me || owner == 0 || me == 0 && Some(owner) == sudo
}

#[cfg(unix)]
fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Whether group `gid` is the private group of user `uid`, by passwd(5) and group(5): same name, no other member. Most Linux
/// systems create these groups, and Debian's sshd accepts them.
#[cfg(unix)]
fn is_private_group(passwd: &str, group: &str, uid: u32, gid: u32) -> bool {
    let fields = |line: &str| -> Vec<String> { line.split(':').map(str::to_owned).collect() };
    let users: Vec<(String, u32, u32)> = passwd
        .lines()
        .map(fields)
        .filter_map(|fields| match fields.as_slice() {
            [name, _, uid, gid, ..] => Some((name.clone(), uid.parse().ok()?, gid.parse().ok()?)),
            _ => None,
        })
        .collect();
    let Some((name, ..)) = users.iter().find(|(_, id, own)| *id == uid && *own == gid) else {
        return false;
    };
    let groups: Vec<(String, String)> = group
        .lines()
        .map(fields)
        .filter_map(|fields| match fields.as_slice() {
            [name, _, id, members, ..] if id.parse() == Ok(gid) => {
                Some((name.clone(), members.clone()))
            }
            _ => None,
        })
        .collect();
    let is_only_user = users
        .iter()
        .all(|(other, _, own)| *own != gid || other == name);
    let has_no_other = groups.iter().all(|(other, members)| {
        let mut members = members
            .split(',')
            .filter(|member| !member.trim().is_empty());
        other == name && members.all(|member| member.trim() == name)
    });
    is_only_user && has_no_other && !groups.is_empty()
}

/// Quotes `path` for a shell.
#[cfg(unix)]
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%~".contains(c);
    match text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Windows protects a user's config folder by access control lists.
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

    #[test]
    fn a_private_group_has_its_users_name_and_no_other_member() {
        const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:100::/home/bob:/bin/sh\n";
        let cases = [
            (PASSWD, "ann:x:1000:\n", 1000, 1000, true),
            (PASSWD, "ann:x:1000:ann\n", 1000, 1000, true),
            (PASSWD, "ann:x:1000:ann,bob\n", 1000, 1000, false),
            (PASSWD, "ann:x:1000:bob\n", 1000, 1000, false),
            (PASSWD, "staff:x:1000:\n", 1000, 1000, false),
            (PASSWD, "ann:x:1000:\nalso:x:1000:bob\n", 1000, 1000, false),
            (PASSWD, "users:x:100:\n", 1001, 100, false),
            (PASSWD, "ann:x:1000:\n", 1001, 1000, false),
            (PASSWD, "", 1000, 1000, false),
            (PASSWD, "root:x:0:\n", 0, 0, true),
            ("", "ann:x:1000:\n", 1000, 1000, false),
            (
                "ann:x:1000:1000:::\neve:x:1002:1000:::\n",
                "ann:x:1000:\n",
                1000,
                1000,
                false,
            ),
            ("ann:x:1000\n", "ann:x:1000\n", 1000, 1000, false),
        ];
        for (passwd, group, uid, gid, expected) in cases {
            assert_eq!(
                is_private_group(passwd, group, uid, gid),
                expected,
                "{passwd} {group}"
            );
        }
    }

    #[test]
    fn a_path_is_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted(Path::new("/a/b.toml")), "/a/b.toml");
        assert_eq!(quoted(Path::new("/a b/c's")), r"'/a b/c'\''s'");
    }
}
