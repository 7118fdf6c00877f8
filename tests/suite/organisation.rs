//! What an organisation chooses of its page, and how its people, emblem, signature and seal appear.

use crate::support::{Office, award_run, foreign, people, python, text_of};

/// A workspace whose organisation has further lines.
fn office(more: &str) -> Office {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", format!("{config}\n{more}"));
    office
}

#[test]
fn choices_within_the_decree_change_the_page_and_it_still_passes() {
    let office =
        office("[organisations.hoi.page]\nmargin_left_mm = 35\nbody_pt = 13\nline_spacing = 1.5\nindent_mm = 12.7\nquoc_hieu_pt = 12\n");
    office.must(&["preview", "bao-cao", "--out", "x", "--ppi", "40"]);
    let document = office.path.join("x").join(office.documents("x").remove(0));
    let left = python(
        "import sys,pdfplumber\npage=pdfplumber.open(sys.argv[1]).pages[1]\nprint(min(c['x0'] for c in page.chars)*25.4/72, max(c['size'] for c in page.chars if c['size']<13.5))",
        &[&document],
    );
    let (left, size) = left.trim().split_once(' ').expect("two numbers");
    assert!((left.parse::<f64>().expect("mm") - 35.0).abs() < 0.5, "{left}");
    assert!((size.parse::<f64>().expect("pt") - 13.0).abs() < 0.1, "{size}");
    let said = office.run(&["lint", document.to_str().expect("a path")]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
}

#[test]
fn a_choice_outside_the_decree_is_an_error_with_its_range() {
    let said = office("[organisations.hoi.page]\nmargin_left_mm = 29.9\nindent_mm = 11\n").run(&["template", "list"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr.trim(),
        "lỗi[page-choice] vanthu.toml [organisations.hoi.page]: margin_left_mm = 29.9 trái quy định: phải từ 30 đến 35 mm (Nghị định 30/2020/NĐ-CP, Phụ lục I)\nlỗi[page-choice] vanthu.toml [organisations.hoi.page]: indent_mm = 11 trái quy định: phải 10 hoặc 12.7 mm (Nghị định 30/2020/NĐ-CP, Phụ lục I)"
    );
}

#[test]
fn the_partys_style_has_its_own_head_and_authority() {
    let office = office("");
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", config.replace("place =", "style = \"dang\"\nplace =").replace("TM. BAN", "T/M BAN"));
    office.must(&["preview", "bao-cao", "--out", "x", "--ppi", "40"]);
    let text = text_of(&office.path.join("x").join(office.documents("x").remove(0)));
    assert!(text.contains("ĐẢNG CỘNG SẢN VIỆT NAM") && !text.contains("CỘNG HÒA XÃ HỘI"), "{text}");
}

#[test]
fn an_emblem_of_each_kind_and_signature_and_seal_stand_on_the_certificate() {
    for (name, make) in [
        ("logo.png", "from PIL import Image; Image.new('RGBA',(200,200),(20,60,140,255)).save(sys.argv[1])"),
        ("logo.jpg", "from PIL import Image; Image.new('RGB',(200,200),(20,60,140)).save(sys.argv[1])"),
        (
            "logo.svg",
            "open(sys.argv[1],'w').write('<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 10 10\"><circle cx=\"5\" cy=\"5\" r=\"5\" fill=\"#143c8c\"/></svg>')",
        ),
    ] {
        let office = office("signature = \"ky.png\"\nseal = \"dau.png\"\n");
        let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
        office.write("vanthu.toml", config.replace("place =", &format!("emblem = \"{name}\"\nplace =")));
        python(&format!("import sys\n{make}"), &[&office.path.join(name)]);
        for (picture, colour) in [("ky.png", "(0,0,200,255)"), ("dau.png", "(200,0,0,255)")] {
            python(
                &format!("import sys\nfrom PIL import Image; Image.new('RGBA',(120,60),{colour}).save(sys.argv[1])"),
                &[&office.path.join(picture)],
            );
        }
        office.write("d.csv", people(1));
        office.must(&award_run("d.csv", "o", &["--standard", "1.7"]));
        let document = office.path.join("o").join(office.documents("o").remove(0));
        // The seal covers the left third of the signature: its right edge lies one third into it.
        let boxes =
            python("import sys,pdfplumber\nfor i in pdfplumber.open(sys.argv[1]).pages[0].images: print(i['x0'],i['x1'])", &[&document]);
        let boxes: Vec<(f64, f64)> =
            boxes.lines().filter_map(|line| line.split_once(' ')).map(|(a, b)| (a.parse().expect("pt"), b.parse().expect("pt"))).collect();
        let lies_right = boxes.iter().any(|signature| {
            boxes.iter().any(|seal| seal != signature && (seal.1 - (signature.0 + (signature.1 - signature.0) / 3.0)).abs() < 1.0)
        });
        assert!(lies_right, "{name}: {boxes:?}");
        assert!(!foreign("pdfimages", &["-list", document.to_str().expect("a path")]).is_empty());
    }
}

