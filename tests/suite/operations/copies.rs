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

/// One answer of the restored office's database.
fn ask_restored(office: &Office, sql: &str) -> String {
    let script = "import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]):
    print('|'.join('' if value is None else str(value) for value in row))";
    python(script, &[&office.path.join("moi/van-thu.db"), sql.as_ref()]).trim_end().to_owned()
}

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
    let restored = |sql: &str| ask_restored(&office, sql);
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

#[test]
fn what_was_under_way_when_it_was_copied_is_neither_made_nor_sent_before_a_person_names_it() {
    let office = Office::with_workspace();
    configure(&office, "[registers.khen]\nkind = \"khen-thuong\"\ntemplates = [\"giay-khen\"]\n[mail]\nfrom = \"van-thu@hoi.example\"\n");
    office.write("d.csv", LIST);
    office.must(&award_run("d.csv", "ra", &["--mail", "--submit"]));
    office.must(&["worker", "--until-idle"]);
    office.write("e.csv", LIST.replace("Nguyễn Văn An", "Phạm Văn Minh"));
    office.must(&award_run("e.csv", "sau", &["--mail", "--submit"]));
    let ids = ask(&office, "SELECT id FROM batch ORDER BY id");
    let (made, running) = ids.split_once('\n').unwrap();
    assert_eq!(ask(&office, "SELECT state, post FROM batch ORDER BY id"), "finished|pending\nrunning|pending");
    office.must(&["backup", "sao.zip"]);
    let told = office.must(&["restore", "sao.zip", "--into", "moi"]).stdout;
    for command in [
        format!("vanthu -C moi batch resume {running}\n"),
        format!("vanthu -C moi outbox release {made}\n"),
        "Sổ khen (2019) đang ở số 4. Nếu đã cấp quá số đó, giữ chỗ: vanthu -C moi register reserve khen N --reason".to_owned(),
    ] {
        assert!(told.contains(&command), "{command}: {told}");
    }
    let resumed = office.must(&["-C", "moi", "resume"]).stdout;
    assert!(resumed.contains(&format!(": vanthu batch resume {running}\n")) && resumed.contains("khen (2019) đang ở số 4"), "{resumed}");
    office.must(&["-C", "moi", "worker", "--until-idle"]);
    office.must(&["-C", "moi", "outbox", "send"]);
    assert_eq!(ask_restored(&office, "SELECT state, post FROM batch ORDER BY id"), "finished|held\npaused|held");
    assert_eq!(ask_restored(&office, "SELECT COUNT(*) FROM delivery"), "0");
    office.must(&["-C", "moi", "batch", "resume", running]);
    office.must(&["-C", "moi", "worker", "--until-idle"]);
    assert_eq!(office.documents("moi/sau").len(), 2);
    office.must(&["-C", "moi", "outbox", "release", made]);
    office.must(&["-C", "moi", "outbox", "send"]);
    assert_eq!(ask_restored(&office, "SELECT DISTINCT batch_id, state FROM delivery"), format!("{made}|sent"));
    // Numbers that the original gave out since are kept, each a line of the register.
    office.must(&["-C", "moi", "register", "reserve", "khen", "3", "--year", "2019", "--reason", "cấp sau bản sao"]);
    office.write("g.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị\nCá nhân,Ông,Vũ Văn Đạt,Hội D\n");
    office.must(&[&["-C", "moi"][..], &award_run("g.csv", "moi/nua", &[])[..]].concat());
    assert_eq!(office.documents("moi/nua"), ["08-Vũ Văn Đạt.pdf"]);
}

