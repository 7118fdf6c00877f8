//! Components of the shared library that no built-in template uses by itself, set by a template of a workspace.

use crate::support::{Office, text_of};
use crate::workers::template;

#[test]
fn named_sections_stamps_copies_and_the_attachment_line_stand_as_the_decree_says() {
    let office = Office::with_workspace();
    template(
        &office,
        r##"#import "/the-thuc/lib.typ": *
#let render(v) = {
  show: trang.with(v.to_chuc)
  dau-trang(v.to_chuc, so: 5, ky-hieu: "QC-HKH", thoi-gian: "Phường Thí Điểm, ngày 05 tháng 3 năm 2026", khan: "HỎA TỐC", luu-hanh: "LƯU HÀNH NỘI BỘ")
  ten-loai("Quy chế", trich-yeu: "Về việc thử")
  phan(1, "Quy định chung")
  chuong(2, "Tổ chức", cap: 2)
  muc(1, "Bộ máy", cap: 3)
  dieu(3, "Phạm vi", cap: 4)
  khoan(1, "Khoản có tiêu đề", cap: 5)
  for n in range(1, 9) { diem(n, v.loi_van.chao + ";", cap: 6) }
  dia-chi("Số 1 Đường Mẫu; điện thoại 000")
  ban-sao(v.to_chuc, "Sao y", so: 7, ky-hieu: "SY-HKH", thoi-gian: "Phường Thí Điểm, ngày 06 tháng 3 năm 2026")
  phu-luc("Danh sách", [Nội dung phụ lục.], n: 2, ky-so: "Số: 05/QC-HKH; 05/3/2026; 14:05:09 +07:00")
}
"##,
    );
    let manifest = String::from_utf8(office.read("mau/thu/template.toml")).expect("text");
    office.write("mau/thu/template.toml", manifest.replace("\"Liberation Serif\"]", "\"Liberation Serif\", \"DejaVu Sans\"]"));
    office.write("d.csv", "Tên\nAn\n");
    office.must(&["run", "-t", "thu", "-d", "d.csv", "-o", "o", "--name", "mot"]);
    let text = text_of(&office.path.join("o/mot.pdf")).replace('\u{a0}', " ");
    for part in [
        "HỎA TỐC",
        "LƯU HÀNH NỘI BỘ",
        "Số: 05/QC-HKH",
        "QUY CHẾ",
        "Phần I",
        "QUY ĐỊNH CHUNG",
        "Chương II",
        "TỔ CHỨC",
        "Mục 1",
        "Điều 3. Phạm vi",
        "1. Khoản có tiêu đề",
        "a) Chào",
        "đ) Chào",
        "e) Chào",
        "g) Chào",
        "h) Chào",
        "SAO Y",
        "SY-HKH",
        "Phụ lục II",
        "DANH SÁCH",
        "14:05:09 +07:00",
        "Số 1 Đường Mẫu",
    ] {
        assert!(text.contains(part) || text.to_uppercase().contains(&part.to_uppercase()), "{part} is not in\n{text}");
    }
    assert!(!text.contains("f) Chào"), "the Vietnamese letters have no f");
}
