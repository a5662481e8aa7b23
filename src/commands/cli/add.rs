//! What may be typed after `tok add`: where the profile comes from, and a flag for each key that a first profile needs.
//!
//! No flag takes a secret's value: arguments can be read by every user of the machine.

use clap::Args;

use crate::commands::cli::pair;

/// `tok add`: writes a profile.
#[derive(Debug, Args)]
#[command(after_help = "\
Secrets in a request go into the keyring and never into the file. Without a
terminal nothing is asked: what is missing is named, with its flag.")]
pub struct Add {
    /// What the profile will be called
    pub name: String,

    /// Read the example request of a manual from stdin, or in $VISUAL/$EDITOR
    #[arg(long, conflicts_with = "provider")]
    pub from_curl: bool,

    /// Start from a provider of the built-in catalogue
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,

    /// Replace a profile of this name
    #[arg(long)]
    pub force: bool,

    /// Print the profile; write and store nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Fetch a token at the end
    #[arg(long = "try", conflicts_with = "dry_run")]
    pub attempt: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the keys stand below")]
    pub keys: Keys,
}

/// The keys of the profile; each wins over what the request or the provider says.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys of the profile")]
pub struct Keys {
    /// The token endpoint
    #[arg(long, value_name = "URL")]
    pub token_url: Option<String>,

    /// The client id
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,

    /// The environment variable that holds the client secret
    #[arg(long, value_name = "VARIABLE", conflicts_with = "client_secret_file")]
    pub client_secret_env: Option<String>,

    /// The file that holds the client secret
    #[arg(long, value_name = "FILE")]
    pub client_secret_file: Option<String>,

    /// client_secret_basic (or _post, _jwt), private_key_jwt or none
    #[arg(long, value_name = "METHOD")]
    pub auth_method: Option<String>,

    /// rfc6749 or raw
    #[arg(long, value_name = "ENCODING")]
    pub basic_encoding: Option<String>,

    /// POST or GET
    #[arg(long)]
    pub method: Option<String>,

    /// form, json, query or none
    #[arg(long)]
    pub encoding: Option<String>,

    /// The grant type; none sends none
    #[arg(long)]
    pub grant_type: Option<String>,

    /// A scope; may be repeated
    #[arg(long)]
    pub scope: Vec<String>,

    /// The audience
    #[arg(long)]
    pub audience: Option<String>,

    /// A resource (RFC 8707); may be repeated
    #[arg(long, value_name = "URI")]
    pub resource: Vec<String>,

    /// A further parameter; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub param: Vec<(String, String)>,

    /// Another name for what tok sends, as in client_id=clientId
    #[arg(long = "rename", value_name = "K=NAME", value_parser = pair)]
    pub names: Vec<(String, String)>,

    /// A header field of the request; may be repeated
    #[arg(long = "request-header", value_name = "NAME=VALUE", value_parser = pair)]
    pub headers: Vec<(String, String)>,

    /// A further secret, used as ${secret.NAME}; may be repeated
    #[arg(long, value_name = "NAME")]
    pub secret: Vec<String>,

    /// The value of ${var.K}; may be repeated
    #[arg(long, value_name = "K=V", value_parser = pair)]
    pub var: Vec<(String, String)>,

    /// A key of `response`, as in access_token=/data/token
    #[arg(long, value_name = "K=POINTER", value_parser = pair)]
    pub response: Vec<(String, String)>,

    /// How long a token lives whose answer does not say
    #[arg(long, value_name = "DURATION")]
    pub default_ttl: Option<String>,

    /// A line that `tok header` prints; may be repeated
    #[arg(long, value_name = "LINE")]
    pub header: Vec<String>,
}
