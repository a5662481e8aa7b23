//! The real binary, a scrubbed home, and a real local provider: what users see.
//!
//! One crate, so that everything is linked once. Each module is one promise:
//!
//! - [`dialects`]: the four providers tok was asked for, success and every documented refusal
//!
//! [`home`] is what they all stand on.

mod dialects;
mod home;
