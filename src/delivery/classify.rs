//! What a failed attempt means and what to do: the scope matters more than the first digit.
//!
//! Owns the table of scopes. A refusal that concerns the relay, the account or a quota must never fail people, and a
//! loss after the final dot must never be taken for a refusal.

use serde::{Deserialize, Serialize};

use super::reply::{Phase, Reply, ReplyError, TEXT_CHARS_MAX};
use crate::language::Text;
use crate::say;

/// How an attempt ended that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The server said no.
    Refused {
        /// At which step.
        phase: Phase,
        /// What it said.
        reply: Reply,
    },
    /// There was no usable answer.
    Broken {
        /// At which step.
        phase: Phase,
        /// What was there instead.
        fault: Fault,
        /// The system's words about it, at most [`TEXT_CHARS_MAX`] characters; may be empty.
        detail: String,
    },
    /// The encoded message is larger than the relay takes; nothing was sent.
    TooLarge {
        /// Bytes of the message.
        size: u64,
        /// Bytes that the relay or the configuration allows.
        limit: u64,
    },
    /// The address needs `SMTPUTF8` (RFC 6531), which the server does not offer; nothing was sent.
    NeedsSmtpUtf8,
}

impl Seen {
    /// No usable answer at `phase`.
    pub fn broken(phase: Phase, fault: Fault, detail: &str) -> Self {
        Self::Broken { phase, fault, detail: detail.chars().take(TEXT_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect() }
    }

    /// What was seen, for the person who looks at the delivery.
    pub fn describe(&self) -> Text {
        match self {
            Self::Refused { phase, reply } => {
                let at = phase.describe();
                Text { vi: format!("máy chủ từ chối ở {}: {reply}", at.vi), en: format!("refused at {}: {reply}", at.en) }
            }
            Self::Broken { phase, fault, detail } => {
                let (at, what) = (phase.describe(), fault.describe());
                let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
                Text { vi: format!("{}: {}{detail}", at.vi, what.vi), en: format!("{}: {}{detail}", at.en, what.en) }
            }
            Self::TooLarge { size, limit } => {
                say!("thư dài {size} byte, máy chủ chỉ nhận đến {limit} byte", "the message has {size} bytes, the server takes {limit}")
            }
            Self::NeedsSmtpUtf8 => {
                say!(
                    "địa chỉ có dấu, máy chủ này không nhận (không có SMTPUTF8)",
                    "the address has letters beyond ASCII and this server offers no SMTPUTF8"
                )
            }
        }
    }
}

impl Fault {
    /// The fault in both languages.
    pub fn describe(self) -> Text {
        match self {
            Self::Unreachable => say!("không kết nối được máy chủ", "the server cannot be reached"),
            Self::Tls => say!("không lập được kết nối TLS tin cậy", "there is no trustworthy TLS"),
            Self::NoSignIn => say!("máy chủ không cho đăng nhập theo cách đã khai báo", "the server does not offer this way to sign in"),
            Self::Closed => say!("kết nối bị ngắt", "the connection broke"),
            Self::TimedOut => say!("máy chủ không trả lời kịp", "no answer came in time"),
            Self::Protocol(error) => {
                say!("máy chủ trả lời không đúng giao thức: {}", "the server does not keep to the protocol: {}", error)
            }
        }
    }
}

/// What stood in the place of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The name has no address, or nobody listens there.
    #[error("the server cannot be reached")]
    Unreachable,
    /// No TLS, or a certificate that does not hold.
    #[error("there is no trustworthy TLS")]
    Tls,
    /// The server does not offer the way in which the account signs in.
    #[error("the server does not offer this way to sign in")]
    NoSignIn,
    /// The server closed the connection, or the network broke.
    #[error("the connection broke")]
    Closed,
    /// Nothing came in the time of this step.
    #[error("no answer came in time")]
    TimedOut,
    /// What came is no reply, or not the kind of reply that belongs here.
    #[error(transparent)]
    Protocol(ReplyError),
}

/// What a failure concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything that goes by this relay.
    Relay,
    /// The account at the relay.
    Account,
    /// A limit of the account, for a time.
    Quota,
    /// This recipient.
    Recipient,
    /// This message to this recipient, by its size.
    Size,
    /// The form of the address.
    Address,
    /// The domain that we send from.
    SendingDomain,
    /// This message.
    Message,
    /// The server's command of SMTP.
    Protocol,
}

