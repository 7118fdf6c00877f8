//! The organisation's pages: what a form changes in `vanthu.toml`, and what it leaves.

use std::os::unix::fs::PermissionsExt;

use crate::support::site::{Answer, Browser, Site};
use crate::support::{Office, python};

const CONFIG: &str = r#"# Cấu hình của hội, đừng xóa dòng này.
organisation = "hoi"

[organisations.hoi]
name = "Hội Khuyến học Phường Thí Điểm"   # như trong câu văn
name_lines = ["HỘI KHUYẾN HỌC", "PHƯỜNG THÍ ĐIỂM"]
abbreviation = "HKH"
place = "Phường Thí Điểm"

# Người ký.
[[organisations.hoi.signatories]]
authority = ["TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"]
name = "Trần Thị Bình"

[organisations.khac]
name = "Hội khác"
"#;

fn opened() -> (Office, Site, Browser) {
    let office = Office::new();
    office.write("vanthu.toml", CONFIG);
    let mut site = Site::start(&office);
    let browser = site.administrator();
    (office, site, browser)
}

fn config(office: &Office) -> String {
    String::from_utf8(office.read("vanthu.toml")).unwrap()
}

fn version(answer: &Answer) -> String {
    answer.text().split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn profile<'a>(version: &'a str, name: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("version", version),
        ("name", name),
        ("name_lines", "HỘI KHUYẾN HỌC\r\nPHƯỜNG THÍ ĐIỂM\r\n"),
        ("superior_lines", "HỘI KHUYẾN HỌC\r\nTHÀNH PHỐ HỒ CHÍ MINH"),
        ("abbreviation", "HKH"),
        ("place", "Phường Mới"),
        ("address", ""),
        ("style", "nd30"),
    ]
}

fn picture() -> Vec<u8> {
    let mut pixels = tiny_skia::Pixmap::new(60, 24).unwrap();
    pixels.fill(tiny_skia::Color::from_rgba8(31, 75, 143, 120));
    pixels.encode_png().unwrap()
}

#[test]
fn a_profile_is_changed_in_the_file_whose_comments_stay() {
    let (office, _site, mut browser) = opened();
    let seen = version(&browser.get("/don-vi/hoi"));
    let saved = browser.upload("/don-vi/hoi", &profile(&seen, "Hội Khuyến học Phường Mới"), &[]);
    assert_eq!((saved.status, saved.header("location")), (303, Some("/don-vi/hoi?xong=luu")), "{}", saved.text());
    let expected = CONFIG.replace("\"Hội Khuyến học Phường Thí Điểm\"", "\"Hội Khuyến học Phường Mới\"").replace(
        "place = \"Phường Thí Điểm\"\n",
        "place = \"Phường Mới\"\nsuperior_lines = [\"HỘI KHUYẾN HỌC\", \"THÀNH PHỐ HỒ CHÍ MINH\"]\n",
    );
    assert_eq!(config(&office), expected);
    assert!(browser.get("/don-vi").text().contains("Hội Khuyến học Phường Mới"), "it takes effect at once");
    assert!(browser.get("/nhat-ky").text().contains("sửa cấu hình"));
}

#[test]
fn a_form_of_an_older_file_is_refused_and_a_wrong_one_changes_nothing() {
    let (office, _site, mut browser) = opened();
    let seen = version(&browser.get("/don-vi/hoi"));
    let wrong = browser.upload("/don-vi/hoi", &profile(&seen, "  "), &[]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("thiếu “name”") && wrong.text().contains("Phường Mới"), "what was typed stays: {}", wrong.text());
    assert_eq!(config(&office), CONFIG);
    let by_hand = CONFIG.replace("HKH", "HKHTP");
    office.write("vanthu.toml", &by_hand);
    let stale = browser.upload("/don-vi/hoi", &profile(&seen, "Hội Khuyến học Phường Mới"), &[]);
    assert_eq!(stale.status, 409);
    assert!(stale.text().contains("vừa được sửa ở nơi khác"));
    assert_eq!(config(&office), by_hand);
}

