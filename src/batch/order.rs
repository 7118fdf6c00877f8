//! The order of a list: as it was written, or by people's names.
//!
//! Owns which fields of a contract hold the names (`x-name-order`) and the keys that sort them, so that certificates, the
//! decision, its list and the award book stand in one order. Numbers of records stay those of the list.

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::say;
use crate::template::contract::Contract;
use crate::vietnamese::name::{SortKey, ToneOrder};

/// What a batch asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Order {
    /// As in the data file.
    #[default]
    List,
    /// By tên, then đệm, then họ.
    Name,
}

impl Order {
    /// Reads `danh-sach` or `ten`.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        match text {
            "danh-sach" => Ok(Self::List),
            "ten" => Ok(Self::Name),
            _ => Err(Diagnostic::error("order-unknown", say!("không có cách sắp xếp này", "no such order")).with_value(text).remedy(say!(
                "chọn “danh-sach” (như trong danh sách) hoặc “ten” (theo tên, đệm, họ)",
                "choose `danh-sach` (as in the list) or `ten` (by given name, middle name, surname)"
            ))),
        }
    }
}

/// Where a record, or the row of a table, has its name.
#[derive(Debug)]
struct Names {
    field: String,
    /// A field whose values part the list, as the decision does: collectives, persons, families.
    group: Option<String>,
    groups: Vec<String>,
    /// The groups whose names are those of persons; the others are sorted word by word.
    people: Vec<String>,
}

/// The place of a record in the sorted list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(usize, SortKey, String);

/// How the records of a template, and the tables in them, are put into the order of names.
#[derive(Debug)]
pub struct NameOrder {
    record: Option<Names>,
    tables: Vec<(String, Names)>,
    tones: ToneOrder,
}

impl NameOrder {
    /// Reads the annotations of a contract; one without any has no list of names.
    pub fn of(template: &str, contract: &Contract, tones: ToneOrder) -> Result<Self, Diagnostic> {
        let properties = contract.schema.get("properties").and_then(Value::as_object);
        let tables: Vec<(String, Names)> = properties
            .into_iter()
            .flatten()
            .filter_map(|(name, property)| Some((name.clone(), Names::read(property.get("items")?)?)))
            .collect();
        let order = Self { record: Names::read(&contract.schema), tables, tones };
        if order.record.is_none() && order.tables.is_empty() {
            return Err(Diagnostic::error(
                "order-template",
                say!("mẫu “{template}” không có danh sách tên để sắp xếp", "template `{template}` has no list of names to sort"),
            )
            .remedy(say!("bỏ “order”", "leave `order` out")));
        }
        Ok(order)
    }

    /// The place of a record in the list; equal for all when the template's list is a table inside one record.
    pub fn key(&self, record: &Map<String, Value>) -> Key {
        self.record.as_ref().map_or_else(|| Key(0, SortKey::new("", self.tones), String::new()), |names| names.key(record, self.tones))
    }

    /// Sorts the rows of the tables that hold names; rows alike stay in their order.
    pub fn sort_tables(&self, record: &mut Map<String, Value>) {
        for (table, names) in &self.tables {
            if let Some(Value::Array(rows)) = record.get_mut(table) {
                rows.sort_by_cached_key(|row| row.as_object().map(|row| names.key(row, self.tones)));
            }
        }
    }
}

impl Names {
    fn read(schema: &Value) -> Option<Self> {
        let annotation = schema.get("x-name-order")?;
        let texts = |key: &str| -> Vec<String> {
            let values = annotation.get(key).and_then(Value::as_array);
            values.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let text = |key: &str| annotation.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self { field: text("field")?, group: text("group"), groups: texts("groups"), people: texts("people") })
    }

    fn key(&self, record: &Map<String, Value>, tones: ToneOrder) -> Key {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = text(&self.field);
        let Some(group) = self.group.as_deref().map(text) else {
            return Key(0, SortKey::new(name, tones), name.to_owned());
        };
        let rank = self.groups.iter().position(|known| known == group).unwrap_or(self.groups.len());
        let is_person = self.people.iter().any(|known| known == group);
        let key = if is_person { SortKey::new(name, tones) } else { SortKey::of_text(name, tones) };
        Key(rank, key, name.to_owned())
    }
}
