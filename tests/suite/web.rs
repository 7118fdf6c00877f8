//! The pages and what stands before them, asked over HTTP.

mod access;
mod accounts;
mod batches;
mod check;
mod headers;
mod mail;
mod make;
