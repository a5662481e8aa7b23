//! Bodies that are no JSON, not only JSON, JSON that can be read in two ways, or more than any token needs.

use local_provider::Answer;

use super::Case;

const GOOD: &str = r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}"#;
const HTML: &str =
    "<!doctype html><html><head><title>Sign in</title></head><body>t0ken</body></html>";

/// Larger than what tok reads.
const TOO_MUCH: usize = 2 << 20;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let json = |body: &str| Answer::json(200, body);
    for (name, body) in [
        ("empty", ""),
        ("blank", " \r\n\t"),
        ("null", "null"),
        ("a boolean", "true"),
        ("a number", "7"),
        ("a string", "\"t0ken\""),
        ("a list", "[]"),
        ("a list of one", "[{\"access_token\":\"t0ken\"}]"),
        ("an empty object", "{}"),
        ("HTML", HTML),
        (
            "XML",
            "<?xml version=\"1.0\"?><access_token>t0ken</access_token>",
        ),
        ("a form", "access_token=t0ken&token_type=bearer"),
        ("a bare token", "t0ken"),
        ("cut in the token", "{\"access_token\":\"t0ken"),
        ("cut after the token", "{\"access_token\":\"t0ken\""),
        ("cut in an escape", "{\"access_token\":\"t0ken\\u00"),
        ("followed by more", "{\"access_token\":\"t0ken\"}x"),
        (
            "two documents",
            "{\"access_token\":\"t0ken\"}{\"access_token\":\"t0ken\"}",
        ),
        ("after a guard", ")]}',\n{\"access_token\":\"t0ken\"}"),
        ("JSONP", "cb({\"access_token\":\"t0ken\"})"),
        ("in single quotes", "{'access_token':'t0ken'}"),
        ("with a comment", "{/* x */\"access_token\":\"t0ken\"}"),
        ("with a trailing comma", "{\"access_token\":\"t0ken\",}"),
        ("with a bare key", "{access_token:\"t0ken\"}"),
        ("with a raw line break", "{\"access_token\":\"t0ken\n\"}"),
        ("with a NUL behind it", "{\"access_token\":\"t0ken\"}\0"),
        (
            "with two BOMs",
            "\u{feff}\u{feff}{\"access_token\":\"t0ken\"}",
        ),
        (
            "with other names",
            "{\"Access_Token\":\"t0ken\",\"accessToken\":\"t0ken\"}",
        ),
        (
            "with hostile names",
            "{\"\\u001b[2J\":1,\"\\u202eresu\":2,\"\\r\\ntok: fine\":3}",
        ),
        (
            "with the token one level down",
            "{\"data\":{\"access_token\":\"t0ken\"}}",
        ),
        // Read in two ways.
        (
            "with two tokens",
            r#"{"access_token":"t0ken","access_token":"t0ken2"}"#,
        ),
        (
            "with a token and null",
            r#"{"access_token":"t0ken","access_token":null}"#,
        ),
        (
            "with two spellings of one name",
            r#"{"access_token":"t0ken","access_t\u006fken":"t0ken2"}"#,
        ),
        (
            "with two lifetimes",
            r#"{"access_token":"t0ken","expires_in":60,"expires_in":3600}"#,
        ),
        (
            "with two types",
            r#"{"access_token":"t0ken","token_type":"Bearer","token_type":"DPoP"}"#,
        ),
        (
            "with two values deep inside",
            r#"{"access_token":"t0ken","x":[{"y":{"z":1,"z":2}}]}"#,
        ),
        (
            "with a hostile name twice",
            "{\"\\u001b\\u202e\":1,\"\\u001b\\u202e\":2,\"access_token\":\"t0ken\"}",
        ),
    ] {
        cases.push(Case::new(format!("a body {name}"), 7, json(body)));
    }
    for (name, body) in [
        ("after a BOM", format!("\u{feff}{GOOD}")),
        ("after blank lines", format!("\r\n\r\n{GOOD}\r\n")),
        (
            "with everything said twice",
            r#"{"access_token":"t0ken","access_token":"t0ken"}"#.to_owned(),
        ),
        (
            "with a name in two cases",
            r#"{"access_token":"t0ken","Access_Token":"x"}"#.to_owned(),
        ),
        ("nested 100 deep beside the token", nested(100)),
        (
            "of a thousand members",
            format!(
                r#"{{{}"access_token":"t0ken"}}"#,
                (0..1000)
                    .map(|n| format!(r#""m{n}":{n},"#))
                    .collect::<String>()
            ),
        ),
    ] {
        cases.push(Case::new(format!("a good body {name}"), 0, json(&body)));
    }
    for (name, body) in [
        ("nested 10,000 deep beside the token", nested(10_000)),
        ("of 10,000 open lists", "[".repeat(10_000)),
        ("of 10,000 lists", "[".repeat(10_000) + &"]".repeat(10_000)),
        (
            "of 10,000 objects",
            "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000),
        ),
    ] {
        cases.push(Case::new(format!("a body {name}"), 7, json(&body)));
    }
    for (name, code, bytes) in [
        ("UTF-16 LE", 0, utf16(u16::to_le_bytes)),
        ("UTF-16 BE", 0, utf16(u16::to_be_bytes)),
        (
            "Latin-1",
            0,
            b"{\"access_token\":\"t0ken\",\"name\":\"\xe9\"}".to_vec(),
        ),
        (
            "overlong UTF-8",
            0,
            b"{\"access_token\":\"t0ken\",\"x\":\"\xc0\xaf\"}".to_vec(),
        ),
        (
            "a surrogate in UTF-8",
            0,
            b"{\"access_token\":\"t0ken\",\"x\":\"\xed\xa0\x80\"}".to_vec(),
        ),
        ("random", 7, (0..=255).cycle().take(5000).collect()),
    ] {
        cases.push(Case::new(
            format!("a body in {name}"),
            code,
            json("").body(bytes),
        ));
    }
    cases.extend(sizes());
    cases.extend(kinds());
    cases.extend(shapes());
    cases
}

fn nested(depth: usize) -> String {
    format!(
        r#"{{"x":{}{},"access_token":"t0ken"}}"#,
        "[".repeat(depth),
        "]".repeat(depth)
    )
}

fn utf16(bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    "\u{feff}{\"access_token\":\"t0ken\"}"
        .encode_utf16()
        .flat_map(bytes)
        .collect()
}

/// Sizes and compressions.
fn sizes() -> Vec<Case> {
    let padded = |size: usize| format!("{}{GOOD}", " ".repeat(size));
    let json = |body: &str| Answer::json(200, body);
    let claimed = |encoding: &str| json(GOOD).header("content-encoding", encoding);
    let mut cut = json(GOOD).gzip();
    let whole = cut.content().to_vec();
    cut = cut.body(&whole[..whole.len() / 2]);
    let mut damaged = whole.clone();
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 0xff;
    vec![
        Case::new("half a mebibyte", 0, json(&padded(512 << 10))),
        Case::new("two mebibytes", 7, json(&padded(TOO_MUCH))),
        Case::new(
            "two mebibytes in chunks",
            7,
            json(&padded(TOO_MUCH)).chunked(),
        ),
        Case::new(
            "two mebibytes behind the token",
            7,
            json(&format!("{GOOD}{}", " ".repeat(TOO_MUCH))),
        ),
        Case::new("gzip", 0, json(GOOD).gzip()),
        Case::new("gzip in chunks", 0, json(GOOD).gzip().chunked()),
        Case::new("a gzip bomb of 64 MiB", 7, json(&padded(64 << 20)).gzip()),
        Case::new(
            "gzip within gzip",
            7,
            json(GOOD).gzip().gzip().header("x-layers", "2"),
        ),
        Case::new("gzip that is cut", 7, cut),
        Case::new(
            "gzip with a wrong checksum",
            7,
            json(GOOD).gzip().body(damaged),
        ),
        Case::new("gzip that is none", 7, claimed("gzip")),
        Case::new("gzip with nothing in it", 7, json("").gzip()),
        Case::new("br, which was not asked for", 0, claimed("br")),
        Case::new("an encoding nobody knows", 0, claimed("\u{1f600}")),
        Case::new("chunks", 0, json(GOOD).chunked()),
    ]
}

/// Content types and statuses that say something else than the body.
fn kinds() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in [
        "text/html",
        "text/plain",
        "image/png",
        "application/jwt",
        "nonsense",
        "",
    ] {
        let answer = Answer::new(200).header("content-type", kind).body(GOOD);
        cases.push(Case::new(format!("a token as `{kind}`"), 0, answer));
    }
    cases.push(Case::new(
        "a token without a content type",
        0,
        Answer::new(200).body(GOOD),
    ));
    for (name, kind) in [
        ("with RLO", "text/html; x=\u{202e}lmth"),
        ("of 60 kB", &"x".repeat(60_000)),
    ] {
        let answer = Answer::new(200).header("content-type", kind).body(HTML);
        cases.push(Case::new(
            format!("HTML under a content type {name}"),
            7,
            answer,
        ));
    }
    for status in [201, 202, 203, 206, 207, 299] {
        cases.push(Case::new(
            format!("a token with {status}"),
            0,
            Answer::json(status, GOOD),
        ));
    }
    cases.push(Case::new("nothing with 204", 7, Answer::new(204)));
    cases
}

