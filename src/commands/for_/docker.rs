//! docker: what a credential helper answers.
//!
//! Format: "docker-credential-helpers", Development and its package `credentials`: the server comes on stdin as text, the answer is JSON on
//! stdout, and so is the one error that docker knows: that there is no credential, after which it goes on without one.

use serde_json::json;

use crate::commands::for_::hosts::{self, Host};
use crate::secret::Secret;

/// The user name where the command line says no other.
pub const USERNAME: &str = "oauth2";

/// What docker takes for "there is no credential for this server", and a line end; the exit code is 1 with it.
pub const NOT_FOUND: &str = "credentials not found in native keychain\n";

/// Whether `server`, a host or a URL as docker names registries, may have the token.
#[must_use]
pub fn allow(hosts: &[Host], server: &str) -> bool {
    if server.contains("://") {
        return hosts::allow_url(hosts, server);
    }
    hosts::allow(hosts, "https", server.split('/').next().unwrap_or_default())
}

/// The answer to `get`, and a line end.
#[must_use]
pub fn answer(server: &str, username: &str, token: &Secret) -> Secret {
    let answer = json!({ "ServerURL": server, "Username": username, "Secret": token.expose() });
    let mut out = Secret::new(answer.to_string());
    out.push("\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_a_host_or_a_url() {
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
    fn an_answer_names_server_user_and_token() {
        assert_eq!(
            answer("r.example", "u", &Secret::new("t\"")).expose(),
            "{\"ServerURL\":\"r.example\",\"Username\":\"u\",\"Secret\":\"t\\\"\"}\n"
        );
    }
}
