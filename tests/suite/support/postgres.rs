//! A private PostgreSQL: one cluster for the process, in a temporary folder, on a free loopback port.
//!
//! The server is started by a shell that waits for the end of a pipe whose other end this process holds. However the
//! process ends, by its last test or by `kill -9`, the pipe closes, and the shell stops the server and removes the folder.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// The superuser's password: connections are authenticated by SCRAM, as on a real server.
pub const PASSWORD: &str = "mat-khau-quan-tri";

/// Settings of the server. Its data is thrown away, so nothing is synced.
const SETTINGS: &str = "-c fsync=off -c max_connections=200 -c listen_addresses=127.0.0.1 -c log_min_messages=fatal";

/// Starts the server (`$1` pg_ctl, `$2` data, `$3` options, `$4` folder; the rest changes the user), says so, waits for
/// the pipe's end, stops it. The descriptors of the server are its own, or its log would hold our pipes open.
const SUPERVISOR: &str = r#"
pg_ctl=$1 data=$2 options=$3 folder=$4; shift 4
if "$@" "$pg_ctl" start --wait --silent --pgdata="$data" --options="$options" --log="$data/log" >/dev/null 2>&1 </dev/null; then
  echo ready
  cat >/dev/null
  "$@" "$pg_ctl" stop --mode=immediate --silent --pgdata="$data" >/dev/null 2>&1 </dev/null
  rm -rf "$folder"
else
  cat "$data/log"
fi
"#;

/// A running cluster.
pub struct Postgres {
    programs: PathBuf,
    port: u16,
    // Closed with the process; never written to.
    _lifeline: ChildStdin,
}

impl Postgres {
    /// The cluster of this process, started by whoever asks first.
    pub fn start() -> &'static Self {
        static CLUSTER: OnceLock<Postgres> = OnceLock::new();
        CLUSTER.get_or_init(Self::new)
    }

    #[expect(clippy::zombie_processes, reason = "the shell ends after this process")]
    fn new() -> Self {
        let programs = programs();
        let folder = std::env::temp_dir().join(format!("vanthu-postgres-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a temporary folder");
        let password = folder.join("password");
        fs::write(&password, PASSWORD).expect("a file");
        let user = unprivileged();
        if !user.is_empty() {
            done(Command::new("chown").args(["-R", "postgres:postgres"]).arg(&folder));
        }
        let data = folder.join("data");
        let mut initdb = as_user(&user, programs.join("initdb").as_os_str());
        initdb.arg("--pgdata").arg(&data).arg("--pwfile").arg(&password);
        initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
        done(initdb.current_dir(&folder));
        // Between choosing a port and taking it, another test may take it.
        let mut log = String::new();
        for _ in 0..5 {
            let port = free_port();
            let options = format!("-p {port} -k '' {SETTINGS}");
            let mut supervisor = Command::new("sh");
            supervisor.args(["-c", SUPERVISOR, "sh"]).arg(programs.join("pg_ctl")).arg(&data).arg(options).arg(&folder).args(&user);
            // A group of its own: Ctrl-C ends the tests, and their end is what the shell waits for.
            supervisor.process_group(0).current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut supervisor = supervisor.spawn().expect("sh");
            let lifeline = supervisor.stdin.take().expect("a pipe");
            let mut said = BufReader::new(supervisor.stdout.take().expect("a pipe"));
            log.clear();
            said.read_line(&mut log).expect("a line");
            if log == "ready\n" {
                return Self { programs, port, _lifeline: lifeline };
            }
            said.read_to_string(&mut log).expect("the server's log");
        }
        panic!("PostgreSQL does not start: {log}");
    }

    /// A new, empty database, as the URL of its owner.
    pub fn create_database(&self, name: &str) -> String {
        self.query("postgres", &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE);"));
        self.query("postgres", &format!("CREATE DATABASE \"{name}\";"));
        self.url(name)
    }

    /// The superuser's URL of a database.
    pub fn url(&self, database: &str) -> String {
        self.url_of("postgres", PASSWORD, database)
    }

    /// A user's URL of a database.
    pub fn url_of(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs SQL as the superuser; rows as lines, columns divided by `|`.
    pub fn query(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname"]);
        psql.arg(self.url(database)).env("LANG", "C.UTF-8").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut psql = psql.spawn().expect("psql");
        psql.stdin.take().expect("a pipe").write_all(sql.as_bytes()).expect("psql listens");
        let output = psql.wait_with_output().expect("psql ends");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The words of a command that speaks to a database.
    pub fn psql(&self, database: &str) -> Vec<String> {
        vec![self.programs.join("psql").display().to_string(), "--no-psqlrc".into(), "--dbname".into(), self.url(database)]
    }

    /// Cuts every connection to a database, as a restart of the server would.
    pub fn cut_connections(&self, database: &str) {
        self.query("postgres", &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}';"));
    }
}

/// The folder of the newest installed version's programs.
fn programs() -> PathBuf {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name().and_then(OsStr::to_str).and_then(|name| name.parse::<u32>().ok());
    installed
        .map(|entry| entry.path())
        .filter(|path| path.join("bin/initdb").is_file())
        .max_by_key(|path| version(path))
        .map(|path| path.join("bin"))
        .expect("the Debian package postgresql is needed by the tests (tests/run installs it)")
}

/// What must stand before a server's program: PostgreSQL refuses to run as root.
fn unprivileged() -> Vec<&'static str> {
    let id = Command::new("id").arg("-u").output().expect("id (Debian package coreutils)");
    match id.stdout.as_slice() {
        b"0\n" => vec!["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"],
        _ => Vec::new(),
    }
}

fn as_user(user: &[&str], program: &OsStr) -> Command {
    match user {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    }
}

fn done(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} (Debian packages postgresql, util-linux): {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a loopback port").port()
}
