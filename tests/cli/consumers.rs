//! `tok for`: each consumer gets exactly its documented form, and no token is given for a host that is not listed.

use local_provider::{Answer, Provider};
use serde_json::{Value, json};

use crate::home::{Home, fails, stderr, stdout};

/// A provider whose token is `token`, and a home with profile `p` for it, with more `keys`.
fn scene(token: &str, keys: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/token", Answer::token(token, 3600));
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\nclient_secret = {{ env = 'SECRET' }}\n{keys}\n",
        provider.url("/token")
    ));
    (provider, home)
}

fn tok(home: &Home, arguments: &str) -> assert_cmd::Command {
    let mut tok = home.tok(arguments);
    tok.env("SECRET", "s3cret");
    tok
}

/// Returns the output of `tok ARGUMENTS` with `request` on its stdin.
fn answered(home: &Home, arguments: &str, request: &str) -> String {
    stdout(
        &tok(home, arguments)
            .write_stdin(request)
            .assert()
            .success()
            .stderr(""),
    )
}

#[test]
fn each_form_is_what_its_consumer_documents() {
    let (_provider, home) = scene("abc.d-e_f~+/==", "");
    let cases = [
        (
            "for curl p",
            "header = \"Authorization: Bearer abc.d-e_f~+/==\"\n",
        ),
        ("for sh p", "export TOK_TOKEN='abc.d-e_f~+/=='\n"),
        ("for sh --name T p", "export T='abc.d-e_f~+/=='\n"),
        ("for fish p --name T", "set -gx T 'abc.d-e_f~+/=='\n"),
        ("for powershell p", "$env:TOK_TOKEN = 'abc.d-e_f~+/=='\n"),
        ("for dotenv p", "TOK_TOKEN=abc.d-e_f~+/==\n"),
        (
            "for netrc p --host a.example --host b --username u",
            "machine a.example login u password abc.d-e_f~+/==\nmachine b login u password abc.d-e_f~+/==\n",
        ),
    ];
    for (arguments, expected) in cases {
        assert_eq!(answered(&home, arguments, ""), expected, "{arguments}");
    }
}

#[test]
fn a_token_with_quotes_stays_one_word_or_is_refused() {
    let (_provider, home) = scene("a'b\"c\\d$(id)", "response = { token_chars = 'visible' }");
    let cases = [
        (
            "for curl p",
            "header = \"Authorization: Bearer a'b\\\"c\\\\d$(id)\"\n",
        ),
        ("for sh p", "export TOK_TOKEN='a'\\''b\"c\\d$(id)'\n"),
        ("for fish p", "set -gx TOK_TOKEN 'a\\'b\"c\\\\d$(id)'\n"),
        ("for powershell p", "$env:TOK_TOKEN = 'a''b\"c\\d$(id)'\n"),
    ];
    for (arguments, expected) in cases {
        assert_eq!(answered(&home, arguments, ""), expected, "{arguments}");
    }
    for (arguments, format) in [
        ("for dotenv p", "dotenv"),
        ("for netrc --host h p", "netrc"),
    ] {
        fails(tok(&home, arguments).assert(), 7, &["profile `p`", format]);
    }
}

#[test]
fn a_variable_name_that_no_shell_accepts_is_a_usage_error() {
    let (provider, home) = scene("t", "");
    for name in ["--name=a;id", "--name=1a", "--name="] {
        for consumer in ["sh", "fish", "powershell", "dotenv", "github"] {
            tok(&home, &format!("for {consumer} p {name}"))
                .assert()
                .code(2)
                .stdout("");
        }
    }
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn a_failed_fetch_writes_nothing_to_any_consumer() {
    let (provider, home) = scene("t", "");
    provider.answer("/token", Answer::refusal(401, "invalid_client", "no"));
    let output = home.path().join("output");
    std::fs::write(&output, "before\n").unwrap();
    for arguments in [
        "for curl p",
        "for sh p",
        "for fish p",
        "for powershell p",
        "for dotenv p",
        "for github p",
        "for file p out",
        "for file --watch p out",
        "for kubectl p",
        "for bazel --host h p get",
        "for git --host h p get",
        "for docker --host h p get",
        "for cargo --host h p",
        "for netrc --host h p",
    ] {
        let request = match arguments.split(' ').nth(1) {
            Some("bazel") => "{\"uri\":\"https://h/\"}",
            Some("git") => "protocol=https\nhost=h\n",
            _ => "h",
        };
        let refused = tok(&home, arguments)
            .env("GITHUB_OUTPUT", &output)
            .env("CARGO_REGISTRY_INDEX_URL", "sparse+https://h/")
            .write_stdin(request)
            .assert();
        fails(refused, 5, &["invalid_client"]);
    }
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "before\n");
    assert!(!home.path().join("out").exists());
}

