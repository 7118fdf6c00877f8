//! What pages say that is easily left out: the rest of a list, another file, another language, what is needed next, what is lost.

use serde_json::Value;

use super::batches::{begun, until_over};
use super::make::{draft, onward, upload, value};
use crate::support::site::{Browser, PASSWORD, Site};
use crate::support::{Office, foreign, people};

/// Asks the database, or changes it.
fn sql(office: &Office, script: &str) -> String {
    let whole = format!("import sqlite3,sys\nd=sqlite3.connect(sys.argv[1],timeout=30)\n{script}\nd.commit()");
    foreign("python3", &["-c".to_owned(), whole, office.path.join("van-thu.db").display().to_string()])
}

fn posted(browser: &mut Browser, path: &str, fields: &[(&str, &str)], referer: &str) -> crate::support::site::Answer {
    browser.extra = format!("Referer: {referer}\r\n");
    let answer = browser.post(path, fields);
    browser.extra.clear();
    answer
}

#[test]
fn a_batch_that_was_given_up_stands_still() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list = draft(&mut lan, &people(400));
    let path = begun(&mut lan, &list);
    assert!(!lan.get(&path).text().contains("data-over"));
    onward(&lan.post(&format!("{path}/tam-dung"), &[]));
    onward(&lan.post(&format!("{path}/huy"), &[]));
    until_over(&mut lan, &path);
    let page = lan.get(&path).text();
    assert!(page.contains("data-state=\"cancelled\" data-over data-settled"), "its script would ask for it again and again: {page}");
    assert!(page.contains(&format!("href=\"{list}\"")), "a way back to what it came from: {page}");
}

#[test]
fn drafts_are_listed_page_by_page_ones_own_first_and_those_to_approve_apart() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", config + "\n[approval]\nrequired = true\n");
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let mut binh = site.account(&mut quantri, "binh", "approver", "hoi");
    let drafts: Vec<String> = (0..9).map(|_| draft(&mut lan, &people(1))).collect();
    let first = lan.get("/tao").text();
    assert!(first.contains(&drafts[8]) && first.contains(&drafts[1]) && !first.contains(&drafts[0]), "{first}");
    let next = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a second page");
    let second = lan.get(&next.replace("&amp;", "&").replace("&#x3D;", "=")).text();
    assert!(second.contains(&drafts[0]) && !second.contains(&drafts[1]), "{second}");
    assert!(!binh.get("/tao").text().contains(&drafts[8]), "not the own ones");
    assert!(binh.get("/tao?loc=tat-ca").text().contains(&drafts[8]));
    assert!(binh.get("/tao?loc=cho-duyet").text().contains("Không có bản soạn nào chờ duyệt"));
    assert!(!binh.get("/").text().contains("bản soạn chờ duyệt"));
    let start = lan.get(&format!("{}/bat-dau", drafts[3]));
    onward(&lan.post(&format!("{}/bat-dau", drafts[3]), &[("revision", &value(&start, "revision"))]));
    let waiting = binh.get("/tao?loc=cho-duyet").text();
    assert!(waiting.contains(&format!("href=\"{}/bat-dau\"", drafts[3])) && !waiting.contains(&drafts[4]), "{waiting}");
    let overview = binh.get("/").text();
    assert!(overview.contains("<a href=\"/tao?loc=cho-duyet\"><b>1</b> bản soạn chờ duyệt</a>"), "{overview}");
    assert!(!lan.get("/").text().contains("bản soạn chờ duyệt"), "who may not approve has nothing to do there");
}

