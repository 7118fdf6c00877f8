//! What one value of a record says about another, and how names are written: annotations that JSON Schema has no word for.
//!
//! Owns `x-not-before` (a period may not end before it begins) and `x-name` (the capitals of names). Both walk the fields
//! of a contract; errors of the schema itself are [`super::validate`]'s.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::contract::{Contract, Field, Kind};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::vietnamese::{date, letters, name, syllable};

impl Contract {
    /// Warnings about `record`: names whose capitals look like slips. `place_of` maps a JSON pointer to where a value
    /// stands.
    pub fn remarks(&self, record: &Map<String, Value>, place_of: &dyn Fn(&str) -> Place) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        walk(&self.fields, record, "", &mut |field, object, pointer| {
            let Some(text) = object.get(&field.name).and_then(Value::as_str).filter(|_| field.is_name) else { return };
            let Some(better) = better_capitals(text) else { return };
            found.push(
                Diagnostic::warning("name-capitals", say!("viết hoa chưa đúng cách", "has capitals that look like a slip"))
                    .at(place_of(pointer))
                    .with_value(text)
                    .remedy(say!("nếu là tên riêng, ghi “{better}”", "if it is a name, write “{better}”")),
            );
        });
        found
    }

    /// Periods of `record` that end before they begin.
    pub(super) fn reversed(&self, record: &Map<String, Value>, place_of: &dyn Fn(&str) -> Place) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        walk(&self.fields, record, "", &mut |field, object, pointer| {
            let Some(start_name) = &field.not_before else { return };
            let (Some(start), Some(end)) = (object.get(start_name), object.get(&field.name)) else { return };
            if !precedes(end, start) {
                return;
            }
            let siblings = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            let start_title = self.title_at(&format!("{siblings}/{start_name}"));
            let (title, start) = (&field.title, shown(start));
            found.push(
                Diagnostic::error(
                    "period-reversed",
                    say!("của “{title}” đứng trước “{start_title}” ({start})", "of “{title}” is before “{start_title}” ({start})"),
                )
                .at(place_of(pointer))
                .with_value(shown(end))
                .remedy(say!("sửa một trong hai; có thể đã ghi ngược", "correct one of the two; they may be in the wrong order")),
            );
        });
        found
    }
}

/// Looks at a field with the object that holds it and its pointer.
type See<'a> = &'a mut dyn FnMut(&Field, &Map<String, Value>, &str);

/// Shows each field of a record, and of the rows of its tables, with the object that holds it and its pointer.
fn walk(fields: &[Field], object: &Map<String, Value>, pointer: &str, see: See<'_>) {
    for field in fields {
        let at = format!("{pointer}/{}", field.name);
        see(field, object, &at);
        if let (Kind::Table(inner), Some(Value::Array(rows))) = (&field.kind, object.get(&field.name)) {
            for (index, row) in rows.iter().enumerate() {
                if let Some(row) = row.as_object() {
                    walk(inner, row, &format!("{at}/{index}"), see);
                }
            }
        }
    }
}

/// Is `end` before `start`? What is not a date or a whole number is the schema's to refuse.
fn precedes(end: &Value, start: &Value) -> bool {
    match (end, start) {
        (Value::Number(end), Value::Number(start)) => end.as_i64().zip(start.as_i64()).is_some_and(|(end, start)| end < start),
        (Value::String(end), Value::String(start)) => match (end.parse::<Date>(), start.parse::<Date>()) {
            (Ok(end), Ok(start)) => end < start,
            _ => false,
        },
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.parse::<Date>().map_or_else(|_| text.clone(), date::short),
        other => other.to_string(),
    }
}

/// `text` with the capitals that were surely meant, when some are missing or stand inside a word: `nguyễn văn an`,
/// `NGuyễn Văn An`. Words that are small among others with capitals may be meant so (Hội Khuyến học).
fn better_capitals(text: &str) -> Option<String> {
    let first = text.chars().find(|c| c.is_alphanumeric())?;
    if !text.chars().any(char::is_uppercase) {
        return first.is_lowercase().then(|| name::title_case(text));
    }
    let word = |word: &str| if has_inner_capital(word) { name::title_case(word) } else { word.to_owned() };
    let words = text.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let better = if first.is_lowercase() { letters::capitalise(&words) } else { words };
    (better != text).then_some(better)
}

fn has_inner_capital(word: &str) -> bool {
    // Only in Vietnamese syllables: foreign names (McDonald) and abbreviations have capitals of their own.
    syllable::is_syllable(word) && word.chars().any(char::is_lowercase) && word.chars().skip(1).any(char::is_uppercase)
}
