//! The workbook that a clerk fills in: headings, drop-downs, formats and explanations from the contract.
//!
//! Owns [`blank()`]. Whatever it writes, the reader takes back: headings with the mark of required fields, the sheet of
//! common values, tables under names cut to Excel's length; the sheet of explanations is never read.

use std::path::Path;

use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, Format, Formula, Workbook, Worksheet, XlsxError};
use serde_json::Value;

use super::{SpreadsheetError, save, style};
use crate::data::{COMMON_SHEET, GUIDE_SHEET, sheet_name};
use crate::template::contract::{Contract, Field, Kind, Scope, Shape};
use crate::vietnamese::{date, number};

/// Rows with drop-downs.
const ROWS: u32 = 10_000;
/// First column of the guide sheet that holds the allowed values for drop-downs.
const CHOICES_COLUMN: u16 = 8;

/// Writes the workbook to fill in for `contract`; `title` heads its explanations.
///
/// # Errors
///
/// See [`SpreadsheetError`].
pub fn blank(contract: &Contract, title: &str, path: &Path) -> Result<(), SpreadsheetError> {
    let mut workbook = Workbook::new();
    fill(&mut workbook, contract, title).map_err(|source| SpreadsheetError::Layout { path: path.to_owned(), source })?;
    save(workbook, path)
}

/// A sheet of the workbook and the fields explained for it.
struct Section<'a> {
    sheet: String,
    fields: Vec<&'a Field>,
}

fn fill(workbook: &mut Workbook, contract: &Contract, title: &str) -> Result<(), XlsxError> {
    let mut guide = Guide::default();
    let fields = contract.fields.iter();
    let mut sections = Vec::new();
    match contract.shape() {
        Shape::List => {
            let columns: Vec<&Field> = fields.clone().filter(|field| field.scope == Scope::Record).collect();
            write_list(workbook.add_worksheet(), "Danh sách", &columns, &mut guide)?;
            sections.push(Section { sheet: "Danh sách".to_owned(), fields: columns });
            let common: Vec<&Field> = fields.filter(|field| field.scope == Scope::Common).collect();
            if !common.is_empty() {
                write_common(workbook.add_worksheet(), &common, &mut guide)?;
                sections.push(Section { sheet: COMMON_SHEET.to_owned(), fields: common });
            }
        }
        Shape::Form => {
            let has_sheet = |field: &&Field| matches!(field.kind, Kind::Table(_) | Kind::List);
            let scalars: Vec<&Field> = fields.clone().filter(|field| !has_sheet(field)).collect();
            if !scalars.is_empty() {
                write_common(workbook.add_worksheet(), &scalars, &mut guide)?;
                sections.push(Section { sheet: COMMON_SHEET.to_owned(), fields: scalars });
            }
            for field in fields.filter(has_sheet) {
                let columns: Vec<&Field> = match &field.kind {
                    Kind::Table(columns) => columns.iter().collect(),
                    _ => vec![field],
                };
                let name = sheet_name(&field.title);
                write_list(workbook.add_worksheet(), &name, &columns, &mut guide)?;
                sections.push(Section { sheet: name, fields: columns });
            }
        }
    }
    guide.write(workbook.add_worksheet(), title, &sections)
}

/// A sheet with one column for each field.
fn write_list(sheet: &mut Worksheet, name: &str, fields: &[&Field], guide: &mut Guide) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    sheet.set_row_height(0, 36)?;
    for (column, field) in (0..).zip(fields) {
        let (heading, format) = if field.required {
            (format!("{} *", field.title), style::required_heading())
        } else {
            (field.title.clone(), style::heading())
        };
        sheet.write_string_with_format(0, column, style::fitted(&heading), &format)?;
        sheet.insert_note(0, column, &style::note(&explanation(field)))?;
        sheet.set_column_width(column, width(field))?;
        sheet.set_column_format(column, &cell_format(field))?;
        if let Some(validation) = guide.validation(field)? {
            sheet.add_data_validation(1, column, ROWS, column, &validation)?;
        }
    }
    style::frozen(sheet, ROWS, fields.len())
}

