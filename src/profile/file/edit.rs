//! Adds and removes profiles of the config file; everything else in it stays as it was written.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table};

use crate::error::{Error, Kind, Subject};
use crate::process::replace_file;
use crate::profile::file::Config;
use crate::profile::file::locate::line_at;

/// Reads the config at `path`; a missing file is an empty config.
pub(crate) fn open(path: &Path) -> Result<Config, Error> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Config::of_text(path, "")),
        _ => Config::load(path),
    }
}

impl Config {
    pub(crate) fn has_profile(&self, name: &str) -> Result<bool, Error> {
        Ok(self
            .document()?
            .get("profiles")
            .and_then(|profiles| profiles.get(name))
            .is_some())
    }

    /// This config with profile `name` replaced, or added at the end.
    pub(crate) fn with_profile(&self, name: &str, table: Table) -> Result<Self, Error> {
        let text = match self.has_profile(name)? {
            true => self.replaced(name, table)?,
            false => self.appended(name, table)?,
        };
        Ok(self.changed_to(text))
    }

    /// `text` in this file, with this file's line ends.
    fn changed_to(&self, mut text: String) -> Self {
        if self.text.contains("\r\n") {
            text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        Self::of_text(&self.path, &text)
    }

    fn document(&self) -> Result<DocumentMut, Error> {
        self.text.parse().map_err(|error: toml_edit::TomlError| {
            let line = error.span().map(|span| line_at(&self.text, span.start));
            Error::new(Kind::Config, error.message().replace('\n', ", "))
                .about(Subject::File(self.path.clone(), line))
        })
    }

    /// Adds the profile at the end, so that no byte of the old text changes.
    fn appended(&self, name: &str, table: Table) -> Result<String, Error> {
        let mut text = self.text.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if !text.trim().is_empty() {
            text.push('\n');
        }
        text.push_str(&shown(name, table.clone()));
        // After `profiles = { … }` a header `[profiles.NAME]` is an error.
        match text.parse::<DocumentMut>() {
            Ok(_) => Ok(text),
            Err(_) => self.replaced(name, table),
        }
    }

    fn replaced(&self, name: &str, mut table: Table) -> Result<String, Error> {
        let mut document = self.document()?;
        let profiles = document
            .entry("profiles")
            .or_insert(Item::Table(Table::new()));
        if let Some(old) = profiles.get(name).and_then(Item::as_table) {
            *table.decor_mut() = old.decor().clone();
            table.set_position(old.position());
        }
        let is_inline = profiles.is_inline_table();
        let Some(profiles) = profiles.as_table_like_mut() else {
            return Err(Error::new(Kind::Config, "`profiles` is not a table")
                .about(Subject::File(self.path.clone(), None)));
        };
        let item = match is_inline {
            true => Item::Value(table.into_inline_table().into()),
            false => Item::Table(table),
        };
        profiles.insert(name, item);
        Ok(document.to_string())
    }

    /// This config without profile `name` and the comment right above it.
    pub(crate) fn without_profile(&self, name: &str) -> Result<Self, Error> {
        let mut document = self.document()?;
        let removed = document
            .get_mut("profiles")
            .and_then(Item::as_table_like_mut)
            .and_then(|profiles| profiles.remove(name));
        if let Some(table) = removed.as_ref().and_then(Item::as_table) {
            let above = table.decor().prefix().and_then(|prefix| prefix.as_str());
            let kept = above
                .and_then(|above| above.rfind("\n\n").map(|end| &above[..=end]))
                .unwrap_or_default();
            if !kept.trim().is_empty() {
                put_before(&mut document, table.position(), kept);
            }
        }
        let text = document.to_string();
        Ok(self.changed_to(text.trim_start_matches(['\n', '\r']).to_owned()))
    }

    /// Writes this config in one step, unless the file is no longer as `before`. A symbolic link
    /// and the file's mode stay; a new file and a new folder are readable only by their owner.
    pub(crate) fn replace(&self, before: &Self) -> Result<(), Error> {
        self.try_replace(before).map_err(|error| {
            let hint = match &error {
                ReplaceError::Changed => Some("run the command again"),
                ReplaceError::MountedAlone => Some("mount its folder instead"),
                ReplaceError::NotAFile | ReplaceError::System(_) => None,
            };
            let action = format!("could not write {}", self.path.display());
            let error = match error {
                ReplaceError::System(error) => Error::of(Kind::Config, error),
                error => Error::of(Kind::Config, error),
            }
            .about(Subject::Action(action.into()));
            hint.map_or(error.clone(), |hint| error.hint(hint))
        })
    }

    fn try_replace(&self, before: &Self) -> Result<(), ReplaceError> {
        let target = target(&self.path)?;
        match target.parent() {
            Some(folder) if folder != Path::new("") => create_folder(folder)?,
            _ => {}
        }
        let permissions = match fs::metadata(&target) {
            Ok(old) if !old.is_file() => return Err(ReplaceError::NotAFile),
            Ok(old) => Some(old.permissions()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let is_unchanged = || match fs::read(&target) {
            Ok(now) if now == before.text.as_bytes() => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound && before.text.is_empty() => Ok(()),
            Ok(_) => Err(ReplaceError::Changed),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(ReplaceError::Changed),
            Err(error) => Err(error.into()),
        };
        replace_file::replace(&target, self.text.as_bytes(), permissions, is_unchanged).map_err(
            |error| match error {
                ReplaceError::System(error) if error.kind() == ErrorKind::ResourceBusy => {
                    ReplaceError::MountedAlone
                }
                error => error,
            },
        )
    }
}

#[derive(Debug, thiserror::Error)]
enum ReplaceError {
    #[error(transparent)]
    System(#[from] io::Error),
    #[error("it is not a regular file")]
    NotAFile,
    #[error("another process has changed it")]
    Changed,
    #[error("it is mounted as a single file, so it cannot be replaced")]
    MountedAlone,
}

/// Puts `text` before the table that follows `position`, or at the end.
fn put_before(document: &mut DocumentMut, position: Option<isize>, text: &str) {
    fn following(table: &mut Table, after: Option<isize>, found: &mut Option<isize>) {
        if !table.is_implicit() && table.position() > after {
            *found = match (*found, table.position()) {
                (Some(known), Some(own)) => Some(known.min(own)),
                (known, own) => known.or(own),
            };
        }
        for (_, item) in table.iter_mut() {
            if let Some(table) = item.as_table_mut() {
                following(table, after, found);
            }
        }
    }
    fn prepend(table: &mut Table, at: isize, text: &str) {
        if !table.is_implicit() && table.position() == Some(at) {
            let old = table.decor().prefix().and_then(|prefix| prefix.as_str());
            let prefix = format!("{text}{}", old.unwrap_or_default());
            table.decor_mut().set_prefix(prefix);
        }
        for (_, item) in table.iter_mut() {
            if let Some(table) = item.as_table_mut() {
                prepend(table, at, text);
            }
        }
    }
    let mut found = None;
    following(document.as_table_mut(), position, &mut found);
    match found {
        Some(at) => prepend(document.as_table_mut(), at, text),
        None => {
            let end = document.trailing().as_str().unwrap_or_default().to_owned();
            document.set_trailing(format!("{text}{end}"));
        }
    }
}

/// The text of a profile's table, with its header.
pub(crate) fn shown(name: &str, table: Table) -> String {
    let mut profiles = Table::new();
    profiles.set_implicit(true);
    profiles.insert(name, Item::Table(table));
    let mut document = DocumentMut::new();
    document.insert("profiles", Item::Table(profiles));
    document.to_string().trim_start().to_owned()
}

/// The file to replace, behind the symbolic links of a dotfile manager.
fn target(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        found => found,
    }
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new();
        table.insert("client_id", toml_edit::value("new"));
        table
    }

    fn with_profile(text: &str) -> String {
        Config::of_text("c.toml", text)
            .with_profile("a", table())
            .unwrap()
            .text
    }

    #[test]
    fn new_profile_is_added_at_the_end_and_no_byte_before_it_changes() {
        let new = "[profiles.a]\nclient_id = \"new\"\n";
        for (text, between) in [
            ("", ""),
            ("# only a comment\n", "\n"),
            ("[profiles.b]\n  x   =  'y' # why\n\n\n# the end", "\n\n"),
            ("[profiles]\nb.x = 1\n", "\n"),
            ("[profiles.\"b\".steps]\n", "\n"),
        ] {
            assert_eq!(with_profile(text), format!("{text}{between}{new}"));
        }
        assert_eq!(
            with_profile("x = 1\r\n"),
            format!("x = 1\r\n\r\n{}", new.replace('\n', "\r\n"))
        );
    }

    #[test]
    fn profile_is_replaced_in_its_position_and_its_comment_stays() {
        let text = "# top\n[profiles.z]\nk = 1\n\n# about a\n[profiles.a] # a\nclient_id = 'old'\nscope = 's'\n[profiles.a.params]\np = 1\n\n# about b\n[profiles.b]\nk = 2 # two\n# end\n";
        assert_eq!(
            with_profile(text),
            "# top\n[profiles.z]\nk = 1\n\n# about a\n[profiles.a] # a\nclient_id = \"new\"\n\n# about b\n[profiles.b]\nk = 2 # two\n# end\n"
        );
    }

    #[test]
    fn removed_profile_takes_its_own_comment_and_nothing_else() {
        let without = |text: &str| {
            let config = Config::of_text("c.toml", text);
            config.without_profile("a").unwrap().text
        };
        for (text, expected) in [
            ("[profiles.a]\nk = 1\n", ""),
            (
                "# top\n\n# about a\n[profiles.a] # a\nk = 1\n[profiles.a.params]\np = 1\n\n# about b\n[profiles.b]\nk = 2 # two\n# end\n",
                "# top\n\n# about b\n[profiles.b]\nk = 2 # two\n# end\n",
            ),
            (
                "# top\n[profiles.b]\nk = 1\n\n# more\n\n# about a\n[profiles.a]\nk = 2\n# end\n",
                "# top\n[profiles.b]\nk = 1\n\n# more\n# end\n",
            ),
            (
                "[profiles]\na = { k = 1 }\nb.k = 2 # b\n",
                "[profiles]\nb.k = 2 # b\n",
            ),
            ("x = 1\r\n[profiles.a]\r\nk = 1\r\n", "x = 1\r\n"),
            (
                "profiles = { a = { k = 1 }, b = { k = 2 } }\n",
                "profiles = { b = { k = 2 } }\n",
            ),
        ] {
            assert_eq!(without(text), expected, "{text}");
        }
    }

    #[test]
    fn profiles_in_an_inline_table_are_added_to() {
        let text = with_profile("profiles = { b = { x = 1 } } # all\n");
        assert_eq!(
            text,
            "profiles = { b = { x = 1 } , a = { client_id = \"new\" } } # all\n"
        );
    }

    #[test]
    fn syntax_error_is_reported_with_its_line() {
        let config = Config::of_text("c.toml", "a = 1\nb =\n");
        let failure = config.with_profile("a", table()).unwrap_err();
        assert!(failure.to_string().starts_with("c.toml:2: "), "{failure}");
        let config = Config::of_text("c.toml", "profiles = 3\n");
        assert!(config.with_profile("a", table()).is_err());
    }

    #[test]
    fn file_that_another_process_changed_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let before = open(&path).unwrap();
        fs::write(&path, "# of another process\n").unwrap();
        let failure = before
            .with_profile("a", table())
            .unwrap()
            .replace(&before)
            .unwrap_err();
        assert!(failure.to_string().contains("another process"), "{failure}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "# of another process\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
