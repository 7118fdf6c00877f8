//! One attempt to deliver one message.
//!
//! Owns the order of the three commits around the conversation (claim, intent, result), and that a stop ends an attempt only
//! while not a byte of its message was sent.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use super::verdict::answer;
use super::{Idle, Sender, SenderError, Server, Transport, link, milliseconds, passed, stopped};
use crate::delivery::backoff::{Route, uncertain_wait};
use crate::delivery::cause::Cause;
use crate::delivery::state::Event;
use crate::mail::conversation::{Conversation, Outcome, Outgoing};
use crate::mail::folder::MailFolder;
use crate::message::address::Address;
use crate::message::letter::{Attach, Carried, Frozen};
use crate::metrics;
use crate::storage::hash_bytes;
use crate::store::deliveries::{Leased, Note};

/// Messages by one connection; many servers close after a hundred.
const MESSAGES_A_CONNECTION: u32 = 90;

impl Sender {
    pub(super) async fn deliver(&self, leased: &Leased, idle: &Idle, stop: &watch::Receiver<bool>) -> Result<(), SenderError> {
        let Some(transport) = self.transports.get(&leased.relay) else {
            self.release(leased).await?;
            return Ok(());
        };
        // One that was claimed with it may have found that the relay takes nothing now, or have held their batch by its failure.
        let stops = *stop.borrow();
        if stops || self.store.is_paused_relay(&leased.relay).await? || self.store.is_mail_held(&leased.id).await? {
            self.release(leased).await?;
            return Ok(());
        }
        let Ok(frozen) = serde_json::from_str::<Frozen>(&leased.message) else {
            return self.fail(leased, Cause::Damaged, "nội dung thư trong sổ bị hỏng").await;
        };
        let Ok(recipient) = Address::parse(&leased.recipient) else {
            return self.fail(leased, Cause::AddressForm, "địa chỉ không dùng được").await;
        };
        if !self.allows(recipient.domain()) {
            return self.fail(leased, Cause::Settings, "tên miền người nhận không nằm trong allow_domains").await;
        }
        let route = if let Transport::Relay(server) = transport { server.relay.route } else { Route::Smarthost };
        let enclosed = self.store.enclosed(&leased.id).await?;
        let mut link_until = leased.link_until;
        if link_until.is_none() && frozen.attach == Attach::Link && self.links.is_some() {
            let until = link::end_of_links(leased.now);
            if !self.store.carry_links(&leased.id, leased.epoch, until).await? {
                return Ok(());
            }
            link_until = Some(until);
        }
        let links = match (link_until, &self.links) {
            (Some(until), Some(links)) => Some((links.of(&self.store, &leased.id, &enclosed, until).await?, link::last_day(until))),
            (None, _) if frozen.attach != Attach::Link => None,
            _ => return self.fail(leased, Cause::Settings, "thiếu [service] url để gửi liên kết thay tệp").await,
        };
        let mut files = Vec::new();
        for (document, name) in enclosed.iter().filter(|_| links.is_none()) {
            let bytes = match std::fs::read(self.objects.path(&document.object)) {
                Ok(bytes) => bytes,
                // It concerns this message alone: the others go on.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return self.fail(leased, Cause::Damaged, "tệp văn bản không còn trong kho").await;
                }
                Err(error) => {
                    let reason = format!("không đọc được tệp văn bản trong kho: {error}");
                    return self.try_again(leased, route, Note { reason: &reason, cause: Some(Cause::Damaged), ..Note::default() }).await;
                }
            };
            // A document that is not what was stored is nobody's: it must not reach anyone.
            if hash_bytes(&bytes) != document.sha256 {
                return self.fail(leased, Cause::Damaged, "tệp văn bản trong kho không còn nguyên vẹn").await;
            }
            files.push((name.clone(), bytes));
        }
        let carried = match &links {
            Some((links, last_day)) => Carried::Links(links, *last_day),
            None => Carried::Files(&files),
        };
        let composed = match frozen.compose(&leased.id, &carried) {
            Ok(composed) => composed,
            Err(problems) => {
                let reason = problems.iter().map(|problem| problem.message.in_language(self.language)).collect::<Vec<_>>().join("; ");
                return self.fail(leased, Cause::Content, &reason).await;
            }
        };
        match transport {
            Transport::Folder(folder) => self.leave(leased, folder, &recipient, &composed.bytes).await,
            Transport::Relay(server) => {
                let from = Address::parse(&frozen.from).ok();
                let return_path = self.return_paths.as_ref().and_then(|paths| paths.of(&leased.id)).or(from);
                let Some(return_path) = return_path else {
                    return self.fail(leased, Cause::Settings, "địa chỉ người gửi không dùng được").await;
                };
                let outgoing = Outgoing { return_path: &return_path, recipient: &recipient, bytes: &composed.bytes };
                self.send(leased, server, outgoing, idle, stop).await
            }
        }
    }

    /// A folder keeps one file for each delivery, so that a second attempt makes no second copy.
    async fn leave(&self, leased: &Leased, folder: &MailFolder, recipient: &Address, bytes: &[u8]) -> Result<(), SenderError> {
        if !self.store.intend(&leased.id, leased.epoch).await? {
            return Ok(());
        }
        passed("folder.intended")?;
        let left = tokio::task::block_in_place(|| folder.leave(&leased.id, recipient, bytes));
        let (event, reply) = match left {
            Ok(path) => {
                metrics::DELIVERY_ATTEMPTS.count("accepted");
                (Event::Accept, path.display().to_string())
            }
            Err(error) => {
                metrics::DELIVERY_ATTEMPTS.count("folder");
                let reply = crate::diagnostic::chain(&error);
                self.back_off(&leased.relay, "relay", &reply).await?;
                (Event::Retry { next_at: leased.now, charged: false }, reply)
            }
        };
        passed("folder.left")?;
        self.store.step_delivery(&leased.id, leased.epoch, event, Note { reply: &reply, ..Note::default() }).await?;
        if event == Event::Accept {
            self.store.relay_works(&leased.relay).await?;
        }
        Ok(())
    }

    async fn send(
        &self,
        leased: &Leased,
        server: &Server,
        outgoing: Outgoing<'_>,
        idle: &Idle,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), SenderError> {
        let kept = idle.lock().await.get_mut(&leased.relay).and_then(Vec::pop);
        let mut conversation = match kept.filter(Conversation::is_usable) {
            Some(conversation) => conversation,
            None => {
                let endpoint = match server.endpoint() {
                    Ok(endpoint) => endpoint,
                    Err(problems) => return self.unfit(leased, &problems).await,
                };
                let opened = tokio::select! {
                    opened = Conversation::open(&endpoint, &self.helo, self.deadlines) => opened,
                    () = stopped(stop) => {
                        self.release(leased).await?;
                        return Ok(());
                    }
                };
                match opened {
                    Ok(conversation) => conversation,
                    Err(seen) => return self.refused(leased, server.relay.route, &seen, None).await,
                }
            }
        };
        passed("sender.before_intent")?;
        let begun = AtomicBool::new(false);
        let sent = {
            let sending = conversation.send(outgoing, || async {
                if *stop.borrow() {
                    return Ok(false);
                }
                begun.store(true, Ordering::Relaxed);
                let intended = self.store.intend(&leased.id, leased.epoch).await?;
                passed("sender.intended")?;
                Ok::<bool, SenderError>(intended)
            });
            tokio::pin!(sending);
            // A stop ends what has not begun its intent; from there on the answer is waited for.
            let stopped_before = async {
                stopped(stop).await;
                if begun.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                outcome = &mut sending => Some(outcome?),
                () = stopped_before => None,
            }
        };
        let Some(outcome) = sent else {
            self.release(leased).await?;
            return Ok(());
        };
        passed("sender.before_result")?;
        match outcome {
            Outcome::Accepted { reply, peer } => {
                let answer = answer(reply.to_string(), Some(&peer));
                metrics::DELIVERY_ATTEMPTS.count("accepted");
                let note = Note { reply: &answer.reply, answer: Some(&answer), ..Note::default() };
                self.store.step_delivery(&leased.id, leased.epoch, Event::Accept, note).await?;
                self.store.relay_works(&leased.relay).await?;
            }
            Outcome::NotAccepted { seen, intended: _ } => {
                self.refused(leased, server.relay.route, &seen, Some(conversation.peer())).await?;
            }
            Outcome::Uncertain { seen } => {
                metrics::DELIVERY_ATTEMPTS.count("uncertain");
                let until = self.store.now().await? + milliseconds(uncertain_wait(self.chance()?));
                let reply = seen.describe().in_language(self.language).to_owned();
                let answer = answer(reply.clone(), Some(conversation.peer()));
                let note = Note { reply: &reply, reason: "có thể đã gửi", cause: Some(Cause::AnswerLost), answer: Some(&answer) };
                self.store.lose_answer(&leased.id, leased.epoch, until, note).await?;
            }
            Outcome::Withheld => {
                // Unless the store has let go of it already, or somebody else has it.
                if !self.release(leased).await? {
                    metrics::FENCED_WRITES.count("delivery");
                }
            }
        }
        passed("sender.result")?;
        if conversation.is_usable() && conversation.messages() < MESSAGES_A_CONNECTION {
            idle.lock().await.entry(leased.relay.clone()).or_default().push(conversation);
        } else {
            conversation.close().await;
        }
        Ok(())
    }

    /// Gives a message back of which nothing was sent: it waits again at once, and it was no attempt.
    async fn release(&self, leased: &Leased) -> Result<bool, SenderError> {
        let event = Event::Release { next_at: leased.now };
        Ok(self.store.step_delivery(&leased.id, leased.epoch, event, Note::default()).await?)
    }
}
