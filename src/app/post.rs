//! Sending: who messages are from, the sender put together, and what a person does with the outbox.
//!
//! Owns the use-cases of `vanthu outbox` and `vanthu mail`.

use std::sync::Arc;

use serde_json::Value;

use super::office::{Office, Opening};
use super::{App, AppError};
use crate::batch::request::MailRequest;
use crate::config::mail::{FOLDER_RELAY, MailConfig};
use crate::delivery::backoff::Route;
use crate::delivery::classify::Seen;
use crate::diagnostic::{Diagnostic, Place};
use crate::language::Text;
use crate::mail::conversation::Deadlines;
use crate::mail::folder::MailFolder;
use crate::mail::probe::{Probe, probe};
use crate::message::address::Address;
use crate::message::letter::MailTerms;
use crate::message::return_path::ReturnPaths;
use crate::say;
use crate::sender::link::Links;
use crate::sender::{Sender, Server, Transport};
use crate::storage::StorageError;
use crate::store::attempts::Attempt;
use crate::store::batches::Batch;
use crate::store::deliveries::{Filter, Posted};
use crate::store::mail_pauses::{FAILED_PERCENT_MAX, MailPause};
use crate::store::rates::{Limits, Rate};
use crate::store::senders::{Pause, Suppressed};
use crate::template::Template;

/// Folder of the `.eml` files unless the configuration names one.
const MAIL_FOLDER: &str = "thu-di";
/// Path of the page that a link opens.
const LINKS: &str = "/l/";
/// The actor of what is done on the command line.
const ACTOR: &str = "cli";
const HOUR: i64 = 60 * 60 * 1_000;

/// How many deliveries are in which state, by the states' names.
pub type Tally = Vec<(String, u64)>;

/// Why messages wait that are due.
#[derive(Debug)]
pub struct Pauses {
    /// All of them: the reason.
    pub all: Option<String>,
    /// Those of a relay that is being left alone.
    pub relays: Vec<Pause>,
    /// Those of a relay whose rate is used up, and when it lets more go, milliseconds since 1970.
    pub full: Vec<(String, i64)>,
    /// Those of a batch, too many of whose messages failed.
    pub mailings: Vec<(String, MailPause)>,
}

/// What a held mailing is, in plain words.
pub fn held_mailing(pause: &MailPause) -> Text {
    let MailPause { failed, tried, .. } = pause;
    say!(
        "tạm dừng gửi thư của lô: {failed} trong {tried} thư đã thử không gửi được",
        "the batch's mailing is paused: {failed} of {tried} messages tried have failed"
    )
}

/// A delivery that somebody looks at.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The delivery.
    pub posted: Posted,
    /// Its message as it will be sent, or was.
    pub message: Vec<u8>,
    /// Whether its address is suppressed.
    pub suppressed: Option<Suppressed>,
    /// What came of each attempt.
    pub attempts: Vec<Attempt>,
}

/// What a person decides about a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It arrived after all.
    Sent,
    /// Send it again, although it may arrive twice.
    Resend,
    /// Do not send it.
    Cancel,
}

impl App {
    /// Who messages of a batch are from, and how they go.
    pub(super) fn mail_terms(&self, mail: &MailRequest, template: &Template, organisation: &Value) -> Result<MailTerms, AppError> {
        let current = self.workspace.current();
        let config = &current.mail;
        if template.mail.is_none() {
            let name = &template.manifest.name;
            return Err(AppError::Input(vec![
                Diagnostic::error("mail-template", say!("mẫu “{name}” chưa có lời thư", "template `{name}` has no wording for mail"))
                    .at(Place::File { file: format!("{name}/mail.toml") })
                    .remedy(say!("thêm tệp mail.toml vào thư mục mẫu", "add a mail.toml to the template's folder")),
            ]));
        }
        let relay = config.relay_name(mail.relay.as_deref())?;
        let from = config.from_address(&relay)?;
        let route = config.relays.get(&relay).map_or(Route::Smarthost, |relay| relay.route);
        let hours = config.expire_hours.map_or(if route == Route::Direct { 120 } else { 24 }, i64::from);
        Ok(MailTerms {
            relay,
            from: from.to_string(),
            from_name: config.from_name.clone().unwrap_or_else(|| organisation["ten"].as_str().unwrap_or_default().to_owned()),
            reply_to: config.reply_to.clone(),
            together: mail.together,
            attach: mail.attach.unwrap_or(config.attach),
            life: hours * HOUR,
        })
    }

