//! `[schedules.NAME]`: what goes out by itself, when, from which data.
//!
//! Owns the keys and what is wrong with them as a whole: the rule, the source, the organisation, the pattern of the output
//! folder. Firing is the scheduler's, fetching the source's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Config, FILE_NAME};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::naming::file_stem;
use crate::say;
use crate::schedule::Schedule;
use crate::schedule::holidays::Calendar;
use crate::schedule::occurrence::{Misfire, Overlap};
use crate::schedule::recurrence::{WorkingDay, ZONE_DEFAULT};
use crate::source::{Pick, Source};

/// Longest name of a schedule.
const NAME_MAX: usize = 60;

/// What the pattern of an output folder may hold.
const PLACEHOLDERS: [&str; 6] = ["lich", "ngay", "gio", "nam", "thang", "tep"];

/// `[schedules.NAME]`: the keys of [`Schedule`], and what is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// See [`Schedule::cron`].
    pub cron: String,
    /// See [`Schedule::zone`].
    #[serde(default = "zone_default")]
    pub zone: String,
    /// See [`Schedule::working_day`].
    #[serde(default)]
    pub working_day: WorkingDay,
    /// See [`Schedule::misfire`].
    #[serde(default)]
    pub misfire: Misfire,
    /// See [`Schedule::overlap`].
    #[serde(default)]
    pub overlap: Overlap,
    /// See [`Schedule::max_lateness`].
    pub max_lateness: Option<String>,
    /// Template.
    pub template: String,
    /// Where the data comes from.
    pub source: Source,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Organisation of the workspace.
    pub organisation: Option<String>,
    /// Field → heading in the data, where they differ.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Values for all records.
    #[serde(default)]
    pub common: Map<String, Value>,
    /// Options of the template.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Folder of the documents, in the workspace: see [`Self::output_folder`].
    pub output: Option<String>,
    /// File-name pattern, when not the template's own.
    pub name: Option<String>,
    /// Also one PDF of all pages.
    #[serde(default)]
    pub merge: bool,
    /// Also a ZIP of all documents.
    #[serde(default)]
    pub zip: bool,
    /// Go on with the valid records when others are not.
    #[serde(default)]
    pub only_valid: bool,
    /// Register in which the documents take their numbers.
    pub register: Option<String>,
    /// Send the documents to their recipients.
    #[serde(default)]
    pub mail: bool,
    /// Without data there is nothing to report, and that is well; otherwise it is a failure.
    #[serde(default = "yes")]
    pub only_when_data: bool,
    /// Leave out a file that an earlier occurrence has reported, byte for byte.
    #[serde(default)]
    pub only_when_new: bool,
    /// Does it fire?
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn zone_default() -> String {
    ZONE_DEFAULT.to_owned()
}

fn yes() -> bool {
    true
}

impl ScheduleConfig {
    /// The timing part.
    pub fn timing(&self) -> Schedule {
        Schedule {
            cron: self.cron.clone(),
            zone: self.zone.clone(),
            working_day: self.working_day,
            misfire: self.misfire,
            overlap: self.overlap,
            max_lateness: self.max_lateness.clone(),
        }
    }

    /// The folder for the documents of one file at one slot: the pattern with the schedule's name (`{{lich}}`), day, hour,
    /// year and month of the slot in its zone (`{{ngay}}`, `{{gio}}`, `{{nam}}`, `{{thang}}`) and the file's name (`{{tep}}`).
    pub fn output_folder(&self, name: &str, slot: Timestamp, zone: &TimeZone, file: &str) -> PathBuf {
        let local = zone.to_datetime(slot);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let values = [
            name.to_owned(),
            local.date().to_string(),
            format!("{:02}{:02}", local.hour(), local.minute()),
            local.year().to_string(),
            format!("{:02}", local.month()),
            file_stem(stem),
        ];
        let mut path = self.pattern();
        for (placeholder, value) in PLACEHOLDERS.iter().zip(values) {
            path = path.replace(&format!("{{{{{placeholder}}}}}"), &value);
        }
        path.into()
    }

