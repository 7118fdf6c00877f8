//! Which column is which field: headings as clerks write them against the titles of the contract.
//!
//! Owns the folding of headings and [`match_headings`]. Sheets are matched to tables with the same folding by
//! [`super::form`]; converting what stands below a heading is [`super::convert`]'s work.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::cell::is_blank;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::say;
use crate::template::contract::Field;
use crate::vietnamese::letters;

/// Heading of the column that a correction workbook adds; it is ignored when the workbook is fed back.
pub const ERRORS_HEADING: &str = "Lỗi cần sửa";

/// Columns that most lists carry and no template needs: the running number and the errors of a correction workbook.
const IGNORED: [&str; 5] = [ERRORS_HEADING, "STT", "TT", "Số TT", "Số thứ tự"];

/// A column that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Zero-based column.
    pub(super) index: usize,
    /// The heading as written.
    pub(super) heading: String,
    /// Index of its field among the fields matched against.
    pub(super) field: usize,
}

/// The result of matching a row of headings.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// The used columns, from the left.
    pub(super) columns: Vec<Column>,
    /// Errors and warnings.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A heading without what does not matter: blanks of all kinds, the mark of a required column, case, composition.
pub(super) fn key(heading: &str) -> String {
    let words: Vec<&str> = heading.split(is_blank).filter(|word| !word.is_empty()).collect();
    let heading = words.join(" ");
    let heading = heading.trim_end_matches("(*)").trim_end_matches(['*', ':', ' ']);
    heading.nfc().collect::<String>().to_lowercase()
}

/// A heading without its diacritics too: `ho va ten`, `HoVaTen` and `ho_ten` are told from the words.
pub(super) fn loose_key(heading: &str) -> String {
    letters::fold(&key(heading)).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// All names of a field: what a heading may say.
pub(super) fn names(field: &Field) -> impl Iterator<Item = &str> {
    [field.title.as_str(), field.name.as_str()].into_iter().chain(field.aliases.iter().map(String::as_str))
}

/// The field that `heading` names among `fields`: by an exact name, else by a name without diacritics if only one
/// field has it.
pub(super) fn find_field(heading: &str, fields: &[Field]) -> Option<usize> {
    let exact = key(heading);
    if exact.is_empty() {
        return None;
    }
    if let Some(field) = fields.iter().position(|field| names(field).any(|name| key(name) == exact)) {
        return Some(field);
    }
    let loose = loose_key(heading);
    let mut candidates = fields.iter().enumerate().filter(|(_, field)| names(field).any(|name| loose_key(name) == loose));
    match (candidates.next(), candidates.next()) {
        (Some((field, _)), None) => Some(field),
        _ => None,
    }
}

/// Is the column ignored without a word?
pub(super) fn is_ignored(heading: &str) -> bool {
    let heading = key(heading);
    heading.is_empty() || IGNORED.iter().any(|ignored| key(ignored) == heading)
}

/// Matches `headings` with `fields`. `chosen` names the heading of a field where the user has said so; `needed` tells
/// whether a field must have a column.
pub(super) fn match_headings(
    headings: &[String],
    fields: &[Field],
    chosen: &BTreeMap<String, String>,
    needed: &dyn Fn(&Field) -> bool,
    place: &dyn Fn(usize) -> Place,
    row_place: Place,
) -> Matched {
    let mut matched = Matched::default();
    let mut owner: Vec<Option<usize>> = vec![None; headings.len()];
    for (field, heading) in chosen {
        let Some(field_index) = fields.iter().position(|candidate| candidate.name == *field) else { continue };
        match headings.iter().position(|candidate| key(candidate) == key(heading)) {
            Some(column) => owner[column] = Some(field_index),
            None => {
                let mut problem = Diagnostic::error(
                    "column-not-found",
                    say!("không có cột “{heading}” như đã chọn", "there is no column “{heading}” as chosen"),
                )
                .at(row_place.clone());
                if let Some(near) = nearest(heading, headings.iter().map(String::as_str)) {
                    problem = problem.remedy(say!("có phải “{near}”?", "is it “{near}”?"));
                }
                matched.diagnostics.push(problem);
            }
        }
    }
    for (column, heading) in headings.iter().enumerate() {
        if owner[column].is_none() {
            // A field whose column was chosen does not take a second one by its name.
            owner[column] = find_field(heading, fields).filter(|field| !chosen.contains_key(&fields[*field].name));
        }
    }
    let unknown: Vec<usize> =
        (0..headings.len()).filter(|column| owner[*column].is_none() && !is_ignored(&headings[*column])).collect();
    let missing: Vec<usize> =
        (0..fields.len()).filter(|field| !owner.contains(&Some(*field)) && !chosen.contains_key(&fields[*field].name)).collect();
    for (field_index, field) in fields.iter().enumerate() {
        let mut columns = (0..headings.len()).filter(|column| owner[*column] == Some(field_index));
        let Some(first) = columns.next() else { continue };
        for second in columns {
            matched.diagnostics.push(duplicate(field, first, second, headings, place));
        }
        matched.columns.push(Column { index: first, heading: headings[first].clone(), field: field_index });
    }
    matched.columns.sort_by_key(|column| column.index);
    for &field in missing.iter().filter(|field| needed(&fields[**field])) {
        let candidates = unknown.iter().map(|column| headings[*column].as_str());
        matched.diagnostics.push(missing_column(&fields[field], nearest_heading(&fields[field], candidates)).at(row_place.clone()));
    }
    for column in unknown {
        let suggestion = nearest_field(&headings[column], missing.iter().map(|field| &fields[*field]));
        matched.diagnostics.push(unknown_heading(suggestion).at(place(column)).with_value(&headings[column]));
    }
    matched
}

/// Likeness is judged without case and diacritics, which is what a misspelling most often gets wrong.
fn nearest_heading<'a>(field: &Field, headings: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let folded: Vec<(String, &str)> = headings.map(|heading| (letters::fold(&key(heading)), heading)).collect();
    names(field).find_map(|name| {
        let near = nearest(&letters::fold(&key(name)), folded.iter().map(|(folded, _)| folded.as_str()))?;
        folded.iter().find(|(folded, _)| folded == near).map(|(_, heading)| *heading)
    })
}

