//! Makes a profile of a curl command, the example request of a provider's manual.
//!
//! Each stage is pure: `words` splits the text as a shell does, `request` reads curl's options, `body`
//! and `find` find the parameters and credentials, `names` and `holes` decide by names which are the
//! client id, secrets, variables and constants, and `write` makes the profile.

mod body;
mod error;
mod find;
mod holes;
mod names;
mod options;
mod profile;
mod request;
mod signed;
mod word;
mod words;
mod write;

pub use error::ImportError;
pub use profile::Import;

/// Reads `text`, a curl command.
///
/// # Errors
/// Fails if the command cannot be read, or a profile cannot express it.
pub fn import(text: &str) -> Result<Import, ImportError> {
    let words = words::split(text)?;
    let request = request::read(&words)?;
    profile::of(request)
}
