//! What `doctor` says of the sending domain: each record that is there, missing, doubled or weak, and a server that is silent.

use std::time::{Duration, Instant};

use expect_test::{Expect, expect};

use super::configure;
use crate::support::Office;
use crate::support::dns::{DnsServer, Zone};

const MAIL: &str = "[mail]\nfrom = \"van-thu@thu.hoi.example\"\nrelay = \"may\"\nbounce_address = \"bounce@hoi.example\"\n\
    dkim_selector = \"s1\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\n";

/// What is said of the domain when `mail` is configured and a server answers from `zone`.
fn said(mail: &str, zone: Option<Zone>) -> String {
    let server = DnsServer::start(zone);
    let office = Office::with_workspace();
    configure(&office, mail);
    let address = server.address.to_string();
    let said = office.run(&["doctor", "--dns", &address]).stdout;
    let lines: Vec<&str> = said.lines().skip_while(|line| !line.contains(" dns-") && !line.contains(" dns ")).collect();
    lines.join("\n").replace(&address, "MÁY") + "\n"
}

fn zone(records: &[(&'static str, &'static str, &[&'static str])]) -> Option<Zone> {
    Some(records.iter().map(|(name, kind, texts)| ((*name, *kind), texts.to_vec())).collect())
}

fn is_said(records: &[(&'static str, &'static str, &[&'static str])], expected: Expect) {
    expected.assert_eq(&said(MAIL, zone(records)));
}

#[test]
fn a_domain_that_is_known_to_send_mail_is_well() {
    is_said(
        &[
            ("hoi.example", "MX", &["mx.hoi.example"]),
            ("hoi.example", "TXT", &["khong-lien-quan", "v=spf1 mx include:may-chu-thu-thue-ngoai.example -all"]),
            // Above the sending domain, which has none of its own.
            ("_dmarc.hoi.example", "TXT", &["v=DMARC1; p=reject; rua=mailto:quan-tri@hoi.example"]),
            ("s1._domainkey.thu.hoi.example", "TXT", &["v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"]),
        ],
        expect![[r#"
            tốt    dns-mx       MX của hoi.example: mx.hoi.example
            tốt    dns-spf      SPF của hoi.example: v=spf1 mx include:may-chu-thu-thue-ngoai.example -all
            tốt    dns-dmarc    DMARC của hoi.example: v=DMARC1; p=reject; rua=mailto:quan-tri@hoi.example
            tốt    dns-dkim     khóa DKIM có ở s1._domainkey.thu.hoi.example
        "#]],
    );
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    is_said(
        &[],
        expect![[r#"
        lưu ý  dns-mx       hoi.example không có MX: thư báo lỗi không về được
                            → nhờ nơi quản lý tên miền thêm MX, hoặc đặt [mail] bounce_address ở tên miền nhận được thư
        lưu ý  dns-spf      hoi.example không có SPF: thư dễ bị coi là giả mạo
                            → nhờ nơi quản lý tên miền thêm TXT “v=spf1 mx -all” cho hoi.example, thêm include: của máy chủ thư thuê ngoài
        lưu ý  dns-dmarc    thu.hoi.example không có DMARC
                            → nhờ nơi quản lý tên miền thêm TXT cho _dmarc.thu.hoi.example, bắt đầu bằng: v=DMARC1; p=none; rua=mailto:quan-tri@thu.hoi.example
        lưu ý  dns-dkim     s1._domainkey.thu.hoi.example không có khóa DKIM
                            → kiểm tra dkim_selector, rồi nhờ nơi quản lý tên miền thêm TXT mà máy chủ thư cho
    "#]],
    );
    // A host that takes no mail (RFC 7505), a text that only resembles, a revoked key.
    is_said(
        &[
            ("hoi.example", "MX", &[""]),
            ("hoi.example", "TXT", &["v=spf10 mx"]),
            ("_dmarc.thu.hoi.example", "TXT", &["v=DMARC1; rua=mailto:x@hoi.example"]),
            ("s1._domainkey.thu.hoi.example", "TXT", &["v=DKIM1; p="]),
        ],
        expect![[r#"
            lưu ý  dns-mx       hoi.example không có MX: thư báo lỗi không về được
                                → nhờ nơi quản lý tên miền thêm MX, hoặc đặt [mail] bounce_address ở tên miền nhận được thư
            lưu ý  dns-spf      hoi.example không có SPF: thư dễ bị coi là giả mạo
                                → nhờ nơi quản lý tên miền thêm TXT “v=spf1 mx -all” cho hoi.example, thêm include: của máy chủ thư thuê ngoài
            HỎNG   dns-dmarc    DMARC của thu.hoi.example: v=DMARC1; rua=mailto:x@hoi.example
                                → thiếu p=none, p=quarantine hoặc p=reject
            HỎNG   dns-dkim     khóa DKIM ở s1._domainkey.thu.hoi.example đã bị thu hồi hoặc bị lặp
                                → chỉ để một bản ghi TXT với p= của khóa đang dùng
        "#]],
    );
}

#[test]
fn what_is_weak_doubled_or_refused_is_said() {
    is_said(
        &[
            ("hoi.example", "MX", &["REFUSED"]),
            ("hoi.example", "TXT", &["v=spf1 mx -all", "v=spf1 a -all"]),
            ("_dmarc.thu.hoi.example", "TXT", &["v=DMARC1; p=none"]),
            ("s1._domainkey.thu.hoi.example", "TXT", &["k=rsa; p=AAAA"]),
        ],
        expect![[r#"
            lưu ý  dns-mx       chưa tra được DNS của hoi.example: máy chủ DNS MÁY báo Refused
                                → kiểm tra mạng, hoặc hỏi máy chủ khác: vanthu doctor --dns ĐỊA-CHỈ:53
            HỎNG   dns-spf      hoi.example có 2 bản ghi SPF: nơi nhận coi là lỗi
                                → gộp thành một bản ghi TXT v=spf1 duy nhất
            lưu ý  dns-dmarc    DMARC của thu.hoi.example: v=DMARC1; p=none
                                → p=none chỉ theo dõi; khi báo cáo rua cho thấy thư của mình đều đạt, đổi thành p=quarantine
            tốt    dns-dkim     khóa DKIM có ở s1._domainkey.thu.hoi.example
        "#]],
    );
    let all = said(&MAIL.replace("dkim_selector = \"s1\"\n", ""), zone(&[("hoi.example", "TXT", &["v=spf1 +all"])]));
    assert!(all.contains("→ “+all” cho mọi máy gửi thay: đổi thành -all"), "{all}");
    assert!(all.contains("→ ghi tên khóa (máy chủ thư cho biết) vào [mail] dkim_selector = \"…\""), "{all}");
}

#[test]
fn a_server_that_is_silent_is_said_within_five_seconds_and_once() {
    let begun = Instant::now();
    expect![[r#"
        lưu ý  dns          chưa tra được DNS của thu.hoi.example: máy chủ DNS MÁY không trả lời
                            → kiểm tra mạng, hoặc hỏi máy chủ khác: vanthu doctor --dns ĐỊA-CHỈ:53
    "#]]
    .assert_eq(&said(MAIL, None));
    // The rest of the doctor's visit included.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn without_a_relay_there_is_nothing_to_look_up() {
    expect![[r#"
        tốt    dns          chưa gửi qua máy chủ thư: không có tên miền gửi nào để tra DNS
    "#]]
    .assert_eq(&said("", None));
    expect![[r#"
        tốt    dns          chưa gửi qua máy chủ thư: không có tên miền gửi nào để tra DNS
    "#]]
    .assert_eq(&said("[mail]\nfrom = \"van-thu@hoi.example\"\n", None));
}

#[test]
fn a_selector_that_is_no_name_is_told() {
    let office = Office::with_workspace();
    configure(&office, "[mail]\ndkim_selector = \"s1._domainkey hoi\"\n");
    assert_eq!(
        office.run(&["doctor"]).stderr,
        "lỗi[config-value] vanthu.toml [mail]: “s1._domainkey hoi” mail.dkim_selector chỉ gồm chữ không dấu, số, gạch và chấm\n"
    );
}
