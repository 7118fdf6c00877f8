//! What sending costs: `cargo bench --bench mail` prints messages a second, from the outbox to a sink on loopback, with intent and
//! result committed and synced for each. Postfix's `smtp-sink` (Debian package postfix) is the server.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod folder;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use folder::Folder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_vanthu");
const MESSAGES: usize = 1_000;

fn main() {
    let folder = Folder::new("mail");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let mut sink = Command::new("smtp-sink");
    sink.args(["-u", "nobody", &format!("127.0.0.1:{port}"), "100"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut sink = sink.spawn().expect("smtp-sink (Debian package postfix)");
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let config = format!(
        "[organisations.hoi]\nname = \"Hội Khuyến học Phường Mẫu\"\nname_lines = [\"HỘI KHUYẾN HỌC\", \"PHƯỜNG MẪU\"]\nabbreviation = \"HKH\"\nplace = \"Phường Mẫu\"\n\
         [[organisations.hoi.signatories]]\nauthority = [\"CHỦ TỊCH\"]\nname = \"Trần Thị Bình\"\n\
         [mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n[mail.relays.may]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n"
    );
    fs::write(folder.join("vanthu.toml"), config).expect("a file");
    let rows: String =
        (1..=MESSAGES).map(|n| format!("Cá nhân,Ông,Nguyễn Văn Mẫu {n},Hội A,Đã có nhiều đóng góp,n{n}@example.com\n")).collect();
    fs::write(folder.join("d.csv"), format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Thành tích,Email\n{rows}")).expect("a file");
    let run = |arguments: &[&str]| {
        let started = Instant::now();
        let output = Command::new(PROGRAM).args(arguments).current_dir(&*folder).output().expect("the program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (started.elapsed(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let set = ["--set", "so_quyet_dinh=12/QĐ-HKH", "--set", "ngay=27/12/2019"];
    let (made, said) = run(&[&["run", "-t", "giay-khen", "-d", "d.csv", "-o", "o", "--mail", "--hold", "--json"][..], &set].concat());
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let batch = said["batch"].as_str().expect("the batch's id").to_owned();
    println!(
        "{:<48} {:>10.2} documents/s   target ≥ 250",
        "certificates, list to the store and the folder",
        MESSAGES as f64 / made.as_secs_f64()
    );
    run(&["outbox", "release", &batch]);
    let (sent, _) = run(&["outbox", "send"]);
    println!("{:<48} {:>10.2} messages/s   target ≥ 200", "messages, outbox to a sink on loopback", MESSAGES as f64 / sent.as_secs_f64());
    let _ = sink.kill();
    let _ = sink.wait();
}
