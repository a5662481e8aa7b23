//! Checks that a redacted text contains no eight characters of a secret in any encoding.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::term::text::clean;

fn redactor(secret: &str) -> Redactor {
    Redactor::new([&Secret::new(secret)].into_iter())
}

#[test]
fn a_secret_is_removed_in_every_form_it_travels_in() {
    let redactor = redactor("hunt er+2");
    for text in [
        "hunt er+2",
        "hunt%20er%2B2",
        "hunt%20er%2b2",
        "hunt+er%2B2",
        "HUNT ER+2",
        &STANDARD.encode("hunt er+2"),
    ] {
        let text = format!("you sent {text}");
        assert_eq!(redactor.apply(&text), "you sent ***", "{text}");
    }
    for pair in ["id:hunt er+2", "id:hunt%20er%2B2"] {
        let encoded = STANDARD.encode(pair);
        let shown = redactor.apply(&format!("you sent Basic {encoded}"));
        // `aWQ6` is `id:`.
        assert_eq!(shown, "you sent Basic aWQ6***");
    }
}

#[test]
fn every_way_of_escaping_is_decoded_even_mixed() {
    let secret = "a\"b\\c/d&e<f'g é%41";
    let redactor = redactor(secret);
    let json = serde_json::to_string(secret).unwrap();
    for text in [
        secret,
        json.trim_matches('"'),
        r#"a\u0022b\u005Cc\/d\u0026e\u003cf\u0027g\u0020\u00e9%41"#,
        "a&quot;b\\c/d&amp;e&lt;f&#39;g &#xE9;%41",
        "a&#34;b\\c/d&e&lt;f&#x27;g é%2541",
        "a&#0000034;b&bsol;c&sol;d&amp;e&LT;f&apos;g é&percnt;41",
        r#"a\x22b\x5cc\x2fd\x26e\x3cf\x27g\x20\xc3\xa9\x2541"#,
        "a%u0022b%u005cc%u002fd%u0026e%u003cf%u0027g%u0020%u00e9%u002541",
        "a=22b=5Cc=2Fd=26e=3Cf=27g=20=C3=\n=A9=2541",
        // JavaScript's encodeURIComponent leaves the apostrophe.
        "a%22b%5cc%2fd%26e%3Cf'g%20%c3%A9%2541",
        "a%22b%5Cc%2Fd%26e%3Cf%27g+%C3%A9%2541",
        "a%2522b%255Cc%252Fd%2526e%253Cf%2527g%2520%25C3%25A9%252541",
    ] {
        assert_eq!(redactor.apply(&format!("<{text}>")), "<***>", "{text}");
    }
    assert_eq!(
        redactor.apply("a\"b and nothing more"),
        "a\"b and nothing more"
    );
}

