//! What an administrator sets, by program: words, organisations, printers, stock, mail, users.

use serde_json::{Value, json};

use super::api::{ALL, JSON, office, post, program, value};
use crate::support::site::{Answer, Browser, Site};

fn put(program: &mut Browser, path: &str, body: &Value) -> Answer {
    program.send("PUT", path, JSON, body.to_string().as_bytes())
}

fn delete(program: &mut Browser, path: &str) -> u16 {
    program.send("DELETE", path, "", b"").status
}

fn version(program: &mut Browser, path: &str) -> String {
    value(&program.get(path))["version"].as_str().expect("a version").to_owned()
}

#[test]
fn words_are_tried_kept_published_and_taken_back_by_a_program() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read,configure", None);
    const WORDS: &str = "/api/v1/templates/giay-khen/words";
    let words = value(&program.get(WORDS));
    assert!(words["wordings"].as_array().unwrap().iter().any(|own| own["name"] == "tieu_de" && own["text"] == "GIẤY KHEN"), "{words:#}");
    let tried = post(&mut program, &format!("{WORDS}/preview"), &json!({ "words": { "tang": "THỬ" } }));
    assert!(tried.body.starts_with(b"%PDF-"), "{} {}", tried.head, tried.text());
    let wrong = post(&mut program, &format!("{WORDS}/preview"), &json!({ "words": { "tang": "{{ho_tne}}" } }));
    assert!(wrong.status == 422 && wrong.text().contains("ho_tne"), "{}", wrong.text());
    let kept = value(&put(&mut program, &format!("{WORDS}/draft"), &json!({ "words": { "tang": "ĐANG VIẾT" } })));
    assert_eq!(kept["draft"]["words"]["tang"], "ĐANG VIẾT");
    assert_eq!(put(&mut program, &format!("{WORDS}/draft"), &json!({ "words": {} })).status, 409, "somebody is writing already");
    assert_eq!(delete(&mut program, &format!("{WORDS}/draft?seen={}", kept["draft"]["seen"])), 204);
    let publication = json!({ "digest": words["digest"], "words": { "tang": "TRÂN TRỌNG TẶNG" }, "note": "theo ý Ban Thường vụ" });
    let published = post(&mut program, &format!("{WORDS}/publish"), &publication);
    assert_eq!(published.status, 200, "{}", published.text());
    assert_eq!(String::from_utf8(office.read("mau/giay-khen/words.toml")).unwrap(), "[words]\ntang = \"TRÂN TRỌNG TẶNG\"\n");
    assert_eq!(post(&mut program, &format!("{WORDS}/publish"), &publication).status, 409, "these are not the words in use any more");
    let versions = value(&program.get(&format!("{WORDS}/versions")));
    assert_eq!(versions["versions"][0]["note"], "theo ý Ban Thường vụ");
    let back = json!({ "digest": value(&published)["digest"], "version": 1 });
    assert_eq!(post(&mut program, &format!("{WORDS}/roll-back"), &back).status, 200);
    assert_eq!(String::from_utf8(office.read("mau/giay-khen/words.toml")).unwrap(), "[words]\n");
    assert_eq!(post(&mut program, &format!("{WORDS}/roll-back"), &back).status, 409);
    assert_eq!(program.get("/api/v1/templates/khong-co/words").status, 404);
}

