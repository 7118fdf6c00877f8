//! Exact arithmetic on canonical numbers: sums for tables, comparison, shares
//! and changes in per cent. Integers scaled by powers of ten, never floats.

use std::cmp::Ordering;

use super::{INTEGER_DIGITS_MAX, Pieces, SCALE_MAX, group};

/// Ten to the power [`SCALE_MAX`]: one, in the units below.
const ONE: i128 = 10_i128.pow(12);

/// The number in units of 10⁻¹². At most 36 digits, so i128 has room for sums.
fn units(canonical: &str) -> Option<i128> {
    let pieces = Pieces::of(canonical)?;
    let fraction = pieces.fraction.trim_end_matches('0');
    if pieces.integer.len() > INTEGER_DIGITS_MAX || fraction.len() > SCALE_MAX {
        return None;
    }
    let integer: i128 = pieces.integer.parse().ok()?;
    let decimals: i128 = format!("{fraction:0<SCALE_MAX$}").parse().ok()?;
    let magnitude = integer * ONE + decimals;
    Some(if pieces.negative { -magnitude } else { magnitude })
}

/// The canonical number of `units`; `None` beyond [`INTEGER_DIGITS_MAX`].
fn canonical(units: i128) -> Option<String> {
    let integer = (units.abs() / ONE).to_string();
    let fraction = format!("{:0SCALE_MAX$}", units.abs() % ONE);
    (integer.len() <= INTEGER_DIGITS_MAX).then(|| Pieces { negative: units < 0, integer: &integer, fraction: &fraction }.canonical())
}

/// `a + b`, exactly. `None` when either is not a canonical number within the
/// limits, or the result is beyond them.
#[must_use]
pub fn add(a: &str, b: &str) -> Option<String> {
    canonical(units(a)? + units(b)?)
}

/// `a − b`, exactly; `None` as for [`add`].
#[must_use]
pub fn subtract(a: &str, b: &str) -> Option<String> {
    canonical(units(a)? - units(b)?)
}

/// The exact sum; of nothing, `0`. `None` as for [`add`].
#[must_use]
pub fn sum<'a>(numbers: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut total = 0_i128;
    for number in numbers {
        total = total.checked_add(units(number)?)?;
    }
    canonical(total)
}

/// Compares by value. `None` when either is not a canonical number within the
/// limits.
#[must_use]
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(units(a)?.cmp(&units(b)?))
}

/// `part` as a percentage of `whole`, one decimal, half rounded away from zero,
/// a trailing `,0` dropped, no space before the sign: `27,4%`, `100%`.
///
/// `None` when `whole` is zero or either is not a canonical number within the
/// limits.
#[must_use]
pub fn percent(part: &str, whole: &str) -> Option<String> {
    let tenths = tenths_of_a_percent(units(part)?, units(whole)?)?;
    Some(percent_text(tenths))
}

/// How `now` compares with `before`: tăng 12,5%, giảm 3%, không thay đổi. A
/// change too small for one decimal reads tăng dưới 0,1%.
///
/// `None` when they differ and `before` is zero or negative, where a percentage
/// says nothing, or either is not a canonical number within the limits.
#[must_use]
pub fn change_in_words(now: &str, before: &str) -> Option<String> {
    let (now, before) = (units(now)?, units(before)?);
    let verb = match now.cmp(&before) {
        Ordering::Equal => return Some("không thay đổi".to_owned()),
        Ordering::Greater => "tăng",
        Ordering::Less => "giảm",
    };
    if before <= 0 {
        return None;
    }
    let tenths = tenths_of_a_percent((now - before).abs(), before)?;
    Some(if tenths == 0 { format!("{verb} dưới 0,1%") } else { format!("{verb} {}", percent_text(tenths)) })
}

/// `part / whole` in thousandths, rounded half away from zero. Long division,
/// because `part × 1000` may not fit.
fn tenths_of_a_percent(part: i128, whole: i128) -> Option<i128> {
    let (dividend, divisor) = (part.unsigned_abs(), whole.unsigned_abs());
    let mut quotient = dividend.checked_div(divisor)?;
    let mut rest = dividend % divisor;
    for _ in 0..3 {
        rest *= 10;
        quotient = quotient.checked_mul(10)?.checked_add(rest / divisor)?;
        rest %= divisor;
    }
    if rest * 2 >= divisor {
        quotient += 1;
    }
    let magnitude = i128::try_from(quotient).ok()?;
    Some(if (part < 0) == (whole < 0) { magnitude } else { -magnitude })
}

fn percent_text(tenths: i128) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let whole = group(&(tenths.abs() / 10).to_string());
    match tenths.abs() % 10 {
        0 => format!("{sign}{whole}%"),
        decimal => format!("{sign}{whole},{decimal}%"),
    }
}
