//! How fetching a source can fail, and what is said of it in both languages.
//!
//! Owns [`SourceError`]. No text of it holds a password, a query, a path of a web address or a byte of an answer.

use std::io;
use std::path::{Path, PathBuf};

use super::Refusal;
use crate::diagnostic::{because, io_reason};
use crate::language::Text;
use crate::say;

/// Why a file is not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReady {
    /// An office program has it open: its lock file lies beside it.
    Open {
        /// The lock file's name.
        lock: String,
    },
    /// It was changed a moment ago.
    Fresh,
    /// It changed while it was copied.
    Changing,
}

/// A source was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file or folder cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Somebody is still writing the file.
    #[error("`{name}` is not ready")]
    NotReady {
        /// The file's name.
        name: String,
        /// The sign of it.
        why: NotReady,
    },
    /// The pattern is malformed.
    #[error("the pattern `{pattern}` is malformed")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: Text,
    },
    /// More than one file matches a source that takes one.
    #[error("`{pattern}` matches {} files", names.len())]
    Several {
        /// The pattern.
        pattern: String,
        /// The files' names.
        names: Vec<String>,
    },
    /// More files match, or must be looked at, than are read.
    #[error("`{pattern}` matches more than {files_max} files")]
    TooManyFiles {
        /// The pattern.
        pattern: String,
        /// The limit.
        files_max: usize,
    },
    /// A relative path leads out of the workspace by a link.
    #[error("`{name}` leads out of the workspace")]
    Outside {
        /// The file's name.
        name: String,
    },
    /// There are more bytes than are read.
    #[error("`{name}` is larger than {bytes_max} bytes")]
    TooLarge {
        /// The file, host or database.
        name: String,
        /// The limit.
        bytes_max: u64,
    },
    /// The snapshot cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The web address may not be fetched.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host has no address.
    #[error("`{host}` has no address")]
    Unresolved {
        /// The host.
        host: String,
        /// The reason.
        source: io::Error,
    },
    /// No connection, no encryption, or an answer that broke off.
    #[error("`{host}` does not answer as it should")]
    Unanswered {
        /// The host.
        host: String,
        /// The reason, without the address.
        source: reqwest::Error,
    },
    /// An answer other than 200.
    #[error("`{host}` answers {status}")]
    Status {
        /// The host.
        host: String,
        /// The status code.
        status: u16,
    },
    /// The answer is compressed, though that was not asked for.
    #[error("`{host}` answers with compressed content")]
    Compressed {
        /// The host.
        host: String,
    },
    /// It took too long.
    #[error("`{place}` took more than {seconds} s")]
    TimedOut {
        /// The host or database.
        place: String,
        /// The time that it had, in seconds.
        seconds: f64,
    },
    /// No such `[databases.NAME]`.
    #[error("the database `{database}` is not declared")]
    Undeclared {
        /// The name.
        database: String,
    },
    /// The database's URL cannot be had.
    #[error("the URL of the database `{database}` cannot be had")]
    Url {
        /// The database.
        database: String,
        /// Why.
        why: Text,
    },
    /// The query is not what may be run.
    #[error("the query on `{database}` is refused")]
    Query {
        /// The database.
        database: String,
        /// What is wrong with it.
        why: Text,
    },
    /// The database refused or failed.
    #[error("the database `{database}` refuses or fails")]
    Database {
        /// The database.
        database: String,
        /// What it says.
        source: sqlx::Error,
    },
    /// The user of the database may do everything.
    #[error("the user of the database `{database}` is a superuser")]
    Superuser {
        /// The database.
        database: String,
    },
    /// More rows than are read.
    #[error("the query on `{database}` has more than {rows_max} rows")]
    TooManyRows {
        /// The database.
        database: String,
        /// The limit.
        rows_max: u64,
    },
    /// A value that has no form in JSON.
    #[error("column `{column}` of row {row} of the query on `{database}` is no text or number")]
    Value {
        /// The database.
        database: String,
        /// The column.
        column: String,
        /// One-based row of the result.
        row: u64,
    },
    /// The source names none or several of file, URL and database.
    #[error("the source names none or several of file, URL and database")]
    Undecided,
    /// The program is stopping.
    #[error("the program is stopping")]
    Stopping,
}

