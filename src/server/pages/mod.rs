//! The pages, one file for each noun.

mod account;
mod audit;
mod check;
mod equipment;
mod language;
mod login;
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
    ]
    .into_iter()
    .flatten()
    .collect()
}
