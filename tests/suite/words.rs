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
    assert!(said.starts_with("lỗi[words-syntax] thu/words.toml:"), "{said}");
    assert!(said.ends_with("cách sửa: mỗi {{ cần một }}, mỗi {{#if}} cần một {{/if}}"), "{said}");
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
    assert!(said.contains("hàm “ngay” cần một ngày, nhưng nhận “An”"), "{said}");
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let said = filled("a = \"{{x1}}\"\nb = \"{{x2}}\"\nc = \"{{{ten}}}\"").expect_err("errors");
    assert_eq!(said.matches("lỗi[").count(), 3, "{said}");
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
