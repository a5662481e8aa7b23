//! Reads curl's options as curl does (its manual page, "Options").

use crate::curl::import::words::Word;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Request {
    pub(super) method: Option<String>,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) data: Vec<Datum>,
    pub(super) get: bool,
    pub(super) user: Option<String>,
    pub(super) json: bool,
    pub(super) ca_file: Option<String>,
    pub(super) client_cert: Option<String>,
    pub(super) client_key: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Datum {
    Raw(String),
    Encoded(String, String),
}

#[derive(Clone, Copy, PartialEq)]
enum Meaning {
    Method,
    Url,
    Header,
    Data,
    DataRaw,
    DataEncoded,
    Json,
    User,
    Get,
    UserAgent,
    Bearer,
    CaFile,
    Certificate,
    Key,
    Ignored,
    IgnoredValue,
    Refused(&'static str),
}

use Meaning::{Ignored, IgnoredValue, Refused};

const NO_CHECK: &str = "tok always checks the server's certificate; where it is a private one, name its CA with `ca_file`";
const NO_FILES: &str = "tok sends forms and JSON, no files and no multipart";
const NO_SCHEME: &str = "tok knows Basic, credentials in the request, and headers";

/// The known options: letter (or a space), long name, meaning.
const OPTIONS: [(char, &str, Meaning); 77] = [
    ('X', "request", Meaning::Method),
    (' ', "url", Meaning::Url),
    ('H', "header", Meaning::Header),
    ('d', "data", Meaning::Data),
    (' ', "data-ascii", Meaning::Data),
    (' ', "data-binary", Meaning::Data),
    (' ', "data-raw", Meaning::DataRaw),
    (' ', "data-urlencode", Meaning::DataEncoded),
    (' ', "json", Meaning::Json),
    ('u', "user", Meaning::User),
    ('G', "get", Meaning::Get),
    ('A', "user-agent", Meaning::UserAgent),
    (' ', "oauth2-bearer", Meaning::Bearer),
    (' ', "cacert", Meaning::CaFile),
    ('E', "cert", Meaning::Certificate),
    (' ', "key", Meaning::Key),
    ('L', "location", Ignored),
    (' ', "location-trusted", Ignored),
    ('s', "silent", Ignored),
    ('S', "show-error", Ignored),
    ('i', "include", Ignored),
    (' ', "show-headers", Ignored),
    ('v', "verbose", Ignored),
    (' ', "compressed", Ignored),
    ('f', "fail", Ignored),
    (' ', "fail-with-body", Ignored),
    (' ', "fail-early", Ignored),
    ('g', "globoff", Ignored),
    ('#', "progress-bar", Ignored),
    (' ', "no-progress-meter", Ignored),
    ('N', "no-buffer", Ignored),
    ('0', "http1.0", Ignored),
    (' ', "http1.1", Ignored),
    (' ', "http2", Ignored),
    (' ', "http3", Ignored),
    (' ', "tlsv1.2", Ignored),
    (' ', "tlsv1.3", Ignored),
    ('1', "tlsv1", Ignored),
    ('4', "ipv4", Ignored),
    ('6', "ipv6", Ignored),
    (' ', "basic", Ignored),
    (' ', "anyauth", Ignored),
    (' ', "path-as-is", Ignored),
    (' ', "ssl-reqd", Ignored),
    (' ', "post301", Ignored),
    (' ', "post302", Ignored),
    (' ', "post303", Ignored),
    ('O', "remote-name", Ignored),
    ('J', "remote-header-name", Ignored),
    ('q', "disable", Ignored),
    ('o', "output", IgnoredValue),
    ('w', "write-out", IgnoredValue),
    ('D', "dump-header", IgnoredValue),
    ('m', "max-time", IgnoredValue),
    (' ', "connect-timeout", IgnoredValue),
    (' ', "retry", IgnoredValue),
    (' ', "retry-delay", IgnoredValue),
    (' ', "retry-max-time", IgnoredValue),
    (' ', "max-redirs", IgnoredValue),
    (' ', "ciphers", IgnoredValue),
    (' ', "proto", IgnoredValue),
    ('e', "referer", IgnoredValue),
    ('b', "cookie", IgnoredValue),
    ('c', "cookie-jar", IgnoredValue),
    ('x', "proxy", IgnoredValue),
    ('k', "insecure", Refused(NO_CHECK)),
    ('F', "form", Refused(NO_FILES)),
    (' ', "form-string", Refused(NO_FILES)),
    ('T', "upload-file", Refused(NO_FILES)),
    ('I', "head", Refused("tok sends POST, GET and PUT only")),
    ('K', "config", Refused("write out what the file says")),
    ('n', "netrc", Refused("name the credentials with -u")),
    (' ', "digest", Refused(NO_SCHEME)),
    (' ', "ntlm", Refused(NO_SCHEME)),
    (' ', "negotiate", Refused(NO_SCHEME)),
    (' ', "aws-sigv4", Refused(NO_SCHEME)),
    (':', "next", Refused("one request at a time")),
];

pub(super) fn read(words: &[Word]) -> Result<Request, String> {
    let Some(first) = words.first() else {
        return Err("there is no command in it".to_owned());
    };
    let program = first.text.rsplit(['/', '\\']).next().unwrap_or_default();
    if !["curl", "curl.exe"].contains(&program) {
        return Err(format!("{} should be `curl`", first.shown()));
    }
    let mut request = Request::default();
    let mut words = words[1..].iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if let Some(name) = text.strip_prefix("--") {
            let meaning = long(name).ok_or_else(|| unknown_long(word, name))?;
            let value = match meaning.takes_value() {
                true => next(&mut words, word)?,
                false => "",
            };
            request
                .take(meaning, value)
                .map_err(|why| format!("{}: {why}", word.shown()))?;
        } else if let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            request.take_short(letters, word, &mut words)?;
        } else if request.url.is_empty() && !text.is_empty() {
            request.url = text.to_owned();
        } else {
            return Err(format!(
                "{} is neither an option nor the value of one, and there is a URL already",
                word.shown()
            ));
        }
    }
    if request.url.is_empty() {
        return Err("the command has no URL".to_owned());
    }
    Ok(request)
}

