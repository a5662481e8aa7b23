//! Tokens that could end a header line, move a cursor or hide; values that are not tokens; types that are not Bearer.

use local_provider::Answer;

use super::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    // As JSON strings, escapes and all.
    for (name, token) in [
        ("with CR", r"t0ken\rx"),
        ("with LF", r"t0ken\nx"),
        ("with a header of its own", r"t0ken\r\nX-Admin: 1"),
        ("with CR at the end", r"t0ken\r"),
        ("with LF at the end", r"t0ken\n"),
        ("with NUL", r"t0ken\u0000x"),
        ("with ESC", r"t0ken\u001b[2J"),
        ("with BEL", r"t0ken\u0007"),
        ("with BS", r"t0ken\b"),
        ("with TAB", r"t0ken\tx"),
        ("with DEL", r"t0ken\u007f"),
        ("with CSI", r"t0ken\u009b2J"),
        ("with NEL", r"t0ken\u0085x"),
        ("with RLO", r"t0ken\u202ex"),
        ("with RLI", r"t0ken\u2067x"),
        ("with ZWSP", r"t0ken\u200bx"),
        ("with a BOM", r"\ufefft0ken"),
        ("with a soft hyphen", r"t0ken\u00adx"),
        ("with LINE SEPARATOR", r"t0ken\u2028x"),
        ("with NBSP", r"t0ken\u00a0x"),
        ("with a tag character", r"t0ken\udb40\udc41"),
        ("with a lone surrogate", r"t0ken\ud800"),
        ("with a space inside", "t0ken x"),
        ("with a space before", " t0ken"),
        ("with a space after", "t0ken "),
        ("in two words", "Bearer t0ken"),
        ("with an accent", "t0kené"),
        ("in full width", "ｔ０ｋｅｎ"),
        ("with an emoji", "t0ken😀"),
        ("with a quote", r#"t0ken\"x"#),
        ("with an apostrophe", "t0ken'x"),
        ("with a backslash", r"t0ken\\x"),
        ("with a comma", "t0ken,x"),
        ("with a semicolon", "t0ken;x"),
        ("with a colon", "t0ken:x"),
        ("with a percent sign", "t0ken%0d%0aX:1"),
        ("with a shell command", "$(t0ken)"),
        ("with backticks", "`t0ken`"),
        ("with a tag", "<b>t0ken</b>"),
        ("with = inside", "t0ken=x"),
        ("that is nothing", ""),
        ("that is a space", " "),
        ("that is =", "=="),
    ] {
        let body = format!(r#"{{"access_token":"{token}","expires_in":3600}}"#);
        cases.push(Case::json(format!("a token {name}"), 7, &body));
    }
    for (name, token, code) in [
        ("visible, with = inside", "t0ken=x", 0),
        ("visible, with a colon", "t0ken:x|y!", 0),
        ("visible, with a space", "t0ken x", 7),
        ("visible, with CR", r"t0ken\rx", 7),
        ("visible, with DEL", r"t0ken\u007f", 7),
        ("visible, with an accent", "t0kené", 7),
        ("visible, with RLO", r"t0ken\u202e", 7),
    ] {
        let body = format!(r#"{{"access_token":"{token}"}}"#);
        cases.push(
            Case::json(format!("a token {name}"), code, &body)
                .with("response = { token_chars = 'visible' }")
                .prints(token),
        );
    }
    for (token, code) in [
        ("null", 7),
        ("true", 7),
        ("false", 7),
        ("-1", 7),
        ("1.5", 7),
        ("123456789012345678901234567890", 7),
        ("[]", 7),
        ("[\"t0ken\"]", 7),
        ("{}", 7),
        ("{\"a\":\"t0ken\"}", 7),
    ] {
        let body = format!(r#"{{"access_token":{token}}}"#);
        cases.push(Case::json(format!("a token that is {token}"), code, &body));
    }
    cases.push(
        Case::json("a token that is a number", 0, r#"{"access_token":1234567}"#).prints("1234567"),
    );
    for length in [100_000, 900_000] {
        let token = format!("t0ken{}", "x".repeat(length));
        let body = format!(r#"{{"access_token":"{token}"}}"#);
        cases.push(Case::json(format!("a token of {length} characters"), 0, &body).prints(&token));
        let body = format!(r#"{{"access_token":"{token}\u0000"}}"#);
        cases.push(Case::json(
            format!("a bad token of {length} characters"),
            7,
            &body,
        ));
    }
    for (token, code) in [
        ("Bearer t0ken", 0),
        ("Bearer ", 7),
        ("Bearer Bearer t0ken", 7),
        ("t0ken", 0),
    ] {
        let body = format!(r#"{{"access_token":"{token}"}}"#);
        cases.push(
            Case::json(format!("a prefix to strip from `{token}`"), code, &body)
                .with("response = { strip_prefix = 'Bearer ' }"),
        );
    }
    cases.extend(types());
    cases.extend(places());
    cases
}

fn types() -> Vec<Case> {
    [
        ("\"Bearer\"", 0),
        ("\"bearer\"", 0),
        ("\"BEARER\"", 0),
        ("\"Bearer \"", 0),
        ("\"\"", 0),
        ("null", 0),
        ("\"DPoP\"", 7),
        ("\"MAC\"", 7),
        ("\"N_A\"", 7),
        ("\"Bearer\\r\\nX-Admin: 1\"", 7),
        ("\"Вearer\"", 7),
        ("\"\\u001b[31mDPoP\\u202e\"", 7),
        ("\"Bearer,DPoP\"", 7),
        ("7", 7),
        ("true", 7),
        ("[\"Bearer\"]", 7),
        ("{}", 7),
    ]
    .into_iter()
    .map(|(token_type, code)| {
        let body = format!(r#"{{"access_token":"t0ken","token_type":{token_type}}}"#);
        Case::json(format!("token_type {token_type}"), code, &body)
    })
    .chain([Case::json(
        "a token_type of 500 kB",
        7,
        &format!(
            r#"{{"access_token":"t0ken","token_type":"{}"}}"#,
            "é".repeat(250_000)
        ),
    )])
    .collect()
}

/// Tokens, and what is printed beside them, in header fields, cookies and kept members.
fn places() -> Vec<Case> {
    const FIELD: &str = "response = { access_token = 'header:X-Token' }";
    const COOKIE: &str = "response = { access_token = 'cookie:SID' }";
    const KEPT: &str = "header = 'X: ${kept.host}'\nresponse = { keep = ['/host'] }";
    let plain = || Answer::new(204);
    let kept = |name: &str, host: &str| {
        let body = format!(r#"{{"access_token":"t0ken","host":{host}}}"#);
        Case::json(format!("a kept member {name}"), 7, &body).with(KEPT)
    };
    vec![
        Case::new("a token in a field", 0, plain().header("x-token", "t0ken")).with(FIELD),
        Case::new("no field for the token", 7, plain()).with(FIELD),
        Case::new(
            "an empty field for the token",
            7,
            plain().header("x-token", ""),
        )
        .with(FIELD),
        Case::new(
            "a field with two words",
            7,
            plain().header("x-token", "t0ken x"),
        )
        .with(FIELD),
        Case::new(
            "a field with an accent",
            7,
            plain().header("x-token", "t0kené"),
        )
        .with(FIELD),
        Case::new(
            "a field with RLO",
            7,
            plain().header("x-token", "t0ken\u{202e}"),
        )
        .with(FIELD),
        Case::new(
            "a token in a cookie",
            0,
            plain().header("set-cookie", "SID=t0ken; Path=/"),
        )
        .with(COOKIE),
        Case::new(
            "another cookie",
            7,
            plain().header("set-cookie", "SIDE=t0ken"),
        )
        .with(COOKIE),
        Case::new(
            "an empty cookie",
            7,
            plain().header("set-cookie", "SID=; Path=/"),
        )
        .with(COOKIE),
        Case::new(
            "a cookie with a quote inside",
            7,
            plain().header("set-cookie", "SID=t0k\"t0ken"),
        )
        .with(COOKIE),
        kept("with CR and LF", r#""a\r\nX-Admin: 1""#),
        kept("with ESC", r#""a\u001b[2J""#),
        kept("with RLO", r#""a\u202eb""#),
        kept("with NUL", r#""a\u0000b""#),
        kept("that is a list", r#"["a"]"#),
        kept("that is null", "null"),
        kept("that is nothing", r#""""#),
    ]
}
