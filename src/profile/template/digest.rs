//! Digests (RFC 2104), one-time passwords (RFC 6238) and encodings; MD5 and SHA-1 are here because old login APIs accept nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind};
use ring::{digest, hmac};

/// Seconds, and six digits: the defaults of authenticator apps (RFC 6238 §4.1, RFC 4226 §5.3).
const TOTP_PERIOD_S: u64 = 30;
const TOTP_MODULUS: u32 = 1_000_000;

pub(super) fn add_to(engine: &mut Environment<'static>) {
    engine.add_function("md5", |text: &Value, form: Option<&str>| {
        spelled(md5::compute(bytes(text)?).as_ref(), form)
    });
    for (name, algorithm) in [
        ("sha1", &digest::SHA1_FOR_LEGACY_USE_ONLY),
        ("sha256", &digest::SHA256),
        ("sha512", &digest::SHA512),
    ] {
        engine.add_function(name, move |text: &Value, form: Option<&str>| {
            spelled(digest::digest(algorithm, bytes(text)?).as_ref(), form)
        });
    }
    for (name, algorithm) in [
        ("hmac_sha1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        ("hmac_sha256", hmac::HMAC_SHA256),
        ("hmac_sha512", hmac::HMAC_SHA512),
    ] {
        engine.add_function(
            name,
            move |key: &Value, text: &Value, form: Option<&str>| {
                let key = hmac::Key::new(algorithm, bytes(key)?);
                spelled(hmac::sign(&key, bytes(text)?).as_ref(), form)
            },
        );
    }
    engine.add_function("base64", |text: &Value| {
        bytes(text).map(|bytes| STANDARD.encode(bytes))
    });
    engine.add_function("base64url", |text: &Value| {
        bytes(text).map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
    });
    engine.add_function("from_base64", |text: &str| {
        // Providers hand out keys in either alphabet, with or without padding.
        let plain = text
            .trim()
            .trim_end_matches('=')
            .replace('-', "+")
            .replace('_', "/");
        STANDARD_NO_PAD
            .decode(plain)
            .map(Value::from_bytes)
            .map_err(|_| wrong("from_base64: its argument is not base64"))
    });
    engine.add_function("from_hex", |text: &str| {
        from_hex(text.trim())
            .map(Value::from_bytes)
            .ok_or_else(|| wrong("from_hex: its argument is not hexadecimal"))
    });
    engine.add_function("totp", |key: &str| {
        let now_s = std::time::UNIX_EPOCH
            .elapsed()
            .map_or(0, |since| since.as_secs());
        totp(key, now_s).ok_or_else(|| wrong("totp: the key is not base32"))
    });
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.to_owned())
}

fn bytes(value: &Value) -> Result<&[u8], Error> {
    value.as_bytes().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!(
                "expected a text, but this is of the kind `{}`",
                value.kind()
            ),
        )
    })
}

fn spelled(digest: &[u8], form: Option<&str>) -> Result<String, Error> {
    match form.unwrap_or("hex") {
        "hex" => Ok(hex(digest)),
        "base64" => Ok(STANDARD.encode(digest)),
        "base64url" => Ok(URL_SAFE_NO_PAD.encode(digest)),
        other => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("unknown form `{other}` (there are hex, base64, base64url)"),
        )),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes all that is written to it");
        out
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(digit(high)? << 4 | digit(low)?))
        .collect()
}

fn totp(key: &str, unix_s: u64) -> Option<String> {
    let key = zeroize::Zeroizing::new(from_base32(key)?);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let digest = hmac::sign(&key, &(unix_s / TOTP_PERIOD_S).to_be_bytes());
    let digest = digest.as_ref();
    // Dynamic truncation, RFC 4226 §5.3.
    let at = usize::from(digest[19] & 0x0f);
    let four = [digest[at], digest[at + 1], digest[at + 2], digest[at + 3]];
    let number = u32::from_be_bytes(four) & 0x7fff_ffff;
    Some(format!("{:06}", number % TOTP_MODULUS))
}

/// RFC 4648 §6, as people copy it: either case, with or without spaces and padding.
fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in text
        .bytes()
        .filter(|byte| !matches!(byte, b' ' | b'-' | b'='))
    {
        let five = match byte.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        held = held << 5 | u32::from(five);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_passwords_are_those_of_rfc_6238() {
        // Appendix B, SHA-1, the last six of its eight digits; the key is the ASCII text 12345678901234567890.
        let key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let cases = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (unix_s, expected) in cases {
            assert_eq!(totp(key, unix_s).as_deref(), Some(expected), "{unix_s}");
        }
        let copied = "gezd gnbv gy3t qojq gezd gnbv gy3t qojq";
        assert_eq!(totp(copied, 59).as_deref(), Some("287082"));
        for bad in ["", "0189", "GEZD!"] {
            assert_eq!(totp(bad, 59), None, "{bad}");
        }
    }

    #[test]
    fn hexadecimal_is_read_whole_or_not_at_all() {
        assert_eq!(from_hex("00fFa5"), Some(vec![0, 255, 165]));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for bad in ["0", "0g", "é0", "+1"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
