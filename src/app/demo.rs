//! The demonstration: the year of an association, from workbooks and JSON to finished documents.
//!
//! Owns the demonstration's workspace and data. Organisations, dates, counts and programmes are those of real events;
//! award recipients, whom no source names, are sample names and every certificate says so.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::make::Watcher;
use super::{App, AppError, Ran};
use crate::batch::{Planned, Progress, Request};
use crate::config::{FILE_NAME, Workspace};
use crate::language::Text;
use crate::say;
use crate::spreadsheet::filled;

/// One batch of the demonstration, done.
#[derive(Debug)]
pub struct Part {
    /// What it was.
    pub title: Text,
    /// What came of it.
    pub ran: Ran,
}

const CONFIG: &str = r#"# Các tổ chức trong phần trình diễn. / The organisations of the demonstration.
organisation = "hkh-tphcm"

[organisations.hkh-viet-nam]
name = "Trung ương Hội Khuyến học Việt Nam"
name_lines = ["TRUNG ƯƠNG", "HỘI KHUYẾN HỌC VIỆT NAM"]
abbreviation = "KHVN"
place = "Hà Nội"
[[organisations.hkh-viet-nam.signatories]]
authority = ["TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"]

[organisations.hkh-tphcm]
name = "Hội Khuyến học Thành phố Hồ Chí Minh"
name_lines = ["HỘI KHUYẾN HỌC", "THÀNH PHỐ HỒ CHÍ MINH"]
abbreviation = "HKH"
place = "Thành phố Hồ Chí Minh"
[[organisations.hkh-tphcm.signatories]]
authority = ["TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"]
name = "Nguyễn Huy Cận"

[organisations.hkh-tan-binh]
name = "Hội Khuyến học quận Tân Bình"
name_lines = ["HỘI KHUYẾN HỌC", "QUẬN TÂN BÌNH"]
superior_lines = ["HỘI KHUYẾN HỌC", "THÀNH PHỐ HỒ CHÍ MINH"]
abbreviation = "HKH"
place = "Tân Bình"
[[organisations.hkh-tan-binh.signatories]]
authority = ["CHỦ TỊCH"]
name = "Dương Tấn Thanh"

[organisations.hkh-yen-bai]
name = "Hội Khuyến học tỉnh Yên Bái"
name_lines = ["HỘI KHUYẾN HỌC", "TỈNH YÊN BÁI"]
abbreviation = "HKH"
place = "Yên Bái"
[[organisations.hkh-yen-bai.signatories]]
authority = ["CHỦ TỊCH"]
name = "Ngô Thị Chinh"

[organisations.hkh-khoi-thanh-hoa]
name = "Hội Khuyến học khối các cơ quan tỉnh Thanh Hóa"
name_lines = ["HỘI KHUYẾN HỌC", "KHỐI CÁC CƠ QUAN TỈNH"]
superior_lines = ["HỘI KHUYẾN HỌC", "TỈNH THANH HÓA"]
abbreviation = "HKH"
place = "Thanh Hóa"
[[organisations.hkh-khoi-thanh-hoa.signatories]]
authority = ["TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"]
"#;

const CONFERENCE: &str = r#"ngay = "2019-12-27"
phong_trao = "phong trào thi đua khuyến học, khuyến tài, xây dựng xã hội học tập"
tu_nam = 2015
den_nam = 2019
"#;

/// A batch of the demonstration: file, template, organisation, data, sheet, further keys.
struct Batch {
    name: &'static str,
    title: fn() -> Text,
    template: &'static str,
    organisation: &'static str,
    data: &'static str,
    sheet: Option<&'static str>,
    common: String,
    merge: bool,
}

const AWARDS: &str = "khen-thuong-2015-2019.xlsx";
const SUMMARY: &str = "tong-ket-2018.xlsx";
const MINUTES: &str = "giao-ban-cum-2018.json";
const VISIT: &str = "tham-quan-thai-binh.json";
const SIGNING: &str = "ky-ket-thi-dua-2022.json";

