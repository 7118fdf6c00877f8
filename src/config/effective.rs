//! What holds: every key with its value and where it comes from; and variables of the environment that mean nothing.
//!
//! Owns reading the configuration back for people, with what could be a secret masked. Values are the same that the program
//! works with; only their order is that of their names.

use serde_json::Value;

use super::environment::{self, PREFIX};
use super::service::{LISTEN_VARIABLE, LOG_VARIABLE};
use super::store::URL_VARIABLE;
use super::{FILE_NAME, Workspace, variable};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::language::Text;
use crate::say;

/// Variables that tests of this program set for themselves.
const OF_TESTS: &str = "VANTHU_TEST_";
/// Variables that mean something, with the key that they override.
const VARIABLES: [(&str, &str); 5] = [
    ("VANTHU_LANG", "lang"),
    (LISTEN_VARIABLE, "service.listen"),
    (LOG_VARIABLE, "service.log"),
    (URL_VARIABLE, "store.url"),
    ("VANTHU_FAILPOINTS", "failpoints"),
];
/// Variables whose value is a secret.
const SECRET: [&str; 1] = [URL_VARIABLE];
/// What stands in the place of a secret.
const MASK: &str = "***";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// `vanthu.toml`.
    File,
    /// This variable of the environment.
    Environment(String),
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Its path, such as `mail.relays.may.host`.
    pub key: String,
    /// Its value as TOML writes it; nothing when it has none.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Origin {
    /// For people.
    pub fn text(&self) -> Text {
        match self {
            Self::Default => say!("mặc định", "default"),
            Self::File => say!("{FILE_NAME}", "{FILE_NAME}"),
            Self::Environment(name) => say!("biến {name}", "variable {name}"),
        }
    }
}

impl Workspace {
    /// Every key that holds, by its path.
    pub fn effective(&self) -> Vec<Effective> {
        let config = serde_json::to_value(&self.config).expect("the configuration is plain data");
        let text = self.folder.as_ref().and_then(|folder| std::fs::read_to_string(folder.join(FILE_NAME)).ok()).unwrap_or_default();
        let mut table: toml::Table = toml::from_str(&text).unwrap_or_default();
        let file = serde_json::to_value(&table).unwrap_or_default();
        let mut keys = Vec::new();
        flatten(String::new(), &config, Some(&file), &mut keys);
        let heard = environment::overlay(&mut table, variable).unwrap_or_default();
        for key in &mut keys {
            if let Some(name) = heard.get(&key.key) {
                key.origin = Origin::Environment(name.clone());
            }
        }
        for (name, key) in VARIABLES {
            let Some(value) = variable(name).filter(|value| !value.trim().is_empty()) else { continue };
            let shown = if SECRET.contains(&name) { MASK } else { value.trim() };
            let value = Some(Value::from(shown).to_string());
            keys.retain(|known| known.key != key);
            keys.push(Effective { key: key.to_owned(), value, origin: Origin::Environment(name.to_owned()) });
        }
        keys.sort_by(|one, other| one.key.cmp(&other.key));
        keys
    }

    /// Variables that begin as ours do and mean nothing: a word that is misspelt there would be obeyed by nobody.
    pub fn unknown_variables(&self) -> Vec<Diagnostic> {
        let config = &self.config;
        let relays = config.mail.relays.values().filter_map(|relay| relay.password_env.as_deref());
        let bounces = config.mail.bounces.iter().filter_map(|mailbox| mailbox.password_env.as_deref());
        let databases = config.databases.values().filter_map(|database| database.url_env.as_deref());
        let text = self.folder.as_ref().and_then(|folder| std::fs::read_to_string(folder.join(FILE_NAME)).ok()).unwrap_or_default();
        let keys = environment::variables(&toml::from_str(&text).unwrap_or_default());
        let keys = keys.keys().map(String::as_str);
        let known: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).chain(relays).chain(bounces).chain(databases).chain(keys).collect();
        let mut names: Vec<String> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
        names.retain(|name| name.starts_with(PREFIX) && !name.starts_with(OF_TESTS) && !known.contains(&name.as_str()));
        names.sort();
        let problem = |name: &String| {
            let message = say!("biến môi trường này không có nghĩa gì", "the variable of the environment means nothing");
            let problem = Diagnostic::warning("variable-unknown", message).with_value(name).at(Place::File { file: "environment".into() });
            match nearest(name, known.iter().copied()) {
                Some(near) => problem.remedy(say!("có phải “{near}”?", "did you mean `{near}`?")),
                None => problem.remedy(say!(
                    "mỗi giá trị trong {FILE_NAME} là một biến, ví dụ {PREFIX}RENDER_WORKERS; xem tên: vanthu config show",
                    "each value of {FILE_NAME} is a variable, for example {PREFIX}RENDER_WORKERS; for the names: vanthu config show"
                )),
            }
        };
        names.iter().map(problem).collect()
    }
}

/// Every leaf below `path`; `file` is what the file says at the same place.
fn flatten(path: String, value: &Value, file: Option<&Value>, keys: &mut Vec<Effective>) {
    let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                flatten(inner(name), member, file.and_then(|file| file.get(name)), keys);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                flatten(format!("{path}[{index}]"), item, file.and_then(|file| file.get(index)), keys);
            }
        }
        leaf => {
            let origin = if file.is_some() { Origin::File } else { Origin::Default };
            let value = (!leaf.is_null()).then(|| if path.ends_with("url") { masked(leaf) } else { leaf.to_string() });
            keys.push(Effective { key: path, value, origin });
        }
    }
}

/// An address without what could be a secret: the password before the host, the query after the path.
fn masked(value: &Value) -> String {
    let Some(text) = value.as_str() else { return value.to_string() };
    let (address, query) = text.split_once('?').map_or((text, ""), |(address, _)| (address, "?***"));
    let address = match address.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('@') {
            Some((who, host)) => {
                let who = who.split_once(':').map_or(who.to_owned(), |(name, _)| format!("{name}:{MASK}"));
                format!("{scheme}://{who}@{host}")
            }
            None => address.to_owned(),
        },
        None => address.to_owned(),
    };
    Value::from(address + query).to_string()
}
