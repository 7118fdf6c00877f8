//! Mail on its pages: the message before it goes, a test to oneself, letting all go, watching each.

use std::time::{Duration, Instant};

use super::batches::{begun, until_over};
use super::make::{draft, onward, value};
use crate::support::site::{Browser, PASSWORD, Site};
use crate::support::{Office, people, python};

/// A list with addresses.
fn list() -> String {
    people(3)
        .lines()
        .zip(["Thư điện tử", "mot@vi-du.vn", "hai@vi-du.vn", ""])
        .map(|(line, address)| format!("{line},{address}\n"))
        .collect()
}

/// Waits until a page says `text`.
fn until_said(browser: &mut Browser, path: &str, text: &str) -> String {
    let begun = Instant::now();
    loop {
        let page = browser.get(path).text();
        if page.contains(text) {
            return page;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no {text} in {page}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn messages_are_looked_at_tried_let_go_and_watched() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let path = draft(&mut lan, &list());
    let options = lan.get(&format!("{path}/tuy-chon"));
    let revision = value(&options, "revision");
    let fields = [
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
        ("thu", "1"),
        ("thu-giu", "1"),
    ];
    onward(&lan.post(&format!("{path}/tuy-chon"), &fields));
    let look = lan.get(&format!("{path}/xem?ban-ghi=2&ve=1")).text();
    assert!(look.contains("hai@vi-du.vn") && look.contains("Thư người nhận sẽ đọc"), "{look}");
    let plan = lan.get(&format!("{path}/bat-dau")).text();
    assert!(plan.contains("vi-du.vn (2)") && plan.contains("1 người không có địa chỉ thư"), "{plan}");
    let path = begun(&mut lan, &path);
    until_over(&mut lan, &path);
    let batch = path.trim_start_matches("/lo/").to_owned();
    assert!(lan.get(&format!("/thu?lo={batch}")).text().contains("Chưa có thư nào"), "held until a person lets them go");
    let watched = lan.get(&format!("/thu?lo={batch}")).text();
    assert!(watched.contains("2 thư của lô này đang giữ lại, chưa gửi."), "{watched}");
    let page = lan.get(&path).text();
    for said in [
        "2 thư đang giữ lại, chưa gửi.",
        "Gửi thư cho tất cả 2 người nhận?",
        "Không gửi thư lô này",
        "quyết định 12/QĐ-HKH",
        "Trần Thị Quản",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let home = lan.get("/").text();
    assert!(home.contains("<a href=\"/lo?tt=giu\"><b>2</b> thư đang giữ lại, chưa gửi</a>"), "{home}");
    assert!(lan.get("/lo?tt=giu").text().contains(&path));
    let bad = lan.post(&format!("{path}/thu-nghiem"), &[("ban_ghi", "1"), ("dia_chi", "không phải thư")]);
    assert_eq!(bad.status, 422);
    onward(&lan.post(&format!("{path}/thu-nghiem"), &[("ban_ghi", "1"), ("dia_chi", "lan@don-vi.vn")]));
    let sent = until_said(&mut lan, &format!("/thu?lo={batch}"), "đã để thành tệp trong thư mục thư đi");
    assert!(sent.contains("lan@don-vi.vn") && sent.contains("[Thử]") && !sent.contains("mot@vi-du.vn"), "{sent}");
    let onto = onward(&lan.post(&format!("{path}/gui"), &[]));
    assert!(lan.get(&onto).text().contains("Đang gửi 2 thư."), "{onto}");
    onward(&lan.post(&format!("{path}/gui"), &[]));
    until_said(&mut lan, &format!("/thu?lo={batch}&tt=sent"), "hai@vi-du.vn");
    until_said(&mut lan, &path, "đã gửi hết thư");
    let all = lan.get(&format!("/thu?lo={batch}")).text();
    assert_eq!(all.matches("href=\"/thu/").count(), 3, "the test, and one for each address: {all}");
    // Too many of them failed.
    python(
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=30)\nc.execute('INSERT INTO mail_pause VALUES (?, 1, 6, 7)', sys.argv[2:])\nc.commit()",
        &[&office.path.join("van-thu.db"), batch.as_ref()],
    );
    let held = lan.get(&path).text();
    assert!(
        held.contains("Đang giữ lại: tạm dừng gửi thư của lô: 6 trong 7 thư đã thử không gửi được") && held.contains("Gửi tiếp"),
        "{held}"
    );
    onward(&lan.post(&format!("{path}/gui"), &[]));
    assert!(!lan.get(&path).text().contains("tạm dừng gửi thư"), "a person has let it go on");
    let one = all.split("href=\"/thu/").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let shown = lan.get(&format!("/thu/{one}"));
    assert!(shown.text().contains("đã gửi"), "{}", shown.text());
    let message = lan.get(&format!("/thu/{one}/thu.eml"));
    assert!(String::from_utf8_lossy(&message.body).contains("application/pdf"));
    let decided = lan.post(&format!("/thu/{one}/quyet-dinh"), &[("viec", "huy")]);
    assert_eq!(decided.status, 409, "what was sent cannot be given up: {}", decided.text());
    assert_eq!(lan.post(&format!("/thu/{one}/quyet-dinh"), &[("viec", "gi-do")]).status, 422);
}

#[test]
fn a_message_goes_as_a_link_when_the_page_is_asked_to() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", format!("{config}\n[service]\nurl = \"https://vanthu.hoi.example\"\n"));
    let mut site = Site::start(&office);
    let token = site.setup_line().trim().split("ma=").nth(1).unwrap().to_owned();
    let mut lan = site.browser();
    let first = [("ma", token.as_str()), ("full_name", "Trần Thị Lan"), ("name", "lan"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(lan.post("/thiet-lap", &first).status, 303);
    lan.get("/");
    let path = draft(&mut lan, &list());
    let options = lan.get(&format!("{path}/tuy-chon"));
    assert!(options.text().contains("value=\"lien-ket\""), "{}", options.text());
    let revision = value(&options, "revision");
    let fields = [
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
        ("thu", "1"),
        ("kem", "lien-ket"),
    ];
    onward(&lan.post(&format!("{path}/tuy-chon"), &fields));
    let path = begun(&mut lan, &path);
    until_over(&mut lan, &path);
    let batch = path.trim_start_matches("/lo/").to_owned();
    let sent = until_said(&mut lan, &format!("/thu?lo={batch}&tt=sent"), "mot@vi-du.vn");
    let one = sent.split("href=\"/thu/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let message = office.write("m.eml", lan.get(&format!("/thu/{one}/thu.eml")).body);
    let shown = crate::operations::text_of(&message);
    assert!(shown.ends_with("[]\n"), "nothing is attached: {shown}");
    let link = shown.split("https://vanthu.hoi.example").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a link");
    let mut anybody = site.browser();
    assert!(link.starts_with("/l/") && anybody.get(link).text().contains("Tải văn bản"), "{link}");
    assert!(anybody.post(link, &[]).body.starts_with(b"%PDF-"));
}

#[test]
fn held_messages_are_given_up_and_what_did_not_arrive_goes_to_a_corrected_address() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let held = |lan: &mut Browser, decision: &str| {
        let path = draft(lan, &list());
        let revision = value(&lan.get(&format!("{path}/tuy-chon")), "revision");
        let fields = [
            ("revision", revision.as_str()),
            ("c-so_quyet_dinh", decision),
            ("c-ngay", "27/12/2019"),
            ("c-phong_trao", "công tác khuyến học"),
            ("thu", "1"),
            ("thu-giu", "1"),
        ];
        onward(&lan.post(&format!("{path}/tuy-chon"), &fields));
        let path = begun(lan, &path);
        until_over(lan, &path);
        path
    };
    let given_up = held(&mut lan, "12/QĐ-HKH");
    onward(&lan.post(&format!("{given_up}/khong-gui"), &[]));
    let page = lan.get(&given_up).text();
    assert!(page.contains("không gửi thư lô này") && !page.contains("Gửi thư cho mọi người"), "{page}");
    assert_eq!(lan.post(&format!("{given_up}/gui"), &[]).status, 409, "for good");
    assert_eq!(lan.post(&format!("{given_up}/khong-gui"), &[]).status, 409);
    assert!(!lan.get("/").text().contains("thư đang giữ lại"));
    let path = held(&mut lan, "13/QĐ-HKH");
    onward(&lan.post(&format!("{path}/gui"), &[]));
    let batch = path.trim_start_matches("/lo/").to_owned();
    let sent = until_said(&mut lan, &format!("/thu?lo={batch}&tt=sent"), "mot@vi-du.vn");
    let row = sent.split("<tr>").find(|row| row.contains("mot@vi-du.vn")).unwrap();
    let one = row.split("href=\"/thu/").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let asked = [("dia_chi", "mot.dung@vi-du.vn")];
    assert_eq!(lan.post(&format!("/thu/{one}/dia-chi"), &asked).status, 409, "it has arrived");
    python(
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=30)\nc.execute(\"UPDATE delivery SET state = 'bounced' WHERE id = ?\", sys.argv[2:])\nc.commit()",
        &[&office.path.join("van-thu.db"), one.as_ref()],
    );
    assert!(lan.get(&format!("/thu/{one}")).text().contains("Sửa địa chỉ và gửi lại"));
    let bad = lan.post(&format!("/thu/{one}/dia-chi"), &[("dia_chi", "mot.dung")]);
    assert!(bad.status == 422 && bad.text().contains("value=\"mot.dung\""), "{}", bad.text());
    let onto = onward(&lan.post(&format!("/thu/{one}/dia-chi"), &asked));
    let new = until_said(&mut lan, &onto, "badge good\">đã gửi");
    assert!(new.contains("mot.dung@vi-du.vn") && new.contains(&format!("href=\"/thu/{one}\"")), "{new}");
    let id = onto.trim_start_matches("/thu/").split('?').next().unwrap();
    let message = office.write("m.eml", lan.get(&format!("/thu/{id}/thu.eml")).body);
    let text = String::from_utf8_lossy(&std::fs::read(message).unwrap()).into_owned();
    assert!(text.contains("mot.dung@vi-du.vn") && text.contains("application/pdf"), "the same documents: {text}");
    let old = lan.get(&format!("/thu/{one}")).text();
    assert!(old.contains("bị trả lại") && old.contains(&format!("href=\"/thu/{id}\"")), "the old one keeps its story: {old}");
    let twice = lan.post(&format!("/thu/{one}/dia-chi"), &asked);
    assert!(twice.status == 422 && twice.text().contains("đã có thư gửi tới địa chỉ đó"), "{}", twice.text());
    // A program does the same.
    lan.extra = format!("X-CSRF-Token: {}\r\n", lan.csrf);
    let body = br#"{"address":"mot.nua@vi-du.vn"}"#;
    let answer = lan.send("POST", &format!("/api/v1/deliveries/{one}/readdress"), "Content-Type: application/json\r\n", body);
    lan.extra.clear();
    assert!(answer.status == 201 && answer.text().contains("mot.nua@vi-du.vn"), "{}", answer.text());
    until_said(&mut lan, &path, "có thư không tới");
    assert!(lan.get("/nhat-ky").text().contains("sửa địa chỉ và gửi lại thư"));
}