impl Scope {
    /// The name in the store and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Account => "account",
            Self::Quota => "quota",
            Self::Recipient => "recipient",
            Self::Size => "size",
            Self::Address => "address",
            Self::SendingDomain => "sending_domain",
            Self::Message => "message",
            Self::Protocol => "protocol",
        }
    }
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Leave the relay alone for a while; the message waits and its attempts are not charged.
    BackOffRelay,
    /// Stop sending by this account until an operator has looked; attempts are not charged.
    PauseSender,
    /// Stop sending by this account until its window opens again; attempts are not charged.
    PauseUntilWindow,
    /// Try again by the schedule.
    Retry,
    /// Try again by the schedule, for three days at most.
    RetryThreeDays,
    /// Send a link instead of the attachment.
    SendLink,
    /// It is over for this delivery.
    Fail,
    /// It is over for this delivery, and the address goes to the suppression list.
    FailAndSuppress,
    /// Nobody can know whether it was accepted.
    Uncertain,
}

/// Scope and action together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Verdict {
    /// What it concerns.
    pub scope: Scope,
    /// What follows.
    pub action: Action,
}

impl Verdict {
    /// Does this attempt count against the delivery?
    pub fn is_charged(self) -> bool {
        !matches!(self.action, Action::BackOffRelay | Action::PauseSender | Action::PauseUntilWindow)
    }

    /// What it means, for the list of deliveries.
    pub fn describe(self) -> Text {
        match (self.scope, self.action) {
            (_, Action::Uncertain) => {
                say!("có thể đã gửi: kết nối mất sau dấu chấm cuối", "perhaps sent: the connection was lost after the final dot")
            }
            (Scope::Relay, _) => say!("máy chủ thư chưa nhận; sẽ gửi lại", "the mail server is not taking mail; it will be tried again"),
            (Scope::Account, _) => {
                say!(
                    "tài khoản gửi bị từ chối: tạm dừng gửi, xem lại mật khẩu và quyền",
                    "the account is refused: sending is paused, check password and rights"
                )
            }
            (Scope::Quota, _) => say!("hết hạn mức gửi: chờ đến khi mở lại", "the sending limit is reached: waiting until it opens"),
            (Scope::Recipient, Action::FailAndSuppress) => {
                say!("địa chỉ người nhận không tồn tại", "the recipient's address does not exist")
            }
            (Scope::Recipient, Action::RetryThreeDays) => {
                say!("hộp thư người nhận đầy; gửi lại trong 3 ngày", "the recipient's mailbox is full; trying for 3 days")
            }
            (Scope::Recipient, Action::Fail) => say!("máy chủ không nhận thư cho người này", "the server takes no mail for this recipient"),
            (Scope::Recipient, _) => say!("máy chủ của người nhận hẹn gửi lại", "the recipient's server asks to try later"),
            (Scope::Size, Action::SendLink) => say!("thư quá lớn: gửi liên kết thay tệp", "too large: a link is sent instead of the file"),
            (Scope::Size, _) => say!("thư quá lớn", "too large"),
            (Scope::Address, _) => say!("máy chủ này không nhận được địa chỉ có dấu", "this server cannot take this address"),
            (Scope::SendingDomain, _) => {
                say!(
                    "tên miền gửi bị từ chối: tạm dừng gửi, kiểm tra SPF, DKIM, DMARC",
                    "the sending domain is refused: sending is paused, check SPF, DKIM, DMARC"
                )
            }
            (Scope::Message, _) => say!("máy chủ từ chối thư này", "the server refuses this message"),
            (Scope::Protocol, _) => {
                say!("máy chủ trả lời không đúng giao thức; sẽ gửi lại", "the server does not speak SMTP properly; it will be tried again")
            }
        }
    }
}

const fn verdict(scope: Scope, action: Action) -> Verdict {
    Verdict { scope, action }
}