#[test]
fn a_restored_office_has_documents_of_its_own_and_leaves_those_of_the_original_alone() {
    let office = Office::with_workspace();
    let elsewhere = office.path.join("o-khac/kho");
    configure(&office, &format!("[store]\nobjects = \"{}\" # ổ lớn\n", elsewhere.display()));
    office.write("d.csv", LIST);
    office.must(&award_run("d.csv", "ra", &[]));
    // Accepted before the copy, made after it: the copy knows the batch and not its documents.
    office.write("e.csv", LIST.replace("Nguyễn Văn An", "Phạm Văn Minh"));
    office.must(&award_run("e.csv", "sau", &["--submit"]));
    office.must(&["backup", "sao.zip"]);
    office.must(&["worker", "--until-idle"]);
    let objects = || python("import sys, glob; print(len(glob.glob(sys.argv[1] + '/*/*.pdf')))", &[&elsewhere]).trim().to_owned();
    assert_eq!(objects(), "4");
    office.must(&["restore", "sao.zip", "--into", "moi"]);
    let config = String::from_utf8(office.read("moi/vanthu.toml")).unwrap();
    assert!(config.contains("objects = \"kho\" # ổ lớn"), "{config}");
    office.must(&["-C", "moi", "worker", "--until-idle"]);
    assert_eq!(objects(), "4", "nothing of the original's is collected");
    assert_eq!(fs::read_dir(office.path.join("moi/kho")).unwrap().count(), 2, "one batch, and whose it is");
    // Whoever leads it there by hand is refused.
    office.write("moi/vanthu.toml", config.replace("\"kho\"", &format!("\"{}\"", elsewhere.display())));
    let refused = office.run(&["-C", "moi", "worker", "--until-idle"]);
    assert_eq!((refused.code, refused.stderr.contains("lỗi[storage-instance]")), (1, true), "{}", refused.stderr);
    assert_eq!(objects(), "4");
}

#[test]
fn a_worker_that_is_started_on_another_database_refuses() {
    let office = Office::with_workspace();
    office.write("d.csv", LIST);
    let postgres = Postgres::start();
    let (own, empty) = (postgres.create_database("copies_own"), postgres.create_database("copies_empty"));
    let on = |url: &str, arguments: &[&str]| {
        let mut command = office.command(arguments);
        crate::support::said(command.env("VANTHU_STORE_URL", url).output().unwrap())
    };
    assert_eq!(on(&own, &award_run("d.csv", "ra", &[])).code, 0);
    let refused = on(&empty, &["worker", "--until-idle"]);
    assert_eq!(refused.code, 1);
    assert_eq!(
        refused.stderr.replace(office.path.to_str().unwrap(), "…"),
        "lỗi[storage-instance] …/kho: kho văn bản này thuộc về một cơ sở dữ liệu khác, không phải cơ sở dữ liệu đang mở\n    \
         cách sửa: kiểm tra [store] url_file và objects: cơ sở dữ liệu trống hoặc nhầm? một văn phòng mới cần kho riêng\n"
    );
    assert_eq!(on(&own, &["worker", "--until-idle"]).code, 0);
}

#[test]
fn a_copy_holds_the_pictures_of_the_page_and_no_secret_and_only_its_owner_reads_it() {
    let office = Office::with_workspace();
    let picture = |name: &str| {
        let path = office.write(name, "");
        python("import sys\nfrom PIL import Image; Image.new('RGB',(80,80),(20,60,140)).save(sys.argv[1])", &[&path]);
    };
    picture("hinh/bieu-trung.png");
    picture("ky.png");
    office.write("mat-khau", "rat-mat");
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    let config = config.replace("place = ", "emblem = \"hinh/bieu-trung.png\"\nplace = ");
    office.write("vanthu.toml", format!("{config}\nsignature = \"ky.png\"\nseal = \"mat-khau\"\n"));
    office.write("d.csv", LIST);
    assert!(office.run(&award_run("d.csv", "ra", &[])).stderr.contains("mat-khau"), "it is no picture");
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.must(&["backup", "mat.zip"]);
    let names = |copy: &str| {
        python("import sys, zipfile; print('\\n'.join(sorted(zipfile.ZipFile(sys.argv[1]).namelist())))", &[&office.path.join(copy)])
    };
    assert_eq!(names("mat.zip"), "ban-sao.json\nhinh/bieu-trung.png\nky.png\nvan-thu.db\nvanthu.toml\n");
    office.write("vanthu.toml", config.replace("seal = \"mat-khau\"\n", ""));
    office.must(&award_run("d.csv", "ra", &[]));
    office.must(&["backup", "sao.zip"]);
    office.must(&["restore", "sao.zip", "--into", "moi"]);
    office.must(&["-C", "moi", "resume"]);
    office.must(&[&["-C", "moi"][..], &award_run("d.csv", "moi/nua", &[])[..]].concat());
    for name in office.documents("ra") {
        assert!(office.read(&format!("ra/{name}")) == office.read(&format!("moi/nua/{name}")), "{name}");
    }
    let mode = |name: &str| fs::metadata(office.path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode("van-thu.db"), mode("sao.zip"), mode("moi/van-thu.db")], [0o600; 3]);
}
