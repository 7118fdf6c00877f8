//! The accepted records of a batch, on disk between planning and rendering.
//!
//! Owns the file's form: one JSON line a record, in the order of the list. It keeps memory flat however long the list.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::Place;
use crate::storage::StorageError;

/// A record that is ready to render.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// One-based number in the list.
    pub number: u64,
    /// A name a person recognises it by.
    pub label: String,
    /// File name with extension.
    pub file: String,
    /// Title inside the PDF.
    pub title: String,
    /// The document's own date.
    pub date: Option<Date>,
    /// Text of the QR code.
    pub qr: Option<String>,
    /// SHA-256 of everything that decides the document's bytes.
    pub digest: String,
    /// Where the record, under the empty name, and each of its fields stand in the data file, for what the page finds.
    pub places: BTreeMap<String, Place>,
    /// The virtual JSON file, without the QR code's pixels.
    pub record: Value,
}

/// Writes a spool.
pub struct Writer {
    file: BufWriter<File>,
    path: PathBuf,
    /// Entries written.
    pub count: u64,
}

impl Writer {
    /// Starts a fresh spool.
    pub fn create(path: &Path) -> Result<Self, StorageError> {
        let file = File::create(path).map_err(|source| StorageError::Write { path: path.to_owned(), source })?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), count: 0 })
    }

    /// Adds one entry.
    pub fn add(&mut self, entry: &Entry) -> Result<(), StorageError> {
        self.count += 1;
        serde_json::to_writer(&mut self.file, entry)
            .map_err(std::io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|source| StorageError::Write { path: self.path.clone(), source })
    }

    /// Completes the file.
    pub fn finish(mut self) -> Result<u64, StorageError> {
        self.file.flush().map_err(|source| StorageError::Write { path: self.path.clone(), source })?;
        Ok(self.count)
    }
}

/// Reads a spool entry by entry.
pub struct Reader {
    lines: BufReader<File>,
    path: PathBuf,
    line: Vec<u8>,
}

impl Reader {
    /// Opens a finished spool.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let file = File::open(path).map_err(StorageError::read(path))?;
        Ok(Self { lines: BufReader::new(file), path: path.to_owned(), line: Vec::new() })
    }

    /// The next entry; `None` at the end.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, StorageError> {
        self.line.clear();
        let read = self.lines.read_until(b'\n', &mut self.line).map_err(StorageError::read(&self.path))?;
        if read == 0 {
            return Ok(None);
        }
        serde_json::from_slice(&self.line).map(Some).map_err(|error| StorageError::Read { path: self.path.clone(), source: error.into() })
    }
}
