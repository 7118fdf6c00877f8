//! Identifiers that sort by the time they were made in: ULIDs.
//!
//! Owns the form: 48 bits of milliseconds, 80 random bits, 26 characters of Crockford's base 32. Time and randomness are
//! given by the caller.

/// Crockford's alphabet: no I, L, O, U.
pub(crate) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The identifier for `milliseconds` since 1970 and `random` bits.
pub fn ulid(milliseconds: u64, random: [u8; 10]) -> String {
    let mut bits = u128::from(milliseconds & 0xFFFF_FFFF_FFFF) << 80;
    for (index, byte) in random.iter().enumerate() {
        bits |= u128::from(*byte) << (72 - 8 * index);
    }
    (0..26).map(|index| char::from(ALPHABET[(bits >> (125 - 5 * index)) as usize & 31])).collect()
}
