//! Answers kept by idempotency key: the same request under the same key has one effect and one answer.
//!
//! Owns the rows, by caller and key. A row without an answer is a request under way; one whose process died is taken over
//! after `ABANDONED`.

use super::connection::{Row, values};
use super::{Store, StoreError};

/// How long an answer is kept, in milliseconds.
const KEPT: i64 = 48 * 60 * 60 * 1_000;
/// A request that has had no answer for so long, in milliseconds, has none to come.
const ABANDONED: i64 = 15 * 60 * 1_000;

/// What a request was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Content type.
    pub content_type: String,
    /// Body.
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: the caller carries the request out and keeps its answer.
    Fresh,
    /// The same request is being carried out.
    UnderWay,
    /// The same request was answered so.
    Answered(Answer),
    /// The key was used for another request.
    Other,
}

impl Store {
    /// Claims `key` of `caller` for the request with this digest, or tells what the key stands for.
    pub async fn begin_answer(&self, caller: &str, key: &str, request_digest: &str) -> Result<Begun, StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("DELETE FROM answer WHERE created_at < {now} - $1", &values![KEPT]).await?;
        tx.execute(
            "DELETE FROM answer WHERE caller = $1 AND key = $2 AND request_digest = $3 AND status IS NULL AND created_at < {now} - $4",
            &values![caller, key, request_digest, ABANDONED],
        )
        .await?;
        let added = tx
            .execute(
                "INSERT INTO answer (caller, key, request_digest, created_at) VALUES ($1, $2, $3, {now}) ON CONFLICT (caller, key) DO NOTHING",
                &values![caller, key, request_digest],
            )
            .await?;
        let row = tx
            .fetch_one(
                "SELECT request_digest, status, content_type, body FROM answer WHERE caller = $1 AND key = $2",
                &values![caller, key],
            )
            .await?
            .ok_or_else(|| StoreError::unexpected("answer"))?;
        tx.commit().await?;
        if added == 1 {
            return Ok(Begun::Fresh);
        }
        if row.text("request_digest")? != request_digest {
            return Ok(Begun::Other);
        }
        Ok(answer(&row)?.map_or(Begun::UnderWay, Begun::Answered))
    }

    /// Keeps the answer of a request; without one the key is free again, as after a failure of the machine.
    pub async fn end_answer(&self, caller: &str, key: &str, answer: Option<&Answer>) -> Result<(), StoreError> {
        match answer {
            Some(Answer { status, content_type, body }) => {
                self.database
                    .execute(
                        "UPDATE answer SET status = $3, content_type = $4, body = $5 WHERE caller = $1 AND key = $2",
                        &values![caller, key, u32::from(*status), content_type, body.clone()],
                    )
                    .await?
            }
            None => {
                self.database.execute("DELETE FROM answer WHERE caller = $1 AND key = $2 AND status IS NULL", &values![caller, key]).await?
            }
        };
        Ok(())
    }
}

fn answer(row: &Row) -> Result<Option<Answer>, StoreError> {
    let Some(status) = row.int_or_none("status")? else { return Ok(None) };
    Ok(Some(Answer {
        status: u16::try_from(status).map_err(|_| StoreError::unexpected("status"))?,
        content_type: row.text("content_type")?,
        body: row.bytes("body")?,
    }))
}
