//! Every way a config can be wrong: one message with file, line and key, exit 3, and nothing on stdout.

use crate::home::{Home, fails};

const GOOD: &str = "[profiles.p]\ntoken_url = 'https://auth.example.com/token'\nclient_id = 'i'\n";

#[test]
fn a_config_error_names_file_line_and_key() {
    let with = |more: &str| format!("{GOOD}{more}\n");
    let cases: Vec<(String, Vec<&str>)> = vec![
        (String::new(), vec!["no profile `p`", "has no profile yet"]),
        ("not toml".into(), vec!["config.toml:1: "]),
        ("[profiles.p".into(), vec!["config.toml:1: "]),
        (
            "[profile.p]\n".into(),
            vec!["no profile `p`", "in line 1, write `[profiles.p]`"],
        ),
        (
            with("audiense = 'x'"),
            vec![
                "config.toml:4: profile `p`: unknown key `audiense`",
                "write `audience = 'x'`",
            ],
        ),
        (
            with("timeout = true"),
            vec!["config.toml:4: profile `p`: `timeout`", "a duration"],
        ),
        (
            with("timeout = '0s'"),
            vec!["config.toml:4: profile `p`: `timeout`"],
        ),
        (
            with("encoding = 'xml'"),
            vec!["config.toml:4: ", "`form`", "`json`"],
        ),
        (
            with("scope = { a = 1 }"),
            vec!["config.toml:4: ", "a string or a list of strings"],
        ),
        (
            with("response = { root = 'data' }"),
            vec!["config.toml:4: profile `p`: `response.root`", "`/data`"],
        ),
        (
            with("response = { keep = ['/a/x', '/b/x'] }"),
            vec!["config.toml:4: ", "`x` is taken"],
        ),
        (
            with("response = { keep = ['/expires_in'] }"),
            vec!["config.toml:4: ", "`expires_in` is taken"],
        ),
        (
            with("response = { format = 'text', root = '/d' }"),
            vec!["`response.format`"],
        ),
        (
            with("header = 'A: ${token}'"),
            vec!["config.toml:4: profile `p`: `header`", "`${token}`"],
        ),
        (
            with("header = 'A: ${kept.x}'"),
            vec!["no kept member `x`", "`response.keep`"],
        ),
        (
            with("params = { a = '${access_token}' }"),
            vec!["`params`", "only in `header`"],
        ),
        (
            with("params = { a = '${secret.key}' }"),
            vec!["no secret `key`", "secrets = { key = {} }"],
        ),
        (
            with("params = { a = '${var.x}' }"),
            vec!["`${var.x}` has no value", "--var x=", "TOK_P_VAR_X"],
        ),
        (with("params = { a = '${env.NOT_SET}' }"), vec!["NOT_SET"]),
        (
            with("params = { a = '${step.x.y}' }"),
            vec!["no earlier step `x`"],
        ),
        (
            with("params = { a = '${client_id' }"),
            vec!["is not closed"],
        ),
        (
            with("params = { a = '${md4(client_id)}' }"),
            vec!["unknown function `md4`", "sha256"],
        ),
        (
            with("params = { a = { b = 1 } }"),
            vec!["`a` is nested", "json"],
        ),
        (with("params = { a = 2020-01-01 }"), vec!["a date"]),
        (
            with("vars = { a = '${var.b}', b = '${var.a}' }\nparams = { x = '${var.a}' }"),
            vec!["in a circle: a → b → a"],
        ),
        (
            with("encoding = 'none'\nscope = 'a'"),
            vec!["`encoding`", "scope"],
        ),
        (
            with("client_secret = { env = 'A', file = 'b' }"),
            vec!["config.toml:4: profile `p`: `client_secret`", "one source"],
        ),
        (
            with("client_secret = { command = [] }"),
            vec!["`command` is empty"],
        ),
        (with("client_cert = 'x'"), vec!["go together"]),
        (
            with("provider = 'spotfy'"),
            vec!["config.toml:4: ", "did you mean `spotify`?"],
        ),
        (
            with("origins = ['http://example.com']"),
            vec!["`origins`", "in the clear"],
        ),
        (
            with("headers = { 'a b' = 'c' }"),
            vec!["`headers`", "not a header name"],
        ),
        (
            with("steps = [{ url = 'https://a.example/' }]"),
            vec!["step 1 has no `name`"],
        ),
        (
            with("[profiles.P]"),
            vec!["TOK_P_CLIENT_SECRET", "profile `P`"],
        ),
        (
            "[profiles.p]\nclient_id = 'i'\n".into(),
            vec!["config.toml:1: profile `p`: `token_url`: missing"],
        ),
        (
            "[profiles.p]\ntoken_url = 'https://a.example/'\n".into(),
            vec!["config.toml:1: profile `p`: `client_id`: missing"],
        ),
        (
            "[profiles.p]\ntoken_url = 'https://a.example/'\nclient_id = ''\n".into(),
            vec!["config.toml:3: profile `p`: `client_id`: is empty"],
        ),
        (
            "[profiles.p]\ntoken_url = 'auth.example.com'\nclient_id = 'i'\n".into(),
            vec!["config.toml:2: profile `p`: `token_url`: ", "not a URL"],
        ),
        (
            "[profiles.p]\ntoken_url = 'http://auth.example.com'\nclient_id = 'i'\n".into(),
            vec!["config.toml:2: ", "in the clear"],
        ),
    ];
    for (config, words) in cases {
        let home = Home::with(&config);
        let run = home.tok("token p").env("TOK_P_CLIENT_SECRET", "s").assert();
        eprintln!("{config}");
        fails(run, 3, &words);
    }
}

