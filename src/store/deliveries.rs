//! Deliveries: the outbox, one message to one recipient each.
//!
//! Owns the rows of the outbox: queueing, the claim (T1), lists and counts. What follows the claim, the intent (T2) and the
//! result (T3), is `delivery_steps`'; rates are [`super::rates`]', pauses and suppressions [`super::senders`]'.

use super::attempts::Answer;
use super::connection::{Row, Tx, pass, values};
use super::delivery_steps::{now_of, step, withdraw};
use super::rates::{self, Limits, Turn};
use super::{Store, StoreError};
use crate::delivery::cause::Cause;
use crate::delivery::state::{Delivery, Event, FailReason, State};

/// After the intent, nobody else takes a delivery for this long: longer than the wait for the answer to the dot and than a
/// server keeps an idle connection, so that a sender which was stopped and wakes finds a dead socket.
pub const HOLD_MILLISECONDS: i64 = 15 * 60 * 1_000;

/// How often a claim looks on when all that it found must wait.
const LOOKS: u32 = 4;

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
    /// The address that it is from, for counting.
    pub sender: String,
    /// The relay.
    pub relay: String,
    /// Everything that decides its bytes, as JSON.
    pub message: String,
    /// Documents that it carries, with the names that the recipient sees.
    pub documents: Vec<(String, String)>,
    /// How long it may wait between its own attempts, all together, in milliseconds.
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
    /// How long it may wait between its own attempts, all together, in milliseconds.
    pub life: i64,
    /// How much of that is over. Time in which its relay, a rate or the office stood still is none of it.
    pub waited: i64,
    /// When it was handed out.
    pub now: i64,
}

/// What a claim came to.
#[derive(Debug, Default)]
pub struct Claim {
    /// What was handed out.
    pub deliveries: Vec<Leased>,
    /// How many were found and put off by a rate, or ended: there may be more behind them.
    pub passed_over: u32,
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
    /// Who answered and what, when that is more than `reply`.
    pub answer: Option<&'a Answer>,
}

/// Which deliveries a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this batch only.
    pub batch: Option<String>,
    /// In one of these states only, by their names with blanks between.
    pub state: Option<String>,
    /// Changed at this time or later only, milliseconds since 1970; 0 for all.
    pub since: i64,
}

