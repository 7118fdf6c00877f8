//! Drafts on both databases: revisions, uploads that count once they are adopted, rows, states.

use vanthu::lifecycle::DraftState;
use vanthu::store::draft_rows::{DraftRow, DraftSheet, Window};
use vanthu::store::drafts::{Act, Draft, DraftFilter, NewDraft, WITHDRAW};
use vanthu::store::{Store, StoreError};

use super::{Place, run};

macro_rules! on_both_databases {
    ($($name:ident)+) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::run(super::$name(super::Place::file(stringify!($name)))); })+
        }
        mod on_postgresql {
            $(#[test] fn $name() { super::run(super::$name(super::Place::server())); })+
        }
    };
}

on_both_databases! {
    an_upload_counts_once_it_is_adopted_and_replaces_the_one_before
    a_row_is_corrected_once_and_who_saw_it_before_is_told
    states_follow_their_graph_and_each_step_is_in_the_log
    the_same_key_is_the_same_draft_and_lists_keep_to_their_organisation
}

async fn begun(store: &Store, key: Option<&str>) -> Draft {
    let new = NewDraft {
        key: key.map(str::to_owned),
        key_digest: None,
        owner: "lan".into(),
        organisation: Some("hoi".into()),
        template: "giay-khen".into(),
        request: "{}".into(),
    };
    store.begin_draft(&new).await.unwrap()
}

fn act<'a>(draft: &'a Draft, revision: u64, action: &'a str) -> Act<'a> {
    Act { draft: &draft.id, revision, actor: "lan", action }
}

fn row(number: u64, content: &str) -> DraftRow {
    DraftRow { sheet: 0, number, content: content.into() }
}

/// A draft with a table of `count` rows; the revision that adopted it.
async fn filled(store: &Store, draft: &Draft, revision: u64, count: u64) -> u64 {
    let upload = store.begin_upload(&draft.id).await.unwrap();
    let rows: Vec<DraftRow> = (1..=count).map(|number| row(number, &format!("hàng {number}"))).collect();
    let sheet = DraftSheet { sheet: 0, content: "trang".into(), fault: None, rows: count };
    store.add_to_upload(&draft.id, upload, &[sheet], &rows).await.unwrap();
    store.adopt_upload(act(draft, revision, "draft.upload"), upload, "đầu", "sha").await.unwrap()
}

async fn numbers(store: &Store, id: &str, window: Window<'_>, limit: u32) -> Vec<u64> {
    let upload = store.draft(id).await.unwrap().upload;
    store.draft_rows(id, upload, 0, window, limit).await.unwrap().iter().map(|row| row.number).collect()
}

async fn an_upload_counts_once_it_is_adopted_and_replaces_the_one_before(place: Place) {
    let store = place.open().await;
    let draft = begun(&store, None).await;
    let revision = filled(&store, &draft, 1, 5).await;
    assert_eq!(numbers(&store, &draft.id, Window::From(3), 9).await, [3, 4, 5]);
    assert_eq!(numbers(&store, &draft.id, Window::Before(4), 2).await, [2, 3]);
    assert_eq!(numbers(&store, &draft.id, Window::At(&[5, 1, 9]), 9).await, [1, 5]);
    assert_eq!(numbers(&store, &draft.id, Window::At(&[]), 9).await, [0_u64; 0]);
    let half = store.begin_upload(&draft.id).await.unwrap();
    store.add_to_upload(&draft.id, half, &[], &[row(7, "nửa chừng")]).await.unwrap();
    assert_eq!(numbers(&store, &draft.id, Window::From(0), 9).await, [1, 2, 3, 4, 5], "what is not adopted is not there");
    store.abandon_upload(&draft.id, half).await.unwrap();
    let now = store.draft(&draft.id).await.unwrap();
    store.abandon_upload(&draft.id, now.upload).await.unwrap();
    assert_eq!(numbers(&store, &draft.id, Window::From(0), 9).await.len(), 5, "the table that holds is not abandoned");
    assert_eq!(filled(&store, &draft, revision, 2).await, revision + 1);
    assert_eq!(numbers(&store, &draft.id, Window::From(0), 9).await, [1, 2]);
    assert_eq!(store.draft_sheets(&draft.id, now.upload).await.unwrap(), []);
    let stale = store.adopt_upload(act(&draft, 1, "draft.upload"), half, "đầu", "sha").await;
    assert!(matches!(stale, Err(StoreError::Stale { .. })), "{stale:?}");
}

