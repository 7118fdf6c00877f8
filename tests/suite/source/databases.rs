//! Queries on SQLite and PostgreSQL: what comes out, what is refused, what is cut off.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use vanthu::source::Database;

use super::{Desk, content, later, never};
use crate::support::postgres::Postgres;
use crate::support::{Office, award_run, text_of};

/// A query that never ends by itself.
const ENDLESS: &str = "WITH RECURSIVE dem(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM dem) SELECT count(*) AS n FROM dem";

/// A desk with an SQLite file `hoi-vien.db`, in the write-ahead mode of our own store, filled by `sql`.
fn sqlite(sql: &str) -> Desk {
    let mut desk = Desk::new();
    let path = desk.office.path.join("hoi-vien.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .connect()
            .await
            .unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
    desk.databases.insert("hv".into(), Database { sqlite: Some("hoi-vien.db".into()), ..Database::default() });
    desk
}

/// A desk with a PostgreSQL database of its own, filled by `sql`; its user may read all tables and nothing else.
fn postgres(name: &str, sql: &str) -> Desk {
    let server = Postgres::start();
    server.create_database(name);
    let user = format!("doc_{name}");
    server.query("postgres", &format!("DROP ROLE IF EXISTS {user}; CREATE ROLE {user} LOGIN PASSWORD 'mat-khau-doc';"));
    server.query(name, sql);
    server.query(
        name,
        &format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}; GRANT ALL ON SCHEMA public TO {user};"),
    );
    let mut desk = Desk::new();
    desk.environment.insert("HV_URL".into(), server.url_of(&user, "mat-khau-doc", name));
    desk.databases.insert("hv".into(), Database { url_env: Some("HV_URL".into()), ..Database::default() });
    desk
}

fn source(query: &str) -> String {
    assert!(!query.contains("'''"));
    format!("database = 'hv'\nquery = '''{query}'''")
}

#[test]
fn rows_of_sqlite_become_lines_of_json() {
    let desk = sqlite(
        "CREATE TABLE hv (ten TEXT, nam_sinh INTEGER, diem REAL, tien, dang_vien BOOLEAN, ngay DATE, ghi_chu TEXT);
         INSERT INTO hv VALUES ('Đỗ Thị Ế', 1960, 8.5, 1234567890123456789, 1, '2026-11-22', NULL),
                               ('A \"B\"' || char(10) || 'C', -1, 9.0, '12345678901234567890.50', 0, NULL, '');",
    );
    let fetched = desk
        .fetch(&source("SELECT ten AS \"Họ và tên\", nam_sinh, diem, tien, dang_vien, ngay, ghi_chu FROM hv ORDER BY nam_sinh DESC;"))
        .unwrap();
    assert_eq!(fetched[0].name, "hv.jsonl");
    assert_eq!(
        content(&fetched),
        "{\"Họ và tên\":\"Đỗ Thị Ế\",\"nam_sinh\":1960,\"diem\":8.5,\"tien\":1234567890123456789,\"dang_vien\":true,\"ngay\":\"2026-11-22\",\"ghi_chu\":null}\n\
         {\"Họ và tên\":\"A \\\"B\\\"\\nC\",\"nam_sinh\":-1,\"diem\":9,\"tien\":\"12345678901234567890.50\",\"dang_vien\":false,\"ngay\":null,\"ghi_chu\":\"\"}\n"
    );
}

#[test]
fn a_query_with_the_headings_of_a_template_makes_its_documents() {
    let desk = sqlite("CREATE TABLE hv (ten TEXT, chi_hoi INTEGER); INSERT INTO hv VALUES ('Đỗ Thị Ế', 2);");
    let office = Office::with_workspace();
    let fetched = desk
        .fetch(&source(
            "SELECT 'Cá nhân' AS \"Đối tượng\", 'Bà' AS \"Danh xưng\", ten AS \"Họ và tên\", 'Chi hội ' || chi_hoi AS \"Đơn vị\", '001' AS \"Số vào sổ\" FROM hv",
        ))
        .unwrap();
    office.must(&award_run(fetched[0].path.to_str().unwrap(), "ket-qua", &["--organisation", "hoi"]));
    assert!(text_of(&office.path.join("ket-qua").join(&office.documents("ket-qua")[0])).contains("Đỗ Thị Ế"));
}