fn nearest_field<'a>(heading: &str, fields: impl Iterator<Item = &'a Field>) -> Option<&'a Field> {
    let mut fields = fields;
    fields.find(|field| nearest_heading(field, std::iter::once(heading)).is_some())
}

fn duplicate(field: &Field, first: usize, second: usize, headings: &[String], place: &dyn Fn(usize) -> Place) -> Diagnostic {
    let (first_heading, second_heading) = (&headings[first], &headings[second]);
    let title = &field.title;
    let (vi, en) = (place(first).describe(crate::language::Language::Vietnamese), place(first).describe(crate::language::Language::English));
    Diagnostic::error(
        "heading-duplicate",
        say!(
            "hai cột cùng là “{title}”: “{second_heading}” và “{first_heading}” ({vi})",
            "two columns are both “{title}”: “{second_heading}” and “{first_heading}” ({en})"
        ),
    )
    .at(place(second))
    .remedy(say!("xoá hoặc đổi tên một trong hai cột", "delete or rename one of the two columns"))
}

fn missing_column(field: &Field, near: Option<&str>) -> Diagnostic {
    let title = &field.title;
    let problem = Diagnostic::error("column-missing", say!("thiếu cột bắt buộc “{title}”", "the required column “{title}” is missing"));
    problem.remedy(match near {
        Some(near) => say!(
            "có phải cột “{near}”? nếu phải, đổi tiêu đề thành “{title}”",
            "is it the column “{near}”? if so, rename it to “{title}”"
        ),
        None => say!("thêm cột có tiêu đề “{title}”", "add a column with the heading “{title}”"),
    })
}

fn unknown_heading(suggestion: Option<&Field>) -> Diagnostic {
    let problem = Diagnostic::warning(
        "heading-unknown",
        say!("là tiêu đề cột mà mẫu không dùng; cột bị bỏ qua", "is a heading that the template does not use; the column is ignored"),
    );
    match suggestion {
        Some(field) => {
            let title = &field.title;
            problem.remedy(say!("nếu đó là “{title}”, sửa tiêu đề cho đúng", "if it is “{title}”, correct the heading"))
        }
        None => problem,
    }
}
