//! Batches as pages and programs watch them: those of one's own organisation, their records page by page, their files.
//!
//! Owns who sees a batch, and making on demand what nobody asked for beside the documents: one PDF, one ZIP.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use super::batches::Listed;
use super::complete::stored;
use super::documents::whole;
use super::office::Office;
use super::{App, AppError};
use crate::access::Principal;
use crate::batch::merge::Merge;
use crate::batch::outcome::Outcome;
use crate::batch::outputs::{self, OutputError};
use crate::batch::{Planned, RunError};
use crate::diagnostic::Diagnostic;
use crate::lifecycle::BatchState;
use crate::message::address::Address;
use crate::message::letter::{Addressed, Frozen, MailTerms};
use crate::say;
use crate::sender::queue;
use crate::storage::StorageError;
use crate::store::StoreError;
use crate::store::batches::{Batch, Post};
use crate::store::deliveries::NewDelivery;
use crate::store::records::Standing;

/// Records read at once.
const PAGE: u32 = 500;
/// The file of an archive that names what is not in it.
const LEFT_OUT: &str = "_khong-co.txt";

/// Which records are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// All of them.
    All,
    /// Those that could not be made.
    Failed,
}

/// A file beside the documents of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchFile {
    /// One PDF of all pages.
    Merged,
    /// A ZIP of all documents.
    Archive,
    /// The report.
    Report,
    /// The manifest.
    Manifest,
    /// The rows that were left out, to be corrected.
    Rejected,
}

impl BatchFile {
    /// Its name in the output folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Merged => outputs::MERGED,
            Self::Archive => outputs::ARCHIVE,
            Self::Report => outputs::REPORT,
            Self::Manifest => outputs::MANIFEST,
            Self::Rejected => outputs::REJECTED,
        }
    }
}

/// A file to hand out; one that was made for this only goes when it is opened.
#[derive(Debug)]
pub struct HandedOut {
    /// The open file.
    pub file: File,
    /// Its size in bytes.
    pub bytes: u64,
}

impl App {
    /// A batch that `principal` sees, with its counts.
    pub async fn batch_seen(&self, office: &Office, principal: &Principal, id: &str) -> Result<Listed, AppError> {
        let batch = office.store.batch(id).await?;
        if !principal.sees(batch.organisation.as_deref()) {
            return Err(StoreError::Unknown { what: format!("batch {id}") }.into());
        }
        let tally = office.store.tally(id).await?;
        Ok(Listed { batch, tally })
    }

    /// What planning had found.
    pub fn planned_of(&self, batch: &Batch) -> Result<Planned, AppError> {
        stored(&batch.plan, "plan")
    }

    /// At most `limit` records from a position on, in the order of printing.
    pub async fn record_page(&self, office: &Office, batch: &str, pick: Pick, from: u64, limit: u32) -> Result<Vec<Standing>, AppError> {
        Ok(match pick {
            Pick::All => office.store.standings(batch, from, limit).await?,
            Pick::Failed => office.store.failed_standings(batch, from, limit).await?,
        })
    }

    /// How many messages of a batch are in which state, by the states' names.
    pub async fn mail_tally(&self, office: &Office, batch: &str) -> Result<Vec<(String, u64)>, AppError> {
        Ok(office.store.delivery_tally(Some(batch)).await?)
    }

    /// The document of a record for `asker`, with the fetch noted: its file name and its bytes.
    pub async fn document_of(&self, office: &Office, asker: &Principal, batch: &str, number: u64) -> Result<(String, Vec<u8>), AppError> {
        let unknown = || StoreError::Unknown { what: format!("document of record {number}") };
        let document = self.document_of_record(office, asker, batch, number).await?.ok_or_else(unknown)?;
        let position = office.store.position(batch, number).await?;
        let file = office.store.standings(batch, position, 1).await?.into_iter().next().ok_or_else(unknown)?.file;
        Ok((file, self.fetch_document(office, asker, &document).await?))
    }

    /// A file beside the documents for `asker`, with the fetch noted; one PDF or ZIP of them is made where nobody had asked for
    /// it, or where some do not stand any more.
    pub async fn batch_file(&self, office: &Office, asker: &Principal, batch: &Batch, file: BatchFile) -> Result<HandedOut, AppError> {
        let handed = self.batch_file_of(office, batch, file).await?;
        self.note_fetch(office, asker, batch, file.name()).await?;
        Ok(handed)
    }

    /// Notes that `asker` fetched `file` of a batch.
    pub(super) async fn note_fetch(&self, office: &Office, asker: &Principal, batch: &Batch, file: &str) -> Result<(), AppError> {
        Ok(office.store.audit(&asker.name, "batch.fetch", &batch.id, file).await?)
    }

