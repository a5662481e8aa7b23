//! Azure managed identity: a virtual machine's metadata server, or the endpoint of App Service, Functions and Container Apps.
//! Follows Microsoft Learn, "How to use managed identities for Azure resources on an Azure VM to acquire an access token"
//! and "How to use managed identities for App Service and Azure Functions", section "REST endpoint reference".

use url::Url;

use crate::error::{Error, Kind, OrFail as _};
use crate::identity::asking::{Asking, Named};
use crate::identity::failure::Failure;
use crate::identity::service::{self, Service};
use crate::profile::identity::Identity;
use crate::secret::Secret;
use crate::wire::request::{Method, Request};

const NAME: &str = "Azure's metadata server";

const URL: &str = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01";

const APP_NAME: &str = "Azure App Service";

const APP_VERSION: &str = "2019-08-01";

const HINT: &str = "assign a managed identity to this machine or app, and check `audience` and `client_id` in `identity`";

pub(super) fn identity(asking: &Asking<'_>, identity: &Identity) -> Result<Named, Error> {
    let endpoint = asking.variable("IDENTITY_ENDPOINT");
    let header = asking.variable("IDENTITY_HEADER").map(Secret::new);
    let resource = identity.audience.as_deref().unwrap_or_default();
    let client = identity.client_id.as_deref();
    let query = [("resource", resource)]
        .into_iter()
        .chain(client.map(|id| ("client_id", id)));
    let (name, url, field) = match (endpoint, header) {
        (Some(endpoint), Some(header)) => {
            let mut url = service::local_url("IDENTITY_ENDPOINT", &endpoint)?;
            url.query_pairs_mut()
                .append_pair("api-version", APP_VERSION);
            (APP_NAME, url, ("X-IDENTITY-HEADER".to_owned(), header))
        }
        (Some(_), None) => {
            return Err(Error::of(Kind::Secret, Failure::Arc).hint(
                "Azure Arc hands out its identity only to programs that may read a file of its agent: use `command`",
            ));
        }
        _ => {
            let url = Url::parse(URL).or_fail(Kind::Unexpected)?;
            (NAME, url, ("Metadata".to_owned(), Secret::new("true")))
        }
    };
    let request = Request {
        method: Method::Get,
        url: service::with_query(url, query),
        headers: vec![field],
        body: None,
    };
    let service = Service {
        name,
        member: Some("/access_token"),
        secret: request.headers.first().map(|(_, value)| value),
        hint: HINT,
    };
    Ok((service.ask_here(asking, &request)?, name.to_owned()))
}
