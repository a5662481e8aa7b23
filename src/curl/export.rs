//! The requests of a profile as commands for a shell and curl, for whoever wants to see, try or report them without tok.
//!
//! The request is built by the same code that makes it ([`request::build`]), only that a mark stands for each secret and for whatever is computed from one. A mark is
//! letters and digits, which no encoding changes, so that afterwards every mark can be replaced by the shell's words for it, in the encoding of the place where it stands.
//! Secrets are read from variables and reach curl through its stdin (`-K -`): `printf` is built into every shell, so they are in no program's arguments.

mod quoting;
mod unshown;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use quoting::{config, here, jq_path, single_quoted};

use crate::error::{Error, Kind};
use crate::oauth::request;
use crate::profile::Profile;
use crate::profile::file::schema::{AuthMethod, BasicEncoding, Encoding, Format, Method};
use crate::profile::name::secret_variable;
use crate::profile::plan::Plan;
use crate::profile::template::url::Position;
use crate::profile::template::{CLIENT_SECRET, Name, Standin, Template};
use crate::secret::Secret;

/// What the shell puts in the place of a mark.
#[derive(Clone, Debug, PartialEq)]
enum Word {
    /// The value of a variable.
    Variable(String),
    /// What a function of a profile gives for its arguments, in which there may be marks.
    Call(String, Vec<String>),
}

/// The functions that the commands may need, each as POSIX shells and tools know it. All read stdin and end without a line end, which the next would encode; none needs more than od, awk, sed, base64, and openssl for a hash.
const FUNCTIONS: [(&str, &str); 7] = [
    (
        "json",
        "json() { bytes | LC_ALL=C awk '{for (i = 1; i <= NF; i++) {c = sprintf(\"%c\", $i); if ($i < 32) printf \"\\\\u%04x\", $i; else if ($i == 34 || $i == 92) printf \"\\\\%s\", c; else printf \"%s\", c}}' | quoted; }",
    ),
    (
        "urlencode",
        "urlencode() { bytes | LC_ALL=C awk '{for (i = 1; i <= NF; i++) {c = sprintf(\"%c\", $i); if ($i < 128 && c ~ /[A-Za-z0-9._~-]/) printf \"%s\", c; else printf \"%%%02X\", $i}}'; }",
    ),
    ("bytes", "bytes() { od -An -v -tu1; }"),
    ("quoted", "quoted() { sed 's/[\\\\\"]/\\\\&/g'; }"),
    (
        "xml",
        "xml() { printf %s \"$(sed 's/&/\\&amp;/g; s/</\\&lt;/g; s/>/\\&gt;/g; s/\"/\\&quot;/g; '\"s/'/\\&apos;/g\")\"; }",
    ),
    (
        "sha256",
        "sha256() { openssl dgst -sha256 -r | cut -c1-64 | tr -d '\\n'; }",
    ),
    (
        "uuid",
        "uuid() { od -An -v -N16 -tx1 /dev/urandom | tr -d ' \\n' | sed 's/^\\(.\\{8\\}\\)\\(.\\{4\\}\\).\\(.\\{3\\}\\).\\(.\\{3\\}\\)/\\1-\\2-4\\3-8\\4-/' | tr -d '\\n'; }",
    ),
];

