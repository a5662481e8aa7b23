//! A second lease for a profile with a refresh token, because a provider may revoke a login that two machines use at once.

use std::time::{Duration, Instant};

use crate::cache::shared::engine::{EngineError, Held};
use crate::cache::shared::link::Link;
use crate::cache::shared::protocol::{self, LEASE};
use crate::cache::shared::{Level, Wish};

impl Level<'_> {
    /// Takes the lease of the login: requests for different scopes have entries of their own, and share one refresh token.
    /// Returns `None` at the deadline.
    pub(super) fn hold_login(
        &self,
        link: &Link,
        held: &Held,
        login: &str,
        wish: &Wish<'_>,
    ) -> Result<Option<Held>, EngineError> {
        let key = self.settings.keys.first();
        let name = key.map_or_else(String::new, |key| key.name(&format!("login {login}")));
        let mut look = 0;
        loop {
            let (ours, owner) = (name.clone(), held.owner.clone());
            let view = link.ask(wish.until, move |engine| {
                engine.acquire(&ours, &owner, LEASE)
            })?;
            if let Some(fence) = view.fence {
                let login = Held {
                    name,
                    owner: held.owner.clone(),
                    fence,
                };
                link.hold(vec![held.clone(), login.clone()]);
                return Ok(Some(login));
            }
            let pause = Duration::from_millis(protocol::pause_ms(view.held_ms.unwrap_or(0), look));
            if wish.until.saturating_duration_since(Instant::now()) <= pause {
                return Ok(None);
            }
            std::thread::sleep(pause);
            look += 1;
        }
    }
}
