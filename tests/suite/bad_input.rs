//! Bad input, from the file to the page: a clear error, nothing lost, the other records made. The faults of files
//! themselves are in `data`.

use crate::support::{Office, Said, award_run, people, python, text_of, whole};

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
        lỗi[overflow] d.csv, dòng 3, cột “Họ và tên”: bản ghi 2 (NGUYỄN PHÚC TÔN NỮ HOÀNG THỊ DIỄM THÚY QUỲNH NHƯ KHÁNH VÂN ANH THƯ NGỌC BẢO TRÂM HỒNG HẠNH MỸ DUYÊN PHƯƠNG THẢO MAI): Tên người hoặc tập thể được khen quá dài: không vừa ô trên chứng nhận dù đã thu nhỏ đến cỡ 21 pt.
            cách sửa: rút gọn hoặc viết tắt nội dung này
    "#]].assert_eq(&said.stderr);
    assert_eq!(office.documents("o"), ["1-Lê Văn An.pdf"]);
}

#[test]
fn an_unbreakable_word_does_not_run_off_the_page() {
    let office = Office::with_workspace();
    let said = run(&office, &format!("Tập thể,,X{},A,1\n", "X".repeat(109)), &[]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[overflow] d.csv, dòng 2, cột “Họ và tên”: bản ghi 1 (XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX): Tên người hoặc tập thể được khen quá dài: không vừa ô trên chứng nhận dù đã thu nhỏ đến cỡ 16,5 pt.
            cách sửa: rút gọn hoặc viết tắt nội dung này
        lỗi[overflow] d.csv, dòng 2: bản ghi 1 (XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX): “XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX…” chữ tràn ra ngoài vùng in, trang 1
            cách sửa: rút gọn hoặc chia nhỏ nội dung này
    "#]].assert_eq(&said.stderr);
}

#[test]
fn a_picture_that_is_no_picture_is_named() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", config.replace("place =", "emblem = \"logo.png\"\nplace ="));
    office.write("d.csv", people(3));
    let of = |bytes: &[u8], more: &[&str]| {
        office.write("logo.png", bytes);
        whole(&office, &award_run("d.csv", "o", more))
    };
    expect_test::expect![[r#"
        [vi 1]
        lỗi[picture-kind] logo.png: không phải hình PNG, JPEG hay SVG (khai ở vanthu.toml, [organisations.hoi] emblem)
            cách sửa: mở hình rồi lưu thành PNG, JPEG hoặc SVG
        [en 1]
        error[picture-kind] logo.png: is not a PNG, JPEG or SVG picture (declared in vanthu.toml, [organisations.hoi] emblem)
            remedy: open the picture and save it as PNG, JPEG or SVG
    "#]]
    .assert_eq(&of("không phải hình".as_bytes(), &[]));

    // Told once, for a list of three, before anything renders.
    python(
        "import sys\nfrom PIL import Image; Image.effect_noise((80,80),90).convert('RGBA').save(sys.argv[1])",
        &[&office.path.join("tot.png")],
    );
    let whole_picture = office.read("tot.png");
    expect_test::expect![[r#"
        [vi 1]
        lỗi[picture-broken] logo.png: hình hỏng, không đọc được (khai ở vanthu.toml, [organisations.hoi] emblem)
            cách sửa: mở hình bằng chương trình xem ảnh rồi lưu lại, hoặc lấy lại bản gốc
        [en 1]
        error[picture-broken] logo.png: the picture is damaged and cannot be read (declared in vanthu.toml, [organisations.hoi] emblem)
            remedy: open it with an image viewer and save it again, or get the original
    "#]]
    .assert_eq(&of(&whole_picture[..whole_picture.len() / 2], &[]));
    expect_test::expect![[r#"
        [vi 1]
        lỗi[picture-broken] logo.png: hình hỏng, không đọc được (khai ở vanthu.toml, [organisations.hoi] emblem)
            cách sửa: mở hình bằng chương trình xem ảnh rồi lưu lại, hoặc lấy lại bản gốc
        [en 1]
        error[picture-broken] logo.png: the picture is damaged and cannot be read (declared in vanthu.toml, [organisations.hoi] emblem)
            remedy: open it with an image viewer and save it again, or get the original
    "#]]
    .assert_eq(&of(b"<svg xmlns=\"http://www.w3.org/2000/svg\"><circle r=", &[]));
    let mut wide = whole_picture.clone();
    wide[16..24].copy_from_slice(&[0, 0, 0x40, 0, 0, 0, 0x40, 0]);
    expect_test::expect![[r#"
        [vi 1]
        lỗi[picture-too-large] logo.png: hình 16384 × 16384 điểm ảnh, quá 25 triệu điểm ảnh (khai ở vanthu.toml, [organisations.hoi] emblem)
            cách sửa: thu nhỏ hình; 2000 × 2000 điểm ảnh là đủ để in
        [en 1]
        error[picture-too-large] logo.png: the picture has 16384 × 16384 pixels, more than 25 million (declared in vanthu.toml, [organisations.hoi] emblem)
            remedy: make it smaller; 2000 × 2000 pixels are enough to print
    "#]].assert_eq(&of(&wide, &[]));
    expect_test::expect![[r#"
        [vi 1]
        lỗi[picture-transparent] logo.png: hình có nền trong suốt, chuẩn a-1b không cho phép (khai ở vanthu.toml, [organisations.hoi] emblem)
            cách sửa: chọn chuẩn a-2b (--standard a-2b), hoặc lưu hình trên nền trắng dạng JPEG
        [en 1]
        error[picture-transparent] logo.png: the picture is transparent, which a-1b forbids (declared in vanthu.toml, [organisations.hoi] emblem)
            remedy: choose standard a-2b (--standard a-2b), or save the picture on white ground as JPEG
    "#]].assert_eq(&of(&whole_picture, &["--standard", "a-1b"]));
    std::fs::remove_file(office.path.join("logo.png")).expect("removed");
    expect_test::expect![[r#"
        [vi 1]
        lỗi[picture-unreadable] logo.png: không đọc được hình: không tìm thấy (khai ở vanthu.toml, [organisations.hoi] emblem)
            cách sửa: đặt tệp hình cạnh vanthu.toml, hoặc sửa tên ở đó
        [en 1]
        error[picture-unreadable] logo.png: the picture cannot be read: it is not there (declared in vanthu.toml, [organisations.hoi] emblem)
            remedy: put the picture beside vanthu.toml, or correct its name there
    "#]].assert_eq(&whole(&office, &award_run("d.csv", "o", &[])));
}

#[test]
fn broken_signatures_and_seals_are_told_together_and_a_check_finds_them() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", format!("{config}signature = \"ky.jpg\"\nseal = \"dau.svg\"\n"));
    office.write("ky.jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16]);
    office.write("dau.svg", "<svg");
    office.write("d.csv", people(2));
    let mut arguments = award_run("d.csv", "o", &[]);
    arguments[0] = "check";
    expect_test::expect![[r#"
        [vi 1]
        lỗi[picture-broken] ky.jpg: hình hỏng, không đọc được (khai ở vanthu.toml, [[organisations.hoi.signatories]] signature)
            cách sửa: mở hình bằng chương trình xem ảnh rồi lưu lại, hoặc lấy lại bản gốc
        lỗi[picture-broken] dau.svg: hình hỏng, không đọc được (khai ở vanthu.toml, [[organisations.hoi.signatories]] seal)
            cách sửa: mở hình bằng chương trình xem ảnh rồi lưu lại, hoặc lấy lại bản gốc
        [en 1]
        error[picture-broken] ky.jpg: the picture is damaged and cannot be read (declared in vanthu.toml, [[organisations.hoi.signatories]] signature)
            remedy: open it with an image viewer and save it again, or get the original
        error[picture-broken] dau.svg: the picture is damaged and cannot be read (declared in vanthu.toml, [[organisations.hoi.signatories]] seal)
            remedy: open it with an image viewer and save it again, or get the original
    "#]].assert_eq(&whole(&office, &arguments));
}

#[test]
fn a_signatory_without_a_name_and_a_missing_organisation_are_warned_about() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", config.replace("Trần Thị Bình", " "));
    office.write("d.csv", people(1));
    let mut arguments = award_run("d.csv", "o", &[]);
    arguments[0] = "check";
    expect_test::expect![[r#"
        [vi 0]
        cảnh báo[signatory-name] vanthu.toml [[organisations.hoi.signatories]]: người ký “CHỦ TỊCH” chưa có tên; chỗ ghi tên sẽ để trống
            cách sửa: điền name = "Họ và tên"
        1 bản ghi đúng, 0 bản ghi sai.
        [en 0]
        warning[signatory-name] vanthu.toml [[organisations.hoi.signatories]]: signatory `CHỦ TỊCH` has no name; its line stays blank
            remedy: fill in name = "Full name"
        1 valid record, 0 invalid.
    "#]]
    .assert_eq(&whole(&office, &arguments));
    std::fs::remove_file(office.path.join("vanthu.toml")).expect("removed");
    expect_test::expect![[r#"
        [vi 0]
        cảnh báo[organisation-missing] chưa khai báo tổ chức nào; tên, địa danh và người ký sẽ để trống hoặc có dấu chấm
            cách sửa: tạo nơi làm việc bằng “vanthu init” rồi khai [organisations.…] trong vanthu.toml
        1 bản ghi đúng, 0 bản ghi sai.
        [en 0]
        warning[organisation-missing] no organisation is declared; its name, place and signatory will be blank or dotted
            remedy: make a workspace with `vanthu init` and declare [organisations.…] in vanthu.toml
        1 valid record, 0 invalid.
    "#]]
    .assert_eq(&whole(&office, &arguments));
}

#[test]
fn an_empty_pattern_of_file_names_is_refused() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    expect_test::expect![[r#"
        [vi 1]
        lỗi[name-empty] mẫu tên tệp (--name) để trống
            cách sửa: ghi ít nhất một trường, ví dụ --name "{{so}}-{{ho_ten}}", hoặc bỏ --name để theo mẫu
        [en 1]
        error[name-empty] the file-name pattern (--name) is empty
            remedy: write at least one field, such as --name "{{so}}-{{ho_ten}}", or leave --name out to follow the template
    "#]]
    .assert_eq(&whole(&office, &award_run("d.csv", "o", &["--name", ""])));
    assert_eq!(office.run(&award_run("d.csv", "o", &["--name", " .pdf"])).code, 1);
}

#[test]
fn what_a_page_finds_is_shown_at_the_cell_of_its_field() {
    let office = Office::with_workspace();
    let long = "NGUYỄN PHÚC TÔN NỮ HOÀNG THỊ DIỄM THÚY QUỲNH NHƯ KHÁNH VÂN ANH THƯ NGỌC BẢO TRÂM HỒNG HẠNH MỸ DUYÊN PHƯƠNG THẢO MAI";
    python(
        r#"
import sys, openpyxl
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Sheet1"
sheet.append(["Đối tượng", "Danh xưng", "Họ và tên", "Đơn vị", "Số vào sổ"])
sheet.append(["Cá nhân", "Ông", "Lê Văn An", "A", "1"])
sheet.append(["Cá nhân", "Bà", open(sys.argv[2]).read(), "A", "2"])
book.save(sys.argv[1])
"#,
        &[&office.path.join("d.xlsx"), &office.write("ten.txt", long)],
    );
    expect_test::expect![[r#"
        [vi 1]
        lỗi[overflow] d.xlsx, Sheet1!C3: bản ghi 2 (NGUYỄN PHÚC TÔN NỮ HOÀNG THỊ DIỄM THÚY QUỲNH NHƯ KHÁNH VÂN ANH THƯ NGỌC BẢO TRÂM HỒNG HẠNH MỸ DUYÊN PHƯƠNG THẢO MAI): Tên người hoặc tập thể được khen quá dài: không vừa ô trên chứng nhận dù đã thu nhỏ đến cỡ 21 pt.
            cách sửa: rút gọn hoặc viết tắt nội dung này
        Đã tạo 1 văn bản, không tạo được 1, tách riêng 0.
        Nơi lưu: o
        [en 1]
        error[overflow] d.xlsx, Sheet1!C3: record 2 (NGUYỄN PHÚC TÔN NỮ HOÀNG THỊ DIỄM THÚY QUỲNH NHƯ KHÁNH VÂN ANH THƯ NGỌC BẢO TRÂM HỒNG HẠNH MỸ DUYÊN PHƯƠNG THẢO MAI): The recipient's name is too long: it does not fit its field even at 21 pt.
            remedy: shorten or abbreviate this content
        Made 1 document, failed 1, quarantined 0.
        Of these, 1 came from an earlier run.
        Where: o
    "#]]
    .assert_eq(&whole(&office, &award_run("d.xlsx", "o", &[])));
    let manifest = office.json("o/_danh-muc.json");
    assert_eq!(manifest["documents"][1]["reasons"][0]["place"]["column"], 2);
}

#[test]
fn an_unknown_option_or_organisation_or_standard_names_what_there_is() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    let said = |more: &[&str]| whole(&office, &award_run("d.csv", "o", more));
    expect_test::expect![[r#"
        [vi 1]
        lỗi[option-value] “senn” không phải giá trị của tùy chọn “mau”
            cách sửa: có phải “sen”? Chọn một trong: sen, co-dien, hien-dai
        [en 1]
        error[option-value] `senn` is not a value of option `mau`
            remedy: did you mean `sen`? Choose one of: sen, co-dien, hien-dai
    "#]]
    .assert_eq(&said(&["--option", "mau=senn"]));
    expect_test::expect![[r#"
        [vi 1]
        lỗi[option-unknown] mẫu “giay-khen” không có tùy chọn “mauu”
            cách sửa: có phải “mau”? Các tùy chọn: chu_ten, mau
        [en 1]
        error[option-unknown] template `giay-khen` has no option `mauu`
            remedy: did you mean `mau`? Options: chu_ten, mau
    "#]]
    .assert_eq(&said(&["--option", "mauu=sen"]));
    expect_test::expect![[r#"
        [vi 1]
        lỗi[organisation-unknown] “hoii” vanthu.toml không có tổ chức này
            cách sửa: có phải “hoi”?
        [en 1]
        error[organisation-unknown] “hoii” vanthu.toml has no such organisation
            remedy: did you mean `hoi`?
    "#]]
    .assert_eq(&said(&["--organisation", "hoii"]));
    expect_test::expect![[r#"
        [vi 1]
        lỗi[standard-unknown] “a-2c” không có chuẩn PDF này
            cách sửa: có phải “a-2a”? Các chuẩn: a-2b, a-2u, a-2a, a-3b, a-1b, a-4, ua-1, 1.7
        [en 1]
        error[standard-unknown] “a-2c” is not a PDF standard known here
            remedy: did you mean `a-2a`? Known: a-2b, a-2u, a-2a, a-3b, a-1b, a-4, ua-1, 1.7
    "#]]
    .assert_eq(&said(&["--standard", "a-2c"]));
}

#[test]
fn a_field_that_the_template_lacks_is_named_wherever_it_is_given() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    let said = office.run(&award_run("d.csv", "o", &["--set", "ngayy=1", "--column", "la=Lạ"]));
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[field-unknown] “la” mẫu không có trường này
            cách sửa: các trường: doi_tuong, danh_xung, ho_ten, chuc_vu, don_vi, so, danh_hieu, thanh_tich, ghi_chu, so_quyet_dinh, ngay, dia_danh, hinh_thuc, phong_trao, tu_nam, den_nam, quyen_han_ky, nguoi_ky, email
        lỗi[field-unknown] “ngayy” mẫu không có trường này
            cách sửa: có phải “ngay”?
    "#]].assert_eq(&said.stderr);
}

#[test]
fn a_certificate_without_any_achievement_says_which_fields_would_do() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    let said = office.run(&["check", "-t", "giay-khen", "-d", "d.csv", "--set", "so_quyet_dinh=1/QĐ-HKH", "--set", "ngay=27/12/2019"]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[one-of-required] d.csv: cần điền ít nhất một trong: “Thành tích”, “Danh hiệu”, “Phong trào”
            cách sửa: điền “Phong trào”, ví dụ: phong trào thi đua và nhân điển hình tiên tiến
    "#]]
    .assert_eq(&said.stderr);
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
    let right = made("dung.xlsx", "dung", &[]);
    assert_eq!(right.code, 0, "{}", right.stderr);
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
