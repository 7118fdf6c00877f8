//! Drafts: files taken in, corrected at their cells, looked at, submitted once, approved by another.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use expect_test::{Expect, expect};
use vanthu::app::drafts::{Asker, Chosen, Correction, Draft, NewDraft, Shown, Submitted};
use vanthu::app::office::{Office as Opened, Opening};
use vanthu::app::work::Work;
use vanthu::app::{App, AppError};
use vanthu::batch::outcome::Counts;
use vanthu::batch::request::MailRequest;
use vanthu::batch::{Progress, Request};
use vanthu::config::Workspace;
use vanthu::data::Limits;
use vanthu::diagnostic::Diagnostic;
use vanthu::intake::{Intake, IntakeError, Settings};
use vanthu::language::Language;
use vanthu::lifecycle::DraftState;
use vanthu::store::StoreError;

use crate::support::{Office, PROGRAM, award_run, people, python};

const CLERK: Asker<'_> = Asker { name: "lan", organisation: None };
const APPROVER: Asker<'_> = Asker { name: "binh", organisation: None };

/// An office with the use-cases over it.
struct Desk {
    folder: Office,
    app: App,
    office: Arc<Opened>,
}

impl Desk {
    async fn new(more: &str) -> Self {
        let folder = Office::with_workspace();
        let config = String::from_utf8(folder.read("vanthu.toml")).unwrap();
        folder.write("vanthu.toml", format!("{config}\n{more}"));
        let app = App::new(Workspace::open(&folder.path).unwrap(), PROGRAM.into(), Language::Vietnamese);
        let office = Arc::new(app.office(None, Opening::ToWork).await.unwrap());
        Self { folder, app, office }
    }

    /// A draft of certificates with the values that all of them share.
    async fn awards(&self) -> Draft {
        let new = NewDraft { template: "giay-khen".into(), ..NewDraft::default() };
        let draft = self.app.create_draft(&self.office, CLERK, new).await.unwrap();
        let mut request = draft.request.clone();
        for (field, value) in [("so_quyet_dinh", "12/QĐ-HKH"), ("ngay", "27/12/2019"), ("phong_trao", "công tác khuyến học")] {
            request.common.insert(field.into(), value.into());
        }
        self.set(&draft, request).await
    }

    async fn set(&self, draft: &Draft, request: Request) -> Draft {
        self.app.set_request(&self.office, CLERK, &draft.id, draft.revision, request).await.unwrap()
    }

    async fn try_upload(&self, draft: &Draft, name: &str, bytes: impl AsRef<[u8]>) -> Result<Draft, AppError> {
        let path = self.folder.write("nop-len", bytes);
        self.app.upload(&self.office, CLERK, &draft.id, draft.revision, &path, name).await
    }

    async fn upload(&self, draft: &Draft, name: &str, bytes: impl AsRef<[u8]>) -> Draft {
        self.try_upload(draft, name, bytes).await.unwrap()
    }

    async fn correct(&self, draft: &Draft, row: u64, column: u32, text: &str) -> Draft {
        let correction = Correction { sheet: 0, row, cells: Some(vec![(column, text.into())]) };
        self.app.correct(&self.office, CLERK, &draft.id, draft.revision, &correction).await.unwrap()
    }

    async fn work(&self) {
        struct Unseen;
        impl Progress for Unseen {
            fn update(&self, _: &Counts) {}
        }
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let work = Work { until_idle: true, progress: &Unseen, on_event: &|_, _| {}, stop: &stopped };
        self.app.work(&self.office, work).await.unwrap();
    }

    /// The page that begins with the sheet, as text.
    async fn page(&self, draft: &Draft, shown: Shown) -> String {
        let page = self.app.table_page(&self.office, CLERK, &draft.id, None, shown, 50).await.unwrap();
        let mut text = page.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(" | ") + "\n";
        for row in &page.rows {
            let cells = row.cells.iter().map(|cell| {
                let marks = [(!cell.problems.is_empty()).then_some("!"), cell.corrected.then_some("*")];
                marks.into_iter().flatten().collect::<String>() + &cell.text
            });
            let cells = cells.collect::<Vec<_>>().join(" | ");
            let own = if row.problems.is_empty() { "" } else { " !" };
            text += &format!("{}{}{own}: {cells}\n", row.number, if row.heading { " #" } else { "" });
        }
        for problem in &page.elsewhere {
            text += &format!("{}\n", problem.describe(Language::Vietnamese));
        }
        text
    }
}

fn run<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}

