//! Schedules that are killed: one row for each slot, one batch for each slot that runs.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::clock::mislead;
use super::failpoints::names_in;
use super::{Scene, configured, side_by_side};
use crate::support::{foreign, people, python, said};

/// How long anything may take here.
const LONGEST: Duration = Duration::from_secs(90);

/// Every full hour, over a list of a few people.
fn hourly() -> Scene {
    let scene = Scene::fresh();
    configured(
        &scene.office,
        "[schedules.khen]\ncron = \"0 * * * *\"\ntemplate = \"giay-khen\"\nsource = { file = \"d.csv\" }\n\
         [schedules.khen.common]\nso_quyet_dinh = \"12/QĐ-HKH\"\nngay = \"27/12/2019\"\nphong_trao = \"công tác khuyến học\"\n",
    );
    scene.office.write("d.csv", people(5));
    scene
}

/// The service, with its clock put on by so many hours.
fn serve(scene: &Scene, hours: u32, points: &str) -> Child {
    let mut command = scene.other(&["serve"]);
    mislead(&mut command, &scene.office, &format!("+{hours}h"));
    command.env("VANTHU_LISTEN", "127.0.0.1:0").env("VANTHU_FAILPOINTS", points);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a service")
}

fn wait_for(what: &str, mut come: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !come() {
        assert!(begun.elapsed() < LONGEST, "{what} never came");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// An office whose service knew its schedule, and died.
fn known() -> Scene {
    let scene = hourly();
    let mut service = serve(&scene, 0, "");
    let database = scene.office.path.join("van-thu.db");
    let script = "import sqlite3, sys\n\
        try: print(sqlite3.connect(sys.argv[1]).execute('SELECT COUNT(*) FROM schedule').fetchone()[0])\n\
        except sqlite3.Error: print(0)";
    wait_for("the schedule", || database.exists() && python(script, &[&database]).trim() == "1");
    service.kill().expect("killed");
    service.wait().expect("gone");
    scene
}

/// What became of each slot, newest first.
fn history(scene: &Scene) -> Vec<(String, String)> {
    let said = said(scene.other(&["schedule", "show", "khen", "--json"]).output().expect("a list"));
    let shown: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", said.stdout, said.stderr));
    let slots = shown["schedule"]["history"].as_array().cloned().unwrap_or_default();
    let text = |slot: &Value, key: &str| slot[key].as_str().unwrap_or_default().to_owned();
    slots.iter().map(|slot| (text(slot, "scheduled_for"), text(slot, "state"))).collect()
}

/// Waits for the end of what is due, stops the service, and asserts every invariant.
fn comes_to_its_end(scene: &Scene, mut service: Child, context: &str) {
    wait_for(context, || {
        let history = history(scene);
        assert!(service.try_wait().expect("a process").is_none(), "{context}: the service ended");
        !history.is_empty() && history.iter().all(|(_, state)| state == "done" || state == "skipped")
    });
    foreign("kill", &["-TERM", &service.id().to_string()]);
    assert!(service.wait().expect("ended").success(), "{context}");
    let violations = scene.checker().violations(true);
    assert!(violations.is_empty(), "{context}:\n{violations}");
    let history = history(scene);
    assert_eq!(history.iter().filter(|(_, state)| state == "done").count(), 1, "{context}: {history:?}");
    // The two hours that passed, and a third when one ended during the test; none twice, none left out.
    assert!((2..=3).contains(&history.len()), "{context}: {history:?}");
}

#[test]
fn a_scheduler_killed_at_any_step_makes_each_slot_once() {
    let office = known();
    let mut names = names_in(&["src/scheduler.rs", "src/store/schedules.rs"]);
    names.extend(["batch.planned", "batch.accepted", "document.committed", "batch.finished", "batch.completed"].map(str::to_owned));
    assert!(names.len() >= 12, "{names:?}");
    side_by_side(names, |name| {
        let scene = office.copied();
        let mut service = serve(&scene, 2, &format!("{name}=kill"));
        wait_for(&format!("the kill at {name}"), || service.try_wait().expect("a process").is_some());
        assert_eq!(service.wait().expect("gone").signal(), Some(9), "{name}");
        scene.holds(&name);
        // A second kill, while the slot is taken over.
        let mut service = serve(&scene, 2, "occurrence.claimed=kill");
        let begun = Instant::now();
        while service.try_wait().expect("a process").is_none() && begun.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = service.kill();
        service.wait().expect("gone");
        scene.holds(&name);
        comes_to_its_end(&scene, serve(&scene, 2, ""), &name);
    });
}

#[test]
fn a_store_that_fails_under_the_scheduler_delays_a_slot_and_loses_none() {
    let office = known();
    side_by_side(names_in(&["src/scheduler.rs", "src/store/schedules.rs"]), |name| {
        let scene = office.copied();
        scene.short_leases();
        comes_to_its_end(&scene, serve(&scene, 2, &format!("{name}=fail@1")), &name);
    });
}
