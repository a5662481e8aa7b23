//! Templates: values with `${…}` in requests and headers; `$${` is a literal `${`.
//!
//! Inside is a bare name or an expression over names and [`FUNCTIONS`]. Only expressions start minijinja, which is slow: a cached token never does.

mod digest;
mod engine;
mod error;
mod functions;
mod name;
mod part;
mod scan;
pub(crate) mod url;

use crate::error::{Error, Kind, OrFail as _};
use crate::secret::Secret;
use crate::term::text::{SHOWN_CHARACTERS, clean};
use error::LONGEST;
use part::Part;

pub(crate) use engine::Standin;
pub use error::TemplateError;
#[cfg(test)]
pub(crate) use functions::FUNCTIONS;
pub(crate) use functions::{percent_encode, uuid};
pub use name::Name;
pub(crate) use name::{CLIENT_KEY, CLIENT_SECRET, PRIVATE_KEY, REFRESH_TOKEN};

/// A value as the profile writes it, split at its `${…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
    is_url: bool,
}

const COMPUTED: &str = "<computed>";

impl Template {
    /// Reads `source` and finds its names; [`check`](Self::check) reads the grammar of expressions.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                literal.push_str(&rest[..at - 1]);
                literal.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            literal.push_str(&rest[..at]);
            let inside = &rest[at + 2..];
            let end = scan::closing_brace(inside)
                .ok_or_else(|| TemplateError::Unclosed(source.to_owned()))?;
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::parse(inside[..end].trim())?);
            rest = &inside[end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self {
            source: source.to_owned(),
            parts,
            is_url: false,
        })
    }

    /// Returns a template whose value is `text`.
    pub fn literal(text: &str) -> Self {
        Self {
            source: text.replace("${", "$${"),
            parts: vec![Part::Literal(text.to_owned())],
            is_url: false,
        }
    }

    pub(crate) fn into_url(self) -> Self {
        Self {
            is_url: true,
            ..self
        }
    }

    /// Returns the text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the names in order, with repetitions.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.parts.iter().flat_map(|part| match part {
            Part::Literal(_) => &[],
            Part::Name(name) => std::slice::from_ref(name),
            Part::Expression { names, .. } => names.as_slice(),
        })
    }

    pub(crate) fn start<'a>(&'a self, value: &dyn Fn(&'a Name) -> Option<&'a str>) -> String {
        self.parts
            .iter()
            .map_while(|part| match part {
                Part::Literal(text) => Some(text.as_str()),
                Part::Name(name) => value(name),
                Part::Expression { .. } => None,
            })
            .collect()
    }

    /// Returns the texts around each `${access_token}`, or `None` if the template has expressions or unknown names.
    pub(crate) fn around_access_token<'a>(
        &'a self,
        known: &dyn Fn(&'a Name) -> Option<&'a str>,
    ) -> Option<Vec<String>> {
        let mut texts = vec![String::new()];
        for part in &self.parts {
            let text = match part {
                Part::Literal(text) => text,
                Part::Name(Name::AccessToken) => {
                    texts.push(String::new());
                    continue;
                }
                Part::Name(name) => known(name)?,
                Part::Expression { .. } => return None,
            };
            if let Some(last) = texts.last_mut() {
                last.push_str(text);
            }
        }
        Some(texts)
    }
    /// Whether it has an expression, which only the engine can render.
    pub fn has_expression(&self) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, Part::Expression { .. }))
    }

    pub(crate) fn only_calls_and_joins(&self) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Expression { source, .. } => scan::only_calls_and_joins(source),
            Part::Literal(_) | Part::Name(_) => true,
        })
    }

    /// Checks the grammar of expressions, before anything is sent; this starts the engine.
    pub fn check(&self) -> Result<(), TemplateError> {
        for part in &self.parts {
            if let Part::Expression { source, .. } = part {
                engine::check(source)?;
            }
        }
        Ok(())
    }

    /// Renders an expression that needs the secrets' values, such as `from_base64(…)`, as `<computed>`.
    pub(crate) fn to_be_shown(&self) -> Self {
        let mut shown = self.clone();
        for part in &mut shown.parts {
            if let Part::Expression { instead, .. } = part {
                *instead = Some(COMPUTED);
            }
        }
        shown
    }

    /// Replaces every `${…}` with the text that `value` returns for a name.
    pub fn render(&self, value: &dyn Fn(&Name) -> Result<Secret, Error>) -> Result<Secret, Error> {
        self.render_calling(value, None).map(|(text, _)| text)
    }

    pub(crate) fn render_typed(
        &self,
        value: &dyn Fn(&Name) -> Result<Secret, Error>,
    ) -> Result<(Secret, bool), Error> {
        self.render_calling(value, None)
    }

    /// Calls `standin` before each function, so that a request can be shown before its values are known.
    pub(crate) fn render_calling(
        &self,
        value: &dyn Fn(&Name) -> Result<Secret, Error>,
        standin: Option<&Standin>,
    ) -> Result<(Secret, bool), Error> {
        let mut out = Secret::default();
        let mut is_number = false;
        for part in &self.parts {
            let text;
            (text, is_number) = part.text(value, standin)?;
            let text = match part.name_in_url().filter(|_| self.is_url) {
                Some(name) => url::insert(out.expose(), &name, text).or_fail(Kind::Config)?,
                None => text,
            };
            if out.expose().len() + text.expose().len() > LONGEST {
                let source = clean(&self.source, SHOWN_CHARACTERS);
                return Err(Error::of(Kind::Config, TemplateError::TooLong(source)));
            }
            out.push(text.expose());
        }
        Ok((out, is_number && self.parts.len() == 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(source: &str) -> Result<String, String> {
        let template = Template::parse(source).map_err(|error| error.to_string())?;
        template.check().map_err(|error| error.to_string())?;
        template
            .render(&|name| {
                Ok(Secret::new(match name {
                    Name::ClientId => "id".to_owned(),
                    Name::Step(step, pointer) => format!("{step}/{}", pointer.join("/")),
                    other => format!("<{other}>"),
                }))
            })
            .map(|text| text.expose().to_owned())
            .map_err(|failure| failure.to_string().to_owned())
    }

    #[test]
    fn names_are_replaced_and_other_text_is_unchanged() {
        let cases = [
            ("", ""),
            ("plain { } $ text", "plain { } $ text"),
            ("${client_id}", "id"),
            ("a-${ client_id }-b", "a-id-b"),
            ("${client_secret}", "<client_secret>"),
            ("${secret.client_secret}", "<client_secret>"),
            ("${secret.api_key}/${var.x}", "<secret.api_key>/<var.x>"),
            ("${step.login.data.host}", "login/data/host"),
            ("$${client_id}", "${client_id}"),
            ("$$${client_id}", "$${client_id}"),
            ("{\"a\": {{1}}}", "{\"a\": {{1}}}"),
            ("${client_id}${client_id}", "idid"),
            ("${secret.api-key}", "<secret.api-key>"),
        ];
        for (source, expected) in cases {
            assert_eq!(render(source).as_deref(), Ok(expected), "{source}");
        }
    }

    #[test]
    fn a_name_tok_does_not_know_is_refused_at_load() {
        let cases = [
            ("${clientid}", "did you mean `client_id`?"),
            ("${nothing.here}", "is not a known name"),
            ("${step.login}", "is not a known name"),
            ("${}", "names nothing"),
            ("${client_id", "is not closed"),
            ("${base64(foo)}", "is not a known name"),
            ("${bass64(client_id)}", "bass64"),
            ("${base64(client_id}", "base64(client_id"),
            ("${client_id|upper}", "upper"),
        ];
        for (source, expected) in cases {
            let message = render(source).unwrap_err();
            assert!(message.contains(expected), "{source}: {message}");
        }
    }

    #[test]
    fn a_shown_expression_never_fails() {
        for (source, expected) in [
            ("a ${client_id}", "a id"),
            ("${upper(client_id)}", "ID"),
            ("${base64(secret.k)}", "PHNlY3JldC5rPg=="),
            (
                "a ${hmac_sha256(from_base64(secret.k), 'a')}",
                "a <computed>",
            ),
            ("${from_hex(secret.k)} ${client_id}", "<computed> id"),
            ("${int(secret.k)}", "<computed>"),
            ("${int(secret.k) + 1}", "<computed>"),
        ] {
            let template = Template::parse(source).unwrap();
            let value = |name: &Name| {
                Ok(Secret::new(match name {
                    Name::ClientId => "id".to_owned(),
                    other => format!("<{other}>"),
                }))
            };
            let shown = template.to_be_shown().render_typed(&value).unwrap();
            assert_eq!(shown.0.expose(), expected, "{source}");
            assert!(!shown.1, "{source}");
            assert_eq!(
                template.render(&value).is_err(),
                expected.contains("<computed>"),
                "{source}"
            );
        }
    }

    #[test]
    fn the_start_ends_before_the_first_part_that_is_not_known() {
        let cases = [
            ("https://a/b", "https://a/b"),
            ("https://${var.h}/${client_secret}/x", "https://h/"),
            ("https://${client_secret}/x", "https://"),
            ("https://a/${urlencode(client_id)}", "https://a/"),
        ];
        for (source, expected) in cases {
            let template = Template::parse(source).unwrap();
            let start = template.start(&|name| matches!(name, Name::Var(_)).then_some("h"));
            assert_eq!(start, expected, "{source}");
        }
    }

    #[test]
    fn comparisons_and_slices_are_not_calls_or_joins() {
        for source in [
            "a",
            "${client_id}",
            "${sha256(client_id ~ \"[:4] if 'x' == \" ~ '+') ~ var.a}",
            "${hmac_sha256(client_id, 'x', 'base64')}",
        ] {
            assert!(
                Template::parse(source).unwrap().only_calls_and_joins(),
                "{source}"
            );
        }
        for source in [
            "${client_id[:4]}",
            "a${sha256(client_id[0])}",
            "${'a' if client_id else 'b'}",
            "${client_id == 'a'}",
            "${not client_id}",
            "${int(client_id) + 1}",
            "${client_id is true}",
        ] {
            assert!(
                !Template::parse(source).unwrap().only_calls_and_joins(),
                "{source}"
            );
        }
    }

    #[test]
    fn names_inside_expressions_are_found_without_the_engine() {
        let template =
            Template::parse("${base64(client_id ~ ':}' ~ secret.a)}-${env.B if true else var.c}")
                .unwrap();
        let names: Vec<String> = template.names().map(ToString::to_string).collect();
        assert_eq!(names, ["client_id", "secret.a", "env.B", "var.c"]);
    }
}