#[test]
fn surrogate_pairs_and_long_escapes_are_decoded_in_either_case() {
    let secret = r"//%=😀=\+";
    let redactor = redactor(secret);
    let left: Vec<String> = [
        // Found by `no_eight_characters_are_left_in_any_escape`.
        r"\U002F\U002F\U0025\U003D\UD83D\UDE00\U003D\U005C\U002B",
        r"\u002f\u002f\u0025\u003d\ud83d\ude00\u003d\u005c\u002b",
        r"\u002F\U002f\u0025\U003d\uD83d\UdE00\U003D\u005c\U002b",
        r"\U0000002F\U0000002F\U00000025\U0000003D\U0001F600\U0000003D\U0000005C\U0000002B",
        r"\u0000002f\u0000002f\u00000025\u0000003d\u0001f600\u0000003d\u0000005c\u0000002b",
        r"//%=\U0001f600=\+",
        r"//%=\u0001f600=\+",
        r"//%=\u{1f600}=\+",
        r"//%=\U{1F600}=\+",
        r"//%=\u{d83d}\u{de00}=\+",
        r"%u002f%u002f%u0025%u003d%ud83d%ude00%u003d%u005c%u002b",
        r"%U002F%U002F%U0025%U003D%UD83D%UDE00%U003D%U005C%U002B",
        r"//%25=%ud83d%UDE00=\+",
        r"&#47;&#47;&#37;&#61;&#55357;&#56832;&#61;&#92;&#43;",
        r"&#X2F;&#X2F;&#X25;&#X3D;&#X1F600;&#X3D;&#X5C;&#X2B;",
        r"//%=&#xd83d;&#XDE00;=\+",
        r"//%=\XF0\X9F\X98\X80=\+",
        "//%=\\ud83d\n\\ude00=\\+",
        "//%=\\uD83D \r\n\\uDE00=\\+",
        r"//%=%ED%A0%BD%ED%B8%80=\+",
        r"//%=\xed\xa0\xbd\xed\xb8\x80=\+",
    ]
    .into_iter()
    .filter(|text| redactor.apply(&format!("<{text}>")) != "<***>")
    .map(str::to_owned)
    .collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn escaped_line_ends_and_digits_after_an_escape_are_decoded_in_either_case() {
    for (secret, texts) in [
        (
            "abcd\nef01\tghij",
            [
                r"abcd\nef01\tghij",
                r"ABCD\NEF01\TGHIJ",
                r"abcd\u000aef01\u0009ghij",
                r"ABCD\U000AEF01\U0009GHIJ",
            ]
            .as_slice(),
        ),
        (
            "€abcd😀ef01",
            &[
                r"\u20acabcd\U0001f600ef01",
                r"\U20ACABCD\U0001F600EF01",
                r"\u20acabcd\u0001f600ef01",
                r"\u20acabcd\ud83d\ude00ef01",
                r"\U20ACABCD\UD83D\UDE00EF01",
            ],
        ),
    ] {
        let redactor = redactor(secret);
        for text in texts {
            assert_eq!(redactor.apply(&format!("<{text}>")), "<***>", "{text}");
        }
    }
}

#[test]
fn hex_and_base64_are_decoded_wrapped_nested_and_in_either_case() {
    let secret = "c0rrect-horse-battery";
    let redactor = redactor(secret);
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let pairs = |prefix: &str, between: &str| {
        let pairs: Vec<String> = secret
            .bytes()
            .map(|byte| format!("{prefix}{byte:02X}"))
            .collect();
        pairs.join(between)
    };
    let twice = STANDARD.encode(STANDARD.encode(secret));
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for text in [
        hex.clone(),
        hex.to_uppercase(),
        pairs("", ":"),
        pairs("", " "),
        pairs("\\x", ""),
        format!("{}\\n{}", &hex[..15], &hex[15..]),
        STANDARD.encode(secret),
        STANDARD.encode(secret).to_lowercase(),
        STANDARD.encode(secret).to_uppercase(),
        STANDARD.encode(secret).replace('c', "c\n"),
        STANDARD.encode(&hex),
        twice,
    ] {
        assert_eq!(redactor.apply(&format!("<{text}>")), "<***>", "{text}");
    }
    assert_eq!(redactor.apply(&pairs("0x", ", ")), "0x***");
    // The last digit contains only zero bits of the last UTF-16 unit.
    assert_eq!(redactor.apply(&STANDARD.encode(utf16)), "***A");
}

#[test]
fn a_part_of_a_secret_is_removed_where_it_is_eight_characters_or_cut() {
    let secret = "s3cret/".repeat(40);
    let redactor = redactor(&secret);
    let said = |length: usize, after: &str| format!("<{}{after}", &secret[..length]);
    assert_eq!(redactor.apply(&said(280, ">")), "<***>");
    assert_eq!(redactor.apply(&said(100, "!>")), "<***!>");
    assert_eq!(redactor.apply(&said(8, "!>")), "<***!>");
    assert_eq!(redactor.apply(&said(5, "…")), "<***…");
    let encoded = said(100, "").replace('/', "%2F");
    assert_eq!(redactor.apply(&clean(&encoded, 60)), "<***…");
    for harmless in [said(5, "!"), said(3, "…")] {
        assert_eq!(redactor.apply(&harmless), harmless);
    }
}

#[test]
fn long_and_hostile_secrets_and_texts_cost_no_more_than_their_length() {
    let token = "a".repeat(50_000) + "b";
    let long = redactor(&token);
    assert_eq!(long.apply(&"a".repeat(50_000)), REPLACEMENT);
    let text = "aaaaaaac".repeat(100);
    assert_eq!(long.apply(&text), text);
    let percent = redactor(&"%25".repeat(200));
    assert!(percent.apply(&"%25".repeat(1500)).starts_with(REPLACEMENT));
    let mut many = Redactor::default();
    (0..2_000).for_each(|number| many.add(Secret::new(format!("word{number}"))));
    assert_eq!(many.apply("no word1711 here"), "no *** here");
}

#[test]
fn short_secrets_are_removed_whole_and_in_their_case() {
    let mut redactor = redactor("t0ken");
    redactor.add(Secret::new("abc"));
    assert_eq!(redactor.apply("t0ken dDBrZW4= abc"), "*** *** abc");
    assert_eq!(redactor.apply("T0KEN t0 ken"), "T0KEN t0 ken");
}

#[test]
fn what_a_computed_text_shares_with_its_public_parts_is_shown() {
    let mut redactor = Redactor::default();
    redactor.add_computed(
        Secret::new("Credential=id Signature=xk9a77c0d1"),
        Secret::new("Credential=id Signature=<secret.key>"),
    );
    assert_eq!(
        redactor.apply("Credential=id Signature=xk9a77c0d1"),
        "Credential=id Sig***"
    );
}

fn escape(family: usize, upper: bool, character: char) -> String {
    let bytes = |prefix: &str| {
        let mut buffer = [0; 4];
        let bytes = character.encode_utf8(&mut buffer).bytes();
        bytes
            .map(|byte| match upper {
                true => format!("{prefix}{byte:02X}"),
                false => format!("{prefix}{byte:02x}"),
            })
            .collect()
    };
    let code = u32::from(character);
    let units = |prefix: &str, suffix: &str| -> String {
        let mut buffer = [0; 2];
        let units = character.encode_utf16(&mut buffer).iter();
        units
            .map(|unit| match upper {
                true => format!("{prefix}{unit:04X}{suffix}"),
                false => format!("{prefix}{unit:04x}{suffix}"),
            })
            .collect()
    };
    match family {
        0 => character.to_string(),
        1 => bytes("%"),
        2 if character == ' ' => "+".to_owned(),
        2 if character.is_ascii_alphanumeric() => character.to_string(),
        2 => bytes("%"),
        3 => units("\\u", ""),
        4 => serde_json::to_string(&character.to_string()).unwrap()[1..]
            .strip_suffix('"')
            .unwrap()
            .to_owned(),
        5 => format!("&#{code};"),
        6 => format!("&#x{code:06X};"),
        7 if matches!(character, '=' | ' '..='&' | '\u{80}'..) => bytes("="),
        7 => character.to_string(),
        8 => bytes("\\x"),
        9 => units("%u", ""),
        10 if upper => character.to_uppercase().collect(),
        10 => character.to_lowercase().collect(),
        11 => format!("\\U{code:08x}"),
        12 => format!("\\u{{{code:x}}}"),
        13 => units("&#x", ";"),
        14 if code > 0xffff => cesu8(character),
        14 => bytes("%"),
        _ => character.to_string(),
    }
}

fn cesu8(character: char) -> String {
    let mut buffer = [0; 2];
    let units = character.encode_utf16(&mut buffer).iter();
    let bytes = units.flat_map(|unit| {
        [
            0xe0 | unit >> 12,
            0x80 | unit >> 6 & 0x3f,
            0x80 | unit & 0x3f,
        ]
    });
    bytes.map(|byte| format!("%{byte:02X}")).collect()
}

fn leaks(shown: &str, segments: &[String]) -> bool {
    segments
        .windows(TELLING)
        .any(|run| shown.contains(&run.concat()))
}

fn any_secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9]{8,40}",
        "[!-~]{8,40}",
        "[ -~]{8,40}",
        "[a-z%25&=+\\\\/ é€😀]{8,30}",
        "[a-f0-9]{32}",
        "[A-Za-z0-9+/]{20,43}=",
    ]
    .prop_filter(
        "only secrets that are eight characters without blanks",
        |secret| {
            secret
                .chars()
                .filter(|character| !character.is_whitespace())
                .count()
                >= TELLING
                && secret.trim() == secret
        },
    )
}

