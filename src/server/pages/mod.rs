//! The pages, one file for each noun.

mod account;
mod audit;
mod batches;
mod check;
mod deliveries;
mod equipment;
mod language;
mod login;
mod make;
mod organisation;
mod overview;
mod setup;
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
        templates::routes(),
        make::routes(),
        batches::routes(),
        deliveries::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
