//! What an office signs of a document, and the QR text that carries it.
//!
//! Owns the bytes. A QR text is `URL/v/CODE#PAYLOAD.SIGNATURE`, both parts base64url: the fragment never reaches the server, so
//! that a phone can check it by itself. The payload is a version byte, the key's id (4 bytes), the date (3 bytes: year << 9 |
//! month << 5 | day, 0 for none), then title, number, issuer and holder as [`super::letters`], separated by 0. Signed are a
//! prefix, the 10 bytes of the code and the payload as it stands: nothing is rebuilt to check it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::Date;

use super::key::{KeyId, PublicKey, SIGNATURE_BYTES};
use super::{Code, letters};

/// Version of the payload.
const VERSION: u8 = 1;
/// Stands before everything that is signed, so that a signature is good for nothing else.
const PURPOSE: &[u8] = b"vanthu certificate 1\0";
/// Bytes before the texts.
const HEAD_BYTES: usize = 8;
/// What a QR code of version 10 holds at the lowest correction: on 22 mm its modules are 0.39 mm, which a phone reads.
const QR_BYTES: usize = 271;
/// Most bytes of title, number and issuer; the holder has what is left, but never less than his own least.
const TITLE_MAX: usize = 40;
const NUMBER_MAX: usize = 40;
const ISSUER_MAX: usize = 48;
const HOLDER_MIN: usize = 24;
/// Longest QR text that is looked at.
const TEXT_MAX: usize = 2_000;

/// What a statement says of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What it is: `Giấy khen`.
    pub title: String,
    /// Its number, as it can be compared with the page.
    pub number: String,
    /// Its date.
    pub date: Option<Date>,
    /// Who gives it.
    pub issuer: String,
    /// Whose it is.
    pub holder: String,
}

/// A statement about one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The document's code.
    pub code: Code,
    /// The key that signs.
    pub key: KeyId,
    /// What it says.
    pub facts: Facts,
}

/// A statement as it came, with its signature still to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What it says.
    pub statement: Statement,
    payload: Vec<u8>,
    signature: [u8; SIGNATURE_BYTES],
}

/// Why a text is no statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is no QR text of a certificate.
    Foreign,
    /// It was one, and is damaged or was made by a later version.
    Damaged,
}

impl Statement {
    /// The text of the QR code under `url`, signed by `sign`. Long texts are shortened in their middle until it fits.
    pub fn to_qr_text(&self, url: &str, sign: &dyn Fn(&[u8]) -> [u8; SIGNATURE_BYTES]) -> String {
        let address = format!("{}/v/{}#", url.trim_end_matches('/'), self.code.compact());
        let coded = |bytes: usize| (bytes * 4).div_ceil(3);
        let left = QR_BYTES.saturating_sub(address.len() + 1 + coded(SIGNATURE_BYTES)) * 3 / 4;
        let payload = self.payload(left);
        let signature = sign(&message(&self.code, &payload));
        format!("{address}{}.{}", URL_SAFE_NO_PAD.encode(&payload), URL_SAFE_NO_PAD.encode(signature))
    }

    fn payload(&self, left: usize) -> Vec<u8> {
        let Facts { title, number, date, issuer, holder } = &self.facts;
        let mut payload = vec![VERSION];
        payload.extend(self.key.bytes());
        let date = date.map_or(0, |date| {
            let (year, month, day) = (date.year().max(0).unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs());
            u32::from(year) << 9 | u32::from(month) << 5 | u32::from(day)
        });
        payload.extend(&date.to_be_bytes()[1..]);
        for (text, most) in [(title, TITLE_MAX), (number, NUMBER_MAX), (issuer, ISSUER_MAX)] {
            payload.extend(letters::encode(&shortened(text, most)));
            payload.push(letters::SEPARATOR);
        }
        let most = left.saturating_sub(payload.len()).max(HOLDER_MIN);
        payload.extend(letters::encode(&shortened(holder, most)));
        payload
    }
}

impl Signed {
    /// Reads a QR text.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim();
        if text.len() > TEXT_MAX {
            return Err(Unreadable::Foreign);
        }
        let (address, fragment) = text.split_once('#').ok_or(Unreadable::Foreign)?;
        let (_, code) = address.rsplit_once("/v/").ok_or(Unreadable::Foreign)?;
        let code = Code::parse(code).ok_or(Unreadable::Damaged)?;
        Self::of_fragment(code, fragment).ok_or(Unreadable::Damaged)
    }

    fn of_fragment(code: Code, fragment: &str) -> Option<Self> {
        let (payload, signature) = fragment.split_once('.')?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
        if payload.len() < HEAD_BYTES || payload[0] != VERSION {
            return None;
        }
        let key = KeyId::from_bytes([payload[1], payload[2], payload[3], payload[4]]);
        let date = match u32::from_be_bytes([0, payload[5], payload[6], payload[7]]) {
            0 => None,
            packed => Some(Date::new((packed >> 9) as i16, (packed >> 5 & 15) as i8, (packed & 31) as i8).ok()?),
        };
        let [title, number, issuer, holder] = letters::decode_all(&payload[HEAD_BYTES..])?.try_into().ok()?;
        let statement = Statement { code, key, facts: Facts { title, number, date, issuer, holder } };
        Some(Self { statement, payload, signature })
    }

    /// Was it signed with `key`, and changed in nothing since?
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.id() == self.statement.key && key.holds(&message(&self.statement.code, &self.payload), &self.signature)
    }
}

fn message(code: &Code, payload: &[u8]) -> Vec<u8> {
    [PURPOSE, code.bytes(), payload].concat()
}

/// The address as it is printed: host and path, without what every address begins with.
pub fn place_of(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    format!("{}/v", bare.trim_end_matches('/'))
}

/// `text` on one line in at most `most` bytes. What is too long loses whole words before its last two, where Vietnamese names
/// are told apart: `Nguyễn Phước … Trường Nghĩa`.
pub fn shortened(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let whole = words.join(" ");
    if letters::length(&whole) <= most {
        return whole;
    }
    for tail in [2, 1] {
        for head in (1..words.len().saturating_sub(tail)).rev() {
            let short = format!("{} … {}", words[..head].join(" "), words[words.len() - tail..].join(" "));
            if letters::length(&short) <= most {
                return short;
            }
        }
    }
    let mut cut = String::new();
    for c in whole.chars() {
        if letters::length(&cut) + letters::length(&c.to_string()) + 1 > most {
            break;
        }
        cut.push(c);
    }
    format!("{}…", cut.trim_end())
}
