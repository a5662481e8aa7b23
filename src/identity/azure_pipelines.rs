//! Azure Pipelines. Follows Microsoft Learn, Azure DevOps REST API, "Oidctoken - Create", and "Predefined variables".

use crate::error::{Error, Kind};
use crate::identity::asking::{Asking, Named};
use crate::identity::failure::Failure;
use crate::identity::service::{self, Service};
use crate::profile::identity::Identity;
use crate::secret::Secret;
use crate::wire::request::{Method, Request};

const NAME: &str = "Azure Pipelines";

const URL: &str = "SYSTEM_OIDCREQUESTURI";

const TOKEN: &str = "SYSTEM_ACCESSTOKEN";

/// Of Azure DevOps, by its present and its former name.
const DOMAINS: [&str; 2] = ["dev.azure.com", "visualstudio.com"];

const VERSION: &str = "7.1";

const ACCESS: &str =
    "map the job's token in the step: `env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }`";

const CONNECTION: &str = "check `service_connection` in `identity`: the id of a service connection with workload identity federation that this pipeline may use";

pub(super) fn identity(asking: &Asking<'_>, identity: &Identity) -> Result<Named, Error> {
    let missing = |missing| Failure::NotHere {
        platform: NAME,
        missing,
    };
    let Some(url) = asking.variable(URL) else {
        return Err(Error::of(Kind::Secret, missing(URL)).hint(
            "elsewhere, use the `identity` of that platform (docs/keyless.md), or another profile",
        ));
    };
    let Some(token) = asking.variable(TOKEN).map(Secret::new) else {
        return Err(
            Error::of(Kind::Secret, Failure::Absent(format!("{TOKEN} is not set"))).hint(ACCESS),
        );
    };
    let url = service::url(asking, URL, &url, &DOMAINS)?;
    let connection = identity.service_connection.as_deref();
    let query = [("api-version", VERSION)]
        .into_iter()
        .chain(connection.map(|id| ("serviceConnectionId", id)));
    let request = Request {
        method: Method::Post,
        url: service::with_query(url, query),
        headers: vec![
            ("Accept".to_owned(), Secret::new("application/json")),
            ("Content-Type".to_owned(), Secret::new("application/json")),
            ("Authorization".to_owned(), service::bearer(&token)),
            // Otherwise an unknown token is answered with a redirect to the sign-in page.
            ("X-TFS-FedAuthRedirect".to_owned(), Secret::new("Suppress")),
        ],
        body: Some(Secret::default()),
    };
    let service = Service {
        name: NAME,
        member: Some("/oidcToken"),
        secret: Some(&token),
        hint: CONNECTION,
    };
    Ok((service.ask(asking.http, &request)?, NAME.to_owned()))
}
