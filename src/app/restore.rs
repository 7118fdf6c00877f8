//! An office from a copy: in a folder of its own, checked, and in safe mode.
//!
//! Owns unpacking. Nothing is unpacked into a folder in use, and the folder gets its name when all of it is there. The copy
//! cannot know what the original did afterwards: it gets another id, and neither sends nor fires until a person says so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;

use super::backup::{Manifest, read_manifest, write_error};
use super::office::{DATABASE_FILE, OBJECTS_FOLDER, Opening};
use super::{App, AppError};
use crate::catalog::{FONTS_FOLDER, TEMPLATES_FOLDER};
use crate::config::rewrite::redirect;
use crate::config::{FILE_NAME, Workspace};
use crate::diagnostic::{Diagnostic, Place, because};
use crate::failpoint;
use crate::language::Text;
use crate::mail::secret::Secret;
use crate::say;
use crate::storage::{Objects, hash_file, sync_folder};
use crate::store::instance::Settled;
use crate::store::{Location, Store, StoreError};

/// Documents listed at once.
const PAGE: u32 = 1_000;

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What the copy said about itself.
    pub manifest: Manifest,
    /// Documents that are not there, or not what the database says.
    pub missing: Vec<String>,
    /// What waits for a person.
    pub waiting: Waiting,
}

/// What a restored office does not go on with by itself, and where its registers stand.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// Held batches.
    pub batches: Vec<String>,
    /// Finished batches whose messages are held.
    pub messages: Vec<String>,
    /// Register, period and last number of every series: numbers given out after the copy are not among them.
    pub series: Vec<(String, String, i64)>,
}

impl App {
    /// Lets a restored office send and fire again; what still waits for a decision by name.
    pub async fn leave_safe_mode(&self) -> Result<Waiting, AppError> {
        let office = self.office(None, Opening::Beside).await?;
        office.store.pause_sending(None, "cli").await?;
        office.store.pause_schedules(None, "cli").await?;
        let waiting = Waiting {
            batches: office.store.held_batches().await?,
            messages: office.store.batches_with_held_messages().await?,
            series: office.store.last_numbers().await?,
        };
        office.store.close().await;
        Ok(waiting)
    }

    /// Restores the copy at `path` into `folder`, which must be missing or empty. `server` names a file with the URL of an empty
    /// PostgreSQL database that takes the rows; a copy of a server's rows needs one.
    pub async fn restore(path: &Path, folder: &Path, server: Option<&Path>) -> Result<Restored, AppError> {
        if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
            let problem = wrong("restore-folder", folder, say!("thư mục không trống", "the folder is not empty"));
            return Err(problem.remedy(say!("chọn một thư mục mới", "choose a new folder")).into());
        }
        let file = File::open(path).map_err(|error| wrong("restore-file", path, because(&error, "không đọc được:", "cannot be read:")))?;
        let not_ours = || wrong("restore-file", path, say!("không phải bản sao lưu của vanthu", "is no backup of vanthu"));
        let mut archive = ZipArchive::new(file).map_err(|_| not_ours())?;
        let manifest = read_manifest(&mut archive).ok_or_else(not_ours)?;
        let server = server.map(|file| Secret::read(file).map(|url| (file, url))).transpose().map_err(|problem| vec![*problem])?;
        if manifest.server && server.is_none() {
            let message = say!("bản sao này của một máy chủ PostgreSQL", "this is the copy of an office on a PostgreSQL server");
            return Err(wrong("restore-server", path, message)
                .remedy(say!(
                    "tạo một cơ sở dữ liệu trống, ghi URL của nó vào một tệp (chmod 600), thêm --server TỆP",
                    "make an empty database, write its URL into a file (chmod 600), add --server FILE"
                ))
                .into());
        }
        let unfinished = unfinished(folder);
        let _ = fs::remove_dir_all(&unfinished);
        unpack(&mut archive, &unfinished, &manifest.pictures, path)?;
        // Wherever the original's documents lie: the copy's are its own.
        redirect(&unfinished, "store", "objects", OBJECTS_FOLDER).or_else(missing_is_well).map_err(write_error(&unfinished))?;
        let database = unfinished.join(DATABASE_FILE);
        if hash_file(&database)?.as_deref() != Some(&manifest.database) {
            return Err(wrong("restore-damaged", path, say!("bản sao lưu bị hỏng", "the backup is damaged")).into());
        }
        let objects = unfinished.join(OBJECTS_FOLDER);
        let (missing, waiting) = match &server {
            None => settle(Store::open(&Location::File(database)).await?, &objects).await?,
            Some((file, url)) => {
                let store = Store::open(&Location::Server(url.reveal().to_owned())).await?;
                match store.import(&database).await {
                    Err(StoreError::Refused { .. }) => {
                        let problem =
                            wrong("restore-server", file, say!("cơ sở dữ liệu ở đó không trống", "the database there is not empty"));
                        return Err(problem.remedy(say!("tạo một cơ sở dữ liệu trống", "make an empty database")).into());
                    }
                    other => other?,
                }
                remove_database(&database)?;
                keep_url(&unfinished, url)?;
                settle(store, &objects).await?
            }
        };
        if folder.is_dir() {
            fs::remove_dir(folder).map_err(write_error(folder))?;
        }
        failpoint::pass("restore.rename").and_then(|()| fs::rename(&unfinished, folder)).map_err(write_error(folder))?;
        sync_folder(folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        Ok(Restored { manifest, missing, waiting })
    }
}

