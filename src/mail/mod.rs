//! The doors to the mail: SMTP relays, a folder of `.eml` files, the mailbox that bounces come back to.
//!
//! Owns the outside of a delivery. What an answer means is `delivery`'s, what a message looks like is `message`'s; which
//! message goes when, and every state in the database, is the sender's.

pub mod conversation;
pub mod dns;
pub mod folder;
pub mod mailbox;
pub mod probe;
pub mod relay;
pub mod secret;
pub mod tls;
mod wire;
