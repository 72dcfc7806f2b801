use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn at(text: &str, pointer: &str) -> Option<String> {
    let found = locate(text, pointer);
    let indexed = PlaceIndex::of(text).locate(text, pointer);
    assert_eq!(found, indexed, "{pointer}");
    found.map(|span| text[span.start..span.end].to_owned())
}

#[test]
fn a_pointer_prints_as_the_rfc_writes_it() {
    let group = Pointer::root().element("SecurityGroups", 3);
    let range = group.element("IpPermissions", 17).element("IpRanges", 0).member("CidrIp");
    assert_eq!(range.to_string(), "/SecurityGroups/3/IpPermissions/17/IpRanges/0/CidrIp");
    assert_eq!(Pointer::root().name("a/b~c").index(2).to_string(), "/a~1b~0c/2");
    assert_eq!(Pointer::root().to_string(), "");
}

#[test]
fn an_origin_is_small() {
    // 60,000 of them are kept.
    assert!(size_of::<Pointer>() <= 8);
    assert!(size_of::<Origin>() <= 40);
}

#[test]
fn an_origin_prints_document_and_place() {
    let document: Arc<str> = "vpc.json".into();
    let pointer = Pointer::root().element("Vpcs", 0);
    assert_eq!(Origin::pointer(&document, pointer).to_string(), "vpc.json /Vpcs/0");
    assert_eq!(Origin::pointer(&document, Pointer::root()).to_string(), "vpc.json");
    assert_eq!(Origin::line(&document, 7).to_string(), "vpc.json:7");
    assert_eq!(Origin::implied(&document, "AWS").to_string(), "implied by AWS");
}

#[test]
fn places_are_found_in_the_text() {
    let text = "{\n \"Vpcs\": [\n  {\"VpcId\": \"a\"},\n  {\"é\": 1, \"VpcId\": \"b\"}\n ]\n}";
    assert_eq!(at(text, "/Vpcs/1/VpcId").as_deref(), Some("\"b\""));
    assert_eq!(at(text, "/Vpcs/0").as_deref(), Some("{\"VpcId\": \"a\"}"));
    assert_eq!(at(text, "").as_deref(), Some(text));
    assert_eq!(at(text, "/Vpcs/2"), None);
    assert_eq!(at(text, "/Vpcs/01"), None);
    assert_eq!(at(text, "/Vpcs/0/VpcId/x"), None);
    assert_eq!(at(text, "Vpcs"), None);
    let span = locate(text, "/Vpcs/1/VpcId").unwrap();
    assert_eq!((span.line, span.column), (4, 21));
}

