//! The office's side of verification: its key, what is published, certificates that are taken back or replaced.
//!
//! Owns the use-cases of `vanthu key` and `vanthu document`, and what must hold before a batch is accepted. The answer to “is it
//! genuine?” is [`super::verdict`]'s.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::office::Office;
use super::{App, AppError, Prepared};
use crate::batch::supplement::Earlier;
use crate::config::{FILE_NAME, VerifyConfig};
use crate::diagnostic::{Diagnostic, Place};
use crate::proof::{Code, Facts, Issuer, Proof as Statement, PublicKey, PublishedKey, SigningKey, key};
use crate::say;
use crate::storage::hash_file;
use crate::store::proofs::{NewProof, Proof, ProofKey};
use crate::store::{Store, StoreError};
use crate::template::Template;

/// Where `key new` puts the secret key unless told otherwise.
const KEY_FILE: &str = "khoa-ky.bi-mat";
/// Longest reason, in characters.
const REASON_MAX: usize = 500;
/// Who enters a key when a batch is accepted.
const ACTOR: &str = "batch";

impl App {
    /// `[verify]`, when the workspace has it.
    pub fn verify_config(&self) -> Option<&VerifyConfig> {
        self.workspace.config.verify.as_ref()
    }

    /// Who signs the documents of `template`; none when nothing is verified, or when they have no QR code.
    pub(super) fn issuer_for(&self, template: &Template) -> Result<Option<Issuer>, AppError> {
        if self.verify_config().is_none() || template.manifest.output.qr.is_none() {
            return Ok(None);
        }
        self.issuer().map(Some)
    }

    fn issuer(&self) -> Result<Issuer, AppError> {
        let config = self.verify_config().ok_or_else(not_configured)?;
        Ok(config.issuer(&self.workspace.folder.clone().unwrap_or_default())?)
    }

    /// Makes a key and keeps its secret half in a file that only its owner may read: `file`, or the one that `[verify]` names.
    pub fn new_key(&self, file: Option<&Path>) -> Result<(PathBuf, PublishedKey), AppError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let root = self.workspace.folder.clone().unwrap_or_default();
        let configured = self.verify_config().map_or(Path::new(KEY_FILE), |config| &config.key_file);
        let path = file.map_or_else(|| root.join(configured), Path::to_owned);
        let mut seed = [0; key::SEED_BYTES];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut seed).map_err(|_| StoreError::Random)?;
        let key = SigningKey::from_seed(seed);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(key.secret_line().as_bytes()).and_then(|()| file.sync_all()));
        match written {
            Ok(()) => Ok((path, self.named(*key.public()))),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(AppError::Input(vec![
                Diagnostic::error("file-exists", say!("tệp đã có; không ghi đè", "the file exists; it is not overwritten"))
                    .at(Place::File { file: path.display().to_string() })
                    .remedy(say!(
                        "khóa cũ vẫn dùng được; muốn đổi khóa thì chuyển tệp cũ đi nơi an toàn trước",
                        "the old key is still good; to change it, first move the old file to a safe place"
                    )),
            ])),
            Err(source) => Err(AppError::Write { path, source }),
        }
    }

    /// The name of the office, for the public.
    pub fn office_name(&self) -> String {
        self.workspace.organisation(None).map(|organisation| organisation.name).unwrap_or_default()
    }

    /// The public half of the workspace's key.
    pub fn public_key(&self) -> Result<PublishedKey, AppError> {
        Ok(self.named(*self.issuer()?.public_key()))
    }

    fn named(&self, key: PublicKey) -> PublishedKey {
        PublishedKey { key, name: self.office_name() }
    }

    /// Enters the workspace's key in the list that the public sees; the whole list.
    pub async fn publish_key(&self, office: &Office, actor: &str) -> Result<Vec<PublishedKey>, AppError> {
        publish(&office.store, &self.public_key()?, actor).await?;
        self.published_keys(office).await
    }

    /// The keys that the public sees, oldest first.
    pub async fn published_keys(&self, office: &Office) -> Result<Vec<PublishedKey>, AppError> {
        let keys = office.store.published_keys().await?.into_iter();
        Ok(keys.filter_map(|ProofKey { public_key, name }| Some(PublishedKey { key: PublicKey::parse(&public_key)?, name })).collect())
    }

    /// The certificate of a code as somebody typed it. What is no code costs as much as one that nobody has.
    pub async fn certificate(&self, office: &Office, typed: &str) -> Result<Option<Proof>, AppError> {
        let code = Code::parse(typed).unwrap_or(Code::SPECIMEN);
        Ok(office.store.proof(&code.compact()).await?)
    }

    /// The code of a certificate that is named by its code or its document's id; to somebody who is bound to
    /// `organisation`, those of others are as if they were not there.
    pub async fn code_of(&self, office: &Office, name: &str, organisation: Option<&str>) -> Result<Code, AppError> {
        let found = match Code::parse(name) {
            Some(code) => Some(code.compact()),
            None => office.store.code_of_document(&name.trim().to_uppercase()).await?,
        };
        if let Some(code) = found
            && let Some(own) = office.store.organisation_of_proof(&code).await?
            && (organisation.is_none() || organisation == own.as_deref())
        {
            return Code::parse(&code).ok_or(AppError::Damaged { what: "code" });
        }
        Err(certificate_unknown(name))
    }

    /// The code of a certificate that somebody at this machine names: by its code, its document's id, or a file of it.
    pub async fn code_of_any(&self, office: &Office, name: &str) -> Result<Code, AppError> {
        let path = Path::new(name);
        if !path.is_file() {
            return self.code_of(office, name, None).await;
        }
        let found = office.store.code_of_file(&hash_file(path)?.unwrap_or_default()).await?;
        found.and_then(|code| Code::parse(&code)).ok_or_else(|| certificate_unknown(name))
    }

    /// Takes a certificate back.
    pub async fn revoke(&self, office: &Office, code: Code, reason: &str, actor: &str) -> Result<(), AppError> {
        office.store.revoke_proof(&code.compact(), &plain(reason)?, actor).await.map_err(refused)
    }

    /// Says that the certificate `by` stands for another.
    pub async fn replace(&self, office: &Office, code: Code, by: Code, reason: &str, actor: &str) -> Result<(), AppError> {
        let reason = plain(reason)?;
        if code == by {
            return Err(AppError::Input(vec![Diagnostic::error(
                "replaced-by-itself",
                say!("một giấy không thay thế được chính nó", "a certificate cannot stand for itself"),
            )]));
        }
        office.store.replace_proof(&code.compact(), &by.compact(), &reason, actor).await.map_err(refused)
    }
}

