//! A variable's name: what every shell and every file of variables takes, so that no name can be more than a name.

use std::str::FromStr;

/// The name of an environment variable: ASCII letters, digits and `_`, the first no digit (POSIX.1-2017 XBD §3.235 Name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable(String);

impl Variable {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Variable {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = !text.starts_with(|first: char| first.is_ascii_digit())
            && !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err("not a variable's name: letters, digits and `_`, the first no digit")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_nothing_but_a_name() {
        for good in ["TOK_TOKEN", "_", "a1", "token"] {
            assert_eq!(good.parse::<Variable>().unwrap().as_str(), good);
        }
        for bad in ["", "1a", "a-b", "a b", "a=b", "a;id", "a\nb", "é", "$(id)"] {
            assert!(bad.parse::<Variable>().is_err(), "{bad:?}");
        }
    }
}
