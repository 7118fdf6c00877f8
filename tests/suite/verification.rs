//! Certificates that anybody can check: codes, signed QR codes, keys; taken back, replaced, forged.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use expect_test::expect;
use proptest::prelude::*;
use serde_json::Value;
use vanthu::config::verify::ShowHolder;
use vanthu::proof::statement::{Unreadable, shortened};
use vanthu::proof::{Code, Facts, Issuer, KeyId, PublicKey, PublishedKey, Signed, SigningKey, Statement};

use crate::support::{Office, award_run, foreign, people, text_of};

/// A workspace whose certificates can be checked.
pub fn verifying(more: &str) -> Office {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", format!("{config}\n[verify]\nurl = \"https://hoi.example\"\nkey_file = \"ky.khoa\"\n{more}"));
    office.must(&["key", "new"]);
    office
}

/// The text of the QR code on the first page, read by zbar.
pub fn qr_of(office: &Office, pdf: &str) -> String {
    let picture = office.path.join("trang-qr");
    let (pdf, stem) = (office.path.join(pdf), picture.to_str().expect("a path"));
    foreign("pdftoppm", &["-r", "300", "-png", "-singlefile", pdf.to_str().expect("a path"), stem]);
    foreign("zbarimg", &["-q", "--raw", &format!("{stem}.png")]).trim_end().to_owned()
}

/// The code that the page prints.
pub fn printed_code(pdf: &Path) -> Code {
    let text = text_of(pdf);
    let after = text.split("Mã kiểm tra:").nth(1).unwrap_or_else(|| panic!("{text}"));
    let code: String = after.chars().filter(|c| !c.is_whitespace()).take(19).collect();
    Code::parse(&code).unwrap_or_else(|| panic!("{text}"))
}

fn verify(office: &Office, arguments: &[&str]) -> (i32, Value) {
    let said = office.run(&[&["verify"], arguments, &["--json"]].concat());
    let value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", said.stdout, said.stderr));
    (said.code, value)
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed([number; 32])
}

fn facts(holder: &str) -> Facts {
    Facts {
        title: "Giấy khen".into(),
        number: "QĐ 12/QĐ-HKH, sổ 01".into(),
        date: Some(jiff::civil::date(2019, 12, 27)),
        issuer: "Hội Khuyến học Thành phố Hồ Chí Minh".into(),
        holder: holder.into(),
    }
}

