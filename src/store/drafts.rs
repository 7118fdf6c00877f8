//! Drafts: what a person prepares before it becomes a batch.
//!
//! Owns their revisions (whoever looked at an older one changes nothing), their states, and the list of what was changed. The
//! rows of their tables are [`super::draft_rows`]'.

use super::connection::{Row, Tx, values};
use super::{Store, StoreError, audit};
use crate::lifecycle::DraftState;

/// A draft that is about to be begun.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// The submitter's key: the same key is the same draft.
    pub key: Option<String>,
    /// SHA-256 of everything that was handed in under the key, where it came at once: another is another request.
    pub key_digest: Option<String>,
    /// The account whose it is.
    pub owner: String,
    /// The organisation in whose name it is made.
    pub organisation: Option<String>,
    /// Template.
    pub template: String,
    /// What is asked for, as JSON.
    pub request: String,
}

/// A draft as it stands.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its id.
    pub id: String,
    /// The account whose it is.
    pub owner: String,
    /// The organisation in whose name it is made.
    pub organisation: Option<String>,
    /// Template.
    pub template: String,
    /// How far it has come.
    pub state: DraftState,
    /// Grows with every change.
    pub revision: u64,
    /// The revision that changed the table last.
    pub table_revision: u64,
    /// What is asked for, as JSON.
    pub request: String,
    /// What its table is a transcript of, as a line of the transcript.
    pub head: Option<String>,
    /// SHA-256 of the file that was handed in.
    pub file_sha256: Option<String>,
    /// Which of its uploads holds.
    pub upload: i64,
    /// What the last check found, as JSON.
    pub checked: Option<String>,
    /// The revision that it was a check of.
    pub checked_revision: Option<u64>,
    /// The batch that it became.
    pub batch: Option<String>,
    /// Who said yes or no.
    pub decided_by: Option<String>,
    /// Why not.
    pub reason: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub changed_at: i64,
}

/// Who does what to a draft that they saw at a revision.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The draft.
    pub draft: &'a str,
    /// The revision that was seen.
    pub revision: u64,
    /// Who.
    pub actor: &'a str,
    /// What, such as `draft.approve`.
    pub action: &'a str,
}

/// A line of what was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The revision that came of it.
    pub revision: u64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// Sheet and row, for a corrected one.
    pub row: Option<(i64, u64)>,
    /// What stood there, as a line of the transcript.
    pub before: String,
    /// What stands there, likewise.
    pub after: String,
}

/// Which drafts a list shows.
#[derive(Debug, Clone, Copy)]
pub struct DraftFilter<'a> {
    /// Of this organisation only.
    pub organisation: Option<&'a str>,
    /// Of this account only.
    pub owner: Option<&'a str>,
    /// In any of these states.
    pub states: &'a [DraftState],
}

const COLUMNS: &str = "id, owner, organisation, template, state, revision, table_revision, request, head, file_sha256, upload, checked, \
    checked_revision, batch_id, decided_by, reason, created_at, changed_at";

fn draft(row: &Row) -> Result<Draft, StoreError> {
    let state = row.text("state")?;
    let count = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
    Ok(Draft {
        id: row.text("id")?,
        owner: row.text("owner")?,
        organisation: row.text_or_none("organisation")?,
        template: row.text("template")?,
        state: DraftState::from_name(&state).ok_or_else(|| StoreError::unexpected(state))?,
        revision: row.count("revision")?,
        table_revision: row.count("table_revision")?,
        request: row.text("request")?,
        head: row.text_or_none("head")?,
        file_sha256: row.text_or_none("file_sha256")?,
        upload: row.int("upload")?,
        checked: row.text_or_none("checked")?,
        checked_revision: count(row.int_or_none("checked_revision")?),
        batch: row.text_or_none("batch_id")?,
        decided_by: row.text_or_none("decided_by")?,
        reason: row.text("reason")?,
        created_at: row.int("created_at")?,
        changed_at: row.int("changed_at")?,
    })
}

fn unknown(id: &str) -> StoreError {
    StoreError::unknown(format!("draft {id}"))
}

