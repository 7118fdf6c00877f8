//! `/lich`: a schedule tried and made by form, run now, paused, taken away; those of the configuration beside it.

use std::time::{Duration, Instant};

use super::api::office;
use crate::support::people;
use crate::support::site::Site;

const DECLARED: &str = "\n[schedules.bao-cao]\ncron = \"0 8 1 1 *\"\ntemplate = \"giay-khen\"\nsource = { file = \"khong-co/*.csv\" }\norganisation = \"chi-hoi\"\n";

/// The fields of the form for a schedule that fires on the first of each month.
fn fields<'a>(name: &'a str, button: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("name", name),
        ("template", "giay-khen"),
        ("file", "cho/*.csv"),
        ("pick", "newest"),
        ("plan", "thang"),
        ("time", "08:30"),
        ("day", "1"),
        ("month", "1"),
        ("weekday", "1"),
        ("working_day", "next"),
        ("common", "so_quyet_dinh = 12/QĐ-HKH\nngay = 27/12/2019\nphong_trao = công tác khuyến học"),
        ("only_new", "on"),
        ("viec", button),
    ]
}

#[test]
fn a_schedule_is_tried_saved_run_paused_and_taken_away_by_form() {
    let office = office(DECLARED);
    office.write("cho/a.csv", people(2));
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    assert!(administrator.get("/lich/moi").text().contains("Xem năm lần tới"));
    let tried = administrator.post("/lich/moi", &fields("khen-thang", "xem"));
    assert_eq!(tried.status, 200, "{}", tried.text());
    let dates = tried.text();
    assert!(dates.contains("Năm lần tới") && dates.contains("08:30") && dates.contains("Lưu lịch"), "{dates}");
    assert_eq!(dates.split("<ol>").nth(1).and_then(|rest| rest.split("</ol>").next()).unwrap_or_default().matches("<li>").count(), 5);
    assert!(!administrator.get("/lich").text().contains("khen-thang"), "nothing is kept before it is saved");
    let saved = administrator.post("/lich/moi", &fields("khen-thang", "luu"));
    assert_eq!(saved.header("location"), Some("/lich/khen-thang?xong=tao"), "{}", saved.text());
    let mut wrong = fields("Khen tháng", "luu");
    wrong[5] = ("time", "25:00");
    let refused = administrator.post("/lich/moi", &wrong).text();
    assert!(refused.contains("không phải giờ và phút"), "{refused}");
    wrong[5] = ("time", "08:00");
    wrong[2] = ("file", "../ngoai/*.csv");
    wrong[1] = ("template", "giay-khenn");
    let refused = administrator.post("/lich/moi", &wrong).text();
    for problem in ["đã có lịch tên này", "có phải “giay-khen”?", "phải là tệp bên trong nơi làm việc"] {
        assert!(refused.contains(problem), "{problem}: {refused}");
    }
    let spoken = administrator.post("/lich/moi", &fields("Khen thưởng Đợt 2", "luu"));
    assert_eq!(spoken.header("location"), Some("/lich/khen-thuong-dot-2?xong=tao"), "{}", spoken.text());
    let twice = administrator.post("/lich/moi", &fields("khen-thang", "luu")).text();
    assert!(twice.contains("đã có lịch tên này"), "{twice}");
    assert_eq!(administrator.post("/lich/khen-thang/chay", &[]).status, 303);
    let begun = Instant::now();
    loop {
        let page = administrator.get("/lich/khen-thang").text();
        if page.contains("đã tạo 2 văn bản") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(120) && !page.contains("thất bại"), "{page}");
        std::thread::sleep(Duration::from_millis(200));
    }
    let page = administrator.get("/lich/khen-thang").text();
    let batch = page.split("href=\"/lo/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link to what it made");
    assert!(administrator.get(&format!("/lo/{batch}")).text().contains("2 / 2") || administrator.get("/lo").text().contains(batch));
    assert!(administrator.get("/van-ban").text().contains("2 văn bản"));
    let shown = office.must(&["schedule", "list"]).stdout;
    assert!(shown.contains("khen-thang"), "the command line knows it too: {shown}");
    let silent = administrator.post("/lich/khen-thang/tam-dung", &[("reason", " ")]);
    assert!(silent.status == 422 && silent.text().contains("chưa ghi lý do"), "{}", silent.text());
    assert_eq!(administrator.post("/lich/khen-thang/tam-dung", &[("reason", "Nghỉ Tết")]).status, 303);
    let paused = administrator.get("/lich/khen-thang").text();
    assert!(paused.contains("Nghỉ Tết") && paused.contains("Cho chạy tiếp") && !paused.contains("Chạy ngay"), "{paused}");
    assert_eq!(administrator.post("/lich/khen-thang/chay", &[]).status, 409, "it is paused");
    assert_eq!(administrator.post("/lich/khen-thang/tiep", &[]).status, 303);
    assert_eq!(administrator.post("/lich/bao-cao/xoa", &[]).status, 409, "the configuration's own is not a page's to take away");
    assert_eq!(administrator.post("/lich/khen-thang/xoa", &[]).header("location"), Some("/lich?xong=xoa"));
    assert_eq!(administrator.get("/lich/khen-thang").status, 404);
}

#[test]
fn a_clerk_looks_and_sees_only_the_own_organisations_schedules() {
    let office = office(DECLARED);
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let mut own = site.account(&mut administrator, "tam", "clerk", "chi-hoi");
    let mut other = site.account(&mut administrator, "an", "clerk", "hoi");
    let page = own.get("/lich/bao-cao");
    assert!(page.status == 200 && !page.text().contains("Chạy ngay"), "{}", page.text());
    assert_eq!(own.post("/lich/bao-cao/chay", &[]).status, 403);
    assert_eq!(other.get("/lich/bao-cao").status, 404);
    assert!(!other.get("/lich").text().contains("bao-cao"));
}