#[test]
fn a_mistyped_profile_gets_a_suggestion_and_a_bad_name_is_refused() {
    let home = Home::with("[profiles.cint]\ntoken_url = 'https://a.example/'\nclient_id = 'i'\n");
    fails(
        home.tok("token cnt").assert(),
        3,
        &["no profile `cnt`", "did you mean `cint`?"],
    );
    fails(
        home.tok("token ../x").assert(),
        3,
        &["`../x`", "beginning with a letter or digit"],
    );
}

#[test]
fn without_a_config_the_message_names_its_path() {
    let home = Home::new();
    fails(
        home.tok("token p").assert(),
        3,
        &["no config at", "config.toml", "tok add NAME", "TOK_CONFIG"],
    );
    std::fs::create_dir_all(home.config()).unwrap();
    fails(home.tok("token p").assert(), 3, &["is a folder"]);
}

#[test]
fn bytes_that_are_not_utf8_are_reported_with_their_line() {
    let home = Home::with("");
    std::fs::write(home.config(), b"# fine\n# \xff\n").unwrap();
    fails(
        home.tok("token p").assert(),
        3,
        &["config.toml:2: not UTF-8"],
    );
}

#[test]
fn the_config_option_wins_over_the_variable_and_the_variable_over_the_folder() {
    let home = Home::with("");
    for name in ["option", "variable"] {
        std::fs::write(home.path().join(format!("{name}.toml")), "").unwrap();
    }
    let mut tok = home.tok("token p");
    tok.env("TOK_CONFIG", home.path().join("variable.toml"));
    fails(tok.assert(), 3, &["variable.toml"]);
    tok.arg("--config").arg(home.path().join("option.toml"));
    fails(tok.assert(), 3, &["option.toml"]);
}

#[test]
fn the_working_directory_is_not_searched() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("tok")).unwrap();
    for name in ["config.toml", "tok.toml", ".tok.toml", "tok/config.toml"] {
        std::fs::write(home.path().join(name), GOOD).unwrap();
    }
    fails(home.tok("token p").assert(), 3, &["no config at"]);
}

#[cfg(unix)]
#[test]
fn a_config_of_another_user_is_refused_and_a_copy_of_it_is_not() {
    let home = Home::with(GOOD);
    // Only root can give it away.
    if std::os::unix::fs::chown(home.config(), Some(12_345), None).is_err() {
        return;
    }
    let copy = format!("install -m 600 {}", home.config().display());
    fails(
        home.tok("token p").assert(),
        3,
        &["belongs to another user (uid 12345)", &copy],
    );
    std::fs::copy(home.config(), home.path().join("tok.toml")).unwrap();
    fails(
        home.tok("--config tok.toml token p").assert(),
        4,
        &["client_secret"],
    );
}

#[cfg(unix)]
#[test]
fn a_config_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    for mode in [0o666, 0o662, 0o620] {
        let home = Home::with(GOOD);
        std::fs::set_permissions(home.config(), PermissionsExt::from_mode(mode)).unwrap();
        // The group may be the user's own, which is trusted. Only root can give the file to another.
        let is_given = std::os::unix::fs::chown(home.config(), None, Some(12_345)).is_ok();
        if mode & 0o002 == 0 && !is_given {
            continue;
        }
        fails(
            home.tok("token p").assert(),
            3,
            &["may be written by others", "chmod go-w"],
        );
    }
}
