//! The Vietnamese help, laid over the English grammar.
//!
//! Owns one sentence for each command and option. A test walks the grammar, so that none is forgotten.

use clap::{Arg, ArgAction, Command};

/// `path` of a command (`template list`; empty for the program), and its sentence.
const COMMANDS: &[(&str, &str)] = &[
    ("", "Văn bản hành chính tiếng Việt từ bảng tính và mẫu."),
    ("run", "Tạo các văn bản của một lô."),
    ("check", "Kiểm tra dữ liệu của một lô; không tạo và không ghi gì."),
    ("preview", "Dàn bản mẫu của một mẫu ra PDF và PNG."),
    ("template", "Các mẫu: xem danh sách, xem chi tiết, tạo mẫu mới, tạo bảng để điền."),
    ("template list", "Liệt kê các mẫu."),
    ("template show", "Xem một mẫu: trường dữ liệu, tùy chọn, câu chữ."),
    ("template new", "Tạo mẫu của đơn vị bằng cách chép một mẫu có sẵn."),
    ("template sheet", "Tạo bảng tính để văn thư điền."),
    ("init", "Tạo nơi làm việc: vanthu.toml và các thư mục mẫu, phông chữ, dữ liệu."),
    ("fonts", "Liệt kê phông chữ và chứng minh đủ chữ Việt."),
    ("lint", "Kiểm tra PDF đã hoàn chỉnh theo Nghị định 30/2020, kể cả tệp của Word hay LibreOffice."),
    ("outbox", "Thư đi: liệt kê, xem, gửi, quyết định."),
    ("outbox list", "Liệt kê thư: gửi cho ai, ở trạng thái nào, máy chủ trả lời gì."),
    ("outbox show", "Xem một thư đúng như khi gửi, cùng trạng thái của nó."),
    ("outbox send", "Gửi ngay những thư đang chờ, xong thì dừng."),
    ("outbox release", "Cho thư đang giữ của một lô vào hàng gửi."),
    ("outbox bounces", "Đọc hộp thư báo lỗi một lần: thư nào bị trả lại, ai báo thư rác."),
    ("outbox retry", "Gửi lại thư không gửi được, bị trả lại hoặc bị chặn; người nhận có thể nhận hai lần."),
    ("outbox cancel", "Không gửi một thư còn đang chờ."),
    ("outbox resolve", "Cho biết kết quả của thư chưa rõ đã gửi hay chưa."),
    ("mail", "Máy chủ thư: thử kết nối."),
    ("mail test", "Kết nối, đăng nhập và hỏi máy chủ nhận được gì; không gửi thư nào. Nếu tốt, việc gửi đang tạm dừng chạy tiếp."),
    ("suppression", "Danh sách chặn: các địa chỉ không gửi thư đến."),
    ("suppression list", "Liệt kê các địa chỉ bị chặn, lý do và thời hạn."),
    ("suppression add", "Không gửi thư đến một địa chỉ nữa."),
    ("suppression remove", "Cho một địa chỉ nhận thư trở lại."),
    ("batch", "Các lô: xem, theo dõi, tạm dừng, hủy, làm lại."),
    ("batch list", "Liệt kê các lô gần đây."),
    ("batch show", "Xem một lô: số lượng, bản ghi không tạo được và lý do, các văn bản."),
    ("batch watch", "Theo dõi một lô đến khi xong hoặc tạm dừng."),
    ("batch pause", "Tạm dừng một lô: việc dở được làm nốt, không bắt đầu việc mới."),
    ("batch resume", "Cho một lô đang tạm dừng làm tiếp, hoặc gửi tiếp thư của lô bị giữ vì nhiều thư hỏng."),
    ("batch cancel", "Hủy một lô: văn bản đã tạo giữ nguyên, số của phần còn lại bị hủy."),
    ("batch retry", "Làm lại đúng những bản ghi không tạo được."),
    ("batch reproduce", "Làm lại văn bản cũ và so từng byte."),
    ("register", "Các sổ: xem, giữ số, hủy số, ghi số vào sau, in sổ."),
    ("register list", "Liệt kê các sổ và số cuối."),
    ("register show", "Xem các dòng của một sổ."),
    ("register reserve", "Giữ các số tiếp theo cho văn bản vào sau."),
    ("register void", "Hủy một số; số đó không bao giờ dùng lại."),
    ("register enter", "Ghi văn bản vào sau với một số đang giữ."),
    ("register export", "Ghi sổ ra XLSX hoặc PDF để in và đóng quyển."),
    ("worker", "Làm các lô đã gửi; nhiều tiến trình dùng chung một PostgreSQL."),
    ("demo", "Làm trọn một năm của một hội trên dữ liệu minh họa, rồi cho biết nằm ở đâu."),
    ("resume", "Cho văn phòng vừa khôi phục gửi thư và chạy lịch trở lại."),
    ("schedule", "Việc tự chạy theo lịch: danh sách, chi tiết, các lần tới, chạy ngay, tạm dừng, chạy tiếp."),
    ("schedule list", "Liệt kê các lịch và lần tới."),
    ("schedule show", "Xem một lịch: quy tắc, năm lần tới, các lần đã qua ra sao."),
    ("schedule next", "Các lần tới của một lịch."),
    ("schedule run", "Chạy một lịch ngay, ngoài giờ của nó."),
    ("schedule pause", "Tạm dừng một lịch hoặc tất cả; các lần rơi vào lúc dừng được ghi là bỏ qua."),
    ("schedule resume", "Cho một lịch hoặc tất cả chạy tiếp."),
    ("serve", "Chạy như một dịch vụ: lịch, trang sức khỏe và số đo, cho đến khi được bảo dừng."),
    ("config", "Cấu hình: giá trị đang dùng và lấy từ đâu."),
    ("config show", "Mọi khóa, giá trị đang dùng và nơi lấy; phần bí mật được che."),
    ("apikey", "Khóa cho phần mềm khác gọi vào: tạo, liệt kê, thu hồi."),
    ("apikey new", "Tạo một khóa; khóa chỉ hiện một lần."),
    ("apikey list", "Liệt kê các khóa."),
    ("apikey revoke", "Thu hồi một khóa ngay."),
    ("doctor", "Khám văn phòng: phông chữ, một trang mẫu, cơ sở dữ liệu, kho, đồng hồ, ổ đĩa, máy chủ thư, tên miền gửi."),
    ("backup", "Sao lưu cả văn phòng vào một tệp trong khi vẫn làm việc."),
    ("restore", "Dựng lại văn phòng từ bản sao lưu; việc gửi thư và lịch bắt đầu ở trạng thái tạm dừng."),
    ("verify", "Kiểm tra một giấy có thật không: bằng tệp PDF, nội dung mã QR hoặc mã in trên giấy."),
    ("key", "Khóa ký các giấy được cấp: tạo, xem, công bố."),
    ("key new", "Tạo khóa ký."),
    ("key show", "Xem khóa công khai."),
    ("key publish", "Ghi khóa công khai vào danh sách mọi người xem được, và in danh sách đó."),
    ("document", "Văn bản đã phát hành: thu hồi, thay thế."),
    ("document revoke", "Thu hồi một giấy; không lấy lại được."),
    ("document replace", "Cho biết một giấy khác thay cho giấy này."),
];