#[test]
fn netrc_is_read_by_curl_and_python() {
    let (provider, home) = scene("abc.d-e_f~+/==", "");
    provider.answer("/api", Answer::text(200, "fine"));
    let netrc = home.path().join("netrc");
    let host = provider.address().ip().to_string();
    let text = answered(&home, &format!("for netrc p --host {host}"), "");
    std::fs::write(&netrc, text).unwrap();
    let curl = std::process::Command::new("curl")
        .args(["-sq", "--noproxy", "*", "--netrc-file"])
        .arg(&netrc)
        .arg(provider.url("/api"))
        .output();
    if curl.is_ok() {
        use base64::Engine;
        let expected = base64::engine::general_purpose::STANDARD.encode("oauth2:abc.d-e_f~+/==");
        let requests = provider.requests();
        let request = requests
            .iter()
            .find(|request| request.path == "/api")
            .unwrap();
        assert_eq!(
            request.header("authorization"),
            Some(format!("Basic {expected}").as_str())
        );
    }
    let python = std::process::Command::new("python3")
        .args([
            "-c",
            "import netrc,sys; print(netrc.netrc(sys.argv[1]).hosts)",
        ])
        .arg(&netrc)
        .output();
    if let Ok(python) = python {
        assert_eq!(
            String::from_utf8(python.stdout)
                .unwrap()
                .replace("None", "''"),
            format!("{{'{host}': ('oauth2', '', 'abc.d-e_f~+/==')}}\n")
        );
    }
}