impl SourceError {
    /// Is it worth trying again later, without changing anything?
    pub fn is_transient(&self) -> bool {
        match self {
            // A share that is not mounted yet looks like a folder that is not there.
            Self::Unreadable { source, .. } => source.kind() != io::ErrorKind::PermissionDenied,
            Self::Write { source, .. } => matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded),
            Self::Status { status, .. } => *status >= 500 || matches!(status, 408 | 425 | 429),
            Self::Database { source, .. } => database_is_transient(source),
            Self::NotReady { .. } | Self::Unresolved { .. } | Self::Unanswered { .. } | Self::TimedOut { .. } | Self::Stopping => true,
            Self::Pattern { .. }
            | Self::Several { .. }
            | Self::TooManyFiles { .. }
            | Self::Outside { .. }
            | Self::TooLarge { .. }
            | Self::Refused(_)
            | Self::Compressed { .. }
            | Self::Undeclared { .. }
            | Self::Url { .. }
            | Self::Query { .. }
            | Self::Superuser { .. }
            | Self::TooManyRows { .. }
            | Self::Value { .. }
            | Self::Undecided => false,
        }
    }

    /// What happened and what can be done, for people.
    pub fn describe(&self) -> Text {
        match self {
            Self::Unreadable { path, source } => {
                let path = path.display();
                because(source, &format!("không đọc được “{path}”:"), &format!("cannot read `{path}`:"))
            }
            Self::NotReady { name, why } => not_ready(name, why),
            Self::Pattern { pattern, why } => prefixed(&format!("“{pattern}”"), &format!("`{pattern}`"), why),
            Self::Several { pattern, names } => several(pattern, names),
            Self::TooManyFiles { pattern, files_max } => {
                say!("“{pattern}” khớp quá {files_max} tệp", "`{pattern}` matches more than {files_max} files")
            }
            Self::Outside { name } => say!(
                "“{name}” là liên kết dẫn ra ngoài thư mục làm việc: ghi đường dẫn tuyệt đối nếu đúng là tệp cần đọc",
                "`{name}` is a link that leads out of the workspace: write an absolute path if that file is meant"
            ),
            Self::TooLarge { name, bytes_max } => {
                let megabytes = *bytes_max as f64 / 1e6;
                say!("“{name}” lớn hơn {megabytes} MB nên không đọc", "`{name}` is larger than {megabytes} MB and is not read")
            }
            Self::Write { path, source } => {
                let path = path.display();
                because(source, &format!("không ghi được “{path}”:"), &format!("cannot write `{path}`:"))
            }
            Self::Refused(refusal) => refused(refusal),
            Self::Unresolved { host, .. } => {
                say!("không tìm được địa chỉ của máy “{host}”", "no address is found for the host `{host}`")
            }
            Self::Unanswered { host, source } => unanswered(host, source),
            Self::Status { host, status } => say!("trang “{host}” trả lời mã {status}", "`{host}` answers with status {status}"),
            Self::Compressed { host } => say!(
                "trang “{host}” trả về nội dung nén dù không được yêu cầu, nên không đọc",
                "`{host}` answers with compressed content that was not asked for; it is not read"
            ),
            Self::TimedOut { place, seconds } => {
                say!("“{place}” không xong trong {seconds} giây", "`{place}` is not done within {seconds} s")
            }
            Self::Undeclared { database } => {
                say!("chưa khai báo [databases.{database}]", "[databases.{database}] is not declared")
            }
            Self::Url { database, why } => prefixed(&format!("cơ sở dữ liệu “{database}”:"), &format!("database `{database}`:"), why),
            Self::Query { database, why } => {
                prefixed(&format!("câu truy vấn trên “{database}”:"), &format!("the query on `{database}`:"), why)
            }
            Self::Database { database, source } => database_says(database, source),
            Self::Superuser { database } => say!(
                "người dùng của cơ sở dữ liệu “{database}” có toàn quyền (superuser): hãy dùng một người dùng chỉ có quyền SELECT",
                "the user of the database `{database}` is a superuser: use one that may only SELECT"
            ),
            Self::TooManyRows { database, rows_max } => {
                say!("câu truy vấn trên “{database}” cho quá {rows_max} dòng", "the query on `{database}` has more than {rows_max} rows")
            }
            Self::Value { database, column, row } => say!(
                "câu truy vấn trên “{database}”, dòng {row}: cột “{column}” không phải chữ hay số",
                "the query on `{database}`, row {row}: column `{column}` is no text or number"
            ),
            Self::Undecided => say!(
                "nguồn dữ liệu phải có đúng một trong ba: file, url, database",
                "the source must have exactly one of file, url and database"
            ),
            Self::Stopping => say!("chương trình đang dừng", "the program is stopping"),
        }
    }

    pub(super) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Unreadable { path, source }
    }

    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    pub(super) fn unanswered(host: &str, error: reqwest::Error) -> Self {
        Self::Unanswered { host: host.to_owned(), source: error.without_url() }
    }
}