    /// Several files at one slot have a folder each.
    fn pattern(&self) -> String {
        let pattern = self.output.clone().unwrap_or_else(|| "ket-qua/{{lich}}-{{ngay}}".to_owned());
        let several = self.source.pick == Some(Pick::All) && !pattern.contains("{{tep}}");
        if several { pattern + "/{{tep}}" } else { pattern }
    }

    fn output_problems(&self) -> Vec<Diagnostic> {
        let pattern = self.pattern();
        let mut problems = Vec::new();
        for part in pattern.split("{{").skip(1) {
            let placeholder = part.split("}}").next().unwrap_or_default();
            if PLACEHOLDERS.contains(&placeholder) && part.contains("}}") {
                continue;
            }
            let list = PLACEHOLDERS.map(|known| format!("{{{{{known}}}}}")).join(", ");
            let problem = Diagnostic::error("schedule-output", say!("output không có chỗ điền này", "output has no such placeholder"))
                .with_value(format!("{{{{{placeholder}}}}}"));
            problems.push(match nearest(placeholder, PLACEHOLDERS) {
                Some(near) => problem.remedy(say!("có phải “{{{{{near}}}}}”?", "did you mean `{{{{{near}}}}}`?")),
                None => problem.remedy(say!("dùng được: {list}", "known: {list}")),
            });
        }
        let path = std::path::Path::new(&pattern);
        if path.is_absolute() || path.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
            let message = say!("output phải là thư mục bên trong nơi làm việc", "output must be a folder inside the workspace");
            problems.push(Diagnostic::error("schedule-output", message).with_value(&pattern));
        }
        problems
    }
}

impl Config {
    /// Everything that is wrong with schedules and what they use.
    pub(super) fn schedule_problems(&self) -> Vec<Diagnostic> {
        let mut problems = self.calendar.problems(FILE_NAME);
        problems.extend(self.fetch.problems());
        for (name, database) in &self.databases {
            problems.extend(database.problems(name));
        }
        for (name, schedule) in &self.schedules {
            problems.extend(self.problems_of_schedule(name, schedule));
        }
        problems
    }

    /// Everything that is wrong with one schedule and what it uses.
    pub fn problems_of_schedule(&self, name: &str, schedule: &ScheduleConfig) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let calendar = Arc::new(Calendar::new(&self.calendar));
        let place = Place::File { file: format!("{FILE_NAME} [schedules.{name}]") };
        if name.is_empty()
            || name.len() > NAME_MAX
            || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            let message = say!(
                "tên lịch chỉ gồm chữ thường không dấu, số và gạch nối",
                "a schedule's name has lower-case letters, digits and dashes only"
            );
            problems.push(Diagnostic::error("schedule-name", message).with_value(name).at(place.clone()));
        }
        problems.extend(schedule.timing().problems(FILE_NAME, name, &calendar));
        problems.extend(schedule.source.problems(name, &self.fetch, &self.databases));
        problems.extend(schedule.output_problems().into_iter().map(|problem| problem.at(place.clone())));
        if let Some(register) = &schedule.register
            && !self.registers.contains_key(register)
        {
            let message = say!("không có sổ này", "there is no such register");
            let problem = Diagnostic::error("register-unknown", message).with_value(register).at(place.clone());
            problems.push(match nearest(register, self.registers.keys().map(String::as_str)) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                None => problem.remedy(say!("khai báo [registers.{register}]", "declare [registers.{register}]")),
            });
        }
        if let Some(organisation) = &schedule.organisation
            && !self.organisations.contains_key(organisation)
        {
            let message = say!("không có tổ chức này", "there is no such organisation");
            let problem = Diagnostic::error("organisation-unknown", message).with_value(organisation).at(place);
            problems.push(match nearest(organisation, self.organisations.keys().map(String::as_str)) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                None => problem.remedy(say!("khai báo [organisations.{organisation}]", "declare [organisations.{organisation}]")),
            });
        }
        problems
    }
}
