//! Signals, a second process, a lost database, a worker that sleeps past its lease.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use vanthu::store::{Location, Store};

use super::{OPTIONS, RECORDS, Scene, watched};
use crate::support::postgres::Postgres;
use crate::support::{Said, award_run, foreign, people, said};

/// Renders that take long enough to be interrupted.
const SLOW: &str = "render.start=delay:40";

fn signal(name: &str, process: u32) {
    foreign("kill", &[name, &process.to_string()]);
}

#[test]
fn a_signal_to_stop_brings_home_what_is_under_way_and_the_next_run_goes_on() {
    for name in ["-TERM", "-INT"] {
        // More than are under way at a time.
        let scene = Scene::fresh();
        scene.office.write("d.csv", people(200));
        let mut command = scene.command(&["--json"]);
        command.env("VANTHU_FAILPOINTS", SLOW);
        let mut run = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a run");
        scene.wait_for_documents(&mut run, 3);
        signal(name, run.id());
        let Said { code, stdout, .. } = said(run.wait_with_output().expect("ended"));
        let result: Value = serde_json::from_str(&stdout).expect("JSON");
        let there = scene.office.documents("o").len();
        assert_eq!((code, result["stopped"].as_bool(), result["counts"]["made"].as_u64()), (1, Some(true), Some(there as u64)), "{name}");
        assert!(there < 200, "{name}: everything was made");
        scene.holds(name);
        scene.ends(&mut scene.command(&[]));
        assert_eq!((scene.checker().violations(true).as_str(), scene.office.documents("o").len()), ("", 200), "{name}");
    }
}

#[test]
fn a_second_process_on_one_sqlite_store_is_refused() {
    let scene = Scene::fresh();
    let mut run = scene.start(&mut scene.armed(SLOW));
    scene.wait_for_documents(&mut run, 1);
    let second = scene.office.run(&award_run("d.csv", "khac", &OPTIONS));
    assert_eq!(second.code, 2);
    assert_eq!(
        second.stderr.replace(scene.office.path.to_str().expect("a path"), "…"),
        "vanthu không làm tiếp được: một vanthu khác đang làm việc với “…/van-thu.db”\n    Chờ lần chạy kia xong, hoặc chọn thư mục khác với --out.\n"
    );
    assert!(run.wait().expect("ended").success(), "the first is not disturbed");
    scene.is_complete("a second process");
}

#[test]
fn a_connection_to_the_database_that_is_cut_ends_the_run_for_now_and_the_next_goes_on() {
    let scene = Scene::on_server();
    let database = scene.server.clone().expect("a server");
    let folder = scene.office.path.join("o");
    watched(&folder, || {
        for documents in [1, 5, 12] {
            let mut command = scene.command(&["--json"]);
            command.env("VANTHU_FAILPOINTS", SLOW);
            let mut run = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a run");
            scene.wait_for_documents(&mut run, documents);
            Postgres::start().cut_connections(&database);
            let Said { code, stdout, .. } = said(run.wait_with_output().expect("ended"));
            let result: Value = serde_json::from_str(&stdout).expect("JSON");
            // A connection that was idle when it was cut is replaced unnoticed.
            assert!(code == 0 || (code == 2 && result["retryable"] == true), "{code} {stdout}");
            scene.holds("cut");
            if code == 0 {
                break;
            }
        }
        scene.comes_to_its_end("cut");
    });
}

