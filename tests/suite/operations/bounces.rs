//! Bounces and complaints come home by the mailbox that real servers write, and addresses that are gone are not written to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::{ask, configure};
use crate::support::Office;
use crate::support::certificates::Certificates;
use crate::support::running::Running;
use crate::support::servers::{Dovecot, Postfix, await_some};

#[test]
fn what_the_server_returns_and_what_people_complain_about_is_known_the_next_minute() {
    let postfix = Postfix::start(&["anh", "binh", "bounce"]);
    let certificates = Certificates::new();
    let (key, certificate) = certificates.issue("127.0.0.1", false);
    let office = Office::with_workspace();
    let secret = office.write("mat-khau", "mat-khau");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    office.write(
        "d.csv",
        "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,anh@hoi.test\nCá nhân,Bà,Lê Thị Mất,Hội B,khong-co@hoi.test\n",
    );
    let mail = format!(
        "[mail]\nfrom = \"van-thu@hoi.test\"\nrelay = \"may\"\nbounce_address = \"bounce@hoi.test\"\n\
         [mail.relays.may]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n",
        postfix.port
    );
    configure(&office, &mail);
    let missing = office.run(&["outbox", "bounces"]);
    assert!(missing.stderr.contains("lỗi[bounces-missing]"), "{}", missing.stderr);
    office.must(&crate::support::award_run("d.csv", "ra", &["--mail"]));
    postfix.mail("bounce", 1);
    let arrived = String::from_utf8(postfix.mail("anh", 1).remove(0)).unwrap();
    let dovecot = Dovecot::start(&postfix.maildir("bounce"), "mat-khau", &key, &certificate);
    configure(
        &office,
        &format!(
            "[mail.bounces]\nhost = \"127.0.0.1\"\nport = {}\ntls = false\naccount = \"bounce\"\npassword_file = \"mat-khau\"\n",
            dovecot.port
        ),
    );
    let said = office.must(&["outbox", "bounces"]);
    assert_eq!(said.stdout, "Đã đọc 1 thư báo lỗi.\n    1  thư bị trả lại\n");
    let again = office.must(&["outbox", "bounces", "--json"]);
    assert!(again.stdout.contains("\"read\": 0"), "{}", again.stdout);
    let listed = office.must(&["outbox", "list", "--state", "bounced"]).stdout;
    assert!(listed.contains("khong-co@hoi.test  bị trả lại") && listed.contains("5.1.1"), "{listed}");
    assert_eq!(ask(&office, "SELECT recipient_key FROM suppression"), "khong-co@hoi.test");

    // A complaint (RFC 5965) comes to the return path of the other message; the service reads it.
    let path = arrived.lines().find_map(|line| line.strip_prefix("Return-Path: <")?.strip_suffix('>')).expect("a return path");
    let complaint = format!(
        "Delivered-To: {path}\r\nFrom: fbl@nha-cung-cap.test\r\nTo: {path}\r\nSubject: complaint\r\nMessage-ID: <fbl-1@nha-cung-cap.test>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n\
         Feedback-Type: abuse\r\nUser-Agent: t/1\r\nVersion: 1\r\n\r\n--b--\r\n"
    );
    let new = postfix.maildir("bounce").join("new/1.fbl.test");
    fs::write(&new, complaint).unwrap();
    std::os::unix::fs::chown(&new, Some(65_534), Some(65_534)).unwrap();
    let service = Running::start(&office);
    await_some("the complaint", || (ask(&office, "SELECT COUNT(*) FROM delivery WHERE state = 'complained'") == "1").then_some(()));
    await_some("the suppression", || (ask(&office, "SELECT COUNT(*) FROM suppression") == "2").then_some(()));
    service.signal("TERM");
    let (_, log) = service.ended(Duration::from_secs(30));
    assert!(log.contains("bounces.read") && !log.contains("hoi.test"), "{log}");
}

#[test]
fn a_mailbox_that_refuses_the_account_is_said_and_the_rest_goes_on() {
    let postfix = Postfix::start(&["bounce"]);
    let certificates = Certificates::new();
    let (key, certificate) = certificates.issue("127.0.0.1", false);
    fs::create_dir_all(postfix.maildir("bounce")).unwrap();
    let dovecot = Dovecot::start(&postfix.maildir("bounce"), "mat-khau", &key, &certificate);
    let office = Office::with_workspace();
    let secret = office.write("mat-khau", "sai");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    configure(
        &office,
        &format!(
            "[alerts]\nto = [\"quan-tri@hoi.test\"]\n[mail]\nfrom = \"van-thu@hoi.test\"\nbounce_address = \"bounce@hoi.test\"\n\
             [mail.bounces]\nhost = \"127.0.0.1\"\nport = {}\ntls = false\naccount = \"bounce\"\npassword_file = \"mat-khau\"\n",
            dovecot.port
        ),
    );
    let said = office.run(&["outbox", "bounces"]);
    assert_eq!((said.code, said.stderr.contains("hộp thư ở 127.0.0.1 từ chối tài khoản hoặc mật khẩu")), (2, true), "{}", said.stderr);
    let service = Running::start(&office);
    assert!(service.get("/readyz").starts_with("HTTP/1.1 200"), "the office works without it");
    let [message] = super::messages(&office, "quan-tri@hoi.test", 1).try_into().unwrap();
    assert!(message.contains(": Không đọc được hộp thư báo lỗi. Thử: vanthu outbox bounces"), "{message}");
}
