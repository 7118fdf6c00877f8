//! Every named step of a batch, before and after it: the program dies there, and fails there.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use super::{Scene, side_by_side};
use crate::support::{Office, said};

/// The sources through which a batch goes.
const SOURCES: [&str; 12] = [
    "src/storage.rs",
    "src/store/mod.rs",
    "src/store/batches.rs",
    "src/store/planning.rs",
    "src/store/completion.rs",
    "src/store/records.rs",
    "src/store/documents.rs",
    "src/store/registers.rs",
    "src/batch/run.rs",
    "src/batch/shelf.rs",
    "src/render_pool/child.rs",
    "src/app/office.rs",
];

/// Every failpoint of a batch.
fn names() -> Vec<String> {
    let names = names_in(&SOURCES);
    assert!(names.len() >= 40, "{names:?}");
    names
}

/// Every failpoint of some sources: a passage that is added to them is tested from then on.
pub(super) fn names_in(sources: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = sources
        .iter()
        .flat_map(|source| {
            let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(source)).expect(source);
            let after =
                |call: &str| text.split(call).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect::<Vec<_>>();
            // The first word of a call may be where the error is to be told of.
            let placed = text.split("passed(Phase::").skip(1).filter_map(|rest| rest.split('"').nth(1).map(str::to_owned)).collect();
            [after("pass(\""), after("passed(\""), placed].concat()
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The offices in which steps are taken, to be copied.
struct Stages {
    /// The new list is to be run where the old one was.
    second_list: Scene,
    /// The new list was accepted and some of it made; the objects of some documents have names and no rows.
    interrupted: Scene,
}

impl Stages {
    fn set() -> Self {
        let second_list = Scene::fresh().second_list();
        let interrupted = second_list.copied();
        let status = interrupted.armed("object.renamed=kill@2").status().expect("a run");
        assert_eq!(status.signal(), Some(9));
        Self { second_list, interrupted }
    }

    /// An office in which the step `name` will be taken.
    fn office_for(&self, name: &str) -> Scene {
        let scene = match name {
            "batch.retry" | "batch.retried" | "object.remove" | "lease.give_back" => self.interrupted.copied(),
            _ => self.second_list.copied(),
        };
        if name == "lease.beat" {
            scene.short_leases();
        }
        scene
    }
}

/// What else is armed so that the step is taken.
fn beside(name: &str) -> &'static str {
    match name {
        // A beat comes only to a run that lasts.
        "lease.beat" => ";render.start=delay:150",
        _ => "",
    }
}

#[test]
fn a_kill_at_any_step_loses_nothing_and_doubles_nothing() {
    let stages = Stages::set();
    let work = names().into_iter().flat_map(|name| [(name.clone(), 1), (name, 3)]).collect();
    side_by_side(work, |(name, passage): (String, u32)| {
        let scene = stages.office_for(&name);
        let context = format!("{name}=kill@{passage}");
        let points = format!("{context}{}", beside(&name));
        let killed = scene.armed(&points).output().expect("a run").status.signal() == Some(9);
        // Some steps are taken once; then the run came to its end.
        assert!(killed || passage > 1, "{name} is never passed");
        if killed {
            scene.holds(&context);
        }
        scene.comes_to_its_end(&context);
    });
}

#[test]
fn an_error_at_any_step_ends_the_run_with_its_reason_and_the_next_run_completes() {
    let stages = Stages::set();
    side_by_side(names(), |name| {
        let scene = stages.office_for(&name);
        let failed = said(scene.armed(&format!("{name}=fail{}", beside(&name))).output().expect("a run"));
        if name == "lease.beat" {
            // The lease holds on; should it run out, its records go to another.
            assert_eq!(failed.code, 0, "{}", failed.stderr);
        } else {
            assert_eq!(failed.code, 2, "{name}: {}\n{}", failed.stdout, failed.stderr);
            let head = failed.stderr.lines().find(|line| line.starts_with("vanthu không làm tiếp được: "));
            assert!(head.is_some_and(|head| head.contains(&format!("failpoint {name}"))), "{name}: {}", failed.stderr);
        }
        scene.holds(&name);
        scene.comes_to_its_end(&name);
    });
}

#[test]
fn a_delay_at_every_step_changes_nothing() {
    for name in ["second list", "interrupted"] {
        let stages = Stages::set();
        let scene = if name == "interrupted" { stages.interrupted } else { stages.second_list };
        let points: Vec<String> = names().iter().map(|name| format!("{name}=delay:5")).collect();
        scene.ends(&mut scene.armed(&points.join(";")));
        scene.is_complete(name);
    }
}

#[test]
fn a_kill_between_any_two_groups_of_a_first_run_leaves_a_batch_that_never_counted() {
    let scene = Scene::fresh();
    for name in ["batch.planned", "records.committed", "batch.accept"] {
        let status = scene.armed(&format!("{name}=kill")).status().expect("a run");
        assert_eq!(status.signal(), Some(9), "{name}");
        scene.holds(name);
        assert!(scene.office.documents("o").is_empty());
    }
    scene.comes_to_its_end("three kills while planning");
}

#[test]
fn a_wrong_failpoint_is_refused_before_anything_is_done() {
    let office = Office::with_workspace();
    let scene = Scene { office, numbered: false, server: None, environment: Vec::new() };
    for wrong in ["object.created", "object.created=stop", "object.created=kill@x", "a=delay:s"] {
        let said = said(scene.armed(wrong).output().expect("a run"));
        assert_eq!(said.code, 1, "{wrong}");
        assert_eq!(
            said.stderr,
            format!(
                "lỗi[failpoints] “{wrong}” không hiểu biến VANTHU_FAILPOINTS\n    cách sửa: viết tên=kill, tên=fail hoặc tên=delay:MILI_GIÂY, thêm @LẦN nếu cần, cách nhau bằng dấu chấm phẩy\n"
            )
        );
    }
    assert!(!scene.office.path.join("o").exists());
}
