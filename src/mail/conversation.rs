//! One conversation with an SMTP relay, step by step.
//!
//! Owns the order of the commands, the deadline of each, and the two instants that decide what a failure means: the
//! caller's commit before the first byte of the body, and the final dot. lettre writes the commands and doubles the dots
//! of the body; `Wire` below it bounds and keeps every answer, and only those bytes are judged.

use std::future::Future;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Auth as AuthCommand, Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::relay::{Auth, Endpoint, Login, Security};
use super::tls::{TlsSession, describe};
use super::wire::{Ended, Wire};
use crate::delivery::classify::{Fault, Seen};
use crate::delivery::reply::{Phase, Reply, ReplyError, lines};
use crate::failpoint::pass;
use crate::message::address::Address;

/// How long each step may take. The defaults are the least that RFC 5321 §4.5.3.2 asks for: a shorter wait at the dot
/// makes duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Looking up the name and connecting, for each address.
    pub connect: Duration,
    /// A TLS handshake.
    pub handshake: Duration,
    /// The greeting, and the answers to EHLO, AUTH, MAIL, RCPT and RSET.
    pub command: Duration,
    /// The 354 after DATA.
    pub data: Duration,
    /// One block of the body.
    pub block: Duration,
    /// The answer to the final dot.
    pub dot: Duration,
    /// The farewell, which decides nothing.
    pub quit: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            handshake: Duration::from_secs(60),
            command: Duration::from_secs(300),
            data: Duration::from_secs(120),
            block: Duration::from_secs(180),
            dot: Duration::from_secs(600),
            quit: Duration::from_secs(5),
        }
    }
}

/// What the server offers, as its last EHLO said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// The lines as they came, without their codes.
    pub lines: Vec<String>,
    /// Largest message in bytes (RFC 1870); none when it names no limit.
    pub size: Option<u64>,
    /// Does it know `SIZE` at all?
    pub knows_size: bool,
    /// Does it take addresses beyond ASCII (RFC 6531)?
    pub smtputf8: bool,
    /// Does it take bytes beyond ASCII (RFC 6152)?
    pub eight_bit_mime: bool,
    /// Does it give enhanced status codes (RFC 2034)?
    pub enhanced_status_codes: bool,
    /// Can it go over to TLS (RFC 3207)?
    pub starttls: bool,
    /// Ways to sign in, in capitals (RFC 4954).
    pub auth: Vec<String>,
}

impl Offer {
    /// Reads the lines of an EHLO answer.
    pub fn read(lines: Vec<String>) -> Self {
        let mut offer = Self::default();
        for line in lines.iter().skip(1) {
            // `AUTH=LOGIN` is an old spelling that some servers still send beside the right one.
            let line = line.replacen("AUTH=", "AUTH ", 1).to_ascii_uppercase();
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("SIZE") => {
                    offer.knows_size = true;
                    offer.size = words.next().and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0);
                }
                Some("SMTPUTF8") => offer.smtputf8 = true,
                Some("8BITMIME") => offer.eight_bit_mime = true,
                Some("ENHANCEDSTATUSCODES") => offer.enhanced_status_codes = true,
                Some("STARTTLS") => offer.starttls = true,
                Some("AUTH") => offer.auth.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        offer.lines = lines;
        offer
    }
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The server's address.
    pub address: IpAddr,
    /// The TLS session; none on a plain connection.
    pub tls: Option<TlsSession>,
}

/// One message for one recipient: personal documents never share an envelope.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Where bounces go.
    pub return_path: &'a Address,
    /// The recipient.
    pub recipient: &'a Address,
    /// The message with CRLF line ends, before dot-stuffing.
    pub bytes: &'a [u8],
}

/// How a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server has it.
    Accepted {
        /// What it said.
        reply: Reply,
        /// Who it was.
        peer: Peer,
    },
    /// The server certainly does not have it.
    NotAccepted {
        /// What was seen instead.
        seen: Seen,
        /// Had the caller committed its intent?
        intended: bool,
    },
    /// Nobody can know whether the server has it.
    Uncertain {
        /// What was seen instead of an answer to the dot.
        seen: Seen,
    },
    /// The caller's commit did not happen: not a byte of the body was sent.
    Withheld,
}

/// An open connection, signed in and ready for messages.
pub struct Conversation {
    connection: AsyncSmtpConnection,
    wire: Wire,
    deadlines: Deadlines,
    max_message_bytes: u64,
    offer: Offer,
    peer: Peer,
    messages: u32,
    usable: bool,
}

