//! Databases as a source: one SELECT, read-only, bounded, written as JSON Lines.
//!
//! Owns `[databases.NAME]`, where its URL comes from, and the text that both kinds of database are asked. Each kind has a
//! file of its own; both make sure by the database's own means that the query is one SELECT: it is first compiled inside
//! the parentheses of another, where nothing else is grammatical.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::snapshot::Snapshot;
use super::{Access, CONFIGURATION, Fetched, Limits, SourceError, blocking, postgres, sqlite};
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::say;

/// A database as `[databases.NAME]` writes it: exactly one of `sqlite`, `url`, `url_file` and `url_env`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// An SQLite file, inside the workspace when relative.
    pub sqlite: Option<String>,
    /// A PostgreSQL URL without a password.
    pub url: Option<String>,
    /// A file that holds a PostgreSQL URL and that only its owner and group can read.
    pub url_file: Option<String>,
    /// The variable of the environment that holds a PostgreSQL URL.
    pub url_env: Option<String>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A URL may hold a password until `problems` has refused it.
        let url = self.url.as_ref().map(|_| "…");
        f.debug_struct("Database")
            .field("sqlite", &self.sqlite)
            .field("url", &url)
            .field("url_file", &self.url_file)
            .field("url_env", &self.url_env)
            .finish()
    }
}

/// What a query may cost.
pub(super) struct Bounds {
    pub(super) rows_max: u64,
    pub(super) connect: Duration,
    pub(super) query: Duration,
    pub(super) lock: Duration,
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self { rows_max: limits.rows_max, connect: limits.connect, query: limits.query, lock: limits.lock }
    }
}

impl Database {
    /// Everything that is wrong with the database called `name`.
    pub fn problems(&self, name: &str) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let given = [&self.sqlite, &self.url, &self.url_file, &self.url_env].into_iter().filter(|given| given.is_some()).count();
        if given != 1 {
            problems.push(Diagnostic::error(
                "database-kind",
                say!(
                    "phải có đúng một trong bốn: sqlite, url, url_file, url_env",
                    "must have exactly one of sqlite, url, url_file and url_env"
                ),
            ));
        }
        if let Some(url) = &self.url {
            // Not shown: what is wrong may be the password.
            match reqwest::Url::parse(url) {
                Ok(url) if !is_postgres(url.scheme()) => problems.push(not_postgres()),
                Ok(url) if url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password") => problems.push(
                    Diagnostic::error(
                        "database-password",
                        say!("mật khẩu không được nằm trong {CONFIGURATION}", "a password must not stand in {CONFIGURATION}"),
                    )
                    .remedy(say!(
                        "đặt cả địa chỉ vào một tệp chỉ dịch vụ đọc được rồi dùng url_file, hoặc dùng url_env",
                        "put the whole URL into a file that only the service can read and use url_file, or use url_env"
                    )),
                ),
                Ok(_) => {}
                Err(_) => problems.push(not_postgres()),
            }
        }
        let place = Place::File { file: format!("{CONFIGURATION} [databases.{name}]") };
        problems.into_iter().map(|problem| problem.at(place.clone())).collect()
    }

    /// Runs `query` and keeps its rows as a snapshot in `into`; none when it has no rows.
    pub(super) async fn fetch(&self, name: &str, query: &str, access: &Access<'_>, into: &Path) -> Result<Option<Fetched>, SourceError> {
        let query = lone_select(query).map_err(|why| SourceError::Query { database: name.to_owned(), why })?;
        let bounds = Bounds::from(&access.limits);
        let snapshot = Snapshot::create(into, &format!("{name}.jsonl"), access.limits.bytes_max)?;
        let snapshot = match &self.sqlite {
            Some(path) => {
                let path = sqlite_path(path, access.workspace)?;
                sqlite::read(name, &path, query, &bounds, snapshot).await?
            }
            None => postgres::read(name, &self.postgres_url(name, access)?, query, &bounds, snapshot).await?,
        };
        if snapshot.bytes() == 0 {
            return Ok(None);
        }
        blocking(move || snapshot.publish()).await.map(Some)
    }

    fn postgres_url(&self, name: &str, access: &Access<'_>) -> Result<String, SourceError> {
        let missing = |why: Text| SourceError::Url { database: name.to_owned(), why };
        let url = match (&self.url, &self.url_file, &self.url_env) {
            (Some(url), _, _) => url.clone(),
            (None, Some(file), _) => secret(&access.workspace.join(file)).map_err(missing)?,
            (None, None, Some(variable)) => (access.environment)(variable)
                .filter(|url| !url.is_empty())
                .ok_or_else(|| missing(say!("biến môi trường {variable} không có giá trị", "the environment has no {variable}")))?,
            (None, None, None) => return Err(SourceError::Undecided),
        };
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        if is_postgres(scheme) { Ok(url) } else { Err(missing(not_postgres().message)) }
    }
}

