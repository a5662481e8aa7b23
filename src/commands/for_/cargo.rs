//! cargo: a token for `cargo:token-from-stdout`.
//!
//! Format: "Registry Authentication", `cargo:token-from-stdout`. cargo sends the line as the whole
//! `Authorization` header, so a registry that wants a scheme needs it before the token.

use std::io::Write;

use crate::commands::for_::credential_helper::SHOWN_CHARACTERS;
use crate::commands::for_::hosts::{self, Host, Hosts};
use crate::commands::get::{Fetch, get};
use crate::commands::session::{Session, environment, write};
use crate::commands::spec::{Execute, Spec};
use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::term::text::clean;

pub(super) const COMMAND: Spec = Spec {
    name: "cargo",
    about: "A token provider for cargo: `cargo:token-from-stdout`",
    details: "  credential-provider = [\"cargo:token-from-stdout\", \"tok\", \"for\",
    \"cargo\", \"--host\", \"registry.example.com\", \"cint\"]",
    examples: "tok for cargo --host registry.example.com cint",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    #[command(flatten)]
    hosts: Hosts,

    /// Put `Bearer ` before the token, for registries that want it
    #[arg(long, help_heading = None)]
    bearer: bool,

    #[command(flatten)]
    fetch: Fetch,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let index_url = environment(INDEX_URL).ok_or_else(|| {
            Error::new(Kind::Usage, format!("{INDEX_URL} is not set"))
                .hint("this is for cargo, which sets it; elsewhere take `tok token`")
        })?;
        let index_url = index_url.to_string_lossy();
        if !allow(&self.hosts.list, &index_url) {
            // Only an error means "not my registry": cargo would send an empty token.
            return Err(Error::new(
                Kind::Config,
                format!(
                    "the registry at `{}` may not have this token",
                    clean(&index_url, SHOWN_CHARACTERS)
                ),
            )
            .hint("if you trust it, add its host with --host in cargo's `credential-provider`")
            .into());
        }
        let token = get(session, &self.fetch)?.1.access_token;
        write(out, line(&token, self.bearer).expose())
    }
}

const INDEX_URL: &str = "CARGO_REGISTRY_INDEX_URL";

fn allow(hosts: &[Host], index_url: &str) -> bool {
    hosts::allow_url(
        hosts,
        index_url.strip_prefix("sparse+").unwrap_or(index_url),
    )
}

fn line(token: &Secret, bearer: bool) -> Secret {
    let mut out = Secret::default();
    if bearer {
        out.push("Bearer ");
    }
    out.push(token.expose());
    out.push("\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_is_known_by_its_index() {
        let hosts = ["r.example".parse().unwrap()];
        for url in [
            "sparse+https://r.example/index/",
            "https://r.example/index.git",
        ] {
            assert!(allow(&hosts, url), "{url}");
        }
        for url in [
            "",
            "sparse+https://evil.example/",
            "sparse+http://r.example/",
            "ssh://git@r.example/index.git",
        ] {
            assert!(!allow(&hosts, url), "{url}");
        }
    }

    #[test]
    fn scheme_precedes_the_token_if_wanted() {
        assert_eq!(line(&Secret::new("t"), false).expose(), "t\n");
        assert_eq!(line(&Secret::new("t"), true).expose(), "Bearer t\n");
    }
}
