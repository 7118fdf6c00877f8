//! Bad input, from the file to the page: a clear error, nothing lost, the other records made. The faults of files
//! themselves are in `data`.

use crate::support::{Office, Said, award_run, people, python, text_of};

/// Certificates from a list that has `rows` below the usual headings.
fn run(office: &Office, rows: &str, more: &[&str]) -> Said {
    office.write("d.csv", format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Số vào sổ\n{rows}"));
    office.run(&award_run("d.csv", "o", more))
}

#[test]
fn all_errors_of_all_rows_are_shown_at_once_with_their_places() {
    let office = Office::with_workspace();
    let said = run(&office, "Người,Ông,Lê Văn An,A,1\nCá nhân,Ông,,B,2\nCá nhân,Ôn,Lê Văn Cử,C,3\n", &[]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[choice-unknown] d.csv, dòng 2, cột “Đối tượng”: bản ghi 1 (Lê Văn An): “Người” không nằm trong các giá trị cho phép của “Đối tượng”
            cách sửa: chỉ được ghi: “Cá nhân”, “Tập thể”, “Gia đình”, “Dòng họ”
        lỗi[required] d.csv, dòng 3, cột “Họ và tên”: bản ghi 2 (B): thiếu “Họ và tên”
            cách sửa: điền “Họ và tên”, ví dụ: Nguyễn Thị Ngọc Ánh
        lỗi[choice-unknown] d.csv, dòng 4, cột “Danh xưng”: bản ghi 3 (Lê Văn Cử): “Ôn” không nằm trong các giá trị cho phép của “Danh xưng”
            cách sửa: có phải “Ông”? chỉ được ghi: “Ông”, “Bà”, “Anh”, “Chị”, “Em”, “Cháu”, “Thầy”, “Cô”, “Đồng chí”
    "#]].assert_eq(&said.stderr);
    assert!(office.documents("o").is_empty());
}

#[test]
fn a_misspelt_column_is_named_with_the_one_that_was_meant() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1).replace("Họ và tên", "Họ và tênn"));
    let said = office.run(&award_run("d.csv", "o", &[]));
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[column-missing] d.csv, dòng 1: thiếu cột bắt buộc “Họ và tên”
            cách sửa: có phải cột “Họ và tênn”? nếu phải, đổi tiêu đề thành “Họ và tên”
    "#]]
    .assert_eq(&said.stderr);
}

