//! Signatures over texts (JWS, RFC 7515): a private key as people keep it, in PEM, becomes something that signs, in the algorithms of RFC 7518 and RFC 8037.
//!
//! ring does the arithmetic, as it does for TLS. What it will not take (a certificate, an encrypted key, a curve it does not know) is told apart here, since whoever
//! handed over the wrong file needs to hear which file it is. No message holds anything of the key.

mod jwk;
mod key;
pub(crate) mod pem;
mod sign;

pub use sign::Signer;
