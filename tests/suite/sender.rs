//! From a list to the mailbox: everyone gets exactly their own paper, or it is said who did not.

mod held;
mod outage;
mod relay;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::operations::ask;
use crate::support::{Office, python, text_of};
use crate::verification::verifying;

const LIST: &str = "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Thành tích,Email\n\
    Cá nhân,Ông,Nguyễn Văn An,Hội A,Đã có nhiều đóng góp,an@example.com\n\
    Cá nhân,Bà,Lê Thị Bình,Hội B,Đã có nhiều đóng góp,Binh.Le@Example.COM\n\
    Cá nhân,Ông,Trần Văn Châu,Hội C,Đã có nhiều đóng góp,\n";

fn mailed<'a>(data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["run", "-t", "giay-khen", "-d", data, "-o", "o", "--set", "so_quyet_dinh=12/QĐ-HKH", "--set", "ngay=27/12/2019", "--mail"];
    [&fixed[..], more].concat()
}

/// The messages in the folder, parsed by Python: recipient, subject, file names, and the text of the first PDF.
fn messages(folder: &Path) -> Vec<(String, String, Vec<String>, String)> {
    let script = "import sys,json,email,email.policy,pathlib,base64\n\
        out=[]\n\
        for p in sorted(pathlib.Path(sys.argv[1]).glob('*.eml')):\n\
        \x20m=email.message_from_bytes(p.read_bytes(),policy=email.policy.default)\n\
        \x20files=list(m.iter_attachments())\n\
        \x20out.append([m['To'].addresses[0].addr_spec,m['Subject'],[f.get_filename() for f in files],base64.b64encode(files[0].get_content()).decode(),m['Auto-Submitted'],m['Message-ID'],m.get_body(('plain',)).get_content()])\n\
        print(json.dumps(out))";
    let found: Vec<Vec<Value>> = serde_json::from_str(&python(script, &[folder])).expect("JSON");
    let mut messages: Vec<_> = found
        .into_iter()
        .map(|one| {
            let text = |index: usize| one[index].as_str().unwrap_or_default().to_owned();
            assert_eq!(text(4), "auto-generated");
            let pdf = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text(3)).expect("base64");
            let path = folder.join("dinh-kem.pdf");
            fs::write(&path, pdf).expect("a file");
            let words = text_of(&path);
            fs::remove_file(&path).expect("a file");
            let names = one[2].as_array().expect("names").iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect();
            (text(0), text(1), names, words)
        })
        .collect();
    messages.sort();
    messages
}

#[test]
fn each_recipient_gets_their_own_certificate_as_a_file_to_open() {
    let office = Office::with_workspace();
    office.write("d.csv", LIST);
    let said = office.run(&mailed("d.csv", &[]));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("cảnh báo[mail-missing] d.csv, dòng 4, cột “Email”: bản ghi 3 (Trần Văn Châu): không có địa chỉ thư"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.contains("Thư đã chuyển cho máy chủ thư: 2"), "{}", said.stdout);
    let messages = messages(&office.path.join("thu-di"));
    let shown: Vec<(&str, &str, &[String])> =
        messages.iter().map(|(to, subject, files, _)| (to.as_str(), subject.as_str(), files.as_slice())).collect();
    assert_eq!(
        shown,
        [
            ("Binh.Le@example.com", "Giấy khen tặng bà Lê Thị Bình", &["Lê Thị Bình.pdf".to_owned()][..]),
            ("an@example.com", "Giấy khen tặng ông Nguyễn Văn An", &["Nguyễn Văn An.pdf".to_owned()][..]),
        ]
    );
    assert!(messages[0].3.contains("Lê Thị Bình") && !messages[0].3.contains("Nguyễn Văn An"), "{}", messages[0].3);
    assert!(messages[1].3.contains("Nguyễn Văn An"), "{}", messages[1].3);
}

