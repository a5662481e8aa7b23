//! The API behind the token endpoints: a token is only worth something if a person takes it.

use serde_json::json;

use super::ledger::Ledger;
use crate::answer::Answer;
use crate::received::Received;

/// 200 for a token that was issued and not revoked; otherwise 401 with the challenge of RFC 6750 §3, which has no
/// error code when the request carried no token at all.
pub(super) fn answer(received: &Received, ledger: &Ledger) -> Answer {
    let Some(token) = received.bearer() else {
        return Answer::json(401, json!({ "message": "a token is needed" }))
            .header("www-authenticate", "Bearer realm=\"api\"");
    };
    match ledger.issuer(token) {
        Some(dialect) => Answer::json(200, json!({ "path": received.path, "token_from": dialect })),
        None => Answer::json(401, json!({ "message": "this token is not accepted" })).header(
            "www-authenticate",
            "Bearer realm=\"api\", error=\"invalid_token\"",
        ),
    }
}
