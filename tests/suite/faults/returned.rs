//! A reader of bounces, and a sender whose message is refused, that are killed: the address is left alone all the same.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use super::{Scene, configured};
use crate::support::certificates::Certificates;
use crate::support::servers::{Dovecot, Postfix};
use crate::support::smtp::{Say, Script, SmtpServer};
use crate::support::{Office, award_run, foreign, python};

/// One certificate for an address that does not exist.
const LIST: &str = "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Bà,Lê Thị Mất,Hội B,khong-co@hoi.test\n";

/// One row of the office's database.
fn row(office: &Office, sql: &str) -> String {
    let script = "import sqlite3, sys\nprint('|'.join(map(str, sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())))";
    python(script, &[&office.path.join("van-thu.db"), sql.as_ref()]).trim_end().to_owned()
}

/// The state of the one message, how many reports of it are known, how many addresses are left alone.
fn standing(office: &Office) -> String {
    row(office, "SELECT (SELECT state FROM delivery), (SELECT COUNT(*) FROM bounce), (SELECT COUNT(*) FROM suppression)")
}

/// Runs a command that dies at `point`.
fn killed(scene: &Scene, command: &[&str], point: &str) {
    let mut command = scene.other(command);
    let status = command.env("VANTHU_FAILPOINTS", format!("{point}=kill")).status().expect("a command");
    assert_eq!(status.signal(), Some(9), "{point} is passed");
}

fn mail(port: u16) -> String {
    format!(
        "[mail]\nfrom = \"van-thu@hoi.test\"\nrelay = \"may\"\nbounce_address = \"bounce@hoi.test\"\n\
         [mail.relays.may]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n"
    )
}

#[test]
fn a_reader_of_bounces_killed_before_or_after_its_commit_counts_each_report_once_and_suppresses_its_address() {
    let postfix = Postfix::start(&["bounce"]);
    let certificates = Certificates::new();
    let (key, certificate) = certificates.issue("127.0.0.1", false);
    let scene = Scene { office: Office::with_workspace(), server: None, environment: Vec::new(), numbered: false };
    configured(&scene.office, &mail(postfix.port));
    scene.office.write("d.csv", LIST);
    scene.office.must(&award_run("d.csv", "o", &["--mail"]));
    postfix.mail("bounce", 1);
    assert_eq!(standing(&scene.office), "sent|0|0");
    let inside = |path: &Path| path.join(".").display().to_string();
    for (point, after) in [("bounce.note", "sent|0|0"), ("bounce.noted", "bounced|1|1")] {
        let copy = scene.copied();
        // A mailbox of its own, as the server left it.
        let maildir = copy.office.path.join("hop-thu");
        foreign("cp", &["-a".to_owned(), inside(&postfix.maildir("bounce")), maildir.display().to_string()]);
        let dovecot = Dovecot::start(&maildir, "mat-khau", &key, &certificate);
        let secret = copy.office.write("mat-khau", "mat-khau");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        configured(
            &copy.office,
            &format!(
                "[mail.bounces]\nhost = \"127.0.0.1\"\nport = {}\ntls = false\naccount = \"bounce\"\npassword_file = \"mat-khau\"\n",
                dovecot.port
            ),
        );
        killed(&copy, &["outbox", "bounces"], point);
        assert_eq!(standing(&copy.office), after, "{point}");
        copy.holds(point);
        copy.ends(&mut copy.other(&["outbox", "bounces"]));
        assert_eq!(standing(&copy.office), "bounced|1|1", "{point}");
        let read = copy.office.must(&["outbox", "bounces", "--json"]).stdout;
        assert!(read.contains("\"read\": 0"), "{point}: the mailbox is read once: {read}");
        copy.holds(point);
    }
}

#[test]
fn a_sender_killed_when_an_address_is_refused_leaves_it_alone_from_the_failure_on() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let unknown = Script::default().on("RCPT", [Say::Line("550 5.1.1 no such user")]);
    let server = runtime.block_on(SmtpServer::start(unknown));
    for (point, after) in [("delivery.suppress", "leased|0|0"), ("delivery.suppressed", "failed|0|1")] {
        let scene = Scene { office: Office::with_workspace(), server: None, environment: Vec::new(), numbered: false };
        configured(&scene.office, &mail(server.port));
        scene.office.write("d.csv", LIST);
        killed(&scene, &award_run("d.csv", "o", &["--mail"]), point);
        assert_eq!(standing(&scene.office), after, "{point}");
        scene.office.run(&["outbox", "send"]);
        assert_eq!(standing(&scene.office), "failed|0|1", "{point}");
        scene.holds(point);
    }
}