#[test]
fn repeated_people_are_reported_and_still_made() {
    let office = Office::with_workspace();
    let said = run(&office, "Cá nhân,Ông,Lê Văn An,A,1\nCá nhân,Ông,Lê  văn an,A,2\n", &[]);
    assert_eq!(said.code, 0);
    expect_test::expect![[r#"
        cảnh báo[duplicate] d.csv, dòng 3, cột “Họ và tên”: bản ghi 2 (Lê văn an): trùng với bản ghi 1 (dòng 2)
            cách sửa: xóa một dòng nếu là cùng một người
    "#]]
    .assert_eq(&said.stderr);
    assert_eq!(office.documents("o").len(), 2);
}

#[test]
fn hostile_text_is_printed_as_it_is() {
    let office = Office::with_workspace();
    let hostile = [
        r##"#read("/etc/passwd")"##,
        "] * $ _ \\ <label> @ref // /*",
        "{{so}} {{{x}}} {{> y}}",
        "<script>alert(1)</script>",
        "= Tiêu đề",
        "$ x^2 $ `raw`",
    ];
    let rows: String =
        hostile.iter().enumerate().map(|(index, text)| format!("Tập thể,,\"{}\",A,{index}\n", text.replace('"', "\"\""))).collect();
    let said = run(&office, &rows, &["--name", "{{so}}"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    for (index, text) in hostile.iter().enumerate() {
        let page = text_of(&office.path.join(format!("o/{index}.pdf")));
        let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert!(squeezed(&page).contains(&squeezed(text)), "{text} is not in\n{page}");
    }
}

#[test]
fn a_character_that_no_font_has_is_an_error_before_anything_is_printed() {
    let office = Office::with_workspace();
    let said = run(&office, "Cá nhân,Ông,Lê Văn An 漢,A,1\n", &[]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[glyph-not-covered] d.csv, dòng 2, cột “Họ và tên”: bản ghi 1 (Lê Văn An 漢): “Lê Văn An 漢” ký tự “漢” (U+6F22) không có trong phông của mẫu (Great Vibes)
            cách sửa: thay ký tự này bằng chữ thường dùng
    "#]].assert_eq(&said.stderr);
    assert!(office.documents("o").is_empty());
}

#[test]
fn a_hundred_thousand_marks_and_two_megabytes_in_a_cell_are_errors_at_the_cell() {
    let office = Office::with_workspace();
    let rows =
        format!("Cá nhân,Ông,Le{} An,A,1\nCá nhân,Ông,{},B,2\nCá nhân,Ông,Lê Văn Cử,C,3\n", "\u{301}".repeat(100_000), "a".repeat(2 << 20));
    let said = run(&office, &rows, &["--only-valid"]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[marks-too-many] d.csv, dòng 2, cột “Họ và tên”: bản ghi 1 (A): “Lé” có hơn 8 dấu chồng lên một chữ, không phải chữ viết
            cách sửa: xoá ô và gõ lại
        lỗi[cell-too-long] d.csv, dòng 3, cột “Họ và tên”: bản ghi 2 (B): “aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…” dài quá 32767 ký tự, giới hạn của một ô
            cách sửa: kiểm tra xem có dán nhầm vào ô này không
    "#]].assert_eq(&said.stderr);
    assert_eq!(office.documents("o"), ["3-Lê Văn Cử.pdf"]);
}

#[test]
fn recipients_called_con_or_a_path_get_safe_files() {
    let office = Office::with_workspace();
    let said = run(&office, "Tập thể,,CON,A,\nTập thể,,../../x,B,\nTập thể,,NUL.txt,C,\n", &["--name", "{{ho_ten}}"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(office.documents("o"), ["_CON.pdf", "_NUL.txt.pdf", "x.pdf"]);
}

#[test]
fn a_name_too_long_for_its_field_is_an_error_and_the_others_are_made() {
    let office = Office::with_workspace();
    let long = "NGUYỄN PHÚC TÔN NỮ HOÀNG THỊ DIỄM THÚY QUỲNH NHƯ KHÁNH VÂN ANH THƯ NGỌC BẢO TRÂM HỒNG HẠNH MỸ DUYÊN PHƯƠNG THẢO MAI";
    let said = run(&office, &format!("Cá nhân,Ông,Lê Văn An,A,1\nCá nhân,Bà,{long},B,2\n"), &[]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[overflow] bản ghi 2 (NGUYỄN PHÚC TÔN NỮ HOÀNG THỊ DIỄM THÚY QUỲNH NHƯ KHÁNH VÂN ANH THƯ NGỌC BẢO TRÂM HỒNG HẠNH MỸ DUYÊN PHƯƠNG THẢO MAI): Tên người hoặc tập thể được khen quá dài: không vừa ô trên chứng nhận dù đã thu nhỏ đến cỡ 21 pt.
            cách sửa: rút gọn hoặc viết tắt nội dung này
    "#]].assert_eq(&said.stderr);
    assert_eq!(office.documents("o"), ["1-Lê Văn An.pdf"]);
}

#[test]
fn an_unbreakable_word_does_not_run_off_the_page() {
    let office = Office::with_workspace();
    let said = run(&office, &format!("Tập thể,,X{},A,1\n", "x".repeat(109)), &[]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.starts_with("lỗi[overflow] bản ghi 1"), "{}", said.stderr);
}

#[test]
fn a_picture_that_is_no_picture_is_named() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", config.replace("place =", "emblem = \"logo.png\"\nplace ="));
    office.write("logo.png", "không phải hình");
    let said = run(&office, "Cá nhân,Ông,Lê Văn An,A,1\n", &[]);
    assert_eq!(said.code, 1);
    assert_eq!(said.stderr.trim(), "lỗi[picture-kind] logo.png: không phải hình PNG, JPEG hay SVG");
}

#[test]
fn an_unknown_option_or_organisation_or_standard_names_what_there_is() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    let said = |more: &[&str]| office.run(&award_run("d.csv", "o", more)).stderr;
    assert!(
        said(&["--option", "mau=senn"])
            .starts_with("lỗi[option-value] “senn” không phải giá trị của tùy chọn “mau”\n    cách sửa: chọn một trong: sen, ")
    );
    assert!(said(&["--option", "mauu=sen"]).starts_with("lỗi[option-unknown] mẫu “giay-khen” không có tùy chọn “mauu”"));
    assert_eq!(
        said(&["--organisation", "hoii"]).trim(),
        "lỗi[organisation-unknown] “hoii” vanthu.toml không có tổ chức này\n    cách sửa: có phải “hoi”?"
    );
    assert!(said(&["--standard", "a-2c"]).starts_with("lỗi[standard-unknown] “a-2c” không có chuẩn PDF này\n    cách sửa: có phải “a-2"));
}

#[test]
fn a_field_that_the_template_lacks_is_named_wherever_it_is_given() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    let said = office.run(&award_run("d.csv", "o", &["--set", "ngayy=1", "--column", "la=Lạ"]));
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("“ngayy” mẫu không có trường này\n    cách sửa: có phải “ngay”?"), "{}", said.stderr);
    assert_eq!(said.stderr.matches("lỗi[field-unknown]").count(), 2, "{}", said.stderr);
}

#[test]
fn a_certificate_without_any_achievement_says_which_fields_would_do() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    let said = office.run(&["check", "-t", "giay-khen", "-d", "d.csv", "--set", "so_quyet_dinh=1/QĐ-HKH", "--set", "ngay=27/12/2019"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("cần điền ít nhất một trong: “") && said.stderr.contains("“Phong trào”"), "{}", said.stderr);
}

#[test]
fn a_name_in_capitals_is_not_set_in_a_script_face() {
    let office = Office::with_workspace();
    run(&office, "Cá nhân,Ông,LÊ VĂN CƯỜNG,A,1\nCá nhân,Ông,Lê Văn Cường,B,2\n", &["--name", "{{so}}"]);
    let faces = |file: &str| crate::support::foreign("pdffonts", &[office.path.join("o").join(file)]);
    assert!(!faces("1.pdf").contains("GreatVibes") && faces("2.pdf").contains("GreatVibes"));
}

#[test]
fn text_in_no_encoding_that_can_be_told_is_an_error_at_its_cell_and_the_others_are_made() {
    let office = Office::with_workspace();
    let said = run(&office, "Cá nhân,Ông,Lê Văn An,A,1\nCá nhân,Ông,n¨m q¶x,B,2\nCá nhân,Ông,Trần Văn Bình,C,3\n", &["--only-valid"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr.trim(),
        "lỗi[text-unreadable] d.csv, dòng 3, cột “Họ và tên”: bản ghi 2 (B): “n¨m q¶x” có ký hiệu lạ giữa chữ (“n¨m”), không rõ theo bảng mã nào\n    cách sửa: chữ gõ bằng phông cũ (.VnTime, VNI…): đổi sang Unicode rồi dán lại, hoặc gõ lại ô này"
    );
    assert_eq!(office.documents("o"), ["1-Lê Văn An.pdf", "3-Trần Văn Bình.pdf"]);
}

#[test]
fn a_column_that_is_missing_and_the_faults_of_the_rows_are_shown_together() {
    let office = Office::with_workspace();
    office.write("d.csv", "Danh xưng,Họ và tên,Đơn vị,Số vào sổ\nÔn,Lê Văn An,A,1\nBà,Trần Thị 漢,B,2\nBà,,C,3\n");
    let said = office.run(&award_run("d.csv", "o", &["--only-valid"]));
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[column-missing] d.csv, dòng 1: thiếu cột bắt buộc “Đối tượng”
            cách sửa: thêm cột có tiêu đề “Đối tượng”
        lỗi[choice-unknown] d.csv, dòng 2, cột “Danh xưng”: bản ghi 1 (Lê Văn An): “Ôn” không nằm trong các giá trị cho phép của “Danh xưng”
            cách sửa: có phải “Ông”? chỉ được ghi: “Ông”, “Bà”, “Anh”, “Chị”, “Em”, “Cháu”, “Thầy”, “Cô”, “Đồng chí”
        lỗi[glyph-not-covered] d.csv, dòng 3, cột “Họ và tên”: bản ghi 2 (Trần Thị 漢): “Trần Thị 漢” ký tự “漢” (U+6F22) không có trong phông của mẫu (Great Vibes)
            cách sửa: thay ký tự này bằng chữ thường dùng
        lỗi[required] d.csv, dòng 4, cột “Họ và tên”: bản ghi 3 (C): thiếu “Họ và tên”
            cách sửa: điền “Họ và tên”, ví dụ: Nguyễn Thị Ngọc Ánh
    "#]].assert_eq(&said.stderr);
    assert!(office.documents("o").is_empty());
}

/// A workbook for the award template: the rows below its headings, then what more is done to the sheet.
fn award_workbook(office: &Office, rows: &str, more: &str) {
    let script = format!(
        r#"
import sys, datetime, openpyxl
from openpyxl.styles import numbers
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Đợt 1"
sheet.append(["STT", "Đối tượng", "Danh xưng", "Họ và tên", "Đơn vị", "Số vào sổ"])
for row in {rows}:
    sheet.append(row)
{more}
book.save(sys.argv[1])
"#
    );
    python(&script, &[&office.path.join("d.xlsx")]);
}

#[test]
fn only_the_rows_under_merged_cells_are_left_out() {
    let office = Office::with_workspace();
    let rows = r#"[[1, "Cá nhân", "Ông", "Lê Văn An", "Quận 1", "01"], [2, "Cá nhân", "Bà", "Trần Thị Bình", None, "02"], [3, "Cá nhân", "Ông", "Lý Văn Cúc", "Quận 3", "03"]]"#;
    award_workbook(&office, rows, r#"sheet.merge_cells("E2:E3")"#);
    let said = office.run(&award_run("d.xlsx", "o", &["--only-valid"]));
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[cells-merged] d.xlsx, 'Đợt 1'!E2: bản ghi 1 (Lê Văn An): các ô E2:E3 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
            cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
        lỗi[cells-merged] d.xlsx, 'Đợt 1'!E3: bản ghi 2 (Trần Thị Bình): các ô E2:E3 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
            cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
    "#]]
    .assert_eq(&said.stderr);
    assert_eq!(office.documents("o"), ["03-Lý Văn Cúc.pdf"]);
}

#[test]
fn a_wrong_common_value_is_shown_once_with_its_cell() {
    let office = Office::with_workspace();
    let rows = r#"[[n, "Cá nhân", "Ông", "Lê Văn An", f"Quận {n}", str(n)] for n in range(1, 40)]"#;
    award_workbook(
        &office,
        rows,
        r#"
common = book.create_sheet("Chung")
for line in [["Số quyết định", "1/QĐ"], ["Ngày quyết định", datetime.date(2026, 3, 5)], ["Phong trào", "漢"], ["Từ năm", 2026], ["Đến năm", 2024]]:
    common.append(line)
"#,
    );
    let said = office.run(&["check", "-t", "giay-khen", "-d", "d.xlsx"]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[period-reversed] d.xlsx, Chung!B5: “2024” của “Đến năm” đứng trước “Từ năm” (2026)
            cách sửa: sửa một trong hai; có thể đã ghi ngược
        lỗi[glyph-not-covered] d.xlsx, Chung!B3: “漢” ký tự “漢” (U+6F22) không có trong phông của mẫu (Playfair Display, Liberation Serif, DejaVu Sans)
            cách sửa: thay ký tự này bằng chữ thường dùng
    "#]].assert_eq(&said.stderr);
}

#[test]
fn names_without_capitals_or_with_capitals_inside_are_pointed_out() {
    let office = Office::with_workspace();
    let said = run(
        &office,
        "Cá nhân,Ông,nguyễn văn an,A,1\nCá nhân,Ông,NGuyễn VĂn Bình,B,2\nTập thể,,Hội Khuyến học quận 1,C,3\nCá nhân,Ông,LÊ VĂN CỬ,D,4\nCá nhân,Ông,H'Hen McDonald,E,5\n",
        &[],
    );
    assert_eq!(said.code, 0, "{}", said.stderr);
    expect_test::expect![[r#"
        cảnh báo[name-capitals] d.csv, dòng 2, cột “Họ và tên”: bản ghi 1 (nguyễn văn an): “nguyễn văn an” viết hoa chưa đúng cách
            cách sửa: nếu là tên riêng, ghi “Nguyễn Văn An”
        cảnh báo[name-capitals] d.csv, dòng 3, cột “Họ và tên”: bản ghi 2 (NGuyễn VĂn Bình): “NGuyễn VĂn Bình” viết hoa chưa đúng cách
            cách sửa: nếu là tên riêng, ghi “Nguyễn Văn Bình”
    "#]]
    .assert_eq(&said.stderr);
}

#[test]
fn a_corrected_cell_leaves_the_others_as_they_were() {
    let office = Office::with_workspace();
    office.must(&["template", "new", "khen-rieng", "--from", "giay-khen"]);
    let contract = String::from_utf8(office.read("mau/khen-rieng/contract.json")).expect("text");
    let more = r#""properties": {
    "ngay_sinh": {"type": "string", "format": "date", "maxLength": 10, "title": "Ngày sinh", "description": "Ngày sinh.", "examples": ["1960-03-05"]},
    "so_tien": {"type": "string", "format": "money", "maxLength": 20, "title": "Tiền thưởng", "description": "Tiền.", "examples": ["500000"]},"#;
    office.write("mau/khen-rieng/contract.json", contract.replacen("\"properties\": {", more, 1));
    python(
        r#"
import sys, datetime, openpyxl
for path, subject, born in ((sys.argv[1], "Người", 21980), (sys.argv[2], "Cá nhân", datetime.date(1960, 3, 5))):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Đợt 1"
    sheet.append(["STT", "Đối tượng", "Danh xưng", "Họ và tên", "Ngày sinh", "Số vào sổ", "Tiền thưởng", "Đơn vị"])
    sheet.append([1, subject, "Ông", "Lê Văn An", datetime.date(1985, 12, 1), "00123", 1250000, datetime.date(2026, 12, 5)])
    sheet.append([2, "Cá nhân", "Bà", "Trần Thị Bình", datetime.date(1990, 2, 3), "00124", 300000.5 * 2, "Quận 2"])
    sheet.append([3, "Cá nhân", "Bà", "Lý Thị Cúc", born, 125, 700000, "Quận 3"])
    for row in (2, 3, 4):
        for column in ("E", "H"):
            if isinstance(sheet[f"{column}{row}"].value, datetime.date):
                sheet[f"{column}{row}"].number_format = "yyyy-mm-dd"
    book.save(path)
"#,
        &[&office.path.join("sai.xlsx"), &office.path.join("dung.xlsx")],
    );
    let made = |data: &str, out: &str, more: &[&str]| {
        let mut arguments = award_run(data, out, more);
        arguments[2] = "khen-rieng";
        arguments.extend(["--name", "{{so}}-{{ngay_sinh}}-{{so_tien}}-{{don_vi}}"]);
        office.run(&arguments)
    };
    let right = made("dung.xlsx", "dung", &[]);
    assert_eq!(right.code, 0, "{}", right.stderr);
    let first = made("sai.xlsx", "o", &["--only-valid", "--sheet", "Đợt 1"]);
    let correction = office.path.join("o/_can-sua.xlsx");
    let types = r#"
import sys, openpyxl
sheet = openpyxl.load_workbook(sys.argv[1])["Đợt 1"]
for row in sheet.iter_rows(min_row=2, max_col=8):
    print(" | ".join(f"{cell.value} {cell.data_type} {cell.number_format}" for cell in row))
"#;
    expect_test::expect![[r#"
        1 n General | Người s @ | Ông s @ | Lê Văn An s @ | 1985-12-01 00:00:00 d dd/mm/yyyy | 00123 s @ | 1250000 n General | 2026-12-05 00:00:00 d dd/mm/yyyy
        3 n General | Cá nhân s @ | Bà s @ | Lý Thị Cúc s @ | 21980 n General | 125 n General | 700000 n General | Quận 3 s @
    "#]].assert_eq(&python(types, &[&correction]));
    let again = made("o/_can-sua.xlsx", "nua", &["--sheet", "Đợt 1"]);
    let without_places = |said: &Said| said.stderr.replace("sai.xlsx", "_can-sua.xlsx").replace("!E4: bản ghi 3", "!E3: bản ghi 2");
    assert_eq!(without_places(&again), without_places(&first), "the second try says what the first said, hints included");
    python(
        r#"
import sys, datetime, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book["Đợt 1"]
sheet["B2"].value = "Cá nhân"
sheet["E3"].value = datetime.datetime(1960, 3, 5)
book.save(sys.argv[2])
"#,
        &[&correction, &office.path.join("sua.xlsx")],
    );
    let corrected = made("sua.xlsx", "o2", &["--sheet", "Đợt 1"]);
    assert_eq!(corrected.code, 0, "{}", corrected.stderr);
    let mut files = [office.documents("o"), office.documents("o2")].concat();
    files.sort();
    assert_eq!(files, office.documents("dung"));
    for file in &files {
        let folder = if office.documents("o").contains(file) { "o" } else { "o2" };
        assert!(office.read(&format!("{folder}/{file}")) == office.read(&format!("dung/{file}")), "{file} differs");
    }
}

#[test]
fn what_every_row_lacks_is_shown_once_and_does_not_hide_the_other_faults() {
    let office = Office::with_workspace();
    let mut rows: String = (1..100).map(|n| format!("Cá nhân,Ông,Lê Văn An {n},A,{n}\n")).collect();
    rows.push_str("Người,Ông,Lê Văn Cử,A,100\n");
    office.write("d.csv", format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Số vào sổ\n{rows}"));
    let said = office.run(&["check", "-t", "giay-khen", "-d", "d.csv", "--set", "so_quyet_dinh=1/QĐ-HKH", "--set", "ngay=27/12/2019"]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[one-of-required] d.csv: cần điền ít nhất một trong: “Thành tích”, “Danh hiệu”, “Phong trào”
            cách sửa: điền “Phong trào”, ví dụ: phong trào thi đua và nhân điển hình tiên tiến
        lỗi[choice-unknown] d.csv, dòng 101, cột “Đối tượng”: bản ghi 100 (Lê Văn Cử): “Người” không nằm trong các giá trị cho phép của “Đối tượng”
            cách sửa: chỉ được ghi: “Cá nhân”, “Tập thể”, “Gia đình”, “Dòng họ”
    "#]].assert_eq(&said.stderr);
}

#[test]
fn many_warnings_do_not_crowd_out_an_error() {
    let office = Office::with_workspace();
    let mut rows: String = (1..100).map(|n| format!("Cá nhân,Ông,lê văn an {n},A,{n}\n")).collect();
    rows.push_str("Người,Ông,Lê Văn Cử,A,100\n");
    let said = run(&office, &rows, &[]);
    assert!(said.stderr.contains("lỗi[choice-unknown] d.csv, dòng 101"), "{}", said.stderr);
}
