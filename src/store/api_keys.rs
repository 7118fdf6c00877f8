//! API keys: who may ask the office from a program, for what, until when.
//!
//! Owns the rows. A key's text is never here, only the SHA-256 of it; what a scope allows is `access`'.

use super::connection::{Row, values};
use super::{Store, StoreError, audit};

/// A use is noted at most so often, in milliseconds: a busy key is no reason to write at every request.
const USED_EVERY: i64 = 60 * 1_000;

/// A key that is about to be given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// Its id, the public part of its text.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// SHA-256 of its text, in hex.
    pub hash: String,
    /// Names of its scopes.
    pub scopes: Vec<String>,
    /// The organisation that it sees; every one when there is none.
    pub organisation: Option<String>,
    /// Milliseconds from now to its end; none for no end.
    pub life: Option<i64>,
}

/// A key as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// SHA-256 of its text, in hex.
    pub hash: String,
    /// Names of its scopes.
    pub scopes: Vec<String>,
    /// The organisation that it sees.
    pub organisation: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub expires_at: Option<i64>,
    /// Milliseconds since 1970, to the minute.
    pub last_used_at: Option<i64>,
    /// Milliseconds since 1970.
    pub revoked_at: Option<i64>,
    /// The key that took its place.
    pub replaced_by: Option<String>,
}

impl ApiKey {
    /// Does it open anything at `now`, milliseconds since 1970?
    pub fn is_live(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

const COLUMNS: &str = "id, name, hash, scopes, organisation, created_by, created_at, expires_at, last_used_at, revoked_at, replaced_by";

fn api_key(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.text("id")?,
        name: row.text("name")?,
        hash: row.text("hash")?,
        scopes: row.text("scopes")?.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        organisation: row.text_or_none("organisation")?,
        created_by: row.text("created_by")?,
        created_at: row.int("created_at")?,
        expires_at: row.int_or_none("expires_at")?,
        last_used_at: row.int_or_none("last_used_at")?,
        revoked_at: row.int_or_none("revoked_at")?,
        replaced_by: row.text_or_none("replaced_by")?,
    })
}

impl Store {
    /// Keeps a new key. With `replaces`, the key of that id and the milliseconds that it lives on: both work for so long.
    pub async fn add_api_key(&self, new: &NewApiKey, replaces: Option<(&str, i64)>, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        if let Some((old, overlap)) = replaces {
            let changed = tx
                .execute(
                    "UPDATE api_key SET replaced_by = $2,
                         expires_at = CASE WHEN expires_at IS NULL OR expires_at > {now} + $3 THEN {now} + $3 ELSE expires_at END
                     WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > {now})",
                    &values![old, &new.id, overlap],
                )
                .await?;
            if changed == 0 {
                return Err(StoreError::unknown(format!("live key {old}")));
            }
        }
        let NewApiKey { id, name, hash, scopes, organisation, life } = new;
        tx.execute(
            "INSERT INTO api_key (id, name, hash, scopes, organisation, created_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, {now}, {now} + $7)",
            &values![id, name, hash, scopes.join(" "), organisation.clone(), actor, *life],
        )
        .await?;
        let detail = format!("{name}: {}", scopes.join(" "));
        audit::note(&mut tx, actor, if replaces.is_some() { "key.rotate" } else { "key.new" }, id, &detail).await?;
        tx.commit().await
    }

    /// The key of an id, whether it still opens anything or not.
    pub async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        let row = self.database.fetch_one(&format!("SELECT {COLUMNS} FROM api_key WHERE id = $1"), &values![id]).await?;
        row.as_ref().map(api_key).transpose()
    }

    /// Every key, the newest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM api_key ORDER BY created_at DESC, id");
        self.database.fetch(&sql, &[]).await?.iter().map(api_key).collect()
    }

    /// Notes that a key was used.
    pub async fn use_api_key(&self, key: &ApiKey, now: i64) -> Result<(), StoreError> {
        if key.last_used_at.is_none_or(|last| now - last >= USED_EVERY) {
            self.database.execute("UPDATE api_key SET last_used_at = $2 WHERE id = $1", &values![&key.id, now]).await?;
        }
        Ok(())
    }

    /// Ends a key at once; false when it had ended before.
    pub async fn revoke_api_key(&self, id: &str, actor: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let changed = tx.execute("UPDATE api_key SET revoked_at = {now} WHERE id = $1 AND revoked_at IS NULL", &values![id]).await?;
        if changed == 1 {
            audit::note(&mut tx, actor, "key.revoke", id, "").await?;
        } else if tx.fetch_one("SELECT 1 AS one FROM api_key WHERE id = $1", &values![id]).await?.is_none() {
            return Err(StoreError::unknown(format!("key {id}")));
        }
        tx.commit().await?;
        Ok(changed == 1)
    }
}
