//! The one command line that prompts and loops run all day, `tok header PROFILE` (or `token`, `json`) and not a word more, read without
//! making the parser for all the others: that parser takes longer to make than everything else such a run does.
//!
//! This is a shortcut and never a second reading: it answers only where the test below shows that clap answers the same, and leaves
//! everything else, help and mistakes included, to clap.

use std::ffi::OsString;

use crate::commands::cli::{Cli, Color, Command, Fetch};

/// The environment variables that stand in for options; where one is set, clap reads it.
const VARIABLES: [&str; 1] = ["TOK_CONFIG"];

/// What was typed (without the program's name), if it is a verb that fetches and a profile's name; none for anything else.
#[must_use]
pub fn read(mut typed: impl Iterator<Item = OsString>) -> Option<Cli> {
    let (verb, profile) = (typed.next()?, typed.next()?);
    let alone = typed.next().is_none();
    let is_set = |variable: &str| std::env::var_os(variable).is_some();
    if !alone || VARIABLES.into_iter().any(is_set) {
        return None;
    }
    let fetch = Fetch {
        profile: profile
            .into_string()
            .ok()
            .filter(|name| crate::profile::name::check(name).is_ok())?,
        ..Fetch::default()
    };
    let command = match verb.to_str()? {
        "token" => Command::Token(fetch),
        "header" => Command::Header(fetch),
        "json" => Command::Json(fetch),
        _ => return None,
    };
    Some(Cli {
        command,
        config: None,
        color: Color::Auto,
        verbose: false,
        quiet: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};
    use proptest::prelude::*;

    fn read_words(words: &[String]) -> Option<Cli> {
        read(words.iter().map(OsString::from))
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
        fn whatever_is_read_here_clap_reads_the_same(words in prop::collection::vec(word(), 0..4)) {
            if let Some(cli) = read_words(&words) {
                let whole = Cli::try_parse_from([&["tok".to_owned()], &words[..]].concat());
                prop_assert_eq!(format!("{:?}", whole.ok()), format!("{:?}", Some(cli)));
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
        let tok = Cli::command();
        let verbs = ["token", "header", "json"].map(|verb| tok.find_subcommand(verb).unwrap());
        for argument in [&tok]
            .into_iter()
            .chain(verbs)
            .flat_map(clap::Command::get_arguments)
        {
            let variable = argument.get_env().map(|name| name.to_str().unwrap());
            // A profile that was typed wins over the variable.
            assert!(
                variable.is_none_or(|name| name == "TOK_PROFILE" || VARIABLES.contains(&name)),
                "{argument:?}"
            );
        }
    }
}
