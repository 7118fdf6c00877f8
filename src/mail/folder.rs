//! A folder of `.eml` files in the place of a mail server: the default until a relay is configured.
//!
//! Owns the files' names and that each is whole or absent.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::message::address::Address;

/// A folder that messages are left in.
#[derive(Debug, Clone)]
pub struct MailFolder {
    path: PathBuf,
}

/// A failure of the folder.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{path}`")]
pub struct FolderError {
    /// The file or folder.
    pub path: PathBuf,
    /// The reason.
    pub source: io::Error,
}

impl FolderError {
    /// Is it worth trying again later, without changing anything? A full disk may be cleared, a missing right is not given
    /// by waiting.
    pub fn is_transient(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::Interrupted)
    }
}

impl MailFolder {
    /// The folder at `path`, made when it is not there.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(path).map_err(|source| FolderError { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned() })
    }

    /// The name of the file for the delivery `id` to `recipient`: `01J…-an@example.vn.eml`. What a file system may refuse
    /// becomes `_`.
    pub fn file_name(id: &str, recipient: &Address) -> String {
        const RECIPIENT_CHARS_MAX: usize = 80;
        let safe = |c: char| if c.is_alphanumeric() || "@.-_+".contains(c) { c } else { '_' };
        let recipient: String = recipient.to_string().chars().take(RECIPIENT_CHARS_MAX).map(safe).collect();
        let id: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{id}-{recipient}.eml")
    }

    /// Leaves a message. The same delivery writes the same file, so a second attempt makes no second copy.
    pub fn leave(&self, id: &str, recipient: &Address, bytes: &[u8]) -> Result<PathBuf, FolderError> {
        let target = self.path.join(Self::file_name(id, recipient));
        // Beside its target, hidden from programs that open the folder as a mailbox.
        let temporary = target.with_extension("eml.tmp");
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        let published = written.and_then(|()| fs::rename(&temporary, &target)).and_then(|()| File::open(&self.path)?.sync_all());
        match published {
            Ok(()) => Ok(target),
            Err(source) => {
                // What is left of it may not be taken for a message; the reason is already on its way.
                let _ = fs::remove_file(&temporary);
                Err(FolderError { path: target, source })
            }
        }
    }
}