async fn a_row_is_corrected_once_and_who_saw_it_before_is_told(place: Place) {
    let store = place.open().await;
    let draft = begun(&store, None).await;
    let revision = filled(&store, &draft, 1, 3).await;
    let upload = store.draft(&draft.id).await.unwrap().upload;
    let correct = |revision, before: DraftRow, after: &'static str| {
        let (store, draft) = (store.clone(), draft.clone());
        async move { store.correct_draft_row(act(&draft, revision, "draft.correct"), upload, &before, after).await }
    };
    let (one, two) = tokio::join!(correct(revision, row(2, "hàng 2"), "một"), correct(revision, row(2, "hàng 2"), "hai"));
    let stale = [&one, &two].into_iter().filter(|result| matches!(result, Err(StoreError::Stale { .. }))).count();
    assert_eq!((one.is_ok() || two.is_ok(), stale), (true, 1), "{one:?} {two:?}");
    let other = correct(revision + 1, row(2, "hàng 2"), "ba").await;
    assert!(matches!(other, Err(StoreError::Stale { .. })), "the row is not what was seen: {other:?}");
    let after = store.draft(&draft.id).await.unwrap();
    assert_eq!((after.revision, after.table_revision), (revision + 1, revision + 1), "what was refused left nothing");
    store.keep_check(&draft.id, revision, "\"cũ\"").await.unwrap();
    assert_eq!(store.draft(&draft.id).await.unwrap().checked, None, "a check of an older revision is not kept");
    store.keep_check(&draft.id, revision + 1, "\"mới\"").await.unwrap();
    assert_eq!(store.draft(&draft.id).await.unwrap().checked_revision, Some(revision + 1));
}

async fn states_follow_their_graph_and_each_step_is_in_the_log(place: Place) {
    let store = place.open().await;
    let draft = begun(&store, None).await;
    let asked = store.step_draft(act(&draft, 1, "draft.ask"), DraftState::Waiting, false, "").await.unwrap();
    let changed = store.change_draft(act(&draft, asked, "draft.options"), "{}").await;
    assert!(matches!(changed, Err(StoreError::Refused { .. })), "{changed:?}");
    let back = store.step_draft(act(&draft, asked, WITHDRAW), DraftState::Open, false, "").await.unwrap();
    let asked = store.step_draft(act(&draft, back, "draft.ask"), DraftState::Waiting, false, "").await.unwrap();
    let no = store.step_draft(act(&draft, asked, "draft.reject"), DraftState::Rejected, true, "sai tên").await.unwrap();
    assert_eq!(store.draft(&draft.id).await.unwrap().decided_by.as_deref(), Some("lan"));
    let direct = store.step_draft(act(&draft, no, "draft.ask"), DraftState::Waiting, false, "").await;
    assert!(matches!(direct, Err(StoreError::Refused { .. })), "what was returned is changed first: {direct:?}");
    let open = store.change_draft(act(&draft, no, "draft.options"), "{}").await.unwrap();
    store.draft_became(act(&draft, open, "draft.submit"), "LÔ", false).await.unwrap();
    store.draft_became(act(&draft, open, "draft.submit"), "LÔ KHÁC", false).await.unwrap();
    let end = store.draft(&draft.id).await.unwrap();
    assert_eq!((end.state, end.batch.as_deref()), (DraftState::Submitted, Some("LÔ")));
    let log: Vec<String> = store.audit_lines(0, 20).await.unwrap().into_iter().map(|line| line.action).collect();
    assert_eq!(log, ["draft.ask", "draft.withdraw", "draft.ask", "draft.reject", "draft.submit"]);
    assert_eq!(store.draft_changes(&draft.id).await.unwrap().len(), 6);
}

async fn the_same_key_is_the_same_draft_and_lists_keep_to_their_organisation(place: Place) {
    let store = place.open().await;
    let (one, two) = (begun(&store, Some("k")).await, begun(&store, Some("k")).await);
    assert_eq!(one.id, two.id);
    let other = NewDraft {
        key: Some("k".into()),
        key_digest: None,
        owner: "la".into(),
        organisation: None,
        template: "giay-khen".into(),
        request: "{}".into(),
    };
    assert!(matches!(store.begin_draft(&other).await, Err(StoreError::KeyReused { .. })));
    begun(&store, None).await;
    for (organisation, states, count) in [
        (None, DraftState::ALL, 2),
        (Some("hoi"), DraftState::ALL, 2),
        (Some("khac"), DraftState::ALL, 0),
        (None, &[DraftState::Waiting][..], 0),
    ] {
        assert_eq!(
            store.drafts(&DraftFilter { organisation, owner: None, states }, None, 9).await.unwrap().len(),
            count,
            "{organisation:?} {states:?}"
        );
    }
}
