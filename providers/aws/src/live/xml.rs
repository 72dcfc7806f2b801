//! The body of an answer as a tree of elements.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// EC2's own answers nest about ten deep; more is no answer of EC2.
const DEEPEST: usize = 64;

/// One element: its name without prefix, its text, what stands in it. Attributes carry nothing
/// but name spaces in EC2's answers and are not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

/// Why a body is no answer: not well-formed, cut short, or too deep.
#[derive(Debug, thiserror::Error)]
pub(super) enum XmlError {
    #[error("the answer is not well-formed XML: {0}")]
    Syntax(#[from] quick_xml::Error),
    #[error("the answer is not text in UTF-8")]
    Encoding(#[from] std::str::Utf8Error),
    #[error("the answer nests deeper than {DEEPEST} elements")]
    Deep,
    #[error("the answer uses the entity `{0}`, which XML does not define")]
    Entity(String),
    #[error("the answer ends before its elements do")]
    CutShort,
    #[error("the answer holds more than one outermost element")]
    Roots,
}

/// Reads a body, which must hold exactly one outermost element.
pub(super) fn parse(body: &[u8]) -> Result<Element, XmlError> {
    let mut reader = Reader::from_str(std::str::from_utf8(body)?);
    // The document itself is the bottom of the stack, so that the root is a child like any other.
    let mut above: Vec<Element> = Vec::new();
    let mut current = Element::default();
    loop {
        match reader.read_event()? {
            Event::Start(start) => {
                if above.len() >= DEEPEST {
                    return Err(XmlError::Deep);
                }
                above.push(std::mem::replace(&mut current, named(start.local_name().as_ref())));
            }
            Event::End(_) => {
                let parent = above.pop().ok_or(XmlError::CutShort)?;
                let child = std::mem::replace(&mut current, parent);
                current.children.push(child);
            }
            Event::Empty(empty) => current.children.push(named(empty.local_name().as_ref())),
            Event::Text(text) => current.text.push_str(&text.xml10_content()),
            Event::CData(text) => current.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                if let Some(character) = reference.resolve_char_ref()? {
                    current.text.push(character);
                } else {
                    let text = resolve_predefined_entity(&reference)
                        .ok_or_else(|| XmlError::Entity(reference.to_string()))?;
                    current.text.push_str(text);
                }
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    let root = current.children.pop().ok_or(XmlError::CutShort)?;
    if !above.is_empty() {
        return Err(XmlError::CutShort);
    }
    if !current.children.is_empty() {
        return Err(XmlError::Roots);
    }
    Ok(root)
}

fn named(name: &str) -> Element {
    Element { name: name.to_owned(), ..Element::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_text_and_references_are_read() {
        let root = parse(
            b"<?xml version=\"1.0\"?>\n<a xmlns=\"urn:x\"><b>1 &lt; 2 &#38; 3</b><c/><d><![CDATA[<&>]]></d></a>",
        )
        .unwrap();
        assert_eq!(root.name, "a");
        let [b, c, d] = root.children.as_slice() else { panic!("{root:?}") };
        assert_eq!((b.name.as_str(), b.text.as_str()), ("b", "1 < 2 & 3"));
        assert_eq!(c, &named("c"));
        assert_eq!(d.text, "<&>");
    }

    #[test]
    fn a_body_cut_short_is_an_error() {
        for body in ["", "<a>", "<a><b></b>", "<a><b", "text only", "<a>&", "<a></b>"] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn two_roots_depth_and_foreign_entities_are_errors() {
        assert!(parse(b"<a/><b/>").is_err());
        assert!(parse("<a>".repeat(100_000).as_bytes()).is_err());
        assert!(matches!(parse(b"<a>&boom;</a>"), Err(XmlError::Entity(_))));
        assert!(matches!(parse(b"<a>\xff</a>"), Err(XmlError::Encoding(_))));
    }
}
