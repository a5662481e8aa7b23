//! Replaces an example's assertions (RFC 7523), which expired long ago, by ones that tok signs.

use serde_json::{Map, Value};

use crate::profile::assertion::CLIENT_ASSERTION_TYPE;
use crate::profile::draft::Draft;

/// RFC 7523 §2.1.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The assertions of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Signed {
    /// Client authentication (§2.2).
    pub(super) client: bool,
    /// Authorization grant (§2.1).
    pub(super) grant: bool,
}

impl Signed {
    /// Removes the assertions from `parameters`.
    pub(super) fn take(parameters: &mut Map<String, Value>) -> Self {
        let says = |name: &str, value: &str| parameters.get(name).is_some_and(|said| said == value);
        let signed = Self {
            client: says("client_assertion_type", CLIENT_ASSERTION_TYPE)
                && parameters.contains_key("client_assertion"),
            grant: says("grant_type", GRANT_TYPE) && parameters.contains_key("assertion"),
        };
        if signed.client {
            parameters.shift_remove("client_assertion_type");
            parameters.shift_remove("client_assertion");
        }
        if signed.grant {
            parameters.shift_remove("assertion");
        }
        signed
    }

    pub(super) fn put(self, draft: &mut Draft) {
        if self.grant {
            draft
                .params
                .insert("assertion".to_owned(), Value::from("${assertion}"));
        }
    }

    pub(super) fn note(self) -> Option<String> {
        (self.client || self.grant).then(|| {
            "the request has a signed JWT, so tok will sign one: `private_key` is its key, and `assertion` in the profile says more about it (config.example.toml)"
                .to_owned()
        })
    }
}
