//! The table of a draft: taking a file in, showing its rows as the sheet does, correcting a cell.
//!
//! Owns the way from an upload to rows in the store and from there to the file that checks and the batch read. Places are
//! those of the file that was handed in, whatever was corrected.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::located::{Located, Wrong};
use super::{Asker, Draft, TABLES_FOLDER};
use crate::app::office::Office;
use crate::app::{App, AppError};
use crate::data::COMMON_SHEET;
use crate::data::transcript::{self, Line};
use crate::diagnostic::{Diagnostic, column_letters};
use crate::intake::{Intake, Settings};
use crate::say;
use crate::storage::{StorageError, hash_file};
use crate::store::StoreError;
use crate::store::draft_rows::{DraftRow, DraftSheet, Window};
use crate::template::contract::Contract;

/// Rows that are written to the store at once.
const GROUP: usize = 1_000;
/// The file of a table.
const TABLE_FILE: &str = "bang.jsonl";
/// Most columns that a page shows.
const COLUMNS_SHOWN: usize = 60;
/// Errors that are listed above the sheet.
const WRONG_SHOWN: usize = 8;
/// Rows of a sheet in which its headings are looked for.
const HEADINGS_WITHIN: u32 = 20;
/// The field of the word before a person's name, and the value for a person, by the names of all templates.
const FORM_OF_ADDRESS: &str = "danh_xung";
const PERSON: &str = "Cá nhân";
/// Longest correction, in characters: Excel's own limit.
const TEXT_MAX: usize = 32_767;

/// A sheet of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its place in the file, from 0.
    pub index: u32,
    /// Its name; empty for a file without sheets.
    pub name: String,
    /// Is it hidden?
    pub hidden: bool,
    /// Rows that hold something.
    pub rows: u64,
}

/// A column of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// `A`, `B`, …; for JSON the title of the field.
    pub name: String,
    /// What its heading says; empty where it has none.
    pub heading: String,
    /// Does it hold what a record is recognised by?
    pub is_label: bool,
}

/// A cell of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What it holds.
    pub text: String,
    /// Was it corrected here?
    pub corrected: bool,
    /// Can it be?
    pub editable: bool,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
}

/// A row of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Row of the sheet, or line, or number of the record.
    pub number: u64,
    /// Does it hold the headings?
    pub heading: bool,
    /// Was it left out here?
    pub left_out: bool,
    /// Its cells, one for each column.
    pub cells: Vec<Cell>,
    /// What is wrong with the row, but with none of its cells.
    pub problems: Vec<Diagnostic>,
}

/// What of a sheet is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Rows from a number on.
    From(u64),
    /// The last rows before a number.
    Before(u64),
    /// Only the rows with problems, from a number on, under the headings.
    Problems(u64),
}

/// A required column that the sheet does not have, with the ways to make up for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The field.
    pub field: String,
    /// Its heading.
    pub title: String,
    /// What it means.
    pub description: String,
    /// The values that it may have, where they are counted.
    pub choices: Vec<String>,
    /// The value that is likely for all rows.
    pub likely: Option<String>,
    /// The heading that is likely meant.
    pub near: Option<String>,
}

/// A part of a sheet.
#[derive(Debug, Clone)]
pub struct Page {
    /// The sheets of the file.
    pub sheets: Vec<Sheet>,
    /// The one that is shown.
    pub sheet: u32,
    /// The one that is read as the list, when there is one.
    pub read: Option<u32>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Columns that are wrong and stand beyond those that are shown, by their letters.
    pub beyond: Vec<String>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Are there rows before these, and after them?
    pub more: (bool, bool),
    /// The first errors of the sheet, wherever they stand.
    pub wrong: Vec<Wrong>,
    /// What is wrong elsewhere: with the file, other sheets, common values, options.
    pub elsewhere: Vec<Diagnostic>,
    /// Its required columns that are missing.
    pub missing: Vec<Missing>,
    /// Its headings that name no field.
    pub free: Vec<String>,
}

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The sheet's place in the file.
    pub sheet: u32,
    /// The row's number.
    pub row: u64,
    /// Columns, from 0, with what their cells are to hold; none leaves the whole row out.
    pub cells: Option<Vec<(u32, String)>>,
}

