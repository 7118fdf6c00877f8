//! Changing the office's configuration from a page: the organisation, who signs, printers, mail.
//!
//! Owns what becomes of a form in `vanthu.toml`, and the pictures that belong to it. Every change names the version of the file
//! that the person saw, and is in the audit log.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table};

use super::office::Office;
use super::{App, AppError};
use crate::access::Principal;
use crate::config::rewrite::{RewriteError, replace, set};
use crate::config::{Config, FILE_NAME, Organisation};
use crate::diagnostic::{Diagnostic, Place};
use crate::naming::escape_part;
use crate::say;
use crate::storage::hash_bytes;
use crate::typeset::picture;

/// Folder of the pictures that came through a page.
const PICTURES_FOLDER: &str = "hinh";
/// Folder of the secrets that came through a page.
const SECRETS_FOLDER: &str = "bi-mat";
/// Largest picture, as everywhere.
pub const PICTURE_BYTES_MAX: usize = 5 << 20;

/// Farthest a printer may be corrected, in millimetres.
const OFFSET_MAX: f64 = 20.0;
/// Diameters of seals, in millimetres.
const SEAL_MM: std::ops::RangeInclusive<f64> = 10.0..=80.0;

/// What is said of an offset that is none.
pub fn offset_problem() -> Diagnostic {
    let message = say!("độ lệch là số milimét từ -20 đến 20", "an offset is a number of millimetres from -20 to 20");
    Diagnostic::error("printer-offset", message).remedy(say!("ví dụ: 0,6 hoặc -1,2", "for example 0.6 or -1.2"))
}

/// What is said of a diameter that no seal has.
pub fn seal_problem(given: &str) -> Diagnostic {
    Diagnostic::error("seal-size", say!("đường kính con dấu phải từ 10 đến 80 mm", "a seal's diameter is 10 to 80 mm")).with_value(given)
}

/// The profile of an organisation, as a form gives it. Lines are separated by line ends.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Full name.
    pub name: String,
    /// The name at the head of a page.
    pub name_lines: String,
    /// Direct superior.
    pub superior_lines: String,
    /// Abbreviation in document codes.
    pub abbreviation: String,
    /// Place in the line of place and date.
    pub place: String,
    /// Address for the foot of a page.
    pub address: String,
    /// Style of the page.
    pub style: String,
}

/// A signatory, as a form gives it.
#[derive(Debug, Clone, Default)]
pub struct SignatoryForm {
    /// Authority and title, line by line.
    pub authority: String,
    /// Full name.
    pub name: String,
    /// Diameter of the seal in millimetres.
    pub seal_mm: Option<f64>,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub until: Option<Date>,
    /// What becomes of the picture of the signature.
    pub signature: Picture,
    /// What becomes of the picture of the seal.
    pub seal: Picture,
}

/// What becomes of a picture.
#[derive(Debug, Clone, Default)]
pub enum Picture {
    /// It stays.
    #[default]
    Keep,
    /// It is not used any more.
    Remove,
    /// This one takes its place.
    Bytes(Vec<u8>),
}

/// Mail, as a form gives it.
#[derive(Debug, Clone, Default)]
pub struct MailForm {
    /// Address that messages are from.
    pub from: String,
    /// Name beside it.
    pub from_name: String,
    /// Where answers go.
    pub reply_to: String,
    /// The relay's name; the empty one stands for the folder.
    pub relay: String,
    /// Its server.
    pub host: String,
    /// Its port.
    pub port: Option<u16>,
    /// `starttls`, `tls` or `none`.
    pub security: String,
    /// Name that signs in.
    pub account: String,
    /// A new password; the old one stays when it is empty.
    pub password: String,
}

impl App {
    /// The configuration as it is now.
    pub fn configuration(&self) -> std::sync::Arc<Config> {
        self.workspace.current()
    }

    /// The version of `vanthu.toml` that a form sends back.
    pub fn configuration_version(&self) -> String {
        self.workspace.version().unwrap_or_default()
    }

