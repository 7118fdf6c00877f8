//! The data contract of a template: what one record must hold, read from its `contract.json`.
//!
//! Owns the fields as a clerk sees them (titles, aliases, kinds, choices) and the compiled JSON Schema. Matching a
//! spreadsheet's columns to the fields is `data`'s work; turning schema errors into sentences is [`super::validate`]'s.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Place};
use crate::say;

/// How text of a field becomes a value, and how a clerk is told to write it.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Plain text.
    Text,
    /// A calendar date; in the record `2019-12-27`.
    Date,
    /// A whole number that fits `i64`; in the record a JSON integer.
    Integer,
    /// An exact decimal; in the record a canonical string such as `12.5`.
    Decimal,
    /// An amount in đồng; in the record a canonical string of digits.
    Money,
    /// Yes or no; in the record a JSON boolean.
    Boolean,
    /// One e-mail address.
    Email,
    /// A list of texts; in the record an array of strings.
    List,
    /// A table; in the record an array of objects with these fields.
    Table(Vec<Field>),
}

/// Does a field stand in every row, or once for the whole batch?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A column.
    Record,
    /// One value for all records of the batch.
    Common,
}

/// One property of the contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The property's name in the record, ASCII: `ho_ten`.
    pub name: String,
    /// The column heading, or the sheet's name for a table.
    pub title: String,
    /// Further headings that mean the same.
    pub aliases: Vec<String>,
    /// One sentence for the clerk.
    pub description: String,
    /// How it is written.
    pub kind: Kind,
    /// Column or common value.
    pub scope: Scope,
    /// Must it be there?
    pub required: bool,
    /// Longest text, in characters.
    pub length_max: Option<usize>,
    /// The allowed values, when they are enumerated.
    pub choices: Vec<String>,
    /// Example values, in record form.
    pub examples: Vec<Value>,
    /// The field of the same object that this one may not precede: the beginning of a period (`x-not-before`).
    pub not_before: Option<String>,
    /// Is it the name of a person or a body, so that its capitals are looked at (`x-name`)?
    pub is_name: bool,
}

/// How a spreadsheet maps to records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Each row is a record.
    List,
    /// The whole workbook is one record: common values and one sheet per table.
    Form,
}

/// A template's data contract.
#[derive(Debug)]
pub struct Contract {
    /// What the contract describes, for people.
    pub title: String,
    /// Its fields, in the order of the file.
    pub fields: Vec<Field>,
    /// Names of the fields that together make two records the same.
    pub duplicate_key: Vec<String>,
    /// The schema as written.
    pub schema: Value,
    pub(super) validator: jsonschema::Validator,
}

