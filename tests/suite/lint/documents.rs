//! Correct documents to make mistakes in: a báo cáo of two pages, a quyết định, a công văn, a quy chế, a kế hoạch, a
//! certificate; appendices and stamps.
//!
//! Owns the geometry of annex I. Every text has a label by which a test finds it.

use super::sheet::{Anchor, Face, MM, Picture, Sheet, Under, width};

/// The measures of the body that tests vary.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub top: f64,
    pub left: f64,
    pub right: f64,
    pub indent: f64,
    pub size: f64,
    /// Distance between baselines, em.
    pub pitch: f64,
    /// Gap between paragraphs, pt.
    pub gap: f64,
    pub justify: bool,
    pub face: Face,
}

impl Default for Layout {
    fn default() -> Self {
        Self { top: 20.0, left: 30.0, right: 20.0, indent: 10.0, size: 14.0, pitch: 1.265, gap: 6.0, justify: true, face: Face::Regular }
    }
}

const PROSE: &str = "Hội Khuyến học tỉnh Yên Bái báo cáo kết quả công tác khuyến học, khuyến tài, xây dựng xã hội học \
    tập của các cấp Hội trong tỉnh, kèm theo số liệu của từng đơn vị và phương hướng nhiệm vụ của năm tiếp theo, để Ban \
    Thường vụ Trung ương Hội xem xét, chỉ đạo các đơn vị thực hiện.";

/// Cells 1–4: two lines of cơ quan, số and địa danh.
fn head(sheet: &mut Sheet, top: f64, number: &str, date: Option<&str>) {
    let rule = |share: f64, gap: f64| Some(Under { share, gap, dashed: false });
    let y = top + 0.891 * 13.0 / MM;
    sheet.put("superior", Anchor::Centre, 61.0, y, 13.0, Face::Regular, "TRUNG ƯƠNG HỘI");
    sheet.put("co-quan", Anchor::Centre, 61.0, y + 5.3, 13.0, Face::Bold, "HỘI KHUYẾN HỌC TỈNH A").under = rule(0.4, 1.5);
    sheet.put("quoc-hieu", Anchor::Centre, 142.0, y, 13.0, Face::Bold, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM");
    sheet.put("tieu-ngu", Anchor::Centre, 142.0, y + 5.6, 14.0, Face::Bold, "Độc lập - Tự do - Hạnh phúc").under = rule(1.0, 1.4);
    sheet.put("so", Anchor::Centre, 61.0, y + 13.0, 13.0, Face::Regular, number);
    if let Some(date) = date {
        sheet.put("dia-danh", Anchor::Centre, 142.0, y + 13.0, 13.0, Face::Italic, date);
    }
}

/// A paragraph from baseline `y` on; answers the baseline of its last line.
fn paragraph(sheet: &mut Sheet, label: &'static str, y: f64, text: &str, layout: Layout) -> f64 {
    let area = 210.0 - layout.left - layout.right;
    let mut y = y;
    let mut line = String::new();
    let mut indent = layout.indent;
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        line = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        let next = words.peek().map(|next| format!("{line} {next}"));
        let is_full = next.as_ref().is_some_and(|next| width(next, layout.size, layout.face) > area - indent);
        if next.is_none() || is_full {
            let anchor = if is_full && layout.justify { Anchor::Justify(area - indent) } else { Anchor::Left };
            sheet.put(label, anchor, layout.left + indent, y, layout.size, layout.face, &line);
            line.clear();
            indent = 0.0;
            if is_full {
                y += layout.pitch * layout.size / MM;
            }
        }
    }
    y
}

fn step(layout: Layout) -> f64 {
    (layout.pitch * layout.size + layout.gap) / MM
}

/// Nơi nhận and one signatory, level at `y`.
fn end(sheet: &mut Sheet, y: f64) {
    sheet.put("noi-nhan", Anchor::Left, 30.0, y, 12.0, Face::BoldItalic, "Nơi nhận:");
    for (index, text) in ["- Trung ương Hội;", "- Các Hội Khuyến học xã, phường;", "- Lưu: VT, VP (2)."].into_iter().enumerate()
    {
        let label = ["noi-nhan-1", "noi-nhan-2", "noi-nhan-luu"][index];
        sheet.put(label, Anchor::Left, 30.0, y + 4.9 + 4.5 * index as f64, 11.0, Face::Regular, text);
    }
    sheet.put("quyen-han", Anchor::Centre, 142.0, y, 14.0, Face::Bold, "TM. BAN THƯỜNG VỤ");
    sheet.put("chuc-vu", Anchor::Centre, 142.0, y + 5.7, 14.0, Face::Bold, "CHỦ TỊCH");
    sheet.put("ho-ten", Anchor::Centre, 142.0, y + 36.0, 14.0, Face::Bold, "Nguyễn Văn Ánh");
}

