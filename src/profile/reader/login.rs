//! The keys of a profile for its logins, and the plans that they and the profile's request make.

use crate::error::Error;
use crate::profile::at::{At as _, wrong};
use crate::profile::file::schema::{
    AuthMethod, Encoding, Method, Params, ProfileTable, RequestTable, ResponseTable, Sent,
};
use crate::profile::grants::{Grant, Login};
use crate::profile::login::{Issuer, LoginPlan, RedirectUri};
use crate::profile::metadata::{Endpoint, Metadata};
use crate::profile::reader::{Reader, Request};
use crate::profile::rules;

/// The keys of a profile that only logins have.
#[derive(Clone, Debug, Default)]
pub(in crate::profile) struct LoginKeys {
    authorization_url: Option<String>,
    device_authorization_url: Option<String>,
    redirect_uri: Option<String>,
}

impl LoginKeys {
    /// Takes the keys out of `table`; a profile that never logs in cannot have them.
    pub(in crate::profile) fn take(
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
    pub(in crate::profile) fn plan(
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
