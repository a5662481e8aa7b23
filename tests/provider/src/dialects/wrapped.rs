//! An ad and commerce API: a form body *without* `grant_type`, and answers wrapped in `data` or `error`.
//!
//! Its manual contradicts itself about errors: the samples nest them under `error`, the schema of the same page
//! has the same members at the top level for 401 and 500, and a plain string for 403 and 404. All of these shapes
//! are here as functions, so that a test can send each; the dialect itself answers as in the samples.

use serde_json::{Value, json};

use super::demand::{self, FORM};
use super::{Account, Dialect, Refusal, mint};
use crate::answer::Answer;
use crate::received::Received;

/// `POST /v1/auth/token`.
pub const WRAPPED: Dialect = Dialect {
    name: "wrapped",
    path: "/v1/auth/token",
    judge,
    mint,
    granted,
    refused,
};

/// The 400 of the samples.
pub fn invalid_request() -> Answer {
    Answer::json(
        400,
        nested("400013", "invalid_request", "Missing or invalid parameters"),
    )
}

/// The 401 of the samples, for wrong credentials.
pub fn invalid_client() -> Answer {
    Answer::json(401, json!({ "error": invalid_client_members() }))
}

/// The 401 of the schema: the same members at the top level.
pub fn flat_invalid_client() -> Answer {
    Answer::json(401, invalid_client_members())
}

/// The 500 of the samples.
pub fn api_error() -> Answer {
    Answer::json(500, json!({ "error": api_error_members() }))
}

/// The 500 of the schema: the same members at the top level.
pub fn flat_api_error() -> Answer {
    Answer::json(500, api_error_members())
}

/// The 403 of the schema: `error` is a string.
pub fn forbidden() -> Answer {
    Answer::json(
        403,
        json!({ "error": "Access forbidden for this resource." }),
    )
}

/// The 404 of the schema: `error` is a string.
pub fn not_found() -> Answer {
    Answer::json(404, json!({ "error": "Resource or endpoint not found." }))
}

fn invalid_client_members() -> Value {
    members(
        "401021",
        "invalid_client",
        "Invalid client_id, client_secret, or session_key",
    )
}

fn api_error_members() -> Value {
    members(
        "500999",
        "API_ERROR",
        "Api Error, please contact customer service",
    )
}

fn nested(code: &str, code_reason: &str, message: &str) -> Value {
    json!({ "error": members(code, code_reason, message) })
}

fn members(code: &str, code_reason: &str, message: &str) -> Value {
    json!({ "code": code, "code_reason": code_reason, "message": message })
}

fn judge(received: &Received, account: &Account) -> Result<(), Refusal> {
    demand::post_of(FORM, received)?;
    demand::no_authorization_header(received)?;
    let parameters = demand::form_parameters(received)?;
    demand::only(&parameters, &["client_id", "client_secret"], &[])?;
    demand::credentials_in_body(&parameters, account)
}

fn mint() -> String {
    format!("sk-{}", mint::hex())
}

fn granted(token: &str) -> Answer {
    let data = json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 });
    Answer::json(200, json!({ "data": data }))
}

fn refused(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::Credentials => invalid_client(),
        Refusal::Request(_) | Refusal::GrantType(_) => invalid_request(),
    }
}
