//! The office's memory: one database for batches, documents, registers, deliveries, schedules and the audit log.
//!
//! Owns all SQL, one file for each aggregate; the order of migrations; the clock of the office (the database's own). Two
//! databases are served by the same statements: SQLite, one file beside the documents, with a lock so that one process
//! works on it; PostgreSQL, shared by many. Every change of a leased row names the lease's epoch: a worker that was
//! replaced changes nothing.

pub mod accounts;
pub mod alerts;
pub mod answers;
pub mod api_keys;
pub mod attempts;
pub mod audit;
pub mod batches;
pub mod completion;
mod connection;
pub mod deliveries;
mod delivery_steps;
pub mod documents;
pub mod draft_rows;
pub mod drafts;
pub mod instance;
pub mod links;
pub mod logins;
pub mod mail_pauses;
pub mod marks;
pub mod overview;
mod planning;
mod portable;
mod posting;
pub mod proofs;
pub mod rates;
pub mod readdress;
pub mod records;
pub mod registers;
pub mod schedules;
pub mod search;
pub mod senders;
pub mod supplement;
pub mod templates;
pub mod waking;
pub mod webhooks;

use std::borrow::Cow;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use connection::{Database, pass, values};

/// How long a lease holds without being renewed, unless the configuration says otherwise.
pub const LEASE: Duration = Duration::from_secs(60);
/// Renewals that fit into a lease: three may be lost, and the holder still keeps it.
const BEATS: u32 = 4;

/// How long a statement waits for its turn.
const TURN_MAX: Duration = Duration::from_secs(60);
/// Connections to a PostgreSQL server.
const CONNECTIONS_MAX: u32 = 8;
/// Readers of a SQLite file.
const READERS_MAX: u32 = 4;

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "office", include_str!("migrations/0001_office.sql")),
    (2, "access", include_str!("migrations/0002_access.sql")),
    (3, "drafts", include_str!("migrations/0003_drafts.sql")),
    (4, "verification", include_str!("migrations/0004_verification.sql")),
    (5, "api", include_str!("migrations/0005_api.sql")),
    (6, "operations", include_str!("migrations/0006_operations.sql")),
    (7, "pages", include_str!("migrations/0007_pages.sql")),
];

/// File systems on which SQLite's shared memory and locks do not hold: NFS, SMB, CIFS, SMB2, 9P, AFS, Ceph, and FUSE, behind which
/// sshfs and most folders of cloud services lie and nobody can see what is.
const NETWORK_FILE_SYSTEMS: &[i64] = &[0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x0102_1997, 0x5346_414F, 0x00C3_6400, 0x6573_5546];

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL URL. It may hold a password and is never shown.
    Server(String),
}

/// The store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refuses or is away.
    #[error("the database refuses")]
    Database(#[from] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("the database's schema cannot be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database was made by a later version.
    #[error("the database was made by a later version of vanthu")]
    Newer,
    /// Another process works on it.
    #[error("another vanthu is working on `{path}`")]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// The file lies on a network file system.
    #[error("`{path}` lies on a network file system, where SQLite's locks do not hold")]
    NetworkFileSystem {
        /// The database.
        path: PathBuf,
    },
    /// The file or its lock cannot be opened.
    #[error("cannot open `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// What a row holds is not what was written: damage, or a bug.
    #[error("the database holds something unexpected: {what}")]
    Unexpected {
        /// Which value.
        what: String,
    },
    /// The row's state does not allow the step.
    #[error("{what} is {state}")]
    Refused {
        /// The thing.
        what: String,
        /// Its state.
        state: String,
    },
    /// It was changed since it was looked at.
    #[error("{what} was changed meanwhile")]
    Stale {
        /// The thing.
        what: String,
    },
    /// There is no such thing.
    #[error("there is no {what}")]
    Unknown {
        /// The thing.
        what: String,
    },
    /// The same idempotency key came with another request.
    #[error("the key `{key}` was used for another request")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// The machine gives no random numbers.
    #[error("the machine gives no random numbers")]
    Random,
}

