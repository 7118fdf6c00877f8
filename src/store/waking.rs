//! Being told that something has changed, instead of asking again and again.
//!
//! Owns the listening connection to a PostgreSQL server, one for each opened store, and what is heard of each topic. SQLite
//! tells nobody, and a server may be away: whoever waits here waits no longer than they would without it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Store;
use super::connection::Database;

/// Between two tries to listen.
const AGAIN: Duration = Duration::from_secs(5);

/// What may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Batches: accepted, held, let go on, finished.
    Batch,
    /// Deliveries: queued, ended, decided upon.
    Delivery,
    /// Occurrences of schedules.
    Occurrence,
}

impl Topic {
    const ALL: [Self; 3] = [Self::Batch, Self::Delivery, Self::Occurrence];

    fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Delivery => "delivery",
            Self::Occurrence => "occurrence",
        }
    }
}

/// What was heard, by topic.
#[derive(Debug)]
pub(super) struct Heard {
    topics: [watch::Sender<u64>; 3],
}

/// One who waits for changes of some topics.
#[derive(Debug, Clone)]
pub struct Waiting {
    topics: Vec<watch::Receiver<u64>>,
}

impl Heard {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { topics: [(); 3].map(|()| watch::channel(0).0) })
    }
}

impl Store {
    /// Begins to wait for changes of `topics`. The first who does so makes the store listen.
    pub fn waiting(&self, topics: &[Topic]) -> Waiting {
        if let Database::Postgres(pool) = &self.database
            && !self.listening.swap(true, std::sync::atomic::Ordering::Relaxed)
        {
            let (pool, heard) = (pool.clone(), Arc::downgrade(&self.heard));
            tokio::spawn(async move {
                while heard.strong_count() > 0 && !pool.is_closed() {
                    let _ = super::connection::listen(&pool, |payload| {
                        let heard = heard.upgrade()?;
                        let topic = Topic::ALL.iter().position(|topic| topic.name() == payload);
                        if let Some(sender) = topic.and_then(|index| heard.topics.get(index)) {
                            sender.send_modify(|count| *count += 1);
                        }
                        Some(())
                    })
                    .await;
                    tokio::time::sleep(AGAIN).await;
                }
            });
        }
        let of = |topic: &Topic| self.heard.topics[*topic as usize].subscribe();
        Waiting { topics: topics.iter().map(of).collect() }
    }
}

impl Waiting {
    /// Returns when one of the topics has changed since the last time, or `stop` turns true; after `most` in any case.
    pub async fn rest(&mut self, stop: &mut watch::Receiver<bool>, most: Duration) {
        let stopped = async {
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let told = async {
            let changes = self.topics.iter_mut().map(|topic| Box::pin(topic.changed()));
            if futures_util::future::select_all(changes).await.0.is_err() {
                // The store is gone, and will say nothing more.
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(most, async {
            tokio::select! {
                () = stopped => {}
                () = told => {}
            }
        })
        .await;
        self.topics.iter_mut().for_each(watch::Receiver::mark_unchanged);
    }
}
