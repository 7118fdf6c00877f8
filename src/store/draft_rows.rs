//! The tables of drafts: sheets and rows as lines of a transcript.
//!
//! Owns uploads, which count only once they are adopted, windows of rows, and the correction of one row. What a line says is
//! `data`'s.

use super::connection::{Row, values};
use super::drafts::{Act, note, revise};
use super::{Store, StoreError};
use crate::lifecycle::DraftState;

/// A sheet of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftSheet {
    /// Its place in the file, from 0.
    pub sheet: i64,
    /// The line of the transcript.
    pub content: String,
    /// The line that tells why it breaks off, if it does.
    pub fault: Option<String>,
    /// Rows that hold something.
    pub rows: u64,
}

/// A row of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// The sheet.
    pub sheet: i64,
    /// Row of the sheet, or line.
    pub number: u64,
    /// The line of the transcript.
    pub content: String,
}

/// Which rows of a sheet.
#[derive(Debug, Clone, Copy)]
pub enum Window<'a> {
    /// From a number on.
    From(u64),
    /// The last ones before a number.
    Before(u64),
    /// Those of these numbers.
    At(&'a [u64]),
}

fn draft_row(row: &Row) -> Result<DraftRow, StoreError> {
    Ok(DraftRow { sheet: row.int("sheet")?, number: row.count("number")?, content: row.text("content")? })
}

impl Store {
    /// Opens an upload into a draft; its number. What is added to it counts once it is adopted.
    pub async fn begin_upload(&self, draft: &str) -> Result<i64, StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("UPDATE draft SET uploads = uploads + 1 WHERE id = $1", &values![draft]).await?;
        let row = tx.fetch_one("SELECT uploads FROM draft WHERE id = $1", &values![draft]).await?;
        let upload = row.ok_or_else(|| StoreError::unknown(format!("draft {draft}")))?.int("uploads")?;
        tx.commit().await?;
        Ok(upload)
    }

    /// Adds sheets and rows to an upload.
    pub async fn add_to_upload(&self, draft: &str, upload: i64, sheets: &[DraftSheet], rows: &[DraftRow]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for DraftSheet { sheet, content, fault, rows } in sheets {
            tx.execute(
                "INSERT INTO draft_sheet (draft_id, upload, sheet, content, fault, records) VALUES ($1, $2, $3, $4, $5, $6)",
                &values![draft, upload, *sheet, content, fault.clone(), *rows],
            )
            .await?;
        }
        for DraftRow { sheet, number, content } in rows {
            tx.execute(
                "INSERT INTO draft_row (draft_id, upload, sheet, number, content) VALUES ($1, $2, $3, $4, $5)",
                &values![draft, upload, *sheet, *number, content],
            )
            .await?;
        }
        tx.commit().await
    }

    /// Makes an upload the table of its draft, instead of the one before; the new revision.
    pub async fn adopt_upload(&self, act: Act<'_>, upload: i64, head: &str, sha256: &str) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let revision = revise(&mut tx, act, DraftState::Open).await?;
        tx.execute(
            "UPDATE draft SET upload = $2, head = $3, file_sha256 = $4, table_revision = revision, checked = NULL, checked_revision = NULL
             WHERE id = $1",
            &values![act.draft, upload, head, sha256],
        )
        .await?;
        note(&mut tx, act, revision, None, "", head).await?;
        for table in ["draft_row", "draft_sheet"] {
            tx.execute(&format!("DELETE FROM {table} WHERE draft_id = $1 AND upload <> $2"), &values![act.draft, upload]).await?;
        }
        tx.commit().await?;
        Ok(revision)
    }

    /// Forgets an upload that was not adopted.
    pub async fn abandon_upload(&self, draft: &str, upload: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for table in ["draft_row", "draft_sheet"] {
            let sql =
                format!("DELETE FROM {table} WHERE draft_id = $1 AND upload = $2 AND upload <> (SELECT upload FROM draft WHERE id = $1)");
            tx.execute(&sql, &values![draft, upload]).await?;
        }
        tx.commit().await
    }

    /// The sheets of an upload, in order.
    pub async fn draft_sheets(&self, draft: &str, upload: i64) -> Result<Vec<DraftSheet>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT sheet, content, fault, records FROM draft_sheet WHERE draft_id = $1 AND upload = $2 ORDER BY sheet",
                &values![draft, upload],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let (sheet, content, fault) = (row.int("sheet")?, row.text("content")?, row.text_or_none("fault")?);
                Ok(DraftSheet { sheet, content, fault, rows: row.count("records")? })
            })
            .collect()
    }

    /// At most `limit` rows of a sheet, in order.
    pub async fn draft_rows(
        &self,
        draft: &str,
        upload: i64,
        sheet: i64,
        window: Window<'_>,
        limit: u32,
    ) -> Result<Vec<DraftRow>, StoreError> {
        let (condition, order, bound) = match window {
            Window::From(number) => ("number >= $5".to_owned(), "ASC", number),
            Window::Before(number) => ("number < $5".to_owned(), "DESC", number),
            Window::At(numbers) => {
                let numbers = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                (format!("number IN ({}) AND $5 = 0", if numbers.is_empty() { "-1" } else { &numbers }), "ASC", 0)
            }
        };
        let sql = format!(
            "SELECT sheet, number, content FROM draft_row WHERE draft_id = $1 AND upload = $2 AND sheet = $3 AND {condition}
             ORDER BY number {order} LIMIT $4"
        );
        let rows = self.database.fetch(&sql, &values![draft, upload, sheet, limit, bound]).await?;
        let mut rows: Vec<DraftRow> = rows.iter().map(draft_row).collect::<Result<_, _>>()?;
        rows.sort_by_key(|row| row.number);
        Ok(rows)
    }

    /// Puts `after` in the place of a row that is still `before`; the new revision.
    pub async fn correct_draft_row(&self, act: Act<'_>, upload: i64, before: &DraftRow, after: &str) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let revision = revise(&mut tx, act, DraftState::Open).await?;
        let DraftRow { sheet, number, content } = before;
        let changed = tx
            .execute(
                "UPDATE draft_row SET content = $5 WHERE draft_id = $1 AND upload = $2 AND sheet = $3 AND number = $4 AND content = $6",
                &values![act.draft, upload, *sheet, *number, after, content],
            )
            .await?;
        if changed != 1 {
            return Err(StoreError::Stale { what: format!("draft {}", act.draft) });
        }
        tx.execute("UPDATE draft SET table_revision = revision WHERE id = $1", &values![act.draft]).await?;
        note(&mut tx, act, revision, Some((*sheet, *number)), content, after).await?;
        tx.commit().await?;
        Ok(revision)
    }
}
