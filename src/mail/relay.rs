//! A relay of the configuration: `[mail.relays.NAME]`.
//!
//! Owns its keys, what may be wrong with them, and the [`Endpoint`] that a conversation is opened to once secret and
//! certificates are read.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use super::tls::Trust;
use crate::delivery::backoff::Route;
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::say;

/// Largest message when nothing says otherwise: what most offices' servers take.
pub const MESSAGE_BYTES_MAX: u64 = 10_000_000;

/// Where the state's offices of Viet Nam have their mailboxes. Nothing is published about what their servers take; most offices
/// that write there write to many of them at once.
const GOVERNMENT: &str = "gov.vn";
/// Messages in any minute to [`GOVERNMENT`] unless the configuration says otherwise.
const GOVERNMENT_PER_MINUTE: u32 = 20;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Plain, then TLS by `STARTTLS`, which must succeed (port 587).
    #[default]
    StartTls,
    /// TLS from the first byte (port 465).
    Tls,
    /// None: a relay on this machine (port 25).
    None,
}

/// How the account signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// `AUTH PLAIN`.
    #[default]
    Plain,
    /// `AUTH LOGIN`.
    Login,
    /// `AUTH XOAUTH2`; the secret is the access token.
    XOAuth2,
}

impl Auth {
    /// The mechanism's name in EHLO.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::XOAuth2 => "XOAUTH2",
        }
    }
}

/// How fast messages may go; a limit that is absent does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rate {
    /// Messages in any minute.
    pub per_minute: Option<u32>,
    /// Messages in any 24 hours.
    pub per_day: Option<u32>,
}

/// `[mail.relays.NAME]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// Name or address of the server; its certificate must hold for it.
    pub host: String,
    /// Port; 587, 465 or 25 by `security` when absent.
    #[serde(default)]
    pub port: Option<u16>,
    /// Protection of the connection.
    #[serde(default)]
    pub security: Security,
    /// Allows `security = "none"` to another machine. Everything, the password included, is then readable on the way.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// Name that signs in; none for a relay that knows this machine.
    #[serde(default)]
    pub account: Option<String>,
    /// File with the password or token, relative to the workspace, readable by its owner only.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Environment variable with the password or token.
    #[serde(default)]
    pub password_env: Option<String>,
    /// How the account signs in.
    #[serde(default)]
    pub auth: Auth,
    /// PEM file with the only certificates to trust, relative to the workspace.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Name that this machine gives itself in EHLO; the domain of the sender's address when absent.
    #[serde(default)]
    pub helo: Option<String>,
    /// Largest encoded message in bytes; [`MESSAGE_BYTES_MAX`] when absent. A smaller SIZE of the server counts.
    #[serde(default = "message_bytes_max")]
    pub max_message_bytes: u64,
    /// Messages in any minute.
    #[serde(default)]
    pub per_minute: Option<u32>,
    /// Messages in any 24 hours.
    #[serde(default)]
    pub per_day: Option<u32>,
    /// Limits for the domains of recipients, the domains below them included: `[mail.relays.NAME.domains."gov.vn"]`.
    #[serde(default)]
    pub domains: BTreeMap<String, Rate>,
    /// Who owns the days of retrying: `smarthost`, or `direct` when the relay is the recipients' own server.
    #[serde(default)]
    pub route: Route,
}

const fn message_bytes_max() -> u64 {
    MESSAGE_BYTES_MAX
}

