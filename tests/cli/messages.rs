//! Every message a user can meet, in one table: `messages.txt`, made by the real binary, to be read by eye.
//!
//! A change of words shows up as a difference here. `TOK_REWRITE_MESSAGES=1 cargo test --test cli messages` writes the table anew; then read it,
//! for nobody wants to meet a message for the first time at 3 in the morning.

use std::fmt::Write as _;

use local_provider::{Answer, Provider};

use crate::home::{Home, stderr, stdout};

/// What a case's `token_url` is written as, and what the provider's address is shown as.
const URL: &str = "http://PROVIDER/t";

/// A profile that lacks nothing.
const GOOD: &str = "[profiles.p]\ntoken_url = 'http://PROVIDER/t'\nclient_id = 'i'\n";

/// One way to go wrong.
struct Case {
    /// What is tried.
    arguments: &'static str,
    /// The config.
    config: String,
    /// Variables besides those of the home.
    environment: Vec<(&'static str, &'static str)>,
    /// What the provider answers.
    answer: Option<Answer>,
}

impl Case {
    /// `arguments` with a good profile and no secret.
    fn tok(arguments: &'static str) -> Self {
        Self {
            arguments,
            config: GOOD.to_owned(),
            environment: Vec::new(),
            answer: None,
        }
    }

    /// `tok token p` with `config`.
    fn config(config: &str) -> Self {
        Self {
            config: config.to_owned(),
            ..Self::tok("token p")
        }
    }

    /// `tok token p` with `keys` added to a good profile, and a secret.
    fn keys(keys: &str) -> Self {
        Self {
            config: format!("{GOOD}{keys}\n"),
            ..Self::answered(Answer::token("t", 3600))
        }
    }

    /// `tok token p` with a good profile, a secret, and this answer.
    fn answered(answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            ..Self::tok("token p").with("TOK_P_CLIENT_SECRET", "s3cret")
        }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    fn run(mut self, arguments: &'static str) -> Self {
        self.arguments = arguments;
        self
    }

    fn answering(mut self, answer: Answer) -> Self {
        self.answer = Some(answer);
        self
    }

    /// The command, its exit code and what it said, with everything that differs from run to run replaced.
    fn transcript(&self) -> String {
        let provider = Provider::start();
        provider.answer(
            "/t",
            self.answer.clone().unwrap_or_else(|| Answer::new(500)),
        );
        let address = provider.address().to_string();
        let home = Home::with(&self.config.replace(URL, &provider.url("/t")));
        let mut tok = home.tok(self.arguments);
        tok.envs(self.environment.iter().copied());
        let ran = tok.assert();
        assert_eq!(stdout(&ran), "", "{}", self.arguments);
        let said = stderr(&ran);
        let code = ran.get_output().status.code().unwrap();
        let home = home.path().display().to_string();
        let said = said.replace(&home, "~").replace(&address, "PROVIDER");
        format!("$ tok {}\n{said}[{code}]\n", self.arguments)
    }
}

fn command_lines() -> Vec<Case> {
    [
        "tokn p",
        "token",
        "token p q",
        "token --refersh p",
        "token --refresh --cached p",
        "token --min-ttl soon p",
        "token --param x p",
        "token --scope",
        "token --color pink p",
        "exec p",
        "exec --token-var 1x p -- true",
        "exec p p -- true",
        "doctor --fetch",
        "completions tcsh",
        "man tokne",
        "providers spotfy",
        "providers zzz",
        "secret set p client_secret hunter2",
        "for",
        "for curl",
        "token --cached p",
        "token q",
        "token pp",
        "token ../p",
        "token --config nowhere.toml p",
        "token --config . p",
        "token --timeout 0 p",
        "secret check p api_key",
        "secret check p client_secrt",
    ]
    .map(Case::tok)
    .into()
}

fn configs() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "",
        "[profiles.p\n",
        "[profile.p]\n",
        "[profiles.p]\ntoken_ur = 'x'\n",
        "[profiles.p]\nzzz = 'x'\n",
        "[profiles.p]\nclient_id = 7\n",
        "[profiles.p]\nencoding = 'xml'\n",
        "[profiles.p]\nauth_method = 'client_secret_jwt'\n",
        "[profiles.p]\ntimeout = 'soon'\n",
        "[profiles.p]\nparams = { d = 2020-01-01 }\n",
        "[profiles.p]\nprovider = 'spotfy'\n",
        "[profiles.p]\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'http://PROVIDER/t'\n",
        "[profiles.p]\nprovider = 'auth0'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'http://example.com/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'ftp://example.com/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'example.com'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'https://me:pw@example.com/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'https://${env.NO_SUCH}/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'https://${step.a.b}/'\nclient_id = 'i'\n",
    ]
    .map(Case::config)
    .into();
    cases.extend(
        [
            "client_secret = { env = 'A', file = 'b' }",
            "client_secret = { command = [] }",
            "header = 'X: ${acces_token}'",
            "header = 'X: ${kept.a}'",
            "header = 'X: ${'",
            "audience = '${access_token}'",
            "audience = '${secret.api_key}'",
            "audience = '${sha255(client_id)}'",
            "audience = '${client_id | upper}'",
            "audience = '${client_id ~ }'",
            "vars = { a = '${var.b}', b = '${var.a}' }\naudience = '${var.a}'",
            "params = { a = { b = 1 } }",
            "encoding = 'none'\nparams = { a = 1 }",
            "headers = { 'a b' = 'x' }",
            "response = { root = 'data' }",
            "response = { format = 'text', root = '/a' }",
            "response = { keep = ['/scope'] }",
            "origins = ['http://example.com']",
            "client_cert = 'c.pem'",
            "ca_file = 'nowhere.pem'",
            "[[profiles.p.steps]]\nurl = 'https://example.com'",
            "[[profiles.p.steps]]\nname = 's'",
        ]
        .map(Case::keys),
    );
    cases
}

