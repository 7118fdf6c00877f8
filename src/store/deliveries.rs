//! Deliveries: the outbox, one message to one recipient each.
//!
//! Owns every row of the outbox and the three commits of sending: the claim (T1), the intent (T2), the result (T3). What step
//! is allowed is [`crate::delivery::state`]'s; here it is applied inside the transaction that writes it, under the lease's
//! epoch. Rates, pauses and suppressions are [`super::senders`]'.

use super::connection::{Row, Tx, values};
use super::senders::{self, Limits};
use super::{LEASE, Store, StoreError, audit};
use crate::delivery::state::{Delivery, Event, FailReason, State};

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
    /// What it is for: `document`, `notice`, `alert`.
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
    /// Where it stands.
    pub delivery: Delivery,
    /// The server's last reply, verbatim.
    pub reply: String,
    /// Why it stands there, for people.
    pub reason: String,
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
}

/// Which deliveries a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this batch only.
    pub batch: Option<String>,
    /// In this state only, by its name.
    pub state: Option<String>,
}

const COLUMNS: &str = "id, batch_id, record, recipient, relay, message, state, fail_reason, attempts, uncertain, accepted, next_at, \
    reply, reason, created_at, changed_at, expires_at, lease_epoch";

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

fn delivery(row: &Row) -> Result<Delivery, StoreError> {
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
        delivery: delivery(row)?,
        reply: row.text("reply")?,
        reason: row.text("reason")?,
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
        for message in messages {
            let id = self.id_at(now)?;
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
        tx.commit().await?;
        Ok(queued)
    }

    /// T1: hands out up to `count` due deliveries. Suppressed addresses are ended, paused relays left alone, and what a rate
    /// holds back waits for its window; all counted within the same transaction.
    pub async fn claim_deliveries(&self, owner: &str, count: u32, limits: &Limits) -> Result<Vec<Leased>, StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute(
            "UPDATE delivery SET state = 'suppressed', changed_at = {now} WHERE state = 'queued' AND next_at <= {now}
                 AND recipient_key IN (SELECT recipient_key FROM suppression WHERE expires_at IS NULL OR expires_at > {now})",
            &[],
        )
        .await?;
        let rows = tx
            .fetch(
                "WITH chosen AS MATERIALIZED (
                     SELECT id FROM delivery WHERE state = 'queued' AND next_at <= {now}
                         AND relay NOT IN (SELECT name FROM relay WHERE paused_until > {now})
                         AND NOT EXISTS (SELECT 1 FROM instance WHERE sending_paused IS NOT NULL)
                     ORDER BY next_at LIMIT $1 {skip_locked})
                 SELECT d.id, d.recipient, d.domain, d.relay, d.message, d.attempts, d.lease_epoch, d.created_at, d.expires_at, {now} AS now
                 FROM delivery AS d JOIN chosen ON chosen.id = d.id ORDER BY d.next_at, d.id",
                &values![count],
            )
            .await?;
        let mut leased = Vec::new();
        for row in &rows {
            let (id, relay, domain, now) = (row.text("id")?, row.text("relay")?, row.text("domain")?, row.int("now")?);
            if let Some(open_at) = senders::take_turn(&mut tx, limits, &relay, &domain, now).await? {
                tx.execute("UPDATE delivery SET next_at = $2 WHERE id = $1", &values![&id, open_at]).await?;
                continue;
            }
            tx.execute(
                "UPDATE delivery SET state = 'leased', lease_owner = $2, lease_epoch = lease_epoch + 1, lease_until = {now} + $3,
                     attempts = attempts + 1, tries = tries + 1, changed_at = {now} WHERE id = $1",
                &values![&id, owner, i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX)],
            )
            .await?;
            leased.push(Leased {
                id,
                epoch: row.int("lease_epoch")? + 1,
                recipient: row.text("recipient")?,
                relay,
                message: row.text("message")?,
                attempts: u32::try_from(row.int("attempts")? + 1).unwrap_or(u32::MAX),
                created_at: row.int("created_at")?,
                expires_at: row.int("expires_at")?,
                now,
            });
        }
        tx.commit().await?;
        Ok(leased)
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

    /// Renews the leases of `owner` on what it has not begun to send.
    pub async fn beat_deliveries(&self, owner: &str) -> Result<u64, StoreError> {
        self.database
            .execute(
                "UPDATE delivery SET lease_until = {now} + $2 WHERE lease_owner = $1 AND state = 'leased'",
                &values![owner, i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX)],
            )
            .await
    }

    /// T2: commits the intent to send the body. False: somebody else has the delivery, and not a byte may be sent.
    pub async fn intend(&self, id: &str, epoch: i64) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let changed = tx
            .execute(
                "UPDATE delivery SET state = 'committing', committing_at = {now}, lease_until = {now} + $3, changed_at = {now}
                 WHERE id = $1 AND lease_epoch = $2 AND state = 'leased' AND lease_until > {now}
                     AND NOT EXISTS (SELECT 1 FROM suppression AS s WHERE s.recipient_key = delivery.recipient_key
                         AND (s.expires_at IS NULL OR s.expires_at > {now}))",
                &values![id, epoch, HOLD_MILLISECONDS],
            )
            .await?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// T3, and every other step of a holder: applies `event` under the lease's epoch. False: the row is no longer the caller's.
    pub async fn step_delivery(&self, id: &str, epoch: i64, event: Event, note: Note<'_>) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let done = step(&mut tx, id, Some(epoch), event, note).await?;
        tx.notify("delivery").await?;
        tx.commit().await?;
        Ok(done)
    }

    /// T3 when the answer to the dot is lost: the delivery is uncertain, and left alone until `until`, milliseconds since 1970.
    pub async fn lose_answer(&self, id: &str, epoch: i64, until: i64, note: Note<'_>) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let done = step(&mut tx, id, Some(epoch), Event::LoseAnswer, note).await?;
        if done {
            tx.execute("UPDATE delivery SET next_at = $2 WHERE id = $1", &values![id, until]).await?;
        }
        tx.notify("delivery").await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Was a document queued for a recipient before, by any batch?
    pub async fn was_posted(&self, document: &str, recipient_key: &str) -> Result<bool, StoreError> {
        let row = self
            .database
            .fetch_one(
                "SELECT 1 AS one FROM delivery_document AS e JOIN delivery AS d ON d.id = e.delivery_id
                 WHERE e.document_id = $1 AND d.recipient_key = $2",
                &values![document, recipient_key],
            )
            .await?;
        Ok(row.is_some())
    }

    /// A step that a person asks for, with its line in the audit log.
    pub async fn decide_delivery(&self, id: &str, event: Event, actor: &str, reason: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let note = Note { reply: "", reason };
        if !step(&mut tx, id, None, event, note).await? {
            let row = tx.fetch_one("SELECT state FROM delivery WHERE id = $1", &values![id]).await?;
            return Err(match row {
                Some(row) => StoreError::refused(format!("delivery {id}"), row.text("state")?),
                None => StoreError::unknown(format!("delivery {id}")),
            });
        }
        audit::note(&mut tx, actor, "delivery.decide", id, &format!("{event:?} {reason}")).await?;
        tx.notify("delivery").await?;
        tx.commit().await
    }

    /// Ends what dead senders left: before the intent a delivery waits again, uncharged; after it, once the hold is over, nobody
    /// can know. With `all`, leases count as over: only for the process that alone works on the store, at its start.
    pub async fn rescue_deliveries(&self, all: bool, uncertain_until: i64) -> Result<(u64, u64), StoreError> {
        let mut tx = self.database.begin().await?;
        let held = tx
            .fetch(
                "SELECT id, state FROM delivery WHERE state IN ('leased', 'committing') AND (lease_until < {now} OR $1 = 1) {skip_locked}",
                &values![all],
            )
            .await?;
        let (mut released, mut lost) = (0, 0);
        for row in &held {
            let id = row.text("id")?;
            let now = now_of(&mut tx).await?;
            let event = if row.text("state")? == "leased" { Event::Release { next_at: now } } else { Event::LoseAnswer };
            let reason = if event == Event::LoseAnswer { "tiến trình gửi đã dừng sau khi bắt đầu gửi thư" } else { "" };
            if step(&mut tx, &id, None, event, Note { reply: "", reason }).await? {
                match event {
                    Event::LoseAnswer => {
                        lost += 1;
                        tx.execute("UPDATE delivery SET next_at = $2 WHERE id = $1", &values![&id, uncertain_until]).await?;
                    }
                    _ => released += 1,
                }
            }
        }
        tx.commit().await?;
        Ok((released, lost))
    }

    /// Uncertain deliveries whose wait is over.
    pub async fn settle(&self, policy: crate::delivery::state::OnUncertain) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let rows = tx.fetch("SELECT id FROM delivery WHERE state = 'uncertain' AND next_at <= {now} {skip_locked}", &[]).await?;
        let mut settled = 0;
        for row in &rows {
            let now = now_of(&mut tx).await?;
            let event = Event::Settle { policy, next_at: now };
            settled += u64::from(step(&mut tx, &row.text("id")?, None, event, Note::default()).await?);
        }
        tx.commit().await?;
        Ok(settled)
    }

    /// Gives leased deliveries back unsent, as at an orderly stop.
    pub async fn give_back_deliveries(&self, owner: &str) -> Result<u64, StoreError> {
        self.database
            .execute(
                "UPDATE delivery SET state = 'queued', lease_owner = NULL, lease_until = NULL, attempts = attempts - 1, next_at = {now}
                 WHERE lease_owner = $1 AND state = 'leased'",
                &values![owner],
            )
            .await
    }

    /// One delivery.
    pub async fn delivery(&self, id: &str) -> Result<Posted, StoreError> {
        let row = self.database.fetch_one(&format!("SELECT {COLUMNS} FROM delivery WHERE id = $1"), &values![id]).await?;
        posted(&row.ok_or_else(|| StoreError::unknown(format!("delivery {id}")))?)
    }

    /// Deliveries after `after`, by id.
    pub async fn deliveries(&self, filter: &Filter, after: &str, limit: u32) -> Result<Vec<Posted>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM delivery WHERE id > $1 AND ($2 = '' OR batch_id = $2) AND ($3 = '' OR state = $3) ORDER BY id LIMIT $4"
        );
        let batch = filter.batch.clone().unwrap_or_default();
        let state = filter.state.clone().unwrap_or_default();
        self.database.fetch(&sql, &values![after, batch, state, limit]).await?.iter().map(posted).collect()
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

    /// Notes a bounce by its own Message-ID, once, and applies what it means. False: it was noted before.
    pub async fn note_bounce(
        &self,
        message_id: &str,
        delivery_id: &str,
        event: Option<Event>,
        (action, status, detail): (&str, &str, &str),
    ) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let known = tx.fetch_one("SELECT 1 AS one FROM delivery WHERE id = $1", &values![delivery_id]).await?.is_some();
        let added = known
            && tx
                .execute(
                    "INSERT INTO bounce (message_id, delivery_id, action, status, detail, received_at) VALUES ($1, $2, $3, $4, $5, {now})
                     ON CONFLICT DO NOTHING",
                    &values![message_id, delivery_id, action, status, detail],
                )
                .await?
                == 1;
        if added && let Some(event) = event {
            step(&mut tx, delivery_id, None, Event::ConfirmSent, Note::default()).await?;
            step(&mut tx, delivery_id, None, event, Note { reply: detail, reason: status }).await?;
        }
        tx.commit().await?;
        Ok(added)
    }
}

