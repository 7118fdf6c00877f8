//! CSV in all its forms: delimiters, encodings, quotes, ragged rows, headings (c01–c22 of the named bad inputs).

use expect_test::{Expect, expect};
use serde_json::json;
use vanthu::data::{Limits, Selection};

use super::{LIST, file, read, read_text, read_with, selection};

fn check(text: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&read_text("danh-sach.csv", text).told());
}

#[test]
fn rows_come_in_order_with_numbers_and_places() {
    let mut text = String::from("Họ và tên;Đơn vị\n");
    for number in 1..=1000 {
        text.push_str(&format!("Người {number};Quận {number}\n"));
    }
    let outcome = read_text("danh-sach.csv", text);
    assert_eq!(outcome.summary().rows, 1000);
    assert!(outcome.rows.iter().enumerate().all(|(index, row)| row.number == index as u64 + 1));
    assert_eq!(outcome.rows[699].record["ho_ten"], json!("Người 700"));
    let place = outcome.rows[699].places.of("/don_vi").describe(vanthu::language::Language::Vietnamese);
    assert_eq!(place, "danh-sach.csv, dòng 701, cột “Đơn vị”");
}

#[test]
fn every_property_is_present_in_the_order_of_the_contract() {
    let outcome = read_text("danh-sach.csv", "Đơn vị,Họ và tên\nQuận 1,An\n");
    expect![[r#"{"ho_ten":"An","don_vi":"Quận 1","ma_so":null,"ngay_sinh":null,"so_nam":null,"diem":null,"so_tien":null,"doi_tuong":null,"da_nhan":null,"email":null,"linh_vuc":null,"so_quyet_dinh":"12/QĐ-HKH","ngay_quyet_dinh":null}"#]]
        .assert_eq(&serde_json::to_string(&outcome.rows[0].record).unwrap());
    assert_eq!(outcome.told(), "");
}

#[test]
fn each_delimiter_is_found() {
    for delimiter in [";", ",", "\t", "|"] {
        let text = format!("STT{delimiter}Họ và tên{delimiter}Đơn vị\n1{delimiter}An{delimiter}\"Quận 1{delimiter} Quận 2\"\n");
        let outcome = read_text("danh-sach.csv", text);
        assert_eq!(outcome.values("don_vi"), [json!(format!("Quận 1{delimiter} Quận 2").replace("\t ", " "))], "{delimiter:?}");
        assert_eq!(outcome.told(), "");
    }
    let outcome = read_text("danh-sach.csv", "sep=|\nHọ và tên|Đơn vị\nAn|Quận 1\n\nBình|\n");
    assert_eq!(outcome.values("ho_ten"), [json!("An"), json!("Bình")]);
    assert_eq!(outcome.values("don_vi"), [json!("Quận 1"), json!(null)]);
}

#[test]
fn commas_inside_values_do_not_win_over_semicolons() {
    let outcome = read_text("danh-sach.csv", "Họ và tên;Đơn vị;Điểm\nAn;A, B, C;9,5\nBình;D, E, F;8,25\n");
    assert_eq!(outcome.values("diem"), [json!("9.5"), json!("8.25")]);
}

#[test]
fn line_ends_may_be_mixed_and_quotes_may_stand_in_cells() {
    let outcome = read_text(
        "danh-sach.csv",
        "Họ và tên,Đơn vị\r\nAn,Quận 1\rBình,Hội \"Sao\" Mai\nCúc,\"Hội \"\"Hoa\"\"\r\nchi nhánh 2\"\n  ,  \n\n\n",
    );
    assert_eq!(outcome.values("ho_ten"), [json!("An"), json!("Bình"), json!("Cúc")]);
    assert_eq!(outcome.values("don_vi"), [json!("Quận 1"), json!("Hội \"Sao\" Mai"), json!("Hội \"Hoa\"\nchi nhánh 2")]);
    let lines: Vec<String> = outcome.rows.iter().map(|row| row.places.of("").describe(vanthu::language::Language::English)).collect();
    assert_eq!(lines, ["danh-sach.csv, line 2", "danh-sach.csv, line 3", "danh-sach.csv, line 4"]);
}

#[test]
fn utf8_and_utf16_with_marks_are_read() {
    let text = "Họ và tên,Đơn vị\nNguyễn Thị Ánh,Quận Bình Thạnh\n";
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let files: [Vec<u8>; 3] = [
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        [&b"\xFF\xFE"[..], &utf16(u16::to_le_bytes)].concat(),
        [&b"\xFE\xFF"[..], &utf16(u16::to_be_bytes)].concat(),
    ];
    for bytes in files {
        let outcome = read_text("danh-sach.csv", bytes);
        assert_eq!(outcome.values("ho_ten"), [json!("Nguyễn Thị Ánh")]);
        assert_eq!(outcome.told(), "");
    }
}

/// Bytes of the old 8-bit encodings for these tests, by the library's own tables.
fn old_bytes(text: &str, encoding: vanthu::vietnamese::legacy::Encoding) -> Vec<u8> {
    let shown = vanthu::vietnamese::legacy::encode(text, encoding).unwrap();
    encoding_rs_windows_1252(&shown)
}

/// The bytes that Windows-1252 shows as `shown`.
fn encoding_rs_windows_1252(shown: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1252.encode(shown).0.into_owned()
}

const OLD_LIST: &str =
    "Họ và tên,Đơn vị,Số năm\nNguyễn Thị Hạnh,Hội Khuyến học quận Bình Thạnh,12\nTrần Văn Đức,Trường tiểu học Hùng Vương,7\n";

#[test]
fn a_tcvn3_file_is_converted_with_a_notice() {
    use vanthu::vietnamese::legacy::Encoding;
    let outcome = read_text("danh-sach.csv", old_bytes(OLD_LIST, Encoding::Tcvn3));
    assert_eq!(outcome.values("ho_ten"), [json!("Nguyễn Thị Hạnh"), json!("Trần Văn Đức")]);
    assert_eq!(outcome.values("don_vi"), [json!("Hội Khuyến học quận Bình Thạnh"), json!("Trường tiểu học Hùng Vương")]);
    expect![[r#"
        ghi chú[legacy-text-converted] danh-sach.csv, dòng 2, cột “Họ và tên”: cột “Họ và tên” viết bằng bảng mã cũ TCVN3 (ABC), đã đổi sang Unicode: “NguyÔn ThÞ H¹nh” → “Nguyễn Thị Hạnh”; xin xem lại
        ghi chú[legacy-text-converted] danh-sach.csv, dòng 2, cột “Đơn vị”: cột “Đơn vị” viết bằng bảng mã cũ TCVN3 (ABC), đã đổi sang Unicode: “Héi KhuyÕn häc quËn B×nh Th¹nh” → “Hội Khuyến học quận Bình Thạnh”; xin xem lại
    "#]].assert_eq(&outcome.told());
}

#[test]
fn a_vni_file_and_a_windows_1258_file_are_converted_with_a_notice() {
    use vanthu::vietnamese::legacy::Encoding;
    for encoding in [Encoding::Vni, Encoding::Windows1258] {
        let outcome = read_text("danh-sach.csv", old_bytes(OLD_LIST, encoding));
        assert_eq!(outcome.values("ho_ten"), [json!("Nguyễn Thị Hạnh"), json!("Trần Văn Đức")], "{encoding:?}");
        assert!(outcome.told().contains(encoding.name()), "{}", outcome.told());
    }
}

#[test]
fn old_text_inside_unicode_is_converted_by_column() {
    use vanthu::vietnamese::legacy::{Encoding, encode};
    let old = |text: &str| encode(text, Encoding::Tcvn3).unwrap();
    let text = format!("{},Đơn vị\n{},Quận Bình Thạnh\n{},Quận Gò Vấp\n", old("Họ và tên"), old("Nguyễn Thị Hạnh"), old("Trần Văn Đức"));
    let outcome = read_text("danh-sach.csv", text);
    assert_eq!(outcome.values("ho_ten"), [json!("Nguyễn Thị Hạnh"), json!("Trần Văn Đức")]);
    assert_eq!(outcome.values("don_vi"), [json!("Quận Bình Thạnh"), json!("Quận Gò Vấp")]);
    expect![[r#"
        ghi chú[legacy-text-converted] danh-sach.csv, dòng 2, cột “Họ và tên”: cột “Họ và tên” viết bằng bảng mã cũ TCVN3 (ABC), đã đổi sang Unicode: “NguyÔn ThÞ H¹nh” → “Nguyễn Thị Hạnh”; xin xem lại
    "#]].assert_eq(&outcome.told());
}

#[test]
fn doubtful_old_text_is_asked_about_and_foreign_names_are_not() {
    check(
        "Họ và tên,Đơn vị\nAn,n¨m\n",
        expect![[r#"
        lỗi[legacy-text-unclear] danh-sach.csv, dòng 2, cột “Đơn vị”: cột “Đơn vị” có thể viết bằng bảng mã cũ TCVN3 (ABC): “n¨m” sẽ là “năm”
            cách sửa: nếu đúng vậy, đổi tệp sang Unicode (ví dụ bằng UniKey, Ctrl+Shift+F6) rồi nộp lại
    "#]],
    );
    check("Họ và tên,Đơn vị\nMüller,Zürich\nRenée,Genève\n", expect![[""]]);
}

#[test]
fn broken_utf8_is_refused_with_line_and_byte() {
    let mut bytes = "Họ và tên,Đơn vị\nNguyễn Thị Ánh,Quận 1\nTrần Văn Đức,Quận 2\n".as_bytes().to_vec();
    let at = bytes.windows(3).position(|window| window == "Tr\u{1ea7}".as_bytes()[..3].to_vec()).unwrap();
    bytes[at + 3] = b'x';
    check(
        &bytes,
        expect![[r#"
        lỗi[utf8-invalid] danh-sach.csv, dòng 3: byte thứ 57 của tệp (0xE1) không phải UTF-8
            cách sửa: mở tệp gốc bằng Excel, chọn Lưu thành > CSV UTF-8 (hoặc lưu thẳng .xlsx)
    "#]],
    );
    let text = "Họ và tên,Đơn vị\nNguyễn Thị Ánh,Quận Bình Thạnh, phường Mỹ";
    check(
        &text.as_bytes()[..text.len() - 1],
        expect![[r#"
        lỗi[utf8-invalid] danh-sach.csv, dòng 2: tệp bị cắt ở giữa một chữ (byte thứ 79)
            cách sửa: mở tệp gốc bằng Excel, chọn Lưu thành > CSV UTF-8 (hoặc lưu thẳng .xlsx)
    "#]],
    );
}

#[test]
fn text_in_no_known_encoding_is_refused() {
    check(
        b"H\xF4 va ten,Don vi\n\xD0\x8F\xE3\xFE\xD5,\xC8\xC9\xF7\xFF\n",
        expect![[r#"
        lỗi[encoding-unknown] danh-sach.csv, dòng 1: không phải Unicode và không đoán chắc được bảng mã
            cách sửa: mở tệp gốc bằng Excel, chọn Lưu thành > CSV UTF-8 (hoặc lưu thẳng .xlsx)
    "#]],
    );
    check(
        b"Ho va ten,Don vi\nAn\0,Quan 1\n",
        expect![[r#"
        lỗi[text-nul] danh-sach.csv, dòng 2: có ký tự NUL, không phải tệp văn bản bình thường
            cách sửa: mở tệp gốc bằng Excel, chọn Lưu thành > CSV UTF-8 (hoặc lưu thẳng .xlsx)
    "#]],
    );
}

#[test]
fn empty_files_are_refused() {
    check(
        "",
        expect![[r#"
            lỗi[data-empty] danh-sach.csv: tệp rỗng
                cách sửa: kiểm tra xem có chọn nhầm tệp không
        "#]],
    );
    check(
        "\n\n ; \n",
        expect![[r#"
        lỗi[data-empty] danh-sach.csv, dòng 1: không có dòng nào
            cách sửa: ghi tiêu đề cột ở dòng đầu và mỗi bản ghi một dòng bên dưới
    "#]],
    );
    check(
        "Họ và tên,Đơn vị\n\n",
        expect![[r#"
        lỗi[data-empty] danh-sach.csv, dòng 1: chỉ có dòng tiêu đề, chưa có bản ghi nào
            cách sửa: ghi mỗi bản ghi một dòng dưới dòng tiêu đề
    "#]],
    );
}

#[test]
fn an_unclosed_quote_is_refused_at_the_line_where_it_opened() {
    check(
        "Họ và tên,Đơn vị\nAn,Quận 1\nBình,\"Quận 2\nCúc,Quận 3\n",
        expect![[r#"
        lỗi[quote-unclosed] danh-sach.csv, dòng 3: dấu nháy kép mở ở dòng này không được đóng
            cách sửa: thêm dấu nháy đóng; dấu nháy nằm trong ô phải viết hai lần ("")
    "#]],
    );
    let mut long = String::from("Họ và tên,Đơn vị\nAn,\"Quận 1\n");
    long.extend(std::iter::repeat_n("Bình,Quận 2 và nhiều chữ nữa cho dài\n", 10_000));
    check(
        long,
        expect![[r#"
        lỗi[quote-unclosed] danh-sach.csv, dòng 2: dấu nháy kép mở ở dòng này không được đóng
            cách sửa: thêm dấu nháy đóng; dấu nháy nằm trong ô phải viết hai lần ("")
    "#]],
    );
}

#[test]
fn ragged_rows_are_errors_of_their_rows() {
    let outcome =
        read_text("danh-sach.csv", "Họ và tên,Đơn vị,Mã số\nAn,Quận 1\nBình,Quận 2,007,thừa\nCúc,Quận 3,008,,\nDung,Quận 4,009\n");
    expect![[r#"
        lỗi[row-ragged] danh-sach.csv, dòng 2: dòng có 2 ô, tiêu đề có 3 cột
            cách sửa: bổ sung ô còn thiếu; ô trống cũng phải có dấu phân cách
        lỗi[row-ragged] danh-sach.csv, dòng 3: dòng có 4 ô, tiêu đề có 3 cột
            cách sửa: nếu trong một ô có dấu phân cách, đặt cả ô đó trong dấu nháy kép "…"
    "#]]
    .assert_eq(&outcome.told());
    assert_eq!(outcome.values("ma_so"), [json!(null), json!(null), json!("008"), json!("009")]);
    assert_eq!(outcome.rows[0].refused, [""]);
}

#[test]
fn headings_may_be_written_in_many_ways() {
    for heading in [
        "Họ và tên",
        "HỌ VÀ TÊN",
        "  họ  và\u{a0}tên ",
        "Ho\u{323} va\u{300} te\u{302}n",
        "Họ và tên *",
        "Họ và tên (*)",
        "Họ và tên:",
        "ho va ten",
        "HoVaTen",
        "ho_ten",
        "Họ tên",
        "\u{feff}Tên",
        "\"Họ\nvà tên\"",
        "Họ và tên (ghi đủ)",
    ] {
        let outcome = read_text("danh-sach.csv", format!("{heading},Đơn vị\nAn,Quận 1\n"));
        assert_eq!(outcome.values("ho_ten"), [json!("An")], "{heading:?}: {}", outcome.told());
        assert_eq!(outcome.told(), "", "{heading:?}");
    }
}

#[test]
fn titles_above_the_headings_are_skipped() {
    check(
        "HỘI KHUYẾN HỌC QUẬN 10,,\nDANH SÁCH KHEN THƯỞNG,,\n,,\nSTT,Họ và tên,Đơn vị\n1,An,Quận 1\n",
        expect![[r#"
        ghi chú[rows-above-headings] danh-sach.csv, dòng 4: dòng 4 là dòng tiêu đề; bỏ qua 2 dòng phía trên
    "#]],
    );
}

#[test]
fn duplicate_headings_are_refused_with_both_places() {
    check(
        "Họ và tên,Đơn vị,HỌ VÀ TÊN\nAn,Quận 1,Bình\n",
        expect![[r#"
        lỗi[heading-duplicate] danh-sach.csv, dòng 1, cột “HỌ VÀ TÊN”: cột A (“Họ và tên”) và cột C (“HỌ VÀ TÊN”) cùng là “Họ và tên”
            cách sửa: xoá hoặc đổi tên một trong hai cột
    "#]],
    );
    check(
        "Họ và tên,Đơn vị,Ho\u{323} va\u{300} te\u{302}n\nAn,Quận 1,Bình\n",
        expect![[r#"
        lỗi[heading-duplicate] danh-sach.csv, dòng 1, cột “Họ và tên”: cột A (“Họ và tên”) và cột C (“Họ và tên”) cùng là “Họ và tên”
            cách sửa: xoá hoặc đổi tên một trong hai cột
    "#]],
    );
}

#[test]
fn a_missing_required_column_is_refused_with_the_likely_one() {
    check(
        "Họ và tênn,Đơn vị,Ghi chú\nAn,Quận 1,x\n",
        expect![[r#"
        lỗi[column-missing] danh-sach.csv, dòng 1: thiếu cột bắt buộc “Họ và tên”
            cách sửa: có phải cột “Họ và tênn”? nếu phải, đổi tiêu đề thành “Họ và tên”
        cảnh báo[heading-unknown] danh-sach.csv, dòng 1, cột “Ghi chú”: “Ghi chú” là tiêu đề cột mà mẫu không dùng; cột bị bỏ qua
    "#]],
    );
    check(
        "Tên gọi khác,Đơn vị,Mã số\nAn,Quận 1,x\n",
        expect![[r#"
        lỗi[column-missing] danh-sach.csv, dòng 1: thiếu cột bắt buộc “Họ và tên”
            cách sửa: thêm cột có tiêu đề “Họ và tên”
        cảnh báo[heading-unknown] danh-sach.csv, dòng 1, cột “Tên gọi khác”: “Tên gọi khác” là tiêu đề cột mà mẫu không dùng; cột bị bỏ qua
    "#]],
    );
}

#[test]
fn unknown_headings_are_warned_about() {
    check(
        "Họ và tên,Đơn vị,Ngày sih,Ghi chú nội bộ,Lỗi cần sửa\nAn,Quận 1,5/3/1960,xem lại,\n",
        expect![[r#"
        cảnh báo[heading-unknown] danh-sach.csv, dòng 1, cột “Ngày sih”: “Ngày sih” là tiêu đề cột mà mẫu không dùng; cột bị bỏ qua
            cách sửa: nếu đó là “Ngày sinh”, sửa tiêu đề cho đúng
        cảnh báo[heading-unknown] danh-sach.csv, dòng 1, cột “Ghi chú nội bộ”: “Ghi chú nội bộ” là tiêu đề cột mà mẫu không dùng; cột bị bỏ qua
    "#]],
    );
}

#[test]
fn a_file_without_headings_is_refused() {
    check(
        "Nguyễn Văn An,Quận 1\nTrần Văn Bình,Quận 2\n",
        expect![[r#"
        lỗi[headings-not-found] danh-sach.csv, dòng 1: “Nguyễn Văn An | Quận 1” không phải dòng tiêu đề: không ô nào là tên cột của mẫu
            cách sửa: dòng đầu phải là tiêu đề cột, ví dụ: “Họ và tên”, “Đơn vị”, “Mã số”, “Ngày sinh”, “Số năm”, “Điểm”, “Số tiền thưởng”, “Đối tượng”
    "#]],
    );
}

#[test]
fn the_user_may_choose_the_columns() {
    let mut selection = selection();
    selection.columns.insert("ho_ten".into(), "Đại biểu".into());
    let path = file("danh-sach.csv", "Đại biểu,Tên,Đơn vị\nAn,bỏ qua,Quận 1\n");
    let outcome = read_with(&path, LIST, &selection, &Limits::default());
    assert_eq!(outcome.values("ho_ten"), [json!("An")]);
    selection.columns.insert("ma_so".into(), "Mã hội viênn".into());
    let path = file("danh-sach.csv", "Đại biểu,Đơn vị,Mã hội viên\nAn,Quận 1,7\n");
    expect![[r#"
        lỗi[column-not-found] danh-sach.csv, dòng 1: không có cột “Mã hội viênn” như đã chọn
            cách sửa: có phải “Mã hội viên”?
        cảnh báo[heading-unknown] danh-sach.csv, dòng 1, cột “Mã hội viên”: “Mã hội viên” là tiêu đề cột mà mẫu không dùng; cột bị bỏ qua
    "#]]
    .assert_eq(&read_with(&path, LIST, &selection, &Limits::default()).told());
}

#[test]
fn common_values_come_from_the_request_or_a_column() {
    let path = file("danh-sach.csv", "Họ và tên,Đơn vị,Ngày quyết định\nAn,Quận 1,\nBình,Quận 2,6/3/2026\n");
    let mut selection = selection();
    selection.common.insert("ngay_quyet_dinh".into(), "05/3/2026".into());
    let outcome = read_with(&path, LIST, &selection, &Limits::default());
    assert_eq!(outcome.values("ngay_quyet_dinh"), [json!("2026-03-05"), json!("2026-03-06")]);
    selection.common.insert("ngay_quyet_dinh".into(), "31/02/2026".into());
    selection.common.insert("so_quyet_din".into(), "7".into());
    expect![[r#"
        lỗi[date-not-real] danh-sach.csv: “31/02/2026” (giá trị chung “Ngày quyết định”) không phải ngày có thật
            cách sửa: tháng 02 năm 2026 chỉ có 28 ngày; ghi ngày/tháng/năm
        cảnh báo[key-unknown] danh-sach.csv: “so_quyet_din” là trường mà mẫu không dùng; bị bỏ qua
            cách sửa: có phải “so_quyet_dinh”?
    "#]]
    .assert_eq(&read_with(&path, LIST, &selection, &Limits::default()).told());
    expect![[r#"
        lỗi[common-missing] danh-sach.csv: thiếu giá trị chung “Số quyết định”
            cách sửa: ghi thêm khi chạy, hoặc thêm cột “Số quyết định”
    "#]]
    .assert_eq(&read_with(&path, LIST, &Selection::default(), &Limits::default()).told());
}

#[test]
fn limits_on_rows_columns_cells_and_file_are_kept() {
    let limits = Limits { rows_max: 3, columns_max: 4, file_bytes_max: 2 << 20, ..Limits::default() };
    let check =
        |text: String, expected: Expect| expected.assert_eq(&read_with(&file("danh-sach.csv", text), LIST, &selection(), &limits).told());
    check(
        "Họ và tên,Đơn vị\n".to_owned() + &"An,Quận 1\n".repeat(4),
        expect![[r#"
        lỗi[rows-too-many] danh-sach.csv, dòng 5: có hơn 3 bản ghi
            cách sửa: chia danh sách thành nhiều tệp
    "#]],
    );
    check(
        format!("Họ và tên,Đơn vị\nAn{}\n", ",".repeat(10_000)),
        expect![[r#"
        lỗi[columns-too-many] danh-sach.csv, dòng 2: dòng có hơn 4 ô
            cách sửa: bỏ bớt cột không dùng
    "#]],
    );
    check(
        format!("Họ và tên,Đơn vị\nAn,{}\n", "x".repeat(1_000_000)),
        expect![[r#"
        lỗi[cell-too-long] danh-sach.csv, dòng 2, cột “Đơn vị”: “xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…” dài quá 32767 ký tự, giới hạn của một ô
            cách sửa: kiểm tra xem có dán nhầm vào ô này không
    "#]],
    );
    check(
        "x".repeat(3_000_000),
        expect![[r#"
        lỗi[file-too-large] danh-sach.csv: tệp lớn 3 MiB, giới hạn là 2 MiB
            cách sửa: chia danh sách thành nhiều tệp
    "#]],
    );
}

#[test]
fn after_many_errors_each_row_keeps_one() {
    let limits = Limits { errors_max: 3, ..Limits::default() };
    let text = "Họ và tên,Đơn vị,Ngày sinh,Số năm\n".to_owned() + &"An,Quận 1,hôm qua,nhiều\n".repeat(4);
    let outcome = read_with(&file("danh-sach.csv", text), LIST, &selection(), &limits);
    assert_eq!(outcome.rows.iter().map(|row| row.diagnostics.len()).collect::<Vec<_>>(), [2, 2, 1, 1]);
    assert!(outcome.told().ends_with("cảnh báo[errors-too-many] còn 2 lỗi nữa không kể hết ra đây\n"), "{}", outcome.told());
}

#[test]
fn files_of_other_kinds_are_refused_by_their_content() {
    check(
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
        expect![[r#"
        lỗi[file-format] danh-sach.csv: không phải bảng dữ liệu mà là tệp nén gzip
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
    "#]],
    );
    check(
        b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n",
        expect![[r#"
        lỗi[file-format] danh-sach.csv: không phải bảng dữ liệu mà là tệp PDF
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
    "#]],
    );
    check(
        "<html><table><tr><td>An</td></tr></table></html>",
        expect![[r#"
        lỗi[file-format] danh-sach.csv: không phải bảng dữ liệu mà là trang web (HTML)
            cách sửa: lưu danh sách thành tệp Excel (.xlsx) hoặc CSV UTF-8 rồi chọn tệp đó
    "#]],
    );
    let missing = super::path("khong-co.csv");
    expect![[r#"
        lỗi[file-missing] khong-co.csv: không có tệp này
            cách sửa: kiểm tra lại tên tệp và thư mục
    "#]]
    .assert_eq(&read(&missing).told());
    assert!(read(missing.parent().unwrap()).told().contains("là thư mục, không phải tệp"));
}

#[test]
fn cells_that_look_like_formulas_are_text() {
    let outcome = read_text("danh-sach.csv", "Họ và tên,Đơn vị\n\"=HYPERLINK(\"\"http://x\"\")\",@SUM(A1)\n+cmd|' /C calc'!A0,-2+3\n");
    assert_eq!(outcome.values("ho_ten"), [json!("=HYPERLINK(\"http://x\")"), json!("+cmd|' /C calc'!A0")]);
    assert_eq!(outcome.values("don_vi"), [json!("@SUM(A1)"), json!("-2+3")]);
}

#[test]
fn damaged_utf8_is_not_taken_for_another_encoding() {
    let mut bytes = "Họ và tên,Đơn vị\nNguyễn Văn An,".as_bytes().to_vec();
    bytes.extend([0x81, 0xFE, 0x90, 0xA0, 0xFF, 0x8D, b'\n']);
    let outcome = read_text("danh-sach.csv", bytes);
    expect![[r#"
        lỗi[utf8-invalid] danh-sach.csv, dòng 2: byte thứ 43 của tệp (0x81) không phải UTF-8
            cách sửa: mở tệp gốc bằng Excel, chọn Lưu thành > CSV UTF-8 (hoặc lưu thẳng .xlsx)
    "#]]
    .assert_eq(&outcome.told());
    assert!(outcome.rows.is_empty());
}
