//! How the workbooks look: headings, widths, the marks of required fields and of errors.
//!
//! Owns the formats that [`super::blank()`], [`super::rejected()`] and [`super::table()`] share.

use std::borrow::Cow;

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Note, Worksheet, XlsxError};

/// Longest text of a cell, in UTF-16 units (Excel's limit).
const TEXT_MAX: usize = 32_767;
/// Narrowest and widest column, in characters.
const WIDTHS: (usize, usize) = (8, 60);

/// How a date is shown.
pub(super) const DATE: &str = "dd/mm/yyyy";
/// How a date with a time is shown.
pub(super) const DATE_AND_TIME: &str = "dd/mm/yyyy hh:mm:ss";

/// Text as typed: Excel does not turn it into a date or a number, nor drop leading zeros.
pub(super) fn text() -> Format {
    Format::new().set_num_format("@").set_align(FormatAlign::Top)
}

/// Text over several lines.
pub(super) fn wrapped() -> Format {
    text().set_text_wrap()
}

/// A heading.
pub(super) fn heading() -> Format {
    Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
        .set_background_color("#DCE9D5")
        .set_border(FormatBorder::Thin)
        .set_num_format("@")
}

/// The heading of what must be filled in.
pub(super) fn required_heading() -> Format {
    heading().set_background_color("#F9E2B4")
}

/// A cell to correct.
pub(super) fn wrong() -> Format {
    wrapped().set_background_color("#F8CBCB")
}

/// Writes a row of headings.
pub(super) fn headings<'a>(sheet: &mut Worksheet, headings: impl Iterator<Item = &'a str>) -> Result<(), XlsxError> {
    let format = heading();
    for (column, heading) in (0..).zip(headings) {
        sheet.write_string_with_format(0, column, fitted(heading), &format)?;
    }
    Ok(())
}

/// Widths for columns whose longest text is known.
pub(super) fn columns(sheet: &mut Worksheet, widths: &[usize]) -> Result<(), XlsxError> {
    for (column, width) in (0..).zip(widths) {
        let width = u8::try_from((width + 3).clamp(WIDTHS.0, WIDTHS.1)).unwrap_or(u8::MAX);
        sheet.set_column_width(column, f64::from(width))?;
    }
    Ok(())
}

/// Keeps the headings in view and lets the rows be filtered.
pub(super) fn frozen(sheet: &mut Worksheet, last_row: u32, columns: usize) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 0)?;
    if let Some(last_column) = columns.checked_sub(1).and_then(|last| u16::try_from(last).ok()) {
        sheet.autofilter(0, 0, last_row, last_column)?;
    }
    Ok(())
}

/// A note large enough for its text.
pub(super) fn note(text: &str) -> Note {
    const CHARS_IN_LINE: usize = 45;
    let lines: usize = text.lines().map(|line| line.chars().count() / CHARS_IN_LINE + 1).sum();
    let height = u32::try_from(lines.clamp(2, 30)).unwrap_or(30) * 18 + 12;
    Note::new(text).add_author_prefix(false).set_width(320).set_height(height)
}

/// `text` cut to what a cell may hold.
pub(super) fn fitted(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_MAX {
        return Cow::Borrowed(text);
    }
    let mut length = 0;
    let fits = |c: &char| {
        length += c.len_utf16();
        length <= TEXT_MAX
    };
    Cow::Owned(text.chars().take_while(fits).collect())
}
