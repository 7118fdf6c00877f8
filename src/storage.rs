//! Files that are whole or absent: write beside, sync, rename, sync the folder.
//!
//! Owns the order of those four steps and the space for unfinished files. What a file means is its caller's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A failure of the output folder.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Creating, writing, syncing or renaming failed.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Reading back failed.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Another process works in the folder.
    #[error("another vanthu is working in `{path}`")]
    Busy {
        /// The folder.
        path: PathBuf,
    },
}

impl StorageError {
    /// Is it worth trying again later, without changing anything?
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

/// The folder of the program's own state inside an output folder.
pub const STATE_FOLDER: &str = ".vanthu";

/// An output folder, held by one process.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
    next: AtomicU64,
    // Dropped with the folder: the lock ends with the process at the latest.
    _lock: File,
}

/// A file that is written and synced but not yet visible under its name.
#[derive(Debug)]
pub struct Staged {
    temporary: PathBuf,
    target: PathBuf,
}

impl OutputFolder {
    /// Creates the folder if need be, takes its lock and clears what a killed run left unfinished.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let state = path.join(STATE_FOLDER);
        let unfinished = state.join("tmp");
        fs::create_dir_all(&unfinished).map_err(StorageError::write(path))?;
        let lock_path = state.join("lock");
        let lock = OpenOptions::new().create(true).append(true).open(&lock_path).map_err(StorageError::write(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(StorageError::Busy { path: path.to_owned() }),
            Err(fs::TryLockError::Error(source)) => return Err(StorageError::Write { path: lock_path, source }),
        }
        for entry in fs::read_dir(&unfinished).map_err(StorageError::read(&unfinished))?.filter_map(Result::ok) {
            fs::remove_file(entry.path()).map_err(StorageError::write(&entry.path()))?;
        }
        Ok(Self { path: path.to_owned(), next: AtomicU64::new(0), _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the program's own state.
    pub fn state_path(&self, name: &str) -> PathBuf {
        self.path.join(STATE_FOLDER).join(name)
    }

    /// A fresh file for content that is written piece by piece; give it to [`Self::stage_written`] when done.
    pub fn create_unfinished(&self) -> Result<(File, PathBuf), StorageError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(STATE_FOLDER).join("tmp").join(number.to_string());
        let file = File::create(&path).map_err(StorageError::write(&path))?;
        Ok((file, path))
    }

    /// Writes and syncs `bytes`, to become `name`.
    pub fn stage(&self, name: &str, bytes: &[u8]) -> Result<Staged, StorageError> {
        let (mut file, temporary) = self.create_unfinished()?;
        file.write_all(bytes).map_err(StorageError::write(&temporary))?;
        self.stage_written(name, temporary)
    }

    /// Syncs a file at a path from [`Self::create_unfinished`], to become `name`.
    pub fn stage_written(&self, name: &str, temporary: PathBuf) -> Result<Staged, StorageError> {
        // Opened anew: who wrote it may have put another file in its place.
        File::open(&temporary).and_then(|file| file.sync_all()).map_err(StorageError::write(&temporary))?;
        Ok(Staged { temporary, target: self.path.join(name) })
    }

    /// Makes staged files visible, then syncs the folder once.
    pub fn publish(&self, staged: Vec<Staged>) -> Result<(), StorageError> {
        for Staged { temporary, target } in staged {
            fs::rename(&temporary, &target).map_err(StorageError::write(&target))?;
        }
        self.sync()
    }

    /// One whole file at once.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let staged = self.stage(name, bytes)?;
        self.publish(vec![staged])
    }

    /// Moves a file of ours out of the way, into `folder` below this one, under a name that is free there.
    pub fn set_aside(&self, name: &str, folder: &str) -> Result<(), StorageError> {
        let target_folder = self.path.join(folder);
        fs::create_dir_all(&target_folder).map_err(StorageError::write(&target_folder))?;
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let target = (1..)
            .map(|number: u64| if number == 1 { name.to_owned() } else { format!("{stem}-{number}.{extension}") })
            .map(|candidate| target_folder.join(candidate))
            .find(|candidate| !candidate.exists())
            .unwrap_or_else(|| target_folder.join(name));
        fs::rename(self.path.join(name), &target).map_err(StorageError::write(&target))
    }

    fn sync(&self) -> Result<(), StorageError> {
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(StorageError::write(&self.path))
    }
}
