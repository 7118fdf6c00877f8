//! Addresses, MIME bytes, return paths, and the reports that come back.

use jiff::civil::date;
use mail_parser::{MessageParser, MimeHeaders as _};
use proptest::prelude::*;
use vanthu::language::Language;
use vanthu::message::address::Address;
use vanthu::message::compose::{Attachment, Composed, Enclosure, Letter, Link, Mailbox, compose, file_bytes_max};
use vanthu::message::report::{Finding, Report, Said, read};
use vanthu::message::return_path::ReturnPaths;

#[test]
fn ordinary_addresses_are_taken_as_they_are() {
    for (field, sent) in [
        ("an.nguyen@gmail.com", "an.nguyen@gmail.com"),
        ("  An.Nguyen@GMAIL.com\u{a0}", "An.Nguyen@gmail.com"),
        ("hội.khuyến+học@vi-du.vn", "hội.khuyến+học@vi-du.vn"),
        ("a@ví-dụ.vn", "a@xn--v-d-rma6749a.vn"),
        ("o'brien@sub.domain.example", "o'brien@sub.domain.example"),
    ] {
        let address = Address::parse(field).unwrap_or_else(|problem| panic!("{}", problem.describe(Language::English)));
        assert_eq!(address.to_string(), sent);
    }
    let address = Address::parse("đ@ví-dụ.vn").unwrap();
    assert!(address.needs_smtputf8());
    assert_eq!(address.shown(), "đ@ví-dụ.vn");
    assert!(!Address::parse("d@ví-dụ.vn").unwrap().needs_smtputf8());
}

#[test]
fn two_spellings_of_one_address_have_one_key_but_the_case_before_the_at_counts() {
    let key = |field: &str| Address::parse(field).unwrap().key();
    assert_eq!(key("e\u{302}\u{301}@VI-DU.vn"), key("ế@vi-du.vn"));
    assert_ne!(key("An@vi-du.vn"), key("an@vi-du.vn"));
}

#[test]
fn each_wrong_field_is_refused_with_its_reason_and_a_remedy() {
    let long = format!("{}@vi-du.vn", "a".repeat(320));
    let local = format!("{}@vi-du.vn", "a".repeat(65));
    let path = format!("a@{}.vn", ["b".repeat(60).as_str(); 5].join("."));
    for (field, code) in [
        ("", "address-empty"),
        ("   ", "address-empty"),
        ("an@vi-du.vn\r\nBcc: x@y.vn", "address-control"),
        ("an@vi-du.vn\n", "address-control"),
        ("an\u{0}@vi-du.vn", "address-control"),
        ("an\u{7f}@vi-du.vn", "address-control"),
        ("an\u{2028}@vi-du.vn", "address-control"),
        ("lan.nguyen@gmail,com", "address-comma"),
        ("lan,nguyen@gmail.com ,", "address-comma"),
        ("a@b.vn, Nguyễn Văn A", "address-list"),
        ("a@b.vn,c@d.vn", "address-list"),
        ("a@b.vn; c@d.vn", "address-list"),
        ("a@b.vn c@d.vn", "address-list"),
        ("a@b@c.vn", "address-list"),
        ("An <an@vi-du.vn>", "address-decorated"),
        ("\"x\"@y.vn", "address-decorated"),
        ("an(nhà)@vi-du.vn", "address-decorated"),
        ("an @vi-du.vn", "address-blank"),
        ("an\u{200b}@vi-du.vn", "address-blank"),
        ("an\u{202e}@vi-du.vn", "address-blank"),
        ("an.vi-du.vn", "address-at"),
        ("@vi-du.vn", "address-local"),
        (".an@vi-du.vn", "address-local"),
        ("an..b@vi-du.vn", "address-local"),
        ("an\\b@vi-du.vn", "address-local"),
        ("x@[127.0.0.1]", "address-literal"),
        ("x@127.0.0.1", "address-tld"),
        ("an@localhost", "address-tld"),
        ("an@vi-du.vn.", "address-dot"),
        ("an@", "address-domain"),
        ("an@vi_du.vn", "address-domain"),
        ("an@-vi.vn", "address-domain"),
        ("an@vi..vn", "address-domain"),
        (&long, "address-long"),
        (&local, "address-long"),
        (&path, "address-domain"),
    ] {
        let problem = Address::parse(field).expect_err(field);
        assert_eq!(problem.code, code, "{field}");
        let remedy = problem.remedy.expect("a remedy");
        assert!(!remedy.vi.is_empty() && !remedy.en.is_empty() && !problem.message.vi.is_empty());
    }
    let shown = Address::parse("lan.nguyen@gmail, com").unwrap_err().describe(Language::Vietnamese);
    assert_eq!(
        shown,
        "lỗi[address-comma] “lan.nguyen@gmail, com” trong địa chỉ có dấu phẩy thay cho dấu chấm?\n    cách sửa: có phải “lan.nguyen@gmail.com”?"
    );
    let shown = Address::parse("a@b.vn,c@d.vn").unwrap_err().describe(Language::Vietnamese);
    assert_eq!(
        shown,
        "lỗi[address-list] “a@b.vn,c@d.vn” ô này có nhiều hơn một địa chỉ\n    cách sửa: mỗi ô một địa chỉ; thêm dòng cho người tiếp theo"
    );
}