fn prefixed(vi: &str, en: &str, why: &Text) -> Text {
    Text { vi: format!("{vi} {}", why.vi), en: format!("{en} {}", why.en) }
}

fn not_ready(name: &str, why: &NotReady) -> Text {
    match why {
        NotReady::Open { lock } => say!(
            "“{name}” đang mở trong chương trình bảng tính (có tệp khoá “{lock}”): hãy lưu và đóng lại",
            "`{name}` is open in an office program (its lock file `{lock}` is there): save and close it"
        ),
        NotReady::Fresh => {
            say!("“{name}” vừa mới thay đổi, có thể chưa chép xong", "`{name}` was changed a moment ago and may not be whole")
        }
        NotReady::Changing => say!("“{name}” thay đổi trong khi đọc", "`{name}` changed while it was read"),
    }
}

fn several(pattern: &str, names: &[String]) -> Text {
    const SHOWN: usize = 5;
    let mut shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        shown.push_str(", …");
    }
    let count = names.len();
    say!(
        "“{pattern}” khớp {count} tệp ({shown}): thêm pick = “newest” (tệp mới nhất) hoặc “all” (tất cả)",
        "`{pattern}` matches {count} files ({shown}): add pick = \"newest\" or \"all\""
    )
}

fn refused(refusal: &Refusal) -> Text {
    let said = refusal.describe();
    match refusal.remedy() {
        Some(remedy) => Text { vi: format!("{}: {}", said.vi, remedy.vi), en: format!("{}: {}", said.en, remedy.en) },
        None => said,
    }
}

fn unanswered(host: &str, error: &reqwest::Error) -> Text {
    if error.is_timeout() {
        say!("máy “{host}” không trả lời kịp", "the host `{host}` does not answer in time")
    } else if error.is_connect() {
        let reason = innermost(error);
        say!("không kết nối được với máy “{host}” ({reason})", "cannot connect to the host `{host}` ({reason})")
    } else {
        say!("câu trả lời của máy “{host}” bị đứt hoặc sai", "the answer of the host `{host}` broke off or is malformed")
    }
}

/// The last cause: what the system or the encryption says, which is no byte of an answer.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn database_says(database: &str, error: &sqlx::Error) -> Text {
    let reason = match error {
        sqlx::Error::Database(error) => say!("{}", "{}", error.message()),
        sqlx::Error::Io(error) => io_reason(error),
        error => say!("{error}", "{error}"),
    };
    Text { vi: format!("cơ sở dữ liệu “{database}”: {}", reason.vi), en: format!("database `{database}`: {}", reason.en) }
}

fn database_is_transient(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed);
    };
    let code = error.code().unwrap_or_default();
    // PostgreSQL: connection lost, out of resources, shutting down or starting, lock not had, serialisation.
    // SQLite: busy (5) and locked (6), with their extended forms.
    let postgres = ["08", "53", "57P", "55P03", "40"].iter().any(|class| code.len() == 5 && code.starts_with(class));
    let sqlite = code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6));
    postgres || sqlite
}