#[test]
fn running_again_sends_nothing_twice_and_a_corrected_list_only_what_is_new() {
    let office = Office::with_workspace();
    office.write("d.csv", LIST);
    office.must(&mailed("d.csv", &[]));
    office.must(&mailed("d.csv", &[]));
    assert_eq!(messages(&office.path.join("thu-di")).len(), 2);
    office.write("d.csv", LIST.replace("Hội C,Đã có nhiều đóng góp,", "Hội C,Đã có nhiều đóng góp,chau@example.com"));
    office.must(&mailed("d.csv", &[]));
    let to: Vec<String> = messages(&office.path.join("thu-di")).into_iter().map(|(to, ..)| to).collect();
    assert_eq!(to, ["Binh.Le@example.com", "an@example.com", "chau@example.com"]);
}

#[test]
fn several_certificates_of_one_person_go_together_when_asked() {
    let office = Office::with_workspace();
    office.write("d.csv", LIST.replace("Binh.Le@Example.COM", "AN@example.com"));
    office.must(&mailed("d.csv", &["--together"]));
    let found = messages(&office.path.join("thu-di"));
    // The part before the @ belongs to the recipient's server: AN and an may be two people.
    let of_an: BTreeMap<&str, usize> = found.iter().map(|(to, _, files, _)| (to.as_str(), files.len())).collect();
    assert_eq!(of_an.values().sum::<usize>(), 2);
}

#[test]
fn two_certificates_to_one_address_go_in_one_message() {
    let office = Office::with_workspace();
    office.write("d.csv", LIST.replace("Binh.Le@Example.COM", "an@EXAMPLE.com"));
    let said = office.must(&mailed("d.csv", &["--together"]));
    assert!(said.stdout.contains("Thư đã chuyển cho máy chủ thư: 1"), "{}", said.stdout);
    let [(to, _, files, _)] = messages(&office.path.join("thu-di")).try_into().expect("one message");
    assert_eq!((to.as_str(), files), ("an@example.com", vec!["Nguyễn Văn An.pdf".to_owned(), "Lê Thị Bình.pdf".to_owned()]));
}

#[test]
fn a_document_that_is_gone_fails_its_own_message_and_the_others_go() {
    let office = Office::with_workspace();
    office.write("d.csv", LIST);
    office.must(&mailed("d.csv", &["--hold"]));
    let object = ask(&office, "SELECT object FROM document ORDER BY number LIMIT 1");
    fs::remove_file(office.path.join("kho").join(object)).expect("an object");
    office.must(&["outbox", "release", &ask(&office, "SELECT id FROM batch")]);
    office.run(&["outbox", "send"]);
    let to: Vec<String> = messages(&office.path.join("thu-di")).into_iter().map(|(to, ..)| to).collect();
    assert_eq!(to, ["Binh.Le@example.com"]);
    assert_eq!(
        ask(&office, "SELECT recipient, state, reason FROM delivery WHERE state <> 'sent'"),
        "an@example.com|failed|tệp văn bản không còn trong kho"
    );
}

#[test]
fn held_messages_wait_until_they_are_released() {
    let office = Office::with_workspace();
    office.write("d.csv", LIST);
    office.must(&mailed("d.csv", &["--hold"]));
    assert!(!office.path.join("thu-di").exists() || messages(&office.path.join("thu-di")).is_empty());
    let manifest = office.run(&["outbox", "list", "--json"]);
    assert!(manifest.stdout.contains("\"messages\": []"), "{}", manifest.stdout);
}

fn batch_of(office: &Office) -> String {
    ask(office, "SELECT id FROM batch")
}

