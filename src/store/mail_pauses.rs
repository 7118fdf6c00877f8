//! Mailings that are held: too many of a batch's messages could not be delivered, and the rest would fare no better.
//!
//! Owns the rule, which is applied in the transaction of the failure itself, so that it is not lost with a sender that dies;
//! and what a batch whose mailing goes on again starts counting from. Who is told is the application's.

use super::connection::{Row, Tx, pass, values};
use super::{Store, StoreError, audit};

/// Per cent of the messages tried that may fail for good, unless the configuration says otherwise.
pub const FAILED_PERCENT_MAX: u32 = 5;
/// Fewer failures than this hold nothing: in a short list one wrong address is a large share.
const FAILED_MIN: i64 = 5;

/// A batch whose messages wait until a person lets them go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailPause {
    /// Since when, milliseconds since 1970.
    pub at: i64,
    /// Messages of the batch that had failed for good by then, those that came back included.
    pub failed: u64,
    /// Messages that had been tried by then.
    pub tried: u64,
}

pub(super) fn mail_pause(row: &Row) -> Result<Option<MailPause>, StoreError> {
    let Some(at) = row.int_or_none("mail_paused_at")? else { return Ok(None) };
    Ok(Some(MailPause { at, failed: row.count("mail_failed")?, tried: row.count("mail_tried")? }))
}

/// Messages of the batch `$1` that were tried, and those of them that failed for good. Tests do not count.
const COUNTED: &str = "SELECT COUNT(*) AS tried,
        CAST(COALESCE(SUM(CASE WHEN state = 'bounced' OR (state = 'failed' AND fail_reason = 'permanent') THEN 1 ELSE 0 END), 0) AS BIGINT)
            AS failed
    FROM delivery WHERE batch_id = $1 AND purpose <> 'test'
        AND state IN ('sent', 'uncertain', 'needs_operator', 'failed', 'bounced', 'complained')";

/// A message of `batch` has failed for good: holds its mailing when that makes too many. What had failed before a person let
/// it go on does not count again.
pub(super) async fn hold_if_failing(tx: &mut Tx, batch: &str, percent_max: u32) -> Result<(), StoreError> {
    let counted = tx.fetch_one(COUNTED, &values![batch]).await?.ok_or_else(|| StoreError::unexpected("counts"))?;
    let (failed, tried) = (counted.int("failed")?, counted.int("tried")?);
    let before = tx.fetch_one("SELECT paused_at, failed, tried FROM mail_pause WHERE batch_id = $1", &values![batch]).await?;
    let (failed_before, tried_before) = match &before {
        Some(row) if row.int_or_none("paused_at")?.is_some() => return Ok(()),
        Some(row) => (row.int("failed")?, row.int("tried")?),
        None => (0, 0),
    };
    let (newly_failed, newly_tried) = (failed - failed_before, tried - tried_before);
    if newly_failed < FAILED_MIN || newly_failed * 100 <= newly_tried * i64::from(percent_max) {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO mail_pause (batch_id, paused_at, failed, tried) VALUES ($1, {now}, $2, $3)
         ON CONFLICT (batch_id) DO UPDATE SET paused_at = excluded.paused_at, failed = excluded.failed, tried = excluded.tried",
        &values![batch, failed, tried],
    )
    .await?;
    Ok(())
}

impl Store {
    /// The same store, which holds a mailing when more than `percent` of its messages have failed for good; 100 never does.
    pub fn holding_mail_over(self, percent: u32) -> Self {
        Self { failed_percent_max: percent, ..self }
    }

    /// Does a delivery belong to a mailing that is held? A test never does.
    pub async fn is_mail_held(&self, delivery: &str) -> Result<bool, StoreError> {
        let row = self
            .database
            .fetch_one(
                "SELECT 1 AS one FROM mail_pause AS p JOIN delivery AS d ON d.batch_id = p.batch_id
                 WHERE d.id = $1 AND d.purpose <> 'test' AND p.paused_at IS NOT NULL",
                &values![delivery],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Batches whose mailing is held, with their templates, the oldest first.
    pub async fn mail_pauses(&self) -> Result<Vec<(String, String, MailPause)>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT b.id, b.template, p.paused_at AS mail_paused_at, p.failed AS mail_failed, p.tried AS mail_tried
                 FROM mail_pause AS p JOIN batch AS b ON b.id = p.batch_id WHERE p.paused_at IS NOT NULL ORDER BY p.paused_at, b.id",
                &[],
            )
            .await?;
        let mut pauses = Vec::new();
        for row in &rows {
            if let Some(pause) = mail_pause(row)? {
                pauses.push((row.text("id")?, row.text("template")?, pause));
            }
        }
        Ok(pauses)
    }

    /// Lets the mailing of a batch go on; false when it was not held. What failed so far does not hold it again.
    pub async fn resume_mailing(&self, batch: &str, actor: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let counted = tx.fetch_one(COUNTED, &values![batch]).await?.ok_or_else(|| StoreError::unexpected("counts"))?;
        let (failed, tried) = (counted.int("failed")?, counted.int("tried")?);
        let changed = tx
            .execute(
                "UPDATE mail_pause SET paused_at = NULL, failed = $2, tried = $3 WHERE batch_id = $1 AND paused_at IS NOT NULL",
                &values![batch, failed, tried],
            )
            .await?;
        if changed == 1 {
            audit::note(&mut tx, actor, "mailing.resume", batch, &format!("{failed}/{tried}")).await?;
        }
        tx.notify("delivery").await?;
        pass("mailing.resume")?;
        tx.commit().await?;
        Ok(changed == 1)
    }
}