impl Conversation {
    /// Connects, greets, protects the connection and signs in. `helo` is the name of this machine when the configuration
    /// gives none.
    pub async fn open(endpoint: &Endpoint, helo: &str, deadlines: Deadlines) -> Result<Self, Seen> {
        let (stream, address) = connect(endpoint, deadlines.connect).await?;
        passed(Phase::Connect, "smtp.connected")?;
        let wire = Wire::new(stream, address, deadlines.block);
        let id = ClientId::Domain(endpoint.helo.as_deref().unwrap_or(helo).to_owned());
        let rehearsed = AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), &id).await;
        let connection = rehearsed.map_err(|error| Seen::broken(Phase::Connect, Fault::Closed, &error.to_string()))?;
        wire.begin();
        let mut conversation = Self {
            connection,
            wire,
            deadlines,
            max_message_bytes: endpoint.max_message_bytes,
            offer: Offer::default(),
            peer: Peer { address: address.ip(), tls: None },
            messages: 0,
            usable: true,
        };
        if endpoint.security == Security::Tls {
            conversation.protect(endpoint).await?;
        }
        conversation.wire.expect_answer_in(deadlines.command);
        let greeted = conversation.connection.read_response().await.err();
        conversation.answer(Phase::Greeting, greeted, Reply::is_positive)?;
        conversation.ehlo(&id).await?;
        if endpoint.security == Security::StartTls {
            if !conversation.offer.starttls {
                return Err(Seen::broken(Phase::StartTls, Fault::Tls, "STARTTLS is not offered"));
            }
            conversation.step(Phase::StartTls, Starttls, Reply::is_positive).await?;
            // Bytes in plain text after the answer would later pass for protected ones (CVE-2011-0411).
            if !conversation.wire.unasked().is_empty() {
                return Err(Seen::broken(Phase::StartTls, Fault::Protocol(ReplyError::OutOfStep), ""));
            }
            conversation.protect(endpoint).await?;
            conversation.ehlo(&id).await?;
        }
        if let Some(login) = &endpoint.login {
            conversation.sign_in(login).await?;
        }
        passed(Phase::Auth, "smtp.signed_in")?;
        Ok(conversation)
    }

    /// What the server offers.
    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// Who the server is.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// May another message go by this connection? After any doubt it may not.
    pub fn is_usable(&self) -> bool {
        self.usable && self.wire.unasked().is_empty() && self.wire.ended().is_none()
    }

    /// Messages that were begun on this connection.
    pub fn messages(&self) -> u32 {
        self.messages
    }

    /// The largest message that this relay takes, in encoded bytes.
    pub fn message_bytes_max(&self) -> u64 {
        self.offer.size.map_or(self.max_message_bytes, |size| size.min(self.max_message_bytes))
    }

    /// Sends one message. After the server's 354 and before the first byte of the body `before_body` runs: it commits the
    /// intent and answers whether it did. An error of it ends the conversation, too, and comes back as it is.
    pub async fn send<E, F, Fut>(&mut self, message: Outgoing<'_>, before_body: F) -> Result<Outcome, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<bool, E>>,
    {
        if let Err(seen) = self.envelope(message).await {
            return Ok(Outcome::NotAccepted { seen, intended: false });
        }
        // RSET would be text of the message now: closing without a dot is the only way to take a 354 back.
        self.usable = false;
        if !before_body().await? {
            return Ok(Outcome::Withheld);
        }
        Ok(self.body(message.bytes).await)
    }

    /// Says goodbye. Nothing depends on the answer.
    pub async fn close(mut self) {
        if self.is_usable() {
            self.wire.expect_answer_in(self.deadlines.quit);
            let _ = self.connection.command(Quit).await;
        }
    }

    /// MAIL, RCPT, DATA up to the 354.
    async fn envelope(&mut self, message: Outgoing<'_>) -> Result<(), Seen> {
        let size = message.bytes.len() as u64;
        let limit = self.message_bytes_max();
        if size > limit {
            return Err(Seen::TooLarge { size, limit });
        }
        let needs_utf8 = message.recipient.needs_smtputf8() || message.return_path.needs_smtputf8() || !message.bytes.is_ascii();
        if needs_utf8 && !(self.offer.smtputf8 && self.offer.eight_bit_mime) {
            return Err(Seen::NeedsSmtpUtf8);
        }
        if self.messages > 0 {
            self.step(Phase::Reset, Rset, Reply::is_positive).await?;
        }
        self.messages += 1;
        let mut parameters = Vec::new();
        if self.offer.knows_size {
            parameters.push(MailParameter::Size(message.bytes.len()));
        }
        if needs_utf8 {
            parameters.extend([MailParameter::Body(MailBodyParameter::EightBitMime), MailParameter::SmtpUtfEight]);
        }
        self.step(Phase::MailFrom, Mail::new(Some(envelope_address(message.return_path)), parameters), Reply::is_positive).await?;
        self.passed(Phase::MailFrom, "smtp.mail")?;
        self.step(Phase::RcptTo, Rcpt::new(envelope_address(message.recipient), Vec::new()), Reply::is_positive).await?;
        self.passed(Phase::RcptTo, "smtp.rcpt")?;
        self.step(Phase::Data, Data, |reply| reply.code == 354).await?;
        self.passed(Phase::Data, "smtp.data")
    }

    /// The body, the dot and what the server says to it.
    async fn body(&mut self, bytes: &[u8]) -> Outcome {
        const BLOCK_BYTES: usize = 16 * 1024;
        // lettre ends the body with a line end of its own.
        let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        let before_dot = AtomicBool::new(true);
        let spoke_early = AtomicBool::new(false);
        let wire = self.wire.clone();
        let mut blocks = bytes.chunks(BLOCK_BYTES);
        let watched = std::iter::from_fn(|| {
            // An iterator gives no error, so that these places can only kill or wait.
            let _ = pass("smtp.block");
            let block = blocks.next();
            if block.is_none() {
                let _ = pass("smtp.before_dot");
                // The last block is written, the dot is not: an answer that is here already cannot be one to the dot.
                spoke_early.store(!wire.unasked().is_empty(), Ordering::Relaxed);
                before_dot.store(false, Ordering::Relaxed);
            }
            block
        });
        self.wire.expect_answer_in(self.deadlines.dot);
        let spoken = self.connection.message_iter(watched).await.err();
        let _ = pass("smtp.after_dot");
        if before_dot.into_inner() {
            // A server that refuses in mid-body says why before it closes.
            let said = Reply::parse(&self.wire.unasked()).ok().filter(|reply| reply.code >= 400);
            let seen = match said {
                Some(reply) => Seen::Refused { phase: Phase::Body, reply },
                None => self.broken(Phase::Body, spoken.as_ref()),
            };
            return Outcome::NotAccepted { seen, intended: true };
        }
        let early = spoke_early.into_inner();
        match self.answer(Phase::Dot, spoken, |reply| reply.is_positive() && !early) {
            Ok(reply) => {
                self.usable = true;
                Outcome::Accepted { reply, peer: self.peer.clone() }
            }
            Err(seen @ Seen::Refused { .. }) => {
                self.usable = !matches!(&seen, Seen::Refused { reply, .. } if reply.code == 421);
                Outcome::NotAccepted { seen, intended: true }
            }
            Err(seen) => Outcome::Uncertain { seen },
        }
    }

    /// As [`passed`], on a connection that is open.
    fn passed(&mut self, phase: Phase, name: &str) -> Result<(), Seen> {
        passed(phase, name).inspect_err(|_| self.usable = false)
    }

    async fn ehlo(&mut self, id: &ClientId) -> Result<(), Seen> {
        self.step(Phase::Ehlo, Ehlo::new(id.clone()), Reply::is_positive).await?;
        let (_, lines) = lines(&self.wire.heard()).map_err(|error| Seen::broken(Phase::Ehlo, Fault::Protocol(error), ""))?;
        self.offer = Offer::read(lines);
        Ok(())
    }

    async fn protect(&mut self, endpoint: &Endpoint) -> Result<(), Seen> {
        let Some(stream) = self.wire.take_plain() else {
            return Err(Seen::broken(Phase::StartTls, Fault::Closed, ""));
        };
        let session = match timeout(self.deadlines.handshake, endpoint.trust.handshake(stream, &endpoint.host)).await {
            Ok(Ok(session)) => session,
            Ok(Err(error)) => return Err(Seen::broken(Phase::StartTls, Fault::Tls, &error.to_string())),
            Err(_) => return Err(Seen::broken(Phase::StartTls, Fault::TimedOut, "TLS")),
        };
        self.wire.put_tls(session);
        self.peer.tls = self.wire.with_tls(describe);
        Ok(())
    }

    async fn sign_in(&mut self, login: &Login) -> Result<(), Seen> {
        let wanted = login.auth.name();
        if !self.offer.auth.iter().any(|offered| offered == wanted) {
            return Err(Seen::broken(Phase::Auth, Fault::NoSignIn, &format!("{wanted}; offered: {}", self.offer.auth.join(" "))));
        }
        let phase = Phase::Auth;
        let mechanism = match login.auth {
            Auth::Login => {
                self.step(phase, "AUTH LOGIN\r\n", Reply::is_intermediate).await?;
                self.step(phase, format!("{}\r\n", STANDARD.encode(&login.account)), Reply::is_intermediate).await?;
                self.step(phase, format!("{}\r\n", STANDARD.encode(login.secret.reveal())), Reply::is_positive).await?;
                return Ok(());
            }
            Auth::Plain => Mechanism::Plain,
            Auth::XOAuth2 => Mechanism::Xoauth2,
        };
        let credentials = Credentials::new(login.account.clone(), login.secret.reveal().to_owned());
        let command =
            AuthCommand::new(mechanism, credentials, None).map_err(|error| Seen::broken(phase, Fault::NoSignIn, &error.to_string()))?;
        let reply = self.step(phase, command, |reply| reply.is_positive() || reply.code == 334).await?;
        if reply.is_intermediate() {
            // XOAUTH2 gives its reason in a challenge, and the refusal after an empty answer.
            self.step(phase, "\r\n", Reply::is_positive).await?;
        }
        Ok(())
    }

    /// Sends `command` and hears its answer, which must be `right`.
    async fn step(&mut self, phase: Phase, command: impl std::fmt::Display, right: impl Fn(&Reply) -> bool) -> Result<Reply, Seen> {
        let unasked = self.wire.unasked();
        if !unasked.is_empty() || self.wire.ended().is_some() {
            self.usable = false;
            return Err(match Reply::parse(&unasked) {
                Ok(reply) if reply.code == 421 => Seen::Refused { phase, reply },
                _ if unasked.is_empty() => Seen::broken(phase, Fault::Closed, ""),
                _ => Seen::broken(phase, Fault::Protocol(ReplyError::OutOfStep), ""),
            });
        }
        self.wire.expect_answer_in(self.deadlines.of(phase));
        let spoken = self.connection.command(command).await.err();
        self.answer(phase, spoken, right)
    }

    /// Judges the bytes that were heard; `spoken` is lettre's own error, kept for its words only.
    fn answer(
        &mut self,
        phase: Phase,
        spoken: Option<lettre::transport::smtp::Error>,
        right: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, Seen> {
        match Reply::parse(&self.wire.heard()) {
            Ok(reply) if right(&reply) => Ok(reply),
            Ok(reply) if reply.code >= 400 => {
                self.usable &= reply.code != 421;
                Err(Seen::Refused { phase, reply })
            }
            Ok(reply) => {
                self.usable = false;
                Err(Seen::broken(phase, Fault::Protocol(ReplyError::Garbage), &reply.to_string()))
            }
            Err(ReplyError::Incomplete) => Err(self.broken(phase, spoken.as_ref())),
            // Nothing at all has no first digit, either.
            Err(ReplyError::Garbage) if self.wire.heard().is_empty() => Err(self.broken(phase, spoken.as_ref())),
            Err(error) => {
                self.usable = false;
                Err(Seen::broken(phase, Fault::Protocol(error), ""))
            }
        }
    }

    /// No whole answer: what became of the connection instead.
    fn broken(&mut self, phase: Phase, spoken: Option<&lettre::transport::smtp::Error>) -> Seen {
        self.usable = false;
        match self.wire.ended() {
            Some(Ended::TimedOut) => Seen::broken(phase, Fault::TimedOut, ""),
            Some(Ended::TooLong) => Seen::broken(phase, Fault::Protocol(ReplyError::TooLong), ""),
            Some(Ended::Closed) | None => Seen::broken(phase, Fault::Closed, &spoken.map(ToString::to_string).unwrap_or_default()),
        }
    }
}

impl Deadlines {
    fn of(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Data => self.data,
            _ => self.command,
        }
    }
}

