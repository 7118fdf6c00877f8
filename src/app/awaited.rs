//! Waiting for the workers: what became of a batch that was only submitted.
//!
//! Owns the wait and the summary that follows from the store's rows, the same as of a batch that was made here.

use std::time::{Duration, Instant};

use super::AppError;
use super::complete::outcomes;
use super::make::Ran;
use super::schedules::Clerk;
use crate::batch::outcome::{Held, Summary};
use crate::lifecycle::BatchState;

/// Between two looks at the batch.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// A finished batch that nobody has put into its folder after this time waits for a person.
const COMPLETION_MAX: Duration = Duration::from_secs(120);

impl Clerk {
    /// The run of a submitted batch, once workers have made it, it is held, or the process stops; any other as it is.
    pub(super) async fn awaited(&self, ran: Ran) -> Result<Ran, AppError> {
        let Some(id) = ran.submitted.clone() else { return Ok(ran) };
        let mut finished: Option<Instant> = None;
        let mut stop = self.stop.clone();
        let mut summary = Summary { batch: id.clone(), ..Summary::default() };
        loop {
            let batch = self.office.store.batch(&id).await?;
            summary.counts.accepted = batch.accepted;
            let since = *finished.get_or_insert_with(Instant::now);
            match batch.state {
                BatchState::Finished if batch.completed_at.is_some() => break,
                BatchState::Finished if since.elapsed() < COMPLETION_MAX => {}
                BatchState::Running | BatchState::Planning => finished = None,
                state => {
                    let uncompleted = (state == BatchState::Finished).then(|| "chưa đưa được vào thư mục kết quả".to_owned());
                    summary.held = Some(Held { state, reason: batch.reason.or(uncompleted).unwrap_or_default() });
                    break;
                }
            }
            if tokio::time::timeout(LOOK_AGAIN, stop.wait_for(|stop| *stop)).await.is_ok() {
                return Ok(Ran { summary: Some(Summary { stopped: true, ..summary }), ..ran });
            }
        }
        for (outcome, _) in outcomes(&self.office, &id).await? {
            match outcome.state() {
                "made" if outcome.kept => summary.counts.kept += 1,
                "made" => summary.counts.made += 1,
                "quarantined" => summary.counts.quarantined += 1,
                _ if summary.held.is_some() && outcome.reasons.is_empty() => continue,
                _ => summary.counts.failed += 1,
            }
            summary.outcomes.push(outcome);
        }
        Ok(Ran { summary: Some(summary), ..ran })
    }
}