    /// Changes `vanthu.toml` when it still is at `version`; false when it is not. `subject` is what the audit log names.
    pub async fn reconfigure(
        &self,
        office: &Office,
        version: &str,
        actor: &Principal,
        subject: &str,
        edit: impl FnOnce(&mut DocumentMut),
    ) -> Result<bool, AppError> {
        match self.workspace.rewrite(version, edit) {
            Ok(()) => {
                office.store.audit(&actor.name, "config.change", subject, "").await?;
                Ok(true)
            }
            Err(RewriteError::Stale) => Ok(false),
            Err(RewriteError::Wrong(problems)) => Err(problems.into()),
            Err(RewriteError::Write { path, source }) => Err(AppError::Write { path, source }),
        }
    }

    /// The organisation declared as `key`.
    pub fn organisation(&self, key: &str) -> Option<Organisation> {
        let current = self.workspace.current();
        current.organisations.get(key).map(|own| Organisation { key: key.to_owned(), ..own.clone() })
    }

    /// Changes the profile of an organisation.
    pub async fn save_profile(
        &self,
        office: &Office,
        version: &str,
        key: &str,
        profile: &Profile,
        emblem: &Picture,
        actor: &Principal,
    ) -> Result<bool, AppError> {
        let emblem = self.keep_picture(key, "bieu-trung", emblem)?;
        self.reconfigure(office, version, actor, &format!("organisations.{key}"), |document| {
            let own = table(document.as_table_mut(), &["organisations", key]);
            set(own, "name", profile.name.trim());
            for (name, lines) in [("name_lines", &profile.name_lines), ("superior_lines", &profile.superior_lines)] {
                set_lines(own, name, lines);
            }
            for (name, text) in [("abbreviation", &profile.abbreviation), ("place", &profile.place), ("address", &profile.address)] {
                set_text(own, name, text);
            }
            set_text(own, "style", if profile.style == "nd30" { "" } else { &profile.style });
            set_picture(own, "emblem", emblem);
        })
        .await
    }

    /// Changes the signatory at `index`, or adds one when there is none at it.
    pub async fn save_signatory(
        &self,
        office: &Office,
        version: &str,
        key: &str,
        index: usize,
        form: &SignatoryForm,
        actor: &Principal,
    ) -> Result<bool, AppError> {
        if let Some(side) = form.seal_mm.filter(|side| !SEAL_MM.contains(side)) {
            return Err(vec![seal_problem(&side.to_string())].into());
        }
        let signature = self.keep_picture(key, "chu-ky", &form.signature)?;
        let seal = self.keep_picture(key, "con-dau", &form.seal)?;
        self.reconfigure(office, version, actor, &format!("organisations.{key}.signatories"), |document| {
            let Some(all) = signatories(document, key) else { return };
            if all.get(index).is_none() {
                all.push(Table::new());
            }
            let last = all.len() - 1;
            let Some(own) = all.get_mut(index.min(last)) else { return };
            set_lines(own, "authority", &form.authority);
            set(own, "name", form.name.trim());
            match form.seal_mm {
                Some(side) => set(own, "seal_mm", side),
                None => drop(own.remove("seal_mm")),
            }
            set_text(own, "from", &form.from.map(|date| date.to_string()).unwrap_or_default());
            set_text(own, "until", &form.until.map(|date| date.to_string()).unwrap_or_default());
            set_picture(own, "signature", signature);
            set_picture(own, "seal", seal);
        })
        .await
    }

    /// Takes the signatory at `index` out, or puts it first, where it is the one who signs unless a list says otherwise.
    pub async fn move_signatory(
        &self,
        office: &Office,
        version: &str,
        key: &str,
        index: usize,
        first: bool,
        actor: &Principal,
    ) -> Result<bool, AppError> {
        self.reconfigure(office, version, actor, &format!("organisations.{key}.signatories"), |document| {
            let Some(all) = signatories(document, key) else { return };
            let mut tables: Vec<Table> = all.iter().cloned().collect();
            if index >= tables.len() {
                return;
            }
            let own = tables.remove(index);
            if first {
                tables.insert(0, own);
            }
            // Where a table stands in the file is part of it.
            let places: Vec<Option<isize>> = all.iter().map(Table::position).collect();
            all.clear();
            for (mut own, place) in tables.into_iter().zip(places) {
                own.set_position(place);
                all.push(own);
            }
        })
        .await
    }

