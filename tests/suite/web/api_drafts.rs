//! A draft by program: begun, its list handed in, read at its cells, corrected, looked at, planned, started, approved.

use serde_json::{Value, json};

use super::api::{ALL, JSON, completed, office, post, program, value};
use crate::support::people;
use crate::support::site::{Answer, Browser, Site};

const FORM: &str = "Content-Type: multipart/form-data; boundary=B\r\n";

/// Hands a list in to a draft.
fn hand_in(program: &mut Browser, id: &str, revision: &Value, list: &str) -> Answer {
    let body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{{\"revision\":{revision}}}\r\n--B\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"danh sách.csv\"\r\n\r\n{list}\r\n--B--\r\n"
    );
    program.send("PUT", &format!("/api/v1/drafts/{id}/file"), FORM, body.as_bytes())
}

fn change(program: &mut Browser, method: &str, path: &str, body: &Value) -> Answer {
    program.send(method, path, JSON, body.to_string().as_bytes())
}

/// A draft with this list and its options, ready to start; its id and its revision.
fn ready(program: &mut Browser, list: &str) -> (String, Value) {
    let begun = value(&post(program, "/api/v1/drafts", &json!({ "template": "giay-khen" })));
    let id = begun["id"].as_str().expect("an id").to_owned();
    let handed = value(&hand_in(program, &id, &begun["revision"], list));
    let options =
        json!({ "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "công tác khuyến học" }, "order": "ten" });
    let set =
        change(program, "PUT", &format!("/api/v1/drafts/{id}/options"), &json!({ "revision": handed["revision"], "options": options }));
    assert_eq!(set.status, 200, "{}", set.text());
    (id, value(&set)["revision"].clone())
}

#[test]
fn a_list_is_corrected_at_its_cells_looked_at_planned_and_made() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, ALL, None);
    let head = format!("{JSON}Idempotency-Key: ban-soan-1\r\n");
    let begun = program.send("POST", "/api/v1/drafts", &head, b"{\"template\":\"giay-khen\"}");
    let again = program.send("POST", "/api/v1/drafts", &head, b"{\"template\":\"giay-khen\"}");
    assert_eq!((begun.status, again.status, value(&begun)["id"].clone()), (201, 201, value(&again)["id"].clone()), "{}", begun.text());
    let id = value(&begun)["id"].as_str().unwrap().to_owned();
    let at = |rest: &str| format!("/api/v1/drafts/{id}{rest}");
    assert_eq!(program.get(&at("/preview")).status, 422, "there is no list yet");
    let list = people(3).replace("Cá nhân,Ông,Trần", "Cá nhân,Ôngg,Trần");
    let handed = hand_in(&mut program, &id, &value(&begun)["revision"], &list);
    assert_eq!(handed.status, 200, "{}", handed.text());
    let handed = value(&handed);
    assert_eq!((handed["file"].as_str(), handed["ready"].as_bool()), (Some("danh sách.csv"), Some(false)));
    let rows = value(&program.get(&at("/rows?problems=true")));
    let wrong = &rows["wrong"][0];
    assert_eq!((wrong["row"].as_u64(), wrong["column"].as_u64(), wrong["problem"]["value"].as_str()), (Some(3), Some(1), Some("Ôngg")));
    let row = rows["rows"].as_array().unwrap().iter().find(|row| row["row"] == 3).expect("the row");
    assert_eq!((row["cells"][1]["text"].as_str(), row["cells"][1]["problems"].as_array().unwrap().len()), (Some("Ôngg"), 1), "{row:#}");
    let first = value(&program.get(&at("/rows?limit=2")));
    assert_eq!((first["rows"].as_array().unwrap().len(), first["next"].as_u64()), (2, Some(3)));
    let correction = |revision: &Value| json!({ "revision": revision, "sheet": 0, "row": 3, "column": 1, "text": "Ông" });
    let stale = change(&mut program, "PATCH", &at("/cells"), &correction(&value(&begun)["revision"]));
    assert_eq!((stale.status, value(&stale)["code"].as_str()), (409, Some("conflict")), "the file came after that revision");
    let corrected = change(&mut program, "PATCH", &at("/cells"), &correction(&handed["revision"]));
    assert_eq!(corrected.status, 200, "{}", corrected.text());
    let left = post(&mut program, &at("/leave-out"), &json!({ "revision": value(&corrected)["revision"], "sheet": 0, "row": 4 }));
    assert_eq!(left.status, 200, "{}", left.text());
    let options = json!({ "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "khuyến học" }, "merge": true });
    let wrong = json!({ "revision": value(&left)["revision"], "options": { "merge": "có" } });
    assert_eq!(change(&mut program, "PUT", &at("/options"), &wrong).status, 422);
    let set = json!({ "revision": value(&left)["revision"], "options": options });
    assert_eq!(change(&mut program, "PUT", &at("/options"), &set).status, 200);
    assert_eq!(change(&mut program, "PUT", &at("/options"), &set).status, 409, "the same revision counts once");
    let checked = value(&post(&mut program, &at("/check"), &json!({})));
    assert_eq!(
        (checked["ready"].as_bool(), checked["documents"].as_u64(), checked["options"]["merge"].as_bool()),
        (Some(true), Some(2), Some(true)),
        "{checked:#}"
    );
    let look = value(&program.get(&at("/preview?row=3")));
    assert_eq!((look["record"].as_u64(), look["name"].as_str(), look["pages"].as_u64()), (Some(2), Some("Trần Văn An"), Some(1)));
    assert!(program.get(&at("/preview/document?record=2")).body.starts_with(b"%PDF-"));
    assert!(program.get(&at("/preview/pages/1?longest=true")).body.starts_with(b"\x89PNG"));
    assert_eq!(program.get(&at("/preview/pages/2")).status, 404);
    let plan = value(&program.get(&at("/plan")));
    assert_eq!((plan["documents"].as_u64(), plan["pages"].as_u64(), plan["ready"].as_bool()), (Some(2), Some(2), Some(true)), "{plan:#}");
    assert_eq!(post(&mut program, &at("/submit"), &json!({ "revision": 0 })).status, 409);
    let started = post(&mut program, &at("/submit"), &json!({ "revision": checked["revision"] }));
    assert_eq!((started.status, value(&started)["state"].as_str()), (202, Some("accepted")), "{}", started.text());
    let batch = value(&started)["batch"].as_str().unwrap().to_owned();
    assert_eq!(completed(&mut program, &batch)["records"]["stored"], 2);
    assert_eq!(value(&program.get("/api/v1/drafts?state=submitted&limit=1"))["next"], id.as_str());
    let mut other = super::api::program(&office, &site, ALL, Some("chi-hoi"));
    for path in ["", "/rows", "/plan", "/preview", "/preview/document", "/preview/pages/1"] {
        assert_eq!(other.get(&at(path)).status, 404, "{path}");
    }
    assert_eq!(change(&mut other, "PATCH", &at("/cells"), &correction(&checked["revision"])).status, 404);
    assert_eq!(hand_in(&mut other, &id, &checked["revision"], &list).status, 404);
}

#[test]
fn where_somebody_else_must_say_yes_a_program_asks_takes_back_is_refused_and_approved() {
    let office = office("\n[approval]\nrequired = true\n");
    let site = Site::start(&office);
    let mut maker = program(&office, &site, "read,make", None);
    // Whoever says yes is somebody else.
    let made = office.must(&["apikey", "new", "người duyệt", "--scope", "read,approve", "--json"]).stdout;
    let made: Value = serde_json::from_str(&made).unwrap();
    let mut approver = site.browser();
    approver.extra = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
    let (id, revision) = ready(&mut maker, &people(1));
    let at = |rest: &str| format!("/api/v1/drafts/{id}{rest}");
    let asked = post(&mut maker, &at("/submit"), &json!({ "revision": revision }));
    assert_eq!((asked.status, value(&asked)["state"].as_str()), (202, Some("waiting")), "{}", asked.text());
    let now = |program: &mut Browser| value(&program.get(&at("")))["revision"].clone();
    let waiting = now(&mut maker);
    let taken = post(&mut maker, &at("/withdraw"), &json!({ "revision": waiting }));
    assert_eq!((taken.status, value(&taken)["state"].as_str()), (200, Some("open")), "{}", taken.text());
    let again = now(&mut maker);
    assert_eq!(post(&mut maker, &at("/submit"), &json!({ "revision": again })).status, 202);
    let waiting = now(&mut maker);
    assert_eq!(post(&mut maker, &at("/approve"), &json!({ "revision": waiting })).status, 403);
    let approved = post(&mut approver, &at("/approve"), &json!({ "revision": waiting }));
    assert_eq!(approved.status, 200, "{}", approved.text());
    let batch = value(&approved)["batch"].as_str().unwrap().to_owned();
    completed(&mut maker, &batch);
    let (id, revision) = ready(&mut maker, &people(2));
    assert_eq!(post(&mut maker, &format!("/api/v1/drafts/{id}/submit"), &json!({ "revision": revision })).status, 202);
    let waiting = value(&maker.get(&format!("/api/v1/drafts/{id}")))["revision"].clone();
    let refused = post(&mut approver, &format!("/api/v1/drafts/{id}/reject"), &json!({ "revision": waiting, "reason": "thiếu một người" }));
    assert_eq!(
        (refused.status, value(&refused)["state"].as_str(), value(&refused)["reason"].as_str()),
        (200, Some("rejected"), Some("thiếu một người")),
        "{}",
        refused.text()
    );
}
