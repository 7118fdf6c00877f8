//! A whole copy of the office in one file, made while work goes on.
//!
//! Owns the order: the database first, then the documents that the copy of it refers to. Documents never change, so that a
//! restored database never points at one that is missing. The file appears under its name when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::office::{DATABASE_FILE, OBJECTS_FOLDER, Office, Opening};
use super::{App, AppError};
use crate::catalog::{FONTS_FOLDER, TEMPLATES_FOLDER};
use crate::config::FILE_NAME;
use crate::diagnostic::{Diagnostic, Place};
use crate::failpoint;
use crate::say;
use crate::storage::{hash_file, sync_folder};
use crate::store::{Location, Store};
use crate::template::hex;
use crate::typeset::picture;

/// What the copy says about itself.
pub const MANIFEST: &str = "ban-sao.json";

/// Documents listed at once.
const PAGE: u32 = 1_000;

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the program.
    pub version: String,
    /// The database that was copied.
    pub instance: String,
    /// When, milliseconds since 1970 by the database's clock.
    pub created_at: i64,
    /// SHA-256 of the database's copy, which is a SQLite file wherever the rows came from.
    pub database: String,
    /// The rows came from a PostgreSQL server, and go back to one.
    pub server: bool,
    /// Documents in it.
    pub documents: u64,
    /// Pictures that `vanthu.toml` names, relative to the workspace.
    #[serde(default)]
    pub pictures: Vec<String>,
    /// Documents that the database refers to and the storage lacks, or whose bytes are not theirs.
    pub missing: Vec<String>,
}

impl App {
    /// Writes a copy of the office to `path`, which must not exist.
    pub async fn backup(&self, path: &Path) -> Result<Manifest, AppError> {
        if path.exists() {
            return Err(AppError::Input(vec![
                Diagnostic::error("file-exists", say!("tệp đã có; không ghi đè", "the file exists; it is not overwritten"))
                    .at(Place::File { file: path.display().to_string() })
                    .remedy(say!("chọn tên khác", "choose another name")),
            ]));
        }
        let office = self.office(None, Opening::Beside).await?;
        let made = self.copy(&office, path).await;
        if made.is_ok() {
            office.store.note_backup("cli").await?;
        }
        office.store.close().await;
        made
    }

    async fn copy(&self, office: &Office, path: &Path) -> Result<Manifest, AppError> {
        let unfinished = Unfinished::beside(path);
        let mut manifest = Manifest {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instance: office.store.instance().to_owned(),
            created_at: office.store.now().await?,
            database: String::new(),
            server: !office.store.is_file(),
            documents: 0,
            pictures: Vec::new(),
            missing: Vec::new(),
        };
        office.store.copy_to(&unfinished.database).await?;
        let listed = Store::open_beside(&Location::File(unfinished.database.clone())).await?;
        if !listed.integrity().await?.is_empty() {
            return Err(AppError::Damaged { what: "copy" });
        }
        passed("backup.database", path)?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished.archive)
            .map_err(write_error(&unfinished.archive))?;
        let mut archive = Archive { zip: ZipWriter::new(BufWriter::new(file)), path: unfinished.archive.clone() };
        let mut after = String::new();
        loop {
            let page = listed.objects(&after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            for document in &page {
                if archive.add_hashed(
                    &format!("{OBJECTS_FOLDER}/{}", document.object),
                    &office.objects.path(&document.object),
                    &document.sha256,
                )? {
                    manifest.documents += 1;
                } else {
                    manifest.missing.push(document.object.clone());
                }
            }
        }
        passed("backup.documents", path)?;
        listed.close().await;
        manifest.database = hash_file(&unfinished.database)?.unwrap_or_default();
        archive.add(DATABASE_FILE, &unfinished.database)?;
        if let Some(folder) = &self.workspace.folder {
            archive.add(FILE_NAME, &folder.join(FILE_NAME))?;
            for name in [TEMPLATES_FOLDER, FONTS_FOLDER] {
                archive.add_folder(name, &folder.join(name))?;
            }
            for name in self.workspace.config.pictures() {
                if is_own_picture(folder, name) {
                    archive.add(name, &folder.join(name))?;
                    manifest.pictures.push(name.to_owned());
                }
            }
        }
        archive.finish(&manifest)?;
        passed("backup.rename", path)?;
        fs::rename(&unfinished.archive, path).map_err(write_error(path))?;
        sync_folder(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        Ok(manifest)
    }
}

/// Is `name` a picture of the workspace that nothing else copies? A path that leads out, or a file that is no picture, is not.
fn is_own_picture(folder: &Path, name: &str) -> bool {
    let relative = Path::new(name);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    let first = relative.components().next().and_then(|part| part.as_os_str().to_str()).unwrap_or_default();
    let copied = [DATABASE_FILE, FILE_NAME, MANIFEST, OBJECTS_FOLDER, TEMPLATES_FOLDER, FONTS_FOLDER].contains(&first);
    let inside = || Some(fs::canonicalize(folder.join(relative)).ok()?.starts_with(fs::canonicalize(folder).ok()?));
    plain && !copied && inside() == Some(true) && fs::read(folder.join(relative)).is_ok_and(|bytes| picture::inspect(&bytes).is_ok())
}

/// Files that are gone with the value, however the copy ends.
struct Unfinished {
    database: PathBuf,
    archive: PathBuf,
}

impl Unfinished {
    fn beside(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unfinished =
            Self { database: path.with_file_name(format!(".{name}.db")), archive: path.with_file_name(format!(".{name}.part")) };
        // What a killed copy left.
        unfinished.remove();
        unfinished
    }

