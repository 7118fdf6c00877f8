//! People: the first one, the further ones, how they come in, and what they change of themselves.
//!
//! Owns these use-cases. A password is hashed on a thread that serves nobody, two at a time, since each hash takes 19 MiB; for
//! an unknown name as much is computed as for a known one, so that the time tells nothing.

use std::sync::OnceLock;
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::Semaphore;

use super::office::Office;
use super::{App, AppError};
use crate::access::{Principal, Role, password, token, totp};
use crate::diagnostic::{Diagnostic, nearest};
use crate::say;
use crate::store::StoreError;
use crate::store::accounts::{Account, Change, NewAccount};
use crate::store::logins::LoginState;

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// How long a link to choose a password holds.
pub const INVITATION_LIFE: i64 = 3 * DAY;
/// How long the link of the first start holds; each start makes another.
const SETUP_LIFE: i64 = DAY;
/// Hashes at a time.
static HASHING: Semaphore = Semaphore::const_new(2);
/// Longest wait for a hash.
const HASHING_MAX: Duration = Duration::from_secs(20);
/// Characters of a name that is typed at the login.
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 2..=40;
/// Longest name of a person.
const FULL_NAME_MAX: usize = 100;

/// A login that has begun: its token, which only the browser keeps, and how far it is.
pub struct Begun {
    /// The token.
    pub token: String,
    /// Is a one-time code awaited?
    pub state: LoginState,
}

/// What an administrator says of an account.
#[derive(Debug, Clone)]
pub struct AccountForm {
    /// The name that is typed at the login; only for a new account.
    pub name: String,
    /// The person's name.
    pub full_name: String,
    /// What the person is.
    pub role: Role,
    /// The organisation whose things the person sees; the empty one stands for all.
    pub organisation: String,
    /// May the person sign in no more?
    pub disabled: bool,
}

impl App {
    /// The token of a fresh one-time link for the first administrator; none when the office has one.
    pub async fn begin_setup(&self, office: &Office) -> Result<Option<String>, AppError> {
        if !office.store.is_fresh().await? {
            return Ok(None);
        }
        let token = token::text(random()?);
        office.store.invite(&token::digest(&token), None, SETUP_LIFE, "setup").await?;
        Ok(Some(token))
    }

    /// Does the link of the first start hold?
    pub async fn may_set_up(&self, office: &Office, token: &str) -> Result<bool, AppError> {
        Ok(office.store.invited(&token::digest(token)).await? == Some(None) && office.store.is_fresh().await?)
    }

    /// Makes the first administrator, who is signed in at once. The link is used up.
    pub async fn set_up(&self, office: &Office, token: &str, name: &str, full_name: &str, password: &str) -> Result<Begun, AppError> {
        if !self.may_set_up(office, token).await? {
            return Err(link_lapsed());
        }
        let name = account_name(name);
        let mut problems = name_problems(&name, full_name);
        problems.extend(password::problem(password, &name));
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let kept = hashed(password).await?;
        match office.store.set_up(&token::digest(token), &name, full_name.trim(), &kept).await? {
            Some(id) => self.let_in(office, &office.store.account(&id).await?, LoginState::Open).await,
            None => Err(link_lapsed()),
        }
    }

    /// Begins a login; none when name and password do not belong together, whatever the reason.
    pub async fn log_in(&self, office: &Office, name: &str, password: &str) -> Result<Option<Begun>, AppError> {
        let account = office.store.account_named(&account_name(name)).await?.filter(|account| !account.disabled);
        let kept = account.as_ref().and_then(|account| account.password.clone());
        let is_right = verified(password, kept).await?;
        let Some(account) = account.filter(|_| is_right) else { return Ok(None) };
        let state = if account.totp.is_some() { LoginState::Code } else { LoginState::Open };
        Ok(Some(self.let_in(office, &account, state).await?))
    }

    /// The name of the account whose login awaits its one-time code.
    pub async fn awaiting_code(&self, office: &Office, token: &str) -> Result<Option<String>, AppError> {
        let login = office.store.login(&token::digest(token), LoginState::Code).await?;
        Ok(login.map(|account| account.name))
    }

