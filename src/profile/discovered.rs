//! A profile completed with its issuer's metadata.

use crate::error::Error;
use crate::profile::at::{At, wrong};
use crate::profile::metadata::{Endpoint, Metadata};
use crate::profile::resolve::resolve;
use crate::profile::resolved::{Environment, Profile};
use crate::wire::origin::Origin;

impl Profile {
    /// Resolves the profile again with what its issuer publishes; the profile's own keys win.
    /// Fails if the token endpoint is missing, or on a host that the profile does not name.
    pub(crate) fn with_metadata(
        &self,
        metadata: &Metadata,
        environment: Environment<'_>,
    ) -> Result<Self, Error> {
        let (config, overrides) = (&self.config, &self.overrides);
        let profile = resolve(
            config,
            &self.name,
            overrides,
            environment,
            Some(metadata),
            &[],
        )?;
        if self.is_discovered {
            self.endpoint(metadata, Endpoint::Token)?;
        }
        Ok(profile)
    }

    /// Returns the URL of an endpoint in the metadata, if the profile allows its host.
    pub(crate) fn endpoint<'a>(
        &self,
        metadata: &'a Metadata,
        endpoint: Endpoint,
    ) -> Result<&'a str, Error> {
        let has_cert = self.shows_certificate;
        let url = metadata.endpoint(endpoint, has_cert).at("issuer");
        let url = url.map_err(|error| self.config.located(&self.name, error))?;
        self.check_endpoint(url, endpoint)?;
        Ok(url)
    }

    /// Returns the origin of the token endpoint, if the profile does not allow it.
    pub(crate) fn token_endpoint_elsewhere(&self, metadata: &Metadata) -> Option<Origin> {
        let has_cert = self.shows_certificate;
        let url = metadata.endpoint(Endpoint::Token, has_cert).ok()?;
        let origin = Origin::of(url).ok()?;
        let is_allowed = self.trusts(&origin).unwrap_or(false);
        (!is_allowed).then_some(origin)
    }

    fn check_endpoint(&self, url: &str, endpoint: Endpoint) -> Result<(), Error> {
        let refused = |error| self.config.located(&self.name, error);
        let origin = Origin::of(url).at("issuer").map_err(refused)?;
        let is_trusted = self.trusts(&origin).at("issuer").map_err(refused)?;
        if is_trusted || self.issuer_origin().as_ref() == Some(&origin) {
            return Ok(());
        }
        let name = endpoint.name();
        let reason = format!("its `{name}` is at another host, {origin}, and would get secrets");
        Err(refused(wrong("issuer", reason).hint(format!(
            "if that is the provider's own, add `origins = [\"{origin}\"]`"
        ))))
    }

    fn issuer_origin(&self) -> Option<Origin> {
        Origin::of(&self.issuer_url()?).ok()
    }
}
