//! The pages and what stands before them, asked over HTTP.

mod access;
mod accounts;
mod api;
mod batches;
mod browser;
mod check;
mod configuration;
mod documents;
mod fuzz;
mod headers;
mod hostile;
mod letters;
mod mail;
mod make;
mod refused;
mod registers;
mod schedules;
mod script;
mod sheet;
mod shown;
mod templates;
mod threats;
mod trial;
mod views;
