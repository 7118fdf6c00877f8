//! A database of another version: an older one is copied before it is changed, a newer one is refused.

use std::os::unix::fs::PermissionsExt as _;

use super::{ask, tell};
use crate::support::{Office, python};

#[test]
fn an_older_database_is_copied_before_its_schema_is_changed() {
    let office = Office::with_workspace();
    // As the first version would have made it.
    let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations/0001_office.sql");
    let script = r#"import hashlib, sqlite3, sys
sql = open(sys.argv[2], 'rb').read()
c = sqlite3.connect(sys.argv[1])
c.executescript(sql.decode())
c.execute('CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)')
c.execute('INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (1, ?, 1, ?, 0)', ('office', hashlib.sha384(sql).digest()))
c.execute("INSERT INTO suppression (recipient_key, reason, created_at) VALUES (?, ?, 0)", ("an@example.com", "cu"))
c.commit()"#;
    python(script, &[&office.path.join("van-thu.db"), &schema]);
    assert!(office.must(&["suppression", "list"]).stdout.contains("an@example.com"));
    let newest: u32 = ask(&office, "SELECT MAX(version) FROM _sqlx_migrations").parse().unwrap();
    let snapshot = format!("van-thu.db.truoc-{newest:04}");
    let count = "import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute('SELECT (SELECT MAX(version) FROM _sqlx_migrations), (SELECT COUNT(*) FROM suppression)').fetchone())";
    assert_eq!(python(count, &[&office.path.join(&snapshot)]).trim(), "(1, 1)");
    assert_eq!(std::fs::metadata(office.path.join(&snapshot)).unwrap().permissions().mode() & 0o777, 0o600);
    // Once: a database that is up to date is not copied.
    std::fs::remove_file(office.path.join(&snapshot)).unwrap();
    office.must(&["suppression", "list"]);
    assert!(!office.path.join(&snapshot).exists());
}

#[test]
fn a_database_of_a_later_version_is_refused_with_an_exit_code_of_its_own() {
    let office = Office::with_workspace();
    office.must(&["batch", "list"]);
    tell(
        &office,
        "INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1",
    );
    for command in [&["batch", "list"][..], &["worker", "--until-idle"], &["serve"]] {
        let refused = office.run(command);
        assert_eq!(refused.code, 78, "{command:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("cơ sở dữ liệu do bản vanthu mới hơn tạo ra"), "{}", refused.stderr);
    }
}
