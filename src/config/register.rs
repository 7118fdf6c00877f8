//! `[registers.…]`: the books in which an organisation gives its documents their numbers.
//!
//! Owns the keys and what is wrong with them. Decree 30/2020 (Điều 15, phụ lục IV) lets the head of a body decide how many
//! series there are; an ordinary one begins anew on 1 January. The numbers themselves are the store's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::FILE_NAME;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::say;

/// A register.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The name it is declared under.
    #[serde(skip)]
    pub key: String,
    /// What stands on its cover.
    #[serde(default)]
    pub title: String,
    /// `van-ban-di` or `khen-thuong`.
    pub kind: String,
    /// Whose it is; everybody's when it names no organisation.
    pub organisation: Option<String>,
    /// Templates whose documents, made in the name of that organisation, take their numbers here unless a batch says otherwise.
    #[serde(default)]
    pub templates: Vec<String>,
    /// `year`, `term` or `never`.
    #[serde(default = "yearly")]
    pub restart: String,
    /// The term, such as `2025-2030`, for `restart = "term"`.
    pub term: Option<String>,
    /// The number with which a series begins; above 1 where a book on paper is continued.
    #[serde(default = "one")]
    pub first: i64,
    /// Who keeps the originals (đơn vị, người nhận bản lưu).
    #[serde(default)]
    pub keeper: String,
}

/// What a register lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterKind {
    /// Documents that go out (sổ đăng ký văn bản đi).
    Outgoing,
    /// Awards (sổ khen thưởng).
    Awards,
}

const KINDS: [(&str, RegisterKind); 2] = [("van-ban-di", RegisterKind::Outgoing), ("khen-thuong", RegisterKind::Awards)];
const RESTARTS: [&str; 3] = ["year", "term", "never"];
/// The one period of a register that never begins anew.
const WHOLE: &str = "toan-bo";
/// The greatest number that a page has room for.
const FIRST_MAX: i64 = 999_999;

fn yearly() -> String {
    "year".into()
}

fn one() -> i64 {
    1
}

impl Register {
    /// What it lists.
    pub fn kind(&self) -> RegisterKind {
        KINDS.iter().find(|(name, _)| *name == self.kind).map_or(RegisterKind::Outgoing, |(_, kind)| *kind)
    }

    /// The period in which a document of `year` is numbered.
    pub fn period(&self, year: i16) -> String {
        match (self.restart.as_str(), &self.term) {
            ("term", Some(term)) => term.clone(),
            ("never", _) => WHOLE.to_owned(),
            _ => year.to_string(),
        }
    }

    /// Does the period depend on the document's date?
    pub fn is_yearly(&self) -> bool {
        self.restart == "year"
    }

    fn problems(&self, name: &str) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut wrong = |problem: Diagnostic| problems.push(problem.at(Place::File { file: FILE_NAME.into() }));
        let kinds = KINDS.map(|(kind, _)| kind);
        for (key, value, known) in [("kind", &self.kind, &kinds[..]), ("restart", &self.restart, &RESTARTS[..])] {
            if !known.contains(&value.as_str()) {
                let problem = say!("registers.{name}.{key} không nhận giá trị này", "registers.{name}.{key} does not take this value");
                let problem = Diagnostic::error("config-value", problem).with_value(value);
                wrong(match nearest(value, known.iter().copied()) {
                    Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                    None => problem.remedy(say!("chọn một trong: {}", "choose one of: {}", known.join(", "))),
                });
            }
        }
        if self.restart == "term" && self.term.as_deref().is_none_or(|term| term.trim().is_empty()) {
            let problem = say!("registers.{name}: restart = “term” cần term", "registers.{name}: restart = `term` needs a term");
            wrong(Diagnostic::error("config-value", problem).remedy(say!("ghi term = \"2025-2030\"", "write term = \"2025-2030\"")));
        }
        if !(1..=FIRST_MAX).contains(&self.first) {
            wrong(Diagnostic::error(
                "config-value",
                say!("registers.{name}.first phải từ 1 đến {FIRST_MAX}", "registers.{name}.first must be from 1 to {FIRST_MAX}"),
            ));
        }
        problems
    }
}

/// What is wrong with all of them.
pub(super) fn problems(registers: &BTreeMap<String, Register>) -> Vec<Diagnostic> {
    let mut problems: Vec<Diagnostic> = registers.iter().flat_map(|(name, register)| register.problems(name)).collect();
    // Each organisation may number the same kind of document in a book of its own.
    let mut owners: BTreeMap<(&str, Option<&str>), &str> = BTreeMap::new();
    for (name, register) in registers {
        for template in &register.templates {
            if let Some(other) = owners.insert((template, register.organisation.as_deref()), name) {
                let message = say!(
                    "mẫu “{template}” lấy số ở cả hai sổ “{other}” và “{name}”",
                    "template `{template}` takes numbers in both `{other}` and `{name}`"
                );
                problems.push(Diagnostic::error("config-value", message).at(Place::File { file: FILE_NAME.into() }));
            }
        }
    }
    problems
}
