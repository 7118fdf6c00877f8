//! Bounces: from the mailbox to the deliveries they are about.
//!
//! Owns what a report does to a delivery, once for each report. A message that came to no return path of ours, or to one
//! whose signature does not hold, changes nothing.

use std::time::Duration;

use super::{Sender, SenderError};
use crate::delivery::state::Event;
use crate::mail::mailbox::{BounceMailbox, MailboxError, visit};
use crate::mail::relay::Login;
use crate::mail::tls::Trust;
use crate::message::report::{Finding, Said, read};

/// Longest wait for one answer of the mailbox.
const STEP: Duration = Duration::from_secs(60);

impl Sender {
    /// Reads the mailbox once; how many messages were looked at.
    pub async fn collect_bounces(&self, mailbox: &BounceMailbox, login: &Login, trust: &Trust) -> Result<usize, MailboxError<SenderError>> {
        visit(mailbox, login, trust, STEP, |bytes: Vec<u8>| async move { self.take_report(&bytes).await.map(|_| ()) }).await
    }

    /// Applies one report; false when it is foreign or was applied before.
    pub async fn take_report(&self, bytes: &[u8]) -> Result<bool, SenderError> {
        let Some(paths) = &self.return_paths else { return Ok(false) };
        let Finding::Report(report) = read(bytes, paths) else { return Ok(false) };
        let event = match report.said {
            Said::Failed => Some(Event::Bounce),
            Said::Complaint => Some(Event::Complain),
            Said::Delayed | Said::Delivered | Said::AutoReply | Said::Unclear => None,
        };
        let status = report.status.map(|status| status.to_string()).unwrap_or_default();
        let sentence = report.describe().in_language(self.language).to_owned();
        let detail = format!("{sentence} {}", report.diagnostic);
        let action = serde_json::to_value(report.said).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
        let is_gone = matches!(report.status.map(|status| (status.class, status.subject)), Some((5, 1)));
        let is_wanted_no_more = report.said == Said::Complaint || (report.said == Said::Failed && is_gone);
        let suppress = is_wanted_no_more.then_some(sentence.as_str());
        Ok(self.store.note_bounce(&report.id, &report.delivery, event, (&action, &status, detail.trim()), suppress).await?)
    }
}
