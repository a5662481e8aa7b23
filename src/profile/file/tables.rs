//! The tables of a config by profile, and errors with file, line, profile and key.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::error::{Error, Kind, Subject};
use crate::profile::file::read::{Fault, Mistake, read};
use crate::profile::file::schema::ProfileTable;
use crate::profile::file::section::{self, Part, SECTIONS};
use crate::profile::file::{Config, hint, locate};
use crate::profile::name;
use crate::term::text::nearest;

/// The contents of a config file.
#[derive(Debug, Default)]
pub struct Overview {
    /// Profiles as written, or their errors.
    pub profiles: BTreeMap<String, Result<ProfileTable, Error>>,
    /// Errors in the rest of the file.
    pub problems: Vec<Error>,
}

impl Config {
    /// Returns the tables of profile `name` and of `[defaults]`. Reads as little as possible, so that a mistake in another
    /// profile does not matter; [`overview`](Self::overview) finds those.
    pub(crate) fn tables(&self, name: &str) -> Result<(ProfileTable, ProfileTable), Error> {
        let Some(part) = section::find(&self.text, name) else {
            return self.tables_in(&Part::whole(&self.text), name);
        };
        self.tables_in(&part, name).or_else(|error| {
            // If the part fails but the whole file parses, the whole file counts.
            self.whole_tables(name).ok_or(error)
        })
    }

    /// Returns the table of profile `name`, as written.
    ///
    /// # Errors
    /// Same as [`tables`](Self::tables).
    pub fn profile(&self, name: &str) -> Result<ProfileTable, Error> {
        self.tables(name).map(|(own, _)| own)
    }

    pub(super) fn whole_tables(&self, name: &str) -> Option<(ProfileTable, ProfileTable)> {
        self.tables_in(&Part::whole(&self.text), name).ok()
    }

    fn tables_in(
        &self,
        part: &Part<'_>,
        name: &str,
    ) -> Result<(ProfileTable, ProfileTable), Error> {
        let document = DeTable::parse(&part.text).map_err(|error| self.not_toml(part, &error))?;
        let root = document.get_ref();
        if part.is_whole() {
            self.check_top(root)?;
        }
        let defaults = self.defaults(part, root)?;
        match profiles(root).and_then(|profiles| profiles.get_key_value(name)) {
            Some(own) => Ok((self.own(part, own)?, defaults)),
            None => Err(self.no_such_profile(name)),
        }
    }

