//! Who may do what: every route by every kind of caller, forged requests, guessing, the end of a login.

use std::time::{Duration, Instant};

use vanthu::access::Role;
use vanthu::server::routes::{self, Door, Rule};

use crate::support::site::{Browser, PASSWORD, Site, log_of};
use crate::support::{Office, award_run, foreign, people};

/// A path of the router with something in its places.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "01ARZ3NDEKTSV4RRFFQ69G5FAV" } else { part }).collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_admits_whom_its_rule_admits_and_nobody_else() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let clerk = site.account(&mut administrator, "clerk", "clerk", "");
    let approver = site.account(&mut administrator, "approver", "approver", "");
    let mut ended = site.account(&mut administrator, "ended", "administrator", "");
    let kept = ended.clone();
    ended.post("/dang-xuat", &[]);
    let callers: [(&str, Option<Role>, Browser); 5] = [
        ("anonymous", None, site.browser()),
        ("clerk", Some(Role::Clerk), clerk),
        ("approver", Some(Role::Approver), approver),
        ("ended", None, kept),
        ("administrator", Some(Role::Administrator), administrator),
    ];
    let mut walked = 0;
    for route in routes::all() {
        // Signing out would end the walk, and it is walked above.
        if route.path == "/dang-xuat" {
            continue;
        }
        for (who, role, browser) in &callers {
            let admitted = match (route.rule, role) {
                (Rule::Public, _) => true,
                (_, None) => false,
                (Rule::SignedIn, Some(_)) => true,
                (Rule::Needs(right), Some(role)) => role.rights().contains(&right),
            };
            let mut browser = browser.clone();
            if route.door == Door::Api {
                browser.extra = format!("X-CSRF-Token: {}\r\n", browser.csrf);
            }
            let path = filled(route.path);
            let answer = match route.method.as_str() {
                "GET" => browser.get(&path),
                "POST" if route.door == Door::Page => browser.post(&path, &[]),
                method => browser.send(method, &path, "Content-Type: application/json\r\n", b"{}"),
            };
            let place = format!("{} {} by {who}: {}", route.method, route.path, answer.status);
            let to_login = answer.header("location").is_some_and(|place| place.starts_with("/dang-nhap?tiep="));
            if admitted {
                assert!(![401, 403].contains(&answer.status) || route.path.starts_with("/dang-nhap"), "{place}");
                assert!(!to_login, "{place}");
                assert!(answer.status < 500 || answer.status == 503, "{place}\n{}", answer.text());
            } else if role.is_some() {
                assert_eq!(answer.status, 403, "{place}");
            } else if route.door == Door::Page && route.method == "GET" {
                assert!(answer.status == 303 && to_login, "{place}");
            } else {
                assert_eq!(answer.status, 401, "{place}");
            }
            walked += 1;
        }
    }
    assert!(walked > 100, "{walked}");
}

#[test]
fn a_clerk_of_another_organisation_finds_nothing_of_this_one() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", config + "[organisations.khac]\nname = \"Hội khác\"\n");
    office.write("d.csv", people(1));
    office.must(&award_run("d.csv", "kq", &["--organisation", "hoi"]));
    let ask = |sql: &str| {
        let script = "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])";
        let database = office.path.join("van-thu.db").display().to_string();
        foreign("python3", &["-c", script, &database, sql]).trim().to_owned()
    };
    assert_eq!(ask("SELECT organisation FROM batch"), "hoi");
    let (batch, document) = (ask("SELECT id FROM batch"), ask("SELECT id FROM document"));
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let mut own = site.account(&mut administrator, "an", "approver", "hoi");
    let elsewhere = site.account(&mut administrator, "binh", "approver", "khac");
    assert!(own.get("/").text().contains("Giấy khen") && own.get("/").text().contains("dòng lệnh"));
    assert!(!elsewhere.clone().get("/").text().contains("Giấy khen"));
    let mut walked = 0;
    for route in routes::all() {
        let id = match route.path.split('/').nth(if route.door == Door::Api { 3 } else { 1 }) {
            Some("lo" | "batches") => &batch,
            Some("van-ban" | "documents") => &document,
            _ => continue,
        };
        if !route.path.contains('{') {
            continue;
        }
        let path = route.path.split('/').map(|part| if part.starts_with('{') { id.as_str() } else { part }).collect::<Vec<_>>().join("/");
        let mut browser = elsewhere.clone();
        browser.extra = format!("X-CSRF-Token: {}\r\n", browser.csrf);
        let answer = match route.method.as_str() {
            "GET" => browser.get(&path),
            "POST" if route.door == Door::Page => browser.post(&path, &[("reason", "vì sao"), ("ly_do", "vì sao")]),
            method => browser.send(method, &path, "Content-Type: application/json\r\n", b"{}"),
        };
        assert!([400, 404, 422].contains(&answer.status), "{} {}: {}\n{}", route.method, route.path, answer.status, answer.text());
        assert!(!answer.text().contains("Giấy khen") && !answer.text().contains("Nguyễn Văn An"), "{}", route.path);
        walked += 1;
    }
    assert!(walked > 0);
}

