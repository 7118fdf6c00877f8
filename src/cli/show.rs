//! How results look: diagnostics, summaries, tables, and JSON for programs.
//!
//! Owns the words around the values. Results go to stdout, everything about the way there to stderr; nothing depends on
//! colour.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::app::{AppError, Ran};
use crate::batch::outcome::{Held, SET_ASIDE_FOLDER};
use crate::batch::{Planned, outputs};
use crate::diagnostic::{Diagnostic, chain, describe_all};
use crate::language::{Language, Text};
use crate::lifecycle::BatchState;
use crate::say;

/// Diagnostics printed before the rest is only counted.
const SHOWN_MAX: usize = 50;

/// Where to and in which language.
#[derive(Debug, Clone, Copy)]
pub struct Show {
    /// Language of the sentences.
    pub language: Language,
    /// JSON instead of text?
    pub json: bool,
}

impl Show {
    /// One line of the result.
    pub fn line(&self, text: &str) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    /// One sentence of the result.
    pub fn say(&self, text: &Text) {
        self.line(text.in_language(self.language));
    }

    /// One sentence about the way there, on stderr; nothing with `--json`.
    pub fn progress(&self, text: &Text) {
        if !self.json {
            let _ = writeln!(std::io::stderr(), "{}", text.in_language(self.language));
        }
    }

    /// One JSON document as the whole result.
    pub fn document(&self, value: &Value) {
        self.line(&format!("{value:#}"));
    }

