//! How a use-case can fail, and what is said of it in both languages.
//!
//! Owns [`AppError`]. Wrong input carries its diagnostics; a failing machine is described with the path and the reason.

use std::path::{Path, PathBuf};

use crate::batch::RunError;
use crate::batch::merge::MergeError;
use crate::batch::outputs::OutputError;
use crate::batch::plan::PlanError;
use crate::batch::shelf::ShelfError;
use crate::diagnostic::{Diagnostic, Place, io_reason};
use crate::intake::IntakeError;
use crate::language::Text;
use crate::mail::mailbox::MailboxError;
use crate::render_pool::PoolError;
use crate::say;
use crate::sender::SenderError;
use crate::spreadsheet::SpreadsheetError;
use crate::storage::StorageError;
use crate::store::StoreError;

/// A use-case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// What the user gave is wrong: all of it.
    #[error("the input is wrong")]
    Input(Vec<Diagnostic>),
    /// The rendering run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An output beside the documents failed.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The output folder failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The workers failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sender failed.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The mailbox of bounces failed.
    #[error(transparent)]
    Mailbox(#[from] MailboxError<SenderError>),
    /// No relay takes the message to the operators now.
    #[error("no relay takes the message to the operators now")]
    AlertUnsent,
    /// What the store gave back is not what was put there.
    #[error("the store's {what} cannot be understood")]
    Damaged {
        /// Which value.
        what: &'static str,
    },
    /// A file of the workspace cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// Too much is asked at once.
    #[error("too much is asked at once")]
    Busy,
    /// A workbook cannot be written.
    #[error(transparent)]
    Spreadsheet(#[from] SpreadsheetError),
}

impl From<Vec<Diagnostic>> for AppError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Input(diagnostics)
    }
}

impl From<IntakeError> for AppError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Refused(problem) => Self::Input(vec![*problem]),
            IntakeError::Start { program, source } => Self::Pool(PoolError::Start { program, source }),
        }
    }
}

impl From<Diagnostic> for AppError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Input(vec![diagnostic])
    }
}

impl From<PlanError> for AppError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Data(diagnostics) => Self::Input(diagnostics),
            PlanError::Store(error) => Self::Store(error),
        }
    }
}

impl From<ShelfError> for AppError {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Storage(error) => Self::Storage(error),
            ShelfError::Store(error) => Self::Store(error),
        }
    }
}

/// Others took numbers of the register each time that this batch was planned.
pub(super) fn register_moves() -> AppError {
    let problem = say!("sổ đang được nhiều nơi lấy số cùng lúc", "others keep taking numbers of the register");
    AppError::Input(vec![Diagnostic::error("register-busy", problem).remedy(say!("chạy lại sau ít phút", "run again in a few minutes"))])
}

/// A key that stands for another request.
pub(super) fn key_reused(key: &str) -> AppError {
    let problem = Diagnostic::error("key-reused", say!("khóa này đã dùng cho một yêu cầu khác", "the key was used for another request"));
    AppError::Input(vec![
        problem
            .with_value(key)
            .remedy(say!("chọn khóa khác, hoặc gửi đúng yêu cầu cũ", "choose another key, or send the very same request")),
    ])
}

/// The documents' folder belongs to another database than the one that was opened.
pub(super) fn objects_of_another(folder: &Path) -> AppError {
    let problem = say!(
        "kho văn bản này thuộc về một cơ sở dữ liệu khác, không phải cơ sở dữ liệu đang mở",
        "these documents belong to another database than the one that was opened"
    );
    AppError::Input(vec![Diagnostic::error("storage-instance", problem).at(Place::File { file: folder.display().to_string() }).remedy(
        say!(
            "kiểm tra [store] url_file và objects: cơ sở dữ liệu trống hoặc nhầm? một văn phòng mới cần kho riêng",
            "check [store] url_file and objects: an empty or a wrong database? a new office needs a folder of its own"
        ),
    )])
}

/// The office of no workspace.
pub(super) fn no_workspace() -> AppError {
    AppError::Input(vec![
        Diagnostic::error(
            "workspace-missing",
            say!("không có vanthu.toml ở đây hay ở thư mục trên", "there is no vanthu.toml here or above"),
        )
        .remedy(say!("vào thư mục làm việc, hoặc thêm -C THƯ_MỤC", "go to the workspace, or add -C FOLDER")),
    ])
}

impl AppError {
    /// Is it the user's input, not the machine, that must change?
    pub fn is_input(&self) -> bool {
        matches!(self, Self::Input(_))
    }