/// One line of a file that others cannot read.
fn secret(path: &Path) -> Result<String, Text> {
    let shown = path.display();
    let unreadable = |error: &std::io::Error| {
        let reason = crate::diagnostic::io_reason(error);
        Text { vi: format!("không đọc được “{shown}”: {}", reason.vi), en: format!("cannot read `{shown}`: {}", reason.en) }
    };
    let mode = fs::metadata(path).map_err(|error| unreadable(&error))?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(say!(
            "mọi người trên máy đọc được tệp mật “{shown}”: chạy chmod o= cho tệp này",
            "everybody on the machine can read the secret file `{shown}`: run chmod o= on it"
        ));
    }
    Ok(fs::read_to_string(path).map_err(|error| unreadable(&error))?.trim().to_owned())
}

/// The SQLite file; a relative one must stay in the workspace.
fn sqlite_path(path: &str, workspace: &Path) -> Result<PathBuf, SourceError> {
    let joined = workspace.join(path);
    let real = joined.canonicalize().map_err(SourceError::unreadable(&joined))?;
    if Path::new(path).is_relative() {
        let workspace = workspace.canonicalize().map_err(SourceError::unreadable(workspace))?;
        if !real.starts_with(workspace) {
            return Err(SourceError::Outside { name: path.to_owned() });
        }
    }
    Ok(real)
}

fn is_postgres(scheme: &str) -> bool {
    matches!(scheme, "postgres" | "postgresql")
}

fn not_postgres() -> Diagnostic {
    Diagnostic::error(
        "database-url",
        say!("không phải địa chỉ PostgreSQL dạng postgres://người-dùng@máy/tên", "is not a PostgreSQL URL like postgres://user@host/name"),
    )
    .remedy(say!("với SQLite, dùng sqlite = “tệp”", "for SQLite use sqlite = \"file\""))
}

/// The query without its last semicolon, when it begins as a SELECT does. A first look only, for an error before
/// anything is connected: the databases make sure.
pub(super) fn lone_select(query: &str) -> Result<&str, Text> {
    let query = query.trim();
    let query = query.strip_suffix(';').unwrap_or(query).trim_end();
    let mut rest = query;
    // Comments may stand before it.
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else {
            break;
        }
    }
    let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
    if ["select", "with", "values"].contains(&word.to_ascii_lowercase().as_str()) {
        Ok(query)
    } else {
        Err(say!("phải là một câu SELECT", "must be one SELECT"))
    }
}

/// The query inside the parentheses of another. A semicolon in it, or anything but a SELECT, is a syntax error there;
/// the line's end closes a comment that it may end with.
pub(super) fn enclosed(query: &str) -> String {
    format!("SELECT * FROM ({query}\n) AS nguon")
}

/// The names of the columns, each once.
///
/// # Errors
/// The name that is empty, or that two columns share.
pub(super) fn distinct<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, Text> {
    let mut seen = BTreeMap::new();
    let mut distinct = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        let number = index + 1;
        if name.is_empty() || name == "?column?" {
            return Err(say!("cột thứ {number} không có tên: đặt tên bằng AS", "column {number} has no name: give it one by AS"));
        }
        if let Some(first) = seen.insert(name.to_owned(), number) {
            return Err(say!(
                "cột thứ {first} và thứ {number} cùng tên “{name}”: đặt tên khác bằng AS",
                "columns {first} and {number} are both called `{name}`: name one differently by AS"
            ));
        }
        distinct.push(name.to_owned());
    }
    Ok(distinct)
}