    /// Notes how far a printer misses; one that is not there yet is added.
    pub async fn save_printer(
        &self,
        office: &Office,
        version: &str,
        name: &str,
        offset: (f64, f64),
        actor: &Principal,
    ) -> Result<bool, AppError> {
        let is_far = |offset: f64| offset.is_nan() || offset.abs() > OFFSET_MAX;
        let far = (is_far(offset.0) || is_far(offset.1)).then(offset_problem);
        let problems: Vec<Diagnostic> = key_problem(name).into_iter().chain(far).collect();
        if !problems.is_empty() {
            return Err(problems.into());
        }
        self.reconfigure(office, version, actor, &format!("printers.{name}"), |document| {
            let own = table(document.as_table_mut(), &["printers", name]);
            set(own, "offset_x_mm", offset.0);
            set(own, "offset_y_mm", offset.1);
        })
        .await
    }

    /// Forgets a printer.
    pub async fn remove_printer(&self, office: &Office, version: &str, name: &str, actor: &Principal) -> Result<bool, AppError> {
        self.reconfigure(office, version, actor, &format!("printers.{name}"), |document| {
            if let Some(printers) = document.get_mut("printers").and_then(Item::as_table_like_mut) {
                printers.remove(name);
            }
        })
        .await
    }

    /// Changes who messages are from and the relay that they go by. A password goes into a file that only this user reads.
    pub async fn save_mail(&self, office: &Office, version: &str, form: &MailForm, actor: &Principal) -> Result<bool, AppError> {
        if !form.relay.is_empty()
            && let Some(problem) = key_problem(&form.relay)
        {
            return Err(vec![problem].into());
        }
        let secret =
            if form.relay.is_empty() || form.password.is_empty() { None } else { Some(self.keep_secret(&form.relay, &form.password)?) };
        self.reconfigure(office, version, actor, "mail", |document| {
            let own = table(document.as_table_mut(), &["mail"]);
            for (name, text) in [("from", &form.from), ("from_name", &form.from_name), ("reply_to", &form.reply_to), ("relay", &form.relay)]
            {
                set_text(own, name, text);
            }
            if form.relay.is_empty() {
                return;
            }
            let relay = table(document.as_table_mut(), &["mail", "relays", &form.relay]);
            set(relay, "host", form.host.trim());
            match form.port {
                Some(port) => set(relay, "port", i64::from(port)),
                None => drop(relay.remove("port")),
            }
            set_text(relay, "security", if form.security == "starttls" { "" } else { &form.security });
            set_text(relay, "account", &form.account);
            if let Some(secret) = secret {
                relay.remove("password_env");
                set(relay, "password_file", secret);
            }
        })
        .await
    }