fn next<'a>(words: &mut impl Iterator<Item = &'a Word>, option: &Word) -> Result<&'a str, String> {
    words
        .next()
        .map(|word| word.text.as_str())
        .ok_or_else(|| format!("{} has no value", option.shown()))
}

fn long(name: &str) -> Option<Meaning> {
    OPTIONS
        .iter()
        .find(|(_, long, _)| *long == name)
        .map(|(_, _, meaning)| *meaning)
}

fn unknown_long(word: &Word, name: &str) -> String {
    match name.split_once('=').and_then(|(name, _)| long(name)) {
        Some(_) => format!(
            "{}: curl wants an option's value as the next word, not after `=`",
            word.shown()
        ),
        None => format!("{} is no option of curl's that tok can read", word.shown()),
    }
}

impl Meaning {
    fn takes_value(self) -> bool {
        !matches!(self, Self::Get | Self::Ignored | Self::Refused(_))
    }
}

impl Request {
    /// Reads `-sSX POST`, `-XPOST`, `-d`: the last letter may have a value, in the same word or the next.
    fn take_short<'a>(
        &mut self,
        letters: &str,
        word: &Word,
        words: &mut impl Iterator<Item = &'a Word>,
    ) -> Result<(), String> {
        for (at, letter) in letters.char_indices() {
            let meaning = OPTIONS
                .iter()
                .find(|(short, _, _)| *short == letter && letter != ' ')
                .map(|(_, _, meaning)| *meaning)
                .ok_or_else(|| {
                    format!("{} is no option of curl's that tok can read", word.shown())
                })?;
            let because = |why: String| format!("{}: {why}", word.shown());
            if !meaning.takes_value() {
                self.take(meaning, "").map_err(because)?;
                continue;
            }
            let attached = &letters[at + letter.len_utf8()..];
            let value = match attached {
                "" => next(words, word)?,
                attached => attached,
            };
            return self.take(meaning, value).map_err(because);
        }
        Ok(())
    }

    fn take(&mut self, meaning: Meaning, value: &str) -> Result<(), String> {
        let owned = value.to_owned();
        match meaning {
            Meaning::Method => self.method = Some(owned),
            Meaning::Url if self.url.is_empty() => self.url = owned,
            Meaning::Url => return Err("a second URL; one request at a time".to_owned()),
            Meaning::Header => {
                let (name, value) = value
                    .split_once(':')
                    .or_else(|| value.strip_suffix(';').map(|name| (name, "")))
                    .filter(|(name, _)| !name.starts_with('@'))
                    .ok_or("its value is no header of the form `Name: value`")?;
                self.headers
                    .push((name.trim().to_owned(), value.trim().to_owned()));
            }
            Meaning::Data | Meaning::Json if value.starts_with('@') => return Err(from_file()),
            Meaning::Data | Meaning::DataRaw => self.data.push(Datum::Raw(owned)),
            Meaning::Json => {
                self.json = true;
                self.data.push(Datum::Raw(owned));
            }
            Meaning::DataEncoded => self.data.push(encoded(value)?),
            Meaning::User => self.user = Some(owned),
            Meaning::Get => self.get = true,
            Meaning::UserAgent => self.headers.push(("User-Agent".to_owned(), owned)),
            Meaning::Bearer => self
                .headers
                .push(("Authorization".to_owned(), format!("Bearer {value}"))),
            Meaning::CaFile => self.ca_file = Some(owned),
            // `FILE:PASSWORD`; a colon as second character belongs to a Windows drive.
            Meaning::Certificate if value.chars().skip(2).any(|c| c == ':') => {
                return Err("has a password, and tok reads only keys without one".to_owned());
            }
            Meaning::Certificate => self.client_cert = Some(owned),
            Meaning::Key => self.client_key = Some(owned),
            Ignored | IgnoredValue => {}
            Refused(why) => return Err(why.to_owned()),
        }
        Ok(())
    }
}

