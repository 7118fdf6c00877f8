//! A full disk, wherever it is met: the run says so and stops, and goes on when there is room.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::{OPTIONS, Scene};
use crate::support::{PROGRAM, award_run};

/// Runs a shell script in a mount namespace of its own; `RUN` is the command line of a run.
fn in_namespace(scene: &Scene, script: &str) -> String {
    let words: Vec<String> = award_run("d.csv", "o", &OPTIONS).iter().map(|word| format!("'{word}'")).collect();
    let run = format!("{PROGRAM} {}", words.join(" "));
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &format!("{{ {} ; }} 2>&1", script.replace("RUN", &run))])
        .current_dir(&scene.office.path)
        .env("LANG", "vi_VN.UTF-8")
        .output()
        .expect("unshare (Debian package util-linux) is needed by the tests");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// One folder of the workspace on a file system of `kilobytes`; what the first run says, without the file that it met, and
/// the office copied back when the second, with room, has ended.
fn full(folder: &str, kilobytes: u32) -> String {
    let scene = Scene::fresh().second_list();
    let script = format!(
        "cp -a {folder} aside && mount -t tmpfs -o size=8m none {folder} && cp -a aside/. {folder} && rm -r aside \
         && dd if=/dev/zero of={folder}/ballast bs=1k count=$(($(df --output=avail -k {folder} | tail -1) - {kilobytes})) status=none \
         && {{ RUN; echo \"code $?\"; rm {folder}/ballast; RUN >/dev/null; echo \"code $?\"; mkdir back; cp -a {folder}/. back; }}"
    );
    let text = in_namespace(&scene, &script);
    let (before, after) = text.split_once("code ").unwrap_or_else(|| panic!("{folder} {kilobytes}: {text}"));
    assert!(after.starts_with("2\n") || after.starts_with("0\n"), "{folder} {kilobytes}: {text}");
    assert!(after.ends_with("code 0\n"), "{folder} {kilobytes}: {text}");
    fs::remove_dir_all(scene.office.path.join(folder)).expect("the empty folder");
    fs::rename(scene.office.path.join("back"), scene.office.path.join(folder)).expect("the office as it was");
    scene.is_complete(&format!("{folder} with {kilobytes} kB"));
    if after.starts_with("0\n") {
        return String::new();
    }
    // Which file met the end of the disk differs from run to run; the rest of the message does not.
    before.split(['“', '”']).step_by(2).collect::<Vec<_>>().join("…")
}

const REMEDY: &str = "    Đĩa đã đầy. Văn bản đã ghi xong vẫn nguyên vẹn; giải phóng chỗ rồi chạy lại lệnh này để làm tiếp.\n";

/// SQLite does not always say which of the two it met.
const FAULTY: &str = "    Đĩa báo lỗi, hoặc đã đầy. Xem nhật ký của máy, kiểm tra đĩa, rồi chạy lại lệnh này để làm tiếp.\n";

#[test]
fn objects_and_outputs_that_find_the_disk_full_are_said_and_the_run_goes_on_when_there_is_room() {
    for folder in ["kho", "o"] {
        let said: BTreeSet<String> = [0, 40, 200].map(|kilobytes| full(folder, kilobytes)).into();
        assert!(said.contains(&format!("vanthu không làm tiếp được: không ghi được …: đĩa đã đầy\n{REMEDY}")), "{folder}: {said:#?}");
        for one in said.iter().filter(|one| !one.is_empty()) {
            assert!(
                one.starts_with("vanthu không làm tiếp được: không ghi được ") && one.ends_with(&format!(": đĩa đã đầy\n{REMEDY}")),
                "{folder}: {one}"
            );
        }
    }
}

#[test]
fn a_database_that_finds_the_disk_full_is_said_and_the_run_goes_on_when_there_is_room() {
    // From no room at all to enough: the migration, the plan, the log and the commits of documents meet the end in turn.
    let mut said = BTreeSet::new();
    for kilobytes in [0, 30, 60, 100, 160, 250, 400, 700] {
        said.insert(full_workspace(kilobytes));
    }
    said.remove("");
    for one in &said {
        let helps = one.ends_with(REMEDY) || one.ends_with(FAULTY);
        assert!(one.starts_with("vanthu không làm tiếp được: ") && helps, "{one}");
    }
    assert!(said.iter().any(|one| one.contains("cơ sở dữ liệu báo lỗi")), "{said:#?}");
}

/// As [`full`], with everything on one small file system, from an office that does not exist yet.
fn full_workspace(kilobytes: u32) -> String {
    let scene = Scene::fresh();
    let script = format!(
        "mkdir small && mount -t tmpfs -o size=8m none small && cp vanthu.toml d.csv small && cd small \
         && dd if=/dev/zero of=ballast bs=1k count=$(($(df --output=avail -k . | tail -1) - {kilobytes})) status=none \
         && {{ RUN; echo \"code $?\"; rm ballast; RUN >/dev/null; echo \"code $?\"; cp -a van-thu.db* kho o ..; }}"
    );
    let text = in_namespace(&scene, &script);
    let (before, after) = text.split_once("code ").unwrap_or_else(|| panic!("{kilobytes}: {text}"));
    assert!((after.starts_with("2\n") || after.starts_with("0\n")) && after.ends_with("code 0\n"), "{kilobytes}: {text}");
    scene.is_complete(&format!("everything with {kilobytes} kB"));
    if after.starts_with("0\n") { String::new() } else { before.split(['“', '”']).step_by(2).collect::<Vec<_>>().join("…") }
}

