//! The example request of a provider's manual, read as a person reads it: a curl command becomes a profile.
//!
//! Three stages, each pure: `words` splits the text as a shell would, `request` reads curl's options, and `profile` tells client id,
//! secrets, variables and constants apart by the names they stand under (`names`, `holes`). What cannot be read is named by its word; a word is shown only as far
//! as it is an option's name, since any other may be a secret.

mod body;
mod holes;
mod names;
mod profile;
mod request;
mod signed;
mod words;

pub use names::snake;
pub use profile::Import;

/// Reads `text`, a curl command.
///
/// # Errors
/// A message that says which word or part cannot be read; it never holds a value.
pub fn import(text: &str) -> Result<Import, String> {
    let words = words::split(text)?;
    let request = request::read(&words)?;
    profile::of(request)
}
