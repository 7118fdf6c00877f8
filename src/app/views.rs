//! Files to look at: previews and the marked pages of a check.
//!
//! Owns writing them again and again without ever touching a file that is not ours: a list in the folder knows the hashes of
//! those that are. All are refused before any is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::AppError;
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::storage::{OutputFolder, STATE_FOLDER, hash_bytes, hash_file};

/// The list of such files, in the state folder: SHA-256 by name.
const LIST: &str = "views.json";

/// Writes `files`, names with bytes, into `folder`; gives their paths in the same order.
pub fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, AppError> {
    let output = OutputFolder::open(folder)?;
    let mut ours: BTreeMap<String, String> =
        std::fs::read(output.state_path(LIST)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let mut problems = Vec::new();
    for (name, _) in files {
        if hash_file(&folder.join(name))?.is_some_and(|sha256| ours.get(name) != Some(&sha256)) {
            problems.push(
                Diagnostic::error(
                    "file-in-the-way",
                    say!(
                        "đã có tệp này, không do lần xem trước nào tạo ra hoặc đã bị sửa",
                        "the file is there already; no earlier preview made it, or it was changed since"
                    ),
                )
                .at(Place::File { file: folder.join(name).display().to_string() })
                .remedy(say!(
                    "đổi tên hoặc chuyển tệp đó đi, hoặc chọn thư mục khác; tệp có sẵn không bao giờ bị ghi đè",
                    "rename or move that file, or choose another folder; existing files are never overwritten"
                )),
            );
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let mut staged = Vec::new();
    for (name, bytes) in files {
        staged.push(output.stage(name, bytes)?);
        ours.insert(name.clone(), hash_bytes(bytes));
    }
    // Listed first: after a crash nobody else would claim them.
    output.write(&format!("{STATE_FOLDER}/{LIST}"), serde_json::json!(ours).to_string().as_bytes())?;
    output.publish(staged)?;
    Ok(files.iter().map(|(name, _)| folder.join(name)).collect())
}
