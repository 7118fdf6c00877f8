//! Dates and times as clerks type them: day, month, year, in that order always.
//!
//! A date that cannot be read is refused with the likely reason; none is ever
//! turned round in silence.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::civil::Date;

use super::super::letters;

/// Years accepted. Earlier and later ones are slips of the keyboard, or another
/// calendar.
const YEARS: RangeInclusive<i16> = 1900..=2199;

/// The Buddhist calendar is this many years ahead.
const BUDDHIST_OFFSET: i16 = 543;

/// Why typed text is not taken as a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DateError {
    /// Not of any known form.
    NotADate,
    /// Well formed, but the calendar has no such day (31/02/2026, 05/13/2026 is
    /// [`DateError::MonthFirst`]).
    NoSuchDay {
        /// As typed.
        day: u8,
        /// As typed.
        month: u8,
        /// As typed.
        year: i16,
    },
    /// The second number is no month but the first could be: month before day,
    /// as an English workbook shows it.
    MonthFirst {
        /// The date if the two are exchanged.
        suggestion: Date,
    },
    /// The year has two digits; which century is for the clerk to say.
    TwoDigitYear {
        /// As typed, 0..=99.
        year: u8,
    },
    /// The year is outside 1900..=2199.
    YearOutOfRange {
        /// As typed.
        year: i16,
        /// The same day in the Gregorian calendar if the year looks Buddhist.
        suggestion: Option<Date>,
    },
}

impl fmt::Display for DateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotADate => f.write_str("not a date; write day/month/year, as in `05/3/2020`"),
            Self::NoSuchDay { day, month, year } => {
                write!(f, "the calendar has no day `{day:02}/{month:02}/{year}`")
            }
            Self::MonthFirst { suggestion } => write!(f, "the month seems to stand before the day; write `{}`", super::short(*suggestion)),
            Self::TwoDigitYear { year } => {
                write!(f, "the year `{year:02}` has two digits; write four")
            }
            Self::YearOutOfRange { year, suggestion } => {
                write!(f, "the year `{year}` is outside {} to {}", YEARS.start(), YEARS.end())?;
                match suggestion {
                    Some(date) => write!(f, "; if it is of the Buddhist calendar, write `{}`", super::short(*date)),
                    None => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for DateError {}

/// Reads a date: `5/3/2020`, `05-03-2020`, `5.3.2020` (day, month, year),
/// `2020-03-05` (ISO, also with a midnight time behind it, as exports write it),
/// `ngày 05 tháng 3 năm 2020` in any case.
///
/// # Errors
///
/// See [`DateError`].
pub fn parse(text: &str) -> Result<Date, DateError> {
    let lower = letters::lower(text.trim());
    let worded = ["ngày", "tháng", "năm"].iter().all(|word| lower.contains(word));
    let parts: Vec<&str> = if worded {
        in_words_parts(&lower).ok_or(DateError::NotADate)?
    } else {
        numeric_parts(without_midnight(&lower)).ok_or(DateError::NotADate)?
    };
    let [first, second, third] = parts[..] else {
        return Err(DateError::NotADate);
    };
    if first.len() == 4 && !worded {
        return date_of(third, second, first);
    }
    date_of(first, second, third)
}

fn in_words_parts(lower: &str) -> Option<Vec<&str>> {
    let rest = lower.strip_prefix("ngày")?;
    let (day, rest) = rest.split_once("tháng")?;
    let (month, year) = rest.split_once("năm")?;
    Some(vec![day.trim(), month.trim(), year.trim()])
}

/// Three parts with one and the same separator.
fn numeric_parts(text: &str) -> Option<Vec<&str>> {
    let separator = text.chars().find(|c| matches!(c, '/' | '-' | '.'))?;
    Some(text.split(separator).map(str::trim).collect())
}

fn without_midnight(lower: &str) -> &str {
    let Some((date, time)) = lower.split_once([' ', 't']) else {
        return lower;
    };
    let midnight = time.starts_with("00:00") && time.chars().all(|c| matches!(c, '0' | ':' | '.' | 'z'));
    if midnight { date } else { lower }
}

fn date_of(day: &str, month: &str, year: &str) -> Result<Date, DateError> {
    let (Some(day), Some(month)) = (small_number(day), small_number(month)) else {
        return Err(DateError::NotADate);
    };
    let year: i16 = match (year.len(), small_number(year), digits(year)) {
        (2, Some(year), _) => return Err(DateError::TwoDigitYear { year }),
        (4, _, true) => year.parse().map_err(|_| DateError::NotADate)?,
        _ => return Err(DateError::NotADate),
    };
    let make = |year: i16, month: u8, day: u8| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    if !YEARS.contains(&year) {
        let gregorian = year - BUDDHIST_OFFSET;
        let suggestion = YEARS.contains(&gregorian).then(|| make(gregorian, month, day)).flatten();
        return Err(DateError::YearOutOfRange { year, suggestion });
    }
    if let Some(date) = make(year, month, day) {
        return Ok(date);
    }
    if month > 12
        && day <= 12
        && let Some(suggestion) = make(year, day, month)
    {
        return Err(DateError::MonthFirst { suggestion });
    }
    Err(DateError::NoSuchDay { day, month, year })
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// One or two ASCII digits.
fn small_number(text: &str) -> Option<u8> {
    (digits(text) && text.len() <= 2).then(|| text.parse().ok()).flatten()
}

/// Reads a time of day: `8h30`, `08:30`, `8h`, `8 giờ 30 phút`, `8g30`. Hours
/// 0..=23, minutes 0..=59; seconds are not accepted unless they are `:00`.
#[must_use]
pub fn parse_time(text: &str) -> Option<(u8, u8)> {
    let lower = letters::lower(text.trim());
    let lower = lower.replace("giờ", "h").replace("phút", "");
    let lower = lower.trim();
    let at = lower.find([':', 'h', 'g'])?;
    let (hour, minute) = (lower[..at].trim_end(), lower[at + 1..].trim());
    let colon = lower[at..].starts_with(':');
    let minute = match minute {
        "" if !colon => "0",
        minute if colon => minute.strip_suffix(":00").unwrap_or(minute),
        minute => minute.strip_suffix(['p', '\'']).unwrap_or(minute),
    };
    let (hour, minute) = (small_number(hour)?, small_number(minute)?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}
