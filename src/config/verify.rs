//! `[verify]`: where the public checks a certificate, the key that signs, what may be shown.
//!
//! Owns the keys and reading the secret key's file, which nobody but its owner may read. Without the section certificates are
//! made as ever and nothing is signed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FILE_NAME;
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::mail::secret::Secret;
use crate::proof::{Issuer, SigningKey};
use crate::say;

/// Longest address: it stands in every QR code.
const URL_MAX: usize = 80;

/// `[verify]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyConfig {
    /// Address under which the public reaches `vanthu serve`, without `/v/`: `https://hoi.example`.
    pub url: String,
    /// The secret key, made by `vanthu key new`.
    pub key_file: PathBuf,
    /// How the public page shows the holder.
    #[serde(default)]
    pub show_holder: ShowHolder,
    /// Questions that one address may ask in a minute.
    #[serde(default = "per_minute")]
    pub per_minute: u32,
    /// Questions that all together may ask in a minute.
    #[serde(default = "per_minute_in_all")]
    pub per_minute_in_all: u32,
}

/// How the public page shows the holder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShowHolder {
    /// The whole name.
    #[default]
    Full,
    /// `N*** V*** An`.
    Masked,
}

fn per_minute() -> u32 {
    20
}

fn per_minute_in_all() -> u32 {
    2_000
}

impl ShowHolder {
    /// The name as it may be shown.
    pub fn show(self, name: &str) -> String {
        if self == Self::Full {
            return name.to_owned();
        }
        let words: Vec<&str> = name.split_whitespace().collect();
        let masked = |word: &&str| word.chars().take(1).chain("***".chars()).collect::<String>();
        match words.split_last() {
            Some((last, [])) => masked(last),
            Some((last, before)) => before.iter().map(masked).chain([(*last).to_owned()]).collect::<Vec<_>>().join(" "),
            None => String::new(),
        }
    }
}

impl VerifyConfig {
    /// Who signs. `root` is what a relative path starts from.
    pub fn issuer(&self, root: &Path) -> Result<Issuer, Vec<Diagnostic>> {
        let path = root.join(&self.key_file);
        let line = Secret::read(&path).map_err(|problem| vec![of_key(*problem)])?;
        let key = SigningKey::parse(line.reveal()).ok_or_else(|| {
            vec![
                Diagnostic::error("key-form", say!("không phải khóa ký của vanthu", "is no signing key of vanthu"))
                    .at(Place::File { file: path.display().to_string() })
                    .remedy(say!("tạo khóa bằng “vanthu key new”", "make one with `vanthu key new`")),
            ]
        })?;
        Ok(Issuer::new(key, &self.url))
    }

    pub(super) fn problems(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if let Some(message) = self.url_problem() {
            problems.push(
                Diagnostic::error("verify-url", message)
                    .with_value(&self.url)
                    .at(Place::File { file: format!("{FILE_NAME} [verify] url") })
                    .remedy(say!("ví dụ: https://hoi.example", "for example https://hoi.example")),
            );
        }
        if self.per_minute == 0 || self.per_minute_in_all < self.per_minute {
            problems.push(
                Diagnostic::error(
                    "config-value",
                    say!(
                        "verify.per_minute phải từ 1, và không quá verify.per_minute_in_all",
                        "verify.per_minute must be at least 1 and at most verify.per_minute_in_all"
                    ),
                )
                .at(Place::File { file: FILE_NAME.into() }),
            );
        }
        problems
    }

    fn url_problem(&self) -> Option<Text> {
        let (scheme, rest) = self.url.split_once("://").unwrap_or_default();
        let is_local = rest.starts_with("127.0.0.1:") || rest.starts_with("localhost:");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/' | ':' | '_');
        if !(scheme == "https" || (scheme == "http" && is_local)) {
            return Some(say!("phải bắt đầu bằng https://", "must begin with https://"));
        }
        if rest.is_empty() || rest.starts_with('/') || !rest.chars().all(is_plain) {
            return Some(say!("không phải địa chỉ trang", "is no address of a site"));
        }
        if rest.trim_end_matches('/').ends_with("/v") {
            return Some(say!("không ghi phần “/v”", "leave out the part `/v`"));
        }
        (self.url.len() > URL_MAX).then(|| {
            say!("dài quá {URL_MAX} ký tự, mã QR sẽ khó đọc", "is longer than {URL_MAX} characters; the QR code would be hard to read")
        })
    }
}

/// A fault of the file, with the way to a key.
fn of_key(problem: Diagnostic) -> Diagnostic {
    if problem.code == "secret-unreadable" {
        problem.remedy(say!("tạo khóa bằng “vanthu key new”", "make one with `vanthu key new`"))
    } else {
        problem
    }
}
