//! Whatever bytes come from elsewhere: no panic, and what each reader promises of its result. The fuzz targets look deeper at the same
//! functions; these run with every `cargo test`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;
use tok::facade::Answer;
use tok::facade::Config;
use tok::facade::LastFailure;
use tok::facade::Now;
use tok::facade::Redactor;
use tok::facade::Response;
use tok::facade::Secret;
use tok::facade::Signer;
use tok::facade::Template;
use tok::facade::clean;
use tok::facade::entry;
use tok::facade::http_date;
use tok::facade::response;
use tok::facade::{Overrides, Profile};
use zeroize::Zeroizing;

const NOW_MS: i64 = 1_900_000_000_000;

fn now() -> Now {
    Now {
        unix_ms: NOW_MS,
        boot: None,
    }
}

/// Whether a terminal would obey it, or a reader be misled by it.
fn is_clean(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))
}

/// Bytes that are something, or nearly: JSON with a token's members, or anything at all.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        "\\PC{0,20}".prop_map(|text| Value::from(text).to_string()),
        "[A-Za-z0-9._~+/=-]{1,40}".prop_map(|text| format!("\"{text}\"")),
        Just("{\"message\":\"m\"}".to_owned()),
        Just("[1]".to_owned()),
    ];
    let name = prop::sample::select(vec![
        "access_token",
        "expires_in",
        "token_type",
        "scope",
        "error",
        "error_description",
        "ok",
        "code",
        "data",
    ]);
    let object = prop::collection::vec((name, value), 0..6).prop_map(|members| {
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    });
    prop_oneof![4 => object, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn any_answer_is_a_token_for_a_header_or_a_clean_message(status in 100_u16..700, body in body(), text in any::<bool>()) {
        let rules = Response::from_toml(if text { "format = 'text'" } else { "keep = ['/data']" }).unwrap();
        let answer = Answer {
            status,
            headers: vec![("retry-after".into(), String::from_utf8_lossy(&body).into_owned())],
            body: Zeroizing::new(body),
            sent: now(),
        };
        match response::token(&answer, &BTreeMap::new(), &rules, &Redactor::default()) {
            Ok((token, _)) => {
                prop_assert!((200..300).contains(&status));
                let token = token.access_token;
                prop_assert!(!token.is_empty() && token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            }
            Err(failure) => {
                prop_assert!((5..=7).contains(&failure.kind().exit_code()), "{}", failure);
                prop_assert!(is_clean(&failure.to_string()) && failure.to_string().len() < 4096, "{}", failure);
            }
        }
    }

    #[test]
    fn any_bytes_are_an_entry_or_rejected(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(entry::read(&bytes).is_err(), "random bytes are not an entry");
        if let Some(failure) = LastFailure::read(&bytes) {
            prop_assert_eq!(LastFailure::read(&failure.write()), Some(failure));
        }
    }

    #[test]
    fn any_retry_after_is_now_or_later(text in "[0-9]{0,25}|\\PC{0,40}|[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT") {
        if let Some(at) = http_date::retry_after(&text, NOW_MS, None) {
            prop_assert!((NOW_MS..=NOW_MS + http_date::LONGEST_RETRY_AFTER_MS).contains(&at), "{at}");
        }
    }

    #[test]
    fn any_text_as_a_key_is_rejected_without_showing_it(label in "(RSA |EC |)PRIVATE KEY|[A-Z ]{0,12}", body in "[A-Za-z0-9+/= \n]{8,400}") {
        for text in [format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"), body.clone()] {
            let failure = Signer::new(&Secret::new(text), None).map(|_| ()).unwrap_err();
            prop_assert_eq!(failure.kind().exit_code(), 4);
            prop_assert!(!failure.to_string().contains(body.as_str()) && is_clean(&failure.to_string()), "{failure}");
        }
    }

    #[test]
    fn any_text_is_shown_cleaned_and_cut(text in any::<String>(), most in 1_usize..200) {
        let shown = clean(&text, most);
        prop_assert!(is_clean(&shown) && shown.chars().count() <= most + 1, "{shown:?}");
        prop_assert_eq!(clean(&shown, most + 1), shown, "cleaning twice is cleaning once");
    }

    #[test]
    fn any_text_can_be_escaped_in_a_template(text in any::<String>()) {
        let template = Template::parse(Template::literal(&text).source()).unwrap();
        let rendered = template.render(&|_| Ok(Secret::default())).unwrap();
        prop_assert_eq!(rendered.expose(), text);
    }

    #[test]
    fn any_text_is_a_config_or_a_message(text in "\\PC{0,60}|(\\[profiles\\.p\\]\n)?([a-z_]{1,14} = ('[^'\n]{0,30}'|[0-9]{1,3}|\\{ [a-z_]{1,12} = '[^'\n]{0,20}' \\})\n){0,8}") {
        let config = Config::of_text("config.toml", &text);
        match Profile::resolve(&config, "p", &Overrides::default(), &|_| None) {
            Ok(profile) => {
                let _ = profile.check(&config);
                prop_assert!(!profile.inputs().is_empty());
            }
            Err(failure) => prop_assert_eq!(failure.kind().exit_code(), 3),
        }
    }

    #[test]
    fn any_text_is_a_request_or_rejected_without_showing_it(text in "curl (-[a-zA-Z]{1,3} |--[a-z-]{2,12} |'[^']{0,20}' |\"[^\"]{0,20}\" |[a-z:/.{}$<>=&]{1,20} |\\\\\n){0,10}") {
        if let Err(error) = tok::facade::import(&text) {
            let message = error.to_string();
            prop_assert!(is_clean(&message), "{message:?}");
        }
    }
}
