//! Numbers as clerks type them, read without guessing by a factor of a thousand.

use std::fmt;

use super::{INTEGER_DIGITS_MAX, Pieces, SCALE_MAX};

/// Why typed text is not taken as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Nothing but white space.
    Empty,
    /// A character no number contains; digits of other scripts and exponents
    /// are among them.
    NotANumber {
        /// The first such character.
        found: char,
    },
    /// A sign, mark or separator stands where none can, or groups are not of
    /// three digits, as in `1.23.456`.
    Malformed,
    /// A single comma before three digits, `1,234`: a decimal in Vietnamese,
    /// thousands in an English workbook. Both readings are given as canonical
    /// numbers.
    Ambiguous {
        /// Read as grouping.
        thousands: String,
        /// Read as a decimal mark.
        decimal: String,
    },
    /// More digits than [`INTEGER_DIGITS_MAX`] or [`SCALE_MAX`].
    TooLong,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a number is missing"),
            Self::NotANumber { found } => {
                write!(f, "`{}` does not belong in a number", found.escape_debug())
            }
            Self::Malformed => f.write_str("digits are not grouped in threes; write `1.234.567` or `1.234.567,89`"),
            Self::Ambiguous { thousands, decimal } => write!(
                f,
                "the comma may group thousands or mark decimals; write `{}` or `{}0`",
                super::group(thousands),
                super::group(decimal),
            ),
            Self::TooLong => write!(f, "more than {INTEGER_DIGITS_MAX} digits, or {SCALE_MAX} decimals"),
        }
    }
}

impl std::error::Error for NumberError {}

/// Reads what a clerk typed and gives the canonical number.
///
/// - `1.234.567`, `1.234.567,89`, `1 234 567,89`, `1234,5`: Vietnamese.
/// - `1,234,567.89`, `1,234,567`: English, recognised where it cannot be
///   Vietnamese.
/// - A single dot before exactly three digits, `1.234`, is grouping; before any
///   other number of digits, or after a lone zero or a group of more than three,
///   it marks decimals: `1.5`, `0.125`, `1234.567`.
/// - A single comma marks decimals, but `1,234` is refused as ambiguous: the two
///   readings differ by a thousand and both are common.
///
/// Leading zeros are dropped (`05` → `5`), trailing decimal zeros too. A minus
/// may be `-` or U+2212.
///
/// # Errors
///
/// See [`NumberError`]; the text is never half understood.
pub fn parse(text: &str) -> Result<String, NumberError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NumberError::Empty);
    }
    let (negative, body) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let mut plain = String::with_capacity(body.len());
    for c in body.chars() {
        match c {
            '0'..='9' | '.' | ',' => plain.push(c),
            // White space groups digits too: thin and no-break spaces included.
            c if c.is_whitespace() && c != '\n' => plain.push(' '),
            found => return Err(NumberError::NotANumber { found }),
        }
    }
    let split = split(&plain)?;
    let integer: String = split.integer.chars().filter(char::is_ascii_digit).collect();
    let canonical = |fraction: &str, integer: &str| {
        let joined = if fraction.is_empty() { integer.to_owned() } else { format!("{integer}.{fraction}") };
        let pieces = Pieces::of(&joined).ok_or(NumberError::Malformed)?;
        if pieces.integer.len() > INTEGER_DIGITS_MAX || pieces.fraction.trim_end_matches('0').len() > SCALE_MAX {
            return Err(NumberError::TooLong);
        }
        Ok(Pieces { negative, ..pieces }.canonical())
    };
    if split.ambiguous {
        return Err(NumberError::Ambiguous {
            thousands: canonical("", &format!("{integer}{}", split.fraction))?,
            decimal: canonical(split.fraction, &integer)?,
        });
    }
    canonical(split.fraction, &integer)
}

struct Split<'a> {
    /// Digits with their grouping, checked.
    integer: &'a str,
    fraction: &'a str,
    ambiguous: bool,
}

/// Decides which separator groups and which marks decimals. `text` holds only
/// digits, dots, commas and spaces.
fn split(text: &str) -> Result<Split<'_>, NumberError> {
    let count = |separator: char| text.matches(separator).count();
    let (dots, commas, spaces) = (count('.'), count(','), count(' '));
    let decimal_mark = match (dots, commas) {
        (0, 1) => Some(','),
        (1, 0) if spaces == 0 && dot_groups(text) => None,
        (1, 0) => Some('.'),
        // None at all, or several of one kind: they can only group.
        (0, _) | (_, 0) => None,
        // Both: the later one marks decimals and must stand alone.
        _ => match (text.rfind('.'), text.rfind(',')) {
            (Some(dot), Some(comma)) if dot > comma => Some('.'),
            _ => Some(','),
        },
    };
    let (integer, fraction) = match decimal_mark.and_then(|mark| text.split_once(mark)) {
        Some((integer, fraction)) => (integer, fraction),
        None => (text, ""),
    };
    let has_fraction = integer.len() < text.len();
    if has_fraction && (fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit())) {
        return Err(NumberError::Malformed);
    }
    if !grouped_in_threes(integer) {
        return Err(NumberError::Malformed);
    }
    let alone = dots + spaces == 0 && decimal_mark == Some(',');
    let ambiguous = alone && fraction.len() == 3 && groups_start(integer);
    // `1 234.567` may be one decimal or two manners of grouping in one number.
    if decimal_mark == Some('.') && spaces > 0 && fraction.len() == 3 {
        return Err(NumberError::Malformed);
    }
    Ok(Split { integer, fraction, ambiguous })
}

/// Whether the only dot of `text` groups thousands.
fn dot_groups(text: &str) -> bool {
    text.split_once('.').is_some_and(|(integer, rest)| rest.len() == 3 && groups_start(integer))
}

/// Whether `digits` could stand before a first group separator.
fn groups_start(digits: &str) -> bool {
    matches!(digits.len(), 1..=3) && !digits.starts_with('0')
}

/// Plain digits, or groups of three behind a first group of one to three, all
/// with one and the same separator.
fn grouped_in_threes(integer: &str) -> bool {
    let Some(separator) = integer.chars().find(|c| !c.is_ascii_digit()) else {
        return !integer.is_empty();
    };
    let mut groups = integer.split(separator);
    groups.next().is_some_and(groups_start) && groups.all(|g| g.len() == 3 && g.bytes().all(|b| b.is_ascii_digit()))
}
