//! Vietnamese text with one byte a letter, so that a statement fits into a small QR code.
//!
//! Owns the code page: printable ASCII as it is; the 134 accented letters, in the order of
//! [`LETTERS`], from 0x80 to 0xFF and then 0x01 to 0x06; six typographic signs from 0x07;
//! any other character as 0x1B and its code point in three bytes. 0x00 stands between the texts. UTF-8 needs two or three bytes
//! for a third of all Vietnamese letters.

use crate::vietnamese::letters::LETTERS;

/// Ends a text.
pub const SEPARATOR: u8 = 0;

const FIRST_LETTER: u8 = 0x80;
const FIRST_REMAINING: u8 = 0x01;
const FIRST_SIGN: u8 = 0x07;
const ESCAPE: u8 = 0x1B;
const SIGNS: [char; 6] = ['…', '–', '“', '”', '‘', '’'];
/// Letters that find room from 0x80 on.
const HIGH: usize = 128;

/// The bytes of one character.
fn bytes_of(c: char) -> Vec<u8> {
    if (' '..='~').contains(&c) {
        return vec![c as u8];
    }
    // Both positions are far below 256.
    if let Some(at) = LETTERS.iter().position(|letter| *letter == c) {
        return vec![if at < HIGH { FIRST_LETTER + at as u8 } else { FIRST_REMAINING + (at - HIGH) as u8 }];
    }
    if let Some(at) = SIGNS.iter().position(|sign| *sign == c) {
        return vec![FIRST_SIGN + at as u8];
    }
    let [_, high, middle, low] = (c as u32).to_be_bytes();
    vec![ESCAPE, high, middle, low]
}

/// How many bytes `text` takes.
pub fn length(text: &str) -> usize {
    text.chars().map(|c| bytes_of(c).len()).sum()
}

/// `text` on one line, in NFC as the words of documents are; control characters become blanks.
pub fn encode(text: &str) -> Vec<u8> {
    text.chars().flat_map(|c| if c.is_control() { vec![b' '] } else { bytes_of(c) }).collect()
}

/// The texts between the separators; nothing when the bytes are of no text.
pub fn decode_all(bytes: &[u8]) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        let c = match byte {
            SEPARATOR => {
                texts.push(String::new());
                continue;
            }
            b' '..=b'~' => char::from(byte),
            FIRST_LETTER.. => LETTERS[usize::from(byte - FIRST_LETTER)],
            FIRST_REMAINING..FIRST_SIGN => LETTERS[HIGH + usize::from(byte - FIRST_REMAINING)],
            ESCAPE => {
                let (high, middle, low) = (rest.next()?, rest.next()?, rest.next()?);
                char::from_u32(u32::from_be_bytes([0, high, middle, low])).filter(|c| !c.is_control())?
            }
            _ => *SIGNS.get(usize::from(byte.checked_sub(FIRST_SIGN)?))?,
        };
        texts.last_mut()?.push(c);
    }
    Some(texts)
}