fn mailbox(name: &str, address: &str) -> Mailbox {
    Mailbox { name: (!name.is_empty()).then(|| name.to_owned()), address: Address::parse(address).unwrap() }
}

const ID: &str = "01JD3A5B7C9D1E3F5G7H9J1K3M";
const SUBJECT: &str = "Giấy khen của Hội Khuyến học Thành phố Hồ Chí Minh tặng ông Nguyễn Văn Ẩn và tập thể Ấp 2, xã Bình Mỹ";
const FILE: &str = "Giấy khen - Nguyễn Thị Ánh Nguyệt - Hội Khuyến học Quận Bình Thạnh năm 2019.pdf";

struct Parts {
    from: Mailbox,
    reply_to: Mailbox,
    to: Mailbox,
}

fn parts() -> Parts {
    Parts {
        from: mailbox("Hội Khuyến học Phường Thí Điểm", "vanphong@hoikhuyenhoc.vn"),
        reply_to: mailbox("", "tra-loi@hoikhuyenhoc.vn"),
        to: mailbox("Nguyễn Thị Ánh Nguyệt", "nguyet@vi-du.vn"),
    }
}

fn letter<'a>(parts: &'a Parts, enclosure: Enclosure<'a>) -> Letter<'a> {
    Letter {
        id: ID,
        date: "2026-11-22T05:06:07Z".parse().unwrap(),
        from: &parts.from,
        reply_to: Some(&parts.reply_to),
        to: &parts.to,
        subject: SUBJECT,
        plain: "Kính gửi bà,\n.một dòng bắt đầu bằng dấu chấm\rvà một dòng nữa\n",
        html: Some("<p>Kính gửi bà,</p>"),
        enclosure,
    }
}

#[test]
fn a_message_reads_back_as_it_was_meant() {
    let parts = parts();
    let pdf = [b"%PDF-1.7 ".as_slice(), &[0xff; 500], b"\r\n.\r\n"].concat();
    let files = [Attachment { name: FILE, media_type: "application/pdf", bytes: &pdf }];
    let Composed { message_id, bytes } = compose(&letter(&parts, Enclosure::Files(&files))).unwrap();
    assert_eq!(message_id, format!("<{ID}@hoikhuyenhoc.vn>"));
    assert!(bytes.is_ascii());
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.lines().all(|line| line.len() <= 78), "{:?}", text.lines().max_by_key(|line| line.len()));
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a bare line end");

    let message = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(message.subject(), Some(SUBJECT));
    assert_eq!(message.message_id(), Some(format!("{ID}@hoikhuyenhoc.vn").as_str()));
    assert_eq!(message.date().unwrap().to_rfc3339(), "2026-11-22T05:06:07Z");
    let from = message.from().unwrap().first().unwrap();
    assert_eq!((from.name(), from.address()), (Some("Hội Khuyến học Phường Thí Điểm"), Some("vanphong@hoikhuyenhoc.vn")));
    let to = message.to().unwrap().first().unwrap();
    assert_eq!((to.name(), to.address()), (Some("Nguyễn Thị Ánh Nguyệt"), Some("nguyet@vi-du.vn")));
    assert_eq!(message.reply_to().unwrap().first().unwrap().address(), Some("tra-loi@hoikhuyenhoc.vn"));
    assert_eq!(message.header_raw("Auto-Submitted").unwrap().trim(), "auto-generated");
    assert_eq!(message.header_raw("Precedence"), None);
    assert_eq!(message.body_text(0).unwrap(), "Kính gửi bà,\r\n.một dòng bắt đầu bằng dấu chấm\r\nvà một dòng nữa\r\n");
    assert_eq!(message.body_html(0).unwrap().trim(), "<p>Kính gửi bà,</p>");
    let file = message.attachment(0).unwrap();
    assert_eq!(file.attachment_name(), Some(FILE));
    assert_eq!(file.contents(), pdf);
    assert!(text.contains("filename=\"Giay khen - Nguyen Thi Anh Nguyet - Hoi Khuyen hoc Quan.pdf\""), "{text}");
}

