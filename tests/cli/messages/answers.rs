//! Refusals, answers that hold no token, steps, and tokens that cannot be used for what was asked.

use local_provider::Answer;

use super::case::{Case, GOOD};

pub fn cases() -> Vec<Case> {
    let json = |body: &str| Case::answered(Answer::json(200, body));
    let refused = |code: &str| Case::answered(Answer::refusal(400, code, ""));
    let mut cases = vec![
        Case::answered(Answer::refusal(401, "invalid_client", "no such client")),
        Case::keys("auth_method = 'client_secret_post'")
            .answering("/t", Answer::refusal(401, "invalid_client", "no such client")),
        Case::answered(Answer::refusal(401, "invalid_client", ""))
            .with("TOK_P_CLIENT_SECRET", "s3cret+/="),
        Case::keys("auth_method = 'none'").answering("/t", Answer::new(401)),
        Case::keys("auth_method = 'none'\nsecrets = { api_key = { env = 'K' } }\nheaders = { x-key = '${secret.api_key}' }")
            .with("K", "s3cret")
            .answering("/t", Answer::new(401)),
        refused("invalid_scope"),
        Case::keys("scope = 'read write'").answering("/t", Answer::refusal(400, "invalid_scope", "")),
        refused("invalid_request"),
        refused("invalid_grant"),
        Case::keys("grant_type = 'refresh_token'")
            .with("TOK_P_REFRESH_TOKEN", "r0-of-the-login")
            .answering("/t", Answer::refusal(400, "invalid_grant", "")),
        refused("unauthorized_client"),
        refused("unsupported_grant_type"),
        refused("invalid_target"),
        refused("temporarily_unavailable"),
        Case::answered(Answer::refusal(403, "access_denied", "not for you")),
        Case::answered(Answer::new(403)),
        Case::answered(Answer::new(404)),
        Case::answered(Answer::text(404, "<html><title>Nothing here</title></html>")),
        Case::answered(Answer::new(415)),
        Case::answered(Answer::redirect(302, "https://elsewhere.example.com/")),
        Case::answered(Answer::new(304)),
        Case::answered(Answer::new(429).header("Retry-After", "3600")),
        Case::answered(Answer::new(429).header("Retry-After", "3600"))
            .when("the same answer came a moment ago", |scene| {
                let tok = scene.home.tok("token p").env("TOK_P_CLIENT_SECRET", "s").assert();
                tok.code(6);
            }),
        Case::answered(Answer::new(503)),
        Case::answered(Answer::new(999)),
    ];
    cases.extend([
        Case::answered(Answer::text(200, "")),
        Case::answered(Answer::text(200, "<html>login</html>")),
        Case::answered(Answer::new(200).body(b"\xff\xfe".to_vec())),
        json("{}"),
        json(r#"{"data":{"access_token":"t"}}"#),
        json(r#"["t"]"#),
        json(r#"{"access_token":[]}"#),
        json(r#"{"access_token":null}"#),
        json(r#"{"access_token":""}"#),
        json(r#"{"access_token":"a b"}"#),
        json(r#"{"access_token":"a^b"}"#),
        json(r#"{"access_token":"==="}"#),
        json(r#"{"access_token":"t","access_token":"u"}"#),
        json(r#"{"access_token":"t","token_type":7}"#),
        json(r#"{"access_token":"t","expires_in":"soon"}"#),
        json(r#"{"access_token":"t","expires_in":{}}"#),
        json(r#"{"error":"slow_down"}"#),
        json(r#"{"error":{"code":"E1","message":"not today"}}"#),
    ]);
    let answer = |keys: &str, body: &str| Case::keys(keys).answering("/t", Answer::json(200, body));
    cases.extend([
        answer("response = { access_token = 'header:x-token' }", "{}"),
        answer("response = { access_token = 'cookie:session' }", "{}"),
        answer("response = { access_token = ['/a', '/b'] }", "{}"),
        answer("response = { root = '/data' }", r#"{"data":"t"}"#),
        answer(
            "response = { expires_at = '/e' }",
            r#"{"access_token":"t","e":"tomorrow"}"#,
        ),
        answer(
            "response = { expires_at = '/e' }",
            r#"{"access_token":"t","e":"2030-01-02T03:04:05"}"#,
        ),
        answer(
            "response = { expires_at = '/e', expires_at_unit = 's' }",
            r#"{"access_token":"t","e":true}"#,
        ),
        answer(
            "response = { expires_in_unit = 'hms' }",
            r#"{"access_token":"t","expires_in":"soon"}"#,
        ),
        answer(
            "response = { expires_at = '/e' }",
            r#"{"access_token":"t","e":[]}"#,
        ),
        answer(
            "response = { expires_at = '/e', expires_at_unit = '%Y-%m-%d', expires_at_zone = 'UTC' }",
            r#"{"access_token":"t","e":"tomorrow"}"#,
        ),
        answer(
            "response = { token_chars = 'visible' }",
            r#"{"access_token":"a b"}"#,
        ),
        Case::keys("response = { format = 'text' }").answering("/t", Answer::text(200, "a\nb")),
    ]);
    cases.extend(steps());
    cases.extend([
        json(r#"{"access_token":"t","token_type":"DPoP"}"#).run("header p"),
        Case::answered(Answer::token("opaque", 3600)).run("inspect p"),
        Case::answered(Answer::token("e30.a.b.c.d", 3600)).run("inspect p"),
        Case::answered(Answer::token("e30.e30.s", 3600)).run("inspect p"),
        Case::answered(Answer::token("t", 60)).run("token p --min-ttl 1h"),
        Case::keys("header = 'no colon'").run("header p"),
        Case::keys("header = 'a b: x'").run("header p"),
        Case::keys("header = 'X:'").run("header p"),
        Case::keys("header = \"X: a\\nb\"").run("header p"),
        Case::keys("header = 'X: ${kept.a}'\nresponse = { keep = ['/a'] }").run("header p"),
        answer(
            "header = 'X: ${kept.a}'\nresponse = { keep = ['/a'] }",
            r#"{"access_token":"t","a":""}"#,
        )
        .run("header p"),
        answer(
            "header = 'X: ${kept.a}'\nresponse = { keep = ['/a'] }",
            r#"{"access_token":"t","a":"x\ny"}"#,
        )
        .run("header p"),
        Case::able("exec p -- no-such-command"),
        Case::able("exec p -- ./config"),
    ]);
    cases
}

/// Requests before the token request.
fn steps() -> Vec<Case> {
    let step = |more: &str, answer: Answer| {
        Case::keys(&format!(
            "params = {{ a = '${{step.s.a}}' }}\n[[profiles.p.steps]]\nname = 's'\nurl = 'http://PROVIDER/s'\n{more}"
        ))
        .answering("/s", answer)
    };
    let secret = "params = { k = '${client_secret}' }";
    vec![
        Case::keys("response = { access_token = 'step:s/t' }\n[[profiles.p.steps]]\nname = 's'\nurl = 'http://PROVIDER/s'")
            .answering("/s", Answer::json(200, "{}"))
            .answering("/t", Answer::json(200, "{}")),
        step("", Answer::json(200, "{}")),
        step("", Answer::json(200, r#"{"a":[]}"#)),
        step("", Answer::text(200, "<html>login</html>")),
        step("", Answer::refusal(401, "invalid_client", "no")),
        step("", Answer::new(503)),
        step("", Answer::json(200, r#"{"a":1,"a":2}"#)),
        Case::able("token p").configured(&format!(
            "{GOOD}[[profiles.p.steps]]\nname = 's'\nurl = 'https://${{var.host}}/s'\n{secret}\n[profiles.p.vars]\nhost = 'elsewhere.example.com'\n"
        )),
        Case::keys("headers = { x-a = '${step.s.a}' }\n[[profiles.p.steps]]\nname = 's'\nurl = 'http://PROVIDER/s'")
            .answering("/s", Answer::json(200, r#"{"a":"x\ny"}"#)),
    ]
}
