//! Documents that are damaged: an error or a reading, never a panic.

use super::*;

/// Documents with something of everything.
fn samples() -> [String; 4] {
    let group = json!({"id": id("networkSecurityGroups/g"), "tags": {"a": "é\u{1b}\"\\"},
        "properties": {"securityRules": [{"name": "r", "properties": {"priority": "x",
            "sourceAddressPrefix": "", "odd": [{}]}}]}});
    let nic = json!({"type": "Microsoft.Network/networkInterfaces", "primary": "x",
        "ipConfigurations": [{"privateIpAddress": "10.0.0.4", "subnet": {"id": "s"}}]});
    let other = json!({"type": "Microsoft.Storage/storageAccounts"});
    let route = json!({"source": "User", "nextHopType": "None", "addressPrefix": ["::/0"],
        "tagMap": {"a": ["b"]}});
    let tag = json!({"name": "Frob", "properties": {"addressPrefixes": ["10.0.0.0/8"]}});
    let table = json!({"columns": [{"name": "type"}, {"name": "properties"}],
        "rows": [["microsoft.network/networkinterfaces", {"primary": 1, "odd": 2}]]});
    [
        json!({"value": [group, nic, other], "nextLink": "x"}).to_string(),
        json!({"value": [route], "networkInterface": {"id": "n"}}).to_string(),
        json!({"changeNumber": 1, "values": [tag]}).to_string(),
        json!({"data": table, "totalRecords": 1}).to_string(),
    ]
}

#[test]
fn no_place_to_cut_a_document_off_is_a_panic() {
    for text in samples() {
        assert!(read(&document(text.as_str())).is_ok(), "{text}");
        assert!(begins_as_document(&text), "{text}");
        for (at, _) in text.char_indices() {
            let error = error(&text[..at]);
            assert!(!error.to_string().is_empty());
            let reading = read_broken(&text[..at]);
            assert!(!reading.parts.is_empty() && reading.parts.iter().all(|part| !part.complete));
        }
    }
}

#[test]
fn deep_json_is_an_error_or_read_past() {
    let deep = "[".repeat(100_000);
    assert!(matches!(error(&deep), DocumentError::NotJson { .. }));
    let closed = format!("{deep}{}", "]".repeat(100_000));
    let own = id("networkInterfaces/n");
    assert!(read(&document(format!("{{\"id\": \"{own}\", \"odd\": {closed}}}"))).is_ok());
    assert!(read(&document(format!("{{\"id\": \"{own}\", \"primary\": {closed}}}"))).is_ok());
    let said = said(&format!("{{\"id\": \"{own}\", \"macAddress\": {closed}}}"));
    assert!(said.len() < 700, "{said}");
    assert!(matches!(error(&closed), DocumentError::NotRecognised { .. }));
}

proptest! {
    #[test]
    fn no_damage_to_a_document_is_a_panic(
        sample in 0..4_usize,
        at in 0..500_usize,
        damage in "[\\[\\]{}\":,0-9a-zA-Z\\\\\u{1b}é -]{0,4}",
        drop in 0..6_usize,
    ) {
        let mut characters: Vec<char> = samples()[sample].chars().collect();
        let at = at.min(characters.len());
        let end = (at + drop).min(characters.len());
        characters.splice(at..end, damage.chars());
        let text: String = characters.into_iter().collect();
        let _ = begins_as_document(&text);
        match read(&document(text.as_str())) {
            Ok(reading) => prop_assert!(
                !reading.parts.is_empty()
                    || !reading.other_types.is_empty()
                    || reading.nothing.is_some()
            ),
            Err(error) => {
                let escapes = error.to_string().contains('\u{1b}');
                prop_assert!(!escapes);
                prop_assert!(read_broken(&text).parts.iter().all(|part| !part.complete));
            }
        }
    }
}
