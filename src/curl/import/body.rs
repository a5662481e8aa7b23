//! Finds the parameters of a request: in a form, in JSON or in the query.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::curl::import::request::{Datum, Request};
use crate::profile::file::schema::{Encoding, Method};

#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) method: Method,
    pub(super) encoding: Encoding,
    /// Decoded; a name that occurs twice in a form has a list.
    pub(super) all: Map<String, Value>,
    /// Without query and fragment.
    pub(super) url: String,
    /// Parameters that stay in the URL because the body has some too.
    pub(super) query: Vec<(String, String)>,
}

/// Parameters that a profile cannot express.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum BodyError {
    #[error("the request is neither POST nor GET nor PUT, and tok sends nothing else")]
    Method,
    #[error("Content-Type: tok sends forms (application/x-www-form-urlencoded) and JSON")]
    ContentType,
    #[error("the body looks like JSON, but Content-Type says that it is a form")]
    JsonAsForm,
    #[error("--data-urlencode makes a form, but the body should be JSON")]
    FormAsJson,
    #[error("the body is no JSON text (line {line}, column {column} of it)")]
    NotJson { line: usize, column: usize },
    #[error("the body is JSON, but no object")]
    NotAnObject,
    #[error("-F and -d do not go together: curl sends one body")]
    FormAndData,
    #[error("a parameter has no name: the data should read name=value&name=value")]
    Nameless,
}

pub(super) fn read(request: &Request) -> Result<Parameters, BodyError> {
    let sends_body = !request.data.is_empty() && !request.get;
    let method = match request
        .method
        .as_deref()
        .map(str::to_ascii_uppercase)
        .as_deref()
    {
        Some("POST") => Method::Post,
        Some("GET") => Method::Get,
        Some("PUT") => Method::Put,
        Some(_) => return Err(BodyError::Method),
        None if sends_body => Method::Post,
        None => Method::Get,
    };
    let url = request.url.split('#').next().unwrap_or_default();
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let mut query = form_pairs(query)?;
    let mut parameters = Parameters {
        method,
        encoding: Encoding::None,
        all: Map::new(),
        url: url.to_owned(),
        query: Vec::new(),
    };
    if !sends_body {
        query.extend(form(request)?);
        if !query.is_empty() {
            parameters.encoding = Encoding::Query;
        }
        parameters.all = collected(query);
        return Ok(parameters);
    }
    parameters.query = query;
    if request.multipart {
        if request
            .data
            .iter()
            .any(|datum| matches!(datum, Datum::Raw(_)))
        {
            return Err(BodyError::FormAndData);
        }
        parameters.encoding = Encoding::Multipart;
        parameters.all = collected(form(request)?);
        return Ok(parameters);
    }
    match json_text(request)? {
        Some(text) => {
            parameters.encoding = Encoding::Json;
            parameters.all = match serde_json::from_str(&text) {
                Ok(Value::Object(members)) => members,
                Ok(_) => return Err(BodyError::NotAnObject),
                Err(error) => {
                    return Err(BodyError::NotJson {
                        line: error.line(),
                        column: error.column(),
                    });
                }
            };
        }
        None => {
            parameters.encoding = Encoding::Form;
            parameters.all = collected(form(request)?);
        }
    }
    Ok(parameters)
}

/// The body if it is JSON by its content type, or without one by its first character.
fn json_text(request: &Request) -> Result<Option<String>, BodyError> {
    let content_type = request
        .headers
        .iter()
        .rev()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.to_ascii_lowercase());
    let starts_as_json = match request.data.first() {
        Some(Datum::Raw(text)) => text.trim_start().starts_with(['{', '[']),
        _ => false,
    };
    let is_json = match &content_type {
        Some(kind) if kind.contains("json") => true,
        Some(kind) if kind.contains("x-www-form-urlencoded") && starts_as_json => {
            return Err(BodyError::JsonAsForm);
        }
        Some(kind) if kind.contains("x-www-form-urlencoded") => false,
        Some(_) if !request.json => return Err(BodyError::ContentType),
        _ => request.json || starts_as_json,
    };
    if !is_json {
        return Ok(None);
    }
    let mut text = String::new();
    for datum in &request.data {
        let Datum::Raw(more) = datum else {
            return Err(BodyError::FormAsJson);
        };
        // curl joins form parts with `&` and --json parts with nothing.
        if !text.is_empty() && !request.json {
            text.push('&');
        }
        text.push_str(more);
    }
    Ok(Some(text))
}

fn form(request: &Request) -> Result<Vec<(String, String)>, BodyError> {
    let mut pairs = Vec::new();
    for datum in &request.data {
        match datum {
            Datum::Raw(text) => pairs.extend(form_pairs(text)?),
            Datum::Encoded(name, _) if name.is_empty() => return Err(BodyError::Nameless),
            Datum::Encoded(name, value) => pairs.push((name.trim().to_owned(), value.clone())),
        }
    }
    Ok(pairs)
}

/// `name=value&…`, decoded.
fn form_pairs(text: &str) -> Result<Vec<(String, String)>, BodyError> {
    let decoded = |text: &str| {
        percent_decode_str(&text.trim().replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => Ok((decoded(name), decoded(value))),
            _ => Err(BodyError::Nameless),
        })
        .collect()
}

fn collected(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut table = Map::new();
    for (name, value) in pairs {
        match table.get_mut(&name) {
            None => {
                table.insert(name, Value::String(value));
            }
            Some(Value::Array(list)) => list.push(Value::String(value)),
            Some(single) => *single = Value::Array(vec![single.take(), Value::String(value)]),
        }
    }
    table
}
