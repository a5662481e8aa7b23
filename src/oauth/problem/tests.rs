//! The stored form of problems, and their redaction.

use super::*;
use crate::profile::pointer::Pointer;
use serde_json::json;

#[test]
fn the_stored_form_is_pinned_and_read_back() {
    let nowhere = Pointer::parse("/access_token")
        .unwrap()
        .find(&json!({"token": 1}))
        .unwrap_err();
    let cases = [
        (
            Problem::Refused {
                status: 401,
                words: Some(Refusal {
                    code: Some("invalid_client".to_owned()),
                    ..Refusal::default()
                }),
                unmet: None,
                advice: Some(Advice::Credentials {
                    secret: None,
                    instead: Some(crate::oauth::advice::Instead::Post),
                }),
            },
            json!({"refused": {
                "status": 401,
                "words": {"code": "invalid_client", "number": null, "description": null},
                "unmet": null,
                "advice": {"credentials": {"secret": null, "instead": "post"}},
            }}),
        ),
        (
            Problem::NoAnswer {
                origin: "https://a.example".to_owned(),
                why: NoAnswer::TimedOut { timeout_ms: 1500 },
            },
            json!({"no_answer": {"origin": "https://a.example", "why": {"timed_out": {"timeout_ms": 1500}}}}),
        ),
        (
            Problem::InTrouble {
                status: 503,
                words: None,
                wait_s: Some(5),
            },
            json!({"in_trouble": {"status": 503, "words": null, "wait_s": 5}}),
        ),
        (
            Problem::NoToken {
                at: "/access_token".to_owned(),
                missing: Missing::Member(nowhere),
                elsewhere: Some("/token".to_owned()),
                shape: Some(Shape::Json),
            },
            json!({"no_token": {"at": "/access_token", "missing": {"member": {"absent": {
                "at": "", "token": "access_token", "there": {"keys": {"keys": ["token"], "more": false}},
            }}}, "elsewhere": "/token", "shape": "json"}}),
        ),
        (
            Problem::BadLifetime {
                at: "/expires_in".to_owned(),
                why: BadTime::NotANumberBut(JsonKind::Object),
            },
            json!({"bad_lifetime": {"at": "/expires_in", "why": {"not_a_number_but": "object"}}}),
        ),
    ];
    for (problem, stored) in cases {
        assert_eq!(serde_json::to_value(&problem).unwrap(), stored);
        let again: Problem = serde_json::from_value(stored).unwrap();
        assert_eq!(again.to_string(), problem.to_string());
        assert_eq!(again, problem);
    }
}

#[test]
fn redaction_reaches_every_text_from_elsewhere() {
    let problem = Problem::Refused {
        status: 400,
        words: Some(Refusal {
            code: Some("s3cret".to_owned()),
            number: Some("s3cret".to_owned()),
            description: Some("s3cret".to_owned()),
        }),
        unmet: Some(Box::new(Unmet {
            at: "/code".to_owned(),
            expected: "0".to_owned(),
            found: Some(Found::Value("s3cret".to_owned())),
        })),
        advice: Some(Advice::Scope(Some("s3cret".to_owned()))),
    };
    let shown = problem.redacted(&|text| text.replace("s3cret", "***"));
    assert!(!format!("{shown:?}").contains("s3cret"), "{shown:?}");
}
