//! `tok curl`: runs curl with the token, which curl reads from a pipe, for allowed hosts only.
//!
//! curl sends a `-H` header to every URL up to the next `--next`. So the arguments are read as curl
//! reads them, and a request gets the header only if each of its URLs is at an allowed host.
//! An unknown option counts as one without a value, so its value is refused as a URL, not overlooked.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use std::ffi::OsString;
use std::io::Write;
use std::process::Command;

#[cfg(not(unix))]
use self::portable as system;
#[cfg(unix)]
use self::unix as system;
use crate::commands::exec;
use crate::commands::for_::hosts::{self, Host};
use crate::commands::get::{FetchOptions, get_for, header_lines};
use crate::commands::session::Session;
use crate::commands::spec::{Execute, Group, Spec};
use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::secrets::environment::withhold;
use crate::term::text::{SHOWN_CHARACTERS, clean};

pub(crate) const COMMAND: Spec = Spec {
    name: "curl",
    about: "Run curl with the token for the first URL's host",
    details: "Everything after PROFILE goes to curl, so tok's own options come before it.
curl reads the header from a pipe: the token is in no argument list and no
file. Without a token nothing is sent. The exit code is curl's own.

The token goes to the host of the first URL and to those that --host names,
and to no other host after --next or a redirect.",
    group: Group::Running,
    examples: "\
tok curl cint https://api.example.com/orders
tok curl cint --json '{\"n\": 1}' https://api.example.com/orders
tok curl --host b.example.com cint https://a.example.com --next https://b.example.com",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(override_usage = "tok curl [OPTIONS] <PROFILE> [--] <ARGS>...")]
pub(crate) struct Args {
    /// The profile, then curl's arguments
    #[arg(
        id = "profile",
        required = true,
        value_name = "PROFILE [--] ARGS",
        trailing_var_arg = true
    )]
    words: Vec<OsString>,

    /// Send the token to this HOST[:PORT], instead of the first URL's; may be repeated
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<Host>,

    #[command(flatten)]
    options: FetchOptions,
}

impl Execute for Args {
    fn run(&self, session: &Session, _out: &mut dyn Write) -> anyhow::Result<()> {
        let (profile, typed) = self.split()?;
        let requests = requests(typed).map_err(Error::from)?;
        let insertions = insertions(&requests, &self.hosts).map_err(Error::from)?;
        system::check(typed, insertions.len())?;
        let (profile, token, _) = get_for(session, profile, &self.options)?;
        let header = header_lines(&profile, &token)?;
        check_redirects(&requests, &header).map_err(Error::from)?;
        let mut command = Command::new("curl");
        withhold(&mut command, &|| session.config().ok());
        let mut from = 0;
        for at in insertions {
            command.args(typed.get(from..at).unwrap_or_default());
            system::add_header(&mut command, &header)?;
            from = at;
        }
        command.args(typed.get(from..).unwrap_or_default());
        exec::replace(command, "curl".as_ref())
    }
}

impl Args {
    fn split(&self) -> Result<(&str, &[OsString]), Error> {
        let Some((profile, typed)) = self.words.split_first() else {
            return Err(Refused::NoUrl.into());
        };
        if profile.to_string_lossy().contains("://") {
            return Err(Refused::NoProfile.into());
        }
        let typed = match typed.split_first() {
            Some((dashes, typed)) if dashes == "--" => typed,
            _ => typed,
        };
        let profile = profile
            .to_str()
            .ok_or_else(|| Error::new(Kind::Usage, "the profile's name is not UTF-8 text"))?;
        Ok((profile, typed))
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("curl's arguments contain no URL")]
    NoUrl,
    #[error("the profile must come before the URL")]
    NoProfile,
    #[error("the host of `{0}` is ambiguous")]
    NotPlain(String),
    #[error("the token would be sent unencrypted to `{0}`")]
    Unencrypted(String),
    #[error("`{0}` may not have the token, but is in one request with a host that may")]
    Mixed(String),
    #[error("no URL is at a host that --host names")]
    NotNamed,
    #[error("curl's option `{0}` reads further options from a file, which may name other hosts")]
    ConfigFile(String),
    #[error("curl would send the header field `{0}` also to another host that it is redirected to")]
    Redirected(String),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let hint = match &refused {
            Refused::NoUrl => "give the URL after the profile: `tok curl PROFILE https://…`",
            Refused::NoProfile => "write `tok curl PROFILE https://…`",
            Refused::NotPlain(_) => {
                "write each URL as https://HOST/…, without user, `{}` or `[]` in the host, and quote values with blanks"
            }
            Refused::Unencrypted(_) => "write https://",
            Refused::Mixed(_) => "put --next before it, or add --host before the profile",
            Refused::NotNamed => "add --host HOST before the profile",
            Refused::ConfigFile(_) => "give them as arguments",
            Refused::Redirected(_) => "leave out -L",
        };
        Self::of(Kind::Usage, refused).hint(hint)
    }
}

