//! Metrics in the form that Prometheus reads, held against the format's rules; what happens is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{ask, configure};
use crate::support::running::Running;
use crate::support::servers::await_some;
use crate::support::smtp::{Say, Script, SmtpServer};
use crate::support::{Office, award_run, people};

/// The samples of a page, after holding it against the text format: each name has its help and type before its samples, once;
/// counters end with `_total`, units are in the name, histograms are whole, no sample comes twice.
fn read(page: &str) -> BTreeMap<String, f64> {
    let body = page.split("\r\n\r\n").nth(1).unwrap_or(page);
    assert!(body.ends_with('\n'), "the last line is ended");
    let (mut kinds, mut helped, mut samples) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
    let mut current = String::new();
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && name.starts_with("vanthu_");
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help");
            assert!(is_name(name) && help.ends_with(['.', '?']), "{line}");
            assert!(helped.insert(name.to_owned()), "{name} is described twice");
            name.clone_into(&mut current);
            continue;
        }
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(name == current && ["gauge", "counter", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            kinds.insert(name.to_owned(), kind.to_owned());
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect("a value");
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        let name = sample.split('{').next().unwrap();
        assert!(is_name(name) && name.starts_with(&current), "{line} stands under {current}");
        if let Some(labels) = sample.strip_prefix(name).filter(|labels| !labels.is_empty()) {
            let labels = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix('}')).unwrap_or_else(|| panic!("{line}"));
            for label in labels.split("\",") {
                let (key, value) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
                assert!(!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
                assert!(!value.contains('@'), "an address: {line}");
            }
        }
        assert!(samples.insert(sample.to_owned(), value).is_none(), "{sample} comes twice");
    }
    for (name, _) in kinds.iter().filter(|(_, kind)| *kind == "histogram") {
        let bucket = |bound: &str| samples[&format!("{name}_bucket{{le=\"{bound}\"}}")];
        assert_eq!(bucket("+Inf"), samples[&format!("{name}_count")]);
        assert!(bucket("0.01") <= bucket("1") && bucket("1") <= bucket("60") && bucket("60") <= bucket("+Inf"));
        assert!(samples.contains_key(&format!("{name}_sum")));
    }
    samples
}

#[test]
fn the_page_keeps_to_the_format_and_counts_what_happened() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = SmtpServer::start(Script::default().on("RCPT", [Say::Line("450 4.7.1 greylisted")])).await;
        let port = server.port;
        tokio::task::spawn_blocking(move || {
            let office = Office::with_workspace();
            configure(
                &office,
                &format!("[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n"),
            );
            office.must(&award_run_of(&office, 1, "truoc"));
            office.must(&["backup", "sao.zip"]);
            let service = Running::start(&office);
            read(&service.get("/metrics"));
            office.write("d.csv", "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\n");
            office.must(&award_run("d.csv", "ra", &["--mail", "--submit"]));
            await_some("an attempt", || (ask(&office, "SELECT COUNT(*) FROM delivery WHERE reply <> ''") == "1").then_some(()));
            let samples = await_some("counts", || {
                let samples = read(&service.get("/metrics"));
                (samples.get("vanthu_deliveries{state=\"queued\"}") == Some(&1.0)).then_some(samples)
            });
            let of = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("{name} is not in {samples:?}"));
            assert_eq!(of("vanthu_render_seconds_count"), 1.0);
            assert!(of("vanthu_render_seconds_sum") > 0.0);
            assert_eq!(of("vanthu_delivery_attempts_total{class=\"recipient\"}"), 1.0);
            assert!(of("vanthu_backup_age_seconds") < 600.0 && of("vanthu_disk_free_bytes") > 0.0);
            assert_eq!((of("vanthu_uncertain_outcomes"), of("vanthu_relays_paused"), of("vanthu_alerts_waiting")), (0.0, 0.0, 0.0));
            service.signal("TERM");
            assert_eq!(service.ended(Duration::from_secs(20)).0, Some(0));
            drop(server);
        })
        .await
        .unwrap();
    });
}

fn award_run_of<'a>(office: &Office, count: usize, out: &'a str) -> Vec<&'a str> {
    office.write("truoc.csv", people(count));
    award_run("truoc.csv", out, &[])
}
