//! The demands of dialects on a request, each one function.
//!
//! A demand that is not met is a [`Refusal::Request`] with words for the person who reads a failed test.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;

use super::Refusal;
use crate::received::Received;

/// The form media type, as every manual writes it.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A POST with nothing in the query, and exactly this content type, without parameters.
pub(super) fn post_of(content_type: &str, received: &Received) -> Result<(), Refusal> {
    demand(received.method == "POST", || {
        format!("the method is {}", received.method)
    })?;
    demand(received.query.is_empty(), || {
        "the URL has a query".to_owned()
    })?;
    let found: Vec<&str> = received.headers_named("content-type").collect();
    demand(found == [content_type], || {
        format!("the content type is {found:?}")
    })
}

/// The client authenticates in the body, and RFC 6749 §2.3 allows one method a request.
pub(super) fn no_authorization_header(received: &Received) -> Result<(), Refusal> {
    demand(received.header("authorization").is_none(), || {
        "there is an Authorization header".to_owned()
    })
}

/// The members of the body's JSON object, in order; all strings, none twice.
pub(super) fn json_members(received: &Received) -> Result<Vec<(String, String)>, Refusal> {
    let members = parse_object(&received.body)
        .map_err(|error| Refusal::Request(format!("the body is no JSON object: {error}")))?;
    let texts = members.into_iter().map(|(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        other => Err(Refusal::Request(format!("member `{name}` is {other}"))),
    });
    once_each(texts.collect::<Result<_, _>>()?)
}

/// The body's form parameters, in order and without duplicates (RFC 6749 §3.2).
pub(super) fn form_parameters(received: &Received) -> Result<Vec<(String, String)>, Refusal> {
    let parameters = received
        .try_form()
        .map_err(|malformed| Refusal::Request(format!("the body is no form: {malformed}")))?;
    once_each(parameters)
}

/// Every name in `required` is there, and nothing beyond those and `optional`.
pub(super) fn only(
    parameters: &[(String, String)],
    required: &[&str],
    optional: &[&str],
) -> Result<(), Refusal> {
    for name in required {
        demand(value(parameters, name).is_some(), || {
            format!("the body has no `{name}`")
        })?;
    }
    for (name, _) in parameters {
        let known = required.contains(&name.as_str()) || optional.contains(&name.as_str());
        demand(known, || format!("the body has a `{name}` too many"))?;
    }
    Ok(())
}

/// A parameter has this value.
pub(super) fn equal(
    parameters: &[(String, String)],
    name: &str,
    expected: &str,
) -> Result<(), Refusal> {
    let found = value(parameters, name).unwrap_or_default();
    demand(found == expected, || format!("`{name}` is `{found}`"))
}

/// `grant_type` is `client_credentials`.
pub(super) fn client_credentials(parameters: &[(String, String)]) -> Result<(), Refusal> {
    match value(parameters, "grant_type").unwrap_or_default() {
        "client_credentials" => Ok(()),
        other => Err(Refusal::GrantType(other.to_owned())),
    }
}

/// The body's `client_id` and `client_secret` are the account's.
pub(super) fn credentials_in_body(
    parameters: &[(String, String)],
    account: &super::Account,
) -> Result<(), Refusal> {
    let same = value(parameters, "client_id") == Some(&account.client_id)
        && value(parameters, "client_secret") == Some(&account.client_secret);
    if same {
        Ok(())
    } else {
        Err(Refusal::Credentials)
    }
}

fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters
        .iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.as_str())
}

fn once_each(parameters: Vec<(String, String)>) -> Result<Vec<(String, String)>, Refusal> {
    for (index, (name, _)) in parameters.iter().enumerate() {
        let first = parameters[..index]
            .iter()
            .all(|(earlier, _)| earlier != name);
        demand(first, || format!("the body has `{name}` twice"))?;
    }
    Ok(parameters)
}

fn demand(met: bool, why: impl FnOnce() -> String) -> Result<(), Refusal> {
    if met {
        Ok(())
    } else {
        Err(Refusal::Request(why()))
    }
}

/// A JSON object with every member it has: `serde_json::Map` would keep one of two that share a name.
fn parse_object(json: &[u8]) -> serde_json::Result<Vec<(String, Value)>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let members = deserializer.deserialize_map(Members)?;
    deserializer.end()?;
    Ok(members)
}
