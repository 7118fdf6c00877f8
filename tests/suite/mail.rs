//! Relays, conversations, folders and mailboxes.

mod conversation;
mod relay;
mod servers;
