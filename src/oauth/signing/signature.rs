//! Reads a signature that a program printed: raw or in base64, and ECDSA's also in DER (RFC 3279 §2.2.3), as OpenSSL has it.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::profile::file::schema::Algorithm;

/// Why printed bytes are not a signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotASignature {
    #[error("printed no signature")]
    Empty,
    #[error("printed {found} bytes; a signature with {} has {expected}", .algorithm.name())]
    Length {
        found: usize,
        expected: &'static str,
        algorithm: Algorithm,
    },
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Returns the signature as JOSE has it (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1).
pub(crate) fn read(printed: &[u8], algorithm: Algorithm) -> Result<Vec<u8>, NotASignature> {
    if printed.trim_ascii().is_empty() {
        return Err(NotASignature::Empty);
    }
    let bytes = decoded(printed).unwrap_or_else(|| printed.to_vec());
    let half = match algorithm {
        Algorithm::Es256 => Some(32),
        Algorithm::Es384 => Some(48),
        _ => None,
    };
    let (fits, expected): (fn(usize) -> bool, _) = match algorithm {
        Algorithm::Es256 | Algorithm::EdDsa | Algorithm::Ed25519 => (|length| length == 64, "64"),
        Algorithm::Es384 => (|length| length == 96, "96"),
        // As many as the modulus of the key.
        _ => (|length| (256..=1024).contains(&length), "256 or more"),
    };
    if fits(bytes.len()) {
        return Ok(bytes);
    }
    half.and_then(|half| of_der(&bytes, half))
        .ok_or(NotASignature::Length {
            found: bytes.len(),
            expected,
            algorithm,
        })
}

/// Decodes base64 or base64url, with line ends and padding or without.
fn decoded(printed: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = printed
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(&text).ok())
}

/// Reads a sequence of two positive integers into two halves of a fixed size.
fn of_der(der: &[u8], half: usize) -> Option<Vec<u8>> {
    let (inside, rest) = value(der, 0x30)?;
    let (first, inside) = value(inside, 0x02)?;
    let (second, end) = value(inside, 0x02)?;
    if !rest.is_empty() || !end.is_empty() {
        return None;
    }
    let mut signature = Vec::with_capacity(2 * half);
    for number in [first, second] {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let number = number.get(zeros..)?;
        signature.resize(signature.len() + half.checked_sub(number.len())?, 0);
        signature.extend_from_slice(number);
    }
    Some(signature)
}

/// Returns the content of the DER value at the start of `der`, and what follows it. Such a signature has less than 128 bytes.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    match der {
        [found, length @ 0..0x80, rest @ ..] if *found == tag => {
            rest.split_at_checked(usize::from(*length))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    use super::*;

    fn der(first: &[u8], second: &[u8]) -> Vec<u8> {
        let integer = |number: &[u8]| {
            let mut out = vec![0x02, u8::try_from(number.len()).unwrap()];
            out.extend_from_slice(number);
            out
        };
        let inside = [integer(first), integer(second)].concat();
        [vec![0x30, u8::try_from(inside.len()).unwrap()], inside].concat()
    }

    #[test]
    fn raw_and_base64_mean_the_same() {
        for (algorithm, length) in [
            (Algorithm::Es256, 64),
            (Algorithm::Es384, 96),
            (Algorithm::EdDsa, 64),
            (Algorithm::Ed25519, 64),
            (Algorithm::Rs256, 256),
            (Algorithm::Ps512, 384),
            (Algorithm::Rs256, 512),
        ] {
            let signature: Vec<u8> = (0..length).map(|at| (at * 7 + 1) as u8).collect();
            let wrapped: String = STANDARD
                .encode(&signature)
                .chars()
                .enumerate()
                .flat_map(|(at, c)| [Some(c), (at % 64 == 63).then_some('\n')])
                .flatten()
                .collect();
            for printed in [
                signature.clone(),
                STANDARD.encode(&signature).into_bytes(),
                STANDARD_NO_PAD.encode(&signature).into_bytes(),
                format!("{}\n", URL_SAFE_NO_PAD.encode(&signature)).into_bytes(),
                format!("{wrapped}\r\n").into_bytes(),
            ] {
                assert_eq!(read(&printed, algorithm).as_ref(), Ok(&signature));
            }
        }
    }

    #[test]
    fn an_ecdsa_signature_in_der_becomes_two_halves() {
        let halves = |first: &[u8], second: &[u8], half: usize| {
            let padded = |number: &[u8]| {
                let number = number.strip_prefix(&[0]).unwrap_or(number);
                [vec![0; half - number.len()], number.to_vec()].concat()
            };
            [padded(first), padded(second)].concat()
        };
        for (algorithm, half) in [(Algorithm::Es256, 32), (Algorithm::Es384, 48)] {
            let full = vec![0x7f; half];
            let high = [vec![0, 0xff], vec![1; half - 1]].concat();
            for (first, second) in [
                (full.clone(), full.clone()),
                (high.clone(), full.clone()),
                (high.clone(), high.clone()),
                (vec![0x01; half - 2], high),
                (vec![0x01], full),
            ] {
                let expected = halves(&first, &second, half);
                let printed = der(&first, &second);
                assert_eq!(read(&printed, algorithm).as_ref(), Ok(&expected));
                let base64 = STANDARD.encode(&printed);
                assert_eq!(read(base64.as_bytes(), algorithm), Ok(expected));
            }
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_length() {
        for (printed, algorithm, words) in [
            (vec![], Algorithm::Rs256, "printed no signature"),
            (b" \n".to_vec(), Algorithm::EdDsa, "printed no signature"),
            (
                vec![0xff; 63],
                Algorithm::Es256,
                "printed 63 bytes; a signature with ES256 has 64",
            ),
            (vec![0xff; 96], Algorithm::EdDsa, "printed 96 bytes"),
            (vec![0xff; 64], Algorithm::Es384, "with ES384 has 96"),
            (
                vec![0xff; 128],
                Algorithm::Ps256,
                "with PS256 has 256 or more",
            ),
            (
                b"error: no such key".to_vec(),
                Algorithm::Rs256,
                "printed 18 bytes",
            ),
            (
                der(&[1; 33], &[1; 32]),
                Algorithm::Es256,
                "printed 71 bytes",
            ),
            (
                [der(&[1; 31], &[1; 32]), vec![0]].concat(),
                Algorithm::Es256,
                "printed 70 bytes",
            ),
            (
                der(&[1; 31], &[1; 32])[..60].to_vec(),
                Algorithm::Es256,
                "printed 60 bytes",
            ),
            (
                der(&[1; 30], &[1; 29]),
                Algorithm::Ed25519,
                "printed 65 bytes",
            ),
        ] {
            let wrong = read(&printed, algorithm).unwrap_err().to_string();
            assert!(wrong.contains(words), "{words}: {wrong}");
        }
    }
}
