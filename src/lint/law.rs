//! The decree as data: the sizes, ranges and words that the rules compare with.
//!
//! Owns the numbers of annex I of Decree 30/2020/NĐ-CP (Nghị định 30/2020/NĐ-CP, Phụ lục I). How a rule measures is
//! [`super::rules`]' affair. A later decree is a second [`Law`], not an edit of this one.

use crate::language::Text;

use super::finding::number;

/// A closed range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Lower end.
    pub from: f64,
    /// Upper end.
    pub to: f64,
}

impl Range {
    const fn new(from: f64, to: f64) -> Self {
        Self { from, to }
    }

    /// Does `value` lie in it, give or take `tolerance`?
    pub fn holds(self, value: f64, tolerance: f64) -> bool {
        value >= self.from - tolerance && value <= self.to + tolerance
    }

    /// `13–14 pt`, or `13 pt` where both ends are one.
    pub fn show(self, unit: &str) -> Text {
        let (from, to) = (number(self.from), number(self.to));
        let en = if self.from == self.to { format!("{from} {unit}") } else { format!("{from}–{to} {unit}") };
        Text { vi: en.replace('.', ","), en }
    }
}

/// One version of the rules of form.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// Name for programs.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// First day of validity (ISO 8601).
    pub valid_from: &'static str,
    /// Last day of validity, where a later text replaced it.
    pub valid_to: Option<&'static str>,

    /// Paper: A4, mm.
    pub paper: (f64, f64),
    /// Top margin, mm (I.3).
    pub margin_top: Range,
    /// Bottom margin, mm (I.3).
    pub margin_bottom: Range,
    /// Left margin, mm (I.3).
    pub margin_left: Range,
    /// Right margin, mm (I.3).
    pub margin_right: Range,

    /// Size of the Quốc hiệu, pt (II.1a).
    pub quoc_hieu: Range,
    /// Size of the Tiêu ngữ, pt (II.1b).
    pub tieu_ngu: Range,
    /// Size of the names of the bodies, pt (II.2b).
    pub co_quan: Range,
    /// Size of number and code, pt (II.3c).
    pub so_ky_hieu: Range,
    /// Size of place and date, pt (II.4c).
    pub dia_danh: Range,
    /// Size of the type, pt (II.5b).
    pub ten_loai: Range,
    /// Size of the subject, pt (II.5b).
    pub trich_yeu: Range,
    /// Size of the V/v line, pt (II.5b).
    pub trich_yeu_cong_van: Range,
    /// Size of the body and of Kính gửi, pt (II.6e).
    pub noi_dung: Range,
    /// Size of authority, post and name, pt (II.7đ).
    pub chuc_vu: Range,
    /// Size of “Nơi nhận:”, pt (II.9d).
    pub noi_nhan: Range,
    /// Size of the recipients, pt (II.9d).
    pub noi_nhan_muc: Range,
    /// Size of the page number, pt (I.7).
    pub so_trang: Range,
    /// Size of the stamps, pt (III.2b).
    pub dau_khan: Range,
    /// Size of the drafter's code, pt (III.3).
    pub nguoi_soan: Range,
    /// Size of the address line, pt (III.4).
    pub dia_chi: Range,
    /// Size of the word “Phụ lục” and its number, pt (III.1).
    pub phu_luc: Range,
    /// Size of the title of an appendix, pt (III.1).
    pub ten_phu_luc: Range,
    /// Size of “(Kèm theo …)”, pt (III.1).
    pub kem_theo: Range,
    /// Size of the organisation's signing line, pt (III.1d).
    pub ky_so: Range,

    /// Length of the short rules as a share of the text above.
    pub short_rule: Range,
    /// First-line indents, mm: either of the two.
    pub indents: [f64; 2],
    /// Distance between baselines as a share of the size: single (1.15 em of Times New Roman) to one and a half.
    pub line_pitch_em: Range,
    /// Gap between the number and the V/v line, pt.
    pub trich_yeu_cong_van_gap: f64,
    /// Least gap between paragraphs, pt.
    pub paragraph_gap: f64,
    /// Stamps with the size of their box, mm (width, height).
    pub urgency: [(&'static str, f64, f64); 3],
    /// First line at the top right.
    pub quoc_hieu_text: &'static str,
    /// Second line at the top right.
    pub tieu_ngu_text: &'static str,
}

/// Decree 30/2020/NĐ-CP of 5 March 2020, annex I.
pub const DECREE_30: Law = Law {
    id: "nd30-2020",
    name: "Nghị định 30/2020/NĐ-CP",
    valid_from: "2020-03-05",
    valid_to: None,

    paper: (210.0, 297.0),
    margin_top: Range::new(20.0, 25.0),
    margin_bottom: Range::new(20.0, 25.0),
    margin_left: Range::new(30.0, 35.0),
    margin_right: Range::new(15.0, 20.0),

    quoc_hieu: Range::new(12.0, 13.0),
    tieu_ngu: Range::new(13.0, 14.0),
    co_quan: Range::new(12.0, 13.0),
    so_ky_hieu: Range::new(13.0, 13.0),
    dia_danh: Range::new(13.0, 14.0),
    ten_loai: Range::new(13.0, 14.0),
    trich_yeu: Range::new(13.0, 14.0),
    trich_yeu_cong_van: Range::new(12.0, 13.0),
    noi_dung: Range::new(13.0, 14.0),
    chuc_vu: Range::new(13.0, 14.0),
    noi_nhan: Range::new(12.0, 12.0),
    noi_nhan_muc: Range::new(11.0, 11.0),
    so_trang: Range::new(13.0, 14.0),
    dau_khan: Range::new(13.0, 14.0),
    nguoi_soan: Range::new(11.0, 11.0),
    dia_chi: Range::new(11.0, 12.0),
    phu_luc: Range::new(14.0, 14.0),
    ten_phu_luc: Range::new(13.0, 14.0),
    kem_theo: Range::new(13.0, 14.0),
    ky_so: Range::new(10.0, 10.0),

    short_rule: Range::new(1.0 / 3.0, 1.0 / 2.0),
    indents: [10.0, 12.7],
    line_pitch_em: Range::new(1.15, 1.725),
    trich_yeu_cong_van_gap: 6.0,
    paragraph_gap: 6.0,
    urgency: [("HỎA TỐC", 30.0, 8.0), ("THƯỢNG KHẨN", 40.0, 8.0), ("KHẨN", 20.0, 8.0)],
    quoc_hieu_text: "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    tieu_ngu_text: "Độc lập - Tự do - Hạnh phúc",
};
