//! How often the public may ask for a certificate: each address, and all together.
//!
//! Owns the two counts. Codes have 80 bits and cannot be guessed; the limit keeps those who try from costing anything.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::access::throttle::{Limit, Throttle};
use crate::config::VerifyConfig;

/// Longest wait, in milliseconds.
const WAIT_MAX: i64 = 60_000;
/// Addresses remembered.
const ADDRESSES_MAX: usize = 50_000;

/// The counts.
pub(super) struct Questions {
    each: Mutex<Throttle>,
    all: Mutex<Throttle>,
}

impl Questions {
    /// Nobody has asked yet.
    pub fn new(config: &VerifyConfig) -> Self {
        let limit = |per_minute, names_max| Mutex::new(Throttle::new(Limit { per_minute, wait_max: WAIT_MAX, names_max }));
        Self { each: limit(config.per_minute, ADDRESSES_MAX), all: limit(config.per_minute_in_all, 1) }
    }

    /// Counts a question from `address` at `now`; the milliseconds to wait when there were too many.
    pub fn ask(&self, address: IpAddr, now: i64) -> Result<(), i64> {
        let take = |throttle: &Mutex<Throttle>, name: &str| throttle.lock().unwrap_or_else(PoisonError::into_inner).take(name, now);
        take(&self.each, &household(address))?;
        take(&self.all, "")
    }
}

/// One household or office: an IPv4 address, or the 64 bits of IPv6 that a provider gives to one customer.
pub(super) fn household(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.to_string(),
            None => address.segments()[..4].iter().map(|segment| format!("{segment:x}:")).collect(),
        },
    }
}
