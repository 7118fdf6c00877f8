//! Turns at what takes the machine for a while: drawing, checking a list, making a batch of one.
//!
//! Owns how many go at once, how many wait behind them, and how long. Whoever finds no place is told to come again, so that a
//! request neither waits for ever nor holds a connection that others need.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::AppError;

/// Places for one kind of work.
pub(super) struct Turns {
    places: Semaphore,
    waiting: Semaphore,
    patience: Duration,
}

impl Turns {
    /// So many `at_once`, so many `waiting` behind them, each for `patience` at most.
    pub const fn new(at_once: usize, waiting: usize, patience: Duration) -> Self {
        Self { places: Semaphore::const_new(at_once), waiting: Semaphore::const_new(waiting), patience }
    }

    /// A place, for as long as the value lives; [`AppError::Busy`] when too many wait or it takes too long.
    pub async fn take(&self) -> Result<SemaphorePermit<'_>, AppError> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let _waiting = self.waiting.try_acquire().map_err(|_| AppError::Busy)?;
        match tokio::time::timeout(self.patience, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(AppError::Busy),
        }
    }
}
