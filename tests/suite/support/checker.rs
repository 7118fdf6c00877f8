//! The independent checker: `checker.py` beside this file, which uses nothing of the program, on an office that a fault hit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::python;

/// What the checker looks at.
pub struct Checker {
    /// The store.
    pub store: CheckedStore,
    /// Folder of the objects.
    pub objects: PathBuf,
    /// What output folders are named from.
    pub root: PathBuf,
    /// Where messages may have gone.
    pub mail: Option<CheckedMail>,
}

/// Where messages may have gone, and whose they are.
pub struct CheckedMail {
    /// What a server heard: `messages` with `to` and `file`, which holds the bytes, and `commands`.
    pub log: Option<PathBuf>,
    /// A folder of `.eml` files.
    pub folder: Option<PathBuf>,
    /// The name that stands on the paper of each address.
    pub people: BTreeMap<String, String>,
    /// Addresses that must hear nothing.
    pub silent: Vec<String>,
}

/// Where the store is.
pub enum CheckedStore {
    /// A SQLite file.
    File(PathBuf),
    /// The words of a command that speaks to a PostgreSQL database.
    Server(Vec<String>),
}

impl Checker {
    /// Of a workspace with a SQLite store.
    pub fn of_workspace(workspace: &Path) -> Self {
        Self {
            store: CheckedStore::File(workspace.join("van-thu.db")),
            objects: workspace.join("kho"),
            root: workspace.to_owned(),
            mail: None,
        }
    }

    /// Violations of what holds at any moment, or also of what holds once the last run has ended; one a line.
    pub fn violations(&self, settled: bool) -> String {
        let (database, psql) = match &self.store {
            CheckedStore::File(path) => (Some(path), None),
            CheckedStore::Server(psql) => (None, Some(psql)),
        };
        let mail = self
            .mail
            .as_ref()
            .map(|CheckedMail { log, folder, people, silent }| json!({ "log": log, "folder": folder, "people": people, "silent": silent }));
        // Where several processes work, a young object may be one's that is about to commit.
        let grace = if psql.is_some() { 24 * 60 * 60 } else { 0 };
        let look = json!({
            "database": database, "psql": psql, "objects": self.objects, "grace": grace, "root": self.root, "settled": settled,
            "mail": mail,
        });
        // In a file: the people of a large mailing are more than a command line takes.
        let path = self.root.with_extension("look.json");
        std::fs::write(&path, look.to_string()).expect("written");
        let violations = python(include_str!("checker.py"), &[&path]);
        std::fs::remove_file(&path).expect("removed");
        violations
    }
}
