//! Logins: which browser belongs to which account, for how long.
//!
//! Owns their rows, found by the SHA-256 of the token that only the browser holds. A login ends after half an hour without a
//! request and after twelve hours in any case; a password change and a disabled account end all of an account's.

use super::accounts::Account;
use super::connection::values;
use super::{Store, StoreError, audit};

const MINUTE: i64 = 60 * 1_000;
/// A login that nobody uses ends.
pub const IDLE_MAX: i64 = 30 * MINUTE;
/// Every login ends.
pub const LIFE_MAX: i64 = 12 * 60 * MINUTE;
/// How long the second factor may take.
pub const CODE_MAX: i64 = 5 * MINUTE;
/// How long a secret that was shown may be confirmed.
const OFFER_MAX: i64 = 15 * MINUTE;
/// That it was used is written down at most so often.
const SEEN_EVERY: i64 = MINUTE;

/// How far a login is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginState {
    /// The password was right; the one-time code is awaited.
    Code,
    /// The person is in.
    Open,
}

impl LoginState {
    fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Open => "open",
        }
    }
}

impl Store {
    /// Begins a login of `account`; `digest` is that of its token. What has lapsed is cleared away.
    pub async fn begin_login(&self, digest: &str, account: &Account, state: LoginState) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("DELETE FROM login WHERE created_at < {now} - $1 OR seen_at < {now} - $2", &values![LIFE_MAX, IDLE_MAX]).await?;
        tx.execute("DELETE FROM invitation WHERE expires_at < {now}", &[]).await?;
        tx.execute(
            "INSERT INTO login (digest, account_id, state, created_at, seen_at) VALUES ($1, $2, $3, {now}, {now})",
            &values![digest, &account.id, state.name()],
        )
        .await?;
        if state == LoginState::Open {
            tx.execute("UPDATE account SET seen_at = {now} WHERE id = $1", &values![&account.id]).await?;
            audit::note(&mut tx, &account.name, "login", &account.name, "").await?;
        }
        tx.commit().await
    }

    /// The account that a login belongs to, while it holds.
    pub async fn login(&self, digest: &str, state: LoginState) -> Result<Option<Account>, StoreError> {
        let (idle, life) = match state {
            LoginState::Open => (IDLE_MAX, LIFE_MAX),
            LoginState::Code => (CODE_MAX, CODE_MAX),
        };
        let row = self
            .database
            .fetch_one(
                "SELECT account_id, seen_at, {now} AS now FROM login
                 WHERE digest = $1 AND state = $2 AND created_at > {now} - $3 AND seen_at > {now} - $4",
                &values![digest, state.name(), life, idle],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let account = self.account(&row.text("account_id")?).await?;
        if account.disabled {
            return Ok(None);
        }
        if state == LoginState::Open && row.int("now")? - row.int("seen_at")? > SEEN_EVERY {
            self.database.execute("UPDATE login SET seen_at = {now} WHERE digest = $1", &values![digest]).await?;
            self.database.execute("UPDATE account SET seen_at = {now} WHERE id = $1", &values![&account.id]).await?;
        }
        Ok(Some(account))
    }

    /// Keeps the authenticator's secret that a login was shown; it counts only once it is confirmed from there.
    pub async fn offer_totp(&self, digest: &str, secret: &str) -> Result<(), StoreError> {
        self.database
            .execute(
                "UPDATE login SET offered_totp = $2, offered_until = {now} + $3 WHERE digest = $1 AND state = 'open'",
                &values![digest, secret, OFFER_MAX],
            )
            .await?;
        Ok(())
    }

    /// The secret that a login was shown a while ago.
    pub async fn offered_totp(&self, digest: &str) -> Result<Option<String>, StoreError> {
        let row = self
            .database
            .fetch_one("SELECT offered_totp FROM login WHERE digest = $1 AND state = 'open' AND offered_until > {now}", &values![digest])
            .await?;
        Ok(row.map(|row| row.text_or_none("offered_totp")).transpose()?.flatten())
    }

    /// Ends a login.
    pub async fn end_login(&self, digest: &str) -> Result<(), StoreError> {
        self.database.execute("DELETE FROM login WHERE digest = $1", &values![digest]).await?;
        Ok(())
    }

    /// Ends every login of `account`.
    pub async fn end_logins(&self, account: &str) -> Result<u64, StoreError> {
        self.database.execute("DELETE FROM login WHERE account_id = $1", &values![account]).await
    }
}