/// Identifier of an argument, and its sentence; the same identifier means the same everywhere,
/// unless the path of its command stands before it.
const ARGUMENTS: &[(&str, &str)] = &[
    ("lang", "Ngôn ngữ thông báo: vi hoặc en (mặc định: theo máy, nếu không có thì tiếng Việt)."),
    ("json", "In một tài liệu JSON cho chương trình khác đọc, thay cho chữ."),
    ("workspace", "Thư mục nơi làm việc (mặc định: thư mục gần nhất phía trên có vanthu.toml)."),
    ("batch", "Tệp lô (TOML)."),
    ("template", "Mẫu."),
    ("data", "Tệp dữ liệu: XLSX, XLS, ODS, CSV, JSON hoặc JSON Lines."),
    ("sheet", "Trang tính (mặc định: trang có tiêu đề hợp với mẫu nhất)."),
    ("organisation", "Tổ chức khai báo trong nơi làm việc."),
    ("out", "Nơi ghi kết quả."),
    ("name", "Mẫu tên tệp, ví dụ \"{{so}}-{{ho_ten}}\"."),
    ("template new name", "Tên mẫu mới; trùng với --from để sửa một mẫu có sẵn."),
    ("column", "Cột của tệp cho một trường: TRƯỜNG=TIÊU ĐỀ CỘT."),
    ("set", "Giá trị chung cho mọi bản ghi: TRƯỜNG=GIÁ TRỊ."),
    ("option", "Tùy chọn của mẫu: TÊN=GIÁ TRỊ."),
    ("order", "Thứ tự danh sách: danh-sach (như trong tệp) hoặc ten (theo tên, đệm, họ)."),
    ("merge", "Thêm một PDF gộp mọi trang, để in."),
    ("zip", "Thêm một tệp ZIP gồm mọi văn bản."),
    ("standard", "Chuẩn PDF: a-2b, a-2u, a-2a, a-3b, a-1b, a-4, ua-1 hoặc 1.7."),
    ("stock", "Phôi in sẵn khai báo trong nơi làm việc."),
    ("printer", "Máy in khai báo trong nơi làm việc, để bù độ lệch."),
    ("overprint", "Chỉ in phần phôi chưa có (không ghi: bản đầy đủ)."),
    ("only_valid", "Làm tiếp với các dòng đúng; các dòng sai được ghi ra một bảng tính để sửa."),
    ("mail", "Gửi mỗi văn bản đến địa chỉ ghi trong dòng của nó."),
    ("relay", "Máy chủ thư khai báo trong nơi làm việc."),
    ("together", "Nhiều văn bản của một người nhận đi trong một thư."),
    ("hold", "Giữ thư lại cho đến khi được phát hành."),
    ("dry_run", "Không làm, không gửi gì: kiểm tra dữ liệu và xem thư đầu tiên."),
    ("delivery", "Mã thư."),
    ("outbox release batch", "Mã lô."),
    ("reason", "Lý do."),
    ("address", "Địa chỉ thư."),
    ("days", "Trong bao nhiêu ngày (mặc định: mãi mãi)."),
    ("sent", "Thư đã đến nơi."),
    ("resend", "Gửi lại, dù người nhận có thể nhận hai lần."),
    ("of", "Chỉ thư của lô này."),
    (
        "state",
        "Chỉ thư ở trạng thái này: queued, leased, committing, uncertain, needs_operator, sent, failed, suppressed, cancelled, bounced.",
    ),
    ("limit", "Số dòng nhiều nhất."),
    ("ppi", "Độ phân giải của hình, điểm trên inch (36 đến 600)."),
    ("watch", "Dàn lại mỗi khi một tệp của mẫu thay đổi."),
    ("from", "Mẫu để chép."),
    ("folder", "Thư mục."),
    ("files", "Các tệp PDF."),
    ("kind", "Loại tệp, khi nhìn trang không rõ: administrative, party, register, certificate hoặc sheet."),
    ("academic_title", "Cho phép ghi học hàm, học vị trước tên người ký."),
    ("pictures", "Thư mục ghi hình các trang có đánh dấu lỗi."),
    ("register", "Sổ khai báo trong nơi làm việc (khi tạo văn bản: mặc định là sổ của mẫu; \"\" là không lấy số)."),
    ("year", "Năm (mặc định: năm nay)."),
    ("count", "Bao nhiêu số."),
    ("number", "Số."),
    ("code", "Số, ký hiệu, ví dụ 05/QĐ-HKH."),
    ("date", "Ngày của văn bản, ví dụ 27/12/2019."),
    ("subject", "Tên loại và trích yếu."),
    ("signatory", "Người ký."),
    ("recipient", "Nơi nhận."),
    ("keeper", "Đơn vị, người nhận bản lưu."),
    ("copies", "Số lượng bản."),
    ("note", "Ghi chú."),
    ("submit", "Chỉ kiểm tra và nhận lô; các tiến trình worker sẽ làm."),
    ("key", "Tên của yêu cầu này: cùng khóa và cùng yêu cầu là cùng một lô."),
    ("id", "Mã lô hoặc phần đầu của mã; last là lô mới nhất."),
    ("now", "Làm ngay trong tiến trình này, không chờ worker."),
    ("record", "Chỉ bản ghi có số thứ tự này trong danh sách."),
    ("until_idle", "Kết thúc khi không còn việc gì chờ."),
    ("help", "In hướng dẫn."),
    ("version", "In phiên bản."),
    ("command", "Việc cần làm."),
    ("schedule", "Lịch khai báo trong nơi làm việc (không ghi: tất cả)."),
    ("schedule show schedule", "Lịch khai báo trong nơi làm việc."),
    ("schedule next schedule", "Lịch khai báo trong nơi làm việc."),
    ("schedule run schedule", "Lịch khai báo trong nơi làm việc."),
    ("count", "Bao nhiêu lần."),
    ("purpose", "Khóa dùng cho việc gì."),
    ("scope", "Khóa được làm gì: read, make, approve, send, number, schedule, configure, administer."),
    ("apikey new organisation", "Tổ chức mà khóa được thấy (mặc định: mọi tổ chức)."),
    ("days", "Số ngày đến khi hết hạn (mặc định: không hết hạn)."),
    ("replaces", "Mã của khóa được thay."),
    ("overlap_hours", "Số giờ khóa cũ còn dùng được."),
    ("api_key", "Mã khóa."),
    ("dns", "Máy chủ DNS để hỏi về tên miền gửi; không ghi thì hỏi máy chủ của hệ thống."),
    ("print_unit", "In tệp đơn vị cho systemd rồi thôi."),
    ("copy", "Bản sao lưu (ZIP)."),
    ("what", "Tệp PDF, nội dung mã QR (trong ngoặc kép), hoặc mã in trên giấy."),
    ("verify key", "Tệp khóa đã công bố của nơi cấp, lấy ở trang …/v/khoa."),
    ("key new out", "Tệp khóa bí mật (mặc định: tệp ghi trong vanthu.toml, nếu không có thì khoa-ky.bi-mat)."),
    ("document", "Mã kiểm tra, mã văn bản, hoặc tệp PDF của giấy."),
    ("by", "Giấy thay thế: mã kiểm tra, mã văn bản, hoặc tệp PDF."),
    ("server", "Tệp ghi URL của một cơ sở dữ liệu PostgreSQL trống để chứa các sổ."),
    ("into", "Thư mục của văn phòng dựng lại; phải chưa có hoặc còn trống."),
];

