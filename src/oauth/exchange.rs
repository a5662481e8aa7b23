//! The type of the token that an exchange issued (RFC 8693 §2.2.1): only an access token can be used as one.

use crate::oauth::problem::Problem;
use crate::oauth::response;
use crate::profile::rules::Response;
use crate::term::text::{SHOWN_CHARACTERS, clean};
use crate::wire::answer::Answer;

const PREFIX: &str = "urn:ietf:params:oauth:token-type:";

/// Types of RFC 8693 §3 that are not for an API.
const OTHERS: [&str; 4] = ["refresh_token", "id_token", "saml1", "saml2"];

/// A JWT may be an access token, and an access token a JWT (RFC 8693 §3).
const ACCESS: [&str; 2] = ["access_token", "jwt"];

/// Checks the type in `answer` against the one that was `requested`. An answer without a type passes, as some servers leave it out.
pub(crate) fn check(
    answer: &Answer,
    rules: &Response,
    requested: Option<&str>,
) -> Result<(), Problem> {
    match response::issued_token_type(answer, rules) {
        Some(issued) if !is_usable(&issued, requested) => Err(Problem::IssuedType {
            issued: clean(&issued, SHOWN_CHARACTERS),
            requested: requested.map(str::to_owned),
        }),
        _ => Ok(()),
    }
}

fn is_usable(issued: &str, requested: Option<&str>) -> bool {
    let is_one_of = |kind: &str, names: &[&str]| {
        let short = kind.strip_prefix(PREFIX);
        short.is_some_and(|short| names.contains(&short))
    };
    match requested {
        Some(requested) => {
            issued == requested || is_one_of(issued, &ACCESS) && is_one_of(requested, &ACCESS)
        }
        None => !is_one_of(issued, &OTHERS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_requested_type_or_an_access_token_is_usable() {
        let full = |kind: &str| format!("{PREFIX}{kind}");
        for (issued, requested, expected) in [
            ("access_token", None, true),
            ("jwt", None, true),
            ("refresh_token", None, false),
            ("id_token", None, false),
            ("saml2", None, false),
            ("access_token", Some("access_token"), true),
            ("jwt", Some("access_token"), true),
            ("id_token", Some("id_token"), true),
            ("access_token", Some("id_token"), false),
            ("refresh_token", Some("access_token"), false),
        ] {
            let requested = requested.map(full);
            let found = is_usable(&full(issued), requested.as_deref());
            assert_eq!(found, expected, "{issued}, {requested:?}");
        }
        assert!(is_usable("urn:example:own", None));
        assert!(!is_usable("urn:example:own", Some("urn:example:other")));
    }
}