#[test]
fn rows_of_postgresql_become_lines_of_json() {
    let desk = postgres(
        "nguon_dong",
        "CREATE TABLE hv (ten text, nam_sinh int, diem numeric, tien numeric(30, 2), dang_vien bool, ngay date, luc timestamptz, ghi_chu text, them json);
         INSERT INTO hv VALUES ('Đỗ Thị Ế', 1960, 8.5, 12345678901234567890.50, true, '2026-11-22', '2026-11-22 00:00:00Z', NULL, E'{\"a\":\n1}'),
                               (E'A \"B\"\nC', -1, 9, 0, false, NULL, NULL, '', NULL);",
    );
    let fetched = desk
        .fetch(&source(
            "SELECT ten AS \"Họ và tên\", nam_sinh, diem, tien, dang_vien, ngay, luc, ghi_chu, them FROM hv ORDER BY nam_sinh DESC;",
        ))
        .unwrap();
    assert_eq!(fetched[0].name, "hv.jsonl");
    assert_eq!(
        content(&fetched),
        "{\"Họ và tên\":\"Đỗ Thị Ế\",\"nam_sinh\":1960,\"diem\":8.5,\"tien\":12345678901234567890.50,\"dang_vien\":true,\"ngay\":\"2026-11-22\",\"luc\":\"2026-11-22T07:00:00+07:00\",\"ghi_chu\":null,\"them\":{\"a\": 1}}\n\
         {\"Họ và tên\":\"A \\\"B\\\"\\nC\",\"nam_sinh\":-1,\"diem\":9,\"tien\":0.00,\"dang_vien\":false,\"ngay\":null,\"luc\":null,\"ghi_chu\":\"\",\"them\":null}\n"
    );
}

#[test]
fn the_order_of_a_query_is_kept() {
    let rows: String = (1..=500).map(|number| format!("INSERT INTO t VALUES ({});", number * 7919 % 1009)).collect();
    let sql = format!("CREATE TABLE t (a INTEGER); {rows}");
    for desk in [sqlite(&sql), postgres("nguon_thu_tu", &sql)] {
        let text = content(&desk.fetch(&source("SELECT a FROM t ORDER BY a DESC")).unwrap());
        let numbers: Vec<u32> = text.lines().map(|line| line[5..line.len() - 1].parse().unwrap()).collect();
        assert_eq!(numbers.len(), 500);
        assert!(numbers.is_sorted_by(|a, b| a > b));
    }
}

#[test]
fn a_query_without_rows_is_nothing_to_report() {
    for desk in [sqlite("CREATE TABLE t (a INTEGER)"), postgres("nguon_rong", "CREATE TABLE t (a INTEGER)")] {
        assert_eq!(desk.fetch(&source("SELECT a FROM t")).unwrap(), []);
        assert_eq!(desk.kept(), [""; 0]);
    }
}

/// Each would change the database, read another file, or do more than one thing.
const NO_SELECTS: [&str; 22] = [
    "INSERT INTO t VALUES (2)",
    "DELETE FROM t",
    "UPDATE t SET a = 2",
    "DROP TABLE t",
    "CREATE TABLE u (a INTEGER)",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "ATTACH DATABASE 'khac.db' AS khac",
    "VACUUM INTO 'khac.db'",
    "COPY t TO '/tmp/x'",
    "DO $$ BEGIN DELETE FROM t; END $$",
    "SET default_transaction_read_only = off",
    "EXPLAIN DELETE FROM t",
    "SELECT 1 AS a; DELETE FROM t",
    "SELECT 1 AS a; SELECT 2 AS b",
    "SELECT 1 AS a); DELETE FROM t; SELECT * FROM (SELECT 1 AS a",
    "SELECT 1 AS a) AS x; DELETE FROM t; --",
    "SELECT 1 AS a) AS x; ATTACH DATABASE 'khac.db' AS khac; SELECT * FROM (SELECT 1 AS a",
    "WITH x AS (SELECT 1 AS a) DELETE FROM t",
    "WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x",
    "SELECT 1 AS a INTO u",
    "/* SELECT */ DELETE FROM t",
];

#[test]
fn nothing_but_one_select_is_run() {
    let sql = "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1);";
    for desk in [sqlite(sql), postgres("nguon_select", sql)] {
        for query in NO_SELECTS {
            let (transient, said) = desk.refused(&source(query));
            assert!(!transient, "{query}: {said}");
            assert_eq!(content(&desk.fetch(&source("SELECT a FROM t")).unwrap()), "{\"a\":1}\n", "{query}");
            fs::remove_dir_all(desk.office.path.join("batch")).unwrap();
        }
        assert!(!desk.office.path.join("khac.db").exists());
    }
}

