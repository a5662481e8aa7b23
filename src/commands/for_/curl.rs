//! curl: a config for `curl -K -`, so that the token is in no argument list.
//!
//! Format: "curl man page", `-K, --config`: within double quotes `\\`, `\"`, `\t`, `\n`, `\r` and `\v` are escapes.

use crate::commands::for_::push_escaped;
use crate::secret::Secret;

/// The config that makes curl send each line of `header`, which are header fields as [`crate::output::header`] gives them.
#[must_use]
pub fn config(header: &Secret) -> Secret {
    let mut out = Secret::default();
    for line in header.expose().lines() {
        out.push("header = \"");
        push_escaped(&mut out, line, |character| match character {
            '\\' => Some("\\\\"),
            '"' => Some("\\\""),
            '\t' => Some("\\t"),
            _ => None,
        });
        out.push("\"\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header_line_is_a_quoted_option() {
        let cases = [
            (
                "Authorization: Bearer abc\n",
                "header = \"Authorization: Bearer abc\"\n",
            ),
            ("A: b\nC: d\n", "header = \"A: b\"\nheader = \"C: d\"\n"),
            ("A: \"q\\n\"\t#\n", "header = \"A: \\\"q\\\\n\\\"\\t#\"\n"),
        ];
        for (header, expected) in cases {
            assert_eq!(config(&Secret::new(header)).expose(), expected);
        }
    }
}
