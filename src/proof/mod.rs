//! Proof that a certificate is genuine: a short code, a signed statement for its QR code, the key that signs.
//!
//! Owns what is derived from a record and a secret, and what can be said of a code that comes back. Which codes are valid,
//! replaced or revoked is the store's; reading the key's file is `config`'s. Nothing here knows a clock or makes randomness.

pub mod code;
pub mod key;
pub mod letters;
pub mod statement;

pub use code::Code;
pub use key::{KeyId, PublicKey, PublishedKey, SigningKey};
pub use statement::{Facts, Signed, Statement};

/// What makes proofs for the documents of a batch: the key, and where the public asks.
#[derive(Debug, Clone)]
pub struct Issuer {
    key: SigningKey,
    url: String,
    is_specimen: bool,
}

/// What a document bears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Its code.
    pub code: Code,
    /// The key of its statement.
    pub key: KeyId,
    /// What the statement says, whole.
    pub facts: Facts,
    /// The text of its QR code.
    pub qr: String,
    /// Where its code can be typed, as it is printed: `hoi.example/v`.
    pub place: String,
}

impl Proof {
    /// What the page prints beside the QR code.
    pub fn on_page(&self) -> serde_json::Value {
        serde_json::json!({ "ma": self.code.to_string(), "noi": self.place })
    }
}

impl Issuer {
    /// The issuer that signs with `key` and is asked under `url`, such as `https://hoi.example`.
    pub fn new(key: SigningKey, url: &str) -> Self {
        Self { key, url: url.trim_end_matches('/').to_owned(), is_specimen: false }
    }

    /// The same, but what it makes proves nothing: for samples and for looking before a batch is accepted.
    pub fn specimen(self) -> Self {
        Self { is_specimen: true, ..self }
    }

    /// The key that others check with.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public()
    }

    /// Where the public asks, without `/v/`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The proof of the document that `identity` stands for: the same identity has the same proof.
    pub fn prove(&self, identity: &[u8], facts: Facts) -> Proof {
        let code = if self.is_specimen { Code::SPECIMEN } else { self.key.code(identity) };
        let statement = Statement { code, key: self.key.public().id(), facts: facts.clone() };
        let sign = |message: &[u8]| if self.is_specimen { [0; key::SIGNATURE_BYTES] } else { self.key.sign(message) };
        let qr = statement.to_qr_text(&self.url, &sign);
        Proof { code, key: statement.key, facts, qr, place: statement::place_of(&self.url) }
    }
}