    /// Documents of a batch that were revoked, replaced or erased since: the record's name and the document's state.
    pub async fn taken_back(&self, office: &Office, batch: &str) -> Result<Vec<(String, String)>, AppError> {
        Ok(office.store.taken_back(batch).await?.into_iter().map(|(label, _, state)| (label, state)).collect())
    }

    async fn batch_file_of(&self, office: &Office, batch: &Batch, file: BatchFile) -> Result<HandedOut, AppError> {
        let gathers = matches!(file, BatchFile::Merged | BatchFile::Archive);
        let taken_back = if gathers { office.store.taken_back(&batch.id).await? } else { Vec::new() };
        let path = office.folder_of(&batch.output).join(file.name());
        let is_latest = office.store.latest_batch_of(&batch.output).await?.is_some_and(|latest| latest.id == batch.id);
        if batch.completed_at.is_some() && is_latest && taken_back.is_empty() && path.is_file() {
            return open(&path);
        }
        if file == BatchFile::Report && batch.state == BatchState::Cancelled {
            return self.report_of(office, batch).await;
        }
        if !gathers {
            return Err(StoreError::Unknown { what: format!("file {}", file.name()) }.into());
        }
        let mut documents = Vec::new();
        let mut from = 0;
        loop {
            let page = office.store.standings(&batch.id, from, PAGE).await?;
            let Some(last) = page.last() else { break };
            from = last.position + 1;
            documents.extend(page.into_iter().filter(Standing::stands).filter_map(|standing| {
                let made = standing.document?;
                Some(Gathered { name: standing.file, path: office.objects.path(&made.object), sha256: made.sha256 })
            }));
        }
        if documents.is_empty() {
            return Err(if taken_back.is_empty() {
                StoreError::Unknown { what: format!("documents of batch {}", batch.id) }.into()
            } else {
                none_stands()
            });
        }
        let scratch = self.scratch(office, "ra").await?;
        tokio::task::spawn_blocking(move || {
            let made = gather(&scratch, &documents, &taken_back, file).and_then(|()| open(&scratch));
            // Open files outlive their names.
            let _ = std::fs::remove_file(&scratch);
            made
        })
        .await
        .map_err(|_| AppError::Run(RunError::Task))?
    }

    /// The report of a batch that was given up, which nothing puts into its folder.
    async fn report_of(&self, office: &Office, batch: &Batch) -> Result<HandedOut, AppError> {
        let mut all = self.records(office, &batch.id).await?;
        all.extend(self.planned_of(batch)?.rejected_rows.iter().map(Outcome::of_rejected));
        all.sort_by_key(|outcome| outcome.number);
        let scratch = self.scratch(office, "xlsx").await?;
        let written = outputs::write_report(&scratch, &all, self.language).map_err(AppError::from).and_then(|()| open(&scratch));
        let _ = std::fs::remove_file(&scratch);
        written
    }

    /// Lets the messages of a batch go to the outbox that wait for a person: those that it holds, and when it was given up, those
    /// of the documents that it came to. How many are new there.
    pub async fn release_in(&self, office: &Office, batch: &Batch, actor: &str) -> Result<u64, AppError> {
        let waits = batch.post == Post::Held || (batch.post == Post::Pending && batch.state == BatchState::Cancelled);
        if !waits {
            let problem = Diagnostic::error("post-state", say!("lô này không có thư đang giữ lại", "the batch holds no messages back"));
            return Err(problem.with_value(&batch.id).into());
        }
        if !batch.state.is_final() {
            let problem = Diagnostic::error("post-state", say!("lô này chưa làm xong", "the batch is not finished"));
            let remedy = say!("chờ lô xong, hoặc hủy phần còn lại", "wait until it is, or give the rest up");
            return Err(problem.with_value(&batch.id).remedy(remedy).into());
        }
        let queued = queue::queue_released(&office.store, batch).await?;
        office.store.audit(actor, "batch.release", &batch.id, &queued.to_string()).await?;
        Ok(queued)
    }

    /// Messages of a batch that wait for a person, or would: one a document. True when those of one recipient go together.
    pub async fn held_messages(&self, office: &Office, batch: &Batch) -> Result<(u64, bool), AppError> {
        let setting: serde_json::Value = stored(&batch.setting, "setting")?;
        Ok((office.store.documents_with_message(&batch.id).await?, setting["mail"]["together"] == true))
    }

    /// Gives up the messages of a batch that wait for a person: they are never sent.
    pub async fn drop_held(&self, office: &Office, batch: &Batch, actor: &str) -> Result<(), AppError> {
        if office.store.drop_held_messages(&batch.id, actor).await? {
            return Ok(());
        }
        let problem = Diagnostic::error("post-state", say!("lô này không có thư đang giữ lại", "the batch holds no messages back"));
        Err(problem.with_value(&batch.id).into())
    }

