//! What the office's memory costs on a SQLite file with every commit synced: `cargo bench --bench office`. The rate of
//! certificates from list to durable files, store included, is a line of `rendering`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod folder;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use folder::Folder;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use vanthu::store::batches::{NewBatch, NewRecord, Post};
use vanthu::store::deliveries::NewDelivery;
use vanthu::store::rates::{Limits, Rate};
use vanthu::store::{Location, Store};

const ACCEPTED: u64 = 100_000;
const PENDING: u64 = 1_000_000;
/// Messages claimed at once by a sender.
const CLAIM_MAIL: u32 = 32;
/// Records claimed at once by a run.
const CLAIM: u32 = 64;

fn main() {
    let folder = Folder::new("office");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(measure(&folder.join("van-thu.db")));
}

async fn measure(path: &PathBuf) {
    let store = Store::open(&Location::File(path.clone())).await.expect("a store");
    let started = Instant::now();
    accept(&store, ACCEPTED).await;
    figure("100,000 records accepted", started.elapsed().as_secs_f64(), "s", "≤ 60");
    let accepted = peak_mebibytes();
    figure("memory at its highest until then", accepted, "MiB", "");
    accept(&store, 3 * ACCEPTED).await;
    figure("growth over 300,000 more", peak_mebibytes() - accepted, "MiB", "≤ 15");

    let batch = accept(&store, 1).await;
    fill(path, &batch).await;
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..1_000 {
        let started = Instant::now();
        assert_eq!(store.claim(&batch, "bench", CLAIM).await.expect("records").len(), CLAIM as usize);
        times.push(started.elapsed());
    }
    quantiles("claim of 64 from a million pending", times);
    let started = Instant::now();
    for _ in 0..100 {
        assert!(store.due_batches().await.expect("ids").contains(&batch));
    }
    figure("which batches have work, with a million pending", started.elapsed().as_secs_f64() * 10.0, "ms", "≤ 20");

    fill_outbox(&store, path, &batch).await;
    let rate = Rate { per_minute: Some(1_000_000), per_day: Some(1_000_000) };
    let limits = Limits { relays: BTreeMap::from([("may".to_owned(), rate)]), sender: rate, ..Limits::default() };
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..1_000 {
        let started = Instant::now();
        let claim = store.claim_deliveries("bench", CLAIM_MAIL, &limits).await.expect("deliveries");
        assert_eq!(claim.deliveries.len(), CLAIM_MAIL as usize);
        times.push(started.elapsed());
    }
    quantiles("claim of 32 from a million messages", times);
    let started = Instant::now();
    store.rescue_deliveries(false, 0).await.expect("rescued");
    figure("look for what dead senders left, a million messages", started.elapsed().as_secs_f64() * 1000.0, "ms", "≤ 20");
    let full = Limits { relays: BTreeMap::from([("may".to_owned(), Rate { per_day: Some(1), ..rate })]), ..Limits::default() };
    let started = Instant::now();
    assert!(store.claim_deliveries("bench", CLAIM_MAIL, &full).await.expect("deliveries").deliveries.is_empty());
    figure("claim when the day's quota is used up", started.elapsed().as_secs_f64() * 1000.0, "ms", "≤ 20");
    store.close().await;
}

/// A batch of certificates of ordinary size.
async fn accept(store: &Store, records: u64) -> String {
    let new = NewBatch {
        key: None,
        request_digest: "d".into(),
        request: "{}".into(),
        setting: "{}".into(),
        template: "giay-khen".into(),
        output: "o".into(),
        origin: "cli".into(),
        post: Post::None,
        owner: None,
        organisation: None,
    };
    let mut planning = store.plan(new).await.expect("a plan").expect("a new batch");
    for number in 1..=records {
        let record = NewRecord {
            number,
            label: format!("Nguyễn Văn {number}"),
            file: format!("{number}-Nguyễn Văn An.pdf"),
            title: "Giấy khen".into(),
            digest: format!("{number:064x}"),
            content: format!("{{\"loi_van\":\"{}\"}}", "lời văn ".repeat(120)),
            places: "{}".into(),
            ..NewRecord::default()
        };
        planning.add(record).await.expect("a record");
    }
    let id = planning.id().to_owned();
    planning.accept("{}", 0, &[]).await.expect("accepted");
    id
}

/// Makes the one record of `batch` a million.
async fn fill(path: &PathBuf, batch: &str) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a connection");
    let copies = "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
        INSERT INTO record (batch_id, number, position, state, label, file, title, digest, content, places, next_at)
        SELECT batch_id, i, i - 1, state, label, file, title, digest, content, places, next_at FROM record, n WHERE batch_id = $1 AND number = 1";
    let pending = i64::try_from(PENDING).unwrap_or(i64::MAX);
    sqlx::query(copies).bind(batch).bind(pending).execute(&mut connection).await.expect("a million rows");
    sqlx::query("UPDATE batch SET accepted = $2 WHERE id = $1").bind(batch).bind(pending).execute(&mut connection).await.expect("a count");
    connection.close().await.expect("closed");
}

/// A million messages that are due, for as many records of `batch`.
async fn fill_outbox(store: &Store, path: &PathBuf, batch: &str) {
    let first = NewDelivery {
        batch: batch.to_owned(),
        record: 1,
        recipient: "n1@example.com".into(),
        recipient_key: "n1@example.com".into(),
        domain: "example.com".into(),
        purpose: "document".into(),
        generation: 1,
        sender: "van-thu@hoi.example".into(),
        relay: "may".into(),
        message: format!("{{\"plain\":\"{}\"}}", "lời thư ".repeat(60)),
        documents: Vec::new(),
        life: 86_400_000,
    };
    store.queue(&[first]).await.expect("a message");
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a connection");
    let copies = "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
        INSERT INTO delivery (id, batch_id, record, recipient, recipient_key, domain, purpose, generation, sender, relay, message, state,
            next_at, life, created_at, changed_at)
        SELECT printf('%026d', i), batch_id, i, 'n' || i || '@example.com', 'n' || i || '@example.com', domain, purpose, generation, sender,
            relay, message, state, next_at, life, created_at, changed_at FROM delivery, n WHERE record = 1 AND generation = 1";
    sqlx::query(copies).bind(i64::try_from(PENDING).unwrap_or(i64::MAX)).execute(&mut connection).await.expect("a million rows");
    connection.close().await.expect("closed");
}

/// The highest that the resident memory of this process has been.
fn peak_mebibytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

/// The median and the 99th percentile of a thousand.
fn quantiles(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    figure(&format!("{name}, median"), millis(times[times.len() / 2]), "ms", "");
    figure(&format!("{name}, p99"), millis(times[times.len() * 99 / 100]), "ms", "≤ 20");
}

fn figure(name: &str, value: f64, unit: &str, target: &str) {
    let target = if target.is_empty() { String::new() } else { format!("   target {target}") };
    println!("{name:<48} {value:>10.2} {unit}{target}");
}
