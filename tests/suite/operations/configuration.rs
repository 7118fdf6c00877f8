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

#[test]
fn every_value_of_the_file_can_be_given_in_the_environment() {
    let office = Office::with_workspace();
    configure(
        &office,
        "[render]\nworkers = 1\n[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nsecurity = \"none\"\n",
    );
    let shown = |variables: &[(&str, &str)]| {
        let mut command = office.command(&["config", "show"]);
        command.envs(variables.iter().copied());
        said(command.output().unwrap())
    };
    let right = shown(&[
        ("VANTHU_RENDER_WORKERS", "2"),
        ("VANTHU_RENDER_DEADLINE_SECONDS", "30"),
        ("VANTHU_STORE_LEASE_SECONDS", "20"),
        ("VANTHU_APPROVAL_REQUIRED", "true"),
        ("VANTHU_MAIL_FROM", "khac@hoi.example"),
        ("VANTHU_MAIL_RELAYS_MAY_PORT", "2525"),
        ("VANTHU_ORGANISATIONS_HOI_PLACE", "Phường Khác"),
        ("VANTHU_ORGANISATION", "hoi"),
    ]);
    assert_eq!((right.code, right.stderr.as_str()), (0, ""));
    let line = |start: &str| {
        right.stdout.lines().find(|line| line.starts_with(start)).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("render.workers"), "render.workers = 2 # biến VANTHU_RENDER_WORKERS");
    assert_eq!(line("render.deadline_seconds"), "render.deadline_seconds = 30.0 # biến VANTHU_RENDER_DEADLINE_SECONDS");
    assert_eq!(line("render.memory_mib"), "render.memory_mib = 1024 # mặc định");
    assert_eq!(line("store.lease_seconds"), "store.lease_seconds = 20 # biến VANTHU_STORE_LEASE_SECONDS");
    assert_eq!(line("approval.required"), "approval.required = true # biến VANTHU_APPROVAL_REQUIRED");
    assert_eq!(line("mail.from "), "mail.from = \"khac@hoi.example\" # biến VANTHU_MAIL_FROM");
    assert_eq!(line("mail.relays.may.port"), "mail.relays.may.port = 2525 # biến VANTHU_MAIL_RELAYS_MAY_PORT");
    assert_eq!(line("organisations.hoi.place"), "organisations.hoi.place = \"Phường Khác\" # biến VANTHU_ORGANISATIONS_HOI_PLACE");
    assert_eq!(line("organisation "), "organisation = \"hoi\" # biến VANTHU_ORGANISATION");
    // It is checked as the file is.
    let wrong = shown(&[("VANTHU_RENDER_MEMORY_MIB", "12")]);
    assert_eq!((wrong.code, wrong.stderr.as_str()), (1, "lỗi[config-value] vanthu.toml: render.memory_mib phải từ 256\n"));
    let wrong = shown(&[("VANTHU_RENDER_WORKERS", "hai")]);
    assert_eq!(wrong.code, 1);
    assert!(
        wrong.stderr.starts_with("lỗi[variable-value] VANTHU_RENDER_WORKERS: biến môi trường có giá trị không dùng được: "),
        "{}",
        wrong.stderr
    );
    let misspelt = shown(&[("VANTHU_RENDER_WORKER", "2")]);
    assert!(misspelt.stderr.contains("có phải “VANTHU_RENDER_WORKERS”?"), "{}", misspelt.stderr);
}