    /// The sender of an office, with every relay of the configuration.
    pub fn sender(&self, office: &Office) -> Result<Arc<Sender>, AppError> {
        let current = self.workspace.current();
        let config = &current.mail;
        let base = office.root();
        let folder = base.join(config.folder.as_deref().unwrap_or(std::path::Path::new(MAIL_FOLDER)));
        let folder = MailFolder::open(&folder).map_err(|error| StorageError::Write { path: error.path, source: error.source })?;
        let mut transports = std::collections::BTreeMap::from([(FOLDER_RELAY.to_owned(), Transport::Folder(folder))]);
        for (name, relay) in &config.relays {
            let server = Server { name: name.clone(), relay: relay.clone(), folder: base.to_owned(), environment: crate::config::variable };
            // What is wrong with it is said before anything is sent; the sender reads it again for each connection.
            server.endpoint()?;
            transports.insert(name.clone(), Transport::Relay(Box::new(server)));
        }
        let return_paths = config.bounce_address.as_deref().and_then(|address| {
            let (prefix, domain) = address.split_once('@')?;
            // Known to this database only: nobody else can make a return path of ours.
            ReturnPaths::new(prefix, domain, office.store.return_key().as_bytes())
        });
        let helo = config
            .from
            .as_deref()
            .and_then(|from| Address::parse(from).ok())
            .map_or("localhost".to_owned(), |from| from.domain().to_owned());
        Ok(Arc::new(Sender {
            store: office.store.clone().holding_mail_over(config.max_failed_percent.unwrap_or(FAILED_PERCENT_MAX)),
            objects: Arc::clone(&office.objects),
            transports,
            limits: limits_of(config),
            on_uncertain: config.on_uncertain,
            return_paths,
            links: self.links(),
            helo,
            deadlines: Deadlines::default(),
            allow_domains: config.allow_domains.clone(),
            language: self.language,
        }))
    }

    /// Where links to documents lead, when the pages have an address for people elsewhere.
    pub(super) fn links(&self) -> Option<Links> {
        self.workspace.config.service.public_url().map(|url| Links { prefix: format!("{url}{LINKS}") })
    }

    /// Sends what is due; with `until_idle`, until nothing is.
    pub(super) async fn send(&self, office: &Office, stop: &tokio::sync::watch::Receiver<bool>, until_idle: bool) -> Result<(), AppError> {
        let sender = self.sender(office)?;
        sender.rescue(office.store.is_file()).await?;
        Ok(sender.run(stop, until_idle).await?)
    }

    /// Sends everything that waits in the workspace; how many of its deliveries were in which state before, and are then.
    pub async fn send_outbox(&self, stop: &tokio::sync::watch::Receiver<bool>) -> Result<(Tally, Tally), AppError> {
        let office = self.office(None, Opening::ToWork).await?;
        let before = office.store.delivery_tally(None).await?;
        let result = self.send(&office, stop, true).await;
        let tally = office.store.delivery_tally(None).await;
        office.store.close().await;
        result?;
        Ok((before, tally?))
    }

    /// Lets the held messages of a batch go to the outbox; how many are new there.
    pub async fn release_batch(&self, batch: &str) -> Result<u64, AppError> {
        let office = self.office(None, Opening::Beside).await?;
        let batch = self.batch(&office, batch).await?.batch;
        self.release_in(&office, &batch, ACTOR).await
    }

    /// Deliveries of the workspace.
    pub async fn outbox(&self, filter: &Filter, limit: u32) -> Result<Vec<Posted>, AppError> {
        let office = self.office(None, Opening::Beside).await?;
        Ok(office.store.deliveries(filter, "", limit).await?)
    }

