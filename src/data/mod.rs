//! Data files of clerks as records of a contract.
//!
//! Owns [`read`]: a file in, one [`Row`] out for each record while it is read, every fault with the cell, line or
//! pointer where it stands. Nothing of a list is kept. What a record must hold is the contract's; checking it against
//! the schema, planning and rendering are the callers'. Correction workbooks are [`crate::spreadsheet`]'s.
//!
//! In reading order: `format` and `archive` tell what a file is, before anything opens it; `encoding` and `csv`,
//! `xlsx` (with `fonts`, `rich_text`, `sheet_fonts` and `font_text`, for text typed in the fonts of before Unicode),
//! `legacy_workbook` and `json_text` read rows of `cell`s; `table` finds the headings
//! (`head`, `headings`, `legacy_text`), leaves out what is no record (`footer`), refuses what is `merged` and converts
//! (`convert`, `numbers`); `list`, `form` and `json` make records,
//! with `common` values; `places` and `notices` remember where and what.

mod archive;
mod cell;
mod common;
mod convert;
mod csv;
mod encoding;
mod font_text;
mod fonts;
mod footer;
mod form;
mod format;
mod head;
mod headings;
mod json;
mod json_text;
mod legacy_text;
mod legacy_workbook;
mod limits;
mod list;
mod merged;
mod notices;
mod numbers;
mod ods_extent;
mod original;
mod places;
mod rich_text;
mod sheet_fonts;
mod table;
pub mod transcript;
mod workbook;
mod xls_extent;
mod xlsx;
mod xml_tags;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use common::COMMON_SHEET;
pub use headings::{ERRORS_HEADING, NUMBER_HEADING};
pub use limits::Limits;
pub use original::Original;
pub use places::Places;
pub use workbook::{GUIDE_SHEET, sheet_name};

use common::Common;
use format::Format;
use notices::Notices;
use workbook::Sheets;

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::say;
use crate::template::contract::{Contract, Field, Shape};

/// What the person who hands in the file adds to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// The sheet to read; the first visible one with data when absent.
    pub sheet: Option<String>,
    /// Heading in the file by field name, where the two do not match by themselves.
    pub columns: BTreeMap<String, String>,
    /// Values for every record, by field name: typed as in a record, or text, which is converted like a cell.
    pub common: Map<String, Value>,
}

/// One record as it was read.
#[derive(Debug, Clone)]
pub struct Row {
    /// One-based number among the records of the file.
    pub number: u64,
    /// Its number in the list that a correction workbook was made from, for a row of such a workbook.
    pub listed: Option<u64>,
    /// The record: every property of the contract is present, null when absent or refused.
    pub record: Map<String, Value>,
    /// Where its values stood.
    pub places: Places,
    /// What is wrong with its values.
    pub diagnostics: Vec<Diagnostic>,
    /// JSON pointers of values that are null because they were refused here, so that validation need not miss them
    /// again; the empty pointer for the record as a whole.
    pub refused: Vec<String>,
    /// The cells as read, beside [`Summary::headings`]; empty for JSON and for a workbook that is one record. Text that
    /// was in an old encoding is in Unicode here too, for a few rows of it may not tell that again.
    pub original: Vec<Original>,
}

/// The index of the field that `heading` names among `fields`, as the readers understand headings.
pub fn field_named(heading: &str, fields: &[Field]) -> Option<usize> {
    headings::find_field(heading, fields)
}

/// What is to be said about the file as a whole.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Records read.
    pub rows: u64,
    /// Row of the headings; none for JSON and forms.
    pub heading_row: Option<u64>,
    /// The headings as written, without those that a correction workbook adds; empty for JSON and forms.
    pub headings: Vec<String>,
    /// The sheet read, for a workbook that is a list.
    pub sheet: Option<String>,
    /// The sheets, the one that was read among them, of which only their order told which one to read; empty when it was clear.
    pub alike: Vec<String>,
    /// Names and values of the sheet of common values as written, for a correction workbook.
    pub common: Vec<(String, Original)>,
    /// Notices and warnings, each kind once.
    pub notices: Vec<Diagnostic>,
}

