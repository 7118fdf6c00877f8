//! Files to look at: previews and the marked pages of a check.
//!
//! Owns writing them again and again without ever touching a file that is not ours: a journal in the folder knows which
//! are. All are refused before any is written.

use std::path::{Path, PathBuf};

use super::AppError;
use crate::batch::journal::{Journal, Line, hash_bytes};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::storage::OutputFolder;

/// The journal of such files, in the state folder.
const JOURNAL: &str = "views.jsonl";

/// Writes `files`, names with bytes, into `folder`; gives their paths in the same order.
pub fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, AppError> {
    let output = OutputFolder::open(folder)?;
    let mut journal = Journal::open(&output.state_path(JOURNAL))?;
    let mut problems = Vec::new();
    for (name, _) in files {
        if journal.is_foreign(folder, name)? {
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
    let mut lines = Vec::new();
    let mut staged = Vec::new();
    for (name, bytes) in files {
        staged.push(output.stage(name, bytes)?);
        lines.push(Line { file: name.clone(), digest: String::new(), sha256: hash_bytes(bytes), bytes: bytes.len() as u64, pages: 0 });
    }
    journal.note(lines)?;
    output.publish(staged)?;
    Ok(files.iter().map(|(name, _)| folder.join(name)).collect())
}
