//! A token in the words of the programs that use one: each consumer documents a format, and its file writes exactly that.
//!
//! One file per consumer, and nothing of one in another; each is pure but for [`mod@file`], which is about nothing else than a file. What several
//! of them are asked by somebody else's program, namely whether a host may have the token at all, is decided in [`hosts`].

pub mod bazel;
pub mod cargo;
pub mod curl;
pub mod docker;
pub mod dotenv;
pub mod file;
pub mod fish;
pub mod git;
pub mod github;
pub mod hosts;
pub mod kubectl;
pub mod powershell;
pub mod sh;
pub mod variable;

use crate::secret::Secret;
use variable::Variable;

/// Appends `text`, each character that `escape` has something for replaced by it.
fn push_escaped(out: &mut Secret, text: &str, escape: impl Fn(char) -> Option<&'static str>) {
    let mut buffer = [0; 4];
    for character in text.chars() {
        out.push(escape(character).unwrap_or_else(|| character.encode_utf8(&mut buffer)));
    }
}

/// A line that sets `name` to `token` in single quotes, `before` and `between` being the shell's words around the name. `escape` is what the
/// shell wants for a character that is not itself within such quotes.
fn set_in_quotes(
    before: &str,
    name: &Variable,
    between: &str,
    token: &Secret,
    escape: impl Fn(char) -> Option<&'static str>,
) -> Secret {
    let mut out = Secret::default();
    for part in [before, name.as_str(), between, "'"] {
        out.push(part);
    }
    push_escaped(&mut out, token.expose(), escape);
    out.push("'\n");
    out
}
