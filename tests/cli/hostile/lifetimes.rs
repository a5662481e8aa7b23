//! Lifetimes of every kind. One that cannot be read makes the answer unusable: a guess would keep an expired token, or drop a good one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let long = "9".repeat(400);
    for (expires_in, code) in [
        ("3600", 0),
        ("\"3600\"", 0),
        ("\" 3600 \"", 0),
        ("\"3600\\n\"", 0),
        ("3600.0", 0),
        ("1799.5", 0),
        ("1e3", 0),
        ("\"1e3\"", 0),
        ("\"+60\"", 0),
        // Zero or less: printed once, not cached, with a note.
        ("0", 0),
        ("\"0\"", 0),
        ("-0.0", 0),
        ("-1", 0),
        ("\"-1\"", 0),
        ("-1e300", 0),
        // More than is believed: capped, with a note.
        ("1e300", 0),
        ("9007199254740993", 0),
        ("18446744073709551615", 0),
        ("99999999999999999999999999", 0),
        ("-9223372036854775808", 0),
        // Not said.
        ("null", 0),
        ("\"\"", 0),
        ("\" \"", 0),
        ("\"3600s\"", 7),
        ("\"1h\"", 7),
        ("\"3,600\"", 7),
        ("\"1_000\"", 7),
        ("\"0x10\"", 7),
        ("\"٣٦٠٠\"", 7),
        ("\"NaN\"", 7),
        ("\"inf\"", 7),
        ("\"-Infinity\"", 7),
        ("\"36\\u000000\"", 7),
        ("\"\\u001b[2J\"", 7),
        ("\"\\u202e0063\"", 7),
        (&format!("\"{long}\""), 7),
        ("true", 7),
        ("false", 7),
        ("[]", 7),
        ("[3600]", 7),
        ("{}", 7),
        ("{\"s\":3600}", 7),
        // No JSON.
        ("NaN", 7),
        ("Infinity", 7),
        ("1e999", 7),
        ("007", 7),
        ("+1", 7),
        ("0x10", 7),
        (".5", 7),
    ] {
        let body = format!(
            r#"{{"access_token":"t0ken","token_type":"Bearer","expires_in":{expires_in}}}"#
        );
        cases.push(Case::json(
            format!("expires_in {expires_in:.30}"),
            code,
            &body,
        ));
    }
    cases.push(Case::json(
        "no expires_in",
        0,
        r#"{"access_token":"t0ken"}"#,
    ));

    for (expires_at, code) in [
        ("\"2099-01-01T00:00:00Z\"", 0),
        ("\"2099-01-01T00:00:00+02:00\"", 0),
        ("\"2001-01-01T00:00:00Z\"", 7),
        ("null", 0),
        ("\"2099-01-01T00:00:00\"", 7),
        ("\"2099-13-01T00:00:00Z\"", 7),
        ("\"10000-01-01T00:00:00Z\"", 7),
        ("\"2099-01-01T00:00:00Z\\u0000\"", 7),
        ("\"tomorrow\"", 7),
        ("\"\"", 0),
        ("4070908800", 7),
        ("true", 7),
    ] {
        let body = format!(r#"{{"access_token":"t0ken","expires_at":{expires_at}}}"#);
        cases.push(
            Case::json(format!("expires_at {expires_at}"), code, &body)
                .with("response = { expires_at = '/expires_at' }"),
        );
    }
    for (expires_at, code) in [
        ("4070908800", 0),
        ("\"4070908800\"", 0),
        ("1e300", 0),
        ("-1e300", 0),
        ("18446744073709551615", 0),
        ("\"2099-01-01T00:00:00Z\"", 7),
        ("[4070908800]", 7),
    ] {
        let body = format!(r#"{{"access_token":"t0ken","expires_at":{expires_at}}}"#);
        cases.push(
            Case::json(format!("expires_at in seconds {expires_at}"), code, &body)
                .with("response = { expires_at = '/expires_at', expires_at_unit = 's' }"),
        );
    }

    // The claims of a token are not verified, so they may be false.
    for (name, claims) in [
        ("beyond all numbers", r#"{"exp":1e308}"#.to_owned()),
        ("before all numbers", r#"{"exp":-1e308}"#.to_owned()),
        ("that is text", r#"{"exp":"soon"}"#.to_owned()),
        ("twice", r#"{"exp":1,"exp":4070908800}"#.to_owned()),
        ("in no object", "[1]".to_owned()),
        ("in no JSON", "{".to_owned()),
        ("too deep", "[".repeat(10_000)),
    ] {
        let token = format!("t0ken.{}.x", URL_SAFE_NO_PAD.encode(claims));
        let body = format!(r#"{{"access_token":"{token}"}}"#);
        cases.push(Case::json(format!("a JWT with exp {name}"), 0, &body).prints(&token));
    }
    let expired = format!("t0ken.{}.x", URL_SAFE_NO_PAD.encode(r#"{"exp":1}"#));
    cases.push(Case::json(
        "a JWT with exp in the past",
        7,
        &format!(r#"{{"access_token":"{expired}","expires_in":3600}}"#),
    ));
    cases.push(
        Case::json(
            "a JWT whose claims are no base64",
            0,
            r#"{"access_token":"t0ken.=.x"}"#,
        )
        .with("response = { token_chars = 'visible' }")
        .prints("t0ken.=.x"),
    );
    cases
}
