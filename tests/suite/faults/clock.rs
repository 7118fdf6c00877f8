//! A clock that is set to another day, between runs and in the middle of them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{OPTIONS, RECORDS, Scene};
use crate::support::{Office, award_run, python};

/// How many batches are being planned.
const PLANNED: &str = "import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(\"SELECT COUNT(*) FROM batch WHERE state = 'planning'\").fetchone()[0])";

/// The library that misleads a program about the time; monotonic time goes on as it is.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    folders
        .map(|folder| folder.join("faketime/libfaketime.so.1"))
        .find(|path| path.is_file())
        .expect("the Debian package faketime is needed by the tests (tests/run installs it)")
}

/// Puts the clock of a command off by `shift`; what stands in the file `shift` may change while it runs.
pub(super) fn mislead(command: &mut Command, office: &Office, shift: &str) {
    let file = office.write("shift", shift);
    command.env("LD_PRELOAD", library()).env("FAKETIME_TIMESTAMP_FILE", file);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

/// The run, under another clock.
fn misled(scene: &Scene, shift: &str, points: &str) -> Command {
    let mut command = scene.armed(points);
    mislead(&mut command, &scene.office, shift);
    command
}

#[test]
fn a_clock_that_is_set_back_or_on_between_runs_holds_nothing_up() {
    // Each run is killed under its own clock, so that leases and due times of one meet the clock of the next.
    let scene = Scene::fresh();
    for (shift, point) in [("+1d", "batch.accepted"), ("-1d", "document.committed"), ("+40d", "record.claimed"), ("-1h", "batch.finished")]
    {
        let _ = misled(&scene, shift, &format!("{point}=kill")).status().expect("a run");
        scene.holds(shift);
    }
    scene.ends(&mut misled(&scene, "-2d", ""));
    scene.is_complete("moved clocks");
}

#[test]
fn the_latest_list_of_a_folder_counts_even_when_the_clock_was_set_back() {
    let scene = Scene::fresh().second_list();
    assert!(!misled(&scene, "-1d", "document.committed=kill").status().expect("a run").success());
    // The interrupted batch goes on: a third one would leave it running for ever.
    scene.ends(&mut misled(&scene, "-1d", ""));
    scene.is_complete("a list under a clock that was set back");
}

#[test]
fn what_was_being_planned_before_the_clock_was_set_back_is_cleared() {
    let scene = Scene::fresh();
    let mut other = scene.other(&award_run("d.csv", "p", &OPTIONS));
    other.env("VANTHU_FAILPOINTS", "records.committed=kill");
    mislead(&mut other, &scene.office, "+1d");
    assert!(!other.status().expect("a run").success());
    let planned = || python(PLANNED, &[&scene.office.path.join("van-thu.db")]);
    assert_eq!(planned(), "1\n");
    scene.comes_to_its_end("another folder");
    assert_eq!(planned(), "0\n");
}

#[test]
fn a_clock_that_jumps_in_the_middle_of_a_run_is_not_noticed() {
    for jump in ["+1d", "-1d"] {
        let scene = Scene::fresh();
        let mut run = scene.start(&mut misled(&scene, "+0", "render.start=delay:40"));
        scene.wait_for_documents(&mut run, 3);
        scene.office.write("shift", jump);
        assert!(scene.office.documents("o").len() < RECORDS);
        assert!(run.wait().expect("ended").success(), "{jump}");
        scene.is_complete(jump);
    }
}
