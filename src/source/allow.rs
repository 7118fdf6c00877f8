//! Which web addresses may be fetched: `[fetch]`, and why an address is refused.
//!
//! Owns [`Web`] and [`Refusal`]. An address is parsed once, by the parser whose result is dialled; the text itself is
//! compared with nothing. Fetching is off until `allow` names a host.

use std::net::IpAddr;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::CONFIGURATION;
use super::address::is_public;
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::say;

/// Longest address in bytes.
const URL_BYTES_MAX: usize = 2_048;

/// `[fetch]`: the hosts that sources may be fetched from. Nothing is allowed unless it stands here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// `host` (ports 80 and 443), `host:port`, or `*.domain` for every host below a domain.
    pub allow: Vec<String>,
    /// Addresses outside the public internet that allowed hosts may have, each spelled out.
    pub allow_private: Vec<IpAddr>,
}

/// Why an address is not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No parser agrees on what it means.
    #[error("the address is malformed")]
    Malformed,
    /// Neither http nor https.
    #[error("the scheme `{0}` is not fetched")]
    Scheme(String),
    /// A user name or password before the host.
    #[error("the address holds a user name or password")]
    UserInfo,
    /// `[fetch] allow` does not name the host with this port.
    #[error("`{0}` is not allowed")]
    Host(String),
    /// The host has an address outside the public internet.
    #[error("`{host}` leads to {address}, which is not public")]
    Private {
        /// The host.
        host: String,
        /// Its address.
        address: IpAddr,
    },
    /// A redirect from https to http.
    #[error("the redirect to `{0}` gives up encryption")]
    Downgrade(String),
    /// More redirects than are followed.
    #[error("there are more than {0} redirects")]
    Redirects(usize),
}

impl Refusal {
    /// What is wrong, for people.
    pub fn describe(&self) -> Text {
        match self {
            Self::Malformed => say!("địa chỉ web không hợp lệ", "the web address is malformed"),
            Self::Scheme(scheme) => {
                say!("chỉ tải bằng http hoặc https, không bằng “{scheme}”", "only http and https are fetched, not `{scheme}`")
            }
            Self::UserInfo => {
                say!("địa chỉ web không được chứa tên hoặc mật khẩu đăng nhập", "the web address must not hold a user name or password")
            }
            Self::Host(host) => say!("chưa được phép tải dữ liệu từ “{host}”", "fetching from `{host}` is not allowed"),
            Self::Private { host, address } => say!(
                "“{host}” dẫn đến {address}, một địa chỉ nội bộ",
                "`{host}` leads to {address}, an address that is not of the public internet"
            ),
            Self::Downgrade(host) => say!(
                "trang web chuyển tiếp sang “{host}” mà bỏ mã hoá (từ https sang http)",
                "the redirect to `{host}` gives up encryption (https to http)"
            ),
            Self::Redirects(max) => say!("trang web chuyển tiếp quá {max} lần", "there are more than {max} redirects"),
        }
    }

    /// What the operator can do.
    pub fn remedy(&self) -> Option<Text> {
        match self {
            Self::Host(host) => Some(say!(
                "nếu tin trang này, thêm “{host}” vào allow ở mục [fetch] của {CONFIGURATION}",
                "if it is trusted, add `{host}` to allow in [fetch] of {CONFIGURATION}"
            )),
            Self::Private { address, .. } => Some(say!(
                "nếu đúng là máy của cơ quan, thêm “{address}” vào allow_private ở mục [fetch] của {CONFIGURATION}",
                "if it is a machine of the office, add `{address}` to allow_private in [fetch] of {CONFIGURATION}"
            )),
            Self::Malformed | Self::Scheme(_) | Self::UserInfo | Self::Downgrade(_) | Self::Redirects(_) => None,
        }
    }
}

/// An entry of `allow`, understood.
struct Entry {
    below: bool,
    host: String,
    port: Option<u16>,
}

