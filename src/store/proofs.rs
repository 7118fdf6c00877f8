//! Codes of certificates: what each stands for, whether it holds, which files bear it; the keys under which they are signed.
//!
//! Owns the steps `valid → replaced` and `valid → revoked`; neither is ever taken back. A code appears in the commit of its
//! first document. Looking a code up is one statement by its primary key, whether it exists or not.

use super::connection::{Row, Tx, values};
use super::{Store, StoreError, audit};

/// Files of one certificate that are named.
const FILES_MAX: u32 = 32;

/// What a record's document will bear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewProof {
    /// The code, 16 characters.
    pub code: String,
    /// Id of the key that signs.
    pub key: String,
    /// What it is.
    pub title: String,
    /// Its number.
    pub number: String,
    /// Its date, ISO.
    pub date: Option<String>,
    /// Who gives it.
    pub issuer: String,
    /// Whose it is.
    pub holder: String,
}

/// Does a certificate hold?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofState {
    /// It does.
    Valid,
    /// Another stands for it.
    Replaced,
    /// It was taken back.
    Revoked,
}

impl ProofState {
    const ALL: [Self; 3] = [Self::Valid, Self::Replaced, Self::Revoked];

    /// The name under which it is kept.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }

    /// What becomes of its documents.
    fn of_document(self) -> &'static str {
        match self {
            Self::Valid => "stored",
            Self::Replaced => "superseded",
            Self::Revoked => "revoked",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        Self::ALL.into_iter().find(|state| state.name() == name).ok_or_else(|| StoreError::unexpected(name))
    }
}

/// A certificate as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What it says.
    pub proof: NewProof,
    /// Does it hold?
    pub state: ProofState,
    /// Why not.
    pub reason: String,
    /// The code that stands for it.
    pub replaced_by: Option<String>,
    /// When its state changed, milliseconds since 1970.
    pub changed_at: i64,
    /// SHA-256 of every file that bears the code.
    pub files: Vec<String>,
}

/// A key as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofKey {
    /// The public key as text.
    pub public_key: String,
    /// Whose it is.
    pub name: String,
}

impl Store {
    /// The certificate of a code.
    pub async fn proof(&self, code: &str) -> Result<Option<Proof>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT p.code, p.key_id, p.title, p.number, p.date, p.issuer, p.holder, p.state, p.reason, p.replaced_by,
                     p.changed_at, d.sha256
                 FROM proof AS p LEFT JOIN proof_document AS f ON f.code = p.code LEFT JOIN document AS d ON d.id = f.document_id
                 WHERE p.code = $1 ORDER BY f.document_id LIMIT $2",
                &values![code, FILES_MAX],
            )
            .await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let mut files = Vec::new();
        for row in &rows {
            files.extend(row.text_or_none("sha256")?);
        }
        files.dedup();
        Ok(Some(Proof {
            proof: particulars(first)?,
            state: ProofState::from_name(&first.text("state")?)?,
            reason: first.text("reason")?,
            replaced_by: first.text_or_none("replaced_by")?,
            changed_at: first.int("changed_at")?,
            files,
        }))
    }

    /// The code that the file with this SHA-256 bears.
    pub async fn code_of_file(&self, sha256: &str) -> Result<Option<String>, StoreError> {
        self.code_where("d.sha256 = $1", sha256).await
    }

    /// The code that a document bears.
    pub async fn code_of_document(&self, id: &str) -> Result<Option<String>, StoreError> {
        self.code_where("d.id = $1", id).await
    }

    /// The organisation in whose name a certificate was issued; nothing inside when its batch has none.
    pub async fn organisation_of_proof(&self, code: &str) -> Result<Option<Option<String>>, StoreError> {
        let sql = "SELECT b.organisation FROM proof_document AS f JOIN document AS d ON d.id = f.document_id
                   JOIN batch AS b ON b.id = d.batch_id WHERE f.code = $1 ORDER BY d.id LIMIT 1";
        self.database.fetch_one(sql, &values![code]).await?.map(|row| row.text_or_none("organisation")).transpose()
    }

    async fn code_where(&self, condition: &str, value: &str) -> Result<Option<String>, StoreError> {
        let sql = format!(
            "SELECT f.code FROM document AS d JOIN proof_document AS f ON f.document_id = d.id WHERE {condition} ORDER BY d.id LIMIT 1"
        );
        self.database.fetch_one(&sql, &values![value]).await?.map(|row| row.text("code")).transpose()
    }

    /// Takes a certificate back, with its documents.
    pub async fn revoke_proof(&self, code: &str, reason: &str, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        step(&mut tx, code, ProofState::Revoked, reason, None).await?;
        audit::note(&mut tx, actor, "document.revoke", code, reason).await?;
        tx.commit().await
    }

    /// Says that `by`, which must hold itself, stands for a certificate.
    pub async fn replace_proof(&self, code: &str, by: &str, reason: &str, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let row = tx.fetch_one("SELECT state FROM proof WHERE code = $1", &values![by]).await?;
        let state = row.ok_or_else(|| StoreError::unknown(format!("certificate {by}")))?.text("state")?;
        if state != ProofState::Valid.name() || by == code {
            return Err(StoreError::refused(format!("certificate {by}"), state));
        }
        step(&mut tx, code, ProofState::Replaced, reason, Some(by)).await?;
        audit::note(&mut tx, actor, "document.replace", code, &format!("{by}: {reason}")).await?;
        tx.commit().await
    }

    /// Enters a key in the list that the public sees; true when it was not there.
    pub async fn publish_key(&self, id: &str, key: &ProofKey, actor: &str) -> Result<bool, StoreError> {
        let known = self.database.fetch_one("SELECT public_key FROM proof_key WHERE id = $1", &values![id]).await?;
        if known.is_some() {
            return Ok(false);
        }
        let mut tx = self.database.begin().await?;
        let added = tx
            .execute(
                "INSERT INTO proof_key (id, public_key, name, created_at) VALUES ($1, $2, $3, {now}) ON CONFLICT (id) DO NOTHING",
                &values![id, &key.public_key, &key.name],
            )
            .await?;
        if added == 1 {
            audit::note(&mut tx, actor, "key.publish", id, &key.public_key).await?;
        }
        tx.commit().await?;
        Ok(added == 1)
    }

    /// The published keys, oldest first.
    pub async fn published_keys(&self) -> Result<Vec<ProofKey>, StoreError> {
        let rows = self.database.fetch("SELECT public_key, name FROM proof_key ORDER BY created_at, id", &[]).await?;
        rows.iter().map(|row| Ok(ProofKey { public_key: row.text("public_key")?, name: row.text("name")? })).collect()
    }

    /// Records of a batch in planning whose certificates were taken back before, less those that it took over from `earlier`:
    /// number in the list, and name.
    pub async fn withdrawn(&self, batch: &str, earlier: Option<&str>) -> Result<Vec<(u64, String)>, StoreError> {
        let rows = self
            .database
            .fetch(
                "SELECT n.record, n.holder FROM planned_proof AS n JOIN proof AS p ON p.code = n.code
                 WHERE n.batch_id = $1 AND p.state <> 'valid'
                   AND n.record NOT IN (SELECT record FROM planned_proof WHERE batch_id = $2) ORDER BY n.record",
                &values![batch, earlier.unwrap_or_default()],
            )
            .await?;
        rows.iter().map(|row| Ok((row.count("record")?, row.text("holder")?))).collect()
    }
}

