//! Hostile pages and records: killed, counted, set apart, and the neighbours are made.

use expect_test::expect;

use crate::support::{Office, Said, assert_sound, whole};

/// A workspace with a template whose page is `page`; its records have one field, `ten`.
fn office(page: &str) -> Office {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", format!("{config}\n[render]\ndeadline_seconds = 1.5\nmemory_mib = 512\nworkers = 2\n"));
    template(&office, page);
    office
}

/// Writes the template `thu`.
pub fn template(office: &Office, page: &str) {
    office.write(
        "mau/thu/template.toml",
        "name = \"thu\"\nversion = \"1\"\n[title]\nvi = \"Thử\"\nen = \"Trial\"\n[description]\nvi = \"Thử.\"\nen = \"Trial.\"\n[fonts]\ntext = [\"Liberation Serif\"]\n[output]\nfile = \"{{ten}}\"\ntitle = \"{{ten}}\"\npages_max = 5\n",
    );
    office.write(
        "mau/thu/contract.json",
        r#"{"title":"Thử","type":"object","additionalProperties":false,"required":["ten"],"properties":{"ten":{"type":"string","title":"Tên","maxLength":100000,"examples":["An"]}}}"#,
    );
    office.write("mau/thu/words.toml", "[words]\nchao = \"Chào {{ten}}\"\n");
    office.write("mau/thu/sample.json", "{\"ten\": \"An\"}");
    office.write("mau/thu/page.typ", page);
}

fn run(office: &Office, names: &[&str]) -> Said {
    office.write("d.csv", format!("Tên\n{}\n", names.join("\n")));
    office.run(&["run", "--template", "thu", "--data", "d.csv", "--out", "o"])
}

/// What a run says, in both languages.
fn both(office: &Office, names: &[&str]) -> String {
    office.write("d.csv", format!("Tên\n{}\n", names.join("\n")));
    whole(office, &["run", "--template", "thu", "--data", "d.csv", "--out", "o"])
}

/// A page that misbehaves for the record called “Độc”.
fn poisoned(body: &str) -> String {
    format!(
        "#let render(v) = {{\n  set page(width: 100mm, height: 60mm)\n  if v.du_lieu.ten == \"Độc\" {{ {body} }}\n  v.loi_van.chao\n}}\n"
    )
}

