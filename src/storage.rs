//! Files that are whole or absent: write beside, sync, rename, sync the folder.
//!
//! Owns the order of those four steps, the space for unfinished files, the [`Objects`] that documents are kept as, and the
//! [`OutputFolder`] in which a person finds them. What a file means is its caller's.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::failpoint::pass;
use crate::template::hex;

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

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
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
        pass("output.written")
            .and_then(|()| File::open(&temporary)?.sync_all())
            .and_then(|()| pass("output.synced"))
            .map_err(StorageError::write(&temporary))?;
        Ok(Staged { temporary, target: self.path.join(name) })
    }

    /// Makes staged files visible, then syncs the folder once.
    pub fn publish(&self, staged: Vec<Staged>) -> Result<(), StorageError> {
        for Staged { temporary, target } in staged {
            pass("output.rename")
                .and_then(|()| fs::rename(&temporary, &target))
                .and_then(|()| pass("output.renamed"))
                .map_err(StorageError::write(&target))?;
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
        pass("output.set_aside")
            .and_then(|()| fs::rename(self.path.join(name), &target))
            .and_then(|()| pass("output.was_set_aside"))
            .map_err(StorageError::write(&target))
    }

    /// Puts the file at `object` under `name` as well, in one step: a second name for the same bytes, or a copy on another
    /// file system. What stood there is replaced.
    pub fn link(&self, object: &Path, name: &str) -> Result<(), StorageError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = self.path.join(STATE_FOLDER).join("tmp").join(number.to_string());
        let target = self.path.join(name);
        pass("link.create").map_err(StorageError::write(&target))?;
        if fs::hard_link(object, &temporary).is_err() {
            fs::copy(object, &temporary).map_err(StorageError::write(&target))?;
            File::open(&temporary).and_then(|file| file.sync_all()).map_err(StorageError::write(&target))?;
        }
        pass("link.rename")
            .and_then(|()| fs::rename(&temporary, &target))
            .and_then(|()| pass("link.renamed"))
            .map_err(StorageError::write(&target))?;
        // Renaming over another name of the same bytes does nothing, and leaves the first name.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StorageError::Write { path: temporary, source: error }),
            _ => Ok(()),
        }
    }

    /// Makes what was renamed last.
    pub fn sync(&self) -> Result<(), StorageError> {
        pass("output.folder_sync").map_err(StorageError::write(&self.path))?;
        sync_folder(&self.path)
    }
}

/// What the names of files begin with that only probe the disk.
const PROBE: &str = ".probe-";
/// The file that says to which database the objects belong.
const INSTANCE: &str = "instance";

/// The documents' bytes: one read-only file each, in a folder for each batch, never changed once there.
#[derive(Debug)]
pub struct Objects {
    root: PathBuf,
}

/// An object that is written and synced but not yet under its name.
#[derive(Debug)]
pub struct StagedObject {
    temporary: PathBuf,
    /// Its name: `batch/id.pdf`.
    pub name: String,
}

