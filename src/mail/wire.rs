//! The byte stream below an SMTP conversation, with the bounds that the protocol's reader lacks.
//!
//! Owns, for each step, the deadline of its answer, the size and the verbatim bytes of that answer, and the change to TLS in
//! the middle of a connection. lettre speaks above it and cannot wait or grow without end: its reader fills a line from
//! whatever the stream gives (0.11.23), and its time-out covers connecting only.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::client::TlsStream;

use crate::delivery::reply::{REPLY_BYTES_MAX, REPLY_LINES_MAX};

/// A stream that lettre owns one handle of and the conversation another.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<State>>);

struct State {
    stream: Stream,
    peer: SocketAddr,
    /// What was handed over since the last byte that was written.
    heard: Vec<u8>,
    /// What came without anyone reading it yet.
    unread: Vec<u8>,
    /// Why nothing more comes, once that is so.
    ended: Option<Ended>,
    /// While lettre takes hold of the stream: answered from memory, nothing is sent.
    rehearsal: Option<&'static [u8]>,
    /// How long the answer to the next write may take.
    answer_in: Duration,
    /// How long one block may take to be written.
    block_in: Duration,
    answer_deadline: Option<Pin<Box<Sleep>>>,
    block_deadline: Option<Pin<Box<Sleep>>>,
}

/// Why an answer is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The other side closed, or the network broke.
    Closed,
    /// Its time was over.
    TimedOut,
    /// It was too long.
    TooLong,
}

/// lettre reads a greeting and speaks EHLO in one call, under one limit; both are answered from here, and the real ones
/// are then steps like all others.
const REHEARSAL: &[u8] = b"220 vanthu\r\n250 vanthu\r\n";

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// Between the two, and after a failed handshake.
    Gone,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, peer: SocketAddr, block_in: Duration) -> Self {
        Self(Arc::new(Mutex::new(State {
            stream: Stream::Plain(stream),
            peer,
            heard: Vec::new(),
            unread: Vec::new(),
            ended: None,
            rehearsal: Some(REHEARSAL),
            answer_in: block_in,
            block_in,
            answer_deadline: None,
            block_deadline: None,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and the bytes would be as true after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on an answer must be whole within `limit` of the last byte that was written.
    pub(super) fn expect_answer_in(&self, limit: Duration) {
        let mut state = self.state();
        state.answer_in = limit;
        state.answer_deadline = None;
    }

    /// The bytes that came since the last write.
    pub(super) fn heard(&self) -> Vec<u8> {
        self.state().heard.clone()
    }

    /// Why no whole answer came, if that is so.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.state().ended
    }

    /// Ends the rehearsal: from here on lettre hears and speaks to the server.
    pub(super) fn begin(&self) {
        self.state().rehearsal = None;
    }

    /// What has come although nothing was asked, without waiting; it stays to be read. Empty is right before a command:
    /// anything else is an answer out of step, or the farewell of a server that is closing.
    pub(super) fn unasked(&self) -> Vec<u8> {
        let mut state = self.state();
        let mut context = Context::from_waker(Waker::noop());
        let mut room = [0; 1024];
        while state.ended.is_none() && state.unread.len() <= REPLY_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut room);
            match state.stream.poll_read(&mut context, &mut buffer) {
                Poll::Pending => break,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => state.unread.extend_from_slice(buffer.filled()),
                Poll::Ready(_) => state.ended = Some(Ended::Closed),
            }
        }
        state.unread.clone()
    }

    /// Takes the plain stream out, to put TLS around it; none when it is TLS already.
    pub(super) fn take_plain(&self) -> Option<TcpStream> {
        let mut state = self.state();
        match std::mem::replace(&mut state.stream, Stream::Gone) {
            Stream::Plain(stream) => Some(stream),
            other => {
                state.stream = other;
                None
            }
        }
    }

    /// Goes on with TLS. What was heard before it is forgotten.
    pub(super) fn put_tls(&self, stream: TlsStream<TcpStream>) {
        let mut state = self.state();
        state.stream = Stream::Tls(Box::new(stream));
        state.heard.clear();
        state.unread.clear();
        state.answer_deadline = None;
    }

    /// Reads from the TLS session, if there is one.
    pub(super) fn with_tls<T>(&self, read: impl FnOnce(&rustls::ClientConnection) -> T) -> Option<T> {
        match &self.state().stream {
            Stream::Tls(stream) => Some(read(stream.get_ref().1)),
            _ => None,
        }
    }
}

impl State {
    /// Ready with an error when `deadline` has passed.
    fn overdue(deadline: &mut Option<Pin<Box<Sleep>>>, limit: Duration, context: &mut Context<'_>) -> Poll<io::Error> {
        let sleep = deadline.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)));
        ready!(sleep.as_mut().poll(context));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    fn poll_read(&mut self, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(answers) = self.rehearsal {
            out.put_slice(answers);
            return Poll::Ready(Ok(()));
        }
        if self.unread.is_empty() {
            // Asked first: bytes that drip in do not move the deadline.
            if let Poll::Ready(error) = Self::overdue(&mut self.answer_deadline, self.answer_in, context) {
                self.ended = Some(Ended::TimedOut);
                return Poll::Ready(Err(error));
            }
            let mut room = [0; 4096];
            let mut buffer = ReadBuf::new(&mut room);
            match ready!(self.stream.poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.unread.extend_from_slice(buffer.filled()),
                result => {
                    self.ended = Some(Ended::Closed);
                    return Poll::Ready(result);
                }
            }
        }
        let taken = self.unread.len().min(out.remaining());
        let bytes: Vec<u8> = self.unread.drain(..taken).collect();
        self.heard.extend_from_slice(&bytes);
        let lines = self.heard.iter().filter(|byte| **byte == b'\n').count();
        if self.heard.len() > REPLY_BYTES_MAX || lines > REPLY_LINES_MAX {
            self.ended = Some(Ended::TooLong);
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        // lettre stops at bytes that are not UTF-8; the verbatim ones are kept above.
        let readable: Vec<u8> = bytes.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect();
        out.put_slice(&readable);
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.rehearsal.is_some() {
            return Poll::Ready(Ok(bytes.len()));
        }
        self.heard.clear();
        self.answer_deadline = None;
        match self.stream.poll_write(context, bytes) {
            Poll::Ready(result) => {
                self.block_deadline = None;
                Poll::Ready(result)
            }
            Poll::Pending => Self::overdue(&mut self.block_deadline, self.block_in, context).map(Err),
        }
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.stream.poll_flush(context) {
            Poll::Ready(result) => {
                self.block_deadline = None;
                Poll::Ready(result)
            }
            Poll::Pending => Self::overdue(&mut self.block_deadline, self.block_in, context).map(Err),
        }
    }
}

impl Stream {
    fn poll_read(&mut self, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, out),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, out),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.state().poll_read(context, out)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.state().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.state().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.state().stream.poll_shutdown(context)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.state().peer)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without what was heard: an answer to AUTH may repeat a secret.
        f.write_str("Wire")
    }
}
