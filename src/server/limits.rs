//! How much one program may ask in a minute, and how many documents are drawn at once for those who wait.
//!
//! Owns the throttles by kind of route and the places before the workers. A limit is for each key or person alone: one that
//! asks too much keeps nobody else waiting.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::fault::Fault;
use crate::access::throttle::{Limit, Throttle};
use crate::app::AppError;
use crate::config::ServiceConfig;

/// Documents drawn at once for programs that wait for them.
const RENDERS: usize = 2;
/// How long such a program waits for its turn.
const TURN_MAX: Duration = Duration::from_secs(10);
/// The longest wait after too many requests, in milliseconds.
const WAIT_MAX: i64 = 60_000;
/// Names remembered.
const NAMES_MAX: usize = 10_000;

/// Routes that cost more than others, with what may be asked of them in a minute.
const COSTLY: [(&str, u32); 3] = [("/api/v1/render", 120), ("/api/v1/batches", 60), ("/api/v1/registers/{name}/export", 20)];

/// The limits of a running site.
pub struct Limits {
    costly: [Mutex<Throttle>; 3],
    changes: Mutex<Throttle>,
    questions: Mutex<Throttle>,
    renders: Semaphore,
}

impl Limits {
    /// Nobody has asked yet.
    pub fn new(config: &ServiceConfig) -> Self {
        let of = |per_minute| Mutex::new(Throttle::new(Limit { per_minute, wait_max: WAIT_MAX, names_max: NAMES_MAX }));
        Self {
            costly: COSTLY.map(|(_, most)| of(most)),
            changes: of(config.api_changes_per_minute),
            questions: of(config.api_questions_per_minute),
            renders: Semaphore::new(RENDERS),
        }
    }

    /// Counts a request; the milliseconds to wait when there were too many.
    pub(super) fn take(&self, route: &str, changes: bool, name: &str, now: i64) -> Result<(), i64> {
        let costly = COSTLY.iter().position(|(own, _)| *own == route && (changes || route.ends_with("/export")));
        let throttle = match (costly, changes) {
            (Some(index), _) => &self.costly[index],
            (None, true) => &self.changes,
            (None, false) => &self.questions,
        };
        throttle.lock().unwrap_or_else(PoisonError::into_inner).take(name, now)
    }

    /// A place before the workers, for as long as the value lives.
    pub(super) async fn render(&self) -> Result<SemaphorePermit<'_>, Fault> {
        match tokio::time::timeout(TURN_MAX, self.renders.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(AppError::Busy.into()),
        }
    }
}