    fn remove(&self) {
        let _ = fs::remove_file(&self.archive);
        for suffix in ["", "-wal", "-shm"] {
            let mut path = self.database.clone().into_os_string();
            path.push(suffix);
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.remove();
    }
}

struct Archive {
    zip: ZipWriter<BufWriter<File>>,
    path: PathBuf,
}

impl Archive {
    fn options() -> SimpleFileOptions {
        SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .large_file(true)
    }

    fn failed(&self) -> impl FnOnce(zip::result::ZipError) -> AppError + use<> {
        let path = self.path.clone();
        move |error| AppError::Write { path, source: error.into() }
    }

    /// A document whose bytes are held against its hash; false when it is not there or another.
    fn add_hashed(&mut self, name: &str, path: &Path, sha256: &str) -> Result<bool, AppError> {
        // One document at a time is held in memory; a page limit keeps each small.
        let Ok(bytes) = fs::read(path) else { return Ok(false) };
        if hex(&Sha256::digest(&bytes)) != sha256 {
            return Ok(false);
        }
        let failed = self.failed();
        self.zip.start_file(name, Self::options()).map_err(failed)?;
        self.zip.write_all(&bytes).map_err(write_error(&self.path))?;
        Ok(true)
    }

    fn add(&mut self, name: &str, path: &Path) -> Result<(), AppError> {
        let failed = self.failed();
        let mut file = File::open(path).map_err(write_error(path))?;
        self.zip.start_file(name, Self::options()).map_err(failed)?;
        io::copy(&mut file, &mut self.zip).map_err(write_error(&self.path))?;
        Ok(())
    }

    fn add_folder(&mut self, name: &str, folder: &Path) -> Result<(), AppError> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let inside = format!("{name}/{}", entry.file_name().to_string_lossy());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.add_folder(&inside, &entry.path())?,
                Ok(kind) if kind.is_file() => self.add(&inside, &entry.path())?,
                // A link leads elsewhere.
                _ => {}
            }
        }
        Ok(())
    }

    fn finish(mut self, manifest: &Manifest) -> Result<(), AppError> {
        let failed = self.failed();
        self.zip.start_file(MANIFEST, Self::options()).map_err(failed)?;
        serde_json::to_writer_pretty(&mut self.zip, manifest)
            .map_err(|error| AppError::Write { path: self.path.clone(), source: error.into() })?;
        let failed = self.failed();
        let mut file = self.zip.finish().map_err(failed)?;
        file.flush().map_err(write_error(&self.path))?;
        file.get_ref().sync_all().map_err(write_error(&self.path))
    }
}

/// The manifest of a copy.
pub(super) fn read_manifest(archive: &mut zip::ZipArchive<File>) -> Option<Manifest> {
    let mut text = String::new();
    archive.by_name(MANIFEST).ok()?.take(64 << 20).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn passed(name: &str, path: &Path) -> Result<(), AppError> {
    failpoint::pass(name).map_err(write_error(path))
}

pub(super) fn write_error(path: &Path) -> impl FnOnce(io::Error) -> AppError + use<> {
    let path = path.to_owned();
    move |source| AppError::Write { path, source }
}
