//! GitHub Actions: a command that hides the token in the log, then an entry for the file of outputs or of variables.
//!
//! Format: "Workflow commands for GitHub Actions": `::add-mask::{value}` on stdout, and `{name}<<{delimiter}` … `{delimiter}` in
//! `$GITHUB_OUTPUT` or `$GITHUB_ENV`. In a command's value `%`, CR and LF are percent-encoded (actions/toolkit, `escapeData`).

use crate::commands::for_::push_escaped;
use crate::commands::for_::variable::Variable;
use crate::secret::Secret;

/// The workflow command after which the runner shows the token as `***`, and a line end.
#[must_use]
pub fn mask(token: &Secret) -> Secret {
    let mut out = Secret::default();
    out.push("::add-mask::");
    push_escaped(&mut out, token.expose(), |character| match character {
        '%' => Some("%25"),
        '\r' => Some("%0D"),
        '\n' => Some("%0A"),
        _ => None,
    });
    out.push("\n");
    out
}

/// The entry that sets `name` to the token, in the form for values of any kind. `random` makes a delimiter that no token can hold by intent.
#[must_use]
pub fn entry(name: &Variable, token: &Secret, random: u64) -> Secret {
    let delimiter = format!("tok_{random:016x}");
    let mut out = Secret::default();
    for part in [
        name.as_str(),
        "<<",
        &delimiter,
        "\n",
        token.expose(),
        "\n",
        &delimiter,
        "\n",
    ] {
        out.push(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_the_token_as_the_runner_decodes_it() {
        let cases = [
            ("abc", "::add-mask::abc\n"),
            ("a%0Ab", "::add-mask::a%250Ab\n"),
            ("a\r\nb", "::add-mask::a%0D%0Ab\n"),
        ];
        for (token, expected) in cases {
            assert_eq!(mask(&Secret::new(token)).expose(), expected);
        }
    }

    #[test]
    fn an_entry_stands_between_two_delimiters() {
        let name = "token".parse().unwrap();
        assert_eq!(
            entry(&name, &Secret::new("a=b"), 255).expose(),
            "token<<tok_00000000000000ff\na=b\ntok_00000000000000ff\n"
        );
    }
}
