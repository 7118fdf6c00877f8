//! The public check over HTTP, and what its script makes of a scanned address in a browser that is not ours.

use std::time::{Duration, Instant};

use vanthu::proof::Code;

use crate::support::site::{Browser, Site};
use crate::support::{self, Office, award_run, people, python};
use crate::verification::{printed_code, qr_of, verifying};

/// An office with three certificates, their codes, and its pages.
fn issued(more: &str) -> (Office, Vec<Code>, Site) {
    let office = verifying(more);
    office.write("d.csv", people(3).replace("Chi hội 1", "Chi hội bí mật"));
    office.must(&award_run("d.csv", "o", &[]));
    let codes = office.documents("o").iter().map(|name| printed_code(&office.path.join("o").join(name))).collect();
    let site = Site::start(&office);
    (office, codes, site)
}

fn text_of(browser: &mut Browser, path: &str) -> (u16, String) {
    let answer = browser.get(path);
    (answer.status, answer.text())
}

#[test]
fn the_page_of_a_code_says_that_it_holds_and_shows_no_more_than_it_may() {
    let (_office, codes, site) = issued("show_holder = \"masked\"\n");
    let mut browser = site.browser();
    let answer = browser.get(&format!("/v/{}", codes[1].compact()));
    assert_eq!((answer.status, answer.header("x-robots-tag")), (200, Some("noindex, nofollow")));
    let text = answer.text();
    for shown in
        ["Giấy hợp lệ", "Giấy khen", "QĐ 12/QĐ-HKH, sổ 002", "27/12/2019", "T*** V*** An", "hoi.example</b>", &codes[1].to_string()]
    {
        assert!(text.contains(shown), "{shown}\n{text}");
    }
    for hidden in ["Trần Văn An", "bí mật", "o/"] {
        assert!(!text.contains(&format!("{hidden}<")) && !text.contains("Trần Văn"), "{hidden}\n{text}");
    }
    // However it is typed.
    for path in [codes[1].to_string().to_lowercase(), format!("%20{}", codes[1])] {
        assert_eq!(text_of(&mut browser, &format!("/v/{path}")), (200, text.clone()));
    }
    let typed = browser.get(&format!("/v?ma=https%3A%2F%2Fhoi.example%2Fv%2F{}%23abc.def", codes[1].to_string().to_lowercase()));
    assert_eq!((typed.status, typed.header("location")), (303, Some(format!("/v/{}", codes[1].compact()).as_str())));
    assert!(browser.get("/v").text().contains("name=\"ma\""));
}

#[test]
fn a_code_that_nobody_has_and_one_that_is_none_look_alike_and_cost_the_same() {
    let (_office, _, site) = issued("per_minute = 100000\nper_minute_in_all = 100000\n");
    let mut browser = site.browser();
    let known = text_of(&mut browser, "/v/0000000000000001");
    assert_eq!(known.0, 404);
    assert!(known.1.contains("Không có giấy nào mang mã này"), "{}", known.1);
    for other in ["ZZZZ-ZZZZ-ZZZZ-ZZZZ", "abc", "khong-phai-ma", "%3Cscript%3E", "%00", "%FF", "%F0%9F%92%A9", &"0".repeat(500)] {
        assert_eq!(text_of(&mut browser, &format!("/v/{other}")), known, "{other}");
    }
    let mut median = |path: &str| {
        let mut times: Vec<Duration> = (0..61)
            .map(|_| {
                let begun = Instant::now();
                browser.get(path);
                begun.elapsed()
            })
            .collect();
        times.sort();
        times[30].as_secs_f64()
    };
    let ratio = median("/v/0000000000000001") / median("/v/abc");
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
}

#[test]
fn guessing_is_throttled_by_address_and_in_all() {
    let (_office, codes, site) = issued("per_minute_in_all = 30\n[service]\nproxies = [\"127.0.0.1\"]\n");
    let mut browser = site.browser();
    let mut ask = |address: &str, path: &str| {
        browser.extra = format!("X-Forwarded-For: {address}\r\n");
        let answer = browser.get(path);
        (answer.status, answer.header("retry-after").map(str::to_owned))
    };
    for _ in 0..20 {
        assert_eq!(ask("203.0.113.7", "/v/0000000000000001").0, 404);
    }
    let (status, after) = ask("203.0.113.7", &format!("/v/{}", codes[0].compact()));
    assert_eq!(status, 429);
    assert!((1..=61).contains(&after.expect("seconds").parse::<u32>().expect("a number")));
    // A neighbour in the same network of IPv6 is the same; another address is another, until all have asked too often.
    assert_eq!(ask("2001:db8::1", &format!("/v/{}", codes[0].compact())).0, 200);
    for host in 2..=10 {
        assert_eq!(ask(&format!("2001:db8::{host}"), "/v/abc").0, 404);
    }
    assert_eq!(ask("198.51.100.1", "/v/abc").0, 429);
    assert_eq!(ask("198.51.100.1", "/v").0, 200, "the form is always there");
}

