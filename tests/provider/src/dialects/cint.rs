//! Cint Exchange: a JSON body with an `audience`, and a scope parameter of its own name.
//!
//! The manual documents one refusal, for wrong credentials, and calls it `access_denied` where RFC 6749 would say
//! `invalid_client`. What a request wrong in form gets is not documented; here it is RFC 6749 §5.2.

use serde_json::json;

use super::demand;
use super::{Account, Dialect, Refusal, mint};
use crate::answer::Answer;
use crate::received::Received;

/// `POST /oauth/token`.
pub const CINT: Dialect = Dialect {
    name: "cint",
    path: "/oauth/token",
    judge,
    mint,
    granted,
    refused,
};

const AUDIENCE: &str = "https://api.luc.id";
const LIFETIME: u64 = 86_400;

/// The documented 401 for a wrong client id or secret.
pub fn access_denied() -> Answer {
    Answer::json(
        401,
        json!({ "error": "access_denied", "error_description": "Unauthorized" }),
    )
}

fn judge(received: &Received, account: &Account) -> Result<(), Refusal> {
    demand::post_of("application/json", received)?;
    demand::no_authorization_header(received)?;
    let members = demand::json_members(received)?;
    demand::only(
        &members,
        &["client_id", "client_secret", "grant_type", "audience"],
        &["auth_scopes"],
    )?;
    demand::equal(&members, "audience", AUDIENCE)?;
    demand::client_credentials(&members)?;
    demand::credentials_in_body(&members, account)
}

fn mint() -> String {
    mint::jwt("https://auth.cint.com/", AUDIENCE, LIFETIME)
}

fn granted(token: &str) -> Answer {
    Answer::json(
        200,
        json!({ "access_token": token, "expires_in": LIFETIME, "token_type": "Bearer" }),
    )
}

fn refused(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::Credentials => access_denied(),
        Refusal::Request(why) => Answer::refusal(400, "invalid_request", why),
        Refusal::GrantType(_) => {
            Answer::refusal(400, "unsupported_grant_type", "Unsupported grant type")
        }
    }
}
