//! The sources of secrets, their order, and the message for a missing secret.

use local_provider::{Answer, Provider};

use crate::home::{Home, KEYRING_HAS_AN_ADDRESS, fails, stderr, stdout};

/// A provider, and a home with profile `p` for it that has `more`.
fn scene(more: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/token", Answer::token("t", 3600));
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\nauth_method = 'client_secret_post'\n{more}\n",
        provider.url("/token")
    ));
    (provider, home)
}

/// The secret that the provider was sent.
fn sent(provider: &Provider) -> String {
    let form = provider.only_request().form();
    form.into_iter()
        .find(|(name, _)| name == "client_secret")
        .unwrap()
        .1
}

#[test]
fn the_first_source_that_is_set_is_used() {
    let cases: [(&str, Option<&str>, &str); 6] = [
        ("", Some("from tok"), "from tok"),
        (
            "client_secret = { env = 'MINE' }",
            Some("from tok"),
            "from tok",
        ),
        ("client_secret = { env = 'MINE' }", None, "from env"),
        ("client_secret = { file = 'a.secret' }", None, "from file"),
        ("client_secret = { credential = 'c' }", None, "from systemd"),
        (
            "client_secret = { command = ['echo', 'from command'] }",
            None,
            "from command",
        ),
    ];
    for (more, variable, expected) in cases {
        let (provider, home) = scene(more);
        std::fs::write(home.config().with_file_name("a.secret"), "from file\n").unwrap();
        std::fs::write(home.path().join("c"), "from systemd").unwrap();
        let mut tok = home.tok("token p");
        tok.env("MINE", "from env")
            .env("CREDENTIALS_DIRECTORY", home.path());
        if let Some(value) = variable {
            tok.env("TOK_P_CLIENT_SECRET", value);
        }
        tok.assert().success();
        assert_eq!(sent(&provider), expected, "{more}");
    }
}

#[test]
fn without_a_keyring_the_message_names_both_alternatives_within_the_deadline() {
    let (provider, home) = scene("");
    let started = std::time::Instant::now();
    fails(
        home.tok("header p").assert(),
        4,
        &[
            "profile `p`: client_secret",
            "no keyring here",
            if KEYRING_HAS_AN_ADDRESS {
                "`tok secret set p`"
            } else {
                "unset TOK_KEYRING"
            },
            "TOK_P_CLIENT_SECRET",
        ],
    );
    assert!(
        started.elapsed().as_secs() < 10,
        "the keyring's deadline is three seconds"
    );
    assert_eq!(provider.connections(), 0);
}

#[test]
fn a_source_that_fails_is_named_and_nothing_is_sent() {
    let cases = [
        (
            "client_secret = { command = ['no-such-program'] }",
            vec!["command no-such-program", "program not found"],
        ),
        (
            "client_secret = { command = ['false'] }",
            vec!["command false", "exit status: 1"],
        ),
        (
            "client_secret = { command = ['true'] }",
            vec!["command true", "empty"],
        ),
        (
            "client_secret = { file = 'empty' }",
            vec!["empty: the secret is empty"],
        ),
        ("client_secret = { file = 'binary' }", vec!["not UTF-8"]),
        ("client_secret = { file = '.' }", vec!["could not read it"]),
        (
            "client_secret = { credential = '../x' }",
            vec!["plain file name"],
        ),
    ];
    for (more, words) in cases {
        let (provider, home) = scene(more);
        std::fs::write(home.config().with_file_name("empty"), "\n").unwrap();
        std::fs::write(home.config().with_file_name("binary"), b"\xff").unwrap();
        let run = home
            .tok("token p")
            .env("CREDENTIALS_DIRECTORY", home.path())
            .assert();
        let code = if more.contains("credential") { 3 } else { 4 };
        fails(run, code, &words);
        assert_eq!(provider.connections(), 0, "{more}");
    }
    let (_provider, home) = scene("");
    fails(
        home.tok("token p").env("TOK_P_CLIENT_SECRET", "").assert(),
        4,
        &["TOK_P_CLIENT_SECRET", "is empty"],
    );
}

#[test]
fn several_secrets_each_have_their_own_name_and_sources() {
    let (provider, home) = scene(
        "secrets = { user = { env = 'USER_SECRET' }, api-key = {} }\nparams = { u = '${secret.user}', k = '${secret.api-key}' }",
    );
    home.tok("token p")
        .env("TOK_P_CLIENT_SECRET", "s")
        .env("USER_SECRET", "u")
        .env("TOK_P_API_KEY", "k")
        .assert()
        .success();
    assert!(
        provider
            .only_request()
            .text()
            .ends_with("client_secret=s&u=u&k=k")
    );
    let (_provider, home) = scene("secrets = { user = {} }\nparams = { u = '${secret.user}' }");
    fails(
        home.tok("token p").env("TOK_P_CLIENT_SECRET", "s").assert(),
        4,
        &["user", "`tok secret set p user`", "TOK_P_USER"],
    );
}

