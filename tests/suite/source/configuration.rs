//! Sources, databases and `[fetch]` as they are written, before anything is fetched.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use vanthu::diagnostic::Diagnostic;
use vanthu::language::Language;
use vanthu::source::{Database, Source, Web};

fn check(problems: &[Diagnostic], expected: &Expect) {
    let lines: Vec<String> = problems.iter().map(|problem| problem.describe(Language::English)).collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

fn problems(source: &str) -> Vec<Diagnostic> {
    let web = Web { allow: vec!["thongke.example.vn".into()], allow_private: Vec::new() };
    let databases = BTreeMap::from([("hoi-vien".to_owned(), Database::default())]);
    toml::from_str::<Source>(source).unwrap().problems("thang", &web, &databases)
}

#[test]
fn whole_sources_have_no_problems() {
    for source in [
        "file = 'den/ds-*.xlsx'",
        "file = 'den/ds-*.xlsx'\npick = 'newest'",
        "file = '/srv/den/ds.xlsx'",
        "url = 'https://thongke.example.vn/ds.csv'",
        "database = 'hoi-vien'\nquery = '/* năm nay */ SELECT 1 AS a;'",
        "database = 'hoi-vien'\nquery = '''-- năm nay\nWITH a AS (SELECT 1) SELECT * FROM a'''",
    ] {
        assert_eq!(problems(source), [], "{source}");
    }
}

#[test]
fn a_source_that_is_wrong_is_told_everything_at_once() {
    check(
        &problems(""),
        &expect![[r#"
        error[source-kind] vanthu.toml [schedules.thang.source]: must have exactly one of file, url and database
    "#]],
    );
    check(
        &problems("file = '../a'\nurl = 'https://khac.example/a?khoa=mat'\ndatabase = 'hoi-vein'\nquery = 'DROP TABLE a'"),
        &expect![[r#"
            error[source-kind] vanthu.toml [schedules.thang.source]: must have exactly one of file, url and database
            error[source-file] vanthu.toml [schedules.thang.source]: “../a” the path must not go up by `..`
            error[source-url] vanthu.toml [schedules.thang.source]: fetching from `khac.example` is not allowed
                remedy: if it is trusted, add `khac.example` to allow in [fetch] of vanthu.toml
            error[source-database] vanthu.toml [schedules.thang.source]: database = `hoi-vein` is not declared
                remedy: did you mean `hoi-vien`?
            error[source-query] vanthu.toml [schedules.thang.source]: “DROP TABLE a” must be one SELECT
        "#]],
    );
    check(
        &problems("file = 'a.csv'\npick = 'newest'"),
        &expect![[r#"
        error[source-pick] vanthu.toml [schedules.thang.source]: “a.csv” is no pattern, and pick needs one with * or ?
    "#]],
    );
    check(
        &problems("url = 'ftp://thongke.example.vn/'\npick = 'all'\nquery = 'SELECT 1'"),
        &expect![[r#"
        error[source-pick] vanthu.toml [schedules.thang.source]: pick goes with file only
        error[source-url] vanthu.toml [schedules.thang.source]: only http and https are fetched, not `ftp`
        error[source-query] vanthu.toml [schedules.thang.source]: query goes with database only
    "#]],
    );
    check(
        &problems("database = 'xyz'"),
        &expect![[r#"
        error[source-database] vanthu.toml [schedules.thang.source]: database = `xyz` is not declared
            remedy: add [databases.xyz]
        error[source-query] vanthu.toml [schedules.thang.source]: database needs query, one SELECT
    "#]],
    );
}

#[test]
fn unknown_keys_and_values_are_refused() {
    let refusal = |text: &str| toml::from_str::<Source>(text).unwrap_err().message().to_owned();
    expect!["unknown field `fiel`, expected one of `file`, `pick`, `url`, `database`, `query`"].assert_eq(&refusal("fiel = 'a.csv'"));
    expect!["unknown variant `oldest`, expected one of `only`, `newest`, `all`"].assert_eq(&refusal("file = 'a*.csv'\npick = 'oldest'"));
    assert!(toml::from_str::<Web>("alow = []").is_err());
    assert!(toml::from_str::<Web>("allow_private = ['10.0.0.0/8']").is_err());
    assert!(toml::from_str::<Database>("path = 'a'").is_err());
}

#[test]
fn an_entry_of_the_list_that_allows_nothing_or_too_much_is_refused() {
    let allow = ["*", "*.vn", "https://a.example.vn", "a.example.vn/x", "a@b.example.vn", "a b", "", "*.10.0.0.1", "*.*.example.vn"];
    let web = Web { allow: allow.map(str::to_owned).into(), allow_private: vec!["8.8.8.8".parse().unwrap()] };
    let values: Vec<String> = web.problems().into_iter().filter_map(|problem| problem.value).collect();
    assert_eq!(values, [&allow[..], &["8.8.8.8"]].concat());
    let good = ["a.example.vn", "*.example.vn", "a.example.vn:8443", "10.1.2.3", "[::1]:8080", "Hội.example.vn"];
    assert_eq!(Web { allow: good.map(str::to_owned).into(), allow_private: Vec::new() }.problems(), []);
    check(
        &Web { allow: vec!["*".into()], allow_private: vec!["8.8.8.8".parse().unwrap()] }.problems(),
        &expect![[r#"
        error[fetch-allow] vanthu.toml [fetch]: “*” is not a host, host:port or *.domain
            remedy: for example `thongke.example.vn`, `*.example.vn`
        error[fetch-allow-private] vanthu.toml [fetch]: “8.8.8.8” is a public address and need not stand here
    "#]],
    );
}

#[test]
fn a_password_has_no_place_in_the_configuration() {
    let problems = |text: &str| toml::from_str::<Database>(text).unwrap().problems("hoi-vien");
    let wrong = [
        "",
        "sqlite = 'a.db'\nurl_env = 'A'",
        "url = 'postgres://a:mat-khau@h/b'",
        "url = 'postgres://h/b?user=a&password=mat-khau'",
        "url = 'mysql://h/b'",
        "url = 'mat-khau'",
    ];
    let all: Vec<Diagnostic> = wrong.into_iter().flat_map(problems).collect();
    check(
        &all,
        &expect![[r#"
        error[database-kind] vanthu.toml [databases.hoi-vien]: must have exactly one of sqlite, url, url_file and url_env
        error[database-kind] vanthu.toml [databases.hoi-vien]: must have exactly one of sqlite, url, url_file and url_env
        error[database-password] vanthu.toml [databases.hoi-vien]: a password must not stand in vanthu.toml
            remedy: put the whole URL into a file that only the service can read and use url_file, or use url_env
        error[database-password] vanthu.toml [databases.hoi-vien]: a password must not stand in vanthu.toml
            remedy: put the whole URL into a file that only the service can read and use url_file, or use url_env
        error[database-url] vanthu.toml [databases.hoi-vien]: is not a PostgreSQL URL like postgres://user@host/name
            remedy: for SQLite use sqlite = "file"
        error[database-url] vanthu.toml [databases.hoi-vien]: is not a PostgreSQL URL like postgres://user@host/name
            remedy: for SQLite use sqlite = "file"
    "#]],
    );
    assert!(!format!("{all:?}").contains("mat-khau@"));
    assert!(!format!("{:?}", toml::from_str::<Database>(wrong[2]).unwrap()).contains("mat-khau"));
    for right in
        ["sqlite = 'a.db'", "url = 'postgres://doc@may/hoi_vien'", "url_file = '/etc/vanthu/hoi-vien.url'", "url_env = 'HOI_VIEN_URL'"]
    {
        assert_eq!(problems(right), [], "{right}");
    }
}
