//! The steps of a delivery: intent, result, decision, rescue, bounce.
//!
//! Owns every change of a delivery's state after its claim. Each applies an event of [`crate::delivery::state`] inside the
//! transaction that writes it; a holder's steps name the lease's epoch, so that a sender which was replaced changes nothing.

use super::attempts::{self, Answer};
use super::connection::{Tx, pass, values};
use super::deliveries::{COLUMNS, HOLD_MILLISECONDS, Note, delivery, state_name};
use super::mail_pauses::hold_if_failing;
use super::senders::suppress_recipient;
use super::{Store, StoreError, audit, rates, webhooks};
use crate::delivery::cause::Cause;
use crate::delivery::reply::Enhanced;
use crate::delivery::state::{Delivery, Event, FailReason, OnUncertain, State};

/// No message waits longer than this, in milliseconds: the longest pause, a day, and its scatter.
const WAIT_MAX: i64 = 25 * 60 * 60 * 1_000;

impl Store {
    /// Renews the leases of `owner` on what it has not begun to send.
    pub async fn beat_deliveries(&self, owner: &str) -> Result<u64, StoreError> {
        self.database
            .execute(
                "UPDATE delivery SET lease_until = {now} + $2 WHERE lease_owner = $1 AND state = 'leased'",
                &values![owner, i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)],
            )
            .await
    }

    /// T2: commits the intent to send the body. False: not a byte may be sent. Somebody else has the delivery then; or its
    /// address was suppressed meanwhile, which ends it; or its lease is over, its batch held or a document of it taken back, and
    /// it waits again: its next claim says why.
    pub async fn intend(&self, id: &str, epoch: i64) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let changed = tx
            .execute(
                "UPDATE delivery SET state = 'committing', committing_at = {now}, lease_until = {now} + $3, changed_at = {now}
                 WHERE id = $1 AND lease_epoch = $2 AND state = 'leased' AND lease_until > {now}
                     AND NOT EXISTS (SELECT 1 FROM suppression AS s WHERE s.recipient_key = delivery.recipient_key
                         AND (s.expires_at IS NULL OR s.expires_at > {now}))
                     AND NOT EXISTS (SELECT 1 FROM delivery_document AS e JOIN document AS x ON x.id = e.document_id
                         WHERE e.delivery_id = delivery.id AND x.state <> 'stored')
                     AND (purpose = 'test' OR NOT EXISTS (SELECT 1 FROM mail_pause AS p WHERE p.batch_id = delivery.batch_id
                         AND p.paused_at IS NOT NULL))",
                &values![id, epoch, HOLD_MILLISECONDS],
            )
            .await?;
        if changed == 0 {
            withhold(&mut tx, id, epoch).await?;
        }
        pass("delivery.intend")?;
        tx.commit().await?;
        pass("delivery.intended")?;
        Ok(changed == 1)
    }

    /// T3, and every other step of a holder: applies `event` under the lease's epoch. False: the row is no longer the caller's.
    /// A failure for good may hold the batch's other messages.
    pub async fn step_delivery(&self, id: &str, epoch: i64, event: Event, note: Note<'_>) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let stepped = step_and_hear(&mut tx, id, Some(epoch), event, note).await?;
        let failed = matches!(event, Event::Fail { reason: FailReason::Permanent });
        if let Some(came_back) = stepped
            && (failed || came_back)
        {
            self.hold_its_batch(&mut tx, id).await?;
        }
        tx.notify("delivery").await?;
        pass("delivery.step")?;
        tx.commit().await?;
        pass("delivery.stepped")?;
        Ok(stepped.is_some())
    }

    /// T3 when the server says that there is no such recipient: the delivery has failed, and from the same commit on nothing is
    /// sent to that address. False: the row is no longer the caller's.
    pub async fn fail_and_suppress(&self, id: &str, epoch: i64, note: Note<'_>) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let done = step(&mut tx, id, Some(epoch), Event::Fail { reason: FailReason::Permanent }, note).await?;
        if done {
            suppress_recipient(&mut tx, id, note.reason).await?;
            self.hold_its_batch(&mut tx, id).await?;
        }
        tx.notify("delivery").await?;
        pass("delivery.suppress")?;
        tx.commit().await?;
        pass("delivery.suppressed")?;
        Ok(done)
    }

    /// Makes a message that was certainly not accepted one with links, which end at `until`. False: the row is no longer the
    /// caller's.
    pub async fn carry_links(&self, id: &str, epoch: i64, until: i64) -> Result<bool, StoreError> {
        let changed = self
            .database
            .execute(
                "UPDATE delivery SET link_until = $3 WHERE id = $1 AND lease_epoch = $2 AND state IN ('leased', 'committing')",
                &values![id, epoch, until],
            )
            .await?;
        Ok(changed == 1)
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

    /// A step that a person asks for, with its line in the audit log.
    pub async fn decide_delivery(&self, id: &str, event: Event, actor: &str, reason: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        if !step(&mut tx, id, None, event, Note { reason, ..Note::default() }).await? {
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
        // What is due, or held, for longer than anything is now, was put off before the clock was set back.
        let mut relay = String::new();
        // From one relay to the next by the index: no row that is due is looked at.
        while let Some(row) = tx
            .fetch_one("SELECT relay FROM delivery WHERE state = 'queued' AND relay > $1 ORDER BY relay LIMIT 1", &values![&relay])
            .await?
        {
            relay = row.text("relay")?;
            tx.execute(
                "UPDATE delivery SET next_at = {now} WHERE state = 'queued' AND relay = $1 AND next_at > {now} + $2",
                &values![&relay, WAIT_MAX],
            )
            .await?;
        }
        tx.execute("UPDATE delivery SET next_at = {now} WHERE state = 'uncertain' AND next_at > {now} + $1", &values![WAIT_MAX]).await?;
        tx.execute("UPDATE relay SET paused_until = {now} WHERE paused_until > {now} + $1", &values![WAIT_MAX]).await?;
        let held = tx
            .fetch(
                "SELECT id, state FROM delivery WHERE state IN ('leased', 'committing')
                     AND (lease_until < {now} OR lease_until > {now} + $2 OR $1 = 1) {skip_locked}",
                &values![all, HOLD_MILLISECONDS],
            )
            .await?;
        let (mut released, mut lost) = (0, 0);
        for row in &held {
            let id = row.text("id")?;
            let now = now_of(&mut tx).await?;
            let event = if row.text("state")? == "leased" { Event::Release { next_at: now } } else { Event::LoseAnswer };
            let note = match event {
                Event::LoseAnswer => {
                    Note {
                        reason: "tiến trình gửi đã dừng sau khi bắt đầu gửi thư", cause: Some(Cause::AnswerLost), ..Note::default()
                    }
                }
                _ => Note::default(),
            };
            if step(&mut tx, &id, None, event, note).await? {
                match event {
                    Event::LoseAnswer => {
                        lost += 1;
                        tx.execute("UPDATE delivery SET next_at = $2 WHERE id = $1", &values![&id, uncertain_until]).await?;
                    }
                    _ => released += 1,
                }
            }
        }
        pass("delivery.rescue")?;
        tx.commit().await?;
        pass("delivery.rescued")?;
        Ok((released, lost))
    }

    /// Uncertain deliveries whose wait is over.
    pub async fn settle(&self, policy: OnUncertain) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let rows = tx.fetch("SELECT id FROM delivery WHERE state = 'uncertain' AND next_at <= {now} {skip_locked}", &[]).await?;
        let mut settled = 0;
        for row in &rows {
            let now = now_of(&mut tx).await?;
            let event = Event::Settle { policy, next_at: now };
            settled += u64::from(step(&mut tx, &row.text("id")?, None, event, Note::default()).await?);
        }
        pass("delivery.settle")?;
        tx.commit().await?;
        Ok(settled)
    }

    /// Gives leased deliveries back unsent, as at an orderly stop.
    pub async fn give_back_deliveries(&self, owner: &str) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let held = tx.fetch("SELECT id FROM delivery WHERE lease_owner = $1 AND state = 'leased'", &values![owner]).await?;
        let mut given = 0;
        for row in &held {
            let event = Event::Release { next_at: now_of(&mut tx).await? };
            given += u64::from(step(&mut tx, &row.text("id")?, None, event, Note::default()).await?);
        }
        tx.commit().await?;
        Ok(given)
    }

    /// Notes a bounce by its own Message-ID, once, and applies what it means; `suppress` says why nothing more is to be sent to
    /// the address, when that is so. On a delivery that is being sent again it waits until that has ended. False: it was noted
    /// before.
    pub async fn note_bounce(
        &self,
        message_id: &str,
        delivery_id: &str,
        event: Option<Event>,
        (action, status, detail): (&str, &str, &str),
        suppress: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let row = tx.fetch_one("SELECT state FROM delivery WHERE id = $1", &values![delivery_id]).await?;
        let Some(row) = row else { return Ok(false) };
        let waits = event.is_some() && matches!(row.text("state")?.as_str(), "leased" | "committing");
        let added = tx
            .execute(
                "INSERT INTO bounce (message_id, delivery_id, action, status, detail, received_at, pending)
                 VALUES ($1, $2, $3, $4, $5, {now}, $6) ON CONFLICT DO NOTHING",
                &values![message_id, delivery_id, action, status, detail, waits],
            )
            .await?
            == 1;
        if added {
            if let Some(event) = event.filter(|_| !waits)
                && come_back(&mut tx, delivery_id, event, status, detail).await?
            {
                self.hold_its_batch(&mut tx, delivery_id).await?;
            }
            if let Some(reason) = suppress {
                suppress_recipient(&mut tx, delivery_id, reason).await?;
            }
        }
        pass("bounce.note")?;
        tx.commit().await?;
        pass("bounce.noted")?;
        Ok(added)
    }
}

