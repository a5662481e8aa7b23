//! The token that a platform issues to the running job: obtained anew for each request, and never cached.

pub(crate) mod claims;
mod failure;

use std::time::Instant;

use crate::clock::Now;
use crate::error::{Error, Kind, Subject};
use crate::identity::claims::Claims;
use crate::identity::failure::Failure;
use crate::profile::Environment;
use crate::profile::Profile;
use crate::profile::identity::Identity;
use crate::secret::Secret;
use crate::secrets::{Patience, written_source};

/// What an identity is obtained with.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) environment: Environment<'a>,
    pub(crate) until: Instant,
}

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
        let (secret, from) = self.read(identity).map_err(about)?;
        let Some(claims) = Claims::of(&secret) else {
            return Ok(Issued {
                secret,
                shown: from,
            });
        };
        claims
            .check(identity.audience.as_deref(), Now::read().unix_ms)
            .map_err(|failure| about(failure.into_error().about(Subject::Source(from.clone()))))?;
        let shown = format!("{from}: {claims}");
        Ok(Issued { secret, shown })
    }

    fn read(&self, identity: &Identity) -> Result<(Secret, String), Error> {
        let source = written_source(self.profile, &identity.source)?
            .ok_or_else(|| Error::new(Kind::Config, "does not say where it comes from"))?;
        let given = source.read(self.environment, Patience::until(self.until))?;
        let given = given
            .ok_or_else(|| Failure::Absent(source.absence()).into_error_on(self.environment))?;
        Ok((given.secret, source.to_string()))
    }
}
