//! A secret of the configuration: where it comes from, and that it is never shown.
//!
//! Owns reading a secret's file, which nobody but its owner may read, and a type that prints as `***`.

use std::fmt;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Place, because};
use crate::say;

/// Longest secret file.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// A password or token. `Debug` and `Display` are masked; [`Secret::reveal`] is for the one place that sends it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Reads a file that holds the secret and nothing else; line ends at its end are not part of it. A file that group or
    /// others may read is refused, since whoever can read it owns the account.
    pub fn read(path: &Path) -> Result<Self, Box<Diagnostic>> {
        let place = || Place::File { file: path.display().to_string() };
        let unreadable = |error: &std::io::Error| {
            Box::new(
                Diagnostic::error("secret-unreadable", because(error, "không đọc được tệp mật khẩu:", "the secret's file cannot be read:"))
                    .at(place()),
            )
        };
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
        if open_to_others(&metadata) {
            return Err(Box::new(
                Diagnostic::error(
                    "secret-open",
                    say!("người khác trên máy đọc được tệp mật khẩu này", "others on this machine can read the secret's file"),
                )
                .at(place())
                .remedy(say!("chạy: chmod 600 {}", "run: chmod 600 {}", path.display())),
            ));
        }
        if metadata.len() > SECRET_BYTES_MAX {
            return Err(Box::new(
                Diagnostic::error("secret-long", say!("tệp này quá lớn để là mật khẩu", "the file is too large for a secret")).at(place()),
            ));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() || secret.chars().any(char::is_control) {
            return Err(Box::new(
                Diagnostic::error(
                    "secret-form",
                    say!("tệp mật khẩu trống hoặc có nhiều dòng", "the secret's file is empty or has several lines"),
                )
                .at(place())
                .remedy(say!("ghi mật khẩu trên một dòng duy nhất", "write the secret on one single line")),
            ));
        }
        Ok(Self(secret.to_owned()))
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(unix)]
fn open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
