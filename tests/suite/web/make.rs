//! The way of a clerk: a template, a list with faults, corrections, options, a look, the start; and all that may go wrong on it.

use crate::support::site::{Answer, Browser, Site};
use crate::support::{Office, people, python};

/// The path that an answer sends the browser to.
pub(super) fn onward(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap_or_default().to_owned()
}

/// A form with a file, as a browser sends it.
pub(super) fn upload(browser: &mut Browser, path: &str, fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> Answer {
    let token = browser.csrf.clone();
    let mut body = Vec::new();
    for (field, value) in std::iter::once(&("csrf", token.as_str())).chain(fields) {
        body.extend(format!("--gioi-han\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(format!("--gioi-han\r\nContent-Disposition: form-data; name=\"tep\"; filename=\"{name}\"\r\n\r\n").bytes());
    body.extend(bytes);
    body.extend(b"\r\n--gioi-han--\r\n");
    browser.send("POST", path, "Content-Type: multipart/form-data; boundary=gioi-han\r\n", &body)
}

/// The value of the first field called `name` on a page.
pub(super) fn value(answer: &Answer, name: &str) -> String {
    let text = answer.text();
    let after = text.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no field {name} in {text}"));
    after.split('"').next().unwrap_or_default().to_owned()
}

/// A draft of certificates with its common values and this list; its path.
pub(super) fn draft(browser: &mut Browser, list: &str) -> String {
    let page = browser.get("/tao/mau/giay-khen");
    let key = value(&page, "khoa");
    let path = onward(&upload(browser, "/tao/mau/giay-khen", &[("khoa", &key)], "Danh sách.csv", list.as_bytes()));
    let page = browser.get(&format!("{path}/tuy-chon"));
    let revision = value(&page, "revision");
    let fields = [
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
        ("gop", "1"),
    ];
    browser.post(&format!("{path}/tuy-chon"), &fields);
    path
}

#[test]
fn a_clerk_goes_the_whole_way_without_scripts() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let gallery = lan.get("/tao");
    assert!(gallery.text().contains("href=\"/tao/mau/giay-khen\"") && !gallery.text().contains("so-khen-thuong"), "{}", gallery.text());
    let picture = lan.get("/tao/mau/giay-khen/anh.png");
    let known = format!("If-None-Match: {}\r\n", picture.header("etag").unwrap());
    assert_eq!(lan.send("GET", "/tao/mau/giay-khen/anh.png", &known, b"").status, 304);
    assert!(picture.body.starts_with(b"\x89PNG") && picture.header("content-type") == Some("image/png"));
    let workbook = lan.get("/tao/mau/giay-khen/bang-mau.xlsx");
    assert!(workbook.body.starts_with(b"PK") && workbook.header("content-disposition").unwrap().contains("giay-khen.xlsx"));
    // The workbook itself, filled with two people, one of them wrong.
    office.write("mau.xlsx", &workbook.body);
    python(
        r#"
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book["Danh sách"]
names = {str(sheet.cell(1, c).value).rstrip(" *"): c for c in range(1, sheet.max_column + 1)}
for row, values in enumerate([("Cá nhân", "Ông", "Lê Văn An"), ("Cá nhânn", "Bà", "Lê Thị <b>Bình</b>")], 2):
    for name, value in zip(("Đối tượng", "Danh xưng", "Họ và tên"), values):
        sheet.cell(row, names[name], value)
book.save(sys.argv[1])
"#,
        &[&office.path.join("mau.xlsx")],
    );
    let page = lan.get("/tao/mau/giay-khen");
    let key = value(&page, "khoa");
    let path = onward(&upload(&mut lan, "/tao/mau/giay-khen", &[("khoa", &key)], "Khen thưởng.xlsx", &office.read("mau.xlsx")));
    let again = onward(&upload(&mut lan, "/tao/mau/giay-khen", &[("khoa", &key)], "Khen thưởng.xlsx", &office.read("mau.xlsx")));
    assert_eq!(again, path, "a form that is sent twice is one draft");
    let page = lan.get(&path);
    let text = page.text();
    assert!(text.contains("có phải “Cá nhân”?") && text.contains("value=\"Cá nhânn\""), "{text}");
    assert!(text.contains("Điền các giá trị chung") && text.contains("Lê Thị &lt;b&gt;Bình"), "{text}");
    let revision = value(&page, "revision");
    let cell = [("revision", revision.as_str()), ("sheet", "0"), ("row", "3"), ("o0", "Cá nhân"), ("xem", "")];
    assert_eq!(onward(&lan.post(&format!("{path}/o"), &cell)), format!("{path}?#d3"));
    let page = lan.get(&format!("{path}/tuy-chon"));
    let revision = value(&page, "revision");
    let set = |browser: &mut Browser, date: &str| {
        let fields = [
            ("revision", revision.as_str()),
            ("c-so_quyet_dinh", "12/QĐ-HKH"),
            ("c-ngay", date),
            ("c-phong_trao", "khuyến học"),
            ("nen", "1"),
        ];
        browser.post(&format!("{path}/tuy-chon"), &fields)
    };
    assert_eq!(onward(&set(&mut lan, "27/12/2019")), format!("{path}/xem"));
    let late = set(&mut lan, "28/12/2019");
    assert_eq!(late.status, 409);
    assert!(
        late.text().contains("vừa được sửa ở nơi khác") && late.text().contains("value=\"28/12/2019\""),
        "what was typed is still there"
    );
    let look = lan.get(&format!("{path}/xem"));
    assert!(look.text().contains("Đang dàn trang") && !look.text().contains("1. Lê Văn An"), "it answers before anything is drawn");
    let later = look.text().split("data-later=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().replace("&#x3D;", "=");
    let drawn = lan.get(&later);
    assert!(drawn.text().contains("1. Lê Văn An") && !drawn.text().contains("data:image"), "{}", drawn.text());
    let source = drawn.text().split("<img src=\"").find(|rest| rest.starts_with("/tao/")).unwrap().split('"').next().unwrap().to_owned();
    let picture = lan.get(&source.replace("&#x3D;", "=").replace("&amp;", "&"));
    assert!(picture.body.starts_with(b"\x89PNG"), "{source}");
    assert_eq!(picture.header("cache-control"), Some("private, max-age=86400, immutable"));
    assert!(lan.get(&format!("{path}/xem")).text().contains("1. Lê Văn An"), "what was drawn a moment ago stands there at once");
    assert_eq!(lan.get(&format!("{path}/xem/trang.png?to=9")).status, 404);
    let pdf = lan.get(&format!("{path}/xem.pdf?ban-ghi=2"));
    assert!(pdf.body.starts_with(b"%PDF-"), "{}", pdf.text());
    let start = lan.get(&format!("{path}/bat-dau"));
    assert!(start.text().contains("Bắt đầu tạo 2 văn bản"), "{}", start.text());
    let revision = value(&start, "revision");
    let batch = onward(&lan.post(&format!("{path}/bat-dau"), &[("revision", &revision)]));
    assert_eq!(onward(&lan.post(&format!("{path}/bat-dau"), &[("revision", &revision)])), batch, "a replayed form begins nothing anew");
    assert!(batch.starts_with("/lo/"), "{batch}");
    let done = super::batches::until_over(&mut lan, &batch);
    assert_eq!((done["count"]["stored"].as_u64(), done["state"].as_str()), (Some(2), Some("finished")));
    let gone = lan.get(&path);
    assert!(gone.text().contains(&format!("href=\"{batch}\"")) && !gone.text().contains("name=\"tep\""));
}

#[test]
fn bad_uploads_get_a_clear_page_and_lose_nothing() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let path = draft(&mut lan, &people(2));
    let page = lan.get(&path);
    let (revision, token) = (value(&page, "revision"), lan.csrf.clone());
    let wrong = upload(&mut lan, &format!("{path}/tep"), &[("revision", &revision)], "anh.xlsx", b"%PDF-1.7\n");
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("không phải bảng dữ liệu mà là tệp PDF") && wrong.text().contains("Danh sách hợp lệ: 2 văn bản."));
    let empty = upload(&mut lan, &format!("{path}/tep"), &[("revision", &revision)], "trong.csv", b"");
    assert!(empty.text().contains("tệp rỗng"), "{}", empty.text());
    let stale = upload(&mut lan, &format!("{path}/tep"), &[("revision", "1")], "d.csv", people(3).as_bytes());
    assert_eq!(stale.status, 409);
    // 200 MB: the browser is told before it has sent them.
    let head = format!("Content-Type: multipart/form-data; boundary=x\r\nExpect: 100-continue\r\nContent-Length: {}\r\n", 200_000_000);
    let large = lan.send("HEAD", "/tao", "", b"");
    assert_eq!(large.status, 200);
    let large = lan.send_head_only("POST", &format!("{path}/tep"), &head);
    assert_eq!(large.status, 413, "{}", large.text());
    assert!(large.text().contains("quá lớn"), "{}", large.text());
    let broken = format!(
        "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--x\r\nContent-Disposition: form-data; name=\"tep\"; filename=\"a.csv\"\r\n\r\nA,B\r\n"
    );
    let broken = lan.send("POST", &format!("{path}/tep"), "Content-Type: multipart/form-data; boundary=x\r\n", broken.as_bytes());
    assert_eq!(broken.status, 400);
    assert!(broken.text().contains("bị đứt giữa chừng"), "{}", broken.text());
    let none = lan.post(&format!("{path}/tep"), &[]);
    assert!((400..500).contains(&none.status), "{}", none.status);
    assert!(lan.get(&path).text().contains("Danh sách hợp lệ: 2 văn bản."), "the list before it is still there");
    assert!(std::fs::read_dir(office.path.join(".vanthu/tam")).unwrap().next().is_none(), "no upload is left lying");
}

