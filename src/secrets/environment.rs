//! Secrets in environment variables, and keeping them from the programs tok starts.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::process::Command;

use crate::profile::Environment;
use crate::profile::file::Config;
use crate::profile::variables::Variables;
use crate::secret::NotASecret;
use crate::secrets::Given;
use crate::secrets::failure::Failure;

pub(super) fn read(variable: &str, environment: Environment<'_>) -> Result<Option<Given>, Failure> {
    let Some(value) = environment(variable) else {
        return Ok(None);
    };
    let text = value.into_string().map_err(|_| NotASecret::NotUtf8)?;
    match Given::of_variable(text) {
        Err(Failure::NotASecret(NotASecret::Empty)) => {
            Err(Failure::EmptyVariable(variable.to_owned()))
        }
        given => given.map(Some),
    }
}

/// Removes every variable that may hold a tok secret from the environment of `command`. `config` is called only if a name can
/// mean two things.
pub fn withhold(command: &mut Command, config: &dyn Fn() -> Option<Config>) {
    for name in withheld(config) {
        command.env_remove(name);
    }
}

/// The names of the variables that may hold a secret of tok's.
pub(crate) fn withheld(config: &dyn Fn() -> Option<Config>) -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    private(names.collect(), config, &|name| std::env::var_os(name))
}

/// Those of `names` that are tok's and not known to be anything else than a secret.
fn private(
    mut names: Vec<OsString>,
    config: &dyn Fn() -> Option<Config>,
    environment: Environment<'_>,
) -> Vec<OsString> {
    let variables = OnceCell::new();
    let variables = || {
        variables.get_or_init(|| {
            config().map_or_else(Variables::default, |config| {
                Variables::of(&config, environment)
            })
        })
    };
    // An outer `tok exec` always sets both for everything that its command starts, but a secret may be called `refresh_token`.
    let is_pair = |name: &str| {
        let other = match (name.strip_suffix("TOKEN"), name.strip_suffix("HEADER")) {
            (Some(start), _) => format!("{start}HEADER"),
            (_, Some(start)) => format!("{start}TOKEN"),
            _ => return false,
        };
        environment(&other).is_some()
    };
    let is_public = |name: &str| match name {
        "TOK_CONFIG" | "TOK_PROFILE" | "TOK_KEYRING" | "TOK_SHARED_CACHE_URL" => true,
        "TOK_TOKEN" | "TOK_HEADER" => is_pair(name),
        _ if name.contains("_VAR_") && variables().is_var(name) => true,
        _ => is_pair(name) && variables().is_given(name),
    };
    names.retain(|name| {
        name.as_encoded_bytes().starts_with(b"TOK_") && !name.to_str().is_some_and(is_public)
    });
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unset_variable_is_not_an_empty_one() {
        let environment = |name: &str| match name {
            "SET" => Some(OsString::from("s3cret\n")),
            "EMPTY" => Some(OsString::new()),
            _ => None,
        };
        let set = read("SET", &environment).unwrap().unwrap();
        assert_eq!(set.secret.expose(), "s3cret");
        assert!(set.is_trimmed);
        assert!(read("UNSET", &environment).unwrap().is_none());
        assert!(matches!(
            read("EMPTY", &environment),
            Err(Failure::EmptyVariable(_))
        ));
    }

    const CONFIG: &str = "
[defaults]
token_url = 'https://example.com/t'
client_id = 'i'
[profiles.a]
vars = { b = '1', c = '2', client_secret = '3' }
[profiles.a-var]
secrets = { c = {} }
[profiles.my-var-x]
secrets = { password = {}, api_token = {}, api_header = {} }
[profiles.named]
client_secret = { env = 'TOK_NAMED_VAR_S' }
vars = { s = '1' }
[profiles.broken]
client_id = 7
[profiles.broken-var-x]
nonsense = 7
";

    fn withheld_by(config: Option<&str>, name: &str) -> bool {
        let set = [
            "TOK_TOKEN",
            "TOK_HEADER",
            "TOK_A_TOKEN",
            "TOK_A_HEADER",
            "TOK_MY_VAR_X_API_TOKEN",
            "TOK_MY_VAR_X_API_HEADER",
        ];
        let environment = |name: &str| set.contains(&name).then(|| OsString::from("x"));
        let config = || config.map(|text| Config::of_text("c.toml", text));
        !private(vec![name.into()], &config, &environment).is_empty()
    }

    #[test]
    fn only_toks_own_secrets_are_withheld() {
        for (name, expected) in [
            ("TOK_A_CLIENT_SECRET", true),
            ("TOK_A_API_KEY", true),
            ("TOK_A_VAR_B", false),
            ("TOK_A_VAR_CLIENT_SECRET", true),
            ("TOK_A_VAR_C", true),
            ("TOK_A_VAR_D", true),
            ("TOK_MY_VAR_X_PASSWORD", true),
            ("TOK_MY_VAR_X_API_TOKEN", true),
            ("TOK_MY_VAR_X_API_HEADER", true),
            ("TOK_NAMED_VAR_S", true),
            ("TOK_BROKEN_API_KEY", true),
            ("TOK_BROKEN_VAR_X_KEY", true),
            ("TOK_CONFIG", false),
            ("TOK_PROFILE", false),
            ("TOK_KEYRING", false),
            ("TOK_TOKEN", false),
            ("TOK_HEADER", false),
            ("TOK_A_TOKEN", false),
            ("TOK_A_HEADER", false),
            ("TOK_A_REFRESH_TOKEN", true),
            ("MY_SECRET", false),
        ] {
            assert_eq!(withheld_by(Some(CONFIG), name), expected, "{name}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_withheld_where_the_config_cannot_be_read() {
        for config in [None, Some("not TOML")] {
            for (name, expected) in [
                ("TOK_A_VAR_B", true),
                ("TOK_A_TOKEN", true),
                ("TOK_TOKEN", false),
                ("TOK_CONFIG", false),
            ] {
                assert_eq!(withheld_by(config, name), expected, "{name}");
            }
        }
    }
}
