//! Each command as a person or a program meets it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use expect_test::expect;
use serde_json::Value;
use vanthu::cli::{grammar, help};
use vanthu::language::Language;

use crate::support::certificates::Certificates;
use crate::support::servers::Dovecot;
use crate::support::smtp::{Script, SmtpServer};
use crate::support::{Office, award_run, pages_of, people, python, text_of, whole};

#[test]
fn every_command_and_option_has_help_in_both_languages() {
    fn walk(command: &clap::Command, path: String) {
        assert!(help::command_sentence(&path).is_some(), "`{path}` has no Vietnamese help");
        assert!(command.get_about().is_some(), "`{path}` has no English help");
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            assert!(help::argument_sentence(id).is_some(), "`{path} {id}` has no Vietnamese help");
            assert!(argument.get_help().is_some(), "`{path} {id}` has no English help");
        }
        for sub in command.get_subcommands() {
            let name = sub.get_name();
            walk(sub, if path.is_empty() { name.to_owned() } else { format!("{path} {name}") });
        }
    }
    walk(&grammar(Language::English), String::new());
}

#[test]
fn messages_follow_the_locale_and_lang_wins() {
    let office = Office::new();
    let of = |lang: &str, more: &[&str]| {
        let mut command = office.command(&[&["template", "show", "giay-khenn"], more].concat());
        command.env("LANG", lang);
        crate::support::said(command.output().expect("runs")).stderr
    };
    assert!(of("vi_VN.UTF-8", &[]).starts_with("lỗi[template-unknown] “giay-khenn” không có mẫu này"));
    assert!(of("en_GB.UTF-8", &[]).starts_with("error[template-unknown] “giay-khenn” there is no such template"));
    assert!(of("en_GB.UTF-8", &["--lang", "vi"]).starts_with("lỗi["));
    assert!(of("C", &[]).starts_with("lỗi["), "Vietnamese when nothing says otherwise");
    assert!(office.must(&["--help", "--lang=en"]).stdout.contains("Make the documents of a batch"));
    assert!(office.must(&["--help"]).stdout.contains("Tạo các văn bản của một lô"));
}

#[test]
fn a_batch_file_says_everything_that_options_can() {
    let office = Office::with_workspace();
    office.write("du-lieu/d.csv", people(2).replace("Họ và tên", "Người được khen"));
    office.write(
        "lo/khen.toml",
        "template = \"giay-khen\"\norganisation = \"hoi\"\noutput = \"../ra\"\nname = \"{{so}} {{ho_ten}}\"\nmerge = true\nzip = true\nstandard = \"a-3b\"\n\n[data]\nfile = \"../du-lieu/d.csv\"\n\n[columns]\nho_ten = \"Người được khen\"\n\n[common]\nso_quyet_dinh = \"12/QĐ-HKH\"\nngay = 2019-12-27\nphong_trao = \"công tác khuyến học\"\n\n[options]\nmau = \"hien-dai\"\n",
    );
    office.must(&["run", "lo/khen.toml"]);
    assert_eq!(office.documents("ra"), ["001 Nguyễn Văn An.pdf", "002 Trần Văn An.pdf"]);
    assert_eq!(pages_of(&office.path.join("ra/_tat-ca.pdf")), 2);
    assert!(office.path.join("ra/_tat-ca.zip").is_file());
    let pdf = String::from_utf8_lossy(&office.read("ra/001 Nguyễn Văn An.pdf")).into_owned();
    assert!(pdf.contains("<pdfaid:part>3</pdfaid:part>") && pdf.contains("<pdfaid:conformance>B</pdfaid:conformance>"));
    let text = text_of(&office.path.join("ra/001 Nguyễn Văn An.pdf"));
    assert!(text.contains("ngày 27 tháng 12 năm 2019"), "{text}");
}