/// The sheet of single values: name, value, how to write it, an example.
fn write_common(sheet: &mut Worksheet, fields: &[&Field], guide: &mut Guide) -> Result<(), XlsxError> {
    sheet.set_name(COMMON_SHEET)?;
    style::headings(sheet, ["Mục", "Giá trị", "Giải thích", "Ví dụ"].into_iter())?;
    let wrapped = style::wrapped();
    for (row, field) in (1..).zip(fields) {
        let (heading, format) = if field.required {
            (format!("{} *", field.title), style::required_heading())
        } else {
            (field.title.clone(), style::heading())
        };
        sheet.write_string_with_format(row, 0, style::fitted(&heading), &format)?;
        sheet.write_blank(row, 1, &cell_format(field))?;
        sheet.write_string_with_format(row, 2, style::fitted(&described(field)), &wrapped)?;
        sheet.write_string_with_format(row, 3, style::fitted(&example(field)), &wrapped)?;
        if let Some(validation) = guide.validation(field)? {
            sheet.add_data_validation(row, 1, row, 1, &validation)?;
        }
    }
    for (column, width) in (0..).zip([32, 44, 60, 36]) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

/// The sheet of explanations, which also holds the allowed values too long for a drop-down of its own.
#[derive(Default)]
struct Guide {
    /// Lists of allowed values, one column each.
    choices: Vec<Vec<String>>,
}

impl Guide {
    /// The drop-down of a field with enumerated values.
    fn validation(&mut self, field: &Field) -> Result<Option<DataValidation>, XlsxError> {
        /// Excel's limit on a list written into the drop-down itself.
        const LIST_MAX: usize = 255;
        let choices = match field.kind {
            Kind::Boolean => vec!["Có".to_owned(), "Không".to_owned()],
            // A list may hold several of them, which a drop-down cannot.
            Kind::List => return Ok(None),
            _ if field.choices.is_empty() => return Ok(None),
            _ => field.choices.clone(),
        };
        let length: usize = choices.iter().map(|choice| choice.encode_utf16().count() + 1).sum();
        let validation = DataValidation::new();
        let validation = if length <= LIST_MAX && !choices.iter().any(|choice| choice.contains(',')) {
            validation.allow_list_strings(&choices)?
        } else {
            let last = choices.len() + 1;
            let column = crate::diagnostic::column_letters(u32::from(CHOICES_COLUMN) + self.choices.len() as u32);
            self.choices.push(choices);
            validation.allow_list_formula(Formula::new(format!("='{GUIDE_SHEET}'!${column}$2:${column}${last}")))
        };
        let validation = validation
            .set_error_style(DataValidationErrorStyle::Stop)
            .set_error_title("Giá trị không đúng")?
            .set_error_message("Hãy chọn một giá trị trong danh sách.")?;
        Ok(Some(validation))
    }

    fn write(&self, sheet: &mut Worksheet, title: &str, sections: &[Section<'_>]) -> Result<(), XlsxError> {
        sheet.set_name(GUIDE_SHEET)?;
        style::headings(sheet, ["Trang tính", "Cột hoặc mục", "Bắt buộc", "Cách ghi", "Ví dụ", "Giá trị cho phép"].into_iter())?;
        let wrapped = style::wrapped();
        let mut row = 1;
        for section in sections {
            for field in &section.fields {
                let cells = [
                    section.sheet.clone(),
                    field.title.clone(),
                    if field.required { "Có" } else { "" }.to_owned(),
                    described(field),
                    example(field),
                    field.choices.join("; "),
                ];
                for (column, cell) in (0..).zip(&cells) {
                    sheet.write_string_with_format(row, column, style::fitted(cell), &wrapped)?;
                }
                row += 1;
            }
        }
        let closing = format!(
            "{title}. Ô có dấu * hoặc nền vàng là bắt buộc. Không gộp ô, không đổi tiêu đề; thêm cột khác cũng được, cột lạ bị bỏ qua."
        );
        sheet.write_string_with_format(row + 1, 3, style::fitted(&closing), &wrapped)?;
        for (column, width) in (0..).zip([18, 28, 10, 60, 36, 40]) {
            sheet.set_column_width(column, width)?;
        }
        for (column, choices) in (CHOICES_COLUMN..).zip(&self.choices) {
            sheet.write_string_with_format(0, column, "Giá trị để chọn", &style::heading())?;
            for (row, choice) in (1..).zip(choices) {
                sheet.write_string_with_format(row, column, style::fitted(choice), &wrapped)?;
            }
            sheet.set_column_width(column, 30)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(())
    }
}

/// The number format by which Excel takes in what is typed.
fn cell_format(field: &Field) -> Format {
    match field.kind {
        Kind::Date => Format::new().set_num_format("dd/mm/yyyy"),
        Kind::Integer => Format::new().set_num_format("0"),
        Kind::Money => Format::new().set_num_format("#,##0"),
        Kind::Decimal => Format::new(),
        Kind::Text | Kind::Boolean | Kind::Email | Kind::List | Kind::Table(_) => style::text(),
    }
}

fn width(field: &Field) -> f64 {
    let wanted = match field.kind {
        Kind::Date | Kind::Boolean => 14,
        Kind::Integer | Kind::Decimal => 12,
        Kind::Money => 18,
        Kind::Email => 28,
        Kind::Text | Kind::List | Kind::Table(_) => field.length_max.unwrap_or(40).clamp(14, 40),
    };
    let heading = field.title.chars().count() + 4;
    f64::from(u8::try_from(wanted.max(heading.min(30))).unwrap_or(u8::MAX))
}

/// The note on a heading.
fn explanation(field: &Field) -> String {
    let mut lines = vec![described(field)];
    if field.required {
        lines.push("Bắt buộc.".to_owned());
    }
    let example = example(field);
    if !example.is_empty() {
        lines.push(format!("Ví dụ: {example}"));
    }
    if !field.choices.is_empty() {
        lines.push(format!("Chọn một trong: {}", field.choices.join("; ")));
    }
    lines.retain(|line| !line.is_empty());
    // Excel's limit on a note is that of a cell.
    style::fitted(&lines.join("\n")).chars().take(2_000).collect()
}

/// What the field is, and how a value of its kind is written.
fn described(field: &Field) -> String {
    let manner = match field.kind {
        Kind::Date => "Ghi ngày/tháng/năm.",
        Kind::Integer => "Ghi số nguyên.",
        Kind::Decimal => "Ghi số; phần lẻ sau dấu phẩy.",
        Kind::Money => "Ghi số tiền bằng đồng, không ghi chữ “đồng”.",
        Kind::Boolean => "Ghi Có hoặc Không.",
        Kind::Email => "Ghi một địa chỉ thư điện tử.",
        Kind::List => "Nhiều mục thì cách nhau bằng dấu chấm phẩy, hoặc mỗi mục một dòng.",
        Kind::Text | Kind::Table(_) => "",
    };
    [field.description.as_str(), manner].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The first example as a clerk would type it.
fn example(field: &Field) -> String {
    field.examples.first().map(|value| typed(field, value)).unwrap_or_default()
}

fn typed(field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (_, Value::Null) => String::new(),
        (Kind::Date, Value::String(text)) => text.parse().map_or_else(|_| text.clone(), date::short),
        (Kind::Decimal | Kind::Money, Value::String(digits)) => number::group(digits),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Bool(true)) => "Có".to_owned(),
        (_, Value::Bool(false)) => "Không".to_owned(),
        (Kind::Integer, Value::Number(number)) => number.to_string(),
        (_, Value::Array(items)) => items.iter().map(|item| typed(field, item)).collect::<Vec<_>>().join("; "),
        (_, other) => other.to_string(),
    }
}