impl App {
    /// Takes the file at `path`, which its owner calls `name`, in as the table of a draft, instead of the one before.
    pub async fn upload(
        &self,
        office: &Arc<Office>,
        asker: Asker<'_>,
        id: &str,
        revision: u64,
        path: &Path,
        name: &str,
    ) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        if !draft.is_open() {
            return Err(StoreError::Refused { what: format!("draft {id}"), state: draft.state.to_string() }.into());
        }
        if draft.revision != revision {
            return Err(StoreError::Stale { what: format!("draft {id}") }.into());
        }
        let upload = office.store.begin_upload(id).await?;
        let taken = self.take_in(office, &draft, upload, path, name).await;
        let adopted = match taken {
            Ok(head) => {
                let sha256 = hash_file(path)?.unwrap_or_default();
                let act = draft.act(asker, revision, "draft.upload");
                office.store.adopt_upload(act, upload, &head, &sha256).await.map_err(AppError::from)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = adopted {
            office.store.abandon_upload(id, upload).await?;
            return Err(error);
        }
        self.settled(office, asker, id).await
    }

    /// SHA-256 of a file that was handed in, as a draft tells it of its own.
    pub async fn digest_of(path: &Path) -> Result<String, AppError> {
        let path = path.to_owned();
        super::aside(move || Ok(hash_file(&path)?.unwrap_or_default())).await
    }

    /// Reads a file in a child process into the rows of an upload; the line of its head.
    async fn take_in(&self, office: &Office, draft: &Draft, upload: i64, path: &Path, name: &str) -> Result<String, AppError> {
        let template = self.template(&draft.template)?;
        let contract = &template.contract;
        let limits = self.workspace.config.limits.to_limits();
        let settings = Settings::new(self.program.clone());
        let mut intake = Intake::start(&settings, path, name, crate::data::column_names(contract), limits).await?;
        let (mut head, mut sheets, mut rows) = (None, Vec::<DraftSheet>::new(), Vec::new());
        while let Some(line) = intake.next().await? {
            let text = line.to_text();
            match line {
                Line::Head(_) => head = Some(text),
                Line::Sheet(_) => {
                    sheets.push(DraftSheet { sheet: sheets.len() as i64, content: text, fault: None, rows: 0 });
                }
                Line::Row(row) => {
                    let Some(sheet) = sheets.last_mut() else { continue };
                    sheet.rows += 1;
                    rows.push(DraftRow { sheet: sheet.sheet, number: row.number, content: text });
                }
                Line::Fault(_) => {
                    if let Some(sheet) = sheets.last_mut() {
                        sheet.fault = Some(text);
                    }
                }
            }
            if rows.len() >= GROUP {
                office.store.add_to_upload(&draft.id, upload, &[], &rows).await?;
                rows.clear();
            }
        }
        office.store.add_to_upload(&draft.id, upload, &sheets, &rows).await?;
        head.ok_or(AppError::Damaged { what: "table" })
    }

    /// Corrects cells of a row, or leaves it out. A cell that holds the very text already is left alone, with its kind.
    pub async fn correct(
        &self,
        office: &Arc<Office>,
        asker: Asker<'_>,
        id: &str,
        revision: u64,
        correction: &Correction,
    ) -> Result<Draft, AppError> {
        let draft = self.draft(office, asker, id).await?;
        let Correction { sheet, row, cells } = correction;
        let window = Window::At(std::slice::from_ref(row));
        let found = office.store.draft_rows(id, draft.upload, i64::from(*sheet), window, 1).await?;
        let Some(before) = found.into_iter().next() else {
            return Err(StoreError::Unknown { what: format!("row {row} of draft {id}") }.into());
        };
        let mut after = transcript::Row::parse(&before.content).ok_or(AppError::Damaged { what: "table" })?;
        match cells {
            None => after.clear(),
            Some(cells) => {
                let template = self.template(&draft.template)?;
                let contract = &template.contract;
                let is_json = draft.file.as_ref().is_some_and(|file| file.form.is_json());
                let columns_max = self.workspace.config.limits.columns;
                let mut changed = false;
                for (column, text) in cells {
                    let unknown = || StoreError::Unknown { what: format!("cell {column} of row {row}") };
                    if text.chars().count() > TEXT_MAX || *column >= columns_max {
                        return Err(too_long(text).into());
                    }
                    let index = *column as usize;
                    if is_json && index >= contract.fields.len() {
                        return Err(unknown().into());
                    }
                    let shown = if is_json { after.shown_field(&contract.fields, index).0 } else { after.shown(index) };
                    if shown.trim() == text.trim() {
                        continue;
                    }
                    changed = true;
                    if !is_json {
                        after.correct(index, text);
                    } else if !after.correct_field(&contract.fields, index, text) {
                        return Err(unknown().into());
                    }
                }
                if !changed {
                    return Ok(draft);
                }
            }
        }
        let action = if cells.is_some() { "draft.correct" } else { "draft.leave-out" };
        office.store.correct_draft_row(draft.act(asker, revision, action), draft.upload, &before, &after.to_text()).await?;
        self.settled(office, asker, id).await
    }

    /// A part of a sheet with what is wrong at each cell. Without a sheet, the one that is read.
    pub async fn table_page(
        &self,
        office: &Office,
        asker: Asker<'_>,
        id: &str,
        sheet: Option<u32>,
        shown: Shown,
        limit: u32,
    ) -> Result<Page, AppError> {
        let draft = self.draft(office, asker, id).await?;
        let mut sheets = Vec::new();
        for kept in office.store.draft_sheets(id, draft.upload).await? {
            let Some(Line::Sheet(line)) = Line::parse(&kept.content) else { return Err(AppError::Damaged { what: "table" }) };
            let index = u32::try_from(kept.sheet).unwrap_or_default();
            sheets.push(Sheet { index, name: line.name, hidden: line.hidden, rows: kept.rows });
        }
        let read = draft.checked.as_ref().and_then(|checked| checked.sheet_read()).or(draft.request.sheet.as_deref());
        let read = read.and_then(|name| sheets.iter().find(|sheet| sheet.name == name)).map(|sheet| sheet.index);
        let visible = || sheets.iter().find(|sheet| !sheet.hidden && sheet.rows > 0).map(|sheet| sheet.index);
        let index = sheet.filter(|index| sheets.iter().any(|sheet| sheet.index == *index)).or(read).or_else(visible).unwrap_or_default();
        let own = sheets.iter().find(|sheet| sheet.index == index);
        let template = self.template(&draft.template)?;
        let contract = &template.contract;
        let mut page = Page {
            sheets: sheets.clone(),
            sheet: index,
            read,
            columns: Vec::new(),
            beyond: Vec::new(),
            rows: Vec::new(),
            more: (false, false),
            wrong: Vec::new(),
            elsewhere: Vec::new(),
            missing: Vec::new(),
            free: Vec::new(),
        };
        let Some(own) = own else {
            page.elsewhere = draft.checked.as_ref().map(|checked| checked.diagnostics.clone()).unwrap_or_default();
            return Ok(page);
        };
        let guessed = self.headings(office, &draft, own, contract).await?;
        let located = Located::of(&draft, own, contract, &guessed.1);
        // A file without sheets has nothing else to read.
        let is_read = own.name.is_empty() || read == Some(index);
        let checked = draft.checked.as_ref().filter(|checked| is_read && !checked.columns.is_empty());
        let heading = checked.and_then(|checked| checked.heading_row).or(guessed.0);
        let headings = checked.map_or(guessed.1.as_slice(), |checked| checked.columns.as_slice());
        let numbers: Vec<u64>;
        let (window, limit) = match shown {
            Shown::From(from) => (Window::From(from), limit),
            Shown::Before(before) => (Window::Before(before), limit),
            Shown::Problems(from) => {
                let with_problems = located.rows().into_iter().filter(|row| *row >= from && Some(*row) != heading).take(limit as usize);
                numbers = heading.into_iter().chain(with_problems).collect();
                (Window::At(&numbers), limit + 1)
            }
        };
        let rows = office.store.draft_rows(id, draft.upload, i64::from(index), window, limit).await?;
        let at = |window, limit| office.store.draft_rows(id, draft.upload, i64::from(index), window, limit);
        if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
            page.more = match shown {
                Shown::Problems(_) => (false, located.rows().last().is_some_and(|row| *row > last.number)),
                _ => (!at(Window::Before(first.number), 1).await?.is_empty(), !at(Window::From(last.number + 1), 1).await?.is_empty()),
            };
        }
        let parsed: Vec<transcript::Row> = rows.iter().filter_map(|row| transcript::Row::parse(&row.content)).collect();
        let is_json = draft.file.as_ref().is_some_and(|file| file.form.is_json());
        let width = if is_json {
            contract.fields.len()
        } else {
            parsed.iter().map(transcript::Row::width).max().unwrap_or_default().max(located.width()).min(COLUMNS_SHOWN)
        };
        let label = contract.duplicate_key.first().and_then(|key| contract.fields.iter().position(|field| field.name == *key));
        if !is_json {
            page.beyond = located.columns_from(width as u32).into_iter().map(column_letters).collect();
        }
        page.columns = (0..width)
            .map(|column| {
                if is_json {
                    return Column { name: contract.fields[column].title.clone(), heading: String::new(), is_label: label == Some(column) };
                }
                let heading =
                    headings.iter().find(|(_, at)| *at as usize == column).map(|(heading, _)| heading.clone()).unwrap_or_default();
                let is_label = label.is_some() && crate::data::field_named(&heading, &contract.fields) == label;
                Column { name: column_letters(column as u32), heading, is_label }
            })
            .collect();
        page.rows = parsed
            .iter()
            .map(|row| Row {
                number: row.number,
                heading: heading == Some(row.number),
                left_out: row.is_cleared(),
                cells: (0..width)
                    .map(|column| {
                        let (text, editable) = if is_json { row.shown_field(&contract.fields, column) } else { (row.shown(column), true) };
                        let problems = located.at(row.number, Some(column as u32));
                        Cell { text, corrected: row.is_corrected(column), editable: editable && draft.is_open(), problems }
                    })
                    .collect(),
                problems: located.at(row.number, None),
            })
            .collect();
        let known = |heading: &str| crate::data::field_named(heading, &contract.fields).map(|field| contract.fields[field].name.as_str());
        let is_chosen = |heading: &String| draft.request.columns.values().any(|chosen| chosen == heading);
        let named = || headings.iter().map(|(heading, _)| heading).filter(|heading| !heading.is_empty());
        page.free = named().filter(|heading| known(heading).is_none() && !is_chosen(heading)).cloned().collect();
        page.missing = located.missing.iter().filter_map(|problem| missing(problem, contract, &named().collect::<Vec<_>>())).collect();
        page.wrong = located.errors().take(WRONG_SHOWN).collect();
        page.elsewhere = located.elsewhere;
        Ok(page)
    }

