//! What people and data write is shown as text wherever it appears; nothing secret or personal is in the log.

use crate::support::Office;
use crate::support::site::{PASSWORD, Site, log_of};

/// Texts that would run or break out where escaping is forgotten: in text, attributes, addresses, scripts, comments.
const CORPUS: [&str; 10] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus='alert(1)",
    "</textarea><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{{this}}} {{frame.csrf}}",
    "<!--<script>",
    "&lt;b&gt; &#x3C;script&#x3E;",
    "\u{202e}gpj.exe<iframe src=//x>",
];

/// Nothing of `text` stands in `page` as markup.
fn assert_plain(page: &str, text: &str, place: &str) {
    if text.contains('<') || text.contains('"') || text.contains('\'') {
        assert!(!page.contains(text), "{place} shows {text} as markup");
    }
    for mark in ["<script>alert", "onerror=alert", "onload=alert", "onfocus='alert", "<iframe src=//x", "<!--<script>"] {
        assert!(!page.contains(mark), "{place} has {mark}");
    }
}

#[test]
fn what_people_write_is_shown_as_text() {
    let office = Office::with_workspace();
    let name = CORPUS.join(" ");
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", config.replace("Hội Khuyến học Phường Thí Điểm", &name.replace('\\', "\\\\").replace('"', "\\\"")));
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    for (number, text) in CORPUS.iter().enumerate() {
        let login = format!("nguoi{number}");
        let fields = [("name", login.as_str()), ("full_name", *text), ("role", "clerk"), ("organisation", "hoi")];
        let made = browser.post("/nguoi-dung/moi", &fields);
        assert_eq!(made.status, 200, "{text}");
        assert_plain(&made.text(), text, "the link");
        // Refused, the words come back in their fields and in the complaint.
        let refused = browser.post("/nguoi-dung/moi", &[("name", text), ("full_name", text), ("role", text), ("organisation", text)]);
        assert_eq!(refused.status, 422, "{text}");
        assert_plain(&refused.text(), text, "the refused form");
        let mut stranger = site.browser();
        assert_plain(&stranger.post("/dang-nhap", &[("name", text), ("password", "x"), ("tiep", text)]).text(), text, "the login");
        let path = crate::support::site::escaped(text);
        for place in [
            format!("/khong-co/{path}"),
            format!("/nhat-ky?ai={path}"),
            format!("/nguoi-dung?xong={path}"),
            format!("/dang-nhap?tiep={path}"),
        ] {
            assert_plain(&browser.get(&place).text(), text, &place);
        }
    }
    for page in ["/", "/nguoi-dung", "/nguoi-dung/moi", "/nhat-ky", "/tai-khoan", "/don-vi", "/don-vi/hoi", "/mau"] {
        let answer = browser.get(page);
        assert_eq!(answer.status, 200, "{page}");
        for text in CORPUS {
            assert_plain(&answer.text(), text, page);
        }
    }
    let list = browser.get("/nguoi-dung").text();
    assert!(list.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "it is shown, as text");
    assert!(!list.contains(&format!("{{{{frame.csrf}}}} {}", browser.csrf)), "filled words are not filled again");
}

#[test]
fn the_log_tells_nothing_of_persons_and_secrets_even_at_its_most_talkative() {
    let office = Office::with_workspace();
    let mut site = Site::start_with(&office, &[("VANTHU_LOG", "trace")]);
    let setup = site.setup_path();
    let token = setup.split("ma=").nth(1).unwrap().to_owned();
    let mut browser = site.browser();
    let fields = [
        ("ma", token.as_str()),
        ("full_name", "Trần Thị Chim Hoàng Yến"),
        ("name", "hoangyen"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    assert_eq!(browser.post("/thiet-lap", &fields).status, 303);
    browser.get("/");
    let invited =
        browser.post("/nguoi-dung/moi", &[("name", "sonca"), ("full_name", "Lê Thị Sơn Ca"), ("role", "clerk"), ("organisation", "")]);
    let link = invited.link().split("ma=").nth(1).unwrap().to_owned();
    let mut stranger = site.browser();
    stranger.get(&format!("/moi?ma={link}"));
    stranger.post("/dang-nhap", &[("name", "hoangyen"), ("password", "mật khẩu sai nhưng riêng")]);
    stranger.get("/nhat-ky?ai=hoangyen");
    let shown = browser.post("/tai-khoan/ma", &[("password", PASSWORD)]).text();
    let secret = super::accounts::shown_secret(&shown);
    let (login, csrf) = (browser.login.clone().unwrap(), browser.csrf.clone());
    drop(site);
    let log = log_of(&office);
    assert!(log.contains("http.answered"), "{log}");
    for canary in [token.as_str(), "Hoàng Yến", "hoangyen", PASSWORD, "sonca", "Sơn Ca", &link, "mật khẩu sai", &secret, &login, &csrf]
    {
        assert!(!log.contains(canary), "{canary} is in\n{log}");
    }
    let database = office.read("van-thu.db");
    let wal = std::fs::read(office.path.join("van-thu.db-wal")).unwrap_or_default();
    for canary in [token.as_str(), PASSWORD, &link, &login] {
        let holds = |bytes: &[u8]| bytes.windows(canary.len()).any(|part| part == canary.as_bytes());
        assert!(!holds(&database) && !holds(&wal), "the database keeps {canary}");
    }
}