#[test]
fn who_finds_no_place_for_a_check_is_told_to_come_again_and_loses_nothing() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let path = draft(&mut lan, &people(1_500));
    lan.get(&path);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..40)
            .map(|_| {
                let (mut browser, path) = (lan.clone(), format!("{path}/kiem-tra"));
                scope.spawn(move || browser.post(&path, &[]))
            })
            .collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let (checked, sent_away): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 303);
    assert!(checked.len() >= 2 && !sent_away.is_empty(), "{} were checked, {} sent away", checked.len(), sent_away.len());
    for answer in sent_away {
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{}", answer.text());
    }
    assert!(lan.get(&path).text().contains("Danh sách hợp lệ: 1.500 văn bản."), "the list is still there");
}

#[test]
fn a_stale_cell_keeps_what_was_typed_and_a_foreign_draft_is_not_there() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", config + "\n[organisations.khac]\nname = \"Hội khác\"\n");
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let mut la = site.account(&mut quantri, "la", "clerk", "khac");
    let path = draft(&mut lan, &people(2));
    let revision = value(&lan.get(&path), "revision");
    let cell = |text: &'static str| [("revision", revision.clone()), ("sheet", "0".into()), ("row", "2".into()), ("o2", text.into())];
    let post = |browser: &mut Browser, text: &'static str| {
        let fields = cell(text);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("{path}/o"), &fields)
    };
    onward(&post(&mut lan, "Lê Văn Một"));
    let late = post(&mut lan, "Lê Văn Hai");
    assert_eq!(late.status, 409);
    assert!(late.text().contains("<q>Lê Văn Hai</q>") && late.text().contains("Lê Văn Một"), "{}", late.text());
    for foreign in ["", "/tuy-chon", "/xem", "/xem.pdf", "/bat-dau"] {
        assert_eq!(la.get(&format!("{path}{foreign}")).status, 404, "{foreign}");
    }
    la.get("/tao");
    assert_eq!(post(&mut la, "X").status, 404);
    assert!(!la.get("/tao").text().contains(&path));
}

