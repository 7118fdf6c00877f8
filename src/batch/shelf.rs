//! What stands in an output folder, and whose it is.
//!
//! Owns the rule that nothing foreign is ever overwritten: a file whose hash the store did not note for this folder is
//! somebody else's. Files are noted before they appear; a note without its file means "to be put there". Who holds the folder
//! has its [`Shelf`]; who only looks, its [`Notes`].

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::storage::{Objects, OutputFolder, StorageError, hash_file};
use crate::store::documents::Placed;
use crate::store::{Store, StoreError};

/// The files of one output folder, for the process that holds it.
pub struct Shelf {
    folder: Arc<OutputFolder>,
    key: String,
    notes: Notes,
    put: HashSet<String>,
}

/// What the store has noted of an output folder, beside what stands there. Looking needs no hold of the folder.
#[derive(Debug)]
pub struct Notes {
    folder: PathBuf,
    known: HashMap<String, Placed>,
}

/// What stands under a file name.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Free,
    /// The very file that is wanted.
    Same(Placed),
    /// A file of ours, of other content: it may be replaced.
    Ours,
    /// Something that we did not make, or that was changed since.
    Foreign,
}

impl Notes {
    /// The notes of `folder`, which the store knows as `key`.
    pub async fn read(folder: &Path, key: &str, store: &Store) -> Result<Self, StoreError> {
        Ok(Self { folder: folder.to_owned(), known: store.placed(key).await? })
    }

    /// What stands under `file`, when a document of `digest` is wanted there.
    pub fn standing(&self, file: &str, digest: &str) -> Result<Standing, StorageError> {
        let Some(sha256) = hash_file(&self.folder.join(file))? else { return Ok(Standing::Free) };
        Ok(match self.known.get(file) {
            Some(placed) if placed.sha256 == sha256 && placed.digest == digest => Standing::Same(placed.clone()),
            Some(placed) if placed.sha256 == sha256 || placed.before.split(' ').any(|before| before == sha256) => Standing::Ours,
            _ => Standing::Foreign,
        })
    }
}

impl Shelf {
    /// The shelf of `folder`, which the store knows as `key`.
    pub async fn open(folder: &Arc<OutputFolder>, key: &str, store: &Store) -> Result<Self, StoreError> {
        let notes = Notes::read(folder.path(), key, store).await?;
        Ok(Self { folder: Arc::clone(folder), key: key.to_owned(), notes, put: HashSet::new() })
    }

    /// The folder.
    pub fn folder(&self) -> &OutputFolder {
        &self.folder
    }

    /// The store's name of the folder.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What stands under `file`, when a document of `digest` is wanted there.
    pub fn standing(&self, file: &str, digest: &str) -> Result<Standing, StorageError> {
        self.notes.standing(file, digest)
    }

    /// What was put under `file`, whatever stands there now.
    pub fn noted(&self, file: &str) -> Option<&Placed> {
        self.notes.known.get(file)
    }

    /// Moves what stands under `file` into `aside`, whoever made it, and forgets it.
    pub async fn yield_up(&mut self, store: &Store, file: &str, aside: &str) -> Result<(), ShelfError> {
        self.folder.set_aside(file, aside)?;
        self.notes.known.remove(file);
        Ok(store.displace(&self.key, &[file.to_owned()]).await?)
    }

    /// Is what stands under `file` somebody else's?
    pub fn is_foreign(&self, file: &str) -> Result<bool, StorageError> {
        Ok(self.standing(file, "")? == Standing::Foreign)
    }

    /// Puts an object, which the store has noted as `placed`, under its name.
    pub fn put(&mut self, objects: &Objects, object: &str, placed: Placed) -> Result<(), StorageError> {
        self.folder.link(&objects.path(object), &placed.file)?;
        self.put.insert(placed.file.clone());
        self.notes.known.insert(placed.file.clone(), placed);
        Ok(())
    }

    /// Was a document put under `file` since the shelf was opened?
    pub fn has_put(&self, file: &str) -> bool {
        self.put.contains(file)
    }

    /// Notes a file that stands beside the documents, then makes it visible. `digest` tells what it belongs to, or nothing.
    pub async fn publish(&mut self, store: &Store, file: &str, unfinished: PathBuf, digest: &str) -> Result<(), ShelfError> {
        let sha256 = hash_file(&unfinished)?.unwrap_or_default();
        let staged = self.folder.stage_written(file, unfinished)?;
        let placed = Placed { file: file.to_owned(), document: None, digest: digest.to_owned(), sha256, before: String::new() };
        store.place(&self.key, std::slice::from_ref(&placed)).await?;
        self.folder.publish(vec![staged])?;
        self.notes.known.insert(file.to_owned(), placed);
        Ok(())
    }

    /// Moves files of ours that `wanted` does not name into `aside`, and forgets them; their names.
    pub async fn clear(&mut self, store: &Store, aside: &str, wanted: &dyn Fn(&Placed) -> bool) -> Result<Vec<String>, ShelfError> {
        let left_over: Vec<Placed> = self.notes.known.values().filter(|placed| !wanted(placed)).cloned().collect();
        let mut moved = Vec::new();
        for placed in &left_over {
            if matches!(self.standing(&placed.file, "")?, Standing::Ours | Standing::Same(_)) {
                self.folder.set_aside(&placed.file, aside)?;
                moved.push(placed.file.clone());
            }
            self.notes.known.remove(&placed.file);
        }
        let names: Vec<String> = left_over.into_iter().map(|placed| placed.file).collect();
        if !names.is_empty() {
            store.displace(&self.key, &names).await?;
        }
        moved.sort();
        Ok(moved)
    }

    /// Makes what was put last, and lets the store forget what it replaced.
    pub async fn settle(&mut self, store: &Store) -> Result<(), ShelfError> {
        self.folder.sync()?;
        Ok(store.settle_placed(&self.key).await?)
    }
}

/// The shelf cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The notes.
    #[error(transparent)]
    Store(#[from] StoreError),
}
