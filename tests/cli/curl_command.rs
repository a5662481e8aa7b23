//! `tok curl`, with a real curl: the token reaches the hosts that may have it, and nothing else sees it.
//!
//! Without a curl on the machine there is nothing to run; `.ci/run` makes sure that there is one.

use std::process::Stdio;

use local_provider::{Answer, Gate, Provider};

use crate::home::{Home, fails, stdout};

const TOKEN: &str = "t0k-QZQZQZ";

/// A provider that is the API too, another host, and a home with profile `p`. `None` without curl.
fn scene(keys: &str) -> Option<(Provider, Provider, Home)> {
    std::process::Command::new("curl")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .ok()?;
    let (provider, other) = (Provider::start(), Provider::start());
    provider.answer("/token", Answer::token(TOKEN, 3600));
    for host in [&provider, &other] {
        host.answer("/api", Answer::text(200, "fine"));
    }
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\n{keys}\n",
        provider.url("/token")
    ));
    Some((provider, other, home))
}

fn tok(home: &Home, arguments: &str) -> assert_cmd::Command {
    let mut tok = home.tok(arguments);
    tok.env("TOK_P_CLIENT_SECRET", "s3cret-QZ");
    tok
}

/// The `Authorization` of each request for `path`, in order.
fn sent(host: &Provider, path: &str) -> Vec<Option<String>> {
    host.requests()
        .iter()
        .filter(|request| request.path == path)
        .map(|request| request.header("authorization").map(str::to_owned))
        .collect()
}

fn bearer() -> Option<String> {
    Some(format!("Bearer {TOKEN}"))
}

#[test]
fn curl_sends_the_token_and_its_output_and_exit_code_are_its_own() {
    let Some((provider, _, home)) = scene("") else {
        return;
    };
    provider.answer("/echo", Answer::text(200, "ok"));
    provider.answer("/gone", Answer::text(404, "no"));
    let url = provider.url("/api");
    for (arguments, code, expected) in [
        (format!("curl p -s {url}"), 0, "fine"),
        (format!("curl p -- -s {url}"), 0, "fine"),
        (
            format!("-q curl p -q -s -w %{{http_code}} {url}"),
            0,
            "fine200",
        ),
        (format!("curl p -sf {}", provider.url("/gone")), 22, ""),
        (format!("curl p --no-such-option {url}"), 2, ""),
    ] {
        tok(&home, &arguments).assert().code(code).stdout(expected);
    }
    assert_eq!(sent(&provider, "/api"), vec![bearer(); 3]);
    assert_eq!(sent(&provider, "/gone"), [bearer()]);
    let url = provider.url("/echo");
    tok(&home, &format!("curl p -s -d @- {url}"))
        .write_stdin("from stdin")
        .assert()
        .success();
    let requests = provider.requests();
    assert_eq!(requests.last().unwrap().text(), "from stdin");
    assert_eq!(
        requests.last().unwrap().header("authorization"),
        bearer().as_deref()
    );
    assert_eq!(provider.request_count("/token"), 1);
}

#[test]
fn without_a_token_nothing_is_sent() {
    let Some((provider, _, home)) = scene("") else {
        return;
    };
    provider.answer("/token", Answer::refusal(401, "invalid_client", "no"));
    let url = provider.url("/api");
    fails(
        tok(&home, &format!("curl p -s {url}")).assert(),
        5,
        &["invalid_client"],
    );
    for (arguments, words) in [
        ("curl p", "contain no URL"),
        ("curl p -s", "contain no URL"),
        ("curl p http://a.example/", "unencrypted"),
        (
            "curl p https://a.example/ https://b.example/",
            "may not have the token",
        ),
        ("curl p https://{a,b}.example/", "is ambiguous"),
        ("curl p -K file https://a.example/", "reads further options"),
        ("curl --host b.example p https://a.example/", "--host names"),
    ] {
        fails(tok(&home, arguments).assert(), 2, &[words, "hint: "]);
    }
    assert_eq!(provider.request_count("/api"), 0);
}

