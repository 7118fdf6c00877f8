//! Accounts: the people who may use the office, and the one-time links by which they choose a password.
//!
//! Owns their rows. Every change names the version that the person saw, and is in the audit log with it. No password is here,
//! only what [`crate::access::password`] makes of one.

use super::connection::{Row, Tx, values};
use super::{Store, StoreError, audit};
use crate::access::Role;

/// An account as it stands.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// The name that is typed at the login.
    pub name: String,
    /// The person's name.
    pub full_name: String,
    /// What the person is.
    pub role: Role,
    /// The organisation whose things the person sees; all of them when there is none.
    pub organisation: Option<String>,
    /// What is kept of the password; none before the first one is chosen.
    pub password: Option<String>,
    /// The secret of the authenticator.
    pub totp: Option<String>,
    /// The step of the last one-time code that was used.
    pub totp_step: i64,
    /// May not sign in any more.
    pub disabled: bool,
    /// Counts the changes, so that two administrators do not overwrite each other.
    pub version: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was last used, milliseconds since 1970.
    pub seen_at: Option<i64>,
}

/// An account that is about to be made.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// The name that is typed at the login.
    pub name: &'a str,
    /// The person's name.
    pub full_name: &'a str,
    /// What the person is.
    pub role: Role,
    /// The organisation whose things the person sees.
    pub organisation: Option<&'a str>,
}

/// What an administrator may change of an account.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// The person's name.
    pub full_name: &'a str,
    /// What the person is.
    pub role: Role,
    /// The organisation whose things the person sees.
    pub organisation: Option<&'a str>,
    /// May the person sign in no more?
    pub disabled: bool,
}

const COLUMNS: &str = "id, name, full_name, role, organisation, password, totp, totp_step, disabled, version, created_at, seen_at";

fn account(row: &Row) -> Result<Account, StoreError> {
    let role = row.text("role")?;
    Ok(Account {
        id: row.text("id")?,
        name: row.text("name")?,
        full_name: row.text("full_name")?,
        role: Role::from_name(&role).ok_or_else(|| StoreError::unexpected(role))?,
        organisation: row.text_or_none("organisation")?,
        password: row.text_or_none("password")?,
        totp: row.text_or_none("totp")?,
        totp_step: row.int("totp_step")?,
        disabled: row.int("disabled")? == 1,
        version: row.int("version")?,
        created_at: row.int("created_at")?,
        seen_at: row.int_or_none("seen_at")?,
    })
}

/// Is there an administrator who can sign in?
const ADMINISTRATED: &str = "SELECT COUNT(*) AS amount FROM account WHERE role = 'administrator' AND disabled = 0 AND password IS NOT NULL";

