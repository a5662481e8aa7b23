//! Faults of a profile: keys that are missing, contradict each other, or have impossible values.

use super::case::{Case, GOOD};

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "[profiles.p]\nprovider = 'spotfy'\n",
        "[profiles.p]\nprovider = 'zzz'\n",
        "[profiles.p]\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'http://PROVIDER/t'\n",
        "[profiles.p]\ntoken_url = 'http://PROVIDER/t'\nclient_id = ''\n",
        "[profiles.p]\nprovider = 'auth0'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'http://example.com/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'ftp://example.com/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'file:///etc/passwd'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'example.com'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'https://exa mple.com/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'https://bücher.example/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'https://me:pw@example.com/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'https://${env.NO_SUCH}/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'https://${var.tenant}/'\nclient_id = 'i'\nvars = { tenan = 'a' }\n",
        "[profiles.p]\ntoken_url = 'https://${var.tenant}.example.com/'\nclient_id = 'i'\nvars = { tenant = 'a/b' }\n",
        "[profiles.p]\ntoken_url = 'https://${step.a.b}/'\nclient_id = 'i'\n",
        "[profiles.p]\ntoken_url = 'https://${secret.host}/'\nclient_id = 'i'\nsecrets = { host = {} }\n",
        "[profiles.p]\ntoken_url = 'https://example.com/'\nclient_id = '${client_secret}'\n",
    ]
    .map(Case::config)
    .into();
    cases.extend(
        [
            "client_secret = { env = 'A', file = 'b' }",
            "client_secret = { command = [] }",
            "client_secret = 'hunter2'",
            "client_secret = { evn = 'A' }",
            "vars = { a = '${var.b}', b = '${var.a}' }\naudience = '${var.a}'",
            "vars = { a = '${client_id}' }\naudience = '${var.a}'",
            "values = { a = '${value.b}', b = '${value.a}' }\naudience = '${value.a}'",
            "params = { a = { b = 1 } }",
            "encoding = 'none'\nparams = { a = 1 }",
            "query = { a = { b = 1 } }",
            "headers = { 'a b' = 'x' }",
            "headers = { x = \"a\\nb\" }",
            "response = { root = 'data' }",
            "response = { root = '/a~b' }",
            "response = { access_token = 'header:' }",
            "response = { access_token = 'step:s/a' }",
            "response = { access_token = [] }",
            "response = { format = 'text', root = '/a' }",
            "response = { keep = ['/scope'] }",
            "response = { keep = ['/'] }",
            "response = { expires_at_unit = 'pattern' }",
            "response = { expires_at = '/e', expires_at_unit = '%Y-%m-%d %H:%M:%S' }",
            "response = { expires_at_zone = 'Mars' }",
            "origins = ['http://example.com']",
            "client_cert = 'c.pem'",
            "client_key = 'c.pem'",
            "auth_method = 'tls_client_auth'",
            "auth_method = 'self_signed_tls_client_auth'\nclient_cert = 'c.pem'",
            "auth_method = 'tls_client_auth'\nclient_cert = 'c.pem'\nclient_key = 'k.pem'",
            "timeout = 0",
            "cache = 'disk'",
            "header = 'X: ${env.PATH}${secret.a}'",
            "header = 'X: ${value.n}'\nvalues = { n = '${assertion}' }",
            "[[profiles.p.steps]]\nurl = 'https://example.com'",
            "[[profiles.p.steps]]\nname = 's'",
            "[[profiles.p.steps]]\nname = 's'\nurl = 'http://PROVIDER/s'\n[[profiles.p.steps]]\nname = 's'\nurl = 'http://PROVIDER/s'",
            "[[profiles.p.steps]]\nname = 's'\nurl = 'http://PROVIDER/s'\nparams = { a = '${step.z.a}' }",
            "[[profiles.p.steps]]\nname = 's'\nurl = 'http://PROVIDER/s'\nnam = 'x'",
        ]
        .map(Case::keys),
    );
    let other = |name: &str| {
        format!("{GOOD}[profiles.{name}]\ntoken_url = 'https://example.com/'\nclient_id = 'i'\n")
    };
    cases.push(Case::config(
        "[profiles.p]\ntoken_url = 'http://PROVIDER/t'\nauth_method = 'none'\naudience = '${client_id}'\n",
    ));
    cases.push(Case::config(
        "[profiles.p]\ntoken_url = 'http://PROVIDER/t'\nauth_method = 'none'\n[[profiles.p.steps]]\nname = 's'\nurl = 'http://PROVIDER/s'\nauth_method = 'client_secret_basic'\n",
    ));
    cases.push(Case::able("token p").configured(&other("P")));
    cases.push(Case::able("list").configured(&other("'a b'")));
    cases.extend(
        [
            "audience = '${hmac_sha256(client_secret, client_id)}'",
            "audience = '${totp(client_secret)}'",
            "audience = '${md5(client_secret)}'",
            "audience = '${now(\"%A\")}'",
            "audience = '${client_secret[:2]}'",
            "values = { n = '${uuid()}' }\nparams = { a = '${value.n}', b = '${value.n}' }",
            "params = { a = '${step.s.a}' }\n[[profiles.p.steps]]\nname = 's'\nurl = 'http://PROVIDER/s'\nresponse = { keep = { a = 'header:x-a' } }",
        ]
        .map(|keys| Case::keys(keys).run("show p --curl")),
    );
    cases
}
