//! The authorization code grant (RFC 6749 §4.1) with PKCE (RFC 7636): what the browser is sent with, and what it comes back with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use ring::digest::{SHA256, digest};

use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::term::text::{SHOWN_CHARACTERS, clean};

/// 256 bits: RFC 7636 §4.1 recommends this size.
const RANDOM_BYTES: usize = 32;

/// The secrets of one login, which bind the browser's answer to this process.
pub(crate) struct Binding {
    /// RFC 7636 §4.1; only the token request carries it.
    pub(crate) verifier: Secret,
    /// RFC 6749 §10.12; random, so that no other page can guess it.
    pub(crate) state: String,
}

impl Binding {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self {
            verifier: Secret::new(random()?),
            state: random()?,
        })
    }

    pub(crate) fn challenge(&self) -> String {
        challenge(&self.verifier)
    }
}

fn random() -> Result<String, Error> {
    let mut bytes = zeroize::Zeroizing::new([0; RANDOM_BYTES]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|_| Error::new(Kind::Unexpected, "the system gives no random bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// The method `S256` (RFC 7636 §4.2).
fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.expose().as_bytes()))
}

/// What a request to the redirect URI says.
#[derive(Debug, PartialEq)]
pub(crate) enum Redirect {
    /// RFC 6749 §4.1.2
    Code(Secret),
    /// RFC 6749 §4.1.2.1
    Refused {
        code: String,
        description: Option<String>,
    },
    /// RFC 9207 §2.4: another server answered.
    WrongIssuer,
    /// Neither a code nor an error, or not with this login's state.
    NotThisLogin,
}

/// The issuer that the answer must name (RFC 9207).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectedIssuer<'a> {
    pub(crate) issuer: &'a str,
    /// Whether the provider's metadata promises `iss`.
    pub(crate) is_required: bool,
}

impl Redirect {
    /// Reads the query of a request to the redirect URI.
    pub(crate) fn read(query: &str, state: &str, issuer: Option<ExpectedIssuer<'_>>) -> Self {
        let Some(parameters) = parameters(query) else {
            return Self::NotThisLogin;
        };
        let value = |name: &str| {
            let found = parameters.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.expose())
        };
        if !value("state").is_some_and(|given| is_equal(given, state)) {
            return Self::NotThisLogin;
        }
        if let Some(expected) = issuer {
            match value("iss") {
                Some(given) if given != expected.issuer => return Self::WrongIssuer,
                None if expected.is_required => return Self::WrongIssuer,
                _ => {}
            }
        }
        match (value("code"), value("error")) {
            (_, Some(error)) => Self::Refused {
                code: clean(error, SHOWN_CHARACTERS),
                description: value("error_description")
                    .map(|text| clean(text, SHOWN_CHARACTERS))
                    .filter(|text| !text.is_empty()),
            },
            (Some(code), None) if !code.is_empty() => Self::Code(Secret::new(code)),
            _ => Self::NotThisLogin,
        }
    }
}

/// The time does not depend on where the texts differ.
fn is_equal(given: &str, expected: &str) -> bool {
    let differences = given.bytes().zip(expected.bytes());
    let different = differences.fold(0, |all, (given, expected)| all | (given ^ expected));
    given.len() == expected.len() && different == 0
}

/// Returns `None` if it is not a form, or a name is repeated (RFC 6749 §3.1).
fn parameters(query: &str) -> Option<Vec<(String, Secret)>> {
    let mut parameters: Vec<(String, Secret)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name)?;
        if parameters.iter().any(|(known, _)| *known == name) {
            return None;
        }
        parameters.push((name, Secret::new(decoded(value)?)));
    }
    Some(parameters)
}

fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let text = percent_decode_str(&text).decode_utf8().ok()?;
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 Appendix B.
    #[test]
    fn the_challenge_is_that_of_the_standards_example() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(
            challenge(&verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn each_login_has_its_own_verifier_and_state_of_43_characters() {
        let (first, second) = (Binding::new().unwrap(), Binding::new().unwrap());
        assert_ne!(first.state, second.state);
        assert_ne!(first.verifier, second.verifier);
        assert_ne!(first.state, first.verifier.expose());
        assert_eq!(first.state.len(), 43);
        assert_eq!(first.verifier.expose().len(), 43);
    }

    #[test]
    fn only_a_redirect_with_this_logins_state_counts() {
        let code = |code: &str| Redirect::Code(Secret::new(code));
        let refused = |code: &str, description: Option<&str>| Redirect::Refused {
            code: code.to_owned(),
            description: description.map(str::to_owned),
        };
        for (query, expected) in [
            ("code=c&state=s", code("c")),
            ("state=s&code=a%2Fb%2Bc+d&session_state=x", code("a/b+c d")),
            ("code=c", Redirect::NotThisLogin),
            ("code=c&state=", Redirect::NotThisLogin),
            ("code=c&state=x", Redirect::NotThisLogin),
            ("code=c&state=ss", Redirect::NotThisLogin),
            ("state=s", Redirect::NotThisLogin),
            ("code=&state=s", Redirect::NotThisLogin),
            ("", Redirect::NotThisLogin),
            ("code=c&state=s&code=d", Redirect::NotThisLogin),
            ("code=c&state=s&state=s", Redirect::NotThisLogin),
            ("code=%ff&state=s", Redirect::NotThisLogin),
            ("error=access_denied&state=x", Redirect::NotThisLogin),
            (
                "error=access_denied&state=s",
                refused("access_denied", None),
            ),
            (
                "error=access_denied&error_description=no%1b%5B31m+way&state=s&code=c",
                refused("access_denied", Some("no[31m way")),
            ),
        ] {
            assert_eq!(Redirect::read(query, "s", None), expected, "{query}");
        }
    }

    #[test]
    fn the_issuer_must_be_the_expected_one() {
        let expected = |is_required| {
            Some(ExpectedIssuer {
                issuer: "https://a.example",
                is_required,
            })
        };
        let good = || Redirect::Code(Secret::new("c"));
        for (iss, issuer, read) in [
            ("", None, good()),
            ("&iss=https%3A%2F%2Fevil.example", None, good()),
            ("", expected(false), good()),
            ("", expected(true), Redirect::WrongIssuer),
            ("&iss=https%3A%2F%2Fa.example", expected(true), good()),
            (
                "&iss=https%3A%2F%2Fa.example%2F",
                expected(false),
                Redirect::WrongIssuer,
            ),
            (
                "&iss=https%3A%2F%2Fevil.example",
                expected(true),
                Redirect::WrongIssuer,
            ),
        ] {
            let query = format!("code=c&state=s{iss}");
            assert_eq!(
                Redirect::read(&query, "s", issuer),
                read,
                "{query} {issuer:?}"
            );
        }
    }
}
