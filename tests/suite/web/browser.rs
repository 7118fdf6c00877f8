//! The pages in Debian's Chromium: the whole way of a clerk, every page held against WCAG 2.2 AA, the keyboard alone, scripts
//! switched off, texts that would run. The ways are scripts in tests/browser; here they get a running service.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vanthu::server::routes::{self, Door, Rule};

use super::batches::{begun, until_over};
use super::make::{draft, onward, value};
use crate::support::site::{Browser, PASSWORD, Site};
use crate::support::{Office, people, said};
use crate::verification::{printed_code, verifying};

/// Everything that has a page: a register, a stock, a printer, a schedule; and as many questions of the public as a test asks.
pub(super) const ALL: &str = r#"per_minute = 2000
[registers.di]
title = "Sổ đăng ký văn bản đi"
kind = "van-ban-di"
keeper = "Văn phòng"
[stocks.phoi]
title = "Phôi khung hoa văn"
width_mm = 297
height_mm = 210
preprinted = ["khung"]
[printers.may-1]
offset_x_mm = 0.6
offset_y_mm = -1.2
[schedules.bao-cao]
cron = "0 8 1 1 *"
template = "giay-khen"
source = { file = "khong-co/*.csv" }
organisation = "hoi"
"#;

/// Three people, one cell wrong.
fn list() -> String {
    people(3).replacen("Cá nhân", "Cá nhânn", 2).replacen("Cá nhânn", "Cá nhân", 1)
}

/// Walks a way; its figures and the folder of its pictures are printed.
fn walk(way: &str, office: &Office, site: &Site, more: Value) {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser").join(way);
    let _ = fs::remove_dir_all(&pictures);
    let mut given = json!({
        "base": format!("http://{}", site.address), "password": PASSWORD, "folder": office.path, "pictures": pictures, "list": list(),
        "python": std::env::var("VANTHU_TEST_PYTHON").unwrap_or_else(|_| "python3".into()),
    });
    given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let packages = std::env::var("VANTHU_TEST_NODE_PATH").expect("tests/run installs what drives the browser, and says where");
    let begun = Instant::now();
    let mut command = Command::new("node");
    command.arg(scripts.join(format!("{way}.mjs"))).env("VANTHU_WAY", given.to_string()).env("VANTHU_TEST_NODE_PATH", packages);
    let said = said(command.output().expect("node (tests/run installs it)"));
    let seconds = begun.elapsed().as_secs_f64();
    // Past the harness, which keeps what a passing test prints.
    let _ = write!(std::io::stderr(), "\n{way}: {seconds:.1} s, pictures in {}\n{}", pictures.display(), said.stdout);
    assert_eq!(said.code, 0, "{}\n{}", said.stdout, said.stderr);
}

#[test]
fn a_clerk_goes_from_the_first_link_to_a_certificate_that_a_phone_confirms() {
    let office = verifying("");
    let mut site = Site::start(&office);
    let setup = site.setup_path();
    walk("clerk", &office, &site, json!({ "setup": setup }));
}

#[test]
fn every_page_meets_wcag_2_2_aa_and_fits_a_phone() {
    let office = verifying(ALL);
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let shown = Shown::make(&office, &mut administrator);
    let mut pages: Vec<Value> = Vec::new();
    for route in routes::all().into_iter().filter(|route| route.door == Door::Page && route.method == "GET") {
        for path in shown.of(route.path) {
            let open = route.rule == Rule::Public;
            let answer = if open { site.browser().get(&path) } else { administrator.get(&path) };
            let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
            let is_elsewhere = answer.status == 303;
            // A draft with faults says so on its pages.
            assert!([200, 303, 422].contains(&answer.status) || open, "{path}: {}", answer.status);
            if is_page && !is_elsewhere {
                pages.push(json!({ "path": path, "open": open }));
            }
        }
    }
    pages.push(json!({ "path": "/khong-co-trang-nay", "open": false }));
    assert!(pages.len() > 35, "{pages:?}");
    walk("pages", &office, &site, json!({ "pages": pages }));
}

#[test]
fn the_keyboard_alone_reaches_what_a_clerk_needs_and_shows_where_it_is() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    site.account(&mut administrator, "lan", "clerk", "hoi");
    walk("keyboard", &office, &site, json!({}));
}

#[test]
fn documents_are_made_in_a_browser_without_scripts() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    site.account(&mut administrator, "lan", "clerk", "hoi");
    walk("plain", &office, &site, json!({}));
}