#[test]
fn a_request_without_the_token_or_from_another_site_changes_nothing() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let fields = [("name", "an"), ("full_name", "An"), ("role", "clerk"), ("organisation", "")];
    let token = administrator.csrf.clone();
    for (what, csrf, extra) in [
        ("no token", "", ""),
        ("another login's token", "0000000000000000000000000000000000000000000000000000000000000000", ""),
        ("another site", token.as_str(), "Sec-Fetch-Site: cross-site\r\n"),
        ("a neighbour", token.as_str(), "Sec-Fetch-Site: same-site\r\n"),
        ("another origin", token.as_str(), "Origin: https://example.org\r\n"),
        ("no origin that could be told", token.as_str(), "Origin: null\r\n"),
    ] {
        let mut browser = administrator.clone();
        (browser.csrf, browser.extra) = (csrf.to_owned(), extra.to_owned());
        let answer = browser.post("/nguoi-dung/moi", &fields);
        assert_eq!(answer.status, 403, "{what}");
        assert!(answer.text().contains("yêu cầu không đến từ trang này"), "{what}");
    }
    let mut stranger = site.browser();
    stranger.extra = "Origin: https://example.org\r\n".to_owned();
    assert_eq!(
        stranger.post("/dang-nhap", &[("name", "quantri"), ("password", PASSWORD)]).status,
        403,
        "nobody is signed in from elsewhere"
    );
    administrator.extra = format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\n", site.address);
    assert_eq!(administrator.post("/nguoi-dung/moi", &fields).status, 200);
}

#[test]
fn an_upload_carries_the_token_in_its_first_field() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let send = |browser: &mut Browser, token: &str| {
        let body = format!("--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--x--\r\n");
        browser.send("POST", "/nhat-ky/kiem-tra", "Content-Type: multipart/form-data; boundary=x\r\n", body.as_bytes())
    };
    let token = administrator.csrf.clone();
    assert_eq!(send(&mut administrator.clone(), &token).status, 200);
    assert_eq!(send(&mut administrator, "khác").status, 403);
}

#[test]
fn guessing_is_slowed_for_an_account_and_says_the_same_of_unknown_names() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    site.administrator();
    let mut browser = site.browser();
    let mut times = Vec::new();
    let mut said = Vec::new();
    for name in ["quantri", "khongco"] {
        let begun = Instant::now();
        let answer = browser.post("/dang-nhap", &[("name", name), ("password", "sai hoàn toàn rồi")]);
        times.push(begun.elapsed());
        assert_eq!(answer.status, 401);
        said.push(answer.text().replace(name, "…"));
    }
    assert_eq!(said[0], said[1]);
    // Both cost a hash; without one the answer would come within a millisecond or two.
    assert!(times.iter().all(|time| *time > Duration::from_millis(8)), "{times:?}");
    for _ in 0..4 {
        assert_eq!(browser.post("/dang-nhap", &[("name", "quantri"), ("password", "sai hoàn toàn rồi")]).status, 401);
    }
    let slowed = browser.post("/dang-nhap", &[("name", "QuanTri "), ("password", PASSWORD)]);
    assert_eq!(slowed.status, 429, "even with the right password");
    let wait: u64 = slowed.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let log = log_of(&office);
    assert!(log.contains("login.refused") && !log.contains("quantri") && !log.contains("sai hoàn"), "{log}");
}

#[test]
fn a_login_ends_by_itself() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    let age = |age: i64, idle: i64| {
        let script = "import sqlite3,sys,time; d=sqlite3.connect(sys.argv[1],timeout=30); n=int(time.time()*1000); \
            d.execute('UPDATE login SET created_at=?, seen_at=?',(n-int(sys.argv[2])*60000,n-int(sys.argv[3])*60000)); d.commit()";
        let database = office.path.join("van-thu.db").display().to_string();
        foreign("python3", &["-c".to_owned(), script.to_owned(), database, age.to_string(), idle.to_string()]);
    };
    age(11 * 60, 29);
    assert_eq!(browser.get("/").status, 200, "used within the half hour, which begins anew");
    age(60, 31);
    assert_eq!(browser.get("/").status, 303, "unused for half an hour");
    browser.sign_in("quantri", PASSWORD);
    age(12 * 60 + 1, 1);
    assert_eq!(browser.get("/").status, 303, "twelve hours old");
}

#[test]
fn the_login_goes_on_to_pages_of_this_site_only() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    site.administrator();
    for (asked, gone) in
        [("/nhat-ky?ai=an", "/nhat-ky?ai=an"), ("//example.org", "/"), ("https://example.org", "/"), ("/\\example.org", "/")]
    {
        let mut browser = site.browser();
        let answer = browser.post("/dang-nhap", &[("name", "quantri"), ("password", PASSWORD), ("tiep", asked)]);
        assert_eq!(answer.header("location"), Some(gone));
    }
    let cookie = site.browser().post("/dang-nhap", &[("name", "quantri"), ("password", PASSWORD)]);
    let cookie = cookie.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-vanthu=") && cookie.ends_with("; Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
}
