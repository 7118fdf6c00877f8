//! The key that an office signs with, and the public keys that others check with.
//!
//! Owns Ed25519, the text forms of both halves and of a list of published keys. The secret half also gives the secret of
//! the codes, under a purpose of its own, so that an office keeps one file safe and not two.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use super::Code;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;
/// Bytes of the secret that a key is made of.
pub const SEED_BYTES: usize = 32;
/// Bytes of a public key.
const PUBLIC_BYTES: usize = 32;
/// Begins the one line of a secret key's file.
const SECRET_PREFIX: &str = "vanthu-secret-key-1:";
/// Begins a published key's line.
const PUBLIC_PREFIX: &str = "ed25519";
/// Purpose of the secret that codes are derived with.
const CODES: &[u8] = b"vanthu verification codes 1";

/// The first 32 bits of a public key's SHA-256: enough to choose among the published keys, of no weight as proof.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// The id of these bytes.
    pub fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The public half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; PUBLIC_BYTES]);

impl PublicKey {
    /// Reads the 43 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// As 43 characters of base64url.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Its short name.
    pub fn id(&self) -> KeyId {
        let digest = Sha256::digest(self.0);
        KeyId([digest[0], digest[1], digest[2], digest[3]])
    }

    /// Did the secret half sign `message`?
    pub fn holds(&self, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

/// The secret half. It prints as its id.
#[derive(Clone)]
pub struct SigningKey {
    seed: [u8; SEED_BYTES],
    public: PublicKey,
    codes: hmac::Key,
}

impl SigningKey {
    /// The key of 32 random bytes.
    pub fn from_seed(seed: [u8; SEED_BYTES]) -> Self {
        let pair = pair(&seed);
        let mut public = [0; PUBLIC_BYTES];
        public.copy_from_slice(pair.public_key().as_ref());
        let purpose = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &seed), CODES);
        Self { seed, public: PublicKey(public), codes: hmac::Key::new(hmac::HMAC_SHA256, purpose.as_ref()) }
    }

    /// Reads the line of a secret key's file.
    pub fn parse(line: &str) -> Option<Self> {
        let seed = URL_SAFE_NO_PAD.decode(line.trim().strip_prefix(SECRET_PREFIX)?).ok()?;
        Some(Self::from_seed(seed.try_into().ok()?))
    }

    /// The line of its file. Whoever reads it can sign as the office.
    pub fn secret_line(&self) -> String {
        format!("{SECRET_PREFIX}{}\n", URL_SAFE_NO_PAD.encode(self.seed))
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs. The same message has the same signature.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(pair(&self.seed).sign(message).as_ref());
        signature
    }

    /// The code of the document that `identity` stands for.
    pub fn code(&self, identity: &[u8]) -> Code {
        Code::derive(&self.codes, identity)
    }
}

fn pair(seed: &[u8; SEED_BYTES]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed of 32 bytes is a key")
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.id())
    }
}

/// A public key as an office publishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key.
    pub key: PublicKey,
    /// Whose it is.
    pub name: String,
}

impl PublishedKey {
    /// Its line: `ed25519 ID KEY NAME`.
    pub fn line(&self) -> String {
        format!("{PUBLIC_PREFIX} {} {} {}", self.key.id(), self.key.text(), self.name)
    }

    /// Reads a list; blank lines and those that begin with `#` say nothing. The number of the first line that is no key
    /// otherwise.
    pub fn read_list(text: &str) -> Result<Vec<Self>, usize> {
        let mut keys = Vec::new();
        for (number, line) in (1_usize..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            keys.push(Self::read(line).ok_or(number)?);
        }
        Ok(keys)
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        let (kind, id, key) = (words.next()?, words.next()?, PublicKey::parse(words.next()?)?);
        let name = words.next().unwrap_or_default().trim().to_owned();
        (kind == PUBLIC_PREFIX && id == key.id().to_string()).then_some(Self { key, name })
    }
}
