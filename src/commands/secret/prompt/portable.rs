//! Where there is no Unix terminal: the console's own way to read a line unseen, again and again while a key in PEM is not whole. The key has to
//! begin on the first line, and what was pasted behind a secret stays for the shell.

use crate::commands::secret::prompt::{
    BEGIN, END, Given, LONGEST_BYTES, TOO_LONG, no_secret, unreadable,
};
use crate::secret::Secret;

/// Asks `prompt`, and takes what comes.
pub(super) fn ask(prompt: &str) -> anyhow::Result<Given> {
    let mut secret = Secret::new(rpassword::prompt_password(prompt).map_err(unreadable)?);
    let mut is_open = secret.expose().starts_with(BEGIN) && !secret.expose().contains(END);
    while is_open && secret.expose().len() <= LONGEST_BYTES {
        let line = Secret::new(rpassword::read_password().map_err(unreadable)?);
        // openssl writes the name of a curve before the key on it.
        is_open = !line.expose().starts_with(END) || line.expose().contains("PARAMETERS");
        secret.push("\n");
        secret.push(line.expose());
    }
    if secret.expose().len() > LONGEST_BYTES {
        return Err(no_secret(TOO_LONG));
    }
    Ok(Given {
        secret,
        is_cut: false,
    })
}
