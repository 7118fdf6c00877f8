//! Addresses to which nothing is sent: by hand, for a time, and undone.

use super::{ask, configure, messages};
use crate::support::{Office, award_run};

#[test]
fn an_address_on_the_list_gets_nothing_until_it_is_taken_off() {
    let office = Office::with_workspace();
    office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,An@Example.com\n");
    assert!(office.run(&["suppression", "add", "an", "--reason", "x"]).stderr.contains("lỗi[address-"));
    office.must(&["suppression", "add", "An@example.COM", "--reason", "đã chuyển công tác", "--days", "30"]);
    let listed = office.must(&["suppression", "list"]).stdout;
    assert!(
        listed.starts_with("An@example.com  ") && listed.contains("đã chuyển công tác") && listed.ends_with("1 địa chỉ.\n"),
        "{listed}"
    );
    office.run(&award_run("d.csv", "ra", &["--mail"]));
    let id = ask(&office, "SELECT id FROM delivery WHERE state = 'suppressed'");
    let shown = office.must(&["outbox", "show", &id]).stdout;
    assert!(
        shown.contains("không gửi: địa chỉ bị chặn")
            && shown.contains("đã chuyển công tác. Bỏ chặn: vanthu suppression remove An@example.com"),
        "{shown}"
    );
    office.must(&["suppression", "remove", "An@Example.com", "--reason", "hỏi lại rồi"]);
    let again = office.run(&["suppression", "remove", "An@Example.com"]);
    assert!(again.stderr.contains("lỗi[suppression-unknown]"), "{}", again.stderr);
    office.must(&["outbox", "retry", &id]);
    office.must(&["outbox", "send"]);
    assert_eq!(messages(&office, "xample.com", 1).len(), 1);
    // The log says that and why, and not whom.
    assert_eq!(
        ask(&office, "SELECT action, subject, detail FROM audit WHERE action LIKE 'suppression%'"),
        "suppression.add||đã chuyển công tác\nsuppression.release||hỏi lại rồi"
    );
}

#[test]
fn an_entry_whose_time_is_over_holds_nothing_back() {
    let office = Office::with_workspace();
    office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\n");
    office.must(&["suppression", "add", "an@example.com", "--reason", "nghỉ phép", "--days", "1"]);
    super::tell(&office, "UPDATE suppression SET expires_at = 1");
    office.must(&award_run("d.csv", "ra", &["--mail"]));
    assert_eq!(messages(&office, "an@example.com", 1).len(), 1);
}

#[test]
fn what_waits_says_until_when_and_why() {
    let office = Office::with_workspace();
    office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\n");
    configure(
        &office,
        "[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\n",
    );
    office.run(&award_run("d.csv", "ra", &["--mail"]));
    let listed = office.must(&["outbox", "list"]).stdout;
    assert!(listed.contains("an@example.com  chờ gửi  ") && listed.contains("Tạm không gửi qua “may” đến "), "{listed}");
    super::tell(&office, "UPDATE delivery SET reason = '', reply = '', next_at = next_at + 3600000");
    let listed = office.must(&["outbox", "list"]).stdout;
    assert!(listed.contains(", theo hạn mức gửi)"), "{listed}");
}

#[test]
fn a_worker_says_that_messages_wait_for_a_sender() {
    let office = Office::with_workspace();
    office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\n");
    office.must(&award_run("d.csv", "ra", &["--mail", "--submit"]));
    let said = office.must(&["worker", "--until-idle"]).stdout;
    assert!(said.contains("Có thư chờ gửi: “vanthu serve” gửi, hoặc chạy “vanthu outbox send”."), "{said}");
    let sent = office.must(&["outbox", "send"]).stdout;
    assert!(sent.contains("Thư đã chuyển cho máy chủ thư: 1"), "{sent}");
}