#[test]
fn an_endless_loop_is_stopped_at_the_deadline_and_its_neighbours_are_made() {
    let office = office(&poisoned("for i in range(9999) { for j in range(9999) { for k in range(9999) { let _ = calc.sin(k) } } }"));
    expect![[r#"
        [vi 1]
        lỗi[quarantined] bản ghi 2 (Độc): bị tách riêng sau hai lần làm dừng tiến trình: dàn trang quá 1.5 giây
            cách sửa: kiểm tra dữ liệu của bản ghi này và trang mẫu
        Đã tạo 3 văn bản, không tạo được 0, tách riêng 1.
        Nơi lưu: o
        [en 1]
        error[quarantined] record 2 (Độc): set apart after it stopped two workers: setting the page took more than 1.5 s
            remedy: check this record's data and the template's page
        Made 3 documents, failed 0, quarantined 1.
        Of these, 3 came from an earlier run.
        Where: o
    "#]]
    .assert_eq(&both(&office, &["An", "Độc", "Bình", "Châu"]));
    assert_eq!(office.documents("o"), ["An.pdf", "Bình.pdf", "Châu.pdf"]);
}

#[test]
fn an_allocation_bomb_hits_the_memory_limit_and_its_neighbours_are_made() {
    let office = office(&poisoned("let s = \"a\" * 3000000000"));
    expect![[r#"
        [vi 1]
        lỗi[quarantined] bản ghi 2 (Độc): bị tách riêng sau hai lần làm dừng tiến trình: dàn trang cần hơn 512 MiB bộ nhớ
            cách sửa: kiểm tra dữ liệu của bản ghi này và trang mẫu
        Đã tạo 2 văn bản, không tạo được 0, tách riêng 1.
        Nơi lưu: o
        [en 1]
        error[quarantined] record 2 (Độc): set apart after it stopped two workers: setting the page needs more than 512 MiB of memory
            remedy: check this record's data and the template's page
        Made 2 documents, failed 0, quarantined 1.
        Of these, 2 came from an earlier run.
        Where: o
    "#]]
    .assert_eq(&both(&office, &["An", "Độc", "Bình"]));
    assert_eq!(office.documents("o"), ["An.pdf", "Bình.pdf"]);
}

#[test]
fn a_syntax_error_in_a_page_is_shown_at_its_place() {
    let office = office("#let render(v) = {\n  let x = (1, 2\n}\n");
    expect![[r#"
        [vi 1]
        lỗi[page] thu/page.typ:2:11: bản ghi 1 (An): trang mẫu (page.typ) báo: unclosed delimiter
            |   let x = (1, 2
            |           ^
        Đã tạo 0 văn bản, không tạo được 1, tách riêng 0.
        Nơi lưu: o
        [en 1]
        error[page] thu/page.typ:2:11: record 1 (An): the page reports: unclosed delimiter
            |   let x = (1, 2
            |           ^
        Made 0 documents, failed 1, quarantined 0.
        Where: o
    "#]]
    .assert_eq(&both(&office, &["An"]));
}

#[test]
fn an_unknown_font_in_a_page_is_an_error_and_not_a_silent_substitute() {
    let office = office("#let render(v) = {\n  set text(font: \"Phông Không Có\")\n  v.loi_van.chao\n}\n");
    expect![[r#"
        [vi 1]
        lỗi[font-unknown] thu/page.typ:2:18: bản ghi 1 (An): không có phông “phông không có”
            |   set text(font: "Phông Không Có")
            |                  ^
            cách sửa: chép tệp phông vào phong-chu/ và ghi tên phông vào [fonts] trong template.toml, hoặc chọn phông khác
        Đã tạo 0 văn bản, không tạo được 1, tách riêng 0.
        Nơi lưu: o
        [en 1]
        error[font-unknown] thu/page.typ:2:18: record 1 (An): there is no font “phông không có”
            |   set text(font: "Phông Không Có")
            |                  ^
            remedy: put the font file into phong-chu/ and its name into [fonts] of template.toml, or choose another font
        Made 0 documents, failed 1, quarantined 0.
        Where: o
    "#]]
    .assert_eq(&both(&office, &["An"]));
    assert!(office.documents("o").is_empty());
}

#[test]
fn an_unknown_family_in_the_manifest_stops_the_batch_before_anything_renders() {
    let office = office(&poisoned("none"));
    let manifest = String::from_utf8(office.read("mau/thu/template.toml")).expect("text");
    office.write("mau/thu/template.toml", manifest.replace("Liberation Serif", "Times Nu Roman"));
    let said = run(&office, &["An"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr.trim(),
        "lỗi[font-unknown] mẫu “thu” cần phông “Times Nu Roman” mà chưa có\n    cách sửa: chép tệp phông vào thư mục phong-chu/, hoặc sửa [fonts] của mẫu"
    );
}

#[test]
fn a_page_sees_only_its_own_files() {
    let mut told = String::new();
    for reach in [
        "read(\"/etc/passwd\")",
        "read(\"../../../../etc/passwd\")",
        "include \"/giay-khen/page.typ\"",
        "plugin(\"/thu/x.wasm\")",
        "import \"@preview/cetz:0.3.0\"",
        "datetime.today()",
    ] {
        let office = office(&format!("#let render(v) = {{ {reach} }}\n"));
        office.write("mau/thu/x.wasm", [0u8, 1]);
        let said = run(&office, &["An"]);
        assert_eq!(said.code, 1, "{reach}");
        told.push_str(&said.stderr);
    }
    expect![[r#"
        lỗi[page] thu/page.typ:1:25: bản ghi 1 (An): mẫu không có tệp “/etc/passwd”
            | #let render(v) = { read("/etc/passwd") }
            |                         ^
            cách sửa: chép tệp đó vào thư mục của mẫu, hoặc sửa tên ở dòng này; trang chỉ đọc được tệp của mẫu và của the-thuc
        lỗi[page] thu/page.typ:1:25: bản ghi 1 (An): trang mẫu đọc ra ngoài thư mục của mẫu
            | #let render(v) = { read("../../../../etc/passwd") }
            |                         ^
            cách sửa: chỉ dùng tệp của mẫu và của the-thuc
        lỗi[page] thu/page.typ:1:28: bản ghi 1 (An): mẫu không có tệp “/giay-khen/page.typ”
            | #let render(v) = { include "/giay-khen/page.typ" }
            |                            ^
            cách sửa: chép tệp đó vào thư mục của mẫu, hoặc sửa tên ở dòng này; trang chỉ đọc được tệp của mẫu và của the-thuc
        lỗi[page] thu/page.typ:1:27: bản ghi 1 (An): mẫu không có tệp “/thu/x.wasm”
            | #let render(v) = { plugin("/thu/x.wasm") }
            |                           ^
            cách sửa: chép tệp đó vào thư mục của mẫu, hoặc sửa tên ở dòng này; trang chỉ đọc được tệp của mẫu và của the-thuc
        lỗi[page] thu/page.typ:1:27: bản ghi 1 (An): trang mẫu đọc ra ngoài thư mục của mẫu
            | #let render(v) = { import "@preview/cetz:0.3.0" }
            |                           ^
            cách sửa: chỉ dùng tệp của mẫu và của the-thuc
        lỗi[page] thu/page.typ:1:20: bản ghi 1 (An): trang mẫu (page.typ) báo: unable to get the current date
            | #let render(v) = { datetime.today() }
            |                    ^
    "#]]
    .assert_eq(&told);
}

#[test]
fn text_that_runs_out_of_the_page_is_an_error_naming_the_record() {
    let office = office(
        "#let render(v) = {\n  set page(width: 100mm, height: 60mm)\n  box(width: 200mm, v.loi_van.chao + h(1fr) + v.du_lieu.ten)\n}\n",
    );
    let said = run(&office, &["An"]);
    assert_eq!(said.code, 1);
    expect![[r#"
        lỗi[overflow] d.csv, dòng 2: bản ghi 1 (An): “An” chữ tràn ra ngoài vùng in, trang 1
            cách sửa: rút gọn hoặc chia nhỏ nội dung này
    "#]]
    .assert_eq(&said.stderr);
}

#[test]
fn a_document_with_too_many_pages_is_an_error() {
    let office = office("#let render(v) = { for i in range(9) { page[#v.loi_van.chao] } }\n");
    let said = run(&office, &["An"]);
    expect![[r#"
        lỗi[too-many-pages] bản ghi 1 (An): văn bản dài 9 trang, mẫu cho tối đa 5
            cách sửa: rút gọn nội dung, hoặc dùng mẫu nhiều trang
    "#]]
    .assert_eq(&said.stderr);
}

#[test]
fn a_page_that_never_settles_is_an_error() {
    let office = office("#let render(v) = {\n  let s = state(\"s\", 0)\n  context { s.update(s.final() + 1) }\n  context s.final()\n}\n");
    let said = run(&office, &["An"]);
    assert_eq!(said.code, 1, "{}{}", said.stdout, said.stderr);
    expect![[r#"
        lỗi[page] bản ghi 1 (An): trang mẫu không ổn định sau năm lần dàn: document did not converge within five attempts
            cách sửa: đừng để một giá trị phụ thuộc vào chính kết quả của nó (state, counter, query)
        lỗi[page] thu/page.typ:3:22: bản ghi 1 (An): trang mẫu không ổn định sau năm lần dàn: value of `state("s")` did not converge
            |   context { s.update(s.final() + 1) }
            |                      ^
            cách sửa: đừng để một giá trị phụ thuộc vào chính kết quả của nó (state, counter, query)
        lỗi[page] thu/page.typ:4:11: bản ghi 1 (An): trang mẫu không ổn định sau năm lần dàn: value of `state("s")` did not converge
            |   context s.final()
            |           ^
            cách sửa: đừng để một giá trị phụ thuộc vào chính kết quả của nó (state, counter, query)
    "#]]
    .assert_eq(&said.stderr);
}

#[test]
fn a_fault_of_the_template_is_told_once_with_the_count_of_its_records_and_each_keeps_its_reason() {
    let office = office("#let render(v) = {\n  if v.du_lieu.ten != \"An\" { panic(\"thiếu phần kết\") }\n  image(\"thieu.png\")\n}\n");
    expect![[r#"
        [vi 1]
        lỗi[page] thu/page.typ:3:9: bản ghi 1 (An): mẫu không có tệp “/thu/thieu.png”
            |   image("thieu.png")
            |         ^
            cách sửa: chép tệp đó vào thư mục của mẫu, hoặc sửa tên ở dòng này; trang chỉ đọc được tệp của mẫu và của the-thuc
        lỗi[page] thu/page.typ:2:30: 4 bản ghi (2 Bình, 3 Châu, 4 Dũng, …): trang mẫu tự dừng: thiếu phần kết
            |   if v.du_lieu.ten != "An" { panic("thiếu phần kết") }
            |                              ^
        Đã tạo 0 văn bản, không tạo được 5, tách riêng 0.
        Nơi lưu: o
        [en 1]
        error[page] thu/page.typ:3:9: record 1 (An): the template has no file `/thu/thieu.png`
            |   image("thieu.png")
            |         ^
            remedy: put the file into the template's folder, or correct its name here; a page reads its own files and those of the-thuc only
        error[page] thu/page.typ:2:30: 4 records (2 Bình, 3 Châu, 4 Dũng, …): the page stops by itself: thiếu phần kết
            |   if v.du_lieu.ten != "An" { panic("thiếu phần kết") }
            |                              ^
        Made 0 documents, failed 5, quarantined 0.
        Where: o
    "#]]
    .assert_eq(&both(&office, &["An", "Bình", "Châu", "Dũng", "Em"]));
    let manifest = office.json("o/_danh-muc.json");
    for document in manifest["documents"].as_array().expect("documents") {
        assert_eq!(document["state"], "failed");
        assert_eq!(document["reasons"].as_array().map(Vec::len), Some(1), "{document}");
        assert_eq!(document["reasons"][0]["record"]["number"], document["record"]);
    }
}

#[test]
fn what_a_page_reports_about_a_field_is_shown_at_its_place() {
    let office = office(
        "#let bao(ma, truong) = [#metadata((ma: ma, truong: truong, vi: \"Không vừa.\", en: \"Does not fit.\")) <vanthu-loi>]\n#let render(v) = {\n  bao(\"tran\", \"ten\")\n  bao(\"tran\", \"cau_la\")\n  bao(\"thieu\", \"to_chuc.dia_danh\")\n}\n",
    );
    expect![[r#"
        [vi 1]
        lỗi[overflow] d.csv, dòng 2, cột “Tên”: bản ghi 1 (An): Không vừa.
            cách sửa: rút gọn hoặc viết tắt nội dung này
        lỗi[overflow] d.csv, dòng 2: bản ghi 1 (An): Không vừa.
            cách sửa: rút gọn hoặc viết tắt nội dung này
        lỗi[page-report] 2 bản ghi (1 An, 2 Bình): Không vừa.
        lỗi[overflow] d.csv, dòng 3, cột “Tên”: bản ghi 2 (Bình): Không vừa.
            cách sửa: rút gọn hoặc viết tắt nội dung này
        lỗi[overflow] d.csv, dòng 3: bản ghi 2 (Bình): Không vừa.
            cách sửa: rút gọn hoặc viết tắt nội dung này
        Đã tạo 0 văn bản, không tạo được 2, tách riêng 0.
        Nơi lưu: o
        [en 1]
        error[overflow] d.csv, line 2, column “Tên”: record 1 (An): Does not fit.
            remedy: shorten or abbreviate this content
        error[overflow] d.csv, line 2: record 1 (An): Does not fit.
            remedy: shorten or abbreviate this content
        error[page-report] 2 records (1 An, 2 Bình): Does not fit.
        error[overflow] d.csv, line 3, column “Tên”: record 2 (Bình): Does not fit.
            remedy: shorten or abbreviate this content
        error[overflow] d.csv, line 3: record 2 (Bình): Does not fit.
            remedy: shorten or abbreviate this content
        Made 0 documents, failed 2, quarantined 0.
        Where: o
    "#]]
    .assert_eq(&both(&office, &["An", "Bình"]));
    expect![[r#"
        [vi 1]
        lỗi[overflow] thu/sample.json#/ten: bản ghi 1 (An): Không vừa.
            cách sửa: rút gọn hoặc viết tắt nội dung này
        lỗi[overflow] thu/sample.json: bản ghi 1 (An): Không vừa.
            cách sửa: rút gọn hoặc viết tắt nội dung này
        lỗi[page-report] bản ghi 1 (An): Không vừa.
        [en 1]
        error[overflow] thu/sample.json#/ten: record 1 (An): Does not fit.
            remedy: shorten or abbreviate this content
        error[overflow] thu/sample.json: record 1 (An): Does not fit.
            remedy: shorten or abbreviate this content
        error[page-report] record 1 (An): Does not fit.
    "#]]
    .assert_eq(&whole(&office, &["preview", "thu"]));
}

#[test]
fn what_a_pdf_standard_forbids_is_told_with_what_to_do() {
    let office =
        office("#let render(v) = {\n  set page(width: 100mm, height: 60mm)\n  text(fill: rgb(10, 20, 30, 50%), v.loi_van.chao)\n}\n");
    office.write("d.csv", "Tên\nAn\n");
    expect![[r#"
        [vi 1]
        lỗi[standard] bản ghi 1 (An): không theo được chuẩn PDF/A-1b: trang dùng màu trong suốt
            cách sửa: chọn chuẩn a-2b (--standard a-2b), hoặc bỏ màu trong suốt ở trang mẫu
        Đã tạo 0 văn bản, không tạo được 1, tách riêng 0.
        Nơi lưu: o
        [en 1]
        error[standard] record 1 (An): cannot keep to PDF/A-1b: the page uses transparent colours
            remedy: choose standard a-2b (--standard a-2b), or use no transparent colours on the template's page
        Made 0 documents, failed 1, quarantined 0.
        Where: o
    "#]]
    .assert_eq(&whole(&office, &["run", "-t", "thu", "-d", "d.csv", "-o", "o", "--standard", "a-1b"]));
}

#[test]
fn workers_are_replaced_after_their_share_of_documents() {
    let office = office(&poisoned("none"));
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", config.replace("workers = 2", "workers = 1\nrecycle_documents = 3"));
    let names: Vec<String> = (0..20).map(|index| format!("Người {index}")).collect();
    let said = run(&office, &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(office.documents("o").len(), 20);
    assert_sound(&office.path.join("o/Người 7.pdf"));
}
