//! What a relay says about itself, without sending anything: `vanthu mail test` and `vanthu doctor`.
//!
//! Owns the report of a conversation that is opened, looked at and closed.

use super::conversation::{Conversation, Deadlines, Offer, Peer};
use super::relay::{Endpoint, Security};
use crate::delivery::classify::Seen;
use crate::language::Text;
use crate::message::compose::file_bytes_max;
use crate::say;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Who answered.
    pub peer: Peer,
    /// What it offers after TLS.
    pub offer: Offer,
    /// The account that signed in, if the configuration has one.
    pub account: Option<String>,
    /// Largest encoded message, in bytes.
    pub message_bytes_max: u64,
}

/// Connects, protects, signs in, and says goodbye.
pub async fn probe(endpoint: &Endpoint, helo: &str, deadlines: Deadlines) -> Result<Probe, Seen> {
    let conversation = Conversation::open(endpoint, helo, deadlines).await?;
    let found = Probe {
        peer: conversation.peer().clone(),
        offer: conversation.offer().clone(),
        account: endpoint.login.as_ref().map(|login| login.account.clone()),
        message_bytes_max: conversation.message_bytes_max(),
    };
    conversation.close().await;
    Ok(found)
}

impl Probe {
    /// What was found, line by line.
    pub fn describe(&self, endpoint: &Endpoint) -> Vec<Text> {
        let address = self.peer.address;
        let (host, port) = (&endpoint.host, endpoint.port);
        let mut lines = vec![say!("đã kết nối {host}:{port} ({address})", "connected to {host}:{port} ({address})")];
        lines.push(match &self.peer.tls {
            Some(tls) => say!("mã hóa {}, chứng thư hợp lệ", "protected by {}, the certificate holds", tls.version),
            None => say!("không mã hóa", "not protected"),
        });
        if endpoint.security == Security::None && self.offer.starttls {
            lines.push(say!(
                "máy chủ có STARTTLS: nên đặt security = \"starttls\"",
                "the server offers STARTTLS: set security = \"starttls\""
            ));
        }
        lines.push(match &self.account {
            Some(account) => say!("đã đăng nhập {account}", "signed in as {account}"),
            None => say!("không đăng nhập", "not signed in"),
        });
        let (message, file) = (megabytes(self.message_bytes_max), megabytes(file_bytes_max(self.message_bytes_max)));
        lines.push(say!(
            "thư đến {} MB, tức tệp PDF đến {} MB; lớn hơn thì gửi liên kết",
            "messages up to {} MB, which is a PDF up to {} MB; above that a link is sent",
            message,
            file
        ));
        if !self.offer.smtputf8 {
            lines.push(say!("không nhận địa chỉ có dấu (không có SMTPUTF8)", "takes no addresses with letters beyond ASCII (no SMTPUTF8)"));
        }
        lines
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1_000_000.0)
}
