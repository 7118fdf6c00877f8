//! The Typst world of one template: a closed set of files in memory, and one record.
//!
//! Owns what a page can reach: its own files, the shared library, the organisation's pictures, `/record.json`. Nothing
//! else exists: no disk, no network, no packages, no plugins, no clock.

use std::collections::HashMap;
use std::sync::Arc;

use typst::diag::{FileError, FileResult, PackageError};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook, FontFamily, FontList, Lang, Region, TextElem};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use super::fonts::Fonts;
use crate::template::Files;

/// Everything that stays the same from record to record.
pub(super) struct Shared {
    library: LazyHash<Library>,
    fonts: Fonts,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
    main: FileId,
    record: FileId,
}

/// The world of one compile.
pub(super) struct RecordWorld {
    shared: Arc<Shared>,
    record: Bytes,
}

impl Shared {
    pub(super) fn new(main_source: &str, files: Files, fonts: Fonts, text_families: &[String]) -> Self {
        let mut sources = HashMap::new();
        let mut data = HashMap::new();
        for (path, bytes) in files {
            let Some(id) = intern(&path) else { continue };
            if path.ends_with(".typ")
                && let Ok(text) = std::str::from_utf8(&bytes)
            {
                sources.insert(id, Source::new(id, text.to_owned()));
            }
            // A plug-in is code without a fuel limit; pages do not need one.
            if !path.ends_with(".wasm") {
                data.insert(id, Bytes::new(bytes.into_owned()));
            }
        }
        let main = intern_constant("/main.typ");
        let record = intern_constant("/record.json");
        sources.insert(main, Source::new(main, main_source.to_owned()));
        Self { library: LazyHash::new(library(text_families)), fonts, sources, files: data, main, record }
    }

    /// The world for `record`, the bytes of `/record.json`.
    pub(super) fn with_record(self: &Arc<Self>, record: Vec<u8>) -> RecordWorld {
        RecordWorld { shared: Arc::clone(self), record: Bytes::new(record) }
    }
}

/// The standard library with Vietnamese and the template's own families as defaults, so that text without a font
/// setting is drawn rather than dropped.
fn library(text_families: &[String]) -> Library {
    let mut library = <Library as LibraryExt>::default();
    let families: Vec<FontFamily> = text_families.iter().map(|family| FontFamily::new(family)).collect();
    if !families.is_empty() {
        library.styles.set(TextElem::font, FontList(families));
    }
    library.styles.set(TextElem::fallback, false);
    library.styles.set(TextElem::lang, Lang::VIETNAMESE);
    library.styles.set(TextElem::region, "VN".parse::<Region>().ok());
    library.styles.set(TextElem::hyphenate, Smart::Custom(false));
    library
}

fn intern(path: &str) -> Option<FileId> {
    let path = VirtualPath::new(path).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

fn intern_constant(path: &'static str) -> FileId {
    intern(path).expect("a constant virtual path is valid")
}

impl World for RecordWorld {
    fn library(&self) -> &LazyHash<Library> {
        &self.shared.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shared.fonts.book
    }

    fn main(&self) -> FileId {
        self.shared.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.shared.sources.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.shared.record {
            return Ok(self.record.clone());
        }
        self.shared.files.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shared.fonts.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn missing(id: FileId) -> FileError {
    match id.get().root() {
        VirtualRoot::Package(package) => FileError::Package(PackageError::NotFound(package.clone())),
        _ => FileError::NotFound(id.get().vpath().get_with_slash().into()),
    }
}

/// A file's path as a template's author knows it.
pub(super) fn name_of(id: FileId) -> String {
    id.get().vpath().get_without_slash().to_owned()
}
