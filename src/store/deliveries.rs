//! Deliveries: the outbox, one message to one recipient each.
//!
//! Owns the rows of the outbox: queueing, the claim (T1), lists and counts. What follows the claim, the intent (T2) and the
//! result (T3), is `delivery_steps`'; rates, pauses and suppressions are [`super::senders`]'.

use super::connection::{Row, pass, values};
use super::delivery_steps::{announce, withdraw};
use super::senders::{self, Limits};
use super::{Store, StoreError};
use crate::delivery::cause::Cause;
use crate::delivery::state::{Delivery, FailReason, State};

/// After the intent, nobody else takes a delivery for this long: longer than the wait for the answer to the dot and than a
/// server keeps an idle connection, so that a sender which was stopped and wakes finds a dead socket.
pub const HOLD_MILLISECONDS: i64 = 15 * 60 * 1_000;

/// A message that is about to be queued.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// The batch.
    pub batch: String,
    /// The first record whose document it carries.
    pub record: u64,
    /// The address as given.
    pub recipient: String,
    /// The address for comparing.
    pub recipient_key: String,
    /// Its domain in A-labels.
    pub domain: String,
    /// What it is for: `document`, `test`, `notice`, `alert`.
    pub purpose: String,
    /// Which sending of the same: 1, or more when a person sends it again on purpose.
    pub generation: u32,
    /// The relay.
    pub relay: String,
    /// Everything that decides its bytes, as JSON.
    pub message: String,
    /// Documents that it carries, with the names that the recipient sees.
    pub documents: Vec<(String, String)>,
    /// How long it may wait, in milliseconds.
    pub life: i64,
}

/// A delivery in the hands of a sender.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Its id.
    pub id: String,
    /// The lease's epoch.
    pub epoch: i64,
    /// The address.
    pub recipient: String,
    /// The relay.
    pub relay: String,
    /// Everything that decides its bytes, as JSON.
    pub message: String,
    /// When the links end that it carries in the place of files, milliseconds since 1970.
    pub link_until: Option<i64>,
    /// Failures that counted so far.
    pub attempts: u32,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When its life ends.
    pub expires_at: i64,
    /// When it was handed out.
    pub now: i64,
}

/// A delivery as it stands.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Its id.
    pub id: String,
    /// The batch.
    pub batch: String,
    /// The record.
    pub record: u64,
    /// The address.
    pub recipient: String,
    /// The relay.
    pub relay: String,
    /// Everything that decides its bytes, as JSON.
    pub message: String,
    /// When the links end that it carries in the place of files, milliseconds since 1970.
    pub link_until: Option<i64>,
    /// Where it stands.
    pub delivery: Delivery,
    /// The server's last reply, verbatim.
    pub reply: String,
    /// Why it stands there, for people.
    pub reason: String,
    /// Why it has not arrived.
    pub cause: Option<Cause>,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub changed_at: i64,
}

/// What is noted with a step.
#[derive(Debug, Clone, Copy, Default)]
pub struct Note<'a> {
    /// The server's reply, verbatim.
    pub reply: &'a str,
    /// Why, for people.
    pub reason: &'a str,
    /// Why it has not arrived.
    pub cause: Option<Cause>,
}

/// Which deliveries a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this batch only.
    pub batch: Option<String>,
    /// In one of these states only, by their names with blanks between.
    pub state: Option<String>,
}

pub(super) const COLUMNS: &str = "id, batch_id, record, recipient, relay, message, state, fail_reason, attempts, uncertain, accepted, next_at, \
    reply, reason, cause, created_at, changed_at, expires_at, lease_epoch, link_until";

/// The name of a state in the store and for programs.
pub fn state_name(state: State) -> &'static str {
    match state {
        State::Queued { .. } => "queued",
        State::Leased => "leased",
        State::Committing => "committing",
        State::Uncertain => "uncertain",
        State::NeedsOperator => "needs_operator",
        State::Sent => "sent",
        State::Failed { .. } => "failed",
        State::Suppressed => "suppressed",
        State::Cancelled => "cancelled",
        State::Bounced => "bounced",
        State::Complained => "complained",
    }
}

