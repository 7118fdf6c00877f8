//! What became of each record of a batch, for people and for the outputs.
//!
//! Owns the outcome as it is shown and counted. It is read back from the store when a run has ended; nothing here is kept.

use super::planned::Rejected;
use super::run::StageTimes;
use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::lifecycle::{BatchState, RecordState};
use crate::say;
use crate::store::records::Standing;

/// Folder for documents of earlier runs that are no longer in the list.
pub const SET_ASIDE_FOLDER: &str = "_cu";

/// What became of one record.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its number in the list.
    pub number: u64,
    /// Zero-based place in the order of printing; after all others for a refused row.
    pub position: u64,
    /// A name a person recognises.
    pub label: String,
    /// SHA-256 of what decides its bytes.
    pub digest: String,
    /// The document, when it was made.
    pub made: Option<Document>,
    /// It was there already, from an earlier run.
    pub kept: bool,
    /// The document was revoked, replaced or erased since: its state.
    pub withdrawn: Option<String>,
    /// Its batch was given up before its turn.
    pub cancelled: bool,
    /// It killed two workers.
    pub quarantined: bool,
    /// It was refused before anything rendered.
    pub rejected: bool,
    /// Why it was not made; or warnings.
    pub reasons: Vec<Diagnostic>,
}

/// A finished document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its id in the store.
    pub id: String,
    /// File name in the output folder.
    pub file: String,
    /// Its object in the storage.
    pub object: String,
    /// SHA-256 of the bytes.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// Pages.
    pub pages: u32,
}

impl Outcome {
    /// The outcome that the store tells of.
    pub fn of(standing: Standing) -> Self {
        let Standing { number, position, state, label, file, digest, reasons, kept, document, document_state, mail: _ } = standing;
        let made = document.filter(|_| state == RecordState::Stored).map(|made| Document {
            id: made.id,
            file,
            object: made.object,
            sha256: made.sha256,
            bytes: made.bytes,
            pages: made.pages,
        });
        Self {
            number,
            position,
            digest,
            withdrawn: Some(document_state).filter(|state| made.is_some() && state != "stored"),
            made,
            kept,
            cancelled: state == RecordState::Cancelled,
            quarantined: state == RecordState::Quarantined,
            rejected: false,
            reasons: reasons_of(&reasons, number, &label),
            label,
        }
    }

    /// The document, when it was made and still stands.
    pub fn standing(&self) -> Option<&Document> {
        self.made.as_ref().filter(|_| self.withdrawn.is_none())
    }

    /// `made`, `failed`, `quarantined`, `cancelled` or `rejected`.
    pub fn state(&self) -> &'static str {
        match &self.made {
            Some(_) => "made",
            None if self.rejected => "rejected",
            None if self.quarantined => "quarantined",
            None if self.cancelled => "cancelled",
            None => "failed",
        }
    }

    /// The outcome of a row that planning refused.
    pub fn of_rejected(row: &Rejected) -> Self {
        Self {
            number: row.number,
            position: u64::MAX,
            label: row.label.clone(),
            digest: String::new(),
            made: None,
            kept: false,
            withdrawn: None,
            cancelled: false,
            quarantined: false,
            rejected: true,
            reasons: row.diagnostics.clone(),
        }
    }

    /// The state for people.
    pub fn state_text(&self) -> Text {
        match self.withdrawn.as_deref() {
            Some("revoked") => return say!("đã thu hồi", "revoked"),
            Some("superseded") => return say!("đã thay thế", "replaced"),
            Some(_) => return say!("đã xóa nội dung", "erased"),
            None => {}
        }
        match self.state() {
            "made" => say!("đã tạo", "made"),
            "cancelled" => say!("đã hủy", "given up"),
            "quarantined" => say!("tách riêng", "quarantined"),
            "rejected" => say!("dữ liệu sai", "invalid data"),
            _ => say!("không tạo được", "failed"),
        }
    }
}

/// How many records came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Accepted into the run.
    pub accepted: u64,
    /// Made now.
    pub made: u64,
    /// Found made by an earlier run, unchanged.
    pub kept: u64,
    /// Refused by the page or its checks.
    pub failed: u64,
    /// Set apart.
    pub quarantined: u64,
}

impl Counts {
    /// Has every accepted record come to exactly one end?
    pub fn reconcile(&self) -> bool {
        self.accepted == self.made + self.kept + self.failed + self.quarantined
    }

    /// Records that have come to an end.
    pub fn ended(&self) -> u64 {
        self.made + self.kept + self.failed + self.quarantined
    }

    /// Adds what one group came to.
    pub fn add(&mut self, group: &Self) {
        self.made += group.made;
        self.kept += group.kept;
        self.failed += group.failed;
        self.quarantined += group.quarantined;
    }
}

/// The end of a run.
#[derive(Debug, Default)]
pub struct Summary {
    /// The batch in the store.
    pub batch: String,
    /// The counts.
    pub counts: Counts,
    /// Each record, in the order of the list.
    pub outcomes: Vec<Outcome>,
    /// Documents of earlier runs that were set aside.
    pub set_aside: Vec<String>,
    /// Stopped by the user before the end.
    pub stopped: bool,
    /// Held or given up by somebody before the end.
    pub held: Option<Held>,
    /// Where the time went.
    pub times: StageTimes,
}

/// Why a run ended before its batch.
#[derive(Debug, Clone)]
pub struct Held {
    /// Paused or cancelled; running when others still work on it.
    pub state: BatchState,
    /// The words of whoever did it.
    pub reason: String,
}

/// The diagnostics that the store keeps for a record.
fn reasons_of(json: &str, number: u64, label: &str) -> Vec<Diagnostic> {
    let reasons: Vec<Diagnostic> = serde_json::from_str(json).unwrap_or_default();
    reasons.into_iter().map(|reason| reason.of_record(number, label)).collect()
}

/// A file that is not ours stands where a document should.
pub fn in_the_way(file: &str) -> Diagnostic {
    Diagnostic::error(
        "file-in-the-way",
        say!("đã có tệp “{file}” không do lần chạy trước tạo ra", "there is a file “{file}” that no earlier run made"),
    )
    .remedy(say!(
        "đổi tên hoặc chuyển tệp đó đi rồi chạy lại; tệp có sẵn không bao giờ bị ghi đè",
        "rename or move that file and run again; existing files are never overwritten"
    ))
}
