//! A pod's service account token. Follows Kubernetes' documentation, "Configure Service Accounts for Pods", section
//! "Launch a Pod using service account token projection"; the kubelet renews the file.

use std::path::PathBuf;

use crate::error::{Error, Kind};
use crate::identity::asking::{Asking, Named};
use crate::identity::failure::Failure;
use crate::profile::identity::Identity;
use crate::secrets::{Patience, Source};

/// Where docs/keyless.md mounts a token that is made for an audience.
const PROJECTED: &str = "/var/run/secrets/tok/token";

/// Where the kubelet mounts each pod's own token, whose audience is the API server.
const OWN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub(super) fn identity(asking: &Asking<'_>, identity: &Identity) -> Result<Named, Error> {
    let path = match (&identity.source.file, &identity.audience) {
        (Some(written), _) => asking.profile.path(written),
        (None, Some(_)) => PathBuf::from(PROJECTED),
        (None, None) => PathBuf::from(OWN),
    };
    let source = Source::File(path.clone());
    let given = source.read(asking.environment, Patience::until(asking.until))?;
    let given = given.ok_or_else(|| {
        let is_pod = asking.variable("KUBERNETES_SERVICE_HOST").is_some();
        let folder = path.parent().unwrap_or(&path).display().to_string();
        let error = Error::of(Kind::Secret, Failure::NoVolume { path, is_pod });
        let audience = identity.audience.as_deref().unwrap_or("…");
        error.hint(format!(
            "mount a projected volume with `serviceAccountToken: {{ audience: {audience}, path: token }}` at {folder}; docs/keyless.md has the lines"
        ))
    })?;
    Ok((given.secret, format!("Kubernetes, {source}")))
}
