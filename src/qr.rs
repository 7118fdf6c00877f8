//! QR codes as pixel matrices for the page.
//!
//! Owns the encoding and its limit; where and how large the code stands is the template's.

use fast_qr::{ECL, QRBuilder};
use serde_json::{Value, json};

use crate::diagnostic::Diagnostic;
use crate::say;

/// Longest text: beyond it the modules get too small to print on a certificate.
const TEXT_BYTES_MAX: usize = 400;

/// The code for `text` as the page takes it: side in modules and row-major pixels, black 0, white 255.
pub fn encode(text: &str) -> Result<Value, Diagnostic> {
    let too_long = || {
        Diagnostic::error(
            "qr-too-long",
            say!("nội dung mã QR dài quá {TEXT_BYTES_MAX} byte", "the QR code's text is longer than {TEXT_BYTES_MAX} bytes"),
        )
        .with_value(text)
        .remedy(say!("rút gọn “qr” trong template.toml", "shorten `qr` in template.toml"))
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(too_long());
    }
    // The lowest correction level has the largest modules: a certificate is not soiled or torn like a parcel, but it is
    // scanned from office prints.
    let code = QRBuilder::new(text).ecl(ECL::L).build().map_err(|_| too_long())?;
    let pixels: Vec<u8> = (0..code.size)
        .flat_map(|row| code[row][..code.size].iter().map(|module| if module.value() { 0 } else { 255 }).collect::<Vec<u8>>())
        .collect();
    Ok(json!({ "canh": code.size, "diem": pixels }))
}
