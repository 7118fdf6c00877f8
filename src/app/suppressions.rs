//! The list of addresses to which nothing is sent: seen, added to, taken from.
//!
//! Owns the use-cases of `vanthu suppression`. What servers and people say adds to it in the sender.

use super::batches::ACTOR;
use super::office::Opening;
use super::{App, AppError};
use crate::diagnostic::Diagnostic;
use crate::message::address::Address;
use crate::say;
use crate::store::senders::Suppressed;

const DAY: i64 = 24 * 60 * 60 * 1_000;

impl App {
    /// Every address on the list, also those whose time is over.
    pub async fn suppressions(&self) -> Result<Vec<Suppressed>, AppError> {
        let office = self.office(None, Opening::Beside).await?;
        let found = office.store.suppressions().await?;
        office.store.close().await;
        Ok(found)
    }

    /// Sends nothing to an address any more, for `days` or for ever. What waits for it ends as suppressed.
    pub async fn suppress(&self, address: &str, reason: &str, days: Option<u32>) -> Result<(), AppError> {
        let key = key_of(address)?;
        let office = self.office(None, Opening::Beside).await?;
        office.store.suppress_by(&key, reason, days.map(|days| i64::from(days) * DAY), ACTOR).await?;
        office.store.close().await;
        Ok(())
    }

    /// Lets an address be written to again. What was suppressed meanwhile is sent again one by one, by `outbox retry`.
    pub async fn unsuppress(&self, address: &str, reason: &str) -> Result<(), AppError> {
        let key = key_of(address)?;
        let office = self.office(None, Opening::Beside).await?;
        let was = office.store.release(&key, reason, ACTOR).await?;
        office.store.close().await;
        if was {
            return Ok(());
        }
        let message = say!("địa chỉ này không nằm trong danh sách chặn", "the address is not on the list");
        Err(Diagnostic::error("suppression-unknown", message)
            .with_value(address)
            .remedy(say!("xem: vanthu suppression list", "see: vanthu suppression list"))
            .into())
    }
}

fn key_of(address: &str) -> Result<String, AppError> {
    Ok(Address::parse(address).map_err(|problem| vec![*problem])?.key())
}
