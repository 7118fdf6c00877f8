//! Encodings used for Vietnamese before Unicode, and UTF-8 misread.
//!
//! Old text reaches us inside Unicode files (xlsx, docx, pasted text), so its
//! bytes come as the characters Windows-1252 or Latin-1 shows for them: Cộng hòa
//! in TCVN3 is `Céng hßa`. [`decode`] takes that view, [`encode`] gives it.
//! Nothing in the file says which encoding it is except the font
//! ([`by_font`]); without fonts, statistics decide ([`detect()`]). Never convert
//! without showing the clerk.
//!
//! Decode *before* any cleaning: ư of TCVN3 is the soft hyphen, Õ of VISCII the
//! no-break space, and rare capitals are control characters.

mod detect;
mod tables;
mod tcvn3;
mod vni;

pub use detect::{Confidence, Guess, detect};

use encoding_rs::WINDOWS_1258;
use unicode_normalization::UnicodeNormalization;

use super::letters::LETTERS;
use super::tone::{self, Tone};

/// An old encoding, or a known way of misreading a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// TCVN3 (ABC), fonts `.VnTime` and the like; one byte a letter.
    Tcvn3,
    /// TCVN3 under a capitals face such as `.VnTimeH`, which shows lower-case
    /// bytes as capitals.
    Tcvn3Capitals,
    /// VNI for Windows, fonts `VNI-…`; a letter and a mark.
    Vni,
    /// VISCII 1.1.
    Viscii,
    /// VPS, fonts `VPS …`.
    Vps,
    /// Windows-1258 shown as Windows-1252; a letter and a tone.
    Windows1258,
    /// UTF-8 shown as Windows-1252.
    Utf8AsWindows1252,
}

impl Encoding {
    /// All of them, in the order in which [`detect()`] prefers equals.
    pub const ALL: [Encoding; 7] = [
        Encoding::Utf8AsWindows1252,
        Encoding::Tcvn3,
        Encoding::Vni,
        Encoding::Viscii,
        Encoding::Windows1258,
        Encoding::Vps,
        Encoding::Tcvn3Capitals,
    ];

    /// The name clerks know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Tcvn3 => "TCVN3 (ABC)",
            Encoding::Tcvn3Capitals => "TCVN3 (ABC), chữ hoa",
            Encoding::Vni => "VNI Windows",
            Encoding::Viscii => "VISCII",
            Encoding::Vps => "VPS",
            Encoding::Windows1258 => "Windows-1258",
            Encoding::Utf8AsWindows1252 => "UTF-8",
        }
    }
}

/// `text`, seen through Windows-1252 or Latin-1, as Unicode in NFC.
///
/// `None` when a character is in neither view — the text is already Unicode, at
/// least in part — or when the bytes cannot be of `encoding` (only UTF-8 is so
/// strict). Bytes an encoding does not use stay as they look.
#[must_use]
pub fn decode(text: &str, encoding: Encoding) -> Option<String> {
    let bytes = tables::bytes_of(text)?;
    Some(match encoding {
        Encoding::Tcvn3 => tcvn3::decode(text)?,
        Encoding::Tcvn3Capitals => tcvn3::decode(text)?.to_uppercase(),
        Encoding::Vni => vni::decode(text),
        Encoding::Viscii => by_table(&tables::VISCII, text)?,
        Encoding::Vps => by_table(&tables::VPS, text)?,
        Encoding::Windows1258 => WINDOWS_1258.decode_without_bom_handling(&bytes).0.nfc().collect(),
        Encoding::Utf8AsWindows1252 => std::str::from_utf8(&bytes).ok()?.nfc().collect(),
    })
}

/// `text` in `encoding`, seen through Windows-1252. The inverse of [`decode`]
/// for every text of Vietnamese letters and ASCII, with two exceptions: TCVN3
/// has no toned capitals of its own and gets the capital followed by the
/// lower-case byte, as converters write it; its capitals face shows one case.
///
/// `None` when a character has no place in the encoding.
#[must_use]
pub fn encode(text: &str, encoding: Encoding) -> Option<String> {
    let composed: String = text.nfc().collect();
    match encoding {
        Encoding::Tcvn3 => tcvn3::encode(&composed),
        Encoding::Tcvn3Capitals => tcvn3::encode_for_capitals_face(&composed),
        Encoding::Vni => vni::encode(&composed),
        Encoding::Viscii => to_table(&tables::VISCII, &composed),
        Encoding::Vps => to_table(&tables::VPS, &composed),
        Encoding::Windows1258 => to_windows_1258(&composed),
        Encoding::Utf8AsWindows1252 => Some(tables::show(composed.as_bytes())),
    }
}

/// The encoding that a font's name stands for: `.VnTime` and its family, their
/// capitals faces ending in `H`, `VNI-…`, `VPS …`. `None` for Unicode fonts.
///
/// Fonts are the best evidence there is; a file often mixes them, so ask per
/// run or cell.
#[must_use]
pub fn by_font(name: &str) -> Option<Encoding> {
    let name = name.trim();
    let lower = name.to_lowercase();
    if lower.starts_with("vni-") || lower.starts_with("vni ") {
        return Some(Encoding::Vni);
    }
    if lower.starts_with("vps ") || lower.starts_with("vps-") {
        return Some(Encoding::Vps);
    }
    if lower.starts_with("viscii") {
        return Some(Encoding::Viscii);
    }
    // The dot is sometimes lost on the way through other programs.
    let family = lower.strip_prefix('.').unwrap_or(&lower);
    let known = lower.starts_with(".vn") || matches!(family, "vntime" | "vntimeh");
    if !known {
        return None;
    }
    Some(if name.ends_with('H') || lower.ends_with("timeh") { Encoding::Tcvn3Capitals } else { Encoding::Tcvn3 })
}

/// Replaces each byte the table knows; the others stay as they look.
fn by_table(table: &[u8; 134], text: &str) -> Option<String> {
    text.chars()
        .map(|c| {
            let byte = tables::byte_of(c)?;
            let at = table.iter().position(|b| *b == byte);
            Some(at.map_or(c, |at| LETTERS[at]))
        })
        .collect()
}

fn to_table(table: &[u8; 134], text: &str) -> Option<String> {
    text.chars()
        .map(|c| {
            if let Some(at) = LETTERS.iter().position(|l| *l == c) {
                return Some(tables::shown(table[at]));
            }
            // A byte the table took for a letter no longer means its own sign.
            tables::byte_of(c).filter(|b| !table.contains(b))?;
            Some(c)
        })
        .collect()
}

fn to_windows_1258(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        // Some toned letters have a byte of their own, the others are a letter
        // and a combining tone.
        if let Some(byte) = windows_1258_byte(c) {
            bytes.push(byte);
            continue;
        }
        let (bare, tone) = tone::separate(c);
        let mark = match tone {
            Tone::Ngang => return None,
            Tone::Huyen => '\u{300}',
            Tone::Sac => '\u{301}',
            Tone::Hoi => '\u{309}',
            Tone::Nga => '\u{303}',
            Tone::Nang => '\u{323}',
        };
        bytes.push(windows_1258_byte(bare)?);
        bytes.push(windows_1258_byte(mark)?);
    }
    Some(tables::show(&bytes))
}

fn windows_1258_byte(c: char) -> Option<u8> {
    let mut buffer = [0; 4];
    let (bytes, _, unmappable) = WINDOWS_1258.encode(c.encode_utf8(&mut buffer));
    match (&*bytes, unmappable) {
        ([byte], false) => Some(*byte),
        _ => None,
    }
}
