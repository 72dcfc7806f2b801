//! Tables of Resource Graph: names of columns, and rows of values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::glance::{Sort, TextOrNone, Traits};

/// The names of the columns, in order.
pub(super) type Columns = Vec<String>;

/// The texts of a row; none where a value is something else.
type Cells = Vec<Option<String>>;

/// What was seen of a table.
#[derive(Default)]
pub(super) struct TableSurvey {
    columns: Option<Columns>,
    rows: Option<Vec<Cells>>,
}

impl TableSurvey {
    /// The columns of an object that is a table, and what its rows are.
    pub(super) fn read<'de, A: MapAccess<'de>>(
        mut object: A,
    ) -> Result<Option<(Columns, Vec<Sort>)>, A::Error> {
        let mut table = Self::default();
        while let Some(key) = object.next_key::<String>()? {
            match key.as_str() {
                "columns" => table.columns = object.next_value_seed(ListOf(Names))?,
                "rows" => table.rows = object.next_value_seed(ListOf(CellsOfRow))?,
                _ => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        let (Some(columns), Some(rows)) = (table.columns, table.rows) else { return Ok(None) };
        let sorts = rows.into_iter().map(|row| sort(&columns, row)).collect();
        Ok(Some((columns, sorts)))
    }
}

fn sort(columns: &[String], row: Cells) -> Sort {
    let mut traits = Traits::default();
    for (column, cell) in columns.iter().zip(row) {
        traits.see(column, cell);
    }
    traits.sort()
}

/// A row as the object that it stands for, written as JSON.
pub(super) fn object_of_row(columns: &[String], row: &[&RawValue]) -> String {
    let mut text = String::from("{");
    for (column, cell) in columns.iter().zip(row) {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::from(column.as_str()).to_string());
        text.push(':');
        text.push_str(cell.get());
    }
    text.push('}');
    text
}

/// Reads a list of what a seed reads; none where it is no list.
struct ListOf<S>(S);

impl<'de, S: DeserializeSeed<'de> + Clone> DeserializeSeed<'de> for ListOf<S> {
    type Value = Option<Vec<S::Value>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self).map(Some)
    }
}

impl<'de, S: DeserializeSeed<'de> + Clone> Visitor<'de> for ListOf<S> {
    type Value = Vec<S::Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of a table")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element_seed(self.0.clone())? {
            all.push(one);
        }
        Ok(all)
    }
}

/// Reads the name of a column.
#[derive(Clone)]
struct Names;

impl<'de> DeserializeSeed<'de> for Names {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Names {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a column with its name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<String, A::Error> {
        let mut name = None;
        while let Some(key) = object.next_key::<String>()? {
            let value = object.next_value_seed(TextOrNone)?;
            if key == "name" {
                name = value;
            }
        }
        name.ok_or_else(|| serde::de::Error::missing_field("name"))
    }
}

/// Reads the texts of a row.
#[derive(Clone)]
struct CellsOfRow;

impl<'de> DeserializeSeed<'de> for CellsOfRow {
    type Value = Cells;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cells, D::Error> {
        deserializer.deserialize_seq(ListOf(TextOrNone))
    }
}
