//! The grants whose token request tok completes by itself, in the order of their names.

mod authorization_code;
mod device_code;
mod grant;
mod refresh_token;

pub use grant::{Grant, Login};

/// Each is one file here.
const ALL: &[&Grant] = &[
    &authorization_code::GRANT,
    &device_code::GRANT,
    &refresh_token::GRANT,
];

/// Returns the grant that a profile names, or `None` for one that is sent as it is written.
pub(crate) fn find(name: &str) -> Option<&'static Grant> {
    ALL.iter().copied().find(|grant| grant.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_found_by_the_name_in_a_profile() {
        assert!(ALL.is_sorted_by_key(|grant| grant.name));
        for grant in ALL {
            assert_eq!(find(grant.name), Some(*grant));
        }
        assert_eq!(find("client_credentials"), None);
    }
}
