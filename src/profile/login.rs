//! What a login sends besides the token request: to the device, pushed or browser's authorization endpoint.

use url::{Host, Url};

use crate::error::Error;
use crate::profile::at::{At as _, wrong};
use crate::profile::file::schema::{
    AuthMethod, Encoding, Method, Params, ProfileTable, RequestTable, ResponseTable, Sent,
};
use crate::profile::grants::{Grant, Login};
use crate::profile::metadata::{Endpoint, Metadata};
use crate::profile::plan::Plan;
use crate::profile::reader::{Reader, Request};
use crate::profile::rules::{self, Response};

const PATH: &str = "/callback";

/// The keys of a profile that only logins have.
#[derive(Clone, Debug, Default)]
pub(super) struct LoginKeys {
    authorization_url: Option<String>,
    device_authorization_url: Option<String>,
    redirect_uri: Option<String>,
}

/// A login, ready to start. The URLs are empty where the issuer's metadata gives them.
#[derive(Clone, Debug)]
pub struct LoginPlan {
    /// The key of the endpoint, for messages.
    pub key: &'static str,
    /// How the user approves.
    pub kind: Login,
    /// The device authorization request (RFC 8628 §3.1), or the pushed authorization request (RFC 9126 §2.1): the client
    /// authenticates as at the token endpoint.
    pub authorization: Plan,
    /// The page that the browser opens (RFC 6749 §4.1.1), without secrets.
    pub page: Plan,
    /// Whether the provider wants the parameters of the page in a pushed authorization request first.
    pub is_pushed: bool,
    /// The issuer that the browser must come from (RFC 9207).
    pub issuer: Option<Issuer>,
    /// How the answer to `authorization` is read.
    pub response: Response,
    /// Where the browser returns to.
    pub redirect: RedirectUri,
}

/// The issuer of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its identifier.
    pub url: String,
    /// Whether its metadata promises that the browser brings `iss`.
    pub is_always_named: bool,
}

/// A redirect URI on this machine (RFC 8252 §7.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    host: String,
    /// Without one, a free port is used for each login.
    pub port: Option<u16>,
    /// The path, which begins with a slash.
    pub path: String,
}

impl Default for RedirectUri {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: None,
            path: PATH.to_owned(),
        }
    }
}

impl RedirectUri {
    fn read(written: &str) -> Option<Self> {
        let url = Url::parse(written).ok()?;
        let is_here = match url.host()? {
            Host::Ipv4(address) => address == std::net::Ipv4Addr::LOCALHOST,
            Host::Domain(name) => name == "localhost",
            Host::Ipv6(_) => false,
        };
        let is_plain = url.scheme() == "http"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        (is_here && is_plain).then(|| Self {
            host: url.host_str().unwrap_or_default().to_owned(),
            // The parser removes a written `:80`.
            port: match written.contains(":80/") || written.ends_with(":80") {
                true => Some(80),
                false => url.port(),
            },
            // Providers compare the text: `http://127.0.0.1:1` and `http://127.0.0.1:1/` differ.
            path: match written.matches('/').count() {
                2 => String::new(),
                _ => url.path().to_owned(),
            },
        })
    }

    /// Returns the URI with the port that tok listens on.
    #[must_use]
    pub fn with_port(&self, port: u16) -> String {
        format!("http://{}:{port}{}", self.host, self.path)
    }
}

impl LoginKeys {
    /// Takes the keys out of `table`; a profile that never logs in cannot have them.
    pub(super) fn take(
        table: &mut ProfileTable,
        grant: Option<&'static Grant>,
    ) -> Result<Self, Error> {
        let keys = Self {
            authorization_url: table.authorization_url.take(),
            device_authorization_url: table.device_authorization_url.take(),
            redirect_uri: table.redirect_uri.take(),
        };
        let written = [
            (keys.authorization_url.is_some(), "authorization_url"),
            (
                keys.device_authorization_url.is_some(),
                "device_authorization_url",
            ),
            (keys.redirect_uri.is_some(), "redirect_uri"),
        ];
        let has_login = grant.is_some_and(|grant| grant.login.is_some());
        match written.into_iter().find(|(is_written, _)| *is_written) {
            Some((_, key)) if !has_login => Err(wrong(
                key,
                "is used only with `grant_type = \"authorization_code\"` or `\"device_code\"`",
            )),
            _ => Ok(keys),
        }
    }

