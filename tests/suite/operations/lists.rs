//! A list that changes while the older one is still being made, and planning beside a start.

use super::{ask, tell};
use crate::support::{Office, award_run, people};

#[test]
fn a_changed_list_gives_up_what_the_older_one_of_the_folder_had_not_made() {
    let office = Office::with_workspace();
    office.write("d.csv", people(3));
    let first: serde_json::Value = serde_json::from_str(&office.must(&award_run("d.csv", "ra", &["--submit", "--json"])).stdout).unwrap();
    let first = first["batch"].as_str().unwrap().to_owned();
    office.write("d.csv", people(4));
    let said = office.must(&award_run("d.csv", "ra", &["--submit"])).stdout;
    assert!(
        said.starts_with(&format!("Danh sách đã đổi: lô {first} còn dở của thư mục này được hủy, phần chưa làm nằm trong lô mới.\n")),
        "{said}"
    );
    assert_eq!(
        ask(&office, "SELECT state, superseded_by = (SELECT id FROM batch WHERE state = 'running') FROM batch WHERE state <> 'running'"),
        "cancelled|1"
    );
    assert_eq!(ask(&office, &format!("SELECT DISTINCT state FROM record WHERE batch_id = '{first}'")), "cancelled");
    office.must(&["worker", "--until-idle"]);
    assert_eq!(office.documents("ra").len(), 4);
    let shown = office.must(&["batch", "show", &first]).stdout;
    assert!(shown.contains("đã hủy (thay bằng lô "), "{shown}");
}

#[test]
fn numbers_of_the_older_list_go_with_its_people_to_the_new_one() {
    let office = Office::with_workspace();
    super::configure(&office, "[registers.khen]\nkind = \"khen-thuong\"\ntemplates = [\"giay-khen\"]\n");
    let list = |count| people(count).lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n").collect::<String>();
    office.write("d.csv", list(3));
    office.must(&award_run("d.csv", "ra", &["--submit"]));
    let before = ask(&office, "SELECT number, identity FROM entry ORDER BY number");
    office.write("d.csv", list(4));
    office.must(&award_run("d.csv", "ra", &["--submit"]));
    assert_eq!(ask(&office, "SELECT number, identity FROM entry WHERE number <= 3 ORDER BY number"), before);
    assert_eq!(ask(&office, "SELECT COUNT(*), COUNT(DISTINCT batch_id) FROM entry WHERE state = 'taken'"), "4|1");
}

#[test]
fn a_start_leaves_a_planning_that_is_alive_alone_and_clears_one_that_is_not() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    office.must(&award_run("d.csv", "ra", &["--submit"]));
    let row = |id: &str, until: &str| {
        tell(
            &office,
            &format!(
                "INSERT INTO batch (id, request_digest, request, setting, plan, template, output, origin, state, post, accepted, rejected, created_at,
                     changed_at, completing_until)
                 VALUES ('{id}', '', '{{}}', '{{}}', '{{}}', 't', 'khac', 'cli', 'planning', 'none', 0, 0, 0, 0, {until})"
            ),
        );
    };
    row("SONG", "unixepoch() * 1000 + 60000");
    row("CHET", "unixepoch() * 1000 - 1");
    office.must(&["worker", "--until-idle"]);
    assert_eq!(ask(&office, "SELECT id FROM batch WHERE state = 'planning'"), "SONG");
}
