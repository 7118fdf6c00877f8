//! The pages and what stands before them, asked over HTTP.

mod access;
mod accounts;
mod batches;
mod check;
mod configuration;
mod headers;
mod mail;
mod make;
mod script;
mod templates;
