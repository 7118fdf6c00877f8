//! Is the domain that mail is sent from known as one that sends mail: MX, SPF, DMARC, DKIM, in plain words.
//!
//! Owns what each record means for whoever sends certificates, and the remedy. The questions are `mail::dns`'.

use super::App;
use super::doctor::{Check, Level};
use crate::config::mail::FOLDER_RELAY;
use crate::language::Text;
use crate::mail::dns::{DnsError, Resolver};
use crate::message::address::Address;
use crate::say;

/// Labels below which no policy is looked for: those of a public suffix such as `vn`.
const LABELS_MIN: usize = 2;
/// As many records as this is what receivers take; two of them count as an error.
const ONE: usize = 1;

impl App {
    /// What the domain name system says of the sending domain; `resolver` in the place of the system's.
    pub(super) async fn check_sending_domain(&self, resolver: Option<Resolver>) -> Vec<Check> {
        let mail = &self.workspace.config.mail;
        let relay = mail.relay_name(None).unwrap_or_default();
        let from = mail.from.as_deref().and_then(|from| Address::parse(from).ok()).map(|from| from.domain().to_owned());
        let Some(from) = from.filter(|_| relay != FOLDER_RELAY) else {
            let nothing = say!(
                "chưa gửi qua máy chủ thư: không có tên miền gửi nào để tra DNS",
                "no relay is used: there is no sending domain to look up"
            );
            return vec![Check::ok("dns", nothing)];
        };
        let resolver = match resolver.map_or_else(Resolver::of_system, Ok) {
            Ok(resolver) => resolver,
            Err(error) => return vec![unanswered("dns", &from, &error, "/etc/resolv.conf")],
        };
        let bounces = mail.bounce_address.as_deref().and_then(|address| Address::parse(address).ok());
        let returned = bounces.map_or_else(|| from.clone(), |address| address.domain().to_owned());
        let selector = mail.dkim_selector.as_deref();
        // Side by side: a server that does not answer is waited for once.
        let (mx, spf, dmarc, dkim) =
            tokio::join!(resolver.mx(&returned), resolver.txt(&returned), policies(&resolver, &from), key(&resolver, selector, &from),);
        let asked = resolver.to_string();
        if let Err(error @ (DnsError::Silent | DnsError::Network(_))) = &mx {
            return vec![unanswered("dns", &from, error, &asked)];
        }
        vec![
            mx.map_or_else(|error| unanswered("dns-mx", &returned, &error, &asked), |hosts| check_mx(&returned, &hosts)),
            spf.map_or_else(|error| unanswered("dns-spf", &returned, &error, &asked), |texts| check_spf(&returned, &texts)),
            dmarc.map_or_else(|error| unanswered("dns-dmarc", &from, &error, &asked), |(name, found)| check_dmarc(&name, &found)),
            dkim.map_or_else(|error| unanswered("dns-dkim", &from, &error, &asked), |found| check_dkim(&from, found)),
        ]
    }
}

/// The DMARC records that hold for a domain, and where they were looked for: its own, or those of the nearest domain above.
async fn policies(resolver: &Resolver, domain: &str) -> Result<(String, Vec<String>), DnsError> {
    let mut above = domain;
    loop {
        let found: Vec<String> =
            resolver.txt(&format!("_dmarc.{above}")).await?.into_iter().filter(|text| is_version(text, "DMARC1")).collect();
        match above.split_once('.') {
            Some((_, next)) if found.is_empty() && next.split('.').count() >= LABELS_MIN => above = next,
            _ if found.is_empty() => return Ok((domain.to_owned(), found)),
            _ => return Ok((above.to_owned(), found)),
        }
    }
}

/// Where the key of a selector stands, and the records there; nothing without a selector.
async fn key(resolver: &Resolver, selector: Option<&str>, domain: &str) -> Result<Option<(String, Vec<String>)>, DnsError> {
    let Some(selector) = selector else { return Ok(None) };
    let name = format!("{selector}._domainkey.{domain}");
    let found = resolver.txt(&name).await?;
    Ok(Some((name, found)))
}

fn unanswered(name: &'static str, domain: &str, error: &DnsError, asked: &str) -> Check {
    let because = match error {
        DnsError::Silent | DnsError::Network(_) => say!("máy chủ DNS {asked} không trả lời", "the DNS server {asked} does not answer"),
        DnsError::NoServer => say!("{asked} không có máy chủ DNS nào", "{asked} names no DNS server"),
        DnsError::Refused(code) => say!("máy chủ DNS {asked} báo {code}", "the DNS server {asked} says {code}"),
        DnsError::Garbled | DnsError::Name => {
            say!("máy chủ DNS {asked} trả lời sai", "the answer of the DNS server {asked} cannot be read")
        }
    };
    let found = Text {
        vi: format!("chưa tra được DNS của {domain}: {}", because.vi),
        en: format!("DNS of {domain} was not looked up: {}", because.en),
    };
    Check::new(name, Level::Warn, found).remedy(say!(
        "kiểm tra mạng, hoặc hỏi máy chủ khác: vanthu doctor --dns ĐỊA-CHỈ:53",
        "check the network, or ask another server: vanthu doctor --dns ADDRESS:53"
    ))
}

fn check_mx(domain: &str, hosts: &[String]) -> Check {
    // RFC 7505: a lone dot says that the domain takes no mail.
    let named: Vec<&str> = hosts.iter().map(|host| host.trim_end_matches('.')).filter(|host| !host.is_empty()).collect();
    let list = named.join(", ");
    if named.is_empty() {
        let found = say!("{domain} không có MX: thư báo lỗi không về được", "{domain} has no MX: bounces cannot come back");
        return Check::new("dns-mx", Level::Warn, found).remedy(say!(
            "nhờ nơi quản lý tên miền thêm MX, hoặc đặt [mail] bounce_address ở tên miền nhận được thư",
            "have an MX added, or set [mail] bounce_address to a domain that takes mail"
        ));
    }
    Check::ok("dns-mx", say!("MX của {domain}: {list}", "MX of {domain}: {list}"))
}

