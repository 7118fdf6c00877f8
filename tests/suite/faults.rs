//! Faults: whatever happens to a run, the next one brings the batch to its end, and nothing is lost, doubled or half there.
//!
//! The real program is killed, starved and misled; the checker beside `support` then holds the office against its
//! invariants without a line of the program. `VANTHU_FAULT_ROUNDS` multiplies the random kills, `VANTHU_FAULT_SEED`
//! repeats those that a failure names, and `VANTHU_TEST_MAILING` gives a killed mailing its size.

mod clock;
mod copies;
mod disk;
mod failpoints;
mod kills;
mod mailing;
mod plug;
mod processes;
mod returned;
mod slots;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::support::checker::{CheckedStore, Checker};
use crate::support::postgres::Postgres;
use crate::support::{Office, Said, assert_sound, award_run, foreign, people, said, text_of};

/// Records of a list.
const RECORDS: usize = 24;

/// What every run asks for. The order of names is not that of the list, so that records are put into another order.
const OPTIONS: [&str; 3] = ["--merge", "--order", "ten"];

/// The list that is run in the end: a few documents stay, one person is spelled anew, the rest belong to another branch.
fn list() -> String {
    let rows = old_list();
    let changed = |(index, row): (usize, &str)| if index > 4 { row.replace("Chi hội 1,", "Chi hội 9,") } else { row.to_owned() };
    let rows: Vec<String> = rows.replace("Trần Văn An", "Trần Văn Ân").lines().enumerate().map(changed).collect();
    rows.join("\n") + "\n"
}

/// The list of the run before.
fn old_list() -> String {
    people(RECORDS)
}

/// A workspace, its store, and how it is run.
struct Scene {
    office: Office,
    /// The documents take their numbers from a register.
    numbered: bool,
    /// The database on the server, when the store is not a file.
    server: Option<String>,
    environment: Vec<(String, String)>,
}

impl Scene {
    /// A workspace with a SQLite store and nothing run yet.
    fn fresh() -> Self {
        let office = Office::with_workspace();
        configured(&office, "[render]\nworkers = 1\n");
        office.write("d.csv", list());
        Self { office, numbered: false, server: None, environment: Vec::new() }
    }

    /// The same with a register.
    fn numbered(self) -> Self {
        configured(&self.office, "[registers.khen]\nkind = \"khen-thuong\"\ntemplates = [\"giay-khen\"]\n");
        let scene = Self { numbered: true, ..self };
        scene.writes(&list());
        scene
    }

    /// Writes the list; one of a register has no numbers of its own.
    fn writes(&self, list: &str) {
        let without = |line: &str| line.rsplit_once(',').map_or(line, |(rest, _)| rest).to_owned() + "\n";
        self.office.write("d.csv", if self.numbered { list.lines().map(without).collect() } else { list.to_owned() });
    }

    /// As [`Self::fresh`], on a PostgreSQL database of its own.
    fn on_server() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("faults_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = Postgres::start().create_database(&name);
        let scene = Self::fresh();
        Self { server: Some(name), environment: vec![("VANTHU_STORE_URL".into(), url)], ..scene }
    }

    /// The old list was run to its end, with an archive beside it; the new list waits.
    fn second_list(self) -> Self {
        self.writes(&old_list());
        self.ends(&mut self.command(&["--zip"]));
        self.writes(&list());
        self
    }

    /// A copy of everything, as it stands.
    fn copied(&self) -> Self {
        let copy = Office::new();
        let inside = |path: &Path| path.join(".").display().to_string();
        foreign("cp", &["-a", &inside(&self.office.path), copy.path.to_str().expect("a path")]);
        Self { office: copy, numbered: self.numbered, server: None, environment: self.environment.clone() }
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut options = OPTIONS.to_vec();
        options.extend(more);
        self.other(&award_run("d.csv", "o", &options))
    }

