//! Cardlytics: RFC 6749 §4.4 with the credentials in the form body (§2.3.1), nothing more.
//!
//! The manual documents no refusals; these are RFC 6749 §5.2.

use super::demand::{self, FORM};
use super::{Account, Dialect, Refusal, mint};
use crate::answer::Answer;
use crate::received::Received;

/// `POST /api/v1/idp/oauth2/token`.
pub const CARDLYTICS: Dialect = Dialect {
    name: "cardlytics",
    path: "/api/v1/idp/oauth2/token",
    judge,
    mint,
    granted,
    refused,
};

fn judge(received: &Received, account: &Account) -> Result<(), Refusal> {
    demand::post_of(FORM, received)?;
    demand::no_authorization_header(received)?;
    let parameters = demand::form_parameters(received)?;
    demand::only(
        &parameters,
        &["client_id", "client_secret", "grant_type"],
        &[],
    )?;
    demand::client_credentials(&parameters)?;
    demand::credentials_in_body(&parameters, account)
}

fn mint() -> String {
    mint::hex()
}

fn granted(token: &str) -> Answer {
    Answer::json(
        200,
        serde_json::json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer" }),
    )
}

fn refused(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::Credentials => {
            Answer::refusal(401, "invalid_client", "Client authentication failed")
        }
        Refusal::Request(why) => Answer::refusal(400, "invalid_request", why),
        Refusal::GrantType(_) => {
            Answer::refusal(400, "unsupported_grant_type", "Unsupported grant type")
        }
    }
}
