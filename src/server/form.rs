//! A form with files in it, read as a whole.
//!
//! Owns [`Upload`]: text fields by name, files by name. The gate has bounded the body before; a file that was not chosen is none.

use std::collections::HashMap;

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use super::fault::Fault;
use crate::say;

/// Most parts of a form.
const PARTS_MAX: usize = 200;

/// A form of the kind `multipart/form-data`.
#[derive(Debug, Default)]
pub struct Upload {
    fields: HashMap<String, String>,
    files: HashMap<String, (String, Vec<u8>)>,
}

impl Upload {
    /// The text of a field; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Was this box ticked, or this button pressed?
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Takes a file out: its name at the sender, and its bytes.
    pub fn file(&mut self, name: &str) -> Option<(String, Vec<u8>)> {
        self.files.remove(name)
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let unreadable = || {
            Fault::new(
                StatusCode::BAD_REQUEST,
                "form-unreadable",
                say!("không đọc được mẫu đã gửi", "the form that was sent cannot be read"),
            )
        };
        let mut parts = Multipart::from_request(request, state).await.map_err(|_| unreadable())?;
        let mut form = Self::default();
        for _ in 0..PARTS_MAX {
            let Some(part) = parts.next_field().await.map_err(|_| unreadable())? else { return Ok(form) };
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                Some(file) => {
                    let bytes = part.bytes().await.map_err(|_| unreadable())?;
                    if !bytes.is_empty() {
                        form.files.insert(name, (file, bytes.to_vec()));
                    }
                }
                None => {
                    form.fields.insert(name, part.text().await.map_err(|_| unreadable())?);
                }
            }
        }
        Err(unreadable())
    }
}
