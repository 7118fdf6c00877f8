//! Links to single documents, for people without an account: when they end, who gave them, whether they were taken back.
//!
//! Owns the rows and the secret that signs them. A link's text is `access::link`'s.

use ring::rand::SecureRandom as _;

use super::connection::{Row, values};
use super::{Store, StoreError, audit};

/// A link as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// Its id.
    pub id: String,
    /// The document.
    pub document: String,
    /// When it ends, milliseconds since 1970.
    pub expires_at: i64,
    /// Who gave it.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was taken back, milliseconds since 1970.
    pub revoked_at: Option<i64>,
    /// How often the file was fetched by it.
    pub opened: u64,
}

/// The secret that links are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkKey {
    /// Its id, which links name.
    pub id: String,
    /// 32 random bytes.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LinkKey({})", self.id)
    }
}

const COLUMNS: &str = "id, document_id, expires_at, created_by, created_at, revoked_at, opened";

fn link(row: &Row) -> Result<LinkRow, StoreError> {
    Ok(LinkRow {
        id: row.text("id")?,
        document: row.text("document_id")?,
        expires_at: row.int("expires_at")?,
        created_by: row.text("created_by")?,
        created_at: row.int("created_at")?,
        revoked_at: row.int_or_none("revoked_at")?,
        opened: row.count("opened")?,
    })
}

impl Store {
    /// The newest secret; made when there is none.
    pub async fn link_key(&self) -> Result<LinkKey, StoreError> {
        const NEWEST: &str = "SELECT id, secret FROM link_key ORDER BY created_at DESC, id DESC LIMIT 1";
        if let Some(row) = self.database.fetch_one(NEWEST, &[]).await? {
            return Ok(LinkKey { id: row.text("id")?, secret: row.bytes("secret")? });
        }
        let (id, secret) = (self.new_id().await?, self.random_bytes::<32>()?.to_vec());
        self.database.execute("INSERT INTO link_key (id, secret, created_at) VALUES ($1, $2, {now})", &values![id, secret]).await?;
        // Another process may have made one at the same time: both are known, and the newest is everybody's.
        let row = self.database.fetch_one(NEWEST, &[]).await?.ok_or_else(|| StoreError::unexpected("link key"))?;
        Ok(LinkKey { id: row.text("id")?, secret: row.bytes("secret")? })
    }

    /// The secret of an id.
    pub async fn link_key_of(&self, id: &str) -> Result<Option<LinkKey>, StoreError> {
        let row = self.database.fetch_one("SELECT id, secret FROM link_key WHERE id = $1", &values![id]).await?;
        row.map(|row| Ok(LinkKey { id: row.text("id")?, secret: row.bytes("secret")? })).transpose()
    }

    /// Keeps a new link.
    pub async fn add_link(&self, id: &str, document: &str, expires_at: i64, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute(
            "INSERT INTO link (id, document_id, expires_at, created_by, created_at) VALUES ($1, $2, $3, $4, {now})",
            &values![id, document, expires_at, actor],
        )
        .await?;
        audit::note(&mut tx, actor, "link.new", document, id).await?;
        tx.commit().await
    }

    /// One link.
    pub async fn link(&self, id: &str) -> Result<Option<LinkRow>, StoreError> {
        let row = self.database.fetch_one(&format!("SELECT {COLUMNS} FROM link WHERE id = $1"), &values![id]).await?;
        row.as_ref().map(link).transpose()
    }

    /// The links of a document, the newest first.
    pub async fn links_of(&self, document: &str) -> Result<Vec<LinkRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM link WHERE document_id = $1 ORDER BY id DESC");
        self.database.fetch(&sql, &values![document]).await?.iter().map(link).collect()
    }

    /// Counts a fetch of the file.
    pub async fn open_link(&self, id: &str, document: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("UPDATE link SET opened = opened + 1, opened_at = {now} WHERE id = $1", &values![id]).await?;
        audit::note(&mut tx, "link", "link.open", document, id).await?;
        tx.commit().await
    }

    /// Takes links back: one of a document, or all of them; how many.
    pub async fn revoke_links(&self, document: &str, id: Option<&str>, actor: &str) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let changed = tx
            .execute(
                "UPDATE link SET revoked_at = {now} WHERE document_id = $1 AND ($2 = '' OR id = $2) AND revoked_at IS NULL",
                &values![document, id.unwrap_or_default()],
            )
            .await?;
        if changed > 0 {
            audit::note(&mut tx, actor, "link.revoke", document, id.unwrap_or("*")).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Random bytes from the machine.
    pub fn random_bytes<const N: usize>(&self) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).map_err(|_| StoreError::Random)?;
        Ok(bytes)
    }
}
