//! Finding documents and lines of registers: folded text, filters, one page at a time by key.
//!
//! Owns the column `search`: what a person may type to find a row, without case and diacritics. It is filled when the row
//! is made; rows of an earlier version get theirs when the store is next opened. Pages are cut by the key of their first and
//! last row, so that the hundredth costs what the first costs.

use serde_json::Value as Json;

use super::batches::{Batch, COLUMNS as BATCH_COLUMNS, batch};
use super::connection::{Row, Value, values};
use super::records::Claimed;
use super::registers::{COLUMNS as ENTRY_COLUMNS, Entry, EntryState, Particulars, entry};
use super::{Store, StoreError};
use crate::template::document_code;
use crate::vietnamese::letters::fold;

/// Longest folded text, in bytes: what an index of PostgreSQL holds, with room beside it.
const FOLDED_MAX: usize = 600;
/// Words of a search that count; more only narrow what is narrow already.
const WORDS_MAX: usize = 8;
/// Rows of an earlier version that are folded at once.
const GROUP: i64 = 500;

/// Which documents are wanted; everything that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentFilter {
    /// Words of number, name, title or date, in any order and any spelling of marks and case.
    pub words: String,
    /// Of this organisation only.
    pub organisation: Option<String>,
    /// Of this template only.
    pub template: Option<String>,
    /// In this state only: `stored`, `superseded`, `revoked`, `erased`.
    pub state: Option<String>,
    /// Of this batch only, those included that an earlier batch had made.
    pub batch: Option<String>,
    /// Dated this day or later, ISO.
    pub from: Option<String>,
    /// Dated this day or earlier, ISO.
    pub until: Option<String>,
}

/// Which page of a list: the newest, or what follows or precedes a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    #[default]
    First,
    /// Those made before the document with this id.
    After(String),
    /// Those made after the document with this id; the nearest of them.
    Before(String),
}

/// A document as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// The batch that made it.
    pub batch: String,
    /// The record of that batch.
    pub record: u64,
    /// Number and sign, where it bears one.
    pub code: String,
    /// A name a person recognises.
    pub name: String,
    /// Title inside the PDF.
    pub title: String,
    /// Its own date, ISO.
    pub date: Option<String>,
    /// Template.
    pub template: String,
    /// Key of the organisation, when the office knows any.
    pub organisation: Option<String>,
    /// `stored`, `superseded`, `revoked` or `erased`.
    pub state: String,
    /// File name with extension.
    pub file: String,
    /// Its object in the storage.
    pub object: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Pages.
    pub pages: u32,
    /// When it was made, milliseconds since 1970.
    pub created_at: i64,
}

/// Conditions with their values, in the order of `$1`, `$2`, …
#[derive(Default)]
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Adds a condition in which `?` stands for the value.
    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        let place = self.bind(value);
        self.sql.push_str(" AND ");
        self.sql.push_str(&condition.replace('?', &place));
    }

    fn and_words(&mut self, words: &str) {
        for word in fold(words).split(' ').filter(|word| !word.is_empty()).take(WORDS_MAX) {
            let literal = cut(word).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            self.and("search LIKE ? ESCAPE '\\'", format!("%{literal}%"));
        }
    }

    fn of(filter: &DocumentFilter) -> Self {
        let mut all = Self::default();
        let DocumentFilter { words, organisation, template, state, batch, from, until } = filter;
        all.and_words(words);
        for (condition, value) in [
            ("organisation = ?", organisation),
            ("template = ?", template),
            ("state = ?", state),
            ("date >= ?", from),
            ("date <= ?", until),
            ("id IN (SELECT document_id FROM record WHERE batch_id = ? AND document_id IS NOT NULL)", batch),
        ] {
            if let Some(value) = value {
                all.and(condition, value);
            }
        }
        all
    }
}

const COLUMNS: &str = "d.id, d.batch_id, d.number, d.code, COALESCE(r.label, '') AS name, COALESCE(r.title, '') AS title, d.date, d.template, \
    d.organisation, d.state, COALESCE(r.file, '') AS file, d.object, d.sha256, d.bytes, d.pages, d.created_at";
const TABLES: &str = "document AS d LEFT JOIN record AS r ON r.batch_id = d.batch_id AND r.number = d.number";