pub(super) fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    let name = row.text("state")?;
    let state = match name.as_str() {
        "queued" => State::Queued { next_at: row.int("next_at")? },
        "leased" => State::Leased,
        "committing" => State::Committing,
        "uncertain" => State::Uncertain,
        "needs_operator" => State::NeedsOperator,
        "sent" => State::Sent,
        "failed" => State::Failed {
            reason: if row.text_or_none("fail_reason")?.as_deref() == Some("expired") {
                FailReason::Expired
            } else {
                FailReason::Permanent
            },
        },
        "suppressed" => State::Suppressed,
        "cancelled" => State::Cancelled,
        "bounced" => State::Bounced,
        "complained" => State::Complained,
        _ => return Err(StoreError::unexpected(name)),
    };
    let small = |column| Ok::<u32, StoreError>(u32::try_from(row.int(column)?).unwrap_or(u32::MAX));
    Ok(Delivery { state, attempts: small("attempts")?, uncertain: small("uncertain")?, accepted: row.int("accepted")? == 1 })
}

fn posted(row: &Row) -> Result<Posted, StoreError> {
    Ok(Posted {
        id: row.text("id")?,
        batch: row.text("batch_id")?,
        record: row.count("record")?,
        recipient: row.text("recipient")?,
        relay: row.text("relay")?,
        message: row.text("message")?,
        link_until: row.int_or_none("link_until")?,
        delivery: delivery(row)?,
        reply: row.text("reply")?,
        reason: row.text("reason")?,
        cause: Cause::from_name(&row.text("cause")?),
        created_at: row.int("created_at")?,
        changed_at: row.int("changed_at")?,
    })
}

impl Store {
    /// Queues messages, all in one commit; those that are queued already are left alone. Gives how many are new.
    pub async fn queue(&self, messages: &[NewDelivery]) -> Result<u64, StoreError> {
        let now = self.now().await?;
        let mut tx = self.database.begin().await?;
        let mut queued = 0;
        for (index, message) in (0_i64..).zip(messages) {
            // A millisecond apart, so that lists by id follow the list of the batch.
            let id = self.id_at(now + index)?;
            let NewDelivery {
                batch,
                record,
                recipient,
                recipient_key,
                domain,
                purpose,
                generation,
                relay,
                message: content,
                documents,
                life,
            } = message;
            let added = tx
                .execute(
                    "INSERT INTO delivery (id, batch_id, record, recipient, recipient_key, domain, purpose, generation, relay, message,
                         state, next_at, expires_at, created_at, changed_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', {now}, {now} + $11, {now}, {now})
                     ON CONFLICT (batch_id, record, recipient_key, purpose, generation) DO NOTHING",
                    &values![&id, batch, *record, recipient, recipient_key, domain, purpose, *generation, relay, content, *life],
                )
                .await?;
            queued += added;
            for (position, (document, name)) in (0_u32..).zip(documents).filter(|_| added == 1) {
                tx.execute(
                    "INSERT INTO delivery_document (delivery_id, position, document_id, name) VALUES ($1, $2, $3, $4)",
                    &values![&id, position, document, name],
                )
                .await?;
            }
        }
        tx.notify("delivery").await?;
        pass("delivery.queue")?;
        tx.commit().await?;
        pass("delivery.queued")?;
        Ok(queued)
    }

    /// T1: hands out up to `count` due deliveries. Suppressed addresses are ended, and so is what carries a document that no
    /// longer stands; paused relays are left alone, and what a rate holds back waits for its window; all counted within the same
    /// transaction.
    pub async fn claim_deliveries(&self, owner: &str, count: u32, limits: &Limits) -> Result<Vec<Leased>, StoreError> {
        loop {
            let (leased, withdrawn) = self.claim_some(owner, count, limits).await?;
            // What was cancelled stood in others' way, and what else it carried is due by now.
            if !leased.is_empty() || !withdrawn {
                return Ok(leased);
            }
        }
    }