#[test]
fn check_lists_every_source_in_order_and_shows_no_secret() {
    let (_provider, home) = scene("client_secret = { file = 'a.secret' }");
    let variable = "TOK_P_CLIENT_SECRET";
    let run = home
        .tok("secret check p")
        .env(variable, "hunter2")
        .assert()
        .success();
    let said = stdout(&run);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "environment variable TOK_P_CLIENT_SECRET: set");
    assert!(lines[1].ends_with("a.secret: not set"), "{said}");
    assert!(
        lines[2].starts_with("keyring entry `p/client_secret@127.0.0.1:"),
        "{said}"
    );
    assert!(!said.contains("hunter2") && !stderr(&run).contains("hunter2"));
    home.tok("secret check p").assert().code(4);
}

#[test]
fn line_ends_around_a_secret_are_not_sent_and_a_note_says_so() {
    for (value, expected, is_noted) in [
        ("s3cret\n", "s3cret", true),
        ("\u{feff}s3cret\r\n", "s3cret", true),
        ("s3cret", "s3cret", false),
        ("s3 cret", "s3 cret", false),
    ] {
        let (provider, home) = scene("");
        let run = home
            .tok("token p")
            .env("TOK_P_CLIENT_SECRET", value)
            .assert();
        let run = run.success();
        assert_eq!(sent(&provider), expected, "{value:?}");
        assert_eq!(
            stderr(&run).contains(
                "client_secret from environment variable TOK_P_CLIENT_SECRET: the line ends"
            ),
            is_noted,
            "{value:?}"
        );
    }
    for (content, is_noted) in [("s3cret\n", false), ("s3cret\n\n", true)] {
        let (provider, home) = scene("client_secret = { file = 'a.secret' }");
        std::fs::write(home.config().with_file_name("a.secret"), content).unwrap();
        let run = home.tok("token p").assert().success();
        assert_eq!(sent(&provider), "s3cret");
        assert_eq!(
            stderr(&run).contains("the line ends"),
            is_noted,
            "{content:?}"
        );
    }
}

#[test]
fn a_refused_secret_that_looks_wrong_is_named() {
    for (secret, id, words) in [
        ("s3cret ", "i", "client_secret ends in a blank"),
        ("'s3cret'", "i", "client_secret is in quotes"),
        ("${SECRET}", "i", "client_secret looks like a placeholder"),
        ("s3cret", "<your id>", "client_id looks like a placeholder"),
    ] {
        let provider = Provider::start();
        provider.answer("/token", Answer::refusal(401, "invalid_client", "no"));
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{}'\nclient_id = '{id}'\n",
            provider.url("/token")
        ));
        let run = home
            .tok("token p")
            .env("TOK_P_CLIENT_SECRET", secret)
            .assert();
        fails(run, 5, &[words]);
        if id == "i" {
            let check = home
                .tok("secret check p")
                .env("TOK_P_CLIENT_SECRET", secret)
                .assert();
            let said = stdout(&check.success());
            let words = words.strip_prefix("client_secret ").unwrap();
            assert!(said.contains(&format!("set, but it {words}")), "{said}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_source_that_does_not_end_counts_against_the_deadline() {
    let started = std::time::Instant::now();
    for source in ["{ file = 'fifo' }", "{ command = ['sleep', '60'] }"] {
        let (provider, home) = scene(&format!("client_secret = {source}"));
        let fifo = home.config().with_file_name("fifo");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(fifo)
                .status()
                .unwrap()
                .success()
        );
        let run = home.tok("token p --timeout 1s").assert();
        fails(run, 4, &["within 1 s", "--timeout"]);
        assert_eq!(provider.connections(), 0);
    }
    let (_provider, home) =
        scene("client_secret = { command = ['sh', '-c', 'echo s; sleep 60 2>/dev/null &'] }");
    home.tok("token p --timeout 30s").assert().success();
    assert!(started.elapsed().as_secs() < 30);
}

#[test]
fn a_secret_the_profile_does_not_have_is_not_set() {
    let (_provider, home) = scene("secrets = { api_key = {} }");
    let run = home.tok("secret set p api_kee").write_stdin("x").assert();
    fails(
        run,
        2,
        &["no secret of this name", "did you mean `api_key`?"],
    );
}