/// One request: the arguments between two `--next`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    at: usize,
    urls: Vec<String>,
    follows_redirects: bool,
}

fn requests(typed: &[OsString]) -> Result<Vec<Request>, Refused> {
    let mut requests = Vec::new();
    let mut request = Request::default();
    let mut words = typed.iter().enumerate();
    let mut are_options = true;
    while let Some((at, word)) = words.next() {
        let word = word.to_string_lossy();
        // A `-q` counts only if it comes first.
        if at == 0 && (word == "-q" || word == "--disable") {
            request.at = 1;
            continue;
        }
        let option = match word.strip_prefix('-') {
            Some(option) if are_options && !option.is_empty() => option,
            _ => {
                request.urls.push(word.into_owned());
                continue;
            }
        };
        let mut next_request = false;
        let mut option_of_value = None;
        match option.strip_prefix('-') {
            Some("") => are_options = false,
            Some("next") => next_request = true,
            Some("config") => return Err(Refused::ConfigFile(word.into_owned())),
            Some("url") => option_of_value = Some(true),
            Some(name) => {
                // curl takes any start of a name that only one option has.
                request.follows_redirects |= name.len() > 2
                    && ["location", "follow"]
                        .iter()
                        .any(|option| option.starts_with(name));
                option_of_value = LONG_WITH_VALUE
                    .split(' ')
                    .any(|known| known == name)
                    .then_some(false);
            }
            None => {
                for (index, letter) in option.char_indices() {
                    match letter {
                        'K' => return Err(Refused::ConfigFile("-K".to_owned())),
                        ':' => next_request = true,
                        'L' => request.follows_redirects = true,
                        letter if SHORT_WITH_VALUE.contains(letter) => {
                            let is_last = index + letter.len_utf8() == option.len();
                            option_of_value = is_last.then_some(false);
                            break;
                        }
                        _ => {}
                    }
                }
            }
        }
        if let Some(is_url) = option_of_value
            && let Some((_, value)) = words.next()
            && is_url
        {
            request.urls.push(value.to_string_lossy().into_owned());
        }
        if next_request {
            requests.push(std::mem::take(&mut request));
            request.at = at + 1;
            are_options = true;
        }
    }
    requests.push(request);
    Ok(requests)
}

