//! One report: read from its file, brought about, and compared with what must happen.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use local_provider::{Answer, Certificate, Provider, Proxy, Received, Tunnel};
use serde::Deserialize;

use crate::home::{Home, stderr, stdout, write};

/// The longest that tok may run, far beyond every deadline here.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    report: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub name: String,
    answer: Option<Answers>,
    #[serde(default)]
    answers: BTreeMap<String, Answers>,
    #[serde(default)]
    latin1: bool,
    #[serde(default)]
    keys: String,
    config: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    sh: Option<String>,
    proxy: Option<u16>,
    certificate: Option<String>,
    tok: Option<String>,
    stdin: Option<String>,
    #[serde(default)]
    code: i32,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    sent: Vec<String>,
    requests: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answers {
    One(String),
    InTurn(Vec<String>),
}

/// The rows of `TOPIC.toml`.
pub fn rows(topic: &str) -> Vec<Row> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cli/reports/{topic}.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{topic}: {error}"));
    file.report
}

impl Row {
    pub fn check(&self) {
        let provider = match self.certificate.as_deref() {
            None => Provider::start(),
            Some(kind) => Provider::start_tls_with(certificate(kind)),
        };
        let proxy = self
            .proxy
            .map(|status| Proxy::start(Tunnel::Refused(status)));
        let home = Home::new();
        let replace = |text: &str| {
            let mut text = text
                .replace("PROVIDER", &provider.url(""))
                .replace("PORT", &provider.address().port().to_string())
                .replace("HOME", &home.path().display().to_string());
            if let Some(proxy) = &proxy {
                text = text.replace("PROXY", &format!("http://{}", proxy.address()));
            }
            times_replaced(&text)
        };
        for (path, answers) in self.all_answers() {
            let answers = match answers {
                Answers::One(answer) => std::slice::from_ref(answer),
                Answers::InTurn(answers) => answers,
            };
            let answers = answers
                .iter()
                .map(|text| answer(&replace(text), self.latin1));
            provider.answer_in_turn(path, answers);
        }
        home.write_config(&match &self.config {
            Some(config) => replace(config),
            None => replace(&format!(
                "[profiles.p]\ntoken_url = 'PROVIDER/t'\nclient_id = 'id'\n{}\n",
                self.keys
            )),
        });
        let beside = |name: &str| home.config().with_file_name(name);
        if self.certificate.is_some() {
            write(beside("ca.pem"), provider.ca_pem());
        }
        for (name, content) in &self.files {
            write(beside(name), replace(content));
        }
        let environment: Vec<(String, String)> = self
            .env
            .iter()
            .map(|(name, value)| (name.clone(), replace(value)))
            .chain(match self.secret.as_deref() {
                Some("") => None,
                Some(secret) => Some(("TOK_P_CLIENT_SECRET".to_owned(), secret.to_owned())),
                None => Some(("TOK_P_CLIENT_SECRET".to_owned(), "s3cret-value".to_owned())),
            })
            .collect();
        if let Some(script) = &self.sh {
            set_up(&home, &replace(script), &environment);
        }

        let arguments = self.tok.as_deref().unwrap_or("token p");
        let mut tok = home.tok(&replace(arguments));
        tok.envs(environment);
        tok.timeout(LONGEST);
        if let Some(stdin) = &self.stdin {
            tok.write_stdin(replace(stdin));
        }
        let ran = tok.assert();
        let (printed, said) = (stdout(&ran), stderr(&ran));
        let seen = format!(
            "exit {:?}\nstdout: {printed}\nstderr: {said}",
            ran.get_output().status.code()
        );
        assert_eq!(ran.get_output().status.code(), Some(self.code), "{seen}");
        let mut expected = self.stdout.clone();
        if !expected.is_empty() && !expected.ends_with('\n') {
            expected.push('\n');
        }
        if expected.contains("JWT(") {
            assert_eq!(printed.matches('.').count(), 2, "{seen}");
        } else {
            assert_eq!(printed, replace(&expected), "{seen}");
        }
        for words in &self.stderr {
            assert!(said.contains(&replace(words)), "no `{words}`\n{seen}");
        }
        for words in &self.not {
            let shown = said.contains(words) || printed.contains(words);
            assert!(!shown, "`{words}` is shown\n{seen}");
        }
        assert!(!said.contains("panicked"), "{seen}");
        let requests: Vec<String> = provider.requests().iter().map(as_sent).collect();
        if let Some(count) = self.requests {
            assert_eq!(requests.len(), count, "{requests:#?}\n{seen}");
        }
        for part in &self.sent {
            let part = replace(part);
            let is_sent = requests.iter().any(|request| request.contains(&part));
            assert!(is_sent, "`{part}` was not sent: {requests:#?}\n{seen}");
        }
    }