/// Sets the options of a draft of certificates; with mail, its messages are held.
fn options(browser: &mut Browser, draft: &str, mail: bool) {
    let revision = value(&browser.get(&format!("{draft}/tuy-chon")), "revision");
    let mut fields = vec![
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
    ];
    if mail {
        fields.extend([("thu", "1"), ("thu-giu", "1")]);
    }
    onward(&browser.post(&format!("{draft}/tuy-chon"), &fields));
}

#[test]
fn the_page_of_a_batch_follows_it_by_events_and_stands_still_at_its_end() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let long = draft(&mut administrator, &people(600));
    let addresses = ["Thư điện tử", "mot@vi-du.vn", "hai@vi-du.vn", ""];
    let mailed: String = people(3).lines().zip(addresses).map(|(line, address)| format!("{line},{address}\n")).collect();
    let short = draft(&mut administrator, &mailed);
    options(&mut administrator, &short, true);
    walk("batch", &office, &site, json!({ "long": long, "short": short }));
}

#[test]
fn the_preview_of_a_templates_words_follows_the_typing() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    site.administrator();
    walk("wording", &office, &site, json!({}));
}

#[test]
fn what_was_typed_outlives_the_login() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let own = draft(&mut administrator, &people(2));
    walk("session", &office, &site, json!({ "draft": own }));
}

#[test]
fn texts_that_would_run_are_shown_and_nothing_so_much_as_tries() {
    let office = verifying(ALL);
    let mut site = Site::start(&office);
    site.administrator();
    let pages: Vec<&str> = routes::all()
        .into_iter()
        .filter(|route| route.door == Door::Page && route.method == "GET" && !route.path.contains(['{', '.']))
        .map(|route| route.path)
        .collect();
    walk("hostile", &office, &site, json!({ "pages": pages }));
}

/// One of each thing that has a page.
pub(super) struct Shown {
    bad_draft: String,
    draft: String,
    batch: String,
    delivery: String,
    document: String,
    account: String,
    link: String,
    invitation: String,
    code: String,
}

/// The first thing that a page links to under `prefix`.
fn linked(page: &str, prefix: &str) -> String {
    let before = format!("href=\"{prefix}");
    let mut found = page.split(&before).skip(1).filter_map(|rest| rest.split(['"', '?']).next());
    found.find(|id| id.len() == 26).unwrap_or_else(|| panic!("no {prefix} in {page}")).to_owned()
}

