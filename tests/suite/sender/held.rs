//! A mailing most of whose messages fail is held before the rest goes the same way, and goes on when a person says so.

use serde_json::Value;

use super::mailed;
use super::relay::{states, with};
use crate::support::Office;
use crate::support::smtp::{Say, Script};

const PEOPLE: usize = 24;

fn list() -> String {
    let rows: String = (10..10 + PEOPLE)
        .map(|index| format!("Cá nhân,Ông,Nguyễn Văn An,Hội {index},Đã có nhiều đóng góp,an-{index}@example.com\n"))
        .collect();
    format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Thành tích,Email\n{rows}")
}

fn unknown() -> Script {
    Script::default().on("RCPT", [Say::Line("550 5.1.1 no such user")])
}

fn count(office: &Office, state: &str) -> usize {
    states(office).iter().filter(|own| *own == state).count()
}

fn shown(office: &Office) -> Value {
    serde_json::from_str(&office.must(&["batch", "show", "last", "--json"]).stdout).expect("JSON")
}

#[test]
fn the_fifth_failure_holds_a_mailing_that_fails_and_it_goes_on_by_batch_resume() {
    with(unknown(), "", |office, server| {
        office.write("d.csv", list());
        office.run(&mailed("d.csv", &[]));
        let failed = count(office, "failed");
        // What the other three connections had under way fails, too.
        assert!((5..=8).contains(&failed), "{:?}", states(office));
        assert_eq!(count(office, "queued"), PEOPLE - failed, "{:?}", states(office));
        let id = shown(office)["id"].as_str().expect("an id").to_owned();
        let paused = &shown(office)["mail_paused"];
        assert_eq!((&paused["failed"], &paused["tried"]), (&Value::from(5), &Value::from(5)), "{paused}");
        let sentence = format!(
            "Lô {id}: tạm dừng gửi thư của lô: 5 trong 5 thư đã thử không gửi được. \
             Xem: vanthu outbox list --of {id} --state failed; gửi tiếp: vanthu batch resume {id}\n"
        );
        for command in [&["batch", "show", "last"][..], &["outbox", "list"]] {
            assert!(office.must(command).stdout.contains(&sentence), "{}", office.must(command).stdout);
        }
        let asked = server.heard(|heard| heard.commands.len());
        assert!(office.must(&["outbox", "send"]).stdout.contains(&sentence), "it is said why nothing goes");
        assert_eq!(server.heard(|heard| heard.commands.len()), asked, "nobody is asked any more");

        // What failed before does not count again: five more have to.
        office.must(&["batch", "resume", "last"]);
        assert_eq!(shown(office)["mail_paused"], Value::Null);
        office.run(&["outbox", "send"]);
        assert!((failed + 5..=failed + 8).contains(&count(office, "failed")), "{:?}", states(office));
        assert_ne!(shown(office)["mail_paused"], Value::Null);
        let actions = crate::support::python(
            "import sqlite3, sys\nprint([row[0] for row in sqlite3.connect(sys.argv[1]).execute(\"SELECT action FROM audit WHERE action = 'mailing.resume'\")])",
            &[&office.path.join("van-thu.db")],
        );
        assert_eq!(actions, "['mailing.resume']\n");
    });
}

#[test]
fn a_share_of_failures_can_be_allowed_and_a_wrong_one_is_told() {
    with(unknown(), "", |office, _| {
        let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
        let with = |percent: u32| config.replace("[mail]\n", &format!("[mail]\nmax_failed_percent = {percent}\n"));
        office.write("vanthu.toml", with(101));
        assert_eq!(office.run(&["doctor"]).stderr, "lỗi[config-value] vanthu.toml [mail]: mail.max_failed_percent phải từ 0 đến 100\n");
        office.write("vanthu.toml", with(100));
        office.write("d.csv", list());
        office.run(&mailed("d.csv", &[]));
        assert_eq!(count(office, "failed"), PEOPLE, "{:?}", states(office));
        assert_eq!(shown(office)["mail_paused"], Value::Null);
    });
}
