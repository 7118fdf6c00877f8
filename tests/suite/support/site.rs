//! The running pages: `vanthu serve` in a folder of its own, and a browser that keeps one cookie and the token of its forms.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Office, foreign};

/// A password that every account of the tests has.
pub const PASSWORD: &str = "bốn từ không liên quan";

/// The running service.
pub struct Site {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Host and port.
    pub address: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header lines.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A browser: remembers the login and the token of the last page.
#[derive(Clone)]
pub struct Browser {
    address: String,
    /// The cookie of the login.
    pub login: Option<String>,
    /// The token that forms send back.
    pub csrf: String,
    /// Further header lines, each with its end.
    pub extra: String,
}

impl Site {
    /// Starts the service in `office`, which must be a workspace, on a free port.
    pub fn start(office: &Office) -> Self {
        Self::start_with(office, &[])
    }

    /// As [`Self::start`], with further variables.
    pub fn start_with(office: &Office, variables: &[(&str, &str)]) -> Self {
        let mut command = office.command(&["serve"]);
        command.envs(variables.iter().copied());
        Self::start_as(office, command)
    }

    /// As [`Self::start`], with room for so few open files, though it may ask for more.
    pub fn start_with_descriptors(office: &Office, most: u32) -> Self {
        let plain = office.command(&["serve"]);
        let mut command = Command::new("prlimit");
        command
            .arg(format!("--nofile={most}:"))
            .arg(plain.get_program())
            .args(plain.get_args())
            .current_dir(&office.path)
            .env("LANG", "vi_VN.UTF-8");
        Self::start_as(office, command)
    }

    fn start_as(office: &Office, mut command: Command) -> Self {
        command.env("VANTHU_LISTEN", "127.0.0.1:0");
        let log = std::fs::File::create(office.path.join("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        // With an address for browsers, the line says that one, and the log the own.
        let log = log_of(office);
        let own = || log.split("127.0.0.1:").nth(1).map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
        let address = address.map(str::to_owned).or_else(|| own().map(|port| format!("127.0.0.1:{port}")));
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}: {log}"));
        Self { child, stdout, address }
    }

    /// The line with the one-time link that the first start prints.
    pub fn setup_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// The path of the one-time link that the first start prints.
    pub fn setup_path(&mut self) -> String {
        let line = self.setup_line();
        let path = line.find("/thiet-lap").map(|at| &line[at..]).unwrap_or_else(|| panic!("no link in {line:?}"));
        path.trim().to_owned()
    }

    /// A browser that is not signed in.
    pub fn browser(&self) -> Browser {
        Browser { address: self.address.clone(), login: None, csrf: String::new(), extra: String::new() }
    }

    /// Makes the first administrator, `quantri`, and signs in.
    pub fn administrator(&mut self) -> Browser {
        let path = self.setup_path();
        let mut browser = self.browser();
        let token = path.split("ma=").nth(1).unwrap().to_owned();
        let answer = browser.post(
            "/thiet-lap",
            &[("ma", &token), ("full_name", "Trần Thị Quản"), ("name", "quantri"), ("password", PASSWORD), ("again", PASSWORD)],
        );
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser.get("/");
        browser
    }

    /// Makes an account through the pages and signs in with it.
    pub fn account(&self, administrator: &mut Browser, name: &str, role: &str, organisation: &str) -> Browser {
        let full_name = format!("Người {name}");
        let fields = [("name", name), ("full_name", full_name.as_str()), ("role", role), ("organisation", organisation)];
        let made = administrator.post("/nguoi-dung/moi", &fields);
        assert_eq!(made.status, 200, "{}", made.text());
        let token = made.link().split("ma=").nth(1).unwrap().to_owned();
        let mut browser = self.browser();
        let chosen = browser.post("/moi", &[("ma", &token), ("password", PASSWORD), ("again", PASSWORD)]);
        assert_eq!(chosen.status, 303, "{}", chosen.text());
        // Who has chosen a password is signed in.
        browser.get("/");
        browser
    }

    /// The most memory that the service has held since the last call of [`Self::peak_kib_anew`], in KiB.
    pub fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Begins to measure the memory anew; what the service holds now, in KiB.
    pub fn peak_kib_anew(&self) -> u64 {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
        self.peak_kib()
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        foreign("kill", &[format!("-{name}"), self.child.id().to_string()]);
    }

    /// The exit code, once it has ended by itself.
    pub fn ended(mut self, within: Duration) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < within, "still there after {within:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What the service of an office has logged.
pub fn log_of(office: &Office) -> String {
    std::fs::read_to_string(office.path.join("log")).unwrap_or_default()
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    /// Opens a page.
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    /// Sends a form, with the token of the last page.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.csrf.clone();
        let all = std::iter::once(("csrf", token.as_str())).chain(fields.iter().copied());
        let body = all.map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect::<Vec<_>>().join("&");
        self.send("POST", path, "Content-Type: application/x-www-form-urlencoded\r\n", body.as_bytes())
    }

    /// Sends a form with files (name, file name, bytes), with the token of the last page.
    pub fn upload(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Answer {
        let token = self.csrf.clone();
        let mut body = Vec::new();
        for (name, value) in std::iter::once(("csrf", token.as_str())).chain(fields.iter().copied()) {
            body.extend(format!("--vach\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        for (name, file, bytes) in files {
            let head = format!("--vach\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n");
            body.extend(head.bytes());
            body.extend_from_slice(bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--vach--\r\n");
        self.send("POST", path, "Content-Type: multipart/form-data; boundary=vach\r\n", &body)
    }

    /// Sends any request; `head` are header lines, each with its end.
    pub fn send(&mut self, method: &str, path: &str, head: &str, body: &[u8]) -> Answer {
        let cookie = self.login.as_ref().map(|login| format!("Cookie: __Host-vanthu={login}\r\n")).unwrap_or_default();
        let length = if body.is_empty() && method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let (address, extra) = (&self.address, &self.extra);
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{cookie}{extra}{head}{length}\r\n");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = Answer::read(&answer);
        if let Some(cookie) = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: __Host-vanthu=")) {
            let value = cookie.split(';').next().unwrap_or_default().to_owned();
            self.login = Some(value).filter(|value| !value.is_empty());
        }
        if let Some(token) = answer.text().split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next().map(str::to_owned))
        {
            self.csrf = token;
        }
        answer
    }

    /// Sends the head of a request and waits for the answer to that.
    pub fn send_head_only(&mut self, method: &str, path: &str, head: &str) -> Answer {
        let cookie = self.login.as_ref().map(|login| format!("Cookie: __Host-vanthu={login}\r\n")).unwrap_or_default();
        let address = &self.address;
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{cookie}{head}\r\n");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::read(&answer)
    }

    /// Signs in, and opens the first page.
    pub fn sign_in(&mut self, name: &str, password: &str) {
        let answer = self.post("/dang-nhap", &[("name", name), ("password", password)]);
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.get("/");
    }
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut body = bytes[end + 4..].to_vec();
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            body = unchunked(&body);
        }
        Self { status, head, body }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The one-time link that the page shows.
    pub fn link(&self) -> String {
        let text = self.text();
        let link = text.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_else(|| panic!("no link in {text}"));
        link.replace("&#x3D;", "=")
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(String::from_utf8_lossy(&body[..end]).trim(), 16).unwrap_or(0);
        if length == 0 {
            break;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 4 + length..];
    }
    whole
}

/// Text as a form writes it.
pub fn escaped(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