fn told(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| diagnostic.describe(Language::Vietnamese) + "\n").collect()
}

fn findings(draft: &Draft) -> String {
    told(&draft.checked.as_ref().expect("checked").diagnostics)
}

fn input(error: AppError) -> String {
    match error {
        AppError::Input(found) => told(&found),
        other => panic!("{other}"),
    }
}

/// A workbook as a clerk would leave it: a line above the headings, an empty column, two sheets, faults in two rows.
fn workbook() -> Vec<u8> {
    let folder = Office::new();
    let path = folder.path.join("d.xlsx");
    python(
        r#"
import sys, openpyxl, datetime
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Khen thưởng"
sheet.append(["DANH SÁCH NĂM 2019"])
sheet.append([])
sheet.append(["Số vào sổ", None, "Đối tượng", "Danh xưng", "Họ và tên", "Đơn vị"])
sheet.append(["01", None, "Cá nhân", "Ông", "Lê Văn An", "Chi hội 1"])
sheet.append(["02", None, "Cá nhân", "Bàa", "Lê Thị Bình", "Chi hội 2"])
sheet.append(["03", None, "Cá nhânn", "Ông", "Trần Văn Cường", None])
other = book.create_sheet("Ghi chép")
other.append(["Việc", "Ngày"])
other.append(["Họp", datetime.date(2019, 12, 1)])
book.save(sys.argv[1])
"#,
        &[&path],
    );
    std::fs::read(path).unwrap()
}

