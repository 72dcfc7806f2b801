//! The first look at a document: how it is laid out, and what its elements are.
//!
//! What a resource is may stand behind all that it holds, so that the kind of an element is known
//! only when all of it was seen. A document is therefore read twice: this time past everything
//! but types and ids, which is quick, and then for good.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::glance::{Glance, Sort, TextOrNone, Traits};
use super::table::{Columns, TableSurvey};

/// Where the list of a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// It is the document.
    Bare,
    /// Under `value`.
    Value,
    /// Under `data`.
    Data,
    /// Under `data`, as a table.
    Table,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Where the list is, where there is one.
    pub(super) list: Option<List>,
    /// What its elements are, in order.
    pub(super) sorts: Vec<Sort>,
    /// The columns of a table.
    pub(super) columns: Columns,
    /// What the document itself is.
    pub(super) traits: Traits,
    /// Keys of the top level that are none of a list's, and what stands there.
    pub(super) members: Vec<(String, Sort)>,
    /// Whether a token says that there are further pages.
    pub(super) more_pages: bool,
    /// How many rows there are in all, on other pages too.
    pub(super) total: Option<usize>,
    /// The id of the resource that was asked about.
    pub(super) owner: Option<String>,
    /// The value of `schema`.
    pub(super) schema: Option<String>,
    /// What the top level is, where it is neither object nor list.
    pub(super) instead: Option<&'static str>,
}

/// Looks at a text, without a byte order mark.
pub(super) fn survey(text: &str) -> Result<Survey, serde_json::Error> {
    let mut survey = Survey::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Top(&mut survey).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(survey)
}

/// Of pages, or told again by the list.
fn is_of_a_page(key: &str) -> bool {
    matches!(key, "count" | "facets" | "@odata.context" | "$schema")
}

/// Says that there are further pages.
fn is_token(key: &str) -> bool {
    matches!(
        key,
        "nextLink"
            | "@odata.nextLink"
            | "odata.nextLink"
            | "$skipToken"
            | "skipToken"
            | "skip_token"
            | "resultTruncated"
            | "result_truncated"
    )
}

/// Names the resource that was asked about.
pub(super) fn is_owner(key: &str) -> bool {
    matches!(key, "networkInterface" | "virtualNetwork")
}

struct Top<'a>(&'a mut Survey);

impl Top<'_> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        object: &mut A,
    ) -> Result<(), A::Error> {
        let Self(survey) = self;
        match key {
            "value" | "data" => {
                if survey.list.is_some() {
                    return Err(A::Error::custom(format!("`{key}` is a second list")));
                }
                let is_data = key == "data";
                if !object.next_value_seed(ListSurvey { survey, is_data })? {
                    survey.members.push((key.to_owned(), Sort::NoObject));
                }
            }
            "totalRecords" | "total_records" => {
                let total = object.next_value_seed(TextOrNone)?;
                survey.total = total.and_then(|total| total.parse().ok());
            }
            "schema" => {
                survey.schema = object.next_value_seed(TextOrNone)?;
                survey.members.push((key.to_owned(), Sort::NoObject));
            }
            key if is_token(key) => {
                let token = object.next_value_seed(TextOrNone)?;
                survey.more_pages |= token.is_some_and(|token| !matches!(&*token, "" | "false"));
            }
            key if is_of_a_page(key) => {
                object.next_value::<IgnoredAny>()?;
            }
            key if Traits::tells(key) => {
                let value = object.next_value_seed(TextOrNone)?;
                survey.traits.see(key, value);
                survey.members.push((key.to_owned(), Sort::NoObject));
            }
            _ => {
                let seen = object.next_value_seed(Glance)?;
                survey.traits.see(key, None);
                if is_owner(key) {
                    survey.owner = seen.as_ref().and_then(Traits::id).map(str::to_owned);
                }
                survey.members.push((key.to_owned(), Sort::of(seen.as_ref())));
            }
        }
        Ok(())
    }

    fn instead<E>(self, instead: &'static str) -> Result<(), E> {
        self.0.instead = Some(instead);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<String>()? {
            self.member(&key, &mut object)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.0.list = Some(List::Bare);
        self.0.sorts = sorts(list)?;
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.instead("a string")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.instead("a boolean")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.instead("a number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.instead("a number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.instead("a number")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.instead("`null`")
    }
}

fn sorts<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Vec<Sort>, A::Error> {
    let mut sorts = Vec::new();
    while let Some(traits) = list.next_element_seed(Glance)? {
        sorts.push(Sort::of(traits.as_ref()));
    }
    Ok(sorts)
}

/// Looks at the value of `value` or `data`; gives whether it is a list.
struct ListSurvey<'a> {
    survey: &'a mut Survey,
    is_data: bool,
}

impl<'de> DeserializeSeed<'de> for ListSurvey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListSurvey<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<bool, A::Error> {
        self.survey.list = Some(if self.is_data { List::Data } else { List::Value });
        self.survey.sorts = sorts(list)?;
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<bool, A::Error> {
        let table = TableSurvey::read(object)?;
        let Some((columns, sorts)) = table.filter(|_| self.is_data) else { return Ok(false) };
        self.survey.list = Some(List::Table);
        (self.survey.columns, self.survey.sorts) = (columns, sorts);
        Ok(true)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }
}
