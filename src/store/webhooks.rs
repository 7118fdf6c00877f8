//! Webhooks: who wants to be told of what, and the calls that wait, were answered or were given up.
//!
//! Owns the rows. A call is written in the transaction of what it tells of, so that neither is without the other; what it
//! carries is only ids. Claiming one moves its time on: a caller that dies leaves it to be called again.

use serde_json::Value as Json;

use super::connection::{Row, Tx, values};
use super::{Store, StoreError, audit};

/// What a webhook may be told of.
pub const EVENTS: [&str; 10] = [
    "batch.finished",
    "document.stored",
    "delivery.sent",
    "delivery.uncertain",
    "delivery.needs_operator",
    "delivery.failed",
    "delivery.suppressed",
    "delivery.cancelled",
    "delivery.bounced",
    "delivery.complained",
];

/// How long a claimed call is its claimer's, in milliseconds.
const HOLD: i64 = 60 * 1_000;
/// No call waits longer, in milliseconds: what is due later was put off before the clock was set back.
const WAIT_MAX: i64 = 24 * 60 * 60 * 1_000;
/// How long calls that have ended are kept, in milliseconds.
const KEPT: i64 = 30 * 24 * 60 * 60 * 1_000;

/// A subscription.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Where it is called.
    pub url: String,
    /// Names of its events.
    pub events: Vec<String>,
    /// What signs its calls.
    pub secret: Vec<u8>,
    /// The organisation whose events it is told; those of all when there is none.
    pub organisation: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).field("events", &self.events).finish_non_exhaustive()
    }
}

/// A call as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id, the same at every try.
    pub id: String,
    /// The event's name.
    pub event: String,
    /// `queued`, `done` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempts: u32,
    /// When it is tried next, milliseconds since 1970.
    pub next_at: i64,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Why the last try failed, for people.
    pub reason: String,
    /// When what it tells of happened, milliseconds since 1970.
    pub created_at: i64,
}

/// A call in the hands of a notifier.
#[derive(Debug, Clone)]
pub struct ClaimedCall {
    /// Its id.
    pub id: String,
    /// The event's name.
    pub event: String,
    /// What happened, as JSON.
    pub data: String,
    /// Tries, this one included. A later step names it: a claim that ran out changes nothing.
    pub attempts: u32,
    /// When it happened, milliseconds since 1970.
    pub created_at: i64,
    /// The database's clock.
    pub now: i64,
    /// Where to call, and what signs the call.
    pub webhook: Webhook,
}

/// How a try ended.
#[derive(Debug, Clone, Copy)]
pub enum Tried<'a> {
    /// It was taken.
    Done {
        /// Status of the answer.
        status: u16,
    },
    /// It was not; to be tried again after so many milliseconds, or given up.
    Failed {
        /// Status of the answer, if there was any.
        status: Option<u16>,
        /// Why, for people.
        reason: &'a str,
        /// Milliseconds to the next try.
        again: Option<i64>,
    },
}

const COLUMNS: &str = "id, url, events, secret, organisation, created_by, created_at";

fn webhook(row: &Row) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        id: row.text("id")?,
        url: row.text("url")?,
        events: row.text("events")?.split_whitespace().map(str::to_owned).collect(),
        secret: row.bytes("secret")?,
        organisation: row.text_or_none("organisation")?,
        created_by: row.text("created_by")?,
        created_at: row.int("created_at")?,
    })
}

