//! A scripted SMTP server on loopback: says what a test tells it to, misbehaves where it is told, and keeps what it heard.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// One thing that the server does in the place of an answer.
#[derive(Clone)]
pub enum Say {
    /// A whole answer; lines are joined by `\n`.
    Line(&'static str),
    /// Exactly these bytes.
    Raw(Vec<u8>),
    /// The answer, byte by byte, each in a packet of its own.
    ByteByByte(&'static str),
    /// One byte again and again, slower than the deadline allows in all.
    Drip,
    /// A line that does not end.
    EndlessLine,
    /// Ten megabytes of well-formed lines.
    TenMegabytes,
    /// Nothing, with the connection open.
    Silence,
    /// Closes the connection.
    Close,
    /// This answer, then closes.
    LineAndClose(&'static str),
    /// This answer, once the test lets it go.
    Later(Arc<Notify>, &'static str),
}

/// What the server answers; whatever is not told is answered as a good server would.
#[derive(Clone, Default)]
pub struct Script {
    says: BTreeMap<&'static str, VecDeque<Say>>,
    ehlo: Vec<&'static str>,
    ehlo_after_tls: Option<Vec<&'static str>>,
    tls: Option<TlsAcceptor>,
    implicit_tls: bool,
    garbled_tls: bool,
    answer_before_dot: bool,
    close_in_body: Option<&'static str>,
}

impl Script {
    /// A server with these lines after its name in EHLO.
    pub fn offering(lines: &[&'static str]) -> Self {
        Self { ehlo: lines.to_vec(), ..Self::default() }
    }

    /// At each next `command` (`greeting`, `EHLO`, `MAIL`, `.`, …) one of `says`, the last one for ever.
    pub fn on(mut self, command: &'static str, says: impl IntoIterator<Item = Say>) -> Self {
        self.says.insert(command, says.into_iter().collect());
        self
    }

    /// STARTTLS is offered and taken.
    pub fn starttls(mut self, acceptor: TlsAcceptor, lines_after: &[&'static str]) -> Self {
        self.ehlo.push("STARTTLS");
        self.ehlo_after_tls = Some(lines_after.to_vec());
        self.tls = Some(acceptor);
        self
    }

    /// TLS from the first byte.
    pub fn implicit_tls(mut self, acceptor: TlsAcceptor) -> Self {
        self.tls = Some(acceptor);
        self.implicit_tls = true;
        self
    }

    /// STARTTLS is taken, and no TLS follows.
    pub fn garbled_tls(mut self) -> Self {
        self.ehlo.push("STARTTLS");
        self.garbled_tls = true;
        self
    }

    /// Says 250 when the first line of the body comes, long before the dot.
    pub fn answering_before_the_dot(mut self) -> Self {
        self.answer_before_dot = true;
        self
    }

    /// Says this after the first line of the body and closes.
    pub fn closing_in_the_body(mut self, line: &'static str) -> Self {
        self.close_in_body = Some(line);
        self
    }

    fn next(&mut self, command: &str) -> Option<Say> {
        let says = self.says.get_mut(command)?;
        if says.len() > 1 { says.pop_front() } else { says.front().cloned() }
    }
}

/// A message that came whole, up to its dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub from: String,
    pub to: String,
    pub bytes: Vec<u8>,
}

/// What the server heard.
#[derive(Default)]
pub struct Heard {
    /// Every command line, AUTH answers included.
    pub commands: Vec<String>,
    /// Lines of bodies without their dot.
    pub unfinished: Vec<String>,
    /// Whole messages, accepted or not.
    pub messages: Vec<Received>,
    /// Connections that were taken.
    pub connections: usize,
}

/// The running server.
pub struct SmtpServer {
    pub port: u16,
    heard: Arc<Mutex<Heard>>,
    task: tokio::task::JoinHandle<()>,
}

impl SmtpServer {
    /// Starts it on a free port of loopback.
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let shared = Arc::clone(&heard);
        let script = Arc::new(Mutex::new(script));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                let (script, heard) = (Arc::clone(&script), Arc::clone(&shared));
                tokio::spawn(async move {
                    let acceptor = {
                        let script = script.lock().unwrap();
                        if script.implicit_tls { script.tls.clone() } else { None }
                    };
                    match acceptor {
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                talk(BufReader::new(stream), &script, &heard, true).await;
                            }
                        }
                        None => {
                            let Some(plain) = talk(BufReader::new(stream), &script, &heard, false).await else { return };
                            let acceptor = script.lock().unwrap().tls.clone();
                            let mut stream = plain.into_inner();
                            match acceptor {
                                Some(acceptor) => {
                                    if let Ok(stream) = acceptor.accept(stream).await {
                                        talk(BufReader::new(stream), &script, &heard, true).await;
                                    }
                                }
                                None => {
                                    // After the client's first word, or the answer would come out of step.
                                    let _ = stream.read_u8().await;
                                    let _ = stream.write_all(b"this is no TLS at all, and never will be\r\n").await;
                                }
                            }
                        }
                    }
                });
            }
        });
        Self { port, heard, task }
    }

    /// Reads what was heard.
    pub fn heard<T>(&self, read: impl FnOnce(&Heard) -> T) -> T {
        read(&self.heard.lock().unwrap())
    }

    /// The commands that begin with `word`.
    pub fn commands(&self, word: &str) -> Vec<String> {
        self.heard(|heard| heard.commands.iter().filter(|command| command.starts_with(word)).cloned().collect())
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Talks until the connection ends, or answers the stream when the client wants TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    script: &Mutex<Script>,
    heard: &Mutex<Heard>,
    protected: bool,
) -> Option<BufReader<S>> {
    let implicit = script.lock().unwrap().implicit_tls;
    if !protected || implicit {
        let say = script.lock().unwrap().next("greeting").unwrap_or(Say::Line("220 kich.ban ESMTP"));
        if !perform(&mut stream, say).await {
            return None;
        }
    }
    let (mut from, mut to) = (String::new(), String::new());
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        heard.lock().unwrap().commands.push(line.clone());
        let command = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let told = script.lock().unwrap().next(&command);
        let is_told = told.is_some();
        let say = told.unwrap_or_else(|| match command.as_str() {
            "EHLO" => {
                let script = script.lock().unwrap();
                let lines = script.ehlo_after_tls.as_ref().filter(|_| protected).unwrap_or(&script.ehlo);
                let mut text: String = ["kich.ban"].iter().chain(lines).map(|line| format!("250-{line}\r\n")).collect();
                let last = text.rfind("250-").expect("a line");
                text.replace_range(last..last + 4, "250 ");
                Say::Raw(text.into_bytes())
            }
            "DATA" => Say::Line("354 go on"),
            "QUIT" => Say::LineAndClose("221 2.0.0 bye"),
            "AUTH" => Say::Line("235 2.7.0 welcome"),
            _ => Say::Line("250 2.0.0 Ok"),
        });
        match command.as_str() {
            "MAIL" => from = line.clone(),
            "RCPT" => to = line.clone(),
            _ => {}
        }
        if !perform(&mut stream, say).await {
            return None;
        }
        if command == "STARTTLS" && !is_told {
            return Some(stream);
        }
        if command == "DATA" && !is_told && !take_body(&mut stream, script, heard, &from, &to).await {
            return None;
        }
    }
}

