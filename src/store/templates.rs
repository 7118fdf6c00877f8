//! Words of templates: every text that was published, and the one that somebody is still writing.
//!
//! Owns their rows. What is in use is the file in the workspace; here stands how it came to be.

use super::connection::{Row, values};
use super::{Store, StoreError, audit};

/// A published text.
#[derive(Debug, Clone)]
pub struct TemplateVersion {
    /// Its number, from 1.
    pub version: i64,
    /// The whole `words.toml`.
    pub words: String,
    /// Why, in the person's own words.
    pub note: String,
    /// Who.
    pub actor: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// A text that is still being written.
#[derive(Debug, Clone)]
pub struct TemplateDraft {
    /// The wordings by name, as JSON.
    pub words: String,
    /// Who wrote last.
    pub actor: String,
    /// Milliseconds since 1970.
    pub changed_at: i64,
}

fn version(row: &Row) -> Result<TemplateVersion, StoreError> {
    Ok(TemplateVersion {
        version: row.int("version")?,
        words: row.text("words")?,
        note: row.text("note")?,
        actor: row.text("actor")?,
        created_at: row.int("created_at")?,
    })
}

impl Store {
    /// The published texts of a template, newest first.
    pub async fn template_versions(&self, template: &str) -> Result<Vec<TemplateVersion>, StoreError> {
        let sql = "SELECT version, words, note, actor, created_at FROM template_version WHERE template = $1 ORDER BY version DESC";
        self.database.fetch(sql, &values![template]).await?.iter().map(version).collect()
    }

    /// Notes that `words` is published; its number. What was in use until then, `before`, is kept as a version where it is none
    /// yet: before the first publication, and after somebody changed the file by hand. The draft that was published, `draft`,
    /// has served; another stays.
    pub async fn publish_template(
        &self,
        template: &str,
        before: &str,
        words: &str,
        draft: Option<i64>,
        note: &str,
        actor: &str,
    ) -> Result<i64, StoreError> {
        let mut tx = self.database.begin().await?;
        let last = tx.fetch_one("SELECT MAX(version) AS last FROM template_version WHERE template = $1", &values![template]).await?;
        let mut next = last.map_or(Ok(None), |row| row.int_or_none("last"))?.unwrap_or(0) + 1;
        let known =
            tx.fetch_one("SELECT 1 AS one FROM template_version WHERE template = $1 AND words = $2", &values![template, before]).await?;
        let insert = "INSERT INTO template_version (template, version, words, note, actor, created_at) VALUES ($1, $2, $3, $4, $5, {now})";
        if known.is_none() {
            tx.execute(insert, &values![template, next, before, "", ""]).await?;
            next += 1;
        }
        tx.execute(insert, &values![template, next, words, note, actor]).await?;
        tx.execute("DELETE FROM template_draft WHERE template = $1 AND changed_at = $2", &values![template, draft]).await?;
        audit::note(&mut tx, actor, "template.publish", template, &next.to_string()).await?;
        tx.commit().await?;
        Ok(next)
    }

    /// The text that somebody is writing for a template.
    pub async fn template_draft(&self, template: &str) -> Result<Option<TemplateDraft>, StoreError> {
        let row =
            self.database.fetch_one("SELECT words, actor, changed_at FROM template_draft WHERE template = $1", &values![template]).await?;
        row.map(|row| Ok(TemplateDraft { words: row.text("words")?, actor: row.text("actor")?, changed_at: row.int("changed_at")? }))
            .transpose()
    }

    /// Keeps a text that is being written, or forgets it. `seen` is when the one that the person saw was written; it is stale when
    /// somebody has written another meanwhile.
    pub async fn keep_template_draft(&self, template: &str, seen: Option<i64>, words: Option<&str>, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let row = tx.fetch_one("SELECT changed_at FROM template_draft WHERE template = $1", &values![template]).await?;
        let there = row.map(|row| row.int("changed_at")).transpose()?;
        if there != seen {
            return Err(StoreError::Stale { what: format!("draft of template {template}") });
        }
        // Later than the one before, also when both came in one moment.
        let changed = match (words, there) {
            (Some(words), Some(there)) => {
                tx.execute(
                    "UPDATE template_draft SET words = $3, actor = $4,
                         changed_at = CASE WHEN {now} > $2 THEN {now} ELSE $2 + 1 END WHERE template = $1 AND changed_at = $2",
                    &values![template, there, words, actor],
                )
                .await?
            }
            (Some(words), None) => {
                tx.execute(
                    "INSERT INTO template_draft (template, words, actor, changed_at) VALUES ($1, $2, $3, {now}) ON CONFLICT DO NOTHING",
                    &values![template, words, actor],
                )
                .await?
            }
            (None, Some(there)) => {
                tx.execute("DELETE FROM template_draft WHERE template = $1 AND changed_at = $2", &values![template, there]).await?
            }
            (None, None) => 1,
        };
        if changed != 1 {
            return Err(StoreError::Stale { what: format!("draft of template {template}") });
        }
        tx.commit().await
    }
}
