//! How an answer is read: which places hold what, in which form (RFC 6749 §5.1 by default).

use serde_json::Value;

use super::place::Place;
use super::pointer::Pointer;
use super::wrong::{At, Wrong};
use crate::config::schema::{Format, Kept, Moment, ResponseTable, TokenCharacters, Unit};

/// How an answer is read (RFC 6749 §5.1 by default).
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// JSON, or the bare token.
    pub format: Format,
    /// The token.
    pub access_token: Place,
    /// Its type; `Bearer` where the answer has none.
    pub token_type: Place,
    /// Its lifetime.
    pub expires_in: Option<Place>,
    /// The lifetime's unit.
    pub expires_in_unit: Unit,
    /// The moment it expires.
    pub expires_at: Option<Place>,
    /// How that moment is written.
    pub expires_at_unit: Moment,
    /// The scope granted.
    pub scope: Place,
    /// Further members to keep, by the name they are kept under.
    pub keep: Vec<(String, Place)>,
    /// What to take off the token's front.
    pub strip_prefix: Option<String>,
    /// Members that say whether a 2xx is a success: each must be there and hold this.
    pub success: Vec<(Pointer, Value)>,
    /// Where a refusal's code is, if not where everybody's is.
    pub error: Option<Place>,
    /// Where a refusal's sentence is, if not where everybody's is.
    pub error_description: Option<Place>,
    /// What a token is made of.
    pub token_chars: TokenCharacters,
    /// The lifetime of a token whose answer names none, milliseconds.
    pub default_ttl_ms: Option<i64>,
    /// The longest lifetime believed, milliseconds.
    pub max_ttl_ms: Option<i64>,
}

impl Response {
    /// The rules that `toml`, the inside of a `response` table, stands for.
    ///
    /// # Errors
    /// A message that names the key that is wrong.
    pub fn from_toml(toml: &str) -> Result<Self, String> {
        let table =
            toml::from_str(toml).map_err(|error: toml::de::Error| error.message().to_owned())?;
        read(table, None, None).map_err(|wrong| format!("{}: {}", wrong.key, wrong.message))
    }
}

/// The rules for reading an answer, from the table as written.
pub(super) fn read(
    table: ResponseTable,
    default_ttl_ms: Option<i64>,
    max_ttl_ms: Option<i64>,
) -> Result<Response, Wrong> {
    let root = Pointer::parse(table.root.as_deref().unwrap_or("")).at("response.root")?;
    let place =
        |key: &str, written: &str| Place::parse(written, &root).at(&format!("response.{key}"));
    let optional = |key: &str, written: Option<&String>| {
        written.map(|written| place(key, written)).transpose()
    };
    let or = |key: &str, written: Option<&String>, default: &str| {
        place(key, written.map_or(default, String::as_str))
    };

    let expires_at = optional("expires_at", table.expires_at.as_ref())?;
    // A profile that says where the moment of expiry is does not mean a lifetime as well, unless it says so.
    let expires_in = match (&table.expires_in, &expires_at) {
        (None, Some(_)) => None,
        (written, _) => Some(or("expires_in", written.as_ref(), "/expires_in")?),
    };
    if table.format == Some(Format::Text) {
        let pointers = [
            &table.root,
            &table.access_token,
            &table.expires_in,
            &table.expires_at,
            &table.scope,
            &table.token_type,
        ];
        if pointers.into_iter().any(Option::is_some) {
            return Err(Wrong::new(
                "response.format",
                "`text` means that the body is the token; there is nothing to point into",
            ));
        }
    }
    let mut success = Vec::new();
    for (pointer, expected) in &table.success.0 {
        success.push((
            Pointer::parse(pointer).at("response.success")?,
            expected.clone(),
        ));
    }
    Ok(Response {
        format: table.format.unwrap_or_default(),
        access_token: or("access_token", table.access_token.as_ref(), "/access_token")?,
        token_type: or("token_type", table.token_type.as_ref(), "/token_type")?,
        expires_in,
        expires_in_unit: table.expires_in_unit.unwrap_or_default(),
        expires_at,
        expires_at_unit: table.expires_at_unit.unwrap_or_default(),
        scope: or("scope", table.scope.as_ref(), "/scope")?,
        keep: keep(table.keep.unwrap_or_default(), &root)?,
        strip_prefix: table.strip_prefix,
        success,
        error: table
            .error
            .as_ref()
            .map(|written| Place::parse(written, &Pointer::default()))
            .transpose()
            .at("response.error")?,
        error_description: table
            .error_description
            .as_ref()
            .map(|written| Place::parse(written, &Pointer::default()))
            .transpose()
            .at("response.error_description")?,
        token_chars: table.token_chars.unwrap_or_default(),
        default_ttl_ms,
        max_ttl_ms,
    })
}

/// What to keep of an answer, each under its own name.
fn keep(written: Kept, root: &Pointer) -> Result<Vec<(String, Place)>, Wrong> {
    /// The names `tok json` has for other things.
    const TAKEN: [&str; 7] = [
        "access_token",
        "token_type",
        "expires_in",
        "expires_at",
        "scope",
        "profile",
        "source",
    ];
    let mut keep: Vec<(String, Place)> = Vec::new();
    for (name, written) in written.0 {
        let place = Place::parse(&written, root).at("response.keep")?;
        let name = name
            .or_else(|| place.last().map(str::to_owned))
            .filter(|name| !name.is_empty())
            .ok_or_else(|| Wrong::new("response.keep", format!("`{written}` names no member")))?;
        if TAKEN.contains(&name.as_str()) || keep.iter().any(|(other, _)| *other == name) {
            return Err(Wrong::new(
                "response.keep",
                format!(
                    "`{written}`: the name `{name}` is taken; choose one with `keep = {{ name = \"{written}\" }}`"
                ),
            ));
        }
        keep.push((name, place));
    }
    Ok(keep)
}
