//! A folder's own correction workbook as the data of a run: its rows complete the batch that had refused them.
//!
//! Owns when that is safe. The workbook must be that of the folder's latest batch, the batch must have ended, and the page, the
//! organisation and the options must be what they were: else part of one batch would look unlike the rest.

use super::office::Office;
use super::{AppError, Prepared};
use crate::batch::setting::Setting;
use crate::batch::shelf::Shelf;
use crate::batch::supplement::Earlier;
use crate::batch::{Planned, Request, outputs};
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::lifecycle::BatchState;
use crate::say;
use crate::store::batches::Batch;

/// What the store keeps of a batch as JSON.
pub(super) struct Kept {
    pub(super) request: Request,
    pub(super) setting: Setting,
    pub(super) planned: Planned,
}

impl Kept {
    /// Reads it.
    pub(super) fn of(batch: &Batch) -> Result<Self, AppError> {
        Ok(Self {
            request: serde_json::from_str(&batch.request).map_err(|_| AppError::Damaged { what: "request" })?,
            setting: serde_json::from_str(&batch.setting).map_err(|_| AppError::Damaged { what: "setting" })?,
            planned: serde_json::from_str(&batch.plan).map_err(|_| AppError::Damaged { what: "plan" })?,
        })
    }
}

/// Corrected rows and the batch that they complete.
pub(super) struct Supplement {
    /// The batch.
    pub(super) earlier: Earlier,
    /// What all its records share, with the corrections noted.
    pub(super) setting: Setting,
    /// The request, with what the earlier one wanted beside the documents.
    pub(super) request: Request,
}

impl Supplement {
    /// None when the data of `request` are not the folder's own corrections.
    pub(super) async fn of(
        request: &Request,
        prepared: &Prepared,
        setting: &Setting,
        office: &Office,
        shelf: &Shelf,
        latest: Option<Batch>,
    ) -> Result<Option<Self>, AppError> {
        if !is_own_corrections(request) {
            return Ok(None);
        }
        let noted = shelf.noted(outputs::REJECTED).map(|placed| placed.digest.as_str());
        let Some(batch) = latest.filter(|batch| noted == Some(batch.id.as_str())) else {
            return Err(refused_with_the_rest(request).into());
        };
        if batch.state != BatchState::Finished {
            return Err(not_ended(request).into());
        }
        let kept = Kept::of(&batch)?;
        if let Some(changed) = changed(request, &kept.request, setting, &kept.setting) {
            return Err(otherwise(request, &changed).into());
        }
        let earlier = Earlier::read(&office.store, &batch.id, kept.planned, prepared.order.as_ref()).await?;
        let setting = setting.clone().completing(kept.setting);
        let request = Request { merge: request.merge || kept.request.merge, zip: request.zip || kept.request.zip, ..request.clone() };
        Ok(Some(Self { earlier, setting, request }))
    }
}

/// Are the data of `request` the correction workbook of its own output folder?
pub(super) fn is_own_corrections(request: &Request) -> bool {
    let own = request.output.join(outputs::REJECTED);
    std::fs::canonicalize(own).is_ok_and(|own| std::fs::canonicalize(&request.data).is_ok_and(|data| data == own))
}

/// What of a request would make the corrected rows look unlike the rest.
fn changed(now: &Request, then: &Request, setting: &Setting, earlier: &Setting) -> Option<Text> {
    let options = [
        ("--set", now.common != then.common),
        ("--column", now.columns != then.columns),
        ("--name", now.name != then.name),
        ("--order", now.order != then.order),
    ];
    let options: Vec<&str> = options.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
    let options = options.join(", ");
    match (options.is_empty(), setting.is_same_page(earlier)) {
        (true, true) => None,
        (true, false) => {
            Some(say!("mẫu, tổ chức, tùy chọn, phông chữ hoặc cách gửi thư", "template, organisation, options, fonts or mail"))
        }
        (false, _) => Some(say!("{options}", "{options}")),
    }
}

/// The rest of the list was never made, so that the corrected rows would stand alone.
fn refused_with_the_rest(request: &Request) -> Vec<Diagnostic> {
    let output = request.output.display();
    problem(
        request,
        "corrections-in-place",
        say!(
            "tệp chỉ có các dòng đã sửa, còn các dòng khác của danh sách chưa được làm vào thư mục này",
            "the file holds the corrected rows only, and the other rows of the list were not made into this folder"
        ),
        say!(
            "sửa trong danh sách gốc rồi chạy lại, hoặc làm riêng các dòng này vào thư mục khác, ví dụ --out {output}/bo-sung",
            "correct the list itself and run it again, or make these rows into another folder, for example --out {output}/bo-sung"
        ),
    )
}

fn not_ended(request: &Request) -> Vec<Diagnostic> {
    problem(
        request,
        "corrections-early",
        say!("lần chạy đã bỏ lại các dòng này chưa xong", "the run that left these rows out has not ended"),
        say!("chạy lại lệnh trước cho xong rồi mới chạy tệp này", "run the earlier command again until it is done, then this file"),
    )
}

fn otherwise(request: &Request, changed: &Text) -> Vec<Diagnostic> {
    let Text { vi, en } = changed;
    problem(
        request,
        "corrections-otherwise",
        Text {
            vi: format!("lần chạy đã bỏ lại các dòng này dùng {vi} khác"),
            en: format!("the run that left these rows out had other {en}"),
        },
        say!(
            "ghi đúng như lần trước, chỉ đổi --data; nếu muốn đổi cho mọi văn bản, sửa danh sách gốc rồi chạy lại",
            "say what was said then, with another --data only; to change every document, correct the list itself and run it again"
        ),
    )
}

fn problem(request: &Request, code: &'static str, message: Text, remedy: Text) -> Vec<Diagnostic> {
    let file = request.output.join(outputs::REJECTED).display().to_string();
    vec![Diagnostic::error(code, message).at(Place::File { file }).remedy(remedy)]
}
