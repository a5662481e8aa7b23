//! The client's certificate: shown to servers (RFC 8705), or named by assertions.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::profile::at::wrong;
use crate::profile::file::schema::{AuthMethod, SourceTable};
use crate::profile::plan::Plan;
use crate::profile::resolved::Profile;
use crate::profile::sources;
use crate::profile::template::CLIENT_KEY;

const CERTIFICATE: &str = "`client_cert = \"client.pem\"`";
const KEY: &str = "`client_key = \"client-key.pem\"`";

/// Returns whether servers are shown the certificate; fails if half of what that takes is missing.
pub(super) fn check<'a>(
    has_certificate: bool,
    has_key: bool,
    mut plans: impl Iterator<Item = &'a Plan>,
    is_named: bool,
) -> Result<bool, Error> {
    let method = plans.find_map(|plan| method(plan.auth_method));
    let missing = match (has_certificate, has_key, method) {
        (true, true, _) => return Ok(true),
        (false, false, None) => return Ok(false),
        // The certificate of a key that signs need not be shown to the server.
        (true, false, None) if is_named => return Ok(false),
        (false, false, Some(method)) => {
            return Err(wrong(
                "client_cert",
                format!(
                    "missing: `auth_method = \"{method}\"` shows this certificate to the provider"
                ),
            )
            .hint(format!("write {CERTIFICATE} and {KEY}")));
        }
        (true, false, Some(method)) => {
            return Err(wrong(
                "client_key",
                format!("missing: with `auth_method = \"{method}\"`, the key of `client_cert`"),
            )
            .hint(format!("write {KEY}")));
        }
        (true, false, None) => ("client_cert", KEY),
        (false, true, _) => ("client_key", CERTIFICATE),
    };
    let (key, other) = missing;
    Err(wrong(key, "`client_cert` and `client_key` go together").hint(format!("write {other} too")))
}

/// Makes the key a secret like others.
pub(super) fn add_key(
    secrets: &mut BTreeMap<String, SourceTable>,
    source: SourceTable,
) -> Result<(), Error> {
    sources::check(&source, CLIENT_KEY, sources::ONE_SOURCE)?;
    match secrets.insert(CLIENT_KEY.to_owned(), source) {
        None => Ok(()),
        Some(_) => Err(wrong(
            CLIENT_KEY,
            "it is also in `secrets`; give the secret there another name",
        )),
    }
}

/// Checks that each request that authenticates by certificate uses TLS.
pub(super) fn check_urls(profile: &Profile) -> Result<(), Error> {
    for plan in profile.plans() {
        let Some(method) = method(plan.auth_method) else {
            continue;
        };
        let is_plain = |url: &String| url.starts_with("http:");
        if profile.known_host(plan).as_ref().is_some_and(is_plain) {
            return Err(wrong(
                "auth_method",
                format!("`{method}` shows a certificate, which needs an https URL"),
            ));
        }
    }
    Ok(())
}

fn method(method: AuthMethod) -> Option<&'static str> {
    method.is_certificate().then(|| method.name())
}
