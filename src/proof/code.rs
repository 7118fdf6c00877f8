//! The short code that is printed on a certificate: 80 bits as 16 characters of Crockford's base 32.
//!
//! Owns deriving it from a secret, writing it in four groups, and reading what a person types: any case, O for 0, I and L for
//! 1, with or without dashes and spaces.

use std::fmt;

use ring::hmac;

use crate::identifier::ALPHABET;

/// Bytes of a code: 80 bits, more than anybody can guess at any rate that a service answers.
pub const CODE_BYTES: usize = 10;
/// Characters of a code.
const CHARACTERS: usize = 16;
/// Characters of a printed group.
const GROUP: usize = 4;
/// Longest text that is looked at.
const TYPED_MAX: usize = 100;

/// A code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code([u8; CODE_BYTES]);

impl Code {
    /// What samples bear. No document has it.
    pub const SPECIMEN: Self = Self([0; CODE_BYTES]);

    /// The code of `identity` under `secret`: HMAC-SHA256, cut to 80 bits.
    pub fn derive(secret: &hmac::Key, identity: &[u8]) -> Self {
        let tag = hmac::sign(secret, identity);
        let mut bytes = [0; CODE_BYTES];
        bytes.copy_from_slice(&tag.as_ref()[..CODE_BYTES]);
        Self(bytes)
    }

    /// The code of these bytes.
    pub fn from_bytes(bytes: [u8; CODE_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads what a person typed; nothing when it is no code.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > TYPED_MAX {
            return None;
        }
        let mut bits: u128 = 0;
        let mut characters = 0;
        for c in typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '‑' | '–' | '—' | '.' | '_')) {
            let value = match c.to_ascii_uppercase() {
                'O' => 0,
                'I' | 'L' => 1,
                other => ALPHABET.iter().position(|known| char::from(*known) == other)?,
            };
            bits = bits << 5 | value as u128;
            characters += 1;
            if characters > CHARACTERS {
                return None;
            }
        }
        if characters != CHARACTERS {
            return None;
        }
        let mut bytes = [0; CODE_BYTES];
        bytes.copy_from_slice(&bits.to_be_bytes()[16 - CODE_BYTES..]);
        Some(Self(bytes))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; CODE_BYTES] {
        &self.0
    }

    /// The 16 characters without dashes, as they stand in addresses and in the store.
    pub fn compact(&self) -> String {
        let mut wide = [0; 16];
        wide[16 - CODE_BYTES..].copy_from_slice(&self.0);
        let bits = u128::from_be_bytes(wide);
        (0..CHARACTERS).map(|index| char::from(ALPHABET[(bits >> (75 - 5 * index)) as usize & 31])).collect()
    }
}

impl fmt::Display for Code {
    /// In four groups, as it is printed: `7K3M-92QX-04AB-CDEF`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compact = self.compact();
        for (index, c) in compact.chars().enumerate() {
            if index > 0 && index % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
