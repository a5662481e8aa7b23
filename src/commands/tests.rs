//! Tests that the command line is well formed, and that every command has its help.

use clap::Command;

use super::*;
use crate::commands::spec::Group;

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

/// The command line is built twice, once to parse and once with all its help: both must parse alike.
mod to_read {
    use clap::{ArgMatches, FromArgMatches};
    use proptest::prelude::*;

    use super::super::*;

    fn values(matches: &ArgMatches) -> String {
        if let Some((name, inner)) = matches.subcommand() {
            return format!("{name} {}", values(inner));
        }
        let mut values: Vec<String> = matches
            .ids()
            .filter(|id| !["config", "verbose", "quiet", "color"].contains(&id.as_str()))
            .map(|id| {
                format!(
                    "{id}={:?}",
                    matches
                        .get_raw(id.as_str())
                        .map(Iterator::collect::<Vec<_>>)
                )
            })
            .collect();
        values.sort();
        values.join(" ")
    }

    fn words() -> impl Strategy<Value = Vec<String>> {
        let commands = ALL.iter().flat_map(|spec| {
            let inner = spec
                .commands
                .iter()
                .map(|inner| format!("{} {}", spec.name, inner.name));
            inner.chain([spec.name.to_owned()])
        });
        let commands: Vec<String> = commands.collect();
        let options = [
            "-q",
            "-v",
            "-vq",
            "--quiet",
            "--config a",
            "--config=b",
            "--color never",
            "--color=always",
            "--color",
            "-h",
            "--help",
            "-V",
            "help",
            "cint",
            "p",
            "--",
            "true",
            "--refresh",
            "--cached",
            "--min-ttl 5m",
            "--json",
            "--host h",
            "get",
            "--all",
            "--name X",
            "--scope a",
            "--param a=b",
            "--no-cache",
            "bash",
            "x",
        ];
        let option = || prop::collection::vec(prop::sample::select(options.to_vec()), 0..4);
        (option(), prop::sample::select(commands), option()).prop_map(|(before, command, after)| {
            let line = format!("tok {} {command} {}", before.join(" "), after.join(" "));
            line.split_whitespace().map(str::to_owned).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn it_reads_what_the_one_with_help_reads(words in words()) {
            let read = root::to_read(ALL).try_get_matches_from(&words).ok();
            let shown = command_line().try_get_matches_from(&words).ok();
            let read = read.map(|read| (format!("{:?}", Global::of(&read).unwrap()), values(&read)));
            let shown = shown.map(|shown| {
                (format!("{:?}", Global::from_arg_matches(&shown).unwrap()), values(&shown))
            });
            prop_assert_eq!(read, shown, "{:?}", words);
        }
    }
}

/// The plain command line is read by hand and by clap: both must agree.
mod plain {
    use std::ffi::OsString;

    use clap::FromArgMatches;
    use proptest::prelude::*;

    use super::super::*;
    use crate::fast::plain::read;

    fn read_words(words: &[String]) -> Option<Plain> {
        read(words.iter().map(OsString::from), &|_| None)
    }

    fn by_clap(words: &[String]) -> Option<String> {
        let typed = [&["tok".to_owned()], words].concat();
        let matches = root::to_read(ALL).try_get_matches_from(typed).ok()?;
        let global = Global::of(&matches).ok()?;
        let (name, inner) = matches.subcommand()?;
        let fetch = Fetch::from_arg_matches(inner).ok()?;
        Some(format!("{global:?} {name} {fetch:?}"))
    }

    fn by_hand(words: &[String]) -> Option<String> {
        let plain = read_words(words)?;
        let name = match plain.form {
            Form::Token => "token",
            Form::Header => "header",
            Form::Json => "json",
        };
        let (global, fetch) = as_read_by_clap(plain);
        Some(format!("{global:?} {name} {fetch:?}"))
    }

    /// A word that the parser treats specially, or one close to it.
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
                "--min-ttl=x",
                "--quiet",
                "--quiet=",
                "--config=",
                "--config=-x",
                "--conf",
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

    fn line() -> impl Strategy<Value = Vec<String>> {
        let verb = prop::sample::select(vec!["token", "header", "json"]);
        let more = prop::collection::vec((word(), 0..6_usize), 0..4);
        (verb, more).prop_map(|(verb, more)| {
            let mut words = vec![verb.to_owned(), "cint".to_owned()];
            for (word, at) in more {
                words.insert(at.min(words.len()), word);
            }
            words
        })
    }

    proptest! {
        #[test]
        fn clap_reads_the_same(words in prop_oneof![prop::collection::vec(word(), 0..4), line()]) {
            if let Some(read) = by_hand(&words) {
                prop_assert_eq!(by_clap(&words), Some(read), "{:?}", words);
            }
        }
    }

    #[test]
    fn every_spelling_of_a_print_is_read() {
        let split = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (line, is_read) in [
            ("header cint", true),
            ("header cint -q", true),
            ("--quiet header cint", true),
            ("--config c.toml header cint", true),
            ("header --config=c.toml cint", true),
            ("header cint --min-ttl 60s", true),
            ("header cint --min-ttl=60s --cached -q --config c", true),
            ("header", false),
            ("", false),
            ("header cint other", false),
            ("header cint -q -q", false),
            ("header cint --quiet=1", false),
            ("header cint --config", false),
            ("header cint --config --cached", false),
            ("header cint --config=", false),
            ("header cint --config a --config b", false),
            ("--min-ttl 60s header cint", false),
            ("header cint --min-ttl soon", false),
            ("--cached header cint", false),
            ("header cint --refresh", false),
            ("header -h", false),
            ("header a/b", false),
            ("header -- cint", false),
            ("secret cint", false),
        ] {
            for verb in ["token", "header", "json"] {
                let words = split(&line.replace("header", verb));
                let by_hand = by_hand(&words);
                assert_eq!(by_hand.is_some(), is_read, "{words:?}");
                if is_read {
                    assert_eq!(by_clap(&words), by_hand, "{words:?}");
                }
            }
        }
    }

    #[test]
    fn a_profile_may_come_from_the_environment() {
        let read = |words: &str, value: &str| {
            read(words.split(' ').map(OsString::from), &|name| {
                (name == "TOK_PROFILE").then(|| value.into())
            })
            .map(|plain| plain.profile)
        };
        assert_eq!(read("header", "p"), Some("p".to_owned()));
        assert_eq!(read("header cint", "p"), Some("cint".to_owned()));
        assert_eq!(read("header", ""), None);
        assert_eq!(read("header", "a/b"), None);
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
            assert!(
                variable.is_none_or(|name| name == "TOK_PROFILE"),
                "{argument:?}"
            );
        }
    }
}
