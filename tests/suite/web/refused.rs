//! What is sent wrongly, on pages and to the API alike: a clear page or problem, and nothing is lost.
//!
//! Wrong kinds of file, broken uploads and stale cells of the pages are in `make`; the API's forms in `api`; lapsed links in `documents`.

use serde_json::{Value, json};

use super::api::{made, office, program};
use super::batches::{begun, until_over};
use super::make::{draft, onward, value};
use crate::support::site::{Answer, Browser, Site};
use crate::support::{foreign, people};

const JSON: &str = "Content-Type: application/json\r\n";
const FORM: &str = "Content-Type: multipart/form-data; boundary=B\r\n";

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {} {}", answer.head, answer.text()))
}

fn post(program: &mut Browser, path: &str, body: &Value) -> Answer {
    program.send("POST", path, JSON, body.to_string().as_bytes())
}

/// The two parts of a list that is handed in.
fn handed(name: &str, list: &[u8]) -> Vec<u8> {
    let request =
        json!({ "template": "giay-khen", "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "khuyến học" } });
    let mut body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{request}\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(list);
    body.extend(b"\r\n--B--\r\n");
    body
}

#[test]
fn a_program_that_sends_what_is_no_list_hears_what_it_is() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read,make", None);
    let batch = made(&mut program, &["Nguyễn Thị Đào"]);
    for (name, bytes, code, said) in [
        ("anh.xlsx", &b"%PDF-1.7\n"[..], "file-kind", "không phải bảng dữ liệu mà là tệp PDF"),
        ("trong.csv", b"", "data-empty", "tệp rỗng"),
        ("cat.xlsx", b"PK\x03\x04cut", "", ""),
    ] {
        let refused = program.send("POST", "/api/v1/batches", FORM, &handed(name, bytes));
        assert_eq!(refused.status, 422, "{name}: {}", refused.text());
        let problem = json_of(&refused);
        assert!(problem["diagnostics"][0]["message"].as_str().unwrap().contains(said), "{problem:#}");
        assert!(code.is_empty() || problem["code"].as_str().unwrap().contains(code) || !said.is_empty(), "{problem:#}");
    }
    // 200 MB are refused before they are sent.
    let key = program.extra.clone();
    let head = format!("{key}{FORM}Expect: 100-continue\r\nContent-Length: 200000000\r\n");
    let large = program.send_head_only("POST", "/api/v1/batches", &head);
    assert_eq!((large.status, json_of(&large)["code"].as_str()), (413, Some("body-too-large")));
    let left = std::fs::read_dir(office.path.join(".vanthu/tam")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing of them is left lying");
    assert_eq!(json_of(&program.get(&format!("/api/v1/batches/{batch}")))["records"]["stored"], 1, "what was there is there");
    assert_eq!(json_of(&program.get("/api/v1/batches"))["batches"].as_array().unwrap().len(), 1);
}

#[test]
fn a_program_asks_for_approval_and_another_gives_it_at_the_revision_that_was_seen() {
    let office = office("\n[approval]\nrequired = true\n");
    let site = Site::start(&office);
    let mut maker = program(&office, &site, "read,make", None);
    let mut approver = program(&office, &site, "read,approve", None);
    let mut other = program(&office, &site, "read,make,approve", Some("chi-hoi"));
    let handed_in = json_of(&maker.send("POST", "/api/v1/batches", FORM, &handed("d.csv", people(2).as_bytes())));
    assert_eq!((handed_in["state"].as_str(), handed_in["batch"].is_null()), (Some("waiting"), true), "{handed_in}");
    let draft = handed_in["draft"].as_str().unwrap();
    let path = format!("/api/v1/drafts/{draft}");
    let shown = json_of(&approver.get(&path));
    assert_eq!(
        (shown["state"].as_str(), shown["documents"].as_u64(), shown["ready"].as_bool(), shown["file"].as_str()),
        (Some("waiting"), Some(2), Some(true), Some("d.csv")),
        "{shown:#}"
    );
    let waiting = json_of(&approver.get("/api/v1/drafts?state=waiting"));
    assert_eq!(waiting["drafts"][0]["id"], draft);
    let revision = shown["revision"].as_u64().unwrap();
    assert_eq!(post(&mut maker, &format!("{path}/approve"), &json!({ "revision": revision })).status, 403);
    for act in ["approve", "reject", "withdraw"] {
        let foreign = post(&mut other, &format!("{path}/{act}"), &json!({ "revision": revision, "reason": "x" }));
        assert!([404, 422].contains(&foreign.status), "{act}: {}", foreign.text());
    }
    assert_eq!(other.get(&path).status, 404);
    assert_eq!(json_of(&other.get("/api/v1/drafts"))["drafts"].as_array().unwrap().len(), 0);
    let stale = post(&mut approver, &format!("{path}/approve"), &json!({ "revision": revision - 1 }));
    assert_eq!(stale.status, 409, "{}", stale.text());
    let silent = post(&mut approver, &format!("{path}/reject"), &json!({ "revision": revision, "reason": " " }));
    assert_eq!((silent.status, json_of(&silent)["code"].as_str()), (422, Some("reason-missing")));
    let batch = json_of(&post(&mut approver, &format!("{path}/approve"), &json!({ "revision": revision })));
    let again = json_of(&post(&mut approver, &format!("{path}/approve"), &json!({ "revision": revision })));
    assert!(batch["batch"].is_string() && batch == again, "{batch} {again}");
    let late = post(&mut maker, &format!("{path}/withdraw"), &json!({ "revision": revision }));
    assert_eq!(late.status, 409, "{}", late.text());
}

#[test]
fn the_files_of_a_batch_and_the_audit_log_are_fetched_by_programs() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read,make,send,administer", None);
    let batch = made(&mut program, &["Nguyễn Thị Đào", "Trần Văn Hòa"]);
    for (file, begins) in [("merged.pdf", &b"%PDF-"[..]), ("documents.zip", b"PK"), ("report.xlsx", b"PK"), ("manifest.json", b"{")] {
        let answer = program.get(&format!("/api/v1/batches/{batch}/files/{file}"));
        assert!(answer.status == 200 && answer.body.starts_with(begins), "{file}: {}", answer.head);
        assert!(answer.header("content-disposition").is_some_and(|how| how.contains(file)), "{}", answer.head);
    }
    for absent in ["rejected.xlsx", "full.pdf", "overprint.pdf", "khac.pdf", "..%2f..%2fvanthu.toml"] {
        assert_eq!(program.get(&format!("/api/v1/batches/{batch}/files/{absent}")).status, 404, "{absent}");
    }
    let test = post(&mut program, &format!("/api/v1/batches/{batch}/test-message"), &json!({ "record": 1, "to": "lan@don-vi.vn" }));
    assert_eq!((test.status, json_of(&test)["code"].as_str()), (422, Some("test-none")), "no message belongs to it");
    let lines = json_of(&program.get("/api/v1/audit?limit=200"));
    assert!(lines["lines"].as_array().unwrap().iter().any(|line| line["action"] == "draft.submit"), "{lines:#}");
    assert_eq!(json_of(&program.send("POST", "/api/v1/audit/check", "", b""))["whole"], true);
}

#[test]
fn what_nobody_knows_whether_it_arrived_is_decided_on_the_page_and_by_a_program() {
    let office = office(
        "\n[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\n",
    );
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let addresses = ["Thư điện tử", "mot@vi-du.vn", "hai@vi-du.vn", "ba@vi-du.vn"];
    let list: String = people(3).lines().zip(addresses).map(|(line, address)| format!("{line},{address}\n")).collect();
    let path = draft(&mut lan, &list);
    let revision = value(&lan.get(&format!("{path}/tuy-chon")), "revision");
    let fields = [
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
        ("thu", "1"),
        ("thu-giu", "1"),
    ];
    onward(&lan.post(&format!("{path}/tuy-chon"), &fields));
    let path = begun(&mut lan, &path);
    until_over(&mut lan, &path);
    let batch = path.trim_start_matches("/lo/").to_owned();
    onward(&lan.post(&format!("{path}/gui"), &[]));
    let script = "import sqlite3,sys; d=sqlite3.connect(sys.argv[1],timeout=30); \
        d.execute(\"UPDATE delivery SET state='needs_operator', uncertain=1, attempts=1, lease_owner=NULL, lease_until=NULL\"); d.commit(); \
        print(' '.join(r[0] for r in d.execute('SELECT id FROM delivery ORDER BY record')))";
    let ids = foreign("python3", &["-c", script, &office.path.join("van-thu.db").display().to_string()]);
    let [one, two, three] = ids.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
    assert!(lan.get(&format!("/thu?lo={batch}&tt=needs_operator")).text().contains("mot@vi-du.vn"));
    let asked = lan.get(&format!("/thu/{one}")).text();
    assert!(asked.contains("có thể đã tới, có thể chưa") && asked.contains("da-toi") && asked.contains("gui-lai"), "{asked}");
    assert_eq!(
        onward(&lan.post(&format!("/thu/{one}/quyet-dinh"), &[("viec", "da-toi"), ("ly_do", "đã gọi điện hỏi")])),
        format!("/thu/{one}?xong=luu")
    );
    assert_eq!(lan.post(&format!("/thu/{one}/quyet-dinh"), &[("viec", "da-toi")]).status, 409, "the replayed form decides nothing anew");
    onward(&lan.post(&format!("/thu/{two}/quyet-dinh"), &[("viec", "gui-lai"), ("ly_do", "chưa nhận được")]));
    let mut program = program(&office, &site, "read,send", None);
    let decided =
        json_of(&post(&mut program, &format!("/api/v1/deliveries/{three}/resolve"), &json!({ "outcome": "sent", "reason": "đã hỏi" })));
    assert_eq!(decided["state"], "sent", "{decided:#}");
    let stands =
        |program: &mut Browser, id: &str| json_of(&program.get(&format!("/api/v1/deliveries/{id}")))["state"].as_str().unwrap().to_owned();
    assert_eq!(stands(&mut program, one), "sent");
    assert!(["queued", "leased"].contains(&stands(&mut program, two).as_str()), "{}", stands(&mut program, two));
}

#[test]
fn a_program_makes_a_schedule_and_takes_it_away() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read,schedule", None);
    let new = json!({ "name": "hang-thang", "template": "giay-khen", "file": "du-lieu/*.csv", "cron": "0 8 1 * *", "common": { "so_quyet_dinh": "12/QĐ-HKH" } });
    let made = post(&mut program, "/api/v1/schedules", &new);
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(json_of(&made)["next"].as_array().unwrap().len(), 5);
    let again = post(&mut program, "/api/v1/schedules", &new);
    assert_eq!((again.status, json_of(&again)["code"].as_str()), (422, Some("schedule-taken")));
    let mut wrong = new.clone();
    (wrong["name"], wrong["file"], wrong["cron"]) = ("khac".into(), "../*.csv".into(), "0 25 * * *".into());
    let wrong = post(&mut program, "/api/v1/schedules", &wrong);
    let codes: Vec<Value> = json_of(&wrong)["diagnostics"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert!(wrong.status == 422 && codes.contains(&"schedule-file".into()) && codes.len() > 1, "{codes:?}");
    assert_eq!(program.send("DELETE", "/api/v1/schedules/hang-thang", "", b"").status, 204);
    assert_eq!(program.get("/api/v1/schedules/hang-thang").status, 404);
}
