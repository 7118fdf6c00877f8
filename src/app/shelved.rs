//! Templates that were read a moment ago.
//!
//! Owns when one of them may be used again: while no file of the workspace that is laid over it has changed. Reading one compiles
//! its contract and its words, which takes longer than a page may.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{App, AppError};
use crate::template::Template;

/// What was read, by name, with the state of the files that it was read from.
#[derive(Clone, Default)]
pub(super) struct Shelved(Arc<Mutex<HashMap<String, Read>>>);

/// The state of its files, and what was read of them.
type Read = (String, Arc<Template>);

impl App {
    /// Loads one template.
    pub fn template(&self, name: &str) -> Result<Arc<Template>, AppError> {
        let Some(state) = self.catalog.state(name)? else { return Ok(Arc::new(self.catalog.template(name)?)) };
        if let Some((_, kept)) = self.kept(name).filter(|(then, _)| *then == state) {
            return Ok(kept);
        }
        // The state was looked at before the files: whoever changes one meanwhile is seen the next time.
        let template = Arc::new(self.catalog.template(name)?);
        self.shelved.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), (state, Arc::clone(&template)));
        Ok(template)
    }

    fn kept(&self, name: &str) -> Option<(String, Arc<Template>)> {
        self.shelved.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}
