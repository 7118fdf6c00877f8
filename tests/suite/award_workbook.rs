//! One award workbook: the certificates, the decision with its list and the award book, spelled and ordered alike.

use crate::support::{Office, python, text_of};

const NAMES: [&str; 6] =
    ["Chi hội Khuyến học Khu phố 1", "Trần Thị Ánh", "Lê Văn Bình", "Nguyễn Hoàng Châu", "Phạm Ngọc Dung", "Gia đình Vũ Đạt"];

#[test]
fn one_workbook_makes_certificates_decision_and_award_book_with_the_same_names_in_the_same_order() {
    let office = Office::with_workspace();
    office.must(&["template", "sheet", "giay-khen", "--out", "khen.xlsx"]);
    let script = format!(
        r#"
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book["Danh sách"]
heads = [str(cell.value).rstrip(" *") for cell in sheet[1]]
kinds = ["Tập thể", "Cá nhân", "Cá nhân", "Cá nhân", "Cá nhân", "Gia đình"]
for row, name in enumerate({NAMES:?}, start=2):
    values = {{"Đối tượng": kinds[row - 2], "Danh xưng": "Ông" if kinds[row - 2] == "Cá nhân" else None, "Họ và tên": name, "Số vào sổ": f"{{row - 1:02d}}"}}
    for column, head in enumerate(heads, start=1):
        if head in values: sheet.cell(row, column).value = values[head]
common = {{"Số quyết định": "12/QĐ-HKH", "Ngày quyết định": "27/12/2019", "Phong trào": "công tác khuyến học", "Từ năm": 2015, "Đến năm": 2019}}
for row in book["Chung"].iter_rows(min_row=2):
    title = str(row[0].value).rstrip(" *")
    if title in common: row[1].value = common[title]
book.save(sys.argv[1])
"#
    );
    python(&script, &[&office.path.join("khen.xlsx")]);
    for template in ["giay-khen", "bang-khen", "quyet-dinh-khen-thuong", "so-khen-thuong"] {
        office.must(&["run", "-t", template, "-d", "khen.xlsx", "-o", template]);
    }
    for certificates in ["giay-khen", "bang-khen"] {
        let made = office.documents(certificates);
        assert_eq!(made.len(), NAMES.len());
        for (document, name) in made.iter().zip(NAMES) {
            assert!(document.contains(name), "{document} should be {name}'s: entry numbers follow the list");
        }
    }
    for list in ["quyet-dinh-khen-thuong", "so-khen-thuong"] {
        let text = text_of(&office.path.join(list).join(office.documents(list).remove(0)));
        // Long names wrap inside their cells: the first and last words of each stand in the order of the list.
        let positions: Vec<usize> = ["Chi hội", "Ánh", "Lê Văn Bình", "Châu", "Dung", "Đạt"]
            .iter()
            .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in\n{text}")))
            .collect();
        assert!(positions.is_sorted(), "{list}: {positions:?}\n{text}");
        assert!(text.contains("12/QĐ-HKH"), "{text}");
        let is_decision = list == "quyet-dinh-khen-thuong";
        assert_eq!(text.contains("Danh sách này có 01 (một) tập thể"), is_decision, "a list says how many it holds: {text}");
    }
}

/// Names whose order by tên, đệm, họ differs from that of the list; collectives stay apart and go word by word.
const UNSORTED: &str = "Đối tượng,Danh xưng,Họ và tên,Số vào sổ\nCá nhân,Ông,Nguyễn Văn Ước,01\nTập thể,,Chi hội Thủy Nguyên,02\nCá nhân,Bà,Lê Thị Ánh,03\nCá nhân,Bà,Trần Thị Hả,04\nCá nhân,Ông,Đỗ Văn Há,05\nTập thể,,Chi hội An Bình,06\nCá nhân,Ông,Bùi An,07\n";

const BY_DICTIONARY: [&str; 7] =
    ["Chi hội An Bình", "Chi hội Thủy Nguyên", "Bùi An", "Lê Thị Ánh", "Trần Thị Hả", "Đỗ Văn Há", "Nguyễn Văn Ước"];