/// Notes what the document of a record in planning will bear.
pub(super) async fn plan(tx: &mut Tx, proof: &NewProof, batch: &str, record: u64) -> Result<(), StoreError> {
    let NewProof { code, key, title, number, date, issuer, holder } = proof;
    tx.execute(
        "INSERT INTO planned_proof (batch_id, record, code, key_id, title, number, date, issuer, holder)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &values![batch, record, code, key, title, number, date.clone(), issuer, holder],
    )
    .await?;
    Ok(())
}

/// Takes over what the records of an earlier batch were to bear.
pub(super) async fn adopt(tx: &mut Tx, batch: &str, earlier: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO planned_proof (batch_id, record, code, key_id, title, number, date, issuer, holder)
         SELECT $1, record, code, key_id, title, number, date, issuer, holder FROM planned_proof WHERE batch_id = $2",
        &values![batch, earlier],
    )
    .await?;
    Ok(())
}

/// The document of a record is there: its code counts from now on.
pub(super) async fn issue(tx: &mut Tx, document: &str, batch: &str, record: u64) -> Result<(), StoreError> {
    let planned = tx
        .fetch_one(
            "SELECT code, key_id, title, number, date, issuer, holder FROM planned_proof WHERE batch_id = $1 AND record = $2",
            &values![batch, record],
        )
        .await?;
    let Some(row) = planned else { return Ok(()) };
    let NewProof { code, key, title, number, date, issuer, holder } = particulars(&row)?;
    tx.execute(
        "INSERT INTO proof (code, key_id, title, number, date, issuer, holder, state, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'valid', {now}, {now}) ON CONFLICT (code) DO NOTHING",
        &values![&code, key, title, number, date, issuer, holder],
    )
    .await?;
    tx.execute("INSERT INTO proof_document (document_id, code) VALUES ($1, $2)", &values![document, code]).await?;
    Ok(())
}

async fn step(tx: &mut Tx, code: &str, next: ProofState, reason: &str, by: Option<&str>) -> Result<(), StoreError> {
    let changed = tx
        .execute(
            "UPDATE proof SET state = $2, reason = $3, replaced_by = $4, changed_at = {now} WHERE code = $1 AND state = 'valid'",
            &values![code, next.name(), reason, by.map(str::to_owned)],
        )
        .await?;
    if changed == 0 {
        let row = tx.fetch_one("SELECT state FROM proof WHERE code = $1", &values![code]).await?;
        let state = row.ok_or_else(|| StoreError::unknown(format!("certificate {code}")))?.text("state")?;
        return Err(StoreError::refused(format!("certificate {code}"), state));
    }
    tx.execute(
        "UPDATE document SET state = $2 WHERE id IN (SELECT document_id FROM proof_document WHERE code = $1)",
        &values![code, next.of_document()],
    )
    .await?;
    Ok(())
}

fn particulars(row: &Row) -> Result<NewProof, StoreError> {
    Ok(NewProof {
        code: row.text("code")?,
        key: row.text("key_id")?,
        title: row.text("title")?,
        number: row.text("number")?,
        date: row.text_or_none("date")?,
        issuer: row.text("issuer")?,
        holder: row.text("holder")?,
    })
}