impl Store {
    async fn hold_its_batch(&self, tx: &mut Tx, id: &str) -> Result<(), StoreError> {
        let row = tx.fetch_one("SELECT batch_id FROM delivery WHERE id = $1", &values![id]).await?;
        let batch = row.ok_or_else(|| StoreError::unknown(format!("delivery {id}")))?.text("batch_id")?;
        hold_if_failing(tx, &batch, self.failed_percent_max).await
    }
}

pub(super) async fn now_of(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.fetch_one("SELECT {now} AS now", &[]).await?.ok_or_else(|| StoreError::unexpected("clock"))?.int("now")
}

/// What may not be sent after all leaves its holder's hands.
async fn withhold(tx: &mut Tx, id: &str, epoch: i64) -> Result<(), StoreError> {
    let suppressed = tx
        .fetch_one(
            "SELECT 1 AS one FROM delivery AS d JOIN suppression AS s ON s.recipient_key = d.recipient_key
             WHERE d.id = $1 AND (s.expires_at IS NULL OR s.expires_at > {now})",
            &values![id],
        )
        .await?
        .is_some();
    let event = if suppressed { Event::Suppress } else { Event::Release { next_at: now_of(tx).await? } };
    step(tx, id, Some(epoch), event, Note::default()).await?;
    Ok(())
}

