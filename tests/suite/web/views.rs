//! Every view is filled with what its page gives it, in both languages: one that names what is not there answers 500.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use vanthu::server::routes::{self, Door, Rule};

use super::accounts::shown_secret;
use super::browser::{ALL, Shown};
use crate::support::site::{Answer, Browser, PASSWORD, Site};
use crate::verification::verifying;

/// The views that are pages: those that stand inside a frame. The others are parts of them.
fn pages() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/views");
    let mut names = BTreeSet::new();
    for folder in fs::read_dir(&root).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(folder.path()).unwrap().flatten() {
            let path = file.path();
            if fs::read_to_string(&path).unwrap().contains("{{#> ") {
                let name = path.strip_prefix(&root).unwrap().with_extension("");
                names.insert(name.to_str().unwrap().to_owned());
            }
        }
    }
    names
}

/// The view of an answer is one of those that were filled.
fn note(seen: &mut BTreeSet<String>, place: &str, answer: &Answer) {
    assert!(answer.status < 500, "{place}: {}", answer.text());
    seen.extend(answer.text().split("data-view=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned));
}

fn in_english(browser: &mut Browser) {
    browser.extra.push_str("Cookie: vanthu-lang=en\r\n");
}

/// A link to the document at `page` that opens nothing any more.
fn lent_and_taken_back(browser: &mut Browser, page: &str) -> String {
    let part =
        |text: &str, before: &str| text.split(before).nth(1).and_then(|rest| rest.split(['<', '"', '&', '/']).next()).unwrap().to_owned();
    let lent = browser.post(&format!("{page}/lien-ket"), &[("days", "7")]).text();
    let link = part(&lent, "/l/");
    let before = format!("{page}/lien-ket/");
    let shown = browser.get(page).text();
    let own = part(&shown, &before);
    assert_eq!(browser.post(&format!("{before}{own}/thu-hoi"), &[]).status, 303);
    format!("/l/{link}")
}

#[test]
fn every_view_is_filled_in_both_languages() {
    let office = verifying(ALL);
    let mut site = Site::start(&office);
    let (mut vietnamese, mut english) = (BTreeSet::new(), BTreeSet::new());
    for (seen, foreign) in [(&mut vietnamese, false), (&mut english, true)] {
        let mut anybody = site.browser();
        if foreign {
            in_english(&mut anybody);
        }
        note(seen, "before the set-up", &anybody.get("/dang-nhap"));
    }
    let path = site.setup_path();
    for (seen, foreign) in [(&mut vietnamese, false), (&mut english, true)] {
        let mut anybody = site.browser();
        if foreign {
            in_english(&mut anybody);
        }
        note(seen, "set-up", &anybody.get(&path));
    }
    let mut administrator = site.browser();
    let token = path.split("ma=").nth(1).unwrap();
    let fields = [("ma", token), ("full_name", "Trần Thị Quản"), ("name", "quantri"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(administrator.post("/thiet-lap", &fields).status, 303);
    administrator.get("/");
    let shown = Shown::make(&office, &mut administrator);
    for (seen, foreign) in [(&mut vietnamese, false), (&mut english, true)] {
        let mut anybody = site.browser();
        if foreign {
            in_english(&mut anybody);
            in_english(&mut administrator);
        }
        for route in routes::all().into_iter().filter(|route| route.door == Door::Page && route.method == "GET") {
            for path in shown.of(route.path) {
                let browser = if route.rule == Rule::Public { &mut anybody } else { &mut administrator };
                note(seen, &path, &browser.get(&path));
            }
        }
        note(seen, "nothing", &administrator.get("/khong-co-trang-nay"));
        // What only a form answers with.
        let name = if foreign { "nam" } else { "ba" };
        let fields = [("name", name), ("full_name", "Người mới"), ("role", "clerk"), ("organisation", "hoi")];
        administrator.get("/");
        note(seen, "an invitation", &administrator.post("/nguoi-dung/moi", &fields));
        note(seen, "one-time codes", &administrator.post("/tai-khoan/ma", &[("password", PASSWORD)]));
    }
    let taken_back = lent_and_taken_back(&mut administrator, &shown.of("/van-ban/{id}")[0]);
    for (seen, foreign) in [(&mut vietnamese, false), (&mut english, true)] {
        let mut anybody = site.browser();
        if foreign {
            in_english(&mut anybody);
        }
        note(seen, "a link that was taken back", &anybody.get(&taken_back));
    }
    let secret = shown_secret(&administrator.post("/tai-khoan/ma", &[("password", PASSWORD)]).text());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let code = vanthu::access::totp::code_at(&secret, i64::try_from(now).unwrap()).unwrap();
    assert_eq!(administrator.post("/tai-khoan/ma/xac-nhan", &[("code", &code)]).status, 303);
    for (seen, foreign) in [(&mut vietnamese, false), (&mut english, true)] {
        let mut half = site.browser();
        if foreign {
            in_english(&mut half);
        }
        half.get("/dang-nhap");
        half.post("/dang-nhap", &[("name", "quantri"), ("password", PASSWORD)]);
        note(seen, "the second step", &half.get("/dang-nhap/ma"));
    }
    let missing = |seen: &BTreeSet<String>| pages().difference(seen).cloned().collect::<Vec<_>>();
    assert_eq!((missing(&vietnamese), missing(&english)), (Vec::new(), Vec::new()), "a new view needs its example here");
}