/// What stands for a value in a usage line, in English and Vietnamese; the rest is the same in both.
const VALUES: &[(&str, &str)] = &[
    ("BATCH.toml", "LÔ.toml"),
    ("TEMPLATE", "MẪU"),
    ("FILE", "TỆP"),
    ("FILE.pdf", "TỆP.pdf"),
    ("NAME", "TÊN"),
    ("FOLDER", "THƯ MỤC"),
    ("PATTERN", "MẪU TÊN"),
    ("FIELD=HEADING", "TRƯỜNG=TIÊU ĐỀ"),
    ("FIELD=VALUE", "TRƯỜNG=GIÁ TRỊ"),
    ("NAME=VALUE", "TÊN=GIÁ TRỊ"),
    ("STANDARD", "CHUẨN"),
    ("KIND", "LOẠI"),
    ("STATE", "TRẠNG THÁI"),
    ("TEXT", "LỜI"),
    ("BATCH", "LÔ"),
    ("DELIVERY", "THƯ"),
    ("ID", "MÃ"),
    ("NUMBER", "SỐ"),
    ("YEAR", "NĂM"),
    ("DATE", "NGÀY"),
    ("KEY", "KHÓA"),
    ("ADDRESS", "ĐỊA CHỈ"),
    ("ADDRESS:PORT", "ĐỊA-CHỈ:CỔNG"),
    ("COUNT", "SỐ"),
    ("SCHEDULE", "LỊCH"),
    ("WHAT", "GIẤY"),
    ("DOCUMENT", "GIẤY"),
    ("BY", "GIẤY MỚI"),
    ("SCOPE", "QUYỀN"),
];

