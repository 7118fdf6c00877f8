//! `[store]`: where the office's memory and documents are.
//!
//! Owns the choice of the database and how its URL, which may hold a password, is read: from the environment or from a file
//! that nobody else may read. It is never printed.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::FILE_NAME;
use crate::diagnostic::{Diagnostic, Place, because};
use crate::say;

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
        read_secret(&path, "store.url_file").map(Some)
    }
}

/// The text of a secret file that only its owner may read.
pub fn read_secret(path: &Path, key: &str) -> Result<String, Vec<Diagnostic>> {
    use std::os::unix::fs::PermissionsExt;
    let place = || Place::File { file: FILE_NAME.into() };
    let shown = path.display();
    let unreadable = |error: &std::io::Error| {
        vec![
            Diagnostic::error(
                "secret-unreadable",
                because(error, &format!("{key}: không đọc được “{shown}”:"), &format!("{key}: cannot read `{shown}`:")),
            )
            .at(place()),
        ]
    };
    let mode = std::fs::metadata(path).map_err(|error| unreadable(&error))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(vec![
            Diagnostic::error(
                "secret-open",
                say!("{key}: người khác đọc được “{shown}” (quyền {:o})", "{key}: others may read `{shown}` (mode {:o})", mode & 0o777),
            )
            .at(place())
            .remedy(say!("chạy: chmod 600 {shown}", "run: chmod 600 {shown}")),
        ]);
    }
    std::fs::read_to_string(path).map(|text| text.trim().to_owned()).map_err(|error| unreadable(&error))
}
