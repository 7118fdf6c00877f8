//! The table of a draft as a page shows it: rows as in the sheet, with what is wrong at each cell.
//!
//! Owns which rows, columns and errors are shown. The rows themselves are `table`'s.

use super::located::{Located, Wrong};
use super::{Asker, Draft};
use crate::app::office::Office;
use crate::app::{App, AppError};
use crate::data::COMMON_SHEET;
use crate::data::transcript::{self, Line};
use crate::diagnostic::{Diagnostic, column_letters};
use crate::store::draft_rows::Window;
use crate::template::contract::Contract;

/// Most columns that a page shows.
const COLUMNS_SHOWN: usize = 60;
/// Errors that are listed above the sheet.
const WRONG_SHOWN: usize = 8;
/// Rows of a sheet in which its headings are looked for.
const HEADINGS_WITHIN: u32 = 20;
/// The field of the word before a person's name, and the value for a person, by the names of all templates.
const FORM_OF_ADDRESS: &str = "danh_xung";
const PERSON: &str = "Cá nhân";

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
impl App {
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
