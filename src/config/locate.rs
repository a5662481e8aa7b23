//! Where in the config something stands: lines for messages. Runs only once something is wrong, so it may parse the file again.

use toml::de::{DeTable, DeValue};

/// The line (from 1) of byte `at` in `text`.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}

/// The line of `key` (dotted) in the table of profile `name`; that of the nearest table around it when the key is not there.
pub(super) fn line_of_key(text: &str, name: &str, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut line = None;
    for wanted in ["profiles", name]
        .into_iter()
        .chain(key.split('.').filter(|part| !part.is_empty()))
    {
        let Some((found, value)) = table.iter().find(|(found, _)| found.get_ref() == wanted) else {
            break;
        };
        line = Some(line_at(text, found.span().start));
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    line
}

/// The unknown key, and the keys known in its place, from serde's own message about it.
pub(super) fn unknown_key(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    Some((quoted.next()?, quoted.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_still_words_an_unknown_field_as_it_is_read_here() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only its error is looked at")]
        struct Table {
            one: u8,
            two: u8,
        }
        let error = toml::from_str::<Table>("three = 3").unwrap_err();
        assert_eq!(
            unknown_key(error.message()),
            Some(("three".into(), vec!["one".into(), "two".into()]))
        );
    }
}
