//! The parts of `--help` beyond the options: grouped commands, examples, exit codes, variables and files.

use clap::Command;
use clap::builder::Styles;

use crate::commands::spec::{Group, Spec};
use crate::commands::surroundings::{EXIT_CODES, FILES, VARIABLES};
use crate::term::colour::{ASIDE, HINT, NAME, paint};
use crate::term::table;

pub(crate) const STYLES: Styles = Styles::styled()
    .header(HINT)
    .usage(HINT)
    .literal(NAME)
    .placeholder(ASIDE);

const GROUPS: [(&str, Group); 6] = [
    ("Printing", Group::Printing),
    ("Running", Group::Running),
    ("Secrets", Group::Secrets),
    ("Profiles", Group::Profiles),
    ("Cache", Group::Cache),
    ("Setting up", Group::SettingUp),
];

const EXAMPLES: &str = "\
tok curl cint https://api.example.com/
tok exec cint -- ./sync.sh
tok json cint | jq .expires_in";

pub(crate) fn lay_over(root: Command, commands: &[&Spec]) -> Command {
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}{}\n{{options}}{{after-help}}",
        grouped(commands),
        paint(HINT, "Options:"),
    );
    let long = [
        listed("Examples", EXAMPLES),
        table("Exit codes", EXIT_CODES) + "\n  `tok exec` passes its command's code on",
        table("Environment", VARIABLES),
        table("Files", FILES),
    ];
    with_examples(root, commands)
        .help_template(template)
        .after_help(listed("Example", first(EXAMPLES)))
        .after_long_help(long.join("\n\n"))
}

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

/// Adds the examples of `commands`; short help gets only the first.
fn with_examples(command: Command, commands: &[&Spec]) -> Command {
    commands.iter().fold(command, |command, spec| {
        command.mut_subcommand(spec.name, |inner| {
            let before = inner
                .get_after_help()
                .map_or_else(String::new, |text| format!("{text}\n\n"));
            let one = before.clone() + &listed("Example", first(spec.examples));
            let all = before + &listed("Examples", spec.examples);
            with_examples(inner.after_help(one).after_long_help(all), spec.commands)
        })
    })
}

/// Returns the first example, including lines continued with a backslash.
fn first(examples: &str) -> &str {
    let mut end = 0;
    for line in examples.split_inclusive('\n') {
        end += line.len();
        if !line.trim_end().ends_with('\\') {
            break;
        }
    }
    examples.get(..end).unwrap_or(examples).trim_end()
}

fn listed(heading: &str, lines: &str) -> String {
    let lines: Vec<String> = lines.lines().map(|line| format!("  {line}")).collect();
    format!(
        "{}\n{}",
        paint(HINT, &format!("{heading}:")),
        lines.join("\n")
    )
}

fn table(heading: &str, rows: &[(&str, &str)]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|(name, text)| vec![(*name).to_owned(), (*text).to_owned()])
        .collect();
    listed(heading, table::lines(&rows).trim_end())
}

pub(crate) fn examples(commands: &[&'static Spec], path: &[String]) -> &'static str {
    let mut found = (EXAMPLES, commands);
    for name in path {
        if let Some(spec) = found.1.iter().find(|spec| spec.name == name) {
            found = (spec.examples, spec.commands);
        }
    }
    found.0
}

pub(crate) fn short(mut root: Command, words: &[String]) -> String {
    root.build();
    let mut found = &root;
    for word in words {
        found = found.find_subcommand(word).unwrap_or(found);
    }
    found.clone().render_help().ansi().to_string()
}

/// Returns the command names in `words`, such as `secret set`.
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
