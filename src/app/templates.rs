//! Words of templates, changed from a page: what may be changed, trying it, publishing, going back.
//!
//! Owns what becomes of the changed wordings in `mau/NAME/words.toml`: of a built-in template only those that differ, of an own
//! one all of them, comments included. What is published loads and fills its sample; what does not is refused with its faults.

use std::collections::BTreeMap;

use tokio::sync::Mutex;
use toml_edit::{DocumentMut, Item, Table};

use super::office::Office;
use super::{App, AppError};
use crate::access::Principal;
use crate::batch::Request;
use crate::catalog::TEMPLATES_FOLDER;
use crate::config::rewrite::{replace, set};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::say;
use crate::storage::hash_bytes;
use crate::store::StoreError;
use crate::store::templates::{TemplateDraft, TemplateVersion};
use crate::template::BUILT_IN_WORDS;
use crate::typeset::Typeset;

/// The file of the words.
const WORDS_FILE: &str = "words.toml";
/// What stands in a file that changes nothing.
const NOTHING: &str = "[words]\n";
/// One publication at a time: two that have seen the same words would overwrite each other.
static PUBLISHING: Mutex<()> = Mutex::const_new(());
/// Longest reason for a publication.
const NOTE_MAX: usize = 300;

/// One wording of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Its name in `words.toml`.
    pub name: String,
    /// What stands there now.
    pub text: String,
    /// The comment above it: what it is for.
    pub note: String,
    /// The program's own text, where the workspace has changed it.
    pub built_in: Option<String>,
}

/// The words of a template as they are in use.
#[derive(Debug, Clone)]
pub struct Words {
    /// One by one, in the order of the file.
    pub wordings: Vec<Wording>,
    /// The file of the workspace; nothing is changed where there is none.
    pub own: Option<String>,
    /// SHA-256 of that file, which a form sends back.
    pub digest: String,
}

impl App {
    /// The words of a template as they are in use.
    pub fn words_of(&self, template: &str) -> Result<Words, AppError> {
        let files = self.catalog.files(template)?;
        let text = |file: &str| {
            files.get(&format!("/{template}/{file}")).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
        };
        let (own, built_in) = (text(WORDS_FILE), text(BUILT_IN_WORDS));
        // What is laid over says only what differs; what lies below has the order and the comments.
        let base = if built_in.is_empty() { own.clone() } else { built_in.clone() };
        let changed = entries(&own)?;
        let wordings = entries(&base)?
            .into_iter()
            .map(|(name, text, note)| {
                let own = changed.iter().find(|(known, ..)| *known == name).map(|(_, text, _)| text.clone());
                match own {
                    Some(own) if !built_in.is_empty() && own != text => Wording { name, text: own, note, built_in: Some(text) },
                    Some(own) => Wording { name, text: own, note, built_in: None },
                    None => Wording { name, text, note, built_in: None },
                }
            })
            .collect();
        let path = self.words_path(template);
        let own = path.and_then(|path| std::fs::read_to_string(path).ok());
        Ok(Words { wordings, digest: hash_bytes(own.as_deref().unwrap_or_default().as_bytes()), own })
    }

    /// The `words.toml` that has `changed` in the place of what is in use.
    pub fn written_words(&self, template: &str, words: &Words, changed: &BTreeMap<String, String>) -> Result<String, AppError> {
        let files = self.catalog.files(template)?;
        let is_own_page = self.has_own_page(template);
        let source = match &words.own {
            Some(own) => own.clone(),
            None if is_own_page => {
                files.get(&format!("/{template}/{WORDS_FILE}")).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
            }
            None => NOTHING.to_owned(),
        };
        let mut document: DocumentMut = source.parse().map_err(|_| unreadable(template))?;
        let table = document.entry("words").or_insert_with(|| Item::Table(Table::new()));
        let table = table.as_table_mut().ok_or_else(|| unreadable(template))?;
        for wording in &words.wordings {
            let Some(text) = changed.get(&wording.name) else { continue };
            // Browsers send line ends as Windows writes them.
            let text = text.replace("\r\n", "\n");
            let below = wording.built_in.as_ref().unwrap_or(&wording.text);
            if is_own_page {
                if table.get(&wording.name).and_then(Item::as_str) != Some(&text) {
                    set(table, &wording.name, text);
                }
            } else if &text == below && (wording.built_in.is_some() || !table.contains_key(&wording.name)) {
                table.remove(&wording.name);
            } else if table.get(&wording.name).and_then(Item::as_str) != Some(&text) {
                set(table, &wording.name, text);
            }
        }
        Ok(document.to_string())
    }

    /// The sample of a template, filled and set with `words` in the place of the words in use.
    pub async fn try_words(
        &self,
        template: &str,
        words: &str,
        organisation: Option<&str>,
        pixels_per_inch: f64,
    ) -> Result<Vec<(String, Typeset)>, AppError> {
        let app = Self { catalog: self.catalog.trying(template, words), ..self.clone() };
        let request = Request { template: template.to_owned(), organisation: organisation.map(str::to_owned), ..Request::default() };
        app.preview(&request, pixels_per_inch).await
    }