#[test]
fn an_organisation_and_those_who_sign_are_changed_with_their_pictures() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "configure", None);
    let all = value(&program.get("/api/v1/organisations"));
    assert_eq!(all["organisations"].as_array().unwrap().len(), 2);
    const HOI: &str = "/api/v1/organisations/hoi";
    let seen = version(&mut program, HOI);
    let profile = json!({ "version": seen, "name": "Hội Khuyến học Phường Mới", "abbreviation": "HKH", "place": "Phường Mới" });
    let saved = put(&mut program, HOI, &profile);
    assert_eq!((saved.status, value(&saved)["place"].as_str()), (200, Some("Phường Mới")), "{}", saved.text());
    assert_eq!(put(&mut program, HOI, &profile).status, 409, "the file is another one now");
    let mut pixels = tiny_skia::Pixmap::new(60, 24).unwrap();
    pixels.fill(tiny_skia::Color::from_rgba8(31, 75, 143, 120));
    let picture = pixels.encode_png().unwrap();
    let signatory =
        |version: &Value| json!({ "version": version, "name": "Lê Văn Tâm", "authority": ["PHÓ CHỦ TỊCH"], "from": "2026-01-01" });
    let with_picture = |program: &mut Browser, version: &Value| {
        let mut body = format!(
            "--B\r\nContent-Disposition: form-data; name=\"request\"\r\nContent-Type: application/json\r\n\r\n{}\r\n--B\r\n\
             Content-Disposition: form-data; name=\"signature\"; filename=\"k.png\"\r\n\r\n",
            signatory(version)
        )
        .into_bytes();
        body.extend_from_slice(&picture);
        body.extend(b"\r\n--B--\r\n");
        program.send("PUT", &format!("{HOI}/signatories/1"), "Content-Type: multipart/form-data; boundary=B\r\n", &body)
    };
    let added = with_picture(&mut program, &value(&saved)["version"]);
    assert_eq!(added.status, 200, "{}", added.text());
    assert_eq!(
        (value(&added)["signatories"][1]["name"].as_str(), value(&added)["signatories"][1]["signature"].as_bool()),
        (Some("Lê Văn Tâm"), Some(true))
    );
    assert!(program.get(&format!("{HOI}/pictures/signature.1")).body.starts_with(b"\x89PNG"));
    assert_eq!(program.get(&format!("{HOI}/pictures/seal.1")).status, 404);
    let mut huge = signatory(&value(&added)["version"]);
    huge["seal_mm"] = 300.into();
    let refused = put(&mut program, &format!("{HOI}/signatories/1"), &huge);
    assert_eq!((refused.status, value(&refused)["code"].as_str()), (422, Some("seal-size")));
    assert_eq!(put(&mut program, &format!("{HOI}/signatories/9"), &huge).status, 404);
    let first = post(&mut program, &format!("{HOI}/signatories/1/first"), &json!({ "version": value(&added)["version"] }));
    assert_eq!(value(&first)["signatories"][0]["name"], "Lê Văn Tâm", "{}", first.text());
    let seen = value(&first)["version"].as_str().unwrap().to_owned();
    assert_eq!(delete(&mut program, &format!("{HOI}/signatories/0?version={seen}")), 204);
    assert_eq!(delete(&mut program, &format!("{HOI}/signatories/0?version={seen}")), 409);
    let mut bound = super::api::program(&office, &site, ALL, Some("chi-hoi"));
    assert_eq!((bound.get(HOI).status, bound.get("/api/v1/organisations/chi-hoi").status), (404, 200));
}

#[test]
fn printers_stock_and_mail_are_set_by_a_program_of_the_whole_office() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "configure", None);
    let seen = version(&mut program, "/api/v1/printers");
    let far = put(&mut program, "/api/v1/printers/p1", &json!({ "version": seen, "offset_x_mm": 30, "offset_y_mm": 0 }));
    assert_eq!((far.status, value(&far)["code"].as_str()), (422, Some("printer-offset")));
    let saved = put(&mut program, "/api/v1/printers/p1", &json!({ "version": seen, "offset_x_mm": 0.6, "offset_y_mm": -1.2 }));
    assert_eq!(value(&saved)["printers"], json!([{ "name": "p1", "offset_x_mm": 0.6, "offset_y_mm": -1.2 }]));
    assert_eq!(delete(&mut program, &format!("/api/v1/printers/p1?version={seen}")), 409);
    let seen = version(&mut program, "/api/v1/printers");
    assert_eq!(delete(&mut program, &format!("/api/v1/printers/p1?version={seen}")), 204);
    assert!(program.get("/api/v1/calibration-sheet").body.starts_with(b"%PDF-"));

    let seen = version(&mut program, "/api/v1/stocks");
    let sheet = json!({ "version": seen, "title": "Phôi A4", "width_mm": 297, "height_mm": 210, "preprinted": ["khung"] });
    let saved = put(&mut program, "/api/v1/stocks/phoi-a4", &sheet);
    assert_eq!(saved.status, 200, "{}", saved.text());
    let field =
        |version: &Value, font: &str| json!({ "version": version, "field": { "x": 20.0, "y": 85.0, "width": 257.0, "font": font } });
    let place = "/api/v1/stocks/phoi-a4/fields/ho_ten";
    let refused = put(&mut program, place, &field(&value(&saved)["version"], "Không Có"));
    assert_eq!((refused.status, value(&refused)["code"].as_str()), (422, Some("font-unknown")));
    let placed =
        put(&mut program, place, &json!({ "version": value(&saved)["version"], "field": { "x": 20.0, "y": 85.0, "width": 257.0 } }));
    assert_eq!(value(&placed)["fields"]["ho_ten"]["y"], 85.0, "{}", placed.text());
    assert_eq!(put(&mut program, "/api/v1/stocks/phoi-a4/fields/khong_co", &field(&json!(""), "")).status, 404);
    assert_eq!(program.get("/api/v1/stocks/phoi-a4").status, 200);
    let seen = version(&mut program, "/api/v1/stocks/phoi-a4");
    assert_eq!(delete(&mut program, &format!("{place}?version={seen}")), 204);
    let seen = version(&mut program, "/api/v1/stocks/phoi-a4");
    assert_eq!(delete(&mut program, &format!("/api/v1/stocks/phoi-a4?version={seen}")), 204);

    let seen = version(&mut program, "/api/v1/mail-settings");
    // Nobody listens there: a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = json!({
        "version": seen, "from": "vanphong@hoi.example",
        "relay": { "name": "may-chu", "host": "127.0.0.1", "port": port, "security": "none", "account": "vanphong", "password": "rất-riêng" },
    });
    let saved = put(&mut program, "/api/v1/mail-settings", &settings);
    assert_eq!(
        (saved.status, value(&saved)["has_password"].as_bool(), saved.text().contains("rất-riêng")),
        (200, Some(true), false),
        "{}",
        saved.text()
    );
    let tested = value(&post(&mut program, "/api/v1/mail-settings/test", &json!({})));
    assert_eq!((tested["reached"].as_bool(), tested["reason"]["vi"].is_string()), (Some(false), true), "{tested:#}");
    let mut bound = super::api::program(&office, &site, ALL, Some("chi-hoi"));
    for path in ["printers", "stocks", "mail-settings", "users", "audit", "templates/giay-khen/words"] {
        assert_eq!(bound.get(&format!("/api/v1/{path}")).status, 403, "{path} belongs to all organisations");
    }
}