    /// The bytes of a picture that the configuration names, with its kind.
    pub fn picture(&self, name: &str) -> Result<(Vec<u8>, &'static str), AppError> {
        let path = self.workspace.folder.clone().unwrap_or_default().join(name);
        let bytes = std::fs::read(&path).map_err(|source| crate::storage::StorageError::Read { path, source })?;
        let kind = match picture::inspect(&bytes) {
            Ok(picture) if picture.extension == "png" => "image/png",
            Ok(picture) if picture.extension == "jpg" => "image/jpeg",
            // Looked at as a picture, an SVG runs nothing.
            Ok(picture) if picture.extension == "svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
        Ok((bytes, kind))
    }

    fn keep_picture(&self, key: &str, role: &str, given: &Picture) -> Result<Kept, AppError> {
        let bytes = match given {
            Picture::Keep => return Ok(Kept::Same),
            Picture::Remove => return Ok(Kept::None),
            Picture::Bytes(bytes) => bytes,
        };
        let wrong = |code: &'static str, message, remedy| AppError::Input(vec![Diagnostic::error(code, message).remedy(remedy)]);
        let remedy = || say!("lưu hình dạng PNG hoặc JPEG, không quá 5 MB", "save it as PNG or JPEG of at most 5 MB");
        if bytes.len() > PICTURE_BYTES_MAX {
            return Err(wrong("picture-too-large", say!("hình lớn hơn 5 MB", "the picture is larger than 5 MB"), remedy()));
        }
        let picture = picture::inspect(bytes).map_err(|fault| wrong(fault.code, fault.message, fault.remedy))?;
        if picture.extension == "svg" {
            return Err(wrong("picture-kind", say!("không nhận hình SVG qua trang này", "SVG is not taken through this page"), remedy()));
        }
        let digest = hash_bytes(bytes);
        // Named by its bytes: a document that was made with the old picture finds it unchanged.
        let name = format!("{PICTURES_FOLDER}/{}-{role}-{}.{}", escape_part(key), &digest[..12], picture.extension);
        self.put(&name, bytes, false)?;
        Ok(Kept::Name(name))
    }

    fn keep_secret(&self, relay: &str, secret: &str) -> Result<String, AppError> {
        let name = format!("{SECRETS_FOLDER}/{relay}");
        self.put(&name, secret.as_bytes(), true)?;
        Ok(name)
    }

    /// Writes a file of the workspace as a whole; a secret one is its owner's only.
    fn put(&self, name: &str, bytes: &[u8], secret: bool) -> Result<(), AppError> {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        let path = self.workspace.folder.clone().unwrap_or_default().join(name);
        let failed = |path: &Path| {
            let path: PathBuf = path.to_owned();
            move |source| AppError::Write { path, source }
        };
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        std::fs::DirBuilder::new().recursive(true).mode(if secret { 0o700 } else { 0o755 }).create(&folder).map_err(failed(&folder))?;
        if secret && !path.exists() {
            // Made before anything is in it, so that nobody reads it between.
            std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path).map_err(failed(&path))?;
        }
        replace(&path, bytes).map_err(failed(&path))
    }
}

/// What the key of a picture is to say.
enum Kept {
    Same,
    None,
    Name(String),
}

fn set_picture(own: &mut Table, name: &str, kept: Kept) {
    match kept {
        Kept::Same => {}
        Kept::None => drop(own.remove(name)),
        Kept::Name(file) => set(own, name, file),
    }
}

pub(super) fn set_text(own: &mut Table, name: &str, text: &str) {
    let text = text.trim();
    if text.is_empty() {
        own.remove(name);
    } else if own.get(name).and_then(Item::as_str) != Some(text) {
        set(own, name, text);
    }
}

fn set_lines(own: &mut Table, name: &str, text: &str) {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        own.remove(name);
        return;
    }
    let there = own.get(name).and_then(Item::as_array);
    if there.is_some_and(|there| there.iter().map(|line| line.as_str().unwrap_or_default()).eq(lines.iter().copied())) {
        return;
    }
    set(own, name, Array::from_iter(lines));
}

/// The table at `path`, made where it is missing. An inline one is written out.
pub(super) fn table<'a>(root: &'a mut Table, path: &[&str]) -> &'a mut Table {
    let mut own = root;
    for (depth, name) in path.iter().enumerate() {
        let item = own.entry(name).or_insert_with(|| {
            let mut table = Table::new();
            // `[organisations]` alone says nothing; `[organisations.hoi]` does.
            table.set_implicit(depth + 1 < path.len());
            Item::Table(table)
        });
        if item.as_table().is_none() {
            let taken = std::mem::take(item);
            *item = Item::Table(taken.into_table().unwrap_or_default());
        }
        own = item.as_table_mut().expect("it was made a table above");
    }
    own
}

fn signatories<'a>(document: &'a mut DocumentMut, key: &str) -> Option<&'a mut ArrayOfTables> {
    let own = table(document.as_table_mut(), &["organisations", key]);
    let item = own.entry("signatories").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if item.as_array_of_tables().is_none() {
        let taken = std::mem::take(item);
        *item = Item::ArrayOfTables(taken.into_array_of_tables().unwrap_or_default());
    }
    item.as_array_of_tables_mut()
}

pub(super) fn key_problem(name: &str) -> Option<Diagnostic> {
    let plain =
        (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (!plain).then(|| {
        Diagnostic::error(
            "config-key",
            say!("tên chỉ gồm chữ thường không dấu, chữ số và gạch nối", "a name has lower-case letters, digits and dashes only"),
        )
        .with_value(name)
        .at(Place::File { file: FILE_NAME.into() })
        .remedy(say!("ví dụ: may-van-phong", "for example may-van-phong"))
    })
}
