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
    }
}
