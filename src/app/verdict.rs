//! Is a certificate genuine? Its file, the text of its QR code or its code, held against signature and register.
//!
//! Owns the answer of `vanthu verify`. A signature tells that the office issued a certificate and that nothing of it was changed;
//! only the register tells whether it still holds.

use std::path::Path;

use super::office::Office;
use super::{App, AppError};
use crate::diagnostic::{Diagnostic, Place, because};
use crate::language::Text;
use crate::lint::read::{Limits, read};
use crate::proof::statement::Unreadable;
use crate::proof::{Code, Facts, PublishedKey, Signed};
use crate::say;
use crate::storage::hash_file;
use crate::store::proofs::{NewProof, Proof, ProofState};

/// Characters of a code as it is printed.
const PRINTED: usize = 19;

/// What can be said of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Issued by the office, and holds.
    Valid,
    /// Another stands for it.
    Replaced,
    /// Taken back.
    Revoked,
    /// Not as it was issued.
    Altered,
    /// Nothing is known of it.
    Unknown,
}

/// What the signature of a QR code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// It was made with this key, whose owner is named.
    Good(String),
    /// It does not fit.
    Wrong,
    /// No published key has this id.
    UnknownKey(String),
}

/// The answer to “is it genuine?”.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// In one word.
    pub outcome: Outcome,
    /// In a sentence.
    pub sentence: Text,
    /// The code that was asked about, or found.
    pub code: Option<Code>,
    /// What the certificate must say.
    pub facts: Option<Facts>,
    /// What the signature says, when there was one.
    pub signature: Option<Signature>,
    /// What the register says, when it knows the code.
    pub register: Option<Proof>,
}

impl Outcome {
    /// A stable name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
            Self::Altered => "altered",
            Self::Unknown => "unknown",
        }
    }

    /// For people.
    pub fn text(self) -> Text {
        match self {
            Self::Valid => say!("HỢP LỆ", "VALID"),
            Self::Replaced => say!("ĐÃ ĐƯỢC THAY THẾ", "REPLACED"),
            Self::Revoked => say!("ĐÃ BỊ THU HỒI", "REVOKED"),
            Self::Altered => say!("ĐÃ BỊ SỬA", "ALTERED"),
            Self::Unknown => say!("KHÔNG RÕ", "UNKNOWN"),
        }
    }

    fn of(state: ProofState) -> Self {
        match state {
            ProofState::Valid => Self::Valid,
            ProofState::Replaced => Self::Replaced,
            ProofState::Revoked => Self::Revoked,
        }
    }
}

impl App {
    /// Is it genuine? `what` is a file, the text of a QR code, or a code; `keys` are published keys, beside those of the office.
    pub async fn verify(&self, what: &str, keys: Option<&Path>) -> Result<Verdict, AppError> {
        let office = match self.workspace.folder {
            Some(_) => Some(self.office_beside().await?),
            None => None,
        };
        let verdict = self.verify_with(office.as_ref(), what, keys).await;
        if let Some(office) = office {
            office.store.close().await;
        }
        verdict
    }

    async fn verify_with(&self, office: Option<&Office>, what: &str, keys: Option<&Path>) -> Result<Verdict, AppError> {
        let path = Path::new(what);
        if path.is_file() {
            return of_file(office.ok_or_else(register_missing)?, path).await;
        }
        if what.contains('#') {
            let own = match office {
                Some(office) => self.published_keys(office).await?,
                None => Vec::new(),
            };
            let given = keys.map(read_keys).transpose()?.unwrap_or_default();
            return of_qr_text(office, what, &own, &given).await;
        }
        let typed = what.rsplit_once("/v/").map_or(what, |(_, code)| code);
        let code = Code::parse(typed).ok_or_else(|| {
            AppError::Input(vec![
                Diagnostic::error("code-form", say!("không phải mã kiểm tra", "is no verification code")).with_value(what).remedy(say!(
                    "mã có 16 chữ và số, ví dụ 7K3M-92QX-04AB-CDEF; hoặc đưa tệp PDF hay nội dung mã QR",
                    "a code has 16 letters and digits, such as 7K3M-92QX-04AB-CDEF; or give a PDF or the text of a QR code"
                )),
            ])
        })?;
        let office = office.ok_or_else(register_missing)?;
        Ok(match office.store.proof(&code.compact()).await? {
            Some(proof) => of_register(proof),
            None => unknown(Some(code), say!("Sổ không có mã này.", "The register does not have this code.")),
        })
    }
}

