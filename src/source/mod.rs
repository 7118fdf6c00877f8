//! Where a schedule's data comes from: a file, a web address or a database query, read afresh and kept as a snapshot.
//!
//! Owns [`Source`] as `vanthu.toml` writes it, [`fetch`](Source::fetch), and what fetching may cost ([`Limits`]). The
//! bytes that were read are copied into a folder of the batch, so that the batch can be made again when the source has
//! moved on. What the bytes mean is [`crate::data`]'s: it looks at the content, so neither a name nor a content type
//! decides anything here.
//!
//! In reading order: `pattern` and `file`; `allow`, `address` and `http`; `database` with `sqlite` and `postgres`;
//! `snapshot` keeps what any of them read.

mod address;
mod allow;
mod database;
mod error;
mod file;
mod http;
mod pattern;
pub mod post;
mod postgres;
mod snapshot;
mod sqlite;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use allow::{Refusal, Web};
pub use database::Database;
pub use error::{NotReady, SourceError};
pub use http::{Resolve, Resolving, SystemResolver};
pub use snapshot::Fetched;

use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::language::Text;
use crate::say;
use pattern::Pattern;

/// The file whose keys this module reads.
const CONFIGURATION: &str = "vanthu.toml";

/// A source as `[schedules.NAME.source]` writes it: exactly one of `file`, `url` and `database`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// A path, or a pattern with `*` and `?`: inside the workspace when relative.
    pub file: Option<String>,
    /// Which of the files that match; `only` when absent.
    pub pick: Option<Pick>,
    /// A web address, whose host stands in `[fetch] allow`.
    pub url: Option<String>,
    /// The name of a `[databases.NAME]`.
    pub database: Option<String>,
    /// The one SELECT that is run there.
    pub query: Option<String>,
}

/// Which of several matching files are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pick {
    /// There may be one only; two are an error that names them.
    #[default]
    Only,
    /// The one changed last; the later name among equals.
    Newest,
    /// Every one, ordered by name.
    All,
}

/// What fetching may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, and largest result of a query, in bytes.
    pub bytes_max: u64,
    /// Largest download, in bytes.
    pub download_bytes_max: u64,
    /// Most files that are taken at once; each is held open until all are read.
    pub files_max: usize,
    /// Most rows of a query.
    pub rows_max: u64,
    /// How long a file must have been left alone before it counts as whole.
    pub settled: Duration,
    /// Time for connecting to a web server or a database.
    pub connect: Duration,
    /// Time for a download with all its redirects.
    pub download: Duration,
    /// Time for a query.
    pub query: Duration,
    /// Time that a query waits for another's lock.
    pub lock: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 100_000_000,
            download_bytes_max: 20_000_000,
            files_max: 200,
            rows_max: 100_000,
            settled: Duration::from_secs(2),
            connect: Duration::from_secs(10),
            download: Duration::from_secs(30),
            query: Duration::from_secs(30),
            lock: Duration::from_secs(2),
        }
    }
}

/// What a source needs from around it.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// The workspace's folder: relative paths start there and cannot leave it.
    pub workspace: &'a Path,
    /// `[fetch]`.
    pub web: &'a Web,
    /// `[databases]`.
    pub databases: &'a BTreeMap<String, Database>,
    /// Reads a variable of the environment, for databases whose URL is kept there.
    pub environment: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Finds the addresses of a host.
    pub resolver: &'a dyn Resolve,
    /// What it may cost.
    pub limits: Limits,
}