impl Web {
    /// Everything that is wrong with `[fetch]`.
    pub fn problems(&self) -> Vec<Diagnostic> {
        let place = Place::File { file: format!("{CONFIGURATION} [fetch]") };
        let malformed = self.allow.iter().filter(|text| Entry::parse(text).is_none()).map(|text| {
            Diagnostic::error(
                "fetch-allow",
                say!("không phải tên máy, tên máy:cổng hay *.tên-miền", "is not a host, host:port or *.domain"),
            )
            .with_value(text)
            .remedy(say!("ví dụ: “thongke.example.vn”, “*.example.vn”", "for example `thongke.example.vn`, `*.example.vn`"))
        });
        let needless = self.allow_private.iter().filter(|address| is_public(**address)).map(|address| {
            Diagnostic::error(
                "fetch-allow-private",
                say!("là địa chỉ công khai, không cần ghi ở đây", "is a public address and need not stand here"),
            )
            .with_value(address.to_string())
        });
        malformed.chain(needless).map(|problem| problem.at(place.clone())).collect()
    }

    /// Reads an address and holds it against `allow`; where its host leads is checked when it is dialled.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check(&self, text: &str) -> Result<Url, Refusal> {
        let url = parse(text)?;
        let host = url.host_str().ok_or(Refusal::Malformed)?;
        // Without a port, the parser knows the scheme's own: 80 or 443.
        let allowed = self.allow.iter().filter_map(|text| Entry::parse(text)).any(|entry| entry.covers(host, url.port()));
        if allowed { Ok(url) } else { Err(Refusal::Host(with_port(&url))) }
    }

    /// May `host` be dialled at `address`?
    pub(super) fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        if is_public(address) || self.allow_private.contains(&address) {
            Ok(())
        } else {
            Err(Refusal::Private { host: host.to_owned(), address })
        }
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let (below, rest) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if rest.contains(['*', '/', '?', '#', '@', '\\']) || rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return None;
        }
        // A scheme without a port of its own here, so that every port that is written is kept.
        let url = Url::parse(&format!("http://{rest}/")).ok()?;
        let host = url.host_str()?.to_owned();
        let written_port = rest.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
        // `*.vn` would allow a country.
        if below && (is_address || !host.contains('.')) {
            return None;
        }
        let port = if host.starts_with('[') && rest.ends_with(']') { None } else { written_port };
        Some(Self { below, host: without_dot(&host).to_owned(), port })
    }

    fn covers(&self, host: &str, port: Option<u16>) -> bool {
        let host = without_dot(host);
        let right_host = if self.below {
            host.strip_suffix(self.host.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == self.host
        };
        let right_port = match (self.port, port) {
            (None, None | Some(80 | 443)) => true,
            (Some(allowed), Some(port)) => allowed == port,
            // The scheme's own port: an entry for 80 or 443 covers it.
            (Some(allowed), None) => matches!(allowed, 80 | 443),
            (None, Some(_)) => false,
        };
        right_host && right_port
    }
}

/// Reads an address that everybody reads alike.
pub(super) fn parse(text: &str) -> Result<Url, Refusal> {
    // Parsers differ on backslashes, blanks and controls: some drop them, some stop there.
    if text.len() > URL_BYTES_MAX || text.chars().any(|c| c == '\\' || c.is_whitespace() || c.is_control()) {
        return Err(Refusal::Malformed);
    }
    let url = Url::parse(text).map_err(|_| Refusal::Malformed)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::Scheme(url.scheme().to_owned()));
    }
    // An empty user name, as in `http://@host/`, leaves no trace in the parsed address.
    let authority = text.split_once(':').map_or("", |(_, rest)| rest.trim_start_matches('/'));
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if !url.username().is_empty() || url.password().is_some() || authority.contains('@') {
        return Err(Refusal::UserInfo);
    }
    Ok(url)
}

/// The host of an address for show, `?` when it has none.
pub(super) fn host_of(text: &str) -> String {
    Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "?".to_owned())
}

fn with_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// `host.` and `host` are one name.
fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}
