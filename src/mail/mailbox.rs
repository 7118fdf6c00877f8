//! The mailbox that bounces come back to, read by IMAP.
//!
//! Owns looking for new messages, handing each to the caller, and marking it only after the caller has committed what it
//! says. A crash in between shows the same message again, and its own Message-ID then makes it count once.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use async_imap::{Authenticator, Client, Session};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::relay::{Auth, Login, is_host, is_loopback};
use super::secret::Secret;
use super::tls::Trust;
use crate::diagnostic::{Diagnostic, Place};
use crate::message::report::REPORT_BYTES_MAX;
use crate::say;

/// Messages taken in one visit.
const MESSAGES_MAX: usize = 200;

/// `[mail.bounces]`: the mailbox that the return path delivers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BounceMailbox {
    /// Name or address of the IMAP server.
    pub host: String,
    /// Port; 993, or 143 without TLS.
    #[serde(default)]
    pub port: Option<u16>,
    /// TLS from the first byte; without it only to this machine.
    #[serde(default = "yes")]
    pub tls: bool,
    /// Name that signs in.
    pub account: String,
    /// File with the password or token, relative to the workspace, readable by its owner only.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Environment variable with the password or token.
    #[serde(default)]
    pub password_env: Option<String>,
    /// `plain` (a password) or `xoauth2`.
    #[serde(default)]
    pub auth: Auth,
    /// PEM file with the only certificates to trust, relative to the workspace.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Folder of the mailbox.
    #[serde(default = "inbox")]
    pub folder: String,
    /// Deletes what was read; otherwise it is marked as seen.
    #[serde(default)]
    pub delete: bool,
    /// Minutes between two visits of the service (1 to 1440).
    #[serde(default = "five")]
    pub every_minutes: u32,
}

const fn yes() -> bool {
    true
}

const fn five() -> u32 {
    5
}

fn inbox() -> String {
    "INBOX".into()
}

impl BounceMailbox {
    /// Everything wrong with the keys, without looking at any file.
    pub fn problems(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut wrong = |code, message, remedy| problems.push(Diagnostic::error(code, message).at(place()).remedy(remedy));
        if !is_host(&self.host) {
            wrong(
                "bounces-host",
                say!("“host” không phải tên máy chủ", "`host` is no name of a server"),
                say!("ví dụ host = \"imap.gmail.com\"", "such as host = \"imap.gmail.com\""),
            );
        }
        if !self.tls && !is_loopback(&self.host) {
            wrong(
                "bounces-plaintext",
                say!(
                    "đọc hộp thư không mã hóa chỉ được dùng ngay trên máy này",
                    "reading without TLS is for a server on this machine only"
                ),
                say!("bỏ dòng tls = false", "remove tls = false"),
            );
        }
        if self.password_file.is_some() == self.password_env.is_some() {
            wrong(
                "bounces-secret",
                say!("cần đúng một trong password_file và password_env", "exactly one of password_file and password_env is needed"),
                say!("thêm password_file = \"mat-khau-thu\"", "add password_file = \"mail-password\""),
            );
        }
        if self.auth == Auth::Login {
            wrong(
                "bounces-auth",
                say!("auth chỉ có thể là plain hoặc xoauth2", "auth can be plain or xoauth2"),
                say!("bỏ dòng auth", "remove the line auth"),
            );
        }
        if [&self.account, &self.folder].iter().any(|text| text.is_empty() || text.chars().any(char::is_control)) {
            wrong(
                "bounces-account",
                say!(
                    "“account” hoặc “folder” trống hay có ký tự điều khiển",
                    "`account` or `folder` is empty or holds a control character"
                ),
                say!("ghi trên một dòng", "write it on one line"),
            );
        }
        if !(1..=1440).contains(&self.every_minutes) {
            wrong(
                "config-value",
                say!("bounces.every_minutes phải từ 1 đến 1440", "bounces.every_minutes must be from 1 to 1440"),
                say!("bỏ dòng ấy: 5 phút một lần", "remove the line: every 5 minutes"),
            );
        }
        problems
    }

