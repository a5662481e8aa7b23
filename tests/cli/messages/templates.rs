//! Faults in `${…}`: names, locations, functions, and values that a function cannot take.

use super::case::Case;

pub fn cases() -> Vec<Case> {
    [
        "header = 'X: ${acces_token}'",
        "header = 'X: ${kept.a}'",
        "header = 'X: ${'",
        "header = 'X: ${}'",
        "header = 'X: ${step.a.b}'",
        "header = 'X: ${uuid('",
        "header = 'X: ${sha256(access_token'",
        "audience = '${access_token}'",
        "audience = '${kept.a}'",
        "audience = '${body}'",
        "audience = '${secret.api_key}'",
        "secrets = { api_key = {} }\naudience = '${secret.api_kye}'",
        "audience = '${value.nonce}'",
        "audience = '${var.a}'",
        "audience = '${zzz.a}'",
        "audience = '${sha255(client_id)}'",
        "params = { k = { n = '${sha255(client_id)}' } }\nencoding = 'json'",
        "audience = '${client_id | upper}'",
        "audience = '${client_id ~ }'",
        "audience = '${base64()}'",
        "audience = '${sha256(client_id, \"octal\")}'",
        "audience = '${from_base64(client_id ~ \"%\")}'",
        "audience = '${from_hex(client_id)}'",
        "audience = '${totp(client_id ~ \"1\")}'",
        "audience = '${int(client_id)}'",
        "audience = '${now(\"%!\")}'",
        "audience = '${query_param(client_id, \"a\")}'",
        "audience = '${upper(1)}'",
        "audience = '${sha256(1)}'",
        "audience = '${int([])}'",
        "audience = '${[1]}'",
        "values = { n = '${int(client_id)}' }\naudience = '${value.n}'",
    ]
    .map(Case::keys)
    .into()
}
