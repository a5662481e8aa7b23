//! Makes a profile of a manual's request.

use crate::curl::import::body;
use crate::curl::import::error::ImportError;
use crate::curl::import::find::Found;
use crate::curl::import::holes::Text;
use crate::curl::import::names::{hole, snake};
use crate::curl::import::request::Request;
use crate::curl::import::signed::Signed;
use crate::curl::import::write::Writer;
use crate::profile::draft::Draft;
use crate::secret::Secret;

/// The profile of a manual's example.
#[derive(Debug)]
pub struct Import {
    /// Without the values that the example does not have.
    pub(crate) draft: Draft,
    /// The secrets whose values the example has, by name.
    pub(crate) secrets: Vec<(String, Secret)>,
    /// Parts that were left out or changed, as notes for the user.
    pub(crate) notes: Vec<String>,
}

pub(super) fn of(mut request: Request) -> Result<Import, ImportError> {
    let mut notes = Vec::new();
    take_user_of_url(&mut request);
    let mut parameters = body::read(&request)?;
    let signed = Signed::take(&mut parameters.all);
    notes.extend(signed.note());
    let mut found = Found::default();
    if let Some(user) = &request.user {
        found.basic_pair(user);
    }
    found.headers(&request, parameters.encoding, &mut notes)?;
    let members = found.members(&parameters.all);
    let query: Vec<(String, Text)> = parameters
        .query
        .iter()
        .map(|(name, value)| (name.clone(), found.holes.named(name, value)))
        .collect();
    let url = found
        .holes
        .text(&with_scheme(&parameters.url, &mut notes), "host");
    let roles = found.holes.roles(&url);
    let writer = Writer {
        holes: &found.holes,
        roles: &roles,
        signed,
    };
    let mut draft = Draft {
        token_url: Some(writer.url(&url, &query)),
        ca_file: request.ca_file,
        client_cert: request.client_cert,
        client_key: request.client_key,
        ..Draft::default()
    };
    writer.request(&mut draft, &parameters, members, found.basic.as_ref());
    signed.put(&mut draft);
    for (name, value) in &found.headers {
        draft.headers.push((name.clone(), writer.template(value)));
    }
    let secrets = writer.secrets(&mut draft);
    Ok(Import {
        draft,
        secrets,
        notes,
    })
}

/// `https://id:secret@host/` is another spelling of `-u`.
fn take_user_of_url(request: &mut Request) {
    let Some((scheme, rest)) = request.url.split_once("://") else {
        return;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if let Some((user, host)) = rest[..end].rsplit_once('@') {
        let url = format!("{scheme}://{host}{}", &rest[end..]);
        request.user.get_or_insert_with(|| user.to_owned());
        request.url = url;
    }
}

/// curl reads a URL without a scheme as http, but a manual without one means https.
fn with_scheme(url: &str, notes: &mut Vec<String>) -> String {
    // `{{baseUrl}}/token`: the placeholder contains the scheme.
    let begins_with_url = matches!(hole(url), Some((0, _, name)) if snake(name).ends_with("url"));
    if url.contains("://") || begins_with_url {
        return url.to_owned();
    }
    notes.push("the URL has no scheme; https is meant".to_owned());
    format!("https://{url}")
}
