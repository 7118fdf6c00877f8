//! What each function of the wording does, for authors: an example of its call and a line in both languages.

use crate::language::Text;

/// Name, how it is called, what it does in Vietnamese and in English.
const LINES: [(&str, &str, &str, &str); 24] = [
    ("so", "so so_luong", "số có dấu chấm hàng nghìn: 1.234", "a number with its thousands apart: 1.234"),
    ("so_hai", "so_hai so", "thêm số 0 đầu cho đủ hai chữ số: 05", "two digits at least: 05"),
    ("so_chu", "so_chu so_luong", "số đọc thành chữ: mười hai", "a number in words"),
    ("tien", "tien so_tien", "số tiền có đơn vị: 1.200.000 đồng", "an amount with its unit: 1.200.000 đồng"),
    ("tien_chu", "tien_chu so_tien chan=true", "số tiền bằng chữ, thêm “chẵn” khi có chan", "an amount in words; `chan` adds “chẵn”"),
    ("ngay", "ngay ngay_ky", "ngày 05 tháng 9 năm 2026", "a date as documents write it"),
    ("ngay_so", "ngay_so ngay_ky", "05/9/2026", "a date in digits"),
    ("ngay_chu", "ngay_chu ngay_ky", "ngày bằng chữ", "a date in words"),
    ("nam", "nam ngay_ky", "năm của một ngày", "the year of a date"),
    ("thang", "thang ngay_ky", "tháng của một ngày", "the month of a date"),
    ("gio", "gio gio_hop", "08 giờ 30 phút", "a time as documents write it"),
    ("hoa", "hoa ho_ten", "CHỮ HOA", "capitals"),
    ("thuong", "thuong danh_xung", "chữ thường", "small letters"),
    ("hoa_dau", "hoa_dau noi_dung", "Viết hoa chữ đầu", "the first letter a capital"),
    (
        "noi",
        "noi danh_sach truong=\"ho_ten\" ngan=\", \" cuoi=\" và \"",
        "nối các dòng của một bảng hay danh sách bằng dấu phẩy",
        "the rows of a table or list, with commas",
    ),
    ("la_ma", "la_ma so", "số La Mã: XII", "a Roman number: XII"),
    ("chu_cai", "chu_cai so", "số thứ tự thành chữ cái: 1 là a", "the letter of a point: 1 is a"),
    ("phan_tram", "phan_tram dat tong", "số đầu là bao nhiêu phần trăm của số sau", "the first number as a percentage of the second"),
    (
        "tang_giam",
        "tang_giam nay truoc",
        "số đầu tăng hay giảm bao nhiêu so với số sau: tăng 12,5%",
        "how the first number compares with the second, in words",
    ),
    ("tong", "tong danh_sach \"so_tien\"", "tổng một cột của bảng", "the sum of a column"),
    (
        "dem",
        "dem danh_sach \"doi_tuong\" \"Cá nhân\"",
        "số dòng của bảng, hoặc số dòng có giá trị ấy",
        "how many rows, or rows with that value",
    ),
    ("ten_don_vi", "ten_don_vi don_vi", "viết đủ tên đơn vị: P. thành Phường", "the full name of a unit: P. becomes Phường"),
    ("cong", "cong a b", "cộng hai số, dùng được bên trong hàm khác", "the sum of two numbers, for other functions, too"),
    ("tru", "tru a b", "hiệu hai số, dùng được bên trong hàm khác", "the difference of two numbers, for other functions, too"),
];

/// A function as authors are told of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Help {
    /// Its name.
    pub name: &'static str,
    /// How it is called, without the braces.
    pub call: &'static str,
    /// What it does.
    pub text: Text,
}

/// Every function with its line.
pub fn all() -> impl Iterator<Item = Help> {
    LINES.into_iter().map(|(name, call, vi, en)| Help { name, call, text: Text { vi: vi.to_owned(), en: en.to_owned() } })
}
