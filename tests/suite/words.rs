//! Wording: what clerks may write, what it fills to, and how a mistake is shown.

use crate::support::{Office, text_of};
use crate::workers::template;

/// Fills `words` (the body of `[words]`) for a record called “An”, and gives the text of the page, or what was said.
fn filled(words: &str) -> Result<String, String> {
    let office = Office::with_workspace();
    template(&office, "#let render(v) = { set page(width: 250mm, height: 100mm); for (k, s) in v.loi_van [#k = #s #parbreak()] }\n");
    office.write("mau/thu/words.toml", format!("[words]\n{words}\n"));
    office.write("d.csv", "Tên\nAn\n");
    let said = office.run(&["run", "--template", "thu", "--data", "d.csv", "--out", "o"]);
    if said.code == 0 { Ok(text_of(&office.path.join("o/An.pdf")).trim().to_owned()) } else { Err(said.stderr.trim().to_owned()) }
}

#[test]
fn the_functions_write_numbers_money_dates_and_lists_as_the_decree_does() {
    let cases = [
        ("{{so 1234567}}", "1.234.567"),
        ("{{so \"12.5\"}}", "12,5"),
        ("{{so_hai 5}}", "05"),
        ("{{so_chu 24}}", "hai mươi tư"),
        ("{{so_chu 1005}}", "một nghìn không trăm linh năm"),
        ("{{tien 425000000}}", "425.000.000 đồng"),
        ("{{tien_chu 500000 chan=true}}", "Năm trăm nghìn đồng chẵn"),
        ("{{ngay \"2020-03-05\"}}", "ngày 05 tháng 3 năm 2020"),
        ("{{ngay \"2020-01-05\"}}", "ngày 05 tháng 01 năm 2020"),
        ("{{ngay_so \"2020-03-05\"}}", "05/3/2020"),
        ("{{ngay_chu \"2026-11-22\"}}", "ngày hai mươi hai tháng mười một năm hai nghìn không trăm hai mươi sáu"),
        ("{{nam \"2020-03-05\"}}", "2020"),
        ("{{gio \"08:30\"}}", "08 giờ 30 phút"),
        ("{{hoa ten}}", "AN"),
        ("{{hoa_dau \"đã có\"}}", "Đã có"),
        ("{{la_ma 14}}", "XIV"),
        ("{{chu_cai 5}}", "đ"),
        ("{{phan_tram 274 1000}}", "27,4%"),
        ("{{tang_giam 425 261}}", "tăng 62,8%"),
        ("{{cong 2 \"0.5\"}}", "2.5"),
        ("{{so (tru 1000000 1)}}", "999.999"),
        ("{{ten_don_vi \"HKH Q.10\"}}", "Hội Khuyến học Quận 10"),
        ("{{#if (eq ten \"An\")}}đúng{{else}}sai{{/if}}", "đúng"),
        ("{{to_chuc.viet_tat}}", "HKH"),
        ("{{noi to_chuc.ten_dong cuoi=\" và \"}}", "HỘI KHUYẾN HỌC và PHƯỜNG THÍ ĐIỂM"),
        ("{{dem to_chuc.nguoi_ky}}", "1"),
    ];
    let words: String = cases.iter().enumerate().map(|(index, (source, _))| format!("w{index:02} = '''{source}'''\n")).collect();
    let text = filled(&words).expect("all fill");
    for (index, (source, expected)) in cases.iter().enumerate() {
        assert!(
            text.contains(&format!("w{index:02} = {expected}\n")) || text.ends_with(&format!("w{index:02} = {expected}")),
            "{source} should give {expected} in\n{text}"
        );
    }
}

#[test]
fn an_unknown_field_is_an_error_at_its_place_with_a_suggestion() {
    assert_eq!(
        filled("chao = \"Kính gửi {{tenn}}\"").expect_err("an error"),
        "lỗi[words-field] thu/words.toml:2:18: không có trường “tenn” trong mẫu\n    | chao = \"Kính gửi {{tenn}}\"\n    |                  ^\n    cách sửa: có phải “ten”?"
    );
}