fn found(row: &Row) -> Result<Found, StoreError> {
    Ok(Found {
        id: row.text("id")?,
        batch: row.text("batch_id")?,
        record: row.count("number")?,
        code: row.text("code")?,
        name: row.text("name")?,
        title: row.text("title")?,
        date: row.text_or_none("date")?,
        template: row.text("template")?,
        organisation: row.text_or_none("organisation")?,
        state: row.text("state")?,
        file: row.text("file")?,
        object: row.text("object")?,
        sha256: row.text("sha256")?,
        bytes: row.count("bytes")?,
        pages: u32::try_from(row.int("pages")?).unwrap_or(0),
        created_at: row.int("created_at")?,
    })
}

/// Which batches a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct BatchFilter<'a> {
    /// Of this organisation only.
    pub organisation: Option<&'a str>,
    /// In this state only, by its name.
    pub state: Option<&'a str>,
    /// Of this template only.
    pub template: Option<&'a str>,
    /// Of this account only.
    pub owner: Option<&'a str>,
    /// Only those with records that could not be made.
    pub failed: bool,
    /// Only those whose messages wait for a person.
    pub held: bool,
    /// Only those of this time or later, milliseconds since 1970.
    pub since: Option<i64>,
}

impl Store {
    /// One page of the documents that fit, the newest first.
    pub async fn find_documents(&self, filter: &DocumentFilter, page: &Page, limit: u32) -> Result<Vec<Found>, StoreError> {
        let mut conditions = Conditions::of(filter);
        let order = match page {
            Page::First => "DESC",
            Page::After(id) => {
                conditions.and("id < ?", id);
                "DESC"
            }
            Page::Before(id) => {
                conditions.and("id > ?", id);
                "ASC"
            }
        };
        let limit = conditions.bind(limit);
        let Conditions { sql, values } = conditions;
        // The inner statement reads one index only; the rows themselves are read for the page.
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES}
             WHERE d.id IN (SELECT id FROM document WHERE 1 = 1{sql} ORDER BY id {order} LIMIT {limit}) ORDER BY d.id DESC"
        );
        self.database.fetch(&sql, &values).await?.iter().map(found).collect()
    }

    /// How many documents fit, counted up to `most`.
    pub async fn count_documents(&self, filter: &DocumentFilter, most: u32) -> Result<u64, StoreError> {
        let mut conditions = Conditions::of(filter);
        let most = conditions.bind(most);
        let Conditions { sql, values } = conditions;
        let sql = format!("SELECT COUNT(*) AS documents FROM (SELECT id FROM document WHERE 1 = 1{sql} LIMIT {most}) AS few");
        let row = self.database.fetch_one(&sql, &values).await?;
        row.map_or(Ok(0), |row| row.count("documents"))
    }

    /// One document as lists show it.
    pub async fn found_document(&self, id: &str) -> Result<Found, StoreError> {
        let row = self.database.fetch_one(&format!("SELECT {COLUMNS} FROM {TABLES} WHERE d.id = $1"), &values![id]).await?;
        found(&row.ok_or_else(|| StoreError::unknown(format!("document {id}")))?)
    }

    /// Batches that fit, the newest first: those before the batch `after`.
    pub async fn find_batches(&self, filter: &BatchFilter<'_>, after: Option<&str>, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let mut conditions = Conditions::default();
        let given = [
            ("organisation = ?", filter.organisation),
            ("state = ?", filter.state),
            ("template = ?", filter.template),
            ("owner = ?", filter.owner),
            ("id < ?", after),
        ];
        for (condition, value) in given {
            if let Some(value) = value {
                conditions.and(condition, value);
            }
        }
        if let Some(since) = filter.since {
            conditions.and("created_at >= ?", since);
        }
        let limit = conditions.bind(limit);
        let Conditions { mut sql, values } = conditions;
        if filter.held {
            sql += " AND post = 'held' AND state IN ('finished', 'cancelled')";
        }
        if filter.failed {
            sql += " AND EXISTS (SELECT 1 FROM record AS r WHERE r.batch_id = batch.id AND r.state IN ('failed', 'quarantined'))";
        }
        let sql = format!("SELECT {BATCH_COLUMNS} FROM batch WHERE state <> 'planning'{sql} ORDER BY id DESC LIMIT {limit}");
        self.database.fetch(&sql, &values).await?.iter().map(batch).collect()
    }

    /// The document that stands for a record.
    pub async fn document_of_record(&self, batch: &str, record: u64) -> Result<Option<Found>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM {TABLES} WHERE d.id = (SELECT document_id FROM record WHERE batch_id = $1 AND number = $2)");
        self.database.fetch_one(&sql, &values![batch, record]).await?.as_ref().map(found).transpose()
    }

    /// Lines of a register's period that hold `words`, the highest number first, below number `below`; in one state only, if
    /// any is given.
    pub async fn find_entries(
        &self,
        register: &str,
        period: &str,
        words: &str,
        state: Option<EntryState>,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.and("register = ?", register);
        conditions.and("period = ?", period);
        conditions.and_words(words);
        if let Some(state) = state {
            conditions.and("state = ?", state.name());
        }
        if let Some(below) = below {
            conditions.and("number < ?", below);
        }
        let limit = conditions.bind(limit);
        let Conditions { sql, values } = conditions;
        let sql = format!("SELECT {ENTRY_COLUMNS} FROM entry WHERE 1 = 1{sql} ORDER BY number DESC LIMIT {limit}");
        self.database.fetch(&sql, &values).await?.iter().map(entry).collect()
    }

    /// The line of a register that a record took.
    pub async fn entry_of(&self, batch: &str, record: u64) -> Result<Option<(String, Entry)>, StoreError> {
        let sql = format!("SELECT register, {ENTRY_COLUMNS} FROM entry WHERE batch_id = $1 AND record = $2 LIMIT 1");
        let row = self.database.fetch_one(&sql, &values![batch, record]).await?;
        row.map(|row| Ok((row.text("register")?, entry(&row)?))).transpose()
    }

    /// Folds what an earlier version left unfolded.
    pub(super) async fn fold_old(&self) -> Result<(), StoreError> {
        loop {
            let rows = self
                .database
                .fetch(
                    "SELECT d.id, d.batch_id, d.number, r.label, r.title, r.date, r.content FROM document AS d
                     LEFT JOIN record AS r ON r.batch_id = d.batch_id AND r.number = d.number WHERE d.search IS NULL ORDER BY d.id LIMIT $1",
                    &values![GROUP],
                )
                .await?;
            if rows.is_empty() {
                break;
            }
            let mut tx = self.database.begin().await?;
            for row in &rows {
                let text = |column| Ok::<String, StoreError>(row.text_or_none(column)?.unwrap_or_default());
                let date = row.text_or_none("date")?;
                let (code, search) = of_record(&text("content")?, &text("label")?, &text("title")?, date.as_deref());
                tx.execute(
                    "UPDATE document SET code = COALESCE((SELECT code FROM entry WHERE batch_id = $2 AND record = $3 LIMIT 1), $4), date = $5,
                         search = $6 WHERE id = $1",
                    &values![row.text("id")?, row.text("batch_id")?, row.int("number")?, code, date, search],
                )
                .await?;
            }
            tx.commit().await?;
        }
        loop {
            let sql =
                format!("SELECT register, {ENTRY_COLUMNS} FROM entry WHERE search IS NULL ORDER BY register, period, number LIMIT $1");
            let rows = self.database.fetch(&sql, &values![GROUP]).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut tx = self.database.begin().await?;
            for row in &rows {
                let line = entry(row)?;
                tx.execute(
                    "UPDATE entry SET search = $4 WHERE register = $1 AND period = $2 AND number = $3",
                    &values![row.text("register")?, &line.period, line.number, of_line(line.number, &line.particulars, &line.reason)],
                )
                .await?;
            }
            tx.commit().await?;
        }
    }
}

