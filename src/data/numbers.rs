//! Numbers of a contract: whole, decimal and money, from binary cells, JSON digits and typed text.
//!
//! Owns the exact forms: an integer as JSON integer, the others as canonical digits. How Vietnamese text is read as a
//! number is [`crate::vietnamese::number`]'s.

use serde_json::Value;

use super::cell::{Cell, digits_of};
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::vietnamese::{money, number, number::NumberError};

/// From here on a spreadsheet has lost digits: it keeps 15 of them.
const EXACT_BELOW: f64 = 1e15;
/// Longest exponent written out as digits; more is no number of an office.
const EXPONENT_MAX: i32 = 30;

/// A whole number.
pub(super) fn integer(cell: &Cell) -> Result<Value, Diagnostic> {
    let digits = canonical(cell, number::parse)?;
    if digits.contains('.') {
        return Err(Diagnostic::error("integer-expected", say!("không phải số nguyên", "is not a whole number"))
            .remedy(say!("ghi số không có phần lẻ", "write a number without decimals")));
    }
    digits.parse::<i64>().map(Value::from).map_err(|_| too_long())
}

/// An exact decimal.
pub(super) fn decimal(cell: &Cell) -> Result<Value, Diagnostic> {
    canonical(cell, number::parse).map(Value::String)
}

/// An amount in đồng, which has no smaller coin.
pub(super) fn money(cell: &Cell) -> Result<Value, Diagnostic> {
    let digits = canonical(cell, money::parse)?;
    if digits.contains('.') {
        return Err(Diagnostic::error("money-fraction", say!("là số tiền có phần lẻ của đồng", "is an amount with a fraction of a đồng"))
            .remedy(say!("làm tròn đến đồng", "round it to the đồng")));
    }
    Ok(Value::String(digits))
}

/// Refuses a binary number so long that its last digits are already lost.
pub(super) fn check_digits(number: f64) -> Result<(), Diagnostic> {
    if number.is_finite() && number.abs() < EXACT_BELOW {
        return Ok(());
    }
    Err(Diagnostic::error(
        "number-digits-lost",
        say!(
            "được lưu dạng số nên các chữ số cuối đã mất (Excel chỉ giữ 15 chữ số)",
            "is stored as a number, so its last digits are lost (Excel keeps 15 digits)"
        ),
    )
    .remedy(say!("đổi ô sang kiểu Văn bản (Text) rồi ghi lại đầy đủ", "format the cell as Text and write it again in full")))
}

fn canonical(cell: &Cell, parse: fn(&str) -> Result<String, NumberError>) -> Result<String, Diagnostic> {
    match cell {
        Cell::Number(number) => {
            check_digits(*number)?;
            Ok(digits_of(*number))
        }
        Cell::Digits(token) => written_out(token).ok_or_else(too_long),
        Cell::Text(text) => parse(text).map_err(|error| problem(&error, text)),
        Cell::Date { .. } | Cell::Time(_) => {
            Err(Diagnostic::error("number-is-date", say!("là ngày giờ, không phải số", "is a date or time, not a number"))
                .remedy(say!("đổi ô sang kiểu Số (Number) rồi ghi lại", "format the cell as Number and write it again")))
        }
        _ => Err(problem(&NumberError::Malformed, "")),
    }
}

fn problem(error: &NumberError, text: &str) -> Diagnostic {
    let malformed = || {
        Diagnostic::error("number-malformed", say!("không phải số", "is not a number"))
            .remedy(say!("ghi số, ví dụ 1.234.567 hoặc 12,5", "write a number, such as 1.234.567 or 12,5"))
    };
    match error {
        // Among digits the one wrong character is worth naming; of a word the first letter is not.
        NumberError::NotANumber { found } if text.bytes().any(|byte| byte.is_ascii_digit()) => {
            Diagnostic::error("number-malformed", say!("không phải số vì có “{found}”", "is not a number because it holds “{found}”"))
                .remedy(say!("chỉ ghi chữ số, ví dụ 1.234.567 hoặc 12,5", "write digits only, such as 1.234.567 or 12,5"))
        }
        NumberError::Ambiguous { thousands, decimal } => {
            let (thousands, decimal) = (number::group(thousands), number::group(decimal));
            Diagnostic::error(
                "number-ambiguous",
                say!("dấu phẩy ở đây có thể là hàng nghìn hoặc phần lẻ", "the comma may group thousands or mark decimals"),
            )
            .remedy(say!(
                "nếu là hàng nghìn, ghi {thousands}; nếu là phần lẻ, ghi {decimal}0",
                "for thousands write {thousands}; for decimals write {decimal}0"
            ))
        }
        NumberError::TooLong => too_long(),
        NumberError::NotANumber { .. } | NumberError::Empty | NumberError::Malformed => malformed(),
    }
}

fn too_long() -> Diagnostic {
    Diagnostic::error("number-too-large", say!("là số quá lớn hoặc quá nhiều chữ số", "is too large a number or has too many digits"))
        .remedy(say!("kiểm tra lại số", "check the number"))
}

/// The token of a JSON number as canonical digits, exactly: `1.50e2` → `150`, `-0.0` → `0`.
fn written_out(token: &str) -> Option<String> {
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok().filter(|e| e.abs() <= EXPONENT_MAX)?),
        None => (token, 0),
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    if point <= 0 {
        digits.insert_str(0, &"0".repeat(usize::try_from(1 - point).ok()?));
    }
    let point = usize::try_from(point.max(1)).ok()?;
    while digits.len() < point {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at(point);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let fraction = fraction.trim_end_matches('0');
    if whole.len() > number::INTEGER_DIGITS_MAX || fraction.len() > number::SCALE_MAX {
        return None;
    }
    Some(match (whole, fraction) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    })
}
