//! `tok inspect`: decodes a token that is a JWT (RFC 7519). Verifying it is up to the API.

use crate::commands::get::Fetch;
use crate::commands::spec::{Execute, Group, Spec};
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::clock::Now;
use crate::commands::get::get;
use crate::commands::session::{Session, write};
use crate::error::{Error, Kind, Subject};
use crate::output::rfc3339;
use crate::term::colour::{ASIDE, NAME, for_stdout, paint};
use crate::term::duration;
use crate::term::table;
use crate::term::text::{SHOWN_CHARACTERS, clean};

/// Claims that are times: RFC 7519 §4.1 and OpenID Connect Core §2.
const MOMENTS: [&str; 5] = ["exp", "nbf", "iat", "auth_time", "updated_at"];

pub(crate) const COMMAND: Spec = Spec {
    name: "inspect",
    about: "Show the claims of a token that is a JWT",
    group: Group::Printing,
    examples: "\
tok inspect cint
tok inspect cint --json | jq .claims.aud",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) fetch: Fetch,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, token, _) = get(session, &self.fetch)?;
        let jwt = Jwt::decode(token.access_token.expose()).map_err(|error| {
            Error::of(Kind::Unusable, error)
                .about(Subject::Action("nothing to inspect".into()))
                .profile(&profile.name)
                .hint(format!(
                    "`tok json {}` prints what the provider said of it",
                    profile.name
                ))
        })?;
        session
            .notes()
            .note("decoded, not verified: anyone could have written this");
        let now = Now::read().unix_ms;
        let answer = if self.json {
            format!("{}\n", jwt.json())
        } else {
            for_stdout(table::lines(&jwt.rows(now)))
        };
        write(out, &answer)
    }
}

#[derive(Debug, PartialEq)]
struct Jwt {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

/// A token that is not a JWT which tok can read.
#[derive(Debug, PartialEq, thiserror::Error)]
enum UnreadableToken {
    #[error("the token is opaque (no JWT), so only the provider can read it")]
    Opaque,
    #[error("the token is an encrypted JWT, so only the API it is for can read it")]
    Encrypted,
}

impl Jwt {
    fn decode(token: &str) -> Result<Self, UnreadableToken> {
        let parts: Vec<&str> = token.split('.').collect();
        match parts[..] {
            [header, claims, _] => Ok(Self {
                header: object(header).ok_or(UnreadableToken::Opaque)?,
                claims: object(claims).ok_or(UnreadableToken::Opaque)?,
            }),
            // RFC 7516 §3.1: five parts are an encrypted one.
            [header, _, _, _, _] if object(header).is_some() => Err(UnreadableToken::Encrypted),
            _ => Err(UnreadableToken::Opaque),
        }
    }

    fn json(&self) -> Value {
        let times: Map<String, Value> = self
            .moments()
            .map(|(name, unix_ms)| (name.to_owned(), json!(rfc3339(unix_ms))))
            .collect();
        json!({ "header": self.header, "claims": self.claims, "times": times, "verified": false })
    }

    /// Claims that are times, in Unix milliseconds.
    fn moments(&self) -> impl Iterator<Item = (&str, i64)> {
        MOMENTS.into_iter().filter_map(|name| {
            let seconds = self.claims.get(name)?.as_f64()?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float to integer cast saturates, and no claim is near the end"
            )]
            Some((name, (seconds * 1000.0) as i64))
        })
    }

    fn rows(&self, now_unix_ms: i64) -> Vec<Vec<String>> {
        let header = self.header.iter().map(|(name, value)| {
            vec![
                paint(NAME, &clean(&format!("header.{name}"), SHOWN_CHARACTERS)),
                shown(value),
            ]
        });
        let claims = self.claims.iter().map(|(name, value)| {
            let mut row = vec![paint(NAME, &clean(name, SHOWN_CHARACTERS)), shown(value)];
            if let Some((_, unix_ms)) = self.moments().find(|(moment, _)| moment == name) {
                let aside = format!("{}, {}", rfc3339(unix_ms), distance(unix_ms - now_unix_ms));
                row.push(paint(ASIDE, &aside));
            }
            row
        });
        header.chain(claims).collect()
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Formats a claim in one line. It is cleaned, as the token came over a network and must not move the cursor.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text, SHOWN_CHARACTERS),
        other => clean(&other.to_string(), SHOWN_CHARACTERS),
    }
}

/// Formats the time until or since `ms` in its two largest units: `in 1h 5m`, `2d 3h ago`.
fn distance(ms: i64) -> String {
    if ms < 0 {
        format!("{} ago", duration::words(ms.saturating_neg()))
    } else {
        format!("in {}", duration::words(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    #[test]
    fn only_a_readable_jwt_is_decoded() {
        let (header, claims) = (part(r#"{"alg":"RS256"}"#), part(r#"{"exp":60,"sub":"s"}"#));
        let jwt = Jwt::decode(&format!("{header}.{claims}.c2ln")).unwrap();
        assert_eq!(jwt.header["alg"], "RS256");
        assert_eq!(jwt.claims["sub"], "s");
        assert_eq!(jwt.json()["times"]["exp"], "1970-01-01T00:01:00Z");
        for (token, error) in [
            ("opaque".to_owned(), UnreadableToken::Opaque),
            ("a.b.c".to_owned(), UnreadableToken::Opaque),
            (
                format!("{header}.{}.x", part("[1]")),
                UnreadableToken::Opaque,
            ),
            (format!("{header}.{claims}"), UnreadableToken::Opaque),
            (format!("{header}.a.b.c.d"), UnreadableToken::Encrypted),
        ] {
            assert_eq!(Jwt::decode(&token).unwrap_err(), error, "{token}");
        }
    }

    #[test]
    fn no_claim_moves_the_cursor() {
        assert_eq!(shown(&json!("a\u{1b}[2Jb\nc")), "a[2Jb c");
        assert_eq!(shown(&json!({ "a": [1, "b"] })), r#"{"a":[1,"b"]}"#);
    }

    #[test]
    fn distances_are_told_in_two_units() {
        let cases = [
            (0, "in 0s"),
            (59_999, "in 59s"),
            (-61_000, "1m 1s ago"),
            (3_600_000, "in 1h"),
            (3_605_000, "in 1h"),
            (90_061_000, "in 1d 1h"),
            (-86_400_000, "1d ago"),
        ];
        for (ms, expected) in cases {
            assert_eq!(distance(ms), expected, "{ms}");
        }
    }
}
