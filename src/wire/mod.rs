//! Requests, answers and origins: the values that `oauth` and `http` exchange.

pub mod answer;
pub mod charset;
pub mod document;
pub mod http_date;
pub mod no_answer;
pub mod origin;
pub mod request;
pub mod xml;
