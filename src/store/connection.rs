//! One way to speak to two databases: the same SQL text, values and rows for SQLite and PostgreSQL.
//!
//! Owns the differences: how a transaction begins, the clock, the locking clause. Everything else is plain SQL that both
//! understand, in the files of the aggregates beside this one. The only module that names a database driver.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction};

use super::StoreError;
use crate::failpoint;

/// A value bound to `$n`. The kind stands even for nothing: PostgreSQL wants to know what is absent.
#[derive(Debug, Clone)]
pub enum Value {
    /// A whole number.
    Int(Option<i64>),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => $variant:ident: $convert:expr;)+) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self { Self::$variant(Some(($convert)(value))) }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self { Self::$variant(value.map($convert)) }
        }
    )+};
}

value_from! {
    i64 => Int: |value| value;
    u32 => Int: i64::from;
    i32 => Int: i64::from;
    u64 => Int: |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    bool => Int: i64::from;
    &str => Text: str::to_owned;
    String => Text: |value| value;
    &String => Text: |value: &String| value.clone();
    Vec<u8> => Bytes: |value| value;
}

/// The values of a statement, in the order of `$1`, `$2`, …
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::store::connection::Value::from($value)),*] };
}
pub(super) use values;

/// Where statements go.
#[derive(Debug, Clone)]
pub(super) enum Database {
    /// One writer, several readers, one file.
    Sqlite {
        /// A pool of one: SQLite has one writer, and waiting for it here is fair.
        writer: SqlitePool,
        /// Readers see the last commit and never wait for the writer.
        readers: SqlitePool,
    },
    /// A server.
    Postgres(PgPool),
}

/// A transaction that may write.
pub(super) enum Tx {
    /// Begun with `BEGIN IMMEDIATE`: a read that turns into a write would fail instead of waiting.
    Sqlite(Transaction<'static, Sqlite>),
    /// Read committed; rows that decide are locked by updating them.
    Postgres(Transaction<'static, Postgres>),
}

/// One row of an answer.
pub(super) enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

/// A named place of the store at which a test makes the program die, wait, or fail as a lost database does.
pub(super) fn pass(name: &str) -> Result<(), StoreError> {
    failpoint::pass(name).map_err(|error| StoreError::Database(sqlx::Error::Io(error)))
}

/// Puts the database's own words for the clock and for skipping locked rows into a statement.
fn dialect(sql: &str, postgres: bool) -> String {
    if postgres {
        sql.replace("{now}", "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
            .replace("{skip_locked}", "FOR UPDATE SKIP LOCKED")
            .replace("{by_waiting}", "")
    } else {
        // Left to itself, SQLite walks over every record of the batch that has ended: a claim would cost more with each one.
        sql.replace("{now}", "CAST(unixepoch('subsec') * 1000 AS INTEGER)")
            .replace("{skip_locked}", "")
            .replace("{by_waiting}", "INDEXED BY record_waiting")
    }
}

/// Text as both databases take it: PostgreSQL has no place for a NUL, whoever sent it.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }
}

macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql));
        for value in $values {
            query = match value.clone() {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value.map(storable)),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Database {
    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// All rows of a statement that only reads.
    pub async fn fetch(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                bound!(dialect(sql, false), values).fetch_all(readers).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(pool) => bound!(dialect(sql, true), values).fetch_all(pool).await?.into_iter().map(Row::Postgres).collect(),
        })
    }

    /// The first row of a statement that only reads.
    pub async fn fetch_one(&self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    /// One writing statement that is a transaction of its own; how many rows it changed.
    pub async fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let changed = tx.execute(sql, values).await?;
        tx.commit().await?;
        Ok(changed)
    }
}

impl Tx {
    /// Carries out a statement; how many rows it changed.
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => bound!(dialect(sql, false), values).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => bound!(dialect(sql, true), values).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// All rows of a statement.
    pub async fn fetch(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => bound!(dialect(sql, false), values).fetch_all(&mut **tx).await?.into_iter().map(Row::Sqlite).collect(),
            Self::Postgres(tx) => bound!(dialect(sql, true), values).fetch_all(&mut **tx).await?.into_iter().map(Row::Postgres).collect(),
        })
    }

    /// The first row of a statement.
    pub async fn fetch_one(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    /// Makes it durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Tells whoever listens on the server that `topic` has changed; nothing on SQLite, whose readers poll.
    pub async fn notify(&mut self, topic: &'static str) -> Result<(), StoreError> {
        if let Self::Postgres(tx) = self {
            sqlx::query("SELECT pg_notify('vanthu', $1)").bind(topic).execute(&mut **tx).await?;
        }
        Ok(())
    }
}

impl Tx {
    /// Makes every later read of the transaction see the same instant; to be called before the first. SQLite's do anyway.
    pub async fn freeze(&mut self) -> Result<(), StoreError> {
        if let Self::Postgres(tx) = self {
            sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut **tx).await?;
        }
        Ok(())
    }

    /// Lets one transaction at a time add to the audit log. SQLite has one writer anyway.
    pub async fn lock_audit(&mut self) -> Result<(), StoreError> {
        if let Self::Postgres(tx) = self {
            sqlx::query("LOCK TABLE audit IN EXCLUSIVE MODE").execute(&mut **tx).await?;
        }
        Ok(())
    }
}

/// Hands the topics that others tell of on the server to `hear`, until it wants no more or the connection is lost.
pub(super) async fn listen(pool: &PgPool, mut hear: impl FnMut(&str) -> Option<()>) -> Result<(), StoreError> {
    let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
    listener.listen("vanthu").await?;
    loop {
        let notification = listener.recv().await?;
        if hear(notification.payload()).is_none() {
            return Ok(());
        }
    }
}

macro_rules! getter {
    ($name:ident, $type:ty, $doc:literal) => {
        #[doc = $doc]
        pub fn $name(&self, column: &str) -> Result<$type, StoreError> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(column)?,
                Self::Postgres(row) => row.try_get(column)?,
            })
        }
    };
}

impl Row {
    getter!(int, i64, "A whole number.");
    getter!(int_or_none, Option<i64>, "A whole number or nothing.");
    getter!(text, String, "Text.");
    getter!(text_or_none, Option<String>, "Text or nothing.");
    getter!(bytes, Vec<u8>, "Bytes.");
    getter!(bytes_or_none, Option<Vec<u8>>, "Bytes or nothing.");

    /// A number that is never negative.
    pub fn count(&self, column: &str) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.int(column)?).unwrap_or(0))
    }
}
