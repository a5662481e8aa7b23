//! Google's credential files become profiles: `service_account` keys (AIP-4112), and `external_account` files of workload
//! identity federation with file, URL and executable sources (AIP-4117), and `authorized_user` files of logins, as gcloud writes them.

mod error;
mod source;

use serde::Deserialize;
use serde_json::{Value, json};

use self::error::GoogleError;
use self::source::{Source, Variables, literal};
use crate::profile::draft::Draft;
use crate::profile::template::{CLIENT_SECRET, REFRESH_TOKEN};
use crate::secret::Secret;

const DEFAULT_SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// RFC 7523 §2.1.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A profile and its secrets by name.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) draft: Draft,
    pub(super) secrets: Vec<(String, Secret)>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum File {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(AuthorizedUser),
    ExternalAccount(Box<ExternalAccount>),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    #[serde(default = "google_token_uri")]
    token_uri: String,
}

#[derive(Deserialize)]
struct AuthorizedUser {
    client_id: String,
    client_secret: String,
    refresh_token: String,
    #[serde(default = "google_token_uri")]
    token_uri: String,
}

fn google_token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

#[derive(Deserialize)]
struct ExternalAccount {
    audience: String,
    subject_token_type: String,
    token_url: String,
    credential_source: Source,
    service_account_impersonation_url: Option<String>,
    #[serde(default)]
    service_account_impersonation: Impersonation,
    client_id: Option<String>,
    client_secret: Option<String>,
    workforce_pool_user_project: Option<String>,
}

#[derive(Default, Deserialize)]
struct Impersonation {
    token_lifetime_seconds: Option<u32>,
}

/// Reads `text` as a credential file, for tokens with these scopes.
pub(super) fn read(text: &str, scopes: &[String]) -> Result<Import, GoogleError> {
    // serde's own message may quote the file.
    let not_one = |error: serde_json::Error| {
        let why = match error.classify() {
            serde_json::error::Category::Data => "a member is missing or of another type",
            _ => "it is not JSON",
        };
        GoogleError::NotOne(format!("{why} (line {})", error.line()))
    };
    let wanted = scopes;
    let scopes: Vec<String> = match scopes {
        [] => vec![DEFAULT_SCOPE.to_owned()],
        some => some.to_vec(),
    };
    match serde_json::from_str(text).map_err(not_one)? {
        File::AuthorizedUser(user) => Ok(authorized_user(user, wanted)),
        File::ServiceAccount(account) => Ok(service_account(account, &scopes)),
        File::ExternalAccount(account) => external_account(*account, &scopes),
        File::Other => Err(GoogleError::OtherType),
    }
}

/// Without `scopes` the tokens have those of the login.
fn authorized_user(user: AuthorizedUser, scopes: &[String]) -> Import {
    let draft = Draft {
        token_url: Some(literal(&user.token_uri)),
        client_id: Some(literal(&user.client_id)),
        auth_method: Some("client_secret_post".to_owned()),
        grant_type: Some(REFRESH_TOKEN.to_owned()),
        scope: scopes.iter().map(|scope| literal(scope)).collect(),
        ..Draft::default()
    };
    let secrets = [
        (CLIENT_SECRET, user.client_secret),
        (REFRESH_TOKEN, user.refresh_token),
    ];
    Import {
        draft,
        secrets: secrets
            .map(|(name, secret)| (name.to_owned(), Secret::new(secret)))
            .to_vec(),
    }
}

fn service_account(account: ServiceAccount, scopes: &[String]) -> Import {
    let mut draft = Draft {
        token_url: Some(literal(&account.token_uri)),
        client_id: Some(literal(&account.client_email)),
        auth_method: Some("none".to_owned()),
        grant_type: Some(JWT_BEARER.to_owned()),
        ..Draft::default()
    };
    draft
        .params
        .insert("assertion".to_owned(), "${assertion}".into());
    let mut assertion = json!({ "claims": { "sub": false, "scope": literal(&scopes.join(" ")) } });
    if let Some(id) = &account.private_key_id {
        assertion["kid"] = literal(id).into();
    }
    draft.more.insert("assertion".to_owned(), assertion);
    Import {
        draft,
        secrets: vec![("private_key".to_owned(), Secret::new(account.private_key))],
    }
}