pub fn report() -> Sheet {
    report_with(Layout::default())
}

/// A báo cáo of two pages.
pub fn report_with(layout: Layout) -> Sheet {
    let mut sheet = Sheet::new(1);
    head(&mut sheet, layout.top, "Số: 05/BC-HKH", Some("Yên Bái, ngày 05 tháng 3 năm 2026"));
    let middle = (layout.left + 210.0 - layout.right) / 2.0;
    sheet.put("ten-loai", Anchor::Centre, middle, layout.top + 30.0, 14.0, Face::Bold, "BÁO CÁO");
    sheet.put("trich-yeu", Anchor::Centre, middle, layout.top + 35.7, 14.0, Face::Bold, "Kết quả công tác khuyến học năm 2025").under =
        Some(Under { share: 0.4, gap: 2.0, dashed: false });
    let mut y = layout.top + 47.0;
    while y < 235.0 {
        y = paragraph(&mut sheet, "body", y, PROSE, layout) + step(layout);
    }
    sheet.pages.push((210.0, 297.0));
    sheet.put("folio", Anchor::Centre, middle, 14.0, 14.0, Face::Regular, "2");
    let mut y = 25.0;
    for _ in 0..3 {
        y = paragraph(&mut sheet, "body", y, PROSE, layout) + step(layout);
    }
    let ending = "Hội nghị tổng kết họp ngày 15 tháng 01 năm 2026. Trên đây là báo cáo của Hội Khuyến học tỉnh./.";
    y = paragraph(&mut sheet, "ending", y, ending, layout) + step(layout);
    end(&mut sheet, y + 5.0);
    sheet
}

/// A quyết định of one page.
pub fn decision() -> Sheet {
    let layout = Layout::default();
    let mut sheet = Sheet::new(1);
    head(&mut sheet, 20.0, "Số: 12/QĐ-HKH", Some("Yên Bái, ngày 20 tháng 11 năm 2026"));
    sheet.put("ten-loai", Anchor::Centre, 110.0, 50.0, 14.0, Face::Bold, "QUYẾT ĐỊNH");
    sheet.put("trich-yeu", Anchor::Centre, 110.0, 55.7, 14.0, Face::Bold, "Về việc khen thưởng các tập thể, cá nhân").under =
        Some(Under { share: 0.4, gap: 2.0, dashed: false });
    sheet.put("authority", Anchor::Centre, 110.0, 67.0, 14.0, Face::Bold, "BAN THƯỜNG VỤ HỘI KHUYẾN HỌC TỈNH A");
    let italic = Layout { face: Face::Italic, ..layout };
    let mut y = 78.0;
    y = paragraph(&mut sheet, "can-cu-1", y, "Căn cứ Điều lệ Hội Khuyến học Việt Nam;", italic) + step(layout);
    let second = "Căn cứ Quy chế thi đua, khen thưởng của Hội Khuyến học tỉnh A ban hành kèm theo Quyết định số 01/QĐ-HKH;";
    y = paragraph(&mut sheet, "can-cu-2", y, second, italic) + step(layout);
    y = paragraph(&mut sheet, "de-nghi", y, "Theo đề nghị của Chánh Văn phòng Hội Khuyến học tỉnh A.", italic) + 11.0;
    sheet.put("quyet-dinh", Anchor::Centre, 110.0, y, 14.0, Face::Bold, "QUYẾT ĐỊNH:");
    y += 11.0;
    for _ in 0..3 {
        y = paragraph(&mut sheet, "body", y, PROSE, layout) + step(layout);
    }
    end(&mut sheet, y + 4.0);
    sheet
}

