//! Batches side by side: one that the machine fails stops no other, and a small one does not wait behind a large one.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use vanthu::batch::turns::{Fault, Turns};

use super::ask;
use crate::support::servers::await_some;
use crate::support::{Office, award_run, people};

/// A worker that is gone with the value.
struct Worker(Child);

impl Worker {
    fn start(office: &Office, points: &str) -> Self {
        let mut command = office.command(&["worker"]);
        command.env("VANTHU_FAILPOINTS", points).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("a worker"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn submitted(office: &Office, count: usize, output: &str) -> String {
    office.write("d.csv", people(count));
    let said = office.must(&award_run("d.csv", output, &["--submit", "--json"])).stdout;
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    said["batch"].as_str().expect("an id").to_owned()
}

#[test]
fn a_batch_whose_documents_cannot_be_written_waits_and_the_others_are_made() {
    let office = Office::with_workspace();
    let (bad, good) = (submitted(&office, 2, "a"), submitted(&office, 3, "b"));
    // Where its documents should lie stands a file.
    let obstacle = office.write(&format!("kho/{bad}"), "");
    let _worker = Worker::start(&office, "");
    let completed = |id: &str| ask(&office, &format!("SELECT 1 FROM batch WHERE id = '{id}' AND completed_at IS NOT NULL")) == "1";
    await_some("the good batch", || completed(&good).then_some(()));
    assert_eq!(ask(&office, &format!("SELECT state FROM batch WHERE id = '{bad}'")), "running", "it is tried again");
    std::fs::remove_file(obstacle).expect("a file");
    await_some("the other batch", || completed(&bad).then_some(()));
    assert_eq!((office.documents("a").len(), office.documents("b").len()), (2, 3));
}

#[test]
fn one_certificate_does_not_wait_behind_a_long_list() {
    let office = Office::with_workspace();
    let long = submitted(&office, 600, "a");
    // Each claim of 64 takes three seconds more.
    let _worker = Worker::start(&office, "record.claimed=delay:3000");
    await_some("the long list", || (ask(&office, "SELECT COUNT(*) FROM document") != "0").then_some(()));
    let short = submitted(&office, 1, "b");
    let ended = |id: &str| ask(&office, &format!("SELECT finished_at FROM batch WHERE id = '{id}' AND finished_at IS NOT NULL"));
    await_some("the certificate", || (!ended(&short).is_empty()).then_some(()));
    assert_eq!(ended(&long), "", "the long list is still being made");
}

#[test]
fn turns_go_to_who_had_none_then_round_and_smaller_lists_come_first() {
    let (mut turns, now) = (Turns::default(), Instant::now());
    let all = [("dai", 100_000), ("ngan", 1), ("vua", 50)];
    let next = |turns: &mut Turns, at: Instant| turns.next(all, at).map(str::to_owned);
    let given: Vec<_> = (0..6).filter_map(|_| next(&mut turns, now)).collect();
    assert_eq!(given, ["ngan", "vua", "dai", "ngan", "vua", "dai"]);
    assert_eq!(turns.failed("ngan", Fault::Render, now), Some(Duration::from_secs(1)));
    assert_eq!(next(&mut turns, now).as_deref(), Some("vua"), "it is put off");
    assert_eq!(next(&mut turns, now + Duration::from_secs(1)).as_deref(), Some("ngan"));
    assert!(turns.put_off(now + Duration::from_secs(1)).is_empty());
}

#[test]
fn a_fault_of_the_machine_is_tried_as_often_as_is_said_and_then_told() {
    let tries = |fault| -> Vec<u64> { (1..).map_while(|nth| Fault::wait(fault, nth)).map(|wait| wait.as_secs()).collect() };
    assert_eq!(tries(Fault::Render), [1, 10, 60]);
    let storage = tries(Fault::Storage);
    assert_eq!((storage.len() + 1, storage.iter().sum::<u64>()), (8, 596), "eight tries within ten minutes");
    let (mut turns, mut now) = (Turns::default(), Instant::now());
    for wait in [1, 10, 60] {
        assert_eq!(turns.failed("a", Fault::Render, now), Some(Duration::from_secs(wait)));
        now += Duration::from_secs(wait);
    }
    assert_eq!(turns.failed("a", Fault::Render, now), None, "the batch is held");
    // What went well in between, or a long time, makes it a first failure again.
    turns.worked("a");
    assert_eq!(turns.failed("a", Fault::Render, now), Some(Duration::from_secs(1)));
    assert_eq!(turns.failed("a", Fault::Render, now + Duration::from_secs(3600)), Some(Duration::from_secs(1)));
}
