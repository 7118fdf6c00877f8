//! Sources of schedules: what is read, what is refused, what it may cost.

mod addresses;
mod configuration;
mod databases;
mod files;
mod web;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use vanthu::language::Language;
use vanthu::source::{Access, Database, Fetched, Limits, Resolve, Resolving, Source, SourceError, Web};

use crate::support::Office;

/// A workspace with what its sources may use.
struct Desk {
    office: Office,
    web: Web,
    databases: BTreeMap<String, Database>,
    environment: BTreeMap<String, String>,
    hosts: Hosts,
    limits: Limits,
}

/// A resolver that knows what it was told; each host's answers come in turn, the last one again and again.
#[derive(Default)]
struct Hosts {
    answers: BTreeMap<String, Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Resolve for Hosts {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        let turn = self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answers.get(host).map(|answers| answers[turn.min(answers.len() - 1)].clone());
        Box::pin(async move { answer.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

impl Desk {
    fn new() -> Self {
        let limits = Limits { settled: Duration::ZERO, ..Limits::default() };
        Self {
            office: Office::new(),
            web: Web::default(),
            databases: BTreeMap::new(),
            environment: BTreeMap::new(),
            hosts: Hosts::default(),
            limits,
        }
    }

    /// Gives a host its addresses, one answer for each time it is asked.
    fn host(&mut self, name: &str, answers: &[&str]) {
        self.hosts.answers.insert(name.into(), answers.iter().map(|address| vec![address.parse().unwrap()]).collect());
    }

    /// Fetches a source, written as in `vanthu.toml`, into the folder `batch`.
    fn fetch(&self, source: &str) -> Result<Vec<Fetched>, SourceError> {
        let source: Source = toml::from_str(source).unwrap();
        let environment = |name: &str| self.environment.get(name).cloned();
        let access = Access {
            workspace: &self.office.path,
            web: &self.web,
            databases: &self.databases,
            environment: &environment,
            resolver: &self.hosts,
            limits: self.limits,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(source.fetch(&access, &self.office.path.join("batch")))
    }

    /// Fetches a source that must not be had: whether it may be later, and what is said in Vietnamese.
    fn refused(&self, source: &str) -> (bool, String) {
        let error = self.fetch(source).expect_err(source);
        assert_eq!(self.kept(), [""; 0], "a failed fetch leaves nothing");
        let said = error.describe();
        assert!(!said.in_language(Language::English).is_empty());
        (error.is_transient(), said.in_language(Language::Vietnamese).to_owned())
    }

    /// The files of the snapshot as they lie on the disk, hidden ones too.
    fn kept(&self) -> Vec<String> {
        let entries = fs::read_dir(self.office.path.join("batch")).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A fault that time may mend.
fn later(text: &str) -> (bool, String) {
    (true, text.into())
}

/// A fault that a person must mend.
fn never(text: &str) -> (bool, String) {
    (false, text.into())
}

/// The content of a snapshot of one file.
fn content(fetched: &[Fetched]) -> String {
    let [one] = fetched else { panic!("{} files", fetched.len()) };
    fs::read_to_string(&one.path).unwrap()
}