    fn own(
        &self,
        part: &Part<'_>,
        (name, table): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>),
    ) -> Result<ProfileTable, Error> {
        read(table).map_err(|mut mistake| {
            mistake.at.get_or_insert(name.span().start);
            self.mistake(part, Some(name.get_ref()), mistake)
        })
    }

    fn defaults(&self, part: &Part<'_>, root: &DeTable<'_>) -> Result<ProfileTable, Error> {
        let Some(defaults) = root.get("defaults") else {
            return Ok(ProfileTable::default());
        };
        let table: Result<ProfileTable, Mistake> = read(defaults);
        let mut table = table.map_err(|mut mistake| {
            mistake.path.insert(0, "defaults".to_owned());
            self.mistake(part, None, mistake)
        })?;
        match table.extends.take() {
            None => Ok(table),
            Some(_) => Err(
                Error::new(Kind::Config, "only a profile can extend another")
                    .about(Subject::Key("defaults.extends".to_owned()))
                    .about(self.at_byte(part.in_file(defaults.span().start))),
            ),
        }
    }

    /// Refuses top-level keys without effect. An unknown table is taken for a profile with a wrong header, and concerns only
    /// that profile.
    fn check_top(&self, root: &DeTable<'_>) -> Result<(), Error> {
        for (key, value) in root {
            let word = key.get_ref().as_ref();
            let matters = match value.get_ref() {
                DeValue::Table(_) | DeValue::Array(_) => concerns_all(word),
                _ => true,
            };
            if matters && !SECTIONS.contains(&word) {
                return Err(self.unknown_at_top(word, key.span().start, value.get_ref()));
            }
        }
        match root
            .get("profiles")
            .map(|profiles| (profiles.span(), profiles.get_ref()))
        {
            None | Some((_, DeValue::Table(_))) => Ok(()),
            Some((span, _)) => Err(Error::new(Kind::Config, "must be a table")
                .about(Subject::Key("profiles".to_owned()))
                .about(self.at_byte(span.start))
                .hint("write `[profiles.NAME]` above the keys of a profile")),
        }
    }

    fn unknown_at_top(&self, key: &str, at: usize, value: &DeValue<'_>) -> Error {
        let error = Error::of(
            Kind::Config,
            Fault::UnknownKey {
                key: key.to_owned(),
                known: SECTIONS.to_vec(),
            },
        );
        error.about(self.at_byte(at)).hint(hint::of_top(
            key,
            value,
            locate::line_of(&self.text, at),
        ))
    }

    /// Whether the file has a profile `name`, valid or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        match section::find(&self.text, name) {
            Some(_) => true,
            None => {
                let (document, _) = DeTable::parse_recoverable(&self.text);
                profiles(document.get_ref()).is_some_and(|profiles| profiles.contains_key(name))
            }
        }
    }

    /// Returns the error for profile `name` if its `base` does not exist.
    pub(crate) fn no_base(&self, name: &str, base: &str) -> Error {
        let error = self.no_such_profile(base);
        self.located(name, error.about(Subject::Key("extends".to_owned())))
    }

    /// Returns every profile of the file and every problem in it.
    ///
    /// # Errors
    /// Fails if the file is not TOML and cannot be divided into profiles either.
    pub fn overview(&self) -> Result<Overview, Error> {
        let whole = Part::whole(&self.text);
        let mut all = Overview::default();
        let document = match DeTable::parse(&self.text) {
            Ok(document) => document,
            Err(error) => {
                let error = self.not_toml(&whole, &error);
                for name in section::names(&self.text) {
                    let table = self.tables(name).map(|(own, _)| own);
                    all.profiles.insert(name.to_owned(), table);
                }
                if all.profiles.is_empty() {
                    return Err(error);
                }
                if all.profiles.values().all(Result::is_ok) {
                    all.problems.push(error);
                }
                return Ok(all);
            }
        };
        let root = document.get_ref();
        all.problems.extend(self.check_top(root).err());
        all.problems.extend(self.defaults(&whole, root).err());
        all.problems.extend(self.shared_cache().err());
        for (key, value) in root {
            let is_table = matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
            let word = key.get_ref().as_ref();
            if is_table && !SECTIONS.contains(&word) && !concerns_all(word) {
                all.problems
                    .push(self.unknown_at_top(word, key.span().start, value.get_ref()));
            }
        }
        for own in profiles(root).into_iter().flatten() {
            let profile = own.0.get_ref().as_ref();
            let table = match name::check(profile) {
                Ok(()) => self.own(&whole, own),
                Err(_) => Err(self.located(profile, Error::new(Kind::Config, name::RULE))),
            };
            all.profiles.insert(profile.to_owned(), table);
        }
        Ok(all)
    }

    /// Adds profile, file and line to `error`, and a hint if the key's value suggests one.
    #[must_use]
    pub(crate) fn located(&self, name: &str, error: Error) -> Error {
        let key = error.subjects().iter().find_map(|subject| match subject {
            Subject::Key(key) => Some(key.clone()),
            _ => None,
        });
        let key = key.unwrap_or_default();
        let found = locate::key(&self.text, name, &key);
        let line = found.as_ref().map(|found| found.line);
        let text = line.and_then(|line| self.text.lines().nth(line - 1));
        let written = found.and_then(|found| found.value);
        let error = match hint::of_value(&key, written.as_ref(), text.unwrap_or_default(), name) {
            Some(hint) if error.next_step().is_none() => error.hint(hint),
            _ => error,
        };
        error
            .profile(name)
            .about(Subject::File(self.path.clone(), line))
    }

    /// Like [`located`](Self::located), for the key whose value is the text `written`.
    #[must_use]
    pub(crate) fn located_at_text(&self, name: &str, written: &str, error: Error) -> Error {
        let key = locate::key_of_text(&self.text, name, written);
        let error = match key {
            Some(key) => error.about(Subject::Key(key)),
            None => error,
        };
        self.located(name, error)
    }

    fn at_byte(&self, at: usize) -> Subject {
        Subject::File(self.path.clone(), Some(locate::line_at(&self.text, at)))
    }

    fn no_such_profile(&self, name: &str) -> Error {
        let error = Error::new(
            Kind::Config,
            format!("no profile `{name}` in {}", self.path.display()),
        );
        if let Some(hint) = hint::of_header(&self.text, name) {
            return error.hint(hint);
        }
        let all = self.overview().unwrap_or_default().profiles;
        match nearest(name, all.keys().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None if all.is_empty() => error.hint(
                "the file has no profile yet; `tok add NAME` adds one, which begins with `[profiles.NAME]`",
            ),
            None => {
                let names: Vec<&str> = all.keys().map(String::as_str).collect();
                error.hint(format!("there are: {}", names.join(", ")))
            }
        }
    }

    pub(super) fn mistake(&self, part: &Part<'_>, name: Option<&str>, mistake: Mistake) -> Error {
        let at = part.in_file(mistake.at.unwrap_or(0));
        let key = mistake.path.join(".");
        let line = locate::line_of(&self.text, at);
        let hint = hint::of_fault(&mistake.fault, &key, line, name.unwrap_or("NAME"));
        let mut error = Error::of(Kind::Config, mistake.fault);
        if let Some(hint) = hint {
            error = error.hint(hint);
        }
        if !key.is_empty() {
            error = error.about(Subject::Key(key));
        }
        if let Some(name) = name {
            error = error.profile(name);
        }
        match mistake.at {
            Some(_) => error.about(self.at_byte(at)),
            None => error.about(Subject::File(self.path.clone(), None)),
        }
    }

    pub(super) fn not_toml(&self, part: &Part<'_>, error: &toml::de::Error) -> Error {
        let at = error.span().map(|span| part.in_file(span.start));
        let mut said = Error::new(Kind::Config, error.message().replace('\n', ", "));
        let Some(at) = at else {
            return said.about(Subject::File(self.path.clone(), None));
        };
        if let Some(hint) = hint::of_syntax(&self.text, at) {
            said = said.hint(hint);
        }
        let key = locate::key_at(&self.text, at);
        if let Some(key) = key {
            said = said.about(Subject::Key(key.to_owned()));
        }
        if let Some(name) = locate::profile_at(&self.text, at)
            && !key.is_some_and(|key| key.starts_with("profiles."))
        {
            said = said.profile(name);
        }
        said.about(self.at_byte(at))
    }
}

/// Whether `word` is meant to be a table that every profile uses.
fn concerns_all(word: &str) -> bool {
    let meant = nearest(word, SECTIONS);
    meant.is_some_and(|meant| meant != "profiles" && meant != word)
}

fn profiles<'a, 'i>(root: &'a DeTable<'i>) -> Option<&'a DeTable<'i>> {
    match root.get("profiles")?.get_ref() {
        DeValue::Table(profiles) => Some(profiles),
        _ => None,
    }
}
