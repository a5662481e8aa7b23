//! What is wrong with a command line, in the words and the form of every other message of tok's.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::{Error, Kind};
use crate::term::text::{SHOWN_CHARACTERS, clean};

/// What `error` means, for the command that `path` leads to.
pub(crate) fn failure(error: &clap::Error, path: &[&str]) -> Error {
    let (message, hint) = words(error);
    let page = [&["tok"], path, &["--help"]].concat().join(" ");
    Error::new(Kind::Usage, clean(&message, SHOWN_CHARACTERS))
        .hint(hint.unwrap_or_else(|| format!("`{page}` has the options and examples")))
}

/// The message, and the next step where there is a better one than reading the help.
fn words(error: &clap::Error) -> (String, Option<String>) {
    let argument = list(error, ContextKind::InvalidArg);
    let first = argument.first().map_or("", String::as_str);
    let value = list(error, ContextKind::InvalidValue).concat();
    let did_you_mean = |kind: ContextKind| {
        list(error, kind)
            .first()
            .map(|near| format!("did you mean `{near}`?"))
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => (
            format!(
                "there is no command `{}`",
                list(error, ContextKind::InvalidSubcommand).concat()
            ),
            did_you_mean(ContextKind::SuggestedSubcommand)
                .or_else(|| Some("`tok --help` lists the commands".to_owned())),
        ),
        ErrorKind::UnknownArgument if first.starts_with('-') => (
            format!("there is no option `{first}` here"),
            did_you_mean(ContextKind::SuggestedArg),
        ),
        // Not repeated: what is too much after `tok secret set` may be a secret.
        ErrorKind::UnknownArgument => ("there is an argument too many".to_owned(), None),
        ErrorKind::InvalidValue if value.is_empty() => (format!("`{first}` needs a value"), None),
        ErrorKind::InvalidValue => (format!("`{value}` is no value for `{first}`"), {
            let valid = list(error, ContextKind::ValidValue);
            (!valid.is_empty()).then(|| format!("there are: {}", valid.join(", ")))
        }),
        ErrorKind::ValueValidation => {
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            (format!("`{first}`: {why}"), None)
        }
        ErrorKind::MissingRequiredArgument => {
            let is_missing = |what: &str| argument.iter().any(|name| name.starts_with(what));
            let hint = if is_missing("<PROFILE>") {
                Some("name a profile (`tok list` shows them), or set TOK_PROFILE".to_owned())
            } else if is_missing("<CMD>") {
                Some("it comes after `--`, as in `tok exec PROFILE -- CMD`".to_owned())
            } else {
                None
            };
            let names: Vec<&str> = argument
                .iter()
                .map(|name| name.trim_end_matches("..."))
                .collect();
            (format!("missing: {}", names.join(" ")), hint)
        }
        ErrorKind::ArgumentConflict => {
            let others = list(error, ContextKind::PriorArg);
            (
                format!("`{first}` and `{}` do not go together", others.join("`, `")),
                None,
            )
        }
        _ => {
            let rendered = error.render().to_string();
            let line = rendered.lines().next().unwrap_or_default();
            (line.trim_start_matches("error: ").to_owned(), None)
        }
    }
}

/// The texts that clap has for `kind`.
fn list(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        _ => Vec::new(),
    }
}
