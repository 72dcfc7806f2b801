//! The body of an EC2 answer, read into the same types as recordings are.
//!
//! The SDK's own types cannot be written out, and they leave away what they do not know. So the
//! SDK asks, signs, repeats and turns the pages, and the body that it has read is read once more
//! here: a serde deserializer over its elements. What our types have no field for is listed.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, de::DeserializeOwned, forward_to_deserialize_any};
use serde_json::Value;

use super::names;
use super::xml::Element;
use crate::kind::Kind;
use crate::raw::irrelevant::is_irrelevant;

/// Elements that no field of our types took and that may matter, as paths of element names without
/// positions: `vpcSet/item/fooBar`.
pub(super) type Lacking = BTreeSet<String>;

/// Reads the list in `element`, each entry as a `T`, and writes it as our documents have it.
pub(super) fn list<T: DeserializeOwned + Serialize>(
    kind: Kind,
    element: &Element,
    lacking: &mut Lacking,
) -> Result<Vec<Value>, Error> {
    let entries: Vec<T> = read(kind, element, lacking)?;
    entries.iter().map(|entry| serde_json::to_value(entry).map_err(Error::custom)).collect()
}

/// Reads the object in `element` as a `T`, and writes it as our documents have it.
pub(super) fn object<T: DeserializeOwned + Serialize>(
    kind: Kind,
    element: &Element,
    lacking: &mut Lacking,
) -> Result<Vec<Value>, Error> {
    let object: T = read(kind, element, lacking)?;
    Ok(vec![serde_json::to_value(object).map_err(Error::custom)?])
}

fn read<T: DeserializeOwned>(
    kind: Kind,
    element: &Element,
    lacking: &mut Lacking,
) -> Result<T, Error> {
    let found = RefCell::new(Lacking::new());
    let path = Path { element: &element.name, field: "", above: None };
    let value = T::deserialize(Place { kind, element, path: &path, lacking: &found })?;
    lacking.extend(found.into_inner());
    Ok(value)
}

/// The names from the list of an answer down to one element.
struct Path<'a> {
    element: &'a str,
    /// What the CLI calls it; nothing for the list itself and for an entry of a list.
    field: &'a str,
    above: Option<&'a Path<'a>>,
}

impl Path<'_> {
    /// `vpcSet/item/fooBar`
    fn elements(&self) -> String {
        match self.above {
            Some(above) => format!("{}/{}", above.elements(), self.element),
            None => self.element.to_owned(),
        }
    }

    /// `Entries.PortRange`, as the documents have it.
    fn fields(&self) -> String {
        let above = self.above.map(Path::fields).unwrap_or_default();
        match (above.is_empty(), self.field.is_empty()) {
            (true, _) => self.field.to_owned(),
            (false, true) => above,
            (false, false) => format!("{above}.{}", self.field),
        }
    }
}

/// An element with its place, to be read as whatever the type asks for.
#[derive(Clone, Copy)]
struct Place<'a> {
    kind: Kind,
    element: &'a Element,
    path: &'a Path<'a>,
    lacking: &'a RefCell<Lacking>,
}

impl<'a> Place<'a> {
    /// An element that no field takes is written down, unless it is empty: an empty list or text
    /// decides nothing, whatever it is of.
    fn lack(&self, element: &Element) {
        if element.children.is_empty() && element.text.trim().is_empty() {
            return;
        }
        let name = &element.name;
        let above = self.path.fields();
        let field = |name: &str| {
            if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
        };
        if !names::cli_names(name).any(|name| is_irrelevant(self.kind, &field(&name))) {
            self.lacking.borrow_mut().insert(format!("{}/{name}", self.path.elements()));
        }
    }

    fn below(&self, element: &'a Element, path: &'a Path<'a>) -> Place<'a> {
        Place { element, path, ..*self }
    }
}

impl<'de> Deserializer<'de> for Place<'_> {
    type Error = Error;

    /// Numbers and booleans come as text: our fields read them from it, and keep a bad one.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.element.children.is_empty() {
            visitor.visit_str(&self.element.text)
        } else {
            let place = self.path.elements();
            self.deserialize_seq(visitor)
                .map_err(|error| Error::custom(format!("`{place}`: {error}")))
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// The `item`s: EC2 has no other form of list.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        for other in self.element.children.iter().filter(|child| child.name != "item") {
            self.lack(other);
        }
        visitor.visit_seq(Items { list: self, rest: self.element.children.iter() })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields::new(self, fields))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct map enum identifier ignored_any
    }
}

struct Items<'a> {
    list: Place<'a>,
    rest: std::slice::Iter<'a, Element>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(element) = self.rest.find(|child| child.name == "item") else {
            return Ok(None);
        };
        let path = Path { element: "item", field: "", above: Some(self.list.path) };
        seed.deserialize(self.list.below(element, &path)).map(Some)
    }
}

/// The elements of an object under the fields that they fill.
struct Fields<'a> {
    object: Place<'a>,
    rest: std::vec::IntoIter<(&'static str, &'a Element)>,
    next: Option<(&'static str, &'a Element)>,
}

