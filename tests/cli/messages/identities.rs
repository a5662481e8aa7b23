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
        Case::keys("subject_token_type = 'a'"),
        Case::keys("subject_token = 'a'\nactor_token_type = 'b'"),
        source("{ env = 'ID' }"),
        source("{ env = 'ID' }").with("GITLAB_CI", "true"),
        source("{ env = 'ID' }").with("ID", ""),
        source("{ env = 'ID' }").with("ID", expired),
        source("{ env = 'ID', audience = 'a' }").with("ID", other),
        source("{ file = 'no-such-file' }"),
        source("{ command = ['no-such-program'] }"),
        source("{ from = 'github' }"),
        source("{ from = 'github' }").with("GITHUB_ACTIONS", "true"),
        source("{ from = 'github' }")
            .with("ACTIONS_ID_TOKEN_REQUEST_URL", "https://evil.example/x")
            .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "s3cret"),
        source("{ from = 'github', env = 'ID' }"),
        source("{ from = 'gitlab' }"),
        source("{ from = 'kubernetes', audience = 'a' }"),
        source("{ from = 'kubernetes', file = 'no-such-file', audience = 'a' }")
            .with("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
        source("{ from = 'azure' }"),
        source("{ from = 'azure', audience = 'a' }")
            .with("IDENTITY_ENDPOINT", "http://10.0.0.1/")
            .with("IDENTITY_HEADER", "s3cret"),
        source("{ from = 'azure', audience = 'a' }").with("IDENTITY_ENDPOINT", "http://localhost/"),
        source("{ from = 'azure', audience = 'a' }")
            .with("IDENTITY_ENDPOINT", "http://localhost:1/")
            .with("IDENTITY_HEADER", "s3cret"),
        source("{ from = 'azure_pipelines' }"),
        source("{ from = 'azure_pipelines' }")
            .with("SYSTEM_OIDCREQUESTURI", "https://dev.azure.com/a/b"),
        source("{ from = 'github', client_id = 'a' }"),
        source("{ from = 'github', pointer = '/a' }"),
    ]
}
