//! What may happen to one message on its way: the server's replies, what they mean, when to try again, which states follow.
//!
//! Owns the values that the sender and the store decide with. Nothing here sends, waits or reads a clock: time and chance
//! are arguments.

pub mod backoff;
pub mod cause;
pub mod classify;
pub mod reply;
pub mod state;
