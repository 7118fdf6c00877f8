//! Batches: what was accepted ends as a whole document or a named failure, whatever happens on the way.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use expect_test::expect;
use serde_json::Value;

use crate::support::{Office, assert_sound, award_run, foreign, pages_of, people, python, text_of};

#[test]
fn a_killed_run_continues_where_it_stopped() {
    let office = Office::with_workspace();
    office.write("d.csv", people(400));
    let mut child = office.command(&award_run("d.csv", "o", &[])).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run");
    while office.documents("o").len() < 40 {
        assert!(child.try_wait().expect("a process").is_none(), "the run ended before it could be killed");
        std::thread::yield_now();
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    let before = office.documents("o");
    assert!(before.len() < 400);
    for document in before.iter().step_by(15) {
        assert_sound(&office.path.join("o").join(document));
    }
    let said = office.must(&award_run("d.csv", "o", &["--json"]));
    let result: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let kept = result["counts"]["kept"].as_u64().expect("kept");
    let made = result["counts"]["made"].as_u64().expect("made");
    assert_eq!(kept + made, 400);
    assert!(kept >= before.len() as u64 - 1, "kept {kept} of {}", before.len());
    assert_eq!(office.documents("o").len(), 400);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let office = Office::with_workspace();
    office.write("d.csv", people(30));
    for out in ["a", "b"] {
        office.must(&award_run("d.csv", out, &["--merge", "--zip"]));
    }
    let documents = office.documents("a");
    assert_eq!(documents, office.documents("b"));
    for name in documents.iter().map(String::as_str).chain(["_tat-ca.pdf", "_tat-ca.zip", "_danh-muc.json"]) {
        assert!(office.read(&format!("a/{name}")) == office.read(&format!("b/{name}")), "{name} differs");
    }
}

#[test]
fn a_corrected_row_replaces_its_document_and_sets_the_outdated_one_aside() {
    let office = Office::with_workspace();
    let list = people(3);
    office.write("d.csv", &list);
    office.must(&award_run("d.csv", "o", &[]));
    office.write("d.csv", list.replace("Trần Văn An", "Trần Văn Ân").replace("Chi hội 1,003", "Chi hội 2,003"));
    let said = office.must(&award_run("d.csv", "o", &[]));
    assert!(said.stdout.contains("1 văn bản của lần chạy trước không còn trong danh sách, đã chuyển vào _cu/."), "{}", said.stdout);
    assert!(said.stdout.contains("Trong đó 1 văn bản đã có từ lần chạy trước."), "{}", said.stdout);
    assert_eq!(office.documents("o"), ["001-Nguyễn Văn An.pdf", "002-Trần Văn Ân.pdf", "003-Lê Văn An.pdf"]);
    assert_eq!(office.documents("o/_cu"), ["002-Trần Văn An.pdf"]);
    assert!(text_of(&office.path.join("o/003-Lê Văn An.pdf")).contains("Chi hội 2"));
}

#[test]
fn a_file_that_is_not_ours_is_never_overwritten() {
    let office = Office::with_workspace();
    office.write("d.csv", people(2));
    office.write("o/001-Nguyễn Văn An.pdf", "của người khác");
    let said = office.run(&award_run("d.csv", "o", &[]));
    assert_eq!(said.code, 1);
    assert!(
        said.stderr
            .contains("lỗi[file-in-the-way] bản ghi 1 (Nguyễn Văn An): đã có tệp “001-Nguyễn Văn An.pdf” không do lần chạy trước tạo ra"),
        "{}",
        said.stderr
    );
    assert_eq!(office.read("o/001-Nguyễn Văn An.pdf"), "của người khác".as_bytes());
    assert!(office.documents("o").contains(&"002-Trần Văn An.pdf".to_owned()), "the other record is made");
}

#[test]
fn equal_names_become_numbered_files() {
    let office = Office::with_workspace();
    office.write(
        "d.csv",
        "Đối tượng,Danh xưng,Họ và tên,Đơn vị\nCá nhân,Ông,Lê Văn Bình,A\nCá nhân,Ông,LÊ VĂN BÌNH,B\nCá nhân,Bà,Lê Văn Bình,C\n",
    );
    office.must(&award_run("d.csv", "o", &["--name", "{{ho_ten}}"]));
    assert_eq!(office.documents("o"), ["LÊ VĂN BÌNH-2.pdf", "Lê Văn Bình-3.pdf", "Lê Văn Bình.pdf"]);
}

#[test]
fn the_merged_file_has_every_page_in_order_and_shares_what_repeats() {
    let office = Office::with_workspace();
    office.write("d.csv", people(60));
    office.must(&award_run("d.csv", "o", &["--merge"]));
    let merged = office.path.join("o/_tat-ca.pdf");
    assert_sound(&merged);
    assert_eq!(pages_of(&merged), 60);
    let text = text_of(&merged);
    let order: Vec<usize> =
        ["số: 001", "số: 002", "số: 059", "số: 060"].iter().map(|mark| text.find(mark).unwrap_or_else(|| panic!("{mark}"))).collect();
    assert!(order.is_sorted());
    let single: u64 =
        office.documents("o").iter().map(|name| fs::metadata(office.path.join("o").join(name)).expect("a document").len()).sum();
    let together = fs::metadata(&merged).expect("merged").len();
    assert!(together < single * 3 / 4, "{together} against {single}");
}

#[test]
fn the_archive_holds_every_document_under_its_name() {
    let office = Office::with_workspace();
    office.write("d.csv", people(3));
    office.must(&award_run("d.csv", "o", &["--zip"]));
    let listed = python(
        "import sys,zipfile,hashlib\nfor i in zipfile.ZipFile(sys.argv[1]).infolist(): print(i.filename, hashlib.sha256(zipfile.ZipFile(sys.argv[1]).read(i)).hexdigest())",
        &[&office.path.join("o/_tat-ca.zip")],
    );
    let manifest = office.json("o/_danh-muc.json");
    let expected: String = manifest["documents"]
        .as_array()
        .expect("documents")
        .iter()
        .map(|document| format!("{} {}\n", document["file"].as_str().expect("a file"), document["sha256"].as_str().expect("a hash")))
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn the_manifest_and_the_report_agree_with_the_files() {
    let office = Office::with_workspace();
    office.write("d.csv", people(5));
    office.must(&award_run("d.csv", "o", &[]));
    let manifest = office.json("o/_danh-muc.json");
    assert_eq!((manifest["made"].as_u64(), manifest["failed"].as_u64(), manifest["quarantined"].as_u64()), (Some(5), Some(0), Some(0)));
    let mut hashes = BTreeMap::new();
    for document in manifest["documents"].as_array().expect("documents") {
        let file = document["file"].as_str().expect("a file");
        let sum = foreign("sha256sum", &[office.path.join("o").join(file)]);
        assert_eq!(sum.split_whitespace().next(), document["sha256"].as_str());
        assert_eq!(document["pages"], 1);
        hashes.insert(file.to_owned(), document["sha256"].as_str().expect("a hash").to_owned());
    }
    let data_hash = foreign("sha256sum", &[office.path.join("d.csv")]);
    assert_eq!(data_hash.split_whitespace().next(), manifest["data_sha256"].as_str());
    let report = python(
        "import sys,openpyxl\nfor row in openpyxl.load_workbook(sys.argv[1]).active.iter_rows(values_only=True, min_row=2): print(row[3], row[6])",
        &[&office.path.join("o/_bao-cao.xlsx")],
    );
    assert_eq!(report.lines().count(), 5);
    for line in report.lines() {
        let (file, hash) = line.rsplit_once(' ').expect("two columns");
        assert_eq!(hashes.get(file).map(String::as_str), Some(hash));
    }
}

#[test]
fn only_valid_goes_on_and_leaves_a_workbook_to_correct_and_feed_back() {
    let office = Office::with_workspace();
    let list = people(4).replace("Cá nhân,Ông,Trần Văn An", "Người,Ông,Trần Văn An").replace("Lê Văn An", "");
    office.write("d.csv", list);
    let refused = office.run(&award_run("d.csv", "o", &[]));
    assert_eq!(refused.code, 1);
    assert!(office.documents("o").is_empty(), "nothing renders until every row is valid");
    let said = office.run(&award_run("d.csv", "o", &["--only-valid"]));
    assert_eq!(said.code, 1, "some rows were left out");
    assert!(said.stdout.contains("Đã tạo 2 văn bản"), "{}", said.stdout);
    assert_eq!(office.documents("o").len(), 2);
    python(
        r#"
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book.active
heads = [cell.value for cell in sheet[1]]
assert heads[-1] == "Lỗi cần sửa", heads
assert sheet.max_row == 3, sheet.max_row
assert all(sheet.cell(row, len(heads)).value for row in (2, 3))
for row in (2, 3):
    sheet.cell(row, heads.index("Đối tượng") + 1).value = "Cá nhân"
    cell = sheet.cell(row, heads.index("Họ và tên") + 1)
    cell.value = cell.value or "Lê Văn Bổ Sung"
book.save(sys.argv[2])
"#,
        &[&office.path.join("o/_can-sua.xlsx"), &office.path.join("sua.xlsx")],
    );
    office.must(&award_run("sua.xlsx", "o2", &[]));
    assert_eq!(office.documents("o2"), ["002-Trần Văn An.pdf", "003-Lê Văn Bổ Sung.pdf"]);
}

#[test]
fn two_runs_do_not_work_in_one_folder() {
    let office = Office::with_workspace();
    office.write("d.csv", people(300));
    let mut first = office.command(&award_run("d.csv", "o", &[])).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run");
    while office.documents("o").is_empty() {
        std::thread::yield_now();
    }
    let second = office.run(&award_run("d.csv", "o", &[]));
    first.kill().expect("killed");
    first.wait().expect("gone");
    assert_eq!(second.code, 2);
    assert!(second.stderr.contains("Chờ lần chạy kia xong"), "{}", second.stderr);
}

#[test]
fn an_interrupt_brings_home_what_is_under_way() {
    let office = Office::with_workspace();
    office.write("d.csv", people(400));
    let mut child =
        office.command(&award_run("d.csv", "o", &["--json"])).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a run");
    while office.documents("o").len() < 10 {
        std::thread::yield_now();
    }
    foreign("kill", &["-INT", &child.id().to_string()]);
    let output = {
        let mut text = String::new();
        std::io::Read::read_to_string(child.stdout.as_mut().expect("stdout"), &mut text).expect("text");
        text
    };
    assert_eq!(child.wait().expect("ended").code(), Some(1));
    let result: Value = serde_json::from_str(&output).expect("JSON");
    assert_eq!(result["stopped"], true);
    assert_eq!(result["counts"]["made"].as_u64(), Some(office.documents("o").len() as u64));
}

#[test]
fn a_full_disk_is_said_and_the_run_continues_when_there_is_room() {
    let office = Office::with_workspace();
    office.write("d.csv", people(120));
    fs::create_dir_all(office.path.join("dia")).expect("a folder");
    let program = crate::support::PROGRAM;
    let run = award_run("d.csv", "dia/o", &[]).iter().map(|argument| format!("'{argument}'")).collect::<Vec<_>>().join(" ");
    // A file system of 2 MB of its own; enlarged, the same command goes on.
    let script = format!(
        "mount -t tmpfs -o size=2m none dia && {{ {program} {run}; echo \"code $?\"; ls dia/o/*.pdf | wc -l; mount -o remount,size=64m dia; {program} {run}; echo \"code $?\"; ls dia/o/*.pdf | wc -l; }} 2>&1"
    );
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &script])
        .current_dir(&office.path)
        .env("LANG", "vi_VN.UTF-8")
        .output()
        .expect("unshare is needed by the tests");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // Which file met the end of the disk differs from run to run; the rest of the message does not.
    let said: Vec<String> = text
        .lines()
        .take_while(|line| !line.starts_with("code"))
        .map(|line| line.split(['“', '”']).step_by(2).collect::<Vec<_>>().join("…"))
        .collect();
    assert_eq!(
        said,
        [
            "vanthu không làm tiếp được: không ghi được …: đĩa đã đầy",
            "    Đĩa đã đầy. Văn bản đã ghi xong vẫn nguyên vẹn; giải phóng chỗ rồi chạy lại lệnh này để làm tiếp.",
        ],
        "{text}"
    );
    assert!(text.contains("code 2\n"), "{text}");
    assert!(text.contains("code 0\n120\n"), "{text}");
}

