//! What looking after an office takes, through the real program: operators are told by mail, bounces come home, schedules
//! fire on a moved clock, a list that changes takes the place of the older one, copies are restored, figures add up.

mod alerts;
mod bounces;
mod clock;
mod configuration;
mod copies;
mod figures;
mod links;
mod lists;
mod retold;
mod schema;
mod sending_domain;
mod sources;
mod stopping;
mod suppressions;
mod turns;
mod unready;
mod waking;

use std::path::PathBuf;

use crate::support::servers::await_some;
use crate::support::{Office, python};

/// One answer of the office's database, columns divided by `|`, rows by line ends.
pub fn ask(office: &Office, sql: &str) -> String {
    let script = "import sqlite3, sys
for row in sqlite3.connect(sys.argv[1], timeout=30).execute(sys.argv[2]):
    print('|'.join('' if value is None else str(value) for value in row))";
    python(script, &[&office.path.join("van-thu.db"), sql.as_ref()]).trim_end().to_owned()
}

/// Changes the office's database behind its back.
pub fn tell(office: &Office, sql: &str) {
    let script = "import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=30)
c.execute(sys.argv[2])
c.commit()";
    python(script, &[&office.path.join("van-thu.db"), sql.as_ref()]);
}

/// Appends to `vanthu.toml`.
pub fn configure(office: &Office, more: &str) {
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", config + more);
}

/// The messages in a folder of `.eml` files whose names hold `to`, once there are `count`.
pub fn messages(office: &Office, to: &str, count: usize) -> Vec<String> {
    let found = await_some(&format!("{count} messages to {to}"), || {
        let entries = std::fs::read_dir(office.path.join("thu-di")).ok()?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "eml") && path.to_string_lossy().contains(to));
        paths.sort();
        (paths.len() >= count).then_some(paths)
    });
    found.iter().map(|path| text_of(path)).collect()
}

/// Headers that matter and the plain words of a message file.
pub(crate) fn text_of(path: &std::path::Path) -> String {
    let script = "import sys, email, email.policy
m = email.message_from_bytes(open(sys.argv[1], 'rb').read(), policy=email.policy.default)
print(m['To'], '\\n', m['Subject'], '\\n', m.get_body(('plain',)).get_content(), [f.get_filename() for f in m.iter_attachments()])";
    python(script, &[path])
}
