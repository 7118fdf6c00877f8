//! `vanthu serve` as systemd starts it: told when it is ready, asked by HTTP, stopped by signals.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Office, foreign};

/// A running service.
pub struct Running {
    pub child: Child,
    pub address: String,
    // Read as it comes: a pipe that is full would hold the service up.
    log: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts it and waits until it says that it is ready.
    pub fn start(office: &Office) -> Self {
        Self::start_with(office, &[])
    }

    /// The same with variables of the environment.
    pub fn start_with(office: &Office, environment: &[(&str, &str)]) -> Self {
        let socket = office.path.join("notify");
        let _ = std::fs::remove_file(&socket);
        let notified = UnixDatagram::bind(&socket).unwrap();
        notified.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut command = office.command(&["serve"]);
        command.env("VANTHU_LISTEN", "127.0.0.1:0").env("NOTIFY_SOCKET", &socket);
        command.envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = [0; 64];
        let length = notified.recv(&mut told).expect("systemd is told");
        assert_eq!(&told[..length], b"READY=1");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
        Self { child, address, log: Some(log) }
    }

    /// The whole answer to a GET.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        foreign("kill", &[format!("-{name}"), self.child.id().to_string()]);
    }

    /// The exit code and the log, once it has ended by itself.
    pub fn ended(mut self, within: Duration) -> (Option<i32>, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > within {
                self.child.kill().unwrap();
                panic!("still there after {within:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        (status.code(), self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where a test failed before its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