#[test]
fn a_mistake_in_a_batch_file_is_shown_at_its_line() {
    let office = Office::with_workspace();
    office.write("lo.toml", "template = \"giay-khen\"\noutput = \"o\"\nmergee = true\n[data]\nfile = \"d.csv\"\n");
    let said = office.run(&["run", "lo.toml"]);
    assert_eq!(said.code, 1);
    expect![[r#"
        lỗi[toml-syntax] lo.toml:3:1: không có khóa “mergee” ở đây
            | mergee = true
            | ^
            cách sửa: có phải “merge”?
    "#]]
    .assert_eq(&said.stderr);
}

#[test]
fn a_mistake_in_the_configuration_is_shown_at_its_line() {
    let office = Office::with_workspace();
    office.write("vanthu.toml", "[render]\nworkerss = 2\n");
    let said = office.run(&["template", "list"]);
    assert_eq!(said.code, 1);
    expect![[r#"
        lỗi[toml-syntax] vanthu.toml:2:1: không có khóa “workerss” ở đây
            | workerss = 2
            | ^
            cách sửa: có phải “workers”?
    "#]]
    .assert_eq(&said.stderr);
    office.write("vanthu.toml", "[organisations.a]\nname = \"A\"\n[[organisations.a.signatories]]\nname = \"Lê Văn B\"\n");
    let said = office.run(&["template", "list"]);
    expect![[r#"
        lỗi[signatory-title] vanthu.toml [organisations.a]: người ký “Lê Văn B” chưa có chức vụ (authority)
            cách sửa: thêm authority = ["TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"]
    "#]]
    .assert_eq(&said.stderr);
}

#[test]
fn check_validates_everything_and_makes_nothing() {
    let office = Office::with_workspace();
    office.write("d.csv", people(3));
    let mut arguments = award_run("d.csv", "o", &[]);
    arguments[0] = "check";
    let said = office.must(&arguments);
    assert_eq!(said.stdout.trim(), "3 bản ghi đúng, 0 bản ghi sai.");
    assert!(!office.path.join("o").exists());
    office.write("d.csv", people(3).replace("Ông", "Ôngg"));
    let said = office.run(&arguments);
    assert_eq!(said.code, 1);
    assert_eq!(said.stderr.matches("lỗi[").count(), 3, "{}", said.stderr);
    assert_eq!(said.stdout.trim(), "0 bản ghi đúng, 3 bản ghi sai.");
}

/// A relay on loopback, and four messages that nobody knows what became of.
fn outbox_of_four(office: &Office) -> (tokio::runtime::Runtime, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let server = runtime.block_on(SmtpServer::start(Script::default()));
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    let port = server.port;
    // The server lives as long as the runtime.
    std::mem::forget(server);
    let mail = "[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nsecurity = \"none\"";
    office.write("vanthu.toml", format!("{config}\n{mail}\nport = {port}\n"));
    let rows: String = (1..=4).map(|n| format!("Cá nhân,Ông,Người Thứ {n},Hội A,Đã có đóng góp,n{n}@example.com\n")).collect();
    office.write("thu.csv", format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Thành tích,Email\n{rows}"));
    let set = ["--set", "so_quyet_dinh=12/QĐ-HKH", "--set", "ngay=27/12/2019"];
    office.must(&[&["run", "-t", "giay-khen", "-d", "thu.csv", "-o", "thu", "--mail"][..], &set].concat());
    let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n\
        c.execute(\"UPDATE delivery SET state='needs_operator', uncertain=2\")\nc.commit()\n\
        print('\\n'.join(r[0] for r in c.execute('SELECT id FROM delivery ORDER BY id')))";
    let ids = python(script, &[&office.path.join("van-thu.db")]);
    (runtime, ids.split_whitespace().map(str::to_owned).collect())
}

/// A workspace in `hop` whose mailbox of bounces is an empty one of a real server.
fn mailbox_of_bounces(office: &Office) -> (Dovecot, Certificates) {
    let certificates = Certificates::new();
    let (key, certificate) = certificates.issue("127.0.0.1", false);
    let maildir = office.path.join("hom-thu");
    fs::create_dir(&maildir).expect("a folder");
    std::os::unix::fs::chown(&maildir, Some(65_534), Some(65_534)).expect("root runs the mail tests");
    let dovecot = Dovecot::start(&maildir, "mat-khau", &key, &certificate);
    let secret = office.write("hop/mat-khau", "mat-khau");
    fs::set_permissions(secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    office.write(
        "hop/vanthu.toml",
        format!(
            "[mail]\nfrom = \"a@hoi.test\"\nbounce_address = \"bounce@hoi.test\"\n[mail.bounces]\nhost = \"127.0.0.1\"\nport = {}\ntls = false\n\
             account = \"bounce\"\npassword_file = \"mat-khau\"\n",
            dovecot.port
        ),
    );
    (dovecot, certificates)
}

#[test]
fn json_is_one_document_on_stdout_for_every_command_in_success_and_failure() {
    let office = Office::with_workspace();
    office.write("d.csv", people(2));
    office.write("hong.pdf", "không phải PDF");
    let config = String::from_utf8(office.read("vanthu.toml")).expect("UTF-8");
    office.write("vanthu.toml", format!("{config}\n[registers.vb]\nkind = \"van-ban-di\"\n"));
    let submitted = office.must(&award_run("d.csv", "q", &["--submit", "--json"])).stdout;
    let submitted: Value = serde_json::from_str(&submitted).expect("JSON");
    let id = submitted["batch"].as_str().expect("an id");
    let why = "lý do";
    office.write("khac/vanthu.toml", "[schedules.khen]\ncron = \"0 8 * * *\"\ntemplate = \"bao-cao\"\nsource = { file = \"cho/*.csv\" }\n");
    fs::create_dir(office.path.join("khac/cho")).expect("a folder");
    office.must(&["preview", "bao-cao", "--out", "x", "--ppi", "36"]);
    let report = format!("x/{}", office.documents("x")[0]);
    let mut check = award_run("d.csv", "o", &[]);
    check[0] = "check";
    let mut check_of_none = award_run("thieu.csv", "o", &[]);
    check_of_none[0] = "check";
    office.write("kiem/vanthu.toml", "[verify]\nurl = \"https://hoi.example\"\nkey_file = \"ky.khoa\"\n");
    office.must(&["-C", "kiem", "key", "new"]);
    office.write("ba.csv", people(3));
    office.must(&[&["-C", "kiem"][..], &award_run("ba.csv", "kiem/o", &[])].concat());
    let given: Vec<String> = office.documents("kiem/o").iter().map(|name| format!("kiem/o/{name}")).collect();
    let held = office.must(&award_run("d.csv", "giu", &["--mail", "--hold", "--json"])).stdout;
    let held = serde_json::from_str::<Value>(&held).expect("JSON")["batch"].as_str().expect("an id").to_owned();
    let (_relay, ids) = outbox_of_four(&office);
    let _mailbox = mailbox_of_bounces(&office);
    let made = office.must(&["apikey", "new", "thử", "--scope", "read", "--json"]).stdout;
    let key = serde_json::from_str::<Value>(&made).expect("JSON")["id"].as_str().expect("an id").to_owned();
    // For each command one that succeeds and one that fails.
    let cases: Vec<(&str, Vec<&str>, Vec<&str>)> = vec![
        ("run", award_run("d.csv", "o", &[]), award_run("thieu.csv", "o", &[])),
        ("check", check, check_of_none),
        ("preview", vec!["preview", "giay-khen", "--out", "p", "--ppi", "36"], vec!["preview", "giay-khenn"]),
        ("template list", vec!["template", "list"], vec!["-C", "khong-co", "template", "list"]),
        ("template show", vec!["template", "show", "giay-khen"], vec!["template", "show", "giay-khenn"]),
        ("template new", vec!["template", "new", "rieng"], vec!["template", "new", "Riêng"]),
        ("template sheet", vec!["template", "sheet", "giay-khen"], vec!["template", "sheet", "giay-khen", "--out", "d.csv"]),
        ("init", vec!["init", "moi"], vec!["init", "."]),
        ("fonts", vec!["fonts"], vec!["fonts", "--thieu"]),
        ("lint", vec!["lint", &report], vec!["lint", "hong.pdf"]),
        ("outbox list", vec!["outbox", "list"], vec!["outbox", "list", "-C", "khong-co"]),
        ("outbox show", vec!["outbox", "show", &ids[0]], vec!["outbox", "show", "khong-co"]),
        ("outbox send", vec!["outbox", "send"], vec!["-C", "khong-co", "outbox", "send"]),
        ("outbox release", vec!["outbox", "release", &held], vec!["outbox", "release", "khong-co"]),
        ("outbox retry", vec!["outbox", "retry", &ids[1]], vec!["outbox", "retry", "khong-co"]),
        ("outbox cancel", vec!["outbox", "cancel", &ids[2]], vec!["outbox", "cancel", "khong-co"]),
        ("outbox bounces", vec!["-C", "hop", "outbox", "bounces"], vec!["outbox", "bounces"]),
        ("outbox resolve", vec!["outbox", "resolve", &ids[3], "--sent"], vec!["outbox", "resolve", "khong-co", "--sent"]),
        ("mail test", vec!["mail", "test"], vec!["mail", "test", "--relay", "khong-co"]),
        ("suppression list", vec!["suppression", "list"], vec!["-C", "khong-co", "suppression", "list"]),
        (
            "suppression add",
            vec!["suppression", "add", "xa@example.com", "--reason", why],
            vec!["suppression", "add", "xa", "--reason", why],
        ),
        ("suppression remove", vec!["suppression", "remove", "xa@example.com"], vec!["suppression", "remove", "la@example.com"]),
        ("batch list", vec!["batch", "list"], vec!["-C", "khong-co", "batch", "list"]),
        ("batch show", vec!["batch", "show", "last"], vec!["batch", "show", "khong"]),
        ("batch watch", vec!["batch", "watch", "last"], vec!["batch", "watch", "khong"]),
        ("batch pause", vec!["batch", "pause", id], vec!["batch", "pause", "last"]),
        ("batch resume", vec!["batch", "resume", id], vec!["batch", "resume", "last"]),
        ("batch cancel", vec!["batch", "cancel", id, "--reason", why], vec!["batch", "cancel", id, "--reason", why]),
        ("batch retry", vec!["batch", "retry", "last"], vec!["batch", "retry", "khong"]),
        ("batch reproduce", vec!["batch", "reproduce", "last"], vec!["batch", "reproduce", id]),
        ("register list", vec!["register", "list"], vec!["-C", "khong-co", "register", "list"]),
        ("register show", vec!["register", "show", "vb"], vec!["register", "show", "vbb"]),
        (
            "register reserve",
            vec!["register", "reserve", "vb", "2", "--reason", why],
            vec!["register", "reserve", "vb", "0", "--reason", why],
        ),
        ("register void", vec!["register", "void", "vb", "1", "--reason", why], vec!["register", "void", "vb", "1", "--reason", why]),
        (
            "register enter",
            vec!["register", "enter", "vb", "2", "--date", "5/1/2026", "--subject", "Báo cáo", "--reason", why],
            vec!["register", "enter", "vb", "1", "--date", "5/1/2026", "--subject", "Báo cáo", "--reason", why],
        ),
        ("register export", vec!["register", "export", "vb", "--out", "so.xlsx"], vec!["register", "export", "vb", "--out", "so.txt"]),
        ("worker", vec!["worker", "--until-idle"], vec!["-C", "khong-co", "worker"]),
        ("demo", vec!["demo", "--out", "demo"], vec!["demo", "--out", "d.csv"]),
        ("schedule list", vec!["-C", "khac", "schedule", "list"], vec!["-C", "khong-co", "schedule", "list"]),
        ("schedule show", vec!["-C", "khac", "schedule", "show", "khen"], vec!["-C", "khac", "schedule", "show", "khenn"]),
        ("schedule next", vec!["-C", "khac", "schedule", "next", "khen"], vec!["-C", "khac", "schedule", "next", "khenn"]),
        ("schedule run", vec!["-C", "khac", "schedule", "run", "khen"], vec!["-C", "khac", "schedule", "run", "khenn"]),
        (
            "schedule pause",
            vec!["-C", "khac", "schedule", "pause", "khen", "--reason", "nghỉ"],
            vec!["-C", "khac", "schedule", "pause", "khenn", "--reason", "nghỉ"],
        ),
        ("schedule resume", vec!["-C", "khac", "schedule", "resume"], vec!["-C", "khac", "schedule", "resume", "khenn"]),
        ("serve", vec!["serve", "--print-unit"], vec!["-C", "khong-co", "serve"]),
        ("config show", vec!["config", "show"], vec!["-C", "khong-co", "config", "show"]),
        ("doctor", vec!["-C", "khac", "doctor"], vec!["-C", "khong-co", "doctor"]),
        ("backup", vec!["-C", "khac", "backup", "sao.zip"], vec!["-C", "khac", "backup", "d.csv"]),
        ("restore", vec!["restore", "sao.zip", "--into", "dung-lai"], vec!["restore", "d.csv", "--into", "dung-lai-2"]),
        ("resume", vec!["-C", "khac", "resume"], vec!["-C", "khong-co", "resume"]),
        ("verify", vec!["-C", "kiem", "verify", &given[0]], vec!["-C", "kiem", "verify", "khong-phai-ma"]),
        ("key new", vec!["key", "new", "--out", "ky.khoa"], vec!["key", "new", "--out", "ky.khoa"]),
        ("key show", vec!["-C", "kiem", "key", "show"], vec!["key", "show"]),
        ("key publish", vec!["-C", "kiem", "key", "publish"], vec!["key", "publish"]),
        (
            "document revoke",
            vec!["-C", "kiem", "document", "revoke", &given[1], "--reason", why],
            vec!["-C", "kiem", "document", "revoke", &given[1], "--reason", why],
        ),
        (
            "document replace",
            vec!["-C", "kiem", "document", "replace", &given[2], &given[0], "--reason", why],
            vec!["-C", "kiem", "document", "replace", &given[2], &given[0], "--reason", why],
        ),
        ("apikey new", vec!["apikey", "new", "nhân sự", "--scope", "read,make"], vec!["apikey", "new", "x", "--scope", "reed"]),
        ("apikey list", vec!["apikey", "list"], vec!["-C", "khong-co", "apikey", "list"]),
        ("apikey revoke", vec!["apikey", "revoke", &key], vec!["apikey", "revoke", "khong-co"]),
    ];
    let mut commands = Vec::new();
    for command in grammar(Language::English).get_subcommands() {
        let subs: Vec<_> = command.get_subcommands().map(|sub| format!("{} {}", command.get_name(), sub.get_name())).collect();
        commands.extend(if subs.is_empty() { vec![command.get_name().to_owned()] } else { subs });
    }
    assert_eq!(cases.iter().map(|case| case.0).collect::<Vec<_>>(), commands, "every command has its cases");
    for (command, good, bad) in cases {
        for (mut arguments, succeeds) in [(good, true), (bad, false)] {
            arguments.push("--json");
            let said = office.run(&arguments);
            let result: Value =
                serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", said.stdout));
            assert_eq!((result["ok"].as_bool(), said.code == 0), (Some(succeeds), succeeds), "{command}: {arguments:?}: {}", said.stdout);
            assert_eq!(said.stderr, "", "{arguments:?}");
        }
    }
}

#[test]
fn vietnamese_help_has_no_english_of_the_parser() {
    fn walk(command: &clap::Command, path: Vec<String>, office: &Office) {
        let mut arguments = path.clone();
        arguments.push("--help".into());
        let page = office.must(&arguments).stdout;
        assert!(
            page.contains(&format!(
                "Cách dùng: {}",
                ["vanthu"].into_iter().chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
            )),
            "{page}"
        );
        for english in ["OPTIONS", "COMMAND", "Usage", "default", "possible", "FOLDER", "NAME", "TEMPLATE", "FILE"] {
            assert!(!page.contains(english), "{english} in\n{page}");
        }
        for sub in command.get_subcommands() {
            walk(sub, path.iter().cloned().chain([sub.get_name().to_owned()]).collect(), office);
        }
    }
    walk(&grammar(Language::English), Vec::new(), &Office::new());
}

#[test]
fn english_help_of_a_template_says_that_its_fields_are_in_vietnamese() {
    let shown = Office::new().must(&["--lang", "en", "template", "show", "giay-khen"]).stdout;
    assert!(
        shown.contains("(key, heading in the workbook, note; headings and notes exist in Vietnamese only; * is required)\n  * doi_tuong "),
        "{shown}"
    );
}

#[test]
fn what_exists_is_never_overwritten_by_a_new_template_a_sheet_a_preview_or_a_marked_page() {
    let office = Office::with_workspace();
    office.must(&["template", "new", "giay-khen"]);
    expect![[r#"
        [vi 1]
        lỗi[file-exists] …/mau/giay-khen: thư mục này đã có; không ghi đè
            cách sửa: sửa mẫu đang có ở đó, hoặc chọn tên khác
        [en 1]
        error[file-exists] …/mau/giay-khen: the folder exists; it is not overwritten
            remedy: edit the template that is there, or choose another name
    "#]]
    .assert_eq(&whole(&office, &["template", "new", "giay-khen"]));
    office.write("giay-khen.xlsx", "của tôi");
    expect![[r#"
        [vi 1]
        lỗi[file-exists] giay-khen.xlsx: tệp đã có; không ghi đè
            cách sửa: đổi tên tệp đó, hoặc chọn tên khác bằng --out
        [en 1]
        error[file-exists] giay-khen.xlsx: the file exists; it is not overwritten
            remedy: rename that file, or choose another name with --out
    "#]]
    .assert_eq(&whole(&office, &["template", "sheet", "giay-khen"]));

    let preview = ["preview", "bao-cao-tong-ket", "--out", "x", "--ppi", "36"];
    let made = office.must(&preview).stdout;
    assert_eq!(office.must(&preview).stdout, made, "its own files are replaced");
    let picture = made.lines().find(|line| line.ends_with("-1.png")).expect("a picture");
    office.write(picture, "của tôi");
    expect![[r#"
        [vi 1]
        lỗi[file-in-the-way] x/bao-cao-tong-ket-năm 2018-1.png: đã có tệp này, không do lần xem trước nào tạo ra hoặc đã bị sửa
            cách sửa: đổi tên hoặc chuyển tệp đó đi, hoặc chọn thư mục khác; tệp có sẵn không bao giờ bị ghi đè
        [en 1]
        error[file-in-the-way] x/bao-cao-tong-ket-năm 2018-1.png: the file is there already; no earlier preview made it, or it was changed since
            remedy: rename or move that file, or choose another folder; existing files are never overwritten
    "#]].assert_eq(&whole(&office, &preview));
    assert_eq!(office.read(picture), "của tôi".as_bytes());

    crate::workers::template(&office, "#let render(v) = { set page(width: 100mm, height: 60mm); v.loi_van.chao }\n");
    office.must(&["preview", "thu", "--out", "y"]);
    office.write("hinh/thu-An-1.png", "của tôi");
    let lint = ["lint", "y/thu-An.pdf", "--kind", "administrative", "--pictures", "hinh"];
    let said = office.run(&lint);
    assert_eq!(said.code, 1);
    assert!(
        said.stderr
            .starts_with("lỗi[file-in-the-way] hinh/thu-An-1.png: đã có tệp này, không do lần xem trước nào tạo ra hoặc đã bị sửa\n"),
        "{}",
        said.stderr
    );
    assert_eq!(office.read("hinh/thu-An-1.png"), "của tôi".as_bytes());
}

#[test]
fn a_misspelt_kind_of_file_gets_a_suggestion() {
    expect![[r#"
        [vi 1]
        lỗi[kind-unknown] “certificat” không phải loại tệp
            cách sửa: có phải “certificate”?
        [en 1]
        error[kind-unknown] “certificat” is not a kind of file
            remedy: did you mean `certificate`?
    "#]]
    .assert_eq(&whole(&Office::new(), &["lint", "x.pdf", "--kind", "certificat"]));
}

#[test]
fn wrong_input_exits_1_and_a_failing_machine_2() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    assert_eq!(office.run(&award_run("d.csv", "o", &[])).code, 0);
    assert_eq!(office.run(&award_run("khong-co.csv", "o", &[])).code, 1);
    assert_eq!(office.run(&["run"]).code, 1);
    assert_eq!(office.run(&award_run("d.csv", "vanthu.toml/o", &[])).code, 2);
}

#[test]
fn preview_shows_each_sample_as_pdf_and_png() {
    let office = Office::with_workspace();
    let said = office.must(&["preview", "bao-cao-tong-ket", "--out", "x", "--ppi", "50"]);
    let files: Vec<&str> = said.stdout.lines().collect();
    let pdf = files.iter().find(|file| file.ends_with(".pdf")).expect("a PDF");
    let pages = pages_of(&office.path.join(pdf));
    assert_eq!(files.iter().filter(|file| file.ends_with(".png")).count(), pages);
    for file in files.iter().filter(|file| file.ends_with(".png")) {
        assert!(office.read(file).starts_with(b"\x89PNG"));
    }
}

#[test]
fn preview_watches_a_template_of_the_workspace() {
    let office = Office::with_workspace();
    office.must(&["template", "new", "khen-rieng", "--from", "giay-khen"]);
    let mut child = office
        .command(&["preview", "khen-rieng", "--out", "x", "--watch", "--ppi", "36"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a preview");
    let mut told = BufReader::new(child.stderr.take().expect("stderr")).lines().map_while(Result::ok);
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let first = lines.next().expect("a line").expect("text");
    assert!(first.ends_with(".pdf"), "{first}");
    let watched = told.next().expect("a line");
    assert!(watched.starts_with("Đang theo dõi ") && watched.ends_with("mau/khen-rieng; Ctrl-C để dừng."), "{watched}");
    let before = office.read(&first);
    let words = String::from_utf8(office.read("mau/khen-rieng/words.toml")).expect("text");
    office.write("mau/khen-rieng/words.toml", words.replace("TẶNG", "TRAO TẶNG"));
    assert_eq!(told.next().expect("a line"), "Có thay đổi: words.toml. Đang dàn lại…");
    let again = lines.find(|line| line.as_ref().is_ok_and(|line| *line == first));
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(again.is_some());
    assert!(office.read(&first) != before, "the new words are in the new preview");
}

#[test]
fn a_clerk_fills_the_sheet_and_gives_it_to_run() {
    let office = Office::with_workspace();
    office.must(&["template", "sheet", "giay-khen", "--out", "danh-sach.xlsx"]);
    python(
        r#"
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book["Danh sách"]
heads = [str(cell.value).rstrip(" *") for cell in sheet[1]]
assert sheet.data_validations.dataValidation, "there are drop-downs"
def fill(row, **values):
    for name, value in values.items():
        sheet.cell(row, heads.index(name.replace("_", " ")) + 1).value = value
fill(2, Đối_tượng="Cá nhân", Danh_xưng="Bà", Họ_và_tên="Nguyễn Thị Ánh Tuyết", Đơn_vị="Trường THCS Minh Họa", Số_vào_sổ="01")
fill(3, Đối_tượng="Tập thể", Họ_và_tên="Chi hội Khuyến học Khu phố 1", Số_vào_sổ="02")
common = book["Chung"]
for row in common.iter_rows(min_row=2):
    title = str(row[0].value).rstrip(" *")
    row[1].value = {"Số quyết định": "12/QĐ-HKH", "Ngày quyết định": "27/12/2019", "Phong trào": "công tác khuyến học"}.get(title, row[1].value)
book.save(sys.argv[1])
"#,
        &[&office.path.join("danh-sach.xlsx")],
    );
    office.must(&["run", "--template", "giay-khen", "--data", "danh-sach.xlsx", "--out", "ket-qua/"]);
    assert_eq!(office.documents("ket-qua"), ["01-Nguyễn Thị Ánh Tuyết.pdf", "02-Chi hội Khuyến học Khu phố 1.pdf"]);
}

#[test]
fn every_template_has_a_sheet_and_shows_its_fields() {
    let office = Office::with_workspace();
    let list: Value = serde_json::from_str(&office.must(&["template", "list", "--json"]).stdout).expect("JSON");
    for template in list["templates"].as_array().expect("templates") {
        let name = template["name"].as_str().expect("a name");
        office.must(&["template", "sheet", name]);
        assert!(office.read(&format!("{name}.xlsx")).starts_with(b"PK"));
        let shown = office.must(&["template", "show", name]).stdout;
        assert!(shown.contains("Hàm dùng trong câu chữ: so so_hai so_chu"), "{shown}");
    }
}

#[test]
fn init_makes_a_workspace_that_works_and_never_overwrites_one() {
    let office = Office::new();
    office.must(&["init", "van-phong"]);
    office.write("van-phong/d.csv", people(1));
    let mut arguments = vec!["-C", "van-phong"];
    arguments.extend(award_run("van-phong/d.csv", "o", &[]));
    office.must(&arguments);
    let said = office.run(&["init", "van-phong"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr.trim(),
        "lỗi[workspace-exists] van-phong/vanthu.toml: đã là nơi làm việc của vanthu\n    cách sửa: sửa tệp có sẵn, hoặc chọn thư mục khác"
    );
}

#[test]
fn a_long_batch_says_how_far_it_is_on_a_terminal() {
    let office = Office::with_workspace();
    office.write("d.csv", people(60));
    let run = award_run("d.csv", "o", &[]).iter().map(|argument| format!("'{argument}'")).collect::<Vec<_>>().join(" ");
    // `script` gives the program a terminal.
    let text = {
        let output = std::process::Command::new("script")
            .args(["-qec", &format!("{} {run}", crate::support::PROGRAM), "/dev/null"])
            .current_dir(&office.path)
            .env("LANG", "vi_VN.UTF-8")
            .env("TERM", "xterm")
            .env("COLUMNS", "120")
            .output()
            .expect("script is needed by the tests");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(text.contains("/60 văn bản") && text.contains("văn bản/giây") && text.contains("còn"), "{text}");
}
