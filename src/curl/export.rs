//! Writes a profile's requests as commands for a shell and curl.
//!
//! [`request::build`] gets marks in place of secrets. Secrets reach curl on stdin through the built-in `printf`: no program has them in its arguments.

mod marks;
mod quoting;
mod shell;
mod unshown;

use marks::{Marks, Word};
use quoting::{config, here, jq_path, single_quoted};
use shell::Place;
use unshown::refusal;

use std::path::PathBuf;

use crate::error::{Error, Kind};
use crate::oauth::request;
use crate::profile::Profile;
use crate::profile::file::schema::{AuthMethod, Encoding, Format, Method};
use crate::profile::plan::Plan;
use crate::profile::template::url::Position;
use crate::profile::template::{CLIENT_KEY, Name, Template};

pub(crate) fn commands(profile: &Profile) -> Result<String, Error> {
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
    for definition in shell::functions(&body) {
        out.push_str(definition);
        out.push('\n');
    }
    out.push_str(&body);
    out.push_str("\n)\n");
    Ok(out)
}

impl Marks {
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
            // curl would send an empty body as a form.
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
        let (certificate, key) = match profile.shows_certificate {
            true => (profile.client_cert.as_ref(), Some(key_file(profile)?)),
            false => (None, None),
        };
        let files = [
            ("cacert", profile.ca_file.as_ref()),
            ("cert", certificate),
            ("key", key.as_ref()),
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
}

fn key_file(profile: &Profile) -> Result<PathBuf, Error> {
    let source = profile.source(CLIENT_KEY);
    source
        .filter(|source| source.pointer.is_none())
        .and_then(|source| Some(profile.path(source.file.as_ref()?)))
        .ok_or_else(|| refusal(profile, CLIENT_KEY, "curl takes a key only from a file"))
}
