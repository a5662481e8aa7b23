//! Reads the words of a curl command as curl does: what it sends, not how it prints the answer.

use crate::curl::import::options::{self, Meaning, OptionError};
use crate::curl::import::word::{Location, Word};

#[derive(Debug, Default, PartialEq)]
pub(super) struct Request {
    pub(super) method: Option<String>,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) data: Vec<Datum>,
    pub(super) get: bool,
    pub(super) user: Option<String>,
    pub(super) json: bool,
    pub(super) multipart: bool,
    pub(super) ca_file: Option<String>,
    pub(super) client_cert: Option<String>,
    pub(super) client_key: Option<String>,
}

/// The data of one `-d`.
#[derive(Debug, PartialEq)]
pub(super) enum Datum {
    /// Sent unchanged: a body, or a part of a form that is already encoded.
    Raw(String),
    /// A parameter that curl encodes; its name may be empty.
    Encoded(String, String),
}

/// A command that is not a curl command tok can read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum CommandError {
    #[error("it contains no command")]
    Empty,
    #[error("{0} should be `curl`")]
    NotCurl(Location),
    #[error("the command has no URL")]
    NoUrl,
    #[error("{0} is neither an option nor the value of one, and there is a URL already")]
    SecondUrl(Location),
    #[error("{0} is not a curl option that tok can read")]
    UnknownOption(Location),
    #[error("{0}: curl wants an option's value as the next word, not after `=`")]
    ValueAfterEquals(Location),
    #[error("{0} has no value")]
    NoValue(Location),
    #[error("{0}: {1}")]
    Option(Location, OptionError),
}

/// Reads the words of a curl command.
pub(super) fn read(words: &[Word]) -> Result<Request, CommandError> {
    let (first, rest) = words.split_first().ok_or(CommandError::Empty)?;
    let program = first.text.rsplit(['/', '\\']).next().unwrap_or_default();
    if !["curl", "curl.exe"].contains(&program) {
        return Err(CommandError::NotCurl(first.location()));
    }
    let mut request = Request::default();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if let Some(name) = text.strip_prefix("--") {
            let meaning = options::long(name).ok_or_else(|| unknown_long(word, name))?;
            let value = match meaning.takes_value() {
                true => next(&mut words, word)?,
                false => "",
            };
            request.take(meaning, value, word)?;
        } else if let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            request.take_short(letters, word, &mut words)?;
        } else if request.url.is_empty() && !text.is_empty() {
            request.url = text.to_owned();
        } else {
            return Err(CommandError::SecondUrl(word.location()));
        }
    }
    if request.url.is_empty() {
        return Err(CommandError::NoUrl);
    }
    Ok(request)
}

fn next<'a>(
    words: &mut impl Iterator<Item = &'a Word>,
    option: &Word,
) -> Result<&'a str, CommandError> {
    words
        .next()
        .map(|word| word.text.as_str())
        .ok_or_else(|| CommandError::NoValue(option.location()))
}

fn unknown_long(word: &Word, name: &str) -> CommandError {
    match name
        .split_once('=')
        .and_then(|(name, _)| options::long(name))
    {
        Some(_) => CommandError::ValueAfterEquals(word.location()),
        None => CommandError::UnknownOption(word.location()),
    }
}

impl Request {
    /// Takes `-sSX POST`, `-XPOST`, `-d`: the last letter's value is in the same word or the next.
    fn take_short<'a>(
        &mut self,
        letters: &str,
        word: &Word,
        words: &mut impl Iterator<Item = &'a Word>,
    ) -> Result<(), CommandError> {
        for (at, letter) in letters.char_indices() {
            let meaning = options::short(letter)
                .ok_or_else(|| CommandError::UnknownOption(word.location()))?;
            if !meaning.takes_value() {
                self.take(meaning, "", word)?;
                continue;
            }
            let value = match &letters[at + letter.len_utf8()..] {
                "" => next(words, word)?,
                attached => attached,
            };
            return self.take(meaning, value, word);
        }
        Ok(())
    }

    fn take(&mut self, meaning: Meaning, value: &str, word: &Word) -> Result<(), CommandError> {
        self.apply(meaning, value)
            .map_err(|error| CommandError::Option(word.location(), error))
    }

    fn apply(&mut self, meaning: Meaning, value: &str) -> Result<(), OptionError> {
        let owned = value.to_owned();
        match meaning {
            Meaning::Method => self.method = Some(owned),
            Meaning::Url if self.url.is_empty() => self.url = owned,
            Meaning::Url => return Err(OptionError::SecondUrl),
            Meaning::Header => {
                let (name, value) = value
                    .split_once(':')
                    .or_else(|| value.strip_suffix(';').map(|name| (name, "")))
                    .filter(|(name, _)| !name.starts_with('@'))
                    .ok_or(OptionError::NotAHeader)?;
                self.headers
                    .push((name.trim().to_owned(), value.trim().to_owned()));
            }
            Meaning::Data | Meaning::Json if value.starts_with('@') => {
                return Err(OptionError::DataFromFile);
            }
            Meaning::Data | Meaning::DataRaw => self.data.push(Datum::Raw(owned)),
            Meaning::Json => {
                self.json = true;
                self.data.push(Datum::Raw(owned));
            }
            Meaning::DataEncoded => self.data.push(encoded(value)?),
            Meaning::Part | Meaning::PartText => {
                let is_literal = meaning == Meaning::PartText;
                let (name, text) = value
                    .split_once('=')
                    .filter(|(name, _)| !name.is_empty())
                    .filter(|(_, text)| {
                        is_literal || !(text.starts_with(['@', '<']) || text.contains(';'))
                    })
                    .ok_or(OptionError::NotAPart)?;
                // curl takes the quotes off, as Postman exports them.
                let quoted = text
                    .strip_prefix('"')
                    .and_then(|text| text.strip_suffix('"'))
                    .filter(|_| !is_literal);
                let text = quoted.unwrap_or(text);
                self.multipart = true;
                self.data
                    .push(Datum::Encoded(name.to_owned(), text.to_owned()));
            }
            Meaning::User => self.user = Some(owned),
            Meaning::Get => self.get = true,
            Meaning::UserAgent => self.headers.push(("User-Agent".to_owned(), owned)),
            Meaning::Bearer => self
                .headers
                .push(("Authorization".to_owned(), format!("Bearer {value}"))),
            Meaning::CaFile => self.ca_file = Some(owned),
            // `FILE:PASSWORD`; a colon as the second character belongs to a Windows drive.
            Meaning::Certificate if value.chars().skip(2).any(|c| c == ':') => {
                return Err(OptionError::KeyPassword);
            }
            Meaning::Certificate => self.client_cert = Some(owned),
            Meaning::Key => self.client_key = Some(owned),
            Meaning::Ignored | Meaning::IgnoredValue => {}
            Meaning::Refused(error) => return Err(error),
        }
        Ok(())
    }
}

