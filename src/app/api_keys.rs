//! API keys: given out once, used by programs, replaced and taken back.
//!
//! Owns the use-cases of `vanthu apikey` and the way from the text that a program sends to the [`Principal`] that asks.

use std::collections::BTreeSet;

use super::office::Office;
use super::{App, AppError};
use crate::access::{Principal, Right, token};
use crate::diagnostic::{Diagnostic, nearest};
use crate::say;
use crate::store::StoreError;
use crate::store::api_keys::{ApiKey, NewApiKey};

const DAY: i64 = 24 * 60 * 60 * 1_000;
const HOUR: i64 = 60 * 60 * 1_000;
/// The longest life of a key, in days.
const LIFE_MAX: u32 = 3_650;
/// The longest time that a replaced key lives on, in hours.
const OVERLAP_MAX: u32 = 30 * 24;
/// The longest name of a key, in characters.
const NAME_MAX: usize = 80;

/// What is asked for a new key.
#[derive(Debug, Clone, Default)]
pub struct KeyForm {
    /// What it is for.
    pub name: String,
    /// Names of its scopes; those of the replaced key when there are none.
    pub scopes: Vec<String>,
    /// The organisation that it sees; every one when there is none.
    pub organisation: Option<String>,
    /// Its life in days; for ever when there is none.
    pub days: Option<u32>,
    /// The key whose place it takes, and the hours that the old one lives on.
    pub replaces: Option<(String, u32)>,
}

impl App {
    /// Makes a key; its id and its text, which is never shown again. `maker` gives no key more than they may do themselves.
    pub async fn new_api_key(&self, office: &Office, form: &KeyForm, maker: &Principal) -> Result<(ApiKey, String), AppError> {
        let old = match &form.replaces {
            Some((id, _)) => Some(self.key_seen(office, id, maker).await?),
            None => None,
        };
        let mut form = form.clone();
        if let Some(old) = &old {
            if form.scopes.is_empty() {
                form.scopes.clone_from(&old.scopes);
            }
            if form.name.trim().is_empty() {
                form.name.clone_from(&old.name);
            }
            form.organisation = form.organisation.or_else(|| old.organisation.clone());
        }
        form.organisation = form.organisation.or_else(|| maker.organisation.clone());
        let problems = self.key_problems(&form, maker);
        if !problems.is_empty() {
            return Err(problems.into());
        }
        // Ids of keys are shown and typed: ten random bytes, like a name that nobody chooses.
        let id = crate::identifier::ulid(0, office.store.random_bytes()?)[10..].to_lowercase();
        let text = token::key_text(&id, office.store.random_bytes()?);
        let new = NewApiKey {
            hash: token::digest(&text),
            name: form.name.trim().to_owned(),
            scopes: form.scopes,
            organisation: form.organisation,
            life: form.days.map(|days| i64::from(days) * DAY),
            id,
        };
        let replaces = form.replaces.as_ref().map(|(old, hours)| (old.as_str(), i64::from(*hours) * HOUR));
        office.store.add_api_key(&new, replaces, &maker.name).await.map_err(|error| match (error, &form.replaces) {
            (StoreError::Unknown { .. }, Some((old, _))) => ended(old),
            (error, _) => error.into(),
        })?;
        let key = office.store.api_key(&new.id).await?.ok_or(AppError::Damaged { what: "key" })?;
        Ok((key, text))
    }

    /// Keys that `asker` may see, the newest first.
    pub async fn api_keys(&self, office: &Office, asker: &Principal) -> Result<Vec<ApiKey>, AppError> {
        let mut keys = office.store.api_keys().await?;
        keys.retain(|key| asker.sees(key.organisation.as_deref()));
        Ok(keys)
    }

    /// Ends a key at once; false when it had been ended before.
    pub async fn revoke_api_key(&self, office: &Office, id: &str, asker: &Principal) -> Result<bool, AppError> {
        self.key_seen(office, id, asker).await?;
        Ok(office.store.revoke_api_key(id, &asker.name).await?)
    }

