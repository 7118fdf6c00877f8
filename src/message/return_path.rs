//! The return path of each delivery, `bounce+<delivery>.<mac>@domain`: a bounce says by its address whose it is.
//!
//! Owns making and verifying it (VERP with a MAC), so that nobody can report another's mail as undeliverable.

use std::fmt;

use ring::hmac;

use super::address::Address;

/// Bytes of the MAC that the address carries.
const MAC_BYTES: usize = 8;

/// Makes and verifies return paths of one sending domain.
pub struct ReturnPaths {
    prefix: String,
    domain: String,
    key: hmac::Key,
}

impl ReturnPaths {
    /// Return paths `prefix+…@domain`, signed with `key`. `domain` must be one that [`Address`] takes; `prefix` must be
    /// letters and digits.
    pub fn new(prefix: &str, domain: &str, key: &[u8]) -> Option<Self> {
        let plain = !prefix.is_empty() && prefix.len() <= 12 && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let address = Address::parse(&format!("{prefix}@{domain}")).ok().filter(|_| plain)?;
        Some(Self { prefix: prefix.to_ascii_lowercase(), domain: address.domain().to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, key) })
    }

    /// The return path of `delivery`, an id of letters and digits; none for any other id.
    pub fn of(&self, delivery: &str) -> Option<Address> {
        let is_id = !delivery.is_empty() && delivery.len() <= 32 && delivery.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_id
            .then(|| format!("{}+{delivery}.{}@{}", self.prefix, self.mac(delivery), self.domain))
            .and_then(|text| Address::parse(&text).ok())
    }

    /// The delivery that `address` was made for; none when it is not ours or the MAC does not hold. Case is ignored, since
    /// servers change it on the way; the id comes back in capitals, as ULIDs are written.
    pub fn delivery_of(&self, address: &str) -> Option<String> {
        let address = address.trim().trim_matches(['<', '>']).to_ascii_lowercase();
        let (local, domain) = address.split_once('@')?;
        let (delivery, mac) = local.strip_prefix(&self.prefix)?.strip_prefix('+')?.rsplit_once('.')?;
        let expected = self.mac(delivery);
        // Every byte is compared, so that the time tells nothing about the MAC.
        let differs = expected.bytes().zip(mac.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b));
        (domain == self.domain && mac.len() == expected.len() && differs == 0).then(|| delivery.to_ascii_uppercase())
    }

    fn mac(&self, delivery: &str) -> String {
        let tag = hmac::sign(&self.key, delivery.to_ascii_lowercase().as_bytes());
        tag.as_ref()[..MAC_BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for ReturnPaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReturnPaths({}+…@{})", self.prefix, self.domain)
    }
}
