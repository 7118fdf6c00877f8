//! Schedules as pages and programs see them: only one's own, in an office that is open already.

use super::office::Office;
use super::schedules::{Slot, Standing};
use super::{App, AppError};
use crate::access::Principal;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::scheduler::instant;
use crate::store::StoreError;
use crate::store::schedules::Occurrence;

/// Longest reason that a person gives, in characters.
const REASON_MAX: usize = 500;

impl App {
    /// How schedules stand, all or one: the slots to come, and the latest occurrences.
    pub(super) async fn standings_in(
        &self,
        office: &Office,
        only: Option<&str>,
        next: usize,
        history: u32,
    ) -> Result<Vec<Standing>, AppError> {
        let known = self.known_schedules(office).await?;
        let (entries, _) = self.schedule_entries(&known)?;
        let all_paused = office.store.schedules_paused().await?;
        let rows = office.store.schedules().await?;
        let now = instant(office.store.now().await?);
        let mut standings = Vec::new();
        for entry in entries.into_iter().filter(|entry| only.is_none_or(|only| only == entry.name)) {
            let Some(config) = known.get(&entry.name) else { continue };
            let paused = rows.iter().find(|row| row.name == entry.name).and_then(|row| row.paused.clone());
            let organisation = self.workspace.organisation(config.organisation.as_deref())?.key;
            standings.push(Standing {
                template: config.template.clone(),
                organisation: Some(organisation).filter(|key| !key.is_empty()),
                when: entry.rule.describe(),
                source: config.source.describe(),
                enabled: entry.enabled,
                made: !self.workspace.config.schedules.contains_key(&entry.name),
                paused: paused.or_else(|| all_paused.clone()),
                next: entry.rule.after(now).take(next).map(|at| Slot { at, moved_from: entry.rule.moved_from(at) }).collect(),
                history: if history > 0 { office.store.occurrences(&entry.name, history).await? } else { Vec::new() },
                zone: entry.rule.zone().clone(),
                name: entry.name,
            });
        }
        Ok(standings)
    }

    /// Schedules that `asker` sees, with `next` slots each.
    pub async fn schedules_seen(&self, office: &Office, asker: &Principal, next: usize) -> Result<Vec<Standing>, AppError> {
        let mut all = self.standings_in(office, None, next, 1).await?;
        all.retain(|standing| asker.sees(standing.organisation.as_deref()));
        Ok(all)
    }

    /// A schedule that `asker` sees.
    pub async fn schedule_seen(&self, office: &Office, asker: &Principal, name: &str, next: usize) -> Result<Standing, AppError> {
        let found = self.standings_in(office, Some(name), next, 0).await?;
        let found = found.into_iter().find(|standing| asker.sees(standing.organisation.as_deref()));
        found.ok_or_else(|| StoreError::Unknown { what: format!("schedule {name}") }.into())
    }

    /// The latest occurrences of a schedule, the newest first.
    pub async fn occurrences(&self, office: &Office, name: &str, limit: u32) -> Result<Vec<Occurrence>, AppError> {
        Ok(office.store.occurrences(name, limit).await?)
    }

    /// Pauses a schedule with a reason, or lets it go on.
    pub async fn pause_schedule_in(&self, office: &Office, name: &str, reason: Option<&str>, actor: &str) -> Result<(), AppError> {
        if let Some(reason) = reason {
            with_reason(reason)?;
        }
        let definition =
            serde_json::to_string(&self.schedule(office, name).await?.timing()).map_err(|_| AppError::Damaged { what: "schedule" })?;
        Ok(office.store.pause_schedule(name, &definition, reason.map(str::trim), actor).await?)
    }

    /// Makes a schedule due now, beside its slots, for the scheduler of the service; the occurrence's key.
    pub async fn run_schedule_in(&self, office: &Office, name: &str, actor: &str) -> Result<i64, AppError> {
        let (entries, _) = self.schedule_entries(&self.known_schedules(office).await?)?;
        let entry = entries.into_iter().find(|entry| entry.name == name).ok_or(AppError::Damaged { what: "schedule" })?;
        office.store.know_schedule(name, &entry.definition(), office.store.now().await?).await?;
        let paused = office.store.schedules().await?.into_iter().find(|row| row.name == name).and_then(|row| row.paused);
        if let Some(reason) = paused.or(office.store.schedules_paused().await?) {
            return Err(StoreError::Refused { what: format!("schedule {name}"), state: format!("paused: {reason}") }.into());
        }
        Ok(office.store.run_schedule_now(name, actor).await?)
    }
}

/// A reason that a person gives: there must be one, and no novel.
pub(super) fn with_reason(reason: &str) -> Result<(), AppError> {
    let length = reason.trim().chars().count();
    if (1..=REASON_MAX).contains(&length) {
        return Ok(());
    }
    let message = if length == 0 {
        say!("chưa ghi lý do", "there is no reason")
    } else {
        say!("lý do dài quá {REASON_MAX} ký tự", "the reason is longer than {REASON_MAX} characters")
    };
    Err(AppError::Input(vec![
        Diagnostic::error("reason", message)
            .remedy(say!("ghi một câu để người xem sau hiểu", "say in a sentence why, for those who ask later")),
    ]))
}