/// The run under strace, which makes system calls fail or writes them down.
fn traced(scene: &Scene, options: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq"]).args(options).arg(PROGRAM).args(award_run("d.csv", "o", &OPTIONS));
    command.current_dir(&scene.office.path).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "vi_VN.UTF-8");
    command
}

#[test]
fn a_sync_that_fails_ends_the_run_and_is_never_taken_for_done() {
    let stage = Scene::fresh().second_list();
    // Each thread counts its own: from the first sync of the database to those of documents and folders.
    super::side_by_side(vec![1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 28], |nth: u32| {
        let scene = stage.copied();
        let trace = scene.office.path.join("trace");
        let inject = format!("inject=fsync,fdatasync:error=EIO:when={nth}+");
        let options = ["-y", "-o", trace.to_str().expect("a path"), "-e", "trace=fsync,fdatasync", "-e", &inject];
        let failed = traced(&scene, &options).output().expect("strace (a Debian package)");
        let said = String::from_utf8_lossy(&failed.stderr);
        let trace = fs::read_to_string(&trace).expect("a trace");
        let mut from_failure = trace.lines().filter(|line| line.contains("sync(")).skip_while(|line| !line.contains("INJECTED")).peekable();
        let injected = from_failure.peek().is_some();
        // At the very end the log is folded into the database: should that fail, the log keeps what it has.
        let only_folding = from_failure.all(|line| line.contains("/van-thu.db"));
        let right = if injected { failed.status.code() == Some(2) || only_folding } else { failed.status.code() == Some(0) };
        assert!(right, "{nth}: {:?} {said}\n{trace}", failed.status.code());
        assert!(injected || nth > 10, "{nth}: no sync was met");
        if failed.status.code() == Some(2) {
            let head = said.lines().find(|line| line.starts_with("vanthu không làm tiếp được: "));
            assert!(head.is_some() && said.ends_with(FAULTY), "{nth}: {said}");
        }
        scene.holds(&format!("sync {nth}"));
        scene.comes_to_its_end(&format!("sync {nth}"));
    });
}

/// The calls that make things last, in their order: what was called on what.
fn calls(trace: &str) -> Vec<(String, String)> {
    let interesting = ["fsync", "fdatasync", "mkdir", "rename", "link", "linkat", "renameat", "renameat2"];
    trace
        .lines()
        .filter(|line| line.ends_with("= 0"))
        .filter_map(|line| {
            let call = line.split_whitespace().nth(1)?.split('(').next()?;
            // The file of a descriptor stands in angle brackets, names in quotes; of two names the last is where it goes.
            let named = if call.ends_with("sync") { line.split(['<', '>']).nth(1)? } else { line.rsplit('"').nth(1)? };
            interesting.contains(&call).then(|| (call.to_owned(), named.to_owned()))
        })
        .collect()
}

#[test]
fn a_document_is_synced_before_its_name_its_name_before_its_row_and_its_row_before_it_is_shown() {
    let scene = Scene::fresh();
    scene.office.write("d.csv", crate::support::people(1));
    let trace = scene.office.path.join("trace");
    let options = ["-y", "-o", trace.to_str().expect("a path"), "-e", "trace=fsync,fdatasync,mkdir,rename,renameat,renameat2,link,linkat"];
    assert!(traced(&scene, &options).status().expect("strace (a Debian package)").success());
    let calls = calls(&fs::read_to_string(&trace).expect("a trace"));
    let first = |what: &str, from: usize, fits: &dyn Fn(&str, &str) -> bool| {
        let found = calls.iter().enumerate().skip(from).find(|(_, (call, path))| fits(call, path));
        found.map(|(at, _)| at).unwrap_or_else(|| panic!("{what} does not follow call {from} of {calls:#?}"))
    };
    let synced =
        first("the sync of the bytes", 0, &|call, path| call.ends_with("sync") && path.contains("/kho/") && path.ends_with(".tmp"));
    let named = first("their name", synced, &|call, path| call.starts_with("rename") && path.contains("/kho/") && path.ends_with(".pdf"));
    let lasting = first("the sync of the folder", named, &|call, path| call == "fsync" && path.contains("/kho/"));
    let committed = first("the commit", lasting, &|call, path| call.ends_with("sync") && path.ends_with("van-thu.db-wal"));
    first("the name in the folder", committed, &|call, path| call.starts_with("rename") && path.contains("o/001-"));
    assert!(calls[..synced].iter().any(|(_, path)| path.ends_with("van-thu.db-wal")), "the record was accepted before");
    assert!(!calls[..committed].iter().any(|(_, path)| path.contains("o/001-")), "nothing is shown before its row");
}
