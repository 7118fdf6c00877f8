//! What templates are called, for lists that name many of them.
//!
//! Owns a short memory: reading a template takes longer than showing a list of documents may.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::site::Site;
use crate::language::Text;
use crate::template::manifest::Manifest;

/// How long a title is believed: a template may be changed meanwhile.
const BELIEVED: Duration = Duration::from_secs(30);

/// Names of templates with their titles, by title.
pub type Titles = Arc<Vec<(String, Text)>>;

/// The titles as they were last read.
#[derive(Default)]
pub struct Remembered(Mutex<Option<(Instant, Titles)>>);

impl Remembered {
    /// All of them.
    pub(super) fn all(&self, site: &Site) -> Titles {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, titles)) = kept.as_ref()
            && at.elapsed() < BELIEVED
        {
            return Arc::clone(titles);
        }
        let entries = site.app.catalog().entries().into_iter();
        // The manifest alone: words and contract take a hundred times as long.
        let mut titles: Vec<(String, Text)> = entries
            .filter_map(|entry| {
                let path = format!("/{}/template.toml", entry.name);
                let files = site.app.catalog().files(&entry.name).ok()?;
                let manifest = Manifest::parse(&path, std::str::from_utf8(files.get(&path)?).ok()?).ok()?;
                Some((entry.name, manifest.title))
            })
            .collect();
        titles.sort_by(|(_, one), (_, other)| one.vi.cmp(&other.vi));
        let titles = Arc::new(titles);
        *kept = Some((Instant::now(), Arc::clone(&titles)));
        titles
    }

    /// The title of one; its name where it is gone.
    pub(super) fn of(&self, site: &Site, name: &str) -> Text {
        let known = self.all(site).iter().find(|(own, _)| own == name).map(|(_, title)| title.clone());
        known.unwrap_or_else(|| Text { vi: name.to_owned(), en: name.to_owned() })
    }
}