    /// Those that are handed out, and whether any was cancelled.
    async fn claim_some(&self, owner: &str, count: u32, limits: &Limits) -> Result<(Vec<Leased>, bool), StoreError> {
        let mut tx = self.database.begin().await?;
        let suppressed = tx
            .fetch(
                "UPDATE delivery SET state = 'suppressed', changed_at = {now} WHERE state = 'queued' AND next_at <= {now}
                     AND recipient_key IN (SELECT recipient_key FROM suppression WHERE expires_at IS NULL OR expires_at > {now})
                 RETURNING id, batch_id, record, attempts",
                &[],
            )
            .await?;
        for row in &suppressed {
            let attempts = u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX);
            announce(&mut tx, &row.text("id")?, &row.text("batch_id")?, row.int("record")?, "suppressed", attempts).await?;
        }
        let rows = tx
            .fetch(
                "WITH chosen AS MATERIALIZED (
                     SELECT id FROM delivery WHERE state = 'queued' AND next_at <= {now}
                         AND relay NOT IN (SELECT name FROM relay WHERE paused_until > {now})
                         AND (purpose = 'test' OR batch_id NOT IN (SELECT batch_id FROM mail_pause WHERE paused_at IS NOT NULL))
                         AND NOT EXISTS (SELECT 1 FROM instance WHERE sending_paused IS NOT NULL)
                     ORDER BY next_at LIMIT $1 {skip_locked})
                 SELECT d.id, d.recipient, d.domain, d.relay, d.message, d.attempts, d.lease_epoch, d.created_at, d.expires_at, d.link_until, {now} AS now
                 FROM delivery AS d JOIN chosen ON chosen.id = d.id ORDER BY d.next_at, d.id",
                &values![count],
            )
            .await?;
        let (mut leased, mut withdrawn) = (Vec::new(), false);
        for row in &rows {
            let (id, relay, domain, now) = (row.text("id")?, row.text("relay")?, row.text("domain")?, row.int("now")?);
            if withdraw(&mut tx, &id, &self.id_at(now)?).await? {
                withdrawn = true;
                continue;
            }
            if let Some(open_at) = senders::take_turn(&mut tx, limits, &relay, &domain, now).await? {
                tx.execute("UPDATE delivery SET next_at = $2 WHERE id = $1", &values![&id, open_at]).await?;
                continue;
            }
            tx.execute(
                "UPDATE delivery SET state = 'leased', lease_owner = $2, lease_epoch = lease_epoch + 1, lease_until = {now} + $3,
                     attempts = attempts + 1, tries = tries + 1, changed_at = {now} WHERE id = $1",
                &values![&id, owner, i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)],
            )
            .await?;
            leased.push(Leased {
                id,
                epoch: row.int("lease_epoch")? + 1,
                recipient: row.text("recipient")?,
                relay,
                message: row.text("message")?,
                link_until: row.int_or_none("link_until")?,
                attempts: u32::try_from(row.int("attempts")? + 1).unwrap_or(u32::MAX),
                created_at: row.int("created_at")?,
                expires_at: row.int("expires_at")?,
                now,
            });
        }
        pass("delivery.claim")?;
        tx.commit().await?;
        pass("delivery.claimed")?;
        Ok((leased, withdrawn))
    }

    /// Documents of a delivery: object and the name that the recipient sees, in order.
    pub async fn enclosed(&self, delivery: &str) -> Result<Vec<(super::records::Made, String)>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT d.id, d.object, d.sha256, d.bytes, d.pages, e.name FROM delivery_document AS e JOIN document AS d ON d.id = e.document_id
                 WHERE e.delivery_id = $1 ORDER BY e.position",
                &values![delivery],
            )
            .await?;
        rows.iter().map(|row| Ok((super::documents::made(row)?, row.text("name")?))).collect()
    }

    /// Was a document of `batch` queued for a recipient before, by any batch; or, by another batch of the same folder, one that
    /// was made of the very same? Tests do not count.
    pub async fn was_posted(&self, batch: &str, document: &str, recipient_key: &str) -> Result<bool, StoreError> {
        let row = self
            .database
            .fetch_one(
                "SELECT 1 AS one FROM delivery_document AS e JOIN delivery AS d ON d.id = e.delivery_id
                 WHERE d.recipient_key = $2 AND d.purpose <> 'test' AND (e.document_id = $1 OR EXISTS
                     (SELECT 1 FROM record AS theirs JOIN batch AS earlier ON earlier.id = theirs.batch_id
                          JOIN record AS ours ON ours.digest = theirs.digest JOIN batch AS now ON now.id = ours.batch_id
                      WHERE theirs.document_id = e.document_id AND theirs.batch_id <> $3 AND ours.batch_id = $3 AND ours.document_id = $1
                          AND earlier.output = now.output))",
                &values![document, recipient_key, batch],
            )
            .await?;
        Ok(row.is_some())
    }

    /// One delivery.
    pub async fn delivery(&self, id: &str) -> Result<Posted, StoreError> {
        let row = self.database.fetch_one(&format!("SELECT {COLUMNS} FROM delivery WHERE id = $1"), &values![id]).await?;
        posted(&row.ok_or_else(|| StoreError::unknown(format!("delivery {id}")))?)
    }

    /// Deliveries after `after`, by id.
    pub async fn deliveries(&self, filter: &Filter, after: &str, limit: u32) -> Result<Vec<Posted>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM delivery WHERE id > $1 AND ($2 = '' OR batch_id = $2) AND ($3 = '' OR $3 LIKE '%' || state || '%') ORDER BY id LIMIT $4"
        );
        let batch = filter.batch.clone().unwrap_or_default();
        let state = filter.state.clone().unwrap_or_default();
        self.database.fetch(&sql, &values![after, batch, state, limit]).await?.iter().map(posted).collect()
    }

    /// As [`Self::deliveries`], of one organisation's batches only, or of all.
    pub async fn deliveries_of(
        &self,
        organisation: Option<&str>,
        filter: &Filter,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Posted>, StoreError> {
        let Some(organisation) = organisation else { return self.deliveries(filter, after, limit).await };
        let sql = format!(
            "SELECT {COLUMNS} FROM delivery WHERE id > $1 AND ($2 = '' OR batch_id = $2) AND ($3 = '' OR $3 LIKE '%' || state || '%')
                 AND batch_id IN (SELECT id FROM batch WHERE organisation = $5) ORDER BY id LIMIT $4"
        );
        let batch = filter.batch.clone().unwrap_or_default();
        let state = filter.state.clone().unwrap_or_default();
        self.database.fetch(&sql, &values![after, batch, state, limit, organisation]).await?.iter().map(posted).collect()
    }

    /// Deliveries that carry a document, the newest first.
    pub async fn deliveries_with(&self, document: &str, limit: u32) -> Result<Vec<Posted>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM delivery WHERE id IN (SELECT delivery_id FROM delivery_document WHERE document_id = $1)
             ORDER BY id DESC LIMIT $2"
        );
        self.database.fetch(&sql, &values![document, limit]).await?.iter().map(posted).collect()
    }

    /// How many deliveries are in which state, by the states' names; of one batch, or of all.
    pub async fn delivery_tally(&self, batch: Option<&str>) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT state, COUNT(*) AS deliveries FROM delivery WHERE $1 = '' OR batch_id = $1 GROUP BY state ORDER BY state",
                &values![batch.unwrap_or_default()],
            )
            .await?;
        rows.iter().map(|row| Ok((row.text("state")?, row.count("deliveries")?))).collect()
    }
}
