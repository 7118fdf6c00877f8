//! Relays and recipients as the outbox sees them: pauses and suppressed addresses.
//!
//! Owns the relays' pauses and failures, shared by all senders, and the list of addresses to which nothing is sent.

use super::connection::{Row, Tx, values};
use super::{Store, StoreError, audit};

/// A relay that is being left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// The relay.
    pub relay: String,
    /// Until when, milliseconds since 1970.
    pub until: i64,
    /// Why.
    pub reason: String,
    /// What the failure concerns: `relay`, `account`, `quota`, `sending_domain`, `protocol`.
    pub scope: String,
    /// Failures in a row.
    pub failures: u32,
    /// When it last failed, milliseconds since 1970.
    pub at: i64,
}

/// An address to which nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// The address for comparing.
    pub recipient_key: String,
    /// Why.
    pub reason: String,
    /// Since when, milliseconds since 1970.
    pub created_at: i64,
    /// Until when; for ever when there is none.
    pub expires_at: Option<i64>,
}

impl Store {
    /// Leaves a relay alone for `milliseconds`; the number of failures in a row, this one included.
    /// `scope` is what the failure concerns.
    pub async fn pause_relay(&self, relay: &str, milliseconds: i64, scope: &str, reason: &str) -> Result<u32, StoreError> {
        self.back_off(relay, scope, reason, |_| milliseconds).await
    }

    /// As [`Self::pause_relay`], for as many milliseconds as `pause` says for that number of failures in a row. What fails while
    /// the relay is being left alone already was begun before: it is the same failure, and shortens no pause.
    pub async fn back_off(&self, relay: &str, scope: &str, reason: &str, pause: impl Fn(u32) -> i64 + Send) -> Result<u32, StoreError> {
        let mut tx = self.database.begin().await?;
        let row =
            tx.fetch_one("SELECT failures, COALESCE(paused_until, 0) - {now} AS rest FROM relay WHERE name = $1", &values![relay]).await?;
        let (failures, rest) = row.map_or(Ok((0, 0)), |row| Ok::<_, StoreError>((row.int("failures")?, row.int("rest")?)))?;
        let failures = if rest > 0 { failures.max(1) } else { failures + 1 };
        let failures = u32::try_from(failures).unwrap_or(u32::MAX);
        let pause = pause(failures);
        if pause > rest {
            tx.execute(
                "INSERT INTO relay (name, paused_until, reason, failures, changed_at, scope) VALUES ($1, {now} + $2, $3, $5, {now}, $4)
                 ON CONFLICT (name) DO UPDATE SET paused_until = excluded.paused_until, reason = excluded.reason,
                     failures = excluded.failures, changed_at = excluded.changed_at, scope = excluded.scope",
                &values![relay, pause, reason, scope, failures],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(failures)
    }

    /// Is a relay being left alone now?
    pub async fn is_paused_relay(&self, relay: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 AS one FROM relay WHERE name = $1 AND paused_until > {now}";
        Ok(self.database.fetch_one(sql, &values![relay]).await?.is_some())
    }

    /// A relay has taken a message: its failures are forgotten. One that never failed costs nothing, and one that is being left
    /// alone stays so: the message was begun before.
    pub async fn relay_works(&self, relay: &str) -> Result<(), StoreError> {
        let failed = self.database.fetch_one("SELECT 1 AS one FROM relay WHERE name = $1", &values![relay]).await?;
        if failed.is_some() {
            self.database.execute("DELETE FROM relay WHERE name = $1 AND COALESCE(paused_until, 0) <= {now}", &values![relay]).await?;
        }
        Ok(())
    }

    /// A relay works again; was it being left alone?
    pub async fn resume_relay(&self, relay: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let row =
            tx.fetch_one("DELETE FROM relay WHERE name = $1 RETURNING COALESCE(paused_until, 0) - {now} AS rest", &values![relay]).await?;
        tx.notify("delivery").await?;
        tx.commit().await?;
        Ok(row.map_or(Ok(0), |row| row.int("rest"))? > 0)
    }

    /// Relays that are being left alone now.
    pub async fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT name, paused_until, reason, failures, scope, changed_at FROM relay WHERE paused_until > {now} ORDER BY name",
                &[],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Pause {
                    relay: row.text("name")?,
                    until: row.int("paused_until")?,
                    reason: row.text("reason")?,
                    scope: row.text("scope")?,
                    at: row.int("changed_at")?,
                    failures: u32::try_from(row.int("failures")?).unwrap_or(u32::MAX),
                })
            })
            .collect()
    }

    /// Stops all sending, with the reason; or lets it go on.
    pub async fn pause_sending(&self, reason: Option<&str>, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("UPDATE instance SET sending_paused = $1", &values![reason.map(str::to_owned)]).await?;
        audit::note(&mut tx, actor, if reason.is_some() { "sending.pause" } else { "sending.resume" }, "", reason.unwrap_or_default())
            .await?;
        tx.notify("delivery").await?;
        tx.commit().await
    }

    /// Why all sending is stopped, if it is.
    pub async fn sending_paused(&self) -> Result<Option<String>, StoreError> {
        let row = self.database.fetch_one("SELECT sending_paused FROM instance", &[]).await?;
        row.map_or(Ok(None), |row| row.text_or_none("sending_paused"))
    }

    /// Sends nothing to an address any more, for `life` milliseconds or for ever.
    pub async fn suppress(&self, recipient_key: &str, reason: &str, delivery: Option<&str>, life: Option<i64>) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        suppress(&mut tx, recipient_key, reason, delivery, life).await?;
        tx.commit().await
    }

    /// As [`Self::suppress`], by a person. The audit log has the reason, and not the address.
    pub async fn suppress_by(&self, recipient_key: &str, reason: &str, life: Option<i64>, actor: &str) -> Result<(), StoreError> {
        self.suppress(recipient_key, reason, None, life).await?;
        self.audit(actor, "suppression.add", "", reason).await
    }

    /// Is an address suppressed now?
    pub async fn suppression_of(&self, recipient_key: &str) -> Result<Option<Suppressed>, StoreError> {
        let sql = "SELECT recipient_key, reason, created_at, expires_at FROM suppression
                   WHERE recipient_key = $1 AND (expires_at IS NULL OR expires_at > {now})";
        self.database.fetch_one(sql, &values![recipient_key]).await?.as_ref().map(suppressed).transpose()
    }

    /// Lets an address be written to again; false when it was not suppressed.
    pub async fn release(&self, recipient_key: &str, reason: &str, actor: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let removed = tx.execute("DELETE FROM suppression WHERE recipient_key = $1", &values![recipient_key]).await?;
        if removed == 1 {
            audit::note(&mut tx, actor, "suppression.release", "", reason).await?;
        }
        tx.commit().await?;
        Ok(removed == 1)
    }

    /// How many reports came back, by what they say.
    pub async fn bounce_tally(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = self.database.fetch("SELECT action, COUNT(*) AS reports FROM bounce GROUP BY action ORDER BY action", &[]).await?;
        rows.iter().map(|row| Ok((row.text("action")?, row.count("reports")?))).collect()
    }

    /// Addresses to which nothing is sent.
    pub async fn suppressions(&self) -> Result<Vec<Suppressed>, StoreError> {
        let rows = self
            .database
            .fetch("SELECT recipient_key, reason, created_at, expires_at FROM suppression ORDER BY recipient_key", &[])
            .await?;
        rows.iter().map(suppressed).collect()
    }
}

