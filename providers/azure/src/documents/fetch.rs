//! Reading a document for good, once it is known what its elements are.

use std::fmt;

use cloudfw_core::Pointer;
use cloudfw_documents::Fault;
use cloudfw_documents::manifest::{Manifest, SCHEMA};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::elements::Parts;
use super::glance::Sort;
use super::survey::{List, Survey, is_owner, survey};
use super::table::object_of_row;
use super::{Nothing, OtherType, Reading};

/// How many foreign keys an error or a report names.
const NAMED_KEYS: usize = 8;

/// What would be recognised, for those who do not know it.
const KNOWN: &str = "lists and objects as `az` and Azure's REST API print them, of resources that have an ARM `type` or `id`, effective rules and routes, and service tags";

/// Reads a document's text, without a byte order mark.
pub(super) fn read(text: &str) -> Result<Reading, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::Empty);
    }
    let survey = survey(text)?;
    if let Some(schema) = survey.schema.as_ref().filter(|one| one.starts_with("cloudfw.manifest/"))
    {
        return manifest(schema, text);
    }
    if survey.instead == Some("`null`") {
        return Ok(Reading { nothing: Some(Nothing::NotYet), ..Reading::default() });
    }
    let plan = plan(&survey)?;
    let mut parts = Parts::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Top { plan: &plan, survey: &survey, parts: &mut parts }.deserialize(&mut deserializer)?;
    Ok(reading(&survey, &plan, parts))
}

fn manifest(schema: &str, text: &str) -> Result<Reading, Fault> {
    if schema != SCHEMA {
        return Err(Fault::ManifestVersion(schema.to_owned()));
    }
    let manifest: Manifest = serde_json::from_str(text)?;
    Ok(Reading { manifest: Some(manifest), ..Reading::default() })
}

/// How a document is to be read.
enum Plan {
    /// Its list.
    List(List),
    /// All of it, as one element.
    Whole(Sort),
    /// Those of its members that are resources.
    Members,
}

fn plan(survey: &Survey) -> Result<Plan, Fault> {
    if let Some(list) = survey.list {
        let is_of_azure = survey.sorts.iter().any(Sort::is_of_azure);
        if is_of_azure || survey.sorts.is_empty() {
            return Ok(Plan::List(list));
        }
        return Err(not_recognised("a list of which no element has an ARM `type` or `id`"));
    }
    let whole = survey.traits.sort();
    if whole.is_of_azure() {
        return Ok(Plan::Whole(whole));
    }
    if survey.members.iter().any(|(_, sort)| sort.is_of_azure()) {
        return Ok(Plan::Members);
    }
    let keys: Vec<&str> = survey.members.iter().map(|(key, _)| key.as_str()).collect();
    Err(match survey.instead {
        Some(instead) => not_recognised(instead),
        None => not_recognised(&describe(&keys)),
    })
}

fn not_recognised(found: &str) -> Fault {
    Fault::NotRecognised { found: found.to_owned(), known: KNOWN.to_owned() }
}

fn describe(keys: &[&str]) -> String {
    if keys.is_empty() {
        return "an object without keys".to_owned();
    }
    let named: Vec<_> =
        keys.iter().take(NAMED_KEYS).map(|key| format!("`{}`", key.escape_debug())).collect();
    let more = if keys.len() > NAMED_KEYS { " …" } else { "" };
    format!("an object with {}{more}", named.join(", "))
}

fn reading(survey: &Survey, plan: &Plan, parts: Parts) -> Reading {
    let rows = survey.sorts.len();
    let more_rows = survey.total.is_some_and(|total| total > rows) && rows > 0;
    let parts = parts.finish(!survey.more_pages && !more_rows, survey.owner.as_deref());
    let is_list = matches!(plan, Plan::List(_));
    let nothing = (is_list && rows == 0).then_some(Nothing::EmptyList);
    let (sorts, foreign): (Vec<&Sort>, Vec<&str>) = match plan {
        Plan::List(_) => (survey.sorts.iter().collect(), foreign_keys(survey, |_| true)),
        Plan::Whole(sort) => (vec![sort], Vec::new()),
        Plan::Members => {
            let resources = survey.members.iter().map(|(_, sort)| sort);
            let foreign = foreign_keys(survey, |sort| !sort.is_of_azure());
            (resources.filter(|sort| sort.is_of_azure()).collect(), foreign)
        }
    };
    let other_keys = foreign.into_iter().take(NAMED_KEYS).map(str::to_owned).collect();
    Reading { parts, manifest: None, other_keys, other_types: other_types(&sorts), nothing }
}

