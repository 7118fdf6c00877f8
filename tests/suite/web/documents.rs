//! `/van-ban` and the page of a link: found in any spelling, fetched with a fair name, lent for a while.

use vanthu::access::link::Link;

use super::api::{made, office, program};
use crate::support::python;
use crate::support::site::Site;

const MAKER: &str = "read,make";

/// The id of the only document on a page of the list.
fn only(text: &str) -> String {
    let ids: Vec<&str> =
        text.split("<th scope=\"row\" class=\"wrap\"><a href=\"/van-ban/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.len(), 1, "{text}");
    ids[0].to_owned()
}

#[test]
fn a_clerk_finds_a_document_without_diacritics_and_fetches_it() {
    let office = office("");
    let mut site = Site::start(&office);
    made(&mut program(&office, &site, MAKER, None), &["Nguyễn Thị Đào", "<b>Trần & Văn</b> Hòa"]);
    let mut clerk = site.administrator();
    let all = clerk.get("/van-ban");
    assert!(all.text().contains("2 văn bản") && all.text().contains("&lt;b&gt;Trần &amp; Văn&lt;/b&gt; Hòa"), "{}", all.text());
    let found = clerk.get("/van-ban?tim=DAO+nguyen&mau=giay-khen&tu=2019-12-27&den=2019-12-27");
    assert!(found.text().contains("1 văn bản"), "{}", found.text());
    let id = only(&found.text());
    assert!(clerk.get("/van-ban?tim=khong+co+ai").text().contains("Không có văn bản nào khớp"));
    let wrong = clerk.get("/van-ban?tu=hom-qua");
    assert!(wrong.status == 200 && wrong.text().contains("không phải ngày theo dạng năm-tháng-ngày"), "{}", wrong.text());
    let page = clerk.get(&format!("/van-ban/{id}"));
    for shown in ["Nguyễn Thị Đào.pdf", "27/12/2019", "SHA-256", "Lịch sử"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let file = clerk.get(&format!("/van-ban/{id}/tep"));
    assert!(file.body.starts_with(b"%PDF-"));
    assert!(file.header("content-disposition").is_some_and(|how| how.starts_with("attachment; filename=\"Nguyen Thi Dao.pdf\"")));
    assert!(clerk.get(&format!("/van-ban/{id}/tep?xem=1")).header("content-disposition").is_some_and(|how| how.starts_with("inline")));
    assert!(clerk.get(&format!("/van-ban/{id}")).text().contains("tải văn bản"), "the history tells of it");
    let mut other = site.account(&mut clerk, "tam", "clerk", "chi-hoi");
    for path in [format!("/van-ban/{id}"), format!("/van-ban/{id}/tep")] {
        assert_eq!(other.get(&path).status, 404, "{path}");
    }
    assert_eq!(other.post(&format!("/van-ban/{id}/lien-ket"), &[("days", "1")]).status, 404);
    assert!(other.get("/van-ban").text().contains("Chưa có văn bản nào"));
}

#[test]
fn a_link_shows_a_page_gives_the_file_and_ends() {
    let office = office("");
    let mut site = Site::start(&office);
    made(&mut program(&office, &site, MAKER, None), &["Nguyễn Thị Đào"]);
    let mut clerk = site.administrator();
    let id = only(&clerk.get("/van-ban").text());
    let given = clerk.post(&format!("/van-ban/{id}/lien-ket"), &[("days", "3")]);
    let link =
        given.text().split("<code class=\"wrap\">").nth(1).and_then(|rest| rest.split('<').next().map(str::to_owned)).expect("a link");
    let path = format!("/l/{}", link.split("/l/").nth(1).unwrap());
    let mut anybody = site.browser();
    let page = anybody.get(&path);
    assert!(page.status == 200 && page.text().contains("Tải văn bản") && !page.text().contains("href=\"/van-ban"), "{}", page.text());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let file = anybody.post(&path, &[]);
    assert!(file.status == 200 && file.body.starts_with(b"%PDF-"), "{}", file.head);
    for (name, wanted) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")] {
        assert_eq!(file.header(name), Some(wanted), "{name}");
    }
    assert!(clerk.get(&format!("/van-ban/{id}")).text().contains("1 lần"), "the fetch is counted");
    assert_eq!(anybody.get(&path.replace("pdf", "zip")).status, 404);
    let forged = format!("{}x", &path[..path.len() - 1]);
    assert_eq!(anybody.get(&forged).status, if forged == path { 200 } else { 404 });
    let row = python(
        "import sqlite3,sys\nk=sqlite3.connect(sys.argv[1]).execute('SELECT id, secret FROM link_key').fetchone()\nprint(k[0], k[1].hex())",
        &[&office.path.join("van-thu.db")],
    );
    let (key, secret) = row.trim().split_once(' ').unwrap();
    let secret: Vec<u8> = (0..secret.len()).step_by(2).map(|at| u8::from_str_radix(&secret[at..at + 2], 16).unwrap()).collect();
    let expired = Link { key: key.into(), id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(), document: id.clone(), expires: 1_000 };
    let over = anybody.get(&format!("/l/{}", expired.seal(&secret)));
    assert!(over.status == 410 && over.text().contains("Liên kết không còn dùng được"), "{}", over.text());
    let shown = clerk.get(&format!("/van-ban/{id}"));
    let take_back = shown.text().split("/lien-ket/").nth(1).and_then(|rest| rest.split('/').next().map(str::to_owned)).expect("a form");
    assert_eq!(clerk.post(&format!("/van-ban/{id}/lien-ket/{take_back}/thu-hoi"), &[]).status, 303);
    assert_eq!((anybody.get(&path).status, anybody.post(&path, &[]).status), (410, 410));
    let too_long = clerk.post(&format!("/van-ban/{id}/lien-ket"), &[("days", "8")]);
    assert!(too_long.status == 422 && too_long.text().contains("liên kết sống từ 1 phút đến 7 ngày"), "{}", too_long.text());
}