/// What a certificate says by the register.
pub fn facts_of(proof: &NewProof) -> Facts {
    Facts {
        title: proof.title.clone(),
        number: proof.number.clone(),
        date: proof.date.as_deref().and_then(|date| date.parse().ok()),
        issuer: proof.issuer.clone(),
        holder: proof.holder.clone(),
    }
}

async fn of_file(office: &Office, path: &Path) -> Result<Verdict, AppError> {
    let sha256 = hash_file(path)?.unwrap_or_default();
    if let Some(code) = office.store.code_of_file(&sha256).await?
        && let Some(proof) = office.store.proof(&code).await?
    {
        return Ok(of_register(proof));
    }
    let codes = codes_in(path);
    for code in &codes {
        if let Some(proof) = office.store.proof(&code.compact()).await? {
            let sentence = say!(
                "Tệp này mang mã của một giấy đã cấp nhưng không phải tệp đã phát hành: nó đã bị sửa, hoặc được lưu lại.",
                "The file bears the code of a certificate but is not as it was issued: it was changed, or saved anew."
            );
            return Ok(Verdict { outcome: Outcome::Altered, sentence, ..of_register(proof) });
        }
    }
    Ok(unknown(
        codes.first().copied(),
        say!("Sổ không có tệp này, cũng không có mã nào ghi trong đó.", "The register has neither this file nor any code in it."),
    ))
}

/// Codes that a PDF shows; none of what cannot be read.
fn codes_in(path: &Path) -> Vec<Code> {
    let Ok(document) = std::fs::read(path).map_err(drop).and_then(|bytes| read(&bytes, Limits::default()).map_err(drop)) else {
        return Vec::new();
    };
    let rows = document.pages.iter().flat_map(|page| &page.rows);
    // Programs that saved a page anew may have torn a word.
    rows.flat_map(|row| codes_of(row.words.iter().flat_map(|word| word.text.chars()))).collect()
}

/// Every run of characters that is a code in its four groups.
fn codes_of(text: impl Iterator<Item = char>) -> Vec<Code> {
    let characters: Vec<char> = text.filter(|c| !c.is_whitespace()).collect();
    let is_grouped = |window: &&[char]| window.iter().enumerate().all(|(at, c)| (*c == '-') == matches!(at, 4 | 9 | 14));
    characters.windows(PRINTED).filter(is_grouped).filter_map(|window| Code::parse(&window.iter().collect::<String>())).collect()
}

