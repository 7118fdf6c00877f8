//! What every answer says to browsers, and how the pages stand bad connections.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::Office;
use crate::support::site::{Site, log_of};

#[test]
fn every_answer_carries_the_policy_and_is_not_kept_but_for_assets() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    let page = browser.get("/");
    let sheet = page.text().split("<link rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for path in ["/", "/dang-nhap", "/khong-co", "/api/v1/khong-co", "/nguoi-dung", "/healthz", sheet.as_str()] {
        let answer = browser.get(path);
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; img-src 'self' data: blob:; frame-src 'self'",
            ),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path} {name}");
        }
        let kept = answer.header("cache-control").unwrap();
        assert_eq!(kept, if path == sheet { "public, max-age=31536000, immutable" } else { "no-store" }, "{path}");
    }
    let tag = browser.get(&sheet).header("etag").unwrap().to_owned();
    let head = format!("If-None-Match: {tag}\r\n");
    let known = browser.send("GET", &sheet, &head, b"");
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(browser.get("/tep/0000000000000000/vanthu.css").status, 404, "an old address does not answer with new bytes");
}

#[test]
fn no_page_has_script_or_style_of_its_own() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    for path in ["/", "/tai-khoan", "/nguoi-dung", "/nguoi-dung/moi", "/nhat-ky"] {
        let text = browser.get(path).text();
        assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains(" on") | !text.contains("onclick"), "{path}");
        for script in text.split("<script").skip(1) {
            assert!(script.split('>').next().unwrap().contains(" src="), "{path}");
        }
    }
}

#[test]
fn a_client_that_never_ends_its_header_is_sent_away_and_a_large_form_refused() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    let mut half = TcpStream::connect(&site.address).unwrap();
    half.write_all(b"GET /readyz HT").unwrap();
    let begun = Instant::now();
    let large = browser.post("/nguoi-dung/moi", &[("full_name", &"a".repeat(300 << 10))]);
    assert_eq!(large.status, 413, "{}", large.text());
    assert!(large.text().contains("quá lớn"), "{}", large.text());
    let mut rest = Vec::new();
    half.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    half.read_to_end(&mut rest).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn a_stop_waits_neither_for_half_a_header_nor_for_an_idle_browser() {
    let office = Office::with_workspace();
    let site = Site::start(&office);
    let mut half = TcpStream::connect(&site.address).unwrap();
    half.write_all(b"GET /readyz HT").unwrap();
    let mut idle = TcpStream::connect(&site.address).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let begun = Instant::now();
    site.signal("TERM");
    assert_eq!(site.ended(Duration::from_secs(20)), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let office = Office::with_workspace();
    let site = Site::start(&office);
    let mut slow = TcpStream::connect(&site.address).unwrap();
    slow.write_all(b"POST /dang-nhap HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname=a").unwrap();
    let begun = Instant::now();
    let mut answer = String::new();
    slow.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("quá chậm"), "{answer}");
    assert!((Duration::from_secs(25)..Duration::from_secs(45)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[test]
fn one_address_may_hold_fifty_connections() {
    let office = Office::with_workspace();
    let site = Site::start(&office);
    let held: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(&site.address).unwrap()).collect();
    // Accepted in the order of their coming: the next one finds no place.
    let mut late = TcpStream::connect(&site.address).unwrap();
    late.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = late.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    let _ = late.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    drop(held);
    let begun = Instant::now();
    loop {
        let mut free = TcpStream::connect(&site.address).unwrap();
        let mut answer = String::new();
        let _ = free.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        if free.read_to_string(&mut answer).is_ok() && answer.contains("200 OK") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the places are free again");
    }
}

#[test]
fn counts_are_told_to_this_machine_or_on_a_listener_of_their_own() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", format!("{config}\n[service]\nmetrics_listen = \"127.0.0.1:0\"\nproxies = [\"127.0.0.2\"]\n"));
    let site = Site::start(&office);
    let mut browser = site.browser();
    let counts = browser.get("/metrics");
    assert!(counts.status == 200 && counts.text().contains("vanthu_ready 1"), "{}", counts.text());
    for passed_on in ["X-Forwarded-For: 203.0.113.7", "X-Real-IP: 203.0.113.7", "Forwarded: for=203.0.113.7", "Via: 1.1 truoc"] {
        let answer = browser.send("GET", "/metrics", &format!("{passed_on}\r\n"), b"");
        assert_eq!(answer.status, 404, "{passed_on}");
        assert!(!answer.text().contains("vanthu_"), "{passed_on}");
    }
    let log = log_of(&office);
    let line = log.lines().find(|line| line.contains("service.metrics")).unwrap_or_else(|| panic!("{log}"));
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    let answer = |path: &str| {
        let mut own = TcpStream::connect(event["listen"].as_str().unwrap()).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n");
        own.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        own.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(answer("/metrics").contains("vanthu_ready 1"));
    assert!(answer("/dang-nhap").starts_with("HTTP/1.1 404"), "nothing else is there");
}

#[test]
fn a_client_that_does_not_read_what_it_asked_for_is_given_up() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    let page = browser.get("/").text();
    let sheet = page.split("<link rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut deaf = TcpStream::connect(&site.address).unwrap();
    // More than the buffers between the two ends hold.
    let asked = format!("GET {sheet} HTTP/1.1\r\nHost: x\r\n\r\n").repeat(700);
    deaf.write_all(asked.as_bytes()).unwrap();
    let begun = Instant::now();
    // A write fails once the other end is closed.
    while deaf.write_all(b"G").is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is still held");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(begun.elapsed() > Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(browser.get("/").status, 200);
}