/// Python's parser is not ours and not mail-parser's.
#[test]
fn a_foreign_parser_reads_the_same_subject_names_and_files() {
    let parts = parts();
    let files = [Attachment { name: FILE, media_type: "application/pdf", bytes: b"%PDF-" }];
    let bytes = compose(&letter(&parts, Enclosure::Files(&files))).unwrap().bytes;
    let office = crate::support::Office::new();
    let path = office.write("thu.eml", bytes);
    // Names through its older reader: the newer one leaves a blank between two encoded words of a name (RFC 2047 §6.2).
    let script = "import sys, email, email.header, email.policy\n\
        data = open(sys.argv[1], 'rb').read()\n\
        m = email.message_from_bytes(data, policy=email.policy.default)\n\
        name = email.header.make_header(email.header.decode_header(email.message_from_bytes(data)['from']))\n\
        print(m['subject'], name, [p.get_filename() for p in m.iter_attachments()], m.defects, sep='\\n')";
    let said = crate::support::foreign("python3", &["-c", script, path.to_str().unwrap()]);
    assert_eq!(said, format!("{SUBJECT}\nHội Khuyến học Phường Thí Điểm <vanphong@hoikhuyenhoc.vn>\n['{FILE}']\n[]\n"));
}

#[test]
fn the_same_letter_gives_the_same_bytes_and_another_id_gives_others() {
    let parts = parts();
    let bytes = |id: &'static str| compose(&Letter { id, ..letter(&parts, Enclosure::Files(&[])) }).unwrap().bytes;
    assert_eq!(bytes(ID), bytes(ID));
    assert_ne!(bytes(ID), bytes("01JD3A5B7C9D1E3F5G7H9J1K3N"));
}

#[test]
fn a_file_that_holds_the_boundary_does_not_end_its_part() {
    let parts = parts();
    let empty = compose(&letter(&parts, Enclosure::Files(&[]))).unwrap().bytes;
    let text = String::from_utf8(empty).unwrap();
    let boundary = text.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let trap = format!("\r\n--{boundary}--\r\n");
    let files = [Attachment { name: "a.pdf", media_type: "application/pdf", bytes: trap.as_bytes() }];
    let bytes = compose(&Letter { plain: &trap, ..letter(&parts, Enclosure::Files(&files)) }).unwrap().bytes;
    let message = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(message.body_text(0).unwrap(), trap);
    assert_eq!(message.attachment(0).unwrap().contents(), trap.as_bytes());
}