/// The shape of a help page.
const PAGE: &str = "{about}\n\nCách dùng: {usage}\n\n{all-args}{after-help}";

/// The grammar with Vietnamese help.
pub fn in_vietnamese(command: Command) -> Command {
    translate(command, String::new())
}

fn translate(mut command: Command, path: String) -> Command {
    if let Some(sentence) = command_sentence(&path) {
        command = command.about(sentence);
    }
    command = command.help_template(PAGE).subcommand_help_heading("Các lệnh").disable_help_flag(true).disable_version_flag(true);
    command = command.mut_args(|argument| {
        let heading = if argument.is_positional() { "Tham số" } else { "Tùy chọn" };
        let id = argument.get_id().as_str();
        let sentence = argument_sentence(&format!("{path} {id}")).or_else(|| argument_sentence(id));
        let mut sentence = sentence.unwrap_or_default().to_owned();
        if let [value] = argument.get_default_values()
            && argument.get_action().takes_values()
        {
            sentence.push_str(&format!(" [mặc định: {}]", value.to_string_lossy()));
        }
        let value = match argument.get_value_names() {
            Some([name]) => name.to_string(),
            _ => argument.get_id().as_str().to_uppercase(),
        };
        let argument = argument.help_heading(heading).hide_default_value(true);
        let argument = if sentence.is_empty() { argument } else { argument.help(sentence) };
        match VALUES.iter().find(|(english, _)| *english == value) {
            Some((_, vietnamese)) if argument.get_action().takes_values() => argument.value_name(*vietnamese),
            _ => argument,
        }
    });
    let own = |id: &'static str| Arg::new(id).long(id).help(argument_sentence(id)).help_heading("Tùy chọn");
    command = command.arg(own("help").short('h').action(ArgAction::Help));
    if path.is_empty() {
        command = command.arg(own("version").short('V').action(ArgAction::Version));
    }
    command = command.subcommand_value_name("LỆNH");
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command = command.mut_subcommand(name, |sub| translate(sub, path));
    }
    let usage = usage(command.clone(), &path);
    command.override_usage(usage)
}

/// The usage line as clap makes it, with the command's whole path and without English.
fn usage(command: Command, path: &str) -> String {
    let name = command.get_name().to_owned();
    let line = command.disable_help_subcommand(true).render_usage().to_string();
    let rest = line.trim_start_matches("Usage: ").trim_start_matches(name.as_str()).replace("[OPTIONS]", "[TÙY CHỌN]");
    let program = if path.is_empty() { String::new() } else { format!(" {path}") };
    format!("vanthu{program}{rest}")
}

/// The Vietnamese sentence of a command.
pub fn command_sentence(path: &str) -> Option<&'static str> {
    COMMANDS.iter().find(|(known, _)| *known == path).map(|(_, sentence)| *sentence)
}

/// The Vietnamese sentence of an argument.
pub fn argument_sentence(id: &str) -> Option<&'static str> {
    ARGUMENTS.iter().find(|(known, _)| *known == id).map(|(_, sentence)| *sentence).filter(|sentence| !sentence.is_empty())
}
