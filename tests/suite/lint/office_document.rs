//! A báo cáo of two pages as a clerk writes it in a word processor, in the flat form of OpenDocument.
//!
//! Owns the styles and the text; what is wrong in the faulty twin is a handful of replaced values.

/// What the twins differ in.
pub struct Draft {
    pub motto: &'static str,
    /// Indent of the rule under the motto on each side of its cell, mm.
    pub rule_indent: f64,
    pub month: &'static str,
    /// Left margin, mm.
    pub left: f64,
    /// Typeface of one paragraph.
    pub guest_font: &'static str,
    pub folio_on_first_page: bool,
    pub first_recipient: &'static str,
    pub name: &'static str,
}

/// As the decree wants it.
pub const CORRECT: Draft = Draft {
    motto: "Độc lập - Tự do - Hạnh phúc",
    // The cell is 98 mm wide, the motto 60.45 mm.
    rule_indent: 18.78,
    month: "6",
    left: 30.0,
    guest_font: "Liberation Serif",
    folio_on_first_page: false,
    first_recipient: "- Trung ương Hội;",
    name: "Nguyễn Văn Ánh",
};

/// What a hurried clerk makes of it.
pub const FAULTY: Draft = Draft {
    motto: "Độc lập – Tự do – Hạnh phúc",
    rule_indent: 8.0,
    month: "06",
    left: 25.0,
    guest_font: "Liberation Sans",
    folio_on_first_page: true,
    first_recipient: "- Trung ương Hội,",
    name: "ThS. Nguyễn Văn Ánh",
};

const PROSE: &str = "Hội Khuyến học tỉnh Yên Bái báo cáo kết quả công tác khuyến học, khuyến tài, xây dựng xã hội học \
    tập của các cấp Hội trong tỉnh, kèm theo số liệu của từng đơn vị và phương hướng nhiệm vụ của năm tiếp theo, để Ban \
    Thường vụ Trung ương Hội xem xét, chỉ đạo các đơn vị thực hiện.";

impl Draft {
    /// The file.
    pub fn to_fodt(&self) -> String {
        let body = |style: &str| format!("<text:p text:style-name=\"{style}\">{PROSE}</text:p>");
        let folio =
            "<style:header><text:p text:style-name=\"Folio\"><text:page-number text:select-page=\"current\"/></text:p></style:header>";
        let (first_margin, first_header) = if self.folio_on_first_page { ("10mm", folio) } else { ("20mm", "") };
        let head_height =
            "<style:header-style><style:header-footer-properties fo:min-height=\"10mm\" fo:margin-bottom=\"0mm\"/></style:header-style>";
        let first_style = if self.folio_on_first_page { head_height } else { "" };
        let width = 210.0 - self.left - 20.0;
        [
            HEAD.replace("{width}", &format!("{width}"))
                .replace("{left_cell}", &format!("{}", width - 98.0))
                .replace("{left}", &format!("{}", self.left))
                .replace("{rule}", &format!("{}", self.rule_indent))
                .replace("{title_rule}", &format!("{}", (width - 38.0) / 2.0))
                .replace("{guest}", self.guest_font)
                .replace("{first_margin}", first_margin)
                .replace("{first_header}", first_header)
                .replace("{first_style}", first_style)
                .replace("{head_height}", head_height)
                .replace("{folio}", folio),
            TITLE.replace("{motto}", self.motto).replace("{month}", self.month),
            heading("I. KẾT QUẢ CÔNG TÁC"),
            heading("1. Công tác tổ chức"),
            body("Body"),
            body("Guest"),
            body("Body"),
            heading("2. Công tác khuyến học"),
            point("a) Vận động quỹ khuyến học;"),
            point("b) Trao học bổng;"),
            point("c) Tuyên dương;"),
            point("d) Khen thưởng;"),
            point("đ) Báo cáo kết quả."),
            body("Body").repeat(4),
            heading("II. PHƯƠNG HƯỚNG, NHIỆM VỤ"),
            body("Body").repeat(2),
            point("Trên đây là báo cáo của Hội Khuyến học tỉnh Yên Bái./."),
            END.replace("{first}", self.first_recipient).replace("{name}", self.name),
        ]
        .concat()
    }
}