/// Answers that do not have the shape the profile says.
fn shapes() -> Vec<Case> {
    const ROOT: &str = "response = { root = '/data' }";
    const SUCCESS: &str = "response = { success = { '/code' = 0 } }";
    const TEXT: &str = "response = { format = 'text' }";
    let text = |body: &str| Answer::text(200, body);
    let json = |body: &str| Answer::json(200, body);
    vec![
        Case::new(
            "a root that is there",
            0,
            json(r#"{"data":{"access_token":"t0ken"}}"#),
        )
        .with(ROOT),
        Case::new("a root that is absent", 7, json(GOOD)).with(ROOT),
        Case::new("a root that is null", 7, json(r#"{"data":null}"#)).with(ROOT),
        Case::new("a root that is a list", 7, json(r#"{"data":["t0ken"]}"#)).with(ROOT),
        Case::new("a root that is text", 7, json(r#"{"data":"t0ken"}"#)).with(ROOT),
        Case::new("a success", 0, json(r#"{"code":0,"access_token":"t0ken"}"#)).with(SUCCESS),
        Case::new(
            "no success",
            5,
            json(r#"{"code":1,"message":"no","access_token":"t0ken"}"#),
        )
        .with(SUCCESS),
        Case::new("no word of success", 5, json(r#"{"access_token":"t0ken"}"#)).with(SUCCESS),
        Case::new("text", 0, text("t0ken")).with(TEXT),
        Case::new("text with line ends", 0, text("\r\nt0ken\r\n")).with(TEXT),
        Case::new("text after a BOM", 0, text("\u{feff}t0ken")).with(TEXT),
        Case::new("text that is empty", 7, text("")).with(TEXT),
        Case::new("text in two lines", 7, text("t0ken\nX-Admin: 1")).with(TEXT),
        Case::new("text with NUL", 7, text("t0ken\0")).with(TEXT),
        Case::new("text in UTF-16", 7, text("").body(utf16(u16::to_le_bytes))).with(TEXT),
        Case::new("text that is HTML", 7, text(HTML)).with(TEXT),
        Case::new("text that is JSON", 7, text(GOOD)).with(TEXT),
        Case::new(
            "a scope that is a number",
            0,
            json(r#"{"access_token":"t0ken","scope":7}"#),
        ),
        Case::new(
            "a scope that is a list of anything",
            0,
            json(r#"{"access_token":"t0ken","scope":["a",7,null]}"#),
        ),
        Case::new(
            "a hostile scope",
            0,
            json(r#"{"access_token":"t0ken","scope":"\u001b[2J\u202e"}"#),
        ),
    ]
}
