//! Bazel and programs with the same kind of credential helper: the answer to `get`.
//!
//! Format: "Credential Helpers Specification" (EngFlow/credential-helper-spec); `expires` is RFC 3339.

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::clock::Now;
use crate::commands::for_::credential_helper::{note_not_listed, request, unknown};
use crate::commands::for_::hosts::{self, Hosts};
use crate::commands::get::{Fetch, get, header_lines};
use crate::commands::session::{Session, write};
use crate::commands::spec::{Execute, Spec};
use crate::error::{Error, Kind};
use crate::output::rfc3339;
use crate::secret::Secret;

pub(super) const COMMAND: Spec = Spec {
    name: "bazel",
    about: "A credential helper for Bazel",
    examples: "tok for bazel --host cache.example.com cint get",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    #[command(flatten)]
    hosts: Hosts,

    #[command(flatten)]
    fetch: Fetch,

    /// Added by Bazel: `get`
    #[arg(help_heading = None)]
    operation: String,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        if self.operation != "get" {
            return Err(unknown("a Bazel credential helper", &self.operation, "get").into());
        }
        let uri = uri(request()?.as_bytes())?;
        if !hosts::allow_url(&self.hosts.list, &uri) {
            note_not_listed(session, &uri);
            return write(out, NOTHING);
        }
        let (profile, token, _) = get(session, &self.fetch)?;
        let expires = token.expires_at_unix_ms(&Now::read());
        let header = header_lines(&profile, &token)?;
        write(out, answer(&header, expires).expose())
    }
}

fn uri(request: &[u8]) -> Result<String, Error> {
    serde_json::from_slice::<Value>(request)
        .ok()
        .and_then(|request| Some(request.get("uri")?.as_str()?.to_owned()))
        .ok_or_else(|| {
            Error::new(
                Kind::Usage,
                "stdin is not a credential helper request such as `{\"uri\": \"https://…\"}`",
            )
        })
}

const NOTHING: &str = "{\"headers\":{}}\n";

fn answer(header: &Secret, expires_at_unix_ms: Option<i64>) -> Secret {
    let mut headers = Map::new();
    for (name, value) in header
        .expose()
        .lines()
        .filter_map(|line| line.split_once(':'))
    {
        let values = headers
            .entry(name)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = values {
            values.push(json!(value.trim()));
        }
    }
    let mut answer = json!({ "headers": headers });
    if let Some(expires) = expires_at_unix_ms {
        answer["expires"] = json!(rfc3339(expires));
    }
    let mut out = Secret::new(answer.to_string());
    out.push("\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_has_a_uri() {
        assert_eq!(
            uri(br#"{"uri":"https://a/b","more":1}"#).unwrap(),
            "https://a/b"
        );
        for bad in ["", "{}", "[]", "{\"uri\":1}", "https://a/b"] {
            assert_eq!(
                uri(bad.as_bytes()).unwrap_err().kind(),
                Kind::Usage,
                "{bad}"
            );
        }
    }

    #[test]
    fn answer_has_every_header_and_its_end() {
        let header = Secret::new("Authorization: Bearer a:b\nX-Tenant: 1\nX-Tenant: 2\n");
        assert_eq!(
            answer(&header, Some(0)).expose(),
            "{\"headers\":{\"Authorization\":[\"Bearer a:b\"],\"X-Tenant\":[\"1\",\"2\"]},\"expires\":\"1970-01-01T00:00:00Z\"}\n"
        );
        assert_eq!(answer(&Secret::new(""), None).expose(), NOTHING);
    }
}
