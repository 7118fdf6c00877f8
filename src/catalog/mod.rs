//! Templates and fonts, from the binary and from the workspace.
//!
//! Owns finding them and laying a workspace's files over the built-in ones of the same name, so that an office can
//! change the words of a template without touching its page. Reading what the files mean is `template`'s.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rust_embed::Embed;

use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::say;
use crate::template::{BUILT_IN_WORDS, Files, SHARED_FOLDER, Template};
use crate::typeset::fonts::FontFile;

#[derive(Embed)]
#[folder = "report-templates/"]
struct BuiltInTemplates;

#[derive(Embed)]
#[folder = "fonts/"]
struct BuiltInFonts;

/// The bytes of a bundled font, by its path in the bundle.
pub fn built_in_font(path: &str) -> Option<Cow<'static, [u8]>> {
    BuiltInFonts::get(path).map(|file| file.data)
}

/// Folder of a workspace's own templates.
pub const TEMPLATES_FOLDER: &str = "mau";
/// Folder of a workspace's own fonts.
pub const FONTS_FOLDER: &str = "phong-chu";

/// Largest file taken from a workspace, and how many of them.
const FILE_BYTES_MAX: u64 = 20 << 20;
const FILES_MAX: usize = 1_000;

/// Where templates and fonts come from.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    workspace: Option<PathBuf>,
    /// A template and words that are tried in the place of its own.
    trial: Option<(String, String)>,
}

/// One template's entry in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Folder name.
    pub name: String,
    /// Does the workspace add or change files of it?
    pub from_workspace: bool,
}

impl Catalog {
    /// The built-in catalog, with the folders of `workspace` over it.
    pub fn new(workspace: Option<&Path>) -> Self {
        Self { workspace: workspace.map(Path::to_owned), trial: None }
    }

    /// The same catalog, in which `template` has `words` as if they stood in the workspace.
    pub fn trying(&self, template: &str, words: &str) -> Self {
        Self { trial: Some((template.to_owned(), words.to_owned())), ..self.clone() }
    }

    /// All templates, by name.
    pub fn entries(&self) -> Vec<Entry> {
        let mut names: BTreeSet<String> =
            BuiltInTemplates::iter().filter_map(|path| path.split_once('/').map(|(name, _)| name.to_owned())).collect();
        let own = self.own_folders();
        names.extend(own.iter().cloned());
        names.remove(SHARED_FOLDER);
        names.into_iter().map(|name| Entry { from_workspace: own.contains(&name), name }).collect()
    }

    /// The files of template `name` and of the shared library.
    pub fn files(&self, name: &str) -> Result<Files, Vec<Diagnostic>> {
        if !self.entries().iter().any(|entry| entry.name == name) {
            let entries = self.entries();
            let names = entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>();
            let problem = Diagnostic::error("template-unknown", say!("không có mẫu này", "there is no such template")).with_value(name);
            let list = names.join(", ");
            return Err(vec![match nearest(name, names) {
                Some(near) => problem.remedy(say!("có phải “{near}”? Các mẫu: {list}", "did you mean `{near}`? Templates: {list}")),
                None => problem.remedy(say!("các mẫu: {list}", "templates: {list}")),
            }]);
        }
        let mut files = Files::new();
        for folder in [SHARED_FOLDER, name] {
            let prefix = format!("{folder}/");
            for path in BuiltInTemplates::iter().filter(|path| path.starts_with(&prefix)) {
                if let Some(file) = BuiltInTemplates::get(&path) {
                    files.insert(format!("/{path}"), file.data);
                }
            }
        }
        let built_in_words = files.get(&format!("/{name}/words.toml")).cloned();
        // The shared library may be overridden too: a province may own its frames.
        for folder in [SHARED_FOLDER, name] {
            self.lay_over(folder, &mut files)?;
        }
        let tried = self.trial.as_ref().filter(|(template, _)| template == name);
        if let Some((_, words)) = tried {
            files.insert(format!("/{name}/words.toml"), Cow::Owned(words.clone().into_bytes()));
        }
        // Own words on the built-in page: what they leave out stays as it is. An own page has words of its own.
        if let Some(words) =
            built_in_words.filter(|_| (tried.is_some() || self.has_own(name, "words.toml")) && !self.has_own(name, "page.typ"))
        {
            files.insert(format!("/{name}/{BUILT_IN_WORDS}"), words);
        }
        Ok(files)
    }

