//! An office that cannot work tells its operators by mail: a disk without room, a database that is away.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::configure;
use crate::support::postgres::Postgres;
use crate::support::running::Running;
use crate::support::servers::await_some;
use crate::support::smtp::{Script, SmtpServer};
use crate::support::{Office, PROGRAM};

const TO: &str = "quan-tri@hoi.example";

/// Runs the test's body with an office whose alerts go to a server.
fn told(body: impl FnOnce(&Office, &dyn Fn(usize) -> Vec<String>) + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = SmtpServer::start(Script::default()).await;
        let office = Office::with_workspace();
        let port = server.port;
        configure(
            &office,
            &format!(
                "[alerts]\nto = [\"{TO}\"]\nevery_minutes = 1\n[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\n\
                 [mail.relays.may]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n"
            ),
        );
        tokio::task::spawn_blocking(move || {
            let alerts = |count: usize| {
                let heard = await_some(&format!("{count} alerts"), || {
                    server.heard(|heard| Some(heard.messages.clone()).filter(|messages| messages.len() >= count))
                });
                heard.iter().map(|message| super::text_of(&office.write("a.eml", &message.bytes))).collect()
            };
            body(&office, &alerts);
        })
        .await
        .unwrap();
    });
}

/// A process that is gone with the value.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_disk_that_is_nearly_full_is_told_to_the_operators() {
    told(|office, alerts| {
        // All of the office on a file system far below the gigabyte that is asked for.
        let script =
            format!("mkdir small && mount -t tmpfs -o size=32m none small && cp vanthu.toml small && cd small && exec {PROGRAM} serve");
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", &script]).current_dir(&office.path);
        command.env("LANG", "vi_VN.UTF-8").env("VANTHU_LISTEN", "127.0.0.1:0").stdout(Stdio::null()).stderr(Stdio::null());
        let _service = Ending(command.spawn().expect("unshare (Debian package util-linux) is needed by the tests"));
        let [alert] = alerts(1).try_into().unwrap();
        assert!(alert.contains("vanthu: 1 việc cần xem (1 to look at)"), "{alert}");
        assert!(alert.contains(": Ổ đĩa sắp đầy: cần ít nhất 1 GB và 5 %."), "{alert}");
        assert!(alert.contains(": The disk is nearly full: 1 GB and 5 % are needed."), "{alert}");
    });
}

#[test]
fn a_database_that_is_away_is_told_to_the_operators_and_found_again() {
    told(|office, alerts| {
        let postgres = Postgres::start();
        let url = postgres.create_database("unready");
        let service = Running::start_with(office, &[("VANTHU_STORE_URL", &url)]);
        assert!(service.get("/readyz").starts_with("HTTP/1.1 200"));
        let open = |open: bool| drop(postgres.query("postgres", &format!("ALTER DATABASE unready WITH ALLOW_CONNECTIONS {open}")));
        open(false);
        postgres.cut_connections("unready");
        let [alert] = alerts(1).try_into().unwrap();
        assert!(alert.contains(": Cơ sở dữ liệu không ghi được."), "{alert}");
        assert!(service.get("/readyz").starts_with("HTTP/1.1 503"), "{}", service.get("/readyz"));
        open(true);
        await_some("the office works again", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
        assert_eq!(alerts(1).len(), 1, "once");
        service.signal("TERM");
        let (code, log) = service.ended(Duration::from_secs(30));
        let told = log.lines().filter(|line| !line.contains("/readyz")).count();
        assert!(code == Some(0) && told < 400, "the log says so in few lines: {code:?} {told}");
    });
}
