//! What was read, kept as a file of the batch: whole or absent, hashed, bounded.
//!
//! Owns [`Fetched`] and the writing of a snapshot. Where the bytes come from is the other files' work.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::SourceError;
use crate::naming::file_stem;

/// Longest extension that is kept; a longer one is part of the name.
const EXTENSION_MAX: usize = 8;

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where the copy lies.
    pub path: PathBuf,
    /// The name for people: the file's own, the web address's last part, or the database's.
    pub name: String,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
    /// When they were read.
    pub fetched_at: Timestamp,
}

/// A snapshot that is being written. Dropped before [`Self::publish`], it leaves nothing.
#[derive(Debug)]
pub(super) struct Snapshot {
    file: File,
    temporary: PathBuf,
    folder: PathBuf,
    name: String,
    hash: Sha256,
    bytes: u64,
    bytes_max: u64,
}

impl Snapshot {
    /// A snapshot in the folder `into` under `name`, made safe, of at most `bytes_max` bytes.
    pub(super) fn create(into: &Path, name: &str, bytes_max: u64) -> Result<Self, SourceError> {
        fs::create_dir_all(into).map_err(SourceError::write(into))?;
        let name = safe_name(name);
        let temporary = into.join(format!(".{name}.part"));
        let file = File::create(&temporary).map_err(SourceError::write(&temporary))?;
        Ok(Self { file, temporary, folder: into.to_owned(), name, hash: Sha256::new(), bytes: 0, bytes_max })
    }

    /// Adds bytes; refuses those over the limit before they are written.
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), SourceError> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.bytes_max {
            return Err(SourceError::TooLarge { name: self.name.clone(), bytes_max: self.bytes_max });
        }
        self.hash.update(piece);
        self.file.write_all(piece).map_err(SourceError::write(&self.temporary))
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Most bytes that it takes.
    pub(super) fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Syncs, renames and syncs the folder.
    pub(super) fn publish(mut self) -> Result<Fetched, SourceError> {
        let path = self.folder.join(&self.name);
        self.file.sync_all().map_err(SourceError::write(&self.temporary))?;
        fs::rename(&self.temporary, &path).map_err(SourceError::write(&path))?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(SourceError::write(&self.folder))?;
        let sha256 = std::mem::take(&mut self.hash).finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Fetched { path, name: self.name.clone(), sha256, bytes: self.bytes, fetched_at: Timestamp::now() })
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // After a rename there is nothing under this name.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// A safe file name that keeps the extension.
pub(super) fn safe_name(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty()
                && (1..=EXTENSION_MAX).contains(&extension.len())
                && extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            format!("{}.{extension}", file_stem(stem))
        }
        _ => file_stem(name),
    }
}
