//! On a server, who waits is woken when something changes, and only by what they wait for.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use vanthu::store::waking::{Topic, Waiting};
use vanthu::store::{Location, Store};

use crate::support::Office;
use crate::support::postgres::Postgres;

async fn rested(waiting: &mut Waiting, most: Duration) -> Duration {
    let (_keep, mut stop) = watch::channel(false);
    let begun = Instant::now();
    waiting.rest(&mut stop, most).await;
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_the_server_wakes_who_waits_for_it_at_once() {
    let url = Postgres::start().create_database("operations_waking");
    let (one, other) = (Store::open(&Location::Server(url.clone())).await.unwrap(), Store::open(&Location::Server(url)).await.unwrap());
    let (mut of_deliveries, mut of_batches) = (one.waiting(&[Topic::Delivery]), one.waiting(&[Topic::Batch]));
    let most = Duration::from_secs(60);
    // It takes a moment until the server knows who listens: told again and again until then.
    let telling = tokio::spawn({
        let other = other.clone();
        async move {
            loop {
                other.pause_sending(None, "test").await.unwrap();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });
    assert!(rested(&mut of_deliveries, most).await < most / 2);
    telling.abort();
    let _ = telling.await;
    rested(&mut of_deliveries, Duration::from_millis(300)).await;
    // From here on it listens.
    let begun = Instant::now();
    let (waited, ()) = tokio::join!(rested(&mut of_deliveries, most), async { other.pause_sending(None, "test").await.unwrap() });
    assert!(waited < Duration::from_secs(20), "{waited:?} of {:?}", begun.elapsed());
    let little = Duration::from_millis(100);
    assert!(rested(&mut of_batches, little).await >= little, "a delivery is no batch");
    // Nobody waits for a store that closes.
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_file_and_at_a_stop_nobody_waits_longer_than_asked() {
    let office = Office::new();
    let store = Store::open(&Location::File(office.path.join("van-thu.db"))).await.unwrap();
    let mut waiting = store.waiting(&[Topic::Delivery, Topic::Batch]);
    let little = Duration::from_millis(50);
    assert!(rested(&mut waiting, little).await >= little);
    let (stop, mut stopped) = watch::channel(false);
    stop.send(true).unwrap();
    let begun = Instant::now();
    waiting.rest(&mut stopped, Duration::from_secs(60)).await;
    assert!(begun.elapsed() < Duration::from_secs(20));
}
