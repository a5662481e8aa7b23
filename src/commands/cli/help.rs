//! What `--help` says beyond the options: the commands in groups, an example or two for each, the exit codes.
//!
//! Laid over the bare command only when help, a page or a completion is asked for: a cached token does not wait for it.

use clap::builder::Styles;
use clap::{Command, CommandFactory};

use crate::commands::cli::Cli;
use crate::term::colour::{ASIDE, HINT, NAME, paint};

/// The colours of help.
pub const STYLES: Styles = Styles::styled()
    .header(HINT)
    .usage(HINT)
    .literal(NAME)
    .placeholder(ASIDE);

/// The commands by what they are for, in the order of first use.
const GROUPS: [(&str, &[&str]); 6] = [
    ("Printing", &["token", "header", "json", "for", "inspect"]),
    ("Running", &["exec"]),
    ("Secrets", &["secret"]),
    ("Profiles", &["list", "show", "providers", "add"]),
    ("Cache", &["status", "forget", "reject"]),
    ("Setting up", &["doctor", "completions", "man"]),
];

/// Examples by command.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "token",
        "TOKEN=$(tok token cint)\ntok token cint --min-ttl 10m --timeout 5s",
    ),
    (
        "header",
        "H=$(tok header cint) && curl -H \"$H\" https://api.example.com/\ntok header cint | curl -H @- https://api.example.com/",
    ),
    ("json", "tok json cint | jq .expires_in"),
    (
        "for",
        "C=$(tok for curl cint) && printf '%s\\n' \"$C\" | curl -K - URL\nE=$(tok for sh cint) && eval \"$E\"",
    ),
    (
        "for curl",
        "C=$(tok for curl cint) && printf '%s\\n' \"$C\" | curl -K - URL",
    ),
    (
        "for sh",
        "E=$(tok for sh cint) && eval \"$E\"\nE=$(tok for sh cint --name GH_TOKEN) && eval \"$E\"",
    ),
    ("for fish", "tok for fish cint | source"),
    ("for powershell", "tok for powershell cint | iex"),
    ("for dotenv", "tok for dotenv cint > token.env"),
    ("for github", "tok for github cint"),
    (
        "for file",
        "tok for file cint token.txt\ntok for file cint token.txt --watch",
    ),
    ("for kubectl", "tok for kubectl cluster"),
    (
        "for bazel",
        "tok for bazel --host cache.example.com cint get",
    ),
    (
        "for git",
        "git config --global credential.https://git.example.com.helper \\\n  '!tok for git --host git.example.com cint'",
    ),
    (
        "for docker",
        "tok for docker --host registry.example.com cint get",
    ),
    (
        "for cargo",
        "tok for cargo --host registry.example.com cint",
    ),
    (
        "exec",
        "tok exec cint -- ./sync.sh        # TOK_TOKEN, TOK_HEADER\ntok exec cint paypal -- ./both.sh  # TOK_CINT_TOKEN, TOK_PAYPAL_TOKEN, …\ntok exec --token-var GH_TOKEN hub -- gh repo list",
    ),
    ("list", "tok list\ntok list --json | jq -r '.[].profile'"),
    (
        "show",
        "tok show cint\ntok show cint --scope read --json\ntok show cint --curl",
    ),
    (
        "add",
        "tok add cint --provider cint --client-id 0a1b2c\ntok add mine --from-curl < request.txt\ntok add mine --from-curl --try   # opens $EDITOR",
    ),
    (
        "inspect",
        "tok inspect cint\ntok inspect cint --json | jq .claims.aud",
    ),
    ("providers", "tok providers\ntok providers auth0"),
    (
        "doctor",
        "tok doctor\ntok doctor cint\ntok doctor cint --fetch   # also makes a token request",
    ),
    (
        "completions",
        "source <(tok completions bash)              # in ~/.bashrc\nsource <(tok completions zsh)               # in ~/.zshrc, after compinit\ntok completions fish | source               # in config.fish\ntok completions powershell | Out-String | Invoke-Expression\neval (tok completions elvish | slurp)",
    ),
    (
        "man",
        "tok man | man -l -\ntok man secret set | man -l -\ntok man --dir share/man/man1",
    ),
    (
        "secret",
        "tok secret set cint                     # asks, without echo\nop read op://vault/cint/secret | tok secret set cint",
    ),
    (
        "secret set",
        "tok secret set cint\npass show cint | tok secret set cint",
    ),
    ("secret check", "tok secret check cint"),
    ("secret delete", "tok secret delete cint"),
    (
        "status",
        "tok status\ntok status cint --json | jq '.[0].state'",
    ),
    ("forget", "tok forget cint\ntok forget --all"),
    (
        "reject",
        "printf %s \"$TOKEN\" | tok reject cint   # after the API answered 401",
    ),
    ("for", "tok for --help\nE=$(tok for sh cint) && eval \"$E\""),
    (
        "for curl",
        "C=$(tok for curl cint) && printf '%s\\n' \"$C\" | curl -K - URL",
    ),
    ("for sh", "E=$(tok for sh cint) && eval \"$E\""),
    ("for fish", "tok for fish cint | source"),
    ("for powershell", "tok for powershell cint | iex"),
    ("for dotenv", "tok for dotenv cint > token.env"),
    ("for github", "tok for github cint"),
    ("for file", "tok for file cint /run/app/token --watch"),
    (
        "for kubectl",
        "tok for kubectl cint   # as the command of an exec plugin",
    ),
    (
        "for bazel",
        "tok for bazel --host api.example.com cint get < request.json",
    ),
    (
        "for git",
        "tok for git --host git.example.com cint get < request",
    ),
    (
        "for docker",
        "echo r.example.com | tok for docker --host r.example.com cint get",
    ),
    ("for cargo", "tok for cargo --host cargo.example.com cint"),
];