#[test]
fn numbers_are_read_and_tones_placed_as_the_organisation_does_and_names_keep_their_spelling() {
    let office = office("[organisations.hoi.language]\ntone = \"new\"\nlinh = \"lẻ\"\nnghin = \"ngàn\"\ntu = \"bốn\"\n");
    crate::workers::template(&office, "#let render(v) = { set page(width: 250mm, height: 100mm); v.loi_van.chao }\n");
    office.write("mau/thu/words.toml", "[words]\nchao = \"Hòa bình, {{ten}}: {{so_chu 1005}}; {{so_chu 24}}; {{so_chu 24 bon=false}}\"\n");
    office.write("d.csv", "Tên\nNguyễn Thị Hòa\n");
    office.must(&["run", "-t", "thu", "-d", "d.csv", "-o", "o", "--name", "mot"]);
    let text = text_of(&office.path.join("o/mot.pdf"));
    assert!(text.contains("Hoà bình, Nguyễn Thị Hòa: một ngàn không trăm lẻ năm; hai mươi bốn; hai mươi tư"), "{text}");

    let wrong = self::office("[organisations.hoi.language]\ntone = \"cũ\"\n").run(&["template", "list"]);
    assert_eq!(
        wrong.stderr.trim(),
        "lỗi[language-choice] vanthu.toml [organisations.hoi.language]: tone = “cũ” không hợp lệ\n    cách sửa: chọn “old” hoặc “new”"
    );
}

#[test]
fn a_signatory_without_title_is_an_error_of_its_record_and_the_others_are_made() {
    let office = Office::with_workspace();
    let record = |name: &str, signatory: Option<&str>| serde_json::json!({ "doi_tuong": "Cá nhân", "danh_xung": "Ông", "ho_ten": name, "so_quyet_dinh": "12/QĐ-HKH", "ngay": "2019-12-27", "phong_trao": "công tác khuyến học", "nguoi_ky": signatory });
    office.write("d.json", serde_json::json!([record("Lê Văn An", None), record("Lê Văn Bình", Some("Trần Lạ"))]).to_string());
    let said = office.run(&["run", "-t", "giay-khen", "-d", "d.json", "-o", "o", "--name", "{{ho_ten}}"]);
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[page-report] d.json#/1/nguoi_ky: bản ghi 2 (Lê Văn Bình): Người ký “Trần Lạ” chưa có chức vụ: khai quyền hạn, chức vụ của người ký trong phần tổ chức hoặc ghi ở mục quyền hạn, chức vụ người ký.
    "#]].assert_eq(&said.stderr);
    assert_eq!(office.documents("o"), ["Lê Văn An.pdf"]);
}

#[test]
fn a_picture_that_ends_in_the_middle_is_an_error_and_nothing_is_printed_without_it() {
    let office = office("signature = \"ky.png\"\n");
    python(
        "import sys,io\nfrom PIL import Image\nb=io.BytesIO(); Image.effect_noise((80,40),50).save(b,'PNG'); open(sys.argv[1],'wb').write(b.getvalue()[:600])",
        &[&office.path.join("ky.png")],
    );
    office.write("d.csv", people(1));
    let said = office.run(&award_run("d.csv", "o", &[]));
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        lỗi[picture-broken] ky.png: hình hỏng, không đọc được (khai ở vanthu.toml, [[organisations.hoi.signatories]] signature)
            cách sửa: mở hình bằng chương trình xem ảnh rồi lưu lại, hoặc lấy lại bản gốc
    "#]]
    .assert_eq(&said.stderr);
    assert!(office.documents("o").is_empty());
}

#[test]
fn each_signing_authority_stands_as_the_decree_writes_it() {
    for (lines, name) in [
        (&["TM. BAN THƯỜNG VỤ", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"][..], "Lê Văn Hòa"),
        (&["Q. CHỦ TỊCH"][..], "Lê Văn Hòa"),
        (&["TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"][..], "Đỗ Thị Giang"),
        (&["TUQ. CHỦ TỊCH", "TRƯỞNG BAN THI ĐUA"][..], "Đỗ Thị Giang"),
    ] {
        let office = Office::with_workspace();
        let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
        let config = config.replace(r#"["TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"]"#, &format!("{lines:?}")).replace("Trần Thị Bình", name);
        office.write("vanthu.toml", config);
        for template in ["ke-hoach", "giay-khen"] {
            office.must(&["preview", template, "--out", template, "--ppi", "40"]);
        }
        office.write("d.csv", people(1));
        office.must(&award_run("d.csv", "o", &[]));
        let text = text_of(&office.path.join("o").join(office.documents("o").remove(0)));
        let places: Vec<usize> =
            lines.iter().chain([&name]).map(|line| text.find(line).unwrap_or_else(|| panic!("{line}\n{text}"))).collect();
        assert!(places.is_sorted(), "{places:?}\n{text}");
    }
}
