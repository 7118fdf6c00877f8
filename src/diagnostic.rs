//! What is wrong, where, and what to do about it: the values that authors and clerks act on.
//!
//! Owns [`Diagnostic`], its [`Place`] and the wording of a place. A module that finds problems returns *all* of them
//! as `Vec<Diagnostic>`; drawing them is the edge's work. Failures of the machine are not diagnostics: they are the
//! `thiserror` enums of the adapters.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::language::{Language, Text};
use crate::say;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something was changed or noticed; nothing need be done.
    Notice,
    /// The work goes on, but a person should look.
    Warning,
    /// The record, or the whole input, cannot be used as it is.
    Error,
}

/// Where a problem stands, in the terms of the file that the person has open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place {
    /// A whole file.
    File {
        /// The file's name as the user gave it.
        file: String,
    },
    /// A cell of a workbook, shown as `Sheet1!C17`.
    Cell {
        /// The workbook.
        file: String,
        /// The sheet's name.
        sheet: String,
        /// Zero-based column.
        column: u32,
        /// One-based row.
        row: u32,
    },
    /// A line of a text file (CSV, JSON Lines), with the column's heading where there is one.
    Line {
        /// The file.
        file: String,
        /// One-based line.
        line: u64,
        /// Heading of the column.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
    },
    /// A value inside a JSON document (RFC 6901).
    Pointer {
        /// The file.
        file: String,
        /// The JSON pointer; empty for the document itself.
        pointer: String,
    },
    /// A point on a page of a finished document.
    Page {
        /// The document.
        file: String,
        /// One-based page.
        page: usize,
        /// From the left edge of the page, in whole millimetres: what a ruler shows.
        x_mm: u32,
        /// From its upper edge, likewise.
        y_mm: u32,
    },
    /// A position in a template's or a configuration's source.
    Source {
        /// The file, as a path inside its template folder or workspace.
        file: String,
        /// One-based line.
        line: u32,
        /// One-based column, in characters.
        column: u32,
        /// The line itself.
        excerpt: String,
    },
}

impl Place {
    /// The place as a person would say it.
    pub fn describe(&self, language: Language) -> String {
        match self {
            Self::File { file } => file.clone(),
            Self::Cell { file, sheet, column, row } => {
                format!("{file}, {}!{}{row}", quoted_sheet(sheet), column_letters(*column))
            }
            Self::Line { file, line, column } => {
                let at = say!("{file}, dòng {line}", "{file}, line {line}");
                let mut at = at.in_language(language).to_owned();
                if let Some(column) = column {
                    let name = say!(", cột “{column}”", ", column “{column}”");
                    at.push_str(name.in_language(language));
                }
                at
            }
            Self::Pointer { file, pointer } if pointer.is_empty() => file.clone(),
            Self::Pointer { file, pointer } => format!("{file}#{pointer}"),
            Self::Page { file, page, x_mm, y_mm } => {
                let at = say!(
                    "{file}, trang {page}, cách trái {x_mm} mm, cách trên {y_mm} mm",
                    "{file}, page {page}, {x_mm} mm from the left, {y_mm} mm from the top"
                );
                at.in_language(language).to_owned()
            }
            Self::Source { file, line, column, .. } => format!("{file}:{line}:{column}"),
        }
    }
}

/// Column letters of a spreadsheet: 0 → `A`, 25 → `Z`, 26 → `AA`.
pub fn column_letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    letters.iter().rev().collect()
}

/// A sheet name as formulas write it: quoted when it is more than letters, digits and underscores.
fn quoted_sheet(sheet: &str) -> String {
    if sheet.chars().all(|c| c.is_alphanumeric() || c == '_') { sheet.to_owned() } else { format!("'{}'", sheet.replace('\'', "''")) }
}

/// One finding for the person who can mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// A stable name for programs, such as `date-not-real`.
    pub code: std::borrow::Cow<'static, str>,
    /// Its weight.
    pub severity: Severity,
    /// Where it stands, if anywhere.
    pub place: Option<Place>,
    /// The record that it concerns: one-based number and a name a person recognises.
    pub record: Option<(u64, String)>,
    /// The offending value, shortened for show.
    pub value: Option<String>,
    /// What is wrong.
    pub message: Text,
    /// What to do.
    pub remedy: Option<Text>,
}

impl Diagnostic {
    /// An error with `code` and `message`.
    pub fn error(code: &'static str, message: Text) -> Self {
        Self { code: code.into(), severity: Severity::Error, place: None, record: None, value: None, message, remedy: None }
    }