/// After the long help of tok itself.
const MORE: &str = "\
Examples:
  tok header cint | curl -H @- https://api.example.com/
  tok exec cint -- ./sync.sh
  tok json cint | jq .expires_in

Exit codes:
  0 done             3 config or profile    6 not reached: try again later
  1 unexpected       4 secret               7 no usable token in the answer
  2 usage            5 refused
  `tok exec` passes its command's code on";

/// The command line with all its help.
#[must_use]
pub fn command() -> Command {
    let command = Cli::command();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}{}\n{{options}}{{after-help}}",
        grouped(&command),
        paint(HINT, "Options:"),
    );
    with_examples(command, "")
        .help_template(template)
        .after_long_help(MORE)
}

/// The commands of `command` in their groups, with what each is for.
fn grouped(command: &Command) -> String {
    let width = command
        .get_subcommands()
        .map(|inner| inner.get_name().len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (heading, names) in GROUPS {
        let known: Vec<&Command> = names
            .iter()
            .filter_map(|name| command.find_subcommand(name))
            .collect();
        if known.is_empty() {
            continue;
        }
        text.push_str(&paint(HINT, &format!("{heading}:")));
        text.push('\n');
        for inner in known {
            let name = inner.get_name();
            let about = inner
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default();
            let gap = " ".repeat(width - name.len() + 2);
            text.push_str(&format!("  {}{gap}{about}\n", paint(NAME, name)));
        }
        text.push('\n');
    }
    text
}

/// `command` and all under it with their examples; `path` is where it stands, empty for tok itself.
fn with_examples(command: Command, path: &str) -> Command {
    let example = EXAMPLES.iter().find(|(name, _)| *name == path);
    let command = match example {
        None => command,
        Some((_, lines)) => {
            let lines: Vec<String> = lines.lines().map(|line| format!("  {line}")).collect();
            command.after_long_help(format!(
                "{}\n{}",
                paint(HINT, "Examples:"),
                lines.join("\n")
            ))
        }
    };
    command.mut_subcommands(|inner| {
        let path = format!("{path} {}", inner.get_name());
        with_examples(inner, path.trim_start())
    })
}

/// The short help of the command that `arguments` lead to, with colour.
#[must_use]
pub fn short(arguments: &[String]) -> String {
    let mut root = command();
    root.build();
    let mut found = &root;
    for name in path(arguments) {
        found = found.find_subcommand(&name).unwrap_or(found);
    }
    found.clone().render_help().ansi().to_string()
}

/// The names of the commands that `arguments` lead to: `secret set`.
#[must_use]
pub fn path(arguments: &[String]) -> Vec<String> {
    let root = Cli::command();
    let mut command = &root;
    let mut path = Vec::new();
    for word in arguments {
        if let Some(inner) = command.find_subcommand(word) {
            path.push(word.clone());
            command = inner;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command with its path.
    fn all(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
        found.push((path.to_owned(), command.clone()));
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name());
            all(inner, path.trim_start(), found);
        }
    }

    fn commands() -> Vec<(String, Command)> {
        let mut root = command();
        root.build();
        let mut found = Vec::new();
        all(&root, "", &mut found);
        found
    }

    #[test]
    fn every_page_stays_under_80_columns() {
        for (path, command) in commands() {
            for help in [
                command.clone().render_help().to_string(),
                command.clone().render_long_help().to_string(),
            ] {
                for line in help.lines() {
                    assert!(line.chars().count() < 80, "tok {path}: {line}");
                }
            }
        }
    }

    #[test]
    fn every_command_has_an_example_and_a_group_of_its_own() {
        for (path, _) in commands().iter().skip(1) {
            assert!(
                EXAMPLES.iter().any(|(name, _)| name == path),
                "`tok {path}` has no line in EXAMPLES"
            );
            if !path.contains(' ') {
                let groups = GROUPS
                    .iter()
                    .filter(|(_, names)| names.contains(&path.as_str()));
                assert_eq!(groups.count(), 1, "`tok {path}` stands once in GROUPS");
            }
        }
    }

    #[test]
    fn short_help_is_shorter() {
        for (path, command) in commands() {
            let short = command.clone().render_help().to_string();
            let long = command.clone().render_long_help().to_string();
            assert!(short.lines().count() < long.lines().count(), "tok {path}");
        }
    }
}
