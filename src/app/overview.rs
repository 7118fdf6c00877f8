//! The first page: what waits for a person, what was made lately, what comes next.
//!
//! Owns putting it together for one principal, who sees only what is of the own organisation; and reading the audit log.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::batches::Listed;
use super::office::Office;
use super::{App, AppError};
use crate::access::Principal;
use crate::language::Text;
use crate::say;
use crate::store::audit::Line;
use crate::store::overview::Glance;

/// Batches on the first page.
const LATEST: u32 = 6;

/// What the first page shows.
#[derive(Debug)]
pub struct Overview {
    /// Counts; those of this month where they are of a period.
    pub glance: Glance,
    /// The latest batches.
    pub latest: Vec<Listed>,
    /// All sending is stopped.
    pub sending_paused: bool,
    /// All schedules are paused.
    pub schedules_paused: bool,
}

/// When this month began in Viet Nam, milliseconds since 1970.
pub fn this_month() -> i64 {
    let zone = TimeZone::get(crate::schedule::recurrence::ZONE_DEFAULT).unwrap_or(TimeZone::UTC);
    let now = Timestamp::now().to_zoned(zone);
    let month = now.first_of_month().and_then(|day| day.start_of_day()).unwrap_or_else(|_| now.saturating_sub(30.days()));
    month.timestamp().as_millisecond()
}

impl App {
    /// The office at a glance.
    pub async fn overview(&self, office: &Office, principal: &Principal) -> Result<Overview, AppError> {
        let organisation = principal.organisation.as_deref();
        let figures = office.store.is_paused().await?;
        Ok(Overview {
            glance: office.store.glance(organisation, this_month()).await?,
            latest: self.listed(office, organisation, LATEST).await?,
            sending_paused: figures.0,
            schedules_paused: figures.1,
        })
    }

    /// The name of a template for people; its own where it does not load.
    pub fn template_title(&self, name: &str) -> Text {
        self.template(name).map_or_else(|_| say!("{name}", "{name}"), |template| template.manifest.title.clone())
    }

    /// Lines of the audit log before `sequence`, or the newest, latest first; only those of `actor` unless it is empty.
    pub async fn audit_before(&self, office: &Office, sequence: Option<i64>, actor: &str, limit: u32) -> Result<Vec<Line>, AppError> {
        Ok(office.store.audit_before(sequence, actor, limit).await?)
    }

    /// The first line of the audit log that was changed or follows one that was taken out; none when it is whole.
    pub async fn broken_audit_line(&self, office: &Office) -> Result<Option<i64>, AppError> {
        Ok(office.store.broken_audit_line().await?)
    }

    async fn listed(&self, office: &Office, organisation: Option<&str>, limit: u32) -> Result<Vec<Listed>, AppError> {
        let mut listed = Vec::new();
        for batch in office.store.batches_of(organisation, limit).await? {
            let tally = office.store.tally(&batch.id).await?;
            listed.push(Listed { batch, tally });
        }
        Ok(listed)
    }
}
