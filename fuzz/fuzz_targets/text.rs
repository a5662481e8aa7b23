//! Any text to be shown, and any template: nothing that a terminal obeys comes out, nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tok::facade::Secret;
use tok::facade::Template;
use tok::facade::clean;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let shown = clean(&text, 100);
    assert!(shown.chars().count() <= 101);
    assert!(!shown.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{shown:?}");
    if let Ok(template) = Template::parse(&text) {
        let rendered = template.check().map(|()| template.render(&|_| Ok(Secret::new("v"))));
        if template.names().next().is_none() && !template.has_expression() {
            assert!(rendered.is_ok_and(|rendered| rendered.is_ok()));
        }
    }
    let literal = Template::literal(&text);
    let again = Template::parse(literal.source()).expect("a literal's source reads as itself");
    let same = again.render(&|_| Ok(Secret::default())).expect("it holds no names");
    assert_eq!(same.expose(), text);
});