#[test]
fn a_workbook_is_shown_as_the_sheet_with_each_fault_at_its_cell() {
    run(async {
        let desk = Desk::new("").await;
        let draft = desk.upload(&desk.awards().await, "Danh sách.xlsx", workbook()).await;
        expect![[r#"
            A | B | C | D | E | F
            1: DANH SÁCH NĂM 2019 |  |  |  |  | 
            3 #: !Số vào sổ |  | Đối tượng | Danh xưng | Họ và tên | Đơn vị
            4: 01 |  | Cá nhân | Ông | Lê Văn An | Chi hội 1
            5: 02 |  | Cá nhân | !Bàa | Lê Thị Bình | Chi hội 2
            6: 03 |  | !Cá nhânn | Ông | Trần Văn Cường | 
            ghi chú[sheets-unread] Danh sách.xlsx: đọc trang tính “Khen thưởng”; không đọc “Ghi chép”
                cách sửa: nếu cần trang khác, chọn trang đó phía trên bảng
        "#]]
        .assert_eq(&desk.page(&draft, Shown::From(0)).await);
        expect![[r#"
            ghi chú[sheets-unread] Danh sách.xlsx: đọc trang tính “Khen thưởng”; không đọc “Ghi chép”
                cách sửa: nếu cần trang khác, chọn trang đó phía trên bảng
            ghi chú[rows-above-headings] Danh sách.xlsx, 'Khen thưởng'!A3: dòng 3 là dòng tiêu đề; bỏ qua 1 dòng phía trên
            lỗi[choice-unknown] Danh sách.xlsx, 'Khen thưởng'!D5: bản ghi 2 (Lê Thị Bình): “Bàa” không nằm trong các giá trị cho phép của “Danh xưng”
                cách sửa: có phải “Bà”? chỉ được ghi: “Ông”, “Bà”, “Anh”, “Chị”, “Em”, “Cháu”, “Thầy”, “Cô”, “Đồng chí”
            lỗi[choice-unknown] Danh sách.xlsx, 'Khen thưởng'!C6: bản ghi 3 (Trần Văn Cường): “Cá nhânn” không nằm trong các giá trị cho phép của “Đối tượng”
                cách sửa: có phải “Cá nhân”? chỉ được ghi: “Cá nhân”, “Tập thể”, “Gia đình”, “Dòng họ”
        "#]].assert_eq(&findings(&draft));
        let page = desk.app.table_page(&desk.office, CLERK, &draft.id, Some(1), Shown::From(0), 50).await.unwrap();
        assert_eq!(
            page.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.rows)).collect::<Vec<_>>(),
            [("Khen thưởng", 5), ("Ghi chép", 2)]
        );
        assert_eq!(page.rows[1].cells.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>(), ["Họp", "01/12/2019"]);
        assert!(!draft.is_ready());
    });
}

#[test]
fn a_corrected_cell_moves_nothing_else_and_the_list_becomes_a_batch() {
    run(async {
        let desk = Desk::new("").await;
        let draft = desk.upload(&desk.awards().await, "Danh sách.xlsx", workbook()).await;
        let draft = desk.correct(&draft, 5, 3, "Bà").await;
        expect![[r#"
            ghi chú[sheets-unread] Danh sách.xlsx: đọc trang tính “Khen thưởng”; không đọc “Ghi chép”
                cách sửa: nếu cần trang khác, chọn trang đó phía trên bảng
            ghi chú[rows-above-headings] Danh sách.xlsx, 'Khen thưởng'!A3: dòng 3 là dòng tiêu đề; bỏ qua 1 dòng phía trên
            lỗi[choice-unknown] Danh sách.xlsx, 'Khen thưởng'!C6: bản ghi 3 (Trần Văn Cường): “Cá nhânn” không nằm trong các giá trị cho phép của “Đối tượng”
                cách sửa: có phải “Cá nhân”? chỉ được ghi: “Cá nhân”, “Tập thể”, “Gia đình”, “Dòng họ”
        "#]].assert_eq(&findings(&draft));
        let draft = desk.correct(&draft, 6, 2, "Cá nhân").await;
        assert!(draft.is_ready(), "{}", findings(&draft));
        expect![[r#"
            A | B | C | D | E | F
            3 #: !Số vào sổ |  | Đối tượng | Danh xưng | Họ và tên | Đơn vị
            ghi chú[sheets-unread] Danh sách.xlsx: đọc trang tính “Khen thưởng”; không đọc “Ghi chép”
                cách sửa: nếu cần trang khác, chọn trang đó phía trên bảng
        "#]]
        .assert_eq(&desk.page(&draft, Shown::Problems(0)).await);
        let Submitted::Batch(batch) = desk.app.submit_draft(&desk.office, CLERK, &draft.id, draft.revision).await.unwrap() else {
            panic!("submitted")
        };
        desk.work().await;
        let records = desk.app.records(&desk.office, &batch).await.unwrap();
        let made: Vec<_> = records.iter().map(|record| (record.number, record.label.as_str(), record.state())).collect();
        assert_eq!(made, [(1, "Lê Văn An", "made"), (2, "Lê Thị Bình", "made"), (3, "Trần Văn Cường", "made")]);
        let draft = desk.app.draft(&desk.office, CLERK, &draft.id).await.unwrap();
        assert_eq!((draft.state, draft.batch.as_deref()), (DraftState::Submitted, Some(batch.as_str())));
    });
}

#[test]
fn whoever_saw_an_older_revision_changes_nothing() {
    run(async {
        let desk = Desk::new("").await;
        let seen = desk.upload(&desk.awards().await, "Danh sách.xlsx", workbook()).await;
        desk.correct(&seen, 5, 3, "Bà").await;
        let correction = Correction { sheet: 0, row: 6, cells: Some(vec![(4, "Người khác".into())]) };
        let late = desk.app.correct(&desk.office, CLERK, &seen.id, seen.revision, &correction).await;
        assert!(matches!(late, Err(AppError::Store(StoreError::Stale { .. }))), "{late:?}");
        let options = desk.app.set_request(&desk.office, CLERK, &seen.id, seen.revision, seen.request.clone()).await;
        assert!(matches!(options, Err(AppError::Store(StoreError::Stale { .. }))));
        let upload = desk.try_upload(&seen, "khac.csv", people(1)).await;
        assert!(matches!(upload, Err(AppError::Store(StoreError::Stale { .. }))));
        let submit = desk.app.submit_draft(&desk.office, CLERK, &seen.id, seen.revision).await;
        assert!(matches!(submit, Err(AppError::Store(StoreError::Stale { .. }))));
        let now = desk.app.draft(&desk.office, CLERK, &seen.id).await.unwrap();
        let text = desk.page(&now, Shown::From(0)).await;
        assert!(text.contains("*Bà") && text.contains("Trần Văn Cường") && !text.contains("Người khác"), "{text}");
        let changes = desk.office.store.draft_changes(&seen.id).await.unwrap();
        let actions: Vec<_> = changes.iter().map(|change| (change.action.as_str(), change.actor.as_str())).collect();
        assert_eq!(actions, [("draft.options", "lan"), ("draft.upload", "lan"), ("draft.correct", "lan")]);
        assert!(changes[2].before.contains("Bàa") && changes[2].after.contains("\"Bà\""), "what stood there can be found again");
    });
}

/// What a run on the command line says of a file, and what a draft says of it.
async fn both(desk: &Desk, name: &str, bytes: &[u8]) -> (String, String) {
    let folder = Office::with_workspace();
    folder.write(name, bytes);
    let run = folder.run(&award_run(name, "o", &["--json"]));
    let said: serde_json::Value = serde_json::from_str(&run.stdout).expect(&run.stdout);
    let codes = |said: &serde_json::Value| {
        let of = |one: &serde_json::Value| format!("{} {} {}", one["code"], one["at"], one["message"]);
        said["diagnostics"].as_array().map(|all| all.iter().map(of).collect::<Vec<_>>().join("\n")).unwrap_or_default()
    };
    let found = match desk.try_upload(&desk.awards().await, name, bytes).await {
        Ok(draft) => draft.checked.map(|checked| checked.diagnostics).unwrap_or_default(),
        Err(AppError::Input(found)) => found,
        Err(other) => panic!("{other}"),
    };
    let found = serde_json::json!({ "diagnostics": found.iter().map(|one| one.to_json(Language::Vietnamese)).collect::<Vec<_>>() });
    (codes(&said), codes(&found))
}

#[test]
fn a_bad_file_is_told_of_as_on_the_command_line() {
    run(async {
        let desk = Desk::new("").await;
        let bomb = {
            let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            for part in ["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"] {
                archive.start_file(part, zip::write::SimpleFileOptions::default()).unwrap();
                std::io::Write::write_all(&mut archive, &vec![b' '; 120_000_000]).unwrap();
            }
            archive.finish().unwrap().into_inner()
        };
        let files: [(&str, Vec<u8>); 8] = [
            ("bao-cao.xlsx", b"%PDF-1.7\n".to_vec()),
            ("trong.csv", Vec::new()),
            ("trang.xls", b"<html><table>".to_vec()),
            ("nhay.csv", b"\xef\xbb\xbfH\xe1\xbb\x8d t\xc3\xaan\n\"An\n".to_vec()),
            ("la.csv", "Tên hàng,Số lượng\nBút,3\n".into()),
            ("d.json", "{\"ho_ten\": \"A\"".into()),
            ("d.jsonl", "{\"ho_ten\": \"A\"}\nkhông phải\n".into()),
            ("bom.xlsx", bomb),
        ];
        for (name, bytes) in files {
            let (line, page) = both(&desk, name, &bytes).await;
            assert!(!line.is_empty(), "{name}");
            assert_eq!(page, line, "{name}");
        }
    });
}

#[test]
fn a_file_of_200_megabytes_is_refused_and_the_table_before_it_stays() {
    run(async {
        let desk = Desk::new("").await;
        let draft = desk.upload(&desk.awards().await, "d.csv", people(2)).await;
        let path = desk.folder.path.join("to.csv");
        std::fs::File::create(&path).unwrap().set_len(200_000_000).unwrap();
        let refused = desk.app.upload(&desk.office, CLERK, &draft.id, draft.revision, &path, "to.csv").await;
        expect![[r#"
            lỗi[file-too-large] to.csv: tệp lớn 191 MiB, giới hạn là 100 MiB
                cách sửa: chia danh sách thành nhiều tệp
        "#]]
        .assert_eq(&input(refused.unwrap_err()));
        let after = desk.app.draft(&desk.office, CLERK, &draft.id).await.unwrap();
        assert_eq!((after.revision, after.is_ready()), (draft.revision, true));
    });
}

async fn taken(settings: Settings, bytes: &[u8], expected: Expect) {
    let folder = Office::new();
    let path = folder.write("d.ods", bytes);
    let mut intake = Intake::start(&settings, &path, "d.ods", Vec::new(), Limits::default()).await.unwrap();
    let refused = loop {
        match intake.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("taken in"),
            Err(IntakeError::Refused(problem)) => break *problem,
            Err(other) => panic!("{other}"),
        }
    };
    expected.assert_eq(&told(&[refused]));
}

#[test]
fn a_file_that_takes_too_much_memory_or_time_costs_only_its_own_process() {
    // One cell, 500 times in 9,000 rows: within the limit on cells, and a gigabyte once it is loaded.
    let content = r#"<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
        xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
        <office:body><office:spreadsheet><table:table table:name="A"><table:table-row table:number-rows-repeated="9000"><table:table-cell office:value-type="string" table:number-columns-repeated="500"><text:p>Khuyến học, khuyến tài</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"#;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let manifest = r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;
    let parts =
        [("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("META-INF/manifest.xml", manifest), ("content.xml", content)];
    for (part, text) in parts {
        archive.start_file(part, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, text.as_bytes()).unwrap();
    }
    let heavy = archive.finish().unwrap().into_inner();
    let settings = Settings::new(PathBuf::from(PROGRAM));
    run(taken(
        Settings { memory_bytes: 300 << 20, ..settings.clone() },
        &heavy,
        expect![[r#"
        lỗi[file-too-heavy] d.ods: cần hơn 300 MiB bộ nhớ để đọc
            cách sửa: chép vùng dữ liệu sang một tệp .xlsx mới rồi nộp tệp đó
    "#]],
    ));
    run(taken(
        Settings { deadline: Duration::from_millis(50), ..settings },
        &heavy,
        expect![[r#"
        lỗi[file-too-slow] d.ods: đọc quá 0.05 giây chưa xong
            cách sửa: chia danh sách thành nhiều tệp
    "#]],
    ));
}

#[test]
fn a_cell_corrected_in_a_list_of_the_old_encoding_is_unicode_and_the_rest_is_still_converted() {
    run(async {
        let desk = Desk::new("").await;
        let list = "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Số vào sổ\n".to_owned()
            + &["NguyÔn V¨n An", "TrÇn ThÞ Ngäc B×nh", "Ph¹m Minh TuÊn", "Lª Hång Ph\u{AD}¬ng"]
                .iter()
                .zip(1..)
                .map(|(name, number)| format!("Cá nhân,Ông,{name},Chi hội {number},0{number}\n"))
                .collect::<String>();
        let draft = desk.upload(&desk.awards().await, "d.csv", list).await;
        let draft = desk.correct(&draft, 3, 2, "Đặng Thị Ngọc Bình").await;
        let Submitted::Batch(batch) = desk.app.submit_draft(&desk.office, CLERK, &draft.id, draft.revision).await.unwrap() else {
            panic!("submitted")
        };
        let records = desk.app.records(&desk.office, &batch).await.unwrap();
        let labels: Vec<_> = records.iter().map(|record| record.label.as_str()).collect();
        assert_eq!(labels, ["Nguyễn Văn An", "Đặng Thị Ngọc Bình", "Phạm Minh Tuấn", "Lê Hồng Phương"]);
    });
}

#[test]
fn records_of_json_are_corrected_by_field_and_keep_their_digits() {
    run(async {
        let desk = Desk::new("").await;
        let list = r#"[{"doi_tuong": "Cá nhân", "danh_xung": "Ông", "ho_ten": "Lê Văn An", "don_vi": "Chi hội 1", "so": 0012},
            {"doi_tuong": "Cá nhân", "danh_xung": "Bàa", "Họ và tên": "Lê Thị Bình", "don_vi": "Chi hội 2", "so": "02"}]"#
            .replace("0012", "12");
        let draft = desk.upload(&desk.awards().await, "d.json", list).await;
        expect![[r#"
            lỗi[choice-unknown] d.json#/1/danh_xung: bản ghi 2 (Lê Thị Bình): “Bàa” không nằm trong các giá trị cho phép của “Danh xưng”
                cách sửa: có phải “Bà”? chỉ được ghi: “Ông”, “Bà”, “Anh”, “Chị”, “Em”, “Cháu”, “Thầy”, “Cô”, “Đồng chí”
        "#]]
        .assert_eq(&findings(&draft));
        let template = desk.app.template("giay-khen").unwrap();
        let column = |name: &str| template.contract.fields.iter().position(|field| field.name == name).unwrap() as u32;
        let draft = desk.correct(&draft, 2, column("danh_xung"), "Bà").await;
        let draft = desk.correct(&draft, 2, column("ho_ten"), "Lê Thị \"Bình\"").await;
        assert!(draft.is_ready(), "{}", findings(&draft));
        let text = desk.page(&draft, Shown::From(0)).await;
        assert!(text.contains("*Bà") && text.contains("*Lê Thị \"Bình\"") && text.contains("| 12"), "{text}");
    });
}

#[test]
fn a_row_that_is_left_out_is_in_no_batch() {
    run(async {
        let desk = Desk::new("").await;
        let draft = desk.upload(&desk.awards().await, "Danh sách.xlsx", workbook()).await;
        let draft = desk.correct(&draft, 5, 3, "Bà").await;
        let out = Correction { sheet: 0, row: 6, cells: None };
        let draft = desk.app.correct(&desk.office, CLERK, &draft.id, draft.revision, &out).await.unwrap();
        assert_eq!(draft.current_check().map(|checked| (checked.accepted, checked.rejected)), Some((2, 0)), "{}", findings(&draft));
    });
}

#[test]
fn what_is_looked_at_is_what_is_made() {
    run(async {
        let desk =
            Desk::new("[registers.khen]\ntitle = \"Sổ khen thưởng\"\nkind = \"khen-thuong\"\ntemplates = [\"giay-khen\"]\nfirst = 41\n")
                .await;
        let list: String = people(5).lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n").collect();
        let draft = desk.upload(&desk.awards().await, "d.csv", list.replace("Chi hội 1", "Chi hội Khuyến học Khu phố Một")).await;
        assert_eq!(draft.current_check().unwrap().numbers, [("khen".into(), "2019".into(), 41, 45)]);
        let mut seen = Vec::new();
        for number in 1..=5 {
            let preview = desk.app.draft_preview(&desk.office, CLERK, &draft.id, Chosen::Record(number), None).await.unwrap();
            assert_eq!((preview.number, preview.pages_drawn), (number, 1));
            seen.push(preview);
        }
        let by_row = desk.app.draft_preview(&desk.office, CLERK, &draft.id, Chosen::Row(4), Some(60.0)).await.unwrap();
        assert_eq!((by_row.number, by_row.images.len(), &by_row.pdf), (3, 1, &seen[2].pdf));
        let longest = desk.app.draft_preview(&desk.office, CLERK, &draft.id, Chosen::Longest, None).await.unwrap();
        assert_eq!(Some(longest.number), draft.current_check().unwrap().longest.as_ref().map(|longest| longest.number));
        let missing = desk.app.draft_preview(&desk.office, CLERK, &draft.id, Chosen::Record(99), None).await.unwrap_err();
        expect![[r#"
            lỗi[preview-none] không có bản ghi hợp lệ nào ở đây để xem thử
                cách sửa: sửa các ô báo lỗi trước
        "#]]
        .assert_eq(&input(missing));
        let submitted = desk.app.submit_draft(&desk.office, CLERK, &draft.id, draft.revision).await.unwrap();
        let Submitted::Batch(batch) = submitted else { panic!("submitted") };
        desk.work().await;
        for (record, preview) in desk.app.records(&desk.office, &batch).await.unwrap().iter().zip(&seen) {
            let made = record.made.as_ref().expect("made");
            assert_eq!(
                (made.file.as_str(), std::fs::read(desk.office.objects.path(&made.object)).unwrap() == preview.pdf),
                (preview.file.as_str(), true)
            );
        }
    });
}

#[test]
fn a_draft_is_one_batch_however_often_it_is_submitted() {
    run(async {
        let desk = Desk::new("").await;
        let draft = desk.upload(&desk.awards().await, "d.csv", people(20)).await;
        let submit = || desk.app.submit_draft(&desk.office, CLERK, &draft.id, draft.revision);
        let (one, two) = tokio::join!(submit(), submit());
        assert_eq!(one.unwrap(), two.unwrap());
        let again = submit().await.unwrap();
        let batches = desk.app.batches(&desk.office).await.unwrap();
        assert_eq!((batches.len(), again), (1, Submitted::Batch(batches[0].batch.id.clone())));
        let correction = Correction { sheet: 0, row: 2, cells: Some(vec![(2, "X".into())]) };
        let late = desk.app.correct(&desk.office, CLERK, &draft.id, draft.revision + 1, &correction).await;
        assert!(matches!(late, Err(AppError::Store(StoreError::Refused { .. }))), "{late:?}");
        let key = || NewDraft { template: "giay-khen".into(), key: Some("k1".into()), ..NewDraft::default() };
        let (first, second) =
            (desk.app.create_draft(&desk.office, CLERK, key()).await, desk.app.create_draft(&desk.office, CLERK, key()).await);
        assert_eq!(first.unwrap().id, second.unwrap().id);
    });
}

#[test]
fn where_approval_is_required_another_person_says_yes() {
    run(async {
        let desk = Desk::new("[approval]\nrequired = true\n").await;
        let draft = desk.upload(&desk.awards().await, "d.csv", people(2)).await;
        assert_eq!(desk.app.submit_draft(&desk.office, CLERK, &draft.id, draft.revision).await.unwrap(), Submitted::Waiting);
        let waiting = desk.app.draft(&desk.office, CLERK, &draft.id).await.unwrap();
        let correction = Correction { sheet: 0, row: 2, cells: Some(vec![(2, "X".into())]) };
        let changed = desk.app.correct(&desk.office, CLERK, &draft.id, waiting.revision, &correction).await;
        assert!(matches!(changed, Err(AppError::Store(StoreError::Refused { .. }))), "nobody changes what is being approved: {changed:?}");
        let own = desk.app.approve_draft(&desk.office, CLERK, &draft.id, waiting.revision).await.unwrap_err();
        assert!(input(own).starts_with("lỗi[approval-own] người soạn không tự duyệt được"));
        let silent = desk.app.reject_draft(&desk.office, APPROVER, &draft.id, waiting.revision, " ").await.unwrap_err();
        assert!(input(silent).starts_with("lỗi[reason-missing]"));
        let rejected = desk.app.reject_draft(&desk.office, APPROVER, &draft.id, waiting.revision, "sai tên").await.unwrap();
        assert_eq!(
            (rejected.state, rejected.reason.as_str(), rejected.decided_by.as_deref()),
            (DraftState::Rejected, "sai tên", Some("binh"))
        );
        let open = desk.correct(&rejected, 2, 2, "Nguyễn Văn Anh").await;
        assert_eq!(open.state, DraftState::Open);
        desk.app.submit_draft(&desk.office, CLERK, &open.id, open.revision).await.unwrap();
        let waiting = desk.app.draft(&desk.office, CLERK, &open.id).await.unwrap();
        let back = desk.app.withdraw_draft(&desk.office, CLERK, &open.id, waiting.revision).await.unwrap();
        desk.app.submit_draft(&desk.office, CLERK, &back.id, back.revision).await.unwrap();
        let waiting = desk.app.draft(&desk.office, CLERK, &back.id).await.unwrap();
        assert!(desk.app.batches(&desk.office).await.unwrap().is_empty(), "nothing is numbered or made before the yes");
        let batch = desk.app.approve_draft(&desk.office, APPROVER, &back.id, waiting.revision).await.unwrap();
        assert_eq!(desk.app.approve_draft(&desk.office, APPROVER, &back.id, waiting.revision).await.unwrap(), batch);
        let log: Vec<_> = desk.office.store.audit_lines(0, 50).await.unwrap().into_iter().map(|line| (line.actor, line.action)).collect();
        let expected = [
            ("lan", "draft.ask"),
            ("binh", "draft.reject"),
            ("lan", "draft.ask"),
            ("lan", "draft.withdraw"),
            ("lan", "draft.ask"),
            ("binh", "draft.approve"),
        ];
        assert_eq!(log, expected.map(|(actor, action)| (actor.to_owned(), action.to_owned())));
    });
}

#[test]
fn anothers_draft_is_as_one_that_there_is_not() {
    run(async {
        let desk = Desk::new("").await;
        let draft = desk.upload(&desk.awards().await, "d.csv", people(1)).await;
        let stranger = Asker { name: "la", organisation: Some("khac") };
        let unknown = |error: AppError| matches!(error, AppError::Store(StoreError::Unknown { .. }));
        assert!(unknown(desk.app.draft(&desk.office, stranger, &draft.id).await.unwrap_err()));
        assert!(unknown(desk.app.table_page(&desk.office, stranger, &draft.id, None, Shown::From(0), 1).await.unwrap_err()));
        assert!(unknown(desk.app.draft_preview(&desk.office, stranger, &draft.id, Chosen::First, None).await.unwrap_err()));
        assert!(unknown(desk.app.submit_draft(&desk.office, stranger, &draft.id, draft.revision).await.unwrap_err()));
        assert!(unknown(desk.app.draft(&desk.office, CLERK, "01ZZZZZZZZZZZZZZZZZZZZZZZZ").await.unwrap_err()));
        assert!(desk.app.drafts(&desk.office, stranger, (false, DraftState::ALL), None, 9).await.unwrap().is_empty());
        assert_eq!(
            desk.app
                .drafts(&desk.office, Asker { name: "x", organisation: Some("hoi") }, (false, DraftState::ALL), None, 9)
                .await
                .unwrap()
                .len(),
            1
        );
    });
}

#[test]
fn the_plan_tells_documents_time_size_and_messages_by_domain() {
    run(async {
        let relay = "[mail]\nfrom = \"vp@hoi.example\"\nrelay = \"m\"\n[mail.relays.m]\nhost = \"127.0.0.1\"\nsecurity = \"none\"\nper_minute = 2\n";
        let desk = Desk::new(relay).await;
        let addresses = ["a@x.example", "b@X.example", "c@y.example", ""];
        let list: String = people(4)
            .lines()
            .zip(std::iter::once("Thư điện tử").chain(addresses))
            .map(|(line, address)| format!("{line},{address}\n"))
            .collect();
        let draft = desk.upload(&desk.awards().await, "d.csv", list).await;
        let request = Request { mail: Some(MailRequest::default()), ..draft.request.clone() };
        let draft = desk.set(&draft, request).await;
        let checked = draft.current_check().unwrap();
        assert_eq!(
            checked.mails.iter().map(|(domain, count)| (domain.as_str(), *count)).collect::<Vec<_>>(),
            [("x.example", 2), ("y.example", 1)],
            "{}",
            findings(&draft)
        );
        let estimate = desk.app.estimate(&desk.office, CLERK, &draft.id).await.unwrap();
        assert_eq!((estimate.documents, estimate.pages, estimate.messages), (4, 4, 3));
        assert!(estimate.bytes > 40_000 && estimate.bytes < 4_000_000 && estimate.seconds > 0.1 && estimate.seconds < 60.0, "{estimate:?}");
        let quota = estimate.quota.unwrap();
        assert_eq!((quota.relay.as_deref(), quota.per_minute, quota.minutes), (Some("m"), Some(2), 2));
    });
}

#[test]
fn what_is_looked_at_before_it_is_accepted_proves_nothing() {
    run(async {
        let desk = Desk::new("[verify]\nurl = \"https://hoi.example\"\nkey_file = \"ky.khoa\"\n").await;
        desk.folder.must(&["key", "new"]);
        let draft = desk.awards().await;
        let draft = desk.upload(&draft, "d.csv", people(1)).await;
        let preview = desk.app.draft_preview(&desk.office, CLERK, &draft.id, Chosen::First, None).await.unwrap();
        let code = crate::verification::printed_code(&desk.folder.write("thu.pdf", &preview.pdf));
        assert_eq!(code.to_string(), "0000-0000-0000-0000");
    });
}

#[test]
fn a_draft_that_was_left_alone_is_forgotten_with_its_list_and_what_was_submitted_is_not() {
    run(async {
        let desk = Desk::new("[service]\ndraft_days = 10\n").await;
        let (left, fresh, made) = (desk.awards().await, desk.awards().await, desk.awards().await);
        let left = desk.upload(&left, "d.csv", people(2)).await;
        let fresh = desk.upload(&fresh, "d.csv", people(2)).await;
        let made = desk.upload(&made, "d.csv", people(2)).await;
        let Submitted::Batch(batch) = desk.app.submit_draft(&desk.office, CLERK, &made.id, made.revision).await.unwrap() else { panic!() };
        assert_eq!(desk.app.clear_drafts(&desk.office).await.unwrap(), 0);
        let database = desk.folder.path.join("van-thu.db").display().to_string();
        let sql = |text: &str| {
            let script = "import sqlite3,sys; d=sqlite3.connect(sys.argv[1],timeout=30); r=d.execute(sys.argv[2]).fetchone(); d.commit(); print(r[0] if r else '')";
            crate::support::foreign("python3", &["-c", script, &database, text]).trim().to_owned()
        };
        let age = |id: &str, days: u32| sql(&format!("UPDATE draft SET changed_at = changed_at - {days} * 86400000 WHERE id = '{id}'"));
        age(&left.id, 11);
        age(&fresh.id, 9);
        age(&made.id, 11);
        assert_eq!(desk.app.clear_drafts(&desk.office).await.unwrap(), 1);
        assert!(desk.app.draft(&desk.office, CLERK, &left.id).await.is_err());
        for table in ["draft_row", "draft_sheet", "draft_change"] {
            assert_eq!(sql(&format!("SELECT count(*) FROM {table} WHERE draft_id = '{}'", left.id)), "0", "{table}");
        }
        let tables = desk.folder.path.join("du-lieu/ban-nhap");
        assert!(!tables.join(&left.id).exists() && tables.join(&fresh.id).exists() && tables.join(&made.id).exists());
        assert!(desk.app.draft(&desk.office, CLERK, &fresh.id).await.unwrap().is_ready());
        assert_eq!(desk.app.draft(&desk.office, CLERK, &made.id).await.unwrap().batch, Some(batch));
        assert_eq!(sql("SELECT count(*) FROM audit WHERE action = 'draft.clear'"), "1");
        // A batch whose draft never heard of it keeps its list.
        sql(&format!("UPDATE draft SET state = 'open', batch_id = NULL WHERE id = '{}'", made.id));
        assert_eq!(desk.app.clear_drafts(&desk.office).await.unwrap(), 0);
    });
}
