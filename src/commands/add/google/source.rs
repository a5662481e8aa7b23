//! The `credential_source` of an `external_account` file: a file, a URL or an executable that gives the subject token.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::error::GoogleError;
use crate::secret::Secret;
use crate::wire::origin::Origin;

#[derive(Deserialize)]
pub(super) struct Source {
    environment_id: Option<String>,
    file: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    executable: Option<Executable>,
    #[serde(default)]
    format: Format,
}

#[derive(Deserialize)]
struct Executable {
    command: String,
}

#[derive(Default, Deserialize)]
struct Format {
    #[serde(rename = "type")]
    kind: Option<String>,
    subject_token_field_name: Option<String>,
}

/// What Google's libraries tell an executable.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a> {
    pub(super) audience: &'a str,
    pub(super) token_type: &'a str,
    pub(super) impersonation_url: Option<&'a str>,
}

/// How the profile gets the subject token.
pub(super) struct Subject {
    pub(super) token: &'static str,
    pub(super) identity: Option<Value>,
    /// A request for it before all others.
    pub(super) step: Option<Value>,
}

impl Subject {
    fn of_identity(identity: Value) -> Self {
        Self {
            token: "${identity}",
            identity: Some(identity),
            step: None,
        }
    }
}

impl Source {
    /// Header fields that may be secret are added to `secrets`.
    pub(super) fn read(
        &self,
        account: Variables<'_>,
        secrets: &mut Vec<(String, Secret)>,
    ) -> Result<Subject, GoogleError> {
        if self.environment_id.is_some() {
            return Err(GoogleError::Aws);
        }
        if let Some(file) = &self.file {
            let path = std::path::absolute(Path::new(file))
                .map_or_else(|_| file.clone(), |path| path.display().to_string());
            let mut identity = json!({ "file": path });
            if let Some(pointer) = self.pointer() {
                identity["pointer"] = pointer.into();
            }
            return Ok(Subject::of_identity(identity));
        }
        if let Some(executable) = &self.executable {
            return Ok(Subject::of_identity(executable.identity(account)));
        }
        match &self.url {
            Some(url) => self.request(url, secrets),
            None => Err(GoogleError::NoSource),
        }
    }

    /// Where the token is in the source's JSON; `None` if the source is the token itself.
    fn pointer(&self) -> Option<String> {
        let is_json = self.format.kind.as_deref() == Some("json");
        let name = self.format.subject_token_field_name.as_deref();
        name.filter(|_| is_json).map(member)
    }

    fn request(
        &self,
        url: &str,
        secrets: &mut Vec<(String, Secret)>,
    ) -> Result<Subject, GoogleError> {
        let not_one = || GoogleError::NotOne("its `url` is not a URL".to_owned());
        let parsed = Url::parse(url).map_err(|_| not_one())?;
        if let Some(resource) = azure_resource(&parsed) {
            let identity = json!({ "from": "azure", "audience": literal(&resource) });
            return Ok(Subject::of_identity(identity));
        }
        if Origin::of_url(&parsed).is_err() {
            let host = parsed.host_str().unwrap_or_default();
            return Err(GoogleError::InTheClear(format!(
                "{}://{host}",
                parsed.scheme()
            )));
        }
        let mut headers = serde_json::Map::new();
        for (name, value) in &self.headers {
            let value = match name.to_ascii_lowercase().as_str() {
                "metadata" | "metadata-flavor" | "accept" => literal(value),
                lower => {
                    let secret = format!(
                        "source_{}",
                        lower.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
                    );
                    secrets.push((secret.clone(), Secret::new(value.as_str())));
                    format!("${{secret.{secret}}}")
                }
            };
            headers.insert(name.clone(), value.into());
        }
        let pointer = self.pointer();
        let format = if pointer.is_some() { "json" } else { "text" };
        let keep = json!({ "token": pointer.unwrap_or_default() });
        let step = json!({
            "name": "source",
            "url": literal(url),
            "method": "GET",
            "headers": headers,
            "response": { "format": format, "keep": keep },
        });
        Ok(Subject {
            token: "${step.source.token}",
            identity: None,
            step: Some(step),
        })
    }
}

impl Executable {
    /// Google's libraries give the program these variables, and read its JSON.
    fn identity(&self, account: Variables<'_>) -> Value {
        let email = account.impersonation_url;
        let email =
            email.and_then(|url| url.rsplit('/').next()?.strip_suffix(":generateAccessToken"));
        let variables = [
            ("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", Some(account.audience)),
            (
                "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE",
                Some(account.token_type),
            ),
            ("GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE", Some("0")),
            ("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL", email),
        ];
        let set = variables
            .iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name}={value}")));
        let words = self.command.split_whitespace().map(str::to_owned);
        let command: Vec<String> = std::iter::once("env".to_owned())
            .chain(set)
            .chain(words)
            .collect();
        let is_saml = account.token_type.ends_with(":saml2");
        let pointer = if is_saml {
            "/saml_response"
        } else {
            "/id_token"
        };
        json!({ "command": command, "pointer": pointer })
    }
}

/// Azure's metadata server has an address that a profile cannot name.
fn azure_resource(url: &Url) -> Option<String> {
    let is_azure =
        url.host_str() == Some("169.254.169.254") && url.path().starts_with("/metadata/identity/");
    let mut pairs = url.query_pairs();
    let resource = pairs.find(|(name, _)| name == "resource");
    resource
        .filter(|_| is_azure)
        .map(|(_, value)| value.into_owned())
}

/// RFC 6901 §3.
fn member(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Text of the file is not a template.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "$${")
}
