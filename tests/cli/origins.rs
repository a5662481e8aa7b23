//! A stored secret stays with the origin it was stored for: no variable and no edit of the config sends it elsewhere.

use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stdout};

const SECRET: &str = "st0red-s3cret";

/// A home whose profile `p` has this token URL, these further keys, and its secret in a file beside the config.
fn home(url: &str, keys: &str) -> Home {
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'id'\nauth_method = 'client_secret_post'\nclient_secret = {{ file = 'secrets/p' }}\n{keys}\n"
    ));
    let folder = home.config().parent().unwrap().join("secrets");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("p"), format!("{SECRET}\n")).unwrap();
    home
}

#[test]
fn a_variable_in_the_host_cannot_change_the_domain() {
    let other = Provider::start_tls();
    let authority = other.address().to_string();
    let home = home(
        "https://${var.tenant}.example.com/token",
        "vars = { tenant = 'acme' }",
    );
    for value in [
        format!("{authority}/"),
        format!("{authority}?"),
        format!("{authority}#"),
        format!("{authority}\\"),
        format!("x@{authority}/"),
        format!("{authority}/\n"),
    ] {
        let environment = home.tok("token p").env("TOK_P_VAR_TENANT", &value).assert();
        fails(
            environment,
            3,
            &["token_url", "`${var.tenant}` is in the host"],
        );
        let mut option = home.tok("token p");
        option.arg("--var").arg(format!("tenant={value}"));
        fails(option.assert(), 3, &["`${var.tenant}` is in the host"]);
    }
    // An `@` at the end makes what went before a user name.
    let user = home.tok("token p").env("TOK_P_VAR_TENANT", "x@y").assert();
    fails(user, 3, &["`${var.tenant}` is in the host"]);
    assert_eq!(other.connections(), 0);
}

#[test]
fn a_keyring_entry_names_every_origin_that_its_secret_may_go_to() {
    let entry = |url: &str, keys: &str, variable: Option<&str>| {
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{url}'\nclient_id = 'id'\n{keys}\n"
        ));
        let mut check = home.tok("secret check p");
        check.envs(variable.map(|value| ("TOK_P_VAR_TENANT", value)));
        let said = stdout(&check.assert().code(4));
        let (_, rest) = said.split_once("keyring entry `").unwrap();
        rest.split_once('`').unwrap().0.to_owned()
    };
    let tenant = "https://${var.tenant}.example.com/token";
    let vars = "vars = { tenant = 'acme' }";
    assert_eq!(
        entry(tenant, vars, None),
        "p/client_secret@acme.example.com"
    );
    // Another host is another entry, still empty.
    assert_eq!(
        entry(tenant, vars, Some("evil")),
        "p/client_secret@evil.example.com"
    );
    let whole = "https://${var.tenant}/token";
    assert_eq!(
        entry(whole, vars, Some("evil.example:8443")),
        "p/client_secret@evil.example:8443"
    );
    let url = "https://a.example/token";
    assert_eq!(
        entry(
            url,
            "origins = ['https://z.example', 'https://b.example:444', 'https://a.example']",
            None
        ),
        "p/client_secret@a.example+b.example:444+z.example"
    );
    // A step that sends secrets to a host of its own is one more; one that sends none is not.
    let step = |params: &str| {
        let url = "https://login.example/s";
        format!("[[profiles.p.steps]]\nname = 's'\nurl = '{url}'\nparams = {{ k = '{params}' }}")
    };
    assert_eq!(
        entry(url, &step("${client_secret}"), None),
        "p/client_secret@a.example+login.example"
    );
    assert_eq!(entry(url, &step("x"), None), "p/client_secret@a.example");
}

#[test]
fn secrets_are_sent_only_to_origins_that_the_profile_names() {
    let provider = Provider::start();
    let other = Provider::start();
    provider.answer("/token", Answer::token("t0ken", 3600));
    let steps = |origins: &str| {
        format!(
            "{origins}\nvars = {{ base = '{}' }}\n[[profiles.p.steps]]\nname = 'login'\nurl = '${{var.base}}/login'\nparams = {{ key = '${{client_secret}}' }}",
            other.url("")
        )
    };
    let unnamed = home(&provider.url("/token"), &steps(""));
    fails(
        unnamed.tok("token p").assert(),
        3,
        &["step `login`", "would receive secrets", "`origins`"],
    );
    assert_eq!((provider.connections(), other.connections()), (0, 0));

    other.answer("/login", Answer::json(200, "{}"));
    let named = home(
        &provider.url("/token"),
        &steps(&format!("origins = ['{}']", other.url(""))),
    );
    named.tok("token p").assert().success().stdout("t0ken\n");
    assert_eq!(other.only_request().text(), "key=st0red-s3cret");
}

#[test]
fn relative_paths_start_from_the_folder_of_the_config() {
    let provider = Provider::start();
    provider.answer("/token", Answer::token("t0ken", 3600));
    let home = home(&provider.url("/token"), "");
    let elsewhere = home.path().join("elsewhere");
    std::fs::create_dir_all(elsewhere.join("secrets")).unwrap();
    std::fs::write(elsewhere.join("secrets/p"), "another").unwrap();
    home.tok("token p")
        .current_dir(&elsewhere)
        .assert()
        .success();
    assert!(provider.only_request().text().contains(SECRET));
}
