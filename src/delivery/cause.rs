//! Why a message has not arrived, as a person is told: a code for the store, words for the page.
//!
//! Owns the table from what a server said, or a report that came back, to the code. What follows from it is
//! [`super::classify`]'s; the server's own words are kept beside.

use super::classify::{Fault, Scope, Seen, Verdict};
use super::reply::{Enhanced, Phase, Reply};
use crate::language::Text;
use crate::say;

/// Why a message has not arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// There is no such mailbox.
    UnknownUser,
    /// The domain of the address takes no mail.
    UnknownDomain,
    /// The mailbox is full.
    MailboxFull,
    /// The mailbox is closed, or takes nothing from us.
    MailboxRefuses,
    /// The recipient's server asks to come back.
    ComeBack,
    /// The relay cannot be reached, or is going away.
    RelayDown,
    /// The relay does not let our account sign in or send.
    SignIn,
    /// The account has sent as much as it may for now.
    Quota,
    /// The domain that we send from is not trusted.
    SendingDomain,
    /// The message is too large.
    TooLarge,
    /// The message itself is refused, as spam or by its content.
    Content,
    /// The address has a form that the server does not take.
    AddressForm,
    /// The server does not keep to the protocol.
    Protocol,
    /// The connection broke while the server was taking the message.
    AnswerLost,
    /// The recipient reported it as spam.
    Complaint,
    /// The configuration forbids or lacks what this message needs.
    Settings,
    /// What was to be sent is damaged.
    Damaged,
}

/// Every cause with its name in the store and for programs.
const NAMES: [(Cause, &str); 17] = [
    (Cause::UnknownUser, "unknown_user"),
    (Cause::UnknownDomain, "unknown_domain"),
    (Cause::MailboxFull, "mailbox_full"),
    (Cause::MailboxRefuses, "mailbox_refuses"),
    (Cause::ComeBack, "come_back"),
    (Cause::RelayDown, "relay_down"),
    (Cause::SignIn, "sign_in"),
    (Cause::Quota, "quota"),
    (Cause::SendingDomain, "sending_domain"),
    (Cause::TooLarge, "too_large"),
    (Cause::Content, "content"),
    (Cause::AddressForm, "address_form"),
    (Cause::Protocol, "protocol"),
    (Cause::AnswerLost, "answer_lost"),
    (Cause::Complaint, "complaint"),
    (Cause::Settings, "settings"),
    (Cause::Damaged, "damaged"),
];

impl Cause {
    /// The name in the store and for programs.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(own, _)| *own == self).map_or("", |(_, name)| name)
    }

    /// The cause of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, own)| *own == name).map(|(cause, _)| *cause)
    }

    /// What happened, for who sends: no sentence of its own, to be followed by what is done about it.
    pub fn describe(self) -> Text {
        match self {
            Self::UnknownUser => say!("không có hộp thư này ở máy chủ người nhận", "there is no such mailbox at the recipient's server"),
            Self::UnknownDomain => say!("tên miền của địa chỉ không nhận thư", "the domain of the address takes no mail"),
            Self::MailboxFull => say!("hộp thư người nhận đã đầy", "the recipient's mailbox is full"),
            Self::MailboxRefuses => say!("hộp thư người nhận không nhận thư này", "the recipient's mailbox does not take it"),
            Self::ComeBack => say!("máy chủ người nhận hẹn gửi lại sau", "the recipient's server asks to come back later"),
            Self::RelayDown => say!("máy chủ gửi thư không kết nối được hoặc đang bận", "the relay cannot be reached or is busy"),
            Self::SignIn => say!("máy chủ gửi thư không cho tài khoản của đơn vị đăng nhập", "the relay does not let the account in"),
            Self::Quota => say!("đã hết hạn mức gửi của tài khoản", "the account has used up its quota"),
            Self::SendingDomain => {
                say!("máy chủ người nhận không tin tên miền gửi (SPF, DKIM, DMARC)", "the sending domain is not trusted (SPF, DKIM, DMARC)")
            }
            Self::TooLarge => say!("thư quá lớn", "the message is too large"),
            Self::Content => say!("máy chủ từ chối nội dung thư", "the server refuses the message itself"),
            Self::AddressForm => say!("máy chủ không nhận dạng địa chỉ này", "the server does not take an address of this form"),
            Self::Protocol => say!("máy chủ trả lời không đúng giao thức", "the server does not keep to the protocol"),
            Self::AnswerLost => say!(
                "mất liên lạc đúng lúc máy chủ nhận thư: có thể đã tới, có thể chưa",
                "the connection broke just when the server was taking it: it may have arrived or not"
            ),
            Self::Complaint => say!("người nhận báo là thư rác", "the recipient reported it as spam"),
            Self::Settings => say!("cấu hình gửi thư thiếu hoặc không cho phép", "the configuration of mail lacks something or forbids it"),
            Self::Damaged => say!("thư hoặc văn bản trong kho bị hỏng", "the message or its document is damaged"),
        }
    }

    /// Why an attempt was not accepted.
    pub fn of(seen: &Seen, verdict: Verdict) -> Self {
        match (seen, verdict.scope) {
            (Seen::TooLarge { .. }, _) | (_, Scope::Size) => Self::TooLarge,
            (Seen::NeedsSmtpUtf8, _) | (_, Scope::Address) => Self::AddressForm,
            (Seen::Broken { phase: Phase::Dot, .. }, _) => Self::AnswerLost,
            (Seen::Broken { fault: Fault::NoSignIn, .. }, _) | (_, Scope::Account) => Self::SignIn,
            (_, Scope::Relay) => Self::RelayDown,
            (_, Scope::Protocol) => Self::Protocol,
            (_, Scope::Quota) => Self::Quota,
            (_, Scope::SendingDomain) => Self::SendingDomain,
            (Seen::Refused { reply, .. }, Scope::Recipient) => Self::of_reply(reply),
            (Seen::Refused { reply, .. }, Scope::Message) => reply.enhanced.and_then(Self::of_status).unwrap_or(Self::Content),
            (Seen::Broken { .. }, Scope::Recipient | Scope::Message) => Self::RelayDown,
        }
    }

    fn of_reply(reply: &Reply) -> Self {
        match (reply.code, reply.enhanced.and_then(Self::of_status)) {
            (_, Some(known)) => known,
            (552, None) => Self::MailboxFull,
            (400..500, None) => Self::ComeBack,
            (550 | 553, None) => Self::UnknownUser,
            _ => Self::MailboxRefuses,
        }
    }

    /// The cause that an enhanced status code (RFC 3463) names, of a reply or of a report that came back.
    pub fn of_status(status: Enhanced) -> Option<Self> {
        Some(match (status.class, status.subject, status.detail) {
            (_, 2, 2) => Self::MailboxFull,
            (_, 1, 2) | (5, 4, 4) => Self::UnknownDomain,
            (5, 1, 1 | 6 | 10) => Self::UnknownUser,
            (_, 1, 3) | (_, 6, 7) => Self::AddressForm,
            (_, 2, 3) | (_, 3, 4) => Self::TooLarge,
            (5, 7, 20..=27 | 515) => Self::SendingDomain,
            (5, 7, _) | (5, 6, _) => Self::Content,
            (5, 1 | 2, _) => Self::MailboxRefuses,
            (4, ..) => Self::ComeBack,
            _ => return None,
        })
    }
}
