//! Reports a panic by its location only: the message may contain a secret.

use std::io::Write;
use std::panic::{self, Location};

/// Makes a panic in any thread end the process with `exit_code`.
/// Without unwinding, whose tables would be a tenth of the program.
pub fn ends_with(exit_code: u8) {
    panic::set_hook(Box::new(move |panic| {
        let _ = writeln!(std::io::stderr(), "{}", message(panic.location()));
        #[expect(clippy::exit, reason = "there is no way back to `main` from here")]
        std::process::exit(exit_code.into());
    }));
}

fn message(at: Option<&Location<'_>>) -> String {
    // The folders before it are those of the build machine.
    let at = at.map_or_else(String::new, |at| {
        let file = at.file().rsplit(['/', '\\']).next().unwrap_or_default();
        format!(" ({file}:{}:{})", at.line(), at.column())
    });
    format!(
        "tok: stopped by a mistake of its own{at}\n\nhint: please report it, with this message and `tok --version`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_placed_but_not_quoted() {
        let said = message(Some(Location::caller()));
        assert!(
            said.starts_with("tok: stopped by a mistake of its own (crash.rs:"),
            "{said}"
        );
        assert_eq!(
            message(None).lines().next(),
            Some("tok: stopped by a mistake of its own")
        );
    }
}
