//! Webhooks of a running service: who is called, with what, and who never is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use vanthu::access::signature;
use vanthu::access::{Principal, Right};
use vanthu::app::{App, AppError};
use vanthu::config::Workspace;
use vanthu::language::Language;
use vanthu::notifier::Notifier;
use vanthu::store::webhooks::Webhook;

use crate::support::{Office, PROGRAM, award_run, people};

/// What a receiver on loopback was sent: headers and body.
fn receiver(status: &'static str) -> (u16, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, received) = channel();
    let send = Arc::new(Mutex::new(send));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while lines.read_line(&mut head).unwrap_or(0) > 2 {}
            let length = head.to_lowercase().split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            let _ = lines.read_exact(&mut body);
            let mut stream = stream;
            let _ =
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:{port}/\r\nConnection: close\r\n\r\n");
            let _ = send.lock().unwrap().send((head, body));
        }
    });
    (port, received)
}

fn everybody() -> Principal {
    Principal { name: "an".into(), rights: Right::ALL.into(), organisation: None, account: None }
}

fn app(office: &Office) -> App {
    App::new(Workspace::open(&office.path).unwrap(), PROGRAM.into(), Language::Vietnamese)
}

fn office(fetch: &str) -> Office {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", format!("{config}\n[fetch]\n{fetch}\n"));
    office
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// Subscribes to what `url` may be called with, and calls once.
async fn subscribe(app: &App, url: &str, events: &[&str]) -> Result<(Webhook, String), AppError> {
    let office = app.office_beside().await?;
    let events: Vec<String> = events.iter().map(|event| (*event).to_owned()).collect();
    app.new_webhook(&office, url, &events, &everybody()).await
}

#[test]
fn a_receiver_is_told_of_a_finished_batch_and_can_prove_who_said_it() {
    let (port, received) = receiver("204 No Content");
    let office = office(&format!("allow = [\"127.0.0.1:{port}\"]\nallow_private = [\"127.0.0.1\"]"));
    let (webhook, secret) = block_on(subscribe(&app(&office), &format!("http://127.0.0.1:{port}/bao"), &["batch.*"])).unwrap();
    assert_eq!(webhook.events, ["batch.finished"]);
    assert!(secret.starts_with("whsec_"));
    let service = crate::support::running::Running::start(&office);
    office.write("d.csv", people(1));
    let batch: Value = serde_json::from_str(&office.must(&award_run("d.csv", "o", &["--submit", "--json"])).stdout).unwrap();
    let (head, body) = received.recv_timeout(Duration::from_secs(60)).expect("a call");
    let header =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default().trim().to_owned();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    let now = time.parse().unwrap();
    assert!(signature::verify(&webhook.secret, &id, now, &body, &header("webhook-signature"), now), "{head}");
    let said: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((said["id"].as_str(), said["type"].as_str()), (Some(id.as_str()), Some("batch.finished")));
    assert_eq!(said["data"]["batch"], batch["batch"], "ids and nothing else");
    assert!(head.starts_with("POST /bao HTTP/1.1"), "{head}");
    drop(service);
}

#[test]
fn a_refusal_a_redirect_and_a_private_address_are_noted_and_nobody_else_is_called() {
    let cases = [
        ("500 Oops", true, (Some(500), "")),
        ("302 Found", true, (Some(302), "")),
        (
            "200 OK",
            false,
            (
                None,
                "“127.0.0.1” dẫn đến 127.0.0.1, một địa chỉ nội bộ: nếu đúng là máy của cơ quan, thêm “127.0.0.1” vào allow_private ở mục [fetch] của vanthu.toml",
            ),
        ),
    ];
    for (status, private, noted) in cases {
        let (port, received) = receiver(status);
        let private = if private { "allow_private = [\"127.0.0.1\"]" } else { "" };
        let office = office(&format!("allow = [\"127.0.0.1:{port}\"]\n{private}"));
        let app = app(&office);
        let (webhook, _) = block_on(subscribe(&app, &format!("http://127.0.0.1:{port}/"), &["batch.finished"])).unwrap();
        office.write("d.csv", people(1));
        office.must(&award_run("d.csv", "o", &[]));
        let call = block_on(async {
            let open = app.office_beside().await.unwrap();
            let web = Workspace::open(&office.path).unwrap().config.fetch;
            let notifier = Arc::new(Notifier { store: open.store.clone(), web, language: Language::Vietnamese });
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let serving = tokio::spawn(notifier.serve(stopped));
            loop {
                let call = open.store.webhook_calls(&webhook.id, 1).await.unwrap().remove(0);
                if call.attempts == 1 && (call.status.is_some() || !call.reason.is_empty()) {
                    stop.send(true).unwrap();
                    serving.await.unwrap();
                    return call;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert_eq!((call.state.as_str(), call.status, call.reason.as_str()), ("queued", noted.0, noted.1), "{status}");
        assert_eq!(received.try_iter().count(), usize::from(call.status.is_some()), "{status}: no redirect is followed");
    }
}

#[test]
fn an_address_that_the_configuration_does_not_name_is_refused_when_it_is_given() {
    let office = office("allow = [\"nhan.example\"]");
    let app = app(&office);
    let mut said = String::new();
    for url in ["http://khac.example/", "file:///etc/passwd", "http://an:mat@nhan.example/", "http://nhan.example:8080/", "không phải"] {
        let Err(AppError::Input(problems)) = block_on(subscribe(&app, url, &["batch.finished", "delivery.snt"])) else { panic!("{url}") };
        problems.iter().for_each(|problem| said.push_str(&format!("{}\n", problem.describe(Language::Vietnamese))));
    }
    expect_test::expect![[r#"
        lỗi[webhook-url] chưa được phép gọi “khac.example”
            cách sửa: nếu tin trang này, thêm “khac.example” vào allow ở mục [fetch] của vanthu.toml
        lỗi[webhook-event] “delivery.snt” không có sự kiện này
            cách sửa: có phải “delivery.sent”?
        lỗi[webhook-url] chỉ tải bằng http hoặc https, không bằng “file”
        lỗi[webhook-event] “delivery.snt” không có sự kiện này
            cách sửa: có phải “delivery.sent”?
        lỗi[webhook-url] địa chỉ web không được chứa tên hoặc mật khẩu đăng nhập
        lỗi[webhook-event] “delivery.snt” không có sự kiện này
            cách sửa: có phải “delivery.sent”?
        lỗi[webhook-url] chưa được phép gọi “nhan.example:8080”
            cách sửa: nếu tin trang này, thêm “nhan.example:8080” vào allow ở mục [fetch] của vanthu.toml
        lỗi[webhook-event] “delivery.snt” không có sự kiện này
            cách sửa: có phải “delivery.sent”?
        lỗi[webhook-url] địa chỉ web không hợp lệ
        lỗi[webhook-event] “delivery.snt” không có sự kiện này
            cách sửa: có phải “delivery.sent”?
    "#]]
    .assert_eq(&said);
}
