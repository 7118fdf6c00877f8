//! `/so`: the books searched, numbers kept free, struck out and entered late, by forms.

use super::api::office;
use crate::support::site::Site;
use crate::support::text_of;

const BOOK: &str = "\n[registers.di]\ntitle = \"Sổ đăng ký văn bản đi\"\nkind = \"van-ban-di\"\nkeeper = \"Văn phòng\"\n";

#[test]
fn a_clerk_keeps_numbers_free_enters_one_late_and_strikes_one_out() {
    let office = office(BOOK);
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let mut clerk = site.account(&mut administrator, "an", "clerk", "");
    let books = clerk.get("/so");
    assert!(books.text().contains("Sổ đăng ký văn bản đi"), "{}", books.text());
    assert!(clerk.get("/so/di?ky=2026").text().contains("Kỳ này chưa có số nào"));
    let refused = clerk.post("/so/di/giu-so", &[("ky", "2026"), ("count", "nhiều"), ("reason", "")]);
    assert!(refused.status == 422 && refused.text().contains("chưa ghi lý do"), "{}", refused.text());
    let refused = clerk.post("/so/di/giu-so", &[("ky", "2026"), ("count", "1001"), ("reason", "Chờ ký")]);
    assert!(refused.status == 422 && refused.text().contains("mỗi lần giữ được từ 1 đến 1000 số"), "{}", refused.text());
    let kept = clerk.post("/so/di/giu-so", &[("ky", "2026"), ("count", "3"), ("reason", "Chờ Chủ tịch ký")]);
    assert_eq!(kept.header("location"), Some("/so/di?ky=2026&xong=giu-so"));
    let book = clerk.get("/so/di?ky=2026&xong=giu-so");
    assert!(book.text().contains("Đã giữ số.") && book.text().contains("số cuối 3"), "{}", book.text());
    let late = [("ky", "2026"), ("date", "2026-02-31"), ("subject", "Quyết định khen thưởng"), ("reason", "ký muộn"), ("copies", "2")];
    let wrong = clerk.post("/so/di/so/2/ghi", &late);
    assert!(wrong.status == 422 && wrong.text().contains("không phải ngày có thật"), "{}", wrong.text());
    assert!(wrong.text().contains("Quyết định khen thưởng"), "what was typed stays in the form");
    let late = [
        ("ky", "2026"),
        ("date", "2026-05-19"),
        ("subject", "Quyết định khen thưởng"),
        ("recipient", "Chi hội Đồng Tâm"),
        ("reason", "ký muộn"),
        ("copies", "2"),
    ];
    assert_eq!(clerk.post("/so/di/so/2/ghi", &late).status, 303);
    assert_eq!(clerk.post("/so/di/so/3/huy", &[("ky", "2026"), ("reason", "viết nhầm")]).status, 303);
    let again = clerk.post("/so/di/so/3/huy", &[("ky", "2026"), ("reason", "viết nhầm")]);
    assert!(again.status == 422 && again.text().contains("số này đã hủy, không làm việc đó được"), "{}", again.text());
    let found = clerk.get("/so/di?ky=2026&tim=DONG+tam").text();
    assert!(found.contains("/so/di/so/2?ky=2026") && !found.contains("/so/di/so/1?ky"), "{found}");
    assert!(clerk.get("/so/di?ky=2026&tinh_trang=void").text().contains("/so/di/so/3?ky=2026"));
    assert_eq!(clerk.get("/so/di/so/9?ky=2026").status, 404);
    assert_eq!(clerk.get("/so/di/so/9223372036854775807?ky=2026").status, 404);
    assert_eq!(clerk.get("/so/di?ky=hom-nay").status, 404);
    assert_eq!(clerk.get("/so/khac").status, 404);
    let printed = clerk.get("/so/di/in?ky=2026&dang=pdf");
    let pdf = office.write("so.pdf", &printed.body);
    let text = text_of(&pdf);
    assert!(text.contains("Quyết định khen thưởng") && text.contains("Hủy: viết"), "{text}");
    assert!(clerk.get("/so/di/in?ky=2026&dang=xlsx").body.starts_with(b"PK"));
    assert_eq!(clerk.get("/so/di/in?ky=2026&dang=doc").status, 404);
    let log = administrator.get("/nhat-ky?ai=an").text();
    for done in ["giữ trước số", "hủy số", "ghi bổ sung vào sổ", "xuất sổ"] {
        assert!(log.contains(done), "{done}: {log}");
    }
}
