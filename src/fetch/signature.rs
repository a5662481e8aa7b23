//! A signature by the program that the profile names.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Kind, Subject};
use crate::oauth::signing::signature;
use crate::profile::Profile;
use crate::profile::file::schema::Algorithm;
use crate::secret::Secret;
use crate::secrets::{self, Patience};

/// Returns the signature of `text` in base64url.
pub(super) fn by_command(
    profile: &Profile,
    command: &[String],
    algorithm: Algorithm,
    text: &Secret,
    until: Instant,
) -> Result<String, Error> {
    let located = |error: Error| {
        let program = command.first().map_or("", String::as_str);
        error
            .about(Subject::Source(format!("command {program}")))
            .about(Subject::Key("sign".to_owned()))
    };
    let printed = secrets::run(profile, command, text, Patience::until(until)).map_err(located)?;
    let signature = signature::read(&printed, algorithm).map_err(|why| {
        located(Error::of(Kind::Secret, why).hint(
            "it must print the signature of its stdin and nothing else, raw or in base64 (docs/secrets.md has examples)",
        ))
    })?;
    Ok(URL_SAFE_NO_PAD.encode(signature))
}
