//! The API as a program meets it: lists handed in and watched, documents fetched, and everything that can be sent wrongly.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use expect_test::expect;
use serde_json::{Value, json};
use vanthu::server::api::DOCUMENT;
use vanthu::server::routes;

use crate::support::site::{Answer, Browser, Site};
use crate::support::{Office, people, python};

/// A second organisation beside `hoi`.
pub const OTHER: &str = "\n[organisations.chi-hoi]\nname = \"Chi hội Đồng Tâm\"\n[[organisations.chi-hoi.signatories]]\nauthority = [\"CHI HỘI TRƯỞNG\"]\nname = \"Lê Văn Tâm\"\n";

/// A workspace with two organisations and further configuration.
pub fn office(more: &str) -> Office {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", format!("organisation = \"hoi\"\n{config}{OTHER}{more}"));
    office
}

/// A program with a key of these scopes.
pub fn program(office: &Office, site: &Site, scopes: &str, organisation: Option<&str>) -> Browser {
    let mut arguments = vec!["apikey", "new", "thử", "--scope", scopes, "--json"];
    arguments.extend(organisation.iter().flat_map(|name| ["--organisation", name]));
    let made: Value = serde_json::from_str(&office.must(&arguments).stdout).unwrap();
    let mut browser = site.browser();
    browser.extra = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
    browser
}

pub const JSON: &str = "Content-Type: application/json\r\n";
pub const ALL: &str = "read,make,approve,send,number,schedule,configure,administer";

pub fn value(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {} {}", answer.head, answer.text()))
}

pub fn post(program: &mut Browser, path: &str, body: &Value) -> Answer {
    program.send("POST", path, JSON, body.to_string().as_bytes())
}

pub fn rows(names: &[&str]) -> Value {
    let records: Vec<Value> =
        names.iter().map(|name| json!({ "doi_tuong": "Cá nhân", "danh_xung": "Ông", "ho_ten": name, "don_vi": "Chi hội 1" })).collect();
    json!({
        "template": "giay-khen", "records": records,
        "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "công tác khuyến học" },
    })
}

/// Waits until a batch stands in its folder; its last answer.
pub fn completed(program: &mut Browser, batch: &str) -> Value {
    let begun = Instant::now();
    loop {
        let now = value(&program.get(&format!("/api/v1/batches/{batch}")));
        if !now["completed_at"].is_null() {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{now}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Hands in a list and waits for its documents.
pub fn made(program: &mut Browser, names: &[&str]) -> String {
    let answer = post(program, "/api/v1/batches", &rows(names));
    assert_eq!(answer.status, 202, "{}", answer.text());
    let batch = value(&answer)["batch"].as_str().expect("a batch").to_owned();
    completed(program, &batch);
    batch
}

#[test]
fn every_route_of_the_api_stands_in_its_description_with_its_scope_and_the_other_way_round() {
    let described: Value = serde_json::from_str(DOCUMENT).expect("JSON");
    let mut written = BTreeSet::new();
    for (path, operations) in described["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            written.insert((method.to_uppercase(), path.clone(), operation["x-scope"].as_str().map(str::to_owned)));
        }
    }
    let served: BTreeSet<_> = routes::all()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/v1/"))
        .map(|route| {
            let scope = match route.rule {
                routes::Rule::Needs(right) => Some(right.name().to_owned()),
                _ => None,
            };
            (route.method.to_string(), route.path.to_owned(), scope)
        })
        .collect();
    assert_eq!(written, served);
    assert_eq!(described["openapi"], "3.1.0");
}

#[test]
fn a_list_is_handed_in_watched_found_and_fetched() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, ALL, None);
    let batch = made(&mut program, &["Nguyễn Thị Đào", "Trần Văn Hòa"]);
    let shown = value(&program.get(&format!("/api/v1/batches/{batch}")));
    assert_eq!(
        (shown["state"].as_str(), shown["records"]["stored"].as_u64(), shown["organisation"].as_str()),
        (Some("finished"), Some(2), Some("hoi"))
    );
    let records = value(&program.get(&format!("/api/v1/batches/{batch}/records?limit=1")));
    assert_eq!((records["records"][0]["name"].as_str(), records["next"].as_str()), (Some("Nguyễn Thị Đào"), Some("1")));
    let found = value(&program.get("/api/v1/documents?q=dao%20nguyen"));
    assert_eq!((found["count"].as_u64(), found["documents"][0]["name"].as_str()), (Some(1), Some("Nguyễn Thị Đào")));
    let id = found["documents"][0]["id"].as_str().unwrap().to_owned();
    let content = program.get(&format!("/api/v1/documents/{id}/content"));
    assert!(content.body.starts_with(b"%PDF-"), "{}", content.head);
    assert_eq!(
        content.header("content-disposition"),
        Some("attachment; filename=\"Nguyen Thi Dao.pdf\"; filename*=UTF-8''Nguy%E1%BB%85n%20Th%E1%BB%8B%20%C4%90%C3%A0o.pdf")
    );
    for (name, wanted) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")] {
        assert_eq!(content.header(name), Some(wanted), "{name}");
    }
    let dossier = value(&program.get(&format!("/api/v1/documents/{id}")));
    assert_eq!(dossier["history"][0]["action"], "document.fetch");
    // The batch is over: its watch says so and ends.
    let watched = program.get(&format!("/api/v1/batches/{batch}/events"));
    assert_eq!(watched.header("content-type"), Some("text/event-stream"));
    assert!(watched.text().starts_with("event: batch\ndata: {\"id\":"), "{}", watched.text());
    let listed = value(&program.get("/api/v1/batches?state=finished&limit=1"));
    assert_eq!(listed["batches"][0]["id"], batch.as_str());
    assert_eq!(program.send("POST", &format!("/api/v1/batches/{batch}/pause"), JSON, b"{\"reason\":\"x\"}").status, 409);
}