    /// Sends the message of a record to `to` instead of its recipients, marked as a test.
    pub async fn send_test(&self, office: &Office, batch: &Batch, number: u64, to: &str, actor: &str) -> Result<(), AppError> {
        let address = Address::parse(to).map_err(|problem| vec![*problem])?;
        let setting: serde_json::Value = stored(&batch.setting, "setting")?;
        let terms: Option<MailTerms> = serde_json::from_value(setting["mail"].clone()).ok();
        let position = office.store.position(&batch.id, number).await?;
        let standing = office.store.standings(&batch.id, position, 1).await?.into_iter().next();
        let standing = standing.filter(Standing::stands);
        let found = standing.and_then(|standing| Some((standing.file, standing.document?, standing.mail?))).zip(terms);
        let Some(((file, document, mail), terms)) = found else {
            return Err(AppError::Input(vec![
                Diagnostic::error(
                    "test-none",
                    say!("mục này chưa có văn bản hoặc không có thư", "this record has no document or no message yet"),
                )
                .remedy(say!("chọn một mục đã tạo xong và có địa chỉ thư", "choose one that is made and has an address")),
            ]));
        };
        let addressed: Addressed = stored(&mail, "mail")?;
        let now = office.store.now().await?;
        let frozen = Frozen::of(&terms, &addressed, to, now);
        let frozen = Frozen { subject: format!("[Thử] {}", frozen.subject), to_name: None, ..frozen };
        let delivery = NewDelivery {
            batch: batch.id.clone(),
            record: number,
            recipient: to.to_owned(),
            recipient_key: address.key(),
            domain: address.domain().to_owned(),
            purpose: "test".to_owned(),
            // Each test is one of its own.
            generation: u32::try_from(now / 1_000).unwrap_or(u32::MAX),
            sender: frozen.from.clone(),
            relay: terms.relay.clone(),
            message: serde_json::to_string(&frozen).map_err(|_| AppError::Damaged { what: "message" })?,
            documents: vec![(document.id, file)],
            life: terms.life,
        };
        office.store.queue(std::slice::from_ref(&delivery)).await?;
        Ok(office.store.audit(actor, "mail.test", &batch.id, &number.to_string()).await?)
    }
}

pub(super) fn open(path: &std::path::Path) -> Result<HandedOut, AppError> {
    let file = File::open(path).map_err(StorageError::read(path))?;
    let bytes = file.metadata().map_err(StorageError::read(path))?.len();
    Ok(HandedOut { file, bytes })
}

/// A document on its way into a larger file.
struct Gathered {
    name: String,
    path: PathBuf,
    sha256: String,
}

/// Every document of the batch was revoked, replaced or erased.
pub(super) fn none_stands() -> AppError {
    let message =
        say!("mọi văn bản của lô đã bị thu hồi, thay thế hoặc xóa", "every document of the batch was revoked, replaced or erased");
    Diagnostic::error("documents-none", message).into()
}

/// Writes documents into one file at `path`; an archive says which are left out because they do not stand any more.
fn gather(path: &std::path::Path, documents: &[Gathered], left_out: &[(String, String, String)], kind: BatchFile) -> Result<(), AppError> {
    let output = BufWriter::new(File::create(path).map_err(StorageError::write(path))?);
    if kind == BatchFile::Merged {
        let mut merge = Merge::new(output).map_err(OutputError::from)?;
        for Gathered { name, path, sha256 } in documents {
            merge.add(name, &whole(path, sha256)?).map_err(OutputError::from)?;
        }
        merge.finish().map_err(OutputError::from)?.flush().map_err(StorageError::write(path))?;
        return Ok(());
    }
    let mut archive = zip::ZipWriter::new(output);
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for document in documents {
        archive.start_file(document.name.as_str(), options).map_err(OutputError::from)?;
        archive.write_all(&whole(&document.path, &document.sha256)?).map_err(StorageError::write(path))?;
    }
    if !left_out.is_empty() {
        archive.start_file(LEFT_OUT, options).map_err(OutputError::from)?;
        archive.write_all(left_out_text(left_out).as_bytes()).map_err(StorageError::write(path))?;
    }
    Ok(archive.finish().map_err(OutputError::from)?.flush().map_err(StorageError::write(path))?)
}

/// What an archive says of the documents that are not in it.
fn left_out_text(left_out: &[(String, String, String)]) -> String {
    let mut text = String::from("Không có trong tệp này / Not in this archive:\r\n");
    for (_, file, state) in left_out {
        let why = match state.as_str() {
            "revoked" => "đã thu hồi / revoked",
            "superseded" => "đã thay thế / replaced",
            _ => "đã xóa / erased",
        };
        text.push_str(&format!("{file}: {why}\r\n"));
    }
    text
}
