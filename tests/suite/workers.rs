//! Hostile pages and records: killed, counted, set apart, and the neighbours are made.

use crate::support::{Office, Said, assert_sound};

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

/// A page that misbehaves for the record called “Độc”.
fn poisoned(body: &str) -> String {
    format!(
        "#let render(v) = {{\n  set page(width: 100mm, height: 60mm)\n  if v.du_lieu.ten == \"Độc\" {{ {body} }}\n  v.loi_van.chao\n}}\n"
    )
}

#[test]
fn an_endless_loop_is_stopped_at_the_deadline_and_its_neighbours_are_made() {
    let office = office(&poisoned("for i in range(9999) { for j in range(9999) { for k in range(9999) { let _ = calc.sin(k) } } }"));
    let said = run(&office, &["An", "Độc", "Bình", "Châu"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr.trim(),
        "lỗi[quarantined] bản ghi 2 (Độc): bị tách riêng sau hai lần làm dừng tiến trình: dàn trang quá 1.5 giây\n    cách sửa: kiểm tra dữ liệu của bản ghi này và trang mẫu"
    );
    assert!(said.stdout.starts_with("Đã tạo 3 văn bản, không tạo được 0, tách riêng 1.\n"), "{}", said.stdout);
    assert_eq!(office.documents("o"), ["An.pdf", "Bình.pdf", "Châu.pdf"]);
}

#[test]
fn an_allocation_bomb_hits_the_memory_limit_and_its_neighbours_are_made() {
    let office = office(&poisoned("let s = \"a\" * 3000000000"));
    let said = run(&office, &["An", "Độc", "Bình"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr.trim(),
        "lỗi[quarantined] bản ghi 2 (Độc): bị tách riêng sau hai lần làm dừng tiến trình: dàn trang cần hơn 512 MiB bộ nhớ\n    cách sửa: kiểm tra dữ liệu của bản ghi này và trang mẫu"
    );
    assert_eq!(office.documents("o"), ["An.pdf", "Bình.pdf"]);
}

#[test]
fn a_syntax_error_in_a_page_is_shown_at_its_place() {
    let office = office("#let render(v) = {\n  let x = (1, 2\n}\n");
    let said = run(&office, &["An"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr.trim(),
        "lỗi[page] thu/page.typ:2:11: bản ghi 1 (An): trang mẫu (page.typ) báo: unclosed delimiter\n    |   let x = (1, 2\n    |           ^"
    );
}

#[test]
fn an_unknown_font_in_a_page_is_an_error_and_not_a_silent_substitute() {
    let office = office("#let render(v) = {\n  set text(font: \"Phông Không Có\")\n  v.loi_van.chao\n}\n");
    let said = run(&office, &["An"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.stderr.trim_end(),
        "lỗi[font-unknown] thu/page.typ:2:18: bản ghi 1 (An): trang mẫu (page.typ) báo: unknown font family: phông không có\n    |   set text(font: \"Phông Không Có\")\n    |                  ^"
    );
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
    for (reach, said_of_it) in [
        ("read(\"/etc/passwd\")", "file not found"),
        ("read(\"../../../../etc/passwd\")", "error"),
        ("include \"/giay-khen/page.typ\"", "file not found"),
        ("plugin(\"/thu/x.wasm\")", "file not found"),
        ("import \"@preview/cetz:0.3.0\"", "package not found"),
        ("datetime.today()", "unable to get the current date"),
    ] {
        let office = office(&format!("#let render(v) = {{ {reach} }}\n"));
        office.write("mau/thu/x.wasm", [0u8, 1]);
        let said = run(&office, &["An"]);
        assert_eq!(said.code, 1, "{reach}");
        assert!(said.stderr.contains("lỗi[page]"), "{reach}: {}", said.stderr);
        if said_of_it != "error" {
            assert!(said.stderr.contains(said_of_it), "{reach}: {}", said.stderr);
        }
    }
}

#[test]
fn text_that_runs_out_of_the_page_is_an_error_naming_the_record() {
    let office = office(
        "#let render(v) = {\n  set page(width: 100mm, height: 60mm)\n  box(width: 200mm, v.loi_van.chao + h(1fr) + v.du_lieu.ten)\n}\n",
    );
    let said = run(&office, &["An"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.starts_with("lỗi[overflow] bản ghi 1 (An): “An” chữ tràn ra ngoài vùng in, trang 1\n"), "{}", said.stderr);
}

#[test]
fn a_document_with_too_many_pages_is_an_error() {
    let office = office("#let render(v) = { for i in range(9) { page[#v.loi_van.chao] } }\n");
    let said = run(&office, &["An"]);
    assert!(said.stderr.starts_with("lỗi[too-many-pages] bản ghi 1 (An): văn bản dài 9 trang, mẫu cho tối đa 5\n"), "{}", said.stderr);
}

#[test]
fn a_page_that_never_settles_is_an_error() {
    let office = office("#let render(v) = {\n  let s = state(\"s\", 0)\n  context { s.update(s.final() + 1) }\n  context s.final()\n}\n");
    let said = run(&office, &["An"]);
    assert_eq!(said.code, 1, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("did not converge"), "{}", said.stderr);
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