async fn of_qr_text(office: Option<&Office>, text: &str, own: &[PublishedKey], given: &[PublishedKey]) -> Result<Verdict, AppError> {
    let signed = match Signed::read(text) {
        Ok(signed) => signed,
        Err(Unreadable::Foreign) => {
            let sentence = say!("Đây không phải mã QR của một giấy do vanthu cấp.", "This is no QR code of a certificate made by vanthu.");
            return Ok(unknown(None, sentence));
        }
        Err(Unreadable::Damaged) => {
            let sentence = say!("Nội dung mã QR bị thiếu hoặc đã bị sửa.", "The QR code's text is incomplete or was changed.");
            return Ok(Verdict { outcome: Outcome::Altered, ..unknown(None, sentence) });
        }
    };
    let statement = &signed.statement;
    let with_id = |key: &&PublishedKey| key.key.id() == statement.key;
    let base = Verdict { code: Some(statement.code), facts: Some(statement.facts.clone()), ..unknown(None, Text::default()) };
    let Some(key) = given.iter().chain(own).find(with_id) else {
        let id = statement.key.to_string();
        let sentence = say!(
            "Mã QR được ký bằng khóa {id}, không phải khóa đã công bố nào đang có ở đây. Chưa thể tin nội dung của nó.",
            "The QR code is signed with the key {id}, which is none of the published keys at hand. What it says cannot be trusted."
        );
        return Ok(Verdict { sentence, signature: Some(Signature::UnknownKey(id)), ..base });
    };
    if !signed.is_signed_by(&key.key) {
        let sentence = say!(
            "Chữ ký không khớp: nội dung mã QR đã bị sửa hoặc bị làm giả.",
            "The signature does not fit: what the QR code says was changed or forged."
        );
        return Ok(Verdict { outcome: Outcome::Altered, sentence, signature: Some(Signature::Wrong), ..base });
    }
    let signature = Some(Signature::Good(key.name.clone()));
    // Only the issuer's own register knows what became of a certificate.
    let Some(office) = office.filter(|_| own.iter().any(|key| with_id(&key))) else {
        let sentence = say!(
            "Chữ ký của {} đúng, nội dung không bị sửa. Giấy có bị thu hồi sau đó hay không thì phải xem trên trang của nơi cấp.",
            "The signature of {} is right and nothing was changed. Whether it was revoked since is seen on the issuer's page.",
            key.name
        );
        return Ok(Verdict { outcome: Outcome::Valid, sentence, signature, ..base });
    };
    Ok(match office.store.proof(&statement.code.compact()).await? {
        Some(proof) => Verdict { signature, ..of_register(proof) },
        None => {
            let sentence = say!(
                "Chữ ký đúng nhưng sổ không có mã này; hãy hỏi người quản trị.",
                "The signature is right, but the register does not have this code; ask the administrator."
            );
            Verdict { sentence, signature, ..base }
        }
    })
}

fn of_register(proof: Proof) -> Verdict {
    let reason = &proof.reason;
    let sentence = match proof.state {
        ProofState::Valid => say!("Giấy do đơn vị cấp và còn hiệu lực.", "It was issued by the organisation and holds."),
        ProofState::Revoked => say!("Giấy đã bị thu hồi. Lý do: {reason}", "It was revoked. Reason: {reason}"),
        ProofState::Replaced => {
            let by = proof.replaced_by.as_deref().and_then(Code::parse).map(|code| code.to_string()).unwrap_or_default();
            say!("Giấy đã được thay bằng giấy mã {by}. Lý do: {reason}", "It was replaced by the one with the code {by}. Reason: {reason}")
        }
    };
    Verdict {
        outcome: Outcome::of(proof.state),
        sentence,
        code: Code::parse(&proof.proof.code),
        facts: Some(facts_of(&proof.proof)),
        signature: None,
        register: Some(proof),
    }
}

fn unknown(code: Option<Code>, sentence: Text) -> Verdict {
    Verdict { outcome: Outcome::Unknown, sentence, code, facts: None, signature: None, register: None }
}

fn read_keys(path: &Path) -> Result<Vec<PublishedKey>, AppError> {
    let place = || Place::File { file: path.display().to_string() };
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![Diagnostic::error("keys-unreadable", because(&error, "không đọc được tệp khóa:", "the keys cannot be read:")).at(place())]
    })?;
    PublishedKey::read_list(&text).map_err(|line| {
        AppError::Input(vec![
            Diagnostic::error("keys-form", say!("dòng {line} không phải khóa đã công bố", "line {line} is no published key"))
                .at(place())
                .remedy(say!("tải lại tệp khóa từ trang …/v/khoa của nơi cấp", "fetch the keys anew from the issuer's page …/v/khoa")),
        ])
    })
}

fn register_missing() -> AppError {
    AppError::Input(vec![
        Diagnostic::error(
            "register-missing",
            say!(
                "ở đây không có sổ để tra; chỉ kiểm tra được nội dung mã QR",
                "there is no register here; only the text of a QR code can be checked"
            ),
        )
        .remedy(say!(
            "đưa nội dung mã QR kèm --key TỆP, vào thư mục làm việc của nơi cấp, hoặc mở trang của nơi cấp",
            "give the QR code's text with --key FILE, go to the issuer's workspace, or open the issuer's page"
        )),
    ])
}
