//! Secrets taken out of somebody else's words: a provider, or a proxy before it, may repeat what it was sent.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::secret::Secret;
use crate::template::percent_encode;

/// What stands where a secret stood.
const REPLACEMENT: &str = "***";

/// The shortest secret that is looked for: a shorter one is in every other word.
const SHORTEST: usize = 4;

/// The secrets of a run, in each form in which they go over the wire.
#[derive(Debug, Default)]
pub struct Redactor {
    forms: Vec<Secret>,
}

impl Redactor {
    /// Knows `secrets`, and what each is with `client_id` in Basic credentials.
    #[must_use]
    pub fn new<'a>(client_id: Option<&str>, secrets: impl Iterator<Item = &'a Secret>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets {
            forms.extend(spellings(secret.expose()));
            if let Some(id) = client_id {
                for pair in [
                    format!("{id}:{}", secret.expose()),
                    format!(
                        "{}:{}",
                        percent_encode(id).expose(),
                        percent_encode(secret.expose()).expose()
                    ),
                ] {
                    forms.push(STANDARD.encode(zeroize::Zeroizing::new(pair).as_bytes()));
                }
            }
        }
        forms.retain(|form| form.len() >= SHORTEST);
        // The longest first: one form may be a part of another.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Self {
            forms: forms.into_iter().map(Secret::new).collect(),
        }
    }

    /// `text` with every secret replaced.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            if text.contains(form.expose()) {
                text = text.replace(form.expose(), REPLACEMENT);
            }
        }
        text
    }
}

/// The forms in which a secret travels.
fn spellings(secret: &str) -> Vec<String> {
    let percent = percent_encode(secret).expose().to_owned();
    vec![
        secret.to_owned(),
        percent.replace("%20", "+"),
        percent.to_ascii_lowercase(),
        percent,
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        // A message is cleaned before it gets here, which folds white space.
        crate::text::clean(secret, usize::MAX),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_in_every_form_it_travels_in() {
        let secret = Secret::new("hunt er+2");
        let said = [
            "you sent hunt er+2",
            "you sent hunt%20er%2B2",
            "you sent hunt%20er%2b2",
            "you sent hunt+er%2B2",
            &format!("you sent {}", STANDARD.encode("hunt er+2")),
            &format!("you sent Basic {}", STANDARD.encode("id:hunt er+2")),
            &format!("you sent Basic {}", STANDARD.encode("id:hunt%20er%2B2")),
        ];
        for text in said {
            let expected = if text.contains("Basic") {
                "you sent Basic ***"
            } else {
                "you sent ***"
            };
            assert_eq!(
                Redactor::new(Some("id"), [&secret].into_iter()).apply(text),
                expected
            );
        }
    }
}
