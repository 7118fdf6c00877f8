//! A mailing that is killed: everyone gets exactly their own paper, or the operator sees by name who may have two.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::clock::mislead;
use super::failpoints::names_in;
use super::{Scene, configured, side_by_side};
use crate::support::checker::{CheckedMail, Checker};
use crate::support::postgres::Postgres;
use crate::support::smtp::{Received, Script, SmtpServer};
use crate::support::{PROGRAM, Said, people, python, said};

/// Recipients of a mailing, of whom the last must hear nothing.
pub(super) const RECIPIENTS: usize = 13;

/// The sources through which a message goes.
const SOURCES: [&str; 5] =
    ["src/sender/attempt.rs", "src/mail/conversation.rs", "src/store/deliveries.rs", "src/store/delivery_steps.rs", "src/store/posting.rs"];

/// An office with messages to send, and a server that keeps what it hears.
pub(super) struct Mailing {
    pub(super) scene: Scene,
    pub(super) server: SmtpServer,
    recipients: usize,
}

/// The servers of all mailings answer on it.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime"))
}

pub(super) fn address(index: usize) -> String {
    format!("nguoi-{index:02}@example.com")
}

/// People of whom no two have the same name, nor one the beginning of another's.
fn named(count: usize) -> String {
    let more = ["Bảo", "Cường", "Diệp", "Giang", "Hiếu", "Khôi", "Lan", "Mai", "Nam", "Oanh"];
    let longer = |(index, row): (usize, &str)| {
        let (before, given) = row.split_once(",Chi hội").map(|(name, rest)| (name.to_owned(), rest.to_owned())).unwrap_or_default();
        let (tens, thousands) = (more[index.saturating_sub(1) / 10_000 % 10], more[index.saturating_sub(1) / 1_000 % 10]);
        if index == 0 { row.to_owned() } else { format!("{before} {tens} {thousands},Chi hội{given}") }
    };
    let rows = people(count);
    // Beyond those, one is the name of who signs.
    if count <= 200 { rows } else { rows.lines().enumerate().map(longer).collect::<Vec<_>>().join("\n") }
}

/// The list with an address in each row.
pub(super) fn list(recipients: usize) -> String {
    let rows = named(recipients);
    let mailed = |(index, row): (usize, &str)| if index == 0 { format!("{row},Email") } else { format!("{row},{}", address(index)) };
    rows.lines().enumerate().map(mailed).collect::<Vec<_>>().join("\n") + "\n"
}

/// The name that stands on the paper of each address.
pub(super) fn names(recipients: usize) -> BTreeMap<String, String> {
    let rows = named(recipients);
    let name = |row: &str| row.split(',').nth(2).unwrap_or_default().to_owned();
    rows.lines().enumerate().skip(1).map(|(index, row)| (address(index), name(row))).collect()
}

/// A relay on `port`.
pub(super) fn relay(port: u16) -> String {
    format!(
        "[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\nbounce_address = \"bounce@hoi.example\"\n\
         [mail.relays.may]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n"
    )
}

/// An office whose documents are made and whose messages are not yet in the outbox.
fn made(scene: Scene, mail: &str) -> Scene {
    configured(&scene.office, mail);
    scene.office.write("d.csv", list(RECIPIENTS));
    let killed = scene.command(&["--mail"]).env("VANTHU_FAILPOINTS", "delivery.queue=kill").status().expect("a run");
    assert_eq!(killed.signal(), Some(9));
    silenced(scene, RECIPIENTS)
}

/// The last of the list wants no mail.
pub(super) fn silenced(scene: Scene, recipients: usize) -> Scene {
    let silent = address(recipients);
    let sql = format!("INSERT INTO suppression (recipient_key, reason, created_at) VALUES ('{silent}', 'xin thôi', 0)");
    match &scene.server {
        Some(database) => drop(Postgres::start().query(database, &sql)),
        None => drop(python(
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()",
            &[&scene.office.path.join("van-thu.db"), sql.as_ref()],
        )),
    }
    scene
}