/// Returns where to insert the header. If `named` is empty, only the first URL's host is allowed.
fn insertions(requests: &[Request], named: &[Host]) -> Result<Vec<usize>, Refused> {
    let first = requests
        .iter()
        .find_map(|request| request.urls.first())
        .ok_or(Refused::NoUrl)?;
    let first_host = match named {
        [] => {
            Some(Host::of_url(&with_scheme(first)).ok_or_else(|| Refused::NotPlain(shown(first)))?)
        }
        _ => None,
    };
    let allowed = first_host.as_ref().map_or(named, std::slice::from_ref);
    let mut insertions = Vec::new();
    for request in requests {
        let (may, may_not): (Vec<&String>, Vec<&String>) = request
            .urls
            .iter()
            .partition(|url| hosts::allow_url(allowed, &with_scheme(url)));
        if let Some(url) = may_not.first() {
            match Host::of_url(&with_scheme(url)) {
                None => return Err(Refused::NotPlain(shown(url))),
                Some(host) if allowed.contains(&host) => {
                    return Err(Refused::Unencrypted(shown(url)));
                }
                Some(_) if !may.is_empty() => return Err(Refused::Mixed(shown(url))),
                Some(_) => {}
            }
        } else if may.is_empty() {
            return Err(Refused::NoUrl);
        } else {
            insertions.push(request.at);
        }
    }
    match insertions.is_empty() {
        true => Err(Refused::NotNamed),
        false => Ok(insertions),
    }
}

/// On a redirect to another host curl drops `Authorization` and `Cookie`, but no other `-H` field.
fn check_redirects(requests: &[Request], header: &Secret) -> Result<(), Refused> {
    if !requests.iter().any(|request| request.follows_redirects) {
        return Ok(());
    }
    let is_kept = |name: &str| {
        ["authorization", "cookie"]
            .iter()
            .any(|kept| name.eq_ignore_ascii_case(kept))
    };
    let names = header
        .expose()
        .lines()
        .filter_map(|line| Some(line.split_once(':')?.0.trim()));
    match names.into_iter().find(|name| !is_kept(name)) {
        Some(name) => Err(Refused::Redirected(clean(name, SHOWN_CHARACTERS))),
        None => Ok(()),
    }
}

/// curl uses http for a URL without a scheme (or, by its name, another protocol without a token).
fn with_scheme(url: &str) -> String {
    match url.contains("://") {
        true => url.to_owned(),
        false => format!("http://{url}"),
    }
}

