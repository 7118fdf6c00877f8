//! vanthu: official Vietnamese documents from a spreadsheet and a template.
//!
//! Read in this order. *Values*: [`language`], [`diagnostic`], [`vietnamese`], [`naming`], [`identifier`],
//! [`lifecycle`], [`failpoint`], [`schedule`], [`delivery`]. *Engine*, pure: [`template`], [`typeset`], [`lint`],
//! [`qr`], [`message`], [`access`], [`proof`]. *Adapters*, one door to the outside each: [`config`], [`catalog`], [`data`], [`spreadsheet`],
//! [`intake`], [`storage`], [`store`], [`source`], [`mail`], [`render_pool`], [`metrics`]. *Loops*: [`batch`], [`sender`], [`scheduler`],
//! [`notifier`]. *Edge*:
//! [`app`], [`cli`], [`server`]. A file uses its own layer and those before it; ARCHITECTURE.md says why.

pub mod access;
pub mod app;
pub mod batch;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod data;
pub mod delivery;
pub mod diagnostic;
pub mod failpoint;
pub mod identifier;
pub mod intake;
pub mod language;
pub mod lifecycle;
pub mod lint;
pub mod mail;
pub mod message;
pub mod metrics;
pub mod naming;
pub mod notifier;
pub mod proof;
pub mod qr;
pub mod render_pool;
pub mod schedule;
pub mod scheduler;
pub mod sender;
pub mod server;
pub mod source;
pub mod spreadsheet;
pub mod storage;
pub mod store;
pub mod template;
pub mod typeset;
pub mod vietnamese;
