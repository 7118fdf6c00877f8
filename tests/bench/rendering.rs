//! What rendering costs: `cargo bench` prints each figure with its unit. The machine may be busy with other work, so
//! compare figures of one run; the lines “target” say what is meant to be reached on two free cores.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vanthu::app::App;
use vanthu::app::make::Watcher;
use vanthu::batch::{Counts, Planned, Progress, Request, Summary};
use vanthu::catalog::Catalog;
use vanthu::config::Workspace;
use vanthu::language::Language;

const PROGRAM: &str = env!("CARGO_BIN_EXE_vanthu");

fn main() {
    let office = Office::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("vanthu {}, {cores} cores, template giay-khen (frame, emblem, QR code, script face), PDF/A-2b", env!("CARGO_PKG_VERSION"));

    let one = office.list(1);
    let cold = (0..5).map(|round| office.timed(&one, &format!("cold{round}")).0).min().unwrap_or_default();
    figure("cold start to first PDF", millis(cold), "ms", "≤ 500");

    let count = 2_000;
    let many = office.list(count);
    let (wall, _) = office.timed(&many, "many");
    figure("certificates, list to durable files", count as f64 / wall.as_secs_f64(), "documents/s", "≥ 300");
    let sizes = office.sizes("many");
    figure("size of a certificate, mean", sizes.iter().sum::<u64>() as f64 / sizes.len() as f64 / 1000.0, "kB", "≤ 40");
    figure("size of a certificate, largest", sizes.iter().max().copied().unwrap_or_default() as f64 / 1000.0, "kB", "≤ 40");

    figure("words, per document", words(), "ms", "");
    let summary = office.run_inside(&many, "stages", "sen");
    let per_document = |time: Duration| millis(time) / summary.counts.made as f64;
    figure("compile and checks, per document", per_document(summary.times.compile), "ms", "");
    figure("export, per document", per_document(summary.times.export), "ms", "");
    figure("publish (hash, write, sync), per document", per_document(summary.times.publish), "ms", "");

    let small = office.timed(&office.list(1_000), "small").1;
    figure("peak memory at 1,000 records, all processes", small, "MB", "≤ 400");
    let large = office.timed(&office.list(20_000), "large").1;
    figure("peak memory at 20,000 records, all processes", large, "MB", "≤ 400");
    figure("  ratio", large / small, "", "about 1");

    office.designs();

    let (table, pages) = office.table(1_000);
    figure("annual summary with a table of 1,000 rows × 8", millis(table), "ms", "");
    figure("  pages", pages as f64, "pages", "");
    figure("lint of those pages", office.lint("table"), "pages/s", "≥ 100");
}

