//! `tok exec`: runs a command with tokens in its environment, if every token can be had.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use crate::commands::get::{FetchOptions, profile_variable};
use crate::commands::spec::{Execute, Group, Spec};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::io::Write;
use std::process::Command;

#[cfg(not(unix))]
use portable as system;
#[cfg(unix)]
use unix as system;

use crate::commands::for_::variable::Variable;
use crate::commands::get::{header_lines, prepare_for, with};
use crate::commands::session::Session;
use crate::error::{Error, Kind};
use crate::fast::{self, Given};
use crate::profile::name::variable;
use crate::secret::Secret;
use crate::secrets::environment::withhold;

/// POSIX: found, but could not be run.
const NOT_RUN: u8 = 126;
/// POSIX: not found.
const NOT_FOUND: u8 = 127;

pub(crate) const COMMAND: Spec = Spec {
    name: "exec",
    about: "Run a command with the token in its environment",
    group: Group::Running,
    examples: "\
tok exec cint -- ./sync.sh        # TOK_TOKEN, TOK_HEADER
tok exec cint paypal -- ./both.sh  # TOK_CINT_TOKEN, TOK_PAYPAL_TOKEN, …
tok exec --token-var GH_TOKEN hub -- gh repo list",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The profile, or several: all must have a token before CMD starts
    #[arg(
        required = true,
        value_name = "PROFILE",
        env = profile_variable(),
        hide_env = true
    )]
    pub(crate) profiles: Vec<String>,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,

    /// The variable for the token (default: `TOK_TOKEN`, or `TOK_<PROFILE>_TOKEN`)
    #[arg(long, value_name = "NAME")]
    pub(crate) token_var: Option<Variable>,

    /// The variable for the header (default: `TOK_HEADER`, or `TOK_<PROFILE>_HEADER`)
    #[arg(long, value_name = "NAME")]
    pub(crate) header_var: Option<Variable>,

    #[command(flatten)]
    pub(crate) options: FetchOptions,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let names = variables(self)?;
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(Error::new(Kind::Usage, "missing command to run").into());
        };
        let mut command = Command::new(program);
        command.args(arguments);
        let mut values: Vec<(String, Secret)> = Vec::new();
        for (profile, names) in self.profiles.iter().zip(names) {
            let given = self.given(session, profile)?;
            for variable in given.secret_variables {
                command.env_remove(variable);
            }
            values.push((names.token, given.token));
            values.push((names.header, Secret::new(given.header.expose().trim_end())));
        }
        withhold(&mut command, &|| session.config().ok());
        for (name, value) in &values {
            command.env(name, value.expose());
        }
        drop(values);
        replace(command, program)
    }
}

pub(super) fn replace(command: Command, program: &std::ffi::OsStr) -> anyhow::Result<()> {
    system::replace(command, &|error| not_started(program, error))
}

impl Args {
    fn given(&self, session: &Session, profile: &str) -> Result<Given, Error> {
        if self.options.is_plain() && !session.verbose {
            let min_ttl_ms = self.options.min_ttl.map_or(0, |ttl| ttl.ms);
            let config = session.config.as_deref();
            if let Some(given) = fast::given(profile, config, min_ttl_ms) {
                return Ok(given);
            }
        }
        let (config, profile, wish) = prepare_for(session, profile, &self.options)?;
        let (token, _) = with(session, &config, &profile, wish)?;
        if self.options.is_plain() {
            fast::remember(&profile, &config);
        }
        Ok(Given {
            header: header_lines(&profile, &token)?,
            secret_variables: fast::secret_variables(&profile),
            token: token.access_token,
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Variables {
    token: String,
    header: String,
}

/// Returns the variables for each profile, in order; fails if two values would go into one variable.
fn variables(exec: &Args) -> Result<Vec<Variables>, Error> {
    let alone = exec.profiles.len() == 1;
    let name = |chosen: &Option<Variable>, profile: &str, what: &str| match chosen {
        Some(name) => name.as_str().to_owned(),
        None if alone => variable(&format!("tok_{what}")),
        None => variable(&format!("tok_{profile}_{what}")),
    };
    let names: Vec<Variables> = exec
        .profiles
        .iter()
        .map(|profile| Variables {
            token: name(&exec.token_var, profile, "token"),
            header: name(&exec.header_var, profile, "header"),
        })
        .collect();
    let mut seen: Vec<&String> = Vec::new();
    for name in names.iter().flat_map(|names| [&names.token, &names.header]) {
        if seen.contains(&name) {
            return Err(Error::new(
                Kind::Usage,
                format!("two values would go into the variable {name}"),
            )
            .hint("name each profile once, and use --token-var and --header-var with one profile only"));
        }
        seen.push(name);
    }
    Ok(names)
}

fn not_started(program: &std::ffi::OsStr, error: &std::io::Error) -> Error {
    let program = crate::term::text::clean(
        &program.to_string_lossy(),
        crate::term::text::SHOWN_CHARACTERS,
    );
    let (code, why) = match error.kind() {
        ErrorKind::NotFound => (NOT_FOUND, "command not found".to_owned()),
        ErrorKind::PermissionDenied => (NOT_RUN, "it may not be executed".to_owned()),
        _ if error.raw_os_error() == Some(system::NO_PROGRAM) => {
            (NOT_RUN, "it is not a program".to_owned())
        }
        _ => (NOT_RUN, crate::error::io_text(error)),
    };
    Error::new(
        Kind::Unexpected,
        format!("could not run `{program}`: {why}"),
    )
    .with_exit_code(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(profiles: &[&str], token_var: Option<&str>, header_var: Option<&str>) -> Args {
        Args {
            profiles: profiles.iter().map(|name| (*name).to_owned()).collect(),
            command: vec!["true".into()],
            token_var: token_var.map(|name| name.parse().unwrap()),
            header_var: header_var.map(|name| name.parse().unwrap()),
            options: FetchOptions::default(),
        }
    }

    #[test]
    fn every_value_has_a_variable_of_its_own() {
        let names = |exec: &Args| {
            variables(exec).map(|all| {
                all.iter()
                    .map(|one| format!("{} {}", one.token, one.header))
                    .collect::<Vec<_>>()
                    .join(", ")
            })
        };
        let cases = [
            (exec(&["a"], None, None), Some("TOK_TOKEN TOK_HEADER")),
            (exec(&["a"], Some("T"), None), Some("T TOK_HEADER")),
            (exec(&["a"], None, Some("H")), Some("TOK_TOKEN H")),
            (
                exec(&["a", "b-c"], None, None),
                Some("TOK_A_TOKEN TOK_A_HEADER, TOK_B_C_TOKEN TOK_B_C_HEADER"),
            ),
            (exec(&["a"], Some("X"), Some("X")), None),
            (exec(&["a", "b"], Some("X"), None), None),
            (exec(&["a", "a"], None, None), None),
            (exec(&["a-b", "a_b"], None, None), None),
        ];
        for (exec, expected) in cases {
            let names = names(&exec);
            assert_eq!(names.as_deref().ok(), expected, "{exec:?}");
        }
    }
}
