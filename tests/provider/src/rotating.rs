//! A token endpoint that replaces the refresh token at every use, and revokes the login when an old one comes again (RFC 9700 §4.14.2).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::answer::Answer;
use crate::received::Received;

/// One login; its refresh tokens are `r0`, `r1` and so on, and its access tokens `a1`, `a2` and so on.
#[derive(Clone, Debug, Default)]
pub struct Rotating(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    generation: u64,
    reused: u64,
    lifetime: u64,
}

impl Rotating {
    /// A login whose refresh token is `r0`, and whose access tokens live this many seconds.
    #[must_use]
    pub fn new(lifetime: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            lifetime,
            ..State::default()
        })))
    }

    /// The answer to a refresh.
    pub fn answer(&self, received: &Received) -> Answer {
        let form = received.form();
        let sent = form.iter().find(|(name, _)| name == "refresh_token");
        let mut state = self.state();
        if state.reused > 0 || sent.map(|(_, token)| token.as_str()) != Some(&state.current()) {
            state.reused += 1;
            return Answer::refusal(400, "invalid_grant", "the refresh token is not valid");
        }
        state.generation += 1;
        let (access, refresh) = (state.generation, state.current());
        Answer::json(
            200,
            format!(
                r#"{{"access_token":"a{access}","token_type":"Bearer","expires_in":{},"refresh_token":"{refresh}"}}"#,
                state.lifetime
            ),
        )
    }

    /// The refresh token that is good now.
    #[must_use]
    pub fn current(&self) -> String {
        self.state().current()
    }

    /// How many refreshes there were.
    #[must_use]
    pub fn refreshes(&self) -> u64 {
        self.state().generation
    }

    /// How many requests came with a token that is not good, the first of which revoked the login.
    #[must_use]
    pub fn reused(&self) -> u64 {
        self.state().reused
    }

    /// Starts a new login with the refresh token that is good now.
    pub fn log_in_again(&self) {
        self.state().reused = 0;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn current(&self) -> String {
        format!("r{}", self.generation)
    }
}
