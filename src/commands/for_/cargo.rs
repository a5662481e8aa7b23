//! cargo: a token for `cargo:token-from-stdout`.
//!
//! Format: "Registry Authentication", `cargo:token-from-stdout`: the token on stdout, the registry's index in `CARGO_REGISTRY_INDEX_URL`.
//! cargo sends what it gets as the whole `Authorization` header, so registries that want a scheme need it in front.

use crate::commands::for_::hosts::{self, Host};
use crate::secret::Secret;

/// The variable that cargo names the registry in.
pub const INDEX_URL: &str = "CARGO_REGISTRY_INDEX_URL";

/// Whether the registry whose index is at `index_url` may have the token.
#[must_use]
pub fn allow(hosts: &[Host], index_url: &str) -> bool {
    hosts::allow_url(
        hosts,
        index_url.strip_prefix("sparse+").unwrap_or(index_url),
    )
}

/// The token, after `Bearer ` if `bearer`, and a line end.
#[must_use]
pub fn token(token: &Secret, bearer: bool) -> Secret {
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
    fn a_registry_is_known_by_its_index() {
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
    fn the_scheme_stands_in_front_where_it_is_wanted() {
        assert_eq!(token(&Secret::new("t"), false).expose(), "t\n");
        assert_eq!(token(&Secret::new("t"), true).expose(), "Bearer t\n");
    }
}
