//! Documents: what was made, where its bytes lie, what stands in which folder; and contents kept by their hash.
//!
//! Owns the rows. The bytes are `storage`'s: a row appears only after the object is whole and synced under its name.

use std::collections::{HashMap, HashSet};

use super::connection::{Row, Tx, Value, pass, values};
use super::records::{Claimed, Made};
use super::{Store, StoreError};

/// A document whose bytes are safe.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// Its id.
    pub id: String,
    /// Its object in the storage.
    pub object: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Pages.
    pub pages: u32,
}

/// A document that stands for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What makes its record the same as another: the digest of its contract's key.
    pub identity: String,
    /// Its number in a register, where it has one.
    pub number: Option<i64>,
}

/// Identities that are looked for at once.
const IDENTITIES_AT_ONCE: usize = 500;

/// A file that the program put into a folder of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// File name.
    pub file: String,
    /// The document; none for what stands beside the documents (merged file, manifest, report).
    pub document: Option<String>,
    /// SHA-256 of everything that decides its bytes. For what stands beside: the batch that a correction workbook belongs to,
    /// else empty.
    pub digest: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// SHA-256, divided by blanks, of what may still stand there in its stead: a file is noted before it appears, and who
    /// dies in between leaves the one that it was to replace.
    pub before: String,
}

impl Store {
    /// A document.
    pub async fn document(&self, id: &str) -> Result<Made, StoreError> {
        let row = self.database.fetch_one("SELECT id, object, sha256, bytes, pages FROM document WHERE id = $1", &values![id]).await?;
        made(&row.ok_or_else(|| StoreError::unknown(format!("document {id}")))?)
    }

    /// Documents of a batch that do not stand any more: the record's name, the document's file and its state, in the order of
    /// printing.
    pub async fn taken_back(&self, batch: &str) -> Result<Vec<(String, String, String)>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT r.label, r.file, d.state FROM record AS r JOIN document AS d ON d.id = r.document_id
                 WHERE r.batch_id = $1 AND d.state <> 'stored' ORDER BY r.position",
                &values![batch],
            )
            .await?;
        rows.iter().map(|row| Ok((row.text("label")?, row.text("file")?, row.text("state")?))).collect()
    }

    /// The valid documents of a template and an organisation whose records have one of `identities`, those of the output
    /// folder `beside` left out.
    pub async fn standing(
        &self,
        template: &str,
        organisation: Option<&str>,
        beside: &str,
        identities: &[String],
    ) -> Result<Vec<Standing>, StoreError> {
        let mut standing = Vec::new();
        for group in identities.chunks(IDENTITIES_AT_ONCE) {
            let mut values: Vec<Value> = values![template, organisation.unwrap_or_default(), beside].into();
            values.extend(group.iter().map(Value::from));
            let places = (4..4 + group.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
            // SQLite reads joined tables in the order of a CROSS JOIN; left to itself it begins with all valid documents.
            let sql = format!(
                "SELECT record.identity, (SELECT MIN(entry.number) FROM entry
                     WHERE entry.batch_id = document.batch_id AND entry.record = document.number AND entry.state = 'taken') AS given
                 FROM record CROSS JOIN document CROSS JOIN batch
                 WHERE document.id = record.document_id AND batch.id = record.batch_id AND record.identity IN ({places})
                     AND batch.template = $1 AND COALESCE(batch.organisation, '') = $2 AND batch.output <> $3
                     AND document.state = 'stored'"
            );
            for row in self.database.fetch(&sql, &values).await? {
                standing.push(Standing { identity: row.text("identity")?, number: row.int_or_none("given")? });
            }
        }
        Ok(standing)
    }

    /// Every document, by id after `after`: what a copy of the office takes with it.
    pub async fn objects(&self, after: &str, limit: u32) -> Result<Vec<Made>, StoreError> {
        let rows = self
            .database
            .fetch("SELECT id, object, sha256, bytes, pages FROM document WHERE id > $1 ORDER BY id LIMIT $2", &values![after, limit])
            .await?;
        rows.iter().map(made).collect()
    }

    /// Every object of a batch that a document refers to, for the collection of what nothing refers to.
    pub async fn objects_of(&self, batch: &str) -> Result<HashSet<String>, StoreError> {
        let rows = self.database.fetch("SELECT object FROM document WHERE batch_id = $1", &values![batch]).await?;
        rows.iter().map(|row| row.text("object")).collect()
    }

    /// What the program put into a folder, by file name.
    pub async fn placed(&self, folder: &str) -> Result<HashMap<String, Placed>, StoreError> {
        let rows =
            self.database.fetch("SELECT file, document_id, digest, sha256, before FROM placed WHERE folder = $1", &values![folder]).await?;
        rows.iter()
            .map(|row| {
                let placed = Placed {
                    file: row.text("file")?,
                    document: row.text_or_none("document_id")?,
                    digest: row.text("digest")?,
                    sha256: row.text("sha256")?,
                    before: row.text("before")?,
                };
                Ok((placed.file.clone(), placed))
            })
            .collect()
    }

    /// Notes files that are about to appear in a folder. Noted first: after a crash nobody else would claim them.
    pub async fn place(&self, folder: &str, files: &[Placed]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for file in files {
            place(&mut tx, folder, file).await?;
        }
        pass("file.note")?;
        tx.commit().await?;
        pass("file.noted")
    }

    /// Every noted file of a folder stands there as noted: what it replaced need no longer be known.
    pub async fn settle_placed(&self, folder: &str) -> Result<(), StoreError> {
        self.database.execute("UPDATE placed SET before = '' WHERE folder = $1 AND before <> ''", &values![folder]).await?;
        Ok(())
    }

    /// Forgets files that were moved out of a folder.
    pub async fn displace(&self, folder: &str, files: &[String]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for file in files {
            tx.execute("DELETE FROM placed WHERE folder = $1 AND file = $2", &values![folder, file]).await?;
        }
        pass("file.forget")?;
        tx.commit().await?;
        pass("file.forgotten")
    }

    /// Keeps bytes under their hash; the same bytes are kept once.
    pub async fn keep_content(&self, contents: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for (sha256, bytes) in contents {
            tx.execute("INSERT INTO content (sha256, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING", &values![sha256, bytes.clone()])
                .await?;
        }
        pass("content.keep")?;
        tx.commit().await?;
        pass("content.kept")
    }

    /// Bytes kept under a hash.
    pub async fn content(&self, sha256: &str) -> Result<Vec<u8>, StoreError> {
        let row = self.database.fetch_one("SELECT bytes FROM content WHERE sha256 = $1", &values![sha256]).await?;
        row.ok_or_else(|| StoreError::unknown(format!("content {sha256}")))?.bytes("bytes")
    }
}

