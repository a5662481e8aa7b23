//! README's picture of a session is made from what the real program prints, and this test fails when it prints something else.
//!
//! `TOK_REWRITE_PICTURE=1 cargo test --test cli picture` makes it anew.

use std::fmt::Write as _;
use std::process::Command;

use local_provider::dialects::cint;
use local_provider::{Answer, Provider};

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/session.svg");

/// The session: what is typed, and whether the secret is a wrong one by then.
const SESSION: [(&str, &str); 5] = [
    ("tok token cint", "right"),
    ("tok header cint", "right"),
    ("tok exec cint -- printenv TOK_HEADER", "right"),
    ("tok token cnit", "right"),
    ("tok token cint --refresh", "wrong"),
];

/// One line of the picture.
enum Line {
    Typed(String),
    Answer(String),
    Said(String),
}

#[test]
fn the_picture_shows_what_tok_prints() {
    let made = picture(&session());
    if std::env::var_os("TOK_REWRITE_PICTURE").is_some() {
        std::fs::write(PICTURE, &made).unwrap();
    }
    let kept = std::fs::read_to_string(PICTURE).unwrap();
    assert_eq!(
        kept, made,
        "TOK_REWRITE_PICTURE=1 cargo test --test cli picture makes it anew"
    );
}

fn session() -> Vec<Line> {
    let provider = Provider::start();
    provider.answer_with("/oauth/token", |received| {
        if received.text().contains("right") {
            Answer::token(
                "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0b2sifQ.c2lnbmF0dXJl",
                86400,
            )
        } else {
            cint::access_denied()
        }
    });
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    let url = provider.url("/oauth/token");
    crate::home::write(
        &config,
        format!(
            "[profiles.cint]\ntoken_url = '{url}'\nclient_id = 'i'\nauth_method = 'client_secret_post'\n"
        ),
    );
    let mut lines = Vec::new();
    for (typed, secret) in SESSION {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("tok"))
            .args(typed.split(' ').skip(1))
            .env("TOK_CONFIG", &config)
            .env("XDG_CACHE_HOME", home.path())
            .env("TOK_CINT_CLIENT_SECRET", secret)
            .output()
            .unwrap();
        // The only thing that differs from one machine to the next.
        let shown = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace(home.path().to_str().unwrap(), "~/.config/tok")
        };
        lines.push(Line::Typed(typed.to_owned()));
        lines.extend(
            shown(&output.stdout)
                .lines()
                .map(|line| Line::Answer(line.to_owned())),
        );
        lines.extend(
            shown(&output.stderr)
                .lines()
                .map(|line| Line::Said(line.to_owned())),
        );
    }
    lines
}

/// The lines as a terminal shows them.
fn picture(lines: &[Line]) -> String {
    const HEIGHT: usize = 20;
    let height = (lines.len() + 2) * HEIGHT;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"{height}\" font-family=\"monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1e1e2e\"/>\n"
    );
    for (number, line) in lines.iter().enumerate() {
        let (color, text) = match line {
            Line::Typed(text) => ("#a6e3a1", format!("$ {text}")),
            Line::Answer(text) => ("#cdd6f4", text.clone()),
            Line::Said(text) => ("#f9e2af", text.clone()),
        };
        let y = (number + 1) * HEIGHT + 10;
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        writeln!(
            svg,
            "<text x=\"16\" y=\"{y}\" fill=\"{color}\" xml:space=\"preserve\">{text}</text>"
        )
        .unwrap();
    }
    svg.push_str("</svg>\n");
    svg
}
