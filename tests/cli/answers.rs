//! Answers that are right in substance and odd in form, and those that are not what the profile expects: what is printed, cached, noted and advised.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_provider::{Answer, Provider};

use crate::home::{Home, stderr};

/// A token endpoint's answer, the profile's keys, and what `tok token` has to do with it.
struct Case {
    name: &'static str,
    keys: &'static str,
    answer: Answer,
    code: i32,
    stdout: String,
    /// The texts that stderr must contain; if empty, stderr must be empty.
    says: Vec<&'static str>,
    /// How many requests two runs make: one if the token was cached.
    requests: usize,
}

fn case(name: &'static str, keys: &'static str, answer: Answer) -> Case {
    Case {
        name,
        keys,
        answer,
        code: 0,
        stdout: "t0ken.of-the-answer\n".to_owned(),
        says: Vec::new(),
        requests: 1,
    }
}

impl Case {
    fn notes(mut self, says: &[&'static str]) -> Self {
        self.says = says.to_vec();
        self
    }

    fn fails(mut self, code: i32, says: &[&'static str]) -> Self {
        self.code = code;
        self.stdout = String::new();
        self.requests = 2;
        self.notes(says)
    }

    fn uncached(mut self) -> Self {
        self.requests = 2;
        self
    }

    fn prints(mut self, token: &str) -> Self {
        self.stdout = format!("{token}\n");
        self
    }
}

const TOKEN: &str = r#"{"access_token":"t0ken.of-the-answer"}"#;

fn with(members: &str) -> String {
    format!(r#"{{"access_token":"t0ken.of-the-answer",{members}}}"#)
}

/// A JWT with this `exp`, and an answer with it.
fn jwt(exp: i64) -> (String, String) {
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{exp}}}"#));
    let token = format!("e30.{claims}.s1gnature");
    let body = format!(r#"{{"access_token":"{token}","expires_in":3600}}"#);
    (token, body)
}

fn check(cases: Vec<Case>) {
    for case in cases {
        let provider = Provider::start();
        provider.answer("/token", case.answer.clone());
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\n{}\n",
            provider.url("/token"),
            case.keys
        ));
        for _ in 0..2 {
            let run = home
                .tok("token p")
                .env("TOK_P_CLIENT_SECRET", "p4ssw0rd-of-the-client")
                .assert();
            let said = stderr(&run);
            let output = run.get_output();
            assert_eq!(
                output.status.code(),
                Some(case.code),
                "{}: {said}",
                case.name
            );
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                case.stdout,
                "{}",
                case.name
            );
            for words in &case.says {
                assert!(
                    said.contains(words),
                    "{}: no `{words}` in: {said}",
                    case.name
                );
            }
            assert_eq!(
                case.says.is_empty(),
                said.is_empty(),
                "{}: {said}",
                case.name
            );
            assert!(!said.contains("of-the-"), "{}: {said}", case.name);
            if case.requests == 1 {
                // A cached token has no more to say.
                break;
            }
        }
        home.tok("token p")
            .env("TOK_P_CLIENT_SECRET", "p4ssw0rd-of-the-client")
            .assert()
            .code(case.code);
        let expected = if case.requests == 1 { 1 } else { 3 };
        assert_eq!(provider.requests().len(), expected, "{}", case.name);
    }
}

