//! HTTP as it should not be (h01–h14): each gets a clear refusal or a closed connection, and the service goes on.
//!
//! Half headers and bodies that do not come are in `headers`; keys of requests that are sent again in `api`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::api::{office, program};
use crate::support::Office;
use crate::support::site::{PASSWORD, Site};

/// What comes back for these bytes until the other end is done.
fn raw(site: &Site, parts: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(&site.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(40))).unwrap();
    for part in parts {
        // The other end may have had enough.
        if stream.write_all(part).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}

fn is_well(site: &Site) {
    assert_eq!(site.browser().get("/healthz").status, 200);
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n";

#[test]
fn two_lengths_are_never_two_requests() {
    let office = Office::with_workspace();
    let site = Site::start(&office);
    let cases: [(&str, String); 5] = [
        ("two lengths", format!("POST /dang-nhap HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: 6\r\nContent-Length: 7\r\n\r\nname=ab")),
        ("no number", format!("POST /dang-nhap HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: 6x\r\n\r\nname=a")),
        ("negative", format!("POST /dang-nhap HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: -1\r\n\r\nname=a")),
        ("unknown coding", format!("POST /dang-nhap HTTP/1.1\r\nHost: x\r\n{FORM}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")),
        ("bad chunk", format!("POST /dang-nhap HTTP/1.1\r\nHost: x\r\n{FORM}Transfer-Encoding: chunked\r\n\r\nzz\r\nname=a\r\n0\r\n\r\n")),
    ];
    for (what, request) in cases {
        let answer = raw(&site, &[request.as_bytes()]);
        assert_eq!((status(&answer), answer.matches("HTTP/1.1 ").count()), (400, 1), "{what}: {answer}");
    }
    // A length beside chunks: whatever stands behind the last chunk is no request of its own.
    for lengths in ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"] {
        let request = format!(
            "POST /dang-nhap HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n{lengths}\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        );
        let answer = raw(&site, &[request.as_bytes()]);
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lengths}: {answer}");
        // The empty form of the chunks is refused as such.
        assert!([400, 401].contains(&status(&answer)), "{lengths}: {answer}");
    }
    is_well(&site);
}

#[test]
fn large_headers_and_bodies_without_end_cost_little() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    let before = site.peak_kib_anew();
    let line = format!("X-A: {}\r\n", "a".repeat(1 << 20));
    let lines: Vec<&[u8]> =
        std::iter::once(&b"GET / HTTP/1.1\r\nHost: x\r\n"[..]).chain(std::iter::repeat_n(line.as_bytes(), 10)).collect();
    let answer = raw(&site, &lines);
    assert!([0, 400, 431].contains(&status(&answer)), "{answer}");
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    let answer = raw(&site, &[b"GET / HTTP/1.1\r\nHost: x\r\n", many.as_bytes(), b"\r\n"]);
    assert!([0, 400, 431].contains(&status(&answer)), "{answer}");
    let answer = raw(&site, &[format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1 << 20)).as_bytes()]);
    assert!([0, 400, 414, 431].contains(&status(&answer)), "{answer}");
    // Ten gigabytes are refused before they come, and chunks without end once there are too many.
    let cookie = format!("Cookie: __Host-vanthu={}\r\n", browser.login.clone().unwrap());
    for path in ["/dang-nhap", "/nguoi-dung/moi", "/tao/mau/giay-khen"] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{cookie}{FORM}Expect: 100-continue\r\nContent-Length: 10000000000\r\n\r\n");
        assert_eq!(status(&raw(&site, &[head.as_bytes()])), 413, "{path}");
    }
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let head = format!("POST /nguoi-dung/moi HTTP/1.1\r\nHost: x\r\n{cookie}{FORM}Transfer-Encoding: chunked\r\n\r\n");
    let endless: Vec<&[u8]> = std::iter::once(head.as_bytes()).chain(std::iter::repeat_n(chunk.as_bytes(), 320)).collect();
    let answer = raw(&site, &endless);
    // The answer may be lost when the rest was not read.
    assert!([0, 413].contains(&status(&answer)), "{answer}");
    let grown = site.peak_kib().saturating_sub(before) >> 10;
    assert!(grown < 40, "{grown} MiB");
    assert_eq!(browser.get("/").status, 200);
}

#[test]
fn what_is_begun_and_left_is_forgotten() {
    let office = Office::with_workspace();
    let site = Site::start(&office);
    for _ in 0..200 {
        let mut stream = TcpStream::connect(&site.address).unwrap();
        let head = format!("POST /dang-nhap HTTP/1.1\r\nHost: x\r\n{FORM}Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    }
    let begun = Instant::now();
    loop {
        let mut stream = TcpStream::connect(&site.address).unwrap();
        let mut answer = String::new();
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        if stream.read_to_string(&mut answer).is_ok() && answer.contains("200 OK") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the places are free again");
    }
}

#[test]
fn a_thousand_connections_are_held_and_no_more_and_the_store_still_answers() {
    let own = std::process::id().to_string();
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let soft = limits.lines().find(|line| line.starts_with("Max open files")).unwrap().split_whitespace().nth(3).unwrap().parse::<u64>();
    if soft.is_ok_and(|soft| soft < 4_096) {
        crate::support::foreign("prlimit", &["--pid", &own, "--nofile=4096:"]);
    }
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", format!("{config}\n[service]\nproxies = [\"127.0.0.1\"]\n"));
    let site = Site::start_with_descriptors(&office, 512);
    let before = site.peak_kib_anew();
    let ask = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(b"GET /dang-nhap HTTP/1.1\r\nHost: x\r\n\r\n");
        let mut first = [0; 15];
        stream.read_exact(&mut first).map(|()| String::from_utf8_lossy(&first).into_owned()).unwrap_or_default()
    };
    let mut held: Vec<TcpStream> = (0..1_000).map(|_| TcpStream::connect(&site.address).unwrap()).collect();
    // The last that was taken is answered, from the store; the next is not taken.
    assert_eq!(ask(held.last_mut().unwrap()), "HTTP/1.1 200 OK");
    assert_eq!(ask(&mut TcpStream::connect(&site.address).unwrap()), "");
    let grown = site.peak_kib().saturating_sub(before) >> 10;
    assert!(grown < 60, "{grown} MiB for 1,000 connections");
    drop(held);
    let begun = Instant::now();
    while ask(&mut TcpStream::connect(&site.address).unwrap()) != "HTTP/1.1 200 OK" {
        assert!(begun.elapsed() < Duration::from_secs(10), "the places are free again");
    }
}