    /// The first row of a sheet in which two cells name fields, with its headings: for a check that refused the file before it
    /// told them. A text file begins with them.
    async fn headings(
        &self,
        office: &Office,
        draft: &Draft,
        sheet: &Sheet,
        contract: &Contract,
    ) -> Result<(Option<u64>, Vec<(String, u32)>), AppError> {
        let is_json = draft.file.as_ref().is_some_and(|file| file.form.is_json());
        if is_json || sheet.name == COMMON_SHEET || draft.checked.as_ref().is_none_or(|checked| !checked.columns.is_empty()) {
            return Ok((None, Vec::new()));
        }
        let looked_at = if sheet.name.is_empty() { 1 } else { HEADINGS_WITHIN };
        let rows = office.store.draft_rows(&draft.id, draft.upload, i64::from(sheet.index), Window::From(0), looked_at).await?;
        for row in rows.iter().filter_map(|row| transcript::Row::parse(&row.content)) {
            let headings: Vec<(String, u32)> =
                (0..row.width()).zip(0..).map(|(column, index)| (row.shown(column).trim().to_owned(), index)).collect();
            let known = headings.iter().filter(|(heading, _)| crate::data::field_named(heading, &contract.fields).is_some()).count();
            if sheet.name.is_empty() || known >= 2 {
                return Ok((Some(row.number), headings));
            }
        }
        Ok((None, Vec::new()))
    }

