//! How fast messages may go: by sender, by relay, by relay and recipient domain.
//!
//! Owns counting what was handed out in which window, kept over restarts and shared by all senders, and giving back what
//! never became a message. Windows slide: they are counted in pieces, so that no minute and no 24 hours hold more than the
//! rate, and a full minute holds less by one part in sixty at most.

use std::collections::BTreeMap;

use super::connection::{Tx, values};
use super::delivery_steps::now_of;
use super::{Store, StoreError};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

/// How many messages may go in a minute and in any 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// In any minute.
    pub per_minute: Option<u32>,
    /// In any 24 hours.
    pub per_day: Option<u32>,
}

/// Which rate holds for what.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Every relay that there is, with the rate of all its messages. What is queued for another relay waits.
    pub relays: BTreeMap<String, Rate>,
    /// For a relay and a domain with everything below it.
    pub domains: BTreeMap<(String, String), Rate>,
    /// For all messages from one address, by whatever relay.
    pub sender: Rate,
}

/// A time that is counted in pieces.
struct Window {
    name: &'static str,
    length: i64,
    piece: i64,
}

const BY_MINUTE: Window = Window { name: "minute", length: MINUTE, piece: SECOND };
const BY_DAY: Window = Window { name: "day", length: DAY, piece: 15 * MINUTE };

impl Rate {
    fn windows(self) -> impl Iterator<Item = (Window, u32)> {
        [(BY_MINUTE, self.per_minute), (BY_DAY, self.per_day)].into_iter().filter_map(|(window, most)| Some((window, most?)))
    }
}

impl Window {
    fn scope(&self, of: &str) -> String {
        format!("{of} {}", self.name)
    }

    /// A piece that began no later than this is over for longer than the window is long.
    fn before(&self, now: i64) -> i64 {
        now - self.length - self.piece
    }
}

impl Limits {
    /// The rate of a domain: that of the longest entry that it is, or is below.
    fn of_domain(&self, relay: &str, domain: &str) -> Option<(&str, Rate)> {
        let below = |entry: &str| domain == entry || domain.strip_suffix(entry).is_some_and(|rest| rest.ends_with('.'));
        let fitting = self.domains.iter().filter(|((of, entry), _)| of == relay && below(entry));
        fitting.max_by_key(|((_, entry), _)| entry.len()).map(|((_, entry), rate)| (entry.as_str(), *rate))
    }

    /// The scopes beside its relay's that a message counts in, with their rates.
    fn scopes(&self, relay: &str, domain: &str, sender: &str) -> Vec<(String, Rate)> {
        let mut scopes = vec![(format!("from {sender}"), self.sender)];
        scopes.extend(self.of_domain(relay, domain).map(|(entry, rate)| (format!("{relay} {entry}"), rate)));
        scopes
    }
}

/// May one more go?
pub(super) enum Turn {
    /// Yes, and it is counted; where, so that it can be given back.
    Taken(String),
    /// Not before this time.
    OpensAt(i64),
}

/// When the rate of a relay's own messages lets another one go; nothing when it does now.
pub(super) async fn relay_opens(tx: &mut Tx, limits: &Limits, relay: &str, now: i64) -> Result<Option<i64>, StoreError> {
    opens(tx, relay, limits.relays.get(relay).copied().unwrap_or_default(), now).await
}

/// Counts one message in every window that it belongs to, or in none when one is full. The relay's own was asked before.
pub(super) async fn take_turn(
    tx: &mut Tx,
    limits: &Limits,
    (relay, domain, sender): (&str, &str, &str),
    now: i64,
) -> Result<Turn, StoreError> {
    let mut scopes = limits.scopes(relay, domain, sender);
    let mut open_at = None;
    for (scope, rate) in &scopes {
        open_at = open_at.max(opens(tx, scope, *rate, now).await?);
    }
    if let Some(open_at) = open_at {
        return Ok(Turn::OpensAt(open_at));
    }
    scopes.push((relay.to_owned(), limits.relays.get(relay).copied().unwrap_or_default()));
    let mut counted = Vec::new();
    for (scope, rate) in scopes {
        for (window, _) in rate.windows() {
            let (scope, started_at) = (window.scope(&scope), now - now.rem_euclid(window.piece));
            count(tx, &scope, started_at, window.before(now)).await?;
            counted.push(format!("{scope}\t{started_at}"));
        }
    }
    Ok(Turn::Taken(counted.join("\n")))
}

/// Takes back what [`take_turn`] counted, for a message of which nothing was sent.
pub(super) async fn give_back(tx: &mut Tx, counted: &str) -> Result<(), StoreError> {
    for (scope, started_at) in counted.lines().filter_map(|line| line.split_once('\t')) {
        let started_at: i64 = started_at.parse().map_err(|_| StoreError::unexpected(counted))?;
        tx.execute("UPDATE sent_window SET sent = sent - 1 WHERE scope = $1 AND started_at = $2 AND sent > 0", &values![scope, started_at])
            .await?;
    }
    Ok(())
}

async fn opens(tx: &mut Tx, scope: &str, rate: Rate, now: i64) -> Result<Option<i64>, StoreError> {
    let mut open_at = None;
    for (window, most) in rate.windows() {
        // What lies ahead was counted before the clock was set back.
        let row = tx
            .fetch_one(
                "SELECT CAST(COALESCE(SUM(sent), 0) AS BIGINT) AS sent, MIN(started_at) AS first FROM sent_window
                 WHERE scope = $1 AND started_at > $2 AND started_at <= $3 AND sent > 0",
                &values![window.scope(scope), window.before(now), now],
            )
            .await?;
        let Some(row) = row else { continue };
        if row.count("sent")? >= u64::from(most) {
            let first = row.int_or_none("first")?.unwrap_or(now);
            open_at = open_at.max(Some(first + window.length + window.piece));
        }
    }
    Ok(open_at)
}

async fn count(tx: &mut Tx, scope: &str, started_at: i64, before: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sent_window WHERE scope = $1 AND started_at <= $2", &values![scope, before]).await?;
    tx.execute(
        "INSERT INTO sent_window (scope, started_at, sent) VALUES ($1, $2, 1)
         ON CONFLICT (scope, started_at) DO UPDATE SET sent = sent_window.sent + 1",
        &values![scope, started_at],
    )
    .await?;
    Ok(())
}

impl Store {
    /// Relays whose own rate lets nothing go now, and when it does again, milliseconds since 1970.
    pub async fn full_relays(&self, limits: &Limits) -> Result<Vec<(String, i64)>, StoreError> {
        let mut tx = self.database.begin().await?;
        let now = now_of(&mut tx).await?;
        let mut full = Vec::new();
        for relay in limits.relays.keys() {
            if let Some(open_at) = relay_opens(&mut tx, limits, relay, now).await? {
                full.push((relay.clone(), open_at));
            }
        }
        Ok(full)
    }

    /// Messages of a relay that were counted in the last 24 hours.
    pub async fn sent_in_a_day(&self, relay: &str) -> Result<u64, StoreError> {
        let row = self
            .database
            .fetch_one(
                "SELECT CAST(COALESCE(SUM(sent), 0) AS BIGINT) AS sent FROM sent_window WHERE scope = $1 AND started_at > {now} - $2",
                &values![BY_DAY.scope(relay), BY_DAY.length + BY_DAY.piece],
            )
            .await?;
        row.map_or(Ok(0), |row| row.count("sent"))
    }
}
