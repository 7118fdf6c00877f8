//! The store on both databases: one suite of behaviour, run on a SQLite file and on a private PostgreSQL.

mod api;
mod drafts;
mod outbox;
mod proofs;

use std::sync::atomic::{AtomicU32, Ordering};

use vanthu::lifecycle::BatchState;
use vanthu::store::batches::{Acceptance, NewBatch, NewRecord, Planning, Post};
use vanthu::store::documents::NewDocument;
use vanthu::store::records::{Claimed, End};
use vanthu::store::registers::{Claim, EntryState, Particulars, Series};
use vanthu::store::{Location, Store, StoreError};

use crate::support::Office;
use crate::support::postgres::Postgres;
use proofs::{
    a_code_counts_from_the_commit_of_its_first_document_on, a_key_is_published_once_and_stays,
    what_was_taken_back_stays_so_and_is_named_when_it_is_planned_again,
};

/// Where a test's store lies; `open` may be called several times, as several processes would.
struct Place {
    location: Location,
    _folder: Option<Office>,
}

impl Place {
    fn file(name: &str) -> Self {
        let folder = Office::new();
        Self { location: Location::File(folder.path.join(format!("{name}.db"))), _folder: Some(folder) }
    }

    fn server() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("store_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { location: Location::Server(Postgres::start().create_database(&name)), _folder: None }
    }

    async fn open(&self) -> Store {
        Store::open_beside(&self.location).await.expect("a store")
    }
}

/// Each behaviour, on each database.
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
    a_batch_counts_only_once_it_is_accepted
    the_same_key_is_the_same_batch_and_another_request_under_it_is_refused
    records_are_handed_out_once_in_the_order_of_the_list
    two_workers_never_hold_the_same_record
    a_worker_that_was_replaced_changes_nothing
    a_batch_finishes_only_when_its_counts_reconcile
    only_what_failed_is_made_again
    a_batch_that_is_given_up_keeps_what_was_made_and_voids_its_numbers
    a_number_that_a_person_struck_out_stays_void_when_the_rest_is_tried_again
    a_paused_batch_hands_out_nothing
    numbers_follow_the_list_without_gaps
    two_batches_planned_at_once_do_not_share_a_number
    the_same_person_keeps_the_number_in_a_corrected_list
    a_number_is_reserved_entered_late_and_voided_with_a_reason
    a_changed_audit_line_breaks_the_chain
    what_stands_in_a_folder_is_remembered
    a_code_counts_from_the_commit_of_its_first_document_on
    what_was_taken_back_stays_so_and_is_named_when_it_is_planned_again
    a_key_is_published_once_and_stays
    who_has_a_valid_document_is_found_by_what_makes_records_the_same
}

#[test]
fn a_database_file_is_refused_on_what_another_machine_or_a_program_serves() {
    let refused = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x0102_1997, 0x5346_414F, 0x00C3_6400, 0x6573_5546];
    assert!(refused.into_iter().all(vanthu::store::is_network_file_system), "NFS, SMB, CIFS, SMB2, 9P, AFS, Ceph, FUSE and sshfs");
    // ext4, XFS, Btrfs, ZFS, tmpfs, overlay.
    let taken = [0xEF53, 0x5846_5342, 0x9123_683E, 0x2FC1_2FC1, 0x0102_1994, 0x794C_7630];
    assert!(!taken.into_iter().any(vanthu::store::is_network_file_system));
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime").block_on(test);
}

fn new_batch(key: Option<&str>) -> NewBatch {
    NewBatch {
        key: key.map(str::to_owned),
        request_digest: "d".into(),
        request: "{}".into(),
        setting: "{}".into(),
        template: "giay-khen".into(),
        output: "ket-qua".into(),
        origin: "cli".into(),
        post: Post::None,
        owner: None,
        organisation: None,
    }
}