/// `content`, `=content`, `name=content`, `@file`, `name@file`.
fn encoded(value: &str) -> Result<Datum, OptionError> {
    match value.find(['=', '@']) {
        Some(at) if value[at..].starts_with('@') => Err(OptionError::DataFromFile),
        Some(at) => Ok(Datum::Encoded(
            value[..at].to_owned(),
            value[at + 1..].to_owned(),
        )),
        None => Ok(Datum::Encoded(String::new(), value.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> Result<Request, CommandError> {
        read(&crate::curl::import::words::split(text).unwrap())
    }

    #[test]
    fn options_are_read_as_curl_reads_them() {
        let raw = |text: &str| Datum::Raw(text.into());
        let base = || Request {
            url: "u".into(),
            ..Request::default()
        };
        let cases = [
            ("curl u", base()),
            ("curl --url u -sSLiv --compressed", base()),
            (
                "curl -sSX POST u -dx -d y",
                Request {
                    method: Some("POST".into()),
                    data: vec![raw("x"), raw("y")],
                    ..base()
                },
            ),
            (
                "/usr/bin/curl -XGET -o /dev/null -w '%{http_code}' --max-time 5 u",
                Request {
                    method: Some("GET".into()),
                    ..base()
                },
            ),
            (
                "curl u --data-urlencode a=b=c --data-urlencode =d --data-urlencode e --data-raw @f",
                Request {
                    data: vec![
                        Datum::Encoded("a".into(), "b=c".into()),
                        Datum::Encoded(String::new(), "d".into()),
                        Datum::Encoded(String::new(), "e".into()),
                        raw("@f"),
                    ],
                    ..base()
                },
            ),
            (
                "curl u -ua:b -H'A:  b:c ' -H 'E;' -G --json '{}' -A me",
                Request {
                    user: Some("a:b".into()),
                    headers: vec![
                        ("A".into(), "b:c".into()),
                        ("E".into(), String::new()),
                        ("User-Agent".into(), "me".into()),
                    ],
                    get: true,
                    json: true,
                    data: vec![raw("{}")],
                    ..base()
                },
            ),
            (
                "curl u --cacert a.pem -E c.pem --key k.pem --oauth2-bearer t",
                Request {
                    ca_file: Some("a.pem".into()),
                    client_cert: Some("c.pem".into()),
                    client_key: Some("k.pem".into()),
                    headers: vec![("Authorization".into(), "Bearer t".into())],
                    ..base()
                },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(request(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn unreadable_word_is_named_without_its_value() {
        let cases = [
            ("", "it contains no command"),
            ("wget x", "word 1 (line 1) should be `curl`"),
            ("curl", "the command has no URL"),
            ("curl -sS", "the command has no URL"),
            (
                "curl u --frobnicate",
                "word 3 (line 1), `--frobnicate` is not a curl option",
            ),
            (
                "curl u --data=hunter2",
                "`--data`: curl wants an option's value as the next word",
            ),
            ("curl u -d", "word 3 (line 1), `-d` has no value"),
            (
                "curl u -y hunter2",
                "word 3 (line 1), `-y` is not a curl option",
            ),
            ("curl u -d a hunter2", "word 5 (line 1) is neither"),
            ("curl u\nhunter2", "word 3 (line 2) is neither"),
            ("curl u -sk", "always checks the server's certificate"),
            ("curl u -F a=@hunter2", "`-F`: its value is not a part"),
            (
                "curl u -F 'a=hunter2;type=text/xml'",
                "`-F`: its value is not a part",
            ),
            ("curl u -T hunter2", "`-T`: tok sends no files"),
            ("curl u -d @hunter2", "`-d`: takes its data from a file"),
            (
                "curl u --data-urlencode a@hunter2",
                "takes its data from a file",
            ),
            ("curl u -H hunter2", "is not a header of the form"),
            ("curl u -H @hunter2:x", "is not a header of the form"),
            ("curl u --url hunter2", "a second URL"),
            ("curl u -E c.pem:hunter2", "`-E`: has a password"),
            ("curl u --digest -u a:hunter2", "tok knows Basic"),
        ];
        for (text, expected) in cases {
            let message = request(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