#[test]
fn a_file_is_handed_in_as_a_form_and_every_fault_comes_back_with_its_cell() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read,make", None);
    let list = people(3).replace("Cá nhân,Ông,Trần", "Cá nhân,Ôngg,Trần");
    let request =
        json!({ "template": "giay-khen", "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "khuyến học" } });
    let body = |list: &str, request: &Value| {
        format!(
            "--B\r\nContent-Disposition: form-data; name=\"request\"\r\nContent-Type: application/json\r\n\r\n{request}\r\n--B\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"../danh sách.csv\"\r\n\r\n{list}\r\n--B--\r\n"
        )
    };
    let form = "Content-Type: multipart/form-data; boundary=B\r\n";
    let refused = program.send("POST", "/api/v1/batches", form, body(&list, &request).as_bytes());
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let problem = value(&refused);
    let one = &problem["diagnostics"][0];
    assert_eq!(
        (one["at"].as_str(), one["value"].as_str(), one["record"]["number"].as_u64(), problem["retryable"].as_bool()),
        (Some("danh sách.csv, dòng 3, cột “Danh xưng”"), Some("Ôngg"), Some(2), Some(false)),
        "{problem:#}"
    );
    assert_eq!((one["message"] == one["sentence"]["message"]["vi"], one["sentence"]["message"]["en"].is_string()), (true, true));
    let accepted = program.send("POST", "/api/v1/batches", form, body(&people(2), &request).as_bytes());
    assert_eq!(accepted.status, 202, "{}", accepted.text());
    let batch = value(&accepted)["batch"].as_str().unwrap().to_owned();
    assert_eq!(completed(&mut program, &batch)["records"]["stored"], 2);
}

#[test]
fn the_same_key_is_the_same_batch_and_another_body_under_it_is_refused() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read,make", None);
    let head = format!("{JSON}Idempotency-Key: thang-12\r\n");
    let send = |program: &mut Browser, body: &Value| program.send("POST", "/api/v1/batches", &head, body.to_string().as_bytes());
    let first = send(&mut program, &rows(&["Nguyễn Văn An"]));
    let again = send(&mut program, &rows(&["Nguyễn Văn An"]));
    assert_eq!((first.status, again.status), (202, 202), "{}", again.text());
    assert_eq!((value(&first), again.header("idempotency-replayed")), (value(&again), Some("true")));
    let other = send(&mut program, &rows(&["Nguyễn Văn Bình"]));
    assert_eq!((other.status, value(&other)["code"].as_str()), (422, Some("key-reused")));
    let unfit = program.send("POST", "/api/v1/batches", &format!("{JSON}Idempotency-Key: có dấu\r\n"), b"{}");
    assert_eq!((unfit.status, value(&unfit)["code"].as_str()), (400, Some("idempotency-key")));
    assert_eq!(value(&program.get("/api/v1/batches"))["batches"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_stands_for_its_request_long_after_the_answer_was_forgotten() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read,make", None);
    let head = format!("{JSON}Idempotency-Key: thang-12\r\n");
    let send = |program: &mut Browser, body: &Value| program.send("POST", "/api/v1/batches", &head, body.to_string().as_bytes());
    let first = send(&mut program, &rows(&["Nguyễn Văn An"]));
    assert_eq!(first.status, 202, "{}", first.text());
    // A year later: answers are kept for two days.
    python(
        "import sqlite3,sys\nk=sqlite3.connect(sys.argv[1], timeout=30)\nk.execute('UPDATE answer SET created_at = created_at - 31536000000')\nk.commit()",
        &[&office.path.join("van-thu.db")],
    );
    let other = send(&mut program, &rows(&["Nguyễn Văn Bình"]));
    assert_eq!((other.status, value(&other)["code"].as_str()), (422, Some("key-reused")), "{}", other.text());
    let same = send(&mut program, &rows(&["Nguyễn Văn An"]));
    assert_eq!((same.status, value(&same)), (202, value(&first)), "the refusal has not taken the key over");
    assert_eq!(value(&program.get("/api/v1/batches"))["batches"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_sent_wrongly_is_said_and_nothing_is_lost() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, ALL, None);
    let deep = "[".repeat(100_000);
    let long = format!("{{\"template\":\"giay-khen\",\"records\":[{}{{}}]}}", "{},".repeat(100_000));
    let form = "Content-Type: multipart/form-data; boundary=B\r\n";
    let part = "--B\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{}\r\n--B";
    let cases: Vec<(&str, &str, &str, &str, &[u8])> = vec![
        ("nested", "POST", "/api/v1/batches", JSON, deep.as_bytes()),
        ("array", "POST", "/api/v1/batches", JSON, long.as_bytes()),
        ("syntax", "POST", "/api/v1/render", JSON, b"{\"template\": \"giay-khen\",}"),
        ("field", "POST", "/api/v1/render", JSON, b"{\"template\":\"giay-khen\",\"record\":{},\"colour\":1}"),
        ("missing", "POST", "/api/v1/keys", JSON, b"{\"name\":\"x\"}"),
        ("kind", "POST", "/api/v1/render", JSON, b"{\"template\":5,\"record\":{}}"),
        ("kind within", "POST", "/api/v1/keys", JSON, b"{\"name\":\"x\",\"scopes\":[\"read\",1]}"),
        ("choice", "POST", "/api/v1/deliveries/x/resolve", JSON, b"{\"outcome\":\"sentt\"}"),
        ("request", "POST", "/api/v1/batches", JSON, b"{\"template\":\"giay-khen\",\"records\":[],\"merge\":\"yes\"}"),
        ("text", "POST", "/api/v1/batches", "Content-Type: text/plain\r\n", b"x"),
        ("no type", "POST", "/api/v1/keys", "", b"{}"),
        ("no boundary", "POST", "/api/v1/batches", "Content-Type: multipart/form-data\r\n", b"x"),
        ("cut", "POST", "/api/v1/batches", form, part.as_bytes()),
        ("one part", "POST", "/api/v1/batches", form, b"--B\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{}\r\n--B--\r\n"),
        ("other part", "POST", "/api/v1/batches", form, b"--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n{}\r\n--B--\r\n"),
        ("query", "GET", "/api/v1/documents?limit=x", "", b""),
        ("unknown query", "GET", "/api/v1/documents?colour=red", "", b""),
        ("day", "GET", "/api/v1/documents?from=31/12/2026", "", b""),
        ("no text", "GET", "/api/v1/documents/%ff", "", b""),
        ("no document", "GET", "/api/v1/documents/01ARZ3NDEKTSV4RRFFQ69G5FAV", "", b""),
        ("no route", "GET", "/api/v1/nothing", "", b""),
        ("no method", "DELETE", "/api/v1/batches", "", b""),
        ("no template", "POST", "/api/v1/render", JSON, "{\"template\":\"giấy\",\"record\":{}}".as_bytes()),
        ("no scope", "POST", "/api/v1/keys", JSON, b"{\"name\":\"x\",\"scopes\":[\"reed\"]}"),
        ("no host", "POST", "/api/v1/webhooks", JSON, b"{\"url\":\"http://127.0.0.1/\",\"events\":[\"batch.finished\"]}"),
    ];
    let mut said = String::new();
    for (what, method, path, head, body) in cases {
        let answer = program.send(method, path, head, body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}: {}", answer.head);
        let problem = value(&answer);
        let first = &problem["diagnostics"][0];
        let at = first["at"].as_str().map(|at| format!(" [{at}]")).unwrap_or_default();
        let sentence = first["message"].as_str().or(problem["title"].as_str()).unwrap_or_default();
        said.push_str(&format!("{what}: {} {}{at} {sentence}\n", answer.status, problem["code"].as_str().unwrap_or_default()));
    }
    expect![[r#"
        nested: 422 json-deep [body] JSON lồng sâu quá 64 cấp
        array: 422 json-array [body] mảng có quá 100000 phần tử; gửi danh sách dài bằng tệp JSON Lines hoặc CSV
        syntax: 400 json-syntax [body, dòng 1] không phải JSON đúng cú pháp
        field: 422 json-field [body#/colour] không có trường “colour”
        missing: 422 json-field [body#/scopes] thiếu trường “scopes”
        kind: 422 json-field [body#/template] phải là một chuỗi chữ
        kind within: 422 json-field [body#/scopes/1] phải là một chuỗi chữ
        choice: 422 json-field [body#/outcome] không nhận giá trị này
        request: 422 json-field [request#/merge] phải là true hoặc false
        text: 415 content-type phần thân phải là application/json
        no type: 415 content-type phần thân phải là application/json
        no boundary: 400 multipart-broken phần thân multipart bị hỏng hoặc bị đứt
        cut: 400 multipart-broken phần thân multipart bị hỏng hoặc bị đứt
        one part: 422 multipart-part thiếu phần “file” trong multipart
        other part: 422 multipart-part multipart chỉ gồm hai phần “request” và “file”
        query: 422 query [query?limit] phải là số nguyên trong khoảng cho phép
        unknown query: 422 query [query?colour] không có trường “colour”
        day: 422 date-not-real from: không phải ngày theo dạng năm-tháng-ngày
        no text: 404 not-found không tìm thấy trang hay mục này
        no document: 404 not-found không tìm thấy trang hay mục này
        no route: 404 not-found không tìm thấy trang hay mục này
        no method: 405 method-not-allowed không dùng được cách này ở đây
        no template: 422 template-unknown không có mẫu này
        no scope: 422 key-scope không có quyền này
        no host: 422 webhook-url chưa được phép gọi “127.0.0.1”
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_key_opens_what_its_scopes_say_within_its_organisation_while_it_lives() {
    let office = office("");
    let site = Site::start(&office);
    let mut all = program(&office, &site, ALL, None);
    let mut other = program(&office, &site, ALL, Some("chi-hoi"));
    let mut reader = program(&office, &site, "read", None);
    let batch = made(&mut all, &["Nguyễn Thị Đào"]);
    let id = value(&all.get("/api/v1/documents"))["documents"][0]["id"].as_str().unwrap().to_owned();
    for path in [format!("/api/v1/documents/{id}"), format!("/api/v1/documents/{id}/content"), format!("/api/v1/batches/{batch}")] {
        assert_eq!((all.get(&path).status, reader.get(&path).status, other.get(&path).status), (200, 200, 404), "{path}");
    }
    assert_eq!(post(&mut other, &format!("/api/v1/documents/{id}/links"), &json!({})).status, 404);
    assert_eq!(post(&mut other, &format!("/api/v1/batches/{batch}/cancel"), &json!({ "reason": "x" })).status, 404);
    assert_eq!(value(&other.get("/api/v1/documents"))["count"], 0);
    assert_eq!(value(&other.get("/api/v1/documents?organisation=hoi"))["count"], 0);
    assert!(value(&other.get("/api/v1/batches"))["batches"].as_array().unwrap().is_empty());
    let mut as_another = rows(&["Lê Văn Tám"]);
    as_another["organisation"] = "hoi".into();
    assert_eq!(post(&mut other, "/api/v1/batches", &as_another).status, 422, "nobody acts in another's name");
    assert_eq!(post(&mut reader, "/api/v1/render", &json!({})).status, 403);
    let made = value(&post(&mut all, "/api/v1/keys", &json!({ "name": "mới", "scopes": ["read"], "days": 1 })));
    let mut fresh = site.browser();
    fresh.extra = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
    assert_eq!(fresh.get("/api/v1/documents").status, 200);
    let rotated = value(&post(&mut all, &format!("/api/v1/keys/{}/rotate", made["id"].as_str().unwrap()), &json!({ "overlap_hours": 0 })));
    assert_eq!(fresh.get("/api/v1/documents").status, 401, "no overlap was asked for");
    fresh.extra = format!("Authorization: Bearer {}\r\n", rotated["key"].as_str().unwrap());
    assert_eq!(fresh.get("/api/v1/documents").status, 200);
    assert_eq!(all.send("DELETE", &format!("/api/v1/keys/{}", rotated["id"].as_str().unwrap()), "", b"").status, 204);
    let over = fresh.get("/api/v1/documents");
    assert_eq!((over.status, value(&over)["code"].as_str()), (401, Some("unauthorised")));
    assert!(!String::from_utf8_lossy(&all.get("/api/v1/keys").body).contains("vt_"), "a key is shown once");
    assert_eq!(site.browser().get("/api/v1/documents").status, 401);
}

#[test]
fn a_record_is_drawn_at_once_or_told_what_is_wrong_with_it() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "make", None);
    let record = json!({
        "doi_tuong": "Cá nhân", "danh_xung": "Bà", "ho_ten": "Nguyễn Thị Đào", "don_vi": "Chi hội 1", "so": "007",
        "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "công tác khuyến học",
    });
    let drawn = post(&mut program, "/api/v1/render", &json!({ "template": "giay-khen", "record": record }));
    assert!(drawn.status == 200 && drawn.body.starts_with(b"%PDF-"), "{} {}", drawn.head, drawn.text());
    assert_eq!(drawn.header("vanthu-pages"), Some("1"));
    let mut wrong = record.clone();
    wrong["ngay"] = "31/02/2020".into();
    wrong["danh_xung"] = "Ôngg".into();
    let refused = post(&mut program, "/api/v1/render", &json!({ "template": "giay-khen", "record": wrong }));
    let problem = value(&refused);
    let places: Vec<_> = problem["diagnostics"].as_array().unwrap().iter().map(|one| one["at"].as_str().unwrap_or_default()).collect();
    assert_eq!((refused.status, places), (422, vec!["record#/danh_xung", "record#/ngay"]), "{problem:#}");
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert_eq!(left.filter(|name| name.starts_with("vanthu-01") && name.ends_with(".json")).count(), 0, "what was written aside is gone");
}

#[test]
fn whoever_asks_too_much_waits_and_nobody_else_does() {
    let office = office("");
    let site = Site::start(&office);
    let mut eager = program(&office, &site, "make", None);
    let mut patient = program(&office, &site, "make", None);
    let send = |program: &mut Browser| program.send("POST", "/api/v1/batches", "Content-Type: text/plain\r\n", b"x");
    let last = (0..61).map(|_| send(&mut eager)).find(|answer| answer.status != 415).expect("an end");
    assert_eq!((last.status, value(&last)["retryable"].as_bool()), (429, Some(true)));
    let wait: u64 = last.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(send(&mut patient).status, 415);
}

#[test]
fn registers_are_searched_reserved_voided_entered_and_printed_by_programs() {
    let office = office(
        "\n[registers.di]\ntitle = \"Sổ đăng ký văn bản đi\"\nkind = \"van-ban-di\"\n[registers.rieng]\nkind = \"van-ban-di\"\norganisation = \"hoi\"\n",
    );
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read,number", None);
    let mut other = self::program(&office, &site, "read,number", Some("chi-hoi"));
    let names = |browser: &mut Browser| {
        let all = value(&browser.get("/api/v1/registers"));
        all["registers"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((names(&mut program), names(&mut other)), (vec!["di".to_owned(), "rieng".to_owned()], vec!["di".to_owned()]));
    assert_eq!(other.get("/api/v1/registers/rieng").status, 404);
    let head = format!("{JSON}Idempotency-Key: giu-1\r\n");
    let wanted = json!({ "count": 2, "reason": "Chờ Chủ tịch ký", "period": "2026" }).to_string();
    let first = value(&program.send("POST", "/api/v1/registers/di/reservations", &head, wanted.as_bytes()));
    let again = value(&program.send("POST", "/api/v1/registers/di/reservations", &head, wanted.as_bytes()));
    assert_eq!((first["first"].as_i64(), first["last"].as_i64(), &first), (Some(1), Some(2), &again));
    let late = json!({ "period": "2026", "reason": "vào sau", "date": "2026-05-19", "subject": "Quyết định khen thưởng", "recipient": "Đồng Tâm" });
    let entered = program.send("PUT", "/api/v1/registers/di/entries/2", JSON, late.to_string().as_bytes());
    assert_eq!((entered.status, value(&entered)["state"].as_str()), (200, Some("taken")), "{}", entered.text());
    assert_eq!(
        program.send("PUT", "/api/v1/registers/di/entries/2", JSON, late.to_string().as_bytes()).status,
        422,
        "it is not reserved any more"
    );
    let void = post(&mut program, "/api/v1/registers/di/entries/1/void", &json!({ "reason": "bỏ", "period": "2026" }));
    assert_eq!(value(&void)["state"], "void");
    let found = value(&program.get("/api/v1/registers/di/entries?period=2026&q=dong%20tam"));
    assert_eq!((found["entries"][0]["number"].as_i64(), found["entries"].as_array().unwrap().len()), (Some(2), 1));
    assert_eq!(post(&mut program, "/api/v1/registers/di/reservations", &json!({ "count": 0, "reason": "x" })).status, 422);
    assert_eq!(program.get("/api/v1/registers/di?period=1492").status, 404);
    let book = program.get("/api/v1/registers/di/export?format=xlsx&period=2026");
    assert!(book.body.starts_with(b"PK"), "{}", book.head);
    let book = program.get("/api/v1/registers/di/export?format=pdf&period=2026");
    assert!(book.body.starts_with(b"%PDF-"), "{} {}", book.head, book.text());
}

#[test]
fn templates_tell_a_program_what_they_take() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read", None);
    let all = value(&program.get("/api/v1/templates"));
    assert!(all["templates"].as_array().unwrap().iter().any(|one| one["name"] == "giay-khen" && one["title"]["vi"] == "Giấy khen"));
    let one = value(&program.get("/api/v1/templates/giay-khen"));
    assert!(one["fields"].as_array().unwrap().iter().any(|field| field["name"] == "ho_ten" && field["required"] == true), "{one:#}");
    assert_eq!(value(&program.get("/api/v1/templates/giay-khen/schema"))["type"], "object");
    assert!(program.get("/api/v1/templates/giay-khen/workbook").body.starts_with(b"PK"));
    assert!(program.get("/api/v1/templates/giay-khen/picture").body.starts_with(b"\x89PNG"));
    assert_eq!(program.get("/api/v1/templates/..%2f..%2fetc").status, 404);
}