    /// Is it worth trying again later?
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Input(_) | Self::Write { .. } | Self::Spreadsheet(_) | Self::Damaged { .. } => false,
            Self::Busy => true,
            Self::Store(error) => error.is_transient(),
            Self::Sender(error) => error.is_transient(),
            Self::Mailbox(error) => error.is_transient(),
            Self::AlertUnsent => true,
            Self::Run(error) => error.is_transient(),
            Self::Output(error) => error.is_transient(),
            Self::Storage(error) => error.is_transient(),
            Self::Pool(error) => error.is_transient(),
        }
    }

    /// What happened, for people.
    pub fn describe(&self) -> Text {
        match self {
            Self::Input(_) => say!("dữ liệu vào sai", "the input is wrong"),
            Self::Run(RunError::Storage(error))
            | Self::Storage(error)
            | Self::Sender(SenderError::Storage(error))
            | Self::Output(OutputError::Storage(error)) => storage(error),
            Self::Run(RunError::Pool(error)) | Self::Pool(error) => pool(error),
            Self::Run(RunError::Store(error))
            | Self::Store(error)
            | Self::Sender(SenderError::Store(error))
            | Self::Output(OutputError::Store(error)) => store(error),
            Self::Sender(error) => say!("không gửi tiếp được ({error})", "sending cannot go on ({error})"),
            Self::Mailbox(error) => mailbox(error),
            Self::AlertUnsent => {
                say!("chưa máy chủ thư nào nhận thư báo cho người quản trị", "no relay takes the message to the operators now")
            }
            Self::Damaged { what } => {
                say!("sổ dữ liệu bị hỏng ở phần “{what}”", "the store is damaged at its {what}")
            }
            Self::Busy => say!("máy đang bận; thử lại sau ít giây", "the machine is busy; try again in a few seconds"),
            Self::Run(RunError::Task) => say!("một phần của chương trình dừng bất ngờ", "a part of the program ended unexpectedly"),
            Self::Write { path, source } => cannot_write(path, source),
            Self::Output(OutputError::Spreadsheet(error)) | Self::Spreadsheet(error) => match error {
                SpreadsheetError::Write { path, source } => cannot_write(path, source),
                SpreadsheetError::Layout { path, .. } => {
                    let path = path.display();
                    say!("không xếp được nội dung vào bảng tính “{path}”", "the workbook `{path}` cannot be laid out")
                }
            },
            Self::Output(
                OutputError::Write(source)
                | OutputError::Merge(MergeError::Write(source))
                | OutputError::Archive(zip::result::ZipError::Io(source)),
            ) => {
                let reason = io_reason(source);
                Text {
                    vi: format!("không ghi được tệp kết quả: {}", reason.vi),
                    en: format!("an output file cannot be written: {}", reason.en),
                }
            }
            Self::Output(error) => say!("không làm được tệp kết quả ({error})", "an output file cannot be made ({error})"),
        }
    }
}

fn storage(error: &StorageError) -> Text {
    match error {
        StorageError::Write { path, source } => cannot_write(path, source),
        StorageError::Read { path, source } => {
            let (path, reason) = (path.display(), io_reason(source));
            Text { vi: format!("không đọc được “{path}”: {}", reason.vi), en: format!("cannot read `{path}`: {}", reason.en) }
        }
        StorageError::Busy { path } => {
            let path = path.display();
            say!("một vanthu khác đang làm việc trong “{path}”", "another vanthu is working in `{path}`")
        }
    }
}

fn store(error: &StoreError) -> Text {
    match error {
        StoreError::Busy { path } => {
            let path = path.display();
            say!("một vanthu khác đang làm việc với “{path}”", "another vanthu is working with `{path}`")
        }
        StoreError::NetworkFileSystem { path } => {
            let path = path.display();
            say!(
                "“{path}” nằm trên ổ mạng, nơi SQLite không khóa tệp được; chuyển về ổ trong máy hoặc dùng PostgreSQL",
                "`{path}` is on a network file system, where SQLite's locks do not hold; move it to a local disk or use PostgreSQL"
            )
        }
        StoreError::File { path, source } => cannot_write(path, source),
        StoreError::Newer => say!("cơ sở dữ liệu do bản vanthu mới hơn tạo ra", "the database was made by a later version of vanthu"),
        StoreError::Unknown { what } => say!("không có {what}", "there is no {what}"),
        StoreError::Refused { what, state } => say!("{what} đang ở trạng thái “{state}”", "{what} is {state}"),
        StoreError::Stale { what } => {
            say!("{what} đã được sửa ở nơi khác sau khi bạn mở", "{what} was changed elsewhere after you had opened it")
        }
        StoreError::KeyReused { key } => say!("khóa “{key}” đã dùng cho yêu cầu khác", "the key `{key}` was used for another request"),
        other => {
            let chain = crate::diagnostic::chain(other);
            say!("cơ sở dữ liệu báo lỗi: {chain}", "the database reports: {chain}")
        }
    }
}

fn mailbox(error: &MailboxError<SenderError>) -> Text {
    match error {
        MailboxError::Connection { host, reason } => {
            say!("không tới được hộp thư ở {host}: {reason}", "the mailbox at {host} cannot be reached: {reason}")
        }
        MailboxError::TimedOut { host } => say!("hộp thư ở {host} không trả lời", "the mailbox at {host} does not answer"),
        MailboxError::Account { host } => {
            say!("hộp thư ở {host} từ chối tài khoản hoặc mật khẩu", "the mailbox at {host} refuses account or password")
        }
        MailboxError::Protocol { host, reason } => say!("hộp thư ở {host} trả lời: {reason}", "the mailbox at {host} says: {reason}"),
        MailboxError::Caller(error) => {
            let chain = crate::diagnostic::chain(error);
            say!("không ghi được một báo lỗi vào sổ: {chain}", "a bounce could not be recorded: {chain}")
        }
    }
}

fn pool(error: &PoolError) -> Text {
    match error {
        PoolError::Start { program, source } => {
            let (program, reason) = (program.display(), io_reason(source));
            Text {
                vi: format!("không khởi động được tiến trình dàn trang “{program}”: {}", reason.vi),
                en: format!("cannot start a render worker from `{program}`: {}", reason.en),
            }
        }
        PoolError::NotReady { reason } => {
            say!("tiến trình dàn trang không sẵn sàng: {reason}", "the render worker does not become ready: {reason}")
        }
        PoolError::Closed => say!("các tiến trình dàn trang đã đóng", "the render pool is closed"),
    }
}

fn cannot_write(path: &Path, source: &std::io::Error) -> Text {
    let (path, reason) = (path.display(), io_reason(source));
    Text { vi: format!("không ghi được “{path}”: {}", reason.vi), en: format!("cannot write `{path}`: {}", reason.en) }
}
