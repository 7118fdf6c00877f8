//! What a data file may cost before it is refused.
//!
//! Owns [`Limits`] and its defaults. The readers enforce them; which of them an operator may change is the
//! configuration's decision.

/// Bounds on one data file. Every reader stops at the first one passed and says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Most records in one file.
    pub rows_max: u64,
    /// Most columns in one sheet or text file.
    pub columns_max: u32,
    /// Most characters in one cell; the default is Excel's own.
    pub cell_chars_max: usize,
    /// Largest file, as it lies on the disk.
    pub file_bytes_max: u64,
    /// Largest sum of the unpacked parts of a workbook.
    pub uncompressed_bytes_max: u64,
    /// Most combining marks after one letter.
    pub marks_max: usize,
    /// Errors described one by one; later bad rows keep their first error only.
    pub errors_max: usize,
    /// Deepest nesting of a JSON document.
    pub json_depth_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows_max: 100_000,
            columns_max: 512,
            cell_chars_max: 32_767,
            file_bytes_max: 100 << 20,
            uncompressed_bytes_max: 1 << 30,
            marks_max: 8,
            errors_max: 1_000,
            json_depth_max: 64,
        }
    }
}