fn heading(text: &str) -> String {
    format!("<text:p text:style-name=\"Heading\">{text}</text:p>")
}

fn point(text: &str) -> String {
    format!("<text:p text:style-name=\"Body\">{text}</text:p>")
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version="1.3"
 office:mimetype="application/vnd.oasis.opendocument.text">
<office:font-face-decls>
 <style:font-face style:name="Liberation Serif" svg:font-family="'Liberation Serif'"/>
 <style:font-face style:name="Liberation Sans" svg:font-family="'Liberation Sans'"/>
</office:font-face-decls>
<office:styles>
 <style:default-style style:family="paragraph">
  <style:paragraph-properties fo:hyphenation-ladder-count="no-limit" style:writing-mode="lr-tb"/>
  <style:text-properties style:font-name="Liberation Serif" fo:font-size="14pt" fo:language="vi" fo:country="VN" fo:hyphenate="false"/>
 </style:default-style>
 <style:style style:name="Standard" style:family="paragraph"/>
</office:styles>
<office:automatic-styles>
 <style:page-layout style:name="PFirst"><style:page-layout-properties fo:page-width="210mm" fo:page-height="297mm"
  fo:margin-top="{first_margin}" fo:margin-bottom="20mm" fo:margin-left="{left}mm" fo:margin-right="20mm"/>{first_style}</style:page-layout>
 <style:page-layout style:name="PNext"><style:page-layout-properties fo:page-width="210mm" fo:page-height="297mm"
  fo:margin-top="10mm" fo:margin-bottom="20mm" fo:margin-left="{left}mm" fo:margin-right="20mm"/>{head_height}</style:page-layout>
 <style:style style:name="Cells" style:family="table" style:master-page-name="First"><style:table-properties style:width="{width}mm" table:align="left"/></style:style>
 <style:style style:name="Ends" style:family="table"><style:table-properties style:width="{width}mm" table:align="left" fo:margin-top="8pt"/></style:style>
 <style:style style:name="Cells.A" style:family="table-column"><style:table-column-properties style:column-width="{left_cell}mm"/></style:style>
 <style:style style:name="Cells.B" style:family="table-column"><style:table-column-properties style:column-width="98mm"/></style:style>
 <style:style style:name="Cell" style:family="table-cell"><style:table-cell-properties fo:padding="0mm" fo:border="none"/></style:style>
 <style:style style:name="Light" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="13pt"/></style:style>
 <style:style style:name="Bold" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="13pt" fo:font-weight="bold"/></style:style>
 <style:style style:name="Motto" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="14pt" fo:font-weight="bold"/></style:style>
 <style:style style:name="Date" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="13pt" fo:font-style="italic"/></style:style>
 <style:style style:name="RuleLeft" style:family="paragraph"><style:paragraph-properties fo:margin-left="19mm" fo:margin-right="19mm" fo:border-top="0.5pt solid #000000"/><style:text-properties fo:font-size="4pt"/></style:style>
 <style:style style:name="RuleRight" style:family="paragraph"><style:paragraph-properties fo:margin-left="{rule}mm" fo:margin-right="{rule}mm" fo:border-top="0.5pt solid #000000"/><style:text-properties fo:font-size="4pt"/></style:style>
 <style:style style:name="RuleTitle" style:family="paragraph"><style:paragraph-properties fo:margin-left="{title_rule}mm" fo:margin-right="{title_rule}mm" fo:border-top="0.5pt solid #000000"/><style:text-properties fo:font-size="6pt"/></style:style>
 <style:style style:name="Type" style:family="paragraph"><style:paragraph-properties fo:text-align="center" fo:margin-top="14pt"/><style:text-properties fo:font-weight="bold"/></style:style>
 <style:style style:name="Subject" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-weight="bold"/></style:style>
 <style:style style:name="Body" style:family="paragraph"><style:paragraph-properties fo:text-align="justify" fo:text-indent="10mm" fo:margin-top="6pt" fo:line-height="112%" fo:orphans="2" fo:widows="2"/></style:style>
 <style:style style:name="Guest" style:family="paragraph"><style:paragraph-properties fo:text-align="justify" fo:text-indent="10mm" fo:margin-top="6pt" fo:line-height="112%"/><style:text-properties style:font-name="{guest}"/></style:style>
 <style:style style:name="Heading" style:family="paragraph"><style:paragraph-properties fo:text-indent="10mm" fo:margin-top="6pt" fo:line-height="112%" fo:keep-with-next="always"/><style:text-properties fo:font-weight="bold"/></style:style>
 <style:style style:name="To" style:family="paragraph"><style:text-properties fo:font-size="12pt" fo:font-style="italic" fo:font-weight="bold"/></style:style>
 <style:style style:name="Recipient" style:family="paragraph"><style:text-properties fo:font-size="11pt"/></style:style>
 <style:style style:name="Folio" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/></style:style>
 <style:style style:name="Room" style:family="paragraph"><style:text-properties fo:font-size="14pt"/></style:style>
</office:automatic-styles>
<office:master-styles>
 <style:master-page style:name="First" style:page-layout-name="PFirst" style:next-style-name="Next">{first_header}</style:master-page>
 <style:master-page style:name="Next" style:page-layout-name="PNext">{folio}</style:master-page>
</office:master-styles>
<office:body><office:text>
"#;

const TITLE: &str = r#"<table:table table:name="Head" table:style-name="Cells"><table:table-column table:style-name="Cells.A"/><table:table-column table:style-name="Cells.B"/>
<table:table-row><table:table-cell table:style-name="Cell"><text:p text:style-name="Light">TRUNG ƯƠNG HỘI</text:p><text:p text:style-name="Bold">HỘI KHUYẾN HỌC TỈNH A</text:p><text:p text:style-name="RuleLeft"/></table:table-cell>
<table:table-cell table:style-name="Cell"><text:p text:style-name="Bold">CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</text:p><text:p text:style-name="Motto">{motto}</text:p><text:p text:style-name="RuleRight"/></table:table-cell></table:table-row>
<table:table-row><table:table-cell table:style-name="Cell"><text:p text:style-name="Light">Số: 05/BC-HKH</text:p></table:table-cell>
<table:table-cell table:style-name="Cell"><text:p text:style-name="Date">Yên Bái, ngày 05 tháng {month} năm 2026</text:p></table:table-cell></table:table-row></table:table>
<text:p text:style-name="Type">BÁO CÁO</text:p><text:p text:style-name="Subject">Kết quả công tác khuyến học năm 2025</text:p><text:p text:style-name="RuleTitle"/>
"#;

const END: &str = r#"<table:table table:name="End" table:style-name="Ends"><table:table-column table:style-name="Cells.A"/><table:table-column table:style-name="Cells.B"/>
<table:table-row><table:table-cell table:style-name="Cell"><text:p text:style-name="To">Nơi nhận:</text:p><text:p text:style-name="Recipient">{first}</text:p><text:p text:style-name="Recipient">- Các Hội Khuyến học xã, phường;</text:p><text:p text:style-name="Recipient">- Lưu: VT, VP (2).</text:p></table:table-cell>
<table:table-cell table:style-name="Cell"><text:p text:style-name="Motto">TM. BAN THƯỜNG VỤ</text:p><text:p text:style-name="Motto">CHỦ TỊCH</text:p><text:p text:style-name="Room"/><text:p text:style-name="Room"/><text:p text:style-name="Room"/><text:p text:style-name="Room"/><text:p text:style-name="Motto">{name}</text:p></table:table-cell></table:table-row></table:table>
</office:text></office:body></office:document>
"#;
