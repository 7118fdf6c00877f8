//! Checks one record against its contract and says every problem as a sentence at its place.
//!
//! Owns the translation of JSON Schema errors. The place of a field (cell, line, pointer) is asked from whoever read
//! the record.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::{Map, Value};

use super::contract::{Contract, Field, Kind};
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::say;

impl Contract {
    /// Everything in `record` that the contract does not allow. `place_of` maps a JSON pointer to where the value stands;
    /// values at the pointers of `refused` were reported by the reader and are not missed again.
    pub fn problems(&self, record: &Map<String, Value>, refused: &[String], place_of: &dyn Fn(&str) -> Place) -> Vec<Diagnostic> {
        if refused.iter().any(String::is_empty) {
            return Vec::new();
        }
        let instance = without_nulls(&Value::Object(record.clone()));
        let mut found = Vec::new();
        for error in self.validator.iter_errors(&instance) {
            let pointer = error.instance_path().to_string();
            match error.kind() {
                ValidationErrorKind::Required { property } => {
                    let name = property.as_str().unwrap_or_default();
                    let pointer = format!("{pointer}/{name}");
                    if refused.contains(&pointer) {
                        continue;
                    }
                    let title = self.title_at(&pointer);
                    found.push(
                        Diagnostic::error("required", say!("thiếu “{title}”", "“{title}” is missing"))
                            .at(place_of(&pointer))
                            .remedy(self.expectation_at(&pointer)),
                    );
                }
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    for name in unexpected {
                        found.push(
                            Diagnostic::error(
                                "field-unknown",
                                say!("không có trường “{name}” trong mẫu", "the template has no field `{name}`"),
                            )
                            .at(place_of(&format!("{pointer}/{name}")))
                            .remedy(self.known_fields(&pointer, name)),
                        );
                    }
                }
                ValidationErrorKind::AnyOf { .. } if !one_of(&self.schema, &error.schema_path().to_string()).is_empty() => {
                    let names = one_of(&self.schema, &error.schema_path().to_string());
                    if names.iter().any(|name| refused.contains(&format!("{pointer}/{name}"))) {
                        continue;
                    }
                    let titles: Vec<String> =
                        names.iter().map(|name| format!("“{}”", self.title_at(&format!("{pointer}/{name}")))).collect();
                    let list = titles.join(", ");
                    // The first that has a place of its own; a column that the list lacks has none.
                    let whole = place_of(&pointer);
                    let own = names.iter().find(|name| place_of(&format!("{pointer}/{name}")) != whole);
                    let first = own.or(names.first()).map(|name| format!("{pointer}/{name}")).unwrap_or_default();
                    found.push(
                        Diagnostic::error(
                            "one-of-required",
                            say!("cần điền ít nhất một trong: {list}", "at least one is needed of: {list}"),
                        )
                        .at(place_of(&first))
                        .remedy(self.expectation_at(&first)),
                    );
                }
                // A branch of the contract that hangs on a refused value says nothing.
                _ if !refused.is_empty() && pointer.is_empty() => {}
                kind => {
                    let title = self.title_at(&pointer);
                    let mut diagnostic = Diagnostic::error(code_of(kind), sentence(kind, &title))
                        .at(place_of(&pointer))
                        .remedy(self.expectation_at(&pointer));
                    match error.instance().as_ref() {
                        Value::String(text) => diagnostic = diagnostic.with_value(text),
                        Value::Object(_) | Value::Array(_) => {}
                        other => diagnostic = diagnostic.with_value(other.to_string()),
                    }
                    found.push(diagnostic);
                }
            }
        }
        found.extend(self.reversed(record, place_of));
        found
    }

    /// The record with every property of the contract present: absent ones become null.
    pub fn complete(&self, record: &Map<String, Value>) -> Map<String, Value> {
        complete_fields(&self.fields, record)
    }

    /// The field that a pointer leads to.
    fn field_at(&self, pointer: &str) -> Option<&Field> {
        let mut fields = &self.fields;
        let mut found = None;
        for segment in pointer.split('/').skip(1) {
            if segment.bytes().all(|b| b.is_ascii_digit()) {
                continue;
            }
            let field = fields.iter().find(|field| field.name == segment)?;
            found = Some(field);
            if let Kind::Table(inner) = &field.kind {
                fields = inner;
            }
        }
        found
    }

    pub(super) fn title_at(&self, pointer: &str) -> String {
        self.field_at(pointer).map(|field| field.title.clone()).unwrap_or_else(|| pointer.trim_start_matches('/').to_owned())
    }

    fn expectation_at(&self, pointer: &str) -> Text {
        self.field_at(pointer).map(expectation).unwrap_or_else(|| say!("xem mô tả của mẫu", "see the template's contract"))
    }

    fn known_fields(&self, pointer: &str, name: &str) -> Text {
        let fields = match self.field_at(pointer).map(|field| &field.kind) {
            Some(Kind::Table(inner)) => inner,
            _ => &self.fields,
        };
        match crate::diagnostic::nearest(name, fields.iter().map(|field| field.name.as_str())) {
            Some(near) => say!("có phải “{near}”?", "did you mean `{near}`?"),
            None => {
                let names = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
                say!("các trường có thể dùng: {names}", "known fields: {names}")
            }
        }
    }
}

