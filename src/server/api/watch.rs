//! `/api/v1/batches/{id}/events`: a batch's counts as they change, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::batches::{Seen, batch_json};
use crate::lifecycle::BatchState;
use crate::server::site::Site;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// The longest watch; whoever wants more asks again.
const WATCH_MAX: Duration = Duration::from_secs(30 * 60);

/// What is known of the watched batch.
struct Watched {
    site: Arc<Site>,
    id: String,
    told: String,
    begun: Instant,
    over: bool,
}

pub(super) async fn events(State(site): State<Arc<Site>>, seen: Seen) -> Response {
    let watched = Watched { site, id: seen.listed.batch.id, told: String::new(), begun: Instant::now(), over: false };
    let events = stream::unfold(watched, |mut watched| async move {
        let event = watched.next().await?;
        Some((Ok::<_, Infallible>(event), watched))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

impl Watched {
    /// The next change; none when the batch has come to its end, or the watch has.
    async fn next(&mut self) -> Option<Event> {
        while !self.over && self.begun.elapsed() < WATCH_MAX {
            let batch = self.site.office.store.batch(&self.id).await.ok()?;
            let tally = self.site.office.store.tally(&self.id).await.ok()?;
            let now = batch_json(&batch, &tally).to_string();
            self.over = batch.state == BatchState::Cancelled || batch.completed_at.is_some();
            if now != self.told {
                self.told.clone_from(&now);
                return Some(Event::default().event("batch").data(now));
            }
            if !self.over {
                tokio::time::sleep(LOOK).await;
            }
        }
        None
    }
}