#[test]
fn where_approval_is_required_the_page_asks_another_person() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", config + "\n[approval]\nrequired = true\n");
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let mut binh = site.account(&mut quantri, "binh", "approver", "hoi");
    let path = draft(&mut lan, &people(2));
    let start = lan.get(&format!("{path}/bat-dau"));
    assert!(start.text().contains("Gửi duyệt"));
    let revision = value(&start, "revision");
    onward(&lan.post(&format!("{path}/bat-dau"), &[("revision", &revision)]));
    let own = lan.get(&format!("{path}/bat-dau"));
    assert!(own.text().contains("chờ một người duyệt khác") && !own.text().contains("/duyet"), "{}", own.text());
    let revision = value(&own, "revision");
    assert_eq!(lan.post(&format!("{path}/duyet"), &[("revision", &revision)]).status, 403);
    binh.get("/tao");
    let silent = binh.post(&format!("{path}/tra-lai"), &[("revision", &revision), ("ly_do", "")]);
    assert_eq!(silent.status, 422);
    let batch = onward(&binh.post(&format!("{path}/duyet"), &[("revision", &revision)]));
    assert!(batch.starts_with("/lo/"), "{batch}");
    super::batches::until_over(&mut binh, batch.split('?').next().unwrap());
}

#[test]
fn nobody_approves_a_list_that_they_put_in_or_asked_approval_for() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", config + "\n[approval]\nrequired = true\n");
    let mut site = Site::start(&office);
    let mut quantri = site.administrator();
    let mut lan = site.account(&mut quantri, "lan", "clerk", "hoi");
    let mut binh = site.account(&mut quantri, "binh", "approver", "hoi");
    let mut chau = site.account(&mut quantri, "chau", "approver", "hoi");
    let path = draft(&mut lan, &people(2));
    // Another list in the place of the clerk's, under the clerk's name.
    let revision = value(&binh.get(&path), "revision");
    onward(&upload(&mut binh, &format!("{path}/tep"), &[("revision", &revision)], "khac.csv", people(3).as_bytes()));
    let ask = |browser: &mut crate::support::site::Browser| {
        let revision = value(&browser.get(&format!("{path}/bat-dau")), "revision");
        onward(&browser.post(&format!("{path}/bat-dau"), &[("revision", &revision)]));
    };
    ask(&mut binh);
    let page = binh.get(&format!("{path}/bat-dau"));
    assert!(page.text().contains("chờ một người duyệt khác") && !page.text().contains("/duyet"), "{}", page.text());
    let revision = value(&lan.get(&format!("{path}/bat-dau")), "revision");
    let own = binh.post(&format!("{path}/duyet"), &[("revision", &revision)]);
    assert_eq!(own.status, 422, "{}", own.text());
    assert!(own.text().contains("người đã sửa hoặc gửi duyệt thì không duyệt được"), "{}", own.text());
    // After a decision of somebody else the changes count anew.
    onward(&chau.post(&format!("{path}/tra-lai"), &[("revision", &revision), ("ly_do", "thiếu người")]));
    let revision = value(&lan.get(&path), "revision");
    onward(&upload(&mut lan, &format!("{path}/tep"), &[("revision", &revision)], "lai.csv", people(4).as_bytes()));
    ask(&mut lan);
    let revision = value(&binh.get(&format!("{path}/bat-dau")), "revision");
    let batch = onward(&binh.post(&format!("{path}/duyet"), &[("revision", &revision)]));
    assert!(batch.starts_with("/lo/"), "{batch}");
}

