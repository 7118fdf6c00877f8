//! Random tokens that prove who somebody is: logins, one-time links, API keys.
//!
//! Owns their text form and what is kept of them, the SHA-256. A token holds 256 random bits, so a plain hash suffices.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use sha2::{Digest, Sha256};

/// Random bytes of a token.
pub const BYTES: usize = 32;
/// Characters of a token.
const CHARACTERS: usize = 43;
/// What every API key begins with, so that scanners of leaked secrets know one.
const KEY_PREFIX: &str = "vt";

/// The text of a token: 43 characters that go into an address or a cookie as they are.
pub fn text(random: [u8; BYTES]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

/// What is kept of a token or key.
pub fn digest(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Could it be a token? What is not is not looked up.
pub fn is_token(text: &str) -> bool {
    text.len() == CHARACTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The token against forged requests that belongs to an account with this password: nobody makes it without `secret`, which only
/// the office knows.
pub fn csrf(secret: &str, account: &str, password: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), format!("csrf\0{account}\0{password}").as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of an API key: `vt_<id>_<secret>`. `id` is made of letters and digits.
pub fn key_text(id: &str, random: [u8; BYTES]) -> String {
    format!("{KEY_PREFIX}_{id}_{}", text(random))
}

/// Id and secret of an API key; none when it cannot be one.
pub fn key_parts(key: &str) -> Option<(&str, &str)> {
    let (id, secret) = key.strip_prefix(KEY_PREFIX)?.strip_prefix('_')?.split_once('_')?;
    let plain = !id.is_empty() && id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain && is_token(secret)).then_some((id, secret))
}

/// Are they equal? Every byte is compared, so that the time tells nothing about where they differ.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
