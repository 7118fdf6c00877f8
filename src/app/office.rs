//! Where an office keeps its memory and its documents, and how it is opened.
//!
//! Owns the choice: beside `vanthu.toml` in a workspace; inside the output folder when there is none; on a PostgreSQL server
//! when the configuration names one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{App, AppError};
use crate::metrics;
use crate::storage::{Objects, STATE_FOLDER, StorageError};
use crate::store::{Location, Store};

/// The database's file.
pub const DATABASE_FILE: &str = "van-thu.db";
/// The folder of the documents' bytes.
pub const OBJECTS_FOLDER: &str = "kho";

/// An opened office.
pub struct Office {
    /// Its memory.
    pub store: Store,
    /// Its documents.
    pub objects: Arc<Objects>,
    root: PathBuf,
}

impl Office {
    /// The store's name of a folder: relative to the office where it lies inside, so that the whole may be moved.
    pub fn key_of(&self, folder: &Path) -> String {
        let canonical = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (root, folder) = (canonical(&self.root), canonical(folder));
        match folder.strip_prefix(&root) {
            Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
            Ok(inside) => inside.display().to_string(),
            Err(_) => folder.display().to_string(),
        }
    }

    /// What relative paths of the configuration start from.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that the store knows as `key`.
    pub fn folder_of(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }
}

/// Looks for leases that nobody renews, for as long as it lives.
pub(super) struct Rescuing(tokio::task::JoinHandle<()>);

impl Drop for Rescuing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Office {
    /// Begins to give the work of dead processes back. On a SQLite file there are none: its process works alone.
    pub(super) fn rescuing(&self) -> Rescuing {
        let store = self.store.clone();
        Rescuing(tokio::spawn(async move {
            while !store.is_file() {
                // A store that is away is away for the run too, which says so.
                metrics::LEASES_LOST.add("record", store.rescue(false).await.unwrap_or(0));
                tokio::time::sleep(store.beat_every()).await;
            }
        }))
    }
}

/// How an office is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// To work: on a SQLite file, alone.
    ToWork,
    /// To look, or to change a little while another process works.
    Beside,
}

impl App {
    /// Opens the office of the workspace, or the one inside `output` where there is no workspace.
    pub async fn office(&self, output: Option<&Path>, opening: Opening) -> Result<Office, AppError> {
        let config = &self.workspace.config.store;
        let root = match (&self.workspace.folder, output) {
            (Some(folder), _) => folder.clone(),
            (None, Some(output)) => output.join(STATE_FOLDER),
            (None, None) => return Err(super::error::no_workspace()),
        };
        std::fs::create_dir_all(&root).map_err(|source| StorageError::Write { path: root.clone(), source })?;
        let location = match config.url(&root)? {
            Some(url) => Location::Server(url),
            None => Location::File(root.join(DATABASE_FILE)),
        };
        let store = match opening {
            Opening::ToWork => Store::open(&location).await?,
            Opening::Beside => Store::open_beside(&location).await?,
        };
        let store = store.with_lease(config.lease());
        let objects = config.objects.as_ref().map_or_else(|| root.join(OBJECTS_FOLDER), |folder| root.join(folder));
        let objects = Arc::new(Objects::open(&objects)?);
        if opening == Opening::ToWork && store.is_file() {
            // Alone on the file: what an earlier process held, it holds no longer.
            store.rescue(true).await?;
            store.forget_planning().await?;
        }
        let root = if self.workspace.folder.is_none() { output.map_or(root, Path::to_owned) } else { root };
        Ok(Office { store, objects, root })
    }
}
