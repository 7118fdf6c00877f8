//! The signature on what the office tells a webhook, after the convention of standardwebhooks.com.
//!
//! Owns its form: `v1,` and the HMAC-SHA256 in base64 over id, time and body, and the text in which the secret is given out.
//! Who receives a call computes the same, and refuses a time that is more than [`TOLERANCE`] away from its own clock.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// How far the time of a call may be from the receiver's clock, in seconds.
pub const TOLERANCE: i64 = 5 * 60;

/// The secret as its receiver keeps it.
pub fn secret_text(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// The signature of a call with `id` at `time`, seconds since 1970.
pub fn sign(secret: &[u8], id: &str, time: i64, body: &[u8]) -> String {
    let mut signed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    signed.update(format!("{id}.{time}.").as_bytes());
    signed.update(body);
    format!("v1,{}", STANDARD.encode(signed.sign()))
}

/// Is it the signature of this call, received at `now`, seconds since 1970?
pub fn verify(secret: &[u8], id: &str, time: i64, body: &[u8], signature: &str, now: i64) -> bool {
    let wanted = sign(secret, id, time, body);
    (now - time).abs() <= TOLERANCE
        && signature.split(' ').fold(false, |found, one| super::token::equal(one.as_bytes(), wanted.as_bytes()) | found)
}