async fn take_body<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    script: &Mutex<Script>,
    heard: &Mutex<Heard>,
    from: &str,
    to: &str,
) -> bool {
    let mut bytes = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
            if !bytes.is_empty() {
                heard.lock().unwrap().unfinished.push(String::from_utf8_lossy(&bytes).into_owned());
            }
            return false;
        }
        if line == b".\r\n" {
            break;
        }
        let (early, close) = {
            let script = script.lock().unwrap();
            (script.answer_before_dot && bytes.is_empty(), script.close_in_body)
        };
        if early {
            perform(stream, Say::Line("250 2.0.0 Ok: too early")).await;
        }
        if let Some(line) = close {
            perform(stream, Say::Line(line)).await;
            return false;
        }
        bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
    heard.lock().unwrap().messages.push(Received { from: from.to_owned(), to: to.to_owned(), bytes });
    let say = script.lock().unwrap().next(".").unwrap_or(Say::Line("250 2.0.0 Ok: queued as 4F1A2B3C"));
    perform(stream, say).await
}

/// Does it; false when the connection is over.
async fn perform<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, say: Say) -> bool {
    match say {
        Say::Line(text) => {
            stream.write_all(format!("{}\r\n", text.replace('\n', "\r\n")).as_bytes()).await.is_ok() && stream.flush().await.is_ok()
        }
        Say::Raw(bytes) => stream.write_all(&bytes).await.is_ok() && stream.flush().await.is_ok(),
        Say::ByteByByte(text) => {
            for byte in format!("{text}\r\n").bytes() {
                if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
                    return false;
                }
                tokio::task::yield_now().await;
            }
            true
        }
        Say::Drip => {
            while stream.write_all(b"2").await.is_ok() && stream.flush().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            false
        }
        Say::EndlessLine => {
            while stream.write_all(&[b'2'; 4096]).await.is_ok() {}
            false
        }
        Say::TenMegabytes => {
            for _ in 0..200_000 {
                if stream.write_all(b"250-a line of fifty bytes that says nothing at all.\r\n").await.is_err() {
                    return false;
                }
            }
            stream.write_all(b"250 end\r\n").await.is_ok()
        }
        Say::Silence => {
            // Until the client has gone.
            let mut rest = Vec::new();
            let _ = stream.read_until(0, &mut rest).await;
            false
        }
        Say::Close => {
            let _ = stream.shutdown().await;
            false
        }
        Say::Later(word, text) => {
            word.notified().await;
            stream.write_all(format!("{text}\r\n").as_bytes()).await.is_ok() && stream.flush().await.is_ok()
        }
        Say::LineAndClose(text) => {
            let _ = stream.write_all(format!("{text}\r\n").as_bytes()).await;
            let _ = stream.shutdown().await;
            false
        }
    }
}
