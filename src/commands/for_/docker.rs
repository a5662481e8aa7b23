//! docker: a credential helper.
//!
//! Format: "docker-credential-helpers", Development, and its package `credentials`.

use std::io::Write;

use serde_json::json;

use crate::commands::for_::credential_helper::{
    Login, SHOWN_CHARACTERS, USERNAME, reject, request, unknown,
};
use crate::commands::for_::hosts::{self, Host};
use crate::commands::get::get;
use crate::commands::session::{Session, write};
use crate::commands::spec::{Execute, Spec};
use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::term::text::clean;

pub(super) const COMMAND: Spec = Spec {
    name: "docker",
    about: "A credential helper for docker",
    details: "As an executable `docker-credential-cint` on the PATH:

  #!/bin/sh
  exec tok for docker --host registry.example.com cint \"$@\"",
    examples: "tok for docker --host registry.example.com cint get",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    #[command(flatten)]
    login: Login,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let login = &self.login;
        let server = || -> anyhow::Result<String> { Ok(request()?.trim().to_owned()) };
        match login.operation.as_str() {
            "get" => {
                let server = server()?;
                if !allow(&login.hosts.list, &server) {
                    write(out, NOT_FOUND)?;
                    return Err(Error::new(
                        Kind::Unexpected,
                        format!(
                            "no answer for `{}`: no --host names it, or it is not https",
                            clean(&server, SHOWN_CHARACTERS)
                        ),
                    )
                    .hint("if you trust it, add it with --host in the helper's script")
                    .into());
                }
                let token = get(session, &login.fetch)?.1.access_token;
                let username = login.username.as_deref().unwrap_or(USERNAME);
                write(out, answer(&server, username, &token).expose())
            }
            // `docker logout` does not send the token, so any cached one is dropped.
            "erase" if allow(&login.hosts.list, &server()?) => reject(session, &login.fetch, None),
            "erase" => Ok(()),
            "list" => write(out, "{}\n"),
            "store" => Err(
                Error::new(Kind::Usage, "credentials of `docker login` are not stored")
                    .hint("run docker without logging in: tok gives it a token for each request")
                    .into(),
            ),
            other => Err(unknown(
                "a docker credential helper",
                other,
                "get, store, erase, list",
            )
            .into()),
        }
    }
}

/// With exit code 1 this makes docker continue without a credential.
const NOT_FOUND: &str = "credentials not found in native keychain\n";

fn allow(hosts: &[Host], server: &str) -> bool {
    if server.contains("://") {
        return hosts::allow_url(hosts, server);
    }
    hosts::allow(hosts, "https", server.split('/').next().unwrap_or_default())
}

fn answer(server: &str, username: &str, token: &Secret) -> Secret {
    let answer = json!({ "ServerURL": server, "Username": username, "Secret": token.expose() });
    let mut out = Secret::new(answer.to_string());
    out.push("\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_is_a_host_or_a_url() {
        let hosts = [
            "r.example".parse().unwrap(),
            "r.example:5000".parse().unwrap(),
        ];
        for server in [
            "r.example",
            "r.example:5000",
            "https://r.example/v1/",
            "r.example/v1",
        ] {
            assert!(allow(&hosts, server), "{server}");
        }
        for server in [
            "",
            "evil.example",
            "r.example@evil.example",
            "http://r.example/",
            "evil.example/r.example",
        ] {
            assert!(!allow(&hosts, server), "{server}");
        }
    }

    #[test]
    fn answer_names_server_user_and_token() {
        assert_eq!(
            answer("r.example", "u", &Secret::new("t\"")).expose(),
            "{\"ServerURL\":\"r.example\",\"Username\":\"u\",\"Secret\":\"t\\\"\"}\n"
        );
    }
}
