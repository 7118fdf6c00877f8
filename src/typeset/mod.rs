//! Sets pages: a template's files, fonts and one record's JSON go in, PDF bytes and findings come out.
//!
//! Owns the Typst world, the fonts, compile, export and the checks of what was drawn. Pure: no disk, no network, no
//! clock. It cannot be cancelled and may abort on hostile input, so it runs in a worker process of `render_pool`.

pub mod checks;
pub mod compile;
mod engine_messages;
pub mod export;
pub mod fonts;
pub mod picture;
mod unhint;
pub mod world;

pub use compile::{Job, Limits, Typeset, Typesetter};
pub use export::Standard;
