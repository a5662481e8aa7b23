//! Reads XML as a document that JSON pointers can address.
//! An element is an object of its children by local name, a list where a name repeats, or a string if it has only text.
//! Attributes are `@name`; text beside children or attributes is `#text`; the root's name is a pointer's first step.

use roxmltree::{Document, Node};
use serde_json::{Map, Value};

use crate::wire::document::Unreadable;

/// No answer needs a deeper element, and a hostile answer must not exhaust the stack.
const DEEPEST: usize = 64;

/// Refuses a document type, and with it every entity that the document defines.
pub(crate) fn read(text: &str) -> Result<Value, Unreadable> {
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    if is_deep(text) {
        return Err(Unreadable::Syntax);
    }
    let document = Document::parse(text.trim_start()).map_err(|_| Unreadable::Syntax)?;
    let root = document.root_element();
    let mut out = Map::new();
    out.insert(root.tag_name().name().to_owned(), element(root));
    Ok(Value::Object(out))
}

/// Counts before the recursive parser runs; more than one unclosed tag counts as deep.
fn is_deep(text: &str) -> bool {
    let mut depth = 0usize;
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        if let Some(data) = after.strip_prefix("![CDATA[") {
            rest = data.split_once("]]>").map_or("", |(_, after)| after);
            continue;
        }
        let (tag, behind) = after.split_once('>').unwrap_or((after, ""));
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with(['!', '?']) && !tag.ends_with('/') {
            depth += 1;
        }
        if depth > DEEPEST {
            return true;
        }
        rest = behind;
    }
    false
}

fn element(node: Node<'_, '_>) -> Value {
    let text: String = node
        .children()
        .filter(Node::is_text)
        .filter_map(|child| child.text())
        .collect();
    let mut members = Map::new();
    for attribute in node.attributes() {
        let name = format!("@{}", attribute.name());
        members.insert(name, Value::from(attribute.value()));
    }
    for child in node.children().filter(Node::is_element) {
        let value = element(child);
        match members.entry(child.tag_name().name()) {
            serde_json::map::Entry::Vacant(entry) => {
                entry.insert(value);
            }
            serde_json::map::Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(items) => items.push(value),
                first => *first = Value::Array(vec![first.take(), value]),
            },
        }
    }
    if members.is_empty() {
        return Value::from(text.trim());
    }
    if !text.trim().is_empty() {
        members.insert("#text".to_owned(), Value::from(text.trim()));
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn xml_is_addressed_like_json() {
        let cases = [
            (
                r#"<?xml version="1.0" encoding="utf-8"?>
                <r:Response xmlns:r="urn:x"><Token type="jwt"> a.b </Token><Expires>60</Expires><i>1</i><i>2</i><i>3</i><e/></r:Response>"#,
                json!({"Response": {
                    "Token": {"@type": "jwt", "#text": "a.b"}, "Expires": "60", "i": ["1", "2", "3"], "e": "",
                }}),
            ),
            ("<t><![CDATA[a<b]]>&amp;&#x41;</t>", json!({"t": "a<b&A"})),
            ("\n<t>a</t>\n", json!({"t": "a"})),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn broken_and_hostile_xml_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        let unclosed = "<a>".repeat(100_000);
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY c SYSTEM "file:///etc/passwd">]><a>&b;&c;</a>"#;
        for text in [
            deep.as_str(),
            &unclosed,
            bomb,
            "<a>",
            "<a></b>",
            "a",
            "{\"a\":1}",
            "<a>&nbsp;</a>",
            "<a/><b/>",
        ] {
            assert_eq!(read(text), Err(Unreadable::Syntax), "{text:.40}");
        }
        assert_eq!(read(" "), Err(Unreadable::Empty));
    }
}
