//! Real mail servers of Debian, each with a configuration folder and a port of its own, ended with the value: `smtp-sink`,
//! Postfix, Dovecot. None needs the service that its package would start.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Office, foreign};

/// The system's user of no rights, to whom the mail files belong.
const NOBODY: u32 = 65_534;

/// How long a server may take to start or a message to arrive, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A port that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Looks until `find` finds something.
pub fn await_some<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn await_port(what: &str, port: u16) {
    await_some(what, || TcpStream::connect(("127.0.0.1", port)).ok());
}

fn needs(path: &str, package: &str) {
    assert!(Path::new(path).exists(), "{path} of the Debian package {package} is needed by the tests (tests/run installs it)");
}

/// Postfix's sink, which keeps nothing but can fail in many ways.
pub struct Sink {
    pub port: u16,
    child: Child,
}

impl Sink {
    /// Starts it with further `arguments`, such as `-q .`.
    pub fn start(arguments: &[&str]) -> Self {
        needs("/usr/sbin/smtp-sink", "postfix");
        let port = free_port();
        let child = Command::new("/usr/sbin/smtp-sink")
            // It gives up root before it serves anyone.
            .args(["-u", "nobody"])
            .args(arguments)
            .args([&format!("127.0.0.1:{port}"), "100"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("smtp-sink starts");
        await_port("smtp-sink", port);
        Self { port, child }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Postfix that delivers `hoi.test` to Maildirs and returns what it cannot deliver.
pub struct Postfix {
    pub port: u16,
    office: Office,
}

impl Postfix {
    /// Starts it with mailboxes for `users`; mail to others of the domain is accepted and then returned, as by a server that
    /// learns too late.
    pub fn start(users: &[&str]) -> Self {
        needs("/usr/sbin/postfix", "postfix");
        let office = Office::new();
        let port = free_port();
        let at = |name: &str| office.path.join(name);
        for folder in ["etc", "queue", "data", "mail"] {
            fs::create_dir_all(at(folder)).expect("a folder");
        }
        foreign("chown", &[Path::new("postfix"), &at("data")]);
        chown(at("mail"), Some(NOBODY), Some(NOBODY)).expect("root runs the mail tests");
        let folder = office.path.display();
        let mailboxes: String = users.iter().map(|user| format!("{user}@hoi.test {user}/\n")).collect();
        office.write("etc/mailboxes", mailboxes);
        office.write(
            "etc/main.cf",
            format!(
                "compatibility_level = 3.6\nqueue_directory = {folder}/queue\ndata_directory = {folder}/data\n\
                 command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\nsetgid_group = postdrop\n\
                 myhostname = mx.hoi.test\nmydestination =\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
                 recipient_delimiter = +\nvirtual_mailbox_domains = hoi.test\nvirtual_mailbox_base = {folder}/mail\n\
                 virtual_mailbox_maps = texthash:{folder}/etc/mailboxes\nvirtual_uid_maps = static:{NOBODY}\nvirtual_gid_maps = static:{NOBODY}\n\
                 smtpd_reject_unlisted_recipient = no\nalias_maps =\nlocal_recipient_maps =\ndefault_transport = error:no relay here\n\
                 message_size_limit = 500000\nsmtpd_tls_security_level = none\nmaillog_file = {folder}/log\nmaillog_file_prefixes = {folder}\n"
            ),
        );
        office.write(
            "etc/master.cf",
            format!(
                "127.0.0.1:{port} inet n - n - - smtpd\npickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\n\
                 rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n\
                 verify unix - - n - 1 verify\nflush unix n - n 1000? 0 flush\nproxymap unix - - n - - proxymap\nproxywrite unix - - n - 1 proxymap\n\
                 smtp unix - - n - - smtp\nerror unix - - n - - error\nretry unix - - n - - error\ndiscard unix - - n - - discard\n\
                 local unix - n n - - local\nvirtual unix - n n - - virtual\nlmtp unix - - n - - lmtp\nanvil unix - - n - 1 anvil\n\
                 scache unix - - n - 1 scache\npostlog unix-dgram n - n - 1 postlogd\n"
            ),
        );
        foreign("/usr/sbin/postfix", &["-c", &format!("{folder}/etc"), "start"]);
        await_port("Postfix", port);
        Self { port, office }
    }

    /// The Maildir of a user.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.office.path.join("mail").join(user)
    }

    /// Messages of a user, once there are `count` of them.
    pub fn mail(&self, user: &str, count: usize) -> Vec<Vec<u8>> {
        await_some(&format!("mail for {user}"), || {
            let entries = fs::read_dir(self.maildir(user).join("new")).ok()?;
            let files: Vec<_> = entries.flatten().map(|entry| fs::read(entry.path()).expect("a message")).collect();
            (files.len() >= count).then_some(files)
        })
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = Command::new("/usr/sbin/postfix").args(["-c", &self.office.path.join("etc").display().to_string(), "stop"]).output();
    }
}

/// A Dovecot that shows one Maildir by IMAP, plain and over TLS.
pub struct Dovecot {
    pub port: u16,
    pub tls_port: u16,
    child: Child,
    _office: Office,
}

impl Dovecot {
    /// Shows `maildir` to any user with this password.
    pub fn start(maildir: &Path, password: &str, key: &Path, certificate: &Path) -> Self {
        needs("/usr/lib/dovecot/imap", "dovecot-imapd");
        let office = Office::new();
        let (port, tls_port) = (free_port(), free_port());
        let (folder, maildir) = (office.path.display(), maildir.display());
        let config = office.write(
            "dovecot.conf",
            format!(
                "base_dir = {folder}/run\nstate_dir = {folder}/state\nlog_path = {folder}/log\nprotocols = imap\nlisten = 127.0.0.1\n\
                 ssl = yes\nssl_cert = <{}\nssl_key = <{}\ndisable_plaintext_auth = no\nauth_mechanisms = plain login\n\
                 mail_location = maildir:{maildir}\nmail_uid = {NOBODY}\nmail_gid = {NOBODY}\nfirst_valid_uid = 100\nlast_valid_uid = 70000\n\
                 passdb {{\n driver = static\n args = password={password}\n}}\nuserdb {{\n driver = static\n args = uid={NOBODY} gid={NOBODY} home=/nonexistent\n}}\n\
                 service imap-login {{\n inet_listener imap {{\n port = {port}\n }}\n inet_listener imaps {{\n port = {tls_port}\n ssl = yes\n }}\n chroot =\n}}\n\
                 service anvil {{\n chroot =\n}}\n",
                certificate.display(),
                key.display()
            ),
        );
        let child = Command::new("/usr/sbin/dovecot")
            .arg("-F")
            .arg("-c")
            .arg(config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dovecot starts");
        await_port("Dovecot", port);
        Self { port, tls_port, child, _office: office }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its own children go with a TERM, not with a KILL.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
