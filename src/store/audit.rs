//! The audit log: who did what to which thing, when; each line sealed with the one before.
//!
//! Owns the chain. A line's hash covers its words and the hash before it, so that a line that is changed or taken out breaks
//! everything after it. Lines are only ever added, in the transaction of what they tell of.

use sha2::{Digest, Sha256};

use super::connection::{Row, Tx, pass, values};
use super::{Store, StoreError};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its place, from 1.
    pub sequence: i64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What, such as `register.void`.
    pub action: String,
    /// To which thing.
    pub subject: String,
    /// With which words.
    pub detail: String,
    /// SHA-256 over the line and the hash before it.
    pub hash: String,
}

impl Store {
    /// Adds a line on its own.
    pub async fn audit(&self, actor: &str, action: &str, subject: &str, detail: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        note(&mut tx, actor, action, subject, detail).await?;
        tx.commit().await
    }

    /// Lines after `sequence`, in order.
    pub async fn audit_lines(&self, after: i64, limit: u32) -> Result<Vec<Line>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT sequence, at, actor, action, subject, detail, hash FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2",
                &values![after, limit],
            )
            .await?;
        rows.iter().map(line).collect()
    }

    /// Lines before `sequence`, or the newest, latest first; only those of `actor` unless it is empty.
    pub async fn audit_before(&self, sequence: Option<i64>, actor: &str, limit: u32) -> Result<Vec<Line>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT sequence, at, actor, action, subject, detail, hash FROM audit
                 WHERE sequence < $1 AND ($2 = '' OR actor = $2) ORDER BY sequence DESC LIMIT $3",
                &values![sequence.unwrap_or(i64::MAX), actor, limit],
            )
            .await?;
        rows.iter().map(line).collect()
    }

    /// Lines about a thing, or about the other one that it is known by, the latest first.
    pub async fn audit_of(&self, subject: &str, other: Option<&str>, limit: u32) -> Result<Vec<Line>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT sequence, at, actor, action, subject, detail, hash FROM audit WHERE subject IN ($1, $2) ORDER BY sequence DESC LIMIT $3",
                &values![subject, other.unwrap_or(subject), limit],
            )
            .await?;
        rows.iter().map(line).collect()
    }

    /// The first line that does not follow from the one before it; none when the chain holds.
    pub async fn broken_audit_line(&self) -> Result<Option<i64>, StoreError> {
        let mut before = String::new();
        let mut after = 0;
        loop {
            let lines = self.audit_lines(after, 1_000).await?;
            let Some(last) = lines.last() else { return Ok(None) };
            let next = last.sequence;
            for (expected, line) in (after + 1..).zip(&lines) {
                if line.sequence != expected || line.hash != hash(&before, line) {
                    return Ok(Some(expected));
                }
                before.clone_from(&line.hash);
            }
            after = next;
        }
    }
}

/// Adds a line within a transaction.
pub(super) async fn note(tx: &mut Tx, actor: &str, action: &str, subject: &str, detail: &str) -> Result<(), StoreError> {
    tx.lock_audit().await?;
    let last = tx.fetch_one("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1", &[]).await?;
    let (sequence, before) = match last {
        Some(row) => (row.int("sequence")? + 1, row.text("hash")?),
        None => (1, String::new()),
    };
    let at = tx.fetch_one("SELECT {now} AS now", &[]).await?.ok_or_else(|| StoreError::unexpected("clock"))?.int("now")?;
    let mut line = Line {
        sequence,
        at,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
        hash: String::new(),
    };
    line.hash = hash(&before, &line);
    pass("audit.note")?;
    tx.execute(
        "INSERT INTO audit (sequence, at, actor, action, subject, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &values![sequence, at, actor, action, subject, detail, line.hash],
    )
    .await?;
    Ok(())
}

fn line(row: &Row) -> Result<Line, StoreError> {
    Ok(Line {
        sequence: row.int("sequence")?,
        at: row.int("at")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
        detail: row.text("detail")?,
        hash: row.text("hash")?,
    })
}

fn hash(before: &str, line: &Line) -> String {
    let mut hash = Sha256::new();
    let Line { sequence, at, actor, action, subject, detail, .. } = line;
    for part in [before, &sequence.to_string(), &at.to_string(), actor, action, subject, detail] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