    fn all_answers(&self) -> impl Iterator<Item = (&str, &Answers)> {
        let first = self.answer.iter().map(|answer| ("/t", answer));
        first.chain(self.answers.iter().map(|(path, answer)| (&**path, answer)))
    }
}

/// A request as it was on the wire.
fn as_sent(request: &Received) -> String {
    let mut text = format!("{} {}\n", request.method, request.target);
    for (name, value) in &request.headers {
        text.extend([name, ": ", value, "\n"]);
    }
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(&request.body));
    text
}

fn certificate(kind: &str) -> Certificate {
    match kind {
        "good" => Certificate::Good,
        "expired" => Certificate::Expired,
        "wrong host" => Certificate::WrongHost,
        "self-signed" => Certificate::SelfSigned,
        "unknown ca" => Certificate::UnknownCa,
        "only a common name" => Certificate::NoHost,
        "its own ca" => Certificate::Own,
        "its own ca, expired" => Certificate::OwnExpired,
        "its own ca, wrong host" => Certificate::OwnWrongHost,
        other => panic!("unknown certificate `{other}`"),
    }
}

fn answer(text: &str, latin1: bool) -> Answer {
    let bytes = |text: &str| {
        if latin1 {
            text.chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect()
        } else {
            text.as_bytes().to_vec()
        }
    };
    if !text.starts_with("HTTP/") {
        return Answer::new(200)
            .header("content-type", "application/json")
            .body(bytes(text));
    }
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut raw = bytes(&head.trim_end().replace('\n', "\r\n"));
    raw.extend_from_slice(b"\r\n\r\n");
    raw.extend(bytes(body));
    Answer::raw(raw)
}

/// Runs the commands of a row; what they print does not matter, that they succeed does.
fn set_up(home: &Home, script: &str, environment: &[(String, String)]) {
    let tok = home.process("");
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", script]).env_clear();
    for (name, value) in tok.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let program = Path::new(tok.get_program()).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let path = std::iter::once(program.to_owned()).chain(std::env::split_paths(&path));
    let output = shell
        .env("PATH", std::env::join_paths(path).unwrap())
        .envs(environment.iter().cloned())
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "the set-up fails: {output:?}");
}

/// `text` with `EPOCH(n)`, `DATE(n)` and `JWT(n)` replaced by the time n seconds from now.
fn times_replaced(text: &str) -> String {
    let mut text = text.to_owned();
    for (name, written) in [
        ("EPOCH(", epoch as fn(Timestamp) -> String),
        ("DATE(", date),
        ("JWT(", jwt),
    ] {
        while let Some((before, rest)) = text.split_once(name) {
            let (seconds, after) = rest.split_once(')').unwrap();
            let seconds: i64 = seconds.parse().unwrap();
            let time = Timestamp::from_second(Timestamp::now().as_second() + seconds).unwrap();
            text = format!("{before}{}{after}", written(time));
        }
    }
    text
}

fn epoch(time: Timestamp) -> String {
    time.as_second().to_string()
}

fn date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn jwt(time: Timestamp) -> String {
    let claims = format!(r#"{{"exp":{}}}"#, time.as_second());
    format!("eyJhbGciOiJub25lIn0.{}.sig", URL_SAFE_NO_PAD.encode(claims))
}
