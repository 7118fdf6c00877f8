//! Drafts that nobody came back to: forgotten after so many days, with the lists that they hold.
//!
//! Owns when, and the files beside the store. What was submitted or waits for an approver is kept.

use std::time::Duration;

use tokio::sync::watch::Receiver;

use super::TABLES_FOLDER;
use crate::app::office::Office;
use crate::app::{App, AppError};
use crate::storage::StorageError;

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

impl App {
    /// Forgets the drafts that were left alone for `[service] draft_days`; how many.
    pub async fn clear_drafts(&self, office: &Office) -> Result<u64, AppError> {
        let days = i64::from(self.workspace.config.service.draft_days);
        let mut cleared = 0;
        loop {
            let left = office.store.clear_drafts(days * DAY).await?;
            if left.is_empty() {
                return Ok(cleared);
            }
            for draft in &left {
                let folder = office.root().join(TABLES_FOLDER).join(draft);
                match std::fs::remove_dir_all(&folder) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(StorageError::write(&folder)(error).into()),
                    _ => cleared += 1,
                }
            }
        }
    }

    /// Clears them until `stop` turns true; what was away is tried again at the next look.
    pub(in crate::app) async fn keep_clearing(&self, office: &Office, mut stop: Receiver<bool>) {
        while !*stop.borrow() {
            match self.clear_drafts(office).await {
                Ok(0) => {}
                Ok(drafts) => tracing::info!(event = "drafts.cleared", drafts),
                Err(error) => tracing::warn!(event = "drafts.uncleared", transient = error.is_transient()),
            }
            let _ = tokio::time::timeout(LOOK_EVERY, stop.wait_for(|stop| *stop)).await;
        }
    }
}