#[test]
fn names_with_escapes_are_found() {
    let text = r#"{"a\/b": {"~": [1, {"\u0041": "x\"]}"}]}, "": 7, "a": [] }"#;
    assert_eq!(at(text, "/a~1b/~0/1/A").as_deref(), Some(r#""x\"]}""#));
    assert_eq!(at(text, "/").as_deref(), Some("7"));
    assert_eq!(at(text, "/a").as_deref(), Some("[]"));
    assert_eq!(at(text, "/a/0"), None);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_json() {
    assert_eq!(at("\u{feff}{\"a\": 1}", "/a").as_deref(), Some("1"));
}

#[test]
fn broken_and_deep_texts_end() {
    for text in
        ["", "{", "{\"a", "{\"a\":", "{\"a\": [1,", "[}", "]", "{\"a\\", "\"\\", "{\"a\" 1}"]
    {
        assert_eq!(at(text, "/a/1"), None, "{text}");
        let _ = pointer_at(text, text.len());
    }
    let deep = "[".repeat(1_000_000);
    assert_eq!(at(&deep, "/0/0/0"), None);
    assert_eq!(pointer_at(&deep, deep.len()), None);
    assert_eq!(at(&format!("{{\"a\":{deep}{}}}", "]".repeat(1_000_000)), "/b"), None);
}

#[test]
fn an_offset_has_a_pointer() {
    let text = r#"{"a": {"b": [true, {"c/d": "x, y"}]}, "e": 1}"#;
    let pointer = |needle: &str| pointer_at(text, text.find(needle).unwrap()).unwrap();
    assert_eq!(pointer("true"), "/a/b/0");
    assert_eq!(pointer("\"x"), "/a/b/1/c~1d");
    assert_eq!(pointer(", y"), "/a/b/1/c~1d");
    assert_eq!(pointer("1}"), "/e");
    assert_eq!(pointer_at(text, 10_000), Some(String::new()));
}

#[test]
fn an_excerpt_points_at_what_is_meant() {
    let text = "{\n  \"CidrIp\": \"10.0.0.300/8\"\n}";
    let span = locate(text, "/CidrIp").unwrap();
    assert_eq!(
        excerpt(text, span.start, span.end),
        "2 | \"CidrIp\": \"10.0.0.300/8\"\n  |           ^^^^^^^^^^^^^^"
    );
}

#[test]
fn an_excerpt_of_a_long_line_is_cut_around_the_place() {
    let text = format!("{{{}\"here\"{}}}", "a".repeat(500), "b".repeat(500));
    let start = text.find("\"here\"").unwrap();
    let shown = excerpt(&text, start, start + 6);
    let (line, carets) = shown.split_once('\n').unwrap();
    assert!(line.chars().count() < 90, "{line}");
    let place = line.split_once("\"here\"").unwrap().0.chars().count();
    assert_eq!(carets.find('^'), Some(place));
    assert!(carets.ends_with("^^^^^^"));
}

#[test]
fn an_excerpt_shows_no_control_characters() {
    let shown = excerpt("\u{1b}[31mred\u{7}", 6, 8);
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{7}'));
}

#[test]
fn the_line_of_an_origin_is_found_in_its_text() {
    let document: Arc<str> = "a.json".into();
    let text = "{\n\"Vpcs\": [\n{}]}";
    let origin = Origin::pointer(&document, Pointer::root().element("Vpcs", 0));
    assert_eq!(origin.line_in(text), Some(3));
    assert_eq!(Origin::line(&document, 9).line_in(text), Some(9));
    assert_eq!(Origin::implied(&document, "AWS").line_in(text), None);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~\n\"\\\\é{}\\[\\],:]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c~/\"\\\\é]{0,2}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every value of `value`, with its pointer.
fn all(value: &Value, pointer: &str, found: &mut Vec<(String, Value)>) {
    found.push((pointer.to_owned(), value.clone()));
    match value {
        Value::Array(list) => {
            for (index, element) in list.iter().enumerate() {
                all(element, &format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let token = name.replace('~', "~0").replace('/', "~1");
                all(member, &format!("{pointer}/{token}"), found);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn every_pointer_of_a_document_leads_to_its_value(value in json(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        };
        let index = PlaceIndex::of(&text);
        let mut places = Vec::new();
        all(&value, "", &mut places);
        for (pointer, expected) in places {
            let span = locate(&text, &pointer).unwrap();
            prop_assert_eq!(index.locate(&text, &pointer), Some(span));
            prop_assert_eq!(line_column(&text, span.start), (span.line, span.column));
            let found: Value = serde_json::from_str(&text[span.start..span.end]).unwrap();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn no_text_makes_the_scanner_fail(text in "[\\[\\]{}\":,\\\\a1 \n\u{feff}é]{0,40}", at in 0..60_usize) {
        let _ = locate(&text, "/a/1/a");
        let _ = PlaceIndex::of(&text).locate(&text, "/a/1");
        let _ = pointer_at(&text, at);
        let _ = excerpt(&text, at, at + 3);
    }
}

/// The index jumps within long lists and objects at any depth; places must be those of the plain
/// search, also on a line that holds the whole document.
#[test]
fn an_index_finds_what_a_search_finds_in_long_nested_lists() {
    let element = |n: usize| format!("{{\"Näme\": \"é{n}\", \"Ports\": [{n}, {n}]}}");
    for separator in [", ", ",\n  "] {
        let list: Vec<String> = (0..300).map(element).collect();
        let list = list.join(separator);
        let text = format!("{{\"é\": 1, \"Groups\": [{{\"Id\": 1, \"Ranges\": [{list}]}}]}}");
        let index = PlaceIndex::of(&text);
        for n in [0, 1, 150, 299] {
            for place in ["", "/Näme", "/Ports/1"] {
                let pointer = format!("/Groups/0/Ranges/{n}{place}");
                let found = index.locate(&text, &pointer);
                assert_eq!(found, locate(&text, &pointer), "{pointer}");
                let found = found.unwrap();
                let before = &text[..found.start];
                let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
                let line = before.matches('\n').count() + 1;
                assert_eq!((found.line as usize, found.column as usize), (line, column));
            }
        }
        assert_eq!(index.locate(&text, "/Groups/0/Ranges/300"), None);
    }
}
