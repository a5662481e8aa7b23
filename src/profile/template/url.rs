//! Percent-encodes values for their position in a URL, so that none changes its structure.
//!
//! In path and query all but unreserved characters are encoded (RFC 3986 §2.3), unless the expression calls `raw` or `urlencode`.

use crate::profile::template::error::TemplateError;
use crate::profile::template::functions::percent_encode;
use crate::secret::Secret;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    Start,
    Host,
    Path,
    Query,
}

impl Position {
    pub(crate) fn after(before: &str) -> Self {
        if before.is_empty() {
            return Self::Start;
        }
        let after = before.split_once("://").map_or(before, |(_, after)| after);
        if after.contains(['?', '#']) {
            Self::Query
        } else if after.contains(['/', '\\']) {
            Self::Path
        } else {
            Self::Host
        }
    }
}

pub(super) fn insert(before: &str, name: &str, text: Secret) -> Result<Secret, TemplateError> {
    match Position::after(before) {
        Position::Start => Ok(text),
        Position::Host if stays_in_host(text.expose()) => Ok(text),
        Position::Host => Err(TemplateError::EndsHost(name.to_owned())),
        Position::Path if matches!(text.expose(), "." | "..") => {
            Err(TemplateError::DotSegment(name.to_owned()))
        }
        Position::Path | Position::Query => Ok(percent_encode(text.expose())),
    }
}

/// Ports and IPv6 literals are allowed; the URL parser refuses the rest.
pub(crate) fn stays_in_host(value: &str) -> bool {
    !value.contains(|c: char| matches!(c, '/' | '\\' | '?' | '#' | '@') || c.is_control())
}

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::profile::template::{Name, Template};
    use crate::secret::Secret;

    fn render(url: &str, value: &str) -> Result<String, Error> {
        let template = Template::parse(url).unwrap().into_url();
        let text = template.render(&|_: &Name| Ok(Secret::new(value)))?;
        Ok(text.expose().to_owned())
    }

    #[test]
    fn a_value_is_encoded_for_its_position() {
        let cases = [
            (
                "https://a/t/${var.v}/x",
                "a b?c/d",
                "https://a/t/a%20b%3Fc%2Fd/x",
            ),
            (
                "https://a/t?s=${var.v}&x",
                "ab#c&d+e",
                "https://a/t?s=ab%23c%26d%2Be&x",
            ),
            ("https://a/t#${var.v}", "a b", "https://a/t#a%20b"),
            ("https://a?s=${base64(var.v)}", "??>", "https://a?s=Pz8%2B"),
            ("https://a/${urlencode(var.v)}", "a/b", "https://a/a%2Fb"),
            ("https://a/${raw(var.v)}", "b/c?d", "https://a/b/c?d"),
            (
                "https://a/${raw(var.v)}${var.v}",
                "?x=1&",
                "https://a/?x=1&%3Fx%3D1%26",
            ),
            ("https://${var.v}.a/", "x-1", "https://x-1.a/"),
            ("https://${var.v}/", "a:8443", "https://a:8443/"),
            ("${var.v}/t", "https://a/b?", "https://a/b?/t"),
            (
                "${var.v}/${var.v}",
                "https://a",
                "https://a/https%3A%2F%2Fa",
            ),
        ];
        for (url, value, expected) in cases {
            assert_eq!(render(url, value).as_deref().ok(), Some(expected), "{url}");
        }
    }

    #[test]
    fn a_value_that_would_end_the_host_or_leave_its_folder_is_refused() {
        for value in ["evil.example/", "e?", "e#", "e\\", "a@e", "e\n"] {
            let error = render("https://${var.v}.a/", value).unwrap_err();
            assert!(error.to_string().contains("`${var.v}`"), "{error}");
            assert!(!error.to_string().contains(value), "{error}");
        }
        assert!(render("https://a/b/${var.v}/c", "..").is_err());
        assert!(render("https://a/b/${var.v}/c", "...").is_ok());
        assert!(render("https://a/b?c=${var.v}", "..").is_ok());
    }
}
