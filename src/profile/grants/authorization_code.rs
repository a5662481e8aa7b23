//! `tok login` gets the first refresh token through a browser on this machine (RFC 6749 §4.1, RFC 7636, RFC 8252).

use crate::profile::file::schema::Sent;
use crate::profile::grants::grant::{Grant, Login};
use crate::profile::template::REFRESH_TOKEN;

pub(super) const GRANT: Grant = Grant {
    name: "authorization_code",
    sent: "refresh_token",
    parameters: &[(Sent::RefreshToken, "${secret.refresh_token}")],
    secrets: &[REFRESH_TOKEN],
    login: Some(Login::AuthorizationCode),
};
