//! Making documents: `/tao`. A template by its picture, a list, its options, a look, the start.
//!
//! Owns the routes and what the pages of a draft share: its steps, and the way from a conflict back to the page.

mod begin;
mod columns;
mod look;
mod options;
mod start;
mod table;
pub(super) mod upload;

use serde_json::{Value, json};

use crate::access::{Principal, Right};
use crate::app::drafts::{Asker, Draft, for_a_page};
use crate::app::{App, AppError};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::lifecycle::DraftState;
use crate::say;
use crate::server::routes::{Route, Rule};
use crate::store::StoreError;

const MAKE: Rule = Rule::Needs(Right::Make);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/tao", MAKE, begin::choose),
        Route::get("/tao/mau/{name}", MAKE, begin::template),
        Route::post("/tao/mau/{name}", MAKE, begin::create).body(upload::BYTES_MAX),
        Route::get("/tao/mau/{name}/anh.png", Rule::SignedIn, begin::picture),
        Route::get("/tao/mau/{name}/bang-mau.xlsx", Rule::SignedIn, begin::workbook),
        Route::get("/tao/{id}", MAKE, table::show),
        Route::post("/tao/{id}/tep", MAKE, table::replace).body(upload::BYTES_MAX),
        Route::post("/tao/{id}/o", MAKE, table::correct),
        Route::post("/tao/{id}/bo-dong", MAKE, table::leave_out),
        Route::post("/tao/{id}/trang", MAKE, table::choose_sheet),
        Route::post("/tao/{id}/cot", MAKE, columns::choose),
        Route::post("/tao/{id}/hinh-thuc", MAKE, columns::choose_form),
        Route::post("/tao/{id}/kiem-tra", MAKE, table::check),
        Route::get("/tao/{id}/tuy-chon", MAKE, options::show),
        Route::post("/tao/{id}/tuy-chon", MAKE, options::set),
        Route::get("/tao/{id}/xem", MAKE, look::show),
        Route::get("/tao/{id}/xem.pdf", MAKE, look::pdf),
        Route::get("/tao/{id}/xem/trang.png", MAKE, look::picture),
        Route::get("/tao/{id}/bat-dau", MAKE, start::show),
        Route::post("/tao/{id}/bat-dau", MAKE, start::submit),
        Route::post("/tao/{id}/rut-lai", MAKE, start::withdraw),
        Route::post("/tao/{id}/xoa", MAKE, begin::delete),
        Route::post("/tao/{id}/duyet", Rule::Needs(Right::Approve), start::approve),
        Route::post("/tao/{id}/tra-lai", Rule::Needs(Right::Approve), start::reject),
    ]
}

/// Who asks, for the use-cases of drafts.
pub(super) fn asker(principal: &Principal) -> Asker<'_> {
    Asker { name: &principal.name, organisation: principal.organisation.as_deref() }
}

/// What every page of a draft shows: its name, its state, how far it is.
pub(super) fn head(app: &App, draft: &Draft, step: u8, language: Language) -> Value {
    let title = app.template(&draft.template);
    let title = title.map_or_else(|_| draft.template.clone(), |template| template.manifest.title.in_language(language).to_owned());
    let check = draft.current_check();
    let needs_approval = app.needs_approval();
    json!({
        "id": draft.id, "revision": draft.revision, "title": title, "template": draft.template, "state": draft.state.name(),
        "state_text": draft.state.text(), "owner": draft.owner, "open": draft.is_open(), "ready": draft.is_ready() && !asks_sheet(draft),
        "file": draft.file.as_ref().map(|file| file.name.clone()), "batch": draft.batch, "reason": draft.reason,
        "decided_by": draft.decided_by, "has_file": draft.file.is_some(), "needs_approval": needs_approval,
        "accepted": check.map_or(0, |check| check.accepted), "rejected": check.map_or(0, |check| check.rejected),
        "checked": check.is_some(), "rejected_state": draft.state == DraftState::Rejected,
        "waiting": draft.state == DraftState::Waiting,
        "submitted": draft.state == DraftState::Submitted,
        "step1": step == 1, "step2": step == 2, "step3": step == 3, "step4": step == 4,
    })
}

/// Is it for a person to say which sheet is the list?
pub(super) fn asks_sheet(draft: &Draft) -> bool {
    draft.is_open() && draft.current_check().is_some_and(|check| !check.alike.is_empty())
}

/// The first findings, with remedies that are steps of these pages.
pub(super) fn foremost(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    const SHOWN_MAX: usize = 6;
    problems.into_iter().filter(Diagnostic::is_error).map(for_a_page).take(SHOWN_MAX).collect()
}

/// What is said of a change that came too late, with what the person had written.
pub(super) fn stale(error: &AppError, written: Option<&str>) -> Option<Diagnostic> {
    let problem = match error {
        AppError::Store(StoreError::Stale { .. }) => Diagnostic::error(
            "draft-stale",
            say!(
                "bản soạn này vừa được sửa ở nơi khác, nên thay đổi của bạn chưa được lưu",
                "this draft was changed elsewhere meanwhile, so your change was not saved"
            ),
        )
        .remedy(say!("đây là bản mới nhất; xem lại rồi sửa tiếp", "this is the latest state; look at it and go on")),
        AppError::Store(StoreError::Refused { state, .. }) if state == DraftState::Waiting.name() => Diagnostic::error(
            "draft-state",
            say!("bản soạn đang chờ duyệt nên chưa sửa được", "the draft waits for approval, so it cannot be changed"),
        )
        .remedy(say!("người soạn rút lại để sửa", "its owner may take it back to change it")),
        AppError::Store(StoreError::Refused { state, .. }) if state == DraftState::Submitted.name() => Diagnostic::error(
            "draft-state",
            say!("bản soạn đã thành lô nên không sửa được nữa", "the draft has become a batch, so it cannot be changed any more"),
        ),
        AppError::Store(StoreError::Refused { .. }) => Diagnostic::error(
            "draft-state",
            say!("bước này không còn hợp với tình trạng của bản soạn", "this step does not fit the draft's state any more"),
        )
        .remedy(say!("xem tình trạng ở đây rồi làm tiếp", "see its state here and go on")),
        _ => return None,
    };
    Some(match written {
        Some(written) => problem.with_value(written),
        None => problem,
    })
}
