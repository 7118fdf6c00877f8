//! A whole copy of the office's rows that either database can be filled from: a SQLite file.
//!
//! Owns copying table by table, parents first, in one transaction on either side. Tables and columns are read from the SQLite
//! side's own catalogue, so that a migration needs no line here.

use std::path::Path;

use super::connection::{Database, Tx, Value};
use super::{Location, Store, StoreError};

/// Rows read and written at once: few enough that pages of frozen templates stay small.
const PAGE: usize = 200;
/// Values of one statement; SQLite takes 32,766.
const VALUES_MAX: usize = 10_000;

/// A table as its copy needs it.
struct Table {
    name: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    kind: Kind,
    is_key: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Int,
    Text,
    Bytes,
}

impl Store {
    /// Writes all rows to a new SQLite file at `path`, as they stood at one instant, while work goes on.
    pub(super) async fn export(&self, path: &Path) -> Result<(), StoreError> {
        let target = Self::open_beside(&Location::File(path.to_owned())).await?;
        let tables = tables(&target.database).await?;
        let copied = copy(&self.database, &target.database, &tables).await;
        target.close().await;
        copied
    }

    /// Fills this store, which must be new, with the rows of the SQLite file at `path`.
    pub async fn import(&self, path: &Path) -> Result<(), StoreError> {
        let source = Self::open_beside(&Location::File(path.to_owned())).await?;
        let tables = tables(&source.database).await?;
        for table in tables.iter().filter(|table| table.name != "instance") {
            let used = self.database.fetch_one(&format!("SELECT 1 AS one FROM \"{}\" LIMIT 1", table.name), &[]).await?;
            if used.is_some() {
                return Err(StoreError::refused("the database", "not empty"));
            }
        }
        let copied = copy(&source.database, &self.database, &tables).await;
        source.close().await;
        copied
    }
}

/// The tables of a SQLite database, each after those that it refers to.
async fn tables(database: &Database) -> Result<Vec<Table>, StoreError> {
    let sql =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_sqlx_migrations' ORDER BY name";
    let mut waiting = Vec::new();
    for row in database.fetch(sql, &[]).await? {
        let name = row.text("name")?;
        let sql = format!("SELECT name, type, pk FROM pragma_table_info('{name}') ORDER BY cid");
        let mut columns = Vec::new();
        for row in database.fetch(&sql, &[]).await? {
            let kind = match row.text("type")?.as_str() {
                "BIGINT" | "INTEGER" => Kind::Int,
                "BYTEA" | "BLOB" => Kind::Bytes,
                _ => Kind::Text,
            };
            columns.push(Column { name: row.text("name")?, kind, is_key: row.int("pk")? > 0 });
        }
        let sql = format!("SELECT DISTINCT \"table\" AS parent FROM pragma_foreign_key_list('{name}')");
        let parents = database.fetch(&sql, &[]).await?.iter().map(|row| row.text("parent")).collect::<Result<Vec<_>, _>>()?;
        waiting.push((Table { name, columns }, parents));
    }
    let mut tables: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let is_ready = |name: &str, parents: &[String]| {
            parents.iter().all(|parent| parent == name || tables.iter().any(|table| table.name == *parent))
        };
        let Some(index) = waiting.iter().position(|(table, parents)| is_ready(&table.name, parents)) else {
            return Err(StoreError::unexpected("tables that refer to each other"));
        };
        tables.push(waiting.remove(index).0);
    }
    Ok(tables)
}

async fn copy(from: &Database, to: &Database, tables: &[Table]) -> Result<(), StoreError> {
    let mut source = from.begin().await?;
    source.freeze().await?;
    let mut target = to.begin().await?;
    // The new store's own row makes place for the copied one.
    target.execute("DELETE FROM instance", &[]).await?;
    for table in tables {
        copy_table(&mut source, &mut target, table).await?;
    }
    target.commit().await
}

/// Copies a table page by page along its primary key.
async fn copy_table(source: &mut Tx, target: &mut Tx, table: &Table) -> Result<(), StoreError> {
    let quoted = |columns: &[&Column]| columns.iter().map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ");
    let all: Vec<&Column> = table.columns.iter().collect();
    let key: Vec<&Column> = table.columns.iter().filter(|column| column.is_key).collect();
    let (columns, order) = (quoted(&all), quoted(&key));
    let mut after: Vec<Value> = Vec::new();
    loop {
        let places = (1..=after.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let beyond = if after.is_empty() { String::new() } else { format!("WHERE ({order}) > ({places})") };
        let sql = format!("SELECT {columns} FROM \"{}\" {beyond} ORDER BY {order} LIMIT {PAGE}", table.name);
        let page = source.fetch(&sql, &after).await?;
        let mut values = Vec::new();
        for row in &page {
            for column in &all {
                values.push(match column.kind {
                    Kind::Int => Value::Int(row.int_or_none(&column.name)?),
                    Kind::Text => Value::Text(row.text_or_none(&column.name)?),
                    Kind::Bytes => Value::Bytes(row.bytes_or_none(&column.name)?),
                });
            }
        }
        let Some(last) = values.chunks(all.len()).next_back() else { return Ok(()) };
        after = last.iter().zip(&all).filter(|(_, column)| column.is_key).map(|(value, _)| value.clone()).collect();
        for group in values.chunks(VALUES_MAX / all.len() * all.len()) {
            let mut place = 0;
            let rows = group.chunks(all.len()).map(|row| {
                let places = row.iter().map(|_| {
                    place += 1;
                    format!("${place}")
                });
                format!("({})", places.collect::<Vec<_>>().join(", "))
            });
            let rows = rows.collect::<Vec<_>>().join(", ");
            target.execute(&format!("INSERT INTO \"{}\" ({columns}) VALUES {rows}", table.name), group).await?;
        }
        if page.len() < PAGE {
            return Ok(());
        }
    }
}
