//! Schedules beside each other: one whose source is not there keeps no other waiting.

use super::{ask, configure};
use crate::support::running::Running;
use crate::support::servers::await_some;
use crate::support::{Office, people};

/// A schedule that fires only by hand.
fn schedule(name: &str, file: &str) -> String {
    format!(
        "[schedules.{name}]\ncron = \"0 8 1 1 *\"\ntemplate = \"giay-khen\"\nsource = {{ file = \"{file}\" }}\n\
         [schedules.{name}.common]\nso_quyet_dinh = \"12/QĐ-HKH\"\nngay = \"27/12/2019\"\nphong_trao = \"công tác khuyến học\"\n"
    )
}

fn state(office: &Office, name: &str) -> String {
    ask(office, &format!("SELECT state FROM occurrence WHERE schedule = '{name}'"))
}

#[test]
fn a_schedule_whose_source_is_missing_holds_up_no_other() {
    let office = Office::with_workspace();
    // Asked first, and waited for up to a minute: a share may not be mounted yet.
    configure(&office, &schedule("a-cho", "chua-gan/d.csv"));
    configure(&office, &schedule("b-co", "d.csv"));
    office.write("d.csv", people(2));
    let service = Running::start(&office);
    office.must(&["schedule", "run", "a-cho"]);
    await_some("the first is under way", || (state(&office, "a-cho") == "running").then_some(()));
    office.must(&["schedule", "run", "b-co"]);
    await_some("the second is done", || (state(&office, "b-co") == "done").then_some(()));
    assert_eq!(state(&office, "a-cho"), "running", "it still waits for its source");
    // A stop does not wait for it either; whoever comes next goes on with it.
    service.signal("TERM");
    let (code, log) = service.ended(std::time::Duration::from_secs(20));
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(ask(&office, "SELECT state, lease_until FROM occurrence WHERE schedule = 'a-cho'"), "running|0", "{log}");
}
