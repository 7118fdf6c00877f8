//! The restore drill: an office with registers, batches and mail is copied and restored on either database; it is the same
//! office, sends nothing by itself, and goes on counting where the original stood.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use vanthu::store::{Location, Store};

use super::{ask, configure};
use crate::support::postgres::Postgres;
use crate::support::{Office, award_run, python};

const LIST: &str = "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\nCá nhân,Bà,Lê Thị Bình,Hội B,binh@example.com\n";

/// Two certificates with numbers 1 and 2, whose messages wait for a relay that does not answer.
fn office() -> Office {
    let office = Office::with_workspace();
    configure(
        &office,
        "[registers.khen]\nkind = \"khen-thuong\"\ntemplates = [\"giay-khen\"]\n\
         [mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\n",
    );
    office.write("d.csv", LIST);
    office
}

fn secret(office: &Office, name: &str, text: &str) {
    let path = office.write(name, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The rows that a copy must bring back as they were.
const SAME: [&str; 6] = [
    "SELECT id, state, template, output, request, setting, plan, accepted FROM batch ORDER BY id",
    "SELECT batch_id, number, state, label, file, digest, content, document_id FROM record ORDER BY batch_id, number",
    "SELECT id, object, sha256, bytes, pages FROM document ORDER BY id",
    "SELECT register, period, number, state, batch_id, record, identity, code, subject FROM entry ORDER BY register, number",
    "SELECT register, period, last FROM series ORDER BY register",
    "SELECT sha256, length(bytes) FROM content ORDER BY sha256",
];

/// What follows the restore is the same whatever the database is. `ask` asks the restored office.
fn goes_on(office: &Office, ask: &dyn Fn(&str) -> String) {
    assert_eq!(ask("SELECT DISTINCT state FROM delivery"), "needs_operator", "nobody knows whether the original sent them");
    let sent = office.must(&["-C", "moi", "outbox", "send"]).stdout;
    assert!(sent.contains("Thư cần người xem xét: 2"), "{sent}");
    office.must(&["-C", "moi", "resume"]);
    office.write("e.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị\nCá nhân,Ông,Trần Văn Châu,Hội C\n");
    office.must(&[&["-C", "moi"][..], &award_run("e.csv", "moi/sau", &[])[..]].concat());
    assert_eq!(ask("SELECT number, state FROM entry ORDER BY number"), "1|taken\n2|taken\n3|taken");
    // The list of before is that batch still: nothing is made or numbered again.
    let again = office.must(&[&["-C", "moi"][..], &award_run("d.csv", "moi/ra", &[])[..]].concat()).stdout;
    assert_eq!(ask("SELECT MAX(number) FROM entry"), "3", "{again}");
    assert_eq!(office.documents("moi/ra").len(), 2);
    let doctor = office.run(&["-C", "moi", "doctor"]).stdout;
    assert!(doctor.contains("nhật ký kiểm tra liền mạch"), "{doctor}");
}

#[test]
fn an_office_on_sqlite_comes_back_as_it_was_and_waits_for_a_person() {
    let office = office();
    office.run(&award_run("d.csv", "ra", &["--mail"]));
    super::tell(&office, "INSERT INTO account (id, name, full_name, role, created_at, changed_at) VALUES ('A', 'an', 'An', 'clerk', 0, 0)");
    super::tell(&office, "INSERT INTO login (digest, account_id, state, created_at, seen_at) VALUES ('d', 'A', 'open', 0, 0)");
    super::tell(
        &office,
        "INSERT INTO webhook (id, url, events, secret, created_by, created_at) VALUES ('W', 'http://x', ' batch.finished ', '', 'an', 0)",
    );
    // One is due, and one was put off before the clock was set back.
    for (id, next_at) in [("1", 0_i64), ("2", 99_999_999_999_999)] {
        super::tell(
            &office,
            &format!(
                "INSERT INTO webhook_call (id, webhook_id, event, data, state, next_at, created_at, changed_at)
                 VALUES ('{id}', 'W', 'batch.finished', '{{}}', 'queued', {next_at}, 0, 0)"
            ),
        );
    }
    office.must(&["backup", "sao.zip"]);
    office.must(&["restore", "sao.zip", "--into", "moi"]);
    assert_eq!(calls_due(&office), 0, "the original may have called");
    let restored = |sql: &str| {
        let script = "import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]):
    print('|'.join('' if value is None else str(value) for value in row))";
        python(script, &[&office.path.join("moi/van-thu.db"), sql.as_ref()]).trim_end().to_owned()
    };
    for sql in SAME {
        assert_eq!(restored(sql), ask(&office, sql), "{sql}");
    }
    assert_eq!(restored("SELECT (SELECT COUNT(*) FROM account), (SELECT COUNT(*) FROM login)"), "1|0", "nobody is signed in");
    // Another office, which still knows the bounces of what this one has sent.
    assert_eq!(restored("SELECT return_key FROM instance"), ask(&office, "SELECT id FROM instance"));
    goes_on(&office, &restored);
    assert!(calls_due(&office) >= 2, "a person has let it go on");
}

/// Calls of webhooks that the restored office would make now.
fn calls_due(office: &Office) -> usize {
    let calls = async {
        let store = Store::open_beside(&Location::File(office.path.join("moi/van-thu.db"))).await.unwrap();
        store.claim_calls(9).await.unwrap().len()
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(calls)
}

#[test]
fn an_office_on_postgresql_comes_back_on_an_empty_database_and_on_no_other() {
    let postgres = Postgres::start();
    let office = office();
    let (old, new) = (postgres.create_database("copies_old"), postgres.create_database("copies_new"));
    secret(&office, "url", &old);
    secret(&office, "url-moi", &new);
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", format!("{config}[store]\nurl_file = \"url\"\n"));
    office.run(&award_run("d.csv", "ra", &["--mail"]));
    office.must(&["backup", "sao.zip"]);
    let without = office.run(&["restore", "sao.zip", "--into", "moi"]);
    assert!(without.stderr.contains("lỗi[restore-server]") && without.stderr.contains("--server TỆP"), "{}", without.stderr);
    let used = office.run(&["restore", "sao.zip", "--into", "moi", "--server", "url"]);
    assert!(used.stderr.contains("cơ sở dữ liệu ở đó không trống"), "{}", used.stderr);
    assert!(!office.path.join("moi").exists());
    office.must(&["restore", "sao.zip", "--into", "moi", "--server", "url-moi"]);
    for sql in SAME {
        assert_eq!(postgres.query("copies_new", sql), postgres.query("copies_old", sql), "{sql}");
    }
    assert_ne!(postgres.query("copies_new", "SELECT id FROM instance"), postgres.query("copies_old", "SELECT id FROM instance"));
    assert!(!office.path.join("moi/van-thu.db").exists(), "the rows are the server's");
    goes_on(&office, &|sql| postgres.query("copies_new", sql));
}

#[test]
fn an_office_moves_from_sqlite_to_a_server_by_its_copy() {
    let postgres = Postgres::start();
    let office = office();
    secret(&office, "url-moi", &postgres.create_database("copies_moved"));
    office.run(&award_run("d.csv", "ra", &[]));
    office.must(&["backup", "sao.zip"]);
    office.must(&["restore", "sao.zip", "--into", "moi", "--server", "url-moi"]);
    for sql in SAME {
        assert_eq!(postgres.query("copies_moved", sql), ask(&office, sql), "{sql}");
    }
}