#[test]
fn the_least_of_all_known_lifetimes_counts() {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .cast_signed();
    let (_, expired) = jwt(now - 600);
    let (good, fresh) = jwt(now + 600);
    // 2030-01-02T03:04:05Z, far from this machine's clock.
    let elsewhere = 1_893_553_445;
    let date = "Wed, 02 Jan 2030 03:04:05 GMT";
    let (good_there, there) = jwt(elsewhere + 600);
    let (_, expired_there) = jwt(elsewhere - 600);
    check(vec![
        case(
            "a JWT that expired ten minutes ago",
            "",
            Answer::json(200, &expired),
        )
        .fails(
            7,
            &[
                "the token had already expired when it arrived: its `exp` was 60",
                "hint: check this machine's clock",
            ],
        ),
        case("a JWT that is good", "", Answer::json(200, fresh)).prints(&good),
        case(
            "a JWT that is good by the provider's clock",
            "",
            Answer::json(200, there).header("Date", date),
        )
        .prints(&good_there),
        case(
            "a JWT that is over by the provider's clock",
            "",
            Answer::json(200, expired_there).header("Date", date),
        )
        .fails(7, &["600 s ago by the provider's clock"]),
        case(
            "an answer from an HTTP cache",
            "",
            Answer::json(200, with(r#""expires_in":3600"#)).header("Age", "4000"),
        )
        .fails(
            7,
            &["`/expires_in` was 400 s ago, as a cache in between had kept the answer for 4000 s"],
        ),
        case(
            "an answer from an HTTP cache in time",
            "",
            Answer::json(200, with(r#""expires_in":3600"#)).header("Age", "40"),
        ),
        case(
            "expires_in as a moment",
            "",
            Answer::json(200, with(r#""expires_in":1893553445"#)),
        )
        .notes(&["note: profile `p`: the lifetime at `/expires_in` is longer than 10 years"]),
        case(
            "expires_in 0",
            "",
            Answer::json(200, with(r#""expires_in":0"#)),
        )
        .notes(&[
            "is not a time in the future, so the token is not cached",
            "`default_ttl`",
        ])
        .uncached(),
        case(
            "expires_in -1",
            "default_ttl = '1h'",
            Answer::json(200, with(r#""expires_in":-1"#)),
        )
        .notes(&["so `default_ttl` (3600 s) counts"]),
        case(
            "expires_in empty",
            "default_ttl = '1h'",
            Answer::json(200, with(r#""expires_in":"""#)),
        )
        .notes(&["so `default_ttl` (3600 s) counts"]),
        case(
            "expires_in null",
            "default_ttl = '1h'",
            Answer::json(200, with(r#""expires_in":null"#)),
        ),
    ]);
}

#[test]
fn a_new_refresh_token_is_noted() {
    let rotated = with(r#""expires_in":60,"refresh_token":"r0tated-of-the-grant""#);
    let refresh = "grant_type = 'refresh_token'\nparams = { refresh_token = '${secret.refresh_token}' }\n\
        secrets = { refresh_token = { env = 'OLD' } }";
    let other = "grant_type = 'refresh_token'\nparams = { refresh_token = '${secret.other}' }\n\
        secrets = { other = { env = 'OLD' } }";
    for (keys, old, noted) in [
        (
            refresh,
            "0ld-of-the-grant",
            "cannot write to environment variable OLD",
        ),
        (refresh, "r0tated-of-the-grant", ""),
        (
            other,
            "0ld-of-the-grant",
            "name the secret that the request sends `refresh_token`",
        ),
        ("", "", "refresh token, which tok does not store"),
        ("response = { keep = ['/refresh_token'] }", "", ""),
    ] {
        let provider = Provider::start();
        provider.answer("/token", Answer::json(200, &rotated));
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\n{keys}\n",
            provider.url("/token")
        ));
        let run = home
            .tok("token p")
            .env("TOK_P_CLIENT_SECRET", "x")
            .env("OLD", old)
            .assert()
            .success();
        let said = stderr(&run);
        assert!(said.contains(noted), "{keys} {old}: {said}");
        assert_eq!(said.is_empty(), noted.is_empty(), "{keys} {old}: {said}");
        assert!(!said.contains("of-the-grant"), "{said}");
    }
}

#[test]
fn an_answer_is_read_in_its_charset_and_only_members_that_are_used_matter() {
    let latin1 =
        b"{\"access_token\":\"t0ken.of-the-answer\",\"name\":\"M\xfcller\",\"expires_in\":60}";
    let json = |bytes: &[u8], kind: &str| Answer::new(200).header("Content-Type", kind).body(bytes);
    let utf16: Vec<u8> = format!("\u{feff}{TOKEN}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    check(vec![
        case("Latin-1, declared", "", json(latin1, "application/json; charset=iso-8859-1")),
        case("Latin-1, not declared", "", json(latin1, "application/json")),
        case("UTF-16", "", json(&utf16, "application/json; charset=utf-16")),
        case("half a character", "", Answer::json(200, with(r#""name":"a\ud800b""#))),
        case("half a character in the token", "", Answer::json(200, r#"{"access_token":"t\ud800"}"#))
            .fails(7, &["contains a space, a control character or something else"]),
        case("JSON in a string", "response = { access_token = '/result/access_token' }", {
            Answer::json(200, r#"{"result":"{\"access_token\":\"t0ken.of-the-answer\"}"}"#)
        }),
        case("the token in quotes", "response = { access_token = '' }", {
            Answer::json(200, r#""t0ken.of-the-answer""#)
        }),
        case(
            "XML",
            "response = { format = 'xml', access_token = '/r/token/#text', expires_in = '/r/@ttl' }",
            Answer::text(200, r#"<?xml version="1.0"?><r ttl="60"><token type="x">t0ken.of-the-answer</token></r>"#),
        ),
        case(
            "a refusal in XML",
            "response = { format = 'xml', access_token = '/r/token' }",
            Answer::text(400, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"),
        )
        .fails(5, &["refused: AccessDenied: no (HTTP 400"]),
        case(
            "all cookies",
            "response = { access_token = 'cookies:', token_chars = 'visible' }",
            Answer::new(200).header("Set-Cookie", "SID=t0ken.of-the-answer; Path=/"),
        )
        .prints("SID=t0ken.of-the-answer"),
    ]);
}

#[test]
fn a_hint_names_what_the_answer_is_and_never_leads_to_something_else_as_the_token() {
    let form = "access_token=t0ken.of-the-answer&token_type=bearer";
    let text = "response = { format = 'text', token_chars = 'visible' }";
    check(vec![
        case("a form", "", Answer::text(200, form)).fails(7, &["format = \"form\""]),
        case("a form as text", text, Answer::text(200, form))
            .fails(7, &["looks like a form", "format = \"form\""]),
        case("JSON as text", text, Answer::json(200, TOKEN))
            .fails(7, &["looks like JSON", "leave out `format"]),
        case(
            "a page as text",
            text,
            Answer::text(200, "<html>t0ken.of-the-answer"),
        )
        .fails(7, &["is a web page", "`token_url`"]),
        case(
            "JSON that is cut off",
            "",
            Answer::json(200, r#"{"access_token":"t0ken.of-the-answer"#),
        )
        .fails(7, &["cut off or damaged"]),
        case(
            "a page",
            "",
            Answer::text(200, "<!doctype html><title>Sign in</title>"),
        )
        .fails(7, &["a web page"]),
        case(
            "XML",
            "",
            Answer::text(200, "<r><token>t0ken.of-the-answer</token></r>"),
        )
        .fails(7, &["format = \"xml\""]),
        case("a bare token", "", Answer::text(200, "t0ken.of-the-answer"))
            .fails(7, &["format = \"text\""]),
        case(
            "a token in quotes",
            "",
            Answer::json(200, r#""t0ken.of-the-answer""#),
        )
        .fails(7, &["access_token = \"\""]),
        case(
            "a token elsewhere",
            "",
            Answer::json(200, r#"{"data":{"token":"t0ken.of-the-answer"}}"#),
        )
        .fails(7, &["set `response = { access_token = \"/data/token\" }`"]),
        case(
            "a token in a header",
            "",
            Answer::new(204).header("X-Auth-Token", "t0ken.of-the-answer"),
        )
        .fails(7, &["access_token = \"header:x-auth-token\""]),
    ]);
}

#[test]
fn a_refusal_shows_no_token_and_says_what_made_it_one() {
    let code = "response = { success = { '/code' = 0 } }";
    check(vec![
        case(
            "cut JSON with an error status",
            "",
            Answer::json(401, r#"{"access_token":"t0ken.of-the-answer"#),
        )
        .fails(5, &["(no reason given)"]),
        case(
            "a trailing comma",
            "",
            Answer::json(403, r#"{"access_token":"t0ken.of-the-answer",}"#),
        )
        .fails(5, &["(no reason given)"]),
        case(
            "a form",
            "",
            Answer::text(400, "access_token=t0ken.of-the-answer&x=y"),
        )
        .fails(5, &["(no reason given)"]),
        case(
            "a bare string",
            "",
            Answer::json(401, r#""t0ken.of-the-answer-0123456789""#),
        )
        .fails(5, &["(no reason given)"]),
        case(
            "an error in a form",
            "",
            Answer::text(400, "error=bad_code&error_description=It+is+bad"),
        )
        .fails(5, &["bad_code: It is bad"]),
        case(
            "success not met",
            code,
            Answer::json(200, with(r#""code":12,"msg":"bad sign""#)),
        )
        .fails(5, &["12: bad sign (HTTP 200 OK; `/code` is `12`, not `0`)"]),
        case("success missing", code, Answer::json(200, TOKEN))
            .fails(5, &["there is no `/code`, which must be `0`"]),
        case(
            "success that is a secret",
            code,
            Answer::json(200, r#"{"code":"p4ssw0rd-of-the-client"}"#),
        )
        .fails(5, &["`/code` is `***`, not `0`"]),
        case("an empty 403", "", Answer::new(403)).fails(5, &["hint: check id and secret"]),
        case(
            "escapes in the words",
            "",
            Answer::json(400, r#"{"error":"a\u001b[2J\u202eb"}"#),
        )
        .fails(5, &["refused: a[2Jb"]),
    ]);
}

#[test]
fn a_wrong_clock_is_named_where_a_signature_is_refused() {
    let provider = Provider::start();
    let refusal = Answer::json(401, r#"{"error":"invalid_client"}"#);
    provider.answer(
        "/token",
        refusal.header("Date", "Wed, 02 Jan 2030 03:04:05 GMT"),
    );
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'id'\nauth_method = 'client_secret_jwt'\n",
        provider.url("/token")
    ));
    let run = home
        .tok("token p")
        .env(
            "TOK_P_CLIENT_SECRET",
            "p4ssw0rd-of-the-client-is-long-enough",
        )
        .assert()
        .code(5);
    let said = stderr(&run);
    assert!(said.contains("hint: this machine's clock is "), "{said}");
    assert!(
        said.contains("the provider's, and what was sent contains the time"),
        "{said}"
    );
}

#[test]
fn a_long_answer_of_a_step_does_not_outlast_the_deadline() {
    let provider = Provider::start();
    let words: String = (0..120_000).map(|number| format!("w{number:x} ")).collect();
    provider.answer("/words", Answer::json(200, format!(r#"{{"w":"{words}"}}"#)));
    provider.answer("/token", Answer::json(401, r#"{"error":"no w77 here"}"#));
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{0}/token'\nclient_id = 'id'\nauth_method = 'none'\ntimeout = '60s'\n\
         values = {{ a = '${{step.s.all}} ${{sha256(step.s.all)}}', b = '${{value.a}} ${{sha256(value.a)}}' }}\n\
         headers = {{ x = '${{sha256(value.b)}}' }}\n\
         [[profiles.p.steps]]\nname = 's'\nmethod = 'GET'\nurl = '{0}/words'\nresponse = {{ keep = {{ all = '/w' }} }}\n",
        provider.url("")
    ));
    let began = std::time::Instant::now();
    let run = home.tok("token p").assert();
    let said = stderr(&run);
    assert!(
        began.elapsed() < std::time::Duration::from_secs(60),
        "{said}"
    );
    assert_eq!(run.get_output().status.code(), Some(5), "{said}");
}

#[test]
fn escape_sequences_in_a_config_do_not_reach_the_terminal() {
    let home = Home::with("[profiles.p]\nprovider = \"a\\u001b[2J\"\n");
    for arguments in ["token p", "show p", "doctor p"] {
        let run = home.tok(arguments).assert();
        let output = run.get_output();
        for stream in [&output.stdout, &output.stderr] {
            assert!(!stream.contains(&0x1b), "{arguments}: {}", stderr(&run));
        }
    }
}
