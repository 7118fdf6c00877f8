//! A scripted DNS server on loopback: answers over UDP from a table, or not at all.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What stands under a name: `TXT` or `MX`, and the texts or hosts.
pub type Zone = BTreeMap<(&'static str, &'static str), Vec<&'static str>>;

/// The running server.
pub struct DnsServer {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl DnsServer {
    /// Starts it on a free port. Without a zone it hears and says nothing.
    pub fn start(zone: Option<Zone>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a limit");
        let address = socket.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut bytes = [0; 512];
            while !until.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut bytes) else { continue };
                if let Some(zone) = &zone {
                    let _ = socket.send_to(&answer(&bytes[..length], zone), from);
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The answer to one question (RFC 1035): its header and question again, then the records.
fn answer(question: &[u8], zone: &Zone) -> Vec<u8> {
    let mut name = Vec::new();
    let mut at = 12;
    while question[at] > 0 {
        let end = at + 1 + usize::from(question[at]);
        name.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
        at = end;
    }
    let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
    let asked = &question[12..at + 5];
    let kind_name = if kind == 15 { "MX" } else { "TXT" };
    let found = zone.iter().find(|((own, of), _)| *own == name.join(".") && *of == kind_name).map(|(_, records)| records.clone());
    let records = found.clone().unwrap_or_default();
    let refuses = records.contains(&"REFUSED");
    let code = if refuses {
        5
    } else if found.is_none() {
        3
    } else {
        0
    };
    let records = if refuses { Vec::new() } else { records };
    let mut bytes = question[..2].to_vec();
    bytes.extend([0x81, 0x80 | code, 0, 1, 0, u8::try_from(records.len()).expect("few"), 0, 0, 0, 0]);
    bytes.extend(asked);
    for record in records {
        let data = match kind_name {
            "MX" => {
                let mut data = vec![0, 10];
                for label in record.split('.').filter(|label| !label.is_empty()) {
                    data.push(u8::try_from(label.len()).expect("short"));
                    data.extend(label.as_bytes());
                }
                data.push(0);
                data
            }
            // In pieces, as long keys are.
            _ => record.as_bytes().chunks(40).flat_map(|piece| [&[u8::try_from(piece.len()).expect("short")], piece].concat()).collect(),
        };
        bytes.extend([0xC0, 12]);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 0, 60]);
        bytes.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        bytes.extend(data);
    }
    bytes
}