/// A công văn with two addressees and an urgency stamp.
pub fn letter() -> Sheet {
    let layout = Layout::default();
    let mut sheet = Sheet::new(1);
    head(&mut sheet, 20.0, "Số: 12/HKH-VP", Some("Yên Bái, ngày 02 tháng 01 năm 2026"));
    sheet.put("v-v", Anchor::Centre, 61.0, 44.5, 12.0, Face::Regular, "V/v chuẩn bị hội nghị tổng kết");
    let stamp = sheet.put("khan", Anchor::Centre, 61.0, 55.0, 13.0, Face::Bold, "KHẨN");
    stamp.colour = [1.0, 0.0, 0.0];
    stamp.frame = Some((20.0, 8.0));
    let colon = width("Kính gửi", 14.0, Face::Regular);
    sheet.put("kinh-gui", Anchor::Left, 65.0, 68.0, 14.0, Face::Regular, "Kính gửi:");
    sheet.put("kinh-gui-1", Anchor::Left, 65.0 + colon, 74.0, 14.0, Face::Regular, "- Các Hội Khuyến học xã, phường;");
    sheet.put("kinh-gui-2", Anchor::Left, 65.0 + colon, 80.0, 14.0, Face::Regular, "- Các chi hội trực thuộc.");
    let mut y = 92.0;
    for _ in 0..4 {
        y = paragraph(&mut sheet, "body", y, PROSE, layout) + step(layout);
    }
    end(&mut sheet, y + 4.0);
    sheet.edit("noi-nhan-1", |text| text.text = "- Như trên;".into())
}

/// A quy chế of one page, with every step of the ladder.
pub fn rules_of_order() -> Sheet {
    let layout = Layout::default();
    let mut sheet = Sheet::new(1);
    head(&mut sheet, 20.0, "Số: 03/QC-HKH", Some("Yên Bái, ngày 20 tháng 11 năm 2026"));
    sheet.put("ten-loai", Anchor::Centre, 110.0, 50.0, 14.0, Face::Bold, "QUY CHẾ");
    sheet.put("trich-yeu", Anchor::Centre, 110.0, 55.7, 14.0, Face::Bold, "Tổ chức và hoạt động của các cấp Hội").under =
        Some(Under { share: 0.4, gap: 2.0, dashed: false });
    let mut y = 66.0;
    let ladder = [
        ("phan", "Phần I", "QUY ĐỊNH CHUNG"),
        ("chuong", "Chương I", "TỔ CHỨC CỦA HỘI"),
        ("muc", "Mục 1", "HỘI KHUYẾN HỌC CÁC CẤP"),
        ("tieu-muc", "Tiểu mục 1", "CHI HỘI"),
    ];
    for (label, number, title) in ladder {
        sheet.put(label, Anchor::Centre, 110.0, y, 14.0, Face::Bold, number);
        let below = ["phan-title", "chuong-title", "muc-title", "tieu-muc-title"];
        let label = below.into_iter().find(|below| below.strip_suffix("-title") == Some(label)).expect("one of the four");
        sheet.put(label, Anchor::Centre, 110.0, y + 6.0, 14.0, Face::Bold, title);
        y += 13.5;
    }
    let bold = Layout { face: Face::Bold, ..layout };
    y = paragraph(&mut sheet, "dieu", y, "Điều 1. Chi hội khuyến học", bold) + step(layout);
    y = paragraph(&mut sheet, "body", y, PROSE, layout) + step(layout);
    y = paragraph(&mut sheet, "khoan", y, "1. Nhiệm vụ của chi hội", bold) + step(layout);
    let points = ["a) Vận động hội viên;", "b) Xây dựng quỹ;", "c) Khen thưởng;", "d) Tuyên truyền;", "đ) Báo cáo;", "e) Lưu hồ sơ."];
    let labels = ["diem-a", "diem-b", "diem-c", "diem-d", "diem-dd", "diem-e"];
    for (label, text) in labels.into_iter().zip(points) {
        y = paragraph(&mut sheet, label, y, text, layout) + step(layout);
    }
    end(&mut sheet, y + 2.0);
    sheet
}

/// A kế hoạch with "I." and "1.".
pub fn plan() -> Sheet {
    let layout = Layout::default();
    let mut sheet = Sheet::new(1);
    head(&mut sheet, 20.0, "Số: 04/KH-HKH", Some("Yên Bái, ngày 20 tháng 11 năm 2026"));
    sheet.put("ten-loai", Anchor::Centre, 110.0, 50.0, 14.0, Face::Bold, "KẾ HOẠCH");
    sheet.put("trich-yeu", Anchor::Centre, 110.0, 55.7, 14.0, Face::Bold, "Công tác khuyến học năm 2027").under =
        Some(Under { share: 0.4, gap: 2.0, dashed: false });
    let bold = Layout { face: Face::Bold, ..layout };
    let mut y = paragraph(&mut sheet, "la-ma", 68.0, "I. MỤC ĐÍCH, YÊU CẦU", bold) + step(layout);
    y = paragraph(&mut sheet, "khoan", y, "1. Mục đích", bold) + step(layout);
    y = paragraph(&mut sheet, "body", y, PROSE, layout) + step(layout);
    y = paragraph(&mut sheet, "khoan-2", y, "2. Yêu cầu", bold) + step(layout);
    y = paragraph(&mut sheet, "body", y, PROSE, layout) + step(layout);
    end(&mut sheet, y + 2.0);
    sheet
}

