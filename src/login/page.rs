//! The pages that the browser shows after a redirect: plain HTML without scripts, links, tokens or codes.

/// What a page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    LoggedIn,
    Failed,
    NotThisLogin,
    NotFound,
    OtherMethod,
    BadRequest,
}

impl Page {
    fn status(self) -> &'static str {
        match self {
            Self::LoggedIn => "200 OK",
            Self::Failed | Self::NotThisLogin | Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::OtherMethod => "405 Method Not Allowed",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::LoggedIn => "You are logged in. You can close this page.",
            Self::Failed => "The login failed; the terminal says why. You can close this page.",
            Self::NotThisLogin => {
                "This page does not belong to the login that is waiting. You can close it."
            }
            Self::NotFound => "There is nothing here.",
            Self::OtherMethod => "Only GET is allowed here.",
            Self::BadRequest => "This request cannot be read.",
        }
    }

    /// The whole HTTP answer. The URL contains the code, so no other page may learn it and no cache may keep it.
    pub(crate) fn answer(self) -> String {
        let body = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>tok</title>\n<p>{}</p>\n</html>\n",
            self.text()
        );
        let allow = match self {
            Self::OtherMethod => "Allow: GET\r\n",
            _ => "",
        };
        format!(
            "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n{allow}\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
             Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\
             X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
            self.status(),
            body.len()
        )
    }
}