    /// Reads secret and certificates. Paths are relative to `base`; `environment` looks up a variable.
    pub fn login(&self, base: &std::path::Path, environment: impl Fn(&str) -> Option<String>) -> Result<(Login, Trust), Vec<Diagnostic>> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let secret = match (&self.password_file, &self.password_env) {
            (Some(file), _) => Secret::read(&base.join(file)).map_err(|problem| vec![*problem])?,
            (None, variable) => {
                let variable = variable.as_deref().unwrap_or_default();
                let value = environment(variable).filter(|value| !value.is_empty()).ok_or_else(|| {
                    vec![
                        Diagnostic::error(
                            "secret-environment",
                            say!("biến môi trường “{variable}” chưa có giá trị", "the environment variable `{variable}` is not set"),
                        )
                        .at(place()),
                    ]
                })?;
                Secret::new(value)
            }
        };
        let trust = Trust::new(self.ca_file.as_ref().map(|file| base.join(file)).as_deref()).map_err(|problem| vec![*problem])?;
        Ok((Login { account: self.account.clone(), secret, auth: self.auth }, trust))
    }
}

fn place() -> Place {
    Place::File { file: "vanthu.toml [mail.bounces]".into() }
}

/// A failure of the mailbox, or of the caller that was handed a message.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError<E> {
    /// Not reached, or lost.
    #[error("cannot reach the mailbox at {host}: {reason}")]
    Connection {
        /// The server.
        host: String,
        /// The reason.
        reason: String,
    },
    /// No answer in time.
    #[error("the mailbox at {host} does not answer")]
    TimedOut {
        /// The server.
        host: String,
    },
    /// Account or password refused.
    #[error("the mailbox at {host} refuses the account")]
    Account {
        /// The server.
        host: String,
    },
    /// What it said could not be used.
    #[error("the mailbox at {host} says: {reason}")]
    Protocol {
        /// The server.
        host: String,
        /// Its words.
        reason: String,
    },
    /// The caller could not commit; the message stays unmarked.
    #[error("a bounce could not be recorded")]
    Caller(E),
}

impl<E> MailboxError<E> {
    /// Is it worth trying again later, without changing anything?
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Connection { .. } | Self::TimedOut { .. } | Self::Caller(_))
    }
}

/// Visits the mailbox once. Each new message, cut at [`REPORT_BYTES_MAX`], is handed to `commit`; when that has returned
/// `Ok`, the message is marked or deleted. Answers how many were handed over. `step` bounds every wait.
pub async fn visit<E, F, Fut>(
    mailbox: &BounceMailbox,
    login: &Login,
    trust: &Trust,
    step: Duration,
    commit: F,
) -> Result<usize, MailboxError<E>>
where
    F: FnMut(Vec<u8>) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    let host = &mailbox.host;
    let lost = |error: std::io::Error| MailboxError::Connection { host: host.clone(), reason: error.to_string() };
    let late = || MailboxError::TimedOut { host: host.clone() };
    let port = mailbox.port.unwrap_or(if mailbox.tls { 993 } else { 143 });
    let stream = timeout(step, TcpStream::connect((host.as_str(), port))).await.map_err(|_| late())?.map_err(lost)?;
    if mailbox.tls {
        let stream = timeout(step, trust.handshake(stream, host)).await.map_err(|_| late())?.map_err(lost)?;
        Visit { mailbox, step }.over(stream, login, commit).await
    } else {
        Visit { mailbox, step }.over(stream, login, commit).await
    }
}

struct Visit<'a> {
    mailbox: &'a BounceMailbox,
    step: Duration,
}