    /// A warning with `code` and `message`.
    pub fn warning(code: &'static str, message: Text) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// A notice with `code` and `message`.
    pub fn notice(code: &'static str, message: Text) -> Self {
        Self { severity: Severity::Notice, ..Self::error(code, message) }
    }

    /// Adds the place.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Adds the offending value, shortened to what a line can show.
    pub fn with_value(mut self, value: impl AsRef<str>) -> Self {
        self.value = Some(shorten(value.as_ref()));
        self
    }

    /// Adds the remedy.
    pub fn remedy(mut self, remedy: Text) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// Adds the record that it concerns.
    pub fn of_record(mut self, number: u64, name: impl Into<String>) -> Self {
        self.record = Some((number, name.into()));
        self
    }

    /// Is it an error?
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The diagnostic as lines for a terminal or a log, without colour.
    pub fn describe(&self, language: Language) -> String {
        self.describe_for(self.record.as_slice(), language)
    }

    fn describe_for(&self, records: &[(u64, String)], language: Language) -> String {
        let head = match self.severity {
            Severity::Error => say!("lỗi", "error"),
            Severity::Warning => say!("cảnh báo", "warning"),
            Severity::Notice => say!("ghi chú", "note"),
        };
        let mut text = format!("{}[{}] ", head.in_language(language), self.code);
        if let Some(place) = &self.place {
            let _ = write!(text, "{}: ", place.describe(language));
        }
        match records {
            [] => {}
            [(number, name)] => {
                let record = say!("bản ghi {number}", "record {number}");
                text.push_str(record.in_language(language));
                if !name.is_empty() {
                    let _ = write!(text, " ({name})");
                }
                text.push_str(": ");
            }
            several => {
                let count = several.len();
                let head = say!("{count} bản ghi", "{count} records");
                let named = several.iter().take(RECORDS_NAMED).map(|(number, name)| format!("{number} {name}").trim_end().to_owned());
                let named = named.collect::<Vec<_>>().join(", ");
                let more = if count > RECORDS_NAMED { ", …" } else { "" };
                let _ = write!(text, "{} ({named}{more}): ", head.in_language(language));
            }
        }
        if let Some(value) = &self.value {
            let _ = write!(text, "“{value}” ");
        }
        text.push_str(self.message.in_language(language));
        if let Some(Place::Source { excerpt, column, .. }) = &self.place {
            let caret = " ".repeat((*column as usize).saturating_sub(1));
            let _ = write!(text, "\n    | {excerpt}\n    | {caret}^");
        }
        if let Some(remedy) = &self.remedy {
            let arrow = say!("cách sửa", "remedy");
            let _ = write!(text, "\n    {}: {}", arrow.in_language(language), remedy.in_language(language));
        }
        text
    }

    /// The diagnostic for programs: stable keys, sentences in `language`.
    pub fn to_json(&self, language: Language) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        object.insert("code".into(), self.code.as_ref().into());
        object.insert("severity".into(), serde_json::json!(self.severity));
        if let Some(place) = &self.place {
            object.insert("at".into(), place.describe(language).into());
            object.insert("place".into(), serde_json::json!(place));
        }
        if let Some((number, name)) = &self.record {
            object.insert("record".into(), serde_json::json!({ "number": number, "name": name }));
        }
        if let Some(value) = &self.value {
            object.insert("value".into(), value.as_str().into());
        }
        object.insert("message".into(), self.message.in_language(language).into());
        if let Some(remedy) = &self.remedy {
            object.insert("remedy".into(), remedy.in_language(language).into());
        }
        object.into()
    }
}

/// Records that a shared fault names before the rest is only counted.
const RECORDS_NAMED: usize = 3;

/// The lines of the first `most` diagnostics, the gravest kind last so that it stays in sight, and how many more there are.
/// What many records share word for word, place and value included, is a fault of the template: it is said once, with
/// their count and the first of them.
pub fn describe_all(diagnostics: &[Diagnostic], language: Language, most: usize) -> (Vec<String>, usize) {
    let mut alike: Vec<(Diagnostic, Vec<(u64, String)>)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for diagnostic in diagnostics {
        let common = Diagnostic { record: None, ..diagnostic.clone() };
        let index = *known.entry(format!("{common:?}")).or_insert(alike.len());
        if index == alike.len() {
            alike.push((common, Vec::new()));
        }
        alike[index].1.extend(diagnostic.record.clone());
    }
    // Errors are not to be crowded out by warnings.
    alike.sort_by_key(|(diagnostic, _)| std::cmp::Reverse(diagnostic.severity));
    let skipped = alike.len().saturating_sub(most);
    alike.truncate(most);
    alike.sort_by_key(|(diagnostic, _)| diagnostic.severity);
    (alike.iter().map(|(diagnostic, records)| diagnostic.describe_for(records, language)).collect(), skipped)
}

/// Does any of `diagnostics` stop the work?
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// Why the system refused a file, for people.
pub fn io_reason(error: &std::io::Error) -> Text {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => say!("không tìm thấy", "it is not there"),
        ErrorKind::PermissionDenied => say!("không có quyền", "there is no right to it"),
        ErrorKind::ReadOnlyFilesystem => say!("ổ đĩa chỉ cho đọc", "the file system is read-only"),
        ErrorKind::AlreadyExists => say!("đã có sẵn", "it exists already"),
        ErrorKind::NotADirectory => say!("một phần của đường dẫn là tệp, không phải thư mục", "a part of the path is a file, not a folder"),
        ErrorKind::IsADirectory => say!("đó là thư mục, không phải tệp", "it is a folder, not a file"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => say!("đĩa đã đầy", "no space is left on the disk"),
        ErrorKind::InvalidData => say!("nội dung không phải chữ UTF-8", "its content is not UTF-8 text"),
        // EIO has no kind of its own.
        _ if error.raw_os_error() == Some(5) => say!("đĩa báo lỗi", "the disk reports an error"),
        _ => say!("{error}", "{error}"),
    }
}

/// `vi` or `en`, and the reason behind it.
pub fn because(error: &std::io::Error, vi: &str, en: &str) -> Text {
    let reason = io_reason(error);
    Text { vi: format!("{vi} {}", reason.vi), en: format!("{en} {}", reason.en) }
}

/// At most 60 characters of `value`, controls made visible.
fn shorten(value: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let mut shown: String = value.chars().take(SHOWN_MAX).map(|c| if c.is_control() { '␣' } else { c }).collect();
    if value.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// The candidate nearest to `word`, when it is near enough to be a misspelling.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// An error with its causes, outermost first.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
