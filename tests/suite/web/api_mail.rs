//! Messages, schedules, documents and webhooks by program: what is done with them after they were made.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::{ALL, completed, made, office, post, program, value};
use crate::support::site::{Browser, Site};
use crate::support::smtp::{Say, Script, SmtpServer};
use crate::support::{Office, people};
use crate::verification::{printed_code, verifying};

/// Asks until the answer is as wanted.
fn until(program: &mut Browser, path: &str, mut done: impl FnMut(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let now = value(&program.get(path));
        if done(&now) {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{now:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Four recipients, and the messages held.
fn mailing() -> Value {
    let records: Vec<Value> = (1..)
        .zip(["Nguyễn Văn An", "Trần Văn Bình", "Lê Văn Châu", "Phạm Văn Dũng"])
        .map(|(number, name)| {
            json!({
                "doi_tuong": "Cá nhân", "danh_xung": "Ông", "ho_ten": name,
                "don_vi": format!("Chi hội {number}"), "so": format!("{number:03}"), "email": format!("nguoi{number}@vi-du.vn"),
            })
        })
        .collect();
    json!({
        "template": "giay-khen", "records": records, "mail": { "hold": true },
        "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "công tác khuyến học" },
    })
}

#[test]
fn a_mailing_is_read_let_go_watched_and_decided_by_a_program() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        // In turn: nobody of that name, a full mailbox, one that is taken, and one with its answer lost.
        let script = Script::offering(&[])
            .on("RCPT", [Say::Line("550 5.1.1 No such user here"), Say::Line("452 4.2.2 Mailbox full"), Say::Line("250 2.1.5 Ok")])
            .on(".", [Say::Line("250 2.0.0 Ok: queued as 1A2B3C"), Say::Close]);
        let server = SmtpServer::start(script).await;
        let office = office(&format!(
            "\n[service]\nurl = \"https://hoi.example\"\n[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\non_uncertain = \"hold\"\n\
             [mail.relays.may]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n",
            server.port
        ));
        tokio::task::spawn_blocking(move || decided(&office)).await.expect("the test");
    });
}

fn decided(office: &Office) {
    let site = Site::start(office);
    let mut program = program(office, &site, ALL, None);
    let handed = post(&mut program, "/api/v1/batches", &mailing());
    assert_eq!(handed.status, 202, "{}", handed.text());
    let batch = value(&handed)["batch"].as_str().unwrap().to_owned();
    assert_eq!(completed(&mut program, &batch)["post"], "held");
    let of = |rest: &str| format!("/api/v1/batches/{batch}{rest}");
    let letter = value(&program.get(&of("/letter?record=2")));
    assert_eq!(
        (letter["to"][0].as_str(), letter["before"].as_u64(), letter["attach"].as_str()),
        (Some("nguoi2@vi-du.vn"), Some(1), Some("auto"))
    );
    assert_eq!(value(&post(&mut program, &of("/attach"), &json!({ "attach": "link" })))["attach"], "link");
    assert_eq!(value(&program.get(&of("/letter")))["attach"], "link");
    assert_eq!(post(&mut program, &of("/attach"), &json!({ "attach": "attach" })).status, 200);
    assert_eq!(value(&post(&mut program, &of("/release"), &json!({})))["queued"], 4);
    assert_eq!(post(&mut program, &of("/attach"), &json!({ "attach": "link" })).status, 409);
    let path = format!("/api/v1/deliveries?batch={batch}");
    let all = until(&mut program, &path, |now| {
        let of_cause = |cause: &str| now["deliveries"].as_array().unwrap().iter().filter(|one| one["cause"] == cause).count();
        let sent = now["deliveries"].as_array().unwrap().iter().filter(|one| one["state"] == "sent").count();
        (of_cause("unknown_user"), of_cause("mailbox_full"), of_cause("answer_lost"), sent) == (1, 1, 1, 1)
    });
    let id_of = |cause: &str| {
        let one = all["deliveries"].as_array().unwrap().iter().find(|one| one["cause"] == cause).expect("one");
        format!("/api/v1/deliveries/{}", one["id"].as_str().unwrap())
    };
    let refused = value(&program.get(&id_of("unknown_user")));
    assert_eq!(
        (refused["state"].as_str(), refused["explanation"]["vi"].as_str()),
        (Some("failed"), Some("không có hộp thư này ở máy chủ người nhận"))
    );
    assert!(String::from_utf8_lossy(&program.get(&format!("{}/message", id_of("mailbox_full"))).body).contains("Subject:"));
    let cancelled = post(&mut program, &format!("{}/cancel", id_of("mailbox_full")), &json!({ "reason": "gửi tay" }));
    assert_eq!(value(&cancelled)["state"], "cancelled", "{}", cancelled.text());
    let resolution = json!({ "outcome": "sent", "reason": "đã hỏi, có nhận" });
    let resolved = post(&mut program, &format!("{}/resolve", id_of("answer_lost")), &resolution);
    assert_eq!(value(&resolved)["state"], "sent", "{}", resolved.text());
    let again = post(&mut program, &format!("{}/retry", id_of("unknown_user")), &json!({ "reason": "hộp thư vừa mở lại" }));
    assert_eq!(again.status, 200, "{}", again.text());
}

#[test]
fn a_certificate_is_checked_by_anybody_and_revoked_and_replaced_by_a_program() {
    let office = verifying("per_minute = 12\n");
    let site = Site::start(&office);
    let mut program = program(&office, &site, ALL, None);
    let mut ids = Vec::new();
    for name in ["Nguyễn Thị Đào", "Trần Văn Hòa", "Lê Thị Mai"] {
        made(&mut program, &[name]);
        let found = value(&program.get(&format!("/api/v1/documents?q={}", crate::support::site::escaped(name))));
        ids.push(found["documents"][0]["id"].as_str().expect("a document").to_owned());
    }
    let codes: Vec<String> = ids
        .iter()
        .map(|id| printed_code(&office.write("d.pdf", program.get(&format!("/api/v1/documents/{id}/content")).body)).compact())
        .collect();
    let mut anybody = site.browser();
    let shown = anybody.get(&format!("/api/v1/certificates/{}", codes[0]));
    assert_eq!((shown.status, value(&shown)["state"].as_str()), (200, Some("valid")), "{}", shown.text());
    let none = anybody.get("/api/v1/certificates/0000000000000001");
    for other in ["abc", "%FF", "%3Cscript%3E"] {
        let answer = anybody.get(&format!("/api/v1/certificates/{other}"));
        assert_eq!((answer.status, answer.body), (404, none.body.clone()), "{other}");
    }
    let revoked = post(&mut program, &format!("/api/v1/documents/{}/revoke", ids[0]), &json!({ "reason": "ghi sai tên" }));
    assert_eq!(revoked.status, 200, "{}", revoked.text());
    let replacement = json!({ "by": ids[2], "reason": "cấp lại" });
    let replaced = post(&mut program, &format!("/api/v1/documents/{}/replace", ids[1]), &replacement);
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    let revoked = value(&anybody.get(&format!("/api/v1/certificates/{}", codes[0])));
    assert_eq!((revoked["state"].as_str(), revoked["reason"].as_str()), (Some("revoked"), Some("ghi sai tên")));
    let replaced = value(&anybody.get(&format!("/api/v1/certificates/{}", codes[1])));
    assert_eq!((replaced["state"].as_str(), replaced["replaced_by"].as_str()), (Some("replaced"), Some(codes[2].as_str())));
    let last = (0..13).map(|_| anybody.get("/api/v1/certificates/abc")).find(|answer| answer.status != 404).expect("an end");
    assert!(last.status == 429 && last.header("retry-after").is_some(), "{}", last.head);
    // Without [verify] there is nothing to check against.
    let plain = super::api::office("");
    assert_eq!(Site::start(&plain).browser().get("/api/v1/certificates/abc").status, 404);
}

#[test]
fn schedules_links_webhooks_and_held_batches_are_handled_by_a_program() {
    let office = office("\n[fetch]\nallow = [\"127.0.0.1:9\"]\nallow_private = [\"127.0.0.1\"]\n");
    office.write("cho/a.csv", people(2));
    let site = Site::start(&office);
    let mut program = program(&office, &site, ALL, None);
    let new = json!({
        "name": "khen-nam", "template": "giay-khen", "file": "cho/*.csv", "cron": "0 8 1 1 *",
        "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "khuyến học" },
    });
    let created = post(&mut program, "/api/v1/schedules", &new);
    assert_eq!((created.status, value(&created)["next"].as_array().map(Vec::len)), (201, Some(5)), "{}", created.text());
    assert_eq!(post(&mut program, "/api/v1/schedules", &new).status, 422, "there is one of that name");
    const ONE: &str = "/api/v1/schedules/khen-nam";
    assert!(!value(&post(&mut program, &format!("{ONE}/pause"), &json!({ "reason": "nghỉ hè" })))["paused"].is_null());
    assert!(value(&post(&mut program, &format!("{ONE}/resume"), &json!({})))["paused"].is_null());
    assert_eq!(post(&mut program, &format!("{ONE}/run"), &json!({})).status, 202);
    until(&mut program, &format!("{ONE}/occurrences"), |now| {
        now["occurrences"].as_array().is_some_and(|all| all.iter().any(|one| one["state"] == "done"))
    });
    assert_eq!(
        (program.get(ONE).status, value(&program.get("/api/v1/schedules"))["schedules"][0]["name"].as_str()),
        (200, Some("khen-nam"))
    );
    assert_eq!(program.send("DELETE", ONE, "", b"").status, 204);
    assert_eq!(program.get(ONE).status, 404);

    let batch = made(&mut program, &["Nguyễn Thị Đào"]);
    let found = value(&program.get("/api/v1/documents?q=dao"));
    let document = format!("/api/v1/documents/{}", found["documents"][0]["id"].as_str().unwrap());
    let lent = post(&mut program, &format!("{document}/links"), &json!({ "seconds": 60 }));
    assert_eq!(lent.status, 201, "{}", lent.text());
    let links = value(&program.get(&format!("{document}/links")));
    assert_eq!(links["links"][0]["id"], value(&lent)["id"]);
    let link = format!("{document}/links/{}", value(&lent)["id"].as_str().unwrap());
    assert_eq!(program.send("DELETE", &link, "", b"").status, 204);
    assert!(!value(&program.get(&format!("{document}/links")))["links"][0]["revoked_at"].is_null());

    // Nothing of it failed, and it has no messages: said, not done.
    for step in ["retry", "release"] {
        let answer = post(&mut program, &format!("/api/v1/batches/{batch}/{step}"), &json!({}));
        assert!([200, 404, 409, 422].contains(&answer.status), "{step}: {}", answer.text());
    }
    let many: Vec<Value> = (1..=400)
        .map(|number| {
            json!({ "doi_tuong": "Cá nhân", "danh_xung": "Ông", "ho_ten": "Nguyễn Văn An", "don_vi": format!("Chi hội {number}"), "so": format!("{number:03}") })
        })
        .collect();
    let long = json!({
        "template": "giay-khen", "records": many,
        "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "công tác khuyến học" },
    });
    let handed = post(&mut program, "/api/v1/batches", &long);
    let at = |rest: &str| format!("/api/v1/batches/{}{rest}", value(&handed)["batch"].as_str().expect("a batch"));
    let held = post(&mut program, &at("/pause"), &json!({ "reason": "chờ sếp" }));
    assert_eq!((held.status, value(&held)["state"].as_str()), (200, Some("paused")), "{}", held.text());
    assert_eq!(post(&mut program, &at("/resume"), &json!({})).status, 200);
    let cancelled = post(&mut program, &at("/cancel"), &json!({ "reason": "nhầm danh sách" }));
    assert_eq!(cancelled.status, 200, "{}", cancelled.text());
    assert_eq!(until(&mut program, &at(""), |now| now["records"]["rendering"] == 0)["state"], "cancelled");
    let subscription = json!({ "url": "http://127.0.0.1:9/bao", "events": ["batch.finished"] });
    let subscribed = post(&mut program, "/api/v1/webhooks", &subscription);
    assert_eq!(subscribed.status, 201, "{}", subscribed.text());
    let hook = format!("/api/v1/webhooks/{}", value(&subscribed)["id"].as_str().unwrap());
    assert_eq!(value(&program.get(&hook))["url"], "http://127.0.0.1:9/bao");
    let listed = value(&program.get("/api/v1/webhooks"));
    assert!(listed["webhooks"].as_array().unwrap().len() == 1 && !listed.to_string().contains("whsec_"), "its secret is shown once");
    assert_eq!((program.send("DELETE", &hook, "", b"").status, program.get(&hook).status), (204, 404));
}