impl Visit<'_> {
    async fn over<S, E, F, Fut>(&self, stream: S, login: &Login, mut commit: F) -> Result<usize, MailboxError<E>>
    where
        S: AsyncRead + AsyncWrite + Unpin + std::fmt::Debug + Send,
        F: FnMut(Vec<u8>) -> Fut,
        Fut: Future<Output = Result<(), E>>,
    {
        let mut session = self.sign_in(stream, login).await?;
        self.within(session.select(&self.mailbox.folder)).await?;
        let found = self.within(session.uid_search("UNSEEN UNDELETED")).await?;
        let mut uids: Vec<u32> = found.into_iter().collect();
        uids.sort_unstable();
        uids.truncate(MESSAGES_MAX);
        for uid in &uids {
            // A part of a message, so that a huge one cannot fill the memory; PEEK leaves it unseen until the commit.
            let wanted = format!("(UID BODY.PEEK[]<0.{REPORT_BYTES_MAX}>)");
            let fetched: Vec<_> = self.within(async { session.uid_fetch(uid.to_string(), wanted).await?.try_collect().await }).await?;
            let Some(bytes) = fetched.iter().find(|fetch| fetch.uid == Some(*uid)).and_then(|fetch| fetch.body()) else { continue };
            commit(bytes.to_vec()).await.map_err(MailboxError::Caller)?;
            let flag = if self.mailbox.delete { "+FLAGS.SILENT (\\Seen \\Deleted)" } else { "+FLAGS.SILENT (\\Seen)" };
            let _: Vec<_> = self.within(async { session.uid_store(uid.to_string(), flag).await?.try_collect().await }).await?;
        }
        if self.mailbox.delete && !uids.is_empty() {
            let _: Vec<u32> = self.within(async { session.expunge().await?.try_collect().await }).await?;
        }
        // Everything is committed and marked; a lost farewell changes nothing.
        let _ = timeout(self.step, session.logout()).await;
        Ok(uids.len())
    }

    async fn sign_in<S, E>(&self, stream: S, login: &Login) -> Result<Session<S>, MailboxError<E>>
    where
        S: AsyncRead + AsyncWrite + Unpin + std::fmt::Debug + Send,
    {
        let host = &self.mailbox.host;
        let mut client = Client::new(stream);
        let greeting = timeout(self.step, client.read_response()).await.map_err(|_| self.late())?;
        match greeting {
            Ok(Some(_)) => {}
            Ok(None) => return Err(MailboxError::Connection { host: host.clone(), reason: "closed".into() }),
            Err(error) => return Err(MailboxError::Connection { host: host.clone(), reason: error.to_string() }),
        }
        let signed_in = match login.auth {
            Auth::XOAuth2 => timeout(self.step, client.authenticate("XOAUTH2", Token(login))).await,
            Auth::Plain | Auth::Login => timeout(self.step, client.login(&login.account, login.secret.reveal())).await,
        };
        match signed_in.map_err(|_| self.late())? {
            Ok(session) => Ok(session),
            Err((async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_), _)) => {
                Err(MailboxError::Account { host: host.clone() })
            }
            Err((error, _)) => Err(self.said(&error)),
        }
    }

    async fn within<T, E>(&self, work: impl Future<Output = Result<T, async_imap::error::Error>>) -> Result<T, MailboxError<E>> {
        timeout(self.step, work).await.map_err(|_| self.late())?.map_err(|error| self.said(&error))
    }

    fn late<E>(&self) -> MailboxError<E> {
        MailboxError::TimedOut { host: self.mailbox.host.clone() }
    }

    fn said<E>(&self, error: &async_imap::error::Error) -> MailboxError<E> {
        use async_imap::error::Error;
        let (host, reason) = (self.mailbox.host.clone(), error.to_string());
        match error {
            Error::Io(_) | Error::ConnectionLost => MailboxError::Connection { host, reason },
            _ => MailboxError::Protocol { host, reason },
        }
    }
}

/// The one answer of XOAUTH2; a second challenge carries the server's reason and wants an empty one.
struct Token<'a>(&'a Login);

impl Authenticator for Token<'_> {
    type Response = String;

    fn process(&mut self, challenge: &[u8]) -> String {
        if challenge.is_empty() {
            format!("user={}\x01auth=Bearer {}\x01\x01", self.0.account, self.0.secret.reveal())
        } else {
            String::new()
        }
    }
}
