//! Clearing the objects that nothing refers to: what a killed process wrote and never committed.
//!
//! Owns when an object may go. An object is written before its row, so a young one may be about to be referred to; one of a
//! batch that the store does not know stays, for a restored database is older than the documents beside it.

use std::sync::Arc;
use std::time::Duration;

use super::AppError;
use crate::batch::RunError;
use crate::storage::Objects;
use crate::store::Store;

/// Younger objects may be under way in another process.
pub(super) const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// Which batches are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those that have not finished: where an interrupted process left something.
    Unfinished,
    /// All.
    Every,
}

/// Removes every file of a batch's folder that no document refers to and that was not written to for `age`; how many.
/// An age of nothing is only for the process that alone works on the store.
pub(super) async fn collect(store: &Store, objects: &Arc<Objects>, reach: Reach, age: Duration) -> Result<u64, AppError> {
    let mut removed = 0;
    objects.clear_probes(age)?;
    for batch in store.batch_ids(reach == Reach::Unfinished).await? {
        let (listing, id) = (Arc::clone(objects), batch.clone());
        // A folder may hold a hundred thousand.
        let listed = tokio::task::spawn_blocking(move || listing.list(&id, age)).await.map_err(|_| RunError::Task)?;
        let files = match listed {
            Ok(files) if files.is_empty() => continue,
            Ok(files) => files,
            // What is wrong with the folder of one batch is said when its turn comes, and stops no other.
            Err(_) => {
                tracing::warn!(event = "objects.unlisted", batch);
                continue;
            }
        };
        let wanted = store.objects_of(&batch).await?;
        for file in files.iter().filter(|file| !wanted.contains(*file)) {
            objects.remove(file)?;
            removed += 1;
        }
    }
    Ok(removed)
}
