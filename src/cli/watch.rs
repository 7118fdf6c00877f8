//! What changed in a watched folder.
//!
//! Owns the comparison of its files by time and size; a look every [`EVERY`] needs no library and works on any file system.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Time between two looks.
const EVERY: Duration = Duration::from_millis(400);

/// The files below a folder, with time and size.
#[derive(PartialEq, Eq)]
pub(super) struct Snapshot(BTreeMap<String, (SystemTime, u64)>);

impl Snapshot {
    /// The folder as it is now.
    pub(super) fn of(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut waiting = vec![folder.to_owned()];
        while let Some(next) = waiting.pop() {
            for entry in std::fs::read_dir(&next).into_iter().flatten().filter_map(Result::ok) {
                let Ok(metadata) = entry.metadata() else { continue };
                let path = entry.path();
                if metadata.is_dir() {
                    waiting.push(path);
                } else {
                    let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                    files.insert(name, (metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len()));
                }
            }
        }
        Self(files)
    }

    /// Waits until the folder is another; gives the names of the files that were changed, added or removed.
    pub(super) async fn wait_for_change(&self, folder: &Path) -> Vec<String> {
        loop {
            let now = Self::of(folder);
            if now != *self {
                let names = self.0.keys().chain(now.0.keys().filter(|name| !self.0.contains_key(*name)));
                return names.filter(|name| self.0.get(*name) != now.0.get(*name)).cloned().collect();
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
