//! One way to go wrong: what there is, what is typed, and what tok says to it, the same on every machine.

use std::any::Any;
use std::fmt::Write as _;

use local_provider::{Answer, Certificate, Provider, Unwilling};

use crate::home::{Home, stderr, stdout};

/// A case's `token_url` as written; the provider's address is shown in this form too.
const URL: &str = "http://PROVIDER/t";

/// A profile that lacks nothing.
pub const GOOD: &str = "[profiles.p]\ntoken_url = 'http://PROVIDER/t'\nclient_id = 'i'\n";

/// How the provider of a case takes a connection.
#[derive(Clone, Copy)]
enum Listens {
    Plainly,
    Encrypted(Certificate),
    WithClientCertificates,
    Unwillingly(Unwilling),
}

/// The state of a running case.
pub struct Scene {
    pub home: Home,
    pub provider: Provider,
    /// Resources that must live as long as the scene: a lock, a socket.
    pub held: Vec<Box<dyn Any>>,
}

impl Scene {
    /// Writes `content` beside the config.
    pub fn beside_config(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.home.config().with_file_name(name);
        std::fs::write(path, content).unwrap();
    }

    /// Has a token in the cache: one more run of tok, which must succeed.
    pub fn fetched(&self) {
        self.home
            .tok("token p")
            .env("TOK_P_CLIENT_SECRET", "s3cret")
            .assert()
            .success();
    }
}

/// Brings about what a case needs besides its config.
pub type Prepare = fn(&mut Scene);

