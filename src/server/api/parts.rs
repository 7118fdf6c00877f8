//! Bodies of several parts: the request as JSON, and files beside it.
//!
//! Owns the two ways to take them: a list is written to disk as it comes, pictures are held in memory.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use super::JSON_BYTES;
use super::body::{self, Json};
use crate::app::AppError;
use crate::app::configure::Picture;
use crate::diagnostic::Diagnostic;
use crate::language::Text;
use crate::say;
use crate::server::fault::Fault;
use crate::server::form::Upload;
use crate::server::site::Site;
use crate::template::hex;

/// Parts of a multipart body.
const PARTS_MAX: usize = 8;
/// The part that is JSON.
const REQUEST: &str = "request";

/// A file that is gone with the value.
pub(super) struct Passing(pub PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A file that came as a part: where it lies, its name, the digest of its bytes.
pub(super) struct Came {
    pub file: Passing,
    pub name: String,
    pub sha256: String,
}

pub(super) fn is_multipart(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.to_ascii_lowercase().starts_with("multipart/form-data")
}

pub(super) fn unfit(status: StatusCode, code: &'static str, message: Text) -> Fault {
    Fault { status, ..Fault::invalid(vec![Diagnostic::error(code, message)]) }
}

pub(super) fn broken() -> Fault {
    unfit(
        StatusCode::BAD_REQUEST,
        "multipart-broken",
        say!("phần thân multipart bị hỏng hoặc bị đứt", "the multipart body is malformed or was cut short"),
    )
}

fn missing(name: &str) -> Fault {
    unfit(
        StatusCode::UNPROCESSABLE_ENTITY,
        "multipart-part",
        say!("thiếu phần “{name}” trong multipart", "the multipart body lacks the part `{name}`"),
    )
}

/// The two parts of a request with a list: its JSON, and the file.
pub(super) async fn request_and_file(site: &Arc<Site>, request: Request) -> Result<(String, Came), Fault> {
    let mut parts = Multipart::from_request(request, site).await.map_err(|_| broken())?;
    let (mut request, mut file) = (None, None);
    for _ in 0..PARTS_MAX {
        let Some(part) = parts.next_field().await.map_err(|_| broken())? else {
            let request = request.ok_or_else(|| missing(REQUEST))?;
            return Ok((request, file.ok_or_else(|| missing("file"))?));
        };
        match part.name() {
            Some(REQUEST) if request.is_none() => request = Some(text_of(part).await?),
            Some("file") if file.is_none() => file = Some(saved(site, part).await?),
            _ => {
                return Err(unfit(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "multipart-part",
                    say!(
                        "multipart chỉ gồm hai phần “request” và “file”",
                        "the multipart body has the two parts `request` and `file` only"
                    ),
                ));
            }
        }
    }
    Err(broken())
}

async fn text_of(mut part: Field<'_>) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|_| broken())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > JSON_BYTES {
            return Err(unfit(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                say!("phần “request” lớn hơn 1 MiB", "the part `request` is larger than 1 MiB"),
            ));
        }
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

/// Writes a part to disk as it comes.
async fn saved(site: &Site, mut part: Field<'_>) -> Result<Came, Fault> {
    let given = part.file_name().unwrap_or_default();
    let name = crate::naming::file_stem(given.rsplit(['/', '\\']).next().unwrap_or_default());
    let file = Passing(site.app.scratch(&site.office, "tep").await?);
    let failed = |source| AppError::Write { path: file.0.clone(), source };
    let mut out = tokio::fs::File::create(&file.0).await.map_err(failed)?;
    let mut hash = Sha256::new();
    while let Some(chunk) = part.chunk().await.map_err(|_| broken())? {
        hash.update(&chunk);
        out.write_all(&chunk).await.map_err(failed)?;
    }
    out.flush().await.map_err(failed)?;
    Ok(Came { file, name, sha256: hex(&hash.finalize()) })
}

/// A request as JSON, alone or with pictures beside it.
pub(super) struct Filled<T> {
    pub value: T,
    pictures: Upload,
}

impl<T> Filled<T> {
    /// What becomes of a picture: the part of that name, or nothing; taken away when that is asked for.
    pub fn picture(&mut self, name: &str, removed: bool) -> Picture {
        match self.pictures.file(name) {
            Some((_, bytes)) => Picture::Bytes(bytes),
            None if removed => Picture::Remove,
            None => Picture::Keep,
        }
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for Filled<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Fault> {
        if !is_multipart(&request) {
            return Json::<T>::from_request(request, site).await.map(|Json(value)| Self { value, pictures: Upload::default() });
        }
        let mut pictures = Upload::from_request(request, site).await.map_err(|_| broken())?;
        // Programs give any part a file name.
        let given = pictures.file(REQUEST).map_or_else(|| pictures.text(REQUEST).as_bytes().to_vec(), |(_, bytes)| bytes);
        if given.is_empty() {
            return Err(missing(REQUEST));
        }
        Ok(Self { value: body::read(&given)?, pictures })
    }
}
