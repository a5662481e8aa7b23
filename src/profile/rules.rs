//! The rules for reading an answer: where each value is, and in which form (RFC 6749 §5.1 by default).

use jiff::tz::Offset;
use serde_json::Value;

use crate::error::{Error, Kind, OrFail as _};
use crate::profile::at::{At, wrong};
use crate::profile::file::schema::{
    Format, Kept, Moment, OneOrMany, ResponseTable, TokenCharacters, Unit,
};
use crate::profile::location::{Location, Locations};
use crate::profile::pointer::Pointer;

/// The rules for reading an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// JSON, a form, or the bare token.
    pub format: Format,
    /// The status of success, or `None` for any 2xx.
    pub status: Option<u16>,
    /// Where the token is.
    pub access_token: Locations,
    /// Where the token type is; the default is `Bearer`.
    pub token_type: Locations,
    /// Where the lifetime is.
    pub expires_in: Option<Locations>,
    /// The lifetime's unit.
    pub expires_in_unit: Unit,
    /// Where the expiry time is.
    pub expires_at: Option<Locations>,
    /// The format of the expiry time.
    pub expires_at_unit: Moment,
    /// The zone of an expiry time that has none.
    pub expires_at_zone: Option<Offset>,
    /// Where the granted scope is.
    pub scope: Locations,
    /// Further members to keep.
    pub keep: Vec<Keep>,
    /// A prefix to remove from the token.
    pub strip_prefix: Option<String>,
    /// Members that a 2xx must have, with these values, to be a success.
    pub success: Vec<(Pointer, Value)>,
    /// Where the error code is, if not at the usual locations.
    pub error: Option<Locations>,
    /// Where the error description is, if not at the usual locations.
    pub error_description: Option<Locations>,
    /// The characters a token may have.
    pub token_chars: TokenCharacters,
    /// The lifetime of a token whose answer has none, in milliseconds.
    pub default_ttl_ms: Option<i64>,
    /// The upper limit of a lifetime, in milliseconds.
    pub max_ttl_ms: Option<i64>,
}

impl Response {
    /// The rules of RFC 6749 §5, for a request whose answer is not a token.
    pub(crate) fn standard() -> Result<Self, Error> {
        read(&ResponseTable::default(), "response", &[], None, None)
    }
}

/// A member of an answer to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The name to keep it under.
    pub name: String,
    /// Where the member is.
    pub location: Location,
    /// Whether the member may be missing.
    pub optional: bool,
}

impl Response {
    /// Reads the contents of a `response` table.
    pub fn from_toml(toml: &str) -> Result<Self, Error> {
        let table = toml::from_str(toml).or_fail(Kind::Config)?;
        read(&table, "response", &[], None, None)
    }
    /// Whether `status` is that of an answer with a token.
    pub fn is_success(&self, status: u16) -> bool {
        match self.status {
            Some(expected) => status == expected,
            None => (200..300).contains(&status),
        }
    }

    pub(crate) fn keep_named(&self, name: &str) -> Option<&Keep> {
        self.keep.iter().find(|kept| kept.name == name)
    }
}