impl Store {
    /// Keeps a subscription.
    pub async fn add_webhook(&self, new: &Webhook) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        // A blank on either side, so that a name is never found inside another.
        let events = format!(" {} ", new.events.join(" "));
        tx.execute(
            "INSERT INTO webhook (id, url, events, secret, organisation, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, {now})",
            &values![&new.id, &new.url, &events, new.secret.clone(), new.organisation.clone(), &new.created_by],
        )
        .await?;
        audit::note(&mut tx, &new.created_by, "webhook.new", &new.id, events.trim()).await?;
        tx.commit().await
    }

    /// Every subscription, the oldest first.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM webhook ORDER BY created_at, id");
        self.database.fetch(&sql, &[]).await?.iter().map(webhook).collect()
    }

    /// One subscription.
    pub async fn webhook(&self, id: &str) -> Result<Webhook, StoreError> {
        let row = self.database.fetch_one(&format!("SELECT {COLUMNS} FROM webhook WHERE id = $1"), &values![id]).await?;
        webhook(&row.ok_or_else(|| StoreError::unknown(format!("webhook {id}")))?)
    }

    /// Ends a subscription, with the calls that it still waits for.
    pub async fn remove_webhook(&self, id: &str, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("DELETE FROM webhook_call WHERE webhook_id = $1", &values![id]).await?;
        if tx.execute("DELETE FROM webhook WHERE id = $1", &values![id]).await? == 0 {
            return Err(StoreError::unknown(format!("webhook {id}")));
        }
        audit::note(&mut tx, actor, "webhook.remove", id, "").await?;
        tx.commit().await
    }

    /// The latest calls of a subscription, the newest first.
    pub async fn webhook_calls(&self, webhook: &str, limit: u32) -> Result<Vec<Call>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT id, event, state, attempts, next_at, status, reason, created_at FROM webhook_call WHERE webhook_id = $1
                 ORDER BY id DESC LIMIT $2",
                &values![webhook, limit],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Call {
                    id: row.text("id")?,
                    event: row.text("event")?,
                    state: row.text("state")?,
                    attempts: u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX),
                    next_at: row.int("next_at")?,
                    status: row.int_or_none("status")?.and_then(|status| u16::try_from(status).ok()),
                    reason: row.text("reason")?,
                    created_at: row.int("created_at")?,
                })
            })
            .collect()
    }

    /// Hands out up to `count` calls that are due; none while all sending is stopped, as in a restored copy.
    pub async fn claim_calls(&self, count: u32) -> Result<Vec<ClaimedCall>, StoreError> {
        const DUE: &str = "SELECT id FROM webhook_call WHERE state = 'queued' AND (next_at <= {now} OR next_at > {now} + $1)
                AND NOT EXISTS (SELECT 1 FROM instance WHERE sending_paused IS NOT NULL)";
        if self.database.fetch_one(&format!("{DUE} LIMIT 1"), &values![WAIT_MAX]).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.database.begin().await?;
        let rows = tx
            .fetch(
                &format!(
                    "WITH chosen AS MATERIALIZED ({DUE} ORDER BY next_at LIMIT $3 {{skip_locked}})
                     UPDATE webhook_call SET attempts = attempts + 1, next_at = {{now}} + $2, changed_at = {{now}}
                     WHERE id IN (SELECT id FROM chosen)
                     RETURNING id AS call_id, event, data, attempts, created_at AS happened_at, changed_at AS now, webhook_id"
                ),
                &values![WAIT_MAX, HOLD, count],
            )
            .await?;
        let mut claimed = Vec::new();
        for row in &rows {
            let sql = format!("SELECT {COLUMNS} FROM webhook WHERE id = $1");
            let Some(subscription) = tx.fetch_one(&sql, &values![row.text("webhook_id")?]).await? else { continue };
            claimed.push(ClaimedCall {
                id: row.text("call_id")?,
                event: row.text("event")?,
                data: row.text("data")?,
                attempts: u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX),
                created_at: row.int("happened_at")?,
                now: row.int("now")?,
                webhook: webhook(&subscription)?,
            });
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Notes how a try ended, unless the claim ran out meanwhile.
    pub async fn end_call(&self, call: &ClaimedCall, tried: Tried<'_>) -> Result<(), StoreError> {
        let (state, status, reason, wait) = match tried {
            Tried::Done { status } => ("done", Some(status), "", 0),
            Tried::Failed { status, reason, again: Some(wait) } => ("queued", status, reason, wait),
            Tried::Failed { status, reason, again: None } => ("failed", status, reason, 0),
        };
        self.database
            .execute(
                "UPDATE webhook_call SET state = $3, status = $4, reason = $5, next_at = {now} + $6, changed_at = {now}
                 WHERE id = $1 AND attempts = $2 AND state = 'queued'",
                &values![&call.id, call.attempts, state, status.map(u32::from), reason, wait],
            )
            .await?;
        Ok(())
    }

    /// Gives a claimed call back untried, as at an orderly stop.
    pub async fn give_back_call(&self, call: &ClaimedCall) -> Result<(), StoreError> {
        self.database
            .execute(
                "UPDATE webhook_call SET attempts = attempts - 1, next_at = {now} WHERE id = $1 AND attempts = $2 AND state = 'queued'",
                &values![&call.id, call.attempts],
            )
            .await?;
        Ok(())
    }

    /// Forgets calls that ended long ago; how many.
    pub async fn forget_calls(&self) -> Result<u64, StoreError> {
        self.database.execute("DELETE FROM webhook_call WHERE state <> 'queued' AND changed_at < {now} - $1", &values![KEPT]).await
    }
}

/// Writes the calls of an event of `batch`, one for each subscription that wants it. `id` is the event's own: the same event
/// is never called twice.
pub(super) async fn notice(tx: &mut Tx, event: &str, id: &str, batch: &str, data: &Json) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO webhook_call (id, webhook_id, event, data, state, next_at, created_at, changed_at)
         SELECT $1 || '.' || w.id, w.id, $2, $3, 'queued', {now}, {now}, {now} FROM webhook AS w
         WHERE w.events LIKE '% ' || $2 || ' %'
             AND (w.organisation IS NULL OR w.organisation = (SELECT organisation FROM batch WHERE id = $4))
         ON CONFLICT (id) DO NOTHING",
        &values![id, event, data.to_string(), batch],
    )
    .await?;
    Ok(())
}
