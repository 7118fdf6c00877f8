//! README.md: its commands work, its batch file is read, its messages are those of the program.

use std::fs;
use std::path::Path;

use vanthu::batch::Request;
use vanthu::config::Workspace;

use crate::support::{Office, python, said};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md")
}

/// The fenced blocks of `language`.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_two_commands_are_the_demonstration_and_the_tests() {
    let commands = &blocks("sh")[0];
    assert!(commands.starts_with("cargo run --release -- demo"), "{commands}");
    assert!(commands.contains("\ntests/run "), "{commands}");
    // What `cargo run` starts is the binary under test.
    let office = Office::new();
    let said = office.must(&["demo"]);
    assert!(said.stdout.contains("116 văn bản"), "the README says how many documents there are: {}", said.stdout);
    assert!(readme().contains("116 documents in vanthu-demo/ket-qua/"));
}

#[test]
fn ten_minutes_lead_from_nothing_to_own_certificates() {
    let block = &blocks("sh")[1];
    let office = Office::new();
    let binary = Path::new(crate::support::PROGRAM);
    let path = format!("{}:/usr/bin:/bin", binary.parent().expect("a folder").display());
    let mut folder = office.path.clone();
    for line in block.lines() {
        let command = line.split('#').next().unwrap_or_default().trim();
        let output = std::process::Command::new("bash")
            .args(["-c", &format!("{command} && pwd > {}", office.path.join("pwd").display())])
            .current_dir(&folder)
            .env_clear()
            .env("PATH", &path)
            .env("LANG", "vi_VN.UTF-8")
            .output()
            .expect("bash");
        let outcome = said(output);
        assert_eq!(outcome.code, 0, "{command}\n{}{}", outcome.stdout, outcome.stderr);
        folder = fs::read_to_string(office.path.join("pwd")).expect("a folder").trim().into();
        if command.contains("template sheet") {
            fill(&folder.join("giay-khen.xlsx"));
        }
    }
    assert!(folder.ends_with("van-phong"));
    assert_eq!(office.documents("van-phong/ket-qua"), ["01-Nguyễn Thị Ánh Tuyết.pdf"]);
    assert!(folder.join("ket-qua/_tat-ca.pdf").is_file());
}

/// What the clerk types into the workbook.
fn fill(workbook: &Path) {
    python(
        r#"
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book["Danh sách"]
values = {"Đối tượng": "Cá nhân", "Danh xưng": "Bà", "Họ và tên": "Nguyễn Thị Ánh Tuyết", "Số vào sổ": "01"}
for cell in sheet[1]:
    sheet.cell(2, cell.column).value = values.get(str(cell.value).rstrip(" *"))
common = {"Số quyết định": "12/QĐ-HKH", "Ngày quyết định": "27/12/2019", "Phong trào": "công tác khuyến học"}
for row in book["Chung"].iter_rows(min_row=2):
    row[1].value = common.get(str(row[0].value).rstrip(" *"), row[1].value)
book.save(sys.argv[1])
"#,
        &[workbook],
    );
}

#[test]
fn the_batch_file_and_the_stock_are_read() {
    let office = Office::new();
    let blocks = blocks("toml");
    let batch = office.write("lo.toml", &blocks[0]);
    let request = Request::read(&batch).expect("the README's batch file");
    assert_eq!(request.template, "giay-khen");
    assert_eq!(request.common["ngay"], "2019-12-27");
    let block = |mark: &str| blocks.iter().find(|block| block.contains(mark)).expect("a block");
    office.write("vanthu.toml", block("[stocks"));
    let workspace = Workspace::open(&office.path).expect("the README's stock");
    assert_eq!(workspace.config.stocks["phoi-2019"].fields["ho_ten"].font.as_deref(), Some("Charm"));
}

#[test]
fn the_mail_and_its_relay_are_read() {
    let office = Office::new();
    let blocks = blocks("toml");
    office.write("vanthu.toml", blocks.iter().find(|block| block.contains("[mail]")).expect("a block"));
    let workspace = Workspace::open(&office.path).expect("the README's mail");
    assert_eq!(workspace.config.mail.relays["may-chu"].per_minute, Some(30));
}

#[test]
fn the_alerts_and_the_mailbox_of_bounces_are_read() {
    let office = Office::new();
    let blocks = blocks("toml");
    office.write("vanthu.toml", blocks.iter().find(|block| block.contains("[alerts]")).expect("a block"));
    let workspace = Workspace::open(&office.path).expect("the README's alerts");
    assert_eq!((workspace.config.alerts.to.len(), workspace.config.mail.bounces.map(|mailbox| mailbox.every_minutes)), (1, Some(5)));
}

#[test]
fn the_schedules_are_read() {
    let office = Office::new();
    let blocks = blocks("toml");
    office.write("vanthu.toml", blocks.iter().find(|block| block.contains("[schedules")).expect("a block"));
    let workspace = Workspace::open(&office.path).expect("the README's schedules");
    assert!(workspace.config.schedules["giay-khen"].mail);
}

#[test]
fn the_message_shown_is_the_message_given() {
    let office = Office::with_workspace();
    let mut rows = vec!["Đối tượng,Danh xưng,Họ và tên,Ngày quyết định".to_owned()];
    rows.extend((2..=16).map(|row| format!("Cá nhân,Ông,Người {row},27/12/2019")));
    rows.push("Cá nhân,Ông,Lê Văn An,31/02/2026".to_owned());
    office.write("d.csv", rows.join("\n"));
    let said = office.run(&["check", "-t", "giay-khen", "-d", "d.csv", "--set", "so_quyet_dinh=1/QĐ-HKH", "--set", "phong_trao=x"]);
    // The README shows a cell of a workbook; the sentence and the remedy are the same for a list.
    let shown = readme();
    for line in ["bản ghi 16 (Lê Văn An): “31/02/2026” ", "    cách sửa: "] {
        let from_readme = shown.lines().find_map(|text| Some(text[text.find(line)?..].to_owned())).unwrap_or_else(|| panic!("{line}"));
        assert!(said.stderr.contains(from_readme.trim()), "{from_readme}\n{}", said.stderr);
    }
}

#[test]
fn every_template_and_command_of_the_program_is_named() {
    let text = readme();
    let list: serde_json::Value = serde_json::from_str(&Office::new().must(&["template", "list", "--json"]).stdout).expect("JSON");
    for template in list["templates"].as_array().expect("templates") {
        let name = template["name"].as_str().expect("a name");
        assert!(text.contains(&format!("`{name}`")), "README.md does not name the template {name}");
    }
    for command in vanthu::cli::grammar(vanthu::language::Language::English).get_subcommands() {
        let name = command.get_name();
        assert!(text.contains(&format!("`vanthu {name}")), "README.md does not name the command {name}");
    }
}
