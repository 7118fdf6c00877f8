//! The pages and what stands before them, asked over HTTP.

mod access;
mod accounts;
mod check;
mod configuration;
mod headers;
mod script;
mod templates;