impl Shown {
    pub(super) fn make(office: &Office, browser: &mut Browser) -> Self {
        let begin = browser.get("/tao/mau/giay-khen");
        let key = value(&begin, "khoa");
        let bad = browser.upload("/tao/mau/giay-khen", &[("khoa", &key)], &[("tep", "Danh sách.csv", list().as_bytes())]);
        let bad_draft = onward(&bad);
        let addresses = ["Thư điện tử", "mot@vi-du.vn", "hai@vi-du.vn", ""];
        let mailed: String = people(3).lines().zip(addresses).map(|(line, address)| format!("{line},{address}\n")).collect();
        let own = draft(browser, &mailed);
        let options = browser.get(&format!("{own}/tuy-chon"));
        let revision = value(&options, "revision");
        let fields = [
            ("revision", revision.as_str()),
            ("c-so_quyet_dinh", "12/QĐ-HKH"),
            ("c-ngay", "27/12/2019"),
            ("c-phong_trao", "công tác khuyến học"),
            ("phoi", "phoi"),
            ("gop", "1"),
            ("thu", "1"),
            ("thu-giu", "1"),
        ];
        onward(&browser.post(&format!("{own}/tuy-chon"), &fields));
        let path = begun(browser, &own);
        until_over(browser, &path);
        let batch = path.trim_start_matches("/lo/").split('?').next().unwrap().to_owned();
        onward(&browser.post(&format!("/lo/{batch}/gui"), &[]));
        let begun = Instant::now();
        let deliveries = loop {
            let page = browser.get(&format!("/thu?lo={batch}&tt=sent")).text();
            if page.contains("hai@vi-du.vn") {
                break page;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{page}");
            std::thread::sleep(Duration::from_millis(100));
        };
        let document = linked(&browser.get("/van-ban").text(), "/van-ban/");
        let lent = browser.post(&format!("/van-ban/{document}/lien-ket"), &[("days", "7")]);
        let link = lent.text().split("/l/").nth(1).and_then(|rest| rest.split(['<', '"', '&']).next().map(str::to_owned));
        let pdf = office.write("mot.pdf", browser.get(&format!("/lo/{batch}/van-ban/1")).body);
        let invited = [("name", "moi"), ("full_name", "Người mới"), ("role", "clerk"), ("organisation", "hoi")];
        let invited = browser.post("/nguoi-dung/moi", &invited);
        let invitation = invited.link().split("ma=").nth(1).unwrap().to_owned();
        browser.get("/");
        let reserved = browser.post("/so/di/giu-so", &[("ky", "2026"), ("count", "3"), ("reason", "Chờ Chủ tịch ký")]);
        assert_eq!(reserved.status, 303, "{}", reserved.text());
        Self {
            bad_draft,
            draft: draft(browser, &mailed),
            batch,
            delivery: linked(&deliveries, "/thu/"),
            document,
            account: linked(&browser.get("/nguoi-dung").text(), "/nguoi-dung/"),
            link: link.unwrap_or_else(|| panic!("no link in {}", lent.text())),
            invitation,
            code: printed_code(&pdf).compact(),
        }
    }

    /// The pages of a route, with these things in its places.
    pub(super) fn of(&self, route: &str) -> Vec<String> {
        let Self { bad_draft, draft, batch, delivery, document, account, link, invitation, code } = self;
        match route {
            "/tao/{id}" => vec![bad_draft.clone(), format!("{bad_draft}?sua=2"), format!("{bad_draft}?loi=1"), draft.clone()],
            "/lo/{id}" => vec![format!("/lo/{batch}"), format!("/lo/{batch}?loi=1")],
            "/lo/{id}/thu" => vec![format!("/lo/{batch}/thu"), format!("/lo/{batch}/thu?ban-ghi=3")],
            "/tao" => vec!["/tao".to_owned(), "/tao?loc=cho-duyet".to_owned(), "/tao?loc=tat-ca".to_owned()],
            "/lo" => vec!["/lo".to_owned(), "/lo?tt=paused".to_owned()],
            "/lo/{id}/van-ban/{number}" => vec![format!("/lo/{batch}/van-ban/1")],
            "/mau/{name}" | "/tao/mau/{name}" | "/tao/mau/{name}/anh.png" | "/tao/mau/{name}/bang-mau.xlsx" => {
                vec![route.replace("{name}", "giay-khen")]
            }
            "/nguoi-dung/{id}" => vec![format!("/nguoi-dung/{account}")],
            "/don-vi/{key}" => vec!["/don-vi/hoi".to_owned()],
            "/don-vi/{key}/nguoi-ky/{index}" => vec!["/don-vi/hoi/nguoi-ky/0".to_owned(), "/don-vi/hoi/nguoi-ky/1".to_owned()],
            "/don-vi/phoi/{name}" => vec!["/don-vi/phoi/phoi".to_owned()],
            "/so/{name}" => vec!["/so/di?ky=2026".to_owned()],
            "/so/{name}/so/{number}" => vec!["/so/di/so/1?ky=2026".to_owned()],
            "/lich/{name}" => vec!["/lich/bao-cao".to_owned()],
            "/moi" => vec![format!("/moi?ma={invitation}"), "/moi?ma=khong-con".to_owned()],
            "/l/{link}" => vec![format!("/l/{link}"), "/l/khong-co".to_owned()],
            "/v/{code}" => vec![format!("/v/{code}"), "/v/khong-co".to_owned()],
            "/van-ban/{id}" => vec![format!("/van-ban/{document}")],
            "/thu/{id}" => vec![format!("/thu/{delivery}")],
            "/van-ban" => vec!["/van-ban".to_owned(), "/van-ban?tim=khong+co".to_owned()],
            // Files and events beside pages.
            "/lo/{id}/tien-do"
            | "/lo/{id}/theo-doi"
            | "/thu/{id}/thu.eml"
            | "/don-vi/{key}/hinh/{role}"
            | "/so/{name}/in"
            | "/van-ban/{id}/tep"
            | "/tep/{digest}/{*name}" => Vec::new(),
            _ if route.starts_with("/lo/{id}/") && route.contains('.') => Vec::new(),
            _ if route.starts_with("/tao/{id}/") => vec![route.replace("/tao/{id}", draft), route.replace("/tao/{id}", bad_draft)],
            _ if route.contains('{') => panic!("nothing of {route} is made here: a new page needs its example"),
            _ => vec![route.to_owned()],
        }
    }
}