#[test]
fn a_scanned_certificate_is_what_verifies_here_and_with_the_published_key_alone() {
    let office = verifying("");
    office.write("d.csv", people(2));
    office.must(&award_run("d.csv", "o", &[]));
    let pdf = "o/002-Trần Văn An.pdf";
    let qr = qr_of(&office, pdf);
    let code = printed_code(&office.path.join(pdf));
    assert!(qr.starts_with(&format!("https://hoi.example/v/{}#", code.compact())), "{qr}");
    assert!(qr.len() <= 271, "{} bytes", qr.len());
    assert!(text_of(&office.path.join(pdf)).contains("hoi.example/v"));
    let said = office.must(&["verify", &qr]);
    expect![[r#"
        HỢP LỆ. Giấy do đơn vị cấp và còn hiệu lực.
          mã         …
          loại       Giấy khen
          số         QĐ 12/QĐ-HKH, sổ 002
          ngày       27/12/2019
          nơi cấp    Hội Khuyến học Phường Thí Điểm
          cấp cho    Trần Văn An
          chữ ký     Hội Khuyến học Phường Thí Điểm
        So lại tên, số và ngày với tờ giấy trước mặt.
    "#]]
    .assert_eq(&said.stdout.replace(&code.to_string(), "…"));
    for what in [pdf, &code.to_string(), &code.compact().to_lowercase(), &format!("https://hoi.example/v/{}", code.compact())] {
        let (exit, said) = verify(&office, &[what]);
        assert_eq!((exit, &said["outcome"], &said["certificate"]["holder"]), (0, &"valid".into(), &"Trần Văn An".into()), "{what}");
    }
    office.must(&["key", "publish", "--out", "khoa.txt"]);
    let elsewhere = Office::new();
    elsewhere.write("khoa.txt", office.read("khoa.txt"));
    let said = elsewhere.must(&["verify", &qr, "--key", "khoa.txt"]);
    assert!(
        said.stdout.starts_with(
            "HỢP LỆ. Chữ ký của Hội Khuyến học Phường Thí Điểm đúng, nội dung không bị sửa. Giấy có bị thu hồi sau đó hay không \
             thì phải xem trên trang của nơi cấp.\n"
        ),
        "{}",
        said.stdout
    );
    let again = office.must(&["batch", "reproduce", "last"]);
    assert!(again.stdout.ends_with("Làm lại 2 văn bản, 2 giống từng byte.\n"), "{}", again.stdout);
}

#[test]
fn the_print_on_stock_and_the_whole_picture_are_one_certificate() {
    let stock = "[stocks.phoi]\ntitle = \"Phôi\"\nwidth_mm = 297\nheight_mm = 210\npreprinted = [\"khung\"]\n";
    let office = verifying(stock);
    office.write("d.csv", people(1));
    office.must(&award_run("d.csv", "in", &["--stock", "phoi", "--overprint"]));
    office.must(&award_run("d.csv", "xem", &["--stock", "phoi"]));
    office.must(&award_run("d.csv", "thuong", &["--option", "mau=co-dien"]));
    let name = "001-Nguyễn Văn An.pdf";
    let codes: Vec<Code> = ["in", "xem", "thuong"].map(|folder| printed_code(&office.path.join(folder).join(name))).to_vec();
    assert_eq!((codes[0], codes[1]), (codes[1], codes[2]));
    assert_eq!(qr_of(&office, &format!("in/{name}")), qr_of(&office, &format!("thuong/{name}")));
    for folder in ["in", "xem", "thuong"] {
        assert_eq!(verify(&office, &[&format!("{folder}/{name}")]).0, 0, "{folder}");
    }
}

#[test]
fn what_was_changed_forged_or_signed_by_another_is_told_apart() {
    let office = verifying("");
    office.write("d.csv", people(1));
    office.must(&award_run("d.csv", "o", &[]));
    let pdf = "o/001-Nguyễn Văn An.pdf";
    let qr = qr_of(&office, pdf);
    let outcome = |what: &str| {
        let (exit, said) = verify(&office, &[what]);
        assert_eq!(exit, 1, "{what}: {said}");
        (said["outcome"].as_str().expect("an outcome").to_owned(), said["sentence"].as_str().expect("a sentence").to_owned())
    };
    let (address, fragment) = qr.split_once('#').expect("a fragment");
    let (payload, signature) = fragment.split_once('.').expect("a signature");
    let flipped = |text: &str, at: usize| {
        let old = text.as_bytes()[at] as char;
        format!("{}{}{}", &text[..at], if old == 'A' { 'B' } else { 'A' }, &text[at + 1..])
    };
    let wrong = "Chữ ký không khớp: nội dung mã QR đã bị sửa hoặc bị làm giả.";
    let forged = format!("{address}#{}.{signature}", flipped(payload, payload.len() - 3));
    assert_eq!(outcome(&forged).0, "altered");
    let unsigned = format!("{address}#{payload}.{}", flipped(signature, 5));
    assert_eq!(outcome(&unsigned), ("altered".into(), wrong.into()));
    // A good signature of another certificate does not serve.
    let other = format!("{}#{fragment}", address.replace(&address[address.len() - 16..], "0000000000000000"));
    assert_eq!(outcome(&other), ("altered".into(), wrong.into()));
    let cut = format!("{address}#{}", &fragment[..fragment.len() - 20]);
    assert_eq!(outcome(&cut), ("altered".into(), "Nội dung mã QR bị thiếu hoặc đã bị sửa.".into()));
    let stranger = Issuer::new(key(7), "https://hoi.example").prove(b"x", facts("Kẻ Giả Mạo"));
    let id = key(7).public().id();
    assert_eq!(
        outcome(&stranger.qr),
        (
            "unknown".into(),
            format!("Mã QR được ký bằng khóa {id}, không phải khóa đã công bố nào đang có ở đây. Chưa thể tin nội dung của nó.")
        )
    );
    assert_eq!(outcome("GIẤY KHEN #1; 12/QĐ-HKH").0, "unknown");
    assert_eq!(outcome("0000-0000-0000-0001"), ("unknown".into(), "Sổ không có mã này.".into()));
    // The file itself, changed by one byte after its end.
    office.write("sua.pdf", [office.read(pdf), b"\n".to_vec()].concat());
    assert_eq!(
        outcome("sua.pdf"),
        (
            "altered".into(),
            "Tệp này mang mã của một giấy đã cấp nhưng không phải tệp đã phát hành: nó đã bị sửa, hoặc được lưu lại.".into()
        )
    );
    office.write("la.txt", "không phải PDF");
    assert_eq!(outcome("la.txt").0, "unknown");
    let said = office.run(&["verify", "khong-phai-ma"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.starts_with("lỗi[code-form] “khong-phai-ma” không phải mã kiểm tra\n"), "{}", said.stderr);
    let said = Office::new().run(&["verify", "0000-0000-0000-0001"]);
    assert!(said.stderr.starts_with("lỗi[register-missing] ở đây không có sổ để tra"), "{}", said.stderr);
}

#[test]
fn a_revoked_or_replaced_certificate_says_why_and_is_not_issued_again() {
    let office = verifying("");
    office.write("d.csv", people(3));
    office.must(&award_run("d.csv", "o", &[]));
    let names = office.documents("o");
    let codes: Vec<String> = names.iter().map(|name| printed_code(&office.path.join("o").join(name)).to_string()).collect();
    let said = office.run(&["document", "revoke", &codes[0], "--reason", "  "]);
    assert_eq!((said.code, said.stderr.as_str()), (1, "lỗi[reason-length] lý do phải có, và không quá 500 ký tự\n"));
    let said = office.must(&["document", "revoke", &format!("o/{}", names[0]), "--reason", "kê khai không đúng"]);
    assert_eq!(said.stdout, format!("Đã thu hồi giấy {}.\n", codes[0]));
    let said = office.run(&["document", "revoke", &codes[0], "--reason", "x"]);
    assert_eq!((said.code, said.stderr.as_str()), (1, "lỗi[certificate-state] giấy này đã bị thu hồi rồi\n"));
    office.must(&["document", "replace", &codes[1], &codes[2], "--reason", "sai họ tên"]);
    let qr = qr_of(&office, &format!("o/{}", names[0]));
    for what in [&qr, &codes[0], &format!("o/{}", names[0])] {
        let (exit, said) = verify(&office, &[what]);
        assert_eq!(
            (exit, &said["outcome"], &said["sentence"]),
            (1, &"revoked".into(), &"Giấy đã bị thu hồi. Lý do: kê khai không đúng".into())
        );
    }
    let (exit, said) = verify(&office, &[&codes[1]]);
    let sentence = format!("Giấy đã được thay bằng giấy mã {}. Lý do: sai họ tên", codes[2]);
    assert_eq!((exit, &said["outcome"], &said["sentence"]), (1, &"replaced".into(), &sentence.into()));
    assert_eq!(verify(&office, &[&codes[2]]).0, 0);
    let said = office.run(&["document", "replace", &codes[2], &codes[2], "--reason", "x"]);
    assert!(said.stderr.starts_with("lỗi[replaced-by-itself]"), "{}", said.stderr);
    let said = office.run(&["document", "revoke", "khong-co", "--reason", "x"]);
    assert!(said.stderr.starts_with("lỗi[certificate-unknown] “khong-co” sổ kiểm tra không có giấy này\n"), "{}", said.stderr);
    // The very same certificate is not printed again by oversight.
    let said = office.run(&award_run("d.csv", "lai", &[]));
    assert_eq!(said.code, 1);
    expect![[r#"
        ghi chú[already-issued] 1 người đã có Giấy khen còn hiệu lực theo số quyết định 12/QĐ-HKH: Lê Văn An
            cách sửa: nếu là nộp nhầm lần nữa thì đừng làm; muốn cấp lại thì thu hồi văn bản cũ trước
        lỗi[certificate-withdrawn] 2 bản ghi (1 Nguyễn Văn An, 2 Trần Văn An): giấy có đúng nội dung này đã bị thu hồi hoặc thay thế
            cách sửa: bỏ dòng này, hoặc cấp giấy mới với số hoặc ngày khác
    "#]]
    .assert_eq(&said.stderr);
    assert!(office.documents("lai").is_empty());
}

#[test]
fn a_key_that_others_can_read_or_that_is_none_makes_no_certificate() {
    let office = verifying("");
    office.write("d.csv", people(1));
    let run = |office: &Office| office.run(&award_run("d.csv", "o", &[]));
    let mode = std::fs::metadata(office.path.join("ky.khoa")).expect("the key").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let again = office.run(&["key", "new"]);
    assert!(again.stderr.starts_with("lỗi[file-exists] ") && again.code == 1, "{}", again.stderr);
    std::fs::set_permissions(office.path.join("ky.khoa"), std::fs::Permissions::from_mode(0o640)).expect("a mode");
    assert!(run(&office).stderr.starts_with("lỗi[secret-open] "), "{}", run(&office).stderr);
    std::fs::remove_file(office.path.join("ky.khoa")).expect("gone");
    assert!(run(&office).stderr.contains("cách sửa: tạo khóa bằng “vanthu key new”"), "{}", run(&office).stderr);
    office.write("ky.khoa", "không phải khóa\n");
    std::fs::set_permissions(office.path.join("ky.khoa"), std::fs::Permissions::from_mode(0o600)).expect("a mode");
    assert!(run(&office).stderr.starts_with("lỗi[key-form] "), "{}", run(&office).stderr);
    assert!(office.documents("o").is_empty());
    let doctor: Value = serde_json::from_str(&office.run(&["doctor", "--json"]).stdout).expect("JSON");
    let check = doctor["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "key").expect("the key's check");
    assert_eq!((&check["level"], &check["found"]), (&"fail".into(), &"không phải khóa ký của vanthu".into()));
    // Templates without a QR code need no key.
    office.must(&["preview", "bao-cao", "--out", "x", "--ppi", "36"]);
}

#[test]
fn an_address_that_no_phone_could_trust_is_refused() {
    for (url, said) in [
        ("http://hoi.example", "phải bắt đầu bằng https://"),
        ("hoi.example", "phải bắt đầu bằng https://"),
        ("https://hoi.example/v", "không ghi phần “/v”"),
        ("https://a b", "không phải địa chỉ trang"),
        ("https://hoi.example?x=1", "không phải địa chỉ trang"),
    ] {
        let office = Office::new();
        office.write("vanthu.toml", format!("[verify]\nurl = \"{url}\"\nkey_file = \"k\"\n"));
        let told = office.run(&["template", "list"]);
        assert_eq!(told.code, 1, "{url}");
        assert!(told.stderr.starts_with(&format!("lỗi[verify-url] vanthu.toml [verify] url: “{url}” {said}\n")), "{}", told.stderr);
    }
}

#[test]
fn a_preview_proves_nothing() {
    let office = verifying("");
    office.write("d.csv", people(1));
    office.must(&award_run("d.csv", "o", &[]));
    office.must(&["preview", "giay-khen", "--out", "x", "--ppi", "36"]);
    let sample = format!("x/{}", office.documents("x")[0]);
    let qr = qr_of(&office, &sample);
    assert!(qr.starts_with("https://hoi.example/v/0000000000000000#"), "{qr}");
    assert_eq!(verify(&office, &[&qr]).1["outcome"], "altered");
}

#[test]
fn the_same_record_has_the_same_proof_and_another_key_another_code() {
    let prove = |number: u8, identity: &[u8]| Issuer::new(key(number), "https://hoi.example/").prove(identity, facts("Lê An"));
    assert_eq!(prove(1, b"a"), prove(1, b"a"));
    assert_ne!(prove(1, b"a").code, prove(1, b"b").code);
    assert_ne!(prove(1, b"a").code, prove(2, b"a").code);
    assert_eq!(prove(1, b"a").place, "hoi.example/v");
    let line = key(1).secret_line();
    assert_eq!(SigningKey::parse(&line).expect("a key").public(), key(1).public());
    assert_eq!(SigningKey::parse(&line[1..]).map(|_| ()), None);
    assert_eq!(format!("{:?}", key(1)), format!("SigningKey({})", key(1).public().id()), "the secret does not show");
}

#[test]
fn usual_names_fit_the_small_code_and_long_ones_lose_their_middle() {
    let text = |holder: &str| Issuer::new(key(1), "https://kiem-tra.hoikhuyenhoc.vn").prove(b"a", facts(holder)).qr;
    let holder = |holder: &str| Signed::read(&text(holder)).expect("a statement").statement.facts.holder;
    for name in ["Lê An", "Nguyễn Thị Minh Khai", "Trần Hoàng Bảo Ngọc Anh"] {
        assert!(text(name).len() <= 271, "{name}: {}", text(name).len());
        assert_eq!(holder(name), name);
    }
    let long = "Nguyễn Phước Bảo Khánh Hoàng Thiên Trường Nghĩa";
    assert_eq!(holder(long), "Nguyễn … Trường Nghĩa");
    assert!(text(long).len() <= 271, "{}", text(long).len());
    assert_eq!(shortened("Ban Chấp hành Chi hội Khuyến học Trường Sao Mai", 30), "Ban Chấp hành Chi … Sao Mai");
    assert_eq!(shortened("Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 10), "Aaaaaaaaa…");
}

#[test]
fn a_list_of_keys_says_which_line_is_none() {
    let own = PublishedKey { key: *key(1).public(), name: "Hội Khuyến học".into() };
    let list = format!("# khóa\n\n{}\n", own.line());
    assert_eq!(PublishedKey::read_list(&list), Ok(vec![own.clone()]));
    assert_eq!(PublishedKey::read_list(&format!("{list}rác\n")), Err(4));
    // A line whose id is not its key's was changed.
    let id = own.key.id().to_string();
    assert_eq!(PublishedKey::read_list(&own.line().replace(&id, "00000000")), Err(1));
    assert_eq!(PublicKey::parse("AAAA"), None);
    assert_eq!(KeyId::from_bytes([0, 0, 0, 1]).to_string(), "00000001");
}

#[test]
fn a_masked_holder_keeps_only_the_given_name() {
    for (name, shown) in [("Nguyễn Văn An", "N*** V*** An"), ("An", "A***"), ("", ""), ("Đặng  Đình", "Đ*** Đình")] {
        assert_eq!(ShowHolder::Masked.show(name), shown);
        assert_eq!(ShowHolder::Full.show(name), name);
    }
}

#[test]
fn what_is_no_code_is_none() {
    for typed in ["", "7K3M-92QX-04AB", "7K3M-92QX-04AB-CDEFG", "7K3M-92QX-04AB-CDEU", "ＡＡＡＡ-0000-0000-0000", &"0".repeat(1_000)] {
        assert_eq!(Code::parse(typed), None, "{typed}");
    }
    assert_eq!(Code::parse(" 7k3m 92qx—o4ab.cdef ").map(|code| code.to_string()).as_deref(), Some("7K3M-92QX-04AB-CDEF"));
    assert_eq!(Code::parse("IL00-0000-0000-0000"), Code::parse("1100-0000-0000-0000"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_code_is_read_however_it_is_typed(bytes in any::<[u8; 10]>(), choices in any::<u64>()) {
        let code = Code::from_bytes(bytes);
        let typed: String = code.to_string().chars().enumerate().flat_map(|(at, c)| {
            let bit = choices >> (at % 60) & 1 == 1;
            let written = match c {
                '0' if bit => 'o',
                '1' if bit => 'l',
                '-' if bit => ' ',
                other if bit => other.to_ascii_lowercase(),
                other => other,
            };
            [Some(written), (choices >> (59 - at % 60) & 1 == 1).then_some(' ')].into_iter().flatten()
        }).collect();
        prop_assert_eq!(Code::parse(&typed), Some(code));
        prop_assert_eq!(Code::parse(&code.compact()), Some(code));
    }

    #[test]
    fn no_text_makes_the_readers_fail(text in ".{0,300}") {
        let _ = (Code::parse(&text), Signed::read(&text), PublishedKey::read_list(&text), SigningKey::parse(&text).is_some());
    }

    #[test]
    fn a_statement_comes_back_as_it_was_signed_and_not_when_a_bit_is_changed(
        bytes in any::<[u8; 10]>(),
        texts in ["[^\\p{C}\\p{Z}]{1,12}( [A-ZĐÀ-ỹ0-9/–“]{1,8}){0,2}", "[^\\p{C}\\p{Z}]{0,12}", "[^\\p{C}\\p{Z}]{1,10}", "[^\\p{C}\\p{Z}]{1,6}"],
        (year, month, day) in (1900_i16..2200, 1_i8..=12, 1_i8..=28),
        (at, bit) in (any::<prop::sample::Index>(), 0_u8..6),
    ) {
        let [title, number, issuer, holder] = texts;
        let facts = Facts { title, number, date: Some(jiff::civil::date(year, month, day)), issuer, holder };
        let statement = Statement { code: Code::from_bytes(bytes), key: key(3).public().id(), facts };
        let text = statement.to_qr_text("https://hoi.example", &|message| key(3).sign(message));
        let signed = Signed::read(&text).expect("a statement");
        prop_assert!(signed.is_signed_by(key(3).public()));
        prop_assert!(!signed.is_signed_by(key(4).public()));
        let whole = |text: &String, most: usize| shortened(text, most);
        let Facts { title, number, issuer, holder, date } = &statement.facts;
        let read = &signed.statement.facts;
        prop_assert_eq!((&read.title, &read.number, &read.issuer, &read.date), (&whole(title, 40), &whole(number, 40), &whole(issuer, 48), date));
        prop_assert_eq!(&read.holder, &whole(holder, 24));
        prop_assert_eq!((signed.statement.code, signed.statement.key), (statement.code, statement.key));
        // One character of the fragment is another.
        let start = text.find('#').expect("a fragment") + 1;
        let place = start + at.index(text.len() - start);
        const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut changed = text.clone().into_bytes();
        if let Some(value) = BASE64.iter().position(|c| *c == changed[place]) {
            changed[place] = BASE64[value ^ (1 << bit)];
            let changed = String::from_utf8(changed).expect("ASCII");
            match Signed::read(&changed) {
                Err(error) => prop_assert_eq!(error, Unreadable::Damaged),
                Ok(signed) => prop_assert!(!signed.is_signed_by(key(3).public())),
            }
        }
    }
}