/// Keys of the top level that are nothing to us.
fn foreign_keys(survey: &Survey, is_foreign: fn(&Sort) -> bool) -> Vec<&str> {
    let is_list = survey.list.is_some();
    let foreign = survey.members.iter().filter(|(key, sort)| {
        let is_named = is_list && is_owner(key);
        !is_named && is_foreign(sort)
    });
    foreign.map(|(key, _)| key.as_str()).collect()
}

fn other_types(sorts: &[&Sort]) -> Vec<OtherType> {
    let mut types: Vec<OtherType> = Vec::new();
    for sort in sorts {
        let arm_type = match sort {
            Sort::Other(arm_type) => arm_type.as_str(),
            Sort::Unknown => "",
            Sort::Known(_) | Sort::NoObject => continue,
        };
        match types.iter_mut().find(|other| other.arm_type == arm_type) {
            Some(other) => other.count += 1,
            None => types.push(OtherType { arm_type: arm_type.to_owned(), count: 1 }),
        }
    }
    types
}

struct Top<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    parts: &'a mut Parts,
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.plan {
            Plan::Whole(Sort::Known(kind)) => match self.parts.next(*kind, Pointer::root()) {
                Some(next) => next.deserialize(deserializer),
                None => Ok(()),
            },
            Plan::Whole(_) => IgnoredAny::deserialize(deserializer).map(|_| ()),
            Plan::List(List::Bare) => {
                let Self { survey, parts, .. } = self;
                deserializer.deserialize_seq(Listed { survey, parts, key: None })
            }
            Plan::List(_) | Plan::Members => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self { plan, survey, parts } = self;
        let mut members = survey.members.iter();
        while let Some(key) = object.next_key::<String>()? {
            match (plan, key.as_str()) {
                (Plan::List(List::Value), "value") => {
                    object.next_value_seed(Listed { survey, parts, key: Some("value") })?;
                }
                (Plan::List(List::Data), "data") => {
                    object.next_value_seed(Listed { survey, parts, key: Some("data") })?;
                }
                (Plan::List(List::Table), "data") => {
                    object.next_value_seed(Table { survey, parts })?;
                }
                (Plan::Members, _) => {
                    let sort = members.find(|(member, _)| *member == key).map(|(_, sort)| sort);
                    let pointer = Pointer::root().name(&key);
                    let next = match sort {
                        Some(Sort::Known(kind)) => parts.next(*kind, pointer),
                        _ => None,
                    };
                    match next {
                        Some(next) => object.next_value_seed(next)?,
                        None => object.next_value::<IgnoredAny>().map(|_| ())?,
                    }
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Reads the elements of a list.
struct Listed<'a> {
    survey: &'a Survey,
    parts: &'a mut Parts,
    /// That it stands under.
    key: Option<&'static str>,
}

impl<'de> DeserializeSeed<'de> for Listed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Listed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of resources")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let root = Pointer::root();
        for (index, sort) in self.survey.sorts.iter().enumerate() {
            let pointer = || match self.key {
                Some(key) => root.element(key, index),
                None => root.index(index),
            };
            let next = match sort {
                Sort::Known(kind) => self.parts.next(*kind, pointer()),
                _ => None,
            };
            match next {
                Some(next) => list.next_element_seed(next)?,
                None if *sort == Sort::NoObject => list.next_element_seed(NoResource)?,
                None => list.next_element::<IgnoredAny>()?.map(|_| ()),
            };
        }
        // The survey has seen all of them; the list has to be read to its end.
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Fails for what is no object, with its place.
struct NoResource;

impl<'de> DeserializeSeed<'de> for NoResource {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for NoResource {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the object of a resource")
    }
}

/// Reads the rows of a table.
struct Table<'a> {
    survey: &'a Survey,
    parts: &'a mut Parts,
}

impl<'de> DeserializeSeed<'de> for Table<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Table<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<String>()? {
            if key != "rows" {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            let rows: Vec<Vec<&RawValue>> = object.next_value()?;
            for (index, (row, sort)) in rows.iter().zip(&self.survey.sorts).enumerate() {
                if let Err(error) = self.row(index, row, sort) {
                    return Err(A::Error::custom(format!("row {index} of the table: {error}")));
                }
            }
        }
        Ok(())
    }
}

impl Table<'_> {
    fn row(&mut self, index: usize, row: &[&RawValue], sort: &Sort) -> serde_json::Result<()> {
        let Sort::Known(kind) = sort else { return Ok(()) };
        let columns = &self.survey.columns;
        let pointer = Pointer::root().member("data").element("rows", index);
        let Some(mut next) = self.parts.next(*kind, pointer) else { return Ok(()) };
        next.column = columns.iter().position(|column| column.eq_ignore_ascii_case("properties"));
        let text = object_of_row(columns, row);
        next.deserialize(&mut serde_json::Deserializer::from_str(&text))
    }
}
