//! Starting things: a workspace, a template made from another, a workbook to fill.
//!
//! Owns what a fresh workspace contains. Nothing that exists is ever overwritten.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{App, AppError};
use crate::catalog::{FONTS_FOLDER, TEMPLATES_FOLDER, is_plain_name};
use crate::config::FILE_NAME;
use crate::diagnostic::{Diagnostic, Place};
use crate::say;
use crate::spreadsheet;
use crate::template::BUILT_IN_WORDS;
use crate::template::words::laid_over;

/// Folder for data files in a fresh workspace.
const DATA_FOLDER: &str = "du-lieu";

const CONFIG: &str = r#"# Cấu hình vanthu của đơn vị. Dòng bắt đầu bằng # là chú thích.
# The configuration of this workspace. Lines that begin with # are comments.

# Tổ chức dùng khi tệp lô không nêu tên. / The organisation used unless a batch names another.
organisation = "hoi"

[organisations.hoi]
# Tên đầy đủ, viết như trong câu văn. / Full name, as in a sentence.
name = "Hội Khuyến học Phường Mẫu"
# Tên ở đầu trang, chữ in hoa, tự ngắt dòng. / The name at the head of a page, in capitals, broken as you wish.
name_lines = ["HỘI KHUYẾN HỌC", "PHƯỜNG MẪU"]
# Cơ quan chủ quản trực tiếp; để trống nếu không có. / Direct superior; empty when there is none.
superior_lines = ["HỘI KHUYẾN HỌC", "THÀNH PHỐ HỒ CHÍ MINH"]
# Chữ viết tắt trong số, ký hiệu. / Abbreviation in document codes.
abbreviation = "HKH"
# Địa danh ghi trước ngày tháng. / Place, before the date.
place = "Phường Mẫu"
# Hình biểu trưng (PNG, JPEG, SVG), đặt cạnh tệp này. / Picture of the emblem, beside this file.
# emblem = "bieu-trung.png"

# Người ký; người đầu tiên là mặc định. / Those who sign; the first is the default.
[[organisations.hoi.signatories]]
authority = ["TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"]
name = ""

# Giấy ai cũng kiểm tra được; tạo khóa bằng: vanthu key new / Certificates that anybody can check; make the key with: vanthu key new
# [verify]
# url = "https://kiem-tra.hoi.example"
# key_file = "khoa-ky.bi-mat"

# [render]
# workers = 0              # số tiến trình dàn trang; 0: theo số lõi / child processes; 0: one for each core
# deadline_seconds = 60    # thời gian tối đa cho một văn bản / longest time for one document
# memory_mib = 1024        # bộ nhớ tối đa của một tiến trình / memory of one child
"#;

impl App {
    /// Makes `folder` a workspace; gives what was created.
    pub fn init(folder: &Path) -> Result<Vec<PathBuf>, AppError> {
        let config = folder.join(FILE_NAME);
        if config.exists() {
            return Err(AppError::Input(vec![
                Diagnostic::error("workspace-exists", say!("đã là nơi làm việc của vanthu", "is a workspace already"))
                    .at(Place::File { file: config.display().to_string() })
                    .remedy(say!("sửa tệp có sẵn, hoặc chọn thư mục khác", "edit the file that is there, or choose another folder")),
            ]));
        }
        let mut created = Vec::new();
        for name in [TEMPLATES_FOLDER, FONTS_FOLDER, DATA_FOLDER] {
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(|source| AppError::Write { path: path.clone(), source })?;
            created.push(path);
        }
        write_new(&config, CONFIG.as_bytes())?;
        created.push(config);
        Ok(created)
    }

    /// Starts the template `name` in the workspace as a copy of `from`; gives the files created.
    pub fn new_template(&self, name: &str, from: &str) -> Result<Vec<PathBuf>, AppError> {
        let Some(workspace) = &self.workspace.folder else {
            return Err(AppError::Input(vec![
                Diagnostic::error("workspace-missing", say!("chưa có nơi làm việc", "there is no workspace here"))
                    .remedy(say!("chạy “vanthu init” trước", "run `vanthu init` first")),
            ]));
        };
        if !is_plain_name(name) || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(AppError::Input(vec![
                Diagnostic::error(
                    "template-name",
                    say!(
                        "tên mẫu chỉ gồm chữ thường không dấu, số và gạch nối",
                        "a template's name has lower-case letters, digits and dashes only"
                    ),
                )
                .with_value(name),
            ]));
        }
        if self.catalog().entries().iter().any(|entry| entry.name == name) && name != from {
            return Err(AppError::Input(vec![
                Diagnostic::error("template-exists", say!("đã có mẫu tên này", "there is a template of this name"))
                    .with_value(name)
                    .remedy(say!(
                        "chọn tên khác; để sửa mẫu có sẵn, ghi --from {name}",
                        "choose another name; to change a built-in template, add --from {name}"
                    )),
            ]));
        }
        let folder = workspace.join(TEMPLATES_FOLDER).join(name);
        if folder.exists() {
            return Err(AppError::Input(vec![
                Diagnostic::error("file-exists", say!("thư mục này đã có; không ghi đè", "the folder exists; it is not overwritten"))
                    .at(Place::File { file: folder.display().to_string() })
                    .remedy(say!("sửa mẫu đang có ở đó, hoặc chọn tên khác", "edit the template that is there, or choose another name")),
            ]));
        }
        let prefix = format!("/{from}/");
        let mut created = Vec::new();
        let mut files = self.catalog().files(from)?;
        // A template of its own has all its words in one file.
        if let Some(built_in) = files.remove(&format!("{prefix}{BUILT_IN_WORDS}"))
            && let Some(words) = files.get_mut(&format!("{prefix}words.toml"))
            && let Some(whole) = laid_over(&String::from_utf8_lossy(&built_in), &String::from_utf8_lossy(words))
        {
            *words = whole.into_bytes().into();
        }
        for (path, bytes) in files {
            let Some(relative) = path.strip_prefix(&prefix) else { continue };
            let target = folder.join(relative);
            let parent = target.parent().unwrap_or(workspace);
            fs::create_dir_all(parent).map_err(|source| AppError::Write { path: parent.to_owned(), source })?;
            let bytes = if relative == "template.toml" { rename(&bytes, from, name) } else { bytes.into_owned() };
            write_new(&target, &bytes)?;
            created.push(target);
        }
        Ok(created)
    }

    /// Writes the workbook that a clerk fills for `template`.
    pub fn sheet(&self, template: &str, path: &Path) -> Result<(), AppError> {
        let template = self.template(template)?;
        if path.exists() {
            return Err(AppError::Input(vec![
                Diagnostic::error("file-exists", say!("tệp đã có; không ghi đè", "the file exists; it is not overwritten"))
                    .at(Place::File { file: path.display().to_string() })
                    .remedy(say!("đổi tên tệp đó, hoặc chọn tên khác bằng --out", "rename that file, or choose another name with --out")),
            ]));
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(|source| AppError::Write { path: parent.to_owned(), source })?;
        }
        Ok(spreadsheet::blank(&template.contract, &template.manifest.title.vi, path)?)
    }
}

/// The manifest with its own name.
fn rename(manifest: &[u8], from: &str, name: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(manifest);
    text.replacen(&format!("name = \"{from}\""), &format!("name = \"{name}\""), 1).into_bytes()
}

/// Creates a file that must not exist yet.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), AppError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|source| AppError::Write { path: path.to_owned(), source })
}