    /// Reads the plans of a login of `kind` from the keys and the `request` of the profile; the keys win over `metadata`.
    pub(super) fn plan(
        self,
        reader: &mut Reader<'_>,
        kind: Login,
        request: &RequestTable,
        metadata: Option<&Metadata>,
    ) -> Result<LoginPlan, Error> {
        let redirect = match &self.redirect_uri {
            None => RedirectUri::default(),
            Some(written) => RedirectUri::read(written).ok_or_else(|| {
                wrong(
                    "redirect_uri",
                    "must be http://127.0.0.1 or http://localhost, with a port or without one, and a path",
                )
            })?,
        };
        let (key, written, endpoint) = match kind {
            Login::DeviceCode => (
                "device_authorization_url",
                self.device_authorization_url,
                Endpoint::DeviceAuthorization,
            ),
            Login::AuthorizationCode => (
                "authorization_url",
                self.authorization_url,
                Endpoint::Authorization,
            ),
        };
        let published = |endpoint| {
            let url = metadata.map(|metadata| metadata.endpoint(endpoint, reader.has_client_cert));
            url.transpose().at("issuer")
        };
        let url = match written {
            Some(url) => url,
            None => published(endpoint)?.unwrap_or_default().to_owned(),
        };
        let must_push = metadata.filter(|known| known.require_pushed_authorization_requests);
        let pushed = match must_push.filter(|_| kind == Login::AuthorizationCode) {
            Some(_) => published(Endpoint::PushedAuthorizationRequest)?.map(str::to_owned),
            None => None,
        };
        let client_id = request.names.get(&Sent::ClientId);
        let client_id = client_id.map_or(Sent::ClientId.name(), String::as_str);
        let client = [(client_id.to_owned(), "${client_id}".into())];
        let client = Params(client.into_iter().collect());
        let same = RequestTable {
            scope: request.scope.clone(),
            scope_separator: request.scope_separator.clone(),
            audience: request.audience.clone(),
            resource: request.resource.clone(),
            names: request.names.clone(),
            auth_method: Some(AuthMethod::None),
            params: client.clone(),
            ..RequestTable::default()
        };
        let page = RequestTable {
            method: Some(Method::Get),
            encoding: Some(Encoding::Query),
            ..same.clone()
        };
        let is_public = request.auth_method == Some(AuthMethod::None);
        let authorization = RequestTable {
            auth_method: request.auth_method,
            basic_encoding: request.basic_encoding,
            headers: request.headers.clone(),
            // RFC 9126 §2.1 wants it from every client, and RFC 8628 §3.1 allows it.
            params: match is_public || kind == Login::AuthorizationCode {
                true => client,
                false => Params::default(),
            },
            ..same
        };
        let is_pushed = pushed.is_some();
        let mut read = |table: RequestTable, url: String| {
            reader.plan(Request {
                prefix: "",
                url_key: key,
                url,
                table,
                more_params: &[],
                login: None,
            })
        };
        let plan = LoginPlan {
            key,
            kind,
            authorization: read(authorization, pushed.unwrap_or_else(|| url.clone()))?,
            page: read(page, url)?,
            is_pushed,
            issuer: metadata.map(|metadata| Issuer {
                url: metadata.issuer.clone(),
                is_always_named: metadata.authorization_response_iss_parameter_supported,
            }),
            response: rules::read(&ResponseTable::default(), "response", &[], None, None)?,
            redirect,
        };
        if plan.page.carries_secrets() {
            return Err(wrong(
                key,
                "would contain a secret, which the browser keeps in its history",
            ));
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_is_on_this_machine_and_keeps_its_spelling() {
        for (written, port, with_port) in [
            ("http://127.0.0.1/cb", None, "http://127.0.0.1:7/cb"),
            (
                "http://127.0.0.1:8400/a/b",
                Some(8400),
                "http://127.0.0.1:8400/a/b",
            ),
            (
                "http://localhost:8400/",
                Some(8400),
                "http://localhost:8400/",
            ),
            ("http://localhost:8400", Some(8400), "http://localhost:8400"),
            ("http://localhost:80/cb", Some(80), "http://localhost:80/cb"),
            ("http://localhost", None, "http://localhost:7"),
        ] {
            let read = RedirectUri::read(written).unwrap();
            assert_eq!(read.port, port, "{written}");
            assert_eq!(read.with_port(port.unwrap_or(7)), with_port, "{written}");
        }
        for written in [
            "https://127.0.0.1/cb",
            "http://127.0.0.2/cb",
            "http://example.com/cb",
            "http://localhost.example.com/",
            "http://[::1]:1/cb",
            "http://user@127.0.0.1/cb",
            "http://127.0.0.1/cb?x=1",
            "http://127.0.0.1/cb#x",
            "urn:ietf:wg:oauth:2.0:oob",
            "/cb",
            "",
        ] {
            assert_eq!(RedirectUri::read(written), None, "{written}");
        }
        assert_eq!(
            RedirectUri::default().with_port(7),
            "http://127.0.0.1:7/callback"
        );
    }
}
