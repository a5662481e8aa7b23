//! Turns clap's errors into messages in tok's form.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::{Error, Kind};
use crate::term::text::{SHOWN_CHARACTERS, clean};

pub(crate) fn failure(
    error: &clap::Error,
    path: &[&str],
    is_profile: &dyn Fn(&str) -> bool,
) -> Error {
    let (message, hint) = words(error, path, is_profile);
    let page = [&["tok"], path, &["--help"]].concat().join(" ");
    Error::new(Kind::Usage, clean(&message, SHOWN_CHARACTERS))
        .hint(hint.unwrap_or_else(|| format!("`{page}` has the options and examples")))
}

/// Returns the message, and a hint if there is a better one than the help.
fn words(
    error: &clap::Error,
    path: &[&str],
    is_profile: &dyn Fn(&str) -> bool,
) -> (String, Option<String>) {
    let argument = list(error, ContextKind::InvalidArg);
    let first = argument.first().map_or("", String::as_str);
    let value = list(error, ContextKind::InvalidValue).concat();
    let did_you_mean = |kind: ContextKind| {
        list(error, kind)
            .first()
            .map(|near| format!("did you mean `{near}`?"))
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = list(error, ContextKind::InvalidSubcommand).concat();
            let hint = guess(path, &word)
                .map(str::to_owned)
                .or_else(|| {
                    (path.is_empty() && is_profile(&word)).then(|| {
                        format!("`tok token {word}` prints its token, `tok exec {word} -- CMD` runs CMD with it")
                    })
                })
                .or_else(|| did_you_mean(ContextKind::SuggestedSubcommand))
                .unwrap_or_else(|| "`tok --help` lists the commands".to_owned());
            (format!("unknown command `{word}`"), Some(hint))
        }
        // Not repeated, as an argument of the command may be a secret.
        ErrorKind::UnknownArgument if path == ["exec"] => (
            "the command to run needs `--` before it".to_owned(),
            Some("write `tok exec PROFILE -- CMD ARGUMENTS`".to_owned()),
        ),
        ErrorKind::UnknownArgument if first.starts_with('-') => (
            format!("unknown option `{first}`"),
            guessed_option(path, first)
                .map(str::to_owned)
                .or_else(|| did_you_mean(ContextKind::SuggestedArg)),
        ),
        // Not repeated, as an argument after `tok secret set` may be a secret.
        ErrorKind::UnknownArgument => ("unexpected argument".to_owned(), None),
        ErrorKind::InvalidValue if value.is_empty() => (format!("`{first}` needs a value"), None),
        ErrorKind::InvalidValue => (format!("`{value}` is not a value of `{first}`"), {
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

/// Returns tok's command for one that other programs have.
fn guess(path: &[&str], word: &str) -> Option<&'static str> {
    Some(match (path, word) {
        ([], "env" | "export" | "source" | "eval" | "shell") => {
            "`tok exec PROFILE -- CMD` runs CMD with the token in its environment; `tok for sh PROFILE` prints an `export` line"
        }
        ([], "get" | "fetch" | "print" | "read" | "access-token" | "print-access-token") => {
            "`tok token PROFILE` prints the token"
        }
        ([], "refresh" | "renew" | "update") => "`tok token PROFILE --refresh` fetches a new token",
        ([], "auth" | "signin") => {
            "`tok login PROFILE` logs a user in; for a client, store its secret with `tok secret set PROFILE`"
        }
        ([], "clear" | "clean" | "purge" | "invalidate") => {
            "`tok forget PROFILE` drops its cached token, `tok forget --all` every one"
        }
        ([], "rm" | "delete" | "del") => {
            "`tok remove NAME` removes a profile, its cached tokens and its secrets"
        }
        ([], "ls" | "profiles" | "profile") => "`tok list` lists the profiles",
        ([], "init" | "new" | "create" | "configure" | "setup") => {
            "`tok add NAME` writes a profile into the config"
        }
        ([], "config" | "edit") => "`tok add NAME` writes a profile, `tok show NAME` shows one",
        ([], "run" | "with") => "`tok exec PROFILE -- CMD` runs CMD with the token",
        ([], "git" | "docker" | "kubectl" | "cargo" | "bazel" | "sh" | "bash" | "fish") => {
            "`tok for --help` lists the programs that tok prints a token for"
        }
        ([], "check" | "test" | "verify" | "diagnose") => {
            "`tok doctor PROFILE` checks everything that a token needs"
        }
        ([], "decode" | "jwt" | "claims") => "`tok inspect PROFILE` shows the claims of its token",
        ([], "version") => "`tok --version` prints it",
        ([], "whoami" | "info" | "cache") => "`tok status` shows what is cached",
        (["secret"], "list" | "ls" | "show") => {
            "`tok show PROFILE` lists the secrets of a profile, `tok secret check PROFILE` says which are set"
        }
        (["secret"], "get" | "read" | "print") => {
            "tok never prints a secret; `tok secret check PROFILE` says where it is"
        }
        (["secret"], "add" | "store" | "put" | "create" | "update") => {
            "`tok secret set PROFILE` stores one"
        }
        (["secret"], "remove" | "rm" | "unset" | "forget" | "clear") => {
            "`tok secret delete PROFILE` removes it from the keyring"
        }
        (["for"], "bash" | "zsh" | "env" | "export" | "shell") => {
            "`tok for sh PROFILE` prints an `export` line for sh, bash and zsh"
        }
        (["for"], "pwsh") => "`tok for powershell PROFILE` prints an assignment",
        (["for"], "kubernetes" | "k8s") => "`tok for kubectl PROFILE` is a credential plugin",
        _ => return None,
    })
}

/// Returns tok's way for an option that other programs have.
fn guessed_option(path: &[&str], option: &str) -> Option<&'static str> {
    Some(match (path, option) {
        (["add"], "--url" | "--token-endpoint" | "--token-uri" | "--endpoint") => {
            "write `--token-url URL`"
        }
        (["add"], "--name" | "--profile" | "-p") => "the name has no option: `tok add NAME`",
        (["add"], "--client-secret" | "--password") => {
            "a secret is never an argument: leave it out, and `tok add` asks for it or `tok secret set NAME` stores it later"
        }
        (["add"], "--scopes") => "write `--scope SCOPE`, once for each",
        (_, "--profile" | "-p" | "--name") => "the profile has no option: `tok token PROFILE`",
        (_, "--json" | "-o" | "--output" | "--format") => {
            "`tok json PROFILE` prints the token as JSON"
        }
        (_, "-H" | "--header") => "`tok header PROFILE` prints the header line",
        (_, "-f" | "--force" | "--force-refresh" | "--renew") => "`--refresh` fetches a new token",
        (_, "--debug" | "--trace" | "-d") => "-v shows each request and answer, without secrets",
        (_, "--ttl" | "--min-lifetime" | "--valid-for") => {
            "`--min-ttl DURATION` asks for a token that lives at least so long"
        }
        (_, "-k" | "--insecure" | "--no-verify-ssl") => {
            "tok always checks certificates; to trust a private CA, set `ca_file` in the profile"
        }
        _ => return None,
    })
}

fn list(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        _ => Vec::new(),
    }
}
