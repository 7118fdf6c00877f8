//! The accepted records of a batch, on disk between planning and rendering.
//!
//! Owns the file's form: one JSON line a record, in the order of the list or of its sorting keys. It keeps memory flat however long the list.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// The virtual JSON file, without the QR code's pixels.
    pub record: Value,
    /// Zero-based place in the spool, which is the order of printing; set when it is read.
    #[serde(skip)]
    pub position: u64,
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
    position: u64,
}

impl Reader {
    /// Opens a finished spool.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let file = File::open(path).map_err(StorageError::read(path))?;
        Ok(Self { lines: BufReader::new(file), path: path.to_owned(), line: Vec::new(), position: 0 })
    }

    /// The next entry; `None` at the end.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, StorageError> {
        self.line.clear();
        let read = self.lines.read_until(b'\n', &mut self.line).map_err(StorageError::read(&self.path))?;
        if read == 0 {
            return Ok(None);
        }
        let entry: Entry =
            serde_json::from_slice(&self.line).map_err(|error| StorageError::Read { path: self.path.clone(), source: error.into() })?;
        self.position += 1;
        Ok(Some(Entry { position: self.position - 1, ..entry }))
    }
}

/// Puts the lines of a finished spool into the order of `keys`, one for each line; equal ones stay as they are. Lines are
/// copied one at a time.
pub fn sort<K: Ord>(path: &Path, keys: &[K]) -> Result<(), StorageError> {
    let write_error = |source| StorageError::Write { path: path.to_owned(), source };
    let mut lines = BufReader::new(File::open(path).map_err(StorageError::read(path))?);
    let (mut line, mut start) = (Vec::new(), 0);
    let mut spans = Vec::with_capacity(keys.len());
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line).map_err(StorageError::read(path))? as u64;
        if read == 0 {
            break;
        }
        spans.push(start..start + read);
        start += read;
    }
    assert_eq!(spans.len(), keys.len(), "a key for each line");
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|index| &keys[*index]);
    let sorted = path.with_extension("sorted");
    let mut out = BufWriter::new(File::create(&sorted).map_err(write_error)?);
    for index in order {
        let span = &spans[index];
        lines.seek(SeekFrom::Start(span.start)).map_err(StorageError::read(path))?;
        let mut piece = Read::by_ref(&mut lines).take(span.end - span.start);
        std::io::copy(&mut piece, &mut out).map_err(write_error)?;
    }
    out.flush().map_err(write_error)?;
    drop(out);
    std::fs::rename(&sorted, path).map_err(write_error)
}
