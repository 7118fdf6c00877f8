//! Which column is which field: headings as clerks write them against the titles of the contract.
//!
//! Owns the folding of headings and [`match_headings`]. Sheets are matched to tables with the same folding by
//! [`super::form`]; converting what stands below a heading is [`super::convert`]'s work.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::cell::is_blank;
use crate::diagnostic::{Diagnostic, Place, column_letters, nearest};
use crate::say;
use crate::template::contract::Field;
use crate::vietnamese::letters;

/// Heading of the column that a correction workbook adds; it is ignored when the workbook is fed back.
pub const ERRORS_HEADING: &str = "Lỗi cần sửa";

/// Heading of the hidden column in which a correction workbook keeps the number that each row has in its list.
pub const NUMBER_HEADING: &str = "Bản ghi số (giữ nguyên)";

/// Columns that most lists carry and no template needs: the running number, and what a correction workbook adds.
const IGNORED: [&str; 6] = [ERRORS_HEADING, NUMBER_HEADING, "STT", "TT", "Số TT", "Số thứ tự"];

/// Longest text that may be a heading, in bytes. Folding and comparing cost time, and a cell may hold a megabyte.
pub(super) const HEADING_BYTES_MAX: usize = 1_000;

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
    /// Indices of the fields that no row can give: the column is missing, or there are two of them.
    pub(super) unreadable: Vec<usize>,
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
    if heading.len() > HEADING_BYTES_MAX {
        return None;
    }
    let exact = key(heading);
    if exact.is_empty() {
        return None;
    }
    if let Some(field) = fields.iter().position(|field| names(field).any(|name| key(name) == exact)) {
        return Some(field);
    }
    // A remark in parentheses is no part of the name: “Họ và tên (ghi đủ)”.
    if let Some((name, _)) = heading.split_once('(')
        && !name.trim().is_empty()
        && heading.trim_end().ends_with(')')
    {
        return find_field(name, fields);
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
                matched.unreadable.push(field_index);
            }
        }
    }
    for (column, heading) in headings.iter().enumerate() {
        if owner[column].is_none() {
            // A field whose column was chosen does not take a second one by its name.
            owner[column] = find_field(heading, fields).filter(|field| !chosen.contains_key(&fields[*field].name));
        }
    }
    let unknown: Vec<usize> = (0..headings.len()).filter(|column| owner[*column].is_none() && !is_ignored(&headings[*column])).collect();
    let missing: Vec<usize> =
        (0..fields.len()).filter(|field| !owner.contains(&Some(*field)) && !chosen.contains_key(&fields[*field].name)).collect();
    for (field_index, field) in fields.iter().enumerate() {
        let mut columns = (0..headings.len()).filter(|column| owner[*column] == Some(field_index));
        let Some(first) = columns.next() else { continue };
        for second in columns {
            matched.diagnostics.push(duplicate(field, first, second, headings, place));
            matched.unreadable.push(field_index);
        }
        matched.columns.push(Column { index: first, heading: headings[first].clone(), field: field_index });
    }
    matched.columns.sort_by_key(|column| column.index);
    let mut suggested = Vec::new();
    for &field in missing.iter().filter(|field| needed(&fields[**field])) {
        let near = nearest_heading(&fields[field], unknown.iter().map(|column| headings[*column].as_str()));
        suggested.extend(near);
        matched.diagnostics.push(missing_column(&fields[field], near).at(row_place.clone()));
        matched.unreadable.push(field);
    }
    for column in unknown.into_iter().filter(|column| !suggested.contains(&headings[*column].as_str())) {
        let suggestion = nearest_field(&headings[column], missing.iter().map(|field| &fields[*field]));
        matched.diagnostics.push(unknown_heading(suggestion).at(place(column)).with_value(&headings[column]));
    }
    matched
}

/// The candidate nearest to `word`, judged without case and diacritics, which is what is most often wrong.
pub(super) fn nearest_folded<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded: Vec<(String, &str)> = candidates.map(|candidate| (letters::fold(&key(candidate)), candidate)).collect();
    let near = nearest(&letters::fold(&key(word)), folded.iter().map(|(folded, _)| folded.as_str()))?;
    folded.iter().find(|(folded, _)| folded == near).map(|(_, candidate)| *candidate)
}

fn nearest_heading<'a>(field: &Field, headings: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    names(field).find_map(|name| nearest_folded(name, headings.clone()))
}

fn nearest_field<'a>(heading: &str, fields: impl Iterator<Item = &'a Field>) -> Option<&'a Field> {
    let mut fields = fields;
    fields.find(|field| nearest_heading(field, std::iter::once(heading)).is_some())
}

fn duplicate(field: &Field, first: usize, second: usize, headings: &[String], place: &dyn Fn(usize) -> Place) -> Diagnostic {
    let named = |column: usize| format!("{} (“{}”)", column_letters(column as u32), headings[column]);
    let (first, other, title) = (named(first), named(second), &field.title);
    Diagnostic::error(
        "heading-duplicate",
        say!("cột {first} và cột {other} cùng là “{title}”", "the columns {first} and {other} are both “{title}”"),
    )
    .at(place(second))
    .remedy(say!("xoá hoặc đổi tên một trong hai cột", "delete or rename one of the two columns"))
}

fn missing_column(field: &Field, near: Option<&str>) -> Diagnostic {
    let title = &field.title;
    let problem = Diagnostic::error("column-missing", say!("thiếu cột bắt buộc “{title}”", "the required column “{title}” is missing"));
    problem.remedy(match near {
        Some(near) => {
            say!("có phải cột “{near}”? nếu phải, đổi tiêu đề thành “{title}”", "is it the column “{near}”? if so, rename it to “{title}”")
        }
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