impl StoreError {
    /// Is it worth trying again later, without changing anything?
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy { .. } => true,
            Self::Database(error) => match error {
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => true,
                // 40001 serialisation, 40P01 deadlock, 53300 too many connections, 57P0x shutdown, 08xxx connection; SQLITE_BUSY is 5.
                sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                    matches!(code.as_ref(), "40001" | "40P01" | "53300" | "57P01" | "57P02" | "57P03" | "5" | "6" | "261" | "517")
                        || code.starts_with("08")
                }),
                _ => false,
            },
            _ => false,
        }
    }

    fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected { what: what.into() }
    }

    fn unknown(what: impl Into<String>) -> Self {
        Self::Unknown { what: what.into() }
    }

    fn refused(what: impl Into<String>, state: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), state: state.into() }
    }
}

/// The open store.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
    random: SystemRandom,
    instance: String,
    return_key: String,
    lease: Duration,
    failed_percent_max: u32,
    heard: Arc<waking::Heard>,
    listening: Arc<AtomicBool>,
    // The last clone to go releases it, or the end of the process.
    _lock: Option<Arc<File>>,
}

impl Store {
    /// Opens the store for work, bringing its schema up to date. On SQLite, no other process may hold it for work.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::File(path) => {
                let lock = lock(path)?;
                Self::open_file(path, Some(lock)).await
            }
            Location::Server(url) => Self::open_server(url).await,
        }
    }

    /// Opens the store to look and to make small changes while another process may be working on it.
    pub async fn open_beside(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::File(path) => Self::open_file(path, None).await,
            Location::Server(url) => Self::open_server(url).await,
        }
    }

    async fn open_file(path: &Path, lock: Option<File>) -> Result<Self, StoreError> {
        refuse_network(path)?;
        create_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // NORMAL may lose the last commits at a power cut, and with them numbers and intents that were acted on.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(TURN_MAX);
        let writer = SqlitePoolOptions::new().max_connections(1).acquire_timeout(TURN_MAX).connect_with(options.clone()).await?;
        keep_snapshot(path, &writer).await?;
        pass("store.migrate")?;
        let migrated = migrator().run(&writer).await;
        pass("store.migrated")?;
        let readers =
            SqlitePoolOptions::new().max_connections(READERS_MAX).acquire_timeout(TURN_MAX).connect_lazy_with(options.read_only(true));
        Self::ready(Database::Sqlite { writer, readers }, migrated, lock).await
    }

    async fn open_server(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(TURN_MAX)
            .connect_with(options.application_name("vanthu"))
            .await?;
        pass("store.migrate")?;
        let migrated = migrator().run(&pool).await;
        pass("store.migrated")?;
        Self::ready(Database::Postgres(pool), migrated, None).await
    }

    async fn ready(database: Database, migrated: Result<(), sqlx::migrate::MigrateError>, lock: Option<File>) -> Result<Self, StoreError> {
        migrated.map_err(|error| match error {
            sqlx::migrate::MigrateError::VersionMissing(_) | sqlx::migrate::MigrateError::VersionTooNew(..) => StoreError::Newer,
            other => other.into(),
        })?;
        let mut store = Self {
            database,
            random: SystemRandom::new(),
            instance: String::new(),
            return_key: String::new(),
            lease: LEASE,
            failed_percent_max: mail_pauses::FAILED_PERCENT_MAX,
            heard: waking::Heard::new(),
            listening: Arc::default(),
            _lock: lock.map(Arc::new),
        };
        let fresh = store.new_id().await?;
        store
            .database
            .execute("INSERT INTO instance (one, id, created_at) VALUES (1, $1, {now}) ON CONFLICT (one) DO NOTHING", &values![fresh])
            .await?;
        let row = store.database.fetch_one("SELECT id, COALESCE(return_key, id) AS return_key FROM instance", &[]).await?;
        pass("store.opened")?;
        let row = row.ok_or_else(|| StoreError::unexpected("instance"))?;
        (store.instance, store.return_key) = (row.text("id")?, row.text("return_key")?);
        store.fold_old().await?;
        Ok(store)
    }

    /// The same store, whose leases hold for `lease`. All processes on one store agree on it, or the shortest rescues too soon.
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// How often the holder of a lease renews it, and how often somebody looks for leases that nobody renews.
    pub fn beat_every(&self) -> Duration {
        self.lease / BEATS
    }

    /// The id of this database, made with it; a restored or another database has another.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// What return paths are made with: the id that the database was first made with, so that a restored one knows the bounces
    /// of what the original sent.
    pub fn return_key(&self) -> &str {
        &self.return_key
    }

    /// Is it one file, worked on by one process?
    pub fn is_file(&self) -> bool {
        matches!(self.database, Database::Sqlite { .. })
    }

    /// Milliseconds since 1970 in UTC, by the database's clock.
    pub async fn now(&self) -> Result<i64, StoreError> {
        let row = self.database.fetch_one("SELECT {now} AS now", &[]).await?;
        row.ok_or_else(|| StoreError::unexpected("clock"))?.int("now")
    }

    /// A fresh identifier: 26 characters that sort by time (ULID), from the database's clock and 80 random bits.
    pub async fn new_id(&self) -> Result<String, StoreError> {
        let now = self.now().await?;
        self.id_at(now)
    }

    /// As [`Self::new_id`], for a time that was just asked for.
    pub(crate) fn id_at(&self, now: i64) -> Result<String, StoreError> {
        let mut random = [0; 10];
        self.random.fill(&mut random).map_err(|_| StoreError::Random)?;
        Ok(crate::identifier::ulid(u64::try_from(now).unwrap_or(0), random))
    }

    /// A name for this process as the owner of leases, random at every start.
    pub async fn new_owner(&self) -> Result<String, StoreError> {
        self.new_id().await
    }

    /// Asks the database whether it is whole; what it answers when it is not.
    pub async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        if !self.is_file() {
            return Ok(Vec::new());
        }
        let rows = self.database.fetch("PRAGMA integrity_check", &[]).await?;
        let answers: Vec<String> = rows.iter().map(|row| row.text("integrity_check")).collect::<Result<_, _>>()?;
        Ok(answers.into_iter().filter(|answer| answer != "ok").collect())
    }

    /// Writes a whole copy to the SQLite file `path`, which must not exist, while work goes on.
    pub async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let Database::Sqlite { readers, .. } = &self.database else {
            return self.export(path).await;
        };
        create_private(path)?;
        sqlx::query("VACUUM INTO $1").bind(path.display().to_string()).execute(readers).await?;
        Ok(())
    }

    /// Ends the connections; on SQLite the write-ahead log is folded into the file.
    pub async fn close(self) {
        match self.database {
            Database::Sqlite { writer, readers } => {
                readers.close().await;
                let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&writer).await;
                writer.close().await;
            }
            Database::Postgres(pool) => pool.close().await,
        }
    }
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| {
            Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, sqlx::SqlSafeStr::into_sql_str(*sql), false)
        })
        .collect();
    Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT }
}

