//! How often something may be tried: so many in a minute, then ever longer waits, and never a lock for good.
//!
//! Owns the counting. Time is an argument, milliseconds of any clock that does not go back.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

const MINUTE: i64 = 60_000;
/// Quiet after which earlier waits are forgotten.
const FORGET: i64 = 15 * MINUTE;

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Tries in a minute before the first wait.
    pub per_minute: u32,
    /// Longest wait in milliseconds. The first is a minute, each further one twice as long.
    pub wait_max: i64,
    /// Names remembered; when more come, the one that was quiet longest is forgotten.
    pub names_max: usize,
}

/// Who tried how often.
#[derive(Debug)]
pub struct Throttle {
    limit: Limit,
    /// By SHA-256: what a stranger sends as a name may be long, and may be a secret.
    names: HashMap<[u8; 32], Tries>,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    began: i64,
    count: u32,
    waits: u32,
    until: i64,
    last: i64,
}

impl Throttle {
    /// Nobody has tried yet.
    pub fn new(limit: Limit) -> Self {
        Self { limit, names: HashMap::new() }
    }

    /// Counts a try of `name` at `now`. Refused with the milliseconds after which the next one counts; what is tried
    /// meanwhile makes the wait no longer.
    pub fn take(&mut self, name: &str, now: i64) -> Result<(), i64> {
        let name = digest(name);
        if !self.names.contains_key(&name) {
            self.make_room(now);
        }
        let tries = self.names.entry(name).or_insert(Tries { began: now, count: 0, waits: 0, until: 0, last: now });
        if now < tries.until {
            return Err(tries.until - now);
        }
        if now - tries.last >= FORGET {
            tries.waits = 0;
        }
        if now - tries.began >= MINUTE || tries.until > tries.began {
            (tries.began, tries.count) = (now, 0);
        }
        tries.last = now;
        if tries.count >= self.limit.per_minute {
            let wait = MINUTE.saturating_mul(1 << tries.waits.min(20)).min(self.limit.wait_max);
            (tries.waits, tries.until) = (tries.waits + 1, now + wait);
            return Err(wait);
        }
        tries.count += 1;
        Ok(())
    }

    /// Forgets the tries of `name`, as after a success.
    pub fn forgive(&mut self, name: &str) {
        self.names.remove(&digest(name));
    }

    fn make_room(&mut self, now: i64) {
        if self.names.len() < self.limit.names_max {
            return;
        }
        self.names.retain(|_, tries| now < tries.until || now - tries.last < MINUTE);
        if self.names.len() >= self.limit.names_max
            && let Some(quietest) = self.names.iter().min_by_key(|(_, tries)| (now < tries.until, tries.last)).map(|(name, _)| *name)
        {
            self.names.remove(&quietest);
        }
    }
}

fn digest(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}