fn external_account(account: ExternalAccount, scopes: &[String]) -> Result<Import, GoogleError> {
    let mut secrets = Vec::new();
    let variables = Variables {
        audience: &account.audience,
        token_type: &account.subject_token_type,
        impersonation_url: account.service_account_impersonation_url.as_deref(),
    };
    let subject = account.credential_source.read(variables, &mut secrets)?;
    let mut draft = Draft {
        secrets: secrets.iter().map(|(name, _)| name.clone()).collect(),
        ..Draft::default()
    };
    if let Some(identity) = subject.identity {
        draft.more.insert("identity".to_owned(), identity);
    }
    let mut exchange = json!({
        "subject_token": subject.token,
        "subject_token_type": literal(&account.subject_token_type),
        "requested_token_type": ACCESS_TOKEN,
        "audience": literal(&account.audience),
    });
    let is_client = account.client_id.is_some();
    if let Some(project) = &account.workforce_pool_user_project
        && !is_client
    {
        let options = json!({ "userProject": project }).to_string();
        exchange["params"] = json!({ "options": literal(&options) });
    }
    draft.client_id = account.client_id.as_deref().map(literal);
    if let Some(secret) = account.client_secret {
        secrets.push(("client_secret".to_owned(), Secret::new(secret)));
    }
    let method = if is_client {
        "client_secret_basic"
    } else {
        "none"
    };
    let mut steps: Vec<Value> = subject.step.into_iter().collect();
    match account.service_account_impersonation_url {
        None => {
            draft.token_url = Some(literal(&account.token_url));
            draft.auth_method = Some(method.to_owned());
            draft.scope = scopes.iter().map(|scope| literal(scope)).collect();
            if let Value::Object(keys) = exchange {
                draft.more.extend(keys);
            }
        }
        Some(url) => {
            exchange["name"] = "sts".into();
            exchange["url"] = literal(&account.token_url).into();
            exchange["auth_method"] = method.into();
            exchange["scope"] = DEFAULT_SCOPE.into();
            steps.push(exchange);
            let seconds = account.service_account_impersonation.token_lifetime_seconds;
            let lifetime = format!("{}s", seconds.unwrap_or(3600));
            let scopes: Vec<String> = scopes.iter().map(|scope| literal(scope)).collect();
            draft.token_url = Some(literal(&url));
            draft.auth_method = Some("none".to_owned());
            draft.grant_type = Some("none".to_owned());
            draft.encoding = Some("json".to_owned());
            draft.params.insert("scope".to_owned(), scopes.into());
            draft.params.insert("lifetime".to_owned(), lifetime.into());
            let field = "Bearer ${step.sts.access_token}".to_owned();
            draft.headers.push(("Authorization".to_owned(), field));
            draft.response = [
                ("access_token", "/accessToken"),
                ("expires_at", "/expireTime"),
            ]
            .map(|(key, at)| (key.to_owned(), at.to_owned()))
            .to_vec();
        }
    }
    if !steps.is_empty() {
        draft.more.insert("steps".to_owned(), steps.into());
    }
    Ok(Import { draft, secrets })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        read(text, &[]).unwrap_err().to_string()
    }

    #[test]
    fn files_that_cannot_become_a_profile_are_named_without_being_quoted() {
        let external = |source: &str| {
            error(&format!(
                r#"{{"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://sts.example/t","credential_source":{source}}}"#
            ))
        };
        for (found, expected) in [
            (error("s3cret"), "it is not JSON (line 1)"),
            (error("{}"), "a member is missing"),
            (
                error(r#"{"type":"service_account","private_key":"s3cret"}"#),
                "a member is missing",
            ),
            (
                error(r#"{"type":"authorized_user","refresh_token":"s3cret"}"#),
                "a member is missing",
            ),
            (
                error(r#"{"type":"impersonated_service_account","refresh_token":"s3cret"}"#),
                "its `type` is not",
            ),
            (
                external(r#"{"environment_id":"aws1","url":"http://169.254.169.254/x"}"#),
                "AWS",
            ),
            (external("{}"), "neither `file`, `url` nor `executable`"),
            (
                external(r#"{"url":"http://10.0.0.1/x?s3cret"}"#),
                "plain http at http://10.0.0.1,",
            ),
        ] {
            assert!(found.contains(expected), "{found}");
            assert!(!found.contains("s3cret"), "{found}");
        }
    }
}
