//! The tokens and refusals of the dialects, shared by the token endpoints and the API.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Refusal;

/// Clones are the same ledger.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    issued: Vec<Issued>,
    complaints: Vec<String>,
}

#[derive(Debug)]
struct Issued {
    token: String,
    dialect: &'static str,
    revoked: bool,
}

impl Ledger {
    pub(super) fn issue(&self, token: &str, dialect: &'static str) {
        let issued = Issued {
            token: token.to_owned(),
            dialect,
            revoked: false,
        };
        self.lock().issued.push(issued);
    }

    pub(super) fn complain(&self, dialect: &str, refusal: &Refusal) {
        let complaint = match refusal {
            Refusal::Credentials => format!("{dialect}: wrong client id or secret"),
            Refusal::Request(why) => format!("{dialect}: {why}"),
            Refusal::GrantType(found) => format!("{dialect}: the grant type is `{found}`"),
        };
        self.lock().complaints.push(complaint);
    }

    /// Returns the issuer of this token, if it is good.
    pub(super) fn issuer(&self, token: &str) -> Option<&'static str> {
        let state = self.lock();
        state
            .issued
            .iter()
            .find(|issued| issued.token == token && !issued.revoked)
            .map(|issued| issued.dialect)
    }

    pub(super) fn revoke(&self, token: &str) {
        for issued in &mut self.lock().issued {
            issued.revoked |= issued.token == token;
        }
    }

    pub(super) fn issued(&self) -> Vec<String> {
        self.lock()
            .issued
            .iter()
            .map(|issued| issued.token.clone())
            .collect()
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        self.lock().complaints.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