impl Mailing {
    /// A copy of an office, with a server of its own.
    fn of(scene: &Scene) -> Self {
        Self::through(scene.copied(), RECIPIENTS)
    }

    pub(super) fn through(scene: Scene, recipients: usize) -> Self {
        let server = runtime().block_on(SmtpServer::start(Script::default()));
        let toml = String::from_utf8(scene.office.read("vanthu.toml")).expect("text");
        scene.office.write("vanthu.toml", toml.replace("port = 1\n", &format!("port = {}\n", server.port)));
        Self { scene, server, recipients }
    }

    /// Sends with the clock put on by so many hours and some points armed.
    fn send(&self, hours: u32, points: &str) -> Said {
        let mut command = self.scene.other(&["outbox", "send"]);
        command.env("VANTHU_FAILPOINTS", points);
        if hours > 0 {
            mislead(&mut command, &self.scene.office, &format!("+{hours}h"));
        }
        let output = command.output().expect("a sender");
        let killed = output.status.signal() == Some(9);
        let said = said(output);
        Said { code: if killed { 137 } else { said.code }, ..said }
    }

    /// Sends to the end of what is due; the code says whether something is left that was not sent.
    pub(super) fn sends(&self, hours: u32, context: &str) {
        let sent = self.send(hours, "");
        assert!([0, 1].contains(&sent.code), "{context}: {}\n{}", sent.stdout, sent.stderr);
    }

    pub(super) fn checker(&self) -> Checker {
        let heard = self.server.heard(|heard| {
            let message = |(index, one): (usize, &Received)| {
                let file = self.scene.office.write(&format!("heard/{index}"), &one.bytes);
                json!({ "to": one.to.split(['<', '>']).nth(1), "file": file })
            };
            let messages: Vec<Value> = heard.messages.iter().enumerate().map(message).collect();
            json!({ "messages": messages, "commands": heard.commands })
        });
        let log = self.scene.office.write("heard.json", heard.to_string());
        let mail = CheckedMail { log: Some(log), folder: None, people: names(self.recipients), silent: vec![address(self.recipients)] };
        Checker { mail: Some(mail), ..self.scene.checker() }
    }

    /// Asserts what holds at any moment; when settled, that everyone has their paper.
    fn holds(&self, settled: bool, context: &str) {
        let violations = self.checker().violations(settled);
        assert!(violations.is_empty(), "{context}:\n{violations}");
    }

    /// Copies that came, by recipient.
    pub(super) fn copies(&self) -> BTreeMap<String, u64> {
        let mut copies = BTreeMap::new();
        self.server.heard(|heard| {
            for one in &heard.messages {
                *copies.entry(one.to.split(['<', '>']).nth(1).unwrap_or_default().to_owned()).or_default() += 1;
            }
        });
        copies
    }

