//! What programs send, as values: a field that is wrong or missing is told at its place, in both languages.
//!
//! Owns [`read`], and the sentences for what serde says of values that do not fit their type.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::language::Text;
use crate::say;

/// A JSON value as a `T`; `file` is what the value is called.
pub fn read<T: DeserializeOwned>(value: Value, file: &str) -> Result<T, Diagnostic> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let reason = error.inner().to_string();
        let mut pointer = pointer(error.path());
        // A field that is missing is told where it belongs.
        if let (true, Some(missing)) = (reason.starts_with("missing field"), quoted(&reason).next()) {
            pointer = format!("{pointer}/{missing}");
        }
        problem("json-field", &reason).at(Place::Pointer { file: file.to_owned(), pointer })
    })
}

/// RFC 6901.
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

fn quoted(reason: &str) -> impl Iterator<Item = &str> {
    reason.split('`').skip(1).step_by(2)
}

/// What serde says, for people.
pub fn problem(code: &'static str, reason: &str) -> Diagnostic {
    let mut names = quoted(reason);
    let first = names.next().unwrap_or_default();
    let known: Vec<&str> = names.collect();
    let one_of = |problem: Diagnostic| {
        let list = known.join(", ");
        match nearest(first, known.iter().copied()) {
            Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
            None if known.is_empty() => problem,
            None => problem.remedy(say!("một trong: {list}", "one of {list}")),
        }
    };
    if reason.starts_with("unknown field") {
        return one_of(Diagnostic::error(code, say!("không có trường “{first}”", "there is no field `{first}`")));
    }
    if reason.starts_with("unknown variant") {
        return one_of(Diagnostic::error(code, say!("không nhận giá trị này", "this value is not taken")).with_value(first));
    }
    let message = if reason.starts_with("missing field") {
        say!("thiếu trường “{first}”", "the field `{first}` is missing")
    } else if reason.starts_with("duplicate field") {
        say!("trường “{first}” có hai lần", "the field `{first}` stands twice")
    } else if let Some(wanted) = wanted(reason) {
        let Text { vi, en } = wanted;
        say!("phải là {vi}", "must be {en}")
    } else {
        say!("giá trị không đúng kiểu", "the value is of the wrong kind")
    };
    Diagnostic::error(code, message)
}

/// The kind of value that should stand there.
fn wanted(reason: &str) -> Option<Text> {
    // What the readers of numbers in addresses say.
    if reason.contains("digit found in string") || reason.contains("cannot parse integer") || reason.contains("number too") {
        return Some(say!("số nguyên trong khoảng cho phép", "a whole number within bounds"));
    }
    let expected = reason.split(", expected ").nth(1)?.split(" at line").next()?.trim();
    let is_integer = |word: &str| matches!(word.strip_prefix(['u', 'i']), Some("8" | "16" | "32" | "64" | "128" | "size"));
    Some(match expected {
        "a string" | "string" | "a borrowed string" => say!("một chuỗi chữ", "a string"),
        "a boolean" => say!("true hoặc false", "true or false"),
        "a sequence" => say!("một mảng", "an array"),
        "f32" | "f64" => say!("một số", "a number"),
        word if is_integer(word) => say!("số nguyên trong khoảng cho phép", "a whole number within bounds"),
        word if word == "a map" || word.starts_with("struct ") => say!("một đối tượng", "an object"),
        _ => return None,
    })
}
