//! What the domain name system says of the domain that mail is sent from: MX and TXT records.
//!
//! Owns one question to a name server: over UDP, over TCP when the answer does not fit, to each server in turn, within one
//! limit. The system's own resolver gives addresses only, so its servers are asked here; nothing is cached.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Where the system says whom to ask.
const SYSTEM: &str = "/etc/resolv.conf";
/// Port of name servers.
const PORT: u16 = 53;
/// For one question, all servers and tries together: a person waits for it.
const QUESTION_MAX: Duration = Duration::from_secs(4);
/// For one answer.
const ANSWER_MAX: Duration = Duration::from_millis(1_500);
/// Largest answer over UDP that is taken, in bytes.
const DATAGRAM_MAX: usize = 4_096;

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
}

/// There is no answer. That there is no such record is an answer.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// The system names no server.
    #[error("the system names no DNS server")]
    NoServer,
    /// The name cannot be asked for.
    #[error("the name cannot be asked for")]
    Name,
    /// Nobody answered in time.
    #[error("no DNS server answers")]
    Silent,
    /// A server refused, or could not find out.
    #[error("the DNS server answers {0}")]
    Refused(String),
    /// What came is no answer.
    #[error("the DNS server's answer cannot be read")]
    Garbled,
    /// The network.
    #[error("no DNS server can be reached")]
    Network(#[source] io::Error),
}

impl DnsError {
    /// Is it worth trying again later?
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::Name | Self::NoServer)
    }
}

impl fmt::Display for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.servers.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", "))
    }
}

impl From<SocketAddr> for Resolver {
    fn from(server: SocketAddr) -> Self {
        Self { servers: vec![server] }
    }
}

impl Resolver {
    /// The servers that the system asks.
    pub fn of_system() -> Result<Self, DnsError> {
        let text = std::fs::read_to_string(SYSTEM).unwrap_or_default();
        let named =
            text.lines().filter_map(|line| line.trim().strip_prefix("nameserver")?.split_whitespace().next()?.parse::<IpAddr>().ok());
        let servers: Vec<SocketAddr> = named.map(|address| SocketAddr::new(address, PORT)).collect();
        if servers.is_empty() { Err(DnsError::NoServer) } else { Ok(Self { servers }) }
    }

    /// The TXT records of `name`, each as one text; none when there are none.
    pub async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        self.ask(name, TYPE::TXT, |data| match data {
            RData::TXT(text) => String::try_from(text).ok(),
            _ => None,
        })
        .await
    }

    /// The hosts that take mail for `name`, the preferred first; none when there are none.
    pub async fn mx(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let mut found = self
            .ask(name, TYPE::MX, |data| match data {
                RData::MX(mx) => Some((mx.preference, mx.exchange.to_string())),
                _ => None,
            })
            .await?;
        found.sort();
        Ok(found.into_iter().map(|(_, host)| host).collect())
    }

    async fn ask<T>(&self, name: &str, kind: TYPE, read: impl Fn(RData<'_>) -> Option<T>) -> Result<Vec<T>, DnsError> {
        let asking = async {
            let mut why = DnsError::NoServer;
            // Twice round: a datagram may be lost.
            for server in self.servers.iter().chain(&self.servers) {
                match question(*server, name, kind).await.and_then(|bytes| answers(&bytes, &read)) {
                    Err(DnsError::Name) => return Err(DnsError::Name),
                    Err(error) => why = error,
                    found => return found,
                }
            }
            Err(why)
        };
        timeout(QUESTION_MAX, asking).await.unwrap_or(Err(DnsError::Silent))
    }
}

/// The bytes of the answer to one question.
async fn question(server: SocketAddr, name: &str, kind: TYPE) -> Result<Vec<u8>, DnsError> {
    let mut id = [0; 2];
    SystemRandom::new().fill(&mut id).map_err(|_| DnsError::Garbled)?;
    let id = u16::from_be_bytes(id);
    let name = Name::new(name).map_err(|_| DnsError::Name)?;
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
    let asked = packet.build_bytes_vec().map_err(|_| DnsError::Name)?;
    let answer = match timeout(ANSWER_MAX, by_datagram(server, id, &asked)).await {
        Ok(answer) => answer.map_err(DnsError::Network)?,
        Err(_) => return Err(DnsError::Silent),
    };
    if !Packet::parse(&answer).is_ok_and(|packet| packet.has_flags(PacketFlag::TRUNCATION)) {
        return Ok(answer);
    }
    match timeout(ANSWER_MAX, by_stream(server, &asked)).await {
        Ok(answer) => answer.map_err(DnsError::Network),
        Err(_) => Err(DnsError::Silent),
    }
}

async fn by_datagram(server: SocketAddr, id: u16, asked: &[u8]) -> io::Result<Vec<u8>> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    // Connected: datagrams of others do not come in.
    socket.connect(server).await?;
    socket.send(asked).await?;
    let mut bytes = vec![0; DATAGRAM_MAX];
    loop {
        let length = socket.recv(&mut bytes).await?;
        // What belongs to another question is passed over.
        if bytes[..length].starts_with(&id.to_be_bytes()) {
            bytes.truncate(length);
            return Ok(bytes);
        }
    }
}

async fn by_stream(server: SocketAddr, asked: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(asked.len()).unwrap_or(u16::MAX);
    stream.write_all(&[&length.to_be_bytes()[..], asked].concat()).await?;
    let mut length = [0; 2];
    stream.read_exact(&mut length).await?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// What `read` finds among the records of an answer; nothing where the name or the record does not exist.
fn answers<T>(bytes: &[u8], read: impl Fn(RData<'_>) -> Option<T>) -> Result<Vec<T>, DnsError> {
    let packet = Packet::parse(bytes).map_err(|_| DnsError::Garbled)?;
    match packet.rcode() {
        RCODE::NoError | RCODE::NameError => Ok(packet.answers.into_iter().filter_map(|record| read(record.rdata)).collect()),
        other => Err(DnsError::Refused(format!("{other:?}"))),
    }
}