/// `url` without the parts that may contain a secret: user, path and query.
fn shown(url: &str) -> String {
    let (scheme, rest) = url
        .split_once("://")
        .map_or(("", url), |(scheme, rest)| (scheme, rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let separator = if scheme.is_empty() { "" } else { "://" };
    clean(&format!("{scheme}{separator}{host}"), SHOWN_CHARACTERS)
}

const SHORT_WITH_VALUE: &str = "AbCcDdEeFHhKmoPQrTtUuwXxYyz";

/// curl's long options with a value, from curl 7.55 to 8.16; without `url` and `config`.
const LONG_WITH_VALUE: &str = "\
abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers connect-timeout connect-to continue-at cookie \
cookie-jar create-file-mode crlfile curves data data-ascii data-binary data-raw data-urlencode delegation dns-interface \
dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header ech egd-file engine etag-compare etag-save expect100-timeout form \
form-string ftp-account ftp-alternative-to-user ftp-method ftp-port ftp-ssl-ccc-mode happy-eyeballs-timeout-ms header hostpubmd5 \
hostpubsha256 hsts interface ip-tos ipfs-gateway json keepalive-cnt keepalive-time key key-type knownhosts krb libcurl limit-rate \
local-port login-options mail-auth mail-from mail-rcpt max-filesize max-redirs max-time netrc-file noproxy oauth2-bearer output \
output-dir parallel-max parallel-max-host pass pinnedpubkey preproxy proto proto-default proto-redir proxy proxy-cacert \
proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass \
proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser proxy-user proxy1.0 \
pubkey quote random-file range rate referer request request-target resolve retry retry-delay retry-max-time sasl-authzid \
service-name sigalgs socks4 socks4a socks5 socks5-gssapi-service socks5-hostname speed-limit speed-time stderr telnet-option \
tftp-blksize time-cond tls-max tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket \
upload-file upload-flags url-query user user-agent variable vlan-priority write-out";

#[cfg(test)]
mod tests {
    use super::*;

    fn inserted(typed: &str, named: &[&str]) -> Result<Vec<usize>, Refused> {
        let typed: Vec<OsString> = typed.split(' ').map(OsString::from).collect();
        let named: Vec<Host> = named.iter().map(|host| host.parse().unwrap()).collect();
        insertions(&requests(&typed)?, &named)
    }

    #[test]
    fn header_goes_into_requests_for_allowed_hosts_only() {
        for (typed, named, expected) in [
            ("https://a", &[][..], vec![0]),
            ("-q -s https://a", &[], vec![1]),
            ("-s -q https://a", &[], vec![0]),
            ("-sSfo out https://a https://a/2", &[], vec![0]),
            ("-o https://evil https://a", &[], vec![0]),
            ("--data https://evil --url https://a", &[], vec![0]),
            ("-dhttps://evil https://a", &[], vec![0]),
            ("https://a --next https://b", &[], vec![0]),
            ("https://a --next -d 1 https://a/x", &[], vec![0, 2]),
            ("https://a -s: https://b -: https://A:443", &[], vec![0, 4]),
            ("https://a --next https://b", &["a", "b"], vec![0, 2]),
            ("https://a --next https://b", &["b"], vec![2]),
            ("https://a https://b", &["b", "a"], vec![0]),
            ("http://localhost:8080/x", &[], vec![0]),
            ("localhost:8080", &[], vec![0]),
            ("-s -- https://a", &[], vec![0]),
            ("https://a/[1-3]?x={y}", &[], vec![0]),
        ] {
            assert_eq!(inserted(typed, named), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn arguments_whose_hosts_are_not_plain_or_not_allowed_are_refused() {
        let not_plain = |url: &str| Refused::NotPlain(url.to_owned());
        for (typed, named, expected) in [
            ("-s", &[][..], Refused::NoUrl),
            ("https://a --next -s", &[], Refused::NoUrl),
            (
                "https://{a,b}.example",
                &[],
                not_plain("https://{a,b}.example"),
            ),
            (
                "https://a[1-2].example",
                &[],
                not_plain("https://a[1-2].example"),
            ),
            ("https://me:secret@a", &[], not_plain("https://a")),
            ("https://a https://x@b", &[], not_plain("https://b")),
            ("https://a --new-option 1=2", &[], not_plain("1=2")),
            (
                "--expand-url https://{{h}}",
                &[],
                not_plain("https://{{h}}"),
            ),
            (
                "http://a.example",
                &[],
                Refused::Unencrypted("http://a.example".into()),
            ),
            (
                "a.example/x?s=1",
                &[],
                Refused::Unencrypted("a.example".into()),
            ),
            (
                "https://a https://b",
                &[],
                Refused::Mixed("https://b".into()),
            ),
            (
                "https://a --url https://b",
                &[],
                Refused::Mixed("https://b".into()),
            ),
            (
                "https://a -- --next https://b",
                &[],
                Refused::Mixed("--next".into()),
            ),
            ("https://a", &["b"], Refused::NotNamed),
            ("-K x https://a", &[], Refused::ConfigFile("-K".into())),
            ("-sKx https://a", &[], Refused::ConfigFile("-K".into())),
            (
                "--config x https://a",
                &[],
                Refused::ConfigFile("--config".into()),
            ),
        ] {
            assert_eq!(inserted(typed, named), Err(expected), "{typed}");
        }
    }

    #[test]
    fn only_fields_that_curl_keeps_to_one_host_follow_a_redirect() {
        for (typed, header, is_refused) in [
            ("-L", "Authorization: Bearer t\n", false),
            ("-sL", "cookie: t\n", false),
            ("-s", "X-Token: t\n", false),
            ("-L", "X-Token: t\n", true),
            ("-sSL", "Authorization: t\nX-Tenant: 1\n", true),
            ("--location", "X-Token: t\n", true),
            ("--locat", "X-Token: t\n", true),
            ("--follow", "X-Token: t\n", true),
        ] {
            let requests = requests(&[typed.into(), "https://a".into()]).unwrap();
            let checked = check_redirects(&requests, &Secret::new(header));
            assert_eq!(checked.is_err(), is_refused, "{typed} {header}");
        }
    }
}
