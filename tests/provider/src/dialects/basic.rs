//! A travel-connectivity API: HTTP Basic with the client id and secret unencoded.
//!
//! RFC 6749 §2.3.1 would have both form-encoded before the base64; this provider takes them raw, and its secrets
//! are base64 themselves, so the two differ for almost every secret. Wrong credentials get a 401 whose body is not
//! documented, so it is empty here. Requests wrong in form get RFC 6749 §5.2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::demand::{self, FORM};
use super::{Account, Dialect, Refusal, mint};
use crate::answer::Answer;
use crate::received::Received;

/// `POST /oauth/v2/token`.
pub const BASIC: Dialect = Dialect {
    name: "basic",
    path: "/oauth/v2/token",
    judge,
    mint,
    granted,
    refused,
};

/// The 401 for wrong credentials: no body.
pub fn unauthorized() -> Answer {
    Answer::new(401)
}

fn judge(received: &Received, account: &Account) -> Result<(), Refusal> {
    demand::post_of(FORM, received)?;
    let parameters = demand::form_parameters(received)?;
    demand::only(&parameters, &["grant_type"], &[])?;
    demand::client_credentials(&parameters)?;
    let expected = STANDARD.encode(format!("{}:{}", account.client_id, account.client_secret));
    let found: Vec<&str> = received.headers_named("authorization").collect();
    if found == [format!("Basic {expected}")] {
        Ok(())
    } else {
        Err(Refusal::Credentials)
    }
}

fn mint() -> String {
    mint::padded_base64()
}

fn granted(token: &str) -> Answer {
    Answer::json(
        200,
        json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token }),
    )
}

fn refused(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::Credentials => unauthorized(),
        Refusal::Request(why) => Answer::refusal(400, "invalid_request", why),
        Refusal::GrantType(_) => {
            Answer::refusal(400, "unsupported_grant_type", "Unsupported grant type")
        }
    }
}
