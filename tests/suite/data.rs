//! Reading clerks' files: what is accepted, what is refused, and in which words.
//!
//! Owns the contract and the helpers of these tests; every input is built here, none is a file of the repository.

#[path = "data/fonts.rs"]
mod fonts;
#[path = "data/hostile.rs"]
mod hostile;
#[path = "data/json.rs"]
mod json;
#[path = "data/spreadsheets.rs"]
mod spreadsheets;
#[path = "data/structure.rs"]
mod structure;
#[path = "data/text.rs"]
mod text;
#[path = "data/values.rs"]
mod values;
#[path = "data/workbooks.rs"]
mod workbooks;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use vanthu::data::transcript::transcribe;
use vanthu::data::{self, Limits, Row, Selection, Summary};
use vanthu::diagnostic::Diagnostic;
use vanthu::language::Language;
use vanthu::template::contract::Contract;

/// Certificates: each row is a record.
pub(crate) const LIST: &str = r#"{
  "title": "Giấy khen", "type": "object", "additionalProperties": false,
  "required": ["ho_ten", "don_vi", "so_quyet_dinh"],
  "properties": {
    "ho_ten": {"title": "Họ và tên", "type": "string", "minLength": 1, "maxLength": 60, "x-aliases": ["Họ tên", "Tên"],
               "description": "Họ và tên người được khen.", "examples": ["Nguyễn Văn An"]},
    "don_vi": {"title": "Đơn vị", "type": "string", "maxLength": 120, "description": "Nơi công tác.", "examples": ["Hội Khuyến học Quận 10"]},
    "ma_so": {"title": "Mã số", "type": "string", "maxLength": 20, "description": "Mã hội viên.", "examples": ["00123"]},
    "ngay_sinh": {"title": "Ngày sinh", "type": "string", "format": "date", "description": "Ngày sinh.", "examples": ["1960-03-05"]},
    "so_nam": {"title": "Số năm", "type": "integer", "minimum": 0, "description": "Số năm công tác.", "examples": [12]},
    "diem": {"title": "Điểm", "type": "string", "format": "decimal", "description": "Điểm thi đua.", "examples": ["9.5"]},
    "so_tien": {"title": "Số tiền thưởng", "type": "string", "format": "money", "description": "Tiền thưởng.", "examples": ["425000000"]},
    "doi_tuong": {"title": "Đối tượng", "type": "string", "enum": ["Cá nhân", "Tập thể"], "description": "Loại.", "examples": ["Cá nhân"]},
    "da_nhan": {"title": "Đã nhận", "type": "boolean", "description": "Đã nhận tiền chưa.", "examples": [true]},
    "email": {"title": "Thư điện tử", "type": "string", "format": "email", "maxLength": 254, "description": "Nơi gửi.", "examples": ["an@example.vn"]},
    "linh_vuc": {"title": "Lĩnh vực", "type": "array", "items": {"type": "string", "maxLength": 60}, "description": "Các lĩnh vực.", "examples": [["Khuyến học", "Khuyến tài"]]},
    "so_quyet_dinh": {"title": "Số quyết định", "type": "string", "maxLength": 40, "x-scope": "common", "description": "Số của quyết định.", "examples": ["12/QĐ-HKH"]},
    "ngay_quyet_dinh": {"title": "Ngày quyết định", "type": "string", "format": "date", "x-scope": "common", "description": "Ngày ký.", "examples": ["2026-03-05"]}
  }
}"#;

/// A summary: the whole workbook is one record.
pub(crate) const FORM: &str = r#"{
  "title": "Báo cáo", "type": "object", "additionalProperties": false,
  "required": ["ky", "chi_tieu"],
  "properties": {
    "ky": {"title": "Kỳ báo cáo", "type": "string", "maxLength": 60, "description": "Năm hoặc quý.", "examples": ["Năm 2026"]},
    "tong": {"title": "Tổng kinh phí", "type": "string", "format": "money", "description": "Tổng số.", "examples": ["1000000"]},
    "chi_tieu": {"title": "Các chỉ tiêu chính trong năm: kết quả", "type": "array", "maxItems": 50, "description": "Kết quả.",
      "items": {"type": "object", "additionalProperties": false, "required": ["ten", "nam_nay"], "properties": {
        "ten": {"title": "Chỉ tiêu", "type": "string", "maxLength": 100, "description": "Tên chỉ tiêu.", "examples": ["Hội viên"]},
        "nam_nay": {"title": "Năm nay", "type": "integer", "description": "Số của năm nay.", "examples": [120]},
        "nam_truoc": {"title": "Năm trước", "type": "integer", "description": "Số của năm trước.", "examples": [100]}}}},
    "kien_nghi": {"title": "Kiến nghị", "type": "array", "items": {"type": "string", "maxLength": 300}, "description": "Các kiến nghị.", "examples": [["Tăng kinh phí"]]}
  }
}"#;