/// Before a batch counts: its key is published, and none of its certificates was taken back before.
pub(super) async fn before_acceptance(prepared: &Prepared, store: &Store, batch: &str, earlier: Option<&Earlier>) -> Result<(), AppError> {
    let Some(issuer) = &prepared.issuer else { return Ok(()) };
    let name = prepared.organisation["ten"].as_str().unwrap_or_default().to_owned();
    publish(store, &PublishedKey { key: *issuer.public_key(), name }, ACTOR).await?;
    let withdrawn = store.withdrawn(batch, earlier.map(|earlier| earlier.batch.as_str())).await?;
    if withdrawn.is_empty() {
        return Ok(());
    }
    let problem = |(number, name): (u64, String)| {
        let message =
            say!("giấy có đúng nội dung này đã bị thu hồi hoặc thay thế", "a certificate that says the very same was revoked or replaced");
        Diagnostic::error("certificate-withdrawn", message).of_record(number, name).remedy(say!(
            "bỏ dòng này, hoặc cấp giấy mới với số hoặc ngày khác",
            "leave the row out, or issue a new one with another number or date"
        ))
    };
    Err(AppError::Input(withdrawn.into_iter().map(problem).collect()))
}

/// What the store keeps of a proof.
pub(super) fn new_proof(proof: Statement) -> NewProof {
    let Statement { code, key, facts: Facts { title, number, date, issuer, holder }, .. } = proof;
    let date = date.map(|date| date.to_string());
    NewProof { code: code.compact(), key: key.to_string(), title, number, date, issuer, holder }
}

async fn publish(store: &Store, key: &PublishedKey, actor: &str) -> Result<(), AppError> {
    let entry = ProofKey { public_key: key.key.text(), name: key.name.clone() };
    store.publish_key(&key.key.id().to_string(), &entry, actor).await?;
    Ok(())
}

/// A reason of one line, which must be there.
fn plain(reason: &str) -> Result<String, AppError> {
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = reason.chars().count();
    if length == 0 || length > REASON_MAX {
        return Err(AppError::Input(vec![Diagnostic::error(
            "reason-length",
            say!("lý do phải có, và không quá {REASON_MAX} ký tự", "a reason is needed, of at most {REASON_MAX} characters"),
        )]));
    }
    Ok(reason)
}

fn refused(error: StoreError) -> AppError {
    match error {
        StoreError::Refused { state, .. } => {
            let message = match state.as_str() {
                "revoked" => say!("giấy này đã bị thu hồi rồi", "the certificate was revoked already"),
                _ => say!("giấy này đã được thay thế rồi", "the certificate was replaced already"),
            };
            AppError::Input(vec![Diagnostic::error("certificate-state", message)])
        }
        other => other.into(),
    }
}

fn certificate_unknown(name: &str) -> AppError {
    AppError::Input(vec![
        Diagnostic::error("certificate-unknown", say!("sổ kiểm tra không có giấy này", "the register of certificates does not have it"))
            .with_value(name)
            .remedy(say!(
                "ghi mã kiểm tra in trên giấy, mã văn bản, hoặc tên tệp PDF đã phát hành",
                "give the code that is printed on it, the document's id, or the PDF as it was issued"
            )),
    ])
}

fn not_configured() -> AppError {
    AppError::Input(vec![Diagnostic::error("verify-missing", say!("{FILE_NAME} chưa có [verify]", "{FILE_NAME} has no [verify]")).remedy(
        say!(
            "thêm [verify] với url = \"https://…\" và key_file = \"{KEY_FILE}\"",
            "add [verify] with url = \"https://…\" and key_file = \"{KEY_FILE}\""
        ),
    )])
}
