//! A refresh token becomes an access token (RFC 6749 §6).

use crate::profile::file::schema::Sent;
use crate::profile::grants::grant::Grant;
use crate::profile::template::REFRESH_TOKEN;

pub(super) const GRANT: Grant = Grant {
    name: "refresh_token",
    sent: "refresh_token",
    parameters: &[(Sent::RefreshToken, "${secret.refresh_token}")],
    secrets: &[REFRESH_TOKEN],
    login: None,
};
