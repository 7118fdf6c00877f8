//! What was drawn of drafts a moment ago.
//!
//! Owns a short memory: the page, its pictures and its file are parts of one drawing. A drawing holds for the very revision of its
//! draft, configuration and template; what those do not tell, such as a changed picture of a seal, it outlives by minutes only.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::site::Site;
use crate::app::AppError;
use crate::app::drafts::{Asker, Chosen, Draft, Preview};

/// Drawings that are kept: a few hundred kilobytes each.
const KEPT: usize = 12;
/// How long one is believed.
const BELIEVED: Duration = Duration::from_secs(5 * 60);
/// Sharp enough to read on a screen.
const PIXELS_PER_INCH: f64 = 100.0;
/// Hexadecimal digits of a state.
const STATE_SHOWN: usize = 16;

struct Look {
    draft: String,
    state: String,
    chosen: Chosen,
    preview: Arc<Preview>,
    at: Instant,
}

/// The drawings.
#[derive(Default)]
pub struct Looks(Mutex<VecDeque<Look>>);

/// What a drawing of a draft depends on: another state is another drawing.
pub(super) fn state(site: &Site, draft: &Draft) -> Result<String, AppError> {
    let template = site.app.template(&draft.template)?;
    let mut hash = Sha256::new();
    for part in [draft.revision.to_string(), site.app.configuration_version(), template.digest.clone()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(hex[..STATE_SHOWN].to_owned())
}

impl Looks {
    /// What was drawn of `chosen`.
    pub(super) fn kept(&self, draft: &Draft, state: &str, chosen: &Chosen) -> Option<Arc<Preview>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |look: &&Look| {
            let is_chosen = look.chosen == *chosen || matches!(chosen, Chosen::Record(number) if *number == look.preview.number);
            look.draft == draft.id && look.state == state && is_chosen && look.at.elapsed() < BELIEVED
        };
        kept.iter().find(is_it).map(|look| Arc::clone(&look.preview))
    }

    /// The drawing of `chosen`, made now where there is none.
    pub(super) async fn of(&self, site: &Site, asker: Asker<'_>, draft: &Draft, chosen: Chosen) -> Result<Arc<Preview>, AppError> {
        let state = state(site, draft)?;
        if let Some(preview) = self.kept(draft, &state, &chosen) {
            return Ok(preview);
        }
        let preview = Arc::new(site.app.draft_preview(&site.office, asker, &draft.id, chosen.clone(), Some(PIXELS_PER_INCH)).await?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front(Look { draft: draft.id.clone(), state, chosen, preview: Arc::clone(&preview), at: Instant::now() });
        kept.truncate(KEPT);
        Ok(preview)
    }
}