/// The databases' own refusals, behind those of the text.
#[test]
fn a_select_cannot_write_either() {
    let desk = postgres(
        "nguon_ghi",
        "CREATE TABLE t (a INTEGER); CREATE SEQUENCE s; GRANT ALL ON SEQUENCE s TO PUBLIC; CREATE FUNCTION xoa() RETURNS int LANGUAGE sql AS 'DELETE FROM t RETURNING 1';",
    );
    for (query, said) in [
        ("SELECT xoa() AS a", "cannot execute DELETE in a read-only transaction"),
        ("SELECT nextval('s') AS a", "cannot execute nextval() in a read-only transaction"),
        (
            "SELECT set_config('transaction_read_only', 'off', false) AS a, xoa() AS b",
            "transaction read-write mode must be set before any query",
        ),
        ("SELECT pg_read_file('/etc/passwd') AS a", "permission denied for function pg_read_file"),
    ] {
        assert_eq!(desk.refused(&source(query)), never(&format!("cơ sở dữ liệu “hv”: {said}")), "{query}");
    }
    let desk = sqlite("CREATE TABLE t (a INTEGER)");
    assert_eq!(desk.refused(&source("SELECT load_extension('x') AS a")), never("cơ sở dữ liệu “hv”: not authorized"));
}

#[test]
fn a_superuser_is_refused() {
    let server = Postgres::start();
    let mut desk = Desk::new();
    desk.environment.insert("HV_URL".into(), server.create_database("nguon_toan_quyen"));
    desk.databases.insert("hv".into(), Database { url_env: Some("HV_URL".into()), ..Database::default() });
    assert_eq!(
        desk.refused(&source("SELECT 1 AS a")),
        never("người dùng của cơ sở dữ liệu “hv” có toàn quyền (superuser): hãy dùng một người dùng chỉ có quyền SELECT")
    );
}

#[test]
fn an_endless_query_is_cut_off() {
    for mut desk in [sqlite("CREATE TABLE t (a INTEGER)"), postgres("nguon_vo_tan", "")] {
        desk.limits.query = Duration::from_millis(300);
        let start = Instant::now();
        assert_eq!(desk.refused(&source(ENDLESS)), later("“hv” không xong trong 0.3 giây"));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_query_whose_connection_is_cut_may_be_asked_again() {
    let desk = postgres("nguon_cat", "");
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| desk.refused(&source(ENDLESS)));
        while !reader.is_finished() {
            Postgres::start().cut_connections("nguon_cat");
        }
        assert_eq!(reader.join().unwrap(), later("cơ sở dữ liệu “hv”: terminating connection due to administrator command"));
    });
}

#[test]
fn a_query_that_lifts_its_time_out_is_cut_off_all_the_same() {
    let mut desk = postgres("nguon_noi_gio", "");
    desk.limits.query = Duration::from_millis(300);
    desk.limits.lock = Duration::from_millis(100);
    let query = format!("SELECT set_config('statement_timeout', '0', false) AS a, ({ENDLESS}) AS b");
    assert!(desk.refused(&source(&query)).1.starts_with("“hv” không xong trong 0."));
}

#[test]
fn rows_and_bytes_are_bounded() {
    let query = "WITH RECURSIVE dem(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM dem WHERE n < 10000) SELECT n FROM dem";
    let long = "WITH RECURSIVE dem(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM dem WHERE n < 3) SELECT n, replace(replace('a', 'a', 'aaaaaaaaaa'), 'a', 'aaaaaaaaaa') AS t FROM dem";
    for mut desk in [sqlite("CREATE TABLE t (a INTEGER)"), postgres("nguon_gioi_han", "")] {
        desk.limits.rows_max = 10_000;
        assert_eq!(content(&desk.fetch(&source(query)).unwrap()).lines().count(), 10_000);
        fs::remove_dir_all(desk.office.path.join("batch")).unwrap();
        desk.limits.rows_max = 9_999;
        assert_eq!(desk.refused(&source(query)), never("câu truy vấn trên “hv” cho quá 9999 dòng"));
        for bytes_max in [50, 200] {
            desk.limits.bytes_max = bytes_max;
            let (transient, said) = desk.refused(&source(long));
            assert!(!transient && said.ends_with(" MB nên không đọc"), "{said}");
        }
    }
}

#[test]
fn columns_need_different_names() {
    let duplicate = "SELECT 1 AS \"Họ tên\", 2 AS b, 3 AS \"Họ tên\"";
    for desk in [sqlite("CREATE TABLE t (a INTEGER)"), postgres("nguon_cot", "")] {
        assert_eq!(
            desk.refused(&source(duplicate)),
            never("câu truy vấn trên “hv”: cột thứ 1 và thứ 3 cùng tên “Họ tên”: đặt tên khác bằng AS")
        );
    }
    let desk = postgres("nguon_cot_khong_ten", "");
    assert_eq!(desk.refused(&source("SELECT 1")), never("câu truy vấn trên “hv”: cột thứ 1 không có tên: đặt tên bằng AS"));
}