#[test]
fn an_unknown_function_is_an_error_with_a_suggestion() {
    assert_eq!(
        filled("chao = \"{{so_chuu 5}}\"").expect_err("an error"),
        "lỗi[words-function] thu/words.toml:2:9: không có hàm “so_chuu”\n    | chao = \"{{so_chuu 5}}\"\n    |         ^\n    cách sửa: có phải “so_chu”?"
    );
}

#[test]
fn an_unclosed_block_is_an_error_in_its_line() {
    let said = filled("chao = '''\nKính gửi\n{{#if ten}} x\n'''").expect_err("an error");
    expect_test::expect![[r#"
        lỗi[words-syntax] thu/words.toml:4:1: câu chữ “chao”: khối {{#if}} mở ở đây mà không được đóng
            | {{#if ten}} x
            | ^
            cách sửa: thêm {{/if}} vào cuối khối"#]]
    .assert_eq(&said);
}

#[test]
fn each_mistake_of_writing_has_its_own_sentence_at_its_place() {
    let sources = [
        "Kính gửi {{ten",
        "Kính gửi {{ten} và {{ten}}",
        "Kính gửi {{}}",
        "{{#if ten}}có{{/each}}",
        "có{{/if}}",
        "{{#each ten}}x{{#if ten}}y{{/if}}",
        "{{so ten, ten}}",
        "{{ten ten=}}",
        "{{so (so_chu 5}}",
    ];
    let words: String = sources.iter().enumerate().map(|(index, source)| format!("w{index} = '''{source}'''\n")).collect();
    expect_test::expect![[r#"
        lỗi[words-syntax] thu/words.toml:2:18: câu chữ “w0”: “{{” mở ở đây mà không có “}}” đóng
            | w0 = '''Kính gửi {{ten'''
            |                  ^
            cách sửa: thêm }} ngay sau tên trường
        lỗi[words-syntax] thu/words.toml:3:18: câu chữ “w1”: “{{” mở ở đây mà không có “}}” đóng
            | w1 = '''Kính gửi {{ten} và {{ten}}'''
            |                  ^
            cách sửa: thêm }} ngay sau tên trường
        lỗi[words-syntax] thu/words.toml:4:18: câu chữ “w2”: giữa {{ và }} không có gì
            | w2 = '''Kính gửi {{}}'''
            |                  ^
            cách sửa: viết như {{ho_ten}} hoặc {{ngay ngay_ky}}
        lỗi[words-syntax] thu/words.toml:5:22: câu chữ “w3”: {{#if}} đang mở mà ở đây lại đóng {{/each}}
            | w3 = '''{{#if ten}}có{{/each}}'''
            |                      ^
            cách sửa: viết {{/if}} ở đây
        lỗi[words-syntax] thu/words.toml:6:11: câu chữ “w4”: {{/if}} đóng một khối chưa mở
            | w4 = '''có{{/if}}'''
            |           ^
            cách sửa: xóa {{/if}}, hoặc thêm {{#if …}} ở trước
        lỗi[words-syntax] thu/words.toml:7:9: câu chữ “w5”: khối {{#each}} mở ở đây mà không được đóng
            | w5 = '''{{#each ten}}x{{#if ten}}y{{/if}}'''
            |         ^
            cách sửa: thêm {{/each}} vào cuối khối
        lỗi[words-syntax] thu/words.toml:8:17: câu chữ “w6”: không đọc được chỗ này: giữa {{ và }} phải là một tên trường, hoặc một hàm và các tham số của nó
            | w6 = '''{{so ten, ten}}'''
            |                 ^
            cách sửa: viết như {{ho_ten}} hoặc {{ngay ngay_ky}}
        lỗi[words-syntax] thu/words.toml:9:19: câu chữ “w7”: không đọc được chỗ này: giữa {{ và }} phải là một tên trường, hoặc một hàm và các tham số của nó
            | w7 = '''{{ten ten=}}'''
            |                   ^
            cách sửa: viết như {{ho_ten}} hoặc {{ngay ngay_ky}}
        lỗi[words-syntax] thu/words.toml:10:23: câu chữ “w8”: không đọc được chỗ này: giữa {{ và }} phải là một tên trường, hoặc một hàm và các tham số của nó
            | w8 = '''{{so (so_chu 5}}'''
            |                       ^
            cách sửa: viết như {{ho_ten}} hoặc {{ngay ngay_ky}}"#]].assert_eq(&filled(&words).expect_err("errors"));
}

#[test]
fn what_cannot_be_filled_is_told_in_the_users_language() {
    let of = |source: &str| filled(&format!("chao = '''{source}'''")).expect_err(source) + "\n";
    let told =
        ["{{so}}", "{{ngay ten}}", "{{phan_tram 1}}", "{{la_ma 5000}}", "{{to_chuc.khong_co}}", "{{to_chuc.nguoi_ky.[9].ho_ten}}"].map(of);
    expect_test::expect![[r#"
        lỗi[words-field] thu/words.toml:2:11: không có trường “so” trong mẫu
            | chao = '''{{so}}'''
            |           ^
            cách sửa: các trường có thể dùng: ten, to_chuc, tuy_chon
        lỗi[words-fill] thu/words.toml:2:11: bản ghi 1 (An): câu chữ “chao”: hàm “ngay” cần một ngày, nhưng nhận “An”
            | chao = '''{{ngay ten}}'''
            |           ^
        lỗi[words-fill] thu/words.toml:2:11: bản ghi 1 (An): câu chữ “chao”: hàm “phan_tram” thiếu tham số thứ 2
            | chao = '''{{phan_tram 1}}'''
            |           ^
        lỗi[words-fill] thu/words.toml:2:11: bản ghi 1 (An): câu chữ “chao”: hàm “la_ma” cần một số từ 1 đến 3999, nhưng nhận “5000”
            | chao = '''{{la_ma 5000}}'''
            |           ^
        lỗi[words-fill] thu/words.toml:2:11: bản ghi 1 (An): câu chữ “chao” dùng “to_chuc.khong_co” mà bản ghi không có
            | chao = '''{{to_chuc.khong_co}}'''
            |           ^
        lỗi[words-fill] thu/words.toml:2:11: bản ghi 1 (An): câu chữ “chao” dùng “to_chuc.nguoi_ky.[9].ho_ten” mà bản ghi không có
            | chao = '''{{to_chuc.nguoi_ky.[9].ho_ten}}'''
            |           ^
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn raw_output_and_partials_are_refused() {
    for source in ["{{{ten}}}", "{{&ten}}", "{{> khac}}", "{{#*inline \\\"x\\\"}}{{/inline}}"] {
        let said = filled(&format!("chao = \"{source}\"")).expect_err(source);
        assert!(said.starts_with("lỗi[words-forbidden] thu/words.toml:2:"), "{source}: {said}");
    }
}

#[test]
fn a_function_with_a_wrong_argument_says_what_it_needs() {
    let said = filled("chao = \"{{ngay ten}}\"").expect_err("an error");
    expect_test::expect![[r#"
        lỗi[words-fill] thu/words.toml:2:9: bản ghi 1 (An): câu chữ “chao”: hàm “ngay” cần một ngày, nhưng nhận “An”
            | chao = "{{ngay ten}}"
            |         ^"#]]
    .assert_eq(&said);
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let said = filled("a = \"{{x1}}\"\nb = \"{{x2}}\"\nc = \"{{{ten}}}\"").expect_err("errors");
    expect_test::expect![[r#"
        lỗi[words-field] thu/words.toml:2:6: không có trường “x1” trong mẫu
            | a = "{{x1}}"
            |      ^
            cách sửa: các trường có thể dùng: ten, to_chuc, tuy_chon
        lỗi[words-field] thu/words.toml:3:6: không có trường “x2” trong mẫu
            | b = "{{x2}}"
            |      ^
            cách sửa: các trường có thể dùng: ten, to_chuc, tuy_chon
        lỗi[words-forbidden] thu/words.toml:4:6: câu chữ không được dùng {{{ }}}, {{> }} hay {{* }}
            | c = "{{{ten}}}"
            |      ^
            cách sửa: chỉ dùng {{tên_trường}} và các hàm có sẵn"#]]
    .assert_eq(&said);
}

#[test]
fn filled_words_are_never_filled_again() {
    let office = Office::with_workspace();
    template(&office, "#let render(v) = { set page(width: 250mm); v.loi_van.chao }\n");
    office.write("d.csv", "Tên\n{{to_chuc.ten}} {{{x}}} {{> y}}\n");
    let said = office.must(&["run", "--template", "thu", "--data", "d.csv", "--out", "o", "--name", "mot"]);
    assert_eq!(said.stderr, "");
    assert!(text_of(&office.path.join("o/mot.pdf")).contains("Chào {{to_chuc.ten}} {{{x}}} {{> y}}"));
}

#[test]
fn an_office_changes_the_words_of_a_built_in_template_without_its_page() {
    let office = Office::with_workspace();
    let words = include_str!("../../report-templates/giay-khen/words.toml").replace("GIẤY KHEN", "GIẤY BIỂU DƯƠNG");
    office.write("mau/giay-khen/words.toml", words);
    office.write("d.csv", crate::support::people(1));
    office.must(&crate::support::award_run("d.csv", "o", &[]));
    assert!(text_of(&office.path.join("o/001-Nguyễn Văn An.pdf")).contains("GIẤY BIỂU DƯƠNG"));
}

#[test]
fn own_words_change_only_what_they_name() {
    let office = Office::with_workspace();
    office.write("d.csv", crate::support::people(1));
    office.write("mau/giay-khen/words.toml", "[words]\ntieu_de = \"GIẤY BIỂU DƯƠNG\"\n");
    office.must(&crate::support::award_run("d.csv", "o", &[]));
    let text = text_of(&office.path.join("o/001-Nguyễn Văn An.pdf"));
    assert!(text.contains("GIẤY BIỂU DƯƠNG") && text.contains("HỘI KHUYẾN HỌC PHƯỜNG THÍ ĐIỂM"), "{text}");
    // What is copied from it is whole, with the own words in it.
    office.must(&["template", "new", "khac", "--from", "giay-khen"]);
    office.must(&[
        "run",
        "--template",
        "khac",
        "--data",
        "d.csv",
        "--out",
        "o2",
        "--set",
        "so_quyet_dinh=12/QĐ-HKH",
        "--set",
        "ngay=27/12/2019",
        "--set",
        "phong_trao=khuyến học",
    ]);
    assert!(text_of(&office.path.join("o2/001-Nguyễn Văn An.pdf")).contains("GIẤY BIỂU DƯƠNG"));
    assert!(!office.path.join("mau/khac/words.built-in.toml").exists());
    office.write("mau/giay-khen/words.toml", "[words]\ntieu_dee = \"GIẤY BIỂU DƯƠNG\"\n");
    expect_test::expect![[r#"
        [vi 1]
        lỗi[words-unknown] giay-khen/words.toml:2:13: mẫu không có câu chữ “tieu_dee”
            | tieu_dee = "GIẤY BIỂU DƯƠNG"
            |             ^
            cách sửa: có phải “tieu_de”?
        [en 1]
        error[words-unknown] giay-khen/words.toml:2:13: the template has no wording `tieu_dee`
            | tieu_dee = "GIẤY BIỂU DƯƠNG"
            |             ^
            remedy: did you mean `tieu_de`?
    "#]]
    .assert_eq(&crate::support::whole(&office, &crate::support::award_run("d.csv", "o", &[])));
}

#[test]
fn every_function_has_a_line_that_tells_what_it_does() {
    let told: Vec<&str> = vanthu::template::function_help::all().map(|help| help.name).collect();
    let known: Vec<&str> = vanthu::template::functions::names().collect();
    assert_eq!(told, known);
    for help in vanthu::template::function_help::all() {
        assert!(help.call.split(' ').next() == Some(help.name) && help.call.contains(' '), "{}", help.call);
    }
}
