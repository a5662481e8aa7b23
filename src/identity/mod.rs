//! The token that a platform issues to the running job: obtained anew for each request, and never cached.
//!
//! Each platform has a file that names the documentation it follows, and a line in [`Asking::platform`].

mod asking;
mod azure;
mod azure_pipelines;
pub(crate) mod claims;
mod failure;
mod gcp;
mod github;
mod kubernetes;
mod service;

use crate::clock::Now;
use crate::error::{Error, Kind, Subject};
use crate::identity::asking::Named;
use crate::identity::claims::Claims;
use crate::identity::failure::Failure;
use crate::profile::file::schema::Platform;
use crate::profile::identity::Identity;
use crate::secret::Secret;
use crate::secrets::{Patience, written_source};

pub(crate) use asking::Asking;

/// A new identity.
pub(crate) struct Issued {
    pub(crate) secret: Secret,
    /// Its source, and what a provider's trust in it depends on.
    pub(crate) shown: String,
}

impl Asking<'_> {
    /// Returns a new identity that has not expired and is for the profile's audience, as far as its claims tell.
    pub(crate) fn identity(&self) -> Result<Issued, Error> {
        let about = |error: Error| error.about(Subject::Key("identity".to_owned()));
        let Some(identity) = &self.profile.identity else {
            return Err(Error::new(Kind::Config, "the profile has no `identity`"));
        };
        let (secret, from) = match identity.platform {
            Some(platform) => self.platform(platform, identity),
            None => self.source(identity),
        }
        .map_err(about)?;
        let Some(claims) = Claims::of(&secret) else {
            let shown = from;
            return Ok(Issued { secret, shown });
        };
        // A managed identity's `aud` may be the resource's id instead of the name that was asked for.
        let audience = identity.audience.as_deref();
        let audience = audience.filter(|_| identity.platform != Some(Platform::Azure));
        claims
            .check(audience, Now::read().unix_ms)
            .map_err(|failure| about(failure.into_error().about(Subject::Source(from.clone()))))?;
        let shown = format!("{from}: {claims}");
        Ok(Issued { secret, shown })
    }

    fn platform(&self, platform: Platform, identity: &Identity) -> Result<Named, Error> {
        match platform {
            Platform::Github => github::identity(self, identity),
            Platform::Kubernetes => kubernetes::identity(self, identity),
            Platform::Azure => azure::identity(self, identity),
            Platform::Gcp => gcp::identity(self, identity),
            Platform::AzurePipelines => azure_pipelines::identity(self, identity),
        }
    }

    fn source(&self, identity: &Identity) -> Result<Named, Error> {
        let source = written_source(self.profile, &identity.source)?
            .ok_or_else(|| Error::new(Kind::Config, "does not say where it comes from"))?;
        let given = source.read(self.environment, Patience::until(self.until))?;
        let given = given
            .ok_or_else(|| Failure::Absent(source.absence()).into_error_on(self.environment))?;
        Ok((given.secret, source.to_string()))
    }
}