/// A báo cáo with two appendices, the first of two pages.
pub fn report_with_appendices() -> Sheet {
    let mut sheet = report();
    for (page, number) in [(1, "I"), (2, ""), (1, "II")] {
        sheet.pages.push((210.0, 297.0));
        if page == 2 {
            sheet.put("folio-2", Anchor::Centre, 110.0, 14.0, 14.0, Face::Regular, "2");
        } else {
            let labels = if number == "I" { ["phu-luc", "ten-phu-luc", "kem-theo"] } else { ["phu-luc-2", "ten-phu-luc-2", "kem-theo-2"] };
            sheet.put(labels[0], Anchor::Centre, 110.0, 25.0, 14.0, Face::Bold, &format!("Phụ lục {number}"));
            sheet.put(labels[1], Anchor::Centre, 110.0, 31.0, 14.0, Face::Bold, "DANH SÁCH CÁC ĐƠN VỊ");
            sheet.put(labels[2], Anchor::Centre, 110.0, 37.0, 13.0, Face::Italic, "(Kèm theo Báo cáo số 05/BC-HKH)");
        }
        sheet.put("text", Anchor::Left, 40.0, 50.0, 14.0, Face::Regular, "Danh sách các đơn vị.");
    }
    sheet
}

/// A công văn with all that stands around the text: circulation and secrecy stamps, signing line, drafter's code,
/// address, pictures of signature and seal.
pub fn furnished_letter() -> Sheet {
    let mut sheet = letter();
    let stamp = sheet.put("luu-hanh", Anchor::Centre, 164.0, 24.0, 13.0, Face::Bold, "LƯU HÀNH NỘI BỘ");
    stamp.frame = Some((49.0, 8.0));
    // Everything else moves down to make room above the Quốc hiệu.
    sheet = shifted(sheet, 10.0, "luu-hanh");
    let khan = sheet.texts.iter().find(|text| text.label == "khan").map(|text| text.y).expect("labelled");
    let stamp = sheet.put("mat", Anchor::Centre, 36.0, khan - 8.0, 13.0, Face::Bold, "MẬT");
    stamp.frame = Some((20.0, 8.0));
    sheet.put("ky-so", Anchor::Centre, 155.0, 13.0, 10.0, Face::Regular, "Số: 12/HKH-VP; 02/01/2026; 14:05:09 +07:00");
    let luu = sheet.texts.iter().find(|text| text.label == "noi-nhan-luu").map(|text| text.y).expect("labelled");
    sheet.put("nguoi-soan", Anchor::Left, 30.0, luu + 6.0, 11.0, Face::Regular, "PL.(300)");
    let address = "Số 1 đường A, phường B, tỉnh Yên Bái; điện thoại: 0216 3850 000; email: hkh@example.vn";
    let share = 160.0 / width(address, 11.0, Face::Regular);
    sheet.put("dia-chi", Anchor::Centre, 110.0, 270.0, 11.0, Face::Regular, address).under =
        Some(Under { share, gap: -5.0, dashed: false });
    let post = sheet.texts.iter().find(|text| text.label == "chuc-vu").map(|text| text.y).expect("labelled");
    let picture = |label, area, colour| Picture { label, page: 1, area, colour };
    sheet.pictures = vec![
        picture("signature", [121.0, post + 5.0, 42.0, 20.0], [20, 40, 160]),
        picture("seal", [99.0, post - 2.0, 36.0, 36.0], [200, 20, 30]),
    ];
    sheet
}

/// Moves every text down by `mm`, but the one with this label.
fn shifted(mut sheet: Sheet, mm: f64, but: &str) -> Sheet {
    sheet.texts.iter_mut().filter(|text| text.label != but).for_each(|text| text.y += mm);
    sheet
}

/// A certificate: landscape, large type, none of the head's rules.
pub fn certificate() -> Sheet {
    let mut sheet = Sheet::new(1);
    sheet.pages = vec![(297.0, 210.0)];
    sheet.put("quoc-hieu", Anchor::Centre, 148.5, 40.0, 15.0, Face::Bold, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM");
    sheet.put("title", Anchor::Centre, 148.5, 80.0, 48.0, Face::Bold, "GIẤY KHEN");
    sheet.put("name", Anchor::Centre, 148.5, 110.0, 28.0, Face::Bold, "Ông Đỗ Thành Đạt");
    sheet
}