    /// What the files of template `name` that come from the workspace are like, without reading them: the same as long as none
    /// has changed. None where words are tried, which no file holds.
    pub fn state(&self, name: &str) -> Result<Option<String>, Vec<Diagnostic>> {
        use std::os::unix::fs::MetadataExt as _;
        if self.trial.is_some() {
            return Ok(None);
        }
        let mut state = String::new();
        let folders =
            self.workspace.iter().flat_map(|workspace| [SHARED_FOLDER, name].map(|own| workspace.join(TEMPLATES_FOLDER).join(own)));
        for folder in folders.filter(|folder| folder.is_dir()) {
            for (relative, path) in list(&folder)? {
                let file = std::fs::metadata(&path).map_err(|error| vec![unreadable(&path, &error)])?;
                let (inode, size, changed) = (file.ino(), file.size(), (file.ctime(), file.ctime_nsec()));
                state.push_str(&format!("{relative} {inode} {size} {changed:?}\n"));
            }
            state.push('\n');
        }
        Ok(Some(state))
    }

    /// Loads template `name`.
    pub fn template(&self, name: &str) -> Result<Template, Vec<Diagnostic>> {
        Template::load(name, &self.files(name)?)
    }

    /// The fonts of the binary, then those of the workspace.
    pub fn fonts(&self) -> Result<Vec<FontFile>, Vec<Diagnostic>> {
        let mut fonts = built_in_fonts();
        if let Some(folder) = self.workspace.as_ref().map(|workspace| workspace.join(FONTS_FOLDER)).filter(|folder| folder.is_dir()) {
            for (name, path) in list(&folder)? {
                let extension = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
                if matches!(extension.as_str(), "ttf" | "otf" | "ttc") {
                    fonts.push(FontFile { name: format!("{FONTS_FOLDER}/{name}"), bytes: Cow::Owned(read(&path)?) });
                }
            }
        }
        Ok(fonts)
    }

    fn own_folders(&self) -> BTreeSet<String> {
        let Some(workspace) = &self.workspace else { return BTreeSet::new() };
        let Ok(entries) = std::fs::read_dir(workspace.join(TEMPLATES_FOLDER)) else { return BTreeSet::new() };
        entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_plain_name(name))
            .collect()
    }

    fn has_own(&self, name: &str, file: &str) -> bool {
        self.workspace.as_ref().is_some_and(|workspace| workspace.join(TEMPLATES_FOLDER).join(name).join(file).is_file())
    }

    fn lay_over(&self, name: &str, files: &mut Files) -> Result<(), Vec<Diagnostic>> {
        let Some(workspace) = &self.workspace else { return Ok(()) };
        let folder = workspace.join(TEMPLATES_FOLDER).join(name);
        if folder.is_dir() {
            for (relative, path) in list(&folder)? {
                files.insert(format!("/{name}/{relative}"), Cow::Owned(read(&path)?));
            }
        }
        Ok(())
    }
}

/// The fonts inside the binary.
pub fn built_in_fonts() -> Vec<FontFile> {
    let mut fonts: Vec<FontFile> = BuiltInFonts::iter()
        .filter(|path| path.ends_with(".ttf"))
        .filter_map(|path| BuiltInFonts::get(&path).map(|file| FontFile { name: path.into_owned(), bytes: file.data }))
        .collect();
    fonts.sort_by(|a, b| a.name.cmp(&b.name));
    fonts
}

/// May a template or a file of one be called this? Letters, digits, dot, dash, underscore; no path.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// Plain files below `folder`, links left out, as relative names with `/`.
fn list(folder: &Path) -> Result<Vec<(String, PathBuf)>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut waiting = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = waiting.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| vec![unreadable(&folder, &error)])?;
        for entry in entries.filter_map(Result::ok) {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            if !is_plain_name(&name) {
                continue;
            }
            if kind.is_dir() {
                waiting.push((format!("{prefix}{name}/"), entry.path()));
            } else if kind.is_file() {
                found.push((format!("{prefix}{name}"), entry.path()));
            }
            if found.len() + waiting.len() > FILES_MAX {
                return Err(vec![
                    Diagnostic::error(
                        "folder-too-large",
                        say!("thư mục có quá {FILES_MAX} tệp", "the folder has more than {FILES_MAX} files"),
                    )
                    .at(Place::File { file: folder.display().to_string() }),
                ]);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let size = std::fs::metadata(path).map_err(|error| vec![unreadable(path, &error)])?.len();
    if size > FILE_BYTES_MAX {
        let limit = FILE_BYTES_MAX >> 20;
        return Err(vec![
            Diagnostic::error("file-too-large", say!("tệp lớn hơn {limit} MiB", "the file is larger than {limit} MiB"))
                .at(Place::File { file: path.display().to_string() }),
        ]);
    }
    std::fs::read(path).map_err(|error| vec![unreadable(path, &error)])
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("file-unreadable", crate::diagnostic::because(error, "không đọc được:", "cannot be read:"))
        .at(Place::File { file: path.display().to_string() })
}
