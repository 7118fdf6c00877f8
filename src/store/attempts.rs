//! What came of each attempt to send: the server's own words, kept as they were said.
//!
//! Owns the rows of attempts. Each is written in the transaction that ends its attempt.

use super::connection::{Tx, values};
use super::{Store, StoreError};

/// Who answered an attempt, and what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The reply, verbatim; what was seen in its place when there was none.
    pub reply: String,
    /// The server's address; empty when none was reached.
    pub peer: String,
    /// The version of TLS, such as `TLS 1.3`; empty on a plain connection.
    pub tls: String,
    /// SHA-256 of the server's certificate in hexadecimal; empty on a plain connection.
    pub certificate: String,
}

/// One attempt to send a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u64,
    /// Milliseconds since 1970.
    pub started_at: i64,
    /// Milliseconds since 1970.
    pub ended_at: i64,
    /// `accepted`, `retry`, `failed` or `uncertain`.
    pub outcome: String,
    /// Who answered, and what.
    pub answer: Answer,
}

/// Notes the end of an attempt.
pub(super) async fn note(
    tx: &mut Tx,
    delivery: &str,
    number: i64,
    started_at: i64,
    outcome: &str,
    answer: &Answer,
) -> Result<(), StoreError> {
    let Answer { reply, peer, tls, certificate } = answer;
    tx.execute(
        "INSERT INTO attempt (delivery_id, attempt, started_at, ended_at, outcome, reply, peer, tls, certificate)
         VALUES ($1, $2, $3, {now}, $4, $5, $6, $7, $8)",
        &values![delivery, number, started_at, outcome, reply, peer, tls, certificate],
    )
    .await?;
    Ok(())
}

impl Store {
    /// The attempts to send a delivery, the first one first.
    pub async fn attempts(&self, delivery: &str) -> Result<Vec<Attempt>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT attempt, started_at, ended_at, outcome, reply, peer, tls, certificate FROM attempt WHERE delivery_id = $1
                 ORDER BY attempt",
                &values![delivery],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let answer = Answer {
                    reply: row.text("reply")?,
                    peer: row.text("peer")?,
                    tls: row.text("tls")?,
                    certificate: row.text("certificate")?,
                };
                Ok(Attempt {
                    number: row.count("attempt")?,
                    started_at: row.int("started_at")?,
                    ended_at: row.int("ended_at")?,
                    outcome: row.text("outcome")?,
                    answer,
                })
            })
            .collect()
    }
}