/// What `seen` means. `is_link`: the message already carries a link instead of its attachment.
pub fn classify(seen: &Seen, is_link: bool) -> Verdict {
    let too_large = verdict(Scope::Size, if is_link { Action::Fail } else { Action::SendLink });
    match seen {
        Seen::TooLarge { .. } => too_large,
        Seen::NeedsSmtpUtf8 => verdict(Scope::Address, Action::Fail),
        Seen::Broken { phase: Phase::Dot, fault: Fault::Protocol(_), .. } => verdict(Scope::Protocol, Action::Uncertain),
        Seen::Broken { phase: Phase::Dot, .. } => verdict(Scope::Relay, Action::Uncertain),
        Seen::Broken { fault: Fault::NoSignIn, .. } => verdict(Scope::Account, Action::PauseSender),
        Seen::Broken { phase: Phase::Connect | Phase::Greeting | Phase::Ehlo | Phase::StartTls, .. } => {
            verdict(Scope::Relay, Action::BackOffRelay)
        }
        Seen::Broken { fault: Fault::Protocol(_), .. } => verdict(Scope::Protocol, Action::Retry),
        Seen::Broken { .. } => verdict(Scope::Relay, Action::BackOffRelay),
        Seen::Refused { phase, reply } => refused(*phase, reply, too_large),
    }
}

fn refused(phase: Phase, reply: &Reply, too_large: Verdict) -> Verdict {
    let enhanced = reply.enhanced.map(|enhanced| (enhanced.class, enhanced.subject, enhanced.detail));
    let text = reply.text.to_lowercase();
    let says = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    let names_limit = says(&["limit", "quota", "rate", "too many"]);

    // A server that is going away says so before anything it says can be about the message.
    if reply.code == 421 || matches!(enhanced, Some((4, 3, 2) | (4, 4, _))) {
        return verdict(Scope::Relay, Action::BackOffRelay);
    }
    if matches!(phase, Phase::Connect | Phase::Greeting | Phase::Ehlo | Phase::StartTls | Phase::Reset) {
        return verdict(Scope::Relay, Action::BackOffRelay);
    }
    if phase == Phase::Auth
        || matches!(reply.code, 454 | 530 | 534 | 535)
        || matches!(enhanced, Some((5, 7, 8 | 30)))
        // An open relay is refused to strangers: the account, not the message, is at fault.
        || (enhanced == Some((5, 7, 1)) && says(&["relay access denied", "relaying denied", "unable to relay", "not permitted to relay"]))
    {
        return verdict(Scope::Account, Action::PauseSender);
    }
    match (reply.code, enhanced) {
        (550, Some((5, 4, 5))) | (452, Some((4, 3, 1))) | (_, Some((5, 1, 8))) => verdict(Scope::Quota, Action::PauseUntilWindow),
        (550, Some((5, 7, 1))) if names_limit => verdict(Scope::Quota, Action::PauseUntilWindow),
        (450, Some((4, 2, 1))) if says(&["peak", "relay limit"]) => verdict(Scope::Quota, Action::PauseUntilWindow),
        (400..500, _) => verdict(Scope::Recipient, Action::Retry),
        (523, _) | (552 | 554, Some((5, 3, 4) | (5, 2, 3))) => too_large,
        // RFC 1870: at MAIL, a bare 552 answers the SIZE that was declared.
        (552, None) if phase == Phase::MailFrom || says(&["size", "too large", "too big"]) => too_large,
        (_, Some((5, 2, 2))) | (552, _) => verdict(Scope::Recipient, Action::RetryThreeDays),
        (_, Some((5, 6, 7))) => verdict(Scope::Address, Action::Fail),
        // 5.1.10 is Exchange's “recipient not found” and RFC 7505's null MX.
        (_, Some((5, 1, 1 | 2 | 3 | 6 | 10) | (5, 4, 4))) | (553, None) => verdict(Scope::Recipient, Action::FailAndSuppress),
        // RFC 7372: 5.7.20–5.7.27 are failed checks of SPF, DKIM and their kin.
        (550, Some((5, 7, 1))) | (_, Some((5, 7, 20..=27 | 515))) => verdict(Scope::SendingDomain, Action::PauseSender),
        (550 | 551, None) | (_, Some((5, 2, _))) if phase == Phase::RcptTo => verdict(Scope::Recipient, Action::Fail),
        (553, Some(_)) if phase == Phase::RcptTo => verdict(Scope::Recipient, Action::FailAndSuppress),
        _ => verdict(Scope::Message, Action::Fail),
    }
}