/// The names in the order in which they stand in the text of a PDF.
fn order_in(text: &str) -> Vec<&'static str> {
    let mut found: Vec<(usize, &str)> =
        BY_DICTIONARY.iter().map(|name| (text.find(name).unwrap_or_else(|| panic!("{name} is not in\n{text}")), *name)).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).collect()
}

/// Certificates, decision and award book of `UNSORTED`, each as text in the order of its pages.
fn printed(office: &Office, more: &[&str]) -> [String; 3] {
    office.write("d.csv", UNSORTED);
    ["giay-khen", "quyet-dinh-khen-thuong", "so-khen-thuong"].map(|template| {
        let fixed = ["run", "-t", template, "-d", "d.csv", "-o", template, "--merge"];
        let common = ["--set", "so_quyet_dinh=12/QĐ-HKH", "--set", "ngay=27/12/2019", "--set", "phong_trao=công tác khuyến học"];
        let certificate = ["--option", "chu_ten=trang-trong"];
        let certificate = if template == "giay-khen" { &certificate[..] } else { &[] };
        office.must(&[&fixed[..], &common, certificate, more].concat());
        if template == "giay-khen" {
            text_of(&office.path.join("giay-khen/_tat-ca.pdf"))
        } else {
            text_of(&office.path.join(template).join(office.documents(template).remove(0)))
        }
    })
}

#[test]
fn the_order_of_names_is_the_same_on_certificates_decision_and_award_book() {
    let office = Office::with_workspace();
    for text in printed(&office, &["--order", "ten"]) {
        assert_eq!(order_in(&text), BY_DICTIONARY, "{text}");
    }
    // Numbers of records stay those of the list.
    let manifest = String::from_utf8(office.read("giay-khen/_danh-muc.json")).unwrap_or_default();
    let first = manifest.find("Nguyễn Văn Ước").expect("the first of the list");
    assert!(first < manifest.find("Bùi An").expect("the last of the list"), "{manifest}");
}

#[test]
fn the_organisation_chooses_the_order_of_tones_and_the_list_is_the_default_order() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", format!("{config}\n[organisations.hoi.language]\ntone_order = \"school\"\n"));
    let mut by_school = BY_DICTIONARY;
    by_school.swap(4, 5);
    let [certificates, ..] = printed(&office, &["--order", "ten"]);
    assert_eq!(order_in(&certificates), by_school);

    let office = Office::with_workspace();
    let [certificates, ..] = printed(&office, &[]);
    assert_eq!(order_in(&certificates)[..2], ["Nguyễn Văn Ước", "Chi hội Thủy Nguyên"]);
}

#[test]
fn a_batch_file_asks_for_the_order_and_a_wrong_one_is_named() {
    let office = Office::with_workspace();
    office.write("d.csv", UNSORTED);
    let batch = "template = \"giay-khen\"\noutput = \"o\"\norder = \"ten\"\nmerge = true\n[data]\nfile = \"d.csv\"\n[options]\nchu_ten = \"trang-trong\"\n[common]\nso_quyet_dinh = \"12/QĐ-HKH\"\nngay = 2019-12-27\nphong_trao = \"công tác khuyến học\"\n";
    office.write("lo.toml", batch);
    office.must(&["run", "lo.toml"]);
    assert_eq!(order_in(&text_of(&office.path.join("o/_tat-ca.pdf"))), BY_DICTIONARY);
    office.write("lo.toml", batch.replace("\"ten\"", "\"abc\""));
    assert_eq!(
        office.run(&["run", "lo.toml"]).stderr.trim(),
        "lỗi[order-unknown] lo.toml: “abc” không có cách sắp xếp này\n    cách sửa: chọn “danh-sach” (như trong danh sách) hoặc “ten” (theo tên, đệm, họ)"
    );
    assert_eq!(
        office.run(&["check", "-t", "bao-cao", "-d", "d.csv", "--order", "ten"]).stderr.trim(),
        "lỗi[order-template] mẫu “bao-cao” không có danh sách tên để sắp xếp\n    cách sửa: bỏ “order”"
    );
}