fn secrets() -> Vec<Case> {
    let source = |source: &str| Case::config(&format!("{GOOD}client_secret = {source}\n"));
    vec![
        Case::tok("token p"),
        Case::tok("token p").with("TOK_P_CLIENT_SECRET", ""),
        source("{ env = 'NO_SUCH' }"),
        source("{ file = 'nowhere' }"),
        source("{ file = '.' }"),
        source("{ credential = 'a/b' }"),
        source("{ command = ['no-such-program'] }"),
        source("{ command = ['false'] }"),
        source("{ command = ['true'] }"),
        Case::tok("secret delete p"),
    ]
}

fn answers() -> Vec<Case> {
    let json = |body: &str| Case::answered(Answer::json(200, body));
    vec![
        Case::answered(Answer::refusal(401, "invalid_client", "no such client")),
        Case::answered(Answer::refusal(400, "invalid_scope", "")),
        Case::answered(Answer::new(403)),
        Case::answered(Answer::text(
            404,
            "<html><title>Nothing here</title></html>",
        )),
        Case::answered(Answer::redirect(302, "https://elsewhere.example.com/")),
        Case::answered(Answer::new(429).header("Retry-After", "3600")),
        Case::answered(Answer::new(503)),
        Case::answered(Answer::text(200, "")),
        Case::answered(Answer::text(200, "<html>login</html>")),
        json("{}"),
        json(r#"{"data":{"access_token":"t"}}"#),
        json(r#"{"access_token":[]}"#),
        json(r#"{"access_token":""}"#),
        json(r#"{"access_token":"a b"}"#),
        json(r#"{"access_token":"a^b"}"#),
        json(r#"{"access_token":"t","expires_in":"soon"}"#),
        json(r#"{"error":"slow_down"}"#),
        json(r#"{"access_token":"t","token_type":"DPoP"}"#).run("header p"),
        Case::answered(Answer::token("opaque", 3600)).run("inspect p"),
        Case::answered(Answer::token("t", 60)).run("token p --min-ttl 1h"),
        Case::keys("header = 'no colon'").run("header p"),
        Case::keys("header = 'X: ${kept.a}'\nresponse = { keep = ['/a'] }").run("header p"),
        Case::answered(Answer::token("t", 3600)).run("exec p -- no-such-command"),
        Case::answered(Answer::token("t", 3600)).run("exec p -- ./config"),
        Case::config(&GOOD.replace("http://PROVIDER/t", "http://127.0.0.1:9/t"))
            .with("TOK_P_CLIENT_SECRET", "s")
            .answering(Answer::new(200)),
        Case::config(&GOOD.replace("http://PROVIDER/t", "https://no-such-host.invalid/t"))
            .with("TOK_P_CLIENT_SECRET", "s"),
    ]
}

#[test]
fn every_message_is_in_the_table_and_was_read() {
    let mut table = String::new();
    for (title, cases) in [
        ("command lines", command_lines()),
        ("configs", configs()),
        ("secrets", secrets()),
        ("answers", answers()),
    ] {
        for case in cases {
            let transcript = case.transcript();
            let config = case.config.strip_prefix(GOOD).unwrap_or(&case.config);
            let config: String = config.lines().map(|line| format!("| {line}\n")).collect();
            writeln!(table, "# {title}\n{config}{transcript}").unwrap();
        }
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/messages.txt");
    if std::env::var_os("TOK_REWRITE_MESSAGES").is_some() {
        std::fs::write(&path, &table).unwrap();
        return;
    }
    let read = std::fs::read_to_string(&path).unwrap();
    for (said, known) in table.split("\n# ").zip(read.split("\n# ")) {
        assert_eq!(said, known, "see the top of tests/cli/messages.rs");
    }
    assert_eq!(table.len(), read.len());
}

#[test]
fn every_message_has_the_form_of_a_message() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/messages.txt");
    let table = std::fs::read_to_string(path).unwrap();
    for case in table.split("\n\n# ") {
        let said = case
            .lines()
            .skip_while(|line| !line.starts_with("$ "))
            .skip(1);
        let said: Vec<&str> = said
            .filter(|line| !line.starts_with("tok: note: "))
            .collect();
        let message = said[0];
        if message.starts_with("Print") {
            continue; // Help, for a command that needs another after it.
        }
        let words = message
            .strip_prefix("tok: ")
            .unwrap_or_else(|| panic!("{case}"));
        assert!(!words.ends_with('.'), "{message}");
        assert!(
            !words.starts_with(|first: char| first.is_uppercase()),
            "{message}"
        );
        assert!(words.chars().count() < 400, "{message}");
        for rubble in [
            "os error", "Os {", "Error(", "s3cret", "hunter2", "reqwest", "zbus",
        ] {
            assert!(
                !said.iter().any(|line| line.contains(rubble)),
                "`{rubble}` in: {case}"
            );
        }
    }
}