#[test]
fn a_folder_without_the_right_to_write_is_an_error_of_the_machine() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    office.write("tep", "một tệp, không phải thư mục");
    let said = office.run(&award_run("d.csv", "tep/o", &[]));
    assert_eq!(said.code, 2);
    assert!(said.stderr.starts_with("vanthu không làm tiếp được: không ghi được “tep/o"), "{}", said.stderr);

    // As another user, in a folder that is read-only to them; root may write everywhere.
    let program = office.path.join("vanthu");
    fs::copy(crate::support::PROGRAM, &program).expect("a copy that others may run");
    let run = award_run("d.csv", "kin/o", &[]).iter().map(|argument| format!("'{argument}'")).collect::<Vec<_>>().join(" ");
    let script = format!(
        "mkdir kin; chmod 555 kin; chmod 755 .; setpriv --reuid=65534 --regid=65534 --clear-groups ./vanthu {run}; echo \"code $?\""
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(&office.path).env("LANG", "vi_VN.UTF-8").output().expect("sh");
    assert!(String::from_utf8_lossy(&output.stdout).contains("code 2"));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        stderr,
        "vanthu không làm tiếp được: không ghi được “kin/o”: không có quyền\n    Không có quyền ghi vào đó; chọn thư mục khác với --out.\n"
    );
}

