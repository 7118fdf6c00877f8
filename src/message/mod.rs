//! Messages as bytes: addresses, MIME, the return path, and the reports that come back.
//!
//! Owns the forms of RFC 5322, 2045–2047, 2231 and 3464 as this program writes and reads them. Pure: the same input gives
//! the same bytes, and nothing here sends.

pub mod address;
pub mod compose;
pub mod letter;
pub mod report;
pub mod return_path;

use sha2::{Digest as _, Sha256};

/// SHA-256 in lower-case hexadecimal.
fn hex_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