fn record(number: u64) -> NewRecord {
    NewRecord {
        number,
        label: format!("Người {number}"),
        file: format!("{number}.pdf"),
        title: "Giấy khen".into(),
        digest: format!("digest-{number}"),
        content: "{}".into(),
        places: "{}".into(),
        identity: Some(format!("người {number}")),
        ..NewRecord::default()
    }
}

async fn planning(store: &Store, key: Option<&str>) -> Planning {
    store.plan(new_batch(key)).await.expect("a plan").expect("a new batch")
}

async fn accepted(store: &Store, records: u64) -> String {
    let mut planning = planning(store, None).await;
    for number in 1..=records {
        planning.add(record(number)).await.expect("a record");
    }
    let id = planning.id().to_owned();
    assert_eq!(planning.accept("{}", 0, &[]).await.expect("accepted"), Acceptance::Accepted);
    id
}

async fn stored(store: &Store, record: &Claimed) -> End {
    let id = store.new_id().await.expect("an id");
    End::Stored {
        document: NewDocument { object: format!("{}/{id}.pdf", record.batch), id, sha256: "00".into(), bytes: 1, pages: 1 },
        reasons: "[]".into(),
        placed_in: None,
    }
}

async fn who_has_a_valid_document_is_found_by_what_makes_records_the_same(place: Place) {
    let store = place.open().await;
    let id = accepted(&store, 3).await;
    for record in store.claim(&id, "a", 2).await.expect("records") {
        let end = stored(&store, &record).await;
        store.end(vec![(record, end)]).await.expect("ended");
    }
    let all = ["người 1", "người 2", "người 3", "người 4"].map(str::to_owned);
    let names = async |template, organisation, beside| {
        let mut found: Vec<String> =
            store.standing(template, organisation, beside, &all).await.expect("documents").into_iter().map(|one| one.identity).collect();
        found.sort();
        found.join(", ")
    };
    assert_eq!(names("giay-khen", None, "khác").await, "người 1, người 2", "the third has none yet");
    assert_eq!(names("giay-khen", None, "ket-qua").await, "", "the same folder is the same batch");
    assert_eq!(names("bang-khen", None, "khác").await, "");
    assert_eq!(names("giay-khen", Some("hoi"), "khác").await, "");
}

