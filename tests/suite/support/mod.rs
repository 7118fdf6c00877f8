//! A temporary office: a folder to work in, the real program, and foreign programs that read what it made.

pub mod certificates;
pub mod checker;
pub mod dns;
pub mod postgres;
pub mod running;
pub mod servers;
pub mod site;
pub mod smtp;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_vanthu");

/// A folder that is removed with the value.
pub struct Office {
    pub path: PathBuf,
}

/// What a run of the program said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Office {
    /// An empty folder.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("vanthu-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder");
        Self { path }
    }

    /// A workspace with one organisation.
    pub fn with_workspace() -> Self {
        let office = Self::new();
        office.write(
            "vanthu.toml",
            r#"
[organisations.hoi]
name = "Hội Khuyến học Phường Thí Điểm"
name_lines = ["HỘI KHUYẾN HỌC", "PHƯỜNG THÍ ĐIỂM"]
superior_lines = ["HỘI KHUYẾN HỌC", "THÀNH PHỐ HỒ CHÍ MINH"]
abbreviation = "HKH"
place = "Phường Thí Điểm"
[[organisations.hoi.signatories]]
authority = ["TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"]
name = "Trần Thị Bình"
"#,
        );
        office
    }

    /// Writes a file, with its folders.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A file as JSON.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).expect("JSON")
    }

    /// The program, ready to be started in this folder, speaking Vietnamese.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(&self.path).env_clear().env("LANG", "vi_VN.UTF-8");
        command
    }

    /// Runs the program.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Said {
        said(self.command(arguments).output().expect("the program starts"))
    }

    /// Runs the program, which must succeed.
    pub fn must<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{}\n{}", said.stdout, said.stderr);
        said
    }

    /// Names of the documents in a folder, sorted: PDFs that are not made beside them.
    pub fn documents(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path.join(folder))
            .map(|entries| entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
            .unwrap_or_default();
        names.retain(|name| name.ends_with(".pdf") && !name.starts_with("_tat-ca"));
        names.sort();
        names
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A folder for files that tests make and nobody removes; it is gone once this process is, however it ends: a shell waits for
/// the end of a pipe whose other end is held here.
#[allow(clippy::zombie_processes, reason = "the shell ends after this process")]
pub fn scratch() -> &'static Path {
    static FOLDER: OnceLock<(PathBuf, ChildStdin)> = OnceLock::new();
    let made = || {
        let path = std::env::temp_dir().join(format!("vanthu-data-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder");
        let mut remover = Command::new("sh");
        remover.args(["-c", "cat >/dev/null; rm -rf \"$1\"", "sh"]).arg(&path).stdin(Stdio::piped());
        // A group of its own: Ctrl-C ends the tests, and their end is what the shell waits for.
        let mut remover = remover.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh");
        (path, remover.stdin.take().expect("a pipe"))
    };
    &FOLDER.get_or_init(made).0
}

/// An ended process as text.
pub fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The whole of what a person sees of a command in Vietnamese, then in English: exit code, stderr, stdout.
pub fn whole<S: AsRef<OsStr>>(office: &Office, arguments: &[S]) -> String {
    let shown = |language: &str| {
        let said = said(office.command(arguments).env("LANG", language).output().expect("the program starts"));
        format!("[{language} {}]\n{}{}", said.code, said.stderr, said.stdout)
    };
    // Paths of the temporary folder differ from run to run.
    (shown("vi") + &shown("en")).replace(office.path.to_str().expect("a path"), "…")
}

/// Runs a foreign program; a missing one is a failure that names it.
pub fn foreign<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed by the tests (tests/run installs it): {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The Python of the tests' virtual environment.
pub fn python(script: &str, arguments: &[&Path]) -> String {
    let program = std::env::var("VANTHU_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut all: Vec<&OsStr> = vec![OsStr::new("-c"), OsStr::new(script)];
    all.extend(arguments.iter().map(|argument| argument.as_os_str()));
    foreign(&program, &all)
}

/// The text of a PDF, read by poppler.
pub fn text_of(pdf: &Path) -> String {
    foreign("pdftotext", &[pdf.as_os_str(), OsStr::new("-layout"), OsStr::new("-")])
}

/// A line of `pdfinfo`.
pub fn info_of(pdf: &Path, key: &str) -> String {
    let text = foreign("pdfinfo", &[pdf]);
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).unwrap_or_default().trim().to_owned()
}

/// Pages of a PDF, counted by poppler.
pub fn pages_of(pdf: &Path) -> usize {
    info_of(pdf, "Pages").parse().expect("a page count")
}

/// qpdf finds no fault.
pub fn assert_sound(pdf: &Path) {
    foreign("qpdf", &[OsStr::new("--check"), pdf.as_os_str()]);
}

/// Values that every certificate of the tests shares.
pub const AWARD: [&str; 6] = ["--set", "so_quyet_dinh=12/QĐ-HKH", "--set", "ngay=27/12/2019", "--set", "phong_trao=công tác khuyến học"];

/// Arguments of a run of `giay-khen` over `data`, with further arguments.
pub fn award_run<'a>(data: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["run", "--template", "giay-khen", "--data", data, "--out", out];
    arguments.extend(AWARD);
    arguments.extend(more);
    arguments
}

/// A CSV list of `count` different people.
pub fn people(count: usize) -> String {
    let family = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi"];
    let middle = ["Văn", "Thị", "Minh", "Hữu", "Quốc", "Thị Ngọc", "Thị Bích", "Đình", "Xuân", "Gia"];
    let given = ["An", "Ánh", "Bình", "Châu", "Dũng", "Đạt", "Hà", "Hạnh", "Khánh", "Yến"];
    let mut text = String::from("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Số vào sổ\n");
    for index in 0..count {
        let name = format!("{} {} {}", family[index % 10], middle[index / 10 % 10], given[index / 100 % 10]);
        text.push_str(&format!("Cá nhân,Ông,{name},Chi hội {},{:03}\n", index / 1000 + 1, index + 1));
    }
    text
}
