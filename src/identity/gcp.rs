//! Google Cloud: the metadata server of a virtual machine, GKE or Cloud Run. Follows Google Cloud's documentation, "Verifying
//! the identity of instances", section "Obtaining the instance identity token", and "About VM metadata".
//!
//! The address is used rather than `metadata.google.internal`, so that no name server decides where the request goes.

use url::Url;

use crate::error::{Error, Kind, OrFail as _};
use crate::identity::asking::{Asking, Named};
use crate::identity::service::{self, Service};
use crate::profile::identity::Identity;
use crate::secret::Secret;
use crate::wire::request::{Method, Request};

const NAME: &str = "Google's metadata server";

const URL: &str = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/identity?format=full";

const HINT: &str = "attach a service account to this machine or service";

pub(super) fn identity(asking: &Asking<'_>, identity: &Identity) -> Result<Named, Error> {
    let url = Url::parse(URL).or_fail(Kind::Unexpected)?;
    let audience = identity
        .audience
        .as_deref()
        .map(|audience| ("audience", audience));
    let request = Request {
        method: Method::Get,
        url: service::with_query(url, audience),
        headers: vec![("Metadata-Flavor".to_owned(), Secret::new("Google"))],
        body: None,
    };
    let service = Service {
        name: NAME,
        member: None,
        secret: None,
        hint: HINT,
    };
    Ok((service.ask_here(asking, &request)?, NAME.to_owned()))
}
