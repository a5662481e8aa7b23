//! Identities that are missing, unusable, or that nothing sends.

use super::case::Case;

/// A profile that sends the identity of `ID`.
const SENDS: &str =
    "[profiles.p]\ntoken_url = 'http://PROVIDER/t'\nauth_method = 'identity'\nidentity = ";

pub fn cases() -> Vec<Case> {
    let source = |source: &str| Case::config(&format!("{SENDS}{source}\n"));
    // {"aud":"b","exp":1500000000} and {"aud":"b"}
    let expired = "e30.eyJhdWQiOiJiIiwiZXhwIjoxNTAwMDAwMDAwfQ.c2ln";
    let other = "e30.eyJhdWQiOiJiIn0.c2ln";
    vec![
        Case::config("[profiles.p]\ntoken_url = 'http://PROVIDER/t'\nauth_method = 'identity'\n"),
        Case::keys("identity = { env = 'ID' }"),
        Case::keys("params = { a = '${identity}' }"),
        Case::keys("identity = {}\nparams = { a = '${identity}' }"),
        Case::keys("identity = { env = 'ID', file = 'f' }\nparams = { a = '${identity}' }"),
        Case::keys(
            "identity = { env = 'ID' }\nvalues = { v = '${identity}' }\nparams = { a = '${identity}', v = '${value.v}' }",
        ),
        Case::keys(
            "identity = { env = 'ID' }\nheader = 'X: ${identity}'\nparams = { a = '${identity}' }",
        ),
        source("{ env = 'ID' }"),
        source("{ env = 'ID' }").with("GITLAB_CI", "true"),
        source("{ env = 'ID' }").with("ID", ""),
        source("{ env = 'ID' }").with("ID", expired),
        source("{ env = 'ID', audience = 'a' }").with("ID", other),
        source("{ file = 'no-such-file' }"),
        source("{ command = ['no-such-program'] }"),
    ]
}