#[test]
fn a_certificate_that_was_taken_back_is_not_sent_and_the_outbox_names_it() {
    let office = verifying("");
    office.write("d.csv", LIST);
    office.must(&mailed("d.csv", &["--hold"]));
    office.must(&["document", "revoke", "o/Nguyễn Văn An.pdf", "--reason", "kê khai sai"]);
    let said = office.must(&["outbox", "release", &batch_of(&office)]);
    assert_eq!(said.stdout, "2 thư đã vào hàng gửi.\n");
    office.must(&["outbox", "send"]);
    let to: Vec<String> = messages(&office.path.join("thu-di")).into_iter().map(|(to, ..)| to).collect();
    assert_eq!(to, ["Binh.Le@example.com"]);
    assert_eq!(
        ask(&office, "SELECT recipient, state, reason FROM delivery WHERE state <> 'sent'"),
        "an@example.com|cancelled|không gửi: Nguyễn Văn An.pdf đã bị thu hồi"
    );
    let again = office.run(&["outbox", "release", &batch_of(&office)]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("lỗi[post-state]") && again.stderr.contains("lô này không có thư đang giữ lại"), "{}", again.stderr);
}

#[test]
fn what_goes_together_goes_without_the_one_that_was_replaced() {
    let office = verifying("");
    office.write("d.csv", LIST.replace("Binh.Le@Example.COM", "an@example.com").replace("góp,\n", "góp,an@example.com\n"));
    office.must(&mailed("d.csv", &["--hold", "--together"]));
    office.must(&["document", "replace", "o/Lê Thị Bình.pdf", "o/Trần Văn Châu.pdf", "--reason", "sai tên"]);
    office.must(&["outbox", "release", &batch_of(&office)]);
    office.must(&["outbox", "send"]);
    let found: Vec<Vec<String>> = messages(&office.path.join("thu-di")).into_iter().map(|(_, _, files, _)| files).collect();
    assert_eq!(found, [["Nguyễn Văn An.pdf", "Trần Văn Châu.pdf"]]);
    assert_eq!(
        ask(&office, "SELECT generation, state, reason FROM delivery ORDER BY generation"),
        "1|cancelled|không gửi: Lê Thị Bình.pdf đã được thay thế\n2|sent|"
    );
}

#[test]
fn a_message_that_waits_for_another_try_is_cancelled_when_its_certificate_is_taken_back() {
    let office = verifying("");
    office.write("d.csv", LIST);
    office.must(&mailed("d.csv", &["--hold"]));
    office.must(&["outbox", "release", &batch_of(&office)]);
    python(
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=30)\nc.execute('UPDATE delivery SET attempts = 2, tries = 2')\nc.commit()",
        &[&office.path.join("van-thu.db")],
    );
    office.must(&["document", "revoke", "o/Lê Thị Bình.pdf", "--reason", "kê khai sai"]);
    office.must(&["outbox", "send"]);
    assert_eq!(
        ask(&office, "SELECT recipient, state FROM delivery ORDER BY recipient"),
        "Binh.Le@example.com|cancelled\nan@example.com|sent"
    );
}

