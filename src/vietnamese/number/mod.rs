//! Figures: the canonical decimal string, what clerks type, grouping as
//! Vietnamese readers expect, exact arithmetic and percentages. Reading aloud is
//! in `words`, typed numbers in `parse`, sums and shares in `arithmetic`; what is
//! public of them is re-exported here.
//!
//! A *canonical* number is an optional `-`, digits without superfluous leading
//! zeros, and optionally `.` with digits that do not end in zero: `-1234.5`. It
//! is the form in which a number travels through the program; equal numbers have
//! equal strings. Nothing here passes through a float.
//!
//! Limits: [`INTEGER_DIGITS_MAX`] before and [`SCALE_MAX`] after the decimal
//! mark for parsing and arithmetic; only words go further, to 36 digits.

mod arithmetic;
mod parse;
mod words;

pub use arithmetic::{add, change_in_words, compare, percent, subtract, sum};
pub use parse::{NumberError, parse};
pub use words::{Billion, Four, Reading, Thousand, ZeroTen, in_words};

/// Digits allowed before the decimal mark.
pub const INTEGER_DIGITS_MAX: usize = 24;

/// Digits allowed after the decimal mark.
pub const SCALE_MAX: usize = 12;

/// The pieces of a decimal string; the digits are ASCII and never empty.
#[derive(Clone, Copy)]
struct Pieces<'a> {
    negative: bool,
    integer: &'a str,
    /// Empty when there is no decimal mark.
    fraction: &'a str,
}

impl<'a> Pieces<'a> {
    /// Takes canonical text apart; `None` for anything that is not of its form.
    /// Superfluous zeros are tolerated, so `1.50` need not be cleaned first.
    fn of(canonical: &'a str) -> Option<Self> {
        let (negative, rest) = match canonical.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, canonical),
        };
        let (integer, fraction) = match rest.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (rest, ""),
        };
        let digits_only = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if integer.is_empty() || !digits_only(integer) || !digits_only(fraction) {
            return None;
        }
        let trimmed = integer.trim_start_matches('0');
        let integer = if trimmed.is_empty() { &integer[integer.len() - 1..] } else { trimmed };
        Some(Self { negative, integer, fraction })
    }

    /// The canonical string: no trailing zeros, no negative zero.
    fn canonical(self) -> String {
        let fraction = self.fraction.trim_end_matches('0');
        let zero = self.integer == "0" && fraction.is_empty();
        let mut text = String::with_capacity(self.integer.len() + fraction.len() + 2);
        if self.negative && !zero {
            text.push('-');
        }
        text.push_str(self.integer);
        if !fraction.is_empty() {
            text.push('.');
            text.push_str(fraction);
        }
        text
    }
}

/// A canonical number with Vietnamese grouping: `-1234567.89` → `-1.234.567,89`.
///
/// Text that is not a canonical number comes back unchanged, so that a word in a
/// column of figures is printed as it was written.
#[must_use]
pub fn group(canonical: &str) -> String {
    let Some(pieces) = Pieces::of(canonical) else {
        return canonical.to_owned();
    };
    let mut text = String::with_capacity(canonical.len() + canonical.len() / 3);
    if pieces.negative {
        text.push('-');
    }
    let digits = pieces.integer.len();
    for (at, digit) in pieces.integer.chars().enumerate() {
        if at > 0 && (digits - at).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    if !pieces.fraction.is_empty() {
        text.push(',');
        text.push_str(pieces.fraction);
    }
    text
}

/// A count or document number below ten with one leading zero, `5` → `05`; `0`
/// → `00`. Everything else, grouped or not, comes back unchanged, since `1234`
/// in `1234/QĐ-HKH` takes no dot. Decree 30, annex I, asks it of document
/// numbers; the decree itself writes its counts so (02 bản, 05 năm).
#[must_use]
pub fn pad_two(canonical: &str) -> String {
    match canonical.as_bytes() {
        [digit] if digit.is_ascii_digit() => format!("0{canonical}"),
        _ => canonical.to_owned(),
    }
}
