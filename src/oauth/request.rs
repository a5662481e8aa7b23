//! Builds a request from a plan and its values (RFC 6749 §4.4.2 and the variants that providers use).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::error::{Error, Kind};
use crate::profile::file::schema::{AuthMethod, BasicEncoding, Encoding, Format};
use crate::profile::parameter::Parameter;
use crate::profile::plan::Plan;
use crate::profile::template::{CLIENT_SECRET, Name, percent_encode, uuid};
use crate::secret::Secret;
use crate::wire::request::{Method, Request};

/// Returns the text for a name in a template.
pub type Lookup<'a> = &'a dyn Fn(&Name) -> Result<Secret, Error>;

/// `format` is the expected format of the answer. Transcripts use it with a `value` that replaces secrets by names.
pub(crate) fn build(plan: &Plan, format: Format, value: Lookup<'_>) -> Result<Request, Error> {
    let mut url = plan.url.render(value)?;
    let mut headers = Headers::default();
    headers.set(
        "Accept",
        match format {
            Format::Json => "application/json",
            Format::Text => "text/plain, */*",
            Format::Form => "application/x-www-form-urlencoded, */*",
            Format::Xml => "application/xml, text/xml",
        },
    );
    if plan.auth_method == AuthMethod::ClientSecretBasic {
        headers.set_secret("Authorization", basic(plan.basic_encoding, value)?);
    }
    let body = match plan.encoding {
        Encoding::Form => {
            headers.set("Content-Type", "application/x-www-form-urlencoded");
            Some(form(&plan.parameters, value)?)
        }
        Encoding::Json => {
            headers.set("Content-Type", "application/json");
            Some(json_body(&plan.parameters, value)?)
        }
        Encoding::Query => {
            append_query(&mut url, &form(&plan.parameters, value)?);
            None
        }
        Encoding::Multipart => {
            // The senders of the parts cannot know the boundary, so no part contains it.
            let boundary = format!("tok-{}", uuid()?);
            headers.set(
                "Content-Type",
                &format!("multipart/form-data; boundary={boundary}"),
            );
            Some(multipart(&form_fields(&plan.parameters, value)?, &boundary))
        }
        Encoding::Raw => {
            if let Some(content_type) = &plan.content_type {
                headers.set("Content-Type", content_type);
            }
            plan.body
                .as_ref()
                .map(|body| body.render(value))
                .transpose()?
        }
        Encoding::None => None,
    };
    append_query(&mut url, &form(&plan.query, value)?);
    // A POST without parameters must still declare an empty body.
    let body = body.or_else(|| (plan.method != Method::Get).then(Secret::default));
    let value: Lookup<'_> = &|name| match name {
        Name::Body => Ok(body.clone().unwrap_or_default()),
        other => value(other),
    };
    for (name, template) in &plan.headers {
        let text = template.render(value)?;
        if text
            .expose()
            .contains(|c: char| c.is_control() && c != '\t')
        {
            return Err(Error::new(
                Kind::Config,
                format!("header `{name}` would hold a line break or control character"),
            ));
        }
        headers.set_secret(name, text);
    }
    Ok(Request {
        method: plan.method,
        url,
        headers: headers.0,
        body,
    })
}

#[derive(Default)]
struct Headers(Vec<(String, Secret)>);

impl Headers {
    fn set(&mut self, name: &str, value: &str) {
        self.set_secret(name, Secret::new(value));
    }

    fn set_secret(&mut self, name: &str, value: Secret) {
        match self
            .0
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            Some((_, known)) => *known = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }
}

/// RFC 6749 §2.3.1 percent-encodes both first.
fn basic(encoding: BasicEncoding, value: Lookup<'_>) -> Result<Secret, Error> {
    let id = value(&Name::ClientId)?;
    let secret = value(&Name::Secret(CLIENT_SECRET.to_owned()))?;
    let mut pair = Secret::default();
    match encoding {
        BasicEncoding::Raw => {
            pair.push(id.expose());
            pair.push(":");
            pair.push(secret.expose());
        }
        BasicEncoding::Rfc6749 => {
            pair.push(percent_encode(id.expose()).expose());
            pair.push(":");
            pair.push(percent_encode(secret.expose()).expose());
        }
    }
    let mut field = Secret::new("Basic ");
    field.push(Secret::new(STANDARD.encode(pair.expose())).expose());
    Ok(field)
}

#[must_use]
pub(crate) fn basic_encodings_differ(id: &str, secret: &str) -> bool {
    percent_encode(id).expose() != id || percent_encode(secret).expose() != secret
}

fn form(parameters: &[(String, Parameter)], value: Lookup<'_>) -> Result<Secret, Error> {
    let mut out = Secret::default();
    for (name, text) in form_fields(parameters, value)? {
        if !out.is_empty() {
            out.push("&");
        }
        out.push(percent_encode(name).expose());
        out.push("=");
        out.push(percent_encode(text.expose()).expose());
    }
    Ok(out)
}