    /// What the operator sees: recipient, state, copies that there may be.
    pub(super) fn listed(&self) -> Vec<(String, String, u64)> {
        let said = said(self.scene.other(&["outbox", "list", "--limit", "1000000", "--json"]).output().expect("a list"));
        let found: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", said.stdout, said.stderr));
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let messages = found["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|one| (text(one, "recipient"), text(one, "state"), one["possible_copies"].as_u64().unwrap_or(0))).collect()
    }

    /// After a kill: what certainly did not go is sent at once, what may have gone waits and is named; an hour later it goes
    /// again, and whoever has two was named.
    fn comes_to_its_end(&self, kills: usize, context: &str) {
        self.sends(0, context);
        self.holds(false, context);
        let listed = self.listed();
        let uncertain = listed.iter().filter(|(_, state, _)| state == "uncertain").count();
        assert!(uncertain <= 4 * kills, "{context}: more than there were connections: {listed:?}");
        let open = |state: &str| !["sent", "uncertain", "suppressed"].contains(&state);
        assert!(!listed.iter().any(|(_, state, _)| open(state)), "{context}: {listed:?}");
        if uncertain > 0 {
            self.sends(2, context);
        }
        self.holds(true, context);
        let possible: BTreeMap<String, u64> = self.listed().into_iter().map(|(recipient, _, copies)| (recipient, copies)).collect();
        for (recipient, copies) in self.copies() {
            assert!(copies <= possible[&recipient].max(1), "{context}: {recipient} has {copies} and is not named: {possible:?}");
        }
        assert!(self.copies().values().filter(|copies| **copies > 1).count() <= uncertain, "{context}");
    }
}

fn points() -> Vec<String> {
    let mut names = names_in(&SOURCES);
    names.retain(|name| !["folder.", "bounce.", "delivery.suppress"].iter().any(|other| name.starts_with(other)));
    assert!(names.len() >= 20, "{names:?}");
    names
}

#[test]
fn a_sender_killed_at_any_step_sends_nobody_the_paper_of_another_and_names_who_may_have_two() {
    let office = made(Scene::fresh(), &relay(1));
    let work = points().into_iter().flat_map(|name| [(name.clone(), 1), (name, 5)]).collect();
    side_by_side(work, |(name, passage): (String, u32)| {
        let mailing = Mailing::of(&office);
        let context = format!("{name}=kill@{passage}");
        let killed = mailing.send(0, &context).code == 137;
        assert!(killed || passage > 1, "{name} is never passed");
        mailing.holds(false, &context);
        mailing.comes_to_its_end(1, &context);
    });
}

#[test]
fn a_sender_that_fails_at_any_step_loses_nothing() {
    let office = made(Scene::fresh(), &relay(1));
    side_by_side(points(), |name| {
        let mailing = Mailing::of(&office);
        mailing.send(0, &format!("{name}=fail@2"));
        mailing.holds(false, &name);
        // A relay that broke a connection is left alone for some minutes, an uncertain outcome for up to an hour.
        for hours in [2, 4] {
            mailing.sends(hours, &name);
        }
        mailing.holds(true, &name);
    });
}

#[test]
fn a_second_kill_while_the_first_is_made_good_names_who_may_have_two_as_well() {
    let office = made(Scene::fresh(), &relay(1));
    let work = ["delivery.intended", "smtp.before_dot", "smtp.after_dot", "delivery.step"].to_vec();
    side_by_side(work, |name| {
        let mailing = Mailing::of(&office);
        assert_eq!(mailing.send(0, &format!("{name}=kill@3")).code, 137, "{name}");
        for point in ["delivery.rescue=kill", "delivery.rescued=kill", "delivery.claimed=kill", "delivery.intend=kill@4"] {
            assert_eq!(mailing.send(0, point).code, 137, "{name}, {point}");
            mailing.holds(false, &format!("{name}, {point}"));
        }
        mailing.comes_to_its_end(2, name);
    });
}

#[test]
fn a_second_uncertain_outcome_is_left_to_a_person_who_sees_the_name() {
    let office = made(Scene::fresh(), &relay(1));
    let mailing = Mailing::of(&office);
    assert_eq!(mailing.send(0, "smtp.after_dot=kill").code, 137);
    mailing.sends(0, "the first");
    let doubtful = |mailing: &Mailing| {
        mailing.listed().into_iter().filter(|(_, state, _)| state != "sent" && state != "suppressed").collect::<Vec<_>>()
    };
    let (recipient, state, _) = doubtful(&mailing).first().cloned().expect("one that may have gone");
    assert_eq!(state, "uncertain");
    assert_eq!(mailing.send(2, "smtp.after_dot=kill").code, 137);
    mailing.sends(4, "the second");
    mailing.sends(6, "the wait");
    let left = doubtful(&mailing);
    assert!(left.iter().any(|(_, state, copies)| state == "needs_operator" && *copies == 2), "{recipient}: {left:?}");
    let shown = mailing.scene.office.must(&["outbox", "list", "--state", "needs_operator"]).stdout;
    assert!(left.iter().filter(|(_, state, _)| state == "needs_operator").all(|(recipient, ..)| shown.contains(recipient)), "{shown}");
    mailing.holds(false, "left to a person");
}

#[test]
fn the_intent_is_synced_before_the_first_byte_of_the_message_and_the_answer_after_its_last() {
    // One message, so that no other's sync stands between.
    let mailing = Mailing::of(&made(Scene::fresh(), &format!("{}per_minute = 1\n", relay(1))));
    let trace = mailing.scene.office.path.join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-y", "-s", "2000", "-e", "trace=fsync,fdatasync,sendto,sendmsg,write,writev", "-o"]).arg(&trace);
    strace.arg(PROGRAM).args(["outbox", "send"]).current_dir(&mailing.scene.office.path).env_clear().env("PATH", "/usr/bin:/bin");
    assert!(strace.status().expect("strace (a Debian package)").success());
    assert_eq!(mailing.copies().len(), 1);
    let trace = std::fs::read_to_string(&trace).expect("a trace");
    let lines: Vec<&str> = trace.lines().collect();
    let at = |from: usize, fits: &dyn Fn(&str) -> bool| lines.iter().skip(from).position(|line| fits(line)).map(|at| from + at);
    let sync = |line: &str| line.contains("sync(") && line.contains("van-thu.db-wal") && line.ends_with("= 0");
    let asked = at(0, &|line| line.contains("\"DATA\\r\\n")).expect("DATA");
    let body = at(asked + 1, &|line| line.contains("MIME-Version: ")).expect("the message");
    assert!(at(asked, &sync).is_some_and(|synced| synced < body), "{}", lines[asked..=body].join("\n"));
    assert!(at(body, &sync).is_some(), "the answer is kept");
}

#[test]
fn a_sender_on_postgresql_that_is_killed_is_followed_by_another() {
    for (name, passage) in [("delivery.claimed", 1), ("delivery.intended", 3), ("smtp.after_dot", 2), ("delivery.stepped", 4)] {
        let scene = Scene::on_server();
        scene.short_leases();
        let database = scene.server.clone().expect("a server");
        let mailing = Mailing::through(made(scene, &relay(1)), RECIPIENTS);
        let context = format!("{name}=kill@{passage}");
        assert_eq!(mailing.send(0, &context).code, 137, "{context}");
        mailing.holds(false, &context);
        // Two hours pass for what lies in the database: leases and holds end, uncertain ones may go again.
        let later = "UPDATE delivery SET lease_until = lease_until - 7200000, next_at = next_at - 7200000";
        for _ in 0..3 {
            Postgres::start().query(&database, later);
            mailing.sends(0, &context);
            mailing.holds(false, &context);
        }
        mailing.holds(true, &context);
    }
}

#[test]
fn messages_left_in_a_folder_are_there_once_whenever_the_program_dies() {
    let office = made(Scene::fresh(), "[mail]\nfrom = \"van-thu@hoi.example\"\n");
    for point in ["folder.intended=kill", "folder.left=kill@3", "delivery.intended=kill@2", "delivery.stepped=kill@5"] {
        let mailing = Mailing::of(&office);
        assert_eq!(mailing.send(0, point).code, 137, "{point}");
        for hours in [0, 2] {
            mailing.sends(hours, point);
        }
        let folder = mailing.scene.office.path.join("thu-di");
        let mail = CheckedMail { log: None, folder: Some(folder.clone()), people: names(RECIPIENTS), silent: vec![address(RECIPIENTS)] };
        let violations = Checker { mail: Some(mail), ..mailing.scene.checker() }.violations(true);
        assert!(violations.is_empty(), "{point}:\n{violations}");
        let files = std::fs::read_dir(folder).expect("a folder").flatten().count();
        assert_eq!(files, RECIPIENTS - 1, "{point}: one file for each recipient, and nothing unfinished");
    }
}