fn batches() -> Vec<Batch> {
    let batch = |name, title, template, organisation, data| Batch {
        name,
        title,
        template,
        organisation,
        data,
        sheet: None,
        common: String::new(),
        merge: false,
    };
    vec![
        Batch {
            sheet: Some("Bằng khen"),
            common: format!("so_quyet_dinh = \"…/QĐ-KHVN\"\n{CONFERENCE}"),
            merge: true,
            ..batch(
                "bang-khen",
                || {
                    say!(
                        "Bằng khen của Trung ương Hội, hội nghị 27/12/2019",
                        "Central association's diplomas, conference of 27 December 2019"
                    )
                },
                "bang-khen",
                "hkh-viet-nam",
                AWARDS,
            )
        },
        Batch {
            sheet: Some("Giấy khen"),
            common: format!("so_quyet_dinh = \"…/QĐ-HKH\"\n{CONFERENCE}"),
            merge: true,
            ..batch(
                "giay-khen",
                || {
                    say!(
                        "Giấy khen của Hội Thành phố, hội nghị 27/12/2019",
                        "City association's certificates, conference of 27 December 2019"
                    )
                },
                "giay-khen",
                "hkh-tphcm",
                AWARDS,
            )
        },
        batch(
            "giao-ban",
            || say!("Biên bản giao ban bốn cụm thi đua, lần 1 năm 2018", "Minutes of the four cluster meetings, first round of 2018"),
            "bien-ban-giao-ban",
            "hkh-tphcm",
            MINUTES,
        ),
        batch(
            "ky-ket",
            || say!("Báo cáo ký kết thi đua các cụm năm 2022", "Report on the clusters' signing of pledges, 2022"),
            "bao-cao",
            "hkh-tan-binh",
            SIGNING,
        ),
        batch(
            "tham-quan",
            || say!("Báo cáo chuyến tham quan Thái Bình, tháng 4 năm 2018", "Report on the visit to Thái Bình, April 2018"),
            "bao-cao",
            "hkh-yen-bai",
            VISIT,
        ),
        batch(
            "tong-ket",
            || say!("Báo cáo tổng kết năm 2018", "Annual summary of 2018"),
            "bao-cao-tong-ket",
            "hkh-khoi-thanh-hoa",
            SUMMARY,
        ),
    ]
}

impl App {
    /// Makes the demonstration's workspace in `folder` and runs its batches. What is there already is left as it is.
    pub async fn demo(
        &self,
        folder: &Path,
        progress: &dyn Progress,
        stop: &tokio::sync::watch::Receiver<bool>,
    ) -> Result<Vec<Part>, AppError> {
        let folder = std::path::absolute(folder).map_err(|source| AppError::Write { path: folder.to_owned(), source })?;
        create_folder(&folder.join("du-lieu"))?;
        write_missing(&folder.join(FILE_NAME), CONFIG.as_bytes())?;
        self.write_data(&folder.join("du-lieu"))?;
        let app = App::new(Workspace::open(&folder)?, self.program.clone(), self.language);
        let mut done = Vec::new();
        for batch in batches() {
            let path = folder.join(format!("{}.toml", batch.name));
            write_missing(&path, batch.file().as_bytes())?;
            let request = Request::read(&path)?;
            let mut ran = app.run(&request, Watcher { progress, on_plan: &|_: &Planned| {}, stop }).await?;
            // No source names these chairmen: their lines are left to the pen on purpose.
            ran.planned.diagnostics.retain(|diagnostic| diagnostic.code != "signatory-name");
            done.push(Part { title: (batch.title)(), ran });
            if *stop.borrow() {
                break;
            }
        }
        Ok(done)
    }

    /// The data files: the workbooks as a clerk would have filled them, the minutes and reports as JSON.
    fn write_data(&self, folder: &Path) -> Result<(), AppError> {
        let awards = folder.join(AWARDS);
        if !awards.exists() {
            let template = self.template("giay-khen")?;
            let (diplomas, certificates) = (recipients(34, 25, 0), recipients(27, 23, 25));
            filled::lists(&template.contract, &[("Bằng khen", &diplomas), ("Giấy khen", &certificates)], &awards)?;
        }
        let summary = folder.join(SUMMARY);
        if !summary.exists() {
            let template = self.template("bao-cao-tong-ket")?;
            if let Some(record) = template.sample.first() {
                filled::form(&template.contract, record, &summary)?;
            }
        }
        let minutes = &self.template("bien-ban-giao-ban")?.sample;
        write_missing(&folder.join(MINUTES), pretty(&json!(minutes)).as_bytes())?;
        let reports = &self.template("bao-cao")?.sample;
        for (file, report) in [VISIT, SIGNING].iter().zip(reports) {
            write_missing(&folder.join(file), pretty(&json!(report)).as_bytes())?;
        }
        Ok(())
    }
}

