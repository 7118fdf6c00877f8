//! Numbers read aloud, with the choices that differ between North and South.

use super::Pieces;

/// Digits that can be read before the decimal mark, and after it.
const DIGITS_MAX: usize = 36;

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];

/// How a zero in the tens is read: 105 is một trăm *linh* năm or *lẻ* năm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ZeroTen {
    /// Formal and northern.
    #[default]
    Linh,
    /// Southern.
    Le,
}

/// The word for a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Thousand {
    /// Formal and northern.
    #[default]
    Nghin,
    /// Southern.
    Ngan,
}

/// How a final four is read after mươi: hai mươi *tư* or *bốn*. After mười and
/// linh it is always bốn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Four {
    /// hai mươi tư.
    #[default]
    Tu,
    /// hai mươi bốn.
    Bon,
}

/// The spelling of the word for 10⁹.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Billion {
    /// tỷ, as in the decree.
    #[default]
    Ty,
    /// tỉ.
    Ti,
}

/// An organisation's manner of reading numbers. The default is linh, nghìn, tư,
/// tỷ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reading {
    /// linh or lẻ.
    pub linh_le: ZeroTen,
    /// nghìn or ngàn.
    pub nghin_ngan: Thousand,
    /// tư or bốn after mươi.
    pub tu_bon: Four,
    /// tỷ or tỉ.
    pub ty_ti: Billion,
}

/// A canonical number in words, lower case: `-1005.25` → âm một nghìn không trăm
/// linh năm phẩy hai năm. Decimals are read digit by digit, which is never
/// ambiguous (3,05 and 3,5).
///
/// `None` when the text is not a canonical number or has more than 36 digits on
/// either side of the mark.
#[must_use]
pub fn in_words(canonical: &str, reading: Reading) -> Option<String> {
    let pieces = Pieces::of(canonical)?;
    if pieces.integer.len() > DIGITS_MAX || pieces.fraction.len() > DIGITS_MAX {
        return None;
    }
    let mut words = Vec::new();
    if pieces.negative {
        words.push("âm");
    }
    read_integer(&mut words, pieces.integer.as_bytes(), reading);
    if !pieces.fraction.is_empty() {
        words.push("phẩy");
        words.extend(pieces.fraction.bytes().map(digit));
    }
    Some(words.join(" "))
}

fn digit(ascii: u8) -> &'static str {
    DIGITS[usize::from(ascii - b'0')]
}

/// Reads in blocks of nine digits. Each block but the last is followed by as
/// many tỷ as there are blocks behind it, hence một nghìn tỷ for 10¹² and một tỷ
/// tỷ for 10¹⁸.
fn read_integer(words: &mut Vec<&'static str>, digits: &[u8], reading: Reading) {
    let first = words.len();
    for (block, blocks_after) in from_the_left(digits, 9) {
        let before = words.len();
        // A block in the middle says its empty hundreds: một tỷ không trăm …
        read_block(words, block, before > first, reading);
        if words.len() > before {
            let billion = match reading.ty_ti {
                Billion::Ty => "tỷ",
                Billion::Ti => "tỉ",
            };
            words.extend(std::iter::repeat_n(billion, blocks_after));
        }
    }
    if words.len() == first {
        words.push("không");
    }
}

/// Up to nine digits: triệu, nghìn, units. Empty groups are passed over.
fn read_block(words: &mut Vec<&'static str>, digits: &[u8], inside: bool, reading: Reading) {
    let mut inside = inside;
    for (group, groups_after) in from_the_left(digits, 3) {
        if group.iter().all(|d| *d == b'0') {
            continue;
        }
        read_group(words, group, inside, reading);
        inside = true;
        match (groups_after, reading.nghin_ngan) {
            (2, _) => words.push("triệu"),
            (1, Thousand::Nghin) => words.push("nghìn"),
            (1, Thousand::Ngan) => words.push("ngàn"),
            _ => {}
        }
    }
}

/// One to three digits, not all zero. `inside` says that a higher group was
/// read, so that empty hundreds are spoken.
fn read_group(words: &mut Vec<&'static str>, group: &[u8], inside: bool, reading: Reading) {
    let place = |from_right: usize| group.len().checked_sub(from_right).map_or(b'0', |at| group[at]);
    let (hundreds, tens, units) = (place(3), place(2), place(1));
    let hundreds_spoken = hundreds != b'0' || inside;
    if hundreds_spoken {
        words.extend([digit(hundreds), "trăm"]);
    }
    match (tens, units) {
        (b'0', b'0') => {}
        (b'0', units) => {
            if hundreds_spoken {
                words.push(match reading.linh_le {
                    ZeroTen::Linh => "linh",
                    ZeroTen::Le => "lẻ",
                });
            }
            words.push(digit(units));
        }
        (b'1', b'0') => words.push("mười"),
        (b'1', b'5') => words.extend(["mười", "lăm"]),
        (b'1', units) => words.extend(["mười", digit(units)]),
        (tens, b'0') => words.extend([digit(tens), "mươi"]),
        (tens, units) => {
            let unit = match (units, reading.tu_bon) {
                (b'1', _) => "mốt",
                (b'4', Four::Tu) => "tư",
                (b'5', _) => "lăm",
                _ => digit(units),
            };
            words.extend([digit(tens), "mươi", unit]);
        }
    }
}

/// `digits` cut into pieces of `size` counted from the right, the leftmost
/// first, each with the number of pieces after it.
fn from_the_left(digits: &[u8], size: usize) -> impl Iterator<Item = (&[u8], usize)> {
    let pieces = digits.len().div_ceil(size);
    digits.rchunks(size).rev().enumerate().map(move |(at, piece)| (piece, pieces - 1 - at))
}
