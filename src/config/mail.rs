//! `[mail]`: who messages are from, by which relay they go, where bounces come back to.
//!
//! Owns the keys and what holds without them: a folder of `.eml` files in the place of a server. How a relay is spoken to is
//! `mail`'s.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::FILE_NAME;
use crate::delivery::state::OnUncertain;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::mail::mailbox::BounceMailbox;
use crate::mail::relay::{Rate, Relay};
use crate::message::address::Address;
use crate::message::letter::Attach;
use crate::say;

/// The name of the transport that leaves `.eml` files.
pub const FOLDER_RELAY: &str = "thu-muc";

/// `[mail]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// Address that messages are from.
    pub from: Option<String>,
    /// Name beside it; the organisation's when absent.
    pub from_name: Option<String>,
    /// Where answers go, when not to `from`.
    pub reply_to: Option<String>,
    /// The relay that batches use unless they say otherwise; the folder when absent.
    pub relay: Option<String>,
    /// Folder of the `.eml` files, relative to the workspace; `thu-di` when absent.
    pub folder: Option<PathBuf>,
    /// When it is not empty: nothing is sent to any other domain.
    pub allow_domains: Vec<String>,
    /// What is done when nobody can know whether a message was accepted.
    pub on_uncertain: OnUncertain,
    /// `auto` (a file, or a link when it is too large for the relay), `attach` or `link`. Links need `[service] url`.
    pub attach: Attach,
    /// Messages from `from` in any minute, by whatever relay; no limit when absent.
    pub per_minute: Option<u32>,
    /// Messages from `from` in any 24 hours, by whatever relay; no limit when absent.
    pub per_day: Option<u32>,
    /// Hours that a message may wait between its own attempts; by the relay's route when absent (24 or 120).
    pub expire_hours: Option<u32>,
    /// Per cent of a batch's messages that may fail for good (0 to 100; 5 when absent) before the others wait for a person.
    /// 100 never holds any.
    pub max_failed_percent: Option<u32>,
    /// Address that undeliverable messages come back to, such as `bounce@hoi.example`; `from` when absent. Its server must
    /// deliver `bounce+anything@…` there, too.
    pub bounce_address: Option<String>,
    /// Name of the DKIM key by which the relay signs, for `doctor` to look up.
    pub dkim_selector: Option<String>,
    /// The mailbox of that address.
    pub bounces: Option<BounceMailbox>,
    /// Relays by name.
    pub relays: BTreeMap<String, Relay>,
}

impl MailConfig {
    /// The name of the relay for a batch that asks for `wanted`.
    pub fn relay_name(&self, wanted: Option<&str>) -> Result<String, Vec<Diagnostic>> {
        let Some(name) = wanted.or(self.relay.as_deref()) else { return Ok(FOLDER_RELAY.to_owned()) };
        if name == FOLDER_RELAY || self.relays.contains_key(name) {
            return Ok(name.to_owned());
        }
        let problem = Diagnostic::error("relay-unknown", say!("{FILE_NAME} không có máy chủ thư này", "{FILE_NAME} has no such relay"))
            .at(place())
            .with_value(name);
        Err(vec![match nearest(name, self.relays.keys().map(String::as_str)) {
            Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
            None => problem.remedy(say!("thêm [mail.relays.{name}]", "add [mail.relays.{name}]")),
        }])
    }

    /// The limit of all messages from one address together.
    pub fn rate(&self) -> Rate {
        Rate { per_minute: self.per_minute, per_day: self.per_day }
    }

    /// The address that messages are from. Files for later posting need none; a server does.
    pub fn from_address(&self, relay: &str) -> Result<Address, Vec<Diagnostic>> {
        match &self.from {
            Some(from) => Address::parse(from).map_err(|problem| vec![(*problem).at(place())]),
            None if relay == FOLDER_RELAY => Address::parse("van-thu@example.invalid").map_err(|problem| vec![*problem]),
            None => Err(vec![
                Diagnostic::error("mail-from", say!("chưa có địa chỉ người gửi", "there is no sender's address"))
                    .at(place())
                    .remedy(say!("thêm from = \"vanphong@tenmien.vn\" vào [mail]", "add from = \"office@domain.vn\" to [mail]")),
            ]),
        }
    }

    /// Everything wrong with the keys.
    pub fn problems(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (key, address) in [("from", &self.from), ("reply_to", &self.reply_to), ("bounce_address", &self.bounce_address)] {
            if let Some(address) = address
                && let Err(problem) = Address::parse(address)
            {
                problems.push((*problem).at(Place::File { file: format!("{FILE_NAME} [mail] {key}") }));
            }
        }
        for (name, relay) in &self.relays {
            problems.extend(relay.problems(name));
        }
        if let Some(bounces) = &self.bounces {
            problems.extend(bounces.problems());
            if self.bounce_address.is_none() {
                problems.push(
                    Diagnostic::error(
                        "mail-bounce-address",
                        say!("có hộp thư báo lỗi mà thiếu bounce_address", "there is a mailbox for bounces but no bounce_address"),
                    )
                    .at(place())
                    .remedy(say!("thêm bounce_address = \"bounce@tenmien.vn\"", "add bounce_address = \"bounce@domain.vn\"")),
                );
            }
        }
        if let Err(found) = self.relay_name(None) {
            problems.extend(found);
        }
        if let Some(selector) = &self.dkim_selector
            && (selector.is_empty() || !selector.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter)))
        {
            let message = say!(
                "mail.dkim_selector chỉ gồm chữ không dấu, số, gạch và chấm",
                "mail.dkim_selector is letters, digits, dashes and dots"
            );
            problems.push(Diagnostic::error("config-value", message).at(place()).with_value(selector));
        }
        if self.max_failed_percent.is_some_and(|percent| percent > 100) {
            let message = say!("mail.max_failed_percent phải từ 0 đến 100", "mail.max_failed_percent must be from 0 to 100");
            problems.push(Diagnostic::error("config-value", message).at(place()));
        }
        if self.per_minute == Some(0) || self.per_day == Some(0) {
            problems.push(
                Diagnostic::error("mail-rate", say!("giới hạn gửi không thể là 0", "a rate cannot be 0"))
                    .at(place())
                    .remedy(say!("xóa dòng ấy nếu không giới hạn", "remove the line for no limit")),
            );
        }
        if self.expire_hours == Some(0) {
            problems.push(
                Diagnostic::error("config-value", say!("mail.expire_hours phải từ 1", "mail.expire_hours must be at least 1")).at(place()),
            );
        }
        problems
    }

    /// May anything be sent to `domain` (A-labels)?
    pub fn allows(&self, domain: &str) -> bool {
        self.allow_domains.is_empty()
            || self
                .allow_domains
                .iter()
                .any(|allowed| domain == allowed || domain.strip_suffix(allowed.as_str()).is_some_and(|rest| rest.ends_with('.')))
    }
}

fn place() -> Place {
    Place::File { file: format!("{FILE_NAME} [mail]") }
}
