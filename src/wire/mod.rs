//! Requests, answers and origins: the values that `oauth` and `http` exchange.

pub mod answer;
pub mod origin;