#[test]
fn no_other_host_gets_the_token() {
    let Some((provider, other, home)) = scene("") else {
        return;
    };
    let (here, there) = (provider.url("/api"), other.url("/api"));
    tok(&home, &format!("curl p -s {here} --next -s {there}"))
        .assert()
        .success()
        .stdout("finefine");
    assert_eq!(sent(&provider, "/api"), [bearer()]);
    assert_eq!(sent(&other, "/api"), [None]);
    let named = format!("--host {} --host {}", provider.address(), other.address());
    tok(
        &home,
        &format!("curl {named} p -s {here} --next -s {there}"),
    )
    .assert()
    .success()
    .stdout("finefine");
    assert_eq!(sent(&other, "/api"), [None, bearer()]);
}

#[test]
fn token_does_not_follow_a_redirect_to_another_host() {
    let Some((provider, other, home)) = scene("") else {
        return;
    };
    provider.answer("/away", Answer::redirect(302, &other.url("/api")));
    provider.answer("/moved", Answer::redirect(302, &provider.url("/api")));
    let run = |path: &str| {
        tok(&home, &format!("curl p -sL {}", provider.url(path)))
            .assert()
            .success()
            .stdout("fine");
    };
    run("/away");
    assert_eq!(sent(&other, "/api"), [None]);
    run("/moved");
    assert_eq!(sent(&provider, "/api"), [bearer()]);
}

/// curl keeps only `Authorization` and `Cookie` to itself, so tok does not let it follow redirects with others.
#[test]
fn other_header_fields_are_not_sent_after_redirects() {
    let Some((provider, _, home)) = scene("header = 'X-Token: ${access_token}'") else {
        return;
    };
    let url = provider.url("/api");
    fails(
        tok(&home, &format!("curl p -sL {url}")).assert(),
        2,
        &["X-Token", "leave out -L"],
    );
    assert_eq!(provider.request_count("/api"), 0);
    tok(&home, &format!("curl p -s {url}")).assert().success();
    let requests = provider.requests();
    assert_eq!(requests.last().unwrap().header("x-token"), Some(TOKEN));
}

#[test]
fn leading_q_still_keeps_curl_from_its_own_config() {
    let Some((provider, _, home)) = scene("") else {
        return;
    };
    std::fs::write(home.path().join(".curlrc"), "header = \"X-Rc: 1\"\n").unwrap();
    let url = provider.url("/api");
    for (first, expected) in [("-s", Some("1")), ("-q", None)] {
        let ran = tok(&home, &format!("curl p {first} -s {url}")).assert();
        assert_eq!(stdout(&ran.success()), "fine");
        let requests = provider.requests();
        let last = requests.last().unwrap();
        assert_eq!(last.header("x-rc"), expected);
        assert_eq!(last.header("authorization"), bearer().as_deref());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn token_is_in_no_argument_list_environment_or_file() {
    let Some((provider, _, home)) = scene("") else {
        return;
    };
    let gate = Gate::new();
    provider.answer("/slow", Answer::text(200, "fine").held_by(&gate));
    let child = home
        .process(&format!("curl p -s {}", provider.url("/slow")))
        .env("TOK_P_CLIENT_SECRET", "s3cret-QZ")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    gate.wait_for(1);
    for (name, expected) in [("cmdline", "/dev/fd/"), ("environ", "HOME=")] {
        let bytes = std::fs::read(format!("/proc/{}/{name}", child.id())).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("QZ"), "{text}");
    }
    let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap();
    for file in open {
        let target = std::fs::read_link(file.unwrap().path()).unwrap();
        // The cache and the config were closed; only pipes, sockets and what the test gave are left.
        assert!(!target.starts_with(home.path()), "{target:?}");
    }
    gate.open();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"fine");
    assert_eq!(sent(&provider, "/slow"), [bearer()]);
}
