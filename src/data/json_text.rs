//! JSON as text: a reader that keeps the digits of numbers and names the place of every fault.
//!
//! Owns [`Parser`] and [`Json`]. serde_json is not used for data because it takes the last of two equal keys in silence,
//! turns numbers into binary ones and words its errors in English only. Making records is [`super::json`]'s work.

use std::collections::HashSet;
use std::fmt::{self, Display};

use super::places::escape;
use crate::language::Text;
use crate::say;

/// A JSON value with its numbers as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The value as JSON text.
impl Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(token) => f.write_str(token),
            Self::Text(value) => f.write_str(&text(value)),
            Self::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "[" } else { "," })?;
                }
                f.write_str(if items.is_empty() { "[]" } else { "]" })
            }
            Self::Object(members) => {
                for (index, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if index == 0 { "{" } else { "," }, text(name))?;
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

/// Code of a text that nests deeper than any record does.
pub(super) const TOO_DEEP: &str = "json-too-deep";

/// What is wrong with a document and where.
#[derive(Debug)]
pub(super) struct Fault {
    /// Stable name.
    pub(super) code: &'static str,
    /// Byte offset in the text.
    pub(super) at: usize,
    /// The value concerned, for faults of meaning rather than of writing.
    pub(super) pointer: Option<String>,
    pub(super) message: Text,
}

/// Reads values from a text. Nesting is bounded, so recursion is.
pub(super) struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth_max: usize,
    path: Vec<String>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, depth_max: usize) -> Self {
        Self { text, at: 0, depth_max, path: Vec::new() }
    }

    /// The next character that is no white space, without taking it.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(rest.len());
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes `byte` if it comes next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Refuses anything but white space.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault(say!("còn chữ thừa sau khi tài liệu đã hết", "has text after the end of the document"))),
        }
    }

    /// After an item of a list: is there another one? `close` ends the list.
    pub(super) fn another(&mut self, close: u8) -> Result<bool, Fault> {
        if self.take(close) {
            return Ok(false);
        }
        if !self.take(b',') {
            return Err(self.unexpected(&say!("dấu phẩy hoặc dấu đóng ngoặc", "a comma or a closing bracket")));
        }
        if self.peek() == Some(close) {
            return Err(self.fault(say!("thừa dấu phẩy trước dấu đóng ngoặc", "has a comma before the closing bracket")));
        }
        Ok(true)
    }

    /// Reads one value; `token` names it in pointers.
    pub(super) fn item(&mut self, token: &str) -> Result<Json, Fault> {
        self.path.push(token.to_owned());
        let value = self.value();
        self.path.pop();
        value
    }

    /// Reads one value.
    pub(super) fn value(&mut self) -> Result<Json, Fault> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.unexpected(&say!("một giá trị", "a value"))),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, Fault>) -> Result<Json, Fault> {
        if self.depth_max == 0 {
            return Err(Fault { code: TOO_DEEP, ..self.fault(say!("lồng nhau quá nhiều tầng", "is nested too deeply")) });
        }
        self.depth_max -= 1;
        self.at += 1;
        let value = read(self);
        self.depth_max += 1;
        value
    }

    fn array(&mut self) -> Result<Json, Fault> {
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.item(&items.len().to_string())?);
            if !self.another(b']')? {
                return Ok(Json::Array(items));
            }
        }
    }

    fn object(&mut self) -> Result<Json, Fault> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut seen = HashSet::new();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected(&say!("tên trường trong dấu nháy kép", "a name in double quotes")));
            }
            let at = self.at;
            let name = self.string()?;
            if !seen.insert(name.clone()) {
                let pointer = self.path.iter().chain([&name]).map(|token| format!("/{}", escape(token))).collect();
                return Err(Fault {
                    code: "json-duplicate-key",
                    at,
                    pointer: Some(pointer),
                    message: say!("trường “{name}” được ghi hai lần", "the name “{name}” is given twice"),
                });
            }
            if !self.take(b':') {
                return Err(self.unexpected(&say!("dấu hai chấm", "a colon")));
            }
            let value = self.item(&name)?;
            members.push((name, value));
            if !self.another(b'}')? {
                return Ok(Json::Object(members));
            }
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Fault> {
        let rest = &self.text[self.at..];
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        match rest.strip_prefix(word) {
            Some(rest) if ends(rest) => {
                self.at += word.len();
                Ok(value)
            }
            _ => Err(self.unexpected(&say!("một giá trị", "a value"))),
        }
    }

    fn number(&mut self) -> Result<Json, Fault> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let token = &rest[..end];
        if !is_number(token) {
            return Err(self.fault(say!("“{token}” không phải số theo JSON", "“{token}” is not a JSON number")));
        }
        self.at += end;
        Ok(Json::Number(token.to_owned()))
    }

    fn string(&mut self) -> Result<String, Fault> {
        let opened = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
            text.push_str(&rest[..plain]);
            self.at += plain;
            match rest.as_bytes().get(plain) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => {
                    return Err(self.fault(say!(
                        "có ký tự xuống dòng hoặc điều khiển trong chuỗi; ghi \\n",
                        "has a line break or control character in a string; write \\n"
                    )));
                }
                None => {
                    self.at = opened;
                    return Err(self.fault(say!("dấu nháy mở ở đây không được đóng", "the quote opened here is never closed")));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let at = self.at;
        self.at += 2;
        let known = match self.text.as_bytes().get(at + 1) {
            Some(b'"') => Some('"'),
            Some(b'\\') => Some('\\'),
            Some(b'/') => Some('/'),
            Some(b'b') => Some('\u{8}'),
            Some(b'f') => Some('\u{c}'),
            Some(b'n') => Some('\n'),
            Some(b'r') => Some('\r'),
            Some(b't') => Some('\t'),
            Some(b'u') => self.unicode_escape(),
            _ => None,
        };
        known.ok_or_else(|| {
            self.at = at;
            self.fault(say!("mã sau dấu \\ không hợp lệ", "has an invalid code after \\"))
        })
    }

    /// Four hexadecimal digits, or two such codes that make a surrogate pair; a lone surrogate is no character.
    fn unicode_escape(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first);
        }
        self.text.get(self.at..)?.strip_prefix("\\u")?;
        self.at += 2;
        let second = self.four_digits().filter(|code| (0xDC00..0xE000).contains(code))?;
        char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn unexpected(&mut self, wanted: &Text) -> Fault {
        let (vi, en) = (&wanted.vi, &wanted.en);
        let found = self.peek();
        let rest = &self.text[self.at..];
        let message = match found {
            None => say!("tài liệu bị cắt: còn thiếu {vi}", "the document is cut off: {en} is missing"),
            Some(b'/') => say!("có chú thích; JSON không cho phép", "has a comment, which JSON does not allow"),
            Some(b'\'') => say!("có dấu nháy đơn; JSON dùng dấu nháy kép", "has a single quote; JSON uses double ones"),
            Some(_) => {
                let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).take(20).collect();
                let shown = if word.is_empty() { rest.chars().take(1).collect() } else { word };
                say!("gặp “{shown}” trong khi cần {vi}", "found “{shown}” where {en} belongs")
            }
        };
        self.fault(message)
    }

    fn fault(&self, message: Text) -> Fault {
        Fault { code: "json-syntax", at: self.at, pointer: None, message }
    }
}

/// RFC 8259 §6.
fn is_number(token: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let token = token.strip_prefix('-').unwrap_or(token);
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (token, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}
