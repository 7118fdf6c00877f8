//! What has been published in an output folder, so that a killed run continues where it stopped.
//!
//! Owns the journal: one JSON line for a document, synced *before* the document appears under its name. A line without
//! its file means "not published"; a file whose hash no line knows is not ours and is never overwritten.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::storage::StorageError;
use crate::template::hex;

/// One published document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// File name in the folder.
    pub file: String,
    /// SHA-256 of everything that decides its bytes.
    pub digest: String,
    /// SHA-256 of the bytes.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// Pages.
    pub pages: u32,
}

/// The journal of one folder.
pub struct Journal {
    file: File,
    path: PathBuf,
    known: HashMap<String, Line>,
}

/// What stands under a file name.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Free,
    /// The very document that is wanted.
    Same(Line),
    /// A document of ours, of other content: it may be replaced.
    Ours,
    /// Something that we did not make, or that was changed since.
    Foreign,
}

impl Journal {
    /// Opens the journal at `path`, or starts one. A last line cut by a crash is dropped.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let mut known = HashMap::new();
        let mut text = String::new();
        match File::open(path).and_then(|mut file| file.read_to_string(&mut text)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(StorageError::Read { path: path.to_owned(), source }),
        }
        for line in text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
            known.insert(line.file.clone(), line);
        }
        let write = |source| StorageError::Write { path: path.to_owned(), source };
        let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(write)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(write)?;
        }
        Ok(Self { file, path: path.to_owned(), known })
    }

    /// Notes documents that are about to be published, and syncs.
    pub fn note(&mut self, lines: Vec<Line>) -> Result<(), StorageError> {
        let mut text = String::new();
        for line in &lines {
            text.push_str(&serde_json::to_string(line).expect("a line is plain data"));
            text.push('\n');
        }
        self.file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_data())
            .map_err(|source| StorageError::Write { path: self.path.clone(), source })?;
        for line in lines {
            self.known.insert(line.file.clone(), line);
        }
        Ok(())
    }

    /// What stands in `folder` under `file`, when a document of `digest` is wanted there.
    pub fn standing(&self, folder: &Path, file: &str, digest: &str) -> Result<Standing, StorageError> {
        let path = folder.join(file);
        let Some(sha256) = hash_file(&path)? else { return Ok(Standing::Free) };
        Ok(match self.known.get(file) {
            Some(line) if line.sha256 == sha256 && line.digest == digest => Standing::Same(line.clone()),
            Some(line) if line.sha256 == sha256 => Standing::Ours,
            _ => Standing::Foreign,
        })
    }

    /// Is what stands in `folder` under `file` somebody else's?
    pub fn is_foreign(&self, folder: &Path, file: &str) -> Result<bool, StorageError> {
        Ok(self.standing(folder, file, "")? == Standing::Foreign)
    }

    /// Documents of earlier runs that `planned` does not name.
    pub fn left_over<'a>(&'a self, planned: &'a dyn Fn(&str) -> bool) -> impl Iterator<Item = &'a Line> {
        self.known.values().filter(move |line| !planned(&line.file))
    }

    /// Forgets a file that was moved away.
    pub fn forget(&mut self, file: &str) {
        self.known.remove(file);
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