pub(super) async fn place(tx: &mut Tx, folder: &str, placed: &Placed) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO placed (folder, file, document_id, digest, sha256) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (folder, file) DO UPDATE SET document_id = excluded.document_id, digest = excluded.digest, sha256 = excluded.sha256,
             before = CASE WHEN placed.sha256 = excluded.sha256 THEN placed.before ELSE placed.sha256 || ' ' || placed.before END",
        &values![folder, &placed.file, placed.document.clone(), &placed.digest, &placed.sha256],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert(tx: &mut Tx, document: &NewDocument, record: &Claimed) -> Result<(), StoreError> {
    let NewDocument { id, object, sha256, bytes, pages } = document;
    let (code, search) = super::search::of_claimed(record);
    tx.execute(
        "INSERT INTO document (id, batch_id, number, object, sha256, bytes, pages, state, created_at, template, organisation, code, date, search)
         SELECT $1, id, $3, $4, $5, $6, $7, 'stored', {now}, template, organisation,
             COALESCE((SELECT code FROM entry WHERE batch_id = $2 AND record = $3 LIMIT 1), $8), $9, $10
         FROM batch WHERE id = $2",
        &values![id, &record.batch, record.number, object, sha256, *bytes, *pages, code, record.date.clone(), search],
    )
    .await?;
    super::webhooks::notice(
        tx,
        "document.stored",
        id,
        &record.batch,
        &serde_json::json!({ "document": id, "batch": record.batch, "record": record.number }),
    )
    .await
}

pub(super) fn made(row: &Row) -> Result<Made, StoreError> {
    Ok(Made {
        id: row.text("id")?,
        object: row.text("object")?,
        sha256: row.text("sha256")?,
        bytes: row.count("bytes")?,
        pages: u32::try_from(row.int("pages")?).unwrap_or(0),
    })
}
