//! curl's options (its manual page, "Options") and their meaning for a token request.

/// What an option means for a token request.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    Method,
    Url,
    Header,
    Data,
    DataRaw,
    DataEncoded,
    Json,
    /// A part of a multipart form.
    Part,
    /// The same, without a file or type in the value.
    PartText,
    User,
    Get,
    UserAgent,
    Bearer,
    CaFile,
    Certificate,
    Key,
    /// Does not change the request.
    Ignored,
    /// The same, with a value.
    IgnoredValue,
    Refused(OptionError),
}

use Meaning::{Ignored, IgnoredValue, Refused};

/// An option, or its value, that a profile cannot express.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum OptionError {
    #[error("a second URL; one request at a time")]
    SecondUrl,
    #[error("its value is not a header of the form `Name: value`")]
    NotAHeader,
    #[error("takes its data from a file, which a profile cannot; write the data itself")]
    DataFromFile,
    #[error("its value is not a part of the form `name=text`, without a file or a type")]
    NotAPart,
    #[error("has a password, and tok reads only keys without one")]
    KeyPassword,
    #[error(
        "tok always checks the server's certificate; where it is a private one, name its CA with `ca_file`"
    )]
    Insecure,
    #[error("tok sends no files")]
    Upload,
    #[error("tok sends POST, GET and PUT only")]
    Head,
    #[error("write out what the file says")]
    ConfigFile,
    #[error("name the credentials with -u")]
    Netrc,
    #[error("tok knows Basic, credentials in the request, and headers")]
    Scheme,
    #[error("one request at a time")]
    SecondRequest,
}

/// Every option that tok reads, by its letter (a space if it has none) and its long name.
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
    ('k', "insecure", Refused(OptionError::Insecure)),
    ('F', "form", Meaning::Part),
    (' ', "form-string", Meaning::PartText),
    ('T', "upload-file", Refused(OptionError::Upload)),
    ('I', "head", Refused(OptionError::Head)),
    ('K', "config", Refused(OptionError::ConfigFile)),
    ('n', "netrc", Refused(OptionError::Netrc)),
    (' ', "digest", Refused(OptionError::Scheme)),
    (' ', "ntlm", Refused(OptionError::Scheme)),
    (' ', "negotiate", Refused(OptionError::Scheme)),
    (' ', "aws-sigv4", Refused(OptionError::Scheme)),
    (':', "next", Refused(OptionError::SecondRequest)),
];

/// The meaning of `--name`.
pub(super) fn long(name: &str) -> Option<Meaning> {
    OPTIONS
        .iter()
        .find(|(_, long, _)| *long == name)
        .map(|(_, _, meaning)| *meaning)
}

/// The meaning of `-letter`.
pub(super) fn short(letter: char) -> Option<Meaning> {
    OPTIONS
        .iter()
        .find(|(short, _, _)| *short == letter && letter != ' ')
        .map(|(_, _, meaning)| *meaning)
}

impl Meaning {
    pub(super) fn takes_value(self) -> bool {
        !matches!(self, Self::Get | Self::Ignored | Self::Refused(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_option_is_listed_once() {
        for (at, (short, long, _)) in OPTIONS.iter().enumerate() {
            let twin = OPTIONS[..at]
                .iter()
                .find(|(s, l, _)| l == long || *short != ' ' && s == short);
            assert!(twin.is_none(), "-{short} --{long}");
        }
    }
}
