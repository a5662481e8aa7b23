//! Checks and evaluates the expressions inside `${…}` with minijinja.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Rest, Value, ValueKind};
use minijinja::{Environment, State, UndefinedBehavior};

use crate::profile::template::error::TemplateError;
use crate::profile::template::functions::{self, FUNCTIONS, wrong};
use crate::profile::template::scan;
use crate::secret::Secret;

/// Returns a replacement for a function's result, or `None` to compute it.
pub type Standin = Arc<dyn Fn(&str, &[String]) -> Option<String> + Send + Sync>;

fn engine(standin: Option<&Standin>) -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    functions::add_to(&mut engine);
    if let Some(standin) = standin {
        put_before_all(&mut engine, standin);
    }
    engine
}

fn put_before_all(engine: &mut Environment<'static>, standin: &Standin) {
    let all: Vec<(String, Value)> = engine
        .globals()
        .map(|(name, function)| (name.to_owned(), function))
        .collect();
    for (name, function) in all {
        let (standin, called) = (Arc::clone(standin), name.clone());
        engine.add_function(
            name,
            move |state: &mut State<'_, '_>, given: Rest<Value>| {
                let is_one = |value: &Value| {
                    matches!(
                        value.kind(),
                        ValueKind::String | ValueKind::Bytes | ValueKind::Number | ValueKind::None
                    )
                };
                if let Some(other) = given.iter().find(|value| !is_one(value)) {
                    return Err(wrong(format!(
                        "expected a text, but this is of the kind `{}`",
                        other.kind()
                    )));
                }
                let arguments: Vec<String> = given.iter().map(Value::to_string).collect();
                match standin(&called, &arguments) {
                    Some(text) => Ok(Value::from(text)),
                    None => function.call(state, &given),
                }
            },
        );
    }
}

pub(super) fn check(expression: &str) -> Result<(), TemplateError> {
    let engine = engine(None);
    engine
        .compile_expression(expression)
        .map_err(|error| refused(expression, &error))?;
    for word in scan::words(expression) {
        let called = word.path.join(".");
        let known = || {
            FUNCTIONS
                .iter()
                .map(|(call, _)| &call[..call.find('(').unwrap_or(call.len())])
        };
        if word.is_call && !scan::is_keyword(&word.path) && !known().any(|name| name == called) {
            return Err(TemplateError::UnknownFunction {
                expression: expression.to_owned(),
                function: called,
                known: known().collect::<Vec<_>>().join(", "),
            });
        }
    }
    Ok(())
}

pub(super) fn check_filters(expression: &str) -> Result<(), TemplateError> {
    match filter_in(expression) {
        Some(filter) => Err(TemplateError::Filter {
            expression: expression.to_owned(),
            filter: filter.to_owned(),
        }),
        None => Ok(()),
    }
}

fn filter_in(expression: &str) -> Option<&str> {
    let bytes = expression.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = scan::after_string(bytes, at, quote),
            b'|' => return Some(expression[at + 1..].trim()),
            _ => at += 1,
        }
    }
    None
}

pub(super) fn evaluate(
    expression: &str,
    values: &[(Vec<&str>, Secret)],
    standin: Option<&Standin>,
) -> Result<(Secret, bool), TemplateError> {
    let engine = engine(standin);
    let compiled = engine
        .compile_expression(expression)
        .map_err(|error| refused(expression, &error))?;
    let mut root = Node::default();
    for (path, value) in values {
        let leaf = path.iter().fold(&mut root, |node, segment| {
            node.members.entry((*segment).to_owned()).or_default()
        });
        leaf.text = Some(value.expose());
    }
    let result = compiled
        .eval(root.into_value())
        .map_err(|error| refused(expression, &error))?;
    match result.as_str() {
        Some(text) => Ok((Secret::new(text), false)),
        None if result.is_number() => Ok((Secret::new(result.to_string()), true)),
        None => Err(TemplateError::NotText(expression.to_owned())),
    }
}

#[derive(Default)]
struct Node<'a> {
    text: Option<&'a str>,
    members: BTreeMap<String, Node<'a>>,
}

impl Node<'_> {
    fn into_value(self) -> Value {
        match self.text {
            Some(text) if self.members.is_empty() => Value::from(text),
            _ => Value::from_pairs(
                self.members
                    .into_iter()
                    .map(|(name, node)| (name, node.into_value())),
            ),
        }
    }
}