fn check_spf(domain: &str, texts: &[String]) -> Check {
    let found: Vec<&String> = texts.iter().filter(|text| is_spf(text)).collect();
    match found.as_slice() {
        [] => Check::new(
            "dns-spf",
            Level::Warn,
            say!("{domain} không có SPF: thư dễ bị coi là giả mạo", "{domain} has no SPF: mail is easily taken for forged"),
        )
        .remedy(say!(
            "nhờ nơi quản lý tên miền thêm TXT “v=spf1 mx -all” cho {domain}, thêm include: của máy chủ thư thuê ngoài",
            "have a TXT `v=spf1 mx -all` added for {domain}, with the include: of a hosted relay"
        )),
        [one] => {
            let text = one.trim();
            let found = say!("SPF của {domain}: {text}", "SPF of {domain}: {text}");
            if text.split_whitespace().any(|term| matches!(term.to_ascii_lowercase().as_str(), "+all" | "all")) {
                Check::new("dns-spf", Level::Warn, found)
                    .remedy(say!("“+all” cho mọi máy gửi thay: đổi thành -all", "`+all` lets every machine send: make it -all"))
            } else {
                Check::ok("dns-spf", found)
            }
        }
        several => {
            let count = several.len();
            Check::fail(
                "dns-spf",
                say!(
                    "{domain} có {count} bản ghi SPF: nơi nhận coi là lỗi",
                    "{domain} has {count} SPF records: receivers take that for an error"
                ),
            )
            .remedy(say!("gộp thành một bản ghi TXT v=spf1 duy nhất", "make them one TXT v=spf1"))
        }
    }
}

fn check_dmarc(domain: &str, found: &[String]) -> Check {
    if found.len() > ONE {
        let count = found.len();
        return Check::fail(
            "dns-dmarc",
            say!(
                "_dmarc.{domain} có {count} bản ghi: nơi nhận bỏ qua cả",
                "_dmarc.{domain} has {count} records: receivers ignore them all"
            ),
        )
        .remedy(say!("chỉ để một bản ghi v=DMARC1", "leave one v=DMARC1"));
    }
    let Some(text) = found.first() else {
        return Check::new("dns-dmarc", Level::Warn, say!("{domain} không có DMARC", "{domain} has no DMARC")).remedy(say!(
            "nhờ nơi quản lý tên miền thêm TXT cho _dmarc.{domain}, bắt đầu bằng: v=DMARC1; p=none; rua=mailto:quan-tri@{domain}",
            "have a TXT added for _dmarc.{domain}, to begin with: v=DMARC1; p=none; rua=mailto:postmaster@{domain}"
        ));
    };
    let text = text.trim();
    let said = say!("DMARC của {domain}: {text}", "DMARC of {domain}: {text}");
    match tag(text, "p").as_deref() {
        Some("quarantine" | "reject") => Check::ok("dns-dmarc", said),
        Some("none") => Check::new("dns-dmarc", Level::Warn, said).remedy(say!(
            "p=none chỉ theo dõi; khi báo cáo rua cho thấy thư của mình đều đạt, đổi thành p=quarantine",
            "p=none only watches; once the rua reports show that your own mail passes, make it p=quarantine"
        )),
        _ => Check::fail("dns-dmarc", said)
            .remedy(say!("thiếu p=none, p=quarantine hoặc p=reject", "p=none, p=quarantine or p=reject is missing")),
    }
}

fn check_dkim(domain: &str, found: Option<(String, Vec<String>)>) -> Check {
    let Some((name, texts)) = found else {
        let unknown = say!("chưa biết khóa DKIM của {domain}, chưa tra", "the DKIM key of {domain} is not known and was not looked up");
        return Check::new("dns-dkim", Level::Warn, unknown).remedy(say!(
            "ghi tên khóa (máy chủ thư cho biết) vào [mail] dkim_selector = \"…\"",
            "give its name (the relay knows it) in [mail] dkim_selector = \"…\""
        ));
    };
    let keys: Vec<String> = texts.iter().filter_map(|text| tag(text, "p")).collect();
    match keys.as_slice() {
        [key] if !key.is_empty() => Check::ok("dns-dkim", say!("khóa DKIM có ở {name}", "the DKIM key stands at {name}")),
        [] => Check::new("dns-dkim", Level::Warn, say!("{name} không có khóa DKIM", "{name} has no DKIM key")).remedy(say!(
            "kiểm tra dkim_selector, rồi nhờ nơi quản lý tên miền thêm TXT mà máy chủ thư cho",
            "check dkim_selector, then have the TXT added that the relay gives"
        )),
        _ => Check::fail("dns-dkim", say!("khóa DKIM ở {name} đã bị thu hồi hoặc bị lặp", "the DKIM key at {name} is revoked or doubled"))
            .remedy(say!("chỉ để một bản ghi TXT với p= của khóa đang dùng", "leave one TXT with the p= of the key in use")),
    }
}

fn is_spf(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    first.eq_ignore_ascii_case("v=spf1")
}

fn is_version(text: &str, version: &str) -> bool {
    tag(text, "v").is_some_and(|found| found.eq_ignore_ascii_case(version))
}

/// The value of a tag of `name=value; name=value`.
fn tag(text: &str, name: &str) -> Option<String> {
    let tags = text.split(';').filter_map(|tag| tag.split_once('='));
    let mut named = tags.filter(|(own, _)| own.trim().eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.split_whitespace().collect::<String>().to_ascii_lowercase())
}