#[test]
fn a_worker_whose_database_is_cut_again_and_again_goes_on_by_itself() {
    let scene = Scene::on_server();
    let database = scene.server.clone().expect("a server");
    scene.ends(&mut scene.command(&["--submit"]));
    let mut worker = scene.other(&["worker", "--until-idle"]);
    let mut worker = scene.start(worker.env("VANTHU_FAILPOINTS", "render.start=delay:100"));
    let stored =
        || Postgres::start().query(&database, "SELECT COUNT(*) FROM record WHERE state = 'stored'").parse::<u32>().expect("a count");
    let started = Instant::now();
    for count in [1, 6] {
        while stored() < count {
            assert!(worker.try_wait().expect("a process").is_none(), "it ended");
            assert!(started.elapsed() < Duration::from_secs(50), "no {count} documents: it waits for its own leases");
            std::thread::sleep(Duration::from_millis(10));
        }
        Postgres::start().cut_connections(&database);
    }
    while worker.try_wait().expect("a process").is_none() {
        if started.elapsed() > Duration::from_secs(55) {
            worker.kill().expect("killed");
            panic!("it waits for its own leases");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    while worker.try_wait().expect("a process").is_none() {
        if started.elapsed() > Duration::from_secs(55) {
            worker.kill().expect("killed");
            panic!("it waits for its own leases");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(worker.wait().expect("ended").success());
    scene.is_complete("a worker that was cut");
}

#[test]
fn a_worker_that_sleeps_past_its_lease_changes_nothing_when_it_wakes() {
    let scene = Scene::on_server();
    scene.short_leases();
    // Objects of records that it no longer holds are removed once the store has refused them: there it dies.
    let mut run = scene.start(&mut scene.armed(&format!("{SLOW};object.remove=kill")));
    scene.wait_for_documents(&mut run, 3);
    signal("-STOP", run.id());
    let location = Location::Server(Postgres::start().url(&scene.server.clone().expect("a server")));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open_beside(&location).await.expect("a store").with_lease(Duration::from_secs(4));
        let started = Instant::now();
        while store.rescue(false).await.expect("rescued") == 0 {
            assert!(started.elapsed() < Duration::from_secs(30), "its leases never run out");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let batch = store.running_batches().await.expect("batches").remove(0).id;
        let store = store.with_lease(Duration::from_secs(30));
        let taken = store.claim(&batch, "another", 100).await.expect("records").len() as u64;
        let before = store.tally(&batch).await.expect("a tally");
        assert!(taken > 0 && before.stored + taken == RECORDS as u64, "{before:?}");
        signal("-CONT", run.id());
        assert_eq!(run.wait().expect("ended").signal(), Some(9), "what it made late was not refused");
        assert_eq!(store.tally(&batch).await.expect("a tally"), before, "what it made is nobody's");
        assert_eq!(store.give_back("another").await.expect("given back"), taken);
    });
    scene.holds("a worker past its lease");
    scene.comes_to_its_end("a worker past its lease");
}

#[test]
fn what_nothing_refers_to_is_cleared_after_a_day_and_nothing_else() {
    let scene = Scene::fresh();
    scene.ends(&mut scene.command(&[]));
    let store = scene.office.path.join("kho");
    let batch = std::fs::read_dir(&store).expect("objects").flatten().find(|entry| entry.path().is_dir()).expect("a batch").file_name();
    let batch = batch.to_string_lossy();
    let unreferred = [("old.pdf", 2), ("young.pdf", 0), ("old.tmp", 2)];
    for (name, days) in unreferred {
        let path = scene.office.write(&format!("kho/{batch}/{name}"), "x");
        foreign("touch", &["-d", &format!("{days} days ago"), path.to_str().expect("a path")]);
    }
    // Of a batch that a restored database does not know yet.
    let unknown = scene.office.write("kho/01ZZZZZZZZZZZZZZZZZZZZZZZZ/a.pdf", "x");
    foreign("touch", &["-d", "2 days ago", unknown.to_str().expect("a path")]);
    let there = |name: &str| store.join(&*batch).join(name).exists();
    let mut service = scene.other(&["serve"]);
    let mut service = service.env("VANTHU_LISTEN", "127.0.0.1:0").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a service");
    let started = Instant::now();
    while there("old.pdf") || there("old.tmp") {
        assert!(started.elapsed() < Duration::from_secs(60), "they stay");
        std::thread::sleep(Duration::from_millis(20));
    }
    signal("-TERM", service.id());
    service.wait().expect("ended");
    assert!(there("young.pdf") && unknown.exists());
    assert_eq!(std::fs::read_dir(store.join(&*batch)).expect("objects").count(), RECORDS + 1, "documents stay");
}

#[test]
fn what_a_worker_brings_home_to_a_batch_that_was_given_up_is_given_up_with_it() {
    let scene = Scene::fresh();
    // It dies with records in its hands; then the batch is given up.
    let killed = scene.armed("record.claimed=kill").status().expect("a run");
    assert_eq!(killed.signal(), Some(9));
    scene.office.must(&["batch", "cancel", "last", "--reason", "nhầm danh sách"]);
    scene.office.must(&["worker", "--until-idle"]);
    let shown: Value = serde_json::from_str(&scene.office.must(&["batch", "show", "last", "--json"]).stdout).expect("JSON");
    assert_eq!((&shown["records"]["cancelled"], &shown["records"]["accepted"]), (&RECORDS.into(), &0.into()), "{shown}");
    assert_eq!(scene.checker().violations(true), "");
}
