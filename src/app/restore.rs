//! An office from a copy: in a folder of its own, checked, and in safe mode.
//!
//! Owns unpacking. Nothing is unpacked into a folder in use, and the folder gets its name when all of it is there. The copy
//! cannot know what the original did afterwards: it gets another id, and neither sends nor fires until a person says so.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;

use super::backup::{Manifest, read_manifest, write_error};
use super::office::{DATABASE_FILE, OBJECTS_FOLDER, Opening};
use super::{App, AppError};
use crate::catalog::{FONTS_FOLDER, TEMPLATES_FOLDER};
use crate::config::FILE_NAME;
use crate::diagnostic::{Diagnostic, Place, because};
use crate::language::Text;
use crate::say;
use crate::storage::{Objects, hash_file, sync_folder};
use crate::store::{Location, Store};

/// Documents listed at once.
const PAGE: u32 = 1_000;

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What the copy said about itself.
    pub manifest: Manifest,
    /// Documents that are not there, or not what the database says.
    pub missing: Vec<String>,
}

impl App {
    /// Lets a restored office send and fire again.
    pub async fn leave_safe_mode(&self) -> Result<(), AppError> {
        let office = self.office(None, Opening::Beside).await?;
        office.store.pause_sending(None, "cli").await?;
        office.store.pause_schedules(None, "cli").await?;
        office.store.close().await;
        Ok(())
    }

    /// Restores the copy at `path` into `folder`, which must be missing or empty.
    pub async fn restore(path: &Path, folder: &Path) -> Result<Restored, AppError> {
        if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
            let problem = wrong("restore-folder", folder, say!("thư mục không trống", "the folder is not empty"));
            let remedy = say!("chọn một thư mục mới", "choose a new folder");
            return Err(AppError::Input(problem.into_iter().map(|problem| problem.remedy(remedy.clone())).collect()));
        }
        let file = File::open(path).map_err(|error| wrong("restore-file", path, because(&error, "không đọc được:", "cannot be read:")))?;
        let not_ours = || wrong("restore-file", path, say!("không phải bản sao lưu của vanthu", "is no backup of vanthu"));
        let mut archive = ZipArchive::new(file).map_err(|_| not_ours())?;
        let manifest = read_manifest(&mut archive).ok_or_else(not_ours)?;
        let unfinished = unfinished(folder);
        let _ = fs::remove_dir_all(&unfinished);
        unpack(&mut archive, &unfinished, path)?;
        let missing = match &manifest.database {
            Some(sha256) => {
                let database = unfinished.join(DATABASE_FILE);
                if hash_file(&database)?.as_deref() != Some(sha256) {
                    return Err(wrong("restore-damaged", path, say!("bản sao lưu bị hỏng", "the backup is damaged")).into());
                }
                settle(&database, &unfinished.join(OBJECTS_FOLDER)).await?
            }
            None => Vec::new(),
        };
        if folder.is_dir() {
            fs::remove_dir(folder).map_err(write_error(folder))?;
        }
        fs::rename(&unfinished, folder).map_err(write_error(folder))?;
        sync_folder(folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        Ok(Restored { manifest, missing })
    }
}

/// Makes the database safe and holds every document against it.
async fn settle(database: &Path, objects: &Path) -> Result<Vec<String>, AppError> {
    let store = Store::open(&Location::File(database.to_owned())).await?;
    if !store.integrity().await?.is_empty() || store.broken_audit_line().await?.is_some() {
        return Err(AppError::Damaged { what: "copy" });
    }
    store.enter_safe_mode("khôi phục từ bản sao lưu", "restore").await?;
    store.forget_planning().await?;
    let objects = Objects::open(objects)?;
    let mut missing = Vec::new();
    let mut after = String::new();
    loop {
        let page = store.objects(&after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for document in &page {
            if hash_file(&objects.path(&document.object))?.as_deref() != Some(&document.sha256) {
                missing.push(document.object.clone());
            }
        }
    }
    store.close().await;
    Ok(missing)
}

fn unpack(archive: &mut ZipArchive<File>, into: &Path, path: &Path) -> Result<(), AppError> {
    use std::os::unix::fs::PermissionsExt;
    let damaged = || wrong("restore-damaged", path, say!("bản sao lưu bị hỏng", "the backup is damaged"));
    fs::create_dir_all(into).map_err(write_error(into))?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|_| damaged())?;
        let Some(name) = entry.name().ok().as_deref().and_then(known) else { continue };
        let target = into.join(&name);
        let parent = target.parent().unwrap_or(into);
        fs::create_dir_all(parent).map_err(write_error(parent))?;
        let mut file = File::create(&target).map_err(write_error(&target))?;
        io::copy(&mut entry, &mut file).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => damaged().into(),
            _ => write_error(&target)(error),
        })?;
        if name.starts_with(OBJECTS_FOLDER) {
            file.set_permissions(fs::Permissions::from_mode(0o444)).map_err(write_error(&target))?;
        }
        file.sync_all().map_err(write_error(&target))?;
    }
    Ok(())
}

/// Where an entry of the copy goes; none for what no copy has, such as a path that leads out.
fn known(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_))) && !name.ends_with('/');
    let first = path.components().next()?.as_os_str().to_str()?;
    let ours = [DATABASE_FILE, FILE_NAME, OBJECTS_FOLDER, TEMPLATES_FOLDER, FONTS_FOLDER].contains(&first);
    (plain && ours).then(|| path.to_owned())
}

fn unfinished(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folder.with_file_name(format!(".{name}.dang-khoi-phuc"))
}

fn wrong(code: &'static str, path: &Path, message: Text) -> Vec<Diagnostic> {
    vec![Diagnostic::error(code, message).at(Place::File { file: path.display().to_string() })]
}
