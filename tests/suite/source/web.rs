//! Web sources against a server of ours that behaves as badly as it is told.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::{Desk, content, later, never};
use crate::support::{Office, foreign};

const HOST: &str = "thongke.example.vn";

/// A server on loopback. Its threads end with the process.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                // A client that goes away ends its thread; that is no fault of the server.
                thread::spawn(move || answer(stream, port, &log).ok());
            }
        });
        Self { port, requests }
    }

    /// A desk that may fetch from this server, known as [`HOST`].
    fn desk(&self) -> Desk {
        let mut desk = Desk::new();
        desk.web.allow = vec![format!("{HOST}:{}", self.port)];
        desk.web.allow_private = vec!["127.0.0.1".parse().unwrap()];
        desk.host(HOST, &["127.0.0.1"]);
        desk
    }

    /// A source on this server.
    fn source(&self, path: &str) -> String {
        format!("url = \"http://{HOST}:{}{path}\"", self.port)
    }
}

fn answer(stream: TcpStream, port: u16, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while lines.read_line(&mut head)? > 2 {}
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    log.lock().unwrap().push(head);
    let mut stream = stream;
    let mut plain = |status: &str, headers: &str, body: &[u8]| {
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len())?;
        stream.write_all(body)
    };
    let redirect = |to: &str| format!("Location: {to}\r\n");
    match path.as_str() {
        "/danh-s%C3%A1ch.csv?khoa=mat" => plain("200 OK", "Content-Type: image/png\r\nSet-Cookie: a=b\r\n", "Họ và tên\nĐỗ Ế\n".as_bytes()),
        "/" => plain("200 OK", "", b"x"),
        "/3" => plain("302 Found", &redirect("/2"), b""),
        "/4" => plain("301 Moved", &redirect("/3"), b""),
        "/2" => plain("307 Temporary", &redirect(&format!("http://{HOST}:{port}/1")), b""),
        "/1" => plain("308 Permanent", &redirect(&format!("//{HOST}:{port}/")), b""),
        "/den-loopback" => plain("302 Found", &redirect(&format!("http://127.0.0.1:{port}/")), b""),
        "/den-cong-khac" => plain("302 Found", &redirect(&format!("http://{HOST}/")), b""),
        "/den-tep" => plain("302 Found", &redirect("file:///etc/passwd"), b""),
        "/den-mat-khau" => plain("302 Found", &redirect(&format!("http://a:b@{HOST}:{port}/")), b""),
        "/den-gach-nguoc" => plain("302 Found", &redirect("/\\evil.example/"), b""),
        "/den-khong-dau" => plain("302 Found", "", b""),
        "/loi" => plain("500 Oops", "", b"mat-khau-noi-bo"),
        "/mat" => plain("404 Not Found", "", b"mat-khau-noi-bo"),
        "/qua-tai" => plain("429 Slow Down", "", b""),
        "/bom" => plain("200 OK", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x00"),
        "/khai-lon" => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx"),
        "/thieu" => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nmat-khau-noi-bo"),
        "/rac" => write!(stream, "mat-khau-noi-bo\r\n\r\n"),
        "/vo-tan" => {
            write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            loop {
                write!(stream, "10000\r\n{}\r\n", "x".repeat(0x10000))?;
            }
        }
        "/dau-vo-tan" => {
            write!(stream, "HTTP/1.1 200 OK\r\n")?;
            loop {
                write!(stream, "X-Dai: {}\r\n", "x".repeat(1000))?;
            }
        }
        "/nho-giot" => {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
            loop {
                stream.write_all(b"x")?;
                thread::sleep(Duration::from_millis(10));
            }
        }
        // Silent until the client goes away.
        "/im-lang" => lines.read_line(&mut String::new()).map(|_| ()),
        other => panic!("{other}"),
    }
}

#[test]
fn a_download_is_kept_as_it_came() {
    let server = Server::start();
    let desk = server.desk();
    let fetched = desk.fetch(&server.source("/danh-s%C3%A1ch.csv?khoa=mat")).unwrap();
    assert_eq!(content(&fetched), "Họ và tên\nĐỗ Ế\n");
    assert_eq!(fetched[0].name, "danh-sách.csv");
    assert_eq!(desk.kept(), ["danh-sách.csv"]);
}