fn missing_is_well(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// The rows are the server's now: a file beside them would be a second office.
fn remove_database(database: &Path) -> Result<(), AppError> {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let mut path = database.as_os_str().to_owned();
        path.push(suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(write_error(Path::new(&path))(error)),
            _ => {}
        }
    }
    Ok(())
}

/// Puts the URL where the restored configuration looks for it, when that is inside the folder: secrets are not copied.
fn keep_url(folder: &Path, url: &Secret) -> Result<(), AppError> {
    use std::os::unix::fs::OpenOptionsExt;
    let Ok(workspace) = Workspace::open(folder) else { return Ok(()) };
    let Some(file) = workspace.config.store.url_file.filter(|file| file.is_relative()) else { return Ok(()) };
    let path = folder.join(file);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(write_error(parent))?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(write_error(&path))?;
    file.write_all(url.reveal().as_bytes()).map_err(write_error(&path))
}

/// Makes the database safe and holds every document against it.
async fn settle(store: Store, objects: &Path) -> Result<(Vec<String>, Waiting), AppError> {
    if !store.integrity().await?.is_empty() || store.broken_audit_line().await?.is_some() {
        return Err(AppError::Damaged { what: "copy" });
    }
    let Settled { instance, batches, messages } = store.enter_safe_mode("khôi phục từ bản sao lưu", "restore").await?;
    store.forget_planning().await?;
    let waiting = Waiting { batches, messages, series: store.last_numbers().await? };
    let objects = Objects::open(objects)?;
    objects.belong_to(&instance)?;
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
    Ok((missing, waiting))
}

fn unpack(archive: &mut ZipArchive<File>, into: &Path, pictures: &[String], path: &Path) -> Result<(), AppError> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let damaged = || wrong("restore-damaged", path, say!("bản sao lưu bị hỏng", "the backup is damaged"));
    fs::create_dir_all(into).map_err(write_error(into))?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|_| damaged())?;
        let Some(name) = entry.name().ok().as_deref().and_then(|name| known(name, pictures)) else { continue };
        let target = into.join(&name);
        let parent = target.parent().unwrap_or(into);
        fs::create_dir_all(parent).map_err(write_error(parent))?;
        // The database holds names and addresses; the umask may be generous.
        let mode = if name == Path::new(DATABASE_FILE) { 0o600 } else { 0o666 };
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&target);
        let mut file = file.map_err(write_error(&target))?;
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
fn known(name: &str, pictures: &[String]) -> Option<PathBuf> {
    let path = Path::new(name);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_))) && !name.ends_with('/');
    let first = path.components().next()?.as_os_str().to_str()?;
    let ours = [DATABASE_FILE, FILE_NAME, OBJECTS_FOLDER, TEMPLATES_FOLDER, FONTS_FOLDER].contains(&first);
    (plain && (ours || pictures.iter().any(|picture| picture == name))).then(|| path.to_owned())
}

fn unfinished(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folder.with_file_name(format!(".{name}.dang-khoi-phuc"))
}

fn wrong(code: &'static str, path: &Path, message: Text) -> Diagnostic {
    Diagnostic::error(code, message).at(Place::File { file: path.display().to_string() })
}
