//! Who may do what: roles, rights, and the proofs of who somebody is.
//!
//! Owns [`Role`], [`Right`] and [`Principal`]. Passwords, tokens, one-time codes and the throttle are rooms of their own.
//! Nothing here knows a clock or makes random bytes: both are arguments.

pub mod link;
pub mod password;
pub mod signature;
pub mod throttle;
pub mod token;
pub mod totp;

use std::collections::BTreeSet;

use crate::language::Text;
use crate::say;

/// What a person is in the office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Makes, numbers and sends documents.
    Clerk,
    /// A clerk who also says yes to what others have prepared.
    Approver,
    /// May do everything.
    Administrator,
}

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// See documents, batches, registers, deliveries.
    Read,
    /// Make documents.
    Make,
    /// Say yes to what others have prepared.
    Approve,
    /// Send documents and decide about deliveries.
    Send,
    /// Reserve and void numbers of registers.
    Number,
    /// Make and change schedules.
    Schedule,
    /// Change the organisation, templates, stock and relays.
    Configure,
    /// Manage users and keys; read the audit log.
    Administer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Clerk, Self::Approver, Self::Administrator];

    /// The name in the store and for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Approver => "approver",
            Self::Administrator => "administrator",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The role for people.
    pub fn text(self) -> Text {
        match self {
            Self::Clerk => say!("Văn thư", "Clerk"),
            Self::Approver => say!("Người duyệt", "Approver"),
            Self::Administrator => say!("Quản trị", "Administrator"),
        }
    }

    /// What the role may do.
    pub fn rights(self) -> BTreeSet<Right> {
        let clerk = [Right::Read, Right::Make, Right::Send, Right::Number];
        match self {
            Self::Clerk => clerk.into(),
            Self::Approver => clerk.into_iter().chain([Right::Approve]).collect(),
            Self::Administrator => Right::ALL.into(),
        }
    }
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 8] =
        [Self::Read, Self::Make, Self::Approve, Self::Send, Self::Number, Self::Schedule, Self::Configure, Self::Administer];

    /// The name of the scope of an API key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Make => "make",
            Self::Approve => "approve",
            Self::Send => "send",
            Self::Number => "number",
            Self::Schedule => "schedule",
            Self::Configure => "configure",
            Self::Administer => "administer",
        }
    }

    /// The right of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }

    /// The right for people.
    pub fn text(self) -> Text {
        match self {
            Self::Read => say!("xem", "read"),
            Self::Make => say!("tạo văn bản", "make documents"),
            Self::Approve => say!("duyệt", "approve"),
            Self::Send => say!("gửi thư", "send"),
            Self::Number => say!("cấp số", "number"),
            Self::Schedule => say!("đặt lịch", "schedule"),
            Self::Configure => say!("sửa cấu hình", "configure"),
            Self::Administer => say!("quản lý người dùng", "administer"),
        }
    }
}

/// Whoever asks: a person who is signed in, a program with a key, or nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The name in the audit log.
    pub name: String,
    /// What it may do.
    pub rights: BTreeSet<Right>,
    /// The organisation whose things it sees; all of them when there is none.
    pub organisation: Option<String>,
    /// The id of the account, when it is a person.
    pub account: Option<String>,
}

impl Principal {
    /// Nobody: may do nothing.
    pub fn anonymous() -> Self {
        Self { name: String::new(), rights: BTreeSet::new(), organisation: None, account: None }
    }

    /// Is it anybody at all?
    pub fn is_known(&self) -> bool {
        !self.name.is_empty()
    }

    /// May it do this?
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// Does it see the things of `organisation`? Things of no organisation are seen by those only who are bound to none.
    pub fn sees(&self, organisation: Option<&str>) -> bool {
        match &self.organisation {
            None => true,
            Some(own) => organisation == Some(own.as_str()),
        }
    }
}