#[test]
fn a_dry_run_shows_the_first_message_and_makes_nothing() {
    let office = Office::with_workspace();
    office.write("d.csv", LIST);
    let said = office.run(&mailed("d.csv", &["--dry-run"]));
    assert_eq!(said.code, 0, "{}", said.stderr);
    expect_test::expect![[r#"
        3 bản ghi đúng, 0 bản ghi sai.
        Sẽ gửi 2 thư. Thư đầu tiên:
        Đến: an@example.com
        Chủ đề: Giấy khen tặng ông Nguyễn Văn An

        Kính gửi: ông Nguyễn Văn An

        Hội Khuyến học Phường Thí Điểm trân trọng gửi Giấy khen kèm theo thư này (Quyết định số 12/QĐ-HKH ngày 27 tháng 12 năm 2019).

        Trân trọng,
        Hội Khuyến học Phường Thí Điểm

    "#]]
    .assert_eq(&said.stdout);
    assert!(!office.path.join("o").exists());
}

#[test]
fn addresses_that_cannot_be_are_told_at_their_cells_before_anything_is_made() {
    let office = Office::with_workspace();
    let rows = ["a@b.vn,c@d.vn", "an@example", "Nguyễn An <an@example.com>", "an@@example.com", "an"];
    let list: String = rows.iter().map(|address| format!("Cá nhân,Ông,Nguyễn Văn An,Hội A,Đã có nhiều đóng góp,\"{address}\"\n")).collect();
    office.write("d.csv", format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Thành tích,Email\n{list}"));
    let said = office.run(&mailed("d.csv", &[]));
    assert_eq!(said.code, 1);
    expect_test::expect![[r#"
        cảnh báo[duplicate] d.csv, dòng 3, cột “Họ và tên”: bản ghi 2 (Nguyễn Văn An): trùng với bản ghi 1 (dòng 2)
            cách sửa: xóa một dòng nếu là cùng một người
        cảnh báo[duplicate] d.csv, dòng 4, cột “Họ và tên”: bản ghi 3 (Nguyễn Văn An): trùng với bản ghi 1 (dòng 2)
            cách sửa: xóa một dòng nếu là cùng một người
        cảnh báo[duplicate] d.csv, dòng 5, cột “Họ và tên”: bản ghi 4 (Nguyễn Văn An): trùng với bản ghi 1 (dòng 2)
            cách sửa: xóa một dòng nếu là cùng một người
        cảnh báo[duplicate] d.csv, dòng 6, cột “Họ và tên”: bản ghi 5 (Nguyễn Văn An): trùng với bản ghi 1 (dòng 2)
            cách sửa: xóa một dòng nếu là cùng một người
        lỗi[address-list] d.csv, dòng 2, cột “Email”: bản ghi 1 (Nguyễn Văn An): “a@b.vn,c@d.vn” ô này có nhiều hơn một địa chỉ
            cách sửa: mỗi ô một địa chỉ; thêm dòng cho người tiếp theo
        lỗi[address-tld] d.csv, dòng 3, cột “Email”: bản ghi 2 (Nguyễn Văn An): “an@example” tên miền sau @ thiếu phần đuôi như .vn, .com
            cách sửa: kiểm tra tên miền sau @, ví dụ gmail.com, hochiminhcity.gov.vn
        lỗi[address-decorated] d.csv, dòng 4, cột “Email”: bản ghi 3 (Nguyễn Văn An): “Nguyễn An <an@example.com>” ô này có tên hoặc dấu bao quanh địa chỉ
            cách sửa: chỉ ghi địa chỉ, ví dụ ten@tenmien.vn; họ tên để ở cột khác
        lỗi[address-list] d.csv, dòng 5, cột “Email”: bản ghi 4 (Nguyễn Văn An): “an@@example.com” ô này có nhiều hơn một địa chỉ
            cách sửa: mỗi ô một địa chỉ; thêm dòng cho người tiếp theo
        lỗi[too-short] d.csv, dòng 6, cột “Email”: bản ghi 5 (Nguyễn Văn An): “an” “Thư điện tử” ngắn hơn 3 ký tự
            cách sửa: điền “Thư điện tử”, ví dụ: nguyenvanan@example.com
    "#]].assert_eq(&said.stderr);
    assert!(!office.path.join("thu-di").exists());
}

#[test]
fn a_domain_that_is_not_allowed_gets_nothing() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", format!("{config}\n[mail]\nallow_domains = [\"hoi.example\"]\n"));
    office.write("d.csv", LIST.replace("Binh.Le@Example.COM", "binh@phong.hoi.example"));
    let said = office.run(&mailed("d.csv", &[]));
    assert!(said.stdout.contains("Thư không gửi được: 1"), "{}", said.stdout);
    let to: Vec<String> = messages(&office.path.join("thu-di")).into_iter().map(|(to, ..)| to).collect();
    assert_eq!(to, ["binh@phong.hoi.example"]);
    let listed = office.run(&["outbox", "list", "--state", "failed"]);
    assert!(
        listed.stdout.contains("an@example.com  không gửi được  tên miền người nhận không nằm trong allow_domains"),
        "{}",
        listed.stdout
    );
}