#[test]
fn rows_to_correct_are_found_in_a_long_list_and_left_out() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list: String = people(400)
        .lines()
        .enumerate()
        .map(|(row, line)| if row == 350 { line.replace("Cá nhân", "Cá nhânn") } else { line.to_owned() } + "\n")
        .collect();
    let path = draft(&mut lan, &list);
    let first = lan.get(&path);
    assert!(first.text().contains("1 chỗ cần sửa") && first.text().contains("id=\"d351\""), "it is in sight first");
    let top = lan.get(&format!("{path}?tu=0"));
    assert!(top.text().contains("id=\"d2\"") && !top.text().contains("id=\"d351\""));
    let only = lan.get(&format!("{path}?loi=1"));
    assert!(only.text().contains("id=\"d351\"") && !only.text().contains("id=\"d350\""), "{}", only.text());
    let revision = value(&only, "revision");
    let fields = [("revision", revision.as_str()), ("sheet", "0"), ("row", "351"), ("xem", "loi=1")];
    assert_eq!(onward(&lan.post(&format!("{path}/bo-dong"), &fields)), format!("{path}?loi=1#d351"));
    assert!(lan.get(&path).text().contains("Danh sách hợp lệ: 399 văn bản."));
}

#[test]
fn a_row_is_saved_as_one_form_and_what_was_not_touched_keeps_its_kind() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let path = draft(&mut lan, &people(3));
    let page = lan.get(&format!("{path}?sua=3"));
    let text = page.text();
    assert_eq!(text.matches("form=\"s3\"").count(), text.matches("id=\"o3-").count(), "every field belongs to the one form: {text}");
    assert!(text.contains("<form id=\"s3\"") && text.contains("Lưu dòng 3"), "{text}");
    let row = text.split("id=\"d3\"").nth(1).and_then(|rest| rest.split("</tr>").next()).unwrap();
    let fields: Vec<(String, String)> = row
        .split("<input ")
        .skip(1)
        .map(|input| {
            let part = |name: &str| input.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
            (part("name"), part("value"))
        })
        .collect();
    let revision = value(&page, "revision");
    let mut sent: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(sent.len() > 3, "{row}");
    let (second, third) = (sent[2].0, sent[3].0);
    (sent[2].1, sent[3].1) = ("Lê Văn Mới", "Chi hội mới");
    sent.extend([("revision", revision.as_str()), ("sheet", "0"), ("row", "3"), ("xem", "")]);
    onward(&lan.post(&format!("{path}/o"), &sent));
    let saved = lan.get(&path).text();
    let row = saved.split("id=\"d3\"").nth(1).and_then(|rest| rest.split("</tr>").next()).unwrap();
    assert!(row.contains("Lê Văn Mới") && row.contains("Chi hội mới"), "both {second} and {third}: {row}");
    assert_eq!(row.matches("corrected").count(), 2, "the others were not touched: {row}");
}