/// A bounce or a complaint says, before anything else, that the message was accepted. True for a bounce that counts.
async fn come_back(tx: &mut Tx, id: &str, event: Event, status: &str, detail: &str) -> Result<bool, StoreError> {
    let cause = match event {
        Event::Complain => Some(Cause::Complaint),
        _ => Enhanced::at_start(status).and_then(Cause::of_status),
    };
    step_once(tx, id, None, Event::ConfirmSent, Note::default()).await?;
    let note = Note { reply: detail, reason: status, cause, ..Note::default() };
    Ok(step_once(tx, id, None, event, note).await?.is_some() && event == Event::Bounce)
}

/// Applies `event` to a row, if its state and its epoch allow it; then what came back while it was being sent again.
pub(super) async fn step(tx: &mut Tx, id: &str, epoch: Option<i64>, event: Event, note: Note<'_>) -> Result<bool, StoreError> {
    Ok(step_and_hear(tx, id, epoch, event, note).await?.is_some())
}

/// As [`step`]; when it was done, whether a bounce had come meanwhile.
async fn step_and_hear(tx: &mut Tx, id: &str, epoch: Option<i64>, event: Event, note: Note<'_>) -> Result<Option<bool>, StoreError> {
    let Some(after) = step_once(tx, id, epoch, event, note).await? else { return Ok(None) };
    let rests = match after.state {
        State::Leased | State::Committing => false,
        State::Queued { .. } => after.uncertain > 0,
        _ => true,
    };
    let mut came_back = false;
    if rests {
        let waiting = tx
            .fetch("UPDATE bounce SET pending = 0 WHERE delivery_id = $1 AND pending = 1 RETURNING action, status, detail", &values![id])
            .await?;
        for row in &waiting {
            let event = if row.text("action")? == "complaint" { Event::Complain } else { Event::Bounce };
            came_back |= come_back(tx, id, event, &row.text("status")?, &row.text("detail")?).await?;
        }
    }
    Ok(Some(came_back))
}

