//! The sheet of a draft and its options: what is wrong is in sight and one press away, what the file has is not asked for again,
//! addresses are judged as soon as they are there.

use super::make::{draft, onward, upload, value};
use crate::support::site::{Answer, Browser, Site};
use crate::support::{Office, people, python};

/// A list with a column of addresses.
fn addressed(addresses: &[&str]) -> String {
    let heading = std::iter::once(&"Thư điện tử");
    people(addresses.len()).lines().zip(heading.chain(addresses)).map(|(line, address)| format!("{line},{address}\n")).collect()
}

fn options(browser: &mut Browser, path: &str, more: &[(&str, &str)]) -> Answer {
    let revision = value(&browser.get(&format!("{path}/tuy-chon")), "revision");
    let own = [
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
    ];
    browser.post(&format!("{path}/tuy-chon"), &[&own, more].concat())
}

#[test]
fn each_error_is_listed_above_the_sheet_with_the_way_to_its_cell() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let wrong = |line: &str| line.replace("Cá nhân", "Cá nhânn");
    let list: String = people(400)
        .lines()
        .enumerate()
        .map(|(row, line)| if row == 2 || row == 350 { wrong(line) } else { line.to_owned() } + "\n")
        .collect();
    let path = draft(&mut lan, &list);
    let text = lan.get(&path).text();
    assert!(text.contains("<a href=\"#o3-0\">Ô A3</a>"), "it stands on this page: {text}");
    assert!(text.contains("id=\"o3-0\" name=\"o0\" value=\"Cá nhânn\""), "the way ends in the field");
    assert!(text.contains(&format!("<a href=\"{}?trang&#x3D;0&amp;tu&#x3D;349#o351-0\">Ô A351</a>", path)), "it stands on another: {text}");
    assert!(text.contains("<small>C</small> Họ và tên"), "a column is told by its heading: {text}");
    let there = lan.get(&format!("{path}?trang=0&tu=349")).text();
    assert!(there.contains("id=\"o351-0\" name=\"o0\"") && there.contains("id=\"d349\"") && !there.contains("id=\"d348\""));
}

#[test]
fn a_value_that_the_workbook_has_is_in_force_and_not_demanded_again() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    office.write("mau.xlsx", &lan.get("/tao/mau/giay-khen/bang-mau.xlsx").body);
    python(
        r#"
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book["Danh sách"]
names = {str(sheet.cell(1, c).value).rstrip(" *"): c for c in range(1, sheet.max_column + 1)}
for name, value in zip(("Đối tượng", "Danh xưng", "Họ và tên"), ("Cá nhân", "Ông", "Lê Văn An")):
    sheet.cell(2, names[name], value)
for row in book["Chung"].iter_rows(min_row=1):
    title = str(row[0].value).rstrip(" *")
    if title == "Số quyết định": row[1].value = "34/QĐ-HKH"
    if title == "Ngày quyết định": row[1].value = None
book.save(sys.argv[1])
"#,
        &[&office.path.join("mau.xlsx")],
    );
    let key = value(&lan.get("/tao/mau/giay-khen"), "khoa");
    let path = onward(&upload(&mut lan, "/tao/mau/giay-khen", &[("khoa", &key)], "Khen thưởng.xlsx", &office.read("mau.xlsx")));
    let field = |text: &str, name: &str| {
        let after = text.split(&format!("<label for=\"c-{name}\">")).nth(1).unwrap_or_else(|| panic!("no {name} in {text}"));
        after.split("</div>").next().unwrap_or_default().to_owned()
    };
    let text = lan.get(&format!("{path}/tuy-chon")).text();
    let number = field(&text, "so_quyet_dinh");
    assert!(number.contains("lấy từ tệp") && number.contains("<b>34/QĐ-HKH</b>") && !number.contains("bắt buộc"), "{number}");
    let day = field(&text, "ngay");
    assert!(day.contains("bắt buộc") && !day.contains("lấy từ tệp"), "{day}");
    options(&mut lan, &path, &[]);
    let number = field(&lan.get(&format!("{path}/tuy-chon")).text(), "so_quyet_dinh");
    assert!(number.contains("value=\"12/QĐ-HKH\"") && number.contains("Tệp ghi: <b>34/QĐ-HKH</b>"), "{number}");
    let preview = lan.get(&format!("{path}/xem.pdf"));
    office.write("xem.pdf", &preview.body);
    assert!(
        crate::support::text_of(&office.path.join("xem.pdf")).contains("12/QĐ-HKH"),
        "what is written on the page counts before the file"
    );
}

#[test]
fn a_common_value_that_each_row_has_is_not_demanded() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list: String =
        people(2).lines().zip(["Số quyết định", "1/QĐ-HKH", "2/QĐ-HKH"]).map(|(line, number)| format!("{line},{number}\n")).collect();
    let path = draft(&mut lan, &list);
    let revision = value(&lan.get(&format!("{path}/tuy-chon")), "revision");
    let fields = [("revision", revision.as_str()), ("c-ngay", "27/12/2019"), ("c-phong_trao", "khuyến học")];
    assert_eq!(onward(&lan.post(&format!("{path}/tuy-chon"), &fields)), format!("{path}/xem"));
    let text = lan.get(&format!("{path}/tuy-chon")).text();
    assert!(text.contains("có trong từng dòng"), "{text}");
}

#[test]
fn addresses_are_counted_where_sending_is_chosen_and_judged_before_it_is() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let path = draft(&mut lan, &addressed(&["mot@vi-du.vn", "hai@@vi-du", "", "bon@vi-du.vn"]));
    let table = lan.get(&path).text();
    assert!(table.contains("Danh sách hợp lệ: 4 văn bản.") && table.contains("Có 1 chỗ nên xem lại"), "nothing is sent yet: {table}");
    assert!(table.contains("class=\"wait") && table.contains("hai@@vi-du"), "{table}");
    let text = lan.get(&format!("{path}/tuy-chon")).text();
    assert!(text.contains("2 dòng có địa chỉ, 1 dòng không có; 1 địa chỉ viết sai"), "{text}");
    assert_eq!(onward(&options(&mut lan, &path, &[("thu", "1"), ("thu-giu", "1")])), path, "sending makes it an error");
    let table = lan.get(&path).text();
    assert!(table.contains("1 chỗ cần sửa.") && table.contains("id=\"o3-5\" name=\"o5\" value=\"hai@@vi-du\""), "{table}");
}