/// The commands that make `profile`'s requests and print the answer of the last.
///
/// # Errors
/// A usage failure when a request cannot be made by a shell without showing a secret to the machine, or whatever is wrong with the profile.
pub fn commands(profile: &Profile) -> Result<String, Error> {
    let marks = Marks::new(profile);
    let mut requests = Vec::new();
    for step in &profile.steps {
        requests.push((
            Some(step.name.as_str()),
            marks.curl(profile, &step.plan, step.response.format)?,
        ));
    }
    requests.push((
        None,
        marks.curl(profile, &profile.token, profile.response.format)?,
    ));
    let state = marks.state();
    let mut lines = Vec::new();
    for (step, curl) in &requests {
        let Some(step) = step else {
            lines.push(curl.clone());
            continue;
        };
        lines.push(format!("answer=$({curl}\n) || exit"));
        for ((of, pointer), variable) in &state.answers {
            if of == step {
                lines.push(format!(
                    "{variable}=$(printf %s \"$answer\" | jq -er {}) || exit",
                    single_quoted(&jq_path(pointer))
                ));
            }
        }
    }
    let body = lines.join("\n");
    let mut functions = Vec::new();
    let needs = |name: &str, text: &str| text.contains(&format!("| {name}"));
    // A function that another one calls comes after it, so that one pass finds them all.
    let mut text = body.clone();
    for (name, definition) in FUNCTIONS {
        let starts_with_it = name == "uuid" && text.contains("$(uuid)");
        let begins_a_pipe = name == "bytes" && text.contains("{ bytes");
        if needs(name, &text) || starts_with_it || begins_a_pipe {
            functions.push(definition);
            text.push_str(definition);
        }
    }
    let variables: Vec<&str> = state.variables.iter().map(String::as_str).collect();
    let mut out = format!("# The token request of profile `{}`", profile.name);
    if !profile.steps.is_empty() {
        out.push_str(" and the steps before it (jq reads their answers)");
    }
    out.push('\n');
    if !variables.is_empty() {
        out.push_str(&format!(
            "# Set first: {}. They reach curl on its stdin, never as arguments.\n",
            variables.join(" ")
        ));
    }
    out.push_str("(\n");
    for variable in &variables {
        out.push_str(&format!(": \"${{{variable}:?is not set}}\"\n"));
    }
    for definition in functions {
        out.push_str(definition);
        out.push('\n');
    }
    out.push_str(&body);
    out.push_str("\n)\n");
    Ok(out)
}

/// The marks given out so far, and what they stand for.
struct Marks {
    prefix: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    words: Vec<Word>,
    /// The variables to set, in the order of their first use.
    variables: Vec<String>,
    /// The variables that hold members of the steps' answers, by step and pointer.
    answers: BTreeMap<(String, Vec<String>), String>,
    /// How many marks were given out, each as often as it was.
    given: usize,
}

impl State {
    fn mark(&mut self, prefix: &str, word: Word) -> String {
        self.given += 1;
        let index = self.words.iter().position(|known| *known == word);
        let index = index.unwrap_or_else(|| {
            self.words.push(word);
            self.words.len() - 1
        });
        format!("{prefix}{index}z")
    }
}

