//! Registers (sổ văn bản đi, sổ khen thưởng): numbers that are unique and without gaps, each with what it stands for.
//!
//! A number is a row, not a sequence: it is taken in the transaction that accepts its batch, in the order of the list, and is
//! never used for anything else. Planning counts on from the last number that it saw; acceptance compares, so that two
//! batches that planned at once cannot share one. What the register prints is `spreadsheet`'s and a template's.

use std::collections::{BTreeMap, HashMap};

use super::audit;
use super::batches::NewRecord;
use super::connection::{Row, Tx, values};
use super::search::of_line;
use super::{Store, StoreError};

/// What a number stands for: the columns of the register (Decree 30, annex IV).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Particulars {
    /// Number and sign (số, ký hiệu văn bản).
    pub code: String,
    /// Date of the document, ISO.
    pub date: String,
    /// Kind and summary of the content (tên loại và trích yếu).
    pub subject: String,
    /// Who signs (người ký).
    pub signatory: String,
    /// To whom it goes (nơi nhận văn bản).
    pub recipient: String,
    /// Who keeps the original (đơn vị, người nhận bản lưu).
    pub keeper: String,
    /// How many copies (số lượng bản).
    pub copies: u32,
    /// Note (ghi chú).
    pub note: String,
}

/// A number that a record is planned to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The register.
    pub register: String,
    /// The stretch within which numbers do not repeat: a year, a term.
    pub period: String,
    /// The number.
    pub number: i64,
    /// The same record had it in an earlier list of the same output.
    pub carried: bool,
    /// Folder of the documents.
    pub output: String,
    /// What it stands for.
    pub particulars: Particulars,
}

/// How far a batch moves one series on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The register.
    pub register: String,
    /// The period.
    pub period: String,
    /// The last number when planning began.
    pub seen: i64,
    /// The last number once the batch is accepted.
    pub last: i64,
}

/// The state of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// It stands for a document.
    Taken,
    /// It is kept free for one that comes late.
    Reserved,
    /// It stands for nothing, and the reason says why.
    Void,
}

/// One line of a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The period.
    pub period: String,
    /// The number.
    pub number: i64,
    /// Its state.
    pub state: EntryState,
    /// The batch that took it.
    pub batch: Option<String>,
    /// The record of that batch.
    pub record: Option<i64>,
    /// What it stands for.
    pub particulars: Particulars,
    /// Why it is void, reserved or late.
    pub reason: String,
    /// When it was taken, milliseconds since 1970.
    pub created_at: i64,
}

impl EntryState {
    /// The name in the store and for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Reserved => "reserved",
            Self::Void => "void",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Result<Self, StoreError> {
        [Self::Taken, Self::Reserved, Self::Void].into_iter().find(|state| state.name() == name).ok_or_else(|| StoreError::unexpected(name))
    }
}

pub(super) const COLUMNS: &str =
    "period, number, state, batch_id, record, code, date, subject, signatory, recipient, keeper, copies, note, reason, created_at";

pub(super) fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        period: row.text("period")?,
        number: row.int("number")?,
        state: EntryState::from_name(&row.text("state")?)?,
        batch: row.text_or_none("batch_id")?,
        record: row.int_or_none("record")?,
        particulars: Particulars {
            code: row.text("code")?,
            date: row.text("date")?,
            subject: row.text("subject")?,
            signatory: row.text("signatory")?,
            recipient: row.text("recipient")?,
            keeper: row.text("keeper")?,
            copies: u32::try_from(row.int("copies")?).unwrap_or(0),
            note: row.text("note")?,
        },
        reason: row.text("reason")?,
        created_at: row.int("created_at")?,
    })
}

impl Store {
    /// The last number of a series; 0 when it has none.
    pub async fn last_number(&self, register: &str, period: &str) -> Result<i64, StoreError> {
        let row =
            self.database.fetch_one("SELECT last FROM series WHERE register = $1 AND period = $2", &values![register, period]).await?;
        row.map_or(Ok(0), |row| row.int("last"))
    }

