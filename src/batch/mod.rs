//! A batch: from a data file and a template to a folder of finished documents.
//!
//! Owns the two phases. [`plan`] reads and checks every row before anything renders; what it accepts goes to the store with
//! the [`setting`] that all records share. [`run`] renders the records, makes each document last and commits what became of it, so
//! that whoever is killed is followed by whoever comes next. [`shelf`] is the folder in which a person finds the
//! documents, [`outputs`] what is made beside them (merged file, archive, manifest, report),
//! [`supplement`] what corrected rows must know of the rest of their list.

pub mod addressed;
pub mod entry;
mod forms;
pub mod merge;
pub mod numbering;
pub mod order;
pub mod outcome;
pub mod outputs;
pub mod plan;
pub mod planned;
pub mod proven;
pub mod request;
pub mod run;
pub mod setting;
pub mod shelf;
pub mod supplement;
pub mod turns;

pub use order::Order;
pub use outcome::{Counts, Summary};
pub use plan::Plan;
pub use planned::Planned;
pub use request::Request;
pub use run::{Progress, RunError};
