//! One file for each grant that a login uses.

pub(crate) mod authorization_code;
pub(crate) mod device_code;
