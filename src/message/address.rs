//! One e-mail address from a field that a clerk typed.
//!
//! Owns the strict form that is accepted, its A-label domain and what is said about every other form. Stricter than RFC
//! 5321 on purpose: comments, quoted local parts, literals and lists are mistakes in a list of people.

use std::fmt;

use idna::{domain_to_ascii_strict, domain_to_unicode};
use unicode_normalization::UnicodeNormalization;

use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::say;

/// Longest field that is looked at, in characters.
const FIELD_CHARS_MAX: usize = 320;
/// Longest part before the `@`, in bytes (RFC 5321 §4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// Longest address, in bytes: a path of 256 with its brackets (RFC 5321 §4.5.3.1.3).
const ADDRESS_BYTES_MAX: usize = 254;

/// An address that a server can be given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Reads the whole of a field as one address; blanks around it are not part of it.
    pub fn parse(field: &str) -> Result<Self, Box<Diagnostic>> {
        if field.chars().any(is_control) {
            return Err(wrong(
                "address-control",
                field,
                say!("địa chỉ có ký tự xuống dòng hoặc ký tự điều khiển", "the address holds a line break or a control character"),
                say!(
                    "gõ lại địa chỉ trên một dòng, không xuống dòng trong ô",
                    "type the address again on one line, without a break in the cell"
                ),
            ));
        }
        let text: String = field.trim().nfc().collect();
        if text.is_empty() {
            return Err(wrong(
                "address-empty",
                field,
                say!("chưa có địa chỉ thư", "there is no e-mail address"),
                say!("điền địa chỉ dạng ten@tenmien.vn", "fill in an address such as name@domain.vn"),
            ));
        }
        if text.chars().count() > FIELD_CHARS_MAX {
            return Err(too_long(&text));
        }
        if let Some(mended) = with_dot(&text) {
            return Err(wrong(
                "address-comma",
                &text,
                say!("trong địa chỉ có dấu phẩy thay cho dấu chấm?", "is there a comma in the place of a dot?"),
                say!("có phải “{mended}”?", "is it “{mended}”?"),
            ));
        }
        if text.contains([',', ';']) || text.matches('@').count() > 1 {
            return Err(wrong(
                "address-list",
                &text,
                say!("ô này có nhiều hơn một địa chỉ", "this field holds more than one address"),
                say!("mỗi ô một địa chỉ; thêm dòng cho người tiếp theo", "one address a field; add a row for the next person"),
            ));
        }
        if text.contains(['<', '>', '(', ')', '"']) {
            return Err(wrong(
                "address-decorated",
                &text,
                say!("ô này có tên hoặc dấu bao quanh địa chỉ", "this field has a name or marks around the address"),
                say!(
                    "chỉ ghi địa chỉ, ví dụ ten@tenmien.vn; họ tên để ở cột khác",
                    "write the address only, such as name@domain.vn; the name has its own column"
                ),
            ));
        }
        if text.chars().any(|c| c.is_whitespace() || is_invisible(c)) {
            return Err(wrong(
                "address-blank",
                &text,
                say!("địa chỉ có khoảng trắng hoặc ký tự vô hình", "the address holds a blank or an invisible character"),
                say!("xóa khoảng trắng, gõ lại địa chỉ thay vì dán", "remove the blank; type the address instead of pasting it"),
            ));
        }
        let Some((local, domain)) = text.split_once('@') else {
            return Err(wrong(
                "address-at",
                &text,
                say!("địa chỉ thiếu dấu @", "the address has no @"),
                say!("điền địa chỉ dạng ten@tenmien.vn", "fill in an address such as name@domain.vn"),
            ));
        };
        check_local(local, &text)?;
        let domain = ascii_domain(domain, &text)?;
        if local.len() + 1 + domain.len() > ADDRESS_BYTES_MAX {
            return Err(too_long(&text));
        }
        Ok(Self { local: local.to_owned(), domain })
    }

    /// The part before the `@`, as it was typed, NFC.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain as a server takes it: lower case, A-labels (RFC 5890).
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Does a server need `SMTPUTF8` (RFC 6531) to take it?
    pub fn needs_smtputf8(&self) -> bool {
        !self.local.is_ascii()
    }

    /// The address by which two are told to be the same. The case of the local part counts: only its server may ignore it.
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// The address for people: the domain with its own letters.
    pub fn shown(&self) -> String {
        format!("{}@{}", self.local, domain_to_unicode(&self.domain).0)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// The address that one with commas in the places of dots may have been meant to be.
fn with_dot(text: &str) -> Option<String> {
    if !text.contains(',') || text.matches('@').count() != 1 {
        return None;
    }
    let mended = text.trim_end_matches([',', ' ']).split(',').map(str::trim).collect::<Vec<_>>().join(".");
    Address::parse(&mended).is_ok().then_some(mended)
}

/// Controls and separators that may end a line somewhere: C0, DEL, C1, U+2028, U+2029.
pub(super) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Zero-width and direction marks, which make two addresses look the same.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFFD}')
}

fn check_local(local: &str, text: &str) -> Result<(), Box<Diagnostic>> {
    if local.len() > LOCAL_BYTES_MAX {
        return Err(too_long(text));
    }
    // RFC 5322 atext, and RFC 6532's letters beyond ASCII.
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || !c.is_ascii();
    let dots_between = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    if local.is_empty() || !dots_between || !local.chars().all(allowed) {
        return Err(wrong(
            "address-local",
            text,
            say!("phần trước @ không đúng", "the part before the @ is not valid"),
            say!("kiểm tra dấu chấm thừa và ký tự lạ trước @", "look for a stray dot or character before the @"),
        ));
    }
    Ok(())
}

fn ascii_domain(domain: &str, text: &str) -> Result<String, Box<Diagnostic>> {
    let remedy = || {
        say!(
            "kiểm tra tên miền sau @, ví dụ gmail.com, hochiminhcity.gov.vn",
            "check the domain after the @, such as gmail.com, hochiminhcity.gov.vn"
        )
    };
    if domain.starts_with('[') {
        return Err(wrong(
            "address-literal",
            text,
            say!("sau @ là địa chỉ máy, không phải tên miền", "a machine's address stands after the @, not a domain"),
            remedy(),
        ));
    }
    if domain.ends_with('.') {
        return Err(wrong(
            "address-dot",
            text,
            say!("địa chỉ thừa dấu chấm ở cuối", "the address ends with a dot"),
            say!("xóa dấu chấm cuối", "remove the last dot"),
        ));
    }
    let ascii = domain_to_ascii_strict(domain)
        .map_err(|_| wrong("address-domain", text, say!("tên miền sau @ không đúng", "the domain after the @ is not valid"), remedy()))?;
    match ascii.rsplit_once('.') {
        Some((_, last)) if !last.chars().all(|c| c.is_ascii_digit()) => Ok(ascii),
        _ => Err(wrong(
            "address-tld",
            text,
            say!("tên miền sau @ thiếu phần đuôi như .vn, .com", "the domain after the @ lacks an ending such as .vn, .com"),
            remedy(),
        )),
    }
}

fn too_long(text: &str) -> Box<Diagnostic> {
    wrong(
        "address-long",
        text,
        say!("địa chỉ dài quá mức máy chủ thư nhận được", "the address is longer than mail servers take"),
        say!("kiểm tra xem ô có lẫn nội dung khác không", "look whether the field holds something else"),
    )
}

fn wrong(code: &'static str, value: &str, message: Text, remedy: Text) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(code, message).with_value(value).remedy(remedy))
}