pub(super) const COLUMNS: &str = "id, batch_id, record, recipient, relay, message, state, fail_reason, attempts, uncertain, accepted, next_at, \
    reply, reason, cause, created_at, changed_at, lease_epoch, link_until, tries, claimed_at, turns, waited";

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
                sender,
                relay,
                message: content,
                documents,
                life,
            } = message;
            let added = tx
                .execute(
                    "INSERT INTO delivery (id, batch_id, record, recipient, recipient_key, domain, purpose, generation, relay, message,
                         sender, life, state, next_at, created_at, changed_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'queued', {now}, {now}, {now})
                     ON CONFLICT (batch_id, record, recipient_key, purpose, generation) DO NOTHING",
                    &values![&id, batch, *record, recipient, recipient_key, domain, purpose, *generation, relay, content, sender, *life],
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

    /// T1: hands out up to `count` due deliveries, a fair share of them for each relay. Relays that are paused, or full by
    /// their own rate, are left alone; what another rate holds back waits for its window; suppressed addresses are ended,
    /// and so is what carries a document that no longer stands.
    /// All is counted within the same transaction.
    pub async fn claim_deliveries(&self, owner: &str, count: u32, limits: &Limits) -> Result<Claim, StoreError> {
        let mut claim = Claim::default();
        let mut tx = self.database.begin().await?;
        let stopped = tx.fetch("SELECT 1 AS one FROM instance WHERE sending_paused IS NOT NULL", &[]).await?;
        if !stopped.is_empty() {
            return Ok(claim);
        }
        let paused = tx.fetch("SELECT name FROM relay WHERE paused_until > {now}", &[]).await?;
        let paused: Vec<String> = paused.iter().map(|row| row.text("name")).collect::<Result<_, _>>()?;
        let relays: Vec<&String> = limits.relays.keys().filter(|relay| !paused.contains(relay)).collect();
        for (relay, left) in relays.iter().zip((1..=relays.len()).rev()) {
            let rest = count.saturating_sub(u32::try_from(claim.deliveries.len()).unwrap_or(u32::MAX));
            let share = rest.div_ceil(u32::try_from(left).unwrap_or(u32::MAX));
            self.claim_by(&mut tx, owner, relay, share, limits, &mut claim).await?;
        }
        pass("delivery.claim")?;
        tx.commit().await?;
        pass("delivery.claimed")?;
        Ok(claim)
    }

    async fn claim_by(
        &self,
        tx: &mut Tx,
        owner: &str,
        relay: &str,
        share: u32,
        limits: &Limits,
        claim: &mut Claim,
    ) -> Result<(), StoreError> {
        let mut left = share;
        for _ in 0..LOOKS {
            if left == 0 {
                break;
            }
            let asked = left;
            // Driven by the queue, a page at a time: whatever its length, only these rows are looked at.
            let rows = tx
                .fetch(
                    "WITH chosen AS MATERIALIZED (
                         SELECT id FROM delivery WHERE state = 'queued' AND relay = $1 AND next_at <= {now}
                             AND (purpose = 'test' OR batch_id NOT IN (SELECT batch_id FROM mail_pause WHERE paused_at IS NOT NULL))
                         ORDER BY next_at LIMIT $2 {skip_locked})
                     SELECT d.id, d.recipient, d.domain, d.sender, d.message, d.attempts, d.lease_epoch, d.life, d.waited, d.link_until,
                         CAST(CASE WHEN EXISTS (SELECT 1 FROM suppression AS s WHERE s.recipient_key = d.recipient_key
                             AND (s.expires_at IS NULL OR s.expires_at > {now})) THEN 1 ELSE 0 END AS BIGINT) AS suppressed
                     FROM delivery AS d JOIN chosen ON chosen.id = d.id ORDER BY d.next_at, d.id",
                    &values![relay, asked],
                )
                .await?;
            for row in &rows {
                let (id, now) = (row.text("id")?, now_of(tx).await?);
                if row.int("suppressed")? == 1 {
                    step(tx, &id, None, Event::Suppress, Note::default()).await?;
                    claim.passed_over += 1;
                    continue;
                }
                if withdraw(tx, &id, &self.id_at(now)?).await? {
                    claim.passed_over += 1;
                    continue;
                }
                if rates::relay_opens(tx, limits, relay, now).await?.is_some() {
                    // Those behind wait for the same window; none of them need be touched.
                    return Ok(());
                }
                let counted = match rates::take_turn(tx, limits, (relay, &row.text("domain")?, &row.text("sender")?), now).await? {
                    Turn::Taken(counted) => counted,
                    Turn::OpensAt(open_at) => {
                        tx.execute("UPDATE delivery SET next_at = $2 WHERE id = $1", &values![&id, open_at]).await?;
                        claim.passed_over += 1;
                        continue;
                    }
                };
                tx.execute(
                    "UPDATE delivery SET state = 'leased', lease_owner = $2, lease_epoch = lease_epoch + 1, lease_until = $4 + $3,
                         attempts = attempts + 1, tries = tries + 1, claimed_at = $4, turns = $5, changed_at = $4 WHERE id = $1",
                    &values![&id, owner, i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX), now, counted],
                )
                .await?;
                left -= 1;
                claim.deliveries.push(Leased {
                    id,
                    epoch: row.int("lease_epoch")? + 1,
                    recipient: row.text("recipient")?,
                    relay: relay.to_owned(),
                    message: row.text("message")?,
                    link_until: row.int_or_none("link_until")?,
                    attempts: u32::try_from(row.int("attempts")? + 1).unwrap_or(u32::MAX),
                    life: row.int("life")?,
                    waited: row.int("waited")?,
                    now,
                });
            }
            if rows.len() < asked as usize {
                break;
            }
        }
        Ok(())
    }

    /// Relays for which something is queued.
    pub async fn queued_relays(&self) -> Result<Vec<String>, StoreError> {
        let mut relays: Vec<String> = Vec::new();
        let sql = "SELECT relay FROM delivery WHERE state = 'queued' AND relay > $1 ORDER BY relay LIMIT 1";
        // From one to the next by the index, however many messages lie between.
        while let Some(row) = self.database.fetch_one(sql, &values![relays.last().cloned().unwrap_or_default()]).await? {
            relays.push(row.text("relay")?);
        }
        Ok(relays)
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
            "SELECT {COLUMNS} FROM delivery WHERE id > $1 AND ($2 = '' OR batch_id = $2) AND ($3 = '' OR $3 LIKE '%' || state || '%')
                 AND changed_at >= $5 ORDER BY id LIMIT $4"
        );
        let batch = filter.batch.clone().unwrap_or_default();
        let state = filter.state.clone().unwrap_or_default();
        self.database.fetch(&sql, &values![after, batch, state, limit, filter.since]).await?.iter().map(posted).collect()
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
                 AND changed_at >= $5 AND batch_id IN (SELECT id FROM batch WHERE organisation = $6) ORDER BY id LIMIT $4"
        );
        let batch = filter.batch.clone().unwrap_or_default();
        let state = filter.state.clone().unwrap_or_default();
        self.database.fetch(&sql, &values![after, batch, state, limit, filter.since, organisation]).await?.iter().map(posted).collect()
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
