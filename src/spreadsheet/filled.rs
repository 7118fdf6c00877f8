//! A workbook that already holds records: what a clerk would have typed.
//!
//! Owns laying records out in the sheets that the readers of `data` expect: common values on “Chung”, tables on sheets
//! of their own, or rows under headings.

use std::path::Path;

use jiff::civil::Date;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use serde_json::{Map, Value};

use super::{SpreadsheetError, save, style};
use crate::data::{COMMON_SHEET, sheet_name};
use crate::template::contract::{Contract, Field, Kind, Shape};

/// Writes `lists` (sheet name and records) for a list-shaped contract.
pub fn lists(contract: &Contract, lists: &[(&str, &[Map<String, Value>])], path: &Path) -> Result<(), SpreadsheetError> {
    debug_assert_eq!(contract.shape(), Shape::List);
    write(path, |workbook, styles| {
        for (name, records) in lists {
            let used: Vec<&Field> = contract
                .fields
                .iter()
                .filter(|field| records.iter().any(|record| record.get(&field.name).is_some_and(|value| !value.is_null())))
                .collect();
            let sheet = workbook.add_worksheet();
            sheet.set_name(sheet_name(name))?;
            rows(sheet, &used, records, styles)?;
        }
        Ok(())
    })
}

/// Writes one record of a form-shaped contract.
pub fn form(contract: &Contract, record: &Map<String, Value>, path: &Path) -> Result<(), SpreadsheetError> {
    debug_assert_eq!(contract.shape(), Shape::Form);
    write(path, |workbook, styles| {
        let common = workbook.add_worksheet();
        common.set_name(COMMON_SHEET)?;
        common.set_column_width(0, 32)?;
        common.set_column_width(1, 60)?;
        common.write_string_with_format(0, 0, "Mục", &styles.heading)?;
        common.write_string_with_format(0, 1, "Giá trị", &styles.heading)?;
        let mut row = 1;
        for field in &contract.fields {
            let value = record.get(&field.name).unwrap_or(&Value::Null);
            if matches!(field.kind, Kind::Table(_) | Kind::List) || value.is_null() {
                continue;
            }
            common.write_string(row, 0, &field.title)?;
            cell(common, row, 1, field, value, styles)?;
            row += 1;
        }
        for field in &contract.fields {
            let Some(Value::Array(items)) = record.get(&field.name) else { continue };
            let sheet = workbook.add_worksheet();
            sheet.set_name(sheet_name(&field.title))?;
            match &field.kind {
                Kind::Table(columns) => {
                    let items: Vec<Map<String, Value>> = items.iter().filter_map(Value::as_object).cloned().collect();
                    rows(sheet, &columns.iter().collect::<Vec<_>>(), &items, styles)?;
                }
                _ => {
                    sheet.set_column_width(0, 60)?;
                    sheet.write_string_with_format(0, 0, &field.title, &styles.heading)?;
                    for (row, item) in (1..).zip(items.iter().filter_map(Value::as_str)) {
                        sheet.write_string_with_format(row, 0, style::fitted(item), &styles.wrapped)?;
                    }
                }
            }
        }
        Ok(())
    })
}

struct Styles {
    heading: Format,
    date: Format,
    text: Format,
    wrapped: Format,
}

fn write(path: &Path, fill: impl FnOnce(&mut Workbook, &Styles) -> Result<(), XlsxError>) -> Result<(), SpreadsheetError> {
    let styles = Styles {
        heading: style::heading(),
        date: Format::new().set_num_format("dd/mm/yyyy"),
        text: style::text(),
        wrapped: style::wrapped(),
    };
    let mut workbook = Workbook::new();
    fill(&mut workbook, &styles).map_err(|source| SpreadsheetError::Layout { path: path.to_owned(), source })?;
    save(workbook, path)
}

fn rows(sheet: &mut Worksheet, fields: &[&Field], records: &[Map<String, Value>], styles: &Styles) -> Result<(), XlsxError> {
    for (column, field) in (0..).zip(fields) {
        sheet.write_string_with_format(0, column, &field.title, &styles.heading)?;
        sheet.set_column_width(column, 22)?;
        for (row, record) in (1..).zip(records) {
            cell(sheet, row, column, field, record.get(&field.name).unwrap_or(&Value::Null), styles)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn cell(sheet: &mut Worksheet, row: u32, column: u16, field: &Field, value: &Value, styles: &Styles) -> Result<(), XlsxError> {
    match (&field.kind, value) {
        (_, Value::Null) => {}
        (Kind::Date, Value::String(text)) => match text.parse::<Date>() {
            Ok(date) => {
                let date = rust_xlsxwriter::ExcelDateTime::from_ymd(date.year().unsigned_abs(), date.month() as u8, date.day() as u8)?;
                sheet.write_datetime_with_format(row, column, date, &styles.date)?;
            }
            Err(_) => {
                sheet.write_string(row, column, text)?;
            }
        },
        (Kind::Boolean, Value::Bool(yes)) => {
            sheet.write_string(row, column, if *yes { "có" } else { "không" })?;
        }
        // A spreadsheet holds 15 digits exactly; longer numbers stay text.
        (Kind::Integer | Kind::Decimal | Kind::Money, number) => {
            let text = plain(number);
            match text.parse::<f64>() {
                Ok(parsed) if text.len() <= 15 => sheet.write_number(row, column, parsed)?,
                _ => sheet.write_string(row, column, &text)?,
            };
        }
        (_, Value::Array(items)) => {
            let text = items.iter().map(plain).collect::<Vec<_>>().join("; ");
            sheet.write_string_with_format(row, column, text, &styles.text)?;
        }
        (_, other) => {
            sheet.write_string_with_format(row, column, plain(other), &styles.text)?;
        }
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
