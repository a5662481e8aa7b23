//! Any bytes as an answer: a token that can stand in a header, or a clean message; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tok::facade::Now;
use tok::facade::Answer;
use tok::facade::Redactor;
use tok::facade::response;
use tok::facade::Steps;
use tok::facade::Response;
use zeroize::Zeroizing;

/// The rules of a few profiles: as RFC 6749 has it, with everything moved, and plain text, and a form.
const RULES: [&str; 4] = [
    "",
    "root = '/data'\naccess_token = '/t/0'\nexpires_at = '/e'\nkeep = ['/k']\ntoken_chars = 'visible'\nsuccess = { '/code' = 0 }",
    "format = 'text'",
    "format = 'form'\naccess_token = ['/t', 'cookie:c', '/access_token']\nexpires_at = '/e'\nexpires_at_unit = '%Y%m%d%H%M%S'\nexpires_at_zone = '+09:00'",
];

fuzz_target!(|data: &[u8]| {
    let [which, status, body @ ..] = data else { return };
    let rules = Response::from_toml(RULES[usize::from(*which) % RULES.len()]).expect("the rules are good");
    let answer = Answer {
        status: [200, 201, 301, 400, 401, 429, 500][usize::from(*status) % 7],
        headers: vec![("retry-after".into(), String::from_utf8_lossy(body).into_owned())],
        body: Zeroizing::new(body.to_vec()),
        sent: Now { unix_ms: 1_900_000_000_000, boot: None },
    };
    match response::token(&answer, &Steps::default(), &rules, &Redactor::default()) {
        Ok((token, _)) => {
            assert!(rules.is_success(answer.status));
            let text = token.access_token.expose();
            assert!(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
        }
        Err(failure) => {
            assert!((5..=7).contains(&failure.kind().exit_code()));
            assert!(failure.to_string().len() < 4096);
            assert!(!failure.to_string().chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)));
        }
    }
});
