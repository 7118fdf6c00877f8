//! A PostgreSQL database as a source.
//!
//! Owns the read-only connection, its time-outs, and the cursor that the rows come from. PostgreSQL makes the JSON itself,
//! so that decimals keep their digits and dates are ISO.

use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Executor, SqlSafeStr, Statement};

use super::SourceError;
use super::database::{Bounds, distinct, enclosed};
use super::snapshot::Snapshot;

/// A transaction that waits for us longer than this is ended by the server.
const IDLE: Duration = Duration::from_secs(60);

/// In which times are written: that of the documents.
const TIME_ZONE: &str = "Asia/Ho_Chi_Minh";

/// The connection, its database's name for errors, and what it may cost.
struct Reading<'a> {
    connection: PgConnection,
    database: &'a str,
    bounds: &'a Bounds,
}

/// Writes the rows of `query` into `snapshot`, as JSON Lines.
pub(super) async fn read(database: &str, url: &str, query: &str, bounds: &Bounds, snapshot: Snapshot) -> Result<Snapshot, SourceError> {
    let failed = |source: sqlx::Error| SourceError::Database { database: database.to_owned(), source };
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)
        .map_err(failed)?
        .application_name("vanthu")
        .options([
            ("default_transaction_read_only", "on".to_owned()),
            ("statement_timeout", milliseconds(bounds.query)),
            ("lock_timeout", milliseconds(bounds.lock)),
            ("idle_in_transaction_session_timeout", milliseconds(IDLE)),
        ])
        .disable_statement_logging();
    let connection = in_time(database, bounds.connect, async { options.connect().await.map_err(failed) }).await?;
    let mut reading = Reading { connection, database, bounds };
    // The server's own time-out comes first and says more; this one holds when the server does not answer any more, or
    // when the query has switched the other off.
    in_time(database, bounds.query + bounds.lock, reading.run(query, snapshot)).await
}

/// The work, or [`SourceError::TimedOut`] once `time` has passed.
async fn in_time<T>(database: &str, time: Duration, work: impl Future<Output = Result<T, SourceError>>) -> Result<T, SourceError> {
    tokio::time::timeout(time, work)
        .await
        .unwrap_or_else(|_| Err(SourceError::TimedOut { place: database.to_owned(), seconds: time.as_secs_f64() }))
}

impl Reading<'_> {
    async fn run(&mut self, query: &str, mut snapshot: Snapshot) -> Result<Snapshot, SourceError> {
        self.execute("BEGIN TRANSACTION READ ONLY").await?;
        self.execute(&format!("SET LOCAL TimeZone TO '{TIME_ZONE}'")).await?;
        self.refuse_superuser().await?;
        self.check(query).await?;
        self.execute(&cursor(query, snapshot.bytes_max())).await?;
        let (database, bounds) = (self.database, self.bounds);
        let fetch = format!("FETCH FORWARD {} FROM hang", bounds.rows_max.saturating_add(1));
        let mut rows = sqlx::query_scalar::<_, Option<String>>(AssertSqlSafe(fetch)).fetch(&mut self.connection);
        let mut count = 0;
        while let Some(line) = rows.try_next().await.map_err(|error| failure(database, bounds, error))? {
            count += 1;
            if count > bounds.rows_max {
                return Err(SourceError::TooManyRows { database: database.to_owned(), rows_max: bounds.rows_max });
            }
            let line = line.ok_or_else(|| SourceError::TooLarge { name: database.to_owned(), bytes_max: snapshot.bytes_max() })?;
            // A `json` value keeps its writer's line breaks; inside its texts they are escaped.
            snapshot.write(line.replace(['\n', '\r'], " ").as_bytes())?;
            snapshot.write(b"\n")?;
        }
        drop(rows);
        self.execute("ROLLBACK").await?;
        Ok(snapshot)
    }

    /// A superuser's SELECT reads the server's files and runs its programs: read-only means nothing for it.
    async fn refuse_superuser(&mut self) -> Result<(), SourceError> {
        let superuser: String = sqlx::query_scalar("SELECT current_setting('is_superuser')")
            .fetch_one(&mut self.connection)
            .await
            .map_err(|error| failure(self.database, self.bounds, error))?;
        if superuser == "on" { Err(SourceError::Superuser { database: self.database.to_owned() }) } else { Ok(()) }
    }

    /// Makes sure that the query is one SELECT whose columns have different names. Nothing is run yet.
    async fn check(&mut self, query: &str) -> Result<(), SourceError> {
        let statement = (&mut self.connection)
            .prepare(AssertSqlSafe(enclosed(query)).into_sql_str())
            .await
            .map_err(|error| failure(self.database, self.bounds, error))?;
        let names = statement.columns().iter().map(Column::name);
        distinct(names).map_err(|why| SourceError::Query { database: self.database.to_owned(), why })?;
        Ok(())
    }

    async fn execute(&mut self, sql: &str) -> Result<(), SourceError> {
        // Through a prepared statement, so that the server itself refuses a second command in the text.
        sqlx::query(AssertSqlSafe(sql)).execute(&mut self.connection).await.map_err(|error| failure(self.database, self.bounds, error))?;
        Ok(())
    }
}

/// A cursor over the rows as JSON, null for a row of more than `bytes_max` bytes. A cursor takes a SELECT that changes
/// nothing, and no other command.
fn cursor(query: &str, bytes_max: u64) -> String {
    format!(
        "DECLARE hang NO SCROLL CURSOR FOR SELECT CASE WHEN octet_length(dong) <= {bytes_max} THEN dong END \
         FROM (SELECT row_to_json(nguon)::text AS dong FROM ({query}\n) AS nguon) AS cac_dong"
    )
}

fn failure(database: &str, bounds: &Bounds, error: sqlx::Error) -> SourceError {
    const QUERY_CANCELED: &str = "57014";
    if error.as_database_error().and_then(|error| error.code()).as_deref() == Some(QUERY_CANCELED) {
        return SourceError::TimedOut { place: database.to_owned(), seconds: bounds.query.as_secs_f64() };
    }
    SourceError::Database { database: database.to_owned(), source: error }
}
