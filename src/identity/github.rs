//! GitHub Actions. Follows GitHub Docs, "OpenID Connect reference", section "Methods for requesting the OIDC token".

use crate::error::{Error, Kind};
use crate::identity::asking::{Asking, Named};
use crate::identity::failure::Failure;
use crate::identity::service::{self, Service};
use crate::profile::identity::Identity;
use crate::secret::Secret;
use crate::wire::request::{Method, Request};

const NAME: &str = "GitHub Actions";

const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";

const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// Its subdomains differ from job to job.
const DOMAIN: &str = "actions.githubusercontent.com";

const PERMISSION: &str =
    "add `permissions: { id-token: write }` to the job; a pull request from a fork never gets it";

pub(super) fn identity(asking: &Asking<'_>, identity: &Identity) -> Result<Named, Error> {
    let (Some(url), Some(token)) = (asking.variable(URL), asking.variable(TOKEN)) else {
        return Err(missing(asking));
    };
    let url = service::url(asking, URL, &url, &[DOMAIN])?;
    let audience = identity
        .audience
        .as_deref()
        .map(|audience| ("audience", audience));
    let token = Secret::new(token);
    let service = Service {
        name: NAME,
        member: Some("/value"),
        secret: Some(&token),
        hint: PERMISSION,
    };
    let request = Request {
        method: Method::Get,
        url: service::with_query(url, audience),
        headers: vec![
            ("Accept".to_owned(), Secret::new("application/json")),
            ("Authorization".to_owned(), service::bearer(&token)),
        ],
        body: None,
    };
    Ok((service.ask(asking.http, &request)?, NAME.to_owned()))
}

fn missing(asking: &Asking<'_>) -> Error {
    match asking.variable("GITHUB_ACTIONS") {
        Some(_) => Error::of(Kind::Secret, Failure::NoPermission).hint(PERMISSION),
        None => Error::of(
            Kind::Secret,
            Failure::NotHere {
                platform: NAME,
                missing: URL,
            },
        )
        .hint(
            "elsewhere, use the `identity` of that platform (docs/keyless.md), or another profile",
        ),
    }
}
