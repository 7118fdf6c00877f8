//! File patterns: a path whose parts may hold `*` and `?`.
//!
//! Owns [`Pattern`]: its syntax and the walk that finds what matches. Names are compared in NFC, because some systems
//! store the letters of a Vietnamese name taken apart. There is no `**`: a schedule names the depth that it means.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use super::SourceError;
use crate::language::Text;
use crate::say;

/// Most folder entries looked at for one pattern.
const ENTRIES_MAX: usize = 100_000;

/// A path, or a pattern of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    absolute: bool,
    parts: Vec<String>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it: empty, `..`, `~`, `**`, a control character.
    pub(super) fn parse(text: &str) -> Result<Self, Text> {
        let path = Path::new(text);
        let mut parts = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(part) => parts.push(part.to_string_lossy().nfc().collect::<String>()),
                Component::ParentDir => {
                    return Err(say!("đường dẫn không được đi lên bằng “..”", "the path must not go up by `..`"));
                }
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        if parts.is_empty() {
            return Err(say!("đường dẫn không có tên tệp", "the path has no file name"));
        }
        if parts[0].starts_with('~') {
            return Err(say!("“~” không được hiểu là thư mục riêng: hãy ghi cả đường dẫn", "`~` is not understood: write the whole path"));
        }
        if parts.iter().any(|part| part.contains("**")) {
            return Err(say!("không có “**”: hãy ghi từng cấp thư mục", "there is no `**`: write each level of folders"));
        }
        if text.chars().any(char::is_control) {
            return Err(say!("đường dẫn có ký tự điều khiển", "the path has a control character"));
        }
        Ok(Self { absolute: path.is_absolute(), parts })
    }

    /// May it match more than one file?
    pub(super) fn has_wildcards(&self) -> bool {
        self.parts.iter().any(|part| has_wildcards(part))
    }

    /// Does it start at the root rather than in the workspace?
    pub(super) fn is_absolute(&self) -> bool {
        self.absolute
    }

    /// The files that match, ordered by name. Hidden files and the lock files of office programs match only what
    /// spells them out. A folder that is not there is an error, for it may be a share that is not mounted; a file that is
    /// not there is no match.
    pub(super) fn files(&self, workspace: &Path) -> Result<Vec<PathBuf>, SourceError> {
        let start = if self.absolute { PathBuf::from("/") } else { workspace.to_owned() };
        let mut found = vec![start];
        let mut seen = 0;
        let last = self.parts.len() - 1;
        for (level, part) in self.parts.iter().enumerate() {
            let mut next = Vec::new();
            for folder in &found {
                self.step(folder, part, level == last, &mut seen, &mut next)?;
            }
            if next.is_empty() && level < last && !has_wildcards(part) && !self.parts[..level].iter().any(|part| has_wildcards(part)) {
                let path = found.first().map(|folder| folder.join(part)).unwrap_or_default();
                return Err(SourceError::Unreadable { path, source: io::ErrorKind::NotFound.into() });
            }
            found = next;
        }
        found.sort();
        Ok(found)
    }

    /// What of `folder` matches `part`: files at the last level, folders above it.
    fn step(&self, folder: &Path, part: &str, last: bool, seen: &mut usize, next: &mut Vec<PathBuf>) -> Result<(), SourceError> {
        let right_kind = |path: &Path| if last { path.is_file() } else { path.is_dir() };
        if !has_wildcards(part) {
            let literal = folder.join(part);
            if right_kind(&literal) {
                next.push(literal);
                return Ok(());
            }
            // The name may be there with its letters taken apart.
            if part.is_ascii() {
                // `is_file` is false for a folder that cannot be entered, too: that is no missing file.
                return match fs::symlink_metadata(&literal) {
                    Err(source) if source.kind() != io::ErrorKind::NotFound => Err(SourceError::Unreadable { path: literal, source }),
                    _ => Ok(()),
                };
            }
        }
        let entries = fs::read_dir(folder).map_err(SourceError::unreadable(folder))?;
        for entry in entries {
            let entry = entry.map_err(SourceError::unreadable(folder))?;
            *seen += 1;
            if *seen > ENTRIES_MAX {
                return Err(SourceError::TooManyFiles { pattern: self.parts.join("/"), files_max: ENTRIES_MAX });
            }
            let name: String = entry.file_name().to_string_lossy().nfc().collect();
            let set_apart = name.starts_with('.') || name.starts_with("~$");
            if (!set_apart || part.starts_with(['.', '~'])) && matches(part, &name) && right_kind(&entry.path()) {
                next.push(entry.path());
            }
        }
        Ok(())
    }
}

fn has_wildcards(part: &str) -> bool {
    part.contains(['*', '?'])
}

/// Does `name` match `part`? `*` stands for any characters, `?` for one. Goes back to the last `*` only, so it takes at
/// most the product of both lengths.
fn matches(part: &str, name: &str) -> bool {
    let part: Vec<char> = part.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match part.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    part[p..].iter().all(|c| *c == '*')
}