    /// Ends the first half of a login with its one-time code; the login gets another token. None when the code is wrong or
    /// was used before.
    pub async fn confirm_login(&self, office: &Office, token: &str, code: &str) -> Result<Option<Begun>, AppError> {
        let digest = token::digest(token);
        let Some(account) = office.store.login(&digest, LoginState::Code).await? else { return Ok(None) };
        let now = office.store.now().await?;
        let step = account.totp.as_ref().and_then(|secret| totp::verify(secret, code, now, account.totp_step));
        let Some(step) = step else { return Ok(None) };
        if !office.store.use_totp_step(&account.id, step).await? {
            return Ok(None);
        }
        office.store.end_login(&digest).await?;
        Ok(Some(self.let_in(office, &account, LoginState::Open).await?))
    }

    async fn let_in(&self, office: &Office, account: &Account, state: LoginState) -> Result<Begun, AppError> {
        let token = token::text(random()?);
        office.store.begin_login(&token::digest(&token), account, state).await?;
        Ok(Begun { token, state })
    }

    /// Whose login it is, while it holds.
    pub async fn signed_in(&self, office: &Office, token: &str) -> Result<Option<(Account, Principal)>, AppError> {
        if !token::is_token(token) {
            return Ok(None);
        }
        let account = office.store.login(&token::digest(token), LoginState::Open).await?;
        Ok(account.map(|account| {
            let principal = Principal {
                name: account.name.clone(),
                rights: account.role.rights(),
                organisation: account.organisation.clone(),
                account: Some(account.id.clone()),
            };
            (account, principal)
        }))
    }

    /// Ends a login.
    pub async fn log_out(&self, office: &Office, token: &str) -> Result<(), AppError> {
        Ok(office.store.end_login(&token::digest(token)).await?)
    }

    /// Every account, by name.
    pub async fn accounts(&self, office: &Office) -> Result<Vec<Account>, AppError> {
        Ok(office.store.accounts().await?)
    }

    /// One account.
    pub async fn account(&self, office: &Office, id: &str) -> Result<Account, AppError> {
        Ok(office.store.account(id).await?)
    }

    /// Makes an account; its id, and the token of the link by which the person chooses a password.
    pub async fn create_account(&self, office: &Office, form: &AccountForm, actor: &Principal) -> Result<(String, String), AppError> {
        let name = account_name(&form.name);
        let mut problems = name_problems(&name, &form.full_name);
        problems.extend(self.organisation_problem(&form.organisation));
        problems.extend(bound_administrator(form));
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let new = NewAccount {
            name: &name,
            full_name: form.full_name.trim(),
            role: form.role,
            organisation: Some(form.organisation.as_str()).filter(|key| !key.is_empty()),
        };
        let Some(id) = office.store.create_account(new, &actor.name).await? else {
            return Err(AppError::Input(vec![
                Diagnostic::error("account-taken", say!("đã có người dùng tên này", "the name is taken")).with_value(&name),
            ]));
        };
        let token = self.invite(office, &id, actor).await?;
        Ok((id, token))
    }

    /// The token of a fresh link by which a person chooses a password; earlier links are void. The old password holds until
    /// then.
    pub async fn invite(&self, office: &Office, id: &str, actor: &Principal) -> Result<String, AppError> {
        let token = token::text(random()?);
        office.store.invite(&token::digest(&token), Some(id), INVITATION_LIFE, &actor.name).await?;
        Ok(token)
    }

    /// Changes an account that still is at `version`; false when it is not.
    pub async fn change_account(
        &self,
        office: &Office,
        id: &str,
        version: i64,
        form: &AccountForm,
        actor: &Principal,
    ) -> Result<bool, AppError> {
        let mut problems = full_name_problems(&form.full_name);
        problems.extend(self.organisation_problem(&form.organisation));
        problems.extend(bound_administrator(form));
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let change = Change {
            full_name: form.full_name.trim(),
            role: form.role,
            organisation: Some(form.organisation.as_str()).filter(|key| !key.is_empty()),
            disabled: form.disabled,
        };
        office.store.change_account(id, version, change, &actor.name).await.map_err(|error| match error {
            StoreError::Refused { .. } => AppError::Input(vec![
                Diagnostic::error(
                    "account-last",
                    say!("đây là người quản trị cuối cùng còn đăng nhập được", "this is the last administrator who can sign in"),
                )
                .remedy(say!("giao quyền quản trị cho một người khác trước", "make somebody else an administrator first")),
            ]),
            other => other.into(),
        })
    }

