//! Passwords: what is accepted, and how one is kept.
//!
//! Owns the Argon2id hash (RFC 9106) in its usual text form, with the parameters of the OWASP cheat sheet: 19 MiB, two
//! passes, one lane. A hash made with other parameters is still verified with its own.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use unicode_normalization::UnicodeNormalization as _;

use super::token::equal;
use crate::diagnostic::Diagnostic;
use crate::say;

/// Memory in KiB.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;

/// Memory of hashes that have ended, for the next ones: taken fresh, it would cost as much time as the hash, now and then, and
/// the process would keep 19 MiB for every thread that ever made one. As many pieces as hashes were made at a time.
static ROOMS: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// Shortest password, in characters.
pub const LENGTH_MIN: usize = 10;
/// Longest password, in characters. A longer one costs time and guards nothing.
pub const LENGTH_MAX: usize = 128;

/// What guessers try first, of at least [`LENGTH_MIN`] characters; compared without case.
const COMMON: [&str; 16] = [
    "1234567890",
    "0123456789",
    "12345678910",
    "123456789a",
    "1q2w3e4r5t",
    "password123",
    "password1234",
    "qwertyuiop",
    "1qaz2wsx3edc",
    "iloveyou123",
    "matkhau123",
    "matkhau1234",
    "anhyeuem123",
    "vietnam123",
    "congtyabc123",
    "admin12345",
];

/// Why `password` is not accepted for the account `name`; none when it is.
pub fn problem(password: &str, name: &str) -> Option<Diagnostic> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let first = lower.chars().next();
    let remedy = say!("dùng một câu ngắn dễ nhớ, ví dụ bốn từ không liên quan", "use a short sentence, such as four unrelated words");
    if length < LENGTH_MIN {
        let message = say!("mật khẩu phải có ít nhất {LENGTH_MIN} ký tự", "the password needs at least {LENGTH_MIN} characters");
        return Some(Diagnostic::error("password-short", message).remedy(remedy));
    }
    if length > LENGTH_MAX {
        return Some(Diagnostic::error(
            "password-long",
            say!("mật khẩu không được quá {LENGTH_MAX} ký tự", "the password must not exceed {LENGTH_MAX} characters"),
        ));
    }
    let weak =
        COMMON.contains(&lower.as_str()) || lower.chars().all(|c| Some(c) == first) || (name.chars().count() >= 4 && lower.contains(name));
    weak.then(|| Diagnostic::error("password-weak", say!("mật khẩu này quá dễ đoán", "the password is too easy to guess")).remedy(remedy))
}

/// The text that is kept of a password. Costs some 20 ms and 19 MiB: not for a thread that serves others.
pub fn hash(password: &str, salt: [u8; 16]) -> String {
    let derived = derive(password, &salt, MEMORY, PASSES, LANES).unwrap_or([0; HASH_BYTES]);
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(derived));
    format!("$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}${salt}${hash}")
}

/// Is it the password that `kept` was made of? Costs what [`hash`] costs.
pub fn verify(password: &str, kept: &str) -> bool {
    let check = || {
        let mut parts = kept.strip_prefix("$argon2id$v=19$")?.split('$');
        let (terms, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let mut numbers = terms.split(',').zip(["m=", "t=", "p="]).map(|(term, key)| term.strip_prefix(key)?.parse::<u32>().ok());
        let (memory, passes, lanes) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let derived = derive(password, &STANDARD_NO_PAD.decode(salt).ok()?, memory, passes, lanes)?;
        Some(equal(&derived, &STANDARD_NO_PAD.decode(hash).ok()?))
    };
    check().unwrap_or(false)
}

fn derive(password: &str, salt: &[u8], memory: u32, passes: u32, lanes: u32) -> Option<[u8; HASH_BYTES]> {
    // One keyboard writes “ế” as one character, another as three.
    let password: String = password.nfc().collect();
    let params = Params::new(memory, passes, lanes, Some(HASH_BYTES)).ok()?;
    let mut derived = [0; HASH_BYTES];
    let blocks = params.block_count();
    let mut room = ROOMS.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
    room.resize(blocks.max(room.len()), Block::new());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let ended = argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut derived, &mut room[..blocks]);
    ROOMS.lock().unwrap_or_else(PoisonError::into_inner).push(room);
    ended.ok().map(|()| derived)
}