    /// Does any message wait for a sender, in the outbox or in a finished batch?
    pub async fn has_mail_waiting(&self, office: &Office) -> Result<bool, AppError> {
        let queued = office.store.delivery_tally(None).await?.into_iter().any(|(state, _)| state == "queued");
        Ok(queued || !office.store.batches_to_post().await?.is_empty())
    }

    /// Why sending stands still.
    pub async fn sending_pauses(&self) -> Result<Pauses, AppError> {
        let office = self.office(None, Opening::Beside).await?;
        Ok(Pauses {
            all: office.store.sending_paused().await?,
            relays: office.store.pauses().await?,
            full: office.store.full_relays(&limits_of(&self.workspace.current().mail)).await?,
            mailings: office.store.mail_pauses().await?.into_iter().map(|(batch, _, pause)| (batch, pause)).collect(),
        })
    }

    /// Lets the messages of a batch go on that are held because too many of them failed; false when they were not held.
    pub async fn resume_mailing(&self, office: &Office, batch: &Batch, actor: &str) -> Result<bool, AppError> {
        Ok(office.store.resume_mailing(&batch.id, actor).await?)
    }

    /// One delivery, with everything that is known of it.
    pub async fn posted(&self, id: &str) -> Result<Looked, AppError> {
        let office = self.office(None, Opening::Beside).await?;
        let posted = office.store.delivery(id).await?;
        let message = self.message_of(&office, &posted).await?;
        let key = Address::parse(&posted.recipient).map(|address| address.key()).unwrap_or_default();
        let suppressed = office.store.suppression_of(&key).await?;
        let attempts = office.store.attempts(id).await?;
        Ok(Looked { posted, message, suppressed, attempts })
    }

    /// Does with a delivery what a person decided.
    pub async fn decide(&self, id: &str, decision: Decision, reason: &str) -> Result<Posted, AppError> {
        let office = self.office(None, Opening::Beside).await?;
        self.decide_in(&office, id, decision, ACTOR, reason).await
    }

    /// Reaches a relay, signs in and asks what it takes; sends nothing. When all is well, a relay that was being left alone is
    /// used again: true for that.
    pub async fn probe_relay(&self, name: Option<&str>) -> Result<(String, Result<Probe, Seen>, bool), AppError> {
        let current = self.workspace.current();
        let config = &current.mail;
        let name = config.relay_name(name)?;
        let Some(relay) = config.relays.get(&name) else {
            return Err(AppError::Input(vec![
                Diagnostic::error(
                    "mail-folder",
                    say!("thư đang được để vào thư mục, chưa có máy chủ", "messages are left in a folder; there is no server"),
                )
                .remedy(say!("khai báo [mail.relays.TÊN] trong vanthu.toml", "declare [mail.relays.NAME] in vanthu.toml")),
            ]));
        };
        let base = self.workspace.folder.clone().unwrap_or_default();
        let endpoint = relay.endpoint(&name, &base, crate::config::variable)?;
        let helo = config.from_address(&name).map(|from| from.domain().to_owned()).unwrap_or_else(|_| "localhost".to_owned());
        let found = probe(&endpoint, &helo, Deadlines::default()).await;
        let resumed = found.is_ok() && {
            let office = self.office(None, Opening::Beside).await?;
            let resumed = office.store.resume_relay(&name).await?;
            office.store.close().await;
            resumed
        };
        Ok((name, found, resumed))
    }
}

/// The rates of a configuration.
fn limits_of(config: &MailConfig) -> Limits {
    let rate = |rate: crate::mail::relay::Rate| Rate { per_minute: rate.per_minute, per_day: rate.per_day };
    let mut limits = Limits { sender: rate(config.rate()), ..Limits::default() };
    // Files wait for nobody.
    limits.relays.insert(FOLDER_RELAY.to_owned(), Rate::default());
    for (name, relay) in &config.relays {
        limits.relays.insert(name.clone(), rate(relay.rate()));
        limits.domains.extend(relay.domain_rates().into_iter().map(|(domain, of)| ((name.clone(), domain), rate(of))));
    }
    limits
}
