//! What pages and programs ask of the store, on both databases: finding, keys, links, webhooks, answers.

use vanthu::access::link::LIFE_MAX;
use vanthu::store::answers::{Answer, Begun};
use vanthu::store::api_keys::NewApiKey;
use vanthu::store::batches::{Acceptance, NewRecord};
use vanthu::store::registers::{EntryState, Particulars};
use vanthu::store::search::{DocumentFilter, Page};
use vanthu::store::webhooks::{Tried, Webhook};
use vanthu::store::{Location, Store, StoreError};

use super::{Place, new_batch, record, run, stored};
use crate::support::python;

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
    a_document_is_found_by_number_name_and_date_in_any_spelling
    pages_of_documents_follow_one_another_in_both_directions
    documents_of_an_organisation_a_template_a_batch_and_a_state_are_told_apart
    a_register_is_searched_without_diacritics
    a_key_ends_when_it_is_revoked_and_a_replaced_one_after_its_overlap
    a_use_of_a_key_is_noted_to_the_minute
    a_link_is_counted_and_taken_back
    two_processes_sign_links_with_one_secret
    a_webhook_is_called_once_for_each_event_of_its_organisation
    a_call_that_fails_waits_and_is_given_up_and_one_whose_caller_died_is_made_again
    a_request_is_carried_out_once_under_its_key
}

/// A batch of `hoi` whose records are all made: name, date and data of each.
async fn made(store: &Store, people: &[(&str, &str, &str)]) -> Vec<String> {
    made_by(store, "hoi", people).await
}

async fn made_by(store: &Store, organisation: &str, people: &[(&str, &str, &str)]) -> Vec<String> {
    let batch = vanthu::store::batches::NewBatch { organisation: Some(organisation.into()), ..new_batch(None) };
    let mut planning = store.plan(batch).await.expect("a plan").expect("a new batch");
    for (number, (name, date, content)) in (1..).zip(people) {
        let record = NewRecord {
            label: (*name).into(),
            title: format!("Giấy khen - {name}"),
            date: Some((*date).into()),
            content: (*content).into(),
            ..record(number)
        };
        planning.add(record).await.expect("a record");
    }
    let id = planning.id().to_owned();
    assert_eq!(planning.accept("{}", 0, &[]).await.expect("accepted"), Acceptance::Accepted);
    let mut documents = Vec::new();
    let mut ends = Vec::new();
    for claimed in store.claim(&id, "worker", 100).await.expect("records") {
        let end = stored(store, &claimed).await;
        let vanthu::store::records::End::Stored { document, .. } = &end else { panic!("stored") };
        documents.push(document.id.clone());
        ends.push((claimed, end));
    }
    store.end(ends).await.expect("ended");
    assert!(store.finish(&id).await.expect("finished"));
    documents
}

