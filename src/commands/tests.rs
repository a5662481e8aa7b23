//! Whether the command line is well formed, and every command has its help.

use clap::Command;

use super::*;
use crate::commands::spec::Group;

/// Every command with its path.
fn all(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
    found.push((path.to_owned(), command.clone()));
    for inner in command.get_subcommands() {
        let path = format!("{path} {}", inner.get_name());
        all(inner, path.trim_start(), found);
    }
}

fn commands() -> Vec<(String, Command)> {
    let mut root = command_line();
    root.build();
    let mut found = Vec::new();
    all(&root, "", &mut found);
    found
}

#[test]
fn the_command_line_is_well_formed() {
    command_line().debug_assert();
    root::to_read(ALL).debug_assert();
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
fn every_command_has_a_name_a_help_text_and_an_example() {
    fn check(commands: &[&Spec], is_inner: bool) {
        for spec in commands {
            for text in [spec.name, spec.about, spec.examples] {
                assert!(!text.is_empty(), "{} {}", spec.name, spec.about);
            }
            assert_eq!(spec.group == Group::Inner, is_inner, "{}", spec.name);
            check(spec.commands, true);
        }
    }
    check(ALL, false);
}

#[test]
fn short_help_is_shorter() {
    for (path, command) in commands() {
        let short = command.clone().render_help().to_string();
        let long = command.clone().render_long_help().to_string();
        assert!(short.lines().count() < long.lines().count(), "tok {path}");
    }
}

/// The plain command line is read twice, by hand and by clap: both have to say the same.
mod plain {
    use std::ffi::OsString;

    use clap::FromArgMatches;
    use proptest::prelude::*;

    use super::super::*;
    use crate::fast::plain::read;

    fn read_words(words: &[String]) -> Option<Plain> {
        read(words.iter().map(OsString::from))
    }

    /// What clap makes of `words`: the command, and everything that was typed for it.
    fn by_clap(words: &[String]) -> Option<String> {
        let typed = [&["tok".to_owned()], words].concat();
        let matches = root::to_read(ALL).try_get_matches_from(typed).ok()?;
        let global = Global::from_arg_matches(&matches).ok()?;
        let (name, inner) = matches.subcommand()?;
        let fetch = Fetch::from_arg_matches(inner).ok()?;
        Some(format!("{global:?} {name} {fetch:?}"))
    }

    fn by_hand(words: &[String]) -> Option<String> {
        let plain = read_words(words)?;
        let global = Global {
            config: None,
            verbose: false,
            quiet: false,
            color: Color::Auto,
        };
        let name = match plain.form {
            Form::Token => "token",
            Form::Header => "header",
            Form::Json => "json",
        };
        let fetch = Fetch {
            profile: plain.profile,
            ..Fetch::default()
        };
        Some(format!("{global:?} {name} {fetch:?}"))
    }

    /// A word that means something to the parser, or nearly.
    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(vec![
                "token",
                "header",
                "json",
                "secret",
                "help",
                "-h",
                "--help",
                "-V",
                "-v",
                "-q",
                "-vq",
                "--",
                "-",
                "",
                "--config",
                "--config=x",
                "--refresh",
                "--cached",
                "--min-ttl",
                "--min-ttl=10m",
                "5m",
                "--scope",
                "--param",
                "a=b",
                "heade",
                "Header",
                "cint",
                "set",
            ])
            .prop_map(str::to_owned),
            "[a-zA-Z0-9_-]{1,6}",
            "[ -~]{0,4}",
            "[a-z]é",
        ]
    }

    proptest! {
        #[test]
        fn clap_reads_the_same(words in prop::collection::vec(word(), 0..4)) {
            if let Some(read) = by_hand(&words) {
                prop_assert_eq!(by_clap(&words), Some(read));
            }
        }
    }
    #[test]
    fn it_answers_for_every_verb_that_fetches_and_for_nothing_longer() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for verb in ["token", "header", "json"] {
            assert!(
                read_words(&words(&format!("{verb} cint"))).is_some(),
                "{verb}"
            );
            for other in [
                "cint --refresh",
                "--refresh cint",
                "",
                "-h",
                "cint -q",
                "a/b",
            ] {
                assert!(
                    read_words(&words(&format!("{verb} {other}"))).is_none(),
                    "{verb} {other}"
                );
            }
        }
        assert!(read_words(&[]).is_none() && read_words(&words("header")).is_none());
    }

    #[test]
    fn no_other_variable_stands_in_for_an_option() {
        let tok = command_line();
        let verbs = ["token", "header", "json"].map(|verb| tok.find_subcommand(verb).unwrap());
        for argument in [&tok]
            .into_iter()
            .chain(verbs)
            .flat_map(clap::Command::get_arguments)
        {
            let variable = argument.get_env().map(|name| name.to_str().unwrap());
            // A profile that was typed wins over the variable.
            assert!(
                variable.is_none_or(|name| ["TOK_PROFILE", "TOK_CONFIG"].contains(&name)),
                "{argument:?}"
            );
        }
    }
}