/// Makes an empty file that only its owner reads, where there is none: the database holds names and addresses, and what SQLite
/// puts beside it takes the same permissions.
fn create_private(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(source) if source.kind() != std::io::ErrorKind::AlreadyExists => Err(StoreError::File { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

/// Keeps a copy of an older database beside it before its schema is changed: the way back to the version before.
async fn keep_snapshot(path: &Path, writer: &sqlx::SqlitePool) -> Result<(), StoreError> {
    let table = sqlx::query("SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations'").fetch_optional(writer).await?;
    let newest = MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or(0);
    if table.is_none() {
        return Ok(());
    }
    let applied: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(writer).await?;
    let beside = |suffix: String| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let snapshot = beside(format!(".truoc-{newest:04}"));
    // One that is there is of the database before the first of several tries.
    if applied.is_none_or(|applied| applied >= newest) || snapshot.exists() {
        return Ok(());
    }
    let unfinished = beside(format!(".truoc-{newest:04}.{}", std::process::id()));
    let failed = |source| StoreError::File { path: snapshot.clone(), source };
    create_private(&unfinished)?;
    sqlx::query("VACUUM INTO $1").bind(unfinished.display().to_string()).execute(writer).await?;
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(&unfinished, &snapshot).map_err(failed)
}

/// One process works on a file; the lock ends with it, however it ends.
fn lock(database: &Path) -> Result<File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let failed = |source| StoreError::File { path: path.clone(), source };
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: database.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// May SQLite not work on this kind of file system, by its number in `statfs`?
pub fn is_network_file_system(kind: i64) -> bool {
    NETWORK_FILE_SYSTEMS.contains(&kind)
}

fn refuse_network(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let system = rustix::fs::statfs(folder).map_err(|error| StoreError::File { path: folder.to_owned(), source: error.into() })?;
    #[allow(clippy::useless_conversion, reason = "the type differs by platform")]
    let kind = i64::try_from(system.f_type).unwrap_or(-1);
    if is_network_file_system(kind) {
        return Err(StoreError::NetworkFileSystem { path: path.to_owned() });
    }
    Ok(())
}
