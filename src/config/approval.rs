//! `[approval]`: must somebody else say yes before numbers are taken and messages go out?

use serde::{Deserialize, Serialize};

/// `[approval]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApprovalConfig {
    /// What one person prepares on the pages is numbered and sent only after an approver, another person, has said yes.
    pub required: bool,
}