#[test]
fn users_are_made_changed_signed_out_and_freed_of_their_codes_by_a_program() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "administer", None);
    let new = json!({ "name": "an", "full_name": "Nguyễn Văn An", "role": "clerk", "organisation": "hoi" });
    let made = post(&mut program, "/api/v1/users", &new);
    assert_eq!(made.status, 201, "{}", made.text());
    let user = value(&made);
    assert!(user["link"].as_str().unwrap().contains("/moi?ma="), "{user:#}");
    assert_eq!(post(&mut program, "/api/v1/users", &new).status, 422, "the name is taken");
    let at = |rest: &str| format!("/api/v1/users/{}{rest}", user["id"].as_str().unwrap());
    let token = user["link"].as_str().unwrap().split("ma=").nth(1).unwrap().to_owned();
    let mut an = site.browser();
    let password = crate::support::site::PASSWORD;
    let accepted = an.post("/moi", &[("ma", &token), ("password", password), ("again", password)]);
    assert_eq!(accepted.status, 303, "{}", accepted.text());
    assert_eq!(an.get("/tai-khoan").status, 200, "who has chosen a password is in");
    let ended = program.send("DELETE", &at("/logins"), "", b"");
    assert!(ended.status == 200 && value(&ended)["ended"].as_u64() >= Some(1), "{}", ended.text());
    assert_eq!(an.get("/tai-khoan").status, 303, "signed out everywhere");
    let now = value(&program.get(&at("")));
    assert_eq!((now["role"].as_str(), now["has_password"].as_bool()), (Some("clerk"), Some(true)));
    let changed = json!({ "version": now["version"], "full_name": "Nguyễn Văn An", "role": "approver", "organisation": "hoi" });
    let answer = put(&mut program, &at(""), &changed);
    assert_eq!(value(&answer)["role"], "approver", "{}", answer.text());
    assert_eq!(put(&mut program, &at(""), &changed).status, 409, "somebody changed it meanwhile");
    assert_eq!(value(&post(&mut program, &at("/invitations"), &json!({})))["link_seconds"], 3 * 24 * 60 * 60);
    assert_eq!(delete(&mut program, &at("/one-time-codes")), 204);
    assert_eq!(value(&program.get("/api/v1/users"))["users"].as_array().unwrap().len(), 1);
    assert_eq!(program.get("/api/v1/users/01ARZ3NDEKTSV4RRFFQ69G5FAV").status, 404);
    let mut clerk = super::api::program(&office, &site, "read,make", None);
    assert_eq!(clerk.get("/api/v1/users").status, 403);
}