impl Contract {
    /// Reads a contract; `file` names it in diagnostics.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let schema: Value = serde_json::from_str(text).map_err(|error| {
            vec![
                Diagnostic::error("contract-syntax", say!("không phải JSON hợp lệ: {error}", "is not valid JSON: {error}"))
                    .at(source_place(file, text, error.line(), error.column())),
            ]
        })?;
        let mut problems = Vec::new();
        let fields = read_fields(file, "", &schema, &mut problems);
        let validator = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(false).build(&schema);
        match validator {
            Ok(validator) if problems.is_empty() => Ok(Self {
                title: text_of(&schema, "title"),
                fields,
                duplicate_key: strings_of(&schema, "x-duplicate-key"),
                schema,
                validator,
            }),
            Ok(_) => Err(problems),
            Err(error) => {
                problems.push(
                    Diagnostic::error("contract-schema", say!("JSON Schema không hợp lệ: {error}", "invalid JSON Schema: {error}"))
                        .at(Place::Pointer { file: file.into(), pointer: error.instance_path().to_string() }),
                );
                Err(problems)
            }
        }
    }

    /// One workbook one record, or one row one record?
    pub fn shape(&self) -> Shape {
        if self.fields.iter().any(|field| matches!(field.kind, Kind::Table(_))) { Shape::Form } else { Shape::List }
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The fields of an object schema, with everything wrong about them put into `problems`.
fn read_fields(file: &str, pointer: &str, schema: &Value, problems: &mut Vec<Diagnostic>) -> Vec<Field> {
    let required = strings_of(schema, "required");
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        problems.push(
            Diagnostic::error("contract-properties", say!("thiếu “properties”", "has no `properties`"))
                .at(Place::Pointer { file: file.into(), pointer: pointer.into() }),
        );
        return Vec::new();
    };
    let mut fields = Vec::new();
    for (name, property) in properties {
        let at = format!("{pointer}/properties/{name}");
        let Some(kind) = read_kind(file, &at, property, problems) else {
            problems.push(
                Diagnostic::error(
                    "contract-kind",
                    say!("trường “{name}” có kiểu không được hỗ trợ", "field `{name}` has an unsupported type"),
                )
                .at(Place::Pointer { file: file.into(), pointer: at }),
            );
            continue;
        };
        let title = text_of(property, "title");
        if title.is_empty() {
            problems.push(
                Diagnostic::error("contract-title", say!("trường “{name}” thiếu “title”", "field `{name}` has no `title`"))
                    .at(Place::Pointer { file: file.into(), pointer: at }),
            );
        }
        fields.push(Field {
            name: name.clone(),
            title,
            aliases: strings_of(property, "x-aliases"),
            description: text_of(property, "description"),
            kind,
            scope: if property.get("x-scope").and_then(Value::as_str) == Some("common") { Scope::Common } else { Scope::Record },
            required: required.contains(name),
            length_max: property.get("maxLength").and_then(Value::as_u64).map(|n| n as usize),
            choices: strings_of(property, "enum"),
            examples: property.get("examples").and_then(Value::as_array).cloned().unwrap_or_default(),
            not_before: property.get("x-not-before").and_then(Value::as_str).map(str::to_owned),
            is_name: property.get("x-name").and_then(Value::as_bool).unwrap_or_default(),
        });
    }
    for field in &fields {
        let Some(start) = &field.not_before else { continue };
        let comparable = matches!(field.kind, Kind::Date | Kind::Integer);
        if !comparable || !fields.iter().any(|other| other.name == *start && other.kind == field.kind) {
            let name = &field.name;
            problems.push(
                Diagnostic::error(
                    "contract-order",
                    say!(
                        "“x-not-before” của “{name}” phải nêu một trường ngày hoặc số nguyên cùng kiểu, không phải “{start}”",
                        "`x-not-before` of `{name}` must name a date or integer field of the same type, not `{start}`"
                    ),
                )
                .at(Place::Pointer { file: file.into(), pointer: format!("{pointer}/properties/{name}") }),
            );
        }
    }
    fields
}

fn read_kind(file: &str, pointer: &str, property: &Value, problems: &mut Vec<Diagnostic>) -> Option<Kind> {
    let format = property.get("format").and_then(Value::as_str).unwrap_or_default();
    Some(match property.get("type").and_then(Value::as_str)? {
        "string" => match format {
            "" => Kind::Text,
            "date" => Kind::Date,
            "decimal" => Kind::Decimal,
            "money" => Kind::Money,
            "email" => Kind::Email,
            _ => return None,
        },
        "integer" => Kind::Integer,
        "boolean" => Kind::Boolean,
        "array" => {
            let items = property.get("items")?;
            match items.get("type").and_then(Value::as_str)? {
                "string" => Kind::List,
                "object" => Kind::Table(read_fields(file, &format!("{pointer}/items"), items, problems)),
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn strings_of(value: &Value, key: &str) -> Vec<String> {
    value
        .get(key)
        .and_then(Value::as_array)
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

/// A place in `text` by one-based line and column, with the line as excerpt.
pub(super) fn source_place(file: &str, text: &str, line: usize, column: usize) -> Place {
    Place::Source {
        file: file.to_owned(),
        line: line.max(1) as u32,
        column: column.max(1) as u32,
        excerpt: text.lines().nth(line.saturating_sub(1)).unwrap_or_default().chars().take(160).collect(),
    }
}
