//! HTTP: pages for people, an interface for programs, health for machines.
//!
//! Owns the connections: how many, from whom, how long, and that none of them holds up a stop. A client that sends half a
//! header is sent away after ten seconds, one that does not read what it asked for after thirty, or at once when the service
//! stops.

pub mod api;
mod assets;
mod body;
pub mod caller;
mod download;
pub mod fault;
pub mod form;
mod health;
pub mod limits;
pub mod looks;
pub mod page;
pub mod pages;
mod patience;
mod questions;
pub mod routes;
pub mod site;
pub mod titles;
pub mod views;
mod words;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use patience::Patient;

/// Connections at a time; more are closed at once.
const CONNECTIONS_MAX: usize = 1_000;
/// Connections of one address at a time; those of the servers in front are not counted so.
const CONNECTIONS_OF_ONE: usize = 50;
/// Time for a request's header, and for the next request on an open connection.
const HEADER_MAX: Duration = Duration::from_secs(10);
/// Life of a connection: as long as somebody may watch a batch.
const CONNECTION_MAX: Duration = Duration::from_secs(60 * 60);
/// Time for answers under way when the service stops.
const DRAIN: Duration = Duration::from_secs(2);
/// Rest after a connection could not be accepted, as when descriptors are used up.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Open files that the connections, the workers and the store may need together.
const DESCRIPTORS: u64 = 4_096;

/// Lets this process open as many files as it may need, as far as the system allows: 1,024 are usual, and as many connections
/// would leave none for the store.
pub fn make_room() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(DESCRIPTORS, |most| most.min(DESCRIPTORS));
    if limit.current.is_some_and(|now| now < wanted)
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).is_err()
    {
        tracing::warn!(event = "http.descriptors", limit = limit.current);
    }
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub SocketAddr);

/// How many connections there are, in all and by address.
#[derive(Clone, Default)]
struct Places(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection's place; free again when it is dropped.
struct Place(Places, IpAddr);

impl Places {
    fn take(&self, address: IpAddr, most: usize) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        if all >= CONNECTIONS_MAX || taken.get(&address).is_some_and(|own| *own >= most) {
            return None;
        }
        *taken.entry(address).or_default() += 1;
        drop(taken);
        Some(Place(self.clone(), address))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.1) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.1);
            }
        }
    }
}

/// Answers on `listener` until `stop` turns true. Addresses in `proxies` may hold any number of connections.
pub async fn serve(listener: TcpListener, router: Router, proxies: Vec<IpAddr>, mut stop: Receiver<bool>) {
    let places = Places::default();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = accepted else {
            tracing::warn!(event = "http.accept");
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        let most = if proxies.contains(&peer.ip()) { CONNECTIONS_MAX } else { CONNECTIONS_OF_ONE };
        let Some(place) = places.take(peer.ip(), most) else {
            tracing::warn!(event = "http.full");
            continue;
        };
        let (router, mut stop) = (router.clone(), stop.clone());
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(Peer(peer));
                router.clone().oneshot(request)
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEADER_MAX);
            let mut connection = std::pin::pin!(server.serve_connection(TokioIo::new(Patient::new(stream)), service));
            let ended = tokio::time::timeout(CONNECTION_MAX, async {
                tokio::select! {
                    _ = connection.as_mut() => return,
                    _ = stop.wait_for(|stop| *stop) => {}
                }
                connection.as_mut().graceful_shutdown();
                let _ = connection.as_mut().await;
            });
            let _ = ended.await;
            drop(place);
        });
    }
    let _ = tokio::time::timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}
