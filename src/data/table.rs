//! From the rows of one sheet or text file to items with a value for each matched field.
//!
//! Owns [`Table`]: it looks for the row of headings, buffers the first rows to recognise legacy text, then converts
//! row by row and keeps nothing. What the row of headings says is [`super::head`]'s; making records of the items is
//! [`super::list`]'s and [`super::form`]'s work.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::cell::{Flow, SourceRow};
use super::convert::Converter;
use super::footer::{Footer, Ruled};
use super::head::{Head, Purpose, Settled};
use super::legacy_text::{self, Decoder, Finding, Told};
use super::limits::Limits;
use super::merged::{self, Merged};
use super::notices::Notices;
use super::ods_extent::Area;
use super::original::Original;
use super::places::Layout;
use crate::diagnostic::{Diagnostic, column_letters};
use crate::say;
use crate::vietnamese::number;

/// Rows searched for the headings: lists often carry a title of a few lines above them.
pub(super) const HEADING_ROWS_MAX: usize = 20;
/// Rows looked at to recognise legacy text.
const SAMPLE_ROWS: usize = 200;

/// One row in the form of the contract.
#[derive(Debug)]
pub(super) struct Item {
    /// Row of the sheet, or line of the file.
    pub(super) row: u64,
    /// Its number in the list that a correction workbook was made from.
    pub(super) listed: Option<u64>,
    /// A value for each field that has a cell; null where the cell is empty or was refused.
    pub(super) values: Map<String, Value>,
    /// JSON pointers of the fields whose cell was refused; the empty one for the row as a whole.
    pub(super) refused: Vec<String>,
    /// What is wrong with the row.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The cells as read.
    pub(super) original: Vec<Original>,
    /// The columns of its table.
    pub(super) layout: Arc<Layout>,
}

/// The stages of reading a table.
enum Stage {
    SeekingHead(Vec<SourceRow>),
    Sampling(Vec<SourceRow>),
    Streaming,
    Failed,
}

/// A table in the course of being read.
pub(super) struct Table<'a> {
    file: Arc<str>,
    sheet: Option<Arc<str>>,
    purpose: Purpose<'a>,
    limits: &'a Limits,
    stage: Stage,
    head: Option<Head>,
    decoders: Vec<Option<Decoder>>,
    /// Names of the fields that no row can give.
    unreadable: Vec<String>,
    merged: Merged,
    footer: Footer,
    told: Told,
    problems: Vec<Diagnostic>,
    items: u64,
}

impl<'a> Table<'a> {
    pub(super) fn new(file: Arc<str>, sheet: Option<Arc<str>>, purpose: Purpose<'a>, limits: &'a Limits) -> Self {
        Self {
            file,
            sheet,
            purpose,
            limits,
            stage: Stage::SeekingHead(Vec::new()),
            head: None,
            decoders: Vec::new(),
            unreadable: Vec::new(),
            merged: Merged::default(),
            footer: Footer::default(),
            told: Told::default(),
            problems: Vec::new(),
            items: 0,
        }
    }

    /// Takes the next row of the source; finished items go to `emit`.
    pub(super) fn accept(&mut self, row: SourceRow, notices: &mut Notices, emit: &mut dyn FnMut(Item)) -> Flow {
        if row.is_blank() {
            return Flow::Continue(());
        }
        match &mut self.stage {
            Stage::SeekingHead(rows) => {
                rows.push(row);
                if self.purpose.matches(rows_of(&self.stage).last()) >= self.purpose.matches_wanted() {
                    self.settle_head(None, notices);
                } else if rows_of(&self.stage).len() >= HEADING_ROWS_MAX {
                    self.settle_best_head(notices);
                    self.replay(notices, emit);
                }
            }
            Stage::Sampling(rows) => {
                rows.push(row);
                if rows.len() >= SAMPLE_ROWS {
                    self.settle_sample(notices, emit);
                }
            }
            Stage::Streaming => self.rule(row, notices, emit),
            Stage::Failed => {}
        }
        if matches!(self.stage, Stage::Failed) { Flow::Break(()) } else { Flow::Continue(()) }
    }

    /// Ends the table as its source ended: what was buffered is emitted. Returns the headings, if they were found, and
    /// everything wrong with the table as a whole.
    pub(super) fn end(
        mut self,
        source: Result<(), Diagnostic>,
        notices: &mut Notices,
        emit: &mut dyn FnMut(Item),
    ) -> (Option<Head>, Vec<Diagnostic>) {
        if source.is_ok() && matches!(&self.stage, Stage::SeekingHead(rows) if !rows.is_empty()) {
            self.settle_best_head(notices);
            self.replay(notices, emit);
        }
        if matches!(self.stage, Stage::Sampling(_)) {
            self.settle_sample(notices, emit);
        }
        match source {
            Err(problem) => self.problems.push(problem),
            Ok(()) => {
                if let Some(head) = &self.head {
                    self.footer.left_out(head).into_iter().for_each(|warning| notices.add(warning));
                } else if self.problems.is_empty() {
                    self.problems.push(self.whole(
                        "data-empty",
                        say!("không có dòng nào", "has no row"),
                        say!(
                            "ghi tiêu đề cột ở dòng đầu và mỗi bản ghi một dòng bên dưới",
                            "put the headings in the first row and one record in each row below"
                        ),
                    ));
                }
            }
        }
        (self.head, self.problems)
    }

