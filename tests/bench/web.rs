//! What 200 clients at once cost: `cargo bench --bench web` prints requests a second, the times of answers and the number of faults,
//! over one minute on loopback (`-- 10` for ten seconds). Four of ten requests check a certificate; the others open pages, search,
//! fetch documents and take numbers of a register.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod folder;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use folder::Folder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_vanthu");
const CLIENTS: usize = 200;
const CERTIFICATES: usize = 200;
const SECONDS: u64 = 60;
const PASSWORD: &str = "bon-tu-khong-lien-quan";

/// What one client does, one after the other; each begins at another place.
const MIX: [&str; 10] = [
    "GET /v/{code}",
    "GET /",
    "GET /v/{code}",
    "GET /lo/{batch}",
    "GET /v/{code}",
    "GET /van-ban?tim=mau",
    "GET /v/{code}",
    "GET /lo/{batch}/van-ban/{n}",
    "GET /so/di?ky=2026",
    "POST /so/di/giu-so",
];

fn main() {
    let seconds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(SECONDS);
    let folder = Folder::new("web");
    let config = "[organisations.hoi]\nname = \"Hội Khuyến học Phường Mẫu\"\nabbreviation = \"HKH\"\nplace = \"Phường Mẫu\"\n\
        [[organisations.hoi.signatories]]\nauthority = [\"CHỦ TỊCH\"]\nname = \"Trần Thị Bình\"\n\
        [registers.di]\ntitle = \"Sổ đăng ký văn bản đi\"\nkind = \"van-ban-di\"\n[service]\nproxies = [\"127.0.0.1\"]\n\
        [verify]\nurl = \"https://hoi.example\"\nkey_file = \"ky.khoa\"\nper_minute = 100000000\nper_minute_in_all = 100000000\n";
    fs::write(folder.join("vanthu.toml"), config).expect("a file");
    let rows: String = (1..=CERTIFICATES).map(|n| format!("Cá nhân,Ông,Nguyễn Văn Mẫu {n},Hội A,Đã có nhiều đóng góp\n")).collect();
    fs::write(folder.join("d.csv"), format!("Đối tượng,Danh xưng,Họ và tên,Đơn vị,Thành tích\n{rows}")).expect("a file");
    let run = |arguments: &[&str]| {
        let output = Command::new(PROGRAM).args(arguments).current_dir(&*folder).output().expect("the program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap_or_default()
    };
    run(&["key", "new"]);
    let set = ["--set", "so_quyet_dinh=12/QĐ-HKH", "--set", "ngay=27/12/2019"];
    let made = run(&[&["run", "-t", "giay-khen", "-d", "d.csv", "-o", "o", "--json"][..], &set].concat());
    let batch = made["batch"].as_str().expect("the batch's id").to_owned();
    let documents = fs::read_dir(folder.join("o")).expect("a folder").flatten().map(|entry| entry.path());
    let certificates = documents.filter(|path| path.extension().is_some_and(|extension| extension == "pdf")).take(20);
    let codes: Vec<String> = certificates
        .map(|path| run(&["verify", path.to_str().expect("a path"), "--json"])["code"].as_str().expect("a code").replace('-', ""))
        .collect();

    let mut server = Command::new(PROGRAM);
    server.arg("serve").current_dir(&*folder).env("VANTHU_LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = server.spawn().expect("the service");
    let mut lines = BufReader::new(server.stdout.take().expect("its output")).lines().map_while(Result::ok);
    let address = lines.find_map(|line| Some(line.split_once("http://")?.1.split('/').next()?.to_owned())).expect("an address");
    let setup = lines.find_map(|line| Some(line.split_once("ma=")?.1.trim().to_owned())).expect("the set-up link");
    let mut first = Client::new(&address, String::new());
    let form = format!("ma={setup}&full_name=Quan&name=quantri&password={PASSWORD}&again={PASSWORD}");
    let (_, head, _) = first.ask("POST", "/thiet-lap", &form);
    let login = head.split("__Host-vanthu=").nth(1).and_then(|rest| rest.split(';').next()).expect("a login").to_owned();
    let (_, _, body) = Client::new(&address, login.clone()).ask("GET", "/", "");
    let page = String::from_utf8_lossy(&body).into_owned();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the form's token").to_owned();

    let duration = Duration::from_secs(seconds);
    let work = |number: usize| {
        let mut client = Client::new(&address, login.clone());
        let (begun, mut answers) = (Instant::now(), Vec::new());
        for step in number.. {
            if begun.elapsed() > duration {
                break;
            }
            let (method, path) = MIX[step % MIX.len()].split_once(' ').expect("a method and a path");
            let path = path.replace("{code}", &codes[step % codes.len()]).replace("{batch}", &batch);
            let path = path.replace("{n}", &(step % CERTIFICATES + 1).to_string());
            let body = if method == "POST" { format!("csrf={csrf}&ky=2026&count=1&reason=do") } else { String::new() };
            let asked = Instant::now();
            let (status, ..) = client.ask(method, &path, &body);
            answers.push((asked.elapsed(), status));
        }
        answers
    };
    let answers: Vec<(Duration, u16)> = std::thread::scope(|scope| {
        let work = &work;
        let clients: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || work(number))).collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    let _ = server.kill();
    let _ = server.wait();

    let mut times: Vec<Duration> = answers.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    let millis = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e3;
    let faults = answers.iter().filter(|(_, status)| *status >= 500).count();
    let others = answers.iter().filter(|(_, status)| (400..500).contains(status)).count();
    println!("{CLIENTS} clients, {seconds} s: {:>8.0} requests/s", answers.len() as f64 / seconds as f64);
    println!("answers: median {:.1} ms, p99 {:.1} ms", millis(50), millis(99));
    println!("faults of the server: {faults}   target 0      refused: {others}");
    assert!(faults == 0 && others == 0, "every request of the mix is answered");
}

/// One connection that is kept.
struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    head: String,
}

impl Client {
    fn new(address: &str, login: String) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        let reader = BufReader::new(stream.try_clone().expect("a handle"));
        Self { reader, writer: stream, head: format!("Host: {address}\r\nCookie: __Host-vanthu={login}\r\n") }
    }

    /// Asks; status, head and body of the answer.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> (u16, String, Vec<u8>) {
        let own = &self.head;
        let more = if method == "POST" {
            format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", body.len())
        } else {
            String::new()
        };
        self.writer.write_all(format!("{method} {path} HTTP/1.1\r\n{own}{more}\r\n{body}").as_bytes()).expect("a request");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.reader.read_line(&mut head).expect("an answer") > 0, "the connection was closed");
        }
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.split_once(": ").filter(|(own, _)| own.eq_ignore_ascii_case(name)));
            line.map(|(_, value)| value.to_owned())
        };
        let mut body = Vec::new();
        if let Some(length) = field("content-length").and_then(|length| length.parse().ok()) {
            body.resize(length, 0);
            self.reader.read_exact(&mut body).expect("the body");
        } else if field("transfer-encoding").is_some() {
            self.chunks(&mut body);
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head, body)
    }

    fn chunks(&mut self, body: &mut Vec<u8>) {
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).expect("a chunk");
            let length = usize::from_str_radix(line.trim(), 16).expect("its length");
            let from = body.len();
            body.resize(from + length + 2, 0);
            self.reader.read_exact(&mut body[from..]).expect("its bytes");
            body.truncate(from + length);
            if length == 0 {
                return;
            }
        }
    }
}