impl<'a> Fields<'a> {
    fn new(object: Place<'a>, fields: &'static [&'static str]) -> Self {
        let mut filled: Vec<(&'static str, &'a Element)> = Vec::new();
        for child in &object.element.children {
            match names::field_of(&child.name, fields) {
                Some(field) if filled.iter().any(|(taken, _)| *taken == field) => {
                    object.lack(child);
                }
                Some(field) => filled.push((field, child)),
                None => object.lack(child),
            }
        }
        Self { object, rest: filled.into_iter(), next: None }
    }
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((field, element)) = self.rest.next() else {
            return Ok(None);
        };
        self.next = Some((field, element));
        seed.deserialize(StrDeserializer::<Error>::new(field)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let (field, element) =
            self.next.take().ok_or_else(|| Error::custom("a value without its key"))?;
        let path = Path { element: &element.name, field, above: Some(self.object.path) };
        seed.deserialize(self.object.below(element, &path))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::live::xml;
    use crate::raw;

    fn read_list<T: DeserializeOwned + Serialize>(kind: Kind, body: &str) -> (Value, Vec<String>) {
        let mut lacking = Lacking::new();
        let entries = list::<T>(kind, &xml::parse(body.as_bytes()).unwrap(), &mut lacking).unwrap();
        (Value::Array(entries), lacking.into_iter().collect())
    }

    #[test]
    fn an_answer_reads_as_the_cli_prints_it() {
        let (acls, lacking) = read_list::<raw::NetworkAcl>(
            Kind::NetworkAcls,
            "<networkAclSet><item><networkAclId>acl-1</networkAclId><vpcId>vpc-1</vpcId>
               <default>true</default><associationSet/><tagSet/>
               <entrySet><item><ruleNumber>100</ruleNumber><protocol>6</protocol>
                 <ruleAction>allow</ruleAction><egress>false</egress><cidrBlock>0.0.0.0/0</cidrBlock>
                 <portRange><from>443</from><to>443</to></portRange></item></entrySet>
             </item></networkAclSet>",
        );
        assert_eq!(
            acls,
            json!([{
                "NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true,
                "Associations": [], "Tags": [],
                "Entries": [{"RuleNumber": 100, "Protocol": "6", "RuleAction": "allow",
                    "Egress": false, "CidrBlock": "0.0.0.0/0",
                    "PortRange": {"From": 443, "To": 443}}],
            }])
        );
        assert_eq!(lacking, Vec::<String>::new());
    }

    #[test]
    fn what_no_field_takes_is_listed_once_without_positions_unless_it_is_empty() {
        let (vpcs, lacking) = read_list::<raw::Vpc>(
            Kind::Vpcs,
            "<vpcSet><item><vpcId>vpc-1</vpcId><fooBar>1</fooBar><empty/></item>
               <item><fooBar><deep/></fooBar><cidrBlockAssociationSet><item><odd>1</odd></item>
               <row>1</row></cidrBlockAssociationSet></item></vpcSet>",
        );
        assert_eq!(vpcs, json!([{"VpcId": "vpc-1"}, {"CidrBlockAssociationSet": [{}]}]));
        assert_eq!(
            lacking,
            [
                "vpcSet/item/cidrBlockAssociationSet/item/odd",
                "vpcSet/item/cidrBlockAssociationSet/row",
                "vpcSet/item/fooBar",
            ]
        );
    }

    #[test]
    fn the_same_element_twice_is_listed_and_the_first_holds() {
        let (vpcs, lacking) = read_list::<raw::Vpc>(
            Kind::Vpcs,
            "<vpcSet><item><vpcId>a</vpcId><vpcId>b</vpcId></item></vpcSet>",
        );
        assert_eq!(vpcs, json!([{"VpcId": "a"}]));
        assert_eq!(lacking, ["vpcSet/item/vpcId"]);
    }

    #[test]
    fn a_bad_number_stays_visible_and_a_list_for_a_text_is_an_error() {
        let (acls, _) = read_list::<raw::NetworkAclEntry>(
            Kind::NetworkAcls,
            "<entrySet><item><ruleNumber>many</ruleNumber></item></entrySet>",
        );
        assert_eq!(acls, json!([{"RuleNumber": "many"}]));
        let body = xml::parse(b"<vpcSet><item><vpcId><item/></vpcId></item></vpcSet>").unwrap();
        let error = list::<raw::Vpc>(Kind::Vpcs, &body, &mut Lacking::new()).unwrap_err();
        assert!(error.to_string().contains("vpcSet/item/vpcId"), "{error}");
    }

    #[test]
    fn an_unknown_word_of_an_enumeration_stays_as_it_is() {
        let (vpcs, _) = read_list::<raw::Vpc>(
            Kind::Vpcs,
            "<vpcSet><item><instanceTenancy>underwater</instanceTenancy></item></vpcSet>",
        );
        assert_eq!(vpcs, json!([{"InstanceTenancy": "underwater"}]));
    }
}
