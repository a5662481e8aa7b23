//! `${profile.NAME}`: the token of another profile, with its own cache and lock.

use std::time::{Duration, Instant};

use local_provider::{Answer, Gate, Provider};

use crate::home::{Home, fails, stderr};

fn home(provider: &Provider, keys: &str) -> Home {
    let config = format!(
        "[profiles.a]\ntoken_url = 'URL/a'\nclient_id = 'a'\nparams = {{ subject_token = '${{profile.b}}' }}\n{keys}\n\
         [profiles.b]\ntoken_url = 'URL/b'\nclient_id = 'b'\n"
    );
    Home::with(&config.replace("URL", &provider.url("")))
}

fn run(home: &Home, arguments: &str) -> assert_cmd::assert::Assert {
    home.tok(arguments)
        .env("TOK_A_CLIENT_SECRET", "s3cr3t-a")
        .env("TOK_B_CLIENT_SECRET", "s3cr3t-b")
        .assert()
}

fn provider() -> Provider {
    let provider = Provider::start();
    provider.answer("/a", Answer::token("token-of-a", 3600));
    provider.answer("/b", Answer::token("inner+token/of~b", 3600));
    provider
}

#[test]
fn each_profile_of_a_chain_keeps_its_own_token() {
    let provider = provider();
    let home = home(&provider, "");
    run(&home, "token a").success().stdout("token-of-a\n");
    let sent = provider.requests().pop().unwrap().form();
    assert!(sent.contains(&("subject_token".to_owned(), "inner+token/of~b".to_owned())));
    run(&home, "token a").success();
    run(&home, "token b").success().stdout("inner+token/of~b\n");
    run(&home, "token a --refresh").success();
    let counts = ["/a", "/b"].map(|path| provider.request_count(path));
    assert_eq!(counts, [2, 1]);
}

#[test]
fn the_cache_key_has_the_inputs_of_the_other_profile() {
    let provider = provider();
    let home = home(&provider, "");
    run(&home, "token a").success();
    let config = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&format!("{config}scope = 'more'\n"));
    run(&home, "token a").success();
    let counts = ["/a", "/b"].map(|path| provider.request_count(path));
    assert_eq!(counts, [2, 2]);
}

#[test]
fn many_processes_ask_for_each_token_once() {
    let provider = provider();
    let home = home(&provider, "");
    let children: Vec<_> = (0..8)
        .map(|n| {
            home.process(if n % 2 == 0 { "token a" } else { "token b" })
                .env("TOK_A_CLIENT_SECRET", "s")
                .env("TOK_B_CLIENT_SECRET", "s")
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let counts = ["/a", "/b"].map(|path| provider.request_count(path));
    assert_eq!(counts, [1, 1]);
}

#[test]
fn profiles_that_need_one_another_are_refused_before_anything_is_sent() {
    const LOGIN: &str = "token_url = 'https://a.example/t'\nclient_id = 'i'";
    for (a, b, words) in [
        (
            "params = { x = '${profile.b}' }",
            "params = { x = '${profile.a}' }",
            "a → b → a",
        ),
        ("params = { x = '${profile.a}' }", "", "a → a"),
        (
            "params = { x = '${profile.nope}' }",
            "",
            "no profile `nope`",
        ),
        ("header = 'X: ${profile.b}'", "", "only while fetching"),
        (
            "vars = { v = '${profile.b}' }\naudience = '${var.v}'",
            "",
            "may contain only",
        ),
    ] {
        let home = Home::with(&format!(
            "[profiles.a]\n{LOGIN}\n{a}\n[profiles.b]\n{LOGIN}\n{b}\n"
        ));
        fails(run(&home, "token a"), 3, &["profile `", words]);
    }
}

#[test]
fn the_token_of_another_profile_is_a_secret() {
    let provider = provider();
    let echo = Answer::refusal(400, "invalid_request", "bad subject inner+token/of~b here");
    provider.answer("/a", echo);
    let refused = run(&home(&provider, ""), "token a -v").code(5);
    let said = stderr(&refused);
    assert!(
        said.contains("bad subject") && !said.contains("inner+token"),
        "{said}"
    );
    assert!(said.contains("profile.b>"), "{said}");
    let other = Provider::start();
    let step = format!(
        "vars = {{ other = '{}' }}\n[[profiles.a.steps]]\nname = 's'\nurl = '${{var.other}}/s'\nheaders = {{ x = '${{profile.b}}' }}",
        other.url("")
    );
    fails(
        run(&home(&provider, &step), "token a"),
        3,
        &["would receive secrets"],
    );
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn a_chain_shares_the_deadline_of_the_outermost_profile() {
    let provider = provider();
    let gate = Gate::new();
    provider.answer("/b", Answer::token("late", 3600).held_by(&gate));
    let home = home(&provider, "timeout = '600ms'");
    let began = Instant::now();
    fails(
        run(&home, "token a"),
        6,
        &["profile `a`: profile `b`", "0.6"],
    );
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(provider.request_count("/a"), 0);
    gate.open();
}

#[test]
fn a_failure_of_the_other_profile_names_both() {
    let provider = provider();
    provider.answer("/b", Answer::refusal(401, "invalid_client", "who?"));
    let home = home(&provider, "");
    fails(
        run(&home, "token a"),
        5,
        &["profile `a`: profile `b`", "invalid_client"],
    );
    let missing = home.tok("token a").env("TOK_A_CLIENT_SECRET", "s").assert();
    fails(missing, 4, &["TOK_B_CLIENT_SECRET"]);
}