async fn now_of(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.fetch_one("SELECT {now} AS now", &[]).await?.ok_or_else(|| StoreError::unexpected("clock"))?.int("now")
}

/// Applies `event` to a row, if its state and its epoch allow it.
async fn step(tx: &mut Tx, id: &str, epoch: Option<i64>, event: Event, note: Note<'_>) -> Result<bool, StoreError> {
    let Some(row) = tx.fetch_one(&format!("SELECT {COLUMNS} FROM delivery WHERE id = $1"), &values![id]).await? else { return Ok(false) };
    let held = row.int("lease_epoch")?;
    if epoch.is_some_and(|epoch| epoch != held) {
        return Ok(false);
    }
    let before = delivery(&row)?;
    let Ok(after) = before.apply(event) else { return Ok(false) };
    let (next_at, fail_reason) = match after.state {
        State::Queued { next_at } => (Some(next_at), None),
        State::Failed { reason: FailReason::Expired } => (None, Some("expired")),
        State::Failed { reason: FailReason::Permanent } => (None, Some("permanent")),
        _ => (None, None),
    };
    let changed = tx
        .execute(
            "UPDATE delivery SET state = $4, attempts = $5, uncertain = $6, accepted = $7, next_at = COALESCE($8, next_at), fail_reason = $9,
                 reply = CASE WHEN $10 = '' THEN reply ELSE $10 END, reason = CASE WHEN $11 = '' THEN reason ELSE $11 END,
                 lease_owner = NULL, lease_until = NULL, changed_at = {now}
             WHERE id = $1 AND lease_epoch = $2 AND state = $3",
            &values![
                id,
                held,
                state_name(before.state),
                state_name(after.state),
                after.attempts,
                after.uncertain,
                after.accepted,
                next_at,
                fail_reason.map(str::to_owned),
                note.reply,
                note.reason
            ],
        )
        .await?;
    Ok(changed == 1)
}