impl Objects {
    /// The objects below `root`, which is made if need be.
    pub fn open(root: &Path) -> Result<Self, StorageError> {
        if !root.is_dir() {
            fs::create_dir_all(root).map_err(StorageError::write(root))?;
            sync_folder(root.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        }
        Ok(Self { root: root.to_owned() })
    }

    /// The id of the database that they belong to; none when nobody has said so yet.
    pub fn instance(&self) -> Result<Option<String>, StorageError> {
        let path = self.root.join(INSTANCE);
        match fs::read_to_string(&path) {
            Ok(id) => Ok(Some(id.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StorageError::Read { path, source }),
        }
    }

    /// Says that they belong to the database `instance`, unless somebody has said another; whose they are.
    pub fn belong_to(&self, instance: &str) -> Result<String, StorageError> {
        if let Some(there) = self.instance()? {
            return Ok(there);
        }
        let path = self.root.join(INSTANCE);
        let temporary = self.root.join(format!("{PROBE}{INSTANCE}-{}", std::process::id()));
        let write = || {
            let mut file = File::create(&temporary)?;
            file.write_all(instance.as_bytes())?;
            file.sync_all()?;
            // Of two that say so at once, one is the first.
            match fs::hard_link(&temporary, &path) {
                Ok(()) => fs::remove_file(&temporary),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(&temporary),
                // A file system without second names.
                Err(_) => fs::rename(&temporary, &path),
            }
        };
        write().map_err(StorageError::write(&path))?;
        sync_folder(&self.root)?;
        Ok(self.instance()?.unwrap_or_default())
    }

    /// The folder of all of them.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes, syncs, reads back and removes a file, as a document would be.
    pub fn probe(&self) -> Result<(), StorageError> {
        let path = self.root.join(format!("{PROBE}{}", std::process::id()));
        let written = File::create(&path).and_then(|mut file| file.write_all(b"vanthu").and_then(|()| file.sync_all()));
        written.map_err(StorageError::write(&path))?;
        sync_folder(&self.root)?;
        let read = fs::read(&path).map_err(StorageError::read(&path))?;
        fs::remove_file(&path).map_err(StorageError::write(&path))?;
        if read == b"vanthu" { Ok(()) } else { Err(StorageError::Read { path, source: io::ErrorKind::InvalidData.into() }) }
    }

    /// Removes what a process that was killed while it probed left `age` ago or earlier.
    pub fn clear_probes(&self, age: Duration) -> Result<(), StorageError> {
        for entry in fs::read_dir(&self.root).map_err(StorageError::read(&self.root))?.filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(PROBE) && was_written_ago(&entry, age) {
                fs::remove_file(entry.path()).map_err(StorageError::write(&entry.path()))?;
            }
        }
        Ok(())
    }

    /// Where an object lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Makes the folder of a batch and syncs its name. A batch's documents share a folder, so that one sync makes a whole
    /// group of them last.
    pub fn prepare(&self, batch: &str) -> Result<(), StorageError> {
        let folder = self.root.join(batch);
        pass("object.folder").and_then(|()| fs::create_dir_all(&folder)).map_err(StorageError::write(&folder))?;
        sync_folder(&self.root)
    }

    /// Writes and syncs `bytes`, to become the object `id` of `batch`.
    pub fn stage(&self, batch: &str, id: &str, bytes: &[u8]) -> Result<StagedObject, StorageError> {
        use std::os::unix::fs::PermissionsExt;
        let temporary = self.root.join(batch).join(format!("{id}.tmp"));
        let failed = StorageError::write(&temporary);
        let write = || {
            let mut file = File::create(&temporary)?;
            pass("object.created")?;
            let (first, rest) = bytes.split_at(bytes.len() / 2);
            file.write_all(first)?;
            pass("object.half_written")?;
            file.write_all(rest)?;
            // An official document does not change; a program that edits it must save another.
            file.set_permissions(fs::Permissions::from_mode(0o444))?;
            pass("object.written")?;
            file.sync_all()?;
            pass("object.synced")
        };
        write().map_err(failed)?;
        Ok(StagedObject { temporary, name: format!("{batch}/{id}.pdf") })
    }

    /// Gives staged objects their names, and makes the names last.
    pub fn publish(&self, staged: &[StagedObject]) -> Result<(), StorageError> {
        let mut folders = BTreeSet::new();
        for StagedObject { temporary, name } in staged {
            let target = self.root.join(name);
            pass("object.rename").and_then(|()| fs::rename(temporary, &target)).map_err(StorageError::write(&target))?;
            folders.extend(target.parent().map(Path::to_owned));
        }
        pass("object.renamed").map_err(StorageError::write(&self.root))?;
        for folder in folders {
            sync_folder(&folder)?;
        }
        pass("object.folder_synced").map_err(StorageError::write(&self.root))
    }

    /// Removes an object that no row refers to.
    pub fn remove(&self, name: &str) -> Result<(), StorageError> {
        let path = self.root.join(name);
        pass("object.remove").map_err(StorageError::write(&path))?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StorageError::Write { path, source: error }),
            _ => Ok(()),
        }
    }

    /// Every file of a batch's folder, by name, that has not been written to for `age`; empty when there is no folder.
    pub fn list(&self, batch: &str, age: Duration) -> Result<Vec<String>, StorageError> {
        let folder = self.root.join(batch);
        match fs::read_dir(&folder) {
            Ok(entries) => Ok(entries
                .filter_map(Result::ok)
                .filter(|entry| was_written_ago(entry, age))
                .map(|entry| format!("{batch}/{}", entry.file_name().to_string_lossy()))
                .collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(StorageError::Read { path: folder, source }),
        }
    }
}

/// Has a file not been written to for `age`? One from the future was written before the clock was set back.
fn was_written_ago(entry: &fs::DirEntry, age: Duration) -> bool {
    let written = entry.metadata().and_then(|metadata| metadata.modified());
    age.is_zero() || written.is_ok_and(|written| written.elapsed().is_ok_and(|elapsed| elapsed >= age))
}

/// Makes the names in a folder last.
pub fn sync_folder(path: &Path) -> Result<(), StorageError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(StorageError::write(path))
}

/// Bytes of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// Left for us.
    pub free: u64,
    /// All of them.
    pub total: u64,
}

impl Disk {
    /// The disk that `path` lies on.
    pub fn of(path: &Path) -> Result<Self, StorageError> {
        let found = rustix::fs::statvfs(path).map_err(|error| StorageError::Read { path: path.to_owned(), source: error.into() })?;
        Ok(Self { free: found.f_bavail.saturating_mul(found.f_frsize), total: found.f_blocks.saturating_mul(found.f_frsize) })
    }

    /// Is there room for work: a gigabyte and a twentieth of the disk?
    pub fn has_room(self) -> bool {
        self.free > 1_000_000_000 && self.free > self.total / 20
    }
}

/// SHA-256 of a file in hexadecimal; `None` when there is none.
pub fn hash_file(path: &Path) -> Result<Option<String>, StorageError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StorageError::Read { path: path.to_owned(), source }),
    };
    let mut hash = Sha256::new();
    let mut buffer = [0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(StorageError::read(path))?;
        if read == 0 {
            return Ok(Some(hex(&hash.finalize())));
        }
        hash.update(&buffer[..read]);
    }
}

/// SHA-256 of bytes in hexadecimal.
pub fn hash_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