fn figure(name: &str, value: f64, unit: &str, target: &str) {
    let target = if target.is_empty() { String::new() } else { format!("   target {target}") };
    println!("{name:<48} {value:>10.2} {unit}{target}");
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Filling the wording of one record.
fn words() -> f64 {
    let template = Catalog::default().template("giay-khen").expect("a built-in template");
    let organisation = json!({ "ten": "Hội Khuyến học", "ten_dong": [], "dia_danh": "Hà Nội", "nguoi_ky": [] });
    let options = template.manifest.choose(&Default::default()).expect("defaults");
    let rounds = 2_000;
    let record = template.contract.complete(&template.sample[0]);
    let started = Instant::now();
    for _ in 0..rounds {
        let context = template.context(&record, &organisation, &options);
        std::hint::black_box(template.words.fill(&context).expect("the sample fills"));
    }
    millis(started.elapsed()) / f64::from(rounds)
}

/// A temporary folder with the lists and their documents.
struct Office {
    path: PathBuf,
}

impl Office {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("vanthu-bench-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self { path }
    }

    /// A list of `count` different people.
    fn list(&self, count: usize) -> PathBuf {
        let family = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi"];
        let middle = ["Văn", "Thị", "Minh", "Hữu", "Quốc", "Thị Ngọc", "Thị Bích", "Đình", "Xuân", "Gia"];
        let given = ["An", "Ánh", "Bình", "Châu", "Dũng", "Đạt", "Hà", "Hạnh", "Khánh", "Yến"];
        let mut text = String::from("Đối tượng,Danh xưng,Họ và tên,Chức vụ,Đơn vị,Số vào sổ\n");
        for index in 0..count {
            let name = format!("{} {} {}", family[index % 10], middle[index / 10 % 10], given[index / 100 % 10]);
            text.push_str(&format!("Cá nhân,Ông,{name},Hội viên,Chi hội {},{}\n", index / 1000 + 1, index + 1));
        }
        let path = self.path.join(format!("{count}.csv"));
        fs::write(&path, text).expect("a list");
        path
    }

    /// Runs the program on a list: wall time, and the peak resident memory of its processes together in MB.
    fn timed(&self, list: &Path, out: &str) -> (Duration, f64) {
        let started = Instant::now();
        let mut child = Command::new(PROGRAM)
            .args(["run", "--template", "giay-khen", "--json", "--data"])
            .arg(list)
            .arg("--out")
            .arg(self.path.join(out))
            .args(["--set", "so_quyet_dinh=12/QĐ-HKH", "--set", "ngay=27/12/2019", "--set", "phong_trao=công tác khuyến học"])
            .current_dir(&self.path)
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        // Workers are replaced now and then, so the peak is that of the processes alive together.
        let mut peak = 0;
        let status = loop {
            peak = peak.max(family(child.id()).into_iter().filter_map(peak_kilobytes).sum::<u64>());
            if let Some(status) = child.try_wait().expect("a process") {
                break status;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let wall = started.elapsed();
        assert!(status.success(), "the run succeeds");
        (wall, peak as f64 / 1000.0)
    }

    /// Runs a list inside this process, for the times of the stages.
    fn run_inside(&self, list: &Path, out: &str, design: &str) -> Summary {
        struct Silent;
        impl Progress for Silent {
            fn update(&self, _: &Counts) {}
        }
        let app = App::new(Workspace::default(), PROGRAM.into(), Language::English);
        let common = json!({ "so_quyet_dinh": "12/QĐ-HKH", "ngay": "2019-12-27", "phong_trao": "công tác khuyến học" });
        let request = Request {
            template: "giay-khen".into(),
            data: list.to_owned(),
            output: self.path.join(out),
            common: common.as_object().cloned().unwrap_or_default(),
            options: [("mau".to_owned(), design.to_owned())].into(),
            ..Request::default()
        };
        let (_sender, stop) = tokio::sync::watch::channel(false);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let ran = runtime
            .block_on(app.run(&request, Watcher { progress: &Silent, on_plan: &|_: &Planned| {}, stop: &stop }))
            .expect("the run succeeds");
        ran.summary.expect("a summary")
    }

    /// The frames against the plain one, `hien-dai`: lines and corners only. Each round begins with another design, and the
    /// best of the rounds counts, so that other work on the machine favours none.
    fn designs(&self) {
        const DESIGNS: [&str; 3] = ["hien-dai", "co-dien", "sen"];
        let list = self.list(500);
        let mut best = [f64::INFINITY; DESIGNS.len()];
        for round in 0..6 {
            for step in 0..DESIGNS.len() {
                let index = (round + step) % DESIGNS.len();
                let summary = self.run_inside(&list, &format!("{}-{round}", DESIGNS[index]), DESIGNS[index]);
                let time = millis(summary.times.compile + summary.times.export) / summary.counts.made as f64;
                best[index] = best[index].min(time);
            }
        }
        for (design, time) in DESIGNS.into_iter().zip(best) {
            let sizes = self.sizes(&format!("{design}-0"));
            figure(&format!("design {design}, compile and export"), time, "ms", "");
            figure("  against hien-dai, the plain one", time / best[0], "", "≤ 1.3");
            figure("  size, mean", sizes.iter().sum::<u64>() as f64 / sizes.len() as f64 / 1000.0, "kB", "≤ 60");
        }
    }

    /// One annual summary with a table of `rows` rows: wall time and pages.
    fn table(&self, rows: usize) -> (Duration, u64) {
        let units: Vec<Value> = (1..=rows)
            .map(|n| {
                json!({
                    "ten": format!("Hội Khuyến học xã Minh Họa {n}"), "to_chuc": n % 40, "hoi_vien": 900 + n, "gia_dinh": 300 + n,
                    "hoc_bong": n % 25, "tien_trao": (n * 100_000).to_string(), "quy": (n * 1_000_000).to_string(),
                })
            })
            .collect();
        let record = json!({
            "ten_ky": "năm 2018", "ten_ky_truoc": "năm 2017",
            "muc": [{ "cap": 1, "tieu_de": "Kết quả", "noi_dung": "Số liệu minh họa.", "kem": "Đơn vị" }],
            "don_vi": units,
        });
        let data = self.path.join("table.json");
        fs::write(&data, record.to_string()).expect("data");
        let started = Instant::now();
        let output = Command::new(PROGRAM)
            .args(["run", "--template", "bao-cao-tong-ket", "--json", "--data"])
            .arg(&data)
            .arg("--out")
            .arg(self.path.join("table"))
            .current_dir(&self.path)
            .output()
            .expect("the program starts");
        let wall = started.elapsed();
        let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (wall, said["documents"][0]["pages"].as_u64().unwrap_or_else(|| panic!("{said:#}")))
    }

    /// Pages a second of the linter on the documents of a folder.
    fn lint(&self, out: &str) -> f64 {
        let files = fs::read_dir(self.path.join(out)).expect("a folder").flatten().map(|entry| entry.path());
        let documents: Vec<Vec<u8>> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "pdf"))
            .map(|path| fs::read(path).expect("a PDF"))
            .collect();
        let started = Instant::now();
        let pages: usize =
            documents.iter().map(|bytes| vanthu::lint::lint(bytes, &Default::default()).expect("a readable PDF").pages.len()).sum();
        pages as f64 / started.elapsed().as_secs_f64()
    }

    fn sizes(&self, out: &str) -> Vec<u64> {
        let entries = fs::read_dir(self.path.join(out)).expect("a folder").flatten();
        entries
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "pdf"))
            .map(|entry| entry.metadata().map_or(0, |meta| meta.len()))
            .collect()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A process and its children.
fn family(id: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let mut all: Vec<u32> = children.split_whitespace().filter_map(|child| child.parse().ok()).collect();
    // Threads of the coordinator start children too.
    for task in fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
    }
    all.push(id);
    all.sort_unstable();
    all.dedup();
    all
}

fn peak_kilobytes(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}
