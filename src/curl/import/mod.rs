//! Reads the example request of a provider's manual: a curl command becomes a profile.

mod body;
mod holes;
mod names;
mod profile;
mod request;
mod signed;
mod words;

pub use names::snake;
pub use profile::Import;

/// Reads a curl command; the error names a word or part and never contains a value.
pub fn import(text: &str) -> Result<Import, String> {
    let words = words::split(text)?;
    let request = request::read(&words)?;
    profile::of(request)
}
