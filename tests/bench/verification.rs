//! What the public check costs: `cargo bench --bench verification` prints questions a second on loopback, for codes that exist and
//! codes that do not, over eight connections for five seconds.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod folder;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use folder::Folder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_vanthu");
const CERTIFICATES: usize = 200;
const CONNECTIONS: usize = 8;
const DURATION: Duration = Duration::from_secs(5);

fn main() {
    let folder = Folder::new("verification");
    let config = "[organisations.hoi]\nname = \"Hội Khuyến học Phường Mẫu\"\nabbreviation = \"HKH\"\nplace = \"Phường Mẫu\"\n\
        [[organisations.hoi.signatories]]\nauthority = [\"CHỦ TỊCH\"]\nname = \"Trần Thị Bình\"\n\
        [verify]\nurl = \"https://hoi.example\"\nkey_file = \"ky.khoa\"\nper_minute = 100000000\nper_minute_in_all = 100000000\n";
    fs::write(folder.join("vanthu.toml"), config).expect("a file");
    let rows: String = (1..=CERTIFICATES).map(|n| format!("Cá nhân,Ông,Nguyễn Văn Mẫu {n},Hội A,Đã có nhiều đóng góp\n")).collect();
    fs::write(folder.join("d.csv"), format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Thành tích\n{rows}")).expect("a file");
    let run = |arguments: &[&str]| {
        let output = Command::new(PROGRAM).args(arguments).current_dir(&*folder).output().expect("the program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(&["key", "new"]);
    run(&["run", "-t", "giay-khen", "-d", "d.csv", "-o", "o", "--set", "so_quyet_dinh=12/QĐ-HKH", "--set", "ngay=27/12/2019"]);
    let mut codes = Vec::new();
    for entry in fs::read_dir(folder.join("o"))
        .expect("a folder")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "pdf"))
        .take(20)
    {
        let said: serde_json::Value =
            serde_json::from_str(&run(&["verify", entry.path().to_str().expect("a path"), "--json"])).expect("JSON");
        codes.push(said["code"].as_str().expect("a code").replace('-', ""));
    }
    let mut server = Command::new(PROGRAM);
    server.arg("serve").current_dir(&*folder).env("VANTHU_LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = server.spawn().expect("the service");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
    let unknown: Vec<String> = (1..=20).map(|n| format!("{n:0>16}")).collect();
    for (name, codes) in [("codes that exist", &codes), ("codes that nobody has", &unknown)] {
        let times: Vec<Duration> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(|| ask(&address, codes))).collect();
            clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
        });
        let mut sorted = times.clone();
        sorted.sort();
        println!(
            "{name:<32} {:>8.0} requests/s   target ≥ 1,000      p99 {:>6.2} ms   target ≤ 50",
            times.len() as f64 / DURATION.as_secs_f64(),
            sorted[sorted.len() * 99 / 100].as_secs_f64() * 1e3
        );
    }
    let _ = server.kill();
    let _ = server.wait();
}

/// Asks again and again over one connection; how long each answer took.
fn ask(address: &str, codes: &[String]) -> Vec<Duration> {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone().expect("a handle")), stream);
    let (begun, mut times) = (Instant::now(), Vec::new());
    for code in codes.iter().cycle() {
        if begun.elapsed() > DURATION {
            break;
        }
        let asked = Instant::now();
        writer.write_all(format!("GET /v/{code} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).expect("a request");
        let (mut length, mut line) = (0, String::new());
        while reader.read_line(&mut line).expect("a line") > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            line.clear();
        }
        reader.read_exact(&mut vec![0; length]).expect("a body");
        times.push(asked.elapsed());
    }
    times
}