    async fn key_seen(&self, office: &Office, id: &str, asker: &Principal) -> Result<ApiKey, AppError> {
        let key = office.store.api_key(id).await?.filter(|key| asker.sees(key.organisation.as_deref()));
        key.ok_or_else(|| StoreError::Unknown { what: format!("key {id}") }.into())
    }

    /// Who asks with this text of a key; none when it opens nothing.
    pub async fn principal_of_key(&self, office: &Office, text: &str) -> Result<Option<Principal>, AppError> {
        let Some((id, _)) = token::key_parts(text) else { return Ok(None) };
        let digest = token::digest(text);
        let Some(key) = office.store.api_key(id).await? else { return Ok(None) };
        let now = office.store.now().await?;
        if !token::equal(digest.as_bytes(), key.hash.as_bytes()) || !key.is_live(now) {
            return Ok(None);
        }
        office.store.use_api_key(&key, now).await?;
        let rights = key.scopes.iter().filter_map(|scope| Right::from_name(scope)).collect();
        Ok(Some(Principal { name: format!("key:{}", key.id), rights, organisation: key.organisation, account: None }))
    }

    fn key_problems(&self, form: &KeyForm, maker: &Principal) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let name = form.name.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            problems.push(
                Diagnostic::error(
                    "key-name",
                    say!("khóa cần một tên, dài nhất {NAME_MAX} ký tự", "a key needs a name of at most {NAME_MAX} characters"),
                )
                .with_value(name)
                .remedy(say!("ghi khóa dùng cho việc gì, ví dụ “phần mềm nhân sự”", "say what it is for, such as `staff system`")),
            );
        }
        let known = Right::ALL.map(Right::name);
        if form.scopes.is_empty() {
            let list = known.join(", ");
            problems.push(
                Diagnostic::error("key-scope", say!("khóa chưa có quyền nào", "the key has no scope"))
                    .remedy(say!("chọn trong: {list}", "choose among: {list}")),
            );
        }
        for scope in &form.scopes {
            match Right::from_name(scope) {
                None => {
                    let problem = Diagnostic::error("key-scope", say!("không có quyền này", "there is no such scope")).with_value(scope);
                    let list = known.join(", ");
                    problems.push(match nearest(scope, known) {
                        Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                        None => problem.remedy(say!("chọn trong: {list}", "choose among: {list}")),
                    });
                }
                Some(right) if !maker.may(right) => problems.push(
                    Diagnostic::error(
                        "key-scope",
                        say!("không thể cho quyền mà chính mình không có", "nobody gives a right that they lack"),
                    )
                    .with_value(scope),
                ),
                Some(_) => {}
            }
        }
        if let Some(organisation) = form.organisation.as_deref() {
            if let Err(unknown) = self.workspace.organisation(Some(organisation)) {
                problems.extend(unknown);
            } else if !maker.sees(Some(organisation)) {
                problems.push(
                    Diagnostic::error("organisation-unknown", say!("không có tổ chức này", "there is no such organisation"))
                        .with_value(organisation),
                );
            }
        }
        if form.days.is_some_and(|days| !(1..=LIFE_MAX).contains(&days)) {
            problems.push(Diagnostic::error(
                "key-life",
                say!("thời hạn phải từ 1 đến {LIFE_MAX} ngày", "a key lives from 1 to {LIFE_MAX} days"),
            ));
        }
        if form.replaces.as_ref().is_some_and(|(_, hours)| *hours > OVERLAP_MAX) {
            problems.push(Diagnostic::error(
                "key-overlap",
                say!("khóa cũ chỉ sống thêm được {OVERLAP_MAX} giờ", "a replaced key lives on for at most {OVERLAP_MAX} hours"),
            ));
        }
        problems
    }
}

/// The principal of the command line: whoever sits at the machine may do everything.
pub fn operator() -> Principal {
    Principal { name: super::batches::ACTOR.to_owned(), rights: BTreeSet::from(Right::ALL), organisation: None, account: None }
}

fn ended(id: &str) -> AppError {
    let message = say!("khóa này đã hết hạn hoặc đã thu hồi", "the key has ended or was revoked");
    AppError::Input(vec![
        Diagnostic::error("key-ended", message)
            .with_value(id)
            .remedy(say!("tạo khóa mới, không thay khóa nào", "make a new key that replaces none")),
    ])
}