#[test]
fn a_signatory_has_pictures_and_a_term_and_can_be_put_first_or_taken_out() {
    let (office, _site, mut browser) = opened();
    let seen = version(&browser.get("/don-vi/hoi/nguoi-ky/1"));
    let fields = |version: String| {
        [
            ("version", version),
            ("authority", "KT. CHỦ TỊCH\r\nPHÓ CHỦ TỊCH".to_owned()),
            ("name", "Lê Văn Phó".to_owned()),
            ("from", "2026-01-01".to_owned()),
            ("until", "2026-12-31".to_owned()),
            ("seal_mm", "36,5".to_owned()),
        ]
    };
    let send = |browser: &mut Browser, version: String, file: &[u8]| {
        let fields = fields(version);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.upload("/don-vi/hoi/nguoi-ky/1", &fields, &[("signature", "ký.png", file)])
    };
    let no_picture = send(&mut browser, seen.clone(), b"GIF89a...");
    assert_eq!(no_picture.status, 422, "{}", no_picture.text());
    assert!(no_picture.text().contains("Lê Văn Phó"));
    let svg = send(&mut browser, seen.clone(), b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>");
    assert_eq!(svg.status, 422);
    assert_eq!(config(&office), CONFIG);
    assert_eq!(send(&mut browser, seen, &picture()).status, 303);
    let written = config(&office);
    for line in [
        "authority = [\"KT. CHỦ TỊCH\", \"PHÓ CHỦ TỊCH\"]",
        "seal_mm = 36.5",
        "from = \"2026-01-01\"",
        "until = \"2026-12-31\"",
        "# Người ký.",
    ] {
        assert!(written.contains(line), "{line} is not in\n{written}");
    }
    let shown = browser.get("/don-vi/hoi/hinh/chu-ky.1");
    assert_eq!((shown.status, shown.header("content-type")), (200, Some("image/png")));
    assert_eq!(shown.body, picture());
    assert_eq!(browser.get("/don-vi/hoi/hinh/con-dau.1").status, 404);
    let seen = version(&browser.get("/don-vi/hoi/nguoi-ky/1"));
    assert_eq!(browser.post("/don-vi/hoi/nguoi-ky/1/len-dau", &[("version", &seen)]).status, 303);
    let written = config(&office);
    assert!(written.find("Lê Văn Phó").unwrap() < written.find("Trần Thị Bình").unwrap(), "{written}");
    let seen = version(&browser.get("/don-vi/hoi/nguoi-ky/0"));
    assert_eq!(browser.post("/don-vi/hoi/nguoi-ky/0/xoa", &[("version", &seen)]).status, 303);
    assert!(!config(&office).contains("Lê Văn Phó") && config(&office).contains("Trần Thị Bình"));
}

#[test]
fn a_term_that_ends_before_it_begins_is_an_error_and_one_that_is_over_does_not_sign() {
    let office = Office::new();
    let with = |until: &str| {
        let term = format!(
            "name = \"Trần Thị Bình\"\nfrom = \"2026-01-01\"\nuntil = \"{until}\"\n\n[[organisations.hoi.signatories]]\nauthority = [\"CHỦ TỊCH\"]\nname = \"Lê Văn Mới\"\n"
        );
        CONFIG.replace("name = \"Trần Thị Bình\"\n", &term)
    };
    office.write("vanthu.toml", with("2025-01-01"));
    let wrong = office.run(&["check", "--template", "giay-khen", "--data", "d.csv"]);
    assert!(wrong.stderr.contains("thời hạn của người ký “Trần Thị Bình” kết thúc trước khi bắt đầu"), "{}", wrong.stderr);
    office.write("vanthu.toml", with("2026-06-30"));
    office.write("d.csv", crate::support::people(1));
    for (day, name) in [("30/06/2026", "Trần Thị Bình"), ("01/07/2026", "Lê Văn Mới")] {
        let out = day.replace('/', "-");
        let day = format!("ngay={day}");
        let arguments = [
            "run",
            "--template",
            "giay-khen",
            "--data",
            "d.csv",
            "--out",
            &out,
            "--set",
            "so_quyet_dinh=12/QĐ-HKH",
            "--set",
            &day,
            "--set",
            "phong_trao=học tập",
        ];
        office.must(&arguments);
        let made = office.documents(&out);
        let text = crate::support::text_of(&office.path.join(&out).join(&made[0]));
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn a_stock_is_added_changed_and_deleted_and_its_comments_stay() {
    let (office, _site, mut browser) = opened();
    let seen = version(&browser.get("/don-vi/phoi-moi"));
    let sheet = |version: &str, name: &str, width: &str, browser: &mut Browser, path: &str| {
        let fields =
            [("version", version), ("name", name), ("title", "Phôi giấy khen"), ("width", width), ("height", "210"), ("da-in-khung", "1")];
        browser.post(path, &fields)
    };
    let odd = sheet(&seen, "Phôi", "297", &mut browser, "/don-vi/phoi-moi");
    assert!(odd.status == 422 && odd.text().contains("<span class=\"why\">tên chỉ gồm chữ thường không dấu"), "{}", odd.text());
    let wide = sheet(&seen, "phoi-1", "rộng", &mut browser, "/don-vi/phoi-moi");
    assert!(wide.text().contains("id=\"width-why\">“rộng” không phải số; ví dụ: 12,5</p>"), "{}", wide.text());
    let large = sheet(&seen, "phoi-1", "900", &mut browser, "/don-vi/phoi-moi");
    assert!(large.text().contains("khổ phôi phải từ 50 đến 600 mm") && large.text().contains("value=\"900\""), "{}", large.text());
    assert_eq!(config(&office), CONFIG, "what is wrong changes nothing");
    assert_eq!(sheet(&seen, "phoi-1", "297", &mut browser, "/don-vi/phoi-moi").status, 303);
    let declared = "\n[stocks.phoi-1]\ntitle = \"Phôi giấy khen\"\nwidth_mm = 297.0\nheight_mm = 210.0\npreprinted = [\"khung\"]\n";
    assert_eq!(config(&office), format!("{CONFIG}{declared}"));
    // A person writes a remark; the page keeps it.
    let remarked = config(&office).replace("width_mm = 297.0", "width_mm = 297 # đo lại");
    office.write("vanthu.toml", &remarked);
    let seen = version(&browser.get("/don-vi/phoi/phoi-1"));
    let field = |version: &str, x: &str, least: &str, browser: &mut Browser| {
        let fields = [
            ("version", version),
            ("truong", "ho_ten"),
            ("x", x),
            ("y", "95"),
            ("width", "200"),
            ("height", "16"),
            ("size", "28"),
            ("min_size", least),
            ("font", "Be Vietnam Pro"),
            ("align", "center"),
            ("visible", "1"),
        ];
        browser.post("/don-vi/phoi/phoi-1/truong", &fields)
    };
    let outside = field(&seen, "150", "18", &mut browser);
    assert!(
        outside.status == 422 && outside.text().contains("id=\"moi-x-why\">trường “ho_ten” nằm ngoài phôi 297 × 210 mm"),
        "{}",
        outside.text()
    );
    let small = field(&seen, "48,5", "30", &mut browser);
    assert!(small.text().contains("id=\"moi-min_size-why\">min_size lớn hơn size"), "{}", small.text());
    let typed = field(&seen, "bốn", "18", &mut browser);
    assert!(typed.text().contains("id=\"moi-x-why\">“bốn” không phải số"), "{}", typed.text());
    assert_eq!(config(&office), remarked);
    assert_eq!(field(&seen, "48,5", "18", &mut browser).status, 303);
    let placed = "\n[stocks.phoi-1.fields.ho_ten]\nx = 48.5\ny = 95.0\nwidth = 200.0\nheight = 16.0\nsize = 28.0\nmin_size = 18.0\n\
                  font = \"Be Vietnam Pro\"\nalign = \"center\"\n";
    assert_eq!(config(&office), format!("{remarked}{placed}"));
    let page = browser.get("/don-vi/phoi/phoi-1").text();
    assert!(page.contains("<rect class=\"box\" x=\"48.5\" y=\"95.0\" width=\"200.0\" height=\"16.0\">"), "{page}");
    let seen = version(&browser.get("/don-vi/phoi/phoi-1"));
    assert_eq!(sheet(&seen, "", "297", &mut browser, "/don-vi/phoi/phoi-1").status, 303);
    assert_eq!(config(&office), format!("{remarked}{placed}"), "a number that stays is not written anew");
    let seen = version(&browser.get("/don-vi/phoi/phoi-1"));
    let gone = [("version", seen.as_str()), ("truong", "ho_ten")];
    assert_eq!(browser.post("/don-vi/phoi/phoi-1/truong/xoa", &gone).status, 303);
    let seen = version(&browser.get("/don-vi/phoi/phoi-1"));
    assert_eq!(browser.post("/don-vi/phoi/phoi-1/xoa", &[("version", &seen)]).status, 303);
    assert_eq!(config(&office), CONFIG);
    assert_eq!(browser.get("/don-vi/phoi/phoi-1").status, 404);
}

#[test]
fn printers_are_calibrated_with_a_sheet() {
    let (office, _site, mut browser) = opened();
    let sheet = browser.get("/don-vi/to-can-chinh.pdf");
    assert_eq!((sheet.status, sheet.header("content-type")), (200, Some("application/pdf")));
    assert!(sheet.body.starts_with(b"%PDF-"));
    let seen = version(&browser.get("/don-vi/may-in"));
    let far = browser.post("/don-vi/may-in", &[("version", &seen), ("name", "may-1"), ("x", "25"), ("y", "0")]);
    assert!(far.text().contains("từ -20 đến 20"), "{}", far.text());
    let odd = browser.post("/don-vi/may-in", &[("version", &seen), ("name", "Máy 1"), ("x", "0"), ("y", "0")]);
    assert!(odd.text().contains("tên chỉ gồm chữ thường không dấu"), "{}", odd.text());
    assert_eq!(browser.post("/don-vi/may-in", &[("version", &seen), ("name", "may-1"), ("x", "0,6"), ("y", "-1,2")]).status, 303);
    assert!(config(&office).ends_with("\n[printers.may-1]\noffset_x_mm = 0.6\noffset_y_mm = -1.2\n"), "{}", config(&office));
    let list = browser.get("/don-vi/may-in");
    assert!(list.text().contains("sang phải 0,6 mm, xuống dưới -1,2 mm"));
    assert_eq!(browser.post("/don-vi/may-in/xoa", &[("version", &version(&list)), ("name", "may-1")]).status, 303);
    assert!(!config(&office).contains("may-1"));
}

#[test]
fn mail_is_set_up_tested_and_its_password_is_in_no_page_and_no_readable_file() {
    let (office, _site, mut browser) = opened();
    let secret = "mật-khẩu-thư-rất-riêng";
    // Nobody listens there: a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let page = browser.get("/don-vi/thu");
    let seen = version(&page);
    let fields = [
        ("version", seen.as_str()),
        ("from", "vanphong@hoi.example"),
        ("host", "127.0.0.1"),
        ("port", port.as_str()),
        ("security", "none"),
        ("account", "vanphong"),
        ("password", secret),
    ];
    let saved = browser.post("/don-vi/thu", &fields);
    assert_eq!(saved.status, 303, "{}", saved.text());
    let written = config(&office);
    assert!(written.contains("relay = \"may-chu\"") && written.contains("[mail.relays.may-chu]") && !written.contains(secret), "{written}");
    let file = office.path.join("bi-mat/may-chu");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(office.path.join("bi-mat")).unwrap().permissions().mode() & 0o777, 0o700);
    let page = browser.get("/don-vi/thu").text();
    assert!(page.contains("Đã có mật khẩu") && !page.contains(secret));
    let tested = browser.post("/don-vi/thu/thu-ket-noi", &[]);
    assert_eq!(tested.status, 200);
    assert!(tested.text().contains("notice bad"), "{}", tested.text());
    // An empty password keeps the old one.
    let seen = version(&browser.get("/don-vi/thu"));
    let again = [
        ("version", seen.as_str()),
        ("relay", "may-chu"),
        ("from", "vanphong@hoi.example"),
        ("host", "127.0.0.1"),
        ("security", "none"),
        ("account", "vanphong"),
    ];
    assert_eq!(browser.post("/don-vi/thu", &again).status, 303);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    assert!(config(&office).contains("password_file = \"bi-mat/may-chu\""));
}

#[test]
fn who_is_bound_to_one_organisation_does_not_see_the_other() {
    let (office, site, mut browser) = opened();
    let mut bound = site.account(&mut browser, "an", "administrator", "");
    // No page binds an administrator; the pages of an organisation hold to it all the same.
    python(
        "import sqlite3,sys\nk=sqlite3.connect(sys.argv[1], timeout=30)\nk.execute(\"UPDATE account SET organisation = 'khac' WHERE name = 'an'\")\nk.commit()",
        &[&office.path.join("van-thu.db")],
    );
    assert_eq!(bound.get("/don-vi/khac").status, 200);
    assert_eq!(bound.get("/don-vi/hoi").status, 404);
    assert!(!bound.get("/don-vi").text().contains("Thí Điểm"));
    let seen = version(&bound.get("/don-vi/khac"));
    assert_eq!(bound.upload("/don-vi/hoi", &profile(&seen, "Của tôi"), &[]).status, 404);
}