/// Takes one record as it is read.
type Emit<'a> = &'a mut dyn FnMut(Row);

/// What every reader needs to know.
struct Context<'a> {
    file: Arc<str>,
    contract: &'a Contract,
    selection: &'a Selection,
    limits: &'a Limits,
}

/// What a reader has done.
#[derive(Debug, Default)]
struct Outcome {
    rows: u64,
    heading_row: Option<u64>,
    headings: Vec<String>,
    sheet: Option<String>,
    alike: Vec<String>,
    common: Vec<(String, Original)>,
}

/// Reads the data file at `path` and hands each record to `row` as soon as it is complete.
///
/// # Errors
///
/// The file as a whole cannot be used: all reasons at once, followed by the warnings that may explain them. The rows
/// that could be read were handed over all the same, so that their faults can be told too; but no document may be made
/// of them.
pub fn read(
    path: &Path,
    contract: &Contract,
    selection: &Selection,
    limits: &Limits,
    row: &mut dyn FnMut(Row),
) -> Result<Summary, Vec<Diagnostic>> {
    let head = transcript::head_of(path);
    let context = Context { file: transcript::shown_name(path, head.as_ref()), contract, selection, limits };
    let mut notices = Notices::default();
    let outcome = read_file(&context, path, head, &mut notices, row);
    let notices = notices.finish();
    match outcome {
        Ok(Outcome { rows, heading_row, headings, sheet, alike, common }) => {
            Ok(Summary { rows, heading_row, headings, sheet, alike, common, notices })
        }
        Err(mut problems) => {
            problems.extend(notices.into_iter().filter(|notice| notice.severity == Severity::Warning));
            for problem in &mut problems {
                problem.place.get_or_insert_with(|| Place::File { file: context.file.to_string() });
            }
            Err(problems)
        }
    }
}

fn read_file(
    context: &Context<'_>,
    path: &Path,
    kept: Option<transcript::Head>,
    notices: &mut Notices,
    emit: Emit<'_>,
) -> Result<Outcome, Vec<Diagnostic>> {
    let one = |problem| vec![problem];
    let mut common = Common::from_selection(context, notices);
    if let Some(head) = kept {
        let kept = transcript::Kept::open(path, head).map_err(one)?;
        let outcome = kept.read(context, &mut common, notices, emit);
        return with_common(common, outcome);
    }
    let bytes = check_file(path, context.limits).map_err(one)?;
    let mut head = Vec::new();
    open(path).and_then(|file| file.take(4096).read_to_end(&mut head).map_err(|error| unreadable(&error))).map_err(one)?;
    let format = format::detect(path, &head, |name| ole_directory_names(path, name)).map_err(one)?;
    let json = |rows| Outcome { rows, ..Outcome::default() };
    let outcome = match format {
        Format::Json => json::read_document(context, path, &common, notices, emit).map(json),
        Format::JsonLines => json::read_lines(context, path, &common, notices, emit).map(json),
        Format::Csv | Format::Transcript => list::read_text(context, path, &common, notices, emit),
        Format::Xls | Format::Archive => {
            let mut sheets = open_workbook(path, format, bytes, context.limits).map_err(one)?;
            workbook::read(context, &mut *sheets, &mut common, notices, emit)
        }
    };
    with_common(common, outcome)
}

/// What came of a file, with what is wrong with the common values before what is wrong with the rest.
fn with_common(common: Common, outcome: Result<Outcome, Vec<Diagnostic>>) -> Result<Outcome, Vec<Diagnostic>> {
    let mut problems = common.problems;
    match outcome {
        Ok(outcome) if problems.is_empty() => Ok(outcome),
        Ok(_) => Err(problems),
        Err(more) => {
            problems.extend(more);
            Err(problems)
        }
    }
}

