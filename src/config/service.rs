//! `[service]`: where `vanthu serve` listens and how it stops; and what systemd says in the environment.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{FILE_NAME, variable};
use crate::diagnostic::{Diagnostic, Place};
use crate::say;

/// The variable that overrides `service.listen`.
pub const LISTEN_VARIABLE: &str = "VANTHU_LISTEN";
/// The variable that overrides `service.log`.
pub const LOG_VARIABLE: &str = "VANTHU_LOG";

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// `[service]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceConfig {
    /// Address and port of the pages, the API and the health pages.
    pub listen: String,
    /// Address and port of `/metrics` for another machine; `listen` tells the counts to this machine only.
    pub metrics_listen: Option<String>,
    /// How much is logged: error, warn, info, debug or trace.
    pub log: String,
    /// Seconds that work under way may take at a stop.
    pub drain_seconds: u64,
    /// The address under which browsers find the pages, such as `https://vanthu.hoi.vn`, when something stands in front of them.
    pub url: Option<String>,
    /// Addresses of the servers in front, whose word about the client's address is taken.
    pub proxies: Vec<IpAddr>,
    /// Days after which a draft that its owner left alone is forgotten, with its list.
    pub draft_days: u32,
    /// Changes that one program may ask for in a minute, beside what has a limit of its own.
    pub api_changes_per_minute: u32,
    /// Questions that one program may ask in a minute.
    pub api_questions_per_minute: u32,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8710".to_owned(),
            metrics_listen: None,
            log: "info".to_owned(),
            drain_seconds: 30,
            url: None,
            proxies: Vec::new(),
            draft_days: 30,
            api_changes_per_minute: 600,
            api_questions_per_minute: 1_800,
        }
    }
}

impl ServiceConfig {
    /// What is wrong with it.
    pub(super) fn problems(&self) -> Vec<Diagnostic> {
        let mut problems: Vec<Diagnostic> =
            [self.address().err(), self.metrics_address().err(), self.level().err()].into_iter().flatten().flatten().collect();
        if !(1..=600).contains(&self.drain_seconds) {
            problems.push(
                Diagnostic::error(
                    "config-value",
                    say!("service.drain_seconds phải từ 1 đến 600", "service.drain_seconds must be from 1 to 600"),
                )
                .at(place("drain_seconds")),
            );
        }
        if !(1..=3_650).contains(&self.draft_days) {
            problems.push(
                Diagnostic::error(
                    "config-value",
                    say!("service.draft_days phải từ 1 đến 3650", "service.draft_days must be from 1 to 3650"),
                )
                .at(place("draft_days")),
            );
        }
        for (name, most) in
            [("api_changes_per_minute", self.api_changes_per_minute), ("api_questions_per_minute", self.api_questions_per_minute)]
        {
            if !(1..=1_000_000).contains(&most) {
                let message = say!("service.{name} phải từ 1 đến 1000000", "service.{name} must be from 1 to 1000000");
                problems.push(Diagnostic::error("config-value", message).at(place(name)));
            }
        }
        if let Some(url) = &self.url
            && !is_site(url)
        {
            problems.push(
                Diagnostic::error("service-url", say!("không phải địa chỉ của một trang", "is no address of a site"))
                    .with_value(url)
                    .at(place("url"))
                    .remedy(say!("ví dụ: https://vanthu.hoi.vn, không có đường dẫn", "for example https://vanthu.hoi.vn, without a path")),
            );
        }
        problems
    }

    /// Where to listen: the environment's word before the file's.
    pub fn address(&self) -> Result<SocketAddr, Vec<Diagnostic>> {
        let (text, key) = overridden(LISTEN_VARIABLE, &self.listen, "listen");
        parsed(&text, &key)
    }

    /// Where the counts are told besides.
    pub fn metrics_address(&self) -> Result<Option<SocketAddr>, Vec<Diagnostic>> {
        self.metrics_listen.as_ref().map(|text| parsed(text, "metrics_listen")).transpose()
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

    /// The address of the pages for people elsewhere; only one with a certificate.
    pub fn public_url(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| url.starts_with("https://"))
    }

    /// Time for work under way at a stop.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

fn parsed(text: &str, key: &str) -> Result<SocketAddr, Vec<Diagnostic>> {
    text.parse().map_err(|_| {
        vec![
            Diagnostic::error("service-listen", say!("không phải địa chỉ IP và cổng", "is not an IP address with a port"))
                .with_value(text)
                .at(place(key))
                .remedy(say!("ví dụ: 127.0.0.1:8710", "for example 127.0.0.1:8710")),
        ]
    })
}

/// A scheme and a host, perhaps a port, and nothing after them.
fn is_site(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte)))
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
