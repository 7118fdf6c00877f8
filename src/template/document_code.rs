//! Number and code of a document: may its type bear them? (Decree 30/2020, Phụ lục I, II.3 and Phụ lục III.)
//!
//! Owns the check of `ky_hieu` and `so_quyet_dinh`, the two fields in which a clerk types a code by hand.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::vietnamese::type_code;

/// The field of a document's own code: `BC-HKH`.
const CODE_FIELD: &str = "ky_hieu";
/// The field of the decision that an award rests on: `12/QĐ-HKH`.
const DECISION_FIELD: &str = "so_quyet_dinh";
const DECISION_CODE: &str = "QĐ";

/// Number and sign as the page of a record bears them, from its data and filled words: `12/BC-HKH`, or the bare number of a
/// certificate. Empty where it has none.
pub fn of(content: &Value) -> String {
    let number = match &content["du_lieu"]["so"] {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.as_i64().map_or_else(|| number.to_string(), |number| format!("{number:02}")),
        _ => String::new(),
    };
    match content["loi_van"][CODE_FIELD].as_str().map(str::trim) {
        Some(sign) if !sign.is_empty() && !number.is_empty() => format!("{number}/{sign}"),
        _ => number,
    }
}

/// What is wrong with the codes in `record`, for a template of type `code`; a công văn has none.
pub fn problems(code: Option<&str>, record: &Map<String, Value>, place_of: &dyn Fn(&str) -> Place) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(text) = record.get(CODE_FIELD).and_then(Value::as_str) {
        found.extend(own_code(code, text).map(|problem| problem.at(place_of(&format!("/{CODE_FIELD}"))).with_value(text)));
    }
    if let Some(text) = record.get(DECISION_FIELD).and_then(Value::as_str)
        && let Some(problem) = decision_code(text).and_then(of_decision)
    {
        found.push(problem.at(place_of(&format!("/{DECISION_FIELD}"))).with_value(text));
    }
    found
}

/// The type code in the number of a decision: `12/QĐ-HKH`, in the Party's form `12-QĐ/ĐU`. A bare number has none.
fn decision_code(text: &str) -> Option<&str> {
    let (before, after) = text.split_once('/')?;
    let code = match before.split_once('-') {
        Some((_, code)) => code.trim(),
        None => groups(after).next()?,
    };
    (!code.is_empty()).then_some(code)
}

fn of_decision(code: &str) -> Option<Diagnostic> {
    if code == DECISION_CODE {
        return None;
    }
    let Some(other) = type_code::by_code(code) else { return Some(unknown(code)) };
    let name = other.name;
    Some(
        Diagnostic::error(
            "code-of-another-type",
            say!(
                "“{code}” là mã của {name}, quyết định mang mã {DECISION_CODE}",
                "“{code}” is the code of {name}; a decision bears {DECISION_CODE}"
            ),
        )
        .remedy(say!("ghi số và ký hiệu của quyết định, ví dụ 12/QĐ-HKH", "give the decision's number and code, for example 12/QĐ-HKH")),
    )
}

/// The groups of a code: `BC-HKH`, in the Party's form `BC/ĐU`.
fn groups(code: &str) -> impl Iterator<Item = &str> {
    code.split(['-', '/']).map(str::trim)
}

fn own_code(code: Option<&str>, text: &str) -> Option<Diagnostic> {
    if text.contains(char::is_whitespace) {
        return Some(
            Diagnostic::error("code-spaces", say!("ký hiệu không được có khoảng trắng", "a document code has no spaces"))
                .remedy(say!("viết liền, ví dụ BC-HKH", "write it without spaces, for example BC-HKH")),
        );
    }
    let first = groups(text).next().unwrap_or_default();
    match (code, type_code::by_code(first)) {
        (Some(wanted), _) if first == wanted => None,
        (Some(wanted), Some(other)) => {
            let name = other.name;
            Some(
                Diagnostic::error(
                    "code-of-another-type",
                    say!(
                        "“{first}” là mã của {name}, văn bản này mang mã {wanted}",
                        "“{first}” is the code of {name}; this document bears {wanted}"
                    ),
                )
                .remedy(say!("bắt đầu ký hiệu bằng {wanted}-", "begin the code with {wanted}-")),
            )
        }
        (Some(_), None) => Some(unknown(first)),
        (None, Some(other)) => {
            let name = other.name;
            Some(
                Diagnostic::error(
                    "code-of-another-type",
                    say!(
                        "công văn không mang mã loại; “{first}” là mã của {name}",
                        "a công văn bears no type code; “{first}” is the code of {name}"
                    ),
                )
                .remedy(say!(
                    "bắt đầu bằng chữ viết tắt của cơ quan, ví dụ HKH-VP",
                    "begin with the body's abbreviation, for example HKH-VP"
                )),
            )
        }
        (None, None) => None,
    }
}

fn unknown(code: &str) -> Diagnostic {
    let problem = Diagnostic::error(
        "code-unknown",
        say!("“{code}” không phải mã loại văn bản nào của Nghị định 30/2020", "“{code}” is no type code of Decree 30/2020"),
    );
    match type_code::suggest(code).and_then(|near| near.code) {
        Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean “{near}”?")),
        None => problem
            .remedy(say!("xem Phụ lục III của nghị định: QĐ, BC, TB, KH, TTr …", "see Phụ lục III of the decree: QĐ, BC, TB, KH, TTr …")),
    }
}