/// Errors never contain values: minijinja's `debug` feature, which records them, is off.
fn refused(expression: &str, error: &minijinja::Error) -> TemplateError {
    TemplateError::Engine {
        expression: expression.to_owned(),
        detail: error
            .detail()
            .map_or_else(|| error.kind().to_string(), str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use minijinja::ErrorKind;

    fn eval(expression: &str) -> Result<String, String> {
        check(expression).map_err(|error| error.to_string())?;
        let values = [
            (vec!["client_id"], Secret::new("Jefe")),
            (
                vec!["secret", "a"],
                Secret::new("what do ya want for nothing?"),
            ),
        ];
        evaluate(expression, &values, None)
            .map(|(text, _)| text.expose().to_owned())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_stand_in_replaces_every_function() {
        let standin: Standin = Arc::new(|name, given| Some(format!("{name} of {}", given.len())));
        for (call, _) in FUNCTIONS {
            let name = &call[..call.find('(').unwrap()];
            let (text, _) = evaluate(&format!("{name}('a', 1)"), &[], Some(&standin)).unwrap();
            assert_eq!(text.expose(), format!("{name} of 2"));
        }
        let absent: Standin = Arc::new(|_, _| None);
        let (text, _) = evaluate("base64(from_hex('fbff'))", &[], Some(&absent)).unwrap();
        assert_eq!(text.expose(), "+/8=");
        assert!(evaluate("sha256(['a'])", &[], Some(&standin)).is_err());
    }

    #[test]
    fn every_function_listed_can_be_called_and_no_other() {
        let names = FUNCTIONS.map(|(call, _)| &call[..call.find('(').unwrap()]);
        for name in names {
            let unknown = engine(None)
                .compile_expression(&format!("{name}([], [], [], [])"))
                .unwrap()
                .eval(())
                .unwrap_err();
            assert_ne!(unknown.kind(), ErrorKind::UnknownFunction, "{name}");
        }
    }

    #[test]
    fn functions_match_their_standards() {
        let cases = [
            ("base64(client_id ~ ':x')", "SmVmZTp4"),
            ("urlencode('a b+c/é~')", "a%20b%2Bc%2F%C3%A9~"),
            (
                "sha256('abc')",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            // RFC 4231, test case 2.
            (
                "hmac_sha256(client_id, secret.a)",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                "hmac_sha256(client_id, secret.a, 'base64')",
                "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
            ),
            (
                "hmac_sha256(from_hex('4a656665'), secret.a, 'base64url')",
                "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM",
            ),
            (
                "hmac_sha512(from_base64('SmVmZQ=='), secret.a)",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            // RFC 2202, test case 2.
            (
                "hmac_sha1(client_id, secret.a)",
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            // RFC 1321 A.5, RFC 3174 §7.3.
            ("md5('abc')", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha1('abc', 'base64')", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
            (
                "sha512('abc')",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            ("base64url('<<???>>')", "PDw_Pz8-Pg"),
            ("base64(from_hex('fbff'))", "+/8="),
            ("base64(from_base64('-_8'))", "+/8="),
            ("raw('a b/c')", "a b/c"),
            (
                "xml('<a b=\"c\">&\\'')",
                "&lt;a b=&quot;c&quot;&gt;&amp;&apos;",
            ),
            ("upper('aé1')", "AÉ1"),
            ("lower('AÉ1')", "aé1"),
            ("int(' 42 ')", "42"),
            ("json('a\"b')", "\"a\\\"b\""),
            (
                "query_param('https://a/x?b=1&code=2%2F3+4#code=5', 'code')",
                "2/3 4",
            ),
            ("'}' ~ base64('')", "}"),
            ("client_id if secret.a else ''", "Jefe"),
        ];
        for (expression, expected) in cases {
            assert_eq!(eval(expression).as_deref(), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn a_uuid_is_random_and_of_version_four() {
        let (first, second) = (eval("uuid()").unwrap(), eval("uuid()").unwrap());
        assert_ne!(first, second);
        assert_eq!((first.len(), &first[14..15]), (36, "4"));
        assert!("89ab".contains(&first[19..20]), "{first}");
    }

    #[test]
    fn the_time_has_the_requested_format() {
        let seconds: i64 = eval("now('%s')").unwrap().parse().unwrap();
        assert!((Timestamp::now().as_second() - seconds).abs() <= 1);
        assert_eq!(eval("now('%Y-%m-%dT%H:%M:%SZ')").unwrap().len(), 20);
        assert!(eval("now('%!')").unwrap_err().contains("now("));
        let ms: i64 = eval("now('%s%3f')").unwrap().parse().unwrap();
        assert!(
            (Timestamp::now().as_millisecond() - ms).abs() <= 2000,
            "{ms}"
        );
        let later: i64 = eval("now('%s', 300)").unwrap().parse().unwrap();
        assert!((later - seconds - 300).abs() <= 1);
    }

    #[test]
    fn evaluation_errors_contain_no_value() {
        for expression in [
            "base64()",
            "base64(",
            "client_id.x",
            "nothing",
            "client_id | upper",
            "[client_id]",
            "int(client_id)",
            "from_hex(client_id)",
            "from_base64(client_id ~ '!')",
            "totp(client_id ~ '1')",
            "sha256(client_id, 'hexa')",
            "hmac_sha256([client_id], 'x')",
            "query_param(client_id, 'x')",
        ] {
            let message = eval(expression).unwrap_err();
            assert!(message.contains(expression), "{message}");
            assert!(!message.contains("Jefe"), "{message}");
        }
    }
}