#[test]
fn what_is_not_spoken_here_is_refused() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    // The second version's way of beginning, and its flood of resets behind it.
    let resets = [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8].repeat(1_000);
    let answer = raw(&site, &[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &resets]);
    assert!(![200, 303].contains(&status(&answer)), "{answer}");
    for method in ["TRACE", "CONNECT", "DEBUG", "PROPFIND"] {
        let answer = browser.send(method, "/nguoi-dung", "", b"");
        assert!([400, 404, 405].contains(&answer.status), "{method}: {}", answer.status);
        assert!(!answer.text().contains("__Host-vanthu"), "{method} gives back what was sent");
    }
    // A method in a header is none.
    let list = browser.get("/nguoi-dung").text();
    let id = list.split("href=\"/nguoi-dung/").filter_map(|rest| rest.split('"').next()).find(|id| id.len() == 26).unwrap();
    let answer = browser.send("GET", &format!("/nguoi-dung/{id}"), "X-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\n", b"");
    assert_eq!(answer.status, 200);
    let answer = browser.send("POST", "/lo", "X-HTTP-Method-Override: GET\r\nContent-Length: 0\r\n", b"");
    assert_eq!(answer.status, 405);
    // Forms in other clothes carry no token.
    for kind in ["text/plain", "application/json", "multipart/form-data", "multipart/form-data; boundary=", "application/xml"] {
        let answer =
            browser.send("POST", "/nguoi-dung/moi", &format!("Content-Type: {kind}\r\n"), b"csrf=x&name=an&full_name=An&role=clerk");
        assert!([400, 403, 415].contains(&answer.status), "{kind}: {}", answer.status);
    }
    assert!(!browser.get("/nguoi-dung").text().contains(">An<"));
}

#[test]
fn ten_thousand_parts_are_not_read() {
    let office = office("");
    let mut site = Site::start(&office);
    let mut browser = site.administrator();
    let token = browser.csrf.clone();
    let part = |name: &str, value: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let many = part("csrf", &token) + &(0..10_000).map(|number| part(&format!("t{number}"), "a")).collect::<String>() + "--x--\r\n";
    let kind = "Content-Type: multipart/form-data; boundary=x\r\n";
    let page = browser.send("POST", "/tao/mau/giay-khen", kind, many.as_bytes());
    assert_eq!(page.status, 400, "{}", page.text());
    assert!(page.text().contains("không đúng dạng"), "{}", page.text());
    let long = part("csrf", &token) + &part("ghi", &"a".repeat(100 << 10)) + "--x--\r\n";
    assert_eq!(browser.send("POST", "/tao/mau/giay-khen", kind, long.as_bytes()).status, 400, "a word of a hundred thousand letters");
    let mut program = program(&office, &site, "read,make", None);
    let api = program.send("POST", "/api/v1/batches", kind, many.as_bytes());
    assert_eq!(api.status, 422, "{}", api.text());
}

#[test]
fn who_says_to_be_somebody_else_is_believed_only_where_that_was_configured() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", format!("{config}\n[service]\nurl = \"https://vanthu.hoi.example\"\n"));
    let mut site = Site::start(&office);
    let mut line = site.setup_line();
    let token = line.split_off(line.find("ma=").unwrap() + 3);
    assert!(line.contains("https://vanthu.hoi.example/thiet-lap?"), "{line}");
    let mut browser = site.browser();
    let fields = [("ma", token.trim()), ("full_name", "Trần Thị Quản"), ("name", "quantri"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(browser.post("/thiet-lap", &fields).status, 303);
    browser.get("/");
    browser.extra = "X-Forwarded-Host: xau.example\r\nX-Forwarded-Proto: http\r\nForwarded: host=xau.example\r\n".to_owned();
    let invited = browser.post("/nguoi-dung/moi", &[("name", "an"), ("full_name", "An"), ("role", "clerk"), ("organisation", "")]);
    assert!(invited.link().starts_with("https://vanthu.hoi.example/moi?ma="), "{}", invited.link());
    // An address of one's own making neither frees nor blames anybody.
    let mut guesser = site.browser();
    let mut last = 0;
    for number in 0..21 {
        guesser.extra = format!("X-Forwarded-For: 203.0.113.{number}\r\nX-Real-IP: 203.0.113.{number}\r\n");
        last = guesser.post("/dang-nhap", &[("name", &format!("nguoi{number}")), ("password", "sai hoàn toàn rồi")]).status;
    }
    assert_eq!(last, 429);
}