impl Marks {
    fn new(profile: &Profile) -> Self {
        // No text of the profile may hold what begins a mark.
        let text = format!("{profile:?}");
        let mut prefix = "tokMark".to_owned();
        while text.contains(&prefix) {
            prefix.push('k');
        }
        Self {
            prefix,
            state: Arc::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The command that makes the request of `plan`.
    fn curl(&self, profile: &Profile, plan: &Plan, format: Format) -> Result<String, Error> {
        let marked = self.marked(profile, plan)?;
        let unmarked = |name: &Name| {
            Err(Error::new(
                Kind::Unexpected,
                format!("`${{{name}}}` has no mark"),
            ))
        };
        let built = request::build(&marked, format, &unmarked)?;
        let base = marked.url.render(&unmarked)?;
        let mut config = vec![("url", self.url(base.expose(), built.url.expose()))];
        let has_body = built.body.is_some();
        let usual = if has_body { Method::Post } else { Method::Get };
        if built.method != usual {
            config.push(("request", built.method.name().to_owned()));
        }
        let is_multipart = marked.encoding == Encoding::Multipart;
        let is_type = |name: &str| name.eq_ignore_ascii_case("content-type");
        for (name, value) in &built.headers {
            // curl chooses the boundary of its own parts.
            if is_multipart && is_type(name) {
                continue;
            }
            let field = match value.expose() {
                "" => format!("{name};"),
                value => format!("{name}: {value}"),
            };
            config.push(("header", self.shell(&field, Place::Raw)));
        }
        if is_multipart {
            for (name, value) in request::form_fields(&marked.parameters, &unmarked)? {
                let field = format!("{name}={}", value.expose());
                config.push(("form-string", self.shell(&field, Place::Raw)));
            }
        } else if let Some(body) = &built.body {
            // curl would call an empty body a form.
            if !built.headers.iter().any(|(name, _)| is_type(name)) {
                config.push(("header", "Content-Type:".to_owned()));
            }
            let place = match marked.encoding {
                Encoding::Json => Place::Json,
                Encoding::Raw => Place::Raw,
                _ => Place::Form,
            };
            config.push(("data-raw", self.shell(body.expose(), place)));
        }
        let files = [
            ("cacert", &profile.ca_file),
            ("cert", &profile.client_cert),
            ("key", &profile.client_key),
        ];
        for (key, path) in files {
            if let Some(path) = path {
                config.push((key, self.shell(&path.display().to_string(), Place::Raw)));
            }
        }
        let seconds = (profile.timeout_ms + 999) / 1000;
        let mut out = format!("curl -sS --compressed --globoff --max-time {seconds} -K - <<EOF\n");
        for (key, value) in config {
            out.push_str(&format!("{key} = \"{value}\"\n"));
        }
        out.push_str("EOF");
        Ok(out)
    }

    /// `built`, whose part after `base` are parameters.
    fn url(&self, base: &str, built: &str) -> String {
        let base = base.split('#').next().unwrap_or_default();
        let built = built.split('#').next().unwrap_or_default();
        let (base, query) = match built.strip_prefix(base) {
            Some(query) => (base, query),
            None => (built, ""),
        };
        let (mut out, mut before) = (String::new(), String::new());
        self.pieces(base, &mut |piece| match piece {
            Ok(literal) => {
                out.push_str(&here(&config(literal)));
                before.push_str(literal);
            }
            Err(word) => {
                let place = match (Position::after(&before), &word) {
                    (Position::Start | Position::Host, _) => Place::Raw,
                    (_, Word::Call(name, _)) if ["raw", "urlencode"].contains(&name.as_str()) => {
                        Place::Raw
                    }
                    _ => Place::Form,
                };
                out.push_str(&format!("$({})", self.pipe(&word, place)));
                before.push('x');
            }
        });
        out + &self.shell(query, Place::Form)
    }

    /// `plan` with marks in the place of everything that the shell is to fill in.
    fn marked(&self, profile: &Profile, plan: &Plan) -> Result<Plan, Error> {
        let basic = (plan.auth_method == AuthMethod::ClientSecretBasic)
            .then(|| Template::literal(&self.basic(profile, plan)));
        let mut marked = plan.map_sent(&|template| self.template(profile, template))?;
        if let Some(basic) = basic {
            marked
                .headers
                .insert(0, ("Authorization".to_owned(), basic));
        }
        marked.auth_method = AuthMethod::None;
        Ok(marked)
    }

    fn template(&self, profile: &Profile, template: &Template) -> Result<Template, Error> {
        let (prefix, state) = (self.prefix.clone(), Arc::clone(&self.state));
        let given_before = self.state().given;
        let standin: Standin = Arc::new(move |function, arguments| {
            let depends = ["uuid", "now", "totp"].contains(&function)
                || arguments.iter().any(|argument| argument.contains(&prefix));
            depends.then(|| {
                state
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .mark(&prefix, Word::Call(function.to_owned(), arguments.to_vec()))
            })
        });
        let rendered = template.render_calling(&|name| self.value(profile, name), Some(&standin));
        let refusal = |what: &str, why| Err(unshown::refusal(profile, what, why));
        let state = self.state();
        for word in &state.words {
            if let Word::Call(name, arguments) = word
                && let Some(why) = unshown::why_not_called(name, arguments)
            {
                return refusal(name, why);
            }
        }
        let source = template.source();
        if state.given > given_before && !template.only_calls_and_joins() {
            return refusal(source, "a shell would compare or cut the value otherwise");
        }
        match rendered? {
            (_, true) => refusal(source, "a shell knows texts and no numbers"),
            (text, false) => Ok(Template::literal(text.expose())),
        }
    }

    fn value(&self, profile: &Profile, name: &Name) -> Result<Secret, Error> {
        let mut state = self.state();
        let variable = match name {
            Name::Secret(secret) => secret_variable(&profile.name, secret),
            // It may hold a secret, so its value is not shown.
            Name::Env(variable) => variable.clone(),
            Name::Step(step, path) => {
                let key = (step.clone(), unshown::in_body(profile, step, path)?);
                let count = state.answers.len() + 1;
                let variable = state
                    .answers
                    .entry(key)
                    .or_insert_with(|| format!("answered_{count}"))
                    .clone();
                return Ok(Secret::new(
                    state.mark(&self.prefix, Word::Variable(variable)),
                ));
            }
            Name::Value(_) => {
                let why = "a value that is made once per run would be made in every place";
                return Err(unshown::refusal(profile, &format!("${{{name}}}"), why));
            }
            Name::Body => {
                let why = "the body is known only when the shell has put it together";
                return Err(unshown::refusal(profile, &format!("${{{name}}}"), why));
            }
            Name::Assertion => {
                let why = "no shell can sign it without showing its key to the machine";
                return Err(unshown::refusal(profile, &format!("${{{name}}}"), why));
            }
            known => {
                return Ok(Secret::new(profile.known_value(known).unwrap_or_default()));
            }
        };
        if !state.variables.contains(&variable) {
            state.variables.push(variable.clone());
        }
        Ok(Secret::new(
            state.mark(&self.prefix, Word::Variable(variable)),
        ))
    }

    /// The `Authorization` field of Basic credentials (RFC 7617, or RFC 6749 §2.3.1).
    fn basic(&self, profile: &Profile, plan: &Plan) -> String {
        let id = profile.client_id.as_deref().unwrap_or_default();
        let secret = self
            .value(profile, &Name::Secret(CLIENT_SECRET.to_owned()))
            .map(|secret| secret.expose().to_owned())
            .unwrap_or_default();
        let call = |name: &str, argument: String| {
            let word = Word::Call(name.to_owned(), vec![argument]);
            self.state().mark(&self.prefix, word)
        };
        let pair = match plan.basic_encoding {
            BasicEncoding::Raw => format!("{id}:{secret}"),
            BasicEncoding::Rfc6749 => format!(
                "{}:{}",
                crate::profile::template::percent_encode(id).expose(),
                call("urlencode", secret)
            ),
        };
        format!("Basic {}", call("base64", pair))
    }

    /// `text` as it stands in a here-document of a curl config, between double quotes.
    fn shell(&self, text: &str, place: Place) -> String {
        let mut out = String::new();
        self.pieces(text, &mut |piece| match piece {
            Ok(literal) => out.push_str(&here(&config(literal))),
            Err(word) => out.push_str(&format!("$({})", self.pipe(&word, place))),
        });
        out
    }

    /// The commands that print what `word` stands for, as it must stand in `place`.
    fn pipe(&self, word: &Word, place: Place) -> String {
        let (command, is_plain) = match word {
            Word::Variable(variable) => (format!("printf %s \"${variable}\""), false),
            Word::Call(name, arguments) => {
                let argument = arguments.first().map(String::as_str).unwrap_or_default();
                let piped =
                    |to: &str| format!("printf %s \"{}\" | {to}", self.double_quoted(argument));
                match name.as_str() {
                    "base64" => (piped("base64 | tr -d '\\n'"), true),
                    "sha256" => (piped("sha256"), true),
                    "xml" => (piped("xml"), false),
                    "uuid" => ("uuid".to_owned(), true),
                    "now" => (
                        format!("date -u +{} | tr -d '\\n'", single_quoted(argument)),
                        false,
                    ),
                    "raw" => (
                        format!("printf %s \"{}\"", self.double_quoted(argument)),
                        false,
                    ),
                    _ => (piped("urlencode"), true),
                }
            }
        };
        match place {
            Place::Form => format!("{command} | urlencode"),
            Place::Json if !is_plain => format!("{command} | json"),
            Place::Raw if !is_plain => format!("{command} | quoted"),
            _ => command,
        }
    }

    /// `text` between double quotes.
    fn double_quoted(&self, text: &str) -> String {
        let mut out = String::new();
        self.pieces(text, &mut |piece| match piece {
            Ok(literal) => {
                for c in literal.chars() {
                    if "$`\"\\".contains(c) {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
            Err(Word::Variable(variable)) => out.push_str(&format!("${{{variable}}}")),
            // No encoding: the inner command's output is only text here.
            Err(word) => out.push_str(&format!("$({})", self.pipe(&word, Place::Argument))),
        });
        out
    }

    /// Splits `text` at its marks: `Ok` is text, `Err` what a mark stands for.
    fn pieces(&self, text: &str, each: &mut dyn FnMut(Result<&str, Word>)) {
        let mut rest = text;
        while let Some(at) = rest.find(&self.prefix) {
            let after = &rest[at + self.prefix.len()..];
            let digits = after.find('z').unwrap_or(after.len());
            let word = after[..digits]
                .parse::<usize>()
                .ok()
                .and_then(|index| self.state().words.get(index).cloned());
            if at > 0 {
                each(Ok(&rest[..at]));
            }
            if let Some(word) = word {
                each(Err(word));
            }
            rest = after.get(digits + 1..).unwrap_or_default();
        }
        if !rest.is_empty() {
            each(Ok(rest));
        }
    }
}

/// Where a mark stands, which decides how its value is encoded.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// A header field, a raw body, a field of a multipart form, or the URL as the profile writes it.
    Raw,
    /// A form, or the query that parameters make.
    Form,
    /// A string of a JSON body.
    Json,
    /// An argument of a function.
    Argument,
}
