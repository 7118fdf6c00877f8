//! The types of administrative document and their codes (Decree 30, annex III).
//!
//! Codes keep their case: `QyĐ`, `CTr`, `TTr` and `TrS` are mixed, and `QYĐ` would be
//! wrong. How a number and a code make a ký hiệu is the register's affair.

use super::{letters, tone};

/// One of the 29 types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DocumentType {
    /// `None` for công văn and thư công, whose ký hiệu names the body and the
    /// drafting unit instead.
    pub code: Option<&'static str>,
    /// Sentence case, old tone placement.
    pub name: &'static str,
}

const fn coded(code: &'static str, name: &'static str) -> DocumentType {
    DocumentType { code: Some(code), name }
}

const fn uncoded(name: &'static str) -> DocumentType {
    DocumentType { code: None, name }
}

/// All 29 types, in the order of article 7 of the decree.
pub const TYPES: [DocumentType; 29] = [
    coded("NQ", "Nghị quyết"),
    coded("QĐ", "Quyết định"),
    coded("CT", "Chỉ thị"),
    coded("QC", "Quy chế"),
    coded("QyĐ", "Quy định"),
    coded("TC", "Thông cáo"),
    coded("TB", "Thông báo"),
    coded("HD", "Hướng dẫn"),
    coded("CTr", "Chương trình"),
    coded("KH", "Kế hoạch"),
    coded("PA", "Phương án"),
    coded("ĐA", "Đề án"),
    coded("DA", "Dự án"),
    coded("BC", "Báo cáo"),
    coded("BB", "Biên bản"),
    coded("TTr", "Tờ trình"),
    coded("HĐ", "Hợp đồng"),
    uncoded("Công văn"),
    coded("CĐ", "Công điện"),
    coded("BGN", "Bản ghi nhớ"),
    coded("BTT", "Bản thỏa thuận"),
    coded("GUQ", "Giấy ủy quyền"),
    coded("GM", "Giấy mời"),
    coded("GGT", "Giấy giới thiệu"),
    coded("GNP", "Giấy nghỉ phép"),
    coded("PG", "Phiếu gửi"),
    coded("PC", "Phiếu chuyển"),
    coded("PB", "Phiếu báo"),
    uncoded("Thư công"),
];

/// The forms of copy, numbered in one series of their own.
pub const COPIES: [DocumentType; 3] = [coded("SY", "Sao y"), coded("TrS", "Trích sao"), coded("SL", "Sao lục")];

/// The type whose code is exactly `code`, case included.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static DocumentType> {
    TYPES.iter().find(|t| t.code == Some(code))
}

/// The type of that name, in any case and either tone placement.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static DocumentType> {
    let key = name_key(name);
    TYPES.iter().find(|t| name_key(t.name) == key)
}

/// The type an unknown code or name most likely means: the same letters in
/// another case (`QYĐ`) or without diacritics (`quyet dinh`, `QD`), else one
/// slip of the keyboard away. `None` when nothing, or more than one, is near.
#[must_use]
pub fn suggest(text: &str) -> Option<&'static DocumentType> {
    let text = text.trim();
    let by_case = |t: &&DocumentType| t.code.is_some_and(|code| letters::lower(code) == letters::lower(text));
    let folded = letters::fold(text);
    let by_fold = |t: &&DocumentType| letters::fold(t.name) == folded || t.code.is_some_and(|code| letters::fold(code) == folded);
    let by_slip = |t: &&DocumentType| one_slip_apart(&letters::fold(t.name), &folded);
    only(&by_case).or_else(|| only(&by_fold)).or_else(|| only(&by_slip))
}

/// The only type for which `matches` holds.
fn only(matches: &dyn Fn(&&DocumentType) -> bool) -> Option<&'static DocumentType> {
    let mut found = TYPES.iter().filter(|t| matches(t));
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn name_key(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    tone::normalise_for_key(&letters::lower(&words.join(" ")))
}

/// Whether one letter inserted, dropped or exchanged turns `a` into `b`.
fn one_slip_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (&a[same_start..], &b[same_start..]);
    match (rest_a, rest_b) {
        ([], []) => false,
        ([_, a @ ..], []) => a.is_empty(),
        ([], [_, b @ ..]) => b.is_empty(),
        ([_, a @ ..], [_, b @ ..]) => a == b || rest_a == b || a == rest_b,
    }
}
