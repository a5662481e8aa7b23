//! The flags of `tok add` that set keys of the profile.

use crate::commands::get::pair;
use crate::profile::draft::Draft;

/// The keys of the profile, which take precedence over the request and the catalogue.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Keys of the profile")]
pub(crate) struct Keys {
    /// The issuer, whose published metadata gives the token endpoint
    #[arg(long, value_name = "URL", conflicts_with = "token_url")]
    pub(crate) issuer: Option<String>,

    /// The token endpoint
    #[arg(long, value_name = "URL")]
    pub(crate) token_url: Option<String>,

    /// The client id
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,

    /// The environment variable that holds the client secret
    #[arg(long, value_name = "VARIABLE", conflicts_with = "client_secret_file")]
    pub(crate) client_secret_env: Option<String>,

    /// The file that holds the client secret
    #[arg(long, value_name = "FILE")]
    pub(crate) client_secret_file: Option<String>,

    /// client_secret_basic (or _post, _jwt), private_key_jwt, identity or none
    #[arg(long, value_name = "METHOD")]
    pub(crate) auth_method: Option<String>,

    /// rfc6749 or raw
    #[arg(long, value_name = "ENCODING")]
    pub(crate) basic_encoding: Option<String>,

    /// POST or GET
    #[arg(long)]
    pub(crate) method: Option<String>,

    /// form, json, query or none
    #[arg(long)]
    pub(crate) encoding: Option<String>,

    /// The grant type, or `none` to send no such parameter
    #[arg(long)]
    pub(crate) grant_type: Option<String>,

    /// A scope; may be repeated
    #[arg(long)]
    pub(crate) scope: Vec<String>,

    /// The audience
    #[arg(long)]
    pub(crate) audience: Option<String>,

    /// A resource (RFC 8707); may be repeated
    #[arg(long, value_name = "URI")]
    pub(crate) resource: Vec<String>,

    /// A further parameter; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub(crate) param: Vec<(String, String)>,

    /// Another name for what tok sends, as in client_id=clientId
    #[arg(long = "rename", value_name = "K=NAME", value_parser = pair)]
    pub(crate) names: Vec<(String, String)>,

    /// A header field of the request; may be repeated
    #[arg(long = "request-header", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) headers: Vec<(String, String)>,

    /// A further host that may receive secrets, as in https://login.example.com; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) origin: Vec<String>,

    /// A further secret, used as ${secret.NAME}; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Vec<String>,

    /// A key of `identity`, as in from=github; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub(crate) identity: Vec<(String, String)>,

    /// The value of ${var.K}; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub(crate) var: Vec<(String, String)>,

    /// A key of `response`, as in access_token=/data/token
    #[arg(long, value_name = "K=POINTER", value_parser = pair)]
    pub(crate) response: Vec<(String, String)>,

    /// How long a token lives whose answer does not say
    #[arg(long, value_name = "DURATION")]
    pub(crate) default_ttl: Option<String>,

    /// A line that `tok header` prints; may be repeated
    #[arg(long, value_name = "LINE")]
    pub(crate) header: Vec<String>,
}

pub(super) fn apply(draft: &mut Draft, keys: &Keys) {
    let set = |key: &mut Option<String>, flag: &Option<String>| {
        if flag.is_some() {
            key.clone_from(flag);
        }
    };
    set(&mut draft.issuer, &keys.issuer);
    set(&mut draft.token_url, &keys.token_url);
    set(&mut draft.client_id, &keys.client_id);
    set(&mut draft.auth_method, &keys.auth_method);
    set(&mut draft.basic_encoding, &keys.basic_encoding);
    set(&mut draft.method, &keys.method);
    set(&mut draft.encoding, &keys.encoding);
    set(&mut draft.grant_type, &keys.grant_type);
    set(&mut draft.audience, &keys.audience);
    set(&mut draft.default_ttl, &keys.default_ttl);
    let source = |kind, flag: &Option<String>| flag.clone().map(|which| (kind, which));
    draft.client_secret =
        source("env", &keys.client_secret_env).or_else(|| source("file", &keys.client_secret_file));
    let list = |key: &mut Vec<String>, flag: &[String]| {
        if !flag.is_empty() {
            *key = flag.to_vec();
        }
    };
    list(&mut draft.scope, &keys.scope);
    list(&mut draft.resource, &keys.resource);
    list(&mut draft.header, &keys.header);
    let pairs = |key: &mut Vec<(String, String)>, flag: &[(String, String)]| {
        for (name, value) in flag {
            match key.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.clone_from(value),
                None => key.push((name.clone(), value.clone())),
            }
        }
    };
    pairs(&mut draft.names, &keys.names);
    pairs(&mut draft.headers, &keys.headers);
    pairs(&mut draft.vars, &keys.var);
    pairs(&mut draft.response, &keys.response);
    for (name, value) in &keys.param {
        draft.params.insert(name.clone(), value.as_str().into());
    }
    for origin in &keys.origin {
        draft.allow(origin);
    }
    if !keys.identity.is_empty() {
        let pairs = keys.identity.iter();
        let table: serde_json::Map<String, serde_json::Value> = pairs
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        draft.more.insert("identity".to_owned(), table.into());
    }
    for name in &keys.secret {
        if !draft.secrets.contains(name) {
            draft.secrets.push(name.clone());
        }
    }
}
