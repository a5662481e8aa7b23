//! The device flow: shows a code and the page to type it on, and asks for the tokens until the user has decided.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::fetch::login::{Conversation, NotGranted, Tokens};
use crate::http::Tries;
use crate::login::problem::{Ended, Problem};
use crate::login::qr;
use crate::oauth::grants::device_code::{Authorization, Poll, Schedule};
use crate::profile::login::LoginPlan;
use crate::term::progress::Progress;
use crate::term::size;

/// `most` ends the wait before the code expires.
pub(crate) fn log_in(
    conversation: &mut Conversation<'_>,
    login: &LoginPlan,
    profile: &str,
    most: Option<Duration>,
) -> Result<Tokens, Ended> {
    if login.authorization.url.source().is_empty() {
        return Err(Problem::NoEndpoint("device_authorization_url").into());
    }
    let answer = conversation.authorize(login, &login.authorization)?;
    let began = Instant::now();
    let codes = Authorization::read(&answer).map_err(Problem::from)?;
    show(&codes, profile);
    let lifetime = most.map_or(codes.lifetime, |most| most.min(codes.lifetime));
    let mut schedule = Schedule::new(codes.interval, lifetime);
    let mut last: Option<Error> = None;
    while let Some(pause) = schedule.pause(began.elapsed()) {
        {
            let _progress = Progress::waiting_for("your approval");
            std::thread::sleep(pause);
        }
        let secret = [("device_code", &codes.device_code)];
        match conversation.exchange(&secret, &[], Tries::Once) {
            Ok(granted) => return Ok(granted),
            Err(NotGranted::Undecided(Poll::Pending)) => last = None,
            Err(NotGranted::Undecided(Poll::SlowDown)) => schedule.slow_down(),
            Err(NotGranted::Undecided(Poll::Denied)) => return Err(Problem::Denied(None).into()),
            Err(NotGranted::Undecided(Poll::Expired)) => return Err(Problem::Expired.into()),
            Err(NotGranted::Passing(error)) => {
                schedule.back_off();
                last = Some(error);
            }
            Err(NotGranted::Failed(error)) => return Err(error.into()),
        }
    }
    Err(match (last, most.filter(|most| *most < codes.lifetime)) {
        (Some(error), _) => error.into(),
        (None, Some(most)) => Problem::Late(most).into(),
        (None, None) => Problem::Expired.into(),
    })
}

/// Shown with `-q` too: without it the login cannot go on.
fn show(codes: &Authorization, profile: &str) {
    let mut text = format!(
        "To log in to `{profile}`, open this page on any device and enter the code:\n\n    {}\n    {}\n\n",
        codes.verification_uri, codes.user_code
    );
    let complete = codes.verification_uri_complete.as_ref();
    if let Some(complete) = complete {
        text.push_str(&format!(
            "This page has the code in it already; check that it shows the same one:\n\n    {complete}\n\n"
        ));
    }
    let stderr = std::io::stderr();
    if let Some(size) = size::of_stderr().filter(|_| stderr.is_terminal()) {
        let has_colour = anstream::AutoStream::choice(&stderr) != anstream::ColorChoice::Never;
        let url = complete.unwrap_or(&codes.verification_uri);
        for line in qr::lines(url, size, has_colour).unwrap_or_default() {
            text.push_str(&format!("{line}\n"));
        }
    }
    let _ = anstream::stderr().write_all(text.as_bytes());
}