#[test]
fn a_disabled_keyring_is_not_asked_and_the_alternative_is_named() {
    let (_provider, home) = scene("");
    let token = home.tok("token p").env("TOK_KEYRING", "off").assert();
    fails(token, 4, &["TOK_KEYRING is off", "TOK_P_CLIENT_SECRET"]);
    let set = home
        .tok("secret set p")
        .env("TOK_KEYRING", "off")
        .write_stdin("s3cret")
        .assert();
    fails(set, 4, &["TOK_KEYRING is off", "TOK_P_CLIENT_SECRET"]);
    let meant = home.tok("token p").env("TOK_KEYRING", "on").assert();
    fails(
        meant,
        2,
        &["TOK_KEYRING can only be `off`", "hint: unset it"],
    );
    home.tok("token p")
        .env("TOK_KEYRING", "off")
        .env("TOK_P_CLIENT_SECRET", "s")
        .assert()
        .success();
}

#[test]
fn a_secret_longer_than_what_is_shown_is_not_shown_in_part() {
    let (provider, home) = scene("");
    let secret = "QwErTyUiOp".repeat(25);
    for answer in [
        Answer::redirect(
            302,
            &format!("https://e.example/{}/{secret}", "p".repeat(60)),
        ),
        Answer::new(200)
            .header("content-type", &format!("x/{secret}"))
            .body("?"),
        Answer::json(200, format!("{{\"{secret}\":1,\"{secret}\":2}}")),
        Answer::refusal(400, "x", &format!("{} {secret}", "p".repeat(280))),
        Answer::json(
            200,
            format!("{{\"access_token\":\"t\",\"expires_in\":\"{secret}\"}}"),
        ),
    ] {
        provider.answer("/token", answer);
        for arguments in ["token p --no-cache", "token p --no-cache -v"] {
            let run = home
                .tok(arguments)
                .env("TOK_P_CLIENT_SECRET", &secret)
                .assert();
            let said = stderr(&run);
            assert!(!said.contains(&secret[..8]), "{said}");
        }
    }
}

#[test]
fn an_empty_secret_is_not_stored() {
    let (_provider, home) = scene("");
    for nothing in ["", "\n", "\r\n"] {
        let run = home.tok("secret set p").write_stdin(nothing).assert();
        fails(run, 4, &["the secret is empty", "nothing was stored"]);
    }
    fails(
        home.tok("secret set p")
            .write_stdin(&b"\xff\n"[..])
            .assert(),
        4,
        &["not UTF-8"],
    );
}

#[test]
fn a_cached_token_needs_no_secret_and_a_child_sees_none() {
    let (provider, home) =
        scene("client_secret = { command = ['sh', '-c', 'env > seen; echo s'] }");
    home.tok("token p")
        .env("TOK_OTHER_CLIENT_SECRET", "hunter2")
        .assert()
        .success();
    assert!(
        !std::fs::read_to_string(home.path().join("seen"))
            .unwrap()
            .contains("hunter2")
    );
    std::fs::remove_file(home.path().join("seen")).unwrap();
    home.tok("token p").assert().success().stdout("t\n");
    assert!(!home.path().join("seen").exists());
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn without_a_name_every_secret_that_the_profile_uses_is_meant() {
    let home = Home::with(
        "[profiles.p]\ntoken_url = 'https://id.example.com/t'\nclient_id = 'i'\nauth_method = 'private_key_jwt'\nsecrets = { api = {} }\nheaders = { X-Api = '${secret.api}' }\n\n[profiles.open]\ntoken_url = 'https://id.example.com/t'\nclient_id = 'i'\nauth_method = 'none'\n",
    );
    let checked = home
        .tok("secret check p")
        .env("TOK_P_PRIVATE_KEY", "k")
        .env("TOK_P_API", "a")
        .env("TOK_KEYRING", "off")
        .assert()
        .success();
    let lines = stdout(&checked);
    for variable in ["TOK_P_PRIVATE_KEY: set", "TOK_P_API: set"] {
        assert!(lines.contains(variable), "{lines}");
    }
    assert!(!lines.contains("CLIENT_SECRET"), "{lines}");
    fails(
        home.tok("secret set p").write_stdin("one").assert(),
        2,
        &[
            "several secrets: ",
            "private_key",
            "api",
            "`tok secret set p NAME`",
        ],
    );
    fails(
        home.tok("secret set open").write_stdin("one").assert(),
        3,
        &["profile `open`: it uses no secret"],
    );
}