    /// Another command in the workspace, on the scene's store.
    fn other(&self, arguments: &[&str]) -> Command {
        let mut command = self.office.command(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The command with failpoints armed.
    fn armed(&self, points: &str) -> Command {
        let mut command = self.command(&[]);
        command.env("VANTHU_FAILPOINTS", points);
        command
    }

    fn start(&self, command: &mut Command) -> Child {
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run")
    }

    /// Runs a command that must make everything.
    fn ends(&self, command: &mut Command) -> Said {
        let said = said(command.output().expect("a run"));
        assert_eq!(said.code, 0, "{}\n{}", said.stdout, said.stderr);
        said
    }

    /// Leases that run out within the test.
    fn short_leases(&self) {
        configured(&self.office, "[store]\nlease_seconds = 4\n");
    }

    /// Waits until `count` documents stand in the output folder.
    fn wait_for_documents(&self, run: &mut Child, count: usize) {
        let started = Instant::now();
        while self.office.documents("o").len() < count {
            assert!(run.try_wait().expect("a process").is_none(), "the run ended too early");
            assert!(started.elapsed() < Duration::from_secs(60), "no {count} documents in a minute");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn checker(&self) -> Checker {
        let checker = Checker::of_workspace(&self.office.path);
        match &self.server {
            None => checker,
            Some(database) => Checker { store: CheckedStore::Server(Postgres::start().psql(database)), ..checker },
        }
    }

    /// Asserts what holds at any moment.
    fn holds(&self, context: &str) {
        let violations = self.checker().violations(false);
        assert!(violations.is_empty(), "{context}:\n{violations}");
    }

    /// Runs until everything is made; asserts every invariant, and that each record has its own document.
    fn comes_to_its_end(&self, context: &str) {
        let said = said(self.command(&[]).output().expect("a run"));
        assert_eq!(said.code, 0, "{context}:\n{}\n{}", said.stdout, said.stderr);
        self.is_complete(context);
    }

    fn is_complete(&self, context: &str) {
        let violations = self.checker().violations(true);
        assert!(violations.is_empty(), "{context}:\n{violations}");
        let expected = if self.numbered { numbered_reference() } else { &reference().documents };
        assert_eq!(&hashes(&self.office.path.join("o")), expected, "{context}");
    }
}

/// Adds lines to the configuration.
fn configured(office: &Office, more: &str) {
    let toml = String::from_utf8(office.read("vanthu.toml")).expect("text");
    office.write("vanthu.toml", format!("{toml}\n{more}"));
}

/// The documents of the list, made without any fault and read by other programs.
struct Reference {
    /// File name and SHA-256.
    documents: BTreeMap<String, String>,
    /// How long the run took.
    time: Duration,
}

fn reference() -> &'static Reference {
    static REFERENCE: OnceLock<Reference> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let scene = Scene::fresh();
        let started = Instant::now();
        scene.ends(&mut scene.command(&[]));
        let time = started.elapsed();
        let folder = scene.office.path.join("o");
        let documents = hashes(&folder);
        assert_eq!(documents.len(), RECORDS);
        for row in list().lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            let path = folder.join(format!("{}-{}.pdf", cells[4], cells[2]));
            assert_sound(&path);
            let text = text_of(&path).to_uppercase();
            assert!(text.contains(&cells[2].to_uppercase()), "{} does not hold {}", path.display(), cells[2]);
        }
        assert_eq!(scene.checker().violations(true), "");
        Reference { documents, time }
    })
}

/// The documents that the second list of a register comes to, made without any fault: whoever stood in the old list keeps the
/// number, the others go on from there.
fn numbered_reference() -> &'static BTreeMap<String, String> {
    static REFERENCE: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let scene = Scene::fresh().numbered().second_list();
        scene.ends(&mut scene.command(&[]));
        assert_eq!(scene.checker().violations(true), "");
        let documents = hashes(&scene.office.path.join("o"));
        assert_eq!(documents.len(), RECORDS);
        documents
    })
}

/// The documents of a folder with their SHA-256, by a program that is not ours.
fn hashes(folder: &Path) -> BTreeMap<String, String> {
    let names: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "pdf"))
        .filter(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with("_tat-ca")))
        .collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    let name = |path: &str| Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    foreign("sha256sum", &names)
        .lines()
        .filter_map(|line| line.split_once("  ").and_then(|(hash, path)| Some((name(path)?, hash.to_owned()))))
        .collect()
}

/// Runs `work` while a reader looks at every PDF of `folder` again and again; no reader ever sees a part of one.
fn watched<T>(folder: &Path, work: impl FnOnce() -> T) -> T {
    /// Tells the reader, also when the work panics.
    struct End<'a>(&'a AtomicBool);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0_u64;
            while !done.load(Ordering::Relaxed) {
                for path in fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
                    // Replaced or set aside since it was listed.
                    let Ok(bytes) = fs::read(&path) else { continue };
                    if path.extension().is_some_and(|extension| extension == "pdf") {
                        let whole = bytes.starts_with(b"%PDF-") && bytes.trim_ascii_end().ends_with(b"%%EOF");
                        assert!(whole, "a reader saw a part of {}", path.display());
                        seen += 1;
                    }
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            seen
        });
        let end = End(&done);
        let result = work();
        drop(end);
        let seen = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        assert!(seen > 0, "the reader saw nothing");
        result
    })
}

/// Does each of `work` on as many threads as there are cores.
fn side_by_side<T: Send>(work: Vec<T>, each: impl Fn(T) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let left = std::sync::Mutex::new(work.into_iter());
    let next = || left.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(one) = next() {
                    each(one);
                }
            });
        }
    });
}
