//! `[store]`: where the office's memory and documents are.
//!
//! Owns the choice of the database and how its URL, which may hold a password, is read: from the environment or from a file
//! that nobody else may read. It is never printed.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::diagnostic::Diagnostic;
use crate::mail::secret::Secret;

/// The variable that names a PostgreSQL server.
pub const URL_VARIABLE: &str = "VANTHU_STORE_URL";

/// `[store]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// A file that holds the URL of a PostgreSQL database. Without it: a SQLite file in the workspace.
    pub url_file: Option<PathBuf>,
    /// Folder of the documents' bytes, when not `kho` in the workspace. Workers on several machines share it.
    pub objects: Option<PathBuf>,
}

impl StoreConfig {
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
