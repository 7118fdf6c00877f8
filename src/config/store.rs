//! `[store]`: where the office's memory and documents are.
//!
//! Owns the choice of the database and how its URL, which may hold a password, is read: from the environment or from a file
//! that nobody else may read. It is never printed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FILE_NAME;
use crate::diagnostic::{Diagnostic, Place};
use crate::mail::secret::Secret;
use crate::say;

/// The variable that names a PostgreSQL server.
pub const URL_VARIABLE: &str = "VANTHU_STORE_URL";

/// `[store]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// A file that holds the URL of a PostgreSQL database. Without it: a SQLite file in the workspace.
    pub url_file: Option<PathBuf>,
    /// Folder of the documents' bytes, when not `kho` in the workspace. Workers on several machines share it.
    pub objects: Option<PathBuf>,
    /// Seconds after which a worker that no longer says it is alive loses its records to others (4 to 3600). All processes on
    /// one database take the same.
    pub lease_seconds: Option<u64>,
}

impl StoreConfig {
    /// How long a lease holds.
    pub fn lease(&self) -> std::time::Duration {
        self.lease_seconds.map_or(crate::store::LEASE, std::time::Duration::from_secs)
    }

    pub(super) fn problems(&self) -> Vec<Diagnostic> {
        // A holder renews four times a lease, and not more often than every second.
        if self.lease_seconds.is_none_or(|seconds| (4..=3600).contains(&seconds)) {
            return Vec::new();
        }
        let problem = say!("store.lease_seconds phải từ 4 đến 3600", "store.lease_seconds must be from 4 to 3600");
        vec![Diagnostic::error("config-value", problem).at(Place::File { file: FILE_NAME.into() })]
    }

    /// The URL of the server, if there is one. `root` is what a relative path starts from.
    pub fn url(&self, root: &Path) -> Result<Option<String>, Vec<Diagnostic>> {
        if let Ok(url) = std::env::var(URL_VARIABLE)
            && !url.trim().is_empty()
        {
            return Ok(Some(url.trim().to_owned()));
        }
        let Some(file) = &self.url_file else { return Ok(None) };
        let path = root.join(file);
        Secret::read(&path).map(|secret| Some(secret.reveal().to_owned())).map_err(|problem| vec![*problem])
    }
}
