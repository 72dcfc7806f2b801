//! Texts that are not read as JSON: beginnings of documents, and documents that are broken.

use crate::kind::{Kind, arm_type_of_id};

/// Whether a text begins as a document of Azure does.
pub(super) fn is_of_azure(text: &str) -> bool {
    let members = members(text);
    let starts_list = text.trim_start().starts_with('[');
    let is_told = |member: &Member<'_>| {
        let is_listed = starts_list || matches!(member.top, "value" | "data");
        let is_within =
            member.depth > 1 && WITHIN.iter().any(|key| key.eq_ignore_ascii_case(member.top));
        (is_listed || is_within || member.depth == 1) && member.is_of_azure()
    };
    let has_top = |key: &str| members.iter().any(|member| member.depth == 1 && member.key == key);
    let is_empty_page = has_top("value") && members.iter().all(|member| member.depth == 1);
    let of_tags = ["cloud", "changeNumber"].iter().any(|key| has_top(key));
    let of_graph = ["totalRecords", "total_records", "skip_token", "$skipToken"];
    let is_of_graph = of_graph.iter().any(|key| has_top(key));
    members.iter().any(is_told)
        || is_empty_page && starts_list_of(text, "value")
        || has_top("values") && of_tags
        || has_top("data") && is_of_graph
}

/// Keys of one resource alone, below which parts of it tell that it is Azure's. `az` writes keys
/// in order, so that these may stand before the id for longer than a beginning is.
const WITHIN: [&str; 6] = [
    "properties",
    "backendAddressPools",
    "defaultSecurityRules",
    "frontendIPConfigurations",
    "ipConfigurations",
    "subnets",
];

/// Whether the value of the first key is a list, as far as the text goes.
fn starts_list_of(text: &str, key: &str) -> bool {
    let value = text.split_once(&format!("\"{key}\"")).map(|(_, rest)| rest.trim_start());
    let value = value.and_then(|rest| rest.strip_prefix(':')).map(str::trim_start);
    value.is_some_and(|value| value.starts_with('['))
}

/// The kinds of the elements of a text that is no JSON, as far as they are told.
pub(super) fn kinds(text: &str) -> Vec<Kind> {
    let starts_list = text.trim_start().starts_with('[');
    let is_of_an_element = |member: &Member<'_>| match member.top {
        _ if starts_list => member.depth == 2,
        "value" | "data" => member.depth == 3,
        _ => member.depth == 1,
    };
    let members = members(text);
    let of_elements = || members.iter().filter(|member| is_of_an_element(member));
    // An answer has keys that resources have too, and no id.
    let are_resources =
        of_elements().any(|member| member.answer().is_none() && member.is_of_azure());
    let told = of_elements().filter(|member| !are_resources || member.answer().is_none());
    let mut kinds: Vec<Kind> = told.filter_map(Member::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// A member of an object of the text.
struct Member<'a> {
    /// How many objects and lists it stands in, from 1.
    depth: usize,
    /// The key of the top level that it stands under, or that it is.
    top: &'a str,
    key: &'a str,
    /// The value, where it is a text without escapes.
    value: &'a str,
}

impl Member<'_> {
    fn is_of_azure(&self) -> bool {
        match self.key.to_ascii_lowercase().as_str() {
            "type" => {
                let mut parts = self.value.split('/');
                let space = parts.next().is_some_and(|space| space.contains('.'));
                space && parts.next().is_some() && is_of_microsoft(self.value)
            }
            "id" => self.value.starts_with('/') && arm_type_of_id(self.value).is_some(),
            _ => self.answer().is_some(),
        }
    }

    fn kind(&self) -> Option<Kind> {
        match self.key.to_ascii_lowercase().as_str() {
            "type" => Kind::from_arm_type(self.value),
            "id" => Kind::from_id(self.value),
            _ => self.answer(),
        }
    }

    /// The answer that has this key.
    fn answer(&self) -> Option<Kind> {
        match self.key {
            "effectiveSecurityRules" => Some(Kind::EffectiveNetworkSecurityGroups),
            "hasBgpOverride" | "nextHopType" | "nextHopIpAddress" => {
                Some(Kind::EffectiveRouteTables)
            }
            "ruleCollectionAppliesToGroups" => Some(Kind::SecurityAdminRules),
            _ => None,
        }
    }
}