#[test]
fn a_link_stands_in_both_bodies_where_the_file_would_be_too_large() {
    let parts = parts();
    let link = |url: &str| [Link { name: "Giấy khen <1>.pdf".into(), url: url.into() }];
    let valid_until = date(2026, 11, 29);
    let links = link("https://vanthu.vi-du.vn/t/abc?x=1&y=2");
    let bytes = compose(&letter(&parts, Enclosure::Links { links: &links, valid_until })).unwrap().bytes;
    let message = MessageParser::default().parse(&bytes).unwrap();
    assert!(message.body_text(0).unwrap().ends_with(
        "Do tệp lớn, xin tải tại địa chỉ sau (đến hết ngày 29/11/2026):\r\n\r\n“Giấy khen <1>.pdf”\r\nhttps://vanthu.vi-du.vn/t/abc?x=1&y=2\r\n"
    ));
    let html = message.body_html(0).unwrap();
    assert!(
        html.contains(">Giấy khen &lt;1&gt;.pdf</a>") && html.contains("href=\"https://vanthu.vi-du.vn/t/abc?x&#x3D;1&amp;y&#x3D;2\""),
        "{html}"
    );
    for url in ["http://vi-du.vn/a", "javascript:alert(1)", "https://vi-du.vn/\"><script>", "https://vi-du.vn/\r\nBcc: x@y.vn"] {
        let links = link(url);
        assert_eq!(compose(&letter(&parts, Enclosure::Links { links: &links, valid_until })).unwrap_err()[0].code, "link-form", "{url}");
    }
}