#[test]
fn files_beside_the_documents_are_never_overwritten_either() {
    let office = Office::with_workspace();
    office.write("d.csv", people(1));
    for name in ["_tat-ca.pdf", "_bao-cao.xlsx", "_danh-muc.json"] {
        office.write(&format!("o/{name}"), "của người khác");
    }
    let said = office.run(&award_run("d.csv", "o", &["--merge"]));
    assert_eq!(said.code, 1);
    assert_eq!(said.stderr.matches("lỗi[file-in-the-way]").count(), 3, "{}", said.stderr);
    assert_eq!(office.read("o/_bao-cao.xlsx"), "của người khác".as_bytes());
    assert!(office.documents("o").is_empty(), "nothing is made before the way is free");
}

#[test]
fn what_only_an_earlier_run_made_beside_the_documents_is_set_aside() {
    let office = Office::with_workspace();
    office.write("d.csv", people(2));
    office.must(&award_run("d.csv", "o", &["--zip", "--merge"]));
    office.must(&award_run("d.csv", "o", &["--merge"]));
    assert!(!office.path.join("o/_tat-ca.zip").exists(), "an archive of the old list would be sent by mistake");
    assert!(office.path.join("o/_cu/_tat-ca.zip").is_file() && office.path.join("o/_tat-ca.pdf").is_file());
}

