//! What a request is made of: values in URLs, raw and multipart bodies, variables, and the hosts that a step may be sent to.

use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stdout};

const SECRET: &str = "ab#cd&e f/g";

/// A provider that answers with a token, and a home with profile `p`, in whose keys `URL` is the provider.
fn scene(keys: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/*", Answer::token("t", 3600));
    let url = provider.url("");
    let token_url = match keys.contains("token_url") {
        true => String::new(),
        false => format!("token_url = '{url}/token'\n"),
    };
    let keys = keys.replace("URL", url.trim_end_matches('/'));
    let home = Home::with(&format!(
        "[profiles.p]\nclient_id = 'id'\n{token_url}{keys}\n"
    ));
    (provider, home)
}

fn ask(home: &Home, arguments: &str) -> assert_cmd::assert::Assert {
    home.tok(arguments)
        .env("TOK_P_CLIENT_SECRET", SECRET)
        .assert()
}

#[test]
fn a_value_in_a_url_is_encoded_for_its_position() {
    let cases = [
        (
            "token_url = 'URL/t?secret=${client_secret}'",
            "/t?secret=ab%23cd%26e%20f%2Fg",
        ),
        (
            "token_url = 'URL/${var.p}/t'\nvars = { p = 'a b?c' }",
            "/a%20b%3Fc/t",
        ),
        (
            "token_url = 'URL/${raw(var.p)}/t'\nvars = { p = 'a/b?c=' }",
            "/a/b?c=/t",
        ),
        (
            "token_url = 'URL/${urlencode(client_secret)}'",
            "/ab%23cd%26e%20f%2Fg",
        ),
        (
            "token_url = '${var.base}/t/${var.p}'\nvars = { base = 'URL/x', p = 'é' }",
            "/x/t/%C3%A9",
        ),
    ];
    for (keys, target) in cases {
        let (provider, home) = scene(&format!("auth_method = 'none'\n{keys}"));
        ask(&home, "token p").success();
        assert_eq!(provider.only_request().target, target, "{keys}");
    }
}

#[test]
fn a_steps_answer_in_a_url_is_encoded_and_cannot_end_the_host() {
    let keys = "auth_method = 'none'\ntoken_url = 'URL/t?c=${step.s.code}'\norigins = ['URL']\n[[profiles.p.steps]]\nname = 's'\nurl = 'URL/s'";
    let (provider, home) = scene(keys);
    provider.answer("/s", Answer::json(200, r#"{"code":"a&b=c#d"}"#));
    ask(&home, "token p").success();
    assert_eq!(provider.requests()[1].target, "/t?c=a%26b%3Dc%23d");

    let keys = keys.replace(
        "URL/t?c=${step.s.code}",
        "https://${step.s.code}.example.com/",
    );
    let (provider, home) = scene(&keys);
    provider.answer("/s", Answer::json(200, r#"{"code":"evil.example/"}"#));
    let asked = ask(&home, "token p");
    fails(asked, 3, &["`${step.s.code}`", "host"]);
}

#[test]
fn variables_that_double_and_double_end_in_an_error_and_not_in_an_abort() {
    let doublings = |table: &str| {
        let mut keys = String::new();
        for index in 0..40 {
            let next = index + 1;
            keys += &format!("{table}.v{index} = '${{KIND.v{next}}}${{KIND.v{next}}}'\n");
        }
        keys + &format!("{table}.v40 = 'x'\n")
    };
    let vars = doublings("vars").replace("KIND", "var") + "params = { p = '${var.v0}' }";
    let (provider, home) = scene(&vars);
    fails(ask(&home, "token p"), 3, &["vars.", "longer than 64 KiB"]);
    assert_eq!(provider.requests().len(), 0);
    let values = doublings("values").replace("KIND", "value") + "params = { p = '${value.v0}' }";
    let (_provider, home) = scene(&values);
    fails(ask(&home, "token p"), 3, &["longer than 1 MiB"]);
}

#[test]
fn a_variable_that_only_the_header_uses_does_not_fetch_again() {
    let keys = "header = 'X-${var.kind}: ${access_token}'\nvars = { kind = 'a', tenant = 'x' }\nparams = { t = '${var.tenant}' }";
    let (provider, home) = scene(keys);
    assert_eq!(stdout(&ask(&home, "header p").success()), "X-a: t\n");
    let other = ask(&home, "header p --var kind=b").success();
    assert_eq!(stdout(&other), "X-b: t\n");
    assert_eq!(provider.requests().len(), 1);
    ask(&home, "header p --var tenant=y").success();
    assert_eq!(provider.requests().len(), 2);
}
