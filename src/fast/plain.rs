//! The one command line that prompts and loops run all day, `tok header PROFILE` (or `token`, `json`) and not a word more, read without
//! making the parser for all the others: that parser takes longer to make than everything else such a run does.
//!
//! This is a shortcut and never a second reading: it answers only where the test below shows that clap answers the same, and leaves
//! everything else, help and mistakes included, to clap.

use std::ffi::OsString;

/// The environment variables that stand in for options; where one is set, clap reads it.
const VARIABLES: [&str; 1] = ["TOK_CONFIG"];

/// How a token is to be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `tok token`
    Token,
    /// `tok header`
    Header,
    /// `tok json`
    Json,
}

/// A command line that was read here.
#[derive(Debug, PartialEq, Eq)]
pub struct Plain {
    /// The command.
    pub form: Form,
    /// The profile.
    pub profile: String,
}

/// Reads what was typed (without the program's name), if it is a command that prints a token and a profile's name.
#[must_use]
pub fn read(mut typed: impl Iterator<Item = OsString>) -> Option<Plain> {
    let (verb, profile) = (typed.next()?, typed.next()?);
    let alone = typed.next().is_none();
    let is_set = |variable: &str| std::env::var_os(variable).is_some();
    if !alone || VARIABLES.into_iter().any(is_set) {
        return None;
    }
    let form = match verb.to_str()? {
        "token" => Form::Token,
        "header" => Form::Header,
        "json" => Form::Json,
        _ => return None,
    };
    let profile = profile
        .into_string()
        .ok()
        .filter(|name| crate::profile::name::check(name).is_ok())?;
    Some(Plain { form, profile })
}