    /// Numbers that the records of an output folder hold, by the records' identity, smallest first: a list may hold the same
    /// person twice.
    pub async fn numbers_of(&self, register: &str, period: &str, output: &str) -> Result<HashMap<String, Vec<i64>>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT identity, number FROM entry
                 WHERE register = $1 AND period = $2 AND output = $3 AND identity IS NOT NULL AND state = 'taken'
                 ORDER BY number",
                &values![register, period, output],
            )
            .await?;
        let mut held: HashMap<String, Vec<i64>> = HashMap::new();
        for row in &rows {
            held.entry(row.text("identity")?).or_default().push(row.int("number")?);
        }
        Ok(held)
    }

    /// How many lines of a register are taken, reserved and void.
    pub async fn count_entries(&self, register: &str, period: &str) -> Result<[u64; 3], StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT state, COUNT(*) AS entries FROM entry WHERE register = $1 AND period = $2 GROUP BY state",
                &values![register, period],
            )
            .await?;
        let mut counts = [0; 3];
        for row in &rows {
            let place = match EntryState::from_name(&row.text("state")?)? {
                EntryState::Taken => 0,
                EntryState::Reserved => 1,
                EntryState::Void => 2,
            };
            counts[place] = row.count("entries")?;
        }
        Ok(counts)
    }

    /// Lines of a register from number `from` on, in order.
    pub async fn entries(&self, register: &str, period: &str, from: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM entry WHERE register = $1 AND period = $2 AND number >= $3 ORDER BY number LIMIT $4");
        self.database.fetch(&sql, &values![register, period, from, limit]).await?.iter().map(entry).collect()
    }

    /// The periods of a register, the latest first.
    pub async fn periods(&self, register: &str) -> Result<Vec<(String, i64)>, StoreError> {
        let rows =
            self.database.fetch("SELECT period, last FROM series WHERE register = $1 ORDER BY period DESC", &values![register]).await?;
        rows.iter().map(|row| Ok((row.text("period")?, row.int("last")?))).collect()
    }

    /// The last number of every series, in the order of their names.
    pub async fn last_numbers(&self) -> Result<Vec<(String, String, i64)>, StoreError> {
        let rows = self.database.fetch("SELECT register, period, last FROM series ORDER BY register, period", &[]).await?;
        rows.iter().map(|row| Ok((row.text("register")?, row.text("period")?, row.int("last")?))).collect()
    }

    /// Takes the next `count` numbers, none before `first`, for documents that come late; the first of them.
    pub async fn reserve(
        &self,
        register: &str,
        period: &str,
        first: i64,
        count: u32,
        reason: &str,
        actor: &str,
    ) -> Result<i64, StoreError> {
        let mut tx = self.database.begin().await?;
        let last = raise(&mut tx, register, period, first - 1, i64::from(count)).await?;
        let first = last - i64::from(count) + 1;
        for number in first..=last {
            tx.execute(
                "INSERT INTO entry (register, period, number, state, reason, search, created_at)
                 VALUES ($1, $2, $3, 'reserved', $4, $5, {now})",
                &values![register, period, number, reason, of_line(number, &Particulars::default(), reason)],
            )
            .await?;
        }
        audit::note(&mut tx, actor, "register.reserve", &format!("{register}/{period}/{first}-{last}"), reason).await?;
        tx.commit().await?;
        Ok(first)
    }

    /// Strikes a number out, with the reason. It is never used again.
    pub async fn void_number(&self, register: &str, period: &str, number: i64, reason: &str, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let changed = tx
            .execute(
                "UPDATE entry SET state = 'void', struck = 1, reason = $4 WHERE register = $1 AND period = $2 AND number = $3 AND struck = 0",
                &values![register, period, number, reason],
            )
            .await?;
        self.expect_entry(&mut tx, changed, register, period, number).await?;
        audit::note(&mut tx, actor, "register.void", &format!("{register}/{period}/{number}"), reason).await?;
        tx.commit().await
    }

    /// Enters a document that comes late under a reserved number.
    pub async fn enter_late(
        &self,
        register: &str,
        period: &str,
        number: i64,
        particulars: &Particulars,
        reason: &str,
        actor: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let Particulars { code, date, subject, signatory, recipient, keeper, copies, note } = particulars;
        let changed = tx
            .execute(
                "UPDATE entry SET state = 'taken', code = $4, date = $5, subject = $6, signatory = $7, recipient = $8, keeper = $9,
                     copies = $10, note = $11, reason = $12, search = $13
                 WHERE register = $1 AND period = $2 AND number = $3 AND state = 'reserved'",
                &values![
                    register,
                    period,
                    number,
                    code,
                    date,
                    subject,
                    signatory,
                    recipient,
                    keeper,
                    *copies,
                    note,
                    reason,
                    of_line(number, particulars, reason)
                ],
            )
            .await?;
        self.expect_entry(&mut tx, changed, register, period, number).await?;
        audit::note(&mut tx, actor, "register.late", &format!("{register}/{period}/{number}"), reason).await?;
        tx.commit().await
    }

    async fn expect_entry(&self, tx: &mut Tx, changed: u64, register: &str, period: &str, number: i64) -> Result<(), StoreError> {
        if changed == 1 {
            return Ok(());
        }
        let row = tx
            .fetch_one("SELECT state FROM entry WHERE register = $1 AND period = $2 AND number = $3", &values![register, period, number])
            .await?;
        let what = format!("number {number} of {register}/{period}");
        Err(match row {
            Some(row) => StoreError::refused(what, row.text("state")?),
            None => StoreError::unknown(what),
        })
    }
}