/// Mends the kind of recipient in the correction workbook of folder `o`, as a clerk would; `extra` is more Python on `sheet` and `heads`.
fn mend(office: &Office, extra: &str) {
    let program = format!(
        r#"
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book.worksheets[0]
heads = [cell.value for cell in sheet[1]]
for row in range(2, sheet.max_row + 1):
    sheet.cell(row, heads.index("Đối tượng") + 1).value = "Cá nhân"
{extra}
book.save(sys.argv[1])
"#
    );
    python(&program, &[&office.path.join("o/_can-sua.xlsx")]);
}

#[test]
fn rows_corrected_in_place_complete_their_batch() {
    let office = Office::with_workspace();
    // Of five people, the second and the fourth are refused.
    let list = people(5);
    let list =
        list.lines().enumerate().map(|(line, row)| if line == 2 || line == 4 { row.replace("Cá nhân", "Người") } else { row.to_owned() });
    office.write("d.csv", list.collect::<Vec<_>>().join("\n"));
    let said = office.run(&award_run("d.csv", "o", &["--only-valid", "--merge", "--zip"]));
    assert_eq!((said.code, office.documents("o").len()), (1, 3));
    let before = office.read("o/001-Nguyễn Văn An.pdf");
    // One row stays wrong: the others are made, and it is given back alone.
    mend(&office, "sheet.cell(3, heads.index('Đối tượng') + 1).value = 'Ai đó'");
    let said = office.run(&award_run("o/_can-sua.xlsx", "o", &["--only-valid"]));
    expect![[r#"
        lỗi[choice-unknown] _can-sua.xlsx, 'Danh sách'!A3: bản ghi 4 (Phạm Văn An): “Ai đó” không nằm trong các giá trị cho phép của “Đối tượng”
            cách sửa: chỉ được ghi: “Cá nhân”, “Tập thể”, “Gia đình”, “Dòng họ”
    "#]].assert_eq(&said.stderr);
    assert_eq!((said.code, office.documents("o").len()), (1, 4));
    mend(&office, "");
    let said = office.run(&award_run("o/_can-sua.xlsx", "o", &[]));
    expect![[""]].assert_eq(&said.stderr);
    assert_eq!((said.code, office.documents("o").len()), (0, 5));
    // Nothing of the rest was made anew or moved; what stands beside tells of all five, in the order of the list.
    assert_eq!(office.read("o/001-Nguyễn Văn An.pdf"), before);
    assert!(!office.path.join("o/_can-sua.xlsx").exists(), "there is nothing left to correct");
    assert!(office.path.join("o/_cu/_can-sua.xlsx").is_file() && office.path.join("o/_cu/_can-sua-2.xlsx").is_file());
    let aside = fs::read_dir(office.path.join("o/_cu")).expect("a folder").flatten().map(|entry| entry.file_name());
    assert!(aside.into_iter().all(|name| name.to_string_lossy().starts_with("_can-sua")), "no document was set aside");
    let manifest = office.json("o/_danh-muc.json");
    let numbers: Vec<u64> =
        manifest["documents"].as_array().expect("documents").iter().filter_map(|document| document["record"].as_u64()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!((manifest["made"].as_u64(), manifest["rejected"].as_u64()), (Some(5), Some(0)));
    assert_eq!((manifest["data_file"].as_str(), manifest["corrections"].as_array().map(Vec::len)), (Some("d.csv"), Some(2)));
    let merged = text_of(&office.path.join("o/_tat-ca.pdf"));
    let places: Vec<_> = office.documents("o").iter().map(|file| merged.find(&file[4..file.len() - 4])).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
    assert!(office.path.join("o/_tat-ca.zip").is_file());
    // The very same command again: there is no such file any more, and nothing changes.
    assert_eq!(office.run(&award_run("o/_can-sua.xlsx", "o", &[])).code, 1);
    assert_eq!(office.documents("o").len(), 5);
}

#[test]
fn a_row_added_to_the_corrections_comes_after_the_list_and_a_repeated_person_is_named() {
    let office = Office::with_workspace();
    office.write("d.csv", people(3).replacen("Cá nhân", "Người", 1));
    office.run(&award_run("d.csv", "o", &["--only-valid"]));
    mend(
        &office,
        r#"
copy = [cell.value for cell in sheet[2]]
copy[heads.index("Họ và tên")] = "Lê Văn Thêm"
sheet.append(copy)
"#,
    );
    office.must(&award_run("o/_can-sua.xlsx", "o", &[]));
    let manifest = office.json("o/_danh-muc.json");
    let names: Vec<_> = manifest["documents"]
        .as_array()
        .expect("documents")
        .iter()
        .map(|document| (document["record"].as_u64(), document["name"].as_str().map(str::to_owned)))
        .collect();
    assert_eq!(names.len(), 4);
    assert_eq!(names[3], (Some(4), Some("Lê Văn Thêm".to_owned())));
}

#[test]
fn corrections_are_refused_in_place_where_they_would_not_fit_the_rest() {
    let office = Office::with_workspace();
    office.write("d.csv", people(3).replacen("Cá nhân", "Người", 1));
    // Without --only-valid nothing was made of the others.
    office.run(&award_run("d.csv", "o", &[]));
    expect![[r#"
        lỗi[corrections-in-place] o/_can-sua.xlsx: tệp chỉ có các dòng đã sửa, còn các dòng khác của danh sách chưa được làm vào thư mục này
            cách sửa: sửa trong danh sách gốc rồi chạy lại, hoặc làm riêng các dòng này vào thư mục khác, ví dụ --out o/bo-sung
    "#]]
    .assert_eq(&office.run(&award_run("o/_can-sua.xlsx", "o", &[])).stderr);
    office.run(&award_run("d.csv", "o", &["--only-valid"]));
    mend(&office, "");
    let otherwise = office.run(&award_run("o/_can-sua.xlsx", "o", &["--name", "khac-{{ho_ten}}", "--set", "phong_trao=khác"]));
    expect![[r#"
        lỗi[corrections-otherwise] o/_can-sua.xlsx: lần chạy đã bỏ lại các dòng này dùng --set, --name khác
            cách sửa: ghi đúng như lần trước, chỉ đổi --data; nếu muốn đổi cho mọi văn bản, sửa danh sách gốc rồi chạy lại
    "#]]
    .assert_eq(&otherwise.stderr);
    office.write("mau/giay-khen/words.toml", "[words]\ntieu_de = \"GIẤY BIỂU DƯƠNG\"\n");
    expect![[r#"
        lỗi[corrections-otherwise] o/_can-sua.xlsx: lần chạy đã bỏ lại các dòng này dùng mẫu, tổ chức, tùy chọn, phông chữ hoặc cách gửi thư khác
            cách sửa: ghi đúng như lần trước, chỉ đổi --data; nếu muốn đổi cho mọi văn bản, sửa danh sách gốc rồi chạy lại
    "#]]
    .assert_eq(&office.run(&award_run("o/_can-sua.xlsx", "o", &[])).stderr);
    assert_eq!(office.documents("o").len(), 2);
}

#[test]
fn the_report_names_the_refused_rows_too() {
    let office = Office::with_workspace();
    office.write("d.csv", people(3).replacen("Cá nhân", "Người", 1));
    office.run(&award_run("d.csv", "o", &["--only-valid"]));
    let manifest = office.json("o/_danh-muc.json");
    assert_eq!((manifest["made"].as_u64(), manifest["rejected"].as_u64()), (Some(2), Some(1)));
    assert_eq!(manifest["documents"][0]["state"], "rejected");
    assert_eq!(manifest["documents"][0]["reasons"][0]["code"], "choice-unknown");
}

#[test]
fn a_formula_without_value_is_refused_again_when_the_corrections_come_back_unchanged() {
    let office = Office::with_workspace();
    python(
        r#"
import sys, openpyxl
book = openpyxl.Workbook()
sheet = book.active
sheet.append(["Đối tượng", "Danh xưng", "Họ và tên", "Số vào sổ"])
sheet.append(["Cá nhân", "Ông", "Lê Văn An", "=1+1"])
book.save(sys.argv[1])
"#,
        &[&office.path.join("d.xlsx")],
    );
    office.run(&award_run("d.xlsx", "o", &["--only-valid"]));
    let said = office.run(&award_run("o/_can-sua.xlsx", "o2", &[]));
    assert_eq!(said.code, 1);
    assert!(
        said.stderr.contains("lỗi[formula-uncalculated]") && said.stderr.contains("ô “Số vào sổ” vốn là công thức chưa có giá trị"),
        "{}",
        said.stderr
    );
    assert!(office.documents("o2").is_empty());
}
