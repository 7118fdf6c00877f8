//! The pages, one file for each noun.

mod account;
mod audit;
mod batches;
mod check;
mod deliveries;
mod documents;
mod equipment;
mod keys;
mod language;
mod letters;
pub(super) mod login;
mod make;
mod organisation;
mod overview;
mod registers;
mod schedules;
mod setup;
mod stock;
mod templates;
mod users;

use super::routes::Route;

/// The routes of all pages.
pub fn routes() -> Vec<Route> {
    [
        overview::routes(),
        login::routes(),
        setup::routes(),
        account::routes(),
        users::routes(),
        audit::routes(),
        language::routes(),
        check::routes(),
        organisation::routes(),
        equipment::routes(),
        stock::routes(),
        templates::routes(),
        make::routes(),
        batches::routes(),
        letters::routes(),
        deliveries::routes(),
        documents::routes(),
        keys::routes(),
        registers::routes(),
        schedules::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
