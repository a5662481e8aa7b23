//! Opens a URL in the user's browser: `$BROWSER`, else the system's own way.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use crate::profile::Environment;

/// Why no browser is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoBrowser {
    /// Its browser would open on the other machine.
    Ssh,
    /// The machine has no desktop.
    NoDesktop,
    /// `--no-browser`
    NotWanted,
    /// None of the programs could be started.
    NotStarted,
}

/// Starts the first program that can be started, without waiting for it and without tok's streams.
pub(crate) fn open(
    url: &str,
    environment: Environment<'_>,
    withheld: &[OsString],
) -> Result<(), NoBrowser> {
    for words in candidates(url, environment)? {
        let Some((program, arguments)) = words.split_first() else {
            continue;
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for name in withheld {
            command.env_remove(name);
        }
        if command.spawn().is_ok() {
            return Ok(());
        }
    }
    Err(NoBrowser::NotStarted)
}

/// The command lines to try, in order. Words are never passed to a shell.
fn candidates(url: &str, environment: Environment<'_>) -> Result<Vec<Vec<String>>, NoBrowser> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    if let Some(browsers) = set("BROWSER").and_then(|browsers| browsers.into_string().ok()) {
        let browsers = browsers.split(SEPARATOR);
        return Ok(browsers
            .filter_map(|browser| with_url(browser, url))
            .collect());
    }
    if HAS_ALWAYS_A_DESKTOP {
        let is_remote = set("SSH_CONNECTION").is_some() || set("SSH_TTY").is_some();
        return match is_remote {
            true => Err(NoBrowser::Ssh),
            false => Ok(system(url)),
        };
    }
    if set("DISPLAY").is_some()
        || set("WAYLAND_DISPLAY").is_some()
        || set("WSL_DISTRO_NAME").is_some()
    {
        return Ok(system(url));
    }
    Err(match set("SSH_CONNECTION").or_else(|| set("SSH_TTY")) {
        Some(_) => NoBrowser::Ssh,
        None => NoBrowser::NoDesktop,
    })
}

/// `%s` is the URL, which is otherwise the last argument.
fn with_url(browser: &str, url: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = browser.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        return None;
    }
    if browser.contains("%s") {
        for word in &mut words {
            *word = word.replace("%s", url);
        }
    } else {
        words.push(url.to_owned());
    }
    Some(words)
}

const HAS_ALWAYS_A_DESKTOP: bool = cfg!(any(windows, target_vendor = "apple"));

/// As in `PATH`: a Windows path contains a colon.
const SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

fn system(url: &str) -> Vec<Vec<String>> {
    let commands: &[&[&str]] = if cfg!(windows) {
        &[&["rundll32", "url.dll,FileProtocolHandler"]]
    } else if cfg!(target_vendor = "apple") {
        &[&["/usr/bin/open"]]
    } else {
        &[&["xdg-open"], &["wslview"], &["x-www-browser"]]
    };
    let line = |command: &&[&str]| {
        let words = command.iter().copied().chain([url]);
        words.map(str::to_owned).collect()
    };
    commands.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(set: &[(&str, &str)]) -> Result<Vec<Vec<String>>, NoBrowser> {
        candidates("https://a.example/?x=1&y", &|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    #[cfg(all(unix, not(target_vendor = "apple")))]
    fn the_browser_comes_from_the_variable_then_from_the_desktop() {
        let url = "https://a.example/?x=1&y";
        for (set, expected) in [
            (vec![], Err(NoBrowser::NoDesktop)),
            (vec![("SSH_CONNECTION", "x")], Err(NoBrowser::Ssh)),
            (vec![("BROWSER", "")], Err(NoBrowser::NoDesktop)),
            (vec![("BROWSER", " : ")], Ok(vec![])),
            (
                vec![("DISPLAY", ":0"), ("SSH_TTY", "x")],
                Ok(vec![
                    vec!["xdg-open", url],
                    vec!["wslview", url],
                    vec!["x-www-browser", url],
                ]),
            ),
            (
                vec![("BROWSER", "firefox:w3m -o x=%s -t"), ("SSH_TTY", "x")],
                Ok(vec![
                    vec!["firefox", url],
                    vec!["w3m", "-o", "x=https://a.example/?x=1&y", "-t"],
                ]),
            ),
        ] {
            let expected = expected.map(|lines: Vec<Vec<&str>>| {
                lines
                    .into_iter()
                    .map(|words| {
                        words
                            .into_iter()
                            .map(str::to_owned)
                            .collect::<Vec<String>>()
                    })
                    .collect::<Vec<_>>()
            });
            assert_eq!(chosen(&set), expected, "{set:?}");
        }
    }
}
