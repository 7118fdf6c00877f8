//! Documents that are too large for the relay reach their people by a link: signed, for a week, the same on every attempt.

use vanthu::access::link::Link;

use super::{ask, configure, messages};
use crate::support::smtp::{Received, Say, Script, SmtpServer};
use crate::support::{Office, award_run};

const LIST: &str = "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\nCá nhân,Ông,Nguyễn Văn An,Hội A,an@example.com\n";
const SITE: &str = "[service]\nurl = \"https://vanthu.hoi.example\"\n";

/// Runs a list through a server of this script, with more of the configuration.
fn through<F: FnOnce(&Office, &SmtpServer) + Send + 'static>(script: Script, mail: &'static str, more: &'static str, body: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let server = SmtpServer::start(script).await;
        tokio::task::spawn_blocking(move || {
            let office = Office::with_workspace();
            configure(
                &office,
                &format!(
                    "{more}[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n{mail}[mail.relays.may]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n",
                    server.port
                ),
            );
            office.write("d.csv", LIST);
            office.run(&award_run("d.csv", "ra", &["--mail"]));
            body(&office, &server);
        })
        .await
        .unwrap();
    });
}

fn received(server: &SmtpServer) -> Vec<Received> {
    server.heard(|heard| heard.messages.clone())
}

fn text(office: &Office, message: &Received) -> String {
    super::text_of(&office.write("m.eml", &message.bytes))
}

/// The text of the link in a message, held against the office's secret.
fn opens(office: &Office, text: &str) -> Link {
    let sealed = text.split("https://vanthu.hoi.example/l/").nth(1).expect("a link").split_whitespace().next().unwrap();
    let secret = ask(office, "SELECT hex(secret) FROM link_key");
    let secret: Vec<u8> = (0..secret.len() / 2).map(|at| u8::from_str_radix(&secret[2 * at..2 * at + 2], 16).unwrap()).collect();
    let link = Link::read(sealed).expect("a link");
    let now: i64 = ask(office, "SELECT unixepoch()").parse().unwrap();
    assert_eq!(link.verify(sealed, &secret, now), Ok(()));
    assert!(link.expires - now > 5 * 86_400, "it lives for most of a week");
    link
}

#[test]
fn a_message_that_is_too_large_for_the_relay_goes_at_once_with_a_link() {
    through(Script::offering(&["SIZE 12000"]), "", SITE, |office, server| {
        let [message] = received(server).try_into().unwrap();
        let shown = text(office, &message);
        assert!(shown.contains("Do tệp lớn, xin tải tại địa chỉ sau (đến hết ngày ") && shown.ends_with("[]\n"), "{shown}");
        assert!(shown.contains("“Nguyễn Văn An.pdf”"), "{shown}");
        let link = opens(office, &shown);
        assert_eq!(ask(office, "SELECT id, document_id FROM link"), format!("{}|{}", link.id, ask(office, "SELECT id FROM document")));
        assert_eq!(ask(office, "SELECT state, attempts FROM delivery"), "sent|1", "the refusal of the file cost no try");
        let id = ask(office, "SELECT id FROM delivery");
        assert!(office.must(&["outbox", "show", &id]).stdout.contains("Message-ID: <"), "it is shown as it was sent");
    });
}

#[test]
fn a_relay_that_says_so_only_after_the_dot_gets_the_link_and_a_second_copy_is_the_same() {
    let script = Script::default().on(".", [Say::Line("552 5.3.4 message too big"), Say::Close, Say::Line("250 ok")]);
    through(script, "on_uncertain = \"retry\"\n", SITE, |office, server| {
        assert_eq!(ask(office, "SELECT state FROM delivery"), "uncertain");
        super::tell(office, "UPDATE delivery SET next_at = 0");
        office.must(&["outbox", "send"]);
        assert_eq!(ask(office, "SELECT state FROM delivery"), "sent");
        let [file, first, second] = received(server).try_into().unwrap();
        assert!(text(office, &file).contains("['Nguyễn Văn An.pdf']"));
        opens(office, &text(office, &first));
        assert_eq!(first.bytes, second.bytes);
    });
}

#[test]
fn without_an_address_for_people_elsewhere_or_against_the_configuration_it_fails_and_says_why() {
    for (mail, more) in [("", ""), ("attach = \"attach\"\n", SITE), ("", "[service]\nurl = \"http://vanthu.hoi.example\"\n")] {
        through(Script::offering(&["SIZE 12000"]), mail, more, |office, server| {
            assert_eq!((received(server).len(), ask(office, "SELECT state FROM delivery").as_str()), (0, "failed"));
            let listed = office.must(&["outbox", "list"]).stdout;
            assert!(listed.contains("thư quá lớn; để gửi liên kết thay tệp: khai báo [service] url = \"https://…\""), "{listed}");
        });
    }
}

#[test]
fn links_may_be_asked_for_and_several_documents_have_one_each() {
    let office = Office::with_workspace();
    configure(&office, &format!("{SITE}[mail]\nattach = \"link\"\n"));
    office.write("d.csv", format!("{LIST}Cá nhân,Bà,Lê Thị Bình,Hội B,an@example.com\n"));
    office.must(&award_run("d.csv", "ra", &["--mail", "--together"]));
    let [message] = messages(&office, "an@example.com", 1).try_into().unwrap();
    assert!(message.contains("Do các tệp lớn, xin tải từng tệp tại địa chỉ của nó"), "{message}");
    assert_eq!(message.matches("https://vanthu.hoi.example/l/").count(), 2, "{message}");
    assert_eq!(ask(&office, "SELECT COUNT(DISTINCT document_id) FROM link"), "2");
    configure(&office, "");
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap().replace(SITE, "");
    office.write("vanthu.toml", config);
    expect_test::expect![[r#"
        lỗi[mail-attach] vanthu.toml: mail.attach = “link” cần địa chỉ của trang
            cách sửa: thêm [service] url = "https://vanthu.tenmien.vn"
    "#]]
    .assert_eq(&office.run(&["outbox", "list"]).stderr);
}
