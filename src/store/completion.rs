//! Completion: who puts the documents of a finished batch into its folder, and whether that is done.
//!
//! Owns the lease on it. A batch is finished when every record has come to its end; it is completed when everything stands
//! in the output folder. Whoever dies in between is followed by whoever looks next.

use super::batches::{Batch, COLUMNS, batch};
use super::connection::{pass, values};
use super::records::milliseconds;
use super::{Store, StoreError};

impl Store {
    /// Finished batches that are not completed and that nobody completes now, oldest first.
    pub async fn uncompleted_batches(&self) -> Result<Vec<Batch>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM batch WHERE state = 'finished' AND completed_at IS NULL
                 AND (completer IS NULL OR completing_until < {{now}}) ORDER BY created_at, id"
        );
        self.database.fetch(&sql, &[]).await?.iter().map(batch).collect()
    }

    /// Takes the completion of a finished batch under a lease; false when somebody else has it, or when it is done and not
    /// asked for `again`.
    pub async fn claim_completion(&self, id: &str, owner: &str, again: bool) -> Result<bool, StoreError> {
        let changed = self
            .database
            .execute(
                "UPDATE batch SET completer = $2, completing_until = {now} + $3
                 WHERE id = $1 AND state = 'finished' AND (completed_at IS NULL OR $4 = 1)
                     AND (completer IS NULL OR completer = $2 OR completing_until < {now})",
                &values![id, owner, milliseconds(self.lease), again],
            )
            .await?;
        pass("completion.claimed")?;
        Ok(changed == 1)
    }

    /// Notes that everything stands in the output folder; false when the completion is no longer `owner`'s.
    pub async fn completed(&self, id: &str, owner: &str) -> Result<bool, StoreError> {
        pass("batch.complete")?;
        let changed = self
            .database
            .execute(
                "UPDATE batch SET completed_at = {now}, completer = NULL, completing_until = NULL WHERE id = $1 AND completer = $2",
                &values![id, owner],
            )
            .await?;
        pass("batch.completed")?;
        Ok(changed == 1)
    }

    /// Gives a claimed completion back undone.
    pub async fn give_back_completion(&self, id: &str, owner: &str) -> Result<(), StoreError> {
        self.database
            .execute("UPDATE batch SET completer = NULL, completing_until = NULL WHERE id = $1 AND completer = $2", &values![id, owner])
            .await?;
        Ok(())
    }

    pub(super) async fn renew_completions(&self, owner: &str) -> Result<(), StoreError> {
        self.database
            .execute("UPDATE batch SET completing_until = {now} + $2 WHERE completer = $1", &values![owner, milliseconds(self.lease)])
            .await?;
        Ok(())
    }

    pub(super) async fn rescue_completions(&self, all: bool) -> Result<(), StoreError> {
        self.database
            .execute(
                "UPDATE batch SET completer = NULL, completing_until = NULL
                 WHERE completer IS NOT NULL AND (completing_until < {now} OR completing_until > {now} + $2 OR $1 = 1)",
                &values![all, milliseconds(self.lease.max(super::LEASE))],
            )
            .await?;
        Ok(())
    }

    pub(super) async fn give_back_completions(&self, owner: &str) -> Result<(), StoreError> {
        self.database.execute("UPDATE batch SET completer = NULL, completing_until = NULL WHERE completer = $1", &values![owner]).await?;
        Ok(())
    }
}