#[test]
fn line_breaks_never_reach_a_header() {
    for bad in ["a\r\nBcc: x@y.vn", "a\nb", "a\rb", "a\u{0}b", "a\u{7f}b", "a\u{2028}b", "a\u{2029}b", "a\u{85}b"] {
        let mut parts = parts();
        let code = |parts: &Parts, subject: &str, file: &str| {
            let files = [Attachment { name: file, media_type: "application/pdf", bytes: b"" }];
            compose(&Letter { subject, ..letter(parts, Enclosure::Files(&files)) })
                .unwrap_err()
                .into_iter()
                .map(|problem| problem.code.into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(code(&parts, bad, "a.pdf"), ["header-control"]);
        assert_eq!(code(&parts, SUBJECT, bad), ["header-control"]);
        parts.to.name = Some(bad.to_owned());
        parts.from.name = Some(bad.to_owned());
        assert_eq!(code(&parts, SUBJECT, "a.pdf"), ["header-control", "header-control"]);
    }
    let parts = parts();
    let wrong = compose(&Letter { subject: " ", id: "a b", ..letter(&parts, Enclosure::Files(&[])) }).unwrap_err();
    assert_eq!(wrong.iter().map(|problem| problem.code.as_ref()).collect::<Vec<_>>(), ["subject-empty", "mail-id"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes → parser → the same words; or a refusal.
    #[test]
    fn any_subject_name_and_file_name_survive_or_are_refused(subject in "\\PC{1,120}", name in "\\PC{1,60}", file in "\\PC{1,80}", body in "(\\PC|\n|\r){0,200}") {
        let mut parts = parts();
        parts.to.name = Some(name.clone());
        let files = [Attachment { name: &file, media_type: "application/pdf", bytes: b"x" }];
        let made = compose(&Letter { subject: &subject, plain: &body, html: None, ..letter(&parts, Enclosure::Files(&files)) });
        if let Ok(Composed { bytes, .. }) = made {
            let header_end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
            let header = String::from_utf8(bytes[..header_end].to_vec()).unwrap();
            let names: Vec<&str> = header.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
            prop_assert_eq!(names, ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "Reply-To", "MIME-Version", "Content-Type"]);
            let message = MessageParser::default().parse(&bytes).unwrap();
            prop_assert_eq!(message.to().unwrap().iter().count(), 1);
            prop_assert_eq!(message.to().unwrap().first().unwrap().address(), Some("nguyet@vi-du.vn"));
            prop_assert_eq!(message.attachment_count(), 1);
        }
    }

    #[test]
    fn no_field_makes_an_address_that_could_end_a_command(field in "(\\PC|[\r\n@.,;<> ]){0,80}") {
        if let Ok(address) = Address::parse(&field) {
            let sent = address.to_string();
            prop_assert!(!sent.chars().any(|c| c.is_control() || c.is_whitespace() || "<>,;\"()[]".contains(c)), "{}", sent);
            prop_assert_eq!(sent.matches('@').count(), 1);
            prop_assert_eq!(Address::parse(&sent).unwrap(), address);
        }
    }
}

#[test]
fn the_file_that_fits_a_message_is_known_before_it_is_encoded() {
    let limit = 10_000_000;
    let file = vec![0xAB; file_bytes_max(limit) as usize];
    assert!((7_200_000..7_400_000).contains(&file.len()), "{}", file.len());
    let parts = parts();
    let files = [Attachment { name: FILE, media_type: "application/pdf", bytes: &file }];
    let bytes = compose(&letter(&parts, Enclosure::Files(&files))).unwrap().bytes;
    assert!(bytes.len() as u64 <= limit, "{}", bytes.len());
}

fn paths() -> ReturnPaths {
    ReturnPaths::new("bounce", "hoikhuyenhoc.vn", b"a key of the test, thirty-two by").unwrap()
}

#[test]
fn a_return_path_names_its_delivery_and_cannot_be_made_up() {
    let paths = paths();
    let address = paths.of(ID).unwrap().to_string();
    assert!(address.starts_with(&format!("bounce+{ID}.")) && address.ends_with("@hoikhuyenhoc.vn"), "{address}");
    assert_eq!(paths.delivery_of(&address).as_deref(), Some(ID));
    assert_eq!(paths.delivery_of(&address.to_lowercase()).as_deref(), Some(ID));
    assert_eq!(paths.delivery_of(&format!(" <{address}> ")).as_deref(), Some(ID));
    let other = address.replace("3M.", "3N.");
    let flipped = format!("{}{}", &address[..address.find('@').unwrap() - 1], "x@hoikhuyenhoc.vn");
    for forged in [
        other.as_str(),
        flipped.as_str(),
        "bounce+@hoikhuyenhoc.vn",
        "bounce@hoikhuyenhoc.vn",
        "",
        &address.replace(".vn", ".com"),
        &format!("bounce+{ID}.@hoikhuyenhoc.vn"),
    ] {
        assert_eq!(paths.delivery_of(forged), None, "{forged}");
    }
    assert_eq!(ReturnPaths::new("bounce", "hoikhuyenhoc.vn", b"another key").unwrap().delivery_of(&address), None);
    assert!(paths.of("a.b").is_none() && paths.of("").is_none());
    assert!(ReturnPaths::new("b+c", "hoikhuyenhoc.vn", b"k").is_none() && ReturnPaths::new("bounce", "localhost", b"k").is_none());
    assert_eq!(format!("{paths:?}"), "ReturnPaths(bounce+…@hoikhuyenhoc.vn)");
}

fn dsn(to: &str, action: &str, status: &str, diagnostic: &str) -> String {
    format!(
        "Return-Path: <>\r\nDelivered-To: bounce@hoikhuyenhoc.vn\r\nX-Original-To: {to}\r\nFrom: MAILER-DAEMON@mx.vi-du.vn (Mail Delivery System)\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nTo: {to}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"XX\"\r\nMessage-Id: <20261122.DSN@mx.vi-du.vn>\r\n\r\n\
         --XX\r\nContent-Type: text/plain\r\n\r\nI'm sorry to have to inform you.\r\n\r\n\
         --XX\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.vi-du.vn\r\nArrival-Date: Sun, 22 Nov 2026 05:06:07 +0000\r\n\r\n\
         Final-Recipient: rfc822; nguyet@vi-du.vn\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {diagnostic}\r\n\r\n\
         --XX\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{ID}@hoikhuyenhoc.vn>\r\nSubject: x\r\n\r\nbody\r\n--XX--\r\n"
    )
}

fn report(text: &str) -> Report {
    match read(text.as_bytes(), &paths()) {
        Finding::Report(report) => report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_delivery_report_is_read_for_the_delivery_it_was_sent_to() {
    let to = paths().of(ID).unwrap().to_string();
    let found = report(&dsn(&to, "failed", "5.1.1", "550 5.1.1 <nguyet@vi-du.vn>:\r\n    No such user"));
    assert_eq!((found.id.as_str(), found.delivery.as_str(), found.said), ("20261122.DSN@mx.vi-du.vn", ID, Said::Failed));
    assert_eq!(found.status.unwrap().to_string(), "5.1.1");
    assert_eq!(found.diagnostic, "550 5.1.1 <nguyet@vi-du.vn>: No such user");
    assert_eq!(found.describe().vi, "thư bị trả lại (5.1.1): địa chỉ người nhận không đúng");
    let late = report(&dsn(&to, "delayed", "4.4.1", "connect timed out"));
    assert_eq!((late.said, late.said.is_final()), (Said::Delayed, false));
    assert_eq!(late.describe().vi, "thư đang chờ ở máy chủ trên đường (4.4.1)");
    assert_eq!(report(&dsn(&to, "relayed", "2.0.0", "ok")).said, Said::Delivered);
    assert_eq!(report(&dsn(&to, "whatever", "", "")).said, Said::Unclear);
}

#[test]
fn a_forged_report_is_never_acted_upon() {
    let right = paths().of(ID).unwrap().to_string();
    for to in [right.replace("3M.", "3N."), "vanphong@hoikhuyenhoc.vn".to_owned(), format!("bounce+{ID}.0000000000000000@hoikhuyenhoc.vn")]
    {
        assert_eq!(read(dsn(&to, "failed", "5.1.1", "no").as_bytes(), &paths()), Finding::Foreign, "{to}");
    }
    // The return path in the body proves nothing: the recipient has read it, too.
    let quoted = dsn("vanphong@hoikhuyenhoc.vn", "failed", "5.1.1", &format!("for {right}"));
    assert_eq!(read(quoted.as_bytes(), &paths()), Finding::Foreign);
}

#[test]
fn bounces_in_free_text_complaints_and_notices_of_absence_are_told_apart() {
    let to = paths().of(ID).unwrap();
    let plain = |head: &str, body: &str| {
        report(&format!("To: {to}\r\nMessage-ID: <x@y>\r\nContent-Type: text/plain; charset=utf-8\r\n{head}\r\n\r\n{body}\r\n"))
    };
    let bounce = plain("From: MAILER-DAEMON@yahoo.example", "Sorry.\r\n\r\n<nguyet@vi-du.vn>:\r\n554 delivery error: dd No such user");
    assert_eq!((bounce.said, bounce.diagnostic.as_str()), (Said::Failed, "554 delivery error: dd No such user"));
    let bounce = plain("From: postmaster@exchange.example", "#550 5.2.2 mailbox full ##");
    assert_eq!((bounce.said, bounce.status.unwrap().to_string()), (Said::Failed, "5.2.2".into()));
    assert_eq!(bounce.describe().vi, "thư bị trả lại (5.2.2): hộp thư người nhận đầy");
    let away = plain(
        "From: nguyet@vi-du.vn\r\nAuto-Submitted: auto-replied\r\nSubject: =?utf-8?Q?Ngh=E1=BB=89_ph=C3=A9p?=",
        "Tôi nghỉ đến ngày 5.12.2026, gọi 0903 555 123",
    );
    assert_eq!((away.said, away.diagnostic.as_str()), (Said::AutoReply, "Nghỉ phép"));
    let person = plain("From: nguyet@vi-du.vn\r\nSubject: 550 5.1.1", "550 5.1.1");
    assert_eq!(person.said, Said::Unclear);
    let complaint = report(&format!(
        "To: {to}\r\nMessage-ID: <f@y>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=B\r\n\r\n\
         --B\r\nContent-Type: text/plain\r\n\r\nabuse\r\n--B\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n--B--\r\n"
    ));
    assert_eq!((complaint.said, complaint.diagnostic.as_str()), (Said::Complaint, "abuse"));
}

#[test]
fn a_report_without_an_id_counts_once_by_its_bytes() {
    let to = paths().of(ID).unwrap();
    let text = format!("To: {to}\r\nFrom: postmaster@x.example\r\n\r\n550 no\r\n");
    assert_eq!(report(&text).id, report(&text).id);
    assert!(report(&text).id.starts_with("sha256:"));
    assert_ne!(report(&text).id, report(&text.replace("550 no", "550 yes")).id);
}

#[test]
fn cut_and_hostile_reports_never_panic() {
    let to = paths().of(ID).unwrap().to_string();
    let whole = dsn(&to, "failed", "5.1.1", "no");
    for end in 0..whole.len() {
        let _ = read(&whole.as_bytes()[..end], &paths());
    }
    let deep = format!("To: {to}\r\n{}", "Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n".repeat(5_000));
    let _ = read(deep.as_bytes(), &paths());
    let _ = read(&vec![0xff; 1 << 20], &paths());
}
