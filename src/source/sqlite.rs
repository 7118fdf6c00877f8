//! An SQLite file as a source.
//!
//! Owns the read-only connection and the writing of its values. The file is opened with `mode=ro`, so SQLite itself
//! refuses every write to it or to what is attached; a handler that SQLite calls while it works ends a query that takes
//! too long.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::TryStreamExt;
use serde_json::{Map, Number, Value};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Executor, Row, SqlSafeStr, Statement, TypeInfo, ValueRef};

use super::SourceError;
use super::database::{Bounds, distinct, enclosed};
use super::snapshot::Snapshot;
use crate::say;

/// Instructions of SQLite's machine between two looks at the clock: a fraction of a millisecond.
const INSTRUCTIONS: i32 = 10_000;

/// Integers up to here are exact as binary numbers.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Writes the rows of `query` into `snapshot`, as JSON Lines.
pub(super) async fn read(
    database: &str,
    path: &Path,
    query: &str,
    bounds: &Bounds,
    mut snapshot: Snapshot,
) -> Result<Snapshot, SourceError> {
    let late = Arc::new(AtomicBool::new(false));
    let failed = |error: sqlx::Error| {
        if late.load(Ordering::Relaxed) {
            SourceError::TimedOut { place: database.to_owned(), seconds: bounds.query.as_secs_f64() }
        } else {
            SourceError::Database { database: database.to_owned(), source: error }
        }
    };
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(bounds.lock)
        .pragma("query_only", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .disable_statement_logging()
        .connect()
        .await
        .map_err(failed)?;
    let deadline = Instant::now() + bounds.query;
    let seen = Arc::clone(&late);
    connection.lock_handle().await.map_err(failed)?.set_progress_handler(INSTRUCTIONS, move || {
        let go_on = Instant::now() < deadline;
        seen.store(!go_on, Ordering::Relaxed);
        go_on
    });
    let names = columns(database, query, &mut connection).await?;
    let mut rows = sqlx::query(AssertSqlSafe(query)).fetch(&mut connection);
    let mut count = 0;
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        count += 1;
        if count > bounds.rows_max {
            return Err(SourceError::TooManyRows { database: database.to_owned(), rows_max: bounds.rows_max });
        }
        let record = record(&names, &row).map_err(|column| SourceError::Value { database: database.to_owned(), column, row: count })?;
        let mut line = Value::Object(record).to_string();
        line.push('\n');
        snapshot.write(line.as_bytes())?;
    }
    drop(rows);
    connection.close().await.map_err(failed)?;
    Ok(snapshot)
}

/// Makes sure that the query is one SELECT, and names its columns. Nothing is run yet.
async fn columns(database: &str, query: &str, connection: &mut SqliteConnection) -> Result<Vec<String>, SourceError> {
    let refused = |source: sqlx::Error| SourceError::Database { database: database.to_owned(), source };
    (&mut *connection).prepare(AssertSqlSafe(enclosed(query)).into_sql_str()).await.map_err(refused)?;
    let statement = connection.prepare(AssertSqlSafe(query).into_sql_str()).await.map_err(refused)?;
    let wrong = |why| SourceError::Query { database: database.to_owned(), why };
    // A place for a value would be filled by null in silence.
    if statement.parameters().is_some_and(|parameters| parameters.right_or_else(|types| types.len()) > 0) {
        return Err(wrong(say!("câu truy vấn có chỗ chờ giá trị (?, :tên)", "the query has places for values (?, :name)")));
    }
    distinct(statement.columns().iter().map(Column::name)).map_err(wrong)
}

/// A row as a record, or the name of the column whose value has no form in JSON: bytes, infinity, text that is not UTF-8.
fn record(names: &[String], row: &SqliteRow) -> Result<Map<String, Value>, String> {
    let mut record = Map::new();
    for (index, name) in names.iter().enumerate() {
        record.insert(name.clone(), value(row, index).ok_or_else(|| name.clone())?);
    }
    Ok(record)
}

fn value(row: &SqliteRow, index: usize) -> Option<Value> {
    let raw = row.try_get_raw(index).ok()?;
    if raw.is_null() {
        return Some(Value::Null);
    }
    // SQLite has no truth values, but a column may be declared to hold them.
    let declared_bool = row.columns().get(index)?.type_info().name() == "BOOLEAN";
    match raw.type_info().name() {
        "INTEGER" => match row.try_get_unchecked::<i64, _>(index).ok()? {
            number @ (0 | 1) if declared_bool => Some(Value::Bool(number == 1)),
            number => Some(number.into()),
        },
        "REAL" => {
            let number = row.try_get_unchecked::<f64, _>(index).ok()?;
            if number.fract() == 0.0 && number.abs() < EXACT_MAX {
                Some(Value::Number((number as i64).into()))
            } else {
                Number::from_f64(number).map(Value::Number)
            }
        }
        "TEXT" => row.try_get_unchecked::<String, _>(index).ok().map(Value::String),
        _ => None,
    }
}