/// Writes into the audit log which numbers of a batch count again, a line for each series.
pub(super) async fn note_revived(tx: &mut Tx, actor: &str, batch: &str, entries: &[Row]) -> Result<(), StoreError> {
    let mut series: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for entry in entries {
        let name = format!("{}/{}", entry.text("register")?, entry.text("period")?);
        series.entry(name).or_default().push(entry.int("number")?);
    }
    for (name, mut numbers) in series {
        numbers.sort_unstable();
        let runs: Vec<String> = numbers
            .chunk_by(|one, next| one + 1 == *next)
            .map(|run| match run {
                [one] => one.to_string(),
                [first, .., last] => format!("{first}-{last}"),
                [] => String::new(),
            })
            .collect();
        audit::note(tx, actor, "register.revive", &name, &format!("{}: {batch}", runs.join(", "))).await?;
    }
    Ok(())
}

/// Notes a planned number beside its record, for [`take`].
pub(super) async fn propose(tx: &mut Tx, claim: &Claim, batch: &str, record: &NewRecord) -> Result<(), StoreError> {
    let Particulars { code, date, subject, signatory, recipient, keeper, copies, note } = &claim.particulars;
    tx.execute(
        "INSERT INTO proposal (batch_id, record, register, period, number, carried, output, identity, code, date, subject, signatory,
             recipient, keeper, copies, note, search)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        &values![
            batch,
            record.number,
            &claim.register,
            &claim.period,
            claim.number,
            claim.carried,
            &claim.output,
            record.identity.clone(),
            code,
            date,
            subject,
            signatory,
            recipient,
            keeper,
            *copies,
            note,
            of_line(claim.number, &claim.particulars, "")
        ],
    )
    .await?;
    Ok(())
}

/// Makes the planned numbers of a batch real; false when a series has moved since planning began.
pub(super) async fn take(tx: &mut Tx, series: &[Series], batch: &str) -> Result<bool, StoreError> {
    for Series { register, period, seen, last } in series {
        if raise(tx, register, period, 0, last - seen).await? != *last {
            return Ok(false);
        }
    }
    tx.execute(
        "INSERT INTO entry (register, period, number, state, batch_id, record, output, identity, code, date, subject, signatory,
             recipient, keeper, copies, note, search, created_at)
         SELECT register, period, number, 'taken', batch_id, record, output, identity, code, date, subject, signatory, recipient,
             keeper, copies, note, search, {now}
         FROM proposal WHERE batch_id = $1 AND carried = 0",
        &values![batch],
    )
    .await?;
    let planned = tx.fetch_one("SELECT COUNT(*) AS carried FROM proposal WHERE batch_id = $1 AND carried = 1", &values![batch]).await?;
    let planned = planned.map_or(Ok(0), |row| row.count("carried"))?;
    let carried = tx
        .execute(
            "UPDATE entry SET batch_id = p.batch_id, record = p.record, code = p.code, date = p.date, subject = p.subject,
                 signatory = p.signatory, recipient = p.recipient, keeper = p.keeper, copies = p.copies, note = p.note,
                 search = p.search
             FROM proposal AS p
             WHERE p.batch_id = $1 AND p.carried = 1 AND entry.register = p.register AND entry.period = p.period
                 AND entry.number = p.number AND entry.identity = p.identity AND entry.state = 'taken'",
            &values![batch],
        )
        .await?;
    tx.execute("DELETE FROM proposal WHERE batch_id = $1", &values![batch]).await?;
    Ok(carried == planned)
}

/// Raises a series by `count` from `floor` or from where it stands, which locks it until the transaction ends; its new last
/// number.
async fn raise(tx: &mut Tx, register: &str, period: &str, floor: i64, count: i64) -> Result<i64, StoreError> {
    tx.execute("INSERT INTO series (register, period, last) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING", &values![register, period]).await?;
    let row = tx
        .fetch_one(
            "UPDATE series SET last = CASE WHEN last < $4 THEN $4 ELSE last END + $3 WHERE register = $1 AND period = $2 RETURNING last",
            &values![register, period, count, floor],
        )
        .await?;
    row.ok_or_else(|| StoreError::unexpected("series"))?.int("last")
}