/// One way to go wrong.
pub struct Case {
    arguments: &'static str,
    config: String,
    environment: Vec<(&'static str, &'static str)>,
    stdin: Option<Vec<u8>>,
    answers: Vec<(&'static str, Answer)>,
    listens: Listens,
    situation: Option<(&'static str, Prepare)>,
    shows: fn(&str) -> bool,
}

impl Case {
    /// `arguments` with a good profile and no secret.
    pub fn tok(arguments: &'static str) -> Self {
        Self {
            arguments,
            config: GOOD.to_owned(),
            environment: Vec::new(),
            stdin: None,
            answers: vec![("/t", Answer::new(500))],
            listens: Listens::Plainly,
            situation: None,
            shows: |_| false,
        }
    }

    /// `tok token p` with `config`.
    pub fn config(config: &str) -> Self {
        Self {
            config: config.to_owned(),
            ..Self::tok("token p")
        }
    }

    /// `tok token p` with `keys` added to a good profile, a secret, and a token as the answer.
    pub fn keys(keys: &str) -> Self {
        Self {
            config: format!("{GOOD}{keys}\n"),
            ..Self::answered(Answer::token("t", 3600))
        }
    }

    /// `tok token p` with a good profile, a secret, and this answer.
    pub fn answered(answer: Answer) -> Self {
        Self::tok("token p").with_secret().answering("/t", answer)
    }

    /// `arguments` where a token could be had.
    pub fn able(arguments: &'static str) -> Self {
        Self::answered(Answer::token("t", 3600)).run(arguments)
    }

    /// `tok token p` with a provider that shows `certificate` and a profile that trusts its CA alone.
    pub fn encrypted(certificate: Certificate) -> Self {
        Self {
            listens: Listens::Encrypted(certificate),
            ..Self::able("token p")
        }
        .trusting()
    }

    /// `tok token p` with a provider that demands a client certificate, and a profile that trusts its CA alone.
    pub fn demanding_a_certificate() -> Self {
        Self {
            listens: Listens::WithClientCertificates,
            ..Self::able("token p")
        }
        .trusting()
    }

    /// `tok token p` with a provider that takes connections and no more.
    pub fn unwilling(unwilling: Unwilling) -> Self {
        Self {
            listens: Listens::Unwillingly(unwilling),
            ..Self::able("token p")
        }
    }

    /// The roots of the machine have no part in it: there may be none.
    fn trusting(self) -> Self {
        self.with("SSL_CERT_FILE", "HOME/ca.pem")
    }

    pub fn with_secret(self) -> Self {
        self.with("TOK_P_CLIENT_SECRET", "s3cret")
    }

    pub fn without_secret(mut self) -> Self {
        self.environment
            .retain(|(name, _)| *name != "TOK_P_CLIENT_SECRET");
        self
    }

    /// `HOME` in `value` becomes the home's path.
    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    pub fn run(mut self, arguments: &'static str) -> Self {
        self.arguments = arguments;
        self
    }

    pub fn configured(mut self, config: &str) -> Self {
        config.clone_into(&mut self.config);
        self
    }

    pub fn answering(mut self, path: &'static str, answer: Answer) -> Self {
        self.answers.push((path, answer));
        self
    }

    /// `http://PROVIDER` in `stdin` becomes the provider's address.
    pub fn given(mut self, stdin: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(stdin.into());
        self
    }

    /// Before it runs, `prepare` brings about what `situation` says.
    pub fn when(mut self, situation: &'static str, prepare: Prepare) -> Self {
        self.situation = Some((situation, prepare));
        self
    }

    /// The lines of stdout that are part of the message; without this, there must be none at all.
    pub fn showing(mut self, shows: fn(&str) -> bool) -> Self {
        self.shows = shows;
        self
    }

    /// The setup, the command line, tok's messages and its exit code, with placeholders for all that differs from run to run.
    pub fn transcript(&self) -> String {
        let mut scene = self.scene();
        let mut out = String::new();
        for line in self
            .config
            .strip_prefix(GOOD)
            .unwrap_or(&self.config)
            .lines()
        {
            writeln!(out, "| {line}").unwrap();
        }
        if let Some((situation, prepare)) = self.situation {
            prepare(&mut scene);
            writeln!(out, "({situation})").unwrap();
        }
        for line in self
            .stdin
            .iter()
            .flat_map(|stdin| stdin.split(|byte| *byte == b'\n'))
        {
            if !line.is_empty() {
                let line = String::from_utf8_lossy(line);
                writeln!(out, "< {}", shortened(&line)).unwrap();
            }
        }
        let home = scene.home.path().display().to_string();
        let mut tok = scene.home.tok(self.arguments);
        let mut set = String::new();
        for (name, value) in &self.environment {
            tok.env(name, value.replace("HOME", &home));
            if !matches!(*name, "TOK_P_CLIENT_SECRET" | "SSL_CERT_FILE") || value.is_empty() {
                write!(set, "{name}='{}' ", value.replace("HOME", "~")).unwrap();
            }
        }
        if let Some(stdin) = &self.stdin {
            let base = scene.provider.url("");
            match std::str::from_utf8(stdin) {
                Ok(text) => tok.write_stdin(text.replace("http://PROVIDER", &base)),
                Err(_) => tok.write_stdin(stdin.clone()),
            };
        }
        let ran = tok.assert();
        let code = ran.get_output().status.code().unwrap();
        writeln!(out, "$ {set}tok {}", self.arguments).unwrap();
        let printed = stdout(&ran);
        let shown: Vec<&str> = printed.lines().filter(|line| (self.shows)(line)).collect();
        if shown.is_empty() {
            assert!(
                printed.is_empty() || code == 0,
                "{}: {printed}",
                self.arguments
            );
        }
        let address = scene.provider.address().to_string();
        for line in shown {
            writeln!(out, "> {}", settled(line, &home, &address)).unwrap();
        }
        out.push_str(&settled(&stderr(&ran), &home, &address));
        writeln!(out, "[{code}]").unwrap();
        out
    }

    fn scene(&self) -> Scene {
        let provider = match self.listens {
            Listens::Plainly => Provider::start(),
            Listens::Encrypted(certificate) => Provider::start_tls_with(certificate),
            Listens::WithClientCertificates => Provider::start_mutual_tls(),
            Listens::Unwillingly(unwilling) => Provider::start_unwilling(unwilling),
        };
        for (path, answer) in &self.answers {
            provider.answer(path, answer.clone());
        }
        let base = provider.url("");
        let config = self.config.replace(URL, &provider.url("/t"));
        let home = Home::with(&config.replace("http://PROVIDER", &base));
        if matches!(
            self.listens,
            Listens::Encrypted(_) | Listens::WithClientCertificates
        ) {
            std::fs::write(home.path().join("ca.pem"), provider.ca_pem()).unwrap();
        }
        Scene {
            home,
            provider,
            held: Vec::new(),
        }
    }
}

/// Replaces all that differs from run to run by placeholders.
fn settled(text: &str, home: &str, address: &str) -> String {
    let text = text.replace(home, "~").replace(address, "PROVIDER");
    let text = digests_replaced(&text);
    // The resolver's words depend on the C library and on whether there is a network.
    let text = between(&text, "could not be resolved (", ")", "…");
    // Time passes.
    let text = between(&text, "the provider asked to wait; retry in ", " s", "N");
    let text = between(&text, "clock is ", " s", "N");
    between(&text, "got a token that lives ", " s", "N")
}

/// The hexadecimal part of a cache file's name depends on the port, among others.
fn digests_replaced(text: &str) -> String {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("p.") {
        let (before, after) = rest.split_at(at + 2);
        out.push_str(before);
        let length = after.find(|c| !is_hex(c)).unwrap_or(after.len());
        rest = match length {
            32 => {
                out.push_str("DIGEST");
                &after[length..]
            }
            _ => after,
        };
    }
    out.push_str(rest);
    out
}

/// Replaces the text after `begin` and before the next `end`.
fn between(text: &str, begin: &str, end: &str, by: &str) -> String {
    let Some(from) = text.find(begin).map(|at| at + begin.len()) else {
        return text.to_owned();
    };
    let to = text[from..].find(end).map_or(text.len(), |at| from + at);
    format!("{}{by}{}", &text[..from], &text[to..])
}

/// A line of a table for people: what is very long is there to be long.
fn shortened(line: &str) -> String {
    const LONGEST: usize = 200;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} bytes)", &line[..end], line.len()),
        None => line.to_owned(),
    }
}
