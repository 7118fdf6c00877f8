//! A schedule made by form: from the few choices of a page to the keys of `[schedules.NAME]`, tried before it is kept.
//!
//! Owns what the choices mean. A schedule that was made so stands in the office's memory beside those of the configuration,
//! and is carried out like them; only it can be taken away by a page.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::office::Office;
use super::schedules::Slot;
use super::{App, AppError};
use crate::access::Principal;
use crate::config::{FILE_NAME, ScheduleConfig};
use crate::diagnostic::{Diagnostic, nearest};
use crate::language::Text;
use crate::say;
use crate::scheduler::instant;
use crate::store::StoreError;
use crate::vietnamese::letters::fold;

/// Kinds of plans that the form offers.
pub const PLANS: [(&str, &str, &str); 7] = [
    ("ngay", "Hằng ngày", "Every day"),
    ("lam-viec", "Từ thứ Hai đến thứ Sáu", "Monday to Friday"),
    ("tuan", "Hằng tuần", "Every week"),
    ("thang", "Hằng tháng", "Every month"),
    ("quy", "Hằng quý (tháng 1, 4, 7, 10)", "Every quarter (January, April, July, October)"),
    ("nam", "Hằng năm", "Every year"),
    ("cron", "Biểu thức cron", "A cron expression"),
];

/// Schedules that are made by form, at most.
const MADE_MAX: usize = 200;

/// The fields of the form, as a browser sends them.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ScheduleForm {
    /// Its name as a person writes it; [`Self::key`] is made of it.
    pub name: String,
    /// Template.
    pub template: String,
    /// Pattern of the data files, inside the workspace.
    pub file: String,
    /// Which of several files.
    pub pick: String,
    /// One of [`PLANS`].
    pub plan: String,
    /// Hour and minute, `08:00`.
    pub time: String,
    /// Day of the week, 0 is Sunday.
    pub weekday: String,
    /// Day of the month, or `L` for the last.
    pub day: String,
    /// Month of the year.
    pub month: String,
    /// Five cron fields.
    pub cron: String,
    /// What happens on days off.
    pub working_day: String,
    /// Values for all records, one `field = value` a line.
    pub common: String,
    /// Send the documents.
    pub mail: Option<String>,
    /// Also one PDF of all pages.
    pub merge: Option<String>,
    /// Leave out a file that was reported.
    pub only_new: Option<String>,
    /// The button that was pressed.
    pub viec: String,
}

impl ScheduleForm {
    /// What stands in an empty form.
    pub fn fresh() -> Self {
        let own = |text: &str| text.to_owned();
        Self {
            file: own("du-lieu/*.xlsx"),
            pick: own("newest"),
            plan: own("thang"),
            time: own("08:00"),
            weekday: own("1"),
            day: own("1"),
            month: own("1"),
            working_day: own("next"),
            only_new: Some(own("on")),
            ..Self::default()
        }
    }

    /// What the schedule is kept under: the name's letters and digits without marks, joined by dashes.
    pub fn key(&self) -> String {
        let folded = fold(&self.name);
        let parts = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("-")
    }

    /// Was it sent to be saved, not only to be looked at?
    pub fn is_final(&self) -> bool {
        self.viec == "luu"
    }

    fn cron(&self) -> Result<String, Diagnostic> {
        if self.plan == "cron" {
            return Ok(self.cron.trim().to_owned());
        }
        let time: Option<(u8, u8)> =
            self.time.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.get(..2)?.parse().ok()?)));
        let Some((hour @ 0..24, minute @ 0..60)) = time else {
            return Err(Diagnostic::error("schedule-time", say!("không phải giờ và phút", "is no hour and minute"))
                .with_value(&self.time)
                .remedy(say!("ghi như 08:00", "write it as 08:00")));
        };
        let (day, month, weekday) = (self.day.trim(), self.month.trim(), self.weekday.trim());
        Ok(match self.plan.as_str() {
            "ngay" => format!("{minute} {hour} * * *"),
            "lam-viec" => format!("{minute} {hour} * * 1-5"),
            "tuan" => format!("{minute} {hour} * * {weekday}"),
            "quy" => format!("{minute} {hour} {day} 1,4,7,10 *"),
            "nam" => format!("{minute} {hour} {day} {month} *"),
            _ => format!("{minute} {hour} {day} * *"),
        })
    }

    fn common(&self) -> Result<Map<String, Value>, Vec<Diagnostic>> {
        let mut values = Map::new();
        let mut problems = Vec::new();
        for line in self.common.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once('=').map(|(field, value)| (field.trim(), value.trim())) {
                Some((field, value)) if !field.is_empty() => {
                    values.insert(field.to_owned(), value.into());
                }
                _ => problems.push(
                    Diagnostic::error(
                        "common-line",
                        say!("dòng này không có dạng trường = giá trị", "the line is not of the form field = value"),
                    )
                    .with_value(line)
                    .remedy(say!("ví dụ: so_quyet_dinh = 12/QĐ-HKH", "for example: so_quyet_dinh = 12/QĐ-HKH")),
                ),
            }
        }
        if problems.is_empty() { Ok(values) } else { Err(problems) }
    }

    /// The keys of `[schedules.NAME]`.
    fn keys(&self, organisation: Option<&str>) -> Result<Value, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let cron = self.cron().map_err(|problem| problems.push(problem)).unwrap_or_default();
        let common = self.common().map_err(|found| problems.extend(found)).unwrap_or_default();
        if !problems.is_empty() {
            return Err(problems);
        }
        let file = self.file.trim();
        let mut source = json!({ "file": file });
        if file.contains(['*', '?']) {
            source["pick"] = self.pick.as_str().into();
        }
        let mut keys = json!({
            "cron": cron, "working_day": self.working_day, "template": self.template, "source": source, "common": common,
            "merge": self.merge.is_some(), "mail": self.mail.is_some(), "only_when_new": self.only_new.is_some(),
        });
        if let Some(organisation) = organisation {
            keys["organisation"] = organisation.into();
        }
        Ok(keys)
    }
}