    /// Diagnostics on stderr.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        let (described, skipped) = describe_all(diagnostics, self.language, SHOWN_MAX);
        let mut stderr = std::io::stderr().lock();
        for lines in described {
            let _ = writeln!(stderr, "{lines}");
        }
        if skipped > 0 {
            let more = say!("… và {skipped} mục nữa", "… and {skipped} more");
            let _ = writeln!(stderr, "{}", more.in_language(self.language));
        }
    }

    /// Diagnostics as JSON.
    pub fn diagnostics_json(&self, diagnostics: &[Diagnostic]) -> Value {
        diagnostics.iter().map(|diagnostic| diagnostic.to_json(self.language)).collect()
    }

    /// A use-case that did not come to its end.
    pub fn error(&self, error: &AppError) {
        match error {
            AppError::Input(diagnostics) if self.json => {
                self.document(&json!({ "ok": false, "diagnostics": self.diagnostics_json(diagnostics) }));
            }
            AppError::Input(diagnostics) => self.diagnostics(diagnostics),
            other => {
                let described = other.describe();
                if self.json {
                    let sentence = described.in_language(self.language);
                    self.document(&json!({ "ok": false, "error": sentence, "detail": chain(other), "retryable": other.is_transient() }));
                } else {
                    let head = say!("vanthu không làm tiếp được: {}", "vanthu cannot go on: {}", described.in_language(self.language));
                    let _ = writeln!(std::io::stderr(), "{}", head.in_language(self.language));
                    if let Some(remedy) = remedy(other) {
                        let _ = writeln!(std::io::stderr(), "    {}", remedy.in_language(self.language));
                    }
                }
            }
        }
    }

    /// The end of `check`.
    pub fn checked(&self, planned: &Planned) {
        if self.json {
            self.document(&json!({
                "ok": planned.rejected == 0 && !crate::diagnostic::any_error(&planned.diagnostics),
                "valid": planned.accepted,
                "rejected": planned.rejected,
                "diagnostics": self.diagnostics_json(&planned.diagnostics),
                "unshown": planned.unshown,
            }));
            return;
        }
        self.diagnostics(&planned.diagnostics);
        self.counted(planned);
    }

    /// The end of `run`.
    pub fn ran(&self, ran: &Ran, ok: bool) {
        if self.json {
            self.document(&ran_json(self, ran, ok));
            return;
        }
        let output = ran.output.display();
        for older in &ran.superseded {
            self.say(&say!(
                "Danh sách đã đổi: lô {older} còn dở của thư mục này được hủy, phần chưa làm nằm trong lô mới.",
                "The list has changed: batch {older} of this folder, which was not finished, is given up; the new batch does the rest."
            ));
        }
        if let Some(batch) = &ran.submitted {
            self.counted(&ran.planned);
            self.say(&say!(
                "Đã nhận lô {batch}; theo dõi: vanthu batch watch {batch}",
                "Accepted as batch {batch}; follow it: vanthu batch watch {batch}"
            ));
            return;
        }
        let Some(summary) = &ran.summary else {
            self.counted(&ran.planned);
            if ran.extras.contains(&outputs::REJECTED) {
                self.say(&say!(
                    "Các dòng cần sửa: {output}/{}; sửa trong danh sách gốc, hoặc sửa ngay tệp đó rồi làm vào thư mục khác (--out).",
                    "Rows to correct: {output}/{}; correct the list itself, or that file and make it into another folder (--out).",
                    outputs::REJECTED
                ));
            }
            self.say(&say!(
                "Chưa tạo văn bản nào. Sửa dữ liệu rồi chạy lại, hoặc thêm --only-valid để làm các dòng đúng.",
                "No document was made. Correct the data and run again, or add --only-valid to go on with the valid rows."
            ));
            return;
        };
        let problems: Vec<Diagnostic> = summary.outcomes.iter().flat_map(|outcome| outcome.reasons.clone()).collect();
        self.diagnostics(&problems);
        let counts = summary.counts;
        let (made, failed, quarantined) = (counts.made + counts.kept, counts.failed, counts.quarantined);
        let documents = if made == 1 { "document" } else { "documents" };
        self.say(&say!(
            "Đã tạo {made} văn bản, không tạo được {failed}, tách riêng {quarantined}.",
            "Made {made} {documents}, failed {failed}, quarantined {quarantined}."
        ));
        if counts.kept > 0 {
            let kept = counts.kept;
            self.say(&say!("Trong đó {kept} văn bản đã có từ lần chạy trước.", "Of these, {kept} came from an earlier run."));
        }
        if ran.planned.rejected > 0 {
            let rejected = ran.planned.rejected;
            let rows = if rejected == 1 { "row" } else { "rows" };
            self.say(&say!("Bỏ qua {rejected} dòng sai.", "Left out {rejected} invalid {rows}."));
            if ran.extras.contains(&outputs::REJECTED) {
                let file = ran.output.join(outputs::REJECTED);
                let file = file.display();
                self.say(&say!(
                    "Sửa ngay trong {file} rồi chạy lại lệnh này với --data {file}; các văn bản khác giữ nguyên.",
                    "Correct them in {file} and run this command again with --data {file}; the other documents stay."
                ));
            }
        }
        if !summary.set_aside.is_empty() {
            let moved = summary.set_aside.len();
            let (documents, are, were) = if moved == 1 { ("document", "is", "was") } else { ("documents", "are", "were") };
            self.say(&say!(
                "{moved} văn bản của lần chạy trước không còn trong danh sách, đã chuyển vào {SET_ASIDE_FOLDER}/.",
                "{moved} {documents} of an earlier run {are} no longer in the list and {were} moved to {SET_ASIDE_FOLDER}/."
            ));
        }
        if let Some(held) = &summary.held {
            self.say(&held_text(&summary.batch, held));
        }
        if summary.stopped {
            self.say(&say!("Đã dừng theo yêu cầu; chạy lại lệnh này để làm tiếp.", "Stopped as asked; run the same command to go on."));
        }
        super::outbox::tell_posted(&ran.posted, *self);
        self.say(&say!("Nơi lưu: {output}", "Where: {output}"));
    }

    fn counted(&self, planned: &Planned) {
        let (accepted, rejected) = (planned.accepted, planned.rejected);
        let records = if accepted == 1 { "record" } else { "records" };
        self.say(&say!("{accepted} bản ghi đúng, {rejected} bản ghi sai.", "{accepted} valid {records}, {rejected} invalid."));
        if planned.unshown > 0 {
            let unshown = planned.unshown;
            let (messages, are) = if unshown == 1 { ("message", "is") } else { ("messages", "are") };
            self.say(&say!("Còn {unshown} thông báo không hiện ở đây.", "{unshown} more {messages} {are} not shown here."));
        }
    }
}