impl Batch {
    /// The batch file.
    fn file(&self) -> String {
        let Self { name, template, organisation, data, .. } = self;
        let sheet = self.sheet.map(|sheet| format!("sheet = \"{sheet}\"\n")).unwrap_or_default();
        let common = if self.common.is_empty() { String::new() } else { format!("\n[common]\n{}", self.common) };
        // Without a relay the messages are left as files: nothing of the demonstration leaves the machine.
        let mail = if self.merge { "\n[mail]\n" } else { "" };
        let merge = if self.merge { "merge = true\nzip = true\n" } else { "" };
        format!(
            "template = \"{template}\"\norganisation = \"{organisation}\"\noutput = \"ket-qua/{name}\"\n{merge}\n[data]\nfile = \"du-lieu/{data}\"\n{sheet}{common}{mail}"
        )
    }
}

const SURNAMES: [&str; 12] = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ"];
const MIDDLE_NAMES: [(&str, &str); 8] = [
    ("Ông", "Văn"),
    ("Bà", "Thị"),
    ("Ông", "Minh"),
    ("Bà", "Thị Ngọc"),
    ("Ông", "Hữu"),
    ("Bà", "Thị Bích"),
    ("Ông", "Quốc"),
    ("Bà", "Thị Kim"),
];
const GIVEN_NAMES: [&str; 16] =
    ["An", "Ánh", "Bình", "Châu", "Dũng", "Đạt", "Hà", "Hạnh", "Khánh", "Liên", "Mỹ", "Nghĩa", "Phượng", "Quyền", "Thủy", "Yến"];

/// Sample recipients: `collectives` and then `individuals`, whose names begin at `offset` of the list.
fn recipients(collectives: usize, individuals: usize, offset: usize) -> Vec<Map<String, Value>> {
    let mut list = Vec::new();
    for index in 1..=collectives {
        list.push(json!({
            "doi_tuong": "Tập thể",
            "ho_ten": format!("Chi hội Khuyến học Khu phố Mẫu {index:02}"),
            "don_vi": "Hội Khuyến học Phường Minh Họa",
        }));
    }
    for index in offset..offset + individuals {
        let (title, middle) = MIDDLE_NAMES[index % MIDDLE_NAMES.len()];
        let surname = SURNAMES[(index * 5 + 1) % SURNAMES.len()];
        let given = GIVEN_NAMES[(index * 3 + index / GIVEN_NAMES.len()) % GIVEN_NAMES.len()];
        list.push(json!({
            "doi_tuong": "Cá nhân",
            "danh_xung": title,
            "ho_ten": format!("{surname} {middle} {given}"),
            "chuc_vu": "Hội viên",
            "don_vi": "Hội Khuyến học Phường Minh Họa",
        }));
    }
    (1..)
        .zip(list)
        .map(|(number, value): (usize, Value)| {
            let mut record = value.as_object().cloned().unwrap_or_default();
            record.insert("so".into(), format!("{number:02}").into());
            record.insert("email".into(), format!("nguoi-nhan-{number:02}@example.com").into());
            record.insert("ghi_chu".into(), "Bản trình diễn: tên người nhận chỉ để minh họa".into());
            record
        })
        .collect()
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn create_folder(path: &Path) -> Result<(), AppError> {
    std::fs::create_dir_all(path).map_err(|source| AppError::Write { path: path.to_owned(), source })
}

fn write_missing(path: &Path, bytes: &[u8]) -> Result<(), AppError> {
    if path.exists() { Ok(()) } else { super::workspace::write_new(path, bytes) }
}
