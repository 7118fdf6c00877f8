//! Changing `vanthu.toml` from a page: what a person wrote there stays, comments and order included.
//!
//! Owns the way of a change: the file must still be the one that was shown; the changed text must be a good configuration;
//! then it stands in the file's place as a whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use toml_edit::{DocumentMut, Item, Table, Value};

use super::{Config, FILE_NAME, Workspace};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;

/// One change at a time.
static CHANGING: Mutex<()> = Mutex::new(());

/// A change was not made.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// The file has changed since it was shown.
    #[error("the file has changed since")]
    Stale,
    /// The changed file would be wrong: all of it.
    #[error("the changed file would be wrong")]
    Wrong(Vec<Diagnostic>),
    /// The file cannot be read or written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl Workspace {
    /// The SHA-256 of `vanthu.toml` as it is, which a form sends back; none where there is no workspace.
    pub fn version(&self) -> Option<String> {
        fs::read(self.folder.as_ref()?.join(FILE_NAME)).ok().map(|bytes| digest(&bytes))
    }

    /// Changes `vanthu.toml` when it still is at `version`, for everyone who shares this workspace. A file that a person has
    /// broken meanwhile is not touched.
    pub fn rewrite(&self, version: &str, edit: impl FnOnce(&mut DocumentMut)) -> Result<(), RewriteError> {
        let Some(folder) = &self.folder else {
            return Err(RewriteError::Wrong(vec![Diagnostic::error(
                "workspace-missing",
                say!("không có {FILE_NAME} để sửa", "there is no {FILE_NAME} to change"),
            )]));
        };
        let _one = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        let path = folder.join(FILE_NAME);
        let failed = |source| RewriteError::Write { path: path.clone(), source };
        let bytes = fs::read(&path).map_err(failed)?;
        if digest(&bytes) != version {
            return Err(RewriteError::Stale);
        }
        let text = String::from_utf8(bytes).map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let mut document: DocumentMut = text.parse().map_err(|_| {
            let message = say!("{FILE_NAME} không đọc được; sửa tệp trước", "{FILE_NAME} cannot be read; mend the file first");
            RewriteError::Wrong(vec![Diagnostic::error("config", message).at(Place::File { file: FILE_NAME.into() })])
        })?;
        edit(&mut document);
        let changed = document.to_string();
        let config = Config::parse(&changed).map_err(RewriteError::Wrong)?;
        replace(&path, changed.as_bytes()).map_err(failed)?;
        self.current.0.send_replace(Arc::new(config));
        Ok(())
    }
}

/// Changes `[table] name` in the `vanthu.toml` of `folder`, when it stands there; comments and order stay. A file that is no
/// TOML is left alone.
pub fn redirect(folder: &Path, table: &str, name: &str, value: &str) -> io::Result<()> {
    let path = folder.join(FILE_NAME);
    let Ok(mut document) = fs::read_to_string(&path)?.parse::<DocumentMut>() else { return Ok(()) };
    let Some(there) = document.get_mut(table).and_then(Item::as_table_like_mut).and_then(|table| table.get_mut(name)) else {
        return Ok(());
    };
    let mut value = Value::from(value);
    if let Some(old) = there.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *there = Item::Value(value);
    replace(&path, document.to_string().as_bytes())
}

/// Sets a value in a table; a comment beside the old one stays.
pub fn set(table: &mut Table, name: &str, value: impl Into<Value>) {
    let mut value = value.into();
    if let Some(there) = table.get(name).and_then(Item::as_value) {
        *value.decor_mut() = there.decor().clone();
    }
    table[name] = Item::Value(value);
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts `bytes` in the place of the file at `path`, which keeps its permissions: whole after a crash, or as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".moi");
    let new = folder.join(name);
    let mut file = File::create(&new)?;
    if let Ok(there) = fs::metadata(path) {
        file.set_permissions(there.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(folder)?.sync_all()
}
