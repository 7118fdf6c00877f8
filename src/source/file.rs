//! Files as a source: found by a pattern, copied once nobody is writing them.
//!
//! Owns the choice among matches, the boundary of the workspace and the signs of a file that is not finished.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::pattern::Pattern;
use super::snapshot::{Snapshot, safe_name};
use super::{Access, Fetched, Limits, NotReady, Pick, SourceError};
use crate::naming::Names;

/// Copied at a time.
const PIECE: usize = 64 * 1024;

/// The files of `pattern` as snapshots in `into`. Either all that are picked, or none.
pub(super) async fn fetch(pattern: &str, pick: Pick, access: &Access<'_>, into: &Path) -> Result<Vec<Fetched>, SourceError> {
    let parsed = Pattern::parse(pattern).map_err(|why| SourceError::Pattern { pattern: pattern.to_owned(), why })?;
    let (shown, workspace, into, limits) = (pattern.to_owned(), access.workspace.to_owned(), into.to_owned(), access.limits);
    super::blocking(move || {
        let files = picked(parsed.files(&workspace)?, pick, &shown, &limits)?;
        let boundary =
            if parsed.is_absolute() { None } else { Some(workspace.canonicalize().map_err(SourceError::unreadable(&workspace))?) };
        copy_all(&files, boundary.as_deref(), &into, &limits)
    })
    .await
}

fn picked(mut files: Vec<PathBuf>, pick: Pick, pattern: &str, limits: &Limits) -> Result<Vec<PathBuf>, SourceError> {
    match pick {
        Pick::Only if files.len() > 1 => {
            Err(SourceError::Several { pattern: pattern.to_owned(), names: files.iter().map(|path| name_of(path)).collect() })
        }
        Pick::All if files.len() > limits.files_max => {
            Err(SourceError::TooManyFiles { pattern: pattern.to_owned(), files_max: limits.files_max })
        }
        Pick::Only | Pick::All => Ok(files),
        Pick::Newest => {
            let mut newest: Option<(SystemTime, PathBuf)> = None;
            for path in files.drain(..) {
                let changed = fs::metadata(&path).and_then(|metadata| metadata.modified()).map_err(SourceError::unreadable(&path))?;
                // The files come ordered by name, so the later name wins among equals.
                if newest.as_ref().is_none_or(|(known, _)| changed >= *known) {
                    newest = Some((changed, path));
                }
            }
            Ok(newest.into_iter().map(|(_, path)| path).collect())
        }
    }
}

fn copy_all(files: &[PathBuf], boundary: Option<&Path>, into: &Path, limits: &Limits) -> Result<Vec<Fetched>, SourceError> {
    let mut names = Names::default();
    let mut copied = Vec::new();
    // Published only when all are read: half a set of lists looks like a whole one.
    for path in files {
        // Made safe before it is told from the others: two names may become one.
        let name = safe_name(&name_of(path));
        let (stem, extension) = name.rsplit_once('.').map_or((name.as_str(), String::new()), |(stem, rest)| (stem, format!(".{rest}")));
        let name = format!("{}{extension}", names.claim(stem));
        copied.push(copy(path, &name, boundary, into, limits)?);
    }
    copied.into_iter().map(Snapshot::publish).collect()
}

fn copy(path: &Path, name: &str, boundary: Option<&Path>, into: &Path, limits: &Limits) -> Result<Snapshot, SourceError> {
    let not_ready = |why| SourceError::NotReady { name: name_of(path), why };
    if let Some(lock) = lock_file(path) {
        return Err(not_ready(NotReady::Open { lock }));
    }
    // What is opened has no links left in it: a link made meanwhile does not lead elsewhere.
    let real = path.canonicalize().map_err(SourceError::unreadable(path))?;
    if boundary.is_some_and(|boundary| !real.starts_with(boundary)) {
        return Err(SourceError::Outside { name: name_of(path) });
    }
    let mut file = File::open(&real).map_err(SourceError::unreadable(path))?;
    let before = file.metadata().map_err(SourceError::unreadable(path))?;
    if !before.is_file() {
        return Err(SourceError::Unreadable { path: path.to_owned(), source: io::ErrorKind::InvalidInput.into() });
    }
    if before.len() > limits.bytes_max {
        return Err(SourceError::TooLarge { name: name_of(path), bytes_max: limits.bytes_max });
    }
    // A time in the future is another machine's clock, not a fresh change.
    let age = before.modified().ok().and_then(|changed| SystemTime::now().duration_since(changed).ok());
    if age.is_some_and(|age| age < limits.settled) {
        return Err(not_ready(NotReady::Fresh));
    }
    let mut snapshot = Snapshot::create(into, name, limits.bytes_max)?;
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece).map_err(SourceError::unreadable(path))? {
            0 => break,
            length => snapshot.write(&piece[..length])?,
        }
    }
    let after = fs::metadata(&real).map_err(SourceError::unreadable(path))?;
    if identity(&before) != identity(&after) || snapshot.bytes() != after.len() {
        return Err(not_ready(NotReady::Changing));
    }
    Ok(snapshot)
}

/// What changes when a file is written or replaced.
fn identity(metadata: &Metadata) -> (u64, u64, u64, i64, i64) {
    (metadata.dev(), metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec())
}

/// The lock of the office program that has the file open: `~$name` is Excel's, `.~lock.name#` LibreOffice's.
fn lock_file(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    [format!("~${name}"), format!(".~lock.{name}#")].into_iter().find(|lock| path.with_file_name(lock).exists())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