impl Store {
    /// Every account, by name.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.database.fetch(&format!("SELECT {COLUMNS} FROM account ORDER BY name"), &[]).await?.iter().map(account).collect()
    }

    /// The account of that id.
    pub async fn account(&self, id: &str) -> Result<Account, StoreError> {
        let row = self.database.fetch_one(&format!("SELECT {COLUMNS} FROM account WHERE id = $1"), &values![id]).await?;
        account(&row.ok_or_else(|| StoreError::unknown("account"))?)
    }

    /// The account that signs in as `name`.
    pub async fn account_named(&self, name: &str) -> Result<Option<Account>, StoreError> {
        let row = self.database.fetch_one(&format!("SELECT {COLUMNS} FROM account WHERE name = $1"), &values![name]).await?;
        row.as_ref().map(account).transpose()
    }

    /// Can nobody administer the office yet?
    pub async fn is_fresh(&self) -> Result<bool, StoreError> {
        let row = self.database.fetch_one(ADMINISTRATED, &[]).await?;
        Ok(row.ok_or_else(|| StoreError::unexpected("account"))?.int("amount")? == 0)
    }

    /// Makes an account without a password; its id, or none when the name is taken.
    pub async fn create_account(&self, new: NewAccount<'_>, actor: &str) -> Result<Option<String>, StoreError> {
        let id = self.new_id().await?;
        let mut tx = self.database.begin().await?;
        if !insert(&mut tx, &id, &new).await? {
            return Ok(None);
        }
        audit::note(&mut tx, actor, "account.create", new.name, new.role.name()).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// Changes an account that still is at `version`; one that is disabled has its logins and links ended. The last
    /// administrator stays one. False when the account has changed meanwhile.
    pub async fn change_account(&self, id: &str, version: i64, change: Change<'_>, actor: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        // Where nobody administers yet, as before the first login, no change takes an administrator away.
        let before = administrators(&mut tx).await?;
        let changed = tx
            .execute(
                "UPDATE account SET full_name = $3, role = $4, organisation = $5, disabled = $6, version = version + 1, changed_at = {now}
                 WHERE id = $1 AND version = $2",
                &values![id, version, change.full_name, change.role.name(), change.organisation, change.disabled],
            )
            .await?;
        if changed != 1 {
            return Ok(false);
        }
        if before > 0 && administrators(&mut tx).await? == 0 {
            return Err(StoreError::refused("account", "the last administrator"));
        }
        if change.disabled {
            tx.execute("DELETE FROM login WHERE account_id = $1", &values![id]).await?;
            tx.execute("DELETE FROM invitation WHERE account_id = $1", &values![id]).await?;
        }
        let detail =
            format!("{} {}{}", change.role.name(), change.organisation.unwrap_or("*"), if change.disabled { " disabled" } else { "" });
        let row = tx.fetch_one("SELECT name FROM account WHERE id = $1", &values![id]).await?;
        let name = row.ok_or_else(|| StoreError::unknown("account"))?.text("name")?;
        audit::note(&mut tx, actor, "account.change", &name, &detail).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Keeps a new password, ends every login of the account and voids its links.
    pub async fn keep_password(&self, id: &str, password: &str, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        set_password(&mut tx, id, password, actor).await?;
        tx.commit().await
    }

    /// Keeps or takes away the authenticator's secret; `step` is that of the code it was confirmed with.
    pub async fn keep_totp(&self, id: &str, secret: Option<&str>, step: i64, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute(
            "UPDATE account SET totp = $2, totp_step = $3, version = version + 1, changed_at = {now} WHERE id = $1",
            &values![id, secret, step],
        )
        .await?;
        // What was shown and not confirmed has lapsed with the change.
        tx.execute("UPDATE login SET offered_totp = NULL, offered_until = NULL WHERE account_id = $1", &values![id]).await?;
        let action = if secret.is_some() { "account.totp.begin" } else { "account.totp.end" };
        let name = name_of(&mut tx, id).await?;
        audit::note(&mut tx, actor, action, &name, "").await?;
        tx.commit().await
    }

    /// Notes that a one-time code was used; false when it, or a later one, was used before.
    pub async fn use_totp_step(&self, id: &str, step: i64) -> Result<bool, StoreError> {
        let changed =
            self.database.execute("UPDATE account SET totp_step = $2 WHERE id = $1 AND totp_step < $2", &values![id, step]).await?;
        Ok(changed == 1)
    }

    /// Makes a one-time link, which voids the earlier ones for the same: for `account` to choose a password, or for the first
    /// administrator to come in when there is none. `digest` is that of its token; it holds for `life` milliseconds.
    pub async fn invite(&self, digest: &str, account: Option<&str>, life: i64, actor: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        match account {
            Some(id) => {
                tx.execute("DELETE FROM invitation WHERE account_id = $1", &values![id]).await?;
                let name = name_of(&mut tx, id).await?;
                audit::note(&mut tx, actor, "account.invite", &name, "").await?;
            }
            None => {
                tx.execute("DELETE FROM invitation WHERE account_id IS NULL", &[]).await?;
            }
        }
        tx.execute("INSERT INTO invitation (digest, account_id, expires_at) VALUES ($1, $2, {now} + $3)", &values![digest, account, life])
            .await?;
        tx.commit().await
    }

    /// Whom a one-time link is for: nothing when it does not hold, `Some(None)` for the first administrator.
    pub async fn invited(&self, digest: &str) -> Result<Option<Option<String>>, StoreError> {
        let row =
            self.database.fetch_one("SELECT account_id FROM invitation WHERE digest = $1 AND expires_at > {now}", &values![digest]).await?;
        row.map(|row| row.text_or_none("account_id")).transpose()
    }

    /// Uses up a link and keeps the password chosen through it, in one commit; false when the link does not hold any more.
    pub async fn accept_invitation(&self, digest: &str, account: &str, password: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let used = tx
            .execute("DELETE FROM invitation WHERE digest = $1 AND account_id = $2 AND expires_at > {now}", &values![digest, account])
            .await?;
        if used != 1 {
            return Ok(false);
        }
        let name = name_of(&mut tx, account).await?;
        set_password(&mut tx, account, password, &name).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Uses up the link of the first start and makes the first administrator, in one commit; none when the link does not hold
    /// any more, or somebody administers the office already.
    pub async fn set_up(&self, digest: &str, name: &str, full_name: &str, password: &str) -> Result<Option<String>, StoreError> {
        let id = self.new_id().await?;
        let mut tx = self.database.begin().await?;
        let used =
            tx.execute("DELETE FROM invitation WHERE digest = $1 AND account_id IS NULL AND expires_at > {now}", &values![digest]).await?;
        if used != 1 || administrators(&mut tx).await? != 0 {
            return Ok(None);
        }
        let new = NewAccount { name, full_name, role: Role::Administrator, organisation: None };
        if !insert(&mut tx, &id, &new).await? {
            return Ok(None);
        }
        audit::note(&mut tx, name, "account.setup", name, "").await?;
        set_password(&mut tx, &id, password, name).await?;
        tx.commit().await?;
        Ok(Some(id))
    }
}

/// Administrators who can sign in.
async fn administrators(tx: &mut Tx) -> Result<i64, StoreError> {
    let row = tx.fetch_one(ADMINISTRATED, &[]).await?;
    row.ok_or_else(|| StoreError::unexpected("account"))?.int("amount")
}

async fn insert(tx: &mut Tx, id: &str, new: &NewAccount<'_>) -> Result<bool, StoreError> {
    let made = tx
        .execute(
            "INSERT INTO account (id, name, full_name, role, organisation, created_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, {now}, {now}) ON CONFLICT (name) DO NOTHING",
            &values![id, new.name, new.full_name, new.role.name(), new.organisation],
        )
        .await?;
    Ok(made == 1)
}

async fn set_password(tx: &mut Tx, id: &str, password: &str, actor: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET password = $2, version = version + 1, changed_at = {now} WHERE id = $1", &values![id, password]).await?;
    tx.execute("DELETE FROM login WHERE account_id = $1", &values![id]).await?;
    tx.execute("DELETE FROM invitation WHERE account_id = $1", &values![id]).await?;
    let name = name_of(tx, id).await?;
    audit::note(tx, actor, "account.password", &name, "").await
}

async fn name_of(tx: &mut Tx, id: &str) -> Result<String, StoreError> {
    let row = tx.fetch_one("SELECT name FROM account WHERE id = $1", &values![id]).await?;
    row.ok_or_else(|| StoreError::unknown("account"))?.text("name")
}
