//! The wrong data files that offices give, through the program: the whole of what a person sees, in both languages.
//! (`data` holds the reader's own, wider tests.)

use expect_test::{Expect, expect};

use crate::support::{Office, award_run, python, whole};

const HEADINGS: &str = "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Số vào sổ\n";

/// Gives `bytes` as the file `name` to a run of certificates, which must say `expected` and make nothing.
fn check(name: &str, bytes: impl AsRef<[u8]>, expected: Expect) {
    let office = Office::with_workspace();
    office.write(name, bytes);
    refused(&office, name, expected);
}

fn refused(office: &Office, name: &str, expected: Expect) {
    expected.assert_eq(&whole(office, &award_run(name, "o", &[])));
    assert!(office.documents("o").is_empty());
}

/// A workbook `d.xlsx` of certificates, changed by `script` (`sheet` is its only sheet), with two rows.
fn workbook(script: &str) -> Office {
    let office = Office::with_workspace();
    python(
        &format!(
            r#"
import sys, openpyxl
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Sheet1"
sheet.append(["Đối tượng", "Danh xưng", "Họ và tên", "Đơn vị", "Số vào sổ"])
sheet.append(["Cá nhân", "Ông", "Lê Văn An", "Chi hội 1", "01"])
sheet.append(["Cá nhân", "Bà", "Lê Thị Bình", "Chi hội 2", "02"])
{script}
book.save(sys.argv[1])
"#
        ),
        &[&office.path.join("d.xlsx")],
    );
    office
}

