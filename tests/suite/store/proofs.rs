//! Codes of certificates on both databases.

use vanthu::store::StoreError;
use vanthu::store::batches::{Acceptance, NewRecord};
use vanthu::store::proofs::{NewProof, ProofKey, ProofState};

use super::{Place, planning, record, stored};

fn proof(code: &str) -> NewProof {
    NewProof {
        code: code.into(),
        key: "00000001".into(),
        title: "Giấy khen".into(),
        number: "QĐ 12".into(),
        date: Some("2026-11-20".into()),
        issuer: "Hội".into(),
        holder: format!("Người {code}"),
    }
}

/// A batch of one certificate for each code, accepted; its id.
async fn accepted(store: &vanthu::store::Store, codes: &[&str]) -> String {
    let mut planning = planning(store, None).await;
    for (number, code) in (1..).zip(codes) {
        planning.add(NewRecord { proof: Some(proof(code)), ..record(number) }).await.expect("a record");
    }
    let id = planning.id().to_owned();
    assert_eq!(planning.accept("{}", 0, &[]).await.expect("accepted"), Acceptance::Accepted);
    id
}

async fn make_all(store: &vanthu::store::Store, batch: &str) -> Vec<String> {
    let claimed = store.claim(batch, "worker", 10).await.expect("records");
    let mut ended = Vec::new();
    for record in claimed {
        let end = stored(store, &record).await;
        ended.push((record, end));
    }
    assert!(store.end(ended).await.expect("ended").is_empty());
    let standings = store.standings(batch, 0, 10).await.expect("standings");
    standings.into_iter().map(|standing| standing.document.expect("a document").id).collect()
}

pub(super) async fn a_code_counts_from_the_commit_of_its_first_document_on(place: Place) {
    let store = place.open().await;
    let batch = accepted(&store, &["A", "B"]).await;
    assert_eq!(store.proof("A").await.expect("an answer"), None, "there is no document yet");
    let documents = make_all(&store, &batch).await;
    let found = store.proof("A").await.expect("an answer").expect("a certificate");
    assert_eq!((found.proof, found.state, found.files), (proof("A"), ProofState::Valid, vec!["00".to_owned()]));
    assert_eq!(store.code_of_document(&documents[1]).await.expect("an answer").as_deref(), Some("B"));
    // The same certificate set anew is one more file of the same code.
    let again = accepted(&store, &["A"]).await;
    let other = make_all(&store, &again).await.remove(0);
    assert_eq!(store.code_of_document(&other).await.expect("an answer").as_deref(), Some("A"));
    // A batch that completes an earlier one takes over what its records were to bear.
    let mut completing = planning(&store, None).await;
    completing.adopt(&batch).await.expect("taken over");
    let id = completing.id().to_owned();
    assert_eq!(completing.accept("{}", 0, &[]).await.expect("accepted"), Acceptance::Accepted);
    let taken = make_all(&store, &id).await;
    assert_eq!(store.code_of_document(&taken[1]).await.expect("an answer").as_deref(), Some("B"));
    assert_eq!(store.code_of_file("ff").await.expect("an answer"), None);
}

pub(super) async fn what_was_taken_back_stays_so_and_is_named_when_it_is_planned_again(place: Place) {
    let store = place.open().await;
    let batch = accepted(&store, &["A", "B", "C"]).await;
    make_all(&store, &batch).await;
    store.revoke_proof("A", "cấp nhầm", "an").await.expect("revoked");
    store.replace_proof("B", "C", "sai tên", "an").await.expect("replaced");
    let found = store.proof("A").await.expect("an answer").expect("a certificate");
    assert_eq!((found.state, found.reason.as_str(), found.replaced_by), (ProofState::Revoked, "cấp nhầm", None));
    let found = store.proof("B").await.expect("an answer").expect("a certificate");
    assert_eq!((found.state, found.replaced_by.as_deref()), (ProofState::Replaced, Some("C")));
    for (code, by) in [("A", "C"), ("B", "C"), ("C", "A"), ("C", "C")] {
        assert!(matches!(store.replace_proof(code, by, "x", "an").await, Err(StoreError::Refused { .. })), "{code} by {by}");
    }
    assert!(matches!(store.revoke_proof("A", "x", "an").await, Err(StoreError::Refused { .. })));
    assert!(matches!(store.revoke_proof("Z", "x", "an").await, Err(StoreError::Unknown { .. })));
    let lines = store.audit_lines(0, 10).await.expect("lines");
    let told: Vec<_> =
        lines.iter().map(|line| (line.actor.as_str(), line.action.as_str(), line.subject.as_str(), line.detail.as_str())).collect();
    assert_eq!(told, [("an", "document.revoke", "A", "cấp nhầm"), ("an", "document.replace", "B", "C: sai tên")]);
    let mut next = planning(&store, None).await;
    for (number, code) in (1..).zip(["C", "A"]) {
        next.add(NewRecord { proof: Some(proof(code)), ..record(number) }).await.expect("a record");
    }
    next.arrange(&[]).await.expect("written");
    let id = next.id().to_owned();
    assert_eq!(store.withdrawn(&id, None).await.expect("an answer"), [(2, "Người A".to_owned())]);
    assert_eq!(store.withdrawn(&id, Some(&batch)).await.expect("an answer"), [], "records taken over are not issued anew");
    next.abandon().await.expect("forgotten");
    assert_eq!(store.withdrawn(&id, None).await.expect("an answer"), []);
}

pub(super) async fn a_key_is_published_once_and_stays(place: Place) {
    let store = place.open().await;
    let key = |text: &str| ProofKey { public_key: text.into(), name: "Hội".into() };
    assert!(store.publish_key("1", &key("k1"), "an").await.expect("published"));
    assert!(!store.publish_key("1", &key("k1"), "an").await.expect("an answer"));
    assert!(store.publish_key("2", &key("k2"), "an").await.expect("published"));
    assert_eq!(store.published_keys().await.expect("keys"), [key("k1"), key("k2")]);
    assert_eq!(store.audit_lines(0, 10).await.expect("lines").len(), 2);
}