/// As [`Store::suppress`], within the commit of what shows that it must be.
async fn suppress(tx: &mut Tx, recipient_key: &str, reason: &str, delivery: Option<&str>, life: Option<i64>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO suppression (recipient_key, reason, delivery_id, created_at, expires_at)
         VALUES ($1, $2, $3, {now}, {now} + $4)
         ON CONFLICT (recipient_key) DO UPDATE SET reason = excluded.reason, delivery_id = excluded.delivery_id,
             created_at = excluded.created_at, expires_at = excluded.expires_at",
        &values![recipient_key, reason, delivery.map(str::to_owned), life],
    )
    .await?;
    Ok(())
}

/// Sends nothing any more to whom `delivery` was for, from the commit on that tells why.
pub(super) async fn suppress_recipient(tx: &mut Tx, delivery: &str, reason: &str) -> Result<(), StoreError> {
    let row = tx.fetch_one("SELECT recipient_key FROM delivery WHERE id = $1", &values![delivery]).await?;
    let key = row.ok_or_else(|| StoreError::unknown(format!("delivery {delivery}")))?.text("recipient_key")?;
    suppress(tx, &key, reason, Some(delivery), None).await
}

fn suppressed(row: &Row) -> Result<Suppressed, StoreError> {
    Ok(Suppressed {
        recipient_key: row.text("recipient_key")?,
        reason: row.text("reason")?,
        created_at: row.int("created_at")?,
        expires_at: row.int_or_none("expires_at")?,
    })
}
