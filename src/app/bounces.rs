//! Reading the mailbox of bounces: once by hand, or every few minutes in the service.
//!
//! Owns the use-case and the loop. What a report does to a delivery is the sender's.

use std::time::Duration;

use tokio::sync::watch::Receiver;

use super::office::{Office, Opening};
use super::service::Vitals;
use super::{App, AppError};
use crate::config::{FILE_NAME, variable};
use crate::diagnostic::{Diagnostic, Place};
use crate::mail::mailbox::{BounceMailbox, MailboxError};
use crate::mail::relay::Login;
use crate::mail::tls::Trust;
use crate::say;

/// Visits in a row that may fail before it is a problem.
const FAILURES_MAX: u32 = 3;

/// What one visit to the mailbox came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Messages that were looked at.
    pub read: usize,
    /// Reports that were new, by what they say: `failed`, `complaint`, `delayed`, `delivered`, `auto_reply`, `unclear`.
    pub reports: Vec<(String, u64)>,
}

impl App {
    /// Reads the mailbox of bounces once.
    pub async fn collect_bounces(&self) -> Result<Collected, AppError> {
        let office = self.office(None, Opening::Beside).await?;
        let Some((mailbox, login, trust)) = self.bounce_mailbox(&office)? else {
            return Err(AppError::Input(vec![
                Diagnostic::error("bounces-missing", say!("chưa khai báo hộp thư báo lỗi", "no mailbox of bounces is declared"))
                    .at(Place::File { file: FILE_NAME.into() })
                    .remedy(say!("thêm [mail.bounces] và mail.bounce_address", "add [mail.bounces] and mail.bounce_address")),
            ]));
        };
        let collected = self.visit(&office, mailbox, &login, &trust).await;
        office.store.close().await;
        collected
    }

    /// The mailbox with its secret and certificates read; none when the configuration names none.
    pub(super) fn bounce_mailbox(&self, office: &Office) -> Result<Option<(&BounceMailbox, Login, Trust)>, AppError> {
        let Some(mailbox) = &self.workspace.config.mail.bounces else { return Ok(None) };
        let (login, trust) = mailbox.login(office.root(), variable)?;
        Ok(Some((mailbox, login, trust)))
    }

    async fn visit(&self, office: &Office, mailbox: &BounceMailbox, login: &Login, trust: &Trust) -> Result<Collected, AppError> {
        let before = office.store.bounce_tally().await?;
        let read = self.sender(office)?.collect_bounces(mailbox, login, trust).await?;
        let known = |action: &str| before.iter().find(|(own, _)| own == action).map_or(0, |(_, count)| *count);
        let after = office.store.bounce_tally().await?;
        let reports = after.into_iter().map(|(action, count)| (action.clone(), count.saturating_sub(known(&action))));
        Ok(Collected { read, reports: reports.filter(|(_, count)| *count > 0).collect() })
    }

    /// Reads the mailbox until `stop` turns true; `vitals` learns when it cannot be read.
    pub(super) async fn keep_reading_bounces(&self, office: &Office, vitals: &Vitals, mut stop: Receiver<bool>) {
        let mut failures = 0;
        while !*stop.borrow() {
            let Some(mailbox) = &self.workspace.config.mail.bounces else { return };
            let visited = match self.bounce_mailbox(office) {
                Ok(Some((mailbox, login, trust))) => self.visit(office, mailbox, &login, &trust).await,
                Ok(None) => return,
                Err(error) => Err(error),
            };
            match visited {
                Ok(collected) => {
                    failures = 0;
                    if collected.read > 0 {
                        tracing::info!(event = "bounces.read", messages = collected.read);
                    }
                }
                Err(error) => {
                    // A refused password is not refused less at the next visit.
                    failures = if matches!(&error, AppError::Mailbox(MailboxError::Account { .. })) { FAILURES_MAX } else { failures + 1 };
                    tracing::error!(event = "bounces.away", transient = error.is_transient());
                }
            }
            vitals.bounces_unread(failures >= FAILURES_MAX);
            let rest = Duration::from_secs(60 * u64::from(mailbox.every_minutes));
            let _ = tokio::time::timeout(rest, stop.wait_for(|stop| *stop)).await;
        }
    }
}