async fn step_once(tx: &mut Tx, id: &str, epoch: Option<i64>, event: Event, note: Note<'_>) -> Result<Option<Delivery>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, {{now}} AS now FROM delivery WHERE id = $1");
    let Some(row) = tx.fetch_one(&sql, &values![id]).await? else { return Ok(None) };
    let (held, now) = (row.int("lease_epoch")?, row.int("now")?);
    if epoch.is_some_and(|epoch| epoch != held) {
        return Ok(None);
    }
    let before = delivery(&row)?;
    let Ok(after) = before.apply(event) else { return Ok(None) };
    let (next_at, fail_reason) = match after.state {
        State::Queued { next_at } => (Some(next_at), None),
        State::Failed { reason: FailReason::Expired } => (None, Some("expired")),
        State::Failed { reason: FailReason::Permanent } => (None, Some("permanent")),
        _ => (None, None),
    };
    let waited = match event {
        Event::Retry { next_at, charged: true } => row.int("waited")? + (next_at - now).max(0),
        Event::Resend { .. } => 0,
        _ => row.int("waited")?,
    };
    // What was given back unsent was no attempt.
    let tries = row.int("tries")? - i64::from(matches!(event, Event::Release { .. }));
    let changed = tx
        .execute(
            "UPDATE delivery SET state = $4, attempts = $5, uncertain = $6, accepted = $7, next_at = COALESCE($8, next_at), fail_reason = $9,
                 reply = CASE WHEN $10 = '' THEN reply ELSE $10 END, reason = CASE WHEN $11 = '' THEN reason ELSE $11 END,
                 cause = CASE WHEN $12 = '' THEN cause ELSE $12 END, lease_owner = NULL, lease_until = NULL, changed_at = {now},
                 waited = $13, tries = $14, turns = ''
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
                note.reason,
                note.cause.map_or("", Cause::name),
                waited,
                tries
            ],
        )
        .await?;
    if changed == 0 {
        return Ok(None);
    }
    if before.state == State::Leased {
        rates::give_back(tx, &row.text("turns")?).await?;
    }
    let outcome = match event {
        Event::Accept => Some("accepted"),
        Event::Retry { .. } => Some("retry"),
        Event::Fail { .. } => Some("failed"),
        Event::LoseAnswer => Some("uncertain"),
        _ => None,
    };
    if let Some(outcome) = outcome {
        let said = Answer { reply: if note.reply.is_empty() { note.reason } else { note.reply }.to_owned(), ..Answer::default() };
        let started_at = row.int_or_none("claimed_at")?.unwrap_or(now);
        attempts::note(tx, id, tries, started_at, outcome, note.answer.unwrap_or(&said)).await?;
    }
    if state_name(before.state) != state_name(after.state) {
        announce(tx, id, &row.text("batch_id")?, row.int("record")?, state_name(after.state), now).await?;
    }
    Ok(Some(after))
}

/// Cancels a waiting delivery that carries a document which was revoked, replaced or erased, and says which; false when all of
/// them stand. What else it carries goes into another message, `next`, unless a copy may have arrived already.
pub(super) async fn withdraw(tx: &mut Tx, id: &str, next: &str) -> Result<bool, StoreError> {
    let rows = tx
        .fetch(
            "SELECT e.name, d.state FROM delivery_document AS e JOIN document AS d ON d.id = e.document_id
             WHERE e.delivery_id = $1 ORDER BY e.position",
            &values![id],
        )
        .await?;
    let mut gone = Vec::new();
    for row in &rows {
        match row.text("state")?.as_str() {
            "stored" => {}
            "revoked" => gone.push(format!("{} đã bị thu hồi", row.text("name")?)),
            "superseded" => gone.push(format!("{} đã được thay thế", row.text("name")?)),
            _ => gone.push(format!("{} đã bị xóa", row.text("name")?)),
        }
    }
    let reason = format!("không gửi: {}", gone.join("; "));
    if gone.is_empty() || !step(tx, id, None, Event::Cancel, Note { reason: &reason, ..Note::default() }).await? {
        return Ok(false);
    }
    if gone.len() == rows.len() {
        return Ok(true);
    }
    let added = tx
        .execute(
            "INSERT INTO delivery (id, batch_id, record, recipient, recipient_key, domain, purpose, generation, sender, relay,
                 message, life, state, next_at, created_at, changed_at)
             SELECT $2, batch_id, record, recipient, recipient_key, domain, purpose,
                 (SELECT MAX(o.generation) + 1 FROM delivery AS o WHERE o.batch_id = d.batch_id AND o.record = d.record
                     AND o.recipient_key = d.recipient_key AND o.purpose = d.purpose),
                 sender, relay, message, life, 'queued', {now}, {now}, {now}
             FROM delivery AS d WHERE id = $1 AND uncertain = 0",
            &values![id, next],
        )
        .await?;
    if added == 1 {
        tx.execute(
            "INSERT INTO delivery_document (delivery_id, position, document_id, name)
             SELECT $2, position, document_id, name FROM delivery_document
             WHERE delivery_id = $1 AND document_id IN (SELECT id FROM document WHERE state = 'stored')",
            &values![id, next],
        )
        .await?;
    }
    Ok(true)
}

/// Tells webhooks of a delivery's new state; the steps on the way to one are nobody's affair. It may come to the same state
/// again when a person sends it again, and that is another event.
async fn announce(tx: &mut Tx, id: &str, batch: &str, record: i64, state: &str, now: i64) -> Result<(), StoreError> {
    let event = format!("delivery.{state}");
    if !webhooks::EVENTS.contains(&event.as_str()) {
        return Ok(());
    }
    let data = serde_json::json!({ "delivery": id, "batch": batch, "record": record, "state": state });
    webhooks::notice(tx, &event, &format!("{id}-{state}-{now}"), batch, &data).await
}