pub(super) fn read(
    table: &ResponseTable,
    key: &str,
    steps: &[String],
    default_ttl_ms: Option<i64>,
    max_ttl_ms: Option<i64>,
) -> Result<Response, Error> {
    let under = |name: &str| format!("{key}.{name}");
    let root = Pointer::parse(table.root.as_deref().unwrap_or("")).at(&under("root"))?;
    let locations = |name: &str, written: &OneOrMany, root: &Pointer| {
        Locations::parse(written, root, steps).at(&under(name))
    };
    let optional = |name: &str, written: &Option<OneOrMany>, root: &Pointer| {
        written
            .as_ref()
            .map(|written| locations(name, written, root))
            .transpose()
    };
    let or = |name: &str, written: &Option<OneOrMany>, default: &str| match written {
        Some(written) => locations(name, written, &root),
        None => locations(name, &OneOrMany::One(default.to_owned()), &root),
    };

    let is_text = table.format == Some(Format::Text);
    if is_text {
        let written = [
            &table.access_token,
            &table.expires_in,
            &table.expires_at,
            &table.scope,
            &table.token_type,
        ];
        let pointers = written.into_iter().flatten().flat_map(OneOrMany::as_slice);
        if table.root.is_some() || pointers.into_iter().any(|place| place.starts_with('/')) {
            return Err(wrong(
                &under("format"),
                "`text` means that the body is the token; there is nothing to point into",
            ));
        }
    }
    let expires_at = optional("expires_at", &table.expires_at, &root)?;
    // A profile with `expires_at` has no default for `expires_in`.
    let expires_in = match (&table.expires_in, &expires_at) {
        (None, Some(_)) => None,
        (written, _) => Some(or("expires_in", written, "/expires_in")?),
    };
    let mut success = Vec::new();
    for (pointer, expected) in &table.success.0 {
        success.push((
            Pointer::parse(pointer).at(&under("success"))?,
            expected.clone(),
        ));
    }
    let whole = Pointer::default();
    Ok(Response {
        format: table.format.unwrap_or_default(),
        status: table.status,
        access_token: or(
            "access_token",
            &table.access_token,
            if is_text { "" } else { "/access_token" },
        )?,
        token_type: or("token_type", &table.token_type, "/token_type")?,
        expires_in,
        expires_in_unit: table.expires_in_unit.unwrap_or_default(),
        expires_at,
        expires_at_zone: zone(table, key)?,
        expires_at_unit: table.expires_at_unit.clone().unwrap_or_default(),
        scope: or("scope", &table.scope, "/scope")?,
        keep: keep(table.keep.as_ref(), &under("keep"), &root, steps)?,
        strip_prefix: table.strip_prefix.clone(),
        success,
        error: optional("error", &table.error, &whole)?,
        error_description: optional("error_description", &table.error_description, &whole)?,
        token_chars: table.token_chars.unwrap_or_default(),
        default_ttl_ms,
        max_ttl_ms,
    })
}

fn zone(table: &ResponseTable, key: &str) -> Result<Option<Offset>, Error> {
    let zone_key = format!("{key}.expires_at_zone");
    let Some(written) = &table.expires_at_zone else {
        return match &table.expires_at_unit {
            Some(Moment::Pattern(pattern)) if !says_zone(pattern) => Err(wrong(
                &zone_key,
                format!(
                    "missing: `{pattern}` has no time zone in it; say which one the provider means, as in `expires_at_zone = \"+09:00\"`"
                ),
            )),
            _ => Ok(None),
        };
    };
    if written == "Z" || written.eq_ignore_ascii_case("UTC") {
        return Ok(Some(Offset::UTC));
    }
    ["%:z", "%z"]
        .into_iter()
        .find_map(|form| {
            jiff::fmt::strtime::parse(form, written)
                .ok()
                .and_then(|parsed| parsed.offset())
        })
        .map(Some)
        .ok_or_else(|| {
            wrong(
                &zone_key,
                format!("`{written}` is not an offset from UTC (like `+09:00`, or `UTC`)"),
            )
        })
}

fn says_zone(pattern: &str) -> bool {
    ["%z", "%:z", "%s"]
        .iter()
        .any(|word| pattern.contains(word))
}

fn keep(
    written: Option<&Kept>,
    key: &str,
    root: &Pointer,
    steps: &[String],
) -> Result<Vec<Keep>, Error> {
    const TAKEN: [&str; 7] = [
        "access_token",
        "token_type",
        "expires_in",
        "expires_at",
        "scope",
        "profile",
        "source",
    ];
    let mut keep: Vec<Keep> = Vec::new();
    for (name, one) in written.map_or(&[][..], |kept| &kept.0) {
        let written = &one.from;
        let location = Location::parse(written, root, steps).at(key)?;
        let name = name
            .clone()
            .or_else(|| location.last().map(str::to_owned))
            .filter(|name| !name.is_empty())
            .ok_or_else(|| wrong(key, format!("`{written}` does not name a member")))?;
        if TAKEN.contains(&name.as_str()) || keep.iter().any(|other| other.name == name) {
            return Err(wrong(
                key,
                format!(
                    "`{written}`: the name `{name}` is taken; choose one with `keep = {{ name = \"{written}\" }}`"
                ),
            ));
        }
        keep.push(Keep {
            name,
            location,
            optional: one.optional,
        });
    }
    Ok(keep)
}