/// What a field wants, as advice.
pub fn expectation(field: &Field) -> Text {
    if !field.choices.is_empty() {
        let choices = field.choices.join(", ");
        return say!("chọn một trong: {choices}", "choose one of: {choices}");
    }
    let example = field
        .examples
        .first()
        .map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .unwrap_or_default();
    match (&field.kind, example.is_empty()) {
        (Kind::Date, _) => say!("ghi ngày/tháng/năm, ví dụ 27/12/2019", "write day/month/year, for example 27/12/2019"),
        (Kind::Table(_), _) => say!("điền trang tính “{}”", "fill the sheet “{}”", field.title),
        (_, true) => say!("điền “{}”", "fill in “{}”", field.title),
        (_, false) => say!("điền “{}”, ví dụ: {example}", "fill in “{}”, for example: {example}", field.title),
    }
}

fn code_of(kind: &ValidationErrorKind) -> &'static str {
    match kind {
        ValidationErrorKind::Type { .. } => "wrong-type",
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => "not-a-choice",
        ValidationErrorKind::MaxLength { .. } => "too-long",
        ValidationErrorKind::MinLength { .. } => "too-short",
        ValidationErrorKind::Pattern { .. } => "wrong-form",
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::ExclusiveMinimum { .. } => "too-small",
        ValidationErrorKind::Maximum { .. } | ValidationErrorKind::ExclusiveMaximum { .. } => "too-large",
        ValidationErrorKind::MinItems { .. } => "too-few-rows",
        ValidationErrorKind::MaxItems { .. } => "too-many-rows",
        ValidationErrorKind::UniqueItems => "rows-repeat",
        _ => "contract",
    }
}

fn sentence(kind: &ValidationErrorKind, title: &str) -> Text {
    match kind {
        ValidationErrorKind::Type { kind } => {
            let (vi, en) = type_names(kind);
            say!("“{title}” phải là {vi}", "“{title}” must be {en}")
        }
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
            say!("không phải giá trị cho phép của “{title}”", "is not an allowed value of “{title}”")
        }
        ValidationErrorKind::MaxLength { limit } => {
            say!("“{title}” dài quá {limit} ký tự", "“{title}” is longer than {limit} characters")
        }
        ValidationErrorKind::MinLength { limit } => {
            say!("“{title}” ngắn hơn {limit} ký tự", "“{title}” is shorter than {limit} characters")
        }
        ValidationErrorKind::Pattern { .. } => say!("“{title}” viết không đúng dạng", "“{title}” has the wrong form"),
        ValidationErrorKind::Minimum { limit } | ValidationErrorKind::ExclusiveMinimum { limit } => {
            say!("“{title}” nhỏ hơn mức cho phép ({limit})", "“{title}” is below the least allowed value ({limit})")
        }
        ValidationErrorKind::Maximum { limit } | ValidationErrorKind::ExclusiveMaximum { limit } => {
            say!("“{title}” lớn hơn mức cho phép ({limit})", "“{title}” is above the greatest allowed value ({limit})")
        }
        ValidationErrorKind::MinItems { limit } => say!("“{title}” cần ít nhất {limit} dòng", "“{title}” needs at least {limit} rows"),
        ValidationErrorKind::MaxItems { limit } => say!("“{title}” có quá {limit} dòng", "“{title}” has more than {limit} rows"),
        ValidationErrorKind::UniqueItems => say!("“{title}” có dòng lặp lại", "“{title}” has repeated rows"),
        other => {
            let keyword = other.keyword();
            say!("“{title}” không thỏa điều kiện “{keyword}” của mẫu", "“{title}” breaks the contract's `{keyword}`")
        }
    }
}

fn type_names(kind: &TypeKind) -> (String, String) {
    let name = match kind {
        TypeKind::Single(single) => single.to_string(),
        TypeKind::Multiple(_) => "one of several types".to_owned(),
    };
    let vi = match name.as_str() {
        "string" => "chữ",
        "integer" => "số nguyên",
        "number" => "số",
        "boolean" => "có hoặc không",
        "array" => "danh sách",
        "object" => "nhóm trường",
        "null" => "trống",
        _ => "kiểu khác",
    };
    (vi.to_owned(), name)
}

/// The fields of an `anyOf` whose branches each require one; empty for any other form.
fn one_of(schema: &Value, path: &str) -> Vec<String> {
    let Some(branches) = schema.pointer(path).and_then(Value::as_array) else { return Vec::new() };
    branches
        .iter()
        .map(|branch| branch.get("required")?.as_array()?.first()?.as_str().map(str::to_owned))
        .collect::<Option<Vec<_>>>()
        .unwrap_or_default()
}

/// The value without null members: to the contract, null and absent are the same.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members.iter().filter(|(_, member)| !member.is_null()).map(|(name, member)| (name.clone(), without_nulls(member))).collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

fn complete_fields(fields: &[Field], record: &Map<String, Value>) -> Map<String, Value> {
    fields
        .iter()
        .map(|field| {
            let value = record.get(&field.name).cloned().unwrap_or(Value::Null);
            let value = match (&field.kind, value) {
                (Kind::Table(inner), Value::Array(rows)) => Value::Array(
                    rows.into_iter()
                        .map(|row| match row {
                            Value::Object(row) => Value::Object(complete_fields(inner, &row)),
                            other => other,
                        })
                        .collect(),
                ),
                (_, value) => value,
            };
            (field.name.clone(), value)
        })
        .collect()
}
