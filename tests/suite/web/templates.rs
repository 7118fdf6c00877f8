//! Words of templates: tried, published, taken back.

use super::make::value;
use crate::support::Office;
use crate::support::site::{Browser, Site};

fn digest(browser: &mut Browser) -> String {
    let page = browser.get("/mau/giay-khen").text();
    page.split("name=\"digest\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn words_are_published_in_a_file_that_holds_only_what_differs_and_taken_back() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    let page = browser.get("/mau/giay-khen").text();
    assert!(page.contains("GIẤY KHEN") && page.contains("Cơ quan tặng") && page.contains("data-insert=\"ho_ten\""), "{page}");
    assert!(page.contains("data-insert=\"tien_chu so_tien chan&#x3D;true\"") && page.contains("số tiền bằng chữ"), "{page}");
    let table = browser.get("/mau/quyet-dinh-khen-thuong").text();
    assert!(table.contains("data-insert=\"noi danh_sach truong&#x3D;&quot;ho_ten&quot;\""), "{table}");
    let first = digest(&mut browser);
    let fields = |digest: &str, text: &str| {
        [
            ("digest", digest.to_owned()),
            ("w.tang", text.to_owned()),
            ("w.tieu_de", "GIẤY KHEN".to_owned()),
            ("note", "theo ý Ban Thường vụ".to_owned()),
            ("viec", "cong-bo".to_owned()),
        ]
    };
    let send = |browser: &mut Browser, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post("/mau/giay-khen", &fields)
    };
    let wrong = send(&mut browser, &fields(&first, "{{ho_tne}}"));
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("ho_ten") && wrong.text().contains("ho_tne"), "{}", wrong.text());
    assert!(!office.path.join("mau/giay-khen/words.toml").exists(), "what does not fill is not published");
    assert_eq!(send(&mut browser, &fields(&first, "TRÂN TRỌNG TẶNG")).status, 303);
    assert_eq!(String::from_utf8(office.read("mau/giay-khen/words.toml")).unwrap(), "[words]\ntang = \"TRÂN TRỌNG TẶNG\"\n");
    assert_eq!(send(&mut browser, &fields(&first, "KHÁC")).status, 409, "somebody published meanwhile");
    let page = browser.get("/mau/giay-khen").text();
    assert!(page.contains("Bản 2") && page.contains("theo ý Ban Thường vụ") && page.contains("trước lần sửa đầu tiên"), "{page}");
    let second = digest(&mut browser);
    assert_eq!(browser.post("/mau/giay-khen/quay-lai", &[("digest", &second), ("version", "1")]).status, 303);
    assert_eq!(String::from_utf8(office.read("mau/giay-khen/words.toml")).unwrap(), "[words]\n");
    assert!(browser.get("/mau/giay-khen").text().contains("quay lại bản 1"));
}

#[test]
fn words_are_tried_without_being_used() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    browser.get("/mau/giay-khen");
    let tried = browser.post("/mau/giay-khen/xem-thu", &[("w.tang", "THỬ")]);
    let found: serde_json::Value = serde_json::from_slice(&tried.body).unwrap();
    assert!(found["pictures"][0].as_str().unwrap().starts_with("data:image/png;base64,iVBOR"), "{found}");
    let tried = browser.post("/mau/giay-khen/xem-thu", &[("w.tang", "{{#if}}")]);
    let found: serde_json::Value = serde_json::from_slice(&tried.body).unwrap();
    assert!(!found["problems"].as_array().unwrap().is_empty() && found["pictures"].as_array().unwrap().is_empty(), "{found}");
    assert!(!office.path.join("mau").exists());
    assert_eq!(browser.get("/mau/khong-co").status, 404);
}

#[test]
fn a_draft_is_there_for_the_next_who_comes() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    let mut other = site.account(&mut browser, "an", "administrator", "");
    browser.get("/mau/giay-khen");
    assert_eq!(browser.post("/mau/giay-khen", &[("w.tang", "CHƯA XONG"), ("nhap", ""), ("viec", "nhap")]).status, 303);
    let page = other.get("/mau/giay-khen");
    assert!(page.text().contains("CHƯA XONG") && page.text().contains("bản nháp của quantri"), "{}", page.text());
    let (seen, fresh) = (value(&page, "nhap"), value(&page, "digest"));
    // Who has not seen that draft neither writes over it nor throws it away.
    let stale = browser.post("/mau/giay-khen", &[("w.tang", "KHÁC HẲN"), ("nhap", ""), ("viec", "nhap")]);
    assert_eq!(stale.status, 409, "{}", stale.text());
    assert!(stale.text().contains("bản nháp của mẫu vừa được người khác lưu hoặc bỏ"), "{}", stale.text());
    assert_eq!(browser.post("/mau/giay-khen", &[("nhap", "1"), ("viec", "bo")]).status, 409);
    // A publication uses up the draft that it came from, and no other.
    let fields = [("digest", fresh.as_str()), ("w.tang", "TẶNG"), ("nhap", ""), ("viec", "cong-bo")];
    assert_eq!(browser.post("/mau/giay-khen", &fields).status, 303);
    assert!(other.get("/mau/giay-khen").text().contains("CHƯA XONG"));
    assert_eq!(other.post("/mau/giay-khen", &[("nhap", &seen), ("viec", "bo")]).status, 303);
    assert!(!browser.get("/mau/giay-khen").text().contains("CHƯA XONG"));
}

#[test]
fn what_was_changed_in_the_file_by_hand_is_a_version_before_it_is_replaced() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    let publish = |browser: &mut Browser, text: &str| {
        let digest = digest(browser);
        assert_eq!(browser.post("/mau/giay-khen", &[("digest", &digest), ("w.tang", text), ("viec", "cong-bo")]).status, 303);
    };
    publish(&mut browser, "TRÂN TRỌNG TẶNG");
    let by_hand = "[words]\ntang = \"TẶNG THƯỞNG\" # theo công văn 12\n";
    office.write("mau/giay-khen/words.toml", by_hand);
    let seen = digest(&mut browser);
    assert_eq!(browser.post("/mau/giay-khen/quay-lai", &[("digest", &seen), ("version", "1")]).status, 303);
    assert_eq!(String::from_utf8(office.read("mau/giay-khen/words.toml")).unwrap(), "[words]\n");
    let page = browser.get("/mau/giay-khen").text();
    assert!(page.contains("Bản 4") && page.contains("sửa thẳng trong tệp words.toml"), "{page}");
    let seen = digest(&mut browser);
    assert_eq!(browser.post("/mau/giay-khen/quay-lai", &[("digest", &seen), ("version", "3")]).status, 303);
    assert_eq!(String::from_utf8(office.read("mau/giay-khen/words.toml")).unwrap(), by_hand);
}