#[test]
fn batches_are_listed_page_by_page_and_narrowed() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let own = draft(&mut lan, &people(1));
    let own = begun(&mut lan, &own);
    until_over(&mut lan, &own);
    // Sixty more of somebody else, on hold.
    sql(
        &office,
        "columns=[r[1] for r in d.execute('PRAGMA table_info(batch)')]\n\
         rest=[c for c in columns if c not in ('id','idempotency_key','output','state','owner')]\n\
         for n in range(60): d.execute(\"INSERT INTO batch (id,idempotency_key,output,state,owner,\"+','.join(rest)+\") SELECT '00000000000000000000000\"+format(n,'03d')+\"','k\"+str(n)+\"','o\"+str(n)+\"','paused','ai',\"+','.join(rest)+\" FROM batch WHERE owner='lan'\")",
    );
    let count = |page: &str| page.matches("<th scope=\"row\"><a href=\"/lo/").count();
    let first = lan.get("/lo").text();
    assert_eq!((count(&first), first.contains(&own)), (50, true));
    let next = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a second page");
    let second = lan.get(&next.replace("&amp;", "&").replace("&#x3D;", "=")).text();
    assert_eq!((count(&second), second.contains(&own)), (11, false));
    let mine = lan.get("/lo?loc=toi").text();
    assert_eq!((count(&mine), mine.contains(&own)), (1, true), "{mine}");
    let paused = lan.get("/lo?tt=paused").text();
    assert_eq!((count(&paused), paused.contains(&own), paused.contains("tt&#x3D;paused")), (50, false, true), "{paused}");
    assert_eq!(count(&lan.get("/lo?tt=loi").text()), 0);
    assert_eq!(count(&lan.get("/lo?mau=cong-van").text()), 0);
    assert!(lan.get("/").text().contains("<a href=\"/lo?tt=paused\"><b>60</b> lô đang tạm dừng</a>"));
}

#[test]
fn another_file_after_going_back_takes_the_place_of_the_first() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let key = value(&lan.get("/tao/mau/giay-khen"), "khoa");
    let send = |lan: &mut Browser, name: &str, count| {
        onward(&upload(lan, "/tao/mau/giay-khen", &[("khoa", &key)], name, people(count).as_bytes()))
    };
    let path = send(&mut lan, "nham.csv", 2);
    let other = send(&mut lan, "dung.csv", 3);
    assert_eq!(other, format!("{path}?xong=tep-khac"));
    let page = lan.get(&other).text();
    assert!(page.contains("Đã thay danh sách bằng tệp vừa chọn") && page.contains("dung.csv") && !page.contains("nham.csv"), "{page}");
    assert_eq!(send(&mut lan, "dung.csv", 3), path, "the same once more changes nothing");
    let options = lan.get(&format!("{path}/tuy-chon"));
    let common = [("c-so_quyet_dinh", "12/QĐ-HKH"), ("c-ngay", "27/12/2019"), ("c-phong_trao", "khuyến học")];
    let revision = value(&options, "revision");
    onward(&lan.post(&format!("{path}/tuy-chon"), &[&[("revision", revision.as_str())], &common[..]].concat()));
    let batch = begun(&mut lan, &path);
    until_over(&mut lan, &batch);
    let fresh = send(&mut lan, "sau.csv", 4);
    assert!(!fresh.starts_with(&path), "what is made already stays as it is: {fresh}");
    assert_eq!(send(&mut lan, "sau.csv", 4), fresh, "and its form is one draft, too");
}

#[test]
fn the_language_is_switched_on_the_page_that_a_form_came_from() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let path = draft(&mut quantri, &people(2));
    let tiep = |page: &crate::support::site::Answer| value(page, "tiep").replace("&#x3D;", "=");
    let base = format!("http://{}", site.address);
    let wrong = [("revision", "1"), ("sheet", "0"), ("row", "2"), ("o2", "X")];
    let stale = quantri.post(&format!("{path}/o"), &wrong);
    assert_eq!((stale.status, tiep(&stale)), (409, path.clone()));
    let stale = posted(&mut quantri, &format!("{path}/o"), &wrong, &format!("{base}{path}?loi=1"));
    assert_eq!(tiep(&stale), format!("{path}?loi=1"), "the very page of the form");
    let again = posted(&mut quantri, &format!("{path}/o"), &wrong, &format!("{base}{path}/o"));
    assert_eq!(tiep(&again), path, "the answer to a form has no page of its own");
    let foreign = posted(&mut quantri, &format!("{path}/o"), &wrong, "http://example.org/tao");
    assert_eq!(tiep(&foreign), path);
    let password = quantri.post("/tai-khoan/ma", &[("password", "không phải")]);
    assert_eq!((password.status, tiep(&password)), (422, "/tai-khoan".to_owned()));
    let gone = onward(&quantri.post("/ngon-ngu", &[("lang", "en"), ("tiep", &tiep(&password))]));
    assert_eq!(quantri.get(&gone).status, 200);
    let once = quantri.post("/nguoi-dung/moi", &[("name", "an"), ("full_name", "An"), ("role", "clerk"), ("organisation", "")]);
    assert!(once.text().contains("/moi?ma&#x3D;") && !once.text().contains("/ngon-ngu"), "what is shown once is not asked for anew");
}

