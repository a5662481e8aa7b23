//! Expands `~/` in the paths of a config.

use std::path::{Path, PathBuf};

#[must_use]
pub(crate) fn expanded(path: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => match directories::BaseDirs::new() {
            Some(dirs) => dirs.home_dir().join(rest),
            None => path.to_owned(),
        },
        Err(_) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_leading_tilde_of_its_own_is_the_home_folder() {
        let home = directories::BaseDirs::new().unwrap().home_dir().to_owned();
        for (written, expected) in [
            ("~/a/b", home.join("a/b")),
            ("~", home.clone()),
            ("~user/a", "~user/a".into()),
            ("a/~/b", "a/~/b".into()),
            ("/a", "/a".into()),
        ] {
            assert_eq!(expanded(Path::new(written)), expected, "{written}");
        }
    }
}
