//! Not Unix: reads hidden lines from the console until an open PEM block is closed.

use zeroize::Zeroizing;

use crate::commands::secret::LONGEST_BYTES;
use crate::commands::secret::prompt::{PromptError, is_whole};

pub(super) fn read(prompt: &str) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    let mut input = Zeroizing::new(Vec::with_capacity(LONGEST_BYTES + 1));
    let mut line = Zeroizing::new(rpassword::prompt_password(prompt)?);
    loop {
        if input.len() + line.len() >= LONGEST_BYTES {
            return Err(PromptError::TooLong);
        }
        input.extend_from_slice(line.as_bytes());
        input.push(b'\n');
        if std::str::from_utf8(&input).is_ok_and(is_whole) {
            return Ok(input);
        }
        line = Zeroizing::new(rpassword::read_password()?);
    }
}