/// Opens a workbook of `bytes` bytes.
fn open_workbook(path: &Path, format: Format, bytes: u64, limits: &Limits) -> Result<Box<dyn Sheets>, Diagnostic> {
    if format == Format::Xls {
        return legacy_workbook::open_xls(path, limits);
    }
    match archive::inspect(open(path)?, bytes, limits)? {
        archive::Workbook::Xlsx { hidden_rows, fonts } => xlsx::open(path, hidden_rows, fonts),
        archive::Workbook::Ods(extent) => legacy_workbook::open_ods(path, extent),
    }
}

/// Every name by which a column of a file for `contract` may be known.
pub fn column_names(contract: &Contract) -> Vec<String> {
    list::column_names(contract).map(str::to_owned).collect()
}

impl Context<'_> {
    fn is_form(&self) -> bool {
        self.contract.shape() == Shape::Form
    }
}

/// The size of the file, if it is one that may be read.
fn check_file(path: &Path, limits: &Limits) -> Result<u64, Diagnostic> {
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(Diagnostic::error("file-missing", say!("là thư mục, không phải tệp", "is a folder, not a file")));
    }
    if metadata.len() == 0 {
        return Err(Diagnostic::error("data-empty", say!("tệp rỗng", "the file is empty"))
            .remedy(say!("kiểm tra xem có chọn nhầm tệp không", "check whether it is the right file")));
    }
    if metadata.len() > limits.file_bytes_max {
        // Rounded up: a file just above the limit is not told to have the size of the limit.
        let (size, most) = (metadata.len().div_ceil(1 << 20), limits.file_bytes_max >> 20);
        return Err(Diagnostic::error(
            "file-too-large",
            say!("tệp lớn {size} MiB, giới hạn là {most} MiB", "the file has {size} MiB, the limit is {most} MiB"),
        )
        .remedy(say!("chia danh sách thành nhiều tệp", "split the list into several files")));
    }
    Ok(metadata.len())
}

fn open(path: &Path) -> Result<File, Diagnostic> {
    File::open(path).map_err(|error| unreadable(&error))
}

/// The finding that the file could not be opened or read further.
fn unreadable(error: &io::Error) -> Diagnostic {
    match error.kind() {
        io::ErrorKind::NotFound => Diagnostic::error("file-missing", say!("không có tệp này", "there is no such file"))
            .remedy(say!("kiểm tra lại tên tệp và thư mục", "check the file's name and folder")),
        io::ErrorKind::PermissionDenied => {
            Diagnostic::error("file-unreadable", say!("không được phép đọc tệp này", "this file may not be read"))
                .remedy(say!("đóng tệp trong Excel, hoặc xin quyền đọc", "close it in Excel, or ask for permission to read it"))
        }
        _ => Diagnostic::error("file-unreadable", say!("không đọc được tệp ({error})", "the file cannot be read ({error})")),
    }
}

/// The finding that a workbook is damaged; `cause` is for whoever helps the clerk.
fn broken(cause: &dyn Display) -> Diagnostic {
    Diagnostic::error(
        "file-broken",
        say!("tệp hỏng, không đọc được (chi tiết: {cause})", "the file is damaged and cannot be read (detail: {cause})"),
    )
    .remedy(say!(
        "mở tệp bằng Excel rồi lưu thành tệp .xlsx mới; nếu Excel cũng báo hỏng, lấy lại bản gốc",
        "open it in Excel and save it as a new .xlsx file; if Excel finds it damaged too, get the original again"
    ))
}

/// Does the directory of an OLE container hold a stream called `name`? Its entries lie on multiples of 128 bytes and
/// begin with the name in UTF-16.
fn ole_directory_names(path: &Path, name: &str) -> bool {
    let wanted: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let Ok(mut file) = File::open(path).map(io::BufReader::new) else { return false };
    let mut entry = [0; 128];
    while file.read_exact(&mut entry).is_ok() {
        if entry.starts_with(&wanted) {
            return true;
        }
    }
    false
}
