//! The examples in README.md are run, by the real binary against a real local provider, so that they cannot lie.

use local_provider::dialects::{Account, Dialects, cint};
use local_provider::{Answer, Provider};

#[test]
fn readme_examples_print_what_they_show() {
    let provider = Provider::start();
    let _dialects = Dialects::serve(&provider, &Account::new("orders-app", "s3cret"));
    provider.answer("/refused", cint::access_denied());
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    let profile = |name: &str, path: &str| {
        format!(
            "[profiles.{name}]\ntoken_url = '{}'\nclient_id = 'orders-app'\nauth_method = 'client_secret_post'\nencoding = 'json'\naudience = 'https://api.luc.id'\nparams = {{ auth_scopes = 'app:api' }}\n",
            provider.url(path)
        )
    };
    let profiles = [
        ("cint", cint::CINT.path),
        ("refused", "/refused"),
        ("locked", "/locked"),
    ];
    provider.answer("/locked", Answer::new(500));
    crate::home::write(
        &config,
        profiles.map(|(name, path)| profile(name, path)).concat(),
    );
    let home = |folder: &str| home.path().join(folder).to_str().unwrap().to_owned();
    trycmd::TestCases::new()
        .register_bin("tok", assert_cmd::cargo::cargo_bin!("tok"))
        .env("TOK_CONFIG", home("config.toml"))
        .env("XDG_CACHE_HOME", home("cache"))
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
        .env("TOK_CINT_CLIENT_SECRET", "s3cret")
        .env("TOK_REFUSED_CLIENT_SECRET", "s3cret")
        .case("README.md")
        .run();
}