impl Relay {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::StartTls => 587,
            Security::Tls => 465,
            Security::None => 25,
        })
    }

    /// The limit of all its messages together.
    pub fn rate(&self) -> Rate {
        Rate { per_minute: self.per_minute, per_day: self.per_day }
    }

    /// The limits of domains: those of the configuration, and 20 messages a minute to `gov.vn` where it says nothing of it.
    pub fn domain_rates(&self) -> BTreeMap<String, Rate> {
        let mut rates = self.domains.clone();
        rates.entry(GOVERNMENT.to_owned()).or_insert(Rate { per_minute: Some(GOVERNMENT_PER_MINUTE), per_day: None });
        rates
    }

    /// The limit for `domain` (A-labels), with the name of the entry that sets it: the longest that fits.
    pub fn rate_of_domain(&self, domain: &str) -> Option<(&str, Rate)> {
        let fits = |entry: &str| domain == entry || domain.strip_suffix(entry).is_some_and(|rest| rest.ends_with('.'));
        let entry = self.domains.iter().filter(|(entry, _)| fits(entry)).max_by_key(|(entry, _)| entry.len());
        entry.map(|(entry, rate)| (entry.as_str(), *rate))
    }

    /// Everything wrong with the keys of the relay `name`, without looking at any file.
    pub fn problems(&self, name: &str) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut wrong = |code, message: Text, remedy: Text| {
            problems.push(Diagnostic::error(code, message).at(place(name)).remedy(remedy));
        };
        if !is_host(&self.host) {
            wrong(
                "relay-host",
                say!("“host” không phải tên máy chủ", "`host` is no name of a server"),
                say!("ví dụ host = \"smtp.gmail.com\"", "such as host = \"smtp.gmail.com\""),
            );
        }
        if self.port == Some(0) {
            wrong(
                "relay-port",
                say!("“port” không thể là 0", "`port` cannot be 0"),
                say!("thường là 587, 465 hoặc 25", "usually 587, 465 or 25"),
            );
        }
        if self.security == Security::None && !is_loopback(&self.host) && !self.allow_plaintext {
            wrong(
                "relay-plaintext",
                say!(
                    "gửi không mã hóa chỉ được dùng với máy chủ ngay trên máy này",
                    "sending without TLS is for a relay on this machine only"
                ),
                say!(
                    "đặt security = \"starttls\" hoặc \"tls\"; nếu mạng nội bộ chắc chắn an toàn: allow_plaintext = true",
                    "set security = \"starttls\" or \"tls\"; on a network that is surely safe: allow_plaintext = true"
                ),
            );
        }
        match (&self.account, self.password_file.is_some(), self.password_env.is_some()) {
            (None, false, false) | (Some(_), true, false) | (Some(_), false, true) => {}
            (None, ..) => wrong(
                "relay-account",
                say!("có mật khẩu mà thiếu “account”", "there is a password but no `account`"),
                say!("thêm account = \"ten@tenmien.vn\"", "add account = \"name@domain.vn\""),
            ),
            (Some(_), false, false) => wrong(
                "relay-secret",
                say!("có “account” mà thiếu mật khẩu", "there is an `account` but no password"),
                say!(
                    "thêm password_file = \"mat-khau-thu\" hoặc password_env = \"TEN_BIEN\"",
                    "add password_file = \"mail-password\" or password_env = \"NAME\""
                ),
            ),
            (Some(_), true, true) => wrong(
                "relay-secret",
                say!("chỉ dùng một trong password_file và password_env", "use only one of password_file and password_env"),
                say!("xóa một dòng", "remove one of the lines"),
            ),
        }
        if self.account.as_deref().is_some_and(|account| account.is_empty() || account.chars().any(char::is_control)) {
            wrong(
                "relay-account",
                say!("“account” trống hoặc có ký tự điều khiển", "`account` is empty or holds a control character"),
                say!("ghi tên đăng nhập trên một dòng", "write the account on one line"),
            );
        }
        if self.helo.as_deref().is_some_and(|helo| !is_host(helo)) {
            wrong(
                "relay-helo",
                say!("“helo” không phải tên máy", "`helo` is no name of a machine"),
                say!("ví dụ helo = \"vanthu.hoikhuyenhoc.vn\"", "such as helo = \"vanthu.example.vn\""),
            );
        }
        if !(1_000..=1_000_000_000).contains(&self.max_message_bytes) {
            wrong(
                "relay-size",
                say!("max_message_bytes phải từ 1000 đến 1000000000", "max_message_bytes must be between 1000 and 1000000000"),
                say!("10000000 hợp với phần lớn máy chủ", "10000000 suits most servers"),
            );
        }
        let rates = std::iter::once((None, self.rate())).chain(self.domains.iter().map(|(domain, rate)| (Some(domain), *rate)));
        for (domain, rate) in rates {
            if rate.per_minute == Some(0) || rate.per_day == Some(0) {
                let at = domain.map_or(String::new(), |domain| format!(" ({domain})"));
                wrong(
                    "relay-rate",
                    say!("giới hạn gửi không thể là 0{at}", "a rate cannot be 0{at}"),
                    say!("xóa dòng ấy nếu không giới hạn", "remove the line for no limit"),
                );
            }
        }
        for domain in self.domains.keys() {
            if idna::domain_to_ascii_strict(domain).ok().as_deref() != Some(domain) {
                wrong(
                    "relay-domain",
                    say!("“{domain}” không phải tên miền viết thường", "`{domain}` is no domain in lower case"),
                    say!("ví dụ [mail.relays.{name}.domains.\"gov.vn\"]", "such as [mail.relays.{name}.domains.\"gov.vn\"]"),
                );
            }
        }
        problems
    }

    /// Reads secret and certificates of the relay `name`. Paths are relative to `folder`; `environment` looks up a variable.
    pub fn endpoint(&self, name: &str, folder: &Path, environment: impl Fn(&str) -> Option<String>) -> Result<Endpoint, Vec<Diagnostic>> {
        let mut problems = self.problems(name);
        let secret = match (&self.password_file, &self.password_env) {
            (Some(file), _) => Secret::read(&folder.join(file)).map(Some),
            (None, Some(variable)) => match environment(variable).filter(|value| !value.is_empty()) {
                Some(value) => Ok(Some(Secret::new(value))),
                None => Err(Box::new(
                    Diagnostic::error(
                        "secret-environment",
                        say!("biến môi trường “{variable}” chưa có giá trị", "the environment variable `{variable}` is not set"),
                    )
                    .at(place(name)),
                )),
            },
            (None, None) => Ok(None),
        };
        let trust = Trust::new(self.ca_file.as_ref().map(|file| folder.join(file)).as_deref());
        let (secret, trust) = match (secret, trust) {
            (Ok(secret), Ok(trust)) if problems.is_empty() => (secret, trust),
            (secret, trust) => {
                problems.extend(secret.err().map(|problem| *problem));
                problems.extend(trust.err().map(|problem| *problem));
                return Err(problems);
            }
        };
        let login = self.account.clone().zip(secret).map(|(account, secret)| Login { account, secret, auth: self.auth });
        Ok(Endpoint {
            host: self.host.clone(),
            port: self.port(),
            security: self.security,
            login,
            trust,
            helo: self.helo.clone(),
            max_message_bytes: self.max_message_bytes,
        })
    }
}

/// A relay with its secret and certificates read: what a conversation is opened to.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Name or address of the server.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection of the connection.
    pub security: Security,
    /// The account, if any.
    pub login: Option<Login>,
    /// The roots that its certificate must come from.
    pub trust: Trust,
    /// The name for EHLO, if the configuration gives one.
    pub helo: Option<String>,
    /// Largest encoded message, in bytes.
    pub max_message_bytes: u64,
}

/// An account with its secret.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its name.
    pub account: String,
    /// Password or token.
    pub secret: Secret,
    /// How it signs in.
    pub auth: Auth,
}

fn place(name: &str) -> Place {
    Place::File { file: format!("vanthu.toml [mail.relays.{name}]") }
}

/// A host name or an address, nothing that could end a line or a command.
pub(super) fn is_host(host: &str) -> bool {
    let name = !host.is_empty() && host.len() <= 253 && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    name || host.parse::<IpAddr>().is_ok()
}

/// Is it this machine by any name that needs no look-up?
pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
