//! What is to become of a batch's messages once its documents are made.
//!
//! Owns the mark on the batch. Making the messages is the application's; the outbox they go to is [`super::deliveries`]'.

use super::connection::{pass, values};
use super::{Store, StoreError, audit};

/// What is to become of a batch's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Post {
    /// It has none.
    #[default]
    None,
    /// They wait until a person sends them.
    Held,
    /// They go to the outbox once the batch is finished.
    Pending,
    /// They are in the outbox.
    Queued,
    /// A person said that they are not to be sent.
    Dropped,
}

impl Post {
    /// The name in the store and for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Dropped => "dropped",
        }
    }

    pub(super) fn from_name(name: &str) -> Result<Self, StoreError> {
        [Self::None, Self::Held, Self::Pending, Self::Queued, Self::Dropped]
            .into_iter()
            .find(|post| post.name() == name)
            .ok_or_else(|| StoreError::unexpected(name))
    }
}

/// Where a record stands in the order of printing, and its number in the list.
type Place = (u64, u64);
/// A finished batch whose messages are to go to the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToPost {
    /// The batch.
    pub batch: String,
    /// Its setting, as JSON.
    pub setting: String,
    /// When it was finished, milliseconds since 1970: one whose failed records are tried again finishes again.
    pub finished_at: i64,
}

impl Store {
    /// Finished batches whose messages are to go to the outbox.
    pub async fn batches_to_post(&self) -> Result<Vec<ToPost>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT id, setting, COALESCE(finished_at, 0) AS finished_at FROM batch WHERE post = 'pending' AND state = 'finished'
                 ORDER BY created_at, id",
                &[],
            )
            .await?;
        rows.iter()
            .map(|row| Ok(ToPost { batch: row.text("id")?, setting: row.text("setting")?, finished_at: row.int("finished_at")? }))
            .collect()
    }

    /// The records with a message before and after a position in the order of printing, each as position and number; without a
    /// position, the first of all.
    pub async fn mailed_beside(&self, id: &str, position: Option<u64>) -> Result<(Option<Place>, Option<Place>), StoreError> {
        let one = |row: Option<super::connection::Row>| {
            row.map(|row| Ok::<Place, StoreError>((row.count("position")?, row.count("number")?))).transpose()
        };
        let before = match position {
            Some(position) => {
                let sql = "SELECT position, number FROM record WHERE batch_id = $1 AND mail IS NOT NULL AND position < $2
                     ORDER BY position DESC LIMIT 1";
                one(self.database.fetch_one(sql, &values![id, position]).await?)?
            }
            None => None,
        };
        let from = position.map_or(0, |position| position + 1);
        let sql =
            "SELECT position, number FROM record WHERE batch_id = $1 AND mail IS NOT NULL AND position >= $2 ORDER BY position LIMIT 1";
        Ok((before, one(self.database.fetch_one(sql, &values![id, from]).await?)?))
    }

    /// Puts `setting` in the place of `seen` while the batch's messages are held; false when they are not, or another was put there.
    pub async fn change_held_setting(&self, id: &str, seen: &str, setting: &str) -> Result<bool, StoreError> {
        let changed = self
            .database
            .execute(
                "UPDATE batch SET setting = $3, changed_at = {now} WHERE id = $1 AND setting = $2 AND post = 'held'",
                &values![id, seen, setting],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Documents of a batch that stand and have a message.
    pub async fn documents_with_message(&self, id: &str) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS messages FROM record AS r JOIN document AS d ON d.id = r.document_id
             WHERE r.batch_id = $1 AND r.mail IS NOT NULL AND d.state = 'stored'";
        self.database.fetch_one(sql, &values![id]).await?.map_or(Ok(0), |row| row.count("messages"))
    }

    /// Gives up the messages of a batch that wait for a person, for good; false when none do.
    pub async fn drop_held_messages(&self, id: &str, actor: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let changed = tx
            .execute(
                "UPDATE batch SET post = 'dropped', changed_at = {now}
                 WHERE id = $1 AND (post = 'held' OR (post = 'pending' AND state = 'cancelled'))",
                &values![id],
            )
            .await?;
        if changed == 1 {
            audit::note(&mut tx, actor, "batch.drop-mail", id, "").await?;
        }
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// The ids of finished batches whose messages wait for a person, oldest first.
    pub async fn batches_with_held_messages(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id FROM batch WHERE post = 'held' AND state = 'finished' ORDER BY created_at, id";
        self.database.fetch(sql, &[]).await?.iter().map(|row| row.text("id")).collect()
    }

    /// Notes what is to become of a batch's messages. One that has none keeps none.
    pub async fn mark_posted(&self, id: &str, post: Post) -> Result<(), StoreError> {
        self.database
            .execute("UPDATE batch SET post = $2, changed_at = {now} WHERE id = $1 AND post <> 'none'", &values![id, post.name()])
            .await?;
        Ok(())
    }

    /// Notes that the messages of a batch are in the outbox. False: its failed records are being made again since it was read, or
    /// were, and their messages are not there yet.
    pub async fn mark_queued(&self, batch: &ToPost) -> Result<bool, StoreError> {
        pass("post.mark")?;
        let changed = self
            .database
            .execute(
                "UPDATE batch SET post = 'queued', changed_at = {now}
                 WHERE id = $1 AND post = 'pending' AND state = 'finished' AND COALESCE(finished_at, 0) = $2",
                &values![&batch.batch, batch.finished_at],
            )
            .await?;
        pass("post.marked")?;
        Ok(changed == 1)
    }
}