fn from_file() -> String {
    "takes its data from a file, which a profile cannot; write the data itself".to_owned()
}

fn encoded(value: &str) -> Result<Datum, String> {
    match value.find(['=', '@']) {
        Some(at) if value[at..].starts_with('@') => Err(from_file()),
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

    fn request(text: &str) -> Result<Request, String> {
        read(&crate::curl::import::words::split(text)?)
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
    fn errors_name_the_word_and_contain_no_value() {
        let cases = [
            ("", "there is no command"),
            ("wget x", "word 1 (line 1) should be `curl`"),
            ("curl", "the command has no URL"),
            ("curl -sS", "the command has no URL"),
            (
                "curl u --frobnicate",
                "word 3 (line 1), `--frobnicate` is no option",
            ),
            (
                "curl u --data=hunter2",
                "`--data`: curl wants an option's value as the next word",
            ),
            ("curl u -d", "word 3 (line 1), `-d` has no value"),
            ("curl u -y hunter2", "word 3 (line 1), `-y` is no option"),
            ("curl u -d a hunter2", "word 5 (line 1) is neither"),
            ("curl u\nhunter2", "word 3 (line 2) is neither"),
            ("curl u -sk", "always checks the server's certificate"),
            ("curl u -F a=hunter2", "`-F`: tok sends forms and JSON"),
            ("curl u -d @hunter2", "`-d`: takes its data from a file"),
            (
                "curl u --data-urlencode a@hunter2",
                "takes its data from a file",
            ),
            ("curl u -H hunter2", "is no header of the form"),
            ("curl u -H @hunter2:x", "is no header of the form"),
            ("curl u --url hunter2", "a second URL"),
            ("curl u -E c.pem:hunter2", "`-E`: has a password"),
            ("curl u --digest -u a:hunter2", "tok knows Basic"),
        ];
        for (text, expected) in cases {
            let message = request(text).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn options_are_unique() {
        for (at, (short, long, _)) in OPTIONS.iter().enumerate() {
            let twin = OPTIONS[..at]
                .iter()
                .find(|(s, l, _)| l == long || *short != ' ' && s == short);
            assert!(twin.is_none(), "-{short} --{long}");
        }
    }
}