    /// Has no row arrived that holds anything?
    pub(super) fn is_blank(&self) -> bool {
        matches!(&self.stage, Stage::SeekingHead(rows) if rows.is_empty())
    }

    /// No row names two fields: the first that names one, else the very first, is taken for the headings.
    fn settle_best_head(&mut self, notices: &mut Notices) {
        let rows = rows_of(&self.stage);
        let at = rows.iter().position(|row| self.purpose.matches(Some(row)) > 0).unwrap_or_default();
        self.settle_head(Some(at), notices);
    }

    /// Takes the buffered row `at` (the last one, when not given) for the headings; rows after it wait in the stage.
    fn settle_head(&mut self, at: Option<usize>, notices: &mut Notices) {
        let Stage::SeekingHead(mut rows) = std::mem::replace(&mut self.stage, Stage::Failed) else { return };
        let at = at.unwrap_or(rows.len().saturating_sub(1));
        let waiting = rows.split_off((at + 1).min(rows.len()));
        let Some(row) = rows.pop() else { return };
        match Head::settle(&self.purpose, &self.place_of_table(), &row, rows.len(), notices) {
            Ok(Settled { head, unreadable, merged, problems }) => {
                self.head = Some(head);
                self.unreadable = unreadable;
                self.merged = merged;
                self.problems.extend(problems);
                self.stage = Stage::Sampling(waiting);
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    /// After the headings were chosen late, the buffered rows go through sampling again.
    fn replay(&mut self, notices: &mut Notices, emit: &mut dyn FnMut(Item)) {
        if matches!(&self.stage, Stage::Sampling(rows) if rows.len() >= SAMPLE_ROWS) {
            self.settle_sample(notices, emit);
        }
    }

    /// Recognises legacy text in the buffered rows, then lets them through.
    fn settle_sample(&mut self, notices: &mut Notices, emit: &mut dyn FnMut(Item)) {
        let Stage::Sampling(rows) = std::mem::replace(&mut self.stage, Stage::Streaming) else { return };
        let Some(head) = &self.head else { return };
        let first_row = rows.first().map_or(1, |row| row.number);
        let samples: Vec<Vec<&str>> = head.columns.iter().map(|column| legacy_text::samples(&rows, column.index)).collect();
        let findings: Vec<Finding> = samples.iter().map(|samples| legacy_text::examine(samples)).collect();
        for ((column, samples), finding) in head.columns.iter().zip(&samples).zip(&findings) {
            let place = || head.layout.place(first_row, Some((column.index as u32, &column.heading)));
            let encoding = match *finding {
                Finding::Legacy(encoding) => Some(encoding),
                // What is only likely here is certain when another column of the list, or a font in it, is surely so.
                Finding::Perhaps(encoding)
                    if findings.contains(&Finding::Legacy(encoding)) || legacy_text::is_in_a_font(&rows, encoding) =>
                {
                    Some(encoding)
                }
                Finding::Unicode | Finding::Perhaps(_) => self.purpose.encoding,
            };
            let said = match (encoding, *finding) {
                (Some(encoding), _) => legacy_text::converted(&column.heading, samples, encoding),
                (None, Finding::Perhaps(encoding)) => legacy_text::perhaps(&column.heading, samples, encoding),
                (None, _) => None,
            };
            match said.map(|said| said.at(place())) {
                Some(problem) if problem.is_error() => {
                    self.problems.push(problem);
                    self.unreadable.push(self.purpose.fields[column.field].name.clone());
                }
                Some(notice) => notices.add(notice),
                None => {}
            }
            self.decoders.push(encoding.map(Decoder));
        }
        for row in rows {
            self.rule(row, notices, emit);
        }
    }

    /// Converts the records among the rows up to `row`.
    fn rule(&mut self, row: SourceRow, notices: &mut Notices, emit: &mut dyn FnMut(Item)) {
        let Some(head) = self.head.as_ref().filter(|head| !head.covers(&row)) else { return };
        for Ruled { row, problem } in self.footer.rule(head, row) {
            self.convert(row, problem, notices, emit);
        }
    }

    /// Converts a row, or only refuses it for `problem`.
    fn convert(&mut self, row: SourceRow, problem: Option<Diagnostic>, notices: &mut Notices, emit: &mut dyn FnMut(Item)) {
        if matches!(self.stage, Stage::Failed) {
            return;
        }
        if self.items >= self.limits.rows_max {
            self.problems.push(self.too_many_rows(&row));
            self.stage = Stage::Failed;
            return;
        }
        let Some(head) = &self.head else { return };
        self.items += 1;
        self.told.tell(head, &row, notices);
        let mut item = Item {
            row: row.number,
            listed: head.number.and_then(|index| row.cell(index).shown().parse().ok()),
            values: Map::new(),
            refused: Vec::new(),
            diagnostics: Vec::new(),
            original: head.original.iter().map(|index| self.original(head, &row, *index)).collect(),
            layout: head.layout.clone(),
        };
        match problem.or_else(|| head.ragged(&row)) {
            Some(problem) => {
                item.diagnostics.push(problem);
                item.refused.push(String::new());
            }
            None => {
                let merged = self.merged.over(row.number);
                if let Some(((_, column), _)) = merged.first() {
                    item.diagnostics.push(merged::problem(merged, head.layout.place(row.number, Some((*column, "")))));
                }
                let merged = merged.to_vec();
                item.refused.extend(self.unreadable.iter().map(|name| format!("/{name}")));
                self.convert_cells(&row, head, &merged, &mut item, notices);
            }
        }
        notices.cap(&mut item.diagnostics, self.limits.errors_max);
        emit(item);
    }

    /// The cell at `index` for a correction workbook: in Unicode, for its few rows may not tell the encoding again.
    fn original(&self, head: &Head, row: &SourceRow, index: usize) -> Original {
        let used = head.columns.iter().position(|column| column.index == index);
        let decoder = used.and_then(|column| self.decoders.get(column).copied()?).filter(|_| !row.is_settled(index));
        Original::of(&decoder.map_or_else(|| row.cell(index).clone(), |decoder| row.cell(index).decoded(decoder)))
    }

    /// Converts the cells whose columns can be read, but for those in a `merged` range.
    fn convert_cells(&self, row: &SourceRow, head: &Head, merged: &[Area], item: &mut Item, notices: &mut Notices) {
        for (column, decoder) in head.columns.iter().zip(&self.decoders) {
            let field = &self.purpose.fields[column.field];
            if self.unreadable.contains(&field.name) {
                continue;
            }
            if merged.iter().any(|area| merged::touches(area, std::iter::once(column.index))) {
                item.refused.push(format!("/{}", field.name));
                continue;
            }
            let place = || head.layout.place(row.number, Some((column.index as u32, &column.heading)));
            let cell = row.cell(column.index);
            let decoder = decoder.filter(|_| !row.is_settled(column.index));
            let decoded = decoder.map(|decoder| cell.decoded(decoder));
            let mut converter = Converter { limits: self.limits, notices, place: &place };
            match converter.convert(field, decoded.as_ref().unwrap_or(cell)) {
                Ok(value) => {
                    item.values.insert(field.name.clone(), value);
                }
                Err(problem) => {
                    item.values.insert(field.name.clone(), Value::Null);
                    item.refused.push(format!("/{}", field.name));
                    item.diagnostics.push(problem);
                }
            }
        }
        for (index, cell) in row.cells.iter().enumerate().skip(head.width).filter(|(_, cell)| !cell.is_empty()) {
            let letters = column_letters(index as u32);
            notices.once(&letters, "column-without-heading", || {
                Diagnostic::warning(
                    "column-without-heading",
                    say!(
                        "cột {letters} có dữ liệu nhưng không có tiêu đề; cột bị bỏ qua",
                        "column {letters} holds data but no heading; the column is ignored"
                    ),
                )
                .with_value(cell.shown())
                .at(head.layout.place(row.number, Some((index as u32, ""))))
            });
        }
    }

    fn too_many_rows(&self, row: &SourceRow) -> Diagnostic {
        let most = number::group(&self.limits.rows_max.to_string());
        let layout = self.place_of_table();
        Diagnostic::error("rows-too-many", say!("có hơn {most} bản ghi", "has more than {most} records"))
            .at(layout.place(row.number, None))
            .remedy(say!("chia danh sách thành nhiều tệp", "split the list into several files"))
    }

    fn whole(&self, code: &'static str, message: crate::language::Text, remedy: crate::language::Text) -> Diagnostic {
        Diagnostic::error(code, message).at(self.place_of_table().place(1, None)).remedy(remedy)
    }

    /// A layout that knows the table but none of its columns.
    fn place_of_table(&self) -> Layout {
        Layout { file: self.file.clone(), sheet: self.sheet.clone(), columns: Vec::new() }
    }
}

fn rows_of(stage: &Stage) -> &[SourceRow] {
    match stage {
        Stage::SeekingHead(rows) | Stage::Sampling(rows) => rows,
        Stage::Streaming | Stage::Failed => &[],
    }
}
