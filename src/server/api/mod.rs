//! The interface for programs, `/api/v1`: everything that the pages can do, as JSON.
//!
//! Owns the list of its routes and the forms that several nouns share. What is said here is said in `openapi.json` too, and a
//! test holds the two against each other.

mod audit;
mod batches;
mod body;
mod deliveries;
mod documents;
mod drafts;
mod keys;
mod once;
mod openapi;
mod registers;
mod render;
mod schedules;
mod templates;
mod watch;
mod webhooks;

pub use openapi::DOCUMENT;

use serde_json::{Value, json};

use super::routes::Route;
use crate::scheduler::instant;

/// Rows of a list unless the program asks for another number, and at most.
const LIMIT: u32 = 50;
const LIMIT_MAX: u32 = 200;
/// Largest JSON body.
const JSON_BYTES: usize = 1 << 20;

/// Its routes.
pub fn routes() -> Vec<Route> {
    [
        batches::routes(),
        drafts::routes(),
        render::routes(),
        documents::routes(),
        deliveries::routes(),
        schedules::routes(),
        registers::routes(),
        templates::routes(),
        webhooks::routes(),
        keys::routes(),
        audit::routes(),
        openapi::routes(),
    ]
    .into_iter()
    .flatten()
    .map(Route::api)
    .collect()
}

/// An instant, RFC 3339 in UTC.
fn time(milliseconds: i64) -> Value {
    instant(milliseconds).to_string().into()
}

fn time_or_none(milliseconds: Option<i64>) -> Value {
    milliseconds.map_or(Value::Null, time)
}

fn limit(wanted: Option<u32>) -> u32 {
    wanted.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)
}

/// A list, with the cursor of what follows.
fn list(name: &str, rows: Vec<Value>, next: Option<String>) -> Value {
    json!({ name: rows, "next": next })
}
