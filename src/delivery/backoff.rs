//! When to try again.
//!
//! Owns the schedules of attempts, their scatter and their end. Chance is an argument, `0.0 ≤ chance < 1.0`, so that a
//! test can replay it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Who owns the days of retrying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// We do: the relay of the configuration is the recipient's own server.
    Direct,
    /// A relay that queues for itself.
    #[default]
    Smarthost,
}

/// A schedule of attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Waits after the first, second, … failure.
    steps: Vec<Duration>,
    /// Every further wait.
    then: Duration,
    /// Waits after which a delivery is given up, all together.
    expire_after: Duration,
}

/// What follows a failure that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after this time.
    After(Duration),
    /// Too old: `failed(expired)`.
    Expired,
}

impl Schedule {
    /// The schedule for `route`: direct 1, 5, 15, 30 min, 1, 2, 2, 4, 4 h, then every 6 h to 5 d; to a smarthost 1, 5, 15,
    /// 30 min, then hourly to 24 h.
    pub fn of(route: Route) -> Self {
        let seconds = |steps: &[u64]| steps.iter().map(|step| Duration::from_secs(*step)).collect();
        match route {
            Route::Direct => Self {
                steps: seconds(&[MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 2 * HOUR, 4 * HOUR, 4 * HOUR]),
                then: Duration::from_secs(6 * HOUR),
                expire_after: Duration::from_secs(5 * DAY),
            },
            Route::Smarthost => Self {
                steps: seconds(&[MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE]),
                then: Duration::from_secs(HOUR),
                expire_after: Duration::from_secs(DAY),
            },
        }
    }

    /// The same steps with another end.
    pub fn expiring_after(mut self, age: Duration) -> Self {
        self.expire_after = age;
        self
    }

    /// For a full mailbox: the same steps, for three days on every route, since only the recipient can make room.
    pub fn for_full_mailbox(self) -> Self {
        self.expiring_after(Duration::from_secs(3 * DAY))
    }

    /// What follows the `failures`-th charged failure (from 1) of a delivery whose own waits came to `age`, scattered by ±20 %.
    /// The last attempt falls on the end of its life.
    pub fn next(&self, failures: u32, age: Duration, chance: f64) -> Next {
        let Some(left) = self.expire_after.checked_sub(age).filter(|left| !left.is_zero()) else { return Next::Expired };
        let step = (failures.max(1) - 1) as usize;
        let wait = self.steps.get(step).copied().unwrap_or(self.then);
        Next::After(scattered(wait, chance).min(left))
    }
}

/// How long a relay is left alone after its `failures`-th failure in a row (from 1): 30 s, doubled to 15 min, ±20 %.
pub fn relay_pause(failures: u32, chance: f64) -> Duration {
    let doubled = 30_u64.saturating_mul(1 << (failures.max(1) - 1).min(5));
    scattered(Duration::from_secs(doubled.min(15 * MINUTE)), chance)
}

/// How long an uncertain delivery waits for a bounce before it is sent again: 15–60 min.
pub fn uncertain_wait(chance: f64) -> Duration {
    Duration::from_secs(15 * MINUTE) + Duration::from_secs(45 * MINUTE).mul_f64(chance.clamp(0.0, 1.0))
}

fn scattered(wait: Duration, chance: f64) -> Duration {
    wait.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0))
}
