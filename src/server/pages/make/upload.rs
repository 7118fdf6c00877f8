//! A form with a file: the file on the disk, the other fields as text.
//!
//! Owns the file's life: it is removed with the value.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use tokio::io::AsyncWriteExt as _;

use crate::say;
use crate::server::fault::Fault;
use crate::server::site::Site;

/// Largest upload. What a data file may have is the configuration's to say; this is what one may try.
pub const BYTES_MAX: usize = 130 << 20;
/// Most parts of a form.
const PARTS_MAX: usize = 200;
/// Longest other field.
const FIELD_MAX: usize = 64 << 10;
/// Longest name of a file.
const NAME_MAX: usize = 200;

/// A form that was sent.
pub struct Sent {
    /// Its fields but the file.
    pub fields: BTreeMap<String, String>,
    /// The file.
    pub file: Option<SentFile>,
}

/// A file that was sent.
pub struct SentFile {
    /// Its name on the sender's machine, without folders.
    pub name: String,
    /// Where it lies for now.
    pub path: PathBuf,
}

impl Drop for SentFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Sent {
    /// Reads the form; a field without a name or a second file is left alone.
    pub async fn read(site: &Site, mut form: Multipart) -> Result<Self, Fault> {
        let mut sent = Self { fields: BTreeMap::new(), file: None };
        for _ in 0..PARTS_MAX {
            let Some(field) = form.next_field().await.map_err(|error| broken(&error))? else { return Ok(sent) };
            let name = field.name().unwrap_or_default().to_owned();
            match field.file_name().map(str::to_owned) {
                Some(file) if sent.file.is_none() && !file.is_empty() => sent.file = Some(keep(site, &file, field).await?),
                Some(_) => {}
                None => {
                    let value = text_of(field).await?;
                    sent.fields.insert(name, value);
                }
            }
        }
        Err(malformed())
    }

    /// A field; empty when it is not there.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The revision that the sender saw.
    pub fn revision(&self) -> u64 {
        self.field("revision").parse().unwrap_or_default()
    }
}

/// A field that is no file, which has little to say.
async fn text_of(mut field: Field<'_>) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD_MAX {
            return Err(malformed());
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn keep(site: &Site, name: &str, mut field: Field<'_>) -> Result<SentFile, Fault> {
    // Old browsers send the whole path.
    let name: String = name.rsplit(['/', '\\']).next().unwrap_or(name).chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    let path = site.app.scratch(&site.office, "nop").await?;
    let kept = SentFile { name, path };
    let mut file = tokio::fs::File::create(&kept.path).await.map_err(|error| unwritten(&error))?;
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        file.write_all(&chunk).await.map_err(|error| unwritten(&error))?;
    }
    file.flush().await.map_err(|error| unwritten(&error))?;
    Ok(kept)
}

fn broken(_: &MultipartError) -> Fault {
    malformed()
}

fn malformed() -> Fault {
    let text = say!(
        "tệp gửi lên bị đứt giữa chừng hoặc không đúng dạng; mở lại trang rồi gửi lại",
        "the upload broke off or is malformed; open the page again and send it once more"
    );
    Fault::new(StatusCode::BAD_REQUEST, "upload-broken", text).again()
}

fn unwritten(_: &std::io::Error) -> Fault {
    let text = say!("máy chủ không còn chỗ chứa tệp", "the server has no room for the file");
    Fault::new(StatusCode::INSUFFICIENT_STORAGE, "upload-unwritten", text).again()
}
