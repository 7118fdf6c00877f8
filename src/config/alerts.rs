//! `[alerts]`: whom the service tells what must not go unnoticed.
//!
//! Owns the keys and what is wrong with them. What is told is the application's to know.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{FILE_NAME, MailConfig};
use crate::diagnostic::{Diagnostic, Place};
use crate::message::address::Address;
use crate::say;

/// `[alerts]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsConfig {
    /// Addresses of the operators; nothing is told by mail when there are none.
    pub to: Vec<String>,
    /// Relay of the alerts; that of `[mail]` when absent, and another one while it does not work.
    pub relay: Option<String>,
    /// Minutes between two messages (1 to 1440): what comes up meanwhile goes together.
    pub every_minutes: u32,
}

impl Default for AlertsConfig {
    fn default() -> Self {
        Self { to: Vec::new(), relay: None, every_minutes: 15 }
    }
}

impl AlertsConfig {
    /// Time between two messages.
    pub fn gap(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.every_minutes))
    }

    /// Everything wrong with the keys. `mail` says which relays and domains there are.
    pub(super) fn problems(&self, mail: &MailConfig) -> Vec<Diagnostic> {
        let place = |key: &str| Place::File { file: format!("{FILE_NAME} [alerts] {key}") };
        let mut problems = Vec::new();
        for to in &self.to {
            match Address::parse(to) {
                Err(problem) => problems.push((*problem).at(place("to"))),
                Ok(address) if !mail.allows(address.domain()) => problems.push(
                    Diagnostic::error(
                        "alerts-domain",
                        say!("tên miền này không nằm trong mail.allow_domains", "the domain is not in mail.allow_domains"),
                    )
                    .with_value(to)
                    .at(place("to"))
                    .remedy(say!("thêm tên miền ấy vào allow_domains", "add the domain to allow_domains")),
                ),
                Ok(_) => {}
            }
        }
        if !self.to.is_empty() {
            match mail.relay_name(self.relay.as_deref()).and_then(|relay| mail.from_address(&relay)) {
                Ok(_) => {}
                Err(found) => problems.extend(found),
            }
        }
        if !(1..=1440).contains(&self.every_minutes) {
            let message = say!("alerts.every_minutes phải từ 1 đến 1440", "alerts.every_minutes must be from 1 to 1440");
            problems.push(Diagnostic::error("config-value", message).at(place("every_minutes")));
        }
        problems
    }
}