#[test]
fn a_request_carries_nothing_but_what_it_asks_for() {
    let server = Server::start();
    server.desk().fetch(&server.source("/3")).unwrap();
    let requests = server.requests.lock().unwrap();
    let heads: Vec<String> = requests
        .iter()
        .map(|head| head.to_lowercase().replace(&format!("{HOST}:{}", server.port), "HOST").trim().replace("\r\n", " | "))
        .collect();
    let rest =
        format!("http/1.1 | accept: */* | accept-encoding: identity | user-agent: vanthu/{} | host: HOST", env!("CARGO_PKG_VERSION"));
    let words = |text: &str| {
        let mut words: Vec<String> = text.split(" | ").map(str::to_owned).collect();
        words.sort();
        words
    };
    for (head, path) in heads.iter().zip(["/3", "/2", "/1", "/"]) {
        assert_eq!(words(head), words(&format!("get {path} {rest}")));
    }
    assert_eq!(heads.len(), 4);
}

#[test]
fn three_redirects_are_followed_and_a_fourth_is_not() {
    let server = Server::start();
    assert_eq!(content(&server.desk().fetch(&server.source("/3")).unwrap()), "x");
    assert_eq!(server.desk().refused(&server.source("/4")), never("trang web chuyển tiếp quá 3 lần"));
}

#[test]
fn every_redirect_is_held_against_the_list_like_the_first_address() {
    let server = Server::start();
    let remedy = |host: &str| {
        never(&format!("chưa được phép tải dữ liệu từ “{host}”: nếu tin trang này, thêm “{host}” vào allow ở mục [fetch] của vanthu.toml"))
    };
    let desk = server.desk();
    assert_eq!(desk.refused(&server.source("/den-loopback")), remedy(&format!("127.0.0.1:{}", server.port)));
    assert_eq!(desk.refused(&server.source("/den-cong-khac")), remedy(HOST));
    assert_eq!(desk.refused(&server.source("/den-tep")), never("chỉ tải bằng http hoặc https, không bằng “file”"));
    assert_eq!(desk.refused(&server.source("/den-mat-khau")), never("địa chỉ web không được chứa tên hoặc mật khẩu đăng nhập"));
    assert_eq!(desk.refused(&server.source("/den-gach-nguoc")), never("địa chỉ web không hợp lệ"));
    assert_eq!(desk.refused(&server.source("/den-khong-dau")), never("địa chỉ web không hợp lệ"));
}

#[test]
fn a_name_that_changes_its_address_is_dialled_where_it_was_checked() {
    let server = Server::start();
    let mut desk = server.desk();
    desk.host(HOST, &["127.0.0.1", "10.0.0.1"]);
    assert_eq!(content(&desk.fetch(&server.source("/")).unwrap()), "x");
    assert_eq!(desk.hosts.asked.load(std::sync::atomic::Ordering::Relaxed), 1);
    // A redirect to the same name is a new address, and checked anew.
    let mut desk = server.desk();
    desk.host(HOST, &["127.0.0.1", "10.0.0.1"]);
    assert_eq!(
        desk.refused(&server.source("/1")),
        never(
            "“thongke.example.vn” dẫn đến 10.0.0.1, một địa chỉ nội bộ: nếu đúng là máy của cơ quan, thêm “10.0.0.1” vào \
             allow_private ở mục [fetch] của vanthu.toml"
        )
    );
}

#[test]
fn a_private_address_is_reached_only_when_it_is_spelled_out() {
    let server = Server::start();
    let mut desk = server.desk();
    desk.web.allow_private = vec!["127.0.0.2".parse().unwrap()];
    let (transient, said) = desk.refused(&server.source("/"));
    assert!(!transient && said.starts_with("“thongke.example.vn” dẫn đến 127.0.0.1, một địa chỉ nội bộ"), "{said}");
    assert_eq!(server.requests.lock().unwrap().len(), 0);
}