#[test]
fn an_approver_revokes_and_replaces_from_the_page_and_the_public_reads_why() {
    let other = "[organisations.khac]\nname = \"Hội Khác\"\n[[organisations.khac.signatories]]\nauthority = [\"CHỦ TỊCH\"]\n";
    let (office, codes, mut site) = issued(other);
    let mut administrator = site.administrator();
    let mut approver = site.account(&mut administrator, "duyet", "approver", "");
    let script =
        "import sqlite3,sys\nfor r in sqlite3.connect(sys.argv[1]).execute('SELECT id FROM document ORDER BY number'): print(r[0])";
    let ids = python(script, &[&office.path.join("van-thu.db")]);
    let ids: Vec<&str> = ids.split_whitespace().collect();
    // One who is bound to another organisation finds nothing there, neither to revoke nor to put in its place.
    let mut foreign = site.account(&mut administrator, "khac", "approver", "khac");
    assert_eq!(foreign.post(&format!("/van-ban/{}/thu-hoi", ids[0]), &[("reason", "x")]).status, 404);
    let done = approver.post(&format!("/van-ban/{}/thu-hoi", ids[0]), &[("reason", "kê khai sai <b>")]);
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(done.header("location"), Some(format!("/van-ban/{}?xong=thu-hoi", ids[0]).as_str()));
    // What is wrong with the form is said above it, and what was typed still stands there.
    let bad = approver.post(&format!("/van-ban/{}/thay-the", ids[1]), &[("by", "khong-co-ma-nay"), ("reason", "sai tên đệm")]);
    assert_eq!(bad.status, 422);
    let text = bad.text();
    assert!(text.contains("value=\"khong-co-ma-nay\"") && text.contains("value=\"sai tên đệm\"") && text.contains("problems"), "{text}");
    let by = codes[2].to_string();
    let done = approver.post(&format!("/van-ban/{}/thay-the", ids[1]), &[("by", &by), ("reason", "sai tên")]);
    assert_eq!(done.status, 303, "{}", done.text());
    let mut public = site.browser();
    let (status, text) = text_of(&mut public, &format!("/v/{}", codes[0].compact()));
    assert!(status == 200 && text.contains("Giấy đã bị thu hồi") && text.contains("kê khai sai &lt;b&gt;"), "{text}");
    let (_, text) = text_of(&mut public, &format!("/v/{}", codes[1].compact()));
    assert!(text.contains("Giấy đã được thay thế") && text.contains(&format!("href=\"/v/{}\"", codes[2].compact())), "{text}");
    for (id, field, status) in [(ids[0], "lần nữa", 422), (ids[2], "", 422), ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", 404)] {
        let answer = approver.post(&format!("/van-ban/{id}/thu-hoi"), &[("reason", field)]);
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    // The history of each tells it, whoever looks.
    for (id, what, why) in [(ids[0], "thu hồi giấy", "kê khai sai &lt;b&gt;"), (ids[1], "thay thế giấy", "sai tên")] {
        let page = approver.get(&format!("/van-ban/{id}")).text();
        let history = page.split("Lịch sử").nth(1).unwrap();
        assert!(history.contains(what) && history.contains(why) && history.contains("duyet"), "{history}");
    }
    let lines = administrator.get("/nhat-ky").text();
    assert!(lines.contains("thu hồi giấy") && lines.contains("duyet"), "{lines}");
}

#[test]
fn without_a_verify_section_there_is_nothing_to_ask() {
    let office = Office::with_workspace();
    let site = Site::start(&office);
    for path in ["/v", "/v/khoa", "/v/0000000000000001"] {
        assert_eq!(site.browser().get(path).status, 404, "{path}");
    }
}

/// The page as a browser has it after its scripts have run.
fn in_browser(site: &Site, path: &str) -> String {
    let folder = std::env::temp_dir().join(format!("vanthu-browser-{}", std::process::id()));
    let page = support::foreign(
        "chromium",
        &[
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            &format!("--user-data-dir={}", folder.display()),
            "--virtual-time-budget=10000",
            "--dump-dom",
            &format!("http://{}{path}", site.address),
        ],
    );
    let _ = std::fs::remove_dir_all(folder);
    page
}

#[test]
fn a_scanned_address_is_checked_in_the_browser_and_a_forged_one_exposed() {
    let (office, codes, site) = issued("");
    let qr = qr_of(&office, &format!("o/{}", office.documents("o")[0]));
    let path = qr.strip_prefix("https://hoi.example").expect("our address");
    let page = in_browser(&site, path);
    assert!(page.contains("data-signature=\"good\"") && page.contains("Chữ ký số trên mã QR đúng."), "{page}");
    assert!(page.contains("Mã QR này cấp cho: Nguyễn Văn An."), "{page}");
    let keys = site.browser().get("/v/khoa").text();
    office.write("khoa.txt", keys);
    Office::new().must(&["verify", &qr, "--key", office.path.join("khoa.txt").to_str().expect("a path")]);
    // The signature of one certificate under the code of another.
    let borrowed = path.replace(&codes[0].compact(), &codes[1].compact());
    let page = in_browser(&site, &borrowed);
    assert!(page.contains("data-signature=\"wrong\"") && page.contains("Mã QR không đáng tin"), "{page}");
    assert!(!page.contains("Giấy hợp lệ"), "{page}");
}