impl Store {
    /// Begins a draft, or gives the one that this key already stands for.
    pub async fn begin_draft(&self, new: &NewDraft) -> Result<Draft, StoreError> {
        let id = self.new_id().await?;
        let mut tx = self.database.begin().await?;
        if let Some(key) = &new.key
            && let Some(row) =
                tx.fetch_one(&format!("SELECT {COLUMNS}, key_digest FROM draft WHERE idempotency_key = $1"), &values![key]).await?
        {
            let found = draft(&row)?;
            let is_same = found.template == new.template && found.owner == new.owner && row.text_or_none("key_digest")? == new.key_digest;
            return if is_same { Ok(found) } else { Err(StoreError::KeyReused { key: key.clone() }) };
        }
        let NewDraft { key, key_digest, owner, organisation, template, request } = new;
        tx.execute(
            "INSERT INTO draft (id, idempotency_key, key_digest, owner, organisation, template, state, revision, table_revision, request,
                 created_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, 'open', 1, 1, $7, {now}, {now})",
            &values![&id, key.clone(), key_digest.clone(), owner, organisation.clone(), template, request],
        )
        .await?;
        let row = tx.fetch_one(&format!("SELECT {COLUMNS} FROM draft WHERE id = $1"), &values![&id]).await?;
        tx.commit().await?;
        draft(&row.ok_or_else(|| unknown(&id))?)
    }

    /// One draft.
    pub async fn draft(&self, id: &str) -> Result<Draft, StoreError> {
        let row = self.database.fetch_one(&format!("SELECT {COLUMNS} FROM draft WHERE id = $1"), &values![id]).await?;
        draft(&row.ok_or_else(|| unknown(id))?)
    }

    /// Drafts that fit, last changed first: those before `before`.
    pub async fn drafts(&self, filter: &DraftFilter<'_>, before: Option<&Draft>, limit: u32) -> Result<Vec<Draft>, StoreError> {
        let states = filter.states.iter().map(|state| format!("'{state}'")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT {COLUMNS} FROM draft WHERE state IN ({states}) AND ($1 = '' OR organisation = $1) AND ($3 = '' OR owner = $3)
                 AND ($5 = '' OR changed_at < $4 OR (changed_at = $4 AND id < $5))
             ORDER BY changed_at DESC, id DESC LIMIT $2"
        );
        let (organisation, owner) = (filter.organisation.unwrap_or_default(), filter.owner.unwrap_or_default());
        let (at, id) = before.map_or((0, ""), |before| (before.changed_at, before.id.as_str()));
        self.database.fetch(&sql, &values![organisation, limit, owner, at, id]).await?.iter().map(draft).collect()
    }

    /// Takes a draft away with its table, as if it had never been begun; false when it waits for an approver or is a batch.
    pub async fn discard_draft(&self, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let is_open =
            tx.fetch_one("SELECT 1 AS one FROM draft WHERE id = $1 AND state IN ('open', 'rejected')", &values![id]).await?.is_some();
        for table in ["draft_change", "draft_row", "draft_sheet"].iter().filter(|_| is_open) {
            tx.execute(&format!("DELETE FROM {table} WHERE draft_id = $1"), &values![id]).await?;
        }
        if is_open {
            tx.execute("DELETE FROM draft WHERE id = $1", &values![id]).await?;
        }
        tx.commit().await?;
        Ok(is_open)
    }

    /// Changes what a draft asks for; its new revision.
    pub async fn change_draft(&self, act: Act<'_>, request: &str) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let revision = revise(&mut tx, act, DraftState::Open).await?;
        tx.execute("UPDATE draft SET request = $2 WHERE id = $1", &values![act.draft, request]).await?;
        note(&mut tx, act, revision, None, "", "").await?;
        tx.commit().await?;
        Ok(revision)
    }

    /// Keeps what a check of `revision` found.
    pub async fn keep_check(&self, id: &str, revision: u64, checked: &str) -> Result<(), StoreError> {
        self.database
            .execute(
                "UPDATE draft SET checked = $3, checked_revision = $2 WHERE id = $1 AND revision = $2",
                &values![id, revision, checked],
            )
            .await?;
        Ok(())
    }

    /// Takes a draft to another state, with a line in the audit log; its new revision. `decided` tells that the actor decided
    /// about somebody else's draft.
    pub async fn step_draft(&self, act: Act<'_>, next: DraftState, decided: bool, reason: &str) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let revision = revise(&mut tx, act, next).await?;
        let by = decided.then_some(act.actor);
        tx.execute("UPDATE draft SET decided_by = $2, reason = $3 WHERE id = $1", &values![act.draft, by, reason]).await?;
        note(&mut tx, act, revision, None, "", reason).await?;
        audit::note(&mut tx, act.actor, act.action, act.draft, reason).await?;
        tx.commit().await?;
        Ok(revision)
    }

    /// Notes which batch a draft became; nothing is changed when it is noted already.
    pub async fn draft_became(&self, act: Act<'_>, batch: &str, decided: bool) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let by = decided.then_some(act.actor);
        let changed = tx
            .execute(
                "UPDATE draft SET state = 'submitted', batch_id = $2, revision = revision + 1, changed_at = {now},
                     decided_by = COALESCE($3, decided_by)
                 WHERE id = $1 AND state IN ('open', 'waiting')",
                &values![act.draft, batch, by],
            )
            .await?;
        if changed == 1 {
            let row = tx.fetch_one("SELECT revision FROM draft WHERE id = $1", &values![act.draft]).await?;
            let revision = row.ok_or_else(|| unknown(act.draft))?.count("revision")?;
            note(&mut tx, act, revision, None, "", batch).await?;
            audit::note(&mut tx, act.actor, act.action, act.draft, batch).await?;
        }
        tx.commit().await
    }

    /// Who changed a draft or asked for its approval since somebody last decided about it.
    pub async fn draft_authors(&self, id: &str) -> Result<Vec<String>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT DISTINCT actor FROM draft_change WHERE draft_id = $1 AND action <> $2 AND revision >
                     (SELECT COALESCE(MAX(revision), 0) FROM draft_change WHERE draft_id = $1 AND action = $2) ORDER BY actor",
                &values![id, REJECT],
            )
            .await?;
        rows.iter().map(|row| row.text("actor")).collect()
    }

    /// Forgets the drafts that their owners left alone for `age` milliseconds, rows and changes with them; which. One that waits
    /// for an approver stays, and so does one that is a batch, even where that was not noted any more.
    pub async fn clear_drafts(&self, age: i64) -> Result<Vec<String>, StoreError> {
        let mut tx = self.database.begin().await?;
        let left = tx
            .fetch(
                "SELECT id FROM draft WHERE state IN ('open', 'rejected') AND changed_at < {now} - $1
                     AND NOT EXISTS (SELECT 1 FROM batch WHERE idempotency_key = 'draft:' || draft.id)
                 ORDER BY id LIMIT 500",
                &values![age],
            )
            .await?;
        let left: Vec<String> = left.iter().map(|row| row.text("id")).collect::<Result<_, _>>()?;
        for id in &left {
            for table in ["draft_change", "draft_row", "draft_sheet"] {
                tx.execute(&format!("DELETE FROM {table} WHERE draft_id = $1"), &values![id]).await?;
            }
            tx.execute("DELETE FROM draft WHERE id = $1", &values![id]).await?;
            audit::note(&mut tx, "vanthu", "draft.clear", id, "").await?;
        }
        tx.commit().await?;
        Ok(left)
    }

    /// What was changed, oldest first.
    pub async fn draft_changes(&self, id: &str) -> Result<Vec<Change>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT revision, at, actor, action, sheet, number, before, after FROM draft_change WHERE draft_id = $1 ORDER BY revision",
                &values![id],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let number = row.int_or_none("number")?.and_then(|number| u64::try_from(number).ok());
                Ok(Change {
                    revision: row.count("revision")?,
                    at: row.int("at")?,
                    actor: row.text("actor")?,
                    action: row.text("action")?,
                    row: row.int_or_none("sheet")?.zip(number),
                    before: row.text("before")?,
                    after: row.text("after")?,
                })
            })
            .collect()
    }
}