/// Number and sign of a claimed record's document, and its folded text.
pub(super) fn of_claimed(record: &Claimed) -> (String, String) {
    of_record(&record.content, &record.label, &record.title, record.date.as_deref())
}

fn of_record(content: &str, name: &str, title: &str, date: Option<&str>) -> (String, String) {
    let content: Json = serde_json::from_str(content).unwrap_or_default();
    let code = document_code::of(&content);
    let decision = content["du_lieu"]["so_quyet_dinh"].as_str().unwrap_or_default();
    let search = folded(&[&code, name, title, decision, &day(date.unwrap_or_default())]);
    (code, search)
}

/// The folded text of a register's line.
pub(super) fn of_line(number: i64, particulars: &Particulars, reason: &str) -> String {
    let Particulars { code, date, subject, signatory, recipient, keeper, copies: _, note } = particulars;
    folded(&[&number.to_string(), code, &day(date), recipient, subject, signatory, keeper, note, reason])
}

/// An ISO date as people write it, beside itself.
fn day(date: &str) -> String {
    match date.split('-').collect::<Vec<_>>()[..] {
        [year, month, day] => format!("{day}/{month}/{year} {date}"),
        _ => date.to_owned(),
    }
}

/// Every word once, folded, at most [`FOLDED_MAX`] bytes.
fn folded(parts: &[&str]) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in parts.iter().flat_map(|part| fold(part).split(' ').map(str::to_owned).collect::<Vec<_>>()) {
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    cut(&words.join(" ")).to_owned()
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(FOLDED_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