pub(crate) fn form_fields<'a>(
    parameters: &'a [(String, Parameter)],
    value: Lookup<'_>,
) -> Result<Vec<(&'a str, Secret)>, Error> {
    let mut fields = Vec::new();
    for (name, parameter) in parameters {
        let items = match parameter {
            Parameter::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        for item in items {
            fields.push((name.as_str(), scalar(item, value)?));
        }
    }
    Ok(fields)
}

/// `multipart/form-data` (RFC 7578), names escaped as in HTML forms.
fn multipart(fields: &[(&str, Secret)], boundary: &str) -> Secret {
    let mut out = Secret::default();
    for (name, text) in fields {
        let name = name
            .replace('"', "%22")
            .replace('\r', "%0D")
            .replace('\n', "%0A");
        out.push(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n"
        ));
        out.push(text.expose());
        out.push("\r\n");
    }
    out.push(&format!("--{boundary}--\r\n"));
    out
}

fn scalar(parameter: &Parameter, value: Lookup<'_>) -> Result<Secret, Error> {
    match parameter {
        Parameter::Text(template) => template.render(value),
        Parameter::Words { words, separator } => {
            let mut out = Secret::default();
            for (index, word) in words.iter().enumerate() {
                if index > 0 {
                    out.push(separator);
                }
                out.push(word.render(value)?.expose());
            }
            Ok(out)
        }
        Parameter::Plain(Value::Null) => Ok(Secret::default()),
        Parameter::Plain(plain) => Ok(Secret::new(plain.to_string())),
        Parameter::List(_) | Parameter::Table(_) => Err(Error::new(
            Kind::Config,
            "a nested parameter can travel only as JSON",
        )),
    }
}

pub(super) fn json_body(
    parameters: &[(String, Parameter)],
    value: Lookup<'_>,
) -> Result<Secret, Error> {
    let mut out = Secret::default();
    json_object(parameters, value, &mut out)?;
    Ok(out)
}

fn json_object(
    members: &[(String, Parameter)],
    value: Lookup<'_>,
    out: &mut Secret,
) -> Result<(), Error> {
    out.push("{");
    for (index, (name, member)) in members.iter().enumerate() {
        out.push(if index > 0 { "," } else { "" });
        json_string(name, out);
        out.push(":");
        json(member, value, out)?;
    }
    out.push("}");
    Ok(())
}

fn json(parameter: &Parameter, value: Lookup<'_>, out: &mut Secret) -> Result<(), Error> {
    match parameter {
        Parameter::List(items) => {
            out.push("[");
            for (index, item) in items.iter().enumerate() {
                out.push(if index > 0 { "," } else { "" });
                json(item, value, out)?;
            }
            out.push("]");
        }
        Parameter::Table(members) => json_object(members, value, out)?,
        Parameter::Plain(plain) => out.push(&plain.to_string()),
        Parameter::Text(template) => match template.render_typed(value)? {
            (number, true) => out.push(number.expose()),
            (text, false) => json_string(text.expose(), out),
        },
        words => json_string(scalar(words, value)?.expose(), out),
    }
    Ok(())
}

/// The buffer that serde_json writes becomes a secret, so it is zeroed.
fn json_string(text: &str, out: &mut Secret) {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    out.push(Secret::new(quoted).expose());
}

