//! `[service]`: where `vanthu serve` listens and how it stops; and what systemd says in the environment.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use super::{FILE_NAME, variable};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;

/// The variable that overrides `service.listen`.
pub const LISTEN_VARIABLE: &str = "VANTHU_LISTEN";
/// The variable that overrides `service.log`.
pub const LOG_VARIABLE: &str = "VANTHU_LOG";

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// `[service]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceConfig {
    /// Address and port of the health and metrics pages.
    pub listen: String,
    /// How much is logged: error, warn, info, debug or trace.
    pub log: String,
    /// Seconds that work under way may take at a stop.
    pub drain_seconds: u64,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8710".to_owned(), log: "info".to_owned(), drain_seconds: 30 }
    }
}

impl ServiceConfig {
    /// What is wrong with it.
    pub(super) fn problems(&self) -> Vec<Diagnostic> {
        let mut problems: Vec<Diagnostic> = [self.address().err(), self.level().err()].into_iter().flatten().flatten().collect();
        if !(1..=600).contains(&self.drain_seconds) {
            problems.push(
                Diagnostic::error(
                    "config-value",
                    say!("service.drain_seconds phải từ 1 đến 600", "service.drain_seconds must be from 1 to 600"),
                )
                .at(place("drain_seconds")),
            );
        }
        problems
    }

    /// Where to listen: the environment's word before the file's.
    pub fn address(&self) -> Result<SocketAddr, Vec<Diagnostic>> {
        let (text, key) = overridden(LISTEN_VARIABLE, &self.listen, "listen");
        text.parse().map_err(|_| {
            vec![
                Diagnostic::error("service-listen", say!("không phải địa chỉ IP và cổng", "is not an IP address with a port"))
                    .with_value(&text)
                    .at(place(&key))
                    .remedy(say!("ví dụ: 127.0.0.1:8710", "for example 127.0.0.1:8710")),
            ]
        })
    }

    /// How much is logged: the environment's word before the file's.
    pub fn level(&self) -> Result<String, Vec<Diagnostic>> {
        let (text, key) = overridden(LOG_VARIABLE, &self.log, "log");
        if LEVELS.contains(&text.as_str()) {
            return Ok(text);
        }
        let list = LEVELS.join(", ");
        Err(vec![
            Diagnostic::error("service-log", say!("không phải mức nhật ký", "is no level of logging"))
                .with_value(&text)
                .at(place(&key))
                .remedy(say!("chọn một trong: {list}", "choose one of: {list}")),
        ])
    }

    /// Time for work under way at a stop.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

fn overridden(variable: &str, value: &str, key: &str) -> (String, String) {
    match set_variable(variable) {
        Some(text) => (text, variable.to_owned()),
        None => (value.to_owned(), key.to_owned()),
    }
}

fn place(key: &str) -> Place {
    Place::File { file: if key.starts_with("VANTHU_") { key.to_owned() } else { format!("{FILE_NAME} [service] {key}") } }
}

/// A variable of the environment that is set and not empty.
fn set_variable(name: &str) -> Option<String> {
    variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Where systemd wants to hear that the service is ready.
pub fn notify_socket() -> Option<String> {
    set_variable("NOTIFY_SOCKET")
}
