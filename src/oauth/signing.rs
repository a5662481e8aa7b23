//! Signatures (JWS, RFC 7515) with a private key in PEM, in the algorithms of RFC 7518 and RFC 8037.
//!
//! ring signs. Unsupported input is identified here, so that users learn which file they supplied; no message contains any of the key.

pub(crate) mod certificate;
mod der;
mod jwk;
mod key;
pub(crate) mod pem;
mod private_key;
mod sign;
pub(crate) mod signature;

pub use sign::Signer;