#[test]
fn a_draft_is_deleted_and_a_refused_file_leaves_none() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let key = value(&lan.get("/tao/mau/giay-khen"), "khoa");
    let refused = upload(&mut lan, "/tao/mau/giay-khen", &[("khoa", &key)], "anh.xlsx", b"PK\x03\x04 no workbook");
    assert!(refused.text().contains("notice bad problems"), "{}", refused.text());
    assert!(!lan.get("/tao").text().contains("Xóa bản soạn"), "nothing is left of it");
    let path = draft(&mut lan, &people(2));
    let listed = lan.get("/tao").text();
    assert!(listed.contains(&format!("<a href=\"{path}\">")) && listed.contains("Xóa bản soạn"), "{listed}");
    assert_eq!(onward(&lan.post(&format!("{path}/xoa"), &[])), "/tao?xong=xoa-soan");
    assert_eq!(lan.get(&path).status, 404);
    assert!(lan.get("/nhat-ky").text().contains("xóa bản soạn"));
    let path = draft(&mut lan, &people(2));
    let revision = value(&lan.get(&format!("{path}/bat-dau")), "revision");
    onward(&lan.post(&format!("{path}/bat-dau"), &[("revision", &revision)]));
    onward(&lan.post(&format!("{path}/xoa"), &[]));
    assert_eq!(lan.get(&path).status, 200, "what became a batch stays");
}