/// A place at which a test makes the connection break.
fn passed(phase: Phase, name: &str) -> Result<(), Seen> {
    pass(name).map_err(|error| Seen::broken(phase, Fault::Closed, &error.to_string()))
}

/// The first address of the relay that answers.
async fn connect(endpoint: &Endpoint, limit: Duration) -> Result<(TcpStream, std::net::SocketAddr), Seen> {
    let unreachable = |error: &std::io::Error| Seen::broken(Phase::Connect, Fault::Unreachable, &error.to_string());
    let late = Seen::broken(Phase::Connect, Fault::TimedOut, "");
    let found = match timeout(limit, lookup_host((endpoint.host.as_str(), endpoint.port))).await {
        Ok(found) => found.map_err(|error| unreachable(&error))?,
        Err(_) => return Err(late),
    };
    let mut last = Seen::broken(Phase::Connect, Fault::Unreachable, "the name has no address");
    for address in found {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Commands are short and each waits for its answer.
                let _ = stream.set_nodelay(true);
                return Ok((stream, address));
            }
            Ok(Err(error)) => last = unreachable(&error),
            Err(_) => last = late.clone(),
        }
    }
    Err(last)
}

fn envelope_address(address: &Address) -> lettre::Address {
    // The parser of `Address` is the stricter one: nothing in it can end a command.
    lettre::Address::new_dangerous(address.local(), address.domain())
}

impl std::fmt::Debug for Conversation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conversation")
            .field("peer", &self.peer)
            .field("messages", &self.messages)
            .field("usable", &self.usable)
            .finish_non_exhaustive()
    }
}