#[test]
fn an_empty_file() {
    check(
        "d.csv",
        "",
        expect![[r#"
            [vi 1]
            lỗi[data-empty] d.csv: tệp rỗng
                cách sửa: kiểm tra xem có chọn nhầm tệp không
            [en 1]
            error[data-empty] d.csv: the file is empty
                remedy: check whether it is the right file
        "#]],
    );
}

#[test]
fn a_heading_without_rows() {
    check(
        "d.csv",
        HEADINGS,
        expect![[r#"
        [vi 1]
        lỗi[data-empty] d.csv, dòng 1: chỉ có dòng tiêu đề, chưa có bản ghi nào
            cách sửa: ghi mỗi bản ghi một dòng dưới dòng tiêu đề
        [en 1]
        error[data-empty] d.csv, line 1: has headings but no record
            remedy: write one record in each row below the headings
    "#]],
    );
}

#[test]
fn an_unclosed_quote() {
    check(
        "d.csv",
        format!("{HEADINGS}Cá nhân,Ông,Lê Văn An,A,1\nCá nhân,Ông,\"Lê Văn Bình,B,2\n"),
        expect![[r#"
        [vi 1]
        lỗi[quote-unclosed] d.csv, dòng 3: dấu nháy kép mở ở dòng này không được đóng
            cách sửa: thêm dấu nháy đóng; dấu nháy nằm trong ô phải viết hai lần ("")
        [en 1]
        error[quote-unclosed] d.csv, line 3: the double quote opened on this line is never closed
            remedy: add the closing quote; a quote inside a cell is written twice ("")
    "#]],
    );
}

#[test]
fn ragged_rows() {
    check(
        "d.csv",
        format!("{HEADINGS}Cá nhân,Ông,Lê Văn An\nCá nhân,Ông,Lê Văn Bình,B,2,thừa\n"),
        expect![[r#"
        [vi 1]
        lỗi[row-ragged] d.csv, dòng 2: bản ghi 1 (12/QĐ-HKH): dòng có 3 ô, tiêu đề có 5 cột
            cách sửa: bổ sung ô còn thiếu; ô trống cũng phải có dấu phân cách
        lỗi[row-ragged] d.csv, dòng 3: bản ghi 2 (12/QĐ-HKH): dòng có 6 ô, tiêu đề có 5 cột
            cách sửa: nếu trong một ô có dấu phân cách, đặt cả ô đó trong dấu nháy kép "…"
        0 bản ghi đúng, 2 bản ghi sai.
        Các dòng cần sửa: o/_can-sua.xlsx; sửa trong danh sách gốc, hoặc sửa ngay tệp đó rồi làm vào thư mục khác (--out).
        Chưa tạo văn bản nào. Sửa dữ liệu rồi chạy lại, hoặc thêm --only-valid để làm các dòng đúng.
        [en 1]
        error[row-ragged] d.csv, line 2: record 1 (12/QĐ-HKH): the row has 3 cells, the headings 5 columns
            remedy: add the missing cells; an empty cell needs its separator too
        error[row-ragged] d.csv, line 3: record 2 (12/QĐ-HKH): the row has 6 cells, the headings 5 columns
            remedy: if a cell contains the separator, put the whole cell in double quotes "…"
        0 valid records, 2 invalid.
        Rows to correct: o/_can-sua.xlsx; correct the list itself, or that file and make it into another folder (--out).
        No document was made. Correct the data and run again, or add --only-valid to go on with the valid rows.
    "#]],
    );
}

#[test]
fn a_heading_that_stands_twice() {
    check(
        "d.csv",
        "Họ và tên,Đơn vị,HỌ VÀ TÊN\nAn,A,Bình\n",
        expect![[r#"
        [vi 1]
        lỗi[heading-duplicate] d.csv, dòng 1, cột “HỌ VÀ TÊN”: cột A (“Họ và tên”) và cột C (“HỌ VÀ TÊN”) cùng là “Họ và tên”
            cách sửa: xoá hoặc đổi tên một trong hai cột
        lỗi[column-missing] d.csv, dòng 1: thiếu cột bắt buộc “Đối tượng”
            cách sửa: thêm cột có tiêu đề “Đối tượng”
        [en 1]
        error[heading-duplicate] d.csv, line 1, column “HỌ VÀ TÊN”: the columns A (“Họ và tên”) and C (“HỌ VÀ TÊN”) are both “Họ và tên”
            remedy: delete or rename one of the two columns
        error[column-missing] d.csv, line 1: the required column “Đối tượng” is missing
            remedy: add a column with the heading “Đối tượng”
    "#]],
    );
}

#[test]
fn a_date_that_no_calendar_has() {
    check(
        "d.csv",
        "Đối tượng,Danh xưng,Họ và tên,Ngày quyết định\nCá nhân,Ông,Lê Văn An,31/02/2026\nCá nhân,Ông,Lê Văn Bình,27/12/2019\n",
        expect![[r#"
            [vi 1]
            lỗi[date-not-real] d.csv, dòng 2, cột “Ngày quyết định”: bản ghi 1 (Lê Văn An): “31/02/2026” không phải ngày có thật
                cách sửa: tháng 02 năm 2026 chỉ có 28 ngày; ghi ngày/tháng/năm
            1 bản ghi đúng, 1 bản ghi sai.
            Các dòng cần sửa: o/_can-sua.xlsx; sửa trong danh sách gốc, hoặc sửa ngay tệp đó rồi làm vào thư mục khác (--out).
            Chưa tạo văn bản nào. Sửa dữ liệu rồi chạy lại, hoặc thêm --only-valid để làm các dòng đúng.
            [en 1]
            error[date-not-real] d.csv, line 2, column “Ngày quyết định”: record 1 (Lê Văn An): “31/02/2026” is not a real date
                remedy: month 02 of 2026 has 28 days; write day/month/year
            1 valid record, 1 invalid.
            Rows to correct: o/_can-sua.xlsx; correct the list itself, or that file and make it into another folder (--out).
            No document was made. Correct the data and run again, or add --only-valid to go on with the valid rows.
        "#]],
    );
}

#[test]
fn invalid_utf_8() {
    check(
        "d.csv",
        [HEADINGS.as_bytes(), b"C\xE1 nh\xE2n,\xD4ng,L\xEA V\xC3\xA2n An,A,1\n"].concat(),
        expect![[r#"
        [vi 1]
        lỗi[utf8-invalid] d.csv, dòng 2: byte thứ 69 của tệp (0xE1) không phải UTF-8
            cách sửa: mở tệp gốc bằng Excel, chọn Lưu thành > CSV UTF-8 (hoặc lưu thẳng .xlsx)
        [en 1]
        error[utf8-invalid] d.csv, line 2: byte 69 of the file (0xE1) is not UTF-8
            remedy: open the original in Excel and choose Save As > CSV UTF-8 (or save it as .xlsx)
    "#]],
    );
}

#[test]
fn json_a_hundred_thousand_levels_deep() {
    check(
        "d.json",
        "[".repeat(100_000),
        expect![[r#"
            [vi 1]
            lỗi[json-too-deep] d.json, dòng 1: lồng nhau quá nhiều tầng
                cách sửa: ghi mỗi bản ghi là một đối tượng { … } có các trường của mẫu; xem “vanthu template show”
            [en 1]
            error[json-too-deep] d.json, line 1: is nested too deeply
                remedy: write each record as an object { … } with the fields of the template; see `vanthu template show`
        "#]],
    );
}

#[test]
fn a_formula_without_value() {
    refused(
        &workbook("sheet['C3'] = '=A3&B3'"),
        "d.xlsx",
        expect![[r#"
        [vi 1]
        lỗi[formula-uncalculated] d.xlsx, Sheet1!C3: bản ghi 2 (Chi hội 2): ô “Họ và tên” là công thức chưa được tính nên không có giá trị
            cách sửa: mở tệp bằng Excel rồi lưu lại
        1 bản ghi đúng, 1 bản ghi sai.
        Các dòng cần sửa: o/_can-sua.xlsx; sửa trong danh sách gốc, hoặc sửa ngay tệp đó rồi làm vào thư mục khác (--out).
        Chưa tạo văn bản nào. Sửa dữ liệu rồi chạy lại, hoặc thêm --only-valid để làm các dòng đúng.
        [en 1]
        error[formula-uncalculated] d.xlsx, Sheet1!C3: record 2 (Chi hội 2): the cell “Họ và tên” is a formula that was never calculated and has no value
            remedy: open the file in Excel and save it again
        1 valid record, 1 invalid.
        Rows to correct: o/_can-sua.xlsx; correct the list itself, or that file and make it into another folder (--out).
        No document was made. Correct the data and run again, or add --only-valid to go on with the valid rows.
    "#]],
    );
}

#[test]
fn merged_cells() {
    refused(
        &workbook("sheet.merge_cells('D2:D3')"),
        "d.xlsx",
        expect![[r#"
            [vi 1]
            lỗi[cells-merged] d.xlsx, Sheet1!D2: bản ghi 1 (Lê Văn An): các ô D2:D3 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
                cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
            lỗi[cells-merged] d.xlsx, Sheet1!D3: bản ghi 2 (Lê Thị Bình): các ô D2:D3 bị gộp nên không biết giá trị thuộc dòng nào, cột nào
                cách sửa: chọn vùng đó, bỏ gộp ô (Merge & Center), rồi ghi giá trị vào từng ô
            0 bản ghi đúng, 2 bản ghi sai.
            Các dòng cần sửa: o/_can-sua.xlsx; sửa trong danh sách gốc, hoặc sửa ngay tệp đó rồi làm vào thư mục khác (--out).
            Chưa tạo văn bản nào. Sửa dữ liệu rồi chạy lại, hoặc thêm --only-valid để làm các dòng đúng.
            [en 1]
            error[cells-merged] d.xlsx, Sheet1!D2: record 1 (Lê Văn An): the cells D2:D3 are merged, so it is not known which row and column the value belongs to
                remedy: select the range, unmerge it (Merge & Center) and write the value into each cell
            error[cells-merged] d.xlsx, Sheet1!D3: record 2 (Lê Thị Bình): the cells D2:D3 are merged, so it is not known which row and column the value belongs to
                remedy: select the range, unmerge it (Merge & Center) and write the value into each cell
            0 valid records, 2 invalid.
            Rows to correct: o/_can-sua.xlsx; correct the list itself, or that file and make it into another folder (--out).
            No document was made. Correct the data and run again, or add --only-valid to go on with the valid rows.
        "#]],
    );
}

#[test]
fn cells_at_both_far_corners() {
    let office = workbook("sheet.delete_rows(1, 9)\nsheet['A1'] = 1\nsheet['XFD1048576'] = 1");
    refused(
        &office,
        "d.xlsx",
        expect![[r#"
        [vi 1]
        lỗi[cell-out-of-range] d.xlsx, Sheet1!XFD1048576: có dữ liệu ở quá xa: chỉ đọc 512 cột và 100.000 dòng
            cách sửa: xoá ô đó nếu ghi nhầm; danh sách dài hơn thì chia thành nhiều tệp
        [en 1]
        error[cell-out-of-range] d.xlsx, Sheet1!XFD1048576: holds data too far out: 512 columns and 100.000 rows are read
            remedy: delete the cell if it is there by mistake; split a longer list into several files
    "#]],
    );
}

#[test]
fn an_encrypted_workbook() {
    // An OLE container with a directory entry of that name, as Excel writes a workbook with a password.
    let mut bytes = vec![0; 2048];
    bytes[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes[1024 + 128..1024 + 128 + name.len()].copy_from_slice(&name);
    check(
        "d.xlsx",
        bytes,
        expect![[r#"
        [vi 1]
        lỗi[file-encrypted] d.xlsx: tệp đặt mật khẩu nên không đọc được
            cách sửa: mở tệp bằng Excel, vào Tệp > Thông tin > Bảo vệ sổ làm việc, bỏ mật khẩu rồi lưu lại
        [en 1]
        error[file-encrypted] d.xlsx: has a password and cannot be read
            remedy: open it in Excel, File > Info > Protect Workbook, take the password away and save it again
    "#]],
    );
}

#[test]
fn a_renamed_file() {
    check(
        "d.xlsx",
        b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n",
        expect![[r#"
        [vi 1]
        lỗi[file-format] d.xlsx: không phải bảng dữ liệu mà là tệp PDF
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
        [en 1]
        error[file-format] d.xlsx: is not a table of data but a PDF file
            remedy: save the list as an Excel workbook (.xlsx) or as CSV UTF-8 and choose that file
    "#]],
    );
}

#[test]
fn a_workbook_renamed_to_text_is_still_read() {
    let office = workbook("");
    std::fs::rename(office.path.join("d.xlsx"), office.path.join("d.csv")).expect("renamed");
    expect![[r#"
        [vi 0]
        Đã tạo 2 văn bản, không tạo được 0, tách riêng 0.
        Nơi lưu: o
        [en 0]
        Made 2 documents, failed 0, quarantined 0.
        Of these, 2 came from an earlier run.
        Where: o
    "#]]
    .assert_eq(&whole(&office, &award_run("d.csv", "o", &[])));
    assert_eq!(office.documents("o"), ["01-Lê Văn An.pdf", "02-Lê Thị Bình.pdf"]);
}

#[test]
fn a_decompression_bomb() {
    let office = workbook("");
    python(
        r#"
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "a", zipfile.ZIP_DEFLATED) as book:
    book.writestr("xl/media/x.bin", b"0" * 300_000_000)
"#,
        &[&office.path.join("d.xlsx")],
    );
    refused(
        &office,
        "d.xlsx",
        expect![[r#"
        [vi 1]
        lỗi[workbook-too-large] d.xlsx: tệp 297 kB bung ra hơn 300 MB, nén bất thường nên không được mở
            cách sửa: tạo sổ làm việc mới, chép riêng vùng dữ liệu sang (Dán đặc biệt > Giá trị) rồi lưu
        [en 1]
        error[workbook-too-large] d.xlsx: a file of 297 kB unpacks to more than 300 MB, which is unusual; it was not opened
            remedy: make a new workbook, paste only the data into it (Paste Special > Values) and save it
    "#]],
    );
}

#[test]
fn a_glyph_in_no_font() {
    check(
        "d.csv",
        format!("{HEADINGS}Cá nhân,Ông,Lê Văn An 漢,A,1\n"),
        expect![[r#"
        [vi 1]
        lỗi[glyph-not-covered] d.csv, dòng 2, cột “Họ và tên”: bản ghi 1 (Lê Văn An 漢): “Lê Văn An 漢” ký tự “漢” (U+6F22) không có trong phông của mẫu (Great Vibes)
            cách sửa: thay ký tự này bằng chữ thường dùng
        0 bản ghi đúng, 1 bản ghi sai.
        Các dòng cần sửa: o/_can-sua.xlsx; sửa trong danh sách gốc, hoặc sửa ngay tệp đó rồi làm vào thư mục khác (--out).
        Chưa tạo văn bản nào. Sửa dữ liệu rồi chạy lại, hoặc thêm --only-valid để làm các dòng đúng.
        [en 1]
        error[glyph-not-covered] d.csv, line 2, column “Họ và tên”: record 1 (Lê Văn An 漢): “Lê Văn An 漢” character “漢” (U+6F22) is not in the template's fonts (Great Vibes)
            remedy: replace the character by an ordinary one
        0 valid records, 1 invalid.
        Rows to correct: o/_can-sua.xlsx; correct the list itself, or that file and make it into another folder (--out).
        No document was made. Correct the data and run again, or add --only-valid to go on with the valid rows.
    "#]],
    );
}

#[test]
fn a_hundred_thousand_combining_marks() {
    check(
        "d.csv",
        format!("{HEADINGS}Cá nhân,Ông,Le{} An,A,1\n", "\u{301}".repeat(100_000)),
        expect![[r#"
        [vi 1]
        lỗi[marks-too-many] d.csv, dòng 2, cột “Họ và tên”: bản ghi 1 (A): “Lé” có hơn 8 dấu chồng lên một chữ, không phải chữ viết
            cách sửa: xoá ô và gõ lại
        0 bản ghi đúng, 1 bản ghi sai.
        Các dòng cần sửa: o/_can-sua.xlsx; sửa trong danh sách gốc, hoặc sửa ngay tệp đó rồi làm vào thư mục khác (--out).
        Chưa tạo văn bản nào. Sửa dữ liệu rồi chạy lại, hoặc thêm --only-valid để làm các dòng đúng.
        [en 1]
        error[marks-too-many] d.csv, line 2, column “Họ và tên”: record 1 (A): “Lé” has more than 8 marks on one letter, which is no writing
            remedy: clear the cell and type it again
        0 valid records, 1 invalid.
        Rows to correct: o/_can-sua.xlsx; correct the list itself, or that file and make it into another folder (--out).
        No document was made. Correct the data and run again, or add --only-valid to go on with the valid rows.
    "#]],
    );
}

#[test]
fn a_cell_of_two_megabytes() {
    check(
        "d.csv",
        format!("{HEADINGS}Cá nhân,Ông,{},A,1\n", "a".repeat(2 << 20)),
        expect![[r#"
        [vi 1]
        lỗi[cell-too-long] d.csv, dòng 2, cột “Họ và tên”: bản ghi 1 (A): “aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…” dài quá 32767 ký tự, giới hạn của một ô
            cách sửa: kiểm tra xem có dán nhầm vào ô này không
        0 bản ghi đúng, 1 bản ghi sai.
        Các dòng cần sửa: o/_can-sua.xlsx; sửa trong danh sách gốc, hoặc sửa ngay tệp đó rồi làm vào thư mục khác (--out).
        Chưa tạo văn bản nào. Sửa dữ liệu rồi chạy lại, hoặc thêm --only-valid để làm các dòng đúng.
        [en 1]
        error[cell-too-long] d.csv, line 2, column “Họ và tên”: record 1 (A): “aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…” has more than 32767 characters, the limit of a cell
            remedy: check whether something was pasted here by mistake
        0 valid records, 1 invalid.
        Rows to correct: o/_can-sua.xlsx; correct the list itself, or that file and make it into another folder (--out).
        No document was made. Correct the data and run again, or add --only-valid to go on with the valid rows.
    "#]],
    );
}

#[test]
fn a_misspelt_column() {
    check(
        "d.csv",
        format!("{}Cá nhân,Ông,Lê Văn An,A,1\n", HEADINGS.replace("Họ và tên", "Họ và tênn")),
        expect![[r#"
        [vi 1]
        lỗi[column-missing] d.csv, dòng 1: thiếu cột bắt buộc “Họ và tên”
            cách sửa: có phải cột “Họ và tênn”? nếu phải, đổi tiêu đề thành “Họ và tên”
        [en 1]
        error[column-missing] d.csv, line 1: the required column “Họ và tên” is missing
            remedy: is it the column “Họ và tênn”? if so, rename it to “Họ và tên”
    "#]],
    );
}

#[test]
fn an_output_folder_that_is_a_file() {
    let office = Office::with_workspace();
    office.write("d.csv", format!("{HEADINGS}Cá nhân,Ông,Lê Văn An,A,1\n"));
    office.write("tep", "một tệp, không phải thư mục");
    expect![[r#"
        [vi 2]
        vanthu không làm tiếp được: không ghi được “tep/o”: một phần của đường dẫn là tệp, không phải thư mục
        [en 2]
        vanthu cannot go on: cannot write `tep/o`: a part of the path is a file, not a folder
    "#]]
    .assert_eq(&whole(&office, &award_run("d.csv", "tep/o", &[])));
}
