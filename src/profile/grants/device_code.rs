//! `tok login` gets the first refresh token with a code that is typed on any device (RFC 8628).

use crate::profile::file::schema::Sent;
use crate::profile::grants::grant::{Grant, Login};
use crate::profile::template::REFRESH_TOKEN;

pub(super) const GRANT: Grant = Grant {
    name: "device_code",
    sent: "refresh_token",
    parameters: &[(Sent::RefreshToken, "${secret.refresh_token}")],
    secrets: &[REFRESH_TOKEN],
    login: Some(Login::DeviceCode),
};