    /// For whom a link to choose a password is; none when it does not hold.
    pub async fn invited(&self, office: &Office, token: &str) -> Result<Option<Account>, AppError> {
        match office.store.invited(&token::digest(token)).await? {
            Some(Some(id)) => Ok(Some(office.store.account(&id).await?).filter(|account| !account.disabled)),
            _ => Ok(None),
        }
    }

    /// Keeps the password that a person chose through a link, which is used up, and begins a login: who holds the link and the
    /// password has shown all that a login asks for, but the one-time code of an account that has one.
    pub async fn accept_invitation(&self, office: &Office, token: &str, password: &str) -> Result<Begun, AppError> {
        let Some(account) = self.invited(office, token).await? else { return Err(link_lapsed()) };
        if let Some(problem) = password::problem(password, &account.name) {
            return Err(vec![problem].into());
        }
        let kept = hashed(password).await?;
        if !office.store.accept_invitation(&token::digest(token), &account.id, &kept).await? {
            return Err(link_lapsed());
        }
        let account = office.store.account(&account.id).await?;
        let state = if account.totp.is_some() { LoginState::Code } else { LoginState::Open };
        self.let_in(office, &account, state).await
    }

    /// Changes the person's own password. Every login of the account ends; the one that comes back is new. None when the old
    /// password is wrong.
    pub async fn change_password(&self, office: &Office, id: &str, old: &str, new: &str) -> Result<Option<Begun>, AppError> {
        let account = office.store.account(id).await?;
        if !verified(old, account.password.clone()).await? {
            return Ok(None);
        }
        if let Some(problem) = password::problem(new, &account.name) {
            return Err(vec![problem].into());
        }
        let kept = hashed(new).await?;
        office.store.keep_password(id, &kept, &account.name).await?;
        Ok(Some(self.let_in(office, &account, LoginState::Open).await?))
    }

    /// A fresh secret for an authenticator, kept with the login that it is shown to; it counts only once it is confirmed there.
    pub async fn offer_totp(&self, office: &Office, login: &str) -> Result<String, AppError> {
        let secret = totp::secret_text(random()?);
        office.store.offer_totp(&token::digest(login), &secret).await?;
        Ok(secret)
    }

    /// The secret that was shown to a login and still may be confirmed.
    pub async fn offered_totp(&self, office: &Office, login: &str) -> Result<Option<String>, AppError> {
        Ok(office.store.offered_totp(&token::digest(login)).await?)
    }

    /// Begins to ask for one-time codes, when `code` is one of `secret`'s; false when it is not.
    pub async fn confirm_totp(&self, office: &Office, id: &str, secret: &str, code: &str) -> Result<bool, AppError> {
        let account = office.store.account(id).await?;
        let now = office.store.now().await?;
        let Some(step) = totp::verify(secret, code, now, 0) else { return Ok(false) };
        office.store.keep_totp(id, Some(secret), step, &account.name).await?;
        Ok(true)
    }

    /// Ends every login of an account, as when a machine is lost; how many there were.
    pub async fn end_logins(&self, office: &Office, id: &str, actor: &Principal) -> Result<u64, AppError> {
        let account = office.store.account(id).await?;
        let ended = office.store.end_logins(&account.id).await?;
        office.store.audit(&actor.name, "account.end-logins", &account.id, &ended.to_string()).await?;
        Ok(ended)
    }

    /// Asks for one-time codes no more, as when a phone is lost. `actor` is the person, whose password was asked for again, or
    /// an administrator.
    pub async fn end_totp(&self, office: &Office, id: &str, actor: &Principal) -> Result<(), AppError> {
        Ok(office.store.keep_totp(id, None, 0, &actor.name).await?)
    }