proptest! {
    #[test]
    fn no_eight_characters_are_left_in_any_escape(
        secret in any_secret(),
        (inner, outer, upper) in (0..15usize, 0..15usize, any::<bool>()),
        (from, length) in (0..40usize, 8..40usize),
        wrap in prop_oneof![Just(""), Just("\n"), Just("\r\n"), Just(" ")],
        every in 9..30usize,
        (before, after) in ("[a-z ]{0,9}[ <\"]", "[>\" ][a-z ]{0,9}"),
    ) {
        let characters: Vec<char> = secret.chars().collect();
        let from = from.min(characters.len() - TELLING);
        let part = &characters[from..characters.len().min(from + length)];
        let segments: Vec<String> = part
            .iter()
            .map(|character| {
                let once = escape(inner, upper, *character);
                once.chars().map(|character| escape(outer, upper, character)).collect()
            })
            .collect();
        let mut text = before;
        for (at, segment) in segments.iter().enumerate() {
            text.push_str(segment);
            if at % every == every - 1 && !secret.contains(' ') {
                text.push_str(wrap);
            }
        }
        text.push_str(&after);
        let shown = redactor(&secret).apply(&text);
        prop_assert!(!leaks(&shown, &segments), "{text:?} became {shown:?}");
    }

    #[test]
    fn no_eight_characters_are_left_in_hex_or_base64(
        secret in any_secret(),
        junk in prop::collection::vec(any::<u8>(), 0..7),
        (encoding, outer) in (0..6usize, 0..2usize),
        every in 10..80usize,
    ) {
        let mut bytes = junk.clone();
        bytes.extend(secret.as_bytes());
        bytes.extend(&junk);
        let encoded = match encoding {
            0 => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            1 => bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>(),
            2 => STANDARD.encode(&bytes),
            3 => URL_SAFE_NO_PAD.encode(&bytes),
            4 => STANDARD.encode(&bytes).to_lowercase(),
            _ => URL_SAFE_NO_PAD.encode(&bytes).to_uppercase(),
        };
        let (digits_of_eight, per_byte) = if encoding < 2 { (16, 2.0) } else { (12, 4.0 / 3.0) };
        let start = (junk.len() as f64 * per_byte).ceil() as usize;
        let end = ((junk.len() + secret.len()) as f64 * per_byte).floor() as usize;
        let own: Vec<String> = encoded[start..end]
            .chars()
            .map(|character| escape(outer * 2, true, character))
            .collect();
        let mut text = "you sent ".to_owned();
        for (at, character) in encoded.chars().enumerate() {
            text.push_str(&escape(outer * 2, true, character));
            if at % every == every - 1 {
                text.push('\n');
            }
        }
        let shown = redactor(&secret).apply(&text).replace('\n', "");
        // A character outside ASCII is up to four bytes.
        let most = if secret.is_ascii() { digits_of_eight } else { 4 * digits_of_eight };
        let left = own.windows(most).find(|run| shown.contains(&run.concat()));
        prop_assert!(left.is_none(), "{text:?} became {shown:?}");
    }

    #[test]
    fn text_without_the_secret_is_left_alone(text in "[ -~é\n]{0,200}") {
        let redactor = redactor("\u{3b1}\u{3b2}\u{3b3}\u{3b4}-0123456789-\u{3c9}");
        prop_assert_eq!(redactor.apply(&text), text);
    }
}
