//! curl: a config for `curl -K -`, which keeps the token out of the argument list.
//!
//! Format: curl(1), `-K, --config`: double quotes, with escapes for `\`, `"` and tab.

use std::io::Write;

use crate::commands::for_::escaped;
use crate::commands::get::{Fetch, get, header_lines};
use crate::commands::session::{Session, write};
use crate::commands::spec::{Execute, Spec};
use crate::secret::Secret;

pub(super) const COMMAND: Spec = Spec {
    name: "curl",
    about: "A config that makes curl send the header: `curl -K -`",
    details: "In a pipe curl runs even if tok fails, and sends no token. In a script:

  C=$(tok for curl cint) && printf '%s\\n' \"$C\" | curl -K - URL",
    examples: "\
C=$(tok for curl cint) && printf '%s\\n' \"$C\" | curl -K - URL",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    #[command(flatten)]
    fetch: Fetch,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, token, _) = get(session, &self.fetch)?;
        write(out, config(&header_lines(&profile, &token)?).expose())
    }
}

fn config(header: &Secret) -> Secret {
    let mut out = Secret::default();
    for line in header.expose().lines() {
        out.push("header = \"");
        escaped::push(&mut out, line, |character| match character {
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