    /// The file of a draft's table as it stands, written when it is not there yet. It is kept for the batch.
    pub(super) async fn table_file(&self, office: &Office, draft: &Draft) -> Result<PathBuf, AppError> {
        let folder = office.root().join(TABLES_FOLDER).join(&draft.id);
        let own = folder.join(draft.table_revision.to_string());
        let path = own.join(TABLE_FILE);
        if path.exists() {
            return Ok(path);
        }
        std::fs::create_dir_all(&own).map_err(StorageError::write(&own))?;
        // Two may write it at once: each its own, and the last one stays.
        let temporary = own.join(format!("{}.tmp", office.store.new_id().await?));
        let kept = office.store.draft(&draft.id).await?;
        let mut file = BufWriter::new(std::fs::File::create(&temporary).map_err(StorageError::write(&temporary))?);
        let mut line = |text: &str| writeln!(file, "{text}").map_err(StorageError::write(&temporary));
        line(kept.head.as_deref().unwrap_or_default())?;
        for sheet in office.store.draft_sheets(&draft.id, draft.upload).await? {
            line(&sheet.content)?;
            let mut from = 0;
            loop {
                let rows = office.store.draft_rows(&draft.id, draft.upload, sheet.sheet, Window::From(from), GROUP as u32).await?;
                let Some(last) = rows.last() else { break };
                from = last.number + 1;
                for row in &rows {
                    line(&row.content)?;
                }
            }
            if let Some(fault) = &sheet.fault {
                line(fault)?;
            }
        }
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(StorageError::write(&temporary))?;
        drop(file);
        // Somebody may have corrected a cell between two pages of rows.
        if office.store.draft(&draft.id).await?.table_revision != draft.table_revision {
            std::fs::remove_file(&temporary).map_err(StorageError::write(&temporary))?;
            return Err(StoreError::Stale { what: format!("draft {}", draft.id) }.into());
        }
        std::fs::rename(&temporary, &path).map_err(StorageError::write(&path))?;
        crate::storage::sync_folder(&own)?;
        for entry in std::fs::read_dir(&folder).map_err(StorageError::read(&folder))?.flatten() {
            if entry.path() != own {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        Ok(path)
    }
}

/// The field of a missing column, with what is likely meant. Whoever is addressed as Ông or Bà is a person.
fn missing(problem: &Diagnostic, contract: &Contract, headings: &[&String]) -> Option<Missing> {
    let field = contract.fields.iter().find(|field| problem.message.vi.contains(&format!("“{}”", field.title)))?;
    let near =
        headings.iter().find(|heading| problem.remedy.as_ref().is_some_and(|remedy| remedy.vi.contains(&format!("cột “{heading}”"))));
    let is_of_people = headings.iter().any(|heading| {
        crate::data::field_named(heading, &contract.fields).is_some_and(|field| contract.fields[field].name == FORM_OF_ADDRESS)
    });
    Some(Missing {
        field: field.name.clone(),
        title: field.title.clone(),
        description: field.description.clone(),
        choices: field.choices.clone(),
        likely: field.choices.iter().find(|choice| is_of_people && *choice == PERSON).cloned(),
        near: near.map(|heading| (*heading).clone()),
    })
}

fn too_long(text: &str) -> Vec<Diagnostic> {
    vec![
        Diagnostic::error("cell-too-long", say!("một ô không chứa được chừng này chữ", "a cell does not hold as much text"))
            .with_value(text)
            .remedy(say!("viết ngắn lại", "make it shorter")),
    ]
}