impl Source {
    /// Everything that is wrong with the source of the schedule called `schedule`, held against `[fetch]` and
    /// `[databases]`.
    pub fn problems(&self, schedule: &str, web: &Web, databases: &BTreeMap<String, Database>) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let given = [self.file.is_some(), self.url.is_some(), self.database.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            problems.push(Diagnostic::error(
                "source-kind",
                say!("phải có đúng một trong ba: file, url, database", "must have exactly one of file, url and database"),
            ));
        }
        match &self.file {
            Some(file) => match Pattern::parse(file) {
                Err(fault) => problems.push(Diagnostic::error("source-file", fault).with_value(file)),
                Ok(pattern) if self.pick.is_some() && !pattern.has_wildcards() => problems.push(
                    Diagnostic::error(
                        "source-pick",
                        say!("không phải mẫu tên tệp; pick cần một mẫu có * hoặc ?", "is no pattern, and pick needs one with * or ?"),
                    )
                    .with_value(file),
                ),
                Ok(_) => {}
            },
            None if self.pick.is_some() => {
                problems.push(Diagnostic::error("source-pick", say!("pick chỉ dùng cùng với file", "pick goes with file only")));
            }
            None => {}
        }
        if let Some(url) = &self.url
            && let Err(refusal) = web.check(url)
        {
            let problem = Diagnostic::error("source-url", refusal.describe());
            problems.push(match refusal.remedy() {
                Some(remedy) => problem.remedy(remedy),
                None => problem,
            });
        }
        match (&self.database, &self.query) {
            (Some(name), query) => {
                if !databases.contains_key(name) {
                    problems.push(undeclared(name, databases));
                }
                match query {
                    None => problems.push(Diagnostic::error(
                        "source-query",
                        say!("database cần thêm query, một câu SELECT", "database needs query, one SELECT"),
                    )),
                    Some(query) => {
                        if let Err(fault) = database::lone_select(query) {
                            problems.push(Diagnostic::error("source-query", fault).with_value(query));
                        }
                    }
                }
            }
            (None, Some(_)) => {
                problems.push(Diagnostic::error("source-query", say!("query chỉ dùng cùng với database", "query goes with database only")));
            }
            (None, None) => {}
        }
        let place = Place::File { file: format!("{CONFIGURATION} [schedules.{schedule}.source]") };
        problems.into_iter().map(|problem| problem.at(place.clone())).collect()
    }

    /// Reads the source now and keeps what it read in `into`, a folder of this batch alone: what an interrupted
    /// earlier attempt left there under the same names is replaced, each file whole or absent. The folder is created.
    ///
    /// Nothing there, because no file matches or the query has no rows, is no error: the vector is empty and there is
    /// nothing to report.
    ///
    /// # Errors
    /// What cannot be read, may not be read or is not ready yet; [`SourceError::is_transient`] tells whether to come back.
    pub async fn fetch(&self, access: &Access<'_>, into: &Path) -> Result<Vec<Fetched>, SourceError> {
        match (&self.file, &self.url, &self.database, &self.query) {
            (Some(pattern), None, None, None) => file::fetch(pattern, self.pick.unwrap_or_default(), access, into).await,
            (None, Some(url), None, None) => http::fetch(url, access, into).await.map(|fetched| vec![fetched]),
            (None, None, Some(name), Some(query)) => {
                let database = access.databases.get(name).ok_or_else(|| SourceError::Undeclared { database: name.clone() })?;
                Ok(database.fetch(name, query, access, into).await?.into_iter().collect())
            }
            _ => Err(SourceError::Undecided),
        }
    }

    /// The source for a log or a list: no query and nothing of a URL but its host.
    pub fn describe(&self) -> Text {
        if let Some(file) = &self.file {
            return say!("tệp “{file}”", "file `{file}`");
        }
        if let Some(url) = &self.url {
            let host = allow::host_of(url);
            return say!("trang “{host}”", "web host `{host}`");
        }
        let name = self.database.as_deref().unwrap_or("?");
        say!("cơ sở dữ liệu “{name}”", "database `{name}`")
    }
}

fn undeclared(name: &str, databases: &BTreeMap<String, Database>) -> Diagnostic {
    let problem =
        Diagnostic::error("source-database", say!("database = “{name}” không được khai báo", "database = `{name}` is not declared"));
    match nearest(name, databases.keys().map(String::as_str)) {
        Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
        None => problem.remedy(say!("thêm [databases.{name}]", "add [databases.{name}]")),
    }
}

/// Work that blocks, on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, SourceError> + Send + 'static) -> Result<T, SourceError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(SourceError::Stopping),
    }
}
