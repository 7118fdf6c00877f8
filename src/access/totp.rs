//! One-time codes of an authenticator (RFC 6238): six digits, thirty seconds, SHA-1, which is what the apps speak.
//!
//! Owns the codes, the secret's text form and the address that a phone scans. A code counts once: whoever verifies keeps
//! the step that it belonged to.

use std::fmt::Write as _;

use ring::hmac;

use super::token::equal;

/// Random bytes of a secret: the length of a SHA-1, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;
/// Seconds of a step.
const STEP_SECONDS: i64 = 30;
/// Steps before and after the present one that count too: clocks differ, and people type slowly.
const DRIFT_STEPS: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret's text form (RFC 4648, Base32 without padding).
pub fn secret_text(random: [u8; SECRET_BYTES]) -> String {
    let bits: Vec<u8> = random.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(5).map(|five| char::from(BASE32[usize::from(five.iter().fold(0, |sum, bit| sum << 1 | bit))])).collect()
}

fn secret_bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for character in text.bytes() {
        let value = BASE32.iter().position(|own| *own == character)?;
        held = held << 5 | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

/// The code at `step`.
fn code(secret: &[u8], step: i64) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0xF);
    let word = tag[offset..offset + 4].iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) & 0x7FFF_FFFF;
    format!("{:06}", word % 1_000_000)
}

/// The step that `typed` is the code of at `now` (milliseconds since 1970), when it is later than `last`, the last one used.
pub fn verify(secret: &str, typed: &str, now: i64, last: i64) -> Option<i64> {
    let secret = secret_bytes(secret)?;
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let present = now.div_euclid(1_000 * STEP_SECONDS);
    (present - DRIFT_STEPS..=present + DRIFT_STEPS)
        .filter(|step| equal(code(&secret, *step).as_bytes(), typed.as_bytes()))
        .find(|step| *step > last)
}

/// The code at `now`, for those who hold the secret.
pub fn code_at(secret: &str, now: i64) -> Option<String> {
    Some(code(&secret_bytes(secret)?, now.div_euclid(1_000 * STEP_SECONDS)))
}

/// What a phone scans to take the secret.
pub fn address(secret: &str, account: &str, office: &str) -> String {
    let (account, office) = (escaped(account), escaped(office));
    format!("otpauth://totp/{office}:{account}?secret={secret}&issuer={office}&algorithm=SHA1&digits=6&period={STEP_SECONDS}")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