fn is_of_microsoft(arm_type: &str) -> bool {
    const MICROSOFT: &str = "microsoft.";
    arm_type.get(..MICROSOFT.len()).is_some_and(|space| space.eq_ignore_ascii_case(MICROSOFT))
}

/// The members of all objects, as far as they can be read.
fn members(text: &str) -> Vec<Member<'_>> {
    let mut found: Vec<Member<'_>> = Vec::new();
    let (mut depth, mut top) = (0_usize, "");
    let mut rest = text;
    while let Some(at) = rest.find(['"', '{', '[', '}', ']']) {
        let (_, from) = rest.split_at(at);
        let (sign, behind) = from.split_at(1);
        rest = behind;
        match sign {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {
                let Some((key, behind)) = split_string(rest) else { break };
                rest = behind;
                let Some(value) = behind.trim_start().strip_prefix(':') else { continue };
                if depth == 1 {
                    top = key;
                }
                let value = value.trim_start().strip_prefix('"').and_then(split_string);
                let value = value.map_or("", |(value, behind)| {
                    rest = behind;
                    value
                });
                found.push(Member { depth, top, key, value });
            }
        }
    }
    found
}

/// A string, from behind its opening quote, and what stands behind its closing one.
fn split_string(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let ends = |&(_, byte): &(usize, u8)| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    };
    let at = text.bytes().enumerate().find(ends).map(|(at, _)| at)?;
    let (string, behind) = text.split_at(at);
    Some((string, behind.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIC: &str =
        "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/networkInterfaces/n";

    #[test]
    fn a_document_begins_with_what_is_azures() {
        for text in [
            format!("{{\"value\": [{{\"name\": \"n\", \"id\": \"{NIC}\", \"pro"),
            format!("[{{\"id\": \"{NIC}\""),
            "[{\"type\": \"microsoft.compute/virtualmachines\"".to_owned(),
            format!("{{\"defaultSecurityRules\": [{{\"id\": \"{NIC}\""),
            "{\"count\": 1, \"total_records\": 4, \"data\": [".to_owned(),
            "{\"value\": [".to_owned(),
            "{\"changeNumber\": 1, \"cloud\": \"Public\", \"values\": [".to_owned(),
            "{\"value\": [{\"effectiveSecurityRules\": [".to_owned(),
            "[{\"addressPrefix\": [\"10.0.0.0/8\"], \"hasBgpOverride\": false".to_owned(),
        ] {
            assert!(is_of_azure(&text), "{text}");
        }
    }

    #[test]
    fn other_texts_do_not() {
        for text in [
            "",
            "{",
            "[1, 2]",
            "{\"SecurityGroups\": [{\"GroupId\": \"sg-1\"}]}",
            "{\"value\": 3}",
            "{\"value\": [{\"id\": \"x\"}]}",
            "{\"type\": \"a/b\"}",
            "{\"items\": [{\"id\": \"https://x/providers/a/b/c\"}]}",
            "{\"data\": {\"Vpcs\": []}}",
        ] {
            assert!(!is_of_azure(text), "{text}");
        }
        let state = format!("{{\"version\": 4, \"resources\": [{{\"id\": \"{NIC}\"");
        assert!(!is_of_azure(&state), "of another tool");
    }

    #[test]
    fn the_kind_of_a_broken_list_is_that_of_its_elements() {
        let page = format!("{{\"value\": [{{\"id\": \"{NIC}\", \"subnets\": [{{\"id\": \"/sub");
        assert_eq!(kinds(&page), [Kind::NetworkInterfaces]);
        assert_eq!(kinds(&format!("[{{\"id\": \"{NIC}\"}}, {{\"id\"")), [Kind::NetworkInterfaces]);
        assert_eq!(kinds(&format!("{{\"id\": \"{NIC}\", \"x\": ")), [Kind::NetworkInterfaces]);
        let nested =
            format!("{{\"value\": [{{\"properties\": {{\"interface\": {{\"id\": \"{NIC}\"");
        assert_eq!(kinds(&nested), [], "of a part of the element");
        let routes = "[{\"id\": \"/x/providers/Microsoft.Network/routeTables/t/routes/r\", \"nextHopType\": \"None\", ";
        assert_eq!(kinds(routes), [], "of a table, not effective ones");
        assert_eq!(kinds("{\"value\": [{\"nextHopType\": \""), [Kind::EffectiveRouteTables]);
        assert_eq!(kinds("{\"a\\"), []);
    }
}
