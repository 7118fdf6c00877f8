//! What holds is shown with where it comes from, and what could be a secret is not; a misspelt variable is told.

use super::configure;
use crate::support::{Office, said};

#[test]
fn every_key_is_shown_with_its_value_and_where_it_comes_from() {
    let office = Office::with_workspace();
    configure(
        &office,
        "[databases.so]\nurl = \"postgres://doc:x@may.example/so?sslmode=require\"\n[service]\ndrain_seconds = 20\n\
         [mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nsecurity = \"none\"\n",
    );
    // A password in the file is refused before anything is shown.
    assert!(office.run(&["config", "show"]).stderr.contains("mật khẩu"));
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap().replace("doc:x@", "doc@");
    office.write("vanthu.toml", config);
    let mut command = office.command(&["config", "show"]);
    command.env("VANTHU_LISTEN", "127.0.0.1:9999").env("VANTHU_STORE_URL", "postgres://u:rat-mat@may/x");
    let shown = said(command.output().unwrap());
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let line = |start: &str| {
        shown.stdout.lines().find(|line| line.starts_with(start)).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("service.drain_seconds"), "service.drain_seconds = 20 # vanthu.toml");
    assert_eq!(line("service.listen"), "service.listen = \"127.0.0.1:9999\" # biến VANTHU_LISTEN");
    assert_eq!(line("service.log"), "service.log = \"info\" # mặc định");
    assert_eq!(line("store.url "), "store.url = \"***\" # biến VANTHU_STORE_URL");
    assert_eq!(line("mail.relays.may.host"), "mail.relays.may.host = \"127.0.0.1\" # vanthu.toml");
    assert_eq!(line("mail.relays.may.max_message_bytes"), "mail.relays.may.max_message_bytes = 10000000 # mặc định");
    assert_eq!(line("databases.so.url "), "databases.so.url = \"postgres://doc@may.example/so?***\" # vanthu.toml");
    assert_eq!(line("mail.relays.may.account"), "mail.relays.may.account = – # mặc định");
    assert!(!shown.stdout.contains("rat-mat"), "{}", shown.stdout);
}

#[test]
fn a_misspelt_variable_is_told_with_the_right_one() {
    let office = Office::with_workspace();
    let mut command = office.command(&["config", "show"]);
    command.env("VANTHU_LISTN", "127.0.0.1:1");
    let shown = said(command.output().unwrap());
    assert_eq!(shown.code, 1);
    expect_test::expect![[r#"
        cảnh báo[variable-unknown] environment: “VANTHU_LISTN” biến môi trường này không có nghĩa gì
            cách sửa: có phải “VANTHU_LISTEN”?
    "#]]
    .assert_eq(&shown.stderr);
    let mut command = office.command(&["fonts"]);
    command.env("VANTHU_LISTN", "127.0.0.1:1");
    let shown = said(command.output().unwrap());
    assert_eq!((shown.code, shown.stderr.contains("variable-unknown")), (0, true), "{}", shown.stderr);
}
