//! The authorization code flow: opens a browser, waits for it on a loopback port, and exchanges the code.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fetch::login::{Conversation, NotGranted, Tokens};
use crate::http::Tries;
use crate::login::browser::{self, NoBrowser};
use crate::login::listener::Listener;
use crate::login::page::Page;
use crate::login::problem::{Ended, Problem};
use crate::oauth::grants::authorization_code::{Binding, ExpectedIssuer, Redirect};
use crate::profile::Environment;
use crate::profile::login::LoginPlan;
use crate::profile::parameter::Parameter;
use crate::profile::plan::Plan;
use crate::profile::template::Template;
use crate::term::notes::Notes;
use crate::term::progress::Progress;

/// Long enough to find a password and a second factor.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How a user meets the login.
pub(crate) struct Desk<'a> {
    pub(crate) profile: &'a str,
    pub(crate) environment: Environment<'a>,
    pub(crate) notes: Notes,
    /// `--no-browser` is not given.
    pub(crate) opens_browser: bool,
    /// Variables that the browser does not inherit.
    pub(crate) withheld: Vec<OsString>,
}

pub(crate) fn log_in(
    conversation: &mut Conversation<'_>,
    login: &LoginPlan,
    desk: &Desk<'_>,
    most: Option<Duration>,
) -> Result<Tokens, Ended> {
    if login.page.url.source().is_empty() {
        return Err(Problem::NoEndpoint("authorization_url").into());
    }
    let listener = listen(login.redirect.port)?;
    let port = listener.port();
    let redirect_uri = login.redirect.with_port(port);
    let binding = Binding::new()?;
    let mut page = login.page.clone();
    match login.is_pushed {
        true => {
            let mut pushed = login.authorization.clone();
            ask(&mut pushed, &binding, &redirect_uri);
            let answer = conversation.authorize(login, &pushed)?;
            let request_uri = answer.get("request_uri").and_then(Value::as_str);
            let request_uri = request_uri.ok_or(Problem::NoRequestUri)?;
            // RFC 9126 §4: the pushed parameters are not repeated.
            page.parameters.retain(|(name, _)| name == "client_id");
            set(&mut page, "request_uri", request_uri);
        }
        false => ask(&mut page, &binding, &redirect_uri),
    }
    let url = conversation.url(&page)?;
    show(&url, port, desk);
    let most = most.unwrap_or(LONGEST_WAIT);
    let issuer = login.issuer.as_ref().map(|issuer| ExpectedIssuer {
        issuer: &issuer.url,
        is_required: issuer.is_always_named,
    });
    let has_noted = Cell::new(false);
    let read = |query: &str| {
        let redirect = Redirect::read(query, &binding.state, issuer);
        if redirect == Redirect::NotThisLogin && !has_noted.replace(true) {
            desk.notes
                .note("ignored a request that does not belong to this login; still waiting");
        }
        redirect
    };
    let path = match login.redirect.path.as_str() {
        "" => "/",
        path => path,
    };
    let came = {
        let _progress = Progress::waiting_for("the browser");
        listener.wait(path, Instant::now() + most, &read)
    };
    let came = came.map_err(Problem::NoPort)?;
    let Some((redirect, browser)) = came else {
        return Err(Problem::Late(most).into());
    };
    let granted = match redirect {
        Redirect::Code(code) => {
            let secrets = [("code", &code), ("code_verifier", &binding.verifier)];
            let others = [("redirect_uri", redirect_uri.as_str())];
            // Once: a code that comes twice makes the provider revoke the tokens (RFC 6749 §4.1.2).
            conversation
                .exchange(&secrets, &others, Tries::Once)
                .map_err(|why| match why {
                    NotGranted::Undecided(_) => Problem::Denied(None).into(),
                    NotGranted::Passing(error) | NotGranted::Failed(error) => error.into(),
                })
        }
        Redirect::Refused { code, description } if code == "access_denied" => {
            Err(Problem::Denied(description).into())
        }
        Redirect::Refused { code, description } => Err(Problem::Refused(code, description).into()),
        Redirect::WrongIssuer | Redirect::NotThisLogin => Err(Problem::WrongIssuer.into()),
    };
    browser.show(match granted {
        Ok(_) => Page::LoggedIn,
        Err(_) => Page::Failed,
    });
    granted
}

fn listen(port: Option<u16>) -> Result<Listener, Problem> {
    Listener::bind(port).map_err(|error| match (error.kind(), port) {
        (ErrorKind::AddrInUse, Some(port)) => Problem::PortInUse(port),
        _ => Problem::NoPort(error),
    })
}

/// RFC 6749 §4.1.1, RFC 7636 §4.3
fn ask(plan: &mut Plan, binding: &Binding, redirect_uri: &str) {
    for (name, value) in [
        ("response_type", "code"),
        ("redirect_uri", redirect_uri),
        ("state", &binding.state),
        ("code_challenge", &binding.challenge()),
        ("code_challenge_method", "S256"),
    ] {
        set(plan, name, value);
    }
}

fn set(plan: &mut Plan, name: &str, value: &str) {
    let parameter = Parameter::Text(Template::literal(value));
    plan.parameters.push((name.to_owned(), parameter));
}

/// The URL is shown with `-q` too, and where a browser opens: it may open on another desktop.
fn show(url: &str, port: u16, desk: &Desk<'_>) {
    let opened = match desk.opens_browser {
        true => browser::open(url, desk.environment, &desk.withheld),
        false => Err(NoBrowser::NotWanted),
    };
    let profile = desk.profile;
    let how = match opened {
        Ok(()) => {
            format!("A browser opens to log in to `{profile}`. If it does not, open this page:")
        }
        Err(NoBrowser::NotWanted) => format!("To log in to `{profile}`, open this page:"),
        Err(NoBrowser::NoDesktop) => format!(
            "This machine has no desktop. To log in to `{profile}`, open this page in a browser on this machine, or elsewhere after\n\
             `ssh -L {port}:127.0.0.1:{port} HOST` from there to this machine:"
        ),
        Err(NoBrowser::Ssh) => format!(
            "This is an SSH session. To log in to `{profile}`, run `ssh -L {port}:127.0.0.1:{port} HOST` on your own machine with this\n\
             machine as HOST, and open this page there:"
        ),
        Err(NoBrowser::NotStarted) => {
            format!("No browser can be started. To log in to `{profile}`, open this page:")
        }
    };
    let _ = writeln!(anstream::stderr(), "{how}\n\n    {url}\n");
}
