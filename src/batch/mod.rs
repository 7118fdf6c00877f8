//! A batch: from a data file and a template to a folder of finished documents.
//!
//! Owns the two phases. [`plan`] reads and checks every row before anything renders and spools the accepted records;
//! [`run`] renders them, publishes each document whole, and keeps a journal so that a killed run continues. What is made
//! beside the documents (merged file, archive, manifest, report) is [`outputs`].

pub mod journal;
pub mod merge;
pub mod order;
pub mod outputs;
pub mod plan;
pub mod request;
pub mod run;
pub mod spool;

pub use order::Order;
pub use plan::{Plan, Planned};
pub use request::Request;
pub use run::{Counts, Progress, RunError, Summary};