async fn a_batch_counts_only_once_it_is_accepted(place: Place) {
    let store = place.open().await;
    let mut planning = planning(&store, None).await;
    planning.add(record(1)).await.expect("a record");
    let id = planning.id().to_owned();
    assert!(matches!(store.batch(&id).await, Err(StoreError::Unknown { .. })));
    assert!(store.batches(10).await.expect("a list").is_empty());
    assert_eq!(planning.accept(r#"{"found":[]}"#, 2, &[]).await.expect("accepted"), Acceptance::Accepted);
    let batch = store.batch(&id).await.expect("a batch");
    assert_eq!((batch.state, batch.accepted, batch.rejected, batch.plan.as_str()), (BatchState::Running, 1, 2, r#"{"found":[]}"#));
}

async fn the_same_key_is_the_same_batch_and_another_request_under_it_is_refused(place: Place) {
    let store = place.open().await;
    // Cut short while planning: it never counted, and the key is free again.
    let mut cut = planning(&store, Some("k")).await;
    cut.add(record(1)).await.expect("a record");
    drop(cut);
    let first = planning(&store, Some("k")).await;
    let id = first.id().to_owned();
    first.accept("{}", 0, &[]).await.expect("accepted");
    let again = store.plan(new_batch(Some("k"))).await.expect("an answer").err().expect("the batch that is there");
    assert_eq!(again.id, id);
    let other = NewBatch { request_digest: "e".into(), ..new_batch(Some("k")) };
    assert_eq!(store.plan(other).await.err().expect("refused").to_string(), "the key `k` was used for another request");
}

async fn records_are_handed_out_once_in_the_order_of_the_list(place: Place) {
    let store = place.open().await;
    let id = accepted(&store, 5).await;
    let first: Vec<u64> = store.claim(&id, "a", 3).await.expect("records").iter().map(|record| record.number).collect();
    let second: Vec<u64> = store.claim(&id, "b", 3).await.expect("records").iter().map(|record| record.number).collect();
    assert_eq!((first, second), (vec![1, 2, 3], vec![4, 5]));
    assert!(store.claim(&id, "c", 3).await.expect("records").is_empty());
}

async fn two_workers_never_hold_the_same_record(place: Place) {
    let store = place.open().await;
    let id = accepted(&store, 300).await;
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..4 {
        let (store, id) = (place.open().await, id.clone());
        workers.spawn(async move {
            let mut held = Vec::new();
            loop {
                let claimed = store.claim(&id, &format!("worker {worker}"), 7).await.expect("records");
                if claimed.is_empty() {
                    return held;
                }
                let mut ended = Vec::new();
                for record in claimed {
                    held.push(record.number);
                    let end = stored(&store, &record).await;
                    ended.push((record, end));
                }
                assert_eq!(store.end(ended).await.expect("ended"), Vec::<u64>::new());
            }
        });
    }
    let mut all: Vec<u64> = workers.join_all().await.concat();
    all.sort_unstable();
    assert_eq!(all, (1..=300).collect::<Vec<u64>>());
    assert!(store.finish(&id).await.expect("finished"));
}

async fn a_worker_that_was_replaced_changes_nothing(place: Place) {
    let store = place.open().await;
    let id = accepted(&store, 1).await;
    let late = store.claim(&id, "late", 1).await.expect("a record").remove(0);
    assert_eq!(store.rescue(false).await.expect("rescued"), 0, "its lease still holds");
    assert_eq!(store.rescue(true).await.expect("rescued"), 1);
    let next = store.claim(&id, "next", 1).await.expect("a record").remove(0);
    assert!(next.epoch > late.epoch);
    let end = stored(&store, &late).await;
    assert_eq!(store.end(vec![(late, end)]).await.expect("ended"), vec![1]);
    assert!(store.objects_of(&id).await.expect("objects").is_empty(), "its document does not count");
    let end = stored(&store, &next).await;
    assert_eq!(store.end(vec![(next, end)]).await.expect("ended"), Vec::<u64>::new());
    assert_eq!(store.objects_of(&id).await.expect("objects").len(), 1);
}

async fn a_batch_finishes_only_when_its_counts_reconcile(place: Place) {
    let store = place.open().await;
    let id = accepted(&store, 2).await;
    let mut claimed = store.claim(&id, "a", 2).await.expect("records");
    let (second, first) = (claimed.remove(1), claimed.remove(0));
    let end = stored(&store, &first).await;
    store.end(vec![(first, end)]).await.expect("ended");
    assert!(!store.finish(&id).await.expect("an answer"));
    store.end(vec![(second, End::Failed { reasons: r#"["x"]"#.into() })]).await.expect("ended");
    assert!(store.finish(&id).await.expect("an answer"));
    assert!(!store.finish(&id).await.expect("an answer"), "once");
    let tally = store.tally(&id).await.expect("a tally");
    assert_eq!((tally.stored, tally.failed, tally.total()), (1, 1, 2));
    assert_eq!(store.batch(&id).await.expect("a batch").state, BatchState::Finished);
}

async fn only_what_failed_is_made_again(place: Place) {
    let store = place.open().await;
    let id = accepted(&store, 3).await;
    for (record, number) in store.claim(&id, "a", 3).await.expect("records").into_iter().zip(1..) {
        let end = match number {
            1 => stored(&store, &record).await,
            2 => End::Failed { reasons: r#"["lỗi"]"#.into() },
            _ => End::Quarantined { reasons: "[]".into() },
        };
        store.end(vec![(record, end)]).await.expect("ended");
    }
    store.finish(&id).await.expect("finished");
    assert_eq!(store.retry(&id, "an").await.expect("again"), 2);
    let again: Vec<u64> = store.claim(&id, "b", 9).await.expect("records").iter().map(|record| record.number).collect();
    assert_eq!(again, [2, 3]);
}

async fn a_batch_that_is_given_up_keeps_what_was_made_and_voids_its_numbers(place: Place) {
    let store = place.open().await;
    let id = numbered(&store, 1, 3).await;
    let record = store.claim(&id, "a", 1).await.expect("a record").remove(0);
    let end = stored(&store, &record).await;
    store.end(vec![(record, end)]).await.expect("ended");
    store.cancel(&id, "nhầm danh sách", "an").await.expect("given up");
    let tally = store.tally(&id).await.expect("a tally");
    assert_eq!((tally.stored, tally.cancelled), (1, 2));
    let entries = store.entries("khen", "2026", 1, 10).await.expect("entries");
    let states: Vec<(i64, EntryState, &str)> = entries.iter().map(|entry| (entry.number, entry.state, entry.reason.as_str())).collect();
    assert_eq!(states, [(1, EntryState::Taken, ""), (2, EntryState::Void, "nhầm danh sách"), (3, EntryState::Void, "nhầm danh sách")]);
    assert_eq!(store.resume(&id, "an").await.expect_err("refused").to_string(), format!("batch {id} is cancelled"));
}

async fn a_number_that_a_person_struck_out_stays_void_when_the_rest_is_tried_again(place: Place) {
    let store = place.open().await;
    let id = numbered(&store, 1, 4).await;
    store.void_number("khen", "2026", 1, "ghi nhầm tên", "an").await.expect("struck out while it is taken");
    for record in store.claim(&id, "a", 4).await.expect("records") {
        store.end(vec![(record, End::Failed { reasons: "[]".into() })]).await.expect("ended");
    }
    assert!(store.finish(&id).await.expect("finished"));
    store.void_number("khen", "2026", 3, "không ký nữa", "an").await.expect("struck out when it is void already");
    assert!(store.void_number("khen", "2026", 3, "lần nữa", "an").await.is_err(), "once");
    assert_eq!(store.retry(&id, "bình").await.expect("again"), 2);
    let entries = store.entries("khen", "2026", 1, 10).await.expect("entries");
    let states: Vec<(EntryState, &str)> = entries.iter().map(|entry| (entry.state, entry.reason.as_str())).collect();
    let (struck, taken) = (EntryState::Void, EntryState::Taken);
    assert_eq!(states, [(struck, "ghi nhầm tên"), (taken, ""), (struck, "không ký nữa"), (taken, "")]);
    let again: Vec<u64> = store.claim(&id, "b", 9).await.expect("records").iter().map(|record| record.number).collect();
    assert_eq!(again, [2, 4], "no document is made with a number that stands for nothing");
    let lines = store.audit_lines(0, 10).await.expect("lines");
    let told: Vec<String> = lines.iter().map(|line| format!("{} {} {} {}", line.actor, line.action, line.subject, line.detail)).collect();
    assert_eq!(told[2..], [format!("bình batch.retry {id} 2"), format!("bình register.revive khen/2026 2, 4: {id}")], "{told:?}");
}

async fn a_paused_batch_hands_out_nothing(place: Place) {
    let store = place.open().await;
    let id = accepted(&store, 1).await;
    store.pause(&id, "chờ duyệt", "an").await.expect("paused");
    assert!(store.claim(&id, "a", 1).await.expect("records").is_empty());
    assert_eq!(store.batch(&id).await.expect("a batch").reason.as_deref(), Some("chờ duyệt"));
    store.resume(&id, "an").await.expect("resumed");
    assert_eq!(store.claim(&id, "a", 1).await.expect("records").len(), 1);
}

/// Plans `count` records from the number after `seen` on, and has them accepted.
async fn planned_from(store: &Store, seen: i64, count: i64) -> (String, Acceptance) {
    let mut planning = planning(store, None).await;
    for index in 1..=count {
        let claim = Claim {
            register: "khen".into(),
            period: "2026".into(),
            number: seen + index,
            carried: false,
            output: "ket-qua".into(),
            particulars: Particulars { code: format!("{}/GK-HKH", seen + index), copies: 1, ..Particulars::default() },
        };
        planning.add(NewRecord { claim: Some(claim), ..record(index as u64) }).await.expect("a record");
    }
    let id = planning.id().to_owned();
    let series = Series { register: "khen".into(), period: "2026".into(), seen, last: seen + count };
    let acceptance = planning.accept("{}", 0, &[series]).await.expect("an answer");
    (id, acceptance)
}

async fn numbered(store: &Store, first: i64, count: i64) -> String {
    let (id, acceptance) = planned_from(store, first - 1, count).await;
    assert_eq!(acceptance, Acceptance::Accepted);
    id
}

async fn numbers_follow_the_list_without_gaps(place: Place) {
    let store = place.open().await;
    let first = numbered(&store, 1, 2).await;
    let second = numbered(&store, 3, 2).await;
    let entries = store.entries("khen", "2026", 1, 10).await.expect("entries");
    let lines: Vec<_> = entries.iter().map(|e| (e.number, e.batch.as_deref(), e.record, e.particulars.code.as_str())).collect();
    assert_eq!(
        lines,
        [
            (1, Some(first.as_str()), Some(1), "1/GK-HKH"),
            (2, Some(first.as_str()), Some(2), "2/GK-HKH"),
            (3, Some(second.as_str()), Some(1), "3/GK-HKH"),
            (4, Some(second.as_str()), Some(2), "4/GK-HKH"),
        ]
    );
    assert_eq!(store.last_number("khen", "2026").await.expect("a number"), 4);
    assert_eq!(store.last_number("khen", "2027").await.expect("a number"), 0, "1 January begins anew");
}

async fn two_batches_planned_at_once_do_not_share_a_number(place: Place) {
    let store = place.open().await;
    numbered(&store, 1, 2).await;
    let (id, acceptance) = planned_from(&store, 0, 2).await;
    assert_eq!(acceptance, Acceptance::NumbersMoved);
    assert!(store.batch(&id).await.is_err());
    assert_eq!(store.last_number("khen", "2026").await.expect("a number"), 2, "the refused batch has taken nothing");
    numbered(&store, 3, 2).await;
    assert_eq!(store.entries("khen", "2026", 1, 10).await.expect("entries").len(), 4);
}

async fn the_same_person_keeps_the_number_in_a_corrected_list(place: Place) {
    let store = place.open().await;
    numbered(&store, 1, 2).await;
    let held = store.numbers_of("khen", "2026", "ket-qua").await.expect("numbers");
    assert_eq!(held.get("người 2"), Some(&vec![2]));
    let mut planning = planning(&store, None).await;
    let claim = Claim {
        register: "khen".into(),
        period: "2026".into(),
        number: 2,
        carried: true,
        output: "ket-qua".into(),
        particulars: Particulars { code: "2/GK".into(), ..Particulars::default() },
    };
    planning.add(NewRecord { claim: Some(claim), ..record(2) }).await.expect("a record");
    let id = planning.id().to_owned();
    assert_eq!(planning.accept("{}", 0, &[]).await.expect("accepted"), Acceptance::Accepted);
    let entries = store.entries("khen", "2026", 2, 1).await.expect("entries");
    assert_eq!((entries[0].batch.as_deref(), entries[0].particulars.code.as_str()), (Some(id.as_str()), "2/GK"));
    assert_eq!(store.last_number("khen", "2026").await.expect("a number"), 2);
}

async fn a_number_is_reserved_entered_late_and_voided_with_a_reason(place: Place) {
    let store = place.open().await;
    numbered(&store, 1, 1).await;
    assert_eq!(store.reserve("khen", "2026", 1, 2, "văn bản ký muộn", "clerk").await.expect("reserved"), 2);
    let late = Particulars { code: "2/QĐ-HKH".into(), subject: "Quyết định".into(), copies: 3, ..Particulars::default() };
    store.enter_late("khen", "2026", 2, &late, "bổ sung", "clerk").await.expect("entered");
    let again = store.enter_late("khen", "2026", 2, &late, "bổ sung", "clerk").await.expect_err("refused");
    assert_eq!(again.to_string(), "number 2 of khen/2026 is taken");
    store.void_number("khen", "2026", 3, "không dùng", "clerk").await.expect("voided");
    assert_eq!(
        store.void_number("khen", "2026", 9, "x", "clerk").await.expect_err("unknown").to_string(),
        "there is no number 9 of khen/2026"
    );
    let states: Vec<_> = store.entries("khen", "2026", 1, 9).await.expect("entries").iter().map(|e| (e.number, e.state)).collect();
    assert_eq!(states, [(1, EntryState::Taken), (2, EntryState::Taken), (3, EntryState::Void)]);
    let told: Vec<String> = store.audit_lines(0, 9).await.expect("lines").into_iter().map(|line| line.action).collect();
    assert_eq!(told, ["register.reserve", "register.late", "register.void"]);
}

async fn a_changed_audit_line_breaks_the_chain(place: Place) {
    let store = place.open().await;
    for number in 0..3 {
        store.audit("clerk", "test", &number.to_string(), "").await.expect("a line");
    }
    assert_eq!(store.broken_audit_line().await.expect("an answer"), None);
    tamper(&place).await;
    assert_eq!(store.broken_audit_line().await.expect("an answer"), Some(2));
}

/// Changes the second audit line from outside.
async fn tamper(place: &Place) {
    let sql = "UPDATE audit SET actor = 'nobody' WHERE sequence = 2";
    match &place.location {
        Location::File(path) => {
            let output = std::process::Command::new("python3")
                .args(["-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"])
                .arg(path)
                .arg(sql)
                .output()
                .expect("python3");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        Location::Server(url) => {
            Postgres::start().query(url.rsplit('/').next().expect("a name"), sql);
        }
    }
}

async fn what_stands_in_a_folder_is_remembered(place: Place) {
    use vanthu::store::documents::Placed;
    let store = place.open().await;
    let file =
        |sha256: &str| Placed { file: "a.pdf".into(), document: None, digest: "d".into(), sha256: sha256.into(), before: String::new() };
    store.place("ket-qua", &[file("1")]).await.expect("placed");
    store.place("ket-qua", &[file("2")]).await.expect("placed");
    let noted = store.placed("ket-qua").await.expect("files").remove("a.pdf").expect("noted");
    assert_eq!((noted.sha256.as_str(), noted.before.trim()), ("2", "1"), "whoever dies now leaves what it was to replace");
    store.settle_placed("ket-qua").await.expect("settled");
    assert_eq!(store.placed("ket-qua").await.expect("files").get("a.pdf"), Some(&file("2")));
    store.displace("ket-qua", &["a.pdf".into()]).await.expect("displaced");
    assert!(store.placed("ket-qua").await.expect("files").is_empty());
}

#[test]
fn a_second_process_may_not_work_on_the_same_file() {
    run(async {
        let place = Place::file("one-process");
        let first = Store::open(&place.location).await.expect("the first");
        let second = Store::open(&place.location).await.expect_err("the second is refused");
        assert!(matches!(second, StoreError::Busy { .. }));
        assert!(second.is_transient());
        first.close().await;
        // A process that another test is just starting holds a copy of the lock until it begins.
        let begun = std::time::Instant::now();
        while let Err(error) = Store::open(&place.location).await {
            assert!(matches!(error, StoreError::Busy { .. }) && begun.elapsed().as_secs() < 10, "free again: {error}");
            tokio::task::yield_now().await;
        }
    });
}