impl App {
    /// Every schedule: those of the configuration, and those made by form.
    pub(super) async fn known_schedules(&self, office: &Office) -> Result<BTreeMap<String, ScheduleConfig>, AppError> {
        let mut known = self.workspace.config.schedules.clone();
        for made in office.store.made_schedules().await? {
            // One that a later version made, or that the configuration names too, is the configuration's.
            if let Ok(config) = serde_json::from_str(&made.config) {
                known.entry(made.name).or_insert(config);
            }
        }
        Ok(known)
    }

    /// When a schedule of this form would fire: the rule in words, its zone, the next slots. Nothing is kept.
    pub async fn try_schedule(
        &self,
        office: &Office,
        asker: &Principal,
        form: &ScheduleForm,
        next: usize,
    ) -> Result<(Text, TimeZone, Vec<Slot>), AppError> {
        let (config, _) = self.read_form(office, asker, form).await?;
        let (rule, _) = config.timing().read(FILE_NAME, &form.key(), &self.calendar())?;
        let now = instant(office.store.now().await?);
        let slots = rule.after(now).take(next).map(|at| Slot { at, moved_from: rule.moved_from(at) }).collect();
        Ok((rule.describe(), rule.zone().clone(), slots))
    }

    /// Makes a schedule of the form; its name.
    pub async fn create_schedule(&self, office: &Office, asker: &Principal, form: &ScheduleForm) -> Result<String, AppError> {
        let (_, keys) = self.read_form(office, asker, form).await?;
        let name = form.key();
        if !office.store.make_schedule(&name, &keys.to_string(), &asker.name).await? {
            return Err(AppError::Input(vec![taken(&name)]));
        }
        Ok(name)
    }

    /// Takes a schedule away that was made by form; its history stays.
    pub async fn remove_schedule(&self, office: &Office, name: &str, actor: &str) -> Result<(), AppError> {
        if self.workspace.config.schedules.contains_key(name) {
            return Err(StoreError::Refused { what: format!("schedule {name}"), state: format!("declared in {FILE_NAME}") }.into());
        }
        Ok(office.store.unmake_schedule(name, actor).await?)
    }

    async fn read_form(&self, office: &Office, asker: &Principal, form: &ScheduleForm) -> Result<(ScheduleConfig, Value), AppError> {
        let name = form.key();
        let name = name.as_str();
        let mut problems = Vec::new();
        let known = self.known_schedules(office).await?;
        if known.contains_key(name) {
            problems.push(taken(name));
        }
        if known.len() >= MADE_MAX {
            problems.push(Diagnostic::error("schedule-count", say!("đã có quá nhiều lịch", "there are too many schedules")));
        }
        let templates: Vec<String> = self.catalog.entries().into_iter().map(|entry| entry.name).collect();
        if !templates.contains(&form.template) {
            let problem = Diagnostic::error(
                "template-unknown",
                say!("chưa chọn mẫu, hoặc không có mẫu này", "no template is chosen, or there is no such one"),
            )
            .with_value(&form.template);
            problems.push(match nearest(&form.template, templates.iter().map(String::as_str)) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                None => problem,
            });
        }
        // The configuration may name any file of the machine; a page may not.
        let file = std::path::Path::new(form.file.trim());
        if !file.components().all(|part| matches!(part, std::path::Component::Normal(_))) || file.as_os_str().is_empty() {
            problems.push(
                Diagnostic::error("schedule-file", say!("phải là tệp bên trong nơi làm việc", "must be a file inside the workspace"))
                    .with_value(&form.file)
                    .remedy(say!("ví dụ: du-lieu/*.xlsx", "for example: du-lieu/*.xlsx")),
            );
        }
        let organisation = self.own_organisation(None, asker)?;
        let keys = match form.keys(organisation.as_deref()) {
            Ok(keys) => keys,
            Err(found) => {
                problems.extend(found);
                return Err(problems.into());
            }
        };
        let config: ScheduleConfig = match serde_json::from_value(keys.clone()) {
            Ok(config) => config,
            Err(_) => {
                problems
                    .push(Diagnostic::error("schedule-form", say!("biểu mẫu gửi lên không đúng", "the form was not sent as it should be")));
                return Err(problems.into());
            }
        };
        let mut found = self.workspace.config.problems_of_schedule(name, &config);
        // What stands in a form has no line in a file.
        found.iter_mut().for_each(|problem| problem.place = None);
        problems.extend(found);
        if problems.is_empty() { Ok((config, keys)) } else { Err(problems.into()) }
    }
}

fn taken(name: &str) -> Diagnostic {
    Diagnostic::error("schedule-taken", say!("đã có lịch tên này", "there is a schedule of this name"))
        .with_value(name)
        .remedy(say!("chọn tên khác", "choose another name"))
}