/// What came of reading a file.
pub(crate) struct Outcome {
    pub(crate) rows: Vec<Row>,
    pub(crate) result: Result<Summary, Vec<Diagnostic>>,
}

impl Outcome {
    /// Everything that was said, in Vietnamese: of the rows, then of the file.
    pub(crate) fn told(&self) -> String {
        let of_file = match &self.result {
            Ok(summary) => &summary.notices,
            Err(problems) => problems,
        };
        let all = self.rows.iter().flat_map(|row| &row.diagnostics).chain(of_file);
        let mut told: String = all.map(|diagnostic| diagnostic.describe(Language::Vietnamese) + "\n").collect();
        if self.result.is_err() && told.is_empty() {
            told.push_str("(refused without a word)");
        }
        told
    }

    /// The values of one field, record by record.
    pub(crate) fn values(&self, field: &str) -> Vec<Value> {
        self.rows.iter().map(|row| row.record.get(field).cloned().unwrap_or_default()).collect()
    }

    /// The summary of a file that was read.
    pub(crate) fn summary(&self) -> &Summary {
        self.result.as_ref().unwrap_or_else(|_| panic!("refused: {}", self.told()))
    }
}

/// A fresh path for a file called `name`.
pub(crate) fn path(name: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = crate::support::scratch().join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// A file called `name` with these bytes.
pub(crate) fn file(name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = path(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The decision number that every list needs.
pub(crate) fn selection() -> Selection {
    let mut selection = Selection::default();
    selection.common.insert("so_quyet_dinh".into(), "12/QĐ-HKH".into());
    selection
}

pub(crate) fn read_with(path: &Path, contract: &str, selection: &Selection, limits: &Limits) -> Outcome {
    let contract = Contract::parse("contract.json", contract).unwrap();
    let mut rows = Vec::new();
    let result = data::read(path, &contract, selection, limits, &mut |row| rows.push(row));
    let outcome = Outcome { rows, result };
    check_transcript(path, &contract, selection, limits, &outcome);
    outcome
}

/// Every file that these tests read is transcribed, too, and its transcript must say the very same of every row and value.
fn check_transcript(path: &Path, contract: &Contract, selection: &Selection, limits: &Limits, outcome: &Outcome) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut text = String::new();
    let transcribed = transcribe(path, name, &data::column_names(contract), limits, &mut |line| {
        text.push_str(&line.to_text());
        text.push('\n');
        ControlFlow::Continue(())
    });
    if let Err(problem) = transcribed {
        let problems = outcome.result.as_ref().expect_err("what cannot be transcribed cannot be read");
        assert!(problems.contains(&problem), "{problem:?} is not in {problems:?}");
        return;
    }
    let transcript = file("chep.jsonl", text);
    let mut rows = Vec::new();
    let result = data::read(&transcript, contract, selection, limits, &mut |row| rows.push(row));
    let again = Outcome { rows, result };
    assert_eq!(again.told(), outcome.told());
    let shown = |outcome: &Outcome| outcome.rows.iter().map(|row| format!("{row:?}\n")).collect::<String>();
    assert_eq!(shown(&again), shown(outcome));
}

/// Reads a list with the decision number given.
pub(crate) fn read(path: &Path) -> Outcome {
    read_with(path, LIST, &selection(), &Limits::default())
}

/// Reads a list from text.
pub(crate) fn read_text(name: &str, text: impl AsRef<[u8]>) -> Outcome {
    read(&file(name, text))
}
