//! Relays and recipients as the outbox sees them: pauses, rates, suppressed addresses.
//!
//! Owns counting what was sent in which window, kept over restarts and shared by all senders; the relays' pauses; the list of
//! addresses to which nothing is sent.

use std::collections::BTreeMap;

use super::connection::{Row, Tx, values};
use super::{Store, StoreError, audit};

const MINUTE: i64 = 60 * 1_000;
/// Windows of a day are counted in pieces, so that the 24 hours roll.
const PIECE: i64 = 15 * MINUTE;
const DAY: i64 = 24 * 60 * MINUTE;

/// How many messages may go in a minute and in any 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// In a minute.
    pub per_minute: Option<u32>,
    /// In any 24 hours.
    pub per_day: Option<u32>,
}

/// Which rate holds for what: by relay, and by relay and recipient domain.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// For all messages of a relay.
    pub relays: BTreeMap<String, Rate>,
    /// For a relay and a domain with everything below it.
    pub domains: BTreeMap<(String, String), Rate>,
}

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

impl Limits {
    /// The scopes that a message counts in, with their rates.
    fn scopes(&self, relay: &str, domain: &str) -> Vec<(String, Rate)> {
        let mut scopes = Vec::new();
        if let Some(rate) = self.relays.get(relay) {
            scopes.push((relay.to_owned(), *rate));
        }
        let below = |entry: &str| domain == entry || domain.strip_suffix(entry).is_some_and(|rest| rest.ends_with('.'));
        let fitting = self.domains.iter().filter(|((of, entry), _)| of == relay && below(entry));
        if let Some(((_, entry), rate)) = fitting.max_by_key(|((_, entry), _)| entry.len()) {
            scopes.push((format!("{relay} {entry}"), *rate));
        }
        scopes
    }
}

/// Counts one message in every window that it belongs to; or, when one is full, counts nothing and gives the time at which
/// that window opens.
pub(super) async fn take_turn(tx: &mut Tx, limits: &Limits, relay: &str, domain: &str, now: i64) -> Result<Option<i64>, StoreError> {
    let scopes = limits.scopes(relay, domain);
    let mut open_at = None;
    for (scope, rate) in &scopes {
        if let Some(most) = rate.per_minute {
            let begun = now - now.rem_euclid(MINUTE);
            if sent_between(tx, &format!("{scope} minute"), begun, now).await? >= u64::from(most) {
                open_at = open_at.max(Some(begun + MINUTE));
            }
        }
        if let Some(most) = rate.per_day
            && sent_between(tx, &format!("{scope} day"), now - DAY, now).await? >= u64::from(most)
        {
            let first = tx
                .fetch_one(
                    "SELECT MIN(started_at) AS first FROM sent_window WHERE scope = $1 AND started_at >= $2",
                    &values![format!("{scope} day"), now - DAY],
                )
                .await?;
            let first = first.map_or(Ok(None), |row| row.int_or_none("first"))?.unwrap_or(now);
            open_at = open_at.max(Some(first + DAY + PIECE));
        }
    }
    if open_at.is_some() {
        return Ok(open_at);
    }
    for (scope, rate) in scopes {
        if rate.per_minute.is_some() {
            count(tx, &format!("{scope} minute"), now - now.rem_euclid(MINUTE)).await?;
        }
        if rate.per_day.is_some() {
            count(tx, &format!("{scope} day"), now - now.rem_euclid(PIECE)).await?;
        }
    }
    Ok(None)
}

/// What was sent in the windows that began within that time. Windows to come are those of a clock that was set back since.
async fn sent_between(tx: &mut Tx, scope: &str, since: i64, now: i64) -> Result<u64, StoreError> {
    let row = tx
        .fetch_one(
            "SELECT CAST(COALESCE(SUM(sent), 0) AS BIGINT) AS sent FROM sent_window WHERE scope = $1 AND started_at >= $2 AND started_at <= $3",
            &values![scope, since, now],
        )
        .await?;
    row.map_or(Ok(0), |row| row.count("sent"))
}

async fn count(tx: &mut Tx, scope: &str, started_at: i64) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO sent_window (scope, started_at, sent) VALUES ($1, $2, 1)
         ON CONFLICT (scope, started_at) DO UPDATE SET sent = sent_window.sent + 1",
        &values![scope, started_at],
    )
    .await?;
    Ok(())
}

impl Store {
    /// Messages of a relay that were counted in the last 24 hours.
    pub async fn sent_in_a_day(&self, relay: &str) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let now = tx.fetch_one("SELECT {now} AS now", &[]).await?.ok_or_else(|| StoreError::unexpected("clock"))?.int("now")?;
        sent_between(&mut tx, &format!("{relay} day"), now - DAY, now).await
    }

    /// Leaves a relay alone for `milliseconds`; the number of failures in a row, this one included.
    /// `scope` is what the failure concerns.
    pub async fn pause_relay(&self, relay: &str, milliseconds: i64, scope: &str, reason: &str) -> Result<u32, StoreError> {
        let mut tx = self.database.begin().await?;
        let row = tx
            .fetch_one(
                "INSERT INTO relay (name, paused_until, reason, failures, changed_at, scope) VALUES ($1, {now} + $2, $3, 1, {now}, $4)
                 ON CONFLICT (name) DO UPDATE SET paused_until = excluded.paused_until, reason = excluded.reason,
                     failures = relay.failures + 1, changed_at = excluded.changed_at, scope = excluded.scope
                 RETURNING failures",
                &values![relay, milliseconds, reason, scope],
            )
            .await?;
        tx.commit().await?;
        let failures = row.ok_or_else(|| StoreError::unexpected("relay"))?.int("failures")?;
        Ok(u32::try_from(failures).unwrap_or(u32::MAX))
    }

    /// How often a relay has failed in a row.
    pub async fn relay_failures(&self, relay: &str) -> Result<u32, StoreError> {
        let row = self.database.fetch_one("SELECT failures FROM relay WHERE name = $1", &values![relay]).await?;
        row.map_or(Ok(0), |row| Ok(u32::try_from(row.int("failures")?).unwrap_or(u32::MAX)))
    }

    /// A relay has taken a message: its failures are forgotten. One that never failed costs nothing.
    pub async fn relay_works(&self, relay: &str) -> Result<(), StoreError> {
        if self.relay_failures(relay).await? > 0 {
            self.resume_relay(relay).await?;
        }
        Ok(())
    }

    /// A relay works again; was it being left alone? What waited for that, uncharged, is due now.
    pub async fn resume_relay(&self, relay: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let row =
            tx.fetch_one("DELETE FROM relay WHERE name = $1 RETURNING COALESCE(paused_until, 0) - {now} AS rest", &values![relay]).await?;
        let paused = row.map_or(Ok(0), |row| row.int("rest"))? > 0;
        if paused {
            tx.execute(
                "UPDATE delivery SET next_at = {now} WHERE relay = $1 AND state = 'queued' AND attempts = 0 AND next_at > {now}",
                &values![relay],
            )
            .await?;
            tx.notify("delivery").await?;
        }
        tx.commit().await?;
        Ok(paused)
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
