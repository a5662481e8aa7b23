//! Moves tok's own parameters into a nested JSON body: a name in `names` that begins with `/` is a pointer (RFC 6901).

use std::collections::BTreeMap;

use crate::profile::file::schema::{Encoding, Sent};
use crate::profile::parameter::{Parameter, Parameters};
use crate::profile::pointer::{Pointer, PointerError};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NestError {
    #[error(
        "`{0}` is a JSON pointer, but the parameters are not sent as JSON; add `encoding = \"json\"`"
    )]
    NotJson(String),
    #[error("`{pointer}`: `{name}` is there already and is not a table")]
    InTheWay { pointer: String, name: String },
    #[error(transparent)]
    Pointer(#[from] PointerError),
}

pub(super) fn nest(
    parameters: &mut Parameters,
    names: &BTreeMap<Sent, String>,
    encoding: Encoding,
) -> Result<(), NestError> {
    for pointer in names.values().filter(|name| name.starts_with('/')) {
        let Some(at) = parameters.iter().position(|(name, _)| name == pointer) else {
            continue;
        };
        if encoding != Encoding::Json {
            return Err(NestError::NotJson(pointer.clone()));
        }
        let (_, parameter) = parameters.remove(at);
        put(parameters, Pointer::parse(pointer)?.tokens(), parameter).map_err(|name| {
            NestError::InTheWay {
                pointer: pointer.clone(),
                name: name.to_owned(),
            }
        })?;
    }
    Ok(())
}

fn put<'a>(
    members: &mut Parameters,
    path: &'a [String],
    parameter: Parameter,
) -> Result<(), &'a str> {
    let Some((name, rest)) = path.split_first() else {
        return Ok(());
    };
    let known = members.iter().position(|(known, _)| known == name);
    let at = known.unwrap_or_else(|| {
        members.push((name.clone(), Parameter::Table(Vec::new())));
        members.len() - 1
    });
    match &mut members[at].1 {
        Parameter::Table(inner) if !rest.is_empty() => put(inner, rest, parameter),
        // The profile's own value wins, as it does for a plain name.
        _ if rest.is_empty() && known.is_some() => Ok(()),
        empty if rest.is_empty() => {
            *empty = parameter;
            Ok(())
        }
        _ => Err(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::template::Template;

    #[test]
    fn a_pointer_creates_missing_objects_and_reuses_existing_ones() {
        let text = |text: &str| Parameter::Text(Template::literal(text));
        let names: BTreeMap<Sent, String> = [
            (Sent::ClientId, "/auth/clientId".to_owned()),
            (Sent::ClientSecret, "/auth/deep/a~1b".to_owned()),
            (Sent::Scope, "/kind/x".to_owned()),
            (Sent::Audience, "plain".to_owned()),
        ]
        .into();
        let nested = |members: Vec<(&str, Parameter)>, encoding| {
            let mut all = members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            nest(&mut all, &names, encoding).map(|()| all)
        };
        let written = || Parameter::Table(vec![("type".to_owned(), text("app"))]);
        let all = nested(
            vec![
                ("/auth/clientId", text("id")),
                ("/auth/deep/a~1b", text("secret")),
                ("plain", text("p")),
                ("auth", written()),
            ],
            Encoding::Json,
        );
        let deep = Parameter::Table(vec![("a/b".to_owned(), text("secret"))]);
        let auth = Parameter::Table(vec![
            ("type".to_owned(), text("app")),
            ("clientId".to_owned(), text("id")),
            ("deep".to_owned(), deep),
        ]);
        let expected = vec![("plain".to_owned(), text("p")), ("auth".to_owned(), auth)];
        assert_eq!(all, Ok(expected));
        let in_the_way = vec![("/kind/x", text("s")), ("kind", text("k"))];
        assert!(
            nested(in_the_way, Encoding::Json)
                .unwrap_err()
                .to_string()
                .contains("`kind` is there already")
        );
        let form = nested(vec![("/auth/clientId", text("id"))], Encoding::Form);
        assert!(
            form.unwrap_err()
                .to_string()
                .contains("encoding = \"json\"")
        );
    }
}