    /// Puts `words` to use, when what is in use still has `digest`; false when it has not. Refused when the template would not
    /// load or its sample could not be set. `draft` is when the draft was written that the words come from.
    #[allow(clippy::too_many_arguments, reason = "each is another thing that a publication names")]
    pub async fn publish_words(
        &self,
        office: &Office,
        template: &str,
        digest: &str,
        words: &str,
        draft: Option<i64>,
        note: &str,
        actor: &Principal,
    ) -> Result<bool, AppError> {
        if self.words_of(template)?.digest != digest {
            return Ok(false);
        }
        if note.chars().count() > NOTE_MAX {
            let message = say!("lý do dài quá {NOTE_MAX} ký tự", "the reason is longer than {NOTE_MAX} characters");
            return Err(vec![Diagnostic::error("note-long", message)].into());
        }
        self.try_words(template, words, None, 36.0).await?;
        let Some(path) = self.words_path(template) else { return Err(super::error::no_workspace()) };
        let folder = path.parent().map(std::path::Path::to_owned).unwrap_or_default();
        std::fs::create_dir_all(&folder).map_err(|source| AppError::Write { path: folder, source })?;
        let _alone = PUBLISHING.lock().await;
        // Trying takes a while, in which somebody else may have published, or changed the file by hand.
        let before = self.words_of(template)?;
        if before.digest != digest {
            return Ok(false);
        }
        let used = before.own.unwrap_or_else(|| NOTHING.to_owned());
        // Noted before it is used: a crash between leaves a version to publish again, never a text without its history.
        office.store.publish_template(template, &used, words, draft, note.trim(), &actor.name).await?;
        replace(&path, words.as_bytes()).map_err(|source| AppError::Write { path, source })?;
        Ok(true)
    }

    /// Puts an earlier version to use again, when what is in use still has `digest`; false when it has not.
    pub async fn roll_back_words(
        &self,
        office: &Office,
        template: &str,
        digest: &str,
        version: i64,
        actor: &Principal,
    ) -> Result<bool, AppError> {
        let wanted = self.template_versions(office, template).await?.into_iter().find(|own| own.version == version);
        let wanted = wanted.ok_or_else(|| StoreError::Unknown { what: format!("version {version} of {template}") })?;
        let note = say!("quay lại bản {version}", "back to version {version}");
        let note = note.in_language(Language::Vietnamese);
        self.publish_words(office, template, digest, &wanted.words, None, note, actor).await
    }

    /// The published texts of a template, newest first.
    pub async fn template_versions(&self, office: &Office, template: &str) -> Result<Vec<TemplateVersion>, AppError> {
        Ok(office.store.template_versions(template).await?)
    }

    /// The text that somebody is writing for a template: wordings by name.
    pub async fn template_draft(
        &self,
        office: &Office,
        template: &str,
    ) -> Result<Option<(TemplateDraft, BTreeMap<String, String>)>, AppError> {
        let Some(draft) = office.store.template_draft(template).await? else { return Ok(None) };
        let words = serde_json::from_str(&draft.words).map_err(|_| AppError::Damaged { what: "draft" })?;
        Ok(Some((draft, words)))
    }

    /// Keeps a text that is being written, or forgets it; `seen` is when the one that the person saw was written.
    pub async fn keep_template_draft(
        &self,
        office: &Office,
        template: &str,
        seen: Option<i64>,
        words: Option<&BTreeMap<String, String>>,
        actor: &Principal,
    ) -> Result<(), AppError> {
        let words = words.map(|words| serde_json::json!(words).to_string());
        Ok(office.store.keep_template_draft(template, seen, words.as_deref(), &actor.name).await?)
    }

    fn words_path(&self, template: &str) -> Option<std::path::PathBuf> {
        Some(self.workspace.folder.as_ref()?.join(TEMPLATES_FOLDER).join(template).join(WORDS_FILE))
    }

    fn has_own_page(&self, template: &str) -> bool {
        self.words_path(template).is_some_and(|path| path.with_file_name("page.typ").is_file())
    }
}

fn unreadable(template: &str) -> AppError {
    AppError::Input(vec![
        Diagnostic::error("words", say!("mau/{template}/words.toml không đọc được", "mau/{template}/words.toml cannot be read"))
            .remedy(say!("sửa tệp đó trước", "mend that file first")),
    ])
}

/// Name, text and comment of every wording, in the order of the file.
fn entries(text: &str) -> Result<Vec<(String, String, String)>, AppError> {
    let document: DocumentMut = text.parse().map_err(|_| unreadable("…"))?;
    let Some(table) = document.get("words").and_then(Item::as_table) else { return Ok(Vec::new()) };
    let mut entries = Vec::new();
    for (name, item) in table {
        let comment = table.key(name).and_then(|key| key.leaf_decor().prefix()).and_then(|prefix| prefix.as_str()).unwrap_or_default();
        let note: Vec<&str> = comment.lines().filter_map(|line| line.trim().strip_prefix('#')).map(str::trim).collect();
        entries.push((name.to_owned(), item.as_str().unwrap_or_default().to_owned(), note.join(" ")));
    }
    Ok(entries)
}