#[test]
fn netrc_word_that_parsers_read_differently_is_refused_before_anything_is_fetched() {
    let (provider, home) = scene("t", "");
    for arguments in [
        "for netrc p",
        "for netrc p --host a:80",
        "for netrc p --host=",
        "for netrc p --host a\"b",
        "for netrc p --host h --username a'b",
        "for netrc p --host h --username #a",
    ] {
        tok(&home, arguments).assert().code(2).stdout("");
    }
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn github_gets_the_mask_on_stdout_and_the_token_in_its_file() {
    let (_provider, home) = scene("t%0A", "response = { token_chars = 'visible' }");
    let cases = [
        ("for github p", "GITHUB_OUTPUT", "token"),
        ("for github p --name api", "GITHUB_OUTPUT", "api"),
        ("for github --env p", "GITHUB_ENV", "TOK_TOKEN"),
    ];
    for (arguments, variable, name) in cases {
        let file = home.path().join(variable);
        std::fs::write(&file, "before=1\n").unwrap();
        tok(&home, arguments)
            .env(variable, &file)
            .assert()
            .success()
            .stdout("::add-mask::t%250A\n")
            .stderr("");
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let [before, opening, token, closing] = lines[..] else {
            panic!("{text}");
        };
        assert_eq!((before, token), ("before=1", "t%0A"), "{arguments}");
        assert_eq!(opening, format!("{name}<<{closing}"), "{arguments}");
        assert!(text.ends_with('\n'));
    }
}

#[test]
fn github_without_its_output_file_fails_before_fetching() {
    let (provider, home) = scene("t", "");
    fails(
        tok(&home, "for github p").assert(),
        2,
        &["GITHUB_OUTPUT is not set", "hint: "],
    );
    let gone = tok(&home, "for github --env p")
        .env("GITHUB_ENV", home.path().join("gone"))
        .assert();
    fails(gone, 1, &["GITHUB_ENV"]);
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn kubectl_gets_an_exec_credential_of_the_version_it_asks_for() {
    let (_provider, home) = scene("t", "");
    for version in ["v1", "v1beta1"] {
        let version = format!("client.authentication.k8s.io/{version}");
        let info = json!({ "apiVersion": version, "kind": "ExecCredential", "spec": { "interactive": false } });
        let got = tok(&home, "for kubectl p")
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .assert()
            .success()
            .stderr("");
        let got: Value = serde_json::from_str(&stdout(&got)).unwrap();
        assert_eq!(got["apiVersion"], version);
        assert_eq!(got["kind"], "ExecCredential");
        assert_eq!(got["status"]["token"], "t");
        let known: Value = serde_json::from_str(&answered(&home, "json p", "")).unwrap();
        let (said, known) = (
            got["status"]["expirationTimestamp"].as_str().unwrap(),
            known["expires_at"].as_str().unwrap(),
        );
        // Both are cut to whole seconds, and the two runs may fall on either side of one.
        let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        assert!(
            (seconds(said) - seconds(known)).abs() <= 1,
            "{said} {known}"
        );
    }
    let unknown = tok(&home, "for kubectl p")
        .env(
            "KUBERNETES_EXEC_INFO",
            "{\"apiVersion\":\"client.authentication.k8s.io/v9\"}",
        )
        .assert();
    fails(unknown, 3, &["client.authentication.k8s.io/v9"]);
}

#[test]
fn bazel_gets_the_profiles_headers_for_a_listed_host() {
    let (_provider, home) = scene(
        "t",
        "header = ['Authorization: Bearer ${access_token}', 'X-Client: ${client_id}']",
    );
    let got = answered(
        &home,
        "for bazel --host a.example --host b.example:8980 p get",
        "{\"uri\":\"grpcs://b.example:8980/Service/Method\"}",
    );
    let got: Value = serde_json::from_str(&got).unwrap();
    assert_eq!(
        got["headers"],
        json!({ "Authorization": ["Bearer t"], "X-Client": ["id"] })
    );
    got["expires"]
        .as_str()
        .unwrap()
        .parse::<jiff::Timestamp>()
        .unwrap();
}

#[test]
fn git_gets_user_password_and_end_for_a_listed_host() {
    let (_provider, home) = scene("t", "");
    let request = "capability[]=authtype\nprotocol=https\nhost=git.example\nwwwauth[]=Basic\n\n";
    let cases = [
        ("for git --host git.example p get", "", "oauth2"),
        ("for git --host GIT.example:443 p get", "username=u\n", "u"),
        ("for git --host git.example --username x p get", "", "x"),
        (
            "for git --host git.example --username x p get",
            "username=x\n",
            "x",
        ),
    ];
    for (arguments, more, username) in cases {
        let got = answered(&home, arguments, &format!("{more}{request}"));
        let expected = format!("username={username}\npassword=t\npassword_expiry_utc=");
        assert!(got.starts_with(&expected), "{arguments}: {got}");
        let end: i64 = got[expected.len()..].trim_end().parse().unwrap();
        let left = end - jiff::Timestamp::now().as_second();
        assert!((3500..=3600).contains(&left), "{left}");
    }
    let other_user = format!("username=alice\n{request}");
    assert_eq!(
        answered(
            &home,
            "for git --host git.example --username x p get",
            &other_user
        ),
        ""
    );
    for operation in ["store", "a-later-git-may-ask-more"] {
        let arguments = format!("for git --host git.example p {operation}");
        assert_eq!(answered(&home, &arguments, request), "");
    }
}

#[test]
fn a_token_that_git_rejects_is_fetched_again_unless_a_newer_one_is_cached() {
    let (provider, home) = scene("first", "");
    let get = "for git --host h p get";
    assert!(answered(&home, get, "protocol=https\nhost=h\n").contains("password=first\n"));
    provider.answer("/token", Answer::token("second", 3600));
    for (host, password) in [("h", "other"), ("evil", "first")] {
        tok(&home, "for git --host h p erase")
            .write_stdin(format!(
                "protocol=https\nhost={host}\nusername=oauth2\npassword={password}\n"
            ))
            .assert()
            .success()
            .stdout("");
        assert!(answered(&home, get, "protocol=https\nhost=h\n").contains("password=first\n"));
    }
    let refused = "protocol=https\nhost=h\nusername=oauth2\npassword=first\n";
    assert_eq!(answered(&home, "for git --host h p erase", refused), "");
    assert!(answered(&home, get, "protocol=https\nhost=h\n").contains("password=second\n"));
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn docker_gets_user_and_token_for_a_listed_registry() {
    let (provider, home) = scene("first", "");
    let helper = "for docker --host r.example --username u p";
    let got: Value =
        serde_json::from_str(&answered(&home, &format!("{helper} get"), "r.example\n")).unwrap();
    assert_eq!(
        got,
        json!({ "ServerURL": "r.example", "Username": "u", "Secret": "first" })
    );
    assert_eq!(answered(&home, &format!("{helper} list"), "unused"), "{}\n");
    fails(
        tok(&home, &format!("{helper} store"))
            .write_stdin("{}")
            .assert(),
        2,
        &["docker login", "hint: "],
    );
    provider.answer("/token", Answer::token("second", 3600));
    for (server, token) in [("evil.example", "first"), ("r.example", "second")] {
        assert_eq!(answered(&home, &format!("{helper} erase"), server), "");
        assert!(answered(&home, &format!("{helper} get"), "r.example").contains(token));
    }
}

#[test]
fn cargo_gets_the_whole_authorization_header() {
    let (_provider, home) = scene("t", "");
    for (bearer, expected) in [("", "t\n"), ("--bearer", "Bearer t\n")] {
        tok(&home, &format!("for cargo --host r.example {bearer} p"))
            .env(
                "CARGO_REGISTRY_INDEX_URL",
                "sparse+https://r.example/index/",
            )
            .assert()
            .success()
            .stdout(expected)
            .stderr("");
    }
    fails(
        tok(&home, "for cargo --host r.example p").assert(),
        2,
        &["CARGO_REGISTRY_INDEX_URL"],
    );
}

#[test]
fn an_unlisted_host_gets_nothing_and_nothing_is_fetched() {
    let (provider, home) = scene("t", "");
    for host in [
        "evil.example",
        "sub.good.example",
        "good.example.evil.example",
        "good.example:444",
        "good.example@evil.example",
        "good%2eexample",
        "good.example\\",
        "good.example\r",
    ] {
        let uri = json!({ "uri": format!("https://{host}/x") }).to_string();
        let refused = tok(&home, "for bazel --host good.example p get")
            .write_stdin(uri)
            .assert()
            .success();
        assert_eq!(stdout(&refused), "{\"headers\":{}}\n");
        assert!(stderr(&refused).contains("no answer for"), "{host}");

        let refused = tok(&home, "for git --host good.example p get")
            .write_stdin(format!("protocol=https\nhost={host}\n"))
            .assert()
            .success();
        assert_eq!(stdout(&refused), "");
        assert!(stderr(&refused).contains("no answer for"), "{host}");

        tok(&home, "for docker --host good.example p get")
            .write_stdin(format!("https://{host}/v1/"))
            .assert()
            .code(1)
            .stdout("credentials not found in native keychain\n");

        let refused = tok(&home, "for cargo --host good.example p")
            .env(
                "CARGO_REGISTRY_INDEX_URL",
                format!("sparse+https://{host}/"),
            )
            .assert();
        fails(refused, 3, &["may not have this token"]);
    }
    let clear = tok(&home, "for git --host good.example p get")
        .write_stdin("protocol=http\nhost=good.example\n")
        .assert()
        .success();
    assert_eq!(stdout(&clear), "");
    for consumer in ["bazel", "git", "docker", "cargo"] {
        tok(&home, &format!("for {consumer} p get"))
            .assert()
            .code(2)
            .stdout("");
        tok(&home, &format!("for {consumer} --host *.example p get"))
            .assert()
            .code(2)
            .stdout("");
    }
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn an_invalid_credential_request_is_reported() {
    let (provider, home) = scene("t", "");
    for (arguments, request) in [
        ("for bazel --host h p get", "uri=https://h/"),
        ("for bazel --host h p store", "{\"uri\":\"https://h/\"}"),
        (
            "for git --host h p get",
            "protocol=https\nhost=h\nhost=evil\n",
        ),
        ("for git --host h p get", ""),
        ("for docker --host h p frob", ""),
    ] {
        let refused = tok(&home, arguments).write_stdin(request).assert();
        fails(refused, 2, &["tok: "]);
    }
    let endless = "x".repeat(70_000);
    let refused = tok(&home, "for git --host h p get")
        .write_stdin(endless)
        .assert();
    fails(refused, 2, &["64 KiB"]);
    assert_eq!(provider.requests().len(), 0);
}
