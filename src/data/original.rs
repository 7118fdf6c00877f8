//! Cells as a correction workbook gives them back.
//!
//! Owns [`Original`]: a date stays a date, a number a number, text text, so that a row whose other cells were mended is
//! read as it would have been read at once. Writing the workbook is [`crate::spreadsheet`]'s work.

use jiff::civil::Date;

use super::cell::Cell;

/// A cell of a refused row.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Original {
    /// Text as written, or what no spreadsheet keeps otherwise; empty for an empty cell.
    Text(String),
    /// A number that the spreadsheet held in binary.
    Number(f64),
    /// A date that the spreadsheet held as one.
    Date {
        /// The day; never before 1901, where spreadsheets count a day that no calendar has.
        day: Date,
        /// Seconds of the day; 0 for a date without a time.
        seconds: u32,
    },
}

impl Original {
    pub(super) fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Number(number) => Self::Number(*number),
            Cell::Date { year, month, day, seconds } if *year > 1900 => match Date::new(*year, *month, *day) {
                Ok(day) => Self::Date { day, seconds: *seconds },
                Err(_) => Self::Text(cell.shown()),
            },
            other => Self::Text(other.shown()),
        }
    }

    /// The cell as text, near enough to be recognised.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => Cell::Number(*number).shown(),
            Self::Date { day, seconds } => Cell::Date { year: day.year(), month: day.month(), day: day.day(), seconds: *seconds }.shown(),
        }
    }
}