/// Why a run ended before its batch did.
fn held_text(batch: &str, held: &Held) -> Text {
    let reason = if held.reason.is_empty() { String::new() } else { format!(" ({})", held.reason) };
    match held.state {
        BatchState::Paused => say!(
            "Lô {batch} đang tạm dừng{reason}. Làm tiếp: vanthu batch resume {batch}, rồi chạy lại lệnh này.",
            "Batch {batch} is paused{reason}. To go on: vanthu batch resume {batch}, then run this command again."
        ),
        BatchState::Cancelled => say!("Lô {batch} đã bị hủy{reason}.", "Batch {batch} was cancelled{reason}."),
        _ => say!("Lô {batch} còn đang được làm ở nơi khác.", "Others still work on batch {batch}."),
    }
}

fn ran_json(show: &Show, ran: &Ran, ok: bool) -> Value {
    let mut value = json!({
        "ok": ok,
        "output": ran.output.display().to_string(),
        "valid": ran.planned.accepted,
        "rejected": ran.planned.rejected,
        "diagnostics": show.diagnostics_json(&ran.planned.diagnostics),
        "extras": ran.extras,
    });
    if !ran.posted.is_empty() {
        value["messages"] = ran.posted.iter().map(|(state, count)| (state.clone(), json!(count))).collect::<serde_json::Map<_, _>>().into();
    }
    if let Some(batch) = &ran.submitted {
        value["batch"] = batch.as_str().into();
    }
    if !ran.superseded.is_empty() {
        value["superseded"] = json!(ran.superseded);
    }
    if let Some(summary) = &ran.summary {
        value["batch"] = summary.batch.as_str().into();
        value["held"] = summary.held.as_ref().map(|held| held.state.name()).into();
        value["counts"] = json!(summary.counts);
        value["stopped"] = summary.stopped.into();
        value["set_aside"] = json!(summary.set_aside);
        value["documents"] = summary
            .outcomes
            .iter()
            .map(|outcome| {
                json!({
                    "record": outcome.number,
                    "name": outcome.label,
                    "state": outcome.state(),
                    "file": outcome.made.as_ref().map(|line| &line.file),
                    "pages": outcome.made.as_ref().map(|line| line.pages),
                    "sha256": outcome.made.as_ref().map(|line| &line.sha256),
                    "reasons": show.diagnostics_json(&outcome.reasons),
                })
            })
            .collect();
    }
    value
}

fn remedy(error: &AppError) -> Option<Text> {
    let chain = chain(error).to_lowercase();
    if chain.contains("no space left") || chain.contains("disk is full") {
        Some(say!(
            "Đĩa đã đầy. Văn bản đã ghi xong vẫn nguyên vẹn; giải phóng chỗ rồi chạy lại lệnh này để làm tiếp.",
            "The disk is full. Documents already made are whole; free some space and run the same command to go on."
        ))
    } else if chain.contains("i/o error") || chain.contains("input/output error") {
        Some(say!(
            "Đĩa báo lỗi, hoặc đã đầy. Xem nhật ký của máy, kiểm tra đĩa, rồi chạy lại lệnh này để làm tiếp.",
            "The disk reports an error, or is full. Look into the machine's log, check the disk, then run the same command to go on."
        ))
    } else if chain.contains("permission denied") || chain.contains("read-only") {
        Some(say!("Không có quyền ghi vào đó; chọn thư mục khác với --out.", "No right to write there; choose another folder with --out."))
    } else if chain.contains("another vanthu") {
        Some(say!(
            "Chờ lần chạy kia xong, hoặc chọn thư mục khác với --out.",
            "Wait for the other run, or choose another folder with --out."
        ))
    } else {
        None
    }
}