#[test]
fn a_returned_draft_says_what_is_needed_before_it_is_asked_for_again() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", config + "\n[approval]\nrequired = true\n");
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let mut binh = site.account(&mut quantri, "binh", "approver", "hoi");
    let path = draft(&mut lan, &people(2));
    let start = format!("{path}/bat-dau");
    let revision = value(&lan.get(&start), "revision");
    onward(&lan.post(&start, &[("revision", &revision)]));
    let late = lan.post(&format!("{path}/o"), &[("revision", &revision), ("sheet", "0"), ("row", "2"), ("o2", "X")]);
    assert_eq!(late.status, 409);
    assert!(late.text().contains("đang chờ duyệt nên chưa sửa được") && late.text().contains("rút lại để sửa"), "{}", late.text());
    let revision = value(&binh.get(&start), "revision");
    onward(&binh.post(&format!("{path}/tra-lai"), &[("revision", &revision), ("ly_do", "sai tên dòng 2")]));
    let back = lan.get(&start);
    assert!(back.text().contains("sai tên dòng 2") && !back.text().contains("Gửi duyệt<"), "{}", back.text());
    let revision = value(&lan.get(&path), "revision");
    let early = lan.post(&start, &[("revision", &revision)]);
    assert_eq!(early.status, 422);
    assert!(early.text().contains("đã bị trả lại và chưa được sửa"), "{}", early.text());
    let cell = [("revision", revision.as_str()), ("sheet", "0"), ("row", "2"), ("o2", "Lê Văn Một")];
    onward(&lan.post(&format!("{path}/o"), &cell));
    let open = lan.get(&start);
    assert!(open.text().contains("Gửi duyệt</button>"), "{}", open.text());
    onward(&lan.post(&start, &[("revision", &value(&open, "revision"))]));
}

#[test]
fn faults_beyond_what_is_shown_are_said_and_the_look_steps_over_wrong_rows() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    // The field with the fault stands in the seventieth column.
    let wide: String = people(3)
        .lines()
        .enumerate()
        .map(|(row, line)| {
            let (kind, rest) = line.split_once(',').unwrap();
            let kind = if row == 2 { "Cá nhânn" } else { kind };
            let between: String = (0..65).map(|n| if row == 0 { format!(",Cột {n}") } else { ",x".to_owned() }).collect();
            format!("{rest}{between},{kind}\n")
        })
        .collect();
    let path = draft(&mut lan, &wide);
    let page = lan.get(&path).text();
    assert!(page.contains("chỉ hiện 60 cột đầu. Còn ô sai ở cột BR"), "{page}");
    let options = lan.get(&format!("{path}/tuy-chon"));
    let fields = [
        ("revision", value(&options, "revision")),
        ("c-so_quyet_dinh", "12/QĐ-HKH".to_owned()),
        ("c-ngay", "27/12/2019".to_owned()),
        ("c-phong_trao", "khuyến học".to_owned()),
        ("bo-loi", "1".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    lan.post(&format!("{path}/tuy-chon"), &fields);
    let first = lan.get(&format!("{path}/xem?ve=1")).text();
    assert!(first.contains("/xem?ban-ghi=3\"") && !first.contains("/xem?ban-ghi=2\""), "the second row is wrong: {}", first.len());
    let last = lan.get(&format!("{path}/xem?ban-ghi=3&ve=1")).text();
    assert!(last.contains("/xem?ban-ghi=1\"") && !last.contains("rel=\"next\""));
    let many: String = people(1_100).replace("Cá nhân,", "Cá nhânn,");
    let path = draft(&mut lan, &many);
    let page = lan.get(&path).text();
    assert!(page.contains("100 chỗ nữa chưa hiện ở đây"), "{}", &page[..page.len().min(6000)]);
}

#[test]
fn choosing_a_sheet_leaves_the_files_beside_ticked() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let key = value(&lan.get("/tao/mau/giay-khen"), "khoa");
    let path = onward(&upload(&mut lan, "/tao/mau/giay-khen", &[("khoa", &key)], "d.csv", people(2).as_bytes()));
    let revision = value(&lan.get(&path), "revision");
    onward(&lan.post(&format!("{path}/trang"), &[("revision", &revision), ("ten", "Danh sách")]));
    let options = lan.get(&format!("{path}/tuy-chon")).text();
    for box_of in ["gop", "nen"] {
        assert!(options.contains(&format!("name=\"{box_of}\" value=\"1\" checked")), "{box_of}: {options}");
    }
}