#[test]
fn bytes_and_infinity_have_no_place_in_a_record() {
    let desk = sqlite("CREATE TABLE t (a BLOB); INSERT INTO t VALUES (1), (x'00ff');");
    assert_eq!(desk.refused(&source("SELECT a FROM t")), never("câu truy vấn trên “hv”, dòng 2: cột “a” không phải chữ hay số"));
    assert_eq!(desk.refused(&source("SELECT 9e999 AS b")), never("câu truy vấn trên “hv”, dòng 1: cột “b” không phải chữ hay số"));
}

#[test]
fn a_place_for_a_value_is_not_filled_by_null() {
    let desk = sqlite("CREATE TABLE t (a INTEGER)");
    assert_eq!(
        desk.refused(&source("SELECT a FROM t WHERE a = :nam")),
        never("câu truy vấn trên “hv”: câu truy vấn có chỗ chờ giá trị (?, :tên)")
    );
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let mut desk = postgres("nguon_sai", "");
    let url = desk.environment["HV_URL"].clone();
    desk.environment.insert("HV_URL".into(), url.replace("mat-khau-doc", "mat-khau-sai"));
    assert_eq!(
        desk.refused(&source("SELECT 1 AS a")),
        never("cơ sở dữ liệu “hv”: password authentication failed for user \"doc_nguon_sai\"")
    );
    desk.environment.insert("HV_URL".into(), url.replace("/nguon_sai", "/vang"));
    assert_eq!(desk.refused(&source("SELECT 1 AS a")), never("cơ sở dữ liệu “hv”: database \"vang\" does not exist"));
    desk.environment.insert("HV_URL".into(), "postgres://a:mat-khau@127.0.0.1:1/b".into());
    let (transient, said) = desk.refused(&source("SELECT 1 AS a"));
    assert!(transient && !said.contains("mat-khau"), "{said}");
    desk.environment.clear();
    assert_eq!(desk.refused(&source("SELECT 1 AS a")), never("cơ sở dữ liệu “hv”: biến môi trường HV_URL không có giá trị"));
}

#[test]
fn a_secret_file_that_everybody_reads_is_refused() {
    let mut desk = postgres("nguon_tep_mat", "");
    let path = desk.office.write("hv.url", format!("{}\n", desk.environment["HV_URL"]));
    desk.databases.insert("hv".into(), Database { url_file: Some("hv.url".into()), ..Database::default() });
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        desk.refused(&source("SELECT 1 AS a")),
        never(&format!("cơ sở dữ liệu “hv”: mọi người trên máy đọc được tệp mật “{}”: chạy chmod o= cho tệp này", path.display()))
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(content(&desk.fetch(&source("SELECT 1 AS a")).unwrap()), "{\"a\":1}\n");
}

#[test]
fn an_sqlite_file_outside_the_workspace_needs_its_whole_path() {
    let mut desk = sqlite("CREATE TABLE t (a INTEGER)");
    let elsewhere = sqlite("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (5);");
    let path = elsewhere.office.path.join("hoi-vien.db");
    std::os::unix::fs::symlink(&path, desk.office.path.join("lien-ket.db")).unwrap();
    desk.databases.insert("hv".into(), Database { sqlite: Some("lien-ket.db".into()), ..Database::default() });
    assert!(desk.refused(&source("SELECT a FROM t")).1.starts_with("“lien-ket.db” là liên kết dẫn ra ngoài"));
    desk.databases.insert("hv".into(), Database { sqlite: Some(path.display().to_string()), ..Database::default() });
    assert_eq!(content(&desk.fetch(&source("SELECT a FROM t")).unwrap()), "{\"a\":5}\n");
    desk.databases.insert("hv".into(), Database { sqlite: Some("vang.db".into()), ..Database::default() });
    let missing = desk.office.path.join("vang.db");
    fs::remove_dir_all(desk.office.path.join("batch")).unwrap();
    assert_eq!(desk.refused(&source("SELECT a FROM t")), later(&format!("không đọc được “{}”: không tìm thấy", missing.display())));
    assert!(!missing.exists());
}

#[test]
fn a_database_that_is_locked_may_be_asked_again() {
    let mut desk = sqlite("PRAGMA journal_mode = DELETE; CREATE TABLE t (a INTEGER);");
    desk.limits.lock = Duration::from_millis(50);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut writer = runtime.block_on(async {
        let mut writer = SqliteConnectOptions::new().filename(desk.office.path.join("hoi-vien.db")).connect().await.unwrap();
        sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut writer).await.unwrap();
        writer
    });
    assert_eq!(desk.refused(&source("SELECT a FROM t")), later("cơ sở dữ liệu “hv”: database is locked"));
    runtime.block_on(async { sqlx::raw_sql("ROLLBACK").execute(&mut writer).await.unwrap() });
    assert_eq!(desk.fetch(&source("SELECT a FROM t")).unwrap(), []);
}