#[test]
fn fetching_is_off_until_a_host_is_allowed() {
    let server = Server::start();
    let mut desk = server.desk();
    desk.web.allow.clear();
    assert!(desk.refused(&server.source("/")).1.starts_with("chưa được phép tải dữ liệu từ"));
}

#[test]
fn a_bad_status_is_named_and_its_body_is_not() {
    let server = Server::start();
    let desk = server.desk();
    assert_eq!(desk.refused(&server.source("/loi")), later("trang “thongke.example.vn” trả lời mã 500"));
    assert_eq!(desk.refused(&server.source("/qua-tai")), later("trang “thongke.example.vn” trả lời mã 429"));
    assert_eq!(desk.refused(&server.source("/mat")), never("trang “thongke.example.vn” trả lời mã 404"));
    let broken = later("câu trả lời của máy “thongke.example.vn” bị đứt hoặc sai");
    assert_eq!(desk.refused(&server.source("/rac")), broken);
    assert_eq!(desk.refused(&server.source("/thieu")), broken);
    assert_eq!(desk.refused(&server.source("/dau-vo-tan")), broken);
}

#[test]
fn no_answer_is_larger_than_the_limit() {
    let server = Server::start();
    let desk = server.desk();
    assert_eq!(desk.refused(&server.source("/vo-tan")), never("“vo-tan” lớn hơn 20 MB nên không đọc"));
    assert_eq!(desk.refused(&server.source("/khai-lon")), never("“thongke.example.vn” lớn hơn 20 MB nên không đọc"));
}

#[test]
fn compressed_content_is_not_unpacked() {
    let server = Server::start();
    assert_eq!(
        server.desk().refused(&server.source("/bom")),
        never("trang “thongke.example.vn” trả về nội dung nén dù không được yêu cầu, nên không đọc")
    );
}

#[test]
fn silence_and_a_slow_drip_end_at_the_limit() {
    let server = Server::start();
    let mut desk = server.desk();
    desk.limits.download = Duration::from_millis(300);
    for path in ["/im-lang", "/nho-giot"] {
        let start = Instant::now();
        assert_eq!(desk.refused(&server.source(path)), later("“thongke.example.vn” không xong trong 0.3 giây"));
        assert!(start.elapsed() < Duration::from_secs(5), "{path}");
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let office = Office::new();
    let (key, certificate) = (office.path.join("key.pem"), office.path.join("certificate.pem"));
    let wanted = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=thongke.example.vn"];
    let mut arguments: Vec<&OsStr> = wanted.iter().map(OsStr::new).collect();
    arguments.extend(
        ["-addext", "subjectAltName=DNS:thongke.example.vn", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout"].map(OsStr::new),
    );
    arguments.extend([key.as_os_str(), OsStr::new("-out"), certificate.as_os_str()]);
    foreign("openssl", &arguments);
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from_pem_file(certificate).unwrap()], PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server { port: listener.local_addr().unwrap().port(), requests: Arc::default() };
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(Arc::new(config.clone())).unwrap();
            // The client breaks off when it has seen the certificate.
            let _ = connection.complete_io(&mut stream);
        }
    });
    assert_eq!(
        server.desk().refused(&server.source("/").replace("http:", "https:")),
        later("không kết nối được với máy “thongke.example.vn” (invalid peer certificate: UnknownIssuer)")
    );
}

#[test]
fn a_host_without_address_or_server_may_come_back() {
    let server = Server::start();
    let mut desk = server.desk();
    desk.web.allow.push("vang.example.vn".into());
    assert_eq!(desk.refused("url = 'https://vang.example.vn/'"), later("không tìm được địa chỉ của máy “vang.example.vn”"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    desk.web.allow.push(format!("{HOST}:{closed}"));
    let (transient, said) = desk.refused(&format!("url = 'http://{HOST}:{closed}/'"));
    assert!(transient && said.starts_with("không kết nối được với máy “thongke.example.vn” ("), "{said}");
    // What answers there speaks no TLS.
    let (transient, said) = desk.refused(&format!("url = 'https://{HOST}:{}/'", server.port));
    assert!(transient && said.starts_with("không kết nối được với máy “thongke.example.vn” ("), "{said}");
}