#[test]
fn a_form_whose_login_has_ended_leads_back_to_its_page_and_can_be_sent_again() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let mut other = site.account(&mut quantri, "binh", "clerk", "hoi");
    let path = draft(&mut lan, &people(2));
    let page = lan.get(&path);
    let (revision, token) = (value(&page, "revision"), lan.csrf.clone());
    let cell = [("revision", revision.as_str()), ("sheet", "0"), ("row", "2"), ("o2", "Lê Văn Một")];
    sql(&office, "d.execute('DELETE FROM login')");
    let ended = posted(&mut lan, &format!("{path}/o"), &cell, &format!("http://{}{path}", site.address));
    assert_eq!(ended.status, 401);
    let text = ended.text();
    assert!(text.contains("phiên làm việc đã hết") && text.contains("name=\"password\"") && text.contains("Quay lại (Back)"), "{text}");
    assert!(text.contains(&format!("name=\"tiep\" value=\"{path}\"")), "{text}");
    let answer = lan.post("/dang-nhap", &[("name", "lan"), ("password", PASSWORD), ("tiep", &path)]);
    assert_eq!(onward(&answer), path);
    // The form as it stood before, with its old token.
    lan.csrf = token.clone();
    onward(&lan.post(&format!("{path}/o"), &cell));
    assert!(lan.get(&path).text().contains("Lê Văn Một"));
    other.sign_in("binh", PASSWORD);
    other.csrf = token;
    assert_eq!(other.post(&format!("{path}/kiem-tra"), &[]).status, 403, "it is nobody else's token");
}

#[test]
fn what_programs_sent_in_vain_does_not_stand_among_the_drafts() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let made = quantri.post("/khoa", &[("name", "may"), ("read", "1"), ("make", "1"), ("organisation", ""), ("days", "9")]);
    let key = made.text().split("<code class=\"wrap\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a key").to_owned();
    let body = r#"{"template":"giay-khen","records":[{"doi_tuong":"Cá nhânn"}]}"#;
    let mut program = site.browser();
    let head = format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\nIdempotency-Key: mot\r\n");
    let refused = program.send("POST", "/api/v1/batches", &head, body.as_bytes());
    assert_eq!(refused.status, 422, "{}", refused.text());
    let again = program.send("POST", "/api/v1/batches", &head, body.as_bytes());
    let problem: Value = serde_json::from_slice(&again.body).unwrap();
    assert_eq!(problem["status"], 422, "{problem}");
    assert_eq!(sql(&office, "print(d.execute('SELECT COUNT(*) FROM draft').fetchone()[0])").trim(), "0");
    assert!(!quantri.get("/tao?loc=tat-ca").text().contains("records.json"));
}