/// Takes a draft from the revision that was seen to the next one, in state `next`.
pub(super) async fn revise(tx: &mut Tx, act: Act<'_>, next: DraftState) -> Result<u64, StoreError> {
    let row = tx.fetch_one("SELECT state, revision FROM draft WHERE id = $1", &values![act.draft]).await?;
    let row = row.ok_or_else(|| unknown(act.draft))?;
    let name = row.text("state")?;
    let now = DraftState::from_name(&name).ok_or_else(|| StoreError::unexpected(name.clone()))?;
    // A draft that has moved on says so, rather than that somebody changed it.
    let may = now.may_become(next) && !(now == DraftState::Waiting && next == DraftState::Open && act.action != WITHDRAW);
    if !may {
        return Err(StoreError::refused(format!("draft {}", act.draft), name));
    }
    let changed = tx
        .execute(
            "UPDATE draft SET revision = revision + 1, state = $3, changed_at = {now} WHERE id = $1 AND revision = $2 AND state = $4",
            &values![act.draft, act.revision, next.name(), name],
        )
        .await?;
    if changed == 1 { Ok(act.revision + 1) } else { Err(StoreError::Stale { what: format!("draft {}", act.draft) }) }
}

/// What takes a waiting draft back to its owner.
pub const WITHDRAW: &str = "draft.withdraw";
/// What says no to a waiting draft: from then on, its changes count anew.
pub const REJECT: &str = "draft.reject";

pub(super) async fn note(
    tx: &mut Tx,
    act: Act<'_>,
    revision: u64,
    row: Option<(i64, u64)>,
    before: &str,
    after: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO draft_change (draft_id, revision, at, actor, action, sheet, number, before, after)
         VALUES ($1, $2, {now}, $3, $4, $5, $6, $7, $8)",
        &values![act.draft, revision, act.actor, act.action, row.map(|row| row.0), row.map(|row| row.1), before, after],
    )
    .await?;
    Ok(())
}
