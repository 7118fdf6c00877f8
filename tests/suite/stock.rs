//! Certificates on pre-printed stock: the right words at the right place, nothing that is printed already.

use crate::support::{Office, award_run, foreign, info_of, people, python, text_of};

const STOCK: &str = r##"
[stocks.phoi]
title = "Phôi thử"
width_mm = 280
height_mm = 200
preprinted = ["khung", "bieu_trung", "quoc_hieu", "co_quan", "tieu_de"]
[stocks.phoi.fields.ho_ten]
x = 50
y = 90
width = 180
height = 18
size = 30
min_size = 18
font = "Charm"
colour = "#102a6b"

[printers.may]
offset_x_mm = 2.0
offset_y_mm = -1.5
"##;

fn office(stock: &str) -> Office {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", config + stock);
    office.write("d.csv", people(1));
    office
}

/// Left and top of a word of the page in points, read by pdfplumber.
fn position(office: &Office, out: &str, word: &str) -> (f64, f64) {
    let document = office.documents(out).remove(0);
    let script = format!(
        "import sys,pdfplumber\nfor w in pdfplumber.open(sys.argv[1]).pages[0].extract_words():\n  if w['text']=='{word}': print(w['x0'], w['top']); break"
    );
    let said = python(&script, &[&office.path.join(out).join(document)]);
    let (x, y) = said.trim().split_once(' ').unwrap_or_else(|| panic!("{word} is not on the page"));
    (x.parse().expect("a number"), y.parse().expect("a number"))
}

#[test]
fn the_overprint_has_only_what_the_stock_lacks_on_a_sheet_of_its_size() {
    let office = office(STOCK);
    office.must(&award_run("d.csv", "o", &["--stock", "phoi", "--overprint"]));
    let document = office.path.join("o").join(office.documents("o").remove(0));
    assert_eq!(info_of(&document, "Page size"), "793.701 x 566.929 pts");
    let text = text_of(&document);
    assert!(text.contains("Nguyễn Văn An") && text.contains("ngày 27 tháng 12 năm 2019"), "{text}");
    for printed in ["GIẤY KHEN", "CỘNG HÒA", "HỘI KHUYẾN HỌC"] {
        assert!(!text.contains(printed), "{printed} stands on the stock already");
    }
    assert!(foreign("pdffonts", &[&document]).contains("Charm"), "the field's own font");
}

#[test]
fn the_full_picture_of_the_same_record_has_everything() {
    let office = office(STOCK);
    office.must(&award_run("d.csv", "o", &["--stock", "phoi"]));
    let text = text_of(&office.path.join("o").join(office.documents("o").remove(0)));
    for part in ["GIẤY KHEN", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Nguyễn Văn An"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_printers_offset_moves_the_overprint_by_tenths_of_a_millimetre() {
    let office = office(STOCK);
    office.must(&award_run("d.csv", "plain", &["--stock", "phoi", "--overprint"]));
    office.must(&award_run("d.csv", "moved", &["--stock", "phoi", "--overprint", "--printer", "may"]));
    let (x0, y0) = position(&office, "plain", "Nguyễn");
    let (x1, y1) = position(&office, "moved", "Nguyễn");
    let to_mm = 25.4 / 72.0;
    assert!(((x1 - x0) * to_mm - 2.0).abs() < 0.05, "{}", (x1 - x0) * to_mm);
    assert!(((y1 - y0) * to_mm + 1.5).abs() < 0.05, "{}", (y1 - y0) * to_mm);
}

#[test]
fn a_field_outside_its_stock_is_an_error_before_anything_renders() {
    let office = office(&STOCK.replace("x = 50", "x = 150"));
    let said = office.run(&award_run("d.csv", "o", &["--stock", "phoi"]));
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr.trim(),
        "lỗi[stock-field-outside] vanthu.toml [stocks.phoi.fields.ho_ten]: trường “ho_ten” nằm ngoài phôi 280 × 200 mm\n    cách sửa: sửa x, y, width, height (mm, tính từ góc trên bên trái)"
    );
}

#[test]
fn every_mistake_in_a_stock_is_named_with_what_is_allowed() {
    let office = office(&STOCK.replace("fields.ho_ten", "fields.ho_tenn").replace("\"khung\",", "\"khungg\",").replace("#102a6b", "xanh"));
    let said = office.run(&["template", "list"]);
    assert_eq!(said.code, 1);
    for part in [
        "lỗi[stock-preprinted] vanthu.toml [stocks.phoi]: “preprinted” không nhận “khungg”",
        "lỗi[stock-field] vanthu.toml [stocks.phoi.fields.ho_tenn]: phôi không có trường “ho_tenn”\n    cách sửa: có phải “ho_ten”?",
        "“xanh” colour phải có dạng #rrggbb",
    ] {
        assert!(said.stderr.contains(part), "{part}\n{}", said.stderr);
    }
}

#[test]
fn a_name_too_long_for_its_field_at_the_smallest_size_is_an_error() {
    let office = office(&STOCK.replace("width = 180", "width = 15").replace("height = 18", "height = 9"));
    let said = office.run(&award_run("d.csv", "o", &["--stock", "phoi"]));
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[overflow] bản ghi 1 (Nguyễn Văn An): Tên người hoặc tập thể quá dài: không vừa ô trên chứng nhận dù đã thu nhỏ đến cỡ 18 pt.
            cách sửa: rút gọn hoặc viết tắt nội dung này
    "#]]
    .assert_eq(&said.stderr);
}

#[test]
fn an_unknown_stock_or_printer_or_a_template_without_stock_is_named() {
    let office = office(STOCK);
    let said = |arguments: &[&str]| office.run(&award_run("d.csv", "o", arguments)).stderr;
    assert_eq!(
        said(&["--stock", "phoii"]).trim(),
        "lỗi[not-declared] “phoii” chưa khai báo trong vanthu.toml\n    cách sửa: có phải “phoi”?"
    );
    assert!(said(&["--stock", "phoi", "--overprint", "--printer", "x"]).contains("cách sửa: thêm [printers.x]"));
    assert!(said(&["--overprint"]).starts_with("lỗi[stock-missing] in lên phôi cần tên phôi"));
    office.write("d.json", "{}");
    let said = office.run(&["run", "-t", "bao-cao", "-d", "d.json", "-o", "o", "--stock", "phoi"]).stderr;
    assert_eq!(said.trim(), "lỗi[stock-template] mẫu “bao-cao” không in lên phôi");
}

#[test]
fn the_calibration_sheet_shows_the_fields_of_a_stock() {
    let office = office(STOCK);
    office.must(&["preview", "to-can-chinh", "--stock", "phoi", "--out", "x"]);
    let text = text_of(&office.path.join("x").join(office.documents("x").remove(0)));
    assert!(text.contains("TỜ CĂN CHỈNH") && text.contains("Phôi thử") && text.contains("ho_ten"), "{text}");
}
