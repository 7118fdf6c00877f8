//! Where an office keeps its memory and its documents, and how it is opened.
//!
//! Owns the choice: beside `vanthu.toml` in a workspace; inside the output folder when there is none; on a PostgreSQL server
//! when the configuration names one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::collection::{GRACE, Reach, collect};
use super::{App, AppError};
use crate::failpoint;
use crate::metrics;
use crate::storage::{Objects, OutputFolder, STATE_FOLDER, StorageError};
use crate::store::{Location, Store};

/// The database's file.
pub const DATABASE_FILE: &str = "van-thu.db";
/// The folder of the documents' bytes. It says to which database it belongs: what another database does not know is not
/// rubbish.
pub const OBJECTS_FOLDER: &str = "kho";

/// Between two looks for what nothing refers to.
const TIDY_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Who holds an output folder, below its state.
const OWNER_FILE: &str = "owner";

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

    /// A name for this process as the owner of leases. What the last process that held `folder` still had in its hands is
    /// free at once: it is gone, or it would hold the folder.
    pub async fn take_over(&self, folder: &OutputFolder) -> Result<String, AppError> {
        let path = folder.state_path(OWNER_FILE);
        if let Ok(gone) = std::fs::read_to_string(&path) {
            self.store.give_back(&gone).await?;
        }
        let owner = self.store.new_owner().await?;
        failpoint::pass("owner.write")
            .and_then(|()| std::fs::write(&path, &owner))
            .map_err(|source| StorageError::Write { path, source })?;
        Ok(owner)
    }

    /// The folder that the store knows as `key`.
    pub fn folder_of(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }
}

/// What goes on beside the work, for as long as it lives.
pub(super) struct Beside(tokio::task::JoinHandle<()>);

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Office {
    /// Begins to give the work of dead processes back, and on a SQLite file that of loops of this process that failed.
    pub(super) fn rescuing(&self) -> Beside {
        let store = self.store.clone();
        Beside(tokio::spawn(async move {
            loop {
                // A store that is away is away for the run too, which says so.
                metrics::LEASES_LOST.add("record", store.rescue(false).await.unwrap_or(0));
                tokio::time::sleep(store.beat_every()).await;
            }
        }))
    }

    /// Begins to clear the objects that nothing refers to, now and then once a day.
    pub(super) fn tidying(&self) -> Beside {
        let (store, objects) = (self.store.clone(), Arc::clone(&self.objects));
        Beside(tokio::spawn(async move {
            loop {
                match collect(&store, &objects, Reach::Every, GRACE).await {
                    Ok(0) => {}
                    Ok(removed) => tracing::info!(event = "objects.collected", removed),
                    Err(error) => tracing::warn!(event = "objects.uncollected", transient = error.is_transient()),
                }
                tokio::time::sleep(TIDY_EVERY).await;
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
        let objects = config.objects.as_ref().map_or_else(|| root.join(OBJECTS_FOLDER), |folder| root.join(folder));
        let objects = Arc::new(Objects::open(&objects)?);
        let owner = if opening == Opening::ToWork { Some(objects.belong_to(store.instance())?) } else { objects.instance()? };
        if owner.is_some_and(|owner| owner != store.instance()) {
            return Err(super::error::objects_of_another(objects.root()));
        }
        let root = if self.workspace.folder.is_none() { output.map_or(root, Path::to_owned) } else { root };
        let office = Office { store: store.with_lease(config.lease()), objects, root };
        if opening == Opening::ToWork {
            // Alone on the file: what an earlier process held, it holds no longer.
            let alone = office.store.is_file();
            office.store.rescue(alone).await?;
            office.store.forget_planning().await?;
            collect(&office.store, &office.objects, Reach::Unfinished, if alone { Duration::ZERO } else { GRACE }).await?;
        }
        Ok(office)
    }
}
