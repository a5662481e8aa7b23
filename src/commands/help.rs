//! What `--help` says beyond the options: the commands in groups, their examples, the exit codes.

use clap::Command;
use clap::builder::Styles;

use crate::commands::spec::{Group, Spec};
use crate::term::colour::{ASIDE, HINT, NAME, paint};

/// The colours of help.
pub(crate) const STYLES: Styles = Styles::styled()
    .header(HINT)
    .usage(HINT)
    .literal(NAME)
    .placeholder(ASIDE);

/// The headings in their order.
const GROUPS: [(&str, Group); 6] = [
    ("Printing", Group::Printing),
    ("Running", Group::Running),
    ("Secrets", Group::Secrets),
    ("Profiles", Group::Profiles),
    ("Cache", Group::Cache),
    ("Setting up", Group::SettingUp),
];

/// After the long help of tok itself.
const MORE: &str = "\
Examples:
  tok curl cint https://api.example.com/
  tok exec cint -- ./sync.sh
  tok json cint | jq .expires_in

Exit codes:
  0 done             3 config or profile    6 not reached: try again later
  1 unexpected       4 secret               7 no usable token in the answer
  2 usage            5 refused              8 no connection as configured (TLS, proxy)
  `tok exec` passes its command's code on";

/// `root` with what `commands` say beyond their options.
pub(crate) fn lay_over(root: Command, commands: &[&Spec]) -> Command {
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}{}\n{{options}}{{after-help}}",
        grouped(commands),
        paint(HINT, "Options:"),
    );
    with_examples(root, commands)
        .help_template(template)
        .after_long_help(MORE)
}

/// `commands` in their groups, with what each is for.
fn grouped(commands: &[&Spec]) -> String {
    let width = commands
        .iter()
        .map(|spec| spec.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (heading, group) in GROUPS {
        text.push_str(&format!("{}\n", paint(HINT, &format!("{heading}:"))));
        for spec in commands.iter().filter(|spec| spec.group == group) {
            let gap = " ".repeat(width - spec.name.len() + 2);
            text.push_str(&format!(
                "  {}{gap}{}\n",
                paint(NAME, spec.name),
                spec.about
            ));
        }
        text.push('\n');
    }
    text
}

/// `command` with the examples of the `commands` below it.
fn with_examples(command: Command, commands: &[&Spec]) -> Command {
    commands.iter().fold(command, |command, spec| {
        command.mut_subcommand(spec.name, |inner| {
            let lines: Vec<String> = spec
                .examples
                .lines()
                .map(|line| format!("  {line}"))
                .collect();
            let examples = format!("{}\n{}", paint(HINT, "Examples:"), lines.join("\n"));
            with_examples(inner.after_long_help(examples), spec.commands)
        })
    })
}

/// The short help of the command that `words` lead to, with colour.
pub(crate) fn short(mut root: Command, words: &[String]) -> String {
    root.build();
    let mut found = &root;
    for word in words {
        found = found.find_subcommand(word).unwrap_or(found);
    }
    found.clone().render_help().ansi().to_string()
}

/// The names of the commands that `words` lead to: `secret set`.
pub(crate) fn path(commands: &[&'static Spec], words: &[String]) -> Vec<&'static str> {
    let mut commands = commands;
    let mut path = Vec::new();
    for word in words {
        if let Some(spec) = commands.iter().find(|spec| spec.name == word) {
            path.push(spec.name);
            commands = spec.commands;
        }
    }
    path
}
