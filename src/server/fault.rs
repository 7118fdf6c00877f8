//! What went wrong, as an answer: a page for people, a problem (RFC 9457) for programs.
//!
//! Owns which status an error of a use-case has, and that nothing of the machine's inside is shown.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::caller::Caller;
use super::page::Unshown;
use crate::app::AppError;
use crate::diagnostic::Diagnostic;
use crate::language::{Language, Text};
use crate::say;
use crate::store::StoreError;

/// A request that did not come to its end.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The status.
    pub status: StatusCode,
    /// A stable name for programs.
    pub code: String,
    /// What happened, for people.
    pub text: Text,
    /// Everything that is wrong with what was sent.
    pub diagnostics: Vec<Diagnostic>,
    /// Is the same request worth trying again?
    pub retryable: bool,
    /// Seconds after which.
    pub retry_after: Option<u64>,
}

impl Fault {
    /// A fault with `status`, the stable name `code`, and what is said.
    pub fn new(status: StatusCode, code: &str, text: Text) -> Self {
        Self { status, code: code.to_owned(), text, diagnostics: Vec::new(), retryable: false, retry_after: None }
    }

    /// Worth trying again.
    pub fn again(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// There is no such thing, or it is not this principal's to see.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", say!("không tìm thấy trang hay mục này", "there is nothing here"))
    }

    /// What was sent is wrong: all of it.
    pub fn invalid(diagnostics: Vec<Diagnostic>) -> Self {
        let text = say!("có chỗ cần sửa trong những gì đã gửi", "something in what was sent must be corrected");
        let code = diagnostics.first().map_or("invalid", |first| first.code.as_ref()).to_owned();
        Self { diagnostics, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, &code, text) }
    }

    /// The thing has changed since, or its state does not allow it.
    pub fn conflict(text: Text) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", text)
    }

    /// The principal may not.
    pub fn forbidden(text: Text) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", text)
    }

    /// Nobody is signed in, or not any more.
    pub fn unauthorised() -> Self {
        let text = say!(
            "phiên làm việc đã hết hoặc chưa đăng nhập; đăng nhập rồi làm lại bước này",
            "nobody is signed in, or not any more; sign in and do this step again"
        );
        Self::new(StatusCode::UNAUTHORIZED, "unauthorised", text)
    }

    /// Too many, too often.
    pub fn too_many(milliseconds: i64) -> Self {
        let seconds = u64::try_from((milliseconds + 999) / 1_000).unwrap_or(1);
        let text = say!("thử quá nhiều lần; chờ {seconds} giây rồi thử lại", "too many tries; wait {seconds} seconds and try again");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", text).again() }
    }

    /// The request seems to come from another site.
    pub(super) fn forged() -> Self {
        let text = say!(
            "yêu cầu không đến từ trang này, hoặc trang đã mở quá lâu; tải lại trang rồi làm lại",
            "the request does not come from this page, or the page is too old; reload it and try again"
        );
        Self::new(StatusCode::FORBIDDEN, "forged", text)
    }

    /// The body ended before its end.
    pub(super) fn cut_short() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "body-cut-short", say!("dữ liệu gửi lên bị đứt giữa chừng", "the data broke off midway")).again()
    }

    /// A bug, or something that was not foreseen. The log knows more.
    pub(super) fn internal() -> Self {
        let text = say!(
            "chương trình gặp lỗi ở bước này; những gì đã lưu vẫn còn",
            "the program failed at this step; whatever was saved is still there"
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", text)
    }

    /// A problem of RFC 9457, as JSON: every sentence in `language` where people look first, and beside it in both.
    pub(super) fn problem_value(&self, language: Language) -> Value {
        let diagnostics = with_sentences(&self.diagnostics, language);
        json!({
            "type": format!("urn:vanthu:problem:{}", self.code),
            "title": self.text.in_language(language),
            "status": self.status.as_u16(),
            "code": self.code,
            "sentence": self.text,
            "retryable": self.retryable,
            "diagnostics": diagnostics,
        })
    }

    /// A problem of RFC 9457.
    pub(super) fn problem(&self, caller: &Caller) -> Response {
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status, [(header::CONTENT_TYPE, kind)], self.problem_value(caller.language).to_string()).into_response()
    }
}

/// Diagnostics for programs: sentences in `language` where people look first, and beside them in both.
pub(super) fn with_sentences(diagnostics: &[Diagnostic], language: Language) -> Value {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let mut one = diagnostic.to_json(language);
            one["sentence"] = json!({ "message": diagnostic.message, "remedy": diagnostic.remedy });
            one
        })
        .collect()
}

impl From<AppError> for Fault {
    fn from(error: AppError) -> Self {
        let busy = |text| Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text).again() };
        match error {
            AppError::Input(diagnostics) => Self::invalid(diagnostics),
            AppError::Store(StoreError::Unknown { .. }) => Self::not_found(),
            AppError::Store(error @ (StoreError::Refused { .. } | StoreError::Stale { .. })) => {
                Self::conflict(AppError::from(error).describe())
            }
            AppError::Store(error @ StoreError::KeyReused { .. }) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused", AppError::from(error).describe())
            }
            error if error.is_transient() => busy(AppError::Busy.describe()),
            error => {
                // The sentence may hold what the data say; the chain of causes of a store or a disk does not.
                tracing::error!(event = "http.failed", kind = kind_of(&error));
                Self::internal()
            }
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        AppError::from(error).into()
    }
}

fn kind_of(error: &AppError) -> &'static str {
    match error {
        AppError::Store(StoreError::Database(_)) => "database",
        AppError::Store(_) => "store",
        AppError::Storage(_) => "storage",
        AppError::Pool(_) => "pool",
        AppError::Damaged { what } => what,
        _ => "other",
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Unshown::from(self));
        response
    }
}