    /// Is it the account's password?
    pub async fn is_password(&self, office: &Office, id: &str, password: &str) -> Result<bool, AppError> {
        verified(password, office.store.account(id).await?.password).await
    }

    /// The organisations of the workspace: key and name.
    pub fn organisation_names(&self) -> Vec<(String, String)> {
        self.workspace.current().organisations.iter().map(|(key, own)| (key.clone(), own.name.clone())).collect()
    }

    fn organisation_problem(&self, key: &str) -> Option<Diagnostic> {
        let current = self.workspace.current();
        let known = &current.organisations;
        if key.is_empty() || known.contains_key(key) {
            return None;
        }
        let problem =
            Diagnostic::error("organisation-unknown", say!("không có đơn vị này", "there is no such organisation")).with_value(key);
        Some(match nearest(key, known.keys().map(String::as_str)) {
            Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
            None => problem,
        })
    }
}

/// An administrator's things belong to the whole office: people, templates, printers, relays, the audit log. One who sees only
/// one organisation could not have them.
fn bound_administrator(form: &AccountForm) -> Option<Diagnostic> {
    let is_bound = form.role == Role::Administrator && !form.organisation.is_empty();
    let message = say!("người quản trị không thể chỉ thuộc một đơn vị", "an administrator cannot belong to one organisation only");
    is_bound.then(|| {
        Diagnostic::error("administrator-bound", message).with_value(&form.organisation).remedy(say!(
            "chọn “Mọi đơn vị”, hoặc chọn vai trò khác cho người chỉ lo một đơn vị",
            "choose “All organisations”, or another role for who looks after one"
        ))
    })
}

/// Names are typed without regard to case.
fn account_name(typed: &str) -> String {
    typed.trim().to_lowercase()
}

fn name_problems(name: &str, full_name: &str) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-@".contains(&byte));
    if !plain || !NAME_LENGTH.contains(&name.len()) {
        problems.push(
            Diagnostic::error(
                "account-name",
                say!(
                    "tên đăng nhập gồm 2 đến 40 chữ cái không dấu, chữ số và các dấu . _ - @",
                    "the name is 2 to 40 letters without diacritics, digits and . _ - @"
                ),
            )
            .with_value(name)
            .remedy(say!("ví dụ: nguyenvanan", "for example nguyenvanan")),
        );
    }
    problems.extend(full_name_problems(full_name));
    problems
}

fn full_name_problems(full_name: &str) -> Vec<Diagnostic> {
    let full_name = full_name.trim();
    let fits = !full_name.is_empty() && full_name.chars().count() <= FULL_NAME_MAX && !full_name.chars().any(char::is_control);
    if fits {
        return Vec::new();
    }
    vec![Diagnostic::error(
        "account-full-name",
        say!("họ và tên phải có từ 1 đến {FULL_NAME_MAX} ký tự", "the person's name needs 1 to {FULL_NAME_MAX} characters"),
    )]
}

fn link_lapsed() -> AppError {
    AppError::Input(vec![
        Diagnostic::error("link-lapsed", say!("liên kết này đã dùng rồi hoặc đã hết hạn", "the link was used already, or has lapsed"))
            .remedy(say!("xin người quản trị một liên kết mới", "ask the administrator for another")),
    ])
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], AppError> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| AppError::Store(StoreError::Random))?;
    Ok(bytes)
}

async fn hashed(password: &str) -> Result<String, AppError> {
    let (password, salt) = (password.to_owned(), random()?);
    on_a_thread(move || password::hash(&password, salt)).await
}

/// Is it the password that `kept` was made of? Where nothing is kept, as much is computed for nothing.
async fn verified(password: &str, kept: Option<String>) -> Result<bool, AppError> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let password = password.to_owned();
    on_a_thread(move || match kept {
        Some(kept) => password::verify(&password, &kept),
        None => {
            let nobody = NOBODY.get_or_init(|| password::hash("", [0; 16]));
            let _ = password::verify(&password, nobody);
            false
        }
    })
    .await
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    let _place = tokio::time::timeout(HASHING_MAX, HASHING.acquire()).await.map_err(|_| AppError::Busy)?.map_err(|_| AppError::Busy)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Busy)
}
