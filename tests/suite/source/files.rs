//! Files: found by patterns, copied when they are whole.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use super::{Desk, content, later, never};

fn changed(desk: &Desk, name: &str, seconds_ago: u64) {
    let file = File::options().write(true).open(desk.office.path.join(name)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(seconds_ago)).unwrap();
}

#[test]
fn a_file_is_copied_with_its_name_and_its_digest() {
    let desk = Desk::new();
    desk.office.write("den/Danh sách.csv", "abc");
    let fetched = desk.fetch("file = 'den/Danh sách.csv'").unwrap();
    assert_eq!(content(&fetched), "abc");
    assert_eq!(fetched[0].name, "Danh sách.csv");
    assert_eq!(fetched[0].path, desk.office.path.join("batch/Danh sách.csv"));
    assert_eq!(fetched[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(fetched[0].bytes, 3);
    assert_eq!(desk.kept(), ["Danh sách.csv"]);
}

#[test]
fn the_copy_stays_when_the_file_changes() {
    let desk = Desk::new();
    let path = desk.office.write("a.csv", "cũ");
    let fetched = desk.fetch("file = 'a.csv'").unwrap();
    fs::write(path, "mới").unwrap();
    assert_eq!(content(&fetched), "cũ");
    assert_eq!(content(&desk.fetch("file = 'a.csv'").unwrap()), "mới");
}

#[test]
fn a_pattern_picks_the_only_the_newest_or_all_files() {
    let desk = Desk::new();
    for (name, age) in [("ds-01.csv", 30), ("ds-02.csv", 10), ("ds-03.csv", 20), ("khac.csv", 0)] {
        desk.office.write(&format!("den/{name}"), name);
        changed(&desk, &format!("den/{name}"), age);
    }
    let names = |source: &str| desk.fetch(source).unwrap().into_iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(names("file = 'den/ds-*.csv'\npick = 'newest'"), ["ds-02.csv"]);
    assert_eq!(names("file = 'den/ds-*.csv'\npick = 'all'"), ["ds-01.csv", "ds-02.csv", "ds-03.csv"]);
    assert_eq!(names("file = 'den/ds-?3.csv'"), ["ds-03.csv"]);
    assert_eq!(names("file = 'd*/kh*c.*'\npick = 'only'"), ["khac.csv"]);
    assert_eq!(
        Desk { office: desk.office, ..Desk::new() }.fetch("file = 'den/ds-*.csv'").unwrap_err().describe().vi,
        "“den/ds-*.csv” khớp 3 tệp (ds-01.csv, ds-02.csv, ds-03.csv): thêm pick = “newest” (tệp mới nhất) hoặc “all” (tất cả)"
    );
}

#[test]
fn files_of_one_name_in_several_folders_are_all_kept() {
    let desk = Desk::new();
    desk.office.write("to-1/ds.csv", "một");
    desk.office.write("to-2/ds.csv", "hai");
    let fetched = desk.fetch("file = 'to-*/ds.csv'\npick = 'all'").unwrap();
    let kept: Vec<String> = fetched.iter().map(|one| fs::read_to_string(&one.path).unwrap()).collect();
    assert_eq!(kept, ["một", "hai"]);
    assert_eq!(desk.kept(), ["ds-2.csv", "ds.csv"]);
}

#[test]
fn names_that_become_one_when_made_safe_stay_two_files() {
    let desk = Desk::new();
    desk.office.write("a:b.csv", "một");
    desk.office.write("a|b.csv", "hai");
    let fetched = desk.fetch("file = '*.csv'\npick = 'all'").unwrap();
    assert_eq!(fetched.iter().map(|one| fs::read_to_string(&one.path).unwrap()).collect::<Vec<_>>(), ["một", "hai"]);
    assert_eq!(desk.kept(), ["a-b-2.csv", "a-b.csv"]);
}

#[test]
fn no_file_is_nothing_to_report_but_no_folder_is_a_fault() {
    let desk = Desk::new();
    fs::create_dir(desk.office.path.join("den")).unwrap();
    for source in
        ["file = 'den/*.csv'", "file = 'den/a.csv'", "file = 'den/đây.csv'", "file = 'den/*.csv'\npick = 'newest'", "file = 'den/*/a.csv'"]
    {
        assert_eq!(desk.fetch(source).unwrap(), [], "{source}");
    }
    let missing = desk.office.path.join("chua-gan").display().to_string();
    assert_eq!(desk.refused("file = 'chua-gan/*.csv'"), later(&format!("không đọc được “{missing}”: không tìm thấy")));
}

#[test]
fn a_name_matches_whether_its_letters_are_stored_whole_or_apart() {
    let desk = Desk::new();
    desk.office.write("Danh sa\u{301}ch 1.csv", "x");
    assert_eq!(content(&desk.fetch("file = 'Danh sách ?.csv'").unwrap()), "x");
    assert_eq!(content(&desk.fetch("file = 'Danh sách 1.csv'").unwrap()), "x");
}

#[test]
fn hidden_files_and_lock_files_are_no_data() {
    let desk = Desk::new();
    desk.office.write(".an.csv", "x");
    desk.office.write("~$khac.csv", "x");
    assert_eq!(desk.fetch("file = '*.csv'").unwrap(), []);
}

#[test]
fn a_file_that_is_open_in_an_office_program_is_not_ready() {
    for lock in ["~$a.xlsx", ".~lock.a.xlsx#"] {
        let desk = Desk::new();
        desk.office.write("a.xlsx", "x");
        desk.office.write(lock, "");
        assert_eq!(
            desk.refused("file = 'a.xlsx'"),
            later(&format!("“a.xlsx” đang mở trong chương trình bảng tính (có tệp khoá “{lock}”): hãy lưu và đóng lại"))
        );
    }
}

#[test]
fn a_file_that_was_just_written_is_left_to_settle() {
    let mut desk = Desk::new();
    desk.limits.settled = Duration::from_secs(60);
    desk.office.write("a.csv", "x");
    assert_eq!(desk.refused("file = 'a.csv'"), later("“a.csv” vừa mới thay đổi, có thể chưa chép xong"));
    changed(&desk, "a.csv", 61);
    assert_eq!(content(&desk.fetch("file = 'a.csv'").unwrap()), "x");
}

#[test]
fn a_file_with_more_bytes_than_it_says_is_still_being_written() {
    // The kernel's files say that they are empty, and are not.
    assert_eq!(Desk::new().refused("file = '/proc/self/status'"), later("“status” thay đổi trong khi đọc"));
}

#[test]
fn a_link_out_of_the_workspace_is_not_followed() {
    let desk = Desk::new();
    let elsewhere = Desk::new();
    elsewhere.office.write("mat.csv", "x");
    symlink(elsewhere.office.path.join("mat.csv"), desk.office.path.join("lien-ket.csv")).unwrap();
    symlink(&elsewhere.office.path, desk.office.path.join("thu-muc")).unwrap();
    let said = "là liên kết dẫn ra ngoài thư mục làm việc: ghi đường dẫn tuyệt đối nếu đúng là tệp cần đọc";
    assert_eq!(desk.refused("file = 'lien-ket.csv'"), never(&format!("“lien-ket.csv” {said}")));
    assert_eq!(desk.refused("file = 'thu-muc/*.csv'"), never(&format!("“mat.csv” {said}")));
    let absolute = desk.office.path.join("lien-ket.csv");
    assert_eq!(content(&desk.fetch(&format!("file = '{}'", absolute.display())).unwrap()), "x");
}

#[test]
fn malformed_patterns_are_refused() {
    let desk = Desk::new();
    for (pattern, said) in [
        ("../a.csv", "“../a.csv” đường dẫn không được đi lên bằng “..”"),
        ("den/../../a.csv", "“den/../../a.csv” đường dẫn không được đi lên bằng “..”"),
        ("", "“” đường dẫn không có tên tệp"),
        ("/", "“/” đường dẫn không có tên tệp"),
        ("~/a.csv", "“~/a.csv” “~” không được hiểu là thư mục riêng: hãy ghi cả đường dẫn"),
        ("den/**/a.csv", "“den/**/a.csv” không có “**”: hãy ghi từng cấp thư mục"),
    ] {
        assert_eq!(desk.refused(&format!("file = '{pattern}'")), never(said));
    }
}

#[test]
fn half_a_set_of_files_is_never_kept() {
    let mut desk = Desk::new();
    desk.limits.bytes_max = 1_000_000;
    desk.office.write("1.csv", "x");
    desk.office.write("2.csv", vec![b'x'; 1_000_001]);
    assert_eq!(desk.refused("file = '?.csv'\npick = 'all'"), never("“2.csv” lớn hơn 1 MB nên không đọc"));
}

#[test]
fn more_files_than_allowed_are_refused() {
    let mut desk = Desk::new();
    desk.limits.files_max = 1;
    desk.office.write("1.csv", "x");
    desk.office.write("2.csv", "x");
    assert_eq!(desk.refused("file = '?.csv'\npick = 'all'"), never("“?.csv” khớp quá 1 tệp"));
}

#[test]
fn folders_and_pipes_are_no_files() {
    let desk = Desk::new();
    fs::create_dir(desk.office.path.join("a.csv")).unwrap();
    crate::support::foreign("mkfifo", &[desk.office.path.join("b.csv")]);
    assert_eq!(desk.fetch("file = '*.csv'").unwrap(), []);
    assert_eq!(desk.fetch("file = 'b.csv'").unwrap(), []);
}