const PEOPLE: [(&str, &str, &str); 4] = [
    ("Nguyễn Thị Đào", "2026-01-05", r#"{"du_lieu":{"so":"001","so_quyet_dinh":"12/QĐ-HKH"}}"#),
    ("Trần Văn Hòa", "2026-02-10", r#"{"du_lieu":{"so":7},"loi_van":{"ky_hieu":"TB-HKH"}}"#),
    ("Hoà 100%", "2026-03-11", "{}"),
    ("Lê_Ánh", "2025-12-31", "không phải JSON"),
];

async fn names(store: &Store, filter: &DocumentFilter) -> Vec<String> {
    let found = store.find_documents(filter, &Page::First, 50).await.expect("documents");
    assert_eq!(store.count_documents(filter, 1_000).await.expect("a count"), found.len() as u64, "{filter:?}");
    // Several of one millisecond stand in any order.
    let mut names: Vec<String> = found.into_iter().map(|document| document.name).collect();
    names.sort();
    names
}

async fn said(store: &Store, words: &str) -> Vec<String> {
    names(store, &DocumentFilter { words: words.into(), ..DocumentFilter::default() }).await
}

async fn a_document_is_found_by_number_name_and_date_in_any_spelling(place: Place) {
    let store = place.open().await;
    made(&store, &PEOPLE).await;
    assert_eq!(said(&store, "").await, ["Hoà 100%", "Lê_Ánh", "Nguyễn Thị Đào", "Trần Văn Hòa"]);
    for words in ["dao", "ĐÀO", "Dao nguyen", "001", "12/qd", "5/01/2026 thi", "2026-01-05", "giấy khen nguyễn"] {
        assert_eq!(said(&store, words).await, ["Nguyễn Thị Đào"], "{words}");
    }
    assert_eq!(said(&store, "hoa").await, ["Hoà 100%", "Trần Văn Hòa"], "either place of the tone");
    assert_eq!(said(&store, "07/tb-hkh").await, ["Trần Văn Hòa"]);
    assert_eq!(said(&store, "100%").await, ["Hoà 100%"]);
    assert_eq!(said(&store, "_").await, ["Lê_Ánh"], "what SQL means by it is not meant");
    assert_eq!(said(&store, "%").await, ["Hoà 100%"]);
    for nothing in ["\\", "\0", "khong co ai"] {
        assert_eq!(said(&store, nothing).await, Vec::<String>::new(), "{nothing:?}");
    }
    assert_eq!(said(&store, "'; DROP TABLE document; --").await, Vec::<String>::new());
    let dated = |from: Option<&str>, until: Option<&str>| DocumentFilter {
        from: from.map(str::to_owned),
        until: until.map(str::to_owned),
        ..DocumentFilter::default()
    };
    assert_eq!(names(&store, &dated(Some("2026-02-10"), None)).await, ["Hoà 100%", "Trần Văn Hòa"]);
    assert_eq!(names(&store, &dated(Some("2026-01-01"), Some("2026-01-31"))).await, ["Nguyễn Thị Đào"]);
    let found = store.find_documents(&dated(Some("2026-02-01"), Some("2026-02-28")), &Page::First, 1).await.expect("documents");
    let found = &found[0];
    assert_eq!((found.code.as_str(), found.title.as_str(), found.file.as_str()), ("07/TB-HKH", "Giấy khen - Trần Văn Hòa", "2.pdf"));
    assert_eq!((found.organisation.as_deref(), found.template.as_str(), found.state.as_str()), (Some("hoi"), "giay-khen", "stored"));
}

async fn pages_of_documents_follow_one_another_in_both_directions(place: Place) {
    let store = place.open().await;
    let ids = made(&store, &PEOPLE).await;
    let mut newest_first = ids.clone();
    newest_first.sort();
    newest_first.reverse();
    let page = async |page: Page, limit| {
        let found = store.find_documents(&DocumentFilter::default(), &page, limit).await.expect("documents");
        found.into_iter().map(|document| document.id).collect::<Vec<_>>()
    };
    assert_eq!(page(Page::First, 3).await, newest_first[..3]);
    assert_eq!(page(Page::After(newest_first[2].clone()), 3).await, newest_first[3..]);
    assert_eq!(page(Page::Before(newest_first[3].clone()), 2).await, newest_first[1..3], "the nearest of the newer");
    assert_eq!(page(Page::Before(newest_first[0].clone()), 2).await, Vec::<String>::new());
    assert_eq!(page(Page::After("không có".into()), 9).await.len(), 4, "any text is a place in the order");
}

async fn documents_of_an_organisation_a_template_a_batch_and_a_state_are_told_apart(place: Place) {
    let store = place.open().await;
    let ids = made(&store, &PEOPLE[..2]).await;
    made_by(&store, "chi-hoi", &PEOPLE[2..3]).await;
    let one = |change: &dyn Fn(&mut DocumentFilter)| {
        let mut filter = DocumentFilter::default();
        change(&mut filter);
        filter
    };
    assert_eq!(names(&store, &one(&|filter| filter.organisation = Some("chi-hoi".into()))).await, ["Hoà 100%"]);
    assert_eq!(names(&store, &one(&|filter| filter.template = Some("bang-khen".into()))).await, Vec::<String>::new());
    assert_eq!(names(&store, &one(&|filter| filter.state = Some("revoked".into()))).await, Vec::<String>::new());
    let batch = store.found_document(&ids[0]).await.expect("a document").batch;
    assert_eq!(names(&store, &one(&|filter| filter.batch = Some(batch.clone()))).await.len(), 2);
    assert!(matches!(store.found_document("khong-co").await, Err(StoreError::Unknown { .. })));
}

#[test]
fn what_an_earlier_version_did_not_fold_is_folded_when_the_store_is_opened() {
    let place = Place::file("cu");
    let Location::File(path) = &place.location else { panic!("a file") };
    run(async {
        let store = place.open().await;
        made(&store, &PEOPLE).await;
        store.reserve("khen", "2026", 1, 2, "Chờ Chủ tịch ký", "cli").await.expect("reserved");
        store.close().await;
        let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n\
            c.execute(\"UPDATE document SET search=NULL, code='', date=NULL\")\nc.execute('UPDATE entry SET search=NULL')\nc.commit()";
        python(script, &[path]);
        let store = place.open().await;
        assert_eq!(said(&store, "12/qd dao 05/01/2026").await, ["Nguyễn Thị Đào"]);
        assert_eq!(
            store
                .find_documents(&DocumentFilter::default(), &Page::First, 9)
                .await
                .expect("documents")
                .iter()
                .find(|document| document.name == "Trần Văn Hòa")
                .expect("one")
                .code,
            "07/TB-HKH"
        );
        assert_eq!(store.find_entries("khen", "2026", "chu tich", None, None, 9).await.expect("entries").len(), 2);
    });
}

async fn a_register_is_searched_without_diacritics(place: Place) {
    let store = place.open().await;
    store.reserve("di", "2026", 1, 3, "Chờ Chủ tịch ký", "cli").await.expect("reserved");
    let particulars = Particulars {
        code: "02/QĐ-HKH".into(),
        date: "2026-05-19".into(),
        subject: "Quyết định về việc khen thưởng".into(),
        recipient: "Chi hội Đồng Tâm".into(),
        copies: 1,
        ..Particulars::default()
    };
    store.enter_late("di", "2026", 2, &particulars, "vào sau", "cli").await.expect("entered");
    let numbers = async |words: &str, state, below| {
        let found = store.find_entries("di", "2026", words, state, below, 2).await.expect("entries");
        found.into_iter().map(|entry| entry.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers("", None, None).await, [3, 2], "the highest first");
    assert_eq!(numbers("", None, Some(2)).await, [1]);
    assert_eq!(numbers("DONG tam", None, None).await, [2]);
    assert_eq!(numbers("19/05/2026 qd-hkh", None, None).await, [2]);
    assert_eq!(numbers("cho chu tich", None, None).await, [3, 1], "number 2 says something else now");
    assert_eq!(numbers("", Some(EntryState::Taken), None).await, [2]);
}

fn key(id: &str, life: Option<i64>) -> NewApiKey {
    let scopes = vec!["read".to_owned(), "make".to_owned()];
    NewApiKey { id: id.into(), name: "nhân sự".into(), hash: "ab".into(), scopes, organisation: Some("hoi".into()), life }
}

async fn a_key_ends_when_it_is_revoked_and_a_replaced_one_after_its_overlap(place: Place) {
    let store = place.open().await;
    store.add_api_key(&key("cu", None), None, "an").await.expect("a key");
    let now = store.now().await.expect("a time");
    store.add_api_key(&key("moi", Some(86_400_000)), Some(("cu", 60_000)), "an").await.expect("a key");
    let old = store.api_key("cu").await.expect("a key").expect("the old");
    assert_eq!(old.replaced_by.as_deref(), Some("moi"));
    let end = old.expires_at.expect("an end");
    assert!((now + 60_000..now + 90_000).contains(&end), "{now} {end}");
    assert!(old.is_live(end - 1) && !old.is_live(end));
    let new = store.api_key("moi").await.expect("a key").expect("the new");
    assert_eq!((new.scopes.join(","), new.organisation.as_deref(), new.created_by.as_str()), ("read,make".into(), Some("hoi"), "an"));
    assert!(store.revoke_api_key("moi", "an").await.expect("revoked"));
    assert!(!store.revoke_api_key("moi", "an").await.expect("revoked"), "once");
    assert!(!store.api_key("moi").await.expect("a key").expect("the new").is_live(now));
    assert!(matches!(store.revoke_api_key("khong-co", "an").await, Err(StoreError::Unknown { .. })));
    let dead = store.add_api_key(&key("nua", None), Some(("moi", 0)), "an").await;
    assert!(matches!(dead, Err(StoreError::Unknown { .. })), "what has ended is not replaced");
    assert!(store.api_key("nua").await.expect("a key").is_none());
    let acts: Vec<String> = store.audit_lines(0, 9).await.expect("lines").into_iter().map(|line| line.action).collect();
    assert_eq!(acts, ["key.new", "key.rotate", "key.revoke"]);
}

async fn a_use_of_a_key_is_noted_to_the_minute(place: Place) {
    let store = place.open().await;
    store.add_api_key(&key("k", None), None, "an").await.expect("a key");
    let used = async |now| {
        let key = store.api_key("k").await.expect("a key").expect("there");
        store.use_api_key(&key, now).await.expect("noted");
        store.api_key("k").await.expect("a key").expect("there").last_used_at
    };
    assert_eq!(used(1_000_000).await, Some(1_000_000));
    assert_eq!(used(1_059_999).await, Some(1_000_000));
    assert_eq!(used(1_060_000).await, Some(1_060_000));
}

async fn a_link_is_counted_and_taken_back(place: Place) {
    let store = place.open().await;
    let ids = made(&store, &PEOPLE[..2]).await;
    let end = store.now().await.expect("a time") + LIFE_MAX * 1_000;
    for id in ["a", "b"] {
        store.add_link(id, &ids[0], end, "an").await.expect("a link");
    }
    store.open_link("a", &ids[0]).await.expect("opened");
    assert_eq!(store.link("a").await.expect("a link").expect("there").opened, 1);
    assert_eq!(store.revoke_links(&ids[1], Some("a"), "an").await.expect("none"), 0, "not of another document");
    assert_eq!(store.revoke_links(&ids[0], Some("a"), "an").await.expect("one"), 1);
    assert_eq!(store.revoke_links(&ids[0], None, "an").await.expect("the rest"), 1);
    let links = store.links_of(&ids[0]).await.expect("links");
    assert!(links.len() == 2 && links.iter().all(|link| link.revoked_at.is_some()));
}

async fn two_processes_sign_links_with_one_secret(place: Place) {
    let (one, other) = (place.open().await, place.open().await);
    let (first, second) = tokio::join!(one.link_key(), other.link_key());
    let (first, second) = (first.expect("a key"), second.expect("a key"));
    assert_eq!(one.link_key().await.expect("a key"), other.link_key().await.expect("a key"));
    for key in [first, second] {
        assert_eq!(one.link_key_of(&key.id).await.expect("a key"), Some(key));
    }
}

async fn subscribed(store: &Store, id: &str, organisation: Option<&str>, events: &[&str]) {
    let webhook = Webhook {
        id: id.into(),
        url: "https://nhan.example/".into(),
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        secret: vec![7; 32],
        organisation: organisation.map(str::to_owned),
        created_by: "an".into(),
        created_at: 0,
    };
    store.add_webhook(&webhook).await.expect("a webhook");
}

async fn a_webhook_is_called_once_for_each_event_of_its_organisation(place: Place) {
    let store = place.open().await;
    subscribed(&store, "tat-ca", None, &["batch.finished"]).await;
    subscribed(&store, "hoi", Some("hoi"), &["document.stored", "batch.finished"]).await;
    made(&store, &PEOPLE[..2]).await;
    made_by(&store, "chi-hoi", &PEOPLE[2..3]).await;
    let mut events: Vec<(String, String)> =
        store.claim_calls(50).await.expect("calls").into_iter().map(|call| (call.webhook.id, call.event)).collect();
    events.sort();
    let pair = |webhook: &str, event: &str| (webhook.to_owned(), event.to_owned());
    assert_eq!(
        events,
        [
            pair("hoi", "batch.finished"),
            pair("hoi", "document.stored"),
            pair("hoi", "document.stored"),
            pair("tat-ca", "batch.finished"),
            pair("tat-ca", "batch.finished"),
        ]
    );
    assert!(store.claim_calls(50).await.expect("calls").is_empty(), "each is in one pair of hands");
    store.remove_webhook("hoi", "an").await.expect("removed");
    assert!(store.webhook_calls("hoi", 9).await.expect("calls").is_empty());
    assert!(matches!(store.remove_webhook("hoi", "an").await, Err(StoreError::Unknown { .. })));
}

async fn a_call_that_fails_waits_and_is_given_up_and_one_whose_caller_died_is_made_again(place: Place) {
    let store = place.open().await;
    subscribed(&store, "w", None, &["batch.finished"]).await;
    made(&store, &PEOPLE[..1]).await;
    let call = store.claim_calls(1).await.expect("calls").remove(0);
    let failed = |again| Tried::Failed { status: Some(500), reason: "hỏng", again };
    store.end_call(&call, failed(Some(-1))).await.expect("noted");
    let again = store.claim_calls(1).await.expect("calls").remove(0);
    assert_eq!((again.id.as_str(), again.attempts, again.data.as_str()), (call.id.as_str(), 2, call.data.as_str()));
    store.end_call(&call, Tried::Done { status: 200 }).await.expect("nothing");
    assert_eq!(store.webhook_calls("w", 9).await.expect("calls")[0].state, "queued", "a claim that ran out changes nothing");
    store.give_back_call(&again).await.expect("given back");
    let third = store.claim_calls(1).await.expect("calls").remove(0);
    assert_eq!(third.attempts, 2, "what was not tried is not charged");
    store.end_call(&third, failed(Some(3_600_000))).await.expect("noted");
    assert!(store.claim_calls(1).await.expect("calls").is_empty());
    let shown = store.webhook_calls("w", 9).await.expect("calls").remove(0);
    assert_eq!((shown.state.as_str(), shown.status, shown.reason.as_str()), ("queued", Some(500), "hỏng"));
    store.end_call(&third, failed(None)).await.expect("given up");
    assert_eq!(store.webhook_calls("w", 9).await.expect("calls")[0].state, "failed");
}

async fn a_request_is_carried_out_once_under_its_key(place: Place) {
    let store = place.open().await;
    let begin = async |caller: &str, digest: &str| store.begin_answer(caller, "k", digest).await.expect("begun");
    assert_eq!(begin("a", "d").await, Begun::Fresh);
    assert_eq!(begin("a", "d").await, Begun::UnderWay);
    assert_eq!(begin("b", "d").await, Begun::Fresh, "a key is its caller's own");
    store.end_answer("a", "k", None).await.expect("free again");
    assert_eq!(begin("a", "d").await, Begun::Fresh);
    let answer = Answer { status: 201, content_type: "application/json".into(), body: b"{}".to_vec() };
    store.end_answer("a", "k", Some(&answer)).await.expect("kept");
    assert_eq!(begin("a", "d").await, Begun::Answered(answer));
    assert_eq!(begin("a", "e").await, Begun::Other);
}