/// Keeps an existing query and adds before any fragment.
fn append_query(url: &mut Secret, query: &Secret) {
    if query.is_empty() {
        return;
    }
    let text = url.expose().to_owned();
    let text = zeroize::Zeroizing::new(text);
    let (base, fragment) = text.split_at(text.find('#').unwrap_or(text.len()));
    let mut joined = Secret::new(base);
    if !base.contains('?') {
        joined.push("?");
    } else if !base.ends_with(['?', '&']) {
        joined.push("&");
    }
    joined.push(query.expose());
    joined.push(fragment);
    *url = joined;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::template::Template;

    const SECRET: &str = "+/=:%& é";

    fn plan() -> Plan {
        let text = |source: &str| Parameter::Text(Template::parse(source).unwrap());
        Plan {
            url: Template::parse("https://a.example/token?v=1").unwrap(),
            method: Method::Post,
            encoding: Encoding::Form,
            body: None,
            content_type: None,
            auth_method: AuthMethod::None,
            basic_encoding: BasicEncoding::Rfc6749,
            parameters: vec![
                ("grant_type".into(), text("client_credentials")),
                ("client_secret".into(), text("${client_secret}")),
                (
                    "scope".into(),
                    Parameter::Words {
                        words: vec![Template::literal("a"), Template::literal("b")],
                        separator: " ".into(),
                    },
                ),
                (
                    "n".into(),
                    Parameter::List(vec![Parameter::Plain(Value::from(1)), text("x")]),
                ),
            ],
            query: Vec::new(),
            values: Vec::new(),
            headers: Vec::new(),
            assertion: None,
            exchange: None,
        }
    }

    fn build(plan: &Plan) -> Request {
        super::build(plan, Format::Json, &|name| {
            Ok(Secret::new(match name {
                Name::ClientId => "my id",
                _ => SECRET,
            }))
        })
        .unwrap()
    }

    fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
        request
            .headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.expose())
    }

    #[test]
    fn parameters_travel_in_each_encoding_and_no_character_is_lost() {
        let form = "grant_type=client_credentials&client_secret=%2B%2F%3D%3A%25%26%20%C3%A9&scope=a%20b&n=1&n=x";
        let json = r#"{"grant_type":"client_credentials","client_secret":"+/=:%& é","scope":"a b","n":[1,"x"]}"#;
        let cases = [
            (
                Encoding::Form,
                "?v=1".to_owned(),
                Some(form),
                Some("application/x-www-form-urlencoded"),
            ),
            (
                Encoding::Json,
                "?v=1".to_owned(),
                Some(json),
                Some("application/json"),
            ),
            (Encoding::Query, format!("?v=1&{form}"), Some(""), None),
            (Encoding::None, "?v=1".to_owned(), Some(""), None),
        ];
        for (encoding, query, body, content_type) in cases {
            let request = build(&Plan { encoding, ..plan() });
            assert_eq!(
                request.url.expose(),
                format!("https://a.example/token{query}")
            );
            assert_eq!(
                request.body.as_ref().map(Secret::expose),
                body,
                "{encoding:?}"
            );
            assert_eq!(
                header(&request, "Content-Type"),
                content_type,
                "{encoding:?}"
            );
            assert_eq!(header(&request, "Authorization"), None);
        }
    }

    #[test]
    fn a_multipart_body_has_one_part_for_each_field() {
        let request = build(&Plan {
            encoding: Encoding::Multipart,
            ..plan()
        });
        let boundary = header(&request, "Content-Type")
            .unwrap()
            .strip_prefix("multipart/form-data; boundary=")
            .unwrap();
        let field = |name: &str, value: &str| {
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
        };
        let expected = [
            field("grant_type", "client_credentials"),
            field("client_secret", SECRET),
            field("scope", "a b"),
            field("n", "1"),
            field("n", "x"),
            format!("--{boundary}--\r\n"),
        ];
        assert_eq!(request.body.unwrap().expose(), expected.concat());
    }

    #[test]
    fn a_raw_body_is_sent_as_written_with_its_type() {
        let request = build(&Plan {
            encoding: Encoding::Raw,
            body: Some(Template::parse("<a>${xml(client_secret)}</a>\n").unwrap()),
            content_type: Some("text/xml".into()),
            ..plan()
        });
        assert_eq!(header(&request, "Content-Type"), Some("text/xml"));
        assert_eq!(request.url.expose(), "https://a.example/token?v=1");
        let body = "<a>+/=:%&amp; é</a>\n";
        assert_eq!(request.body.unwrap().expose(), body);
    }

    #[test]
    fn basic_credentials_follow_the_rule_the_profile_names() {
        let cases = [
            (BasicEncoding::Raw, "my id:+/=:%& é"),
            (
                BasicEncoding::Rfc6749,
                "my%20id:%2B%2F%3D%3A%25%26%20%C3%A9",
            ),
        ];
        for (basic_encoding, pair) in cases {
            let request = build(&Plan {
                auth_method: AuthMethod::ClientSecretBasic,
                basic_encoding,
                ..plan()
            });
            let expected = format!("Basic {}", STANDARD.encode(pair));
            assert_eq!(header(&request, "Authorization"), Some(expected.as_str()));
        }
        assert!(basic_encodings_differ("id", SECRET));
        assert!(!basic_encodings_differ("id-1.x_y~z", "abcABC019"));
    }

    #[test]
    fn a_profiles_own_header_replaces_toks_whatever_its_case() {
        let request = build(&Plan {
            headers: vec![(
                "content-type".into(),
                Template::literal("application/vnd.api+json"),
            )],
            encoding: Encoding::Json,
            ..plan()
        });
        let types: Vec<_> = request
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .collect();
        assert_eq!(types.len(), 1);
        assert_eq!(types[0].1.expose(), "application/vnd.api+json");
    }

    #[test]
    fn a_header_cannot_be_smuggled_in_through_a_value() {
        let plan = Plan {
            headers: vec![("x-key".into(), Template::parse("${client_secret}").unwrap())],
            ..plan()
        };
        for bad in ["a\r\nb: c", "a\nb", "a\0b", "a\x1bb"] {
            let failure = super::build(&plan, Format::Json, &|_| Ok(Secret::new(bad))).unwrap_err();
            assert_eq!(failure.kind(), Kind::Config);
            assert!(!failure.to_string().contains(bad));
        }
    }

    #[test]
    fn a_query_goes_before_the_fragment_and_after_what_query_there_is() {
        let cases = [
            ("https://a/x", "https://a/x?k=v"),
            ("https://a/x?", "https://a/x?k=v"),
            ("https://a/x?a=b", "https://a/x?a=b&k=v"),
            ("https://a/x?a=b&", "https://a/x?a=b&k=v"),
            ("https://a/x#f", "https://a/x?k=v#f"),
        ];
        for (url, expected) in cases {
            let mut url = Secret::new(url);
            append_query(&mut url, &Secret::new("k=v"));
            assert_eq!(url.expose(), expected);
        }
    }
}
