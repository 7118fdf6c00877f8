//! All tests in one binary, because linking the typesetter is the largest cost.
//!
//! * `access`: passwords, one-time codes, tokens, how often something may be tried.
//! * `architecture`: the layers use only what stands before them.
//! * `award_workbook`: one workbook, four kinds of document, spelled and ordered alike.
//! * `bad_files`: the wrong data files of offices, with the whole of what is said in both languages.
//! * `bad_input`: each wrong input gets a clear error, and the rest is made.
//! * `batch`: killed runs continue, bytes repeat, outputs agree with each other.
//! * `batches`: held, given up, tried again, made again; workers that share one store.
//! * `command_line`: each command, its exit code, its languages, its JSON.
//! * `data`: every kind of data file, with its faults at their places.
//! * `delivery`: answers and their scope, schedules, the states of a delivery against an oracle.
//! * `demonstration`: the year of an association.
//! * `document_codes`: codes held against their type.
//! * `drafts`: files taken in, corrected at their cells, submitted once.
//! * `faults`: kills, full disks, lost databases, moved clocks; an independent checker after each.
//! * `fonts`: every letter of every bundled face; outlines survive the loss of hints.
//! * `library`: components of the page that only an own template uses.
//! * `lifecycle`: the states of batches and records against a graph and a model.
//! * `links`: signed links and signatures as texts.
//! * `lint`: finished PDFs held against the decree; every rule has a document that breaks it.
//! * `mail`: SMTP with scripted and real servers, relays of the configuration, bounces by IMAP.
//! * `mail_words`: the wording of messages, escaped for where it stands.
//! * `message`: addresses, MIME read back, return paths, delivery reports.
//! * `naming`: file names from any data.
//! * `operations`: operators are told, bounces are read, schedules on a moved clock, lists that change while they are made.
//! * `organisation`: its page within the decree, its people and pictures.
//! * `pages`: each template's first page, against a kept picture.
//! * `readme`: its commands, its files, its messages.
//! * `registers`: numbers of lists, by hand, in print.
//! * `schedule`: when schedules fire, against a stepped clock; the lunar calendar and days off; what becomes of missed slots.
//! * `sender`: from a list to the mailbox.
//! * `schedules`: schedules that run, on a moved clock and end to end.
//! * `service`: ready, asked, stopped; copied and restored; looked over.
//! * `source`: files, web addresses and queries that schedules read.
//! * `stock`: certificates on pre-printed stock.
//! * `store`: the office's memory, on both databases.
//! * `templates`: every template with its sample, read by programs that are not ours.
//! * `verification`: codes and signatures of certificates, read by another program; taken back, replaced, forged.
//! * `vietnamese`: the language.
//! * `web`: the pages over HTTP and in a browser, who may do what, what every answer says to browsers.
//! * `webhooks`: who is called by a running service, with what.
//! * `words`: wording, its functions and its faults.
//! * `workers`: deadlines, memory, quarantine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod architecture;
mod award_workbook;
mod bad_files;
mod bad_input;
mod batch;
mod batches;
mod command_line;
mod data;
mod delivery;
mod demonstration;
mod document_codes;
mod drafts;
mod faults;
mod fonts;
mod library;
mod lifecycle;
mod links;
mod lint;
mod mail;
mod mail_words;
mod message;
mod naming;
mod operations;
mod organisation;
mod pages;
mod readme;
mod registers;
mod schedule;
mod schedules;
mod sender;
mod service;
mod source;
mod stock;
mod store;
mod support;
mod templates;
mod verification;
mod vietnamese;
mod web;
mod webhooks;
mod words;
mod workers;
