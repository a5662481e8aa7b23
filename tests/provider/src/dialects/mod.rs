//! Four real providers, as their documentation has them: what each demands of a request, to the byte, and what it
//! answers.
//!
//! tok knows none of them by name; a profile has to be enough. These dialects are the acceptance test for that, so
//! they are stricter than any real server: one parameter too many is refused. Where a manual is silent (what a
//! request that is wrong in form gets, or what cardlytics says to wrong credentials) the answer is the one of
//! RFC 6749 §5.2, and the dialect's file says so.

pub mod basic;
pub mod cardlytics;
pub mod cint;
pub mod wrapped;

mod api;
mod demand;
mod ledger;
mod mint;
#[cfg(test)]
mod strictness;

use crate::answer::Answer;
use crate::provider::Provider;
use crate::received::Received;
use ledger::Ledger;

/// All four.
pub const ALL: [&Dialect; 4] = [
    &cint::CINT,
    &wrapped::WRAPPED,
    &cardlytics::CARDLYTICS,
    &basic::BASIC,
];

/// One provider's manual, as data.
#[derive(Debug)]
pub struct Dialect {
    /// `cint`, `wrapped`, `cardlytics` or `basic`.
    pub name: &'static str,
    /// The path of its token endpoint.
    pub path: &'static str,
    judge: fn(&Received, &Account) -> Result<(), Refusal>,
    mint: fn() -> String,
    granted: fn(&str) -> Answer,
    refused: fn(&Refusal) -> Answer,
}

/// The one client that all dialects know.
#[derive(Clone, Debug)]
pub struct Account {
    /// The `client_id`.
    pub client_id: String,
    /// The `client_secret`.
    pub client_secret: String,
}

impl Account {
    /// An account with these credentials.
    #[must_use]
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
        }
    }
}

/// Why a dialect issues no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request is right in form, and its client id or secret is wrong.
    Credentials,
    /// The request is not what the manual says; this is what is wrong with it.
    Request(String),
    /// The grant type is another.
    GrantType(String),
}

/// The dialects at work on a provider: what they issued, and what they had to complain about.
#[derive(Clone, Debug)]
pub struct Dialects(Ledger);

impl Dialects {
    /// Puts all four dialects on `provider`, and an API under `/api/` that demands one of their tokens as
    /// `Authorization: Bearer` (RFC 6750 §2.1) and says in JSON whose it is: `{"path":…,"token_from":"cint"}`.
    #[must_use]
    pub fn serve(provider: &Provider, account: &Account) -> Self {
        let ledger = Ledger::default();
        for dialect in ALL {
            let (ledger, account) = (ledger.clone(), account.clone());
            provider.answer_with(dialect.path, move |received| {
                dialect.answer(received, &account, &ledger)
            });
        }
        let tokens = ledger.clone();
        provider.answer_with("/api/*", move |received| api::answer(received, &tokens));
        Self(ledger)
    }

    /// Every token issued, in order; no two are alike.
    #[must_use]
    pub fn issued(&self) -> Vec<String> {
        self.0.issued()
    }

    /// The reason for each refusal, in order, after the dialect's name and a colon.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        self.0.complaints()
    }

    /// The API accepts this token no longer.
    pub fn revoke(&self, token: &str) {
        self.0.revoke(token);
    }
}

impl Dialect {
    fn answer(&self, received: &Received, account: &Account, ledger: &Ledger) -> Answer {
        match (self.judge)(received, account) {
            Ok(()) => {
                let token = (self.mint)();
                ledger.issue(&token, self.name);
                (self.granted)(&token)
            }
            Err(refusal) => {
                ledger.complain(self.name, &refusal);
                (self.refused)(&refusal)
            }
        }
    }
}
