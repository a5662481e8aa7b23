//! Reads the host of a URL template.

use crate::profile::template::{Name, Template};
use crate::wire::origin::Origin;

pub(super) fn literal_origin(url: &Template) -> Option<Origin> {
    let (scheme, after) = url.source().split_once("://")?;
    let host = after.split(['/', '\\', '?', '#']).next()?;
    if scheme.contains("${") || host.contains("${") {
        return None;
    }
    Origin::of(&format!("{scheme}://{host}")).ok()
}

/// A value must not end the host: `https://${var.tenant}.example.com/` stays at example.com, but a tenant `evil.example/` would leave it.
pub(super) fn names_in_host(url: &Template) -> Vec<Name> {
    let source = url.source();
    let Some(at) = source.find("://") else {
        return Vec::new();
    };
    let mut rest = &source[at + 3..];
    let mut names = Vec::new();
    while let Some(at) = rest.find("${") {
        if rest[..at].contains(['/', '\\', '?', '#']) {
            break;
        }
        let Some(end) = rest[at..].find('}') else {
            break;
        };
        let part = Template::parse(&rest[at..=at + end]);
        names.extend(part.iter().flat_map(Template::names).cloned());
        rest = &rest[at + end + 1..];
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::template::url::stays_in_host;

    #[test]
    fn names_in_the_host_are_found_and_their_values_cannot_end_it() {
        let cases = [
            (
                "https://${var.tenant}.example.com/${var.path}",
                "var.tenant",
            ),
            ("https://a.example/${var.path}", ""),
            (
                "https://${var.a}.${env.B}:${var.c}?${var.d}",
                "var.a env.B var.c",
            ),
            ("https://${urlencode(var.a)}.example/", "var.a"),
            ("${var.base}/token", ""),
            ("https://a.example", ""),
        ];
        for (url, expected) in cases {
            let names: Vec<String> = names_in_host(&Template::parse(url).unwrap())
                .iter()
                .map(Name::to_string)
                .collect();
            assert_eq!(names.join(" "), expected, "{url}");
        }
        for good in [
            "acme",
            "a-b.c",
            "localhost:8443",
            "[::1]:1",
            "xn--bcher-kva",
        ] {
            assert!(stays_in_host(good), "{good}");
        }
        for bad in [
            "evil.example/",
            "evil.example#",
            "e?",
            "e\\",
            "a@e",
            "e\t",
            "e\n/",
        ] {
            assert!(!stays_in_host(bad), "{bad}");
        }
    }
}
