//! Amounts in đồng: in figures, in words, and as clerks type them.
//!
//! The numbers themselves belong to [`super::number`].

use super::letters;
use super::number::{self, NumberError, Reading};

/// Whole thousands are what clerks call a round amount.
const ROUND: &str = "000";

/// An amount in words, as on a receipt: `500000` → Năm trăm nghìn đồng.
///
/// With `chan`, a round amount (whole thousands) ends in đồng chẵn, a
/// guard against figures written behind it; other amounts never do.
///
/// `None` when the text is not a canonical number, has decimals (no coin smaller
/// than a đồng is in use), or is too long to read.
#[must_use]
pub fn in_words(canonical: &str, reading: &Reading, chan: bool) -> Option<String> {
    if canonical.contains('.') {
        return None;
    }
    let words = letters::capitalise(&number::in_words(canonical, *reading)?);
    let round = canonical.ends_with(ROUND);
    Some(if chan && round { format!("{words} đồng chẵn") } else { format!("{words} đồng") })
}

/// An amount in figures: `425000000` → 425.000.000 đồng.
#[must_use]
pub fn display(canonical: &str) -> String {
    format!("{} đồng", number::group(canonical))
}

/// Reads an amount as typed, with or without đ, ₫, đồng or VND (VNĐ) behind it,
/// and gives the canonical number: `500.000đ` → `500000`.
///
/// # Errors
///
/// As for [`number::parse`].
pub fn parse(text: &str) -> Result<String, NumberError> {
    let lower = letters::lower(text);
    let amount = ["đồng", "vnđ", "vnd", "đ", "₫"].iter().find_map(|unit| lower.trim_end().strip_suffix(unit)).unwrap_or(&lower);
    number::parse(amount)
}
