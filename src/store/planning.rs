//! Planning: a batch while its rows are being read.
//!
//! Owns the writing of its records in groups and the one commit that makes them count, with their numbers. What was cut
//! short before that commit never counted.

use super::batches::NewRecord;
use super::connection::{Tx, pass, values};
use super::{Store, StoreError};

/// A batch while its rows are being read: records go to the store in groups and count only once [`Planning::accept`]ed.
pub struct Planning {
    pub(super) store: Store,
    pub(super) id: String,
    waiting: Vec<NewRecord>,
    pub(super) added: u64,
    pub(super) adopted: Option<String>,
    _alive: Alive,
}

/// Says for as long as it lives that the planning goes on: reading a long list may take many minutes, and what nobody plans
/// any longer is forgotten at the next start.
struct Alive(tokio::task::JoinHandle<()>);

impl Alive {
    fn start(store: &Store, id: &str) -> Self {
        let (store, id) = (store.clone(), id.to_owned());
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(store.beat_every()).await;
                let sql = "UPDATE batch SET completing_until = {now} + $2 WHERE id = $1 AND state = 'planning'";
                let _ = store.database.execute(sql, &values![&id, super::records::milliseconds(store.lease)]).await;
            }
        }))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How acceptance ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// The batch runs.
    Accepted,
    /// Somebody else took numbers of the register since planning began: plan again from the new next number.
    NumbersMoved,
}

/// Records of one group while planning.
const GROUP: usize = 500;

impl Planning {
    pub(super) fn new(store: &Store, id: String) -> Self {
        let alive = Alive::start(store, &id);
        Self { store: store.clone(), id, waiting: Vec::new(), added: 0, adopted: None, _alive: alive }
    }

    /// The batch's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Adds an accepted record.
    pub async fn add(&mut self, record: NewRecord) -> Result<(), StoreError> {
        self.waiting.push(record);
        self.added += 1;
        if self.waiting.len() >= GROUP { self.write().await } else { Ok(()) }
    }

    /// Puts the records into the order of `numbers`; an empty one leaves them in that of the list.
    pub async fn arrange(&mut self, numbers: &[u64]) -> Result<(), StoreError> {
        self.write().await?;
        for (group, numbers) in (0_u64..).zip(numbers.chunks(GROUP)) {
            let mut tx = self.store.database.begin().await?;
            for (position, number) in (group * GROUP as u64..).zip(numbers) {
                tx.execute("UPDATE record SET position = $3 WHERE batch_id = $1 AND number = $2", &values![&self.id, *number, position])
                    .await?;
            }
            pass("records.arrange")?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes the batch count: its records, its numbers and its state in one commit. `plan` is what planning found, as JSON.
    /// What an older list for the same folder had not come to yet is given up with it.
    pub async fn accept(mut self, plan: &str, rejected: u64, numbers: &[super::registers::Series]) -> Result<Acceptance, StoreError> {
        self.write().await?;
        let mut tx = self.store.database.begin().await?;
        pass("numbers.take")?;
        if !super::registers::take(&mut tx, numbers, &self.id).await? {
            drop(tx);
            self.abandon().await?;
            return Ok(Acceptance::NumbersMoved);
        }
        pass("numbers.taken")?;
        if let Some(earlier) = &self.adopted {
            super::supplement::take_entries(&mut tx, &self.id, earlier).await?;
        }
        let changed = tx
            .execute(
                "UPDATE batch SET state = 'running', plan = $2, accepted = $3, rejected = $4, completing_until = NULL, changed_at = {now}
                 WHERE id = $1 AND state = 'planning'",
                &values![&self.id, plan, self.added, rejected],
            )
            .await?;
        if changed != 1 {
            return Err(StoreError::refused(format!("batch {}", self.id), "not in planning"));
        }
        supersede(&mut tx, &self.id).await?;
        tx.notify("batch").await?;
        pass("batch.accept")?;
        tx.commit().await?;
        pass("batch.accepted")?;
        Ok(Acceptance::Accepted)
    }

    /// Forgets the batch.
    pub async fn abandon(self) -> Result<(), StoreError> {
        let mut tx = self.store.database.begin().await?;
        forget_planning(&mut tx, "id = $1", &self.id).await?;
        tx.commit().await
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.database.begin().await?;
        let first = self.added - self.waiting.len() as u64;
        for (position, record) in (first..).zip(self.waiting.drain(..)) {
            if let Some(claim) = &record.claim {
                super::registers::propose(&mut tx, claim, &self.id, &record).await?;
            }
            if let Some(proof) = &record.proof {
                super::proofs::plan(&mut tx, proof, &self.id, record.number).await?;
            }
            tx.execute(
                "INSERT INTO record (batch_id, number, position, state, label, file, title, date, qr, digest, content, places, mail, identity, next_at)
                 VALUES ($1, $2, $13, 'accepted', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, {now})",
                &values![
                    &self.id,
                    record.number,
                    record.label,
                    record.file,
                    record.title,
                    record.date,
                    record.qr,
                    record.digest,
                    record.content,
                    record.places,
                    record.mail,
                    record.identity,
                    position
                ],
            )
            .await?;
        }
        pass("records.commit")?;
        tx.commit().await?;
        pass("records.committed")
    }
}

/// Gives up what older batches of the same folder have not finished: two lists that fill one folder would each set aside what
/// the other made. Numbers that the new list carries on are its own by now; the others are void.
async fn supersede(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let older = tx
        .fetch(
            "UPDATE batch SET state = 'cancelled', superseded_by = $1, reason = $2, changed_at = {now}
             WHERE output = (SELECT output FROM batch WHERE id = $1) AND id <> $1 AND state IN ('running', 'paused') RETURNING id",
            &values![id, format!("thay bằng lô {id}")],
        )
        .await?;
    for row in &older {
        super::batches::cancel_waiting(tx, &row.text("id")?, &format!("thay bằng lô {id}")).await?;
    }
    Ok(())
}

impl Store {
    /// Unfinished batches that were given up when `id` was accepted.
    pub async fn superseded_by(&self, id: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.database.fetch("SELECT id FROM batch WHERE superseded_by = $1 ORDER BY id", &values![id]).await?;
        rows.iter().map(|row| row.text("id")).collect()
    }
}

pub(super) async fn forget_planning(tx: &mut Tx, condition: &str, value: &str) -> Result<(), StoreError> {
    let chosen = format!("(SELECT id FROM batch WHERE state = 'planning' AND {condition})");
    tx.execute(&format!("DELETE FROM proposal WHERE batch_id IN {chosen}"), &values![value]).await?;
    tx.execute(&format!("DELETE FROM planned_proof WHERE batch_id IN {chosen}"), &values![value]).await?;
    tx.execute(&format!("DELETE FROM record WHERE batch_id IN {chosen}"), &values![value]).await?;
    tx.execute(&format!("DELETE FROM batch WHERE state = 'planning' AND {condition}"), &values![value]).await?;
    Ok(())
}
