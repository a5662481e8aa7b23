//! Refuses requests that a shell command cannot express: a value must not be computed from a mark.

use crate::error::{Error, Kind};
use crate::profile::Profile;
use crate::profile::file::schema::Format;
use crate::profile::location::Location;
use crate::profile::rules::Keep;

/// The strftime directives that `date` and tok write alike on every system and in every language.
const DATE_DIRECTIVES: &str = "YmdHMSjsFT%";

pub(super) fn refusal(profile: &Profile, what: &str, why: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!(
            "profile `{}`: `{what}` cannot be shown as a curl command: {why}",
            profile.name
        ),
    )
    .hint(format!(
        "`tok token {} --refresh -v` shows the request as it is made, without secrets",
        profile.name
    ))
}

pub(super) fn why_not_called(function: &str, arguments: &[String]) -> Option<&'static str> {
    match (function, arguments) {
        ("base64" | "urlencode" | "raw" | "xml" | "sha256", [_]) | ("uuid", []) => None,
        ("now", [format]) if is_known_to_date(format) => None,
        ("now", _) => Some("not every `date` can write that time"),
        ("totp", _) => Some("no shell can compute it without showing its key to the machine"),
        (hmac, _) if hmac.starts_with("hmac_") => {
            Some("no shell can compute it without showing its key to the machine")
        }
        _ => Some("no shell command does the same"),
    }
}

fn is_known_to_date(format: &str) -> bool {
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c == '%'
            && !characters
                .next()
                .is_some_and(|directive| DATE_DIRECTIVES.contains(directive))
        {
            return false;
        }
    }
    true
}

pub(super) fn in_body(
    profile: &Profile,
    step: &str,
    path: &[String],
) -> Result<Vec<String>, Error> {
    let refused = |why| {
        refusal(
            profile,
            &format!("${{step.{step}.{}}}", path.join(".")),
            why,
        )
    };
    let Some(step) = profile.steps.iter().find(|known| known.name == step) else {
        return Ok(path.to_vec());
    };
    let kept = path
        .split_first()
        .and_then(|(first, rest)| Some((rest, step.response.keep_named(first)?)));
    match kept {
        Some((_, keep)) if keep.optional => Err(refused("it may be missing in that answer")),
        Some((
            _,
            Keep {
                location:
                    Location::Header(_) | Location::Cookie(_) | Location::Cookies | Location::Step(..),
                ..
            },
        )) => Err(refused("it is not in the body of that answer")),
        _ if step.response.format != Format::Json => Err(refused("that answer is not JSON")),
        Some((
            rest,
            Keep {
                location: Location::Body(pointer),
                ..
            },
        )) => Ok([pointer.tokens(), rest].concat()),
        None => Ok(path.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::template::FUNCTIONS;

    #[test]
    fn seven_functions_have_a_command_and_every_other_says_why_not() {
        let one = ["%s".to_owned()];
        let shown: Vec<&str> = FUNCTIONS
            .iter()
            .map(|(call, _)| &call[..call.find('(').unwrap()])
            .filter(|name| {
                why_not_called(name, &one).is_none() || why_not_called(name, &[]).is_none()
            })
            .collect();
        assert_eq!(
            shown,
            ["base64", "urlencode", "raw", "xml", "sha256", "uuid", "now"]
        );
        let two = ["x".to_owned(), "base64".to_owned()];
        for name in ["base64", "urlencode", "raw", "xml", "sha256", "uuid", "now"] {
            assert!(why_not_called(name, &two).is_some(), "{name}");
        }
    }

    #[test]
    fn times_are_shown_only_where_every_date_command_writes_them_alike() {
        let cases = [
            ("%s", true),
            ("%Y-%m-%dT%H:%M:%SZ", true),
            ("%F %T %% %j", true),
            ("", true),
            ("%s%3f", false),
            ("%-d", false),
            ("%a", false),
            ("%", false),
        ];
        for (format, expected) in cases {
            assert_eq!(is_known_to_date(format), expected, "{format}");
        }
    }
}
