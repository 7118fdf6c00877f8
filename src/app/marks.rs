//! What people tell batches apart by: the file that was handed in, the numbers, the decision.
//!
//! Owns putting that together from what is kept of a batch and of the draft that it was.

use std::collections::BTreeMap;

use super::office::Office;
use super::{App, AppError};
use crate::access::Principal;
use crate::batch::Request;
use crate::data::transcript::Line;
use crate::language::Text;
use crate::say;
use crate::store::batches::Batch;

/// What tells a batch from others of its template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Name of the file that was handed in.
    pub file: Option<String>,
    /// First and last number.
    pub numbers: Option<(i64, i64)>,
    /// Number and sign of the decision.
    pub decision: Option<String>,
}

impl Told {
    /// In one line; empty when there is nothing to tell.
    pub fn text(&self) -> Text {
        let mut parts: Vec<Text> = self.file.iter().map(|file| say!("{file}", "{file}")).collect();
        match self.numbers {
            Some((first, last)) if first == last => parts.push(say!("số {first}", "number {first}")),
            Some((first, last)) => parts.push(say!("số {first}–{last}", "numbers {first}–{last}")),
            None => {}
        }
        parts.extend(self.decision.iter().map(|decision| say!("quyết định {decision}", "decision {decision}")));
        let joined = |of: fn(&Text) -> &str| parts.iter().map(of).collect::<Vec<_>>().join(" · ");
        Text { vi: joined(|text| text.vi.as_str()), en: joined(|text| text.en.as_str()) }
    }
}

impl App {
    /// What tells a batch from others.
    pub async fn told(&self, office: &Office, batch: &Batch) -> Result<Told, AppError> {
        let draft = batch.key.as_deref().and_then(|key| key.strip_prefix("draft:"));
        let marks = office.store.batch_marks(&batch.id, draft.unwrap_or_default()).await?;
        let handed_in = marks.head.as_deref().and_then(|head| match Line::parse(head) {
            Some(Line::Head(head)) => Some(head.file),
            _ => None,
        });
        let given = || {
            let request: Request = serde_json::from_str(&batch.request).ok()?;
            Some(request.data.file_name()?.to_string_lossy().into_owned())
        };
        let file = if draft.is_some() { handed_in } else { given() };
        let content: serde_json::Value = marks.content.and_then(|content| serde_json::from_str(&content).ok()).unwrap_or_default();
        let decision = content["du_lieu"]["so_quyet_dinh"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Told { file, numbers: marks.numbers, decision })
    }

    /// Full names of the people who may sign in, by the names that they type. Of no more than the asker's organisation, and of
    /// those who belong to none.
    pub async fn people(&self, office: &Office, asker: &Principal) -> Result<BTreeMap<String, String>, AppError> {
        let all = self.accounts(office).await?.into_iter();
        let seen = all.filter(|account| account.organisation.is_none() || asker.sees(account.organisation.as_deref()));
        Ok(seen.map(|account| (account.name, account.full_name)).collect())
    }
}
