//! Dates and clock times as Decree 30 writes them. Reading what clerks type is
//! in `parse`, re-exported here.
//!
//! No clock: today's date is the caller's.

mod parse;

pub use parse::{DateError, parse, parse_time};

use jiff::civil::Date;

use super::letters;
use super::number::{self, Reading};

/// `ngày 05 tháng 3 năm 2020`: days below ten and the months 1 and 2 take a
/// leading zero, no other month does (Decree 30, annex I). The zeros stop 1 from
/// becoming 11, and 2 from becoming 12.
#[must_use]
pub fn long(date: Date) -> String {
    format!("ngày {:02} tháng {} năm {}", date.day(), month(date), date.year())
}

/// `05/3/2020`, the same zeros as in [`long`].
#[must_use]
pub fn short(date: Date) -> String {
    format!("{:02}/{}/{}", date.day(), month(date), date.year())
}

fn month(date: Date) -> String {
    match date.month() {
        padded @ 1..=2 => format!("{padded:02}"),
        plain => plain.to_string(),
    }
}

/// A date in words with the default [`Reading`]: ngày năm tháng ba năm hai nghìn
/// không trăm hai mươi.
///
/// April is tháng tư. Official texts write neither mùng (mồng) nor the lunar
/// names giêng and chạp. `capital_month` writes tháng Ba, as annex II of Decree
/// 30 asks for months in words.
#[must_use]
pub fn in_words(date: Date, capital_month: bool) -> String {
    in_words_with(date, capital_month, Reading::default())
}

/// [`in_words`] with an organisation's manner of reading numbers.
#[must_use]
pub fn in_words_with(date: Date, capital_month: bool, reading: Reading) -> String {
    let words = |n: i16| {
        let digits = n.to_string();
        // Every i16 is a canonical number of at most five digits.
        number::in_words(&digits, reading).unwrap_or(digits)
    };
    let month = match date.month() {
        4 => "tư".to_owned(),
        other => words(i16::from(other)),
    };
    let month = if capital_month { letters::capitalise(&month) } else { month };
    format!("ngày {} tháng {month} năm {}", words(i16::from(date.day())), words(date.year()))
}

/// `08 giờ 30 phút`, as minutes of meetings write it; the minutes are always
/// given, two digits each.
#[must_use]
pub fn time_long(hour: u8, minute: u8) -> String {
    format!("{hour:02} giờ {minute:02} phút")
}
