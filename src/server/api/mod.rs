//! The interface for programs, `/api/v1`: everything that the pages can do, as JSON.
//!
//! Owns the list of its routes and the forms that several nouns share. What is said here is said in `openapi.json` too, and a
//! test holds the two against each other.

mod audit;
mod batches;
mod body;
mod certificates;
mod deliveries;
mod documents;
mod drafts;
mod keys;
mod letters;
mod mail_settings;
mod once;
mod openapi;
mod organisations;
mod parts;
mod previews;
mod printers;
mod registers;
mod render;
mod schedules;
mod stocks;
mod tables;
mod templates;
mod users;
mod watch;
mod webhooks;
mod words;

pub use openapi::DOCUMENT;

use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;
use super::routes::Route;
use crate::say;
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
        letters::routes(),
        drafts::routes(),
        tables::routes(),
        previews::routes(),
        render::routes(),
        documents::routes(),
        deliveries::routes(),
        schedules::routes(),
        registers::routes(),
        templates::routes(),
        words::routes(),
        organisations::routes(),
        printers::routes(),
        stocks::routes(),
        mail_settings::routes(),
        users::routes(),
        certificates::routes(),
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

/// The version of what a change was made to, where there is no more to say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    version: String,
}

/// A change that was made to an older version does not count.
fn counted(done: bool) -> Result<(), Fault> {
    if done {
        return Ok(());
    }
    Err(Fault::conflict(say!(
        "đã được sửa ở nơi khác; đọc lại rồi gửi lại với version mới",
        "it was changed elsewhere meanwhile; read it again and send its new version"
    )))
}
