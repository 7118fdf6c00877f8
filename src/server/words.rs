//! The words of the pages that stand in tables: navigation, states, what was just done.
//!
//! Owns one name in each language for every state that a person sees, and its tone: `good`, `busy`, `wait`, `bad`, `off`.

use std::collections::BTreeMap;

use crate::language::Text;
use crate::lifecycle::{BatchState, RecordState};
use crate::say;

/// An entry of the navigation; it is shown when its page is there and open to the person.
pub(super) struct Entry {
    pub path: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
    pub icon: &'static str,
    /// Entries of one group stand together.
    pub group: u8,
}

const fn entry(group: u8, path: &'static str, icon: &'static str, vi: &'static str, en: &'static str) -> Entry {
    Entry { path, vi, en, icon, group }
}

/// The navigation, in its order.
pub(super) const NAVIGATION: &[Entry] = &[
    entry(1, "/", "home", "Tổng quan", "Overview"),
    entry(1, "/tao", "make", "Tạo văn bản", "Make documents"),
    entry(1, "/lo", "batch", "Các lô", "Batches"),
    entry(1, "/van-ban", "document", "Văn bản", "Documents"),
    entry(1, "/so", "register", "Sổ đăng ký", "Registers"),
    entry(1, "/thu", "mail", "Thư gửi", "Mail"),
    entry(1, "/lich", "schedule", "Lịch tự động", "Schedules"),
    entry(2, "/don-vi", "organisation", "Đơn vị", "Organisation"),
    entry(2, "/mau", "template", "Mẫu", "Templates"),
    entry(2, "/nguoi-dung", "users", "Người dùng", "Users"),
    entry(2, "/khoa", "key", "Khóa API", "API keys"),
    entry(2, "/nhat-ky", "audit", "Nhật ký", "Audit log"),
];

/// What `?xong=CODE` says at the top of the page that follows a form.
pub(super) fn done(code: &str) -> Option<Text> {
    Some(match code {
        "luu" => say!("Đã lưu.", "Saved."),
        "tao" => say!("Đã tạo.", "Created."),
        "cong-bo" => say!("Đã công bố. Văn bản tạo từ nay dùng lời văn này.", "Published. Documents made from now on use these words."),
        "xoa" => say!("Đã xóa.", "Deleted."),
        "huy" => say!("Đã hủy.", "Cancelled."),
        "tep" => say!("Đã nhận tệp mới.", "The new file is taken."),
        "tep-khac" => say!(
            "Đã thay danh sách bằng tệp vừa chọn; tệp chọn lần trước không còn dùng.",
            "The file just chosen has replaced the one before, which is not used any more."
        ),
        "xin-duyet" => say!("Đã gửi duyệt.", "Approval is asked for."),
        "thu" => {
            say!("Thư thử đang được gửi; chờ một lát rồi mở hộp thư.", "The test message is being sent; look into your mailbox shortly.")
        }
        "gui" => say!("Đang gửi tiếp thư của lô này.", "The messages of this batch go on."),
        "thoi-gui" => say!("Thư của lô này sẽ không được gửi.", "The messages of this batch will not be sent."),
        "dia-chi" => say!("Thư đang được gửi tới địa chỉ mới.", "The message is being sent to the new address."),
        "xoa-soan" => say!("Đã xóa bản soạn.", "The draft is deleted."),
        "chao" => say!("Đã đặt mật khẩu và đăng nhập.", "The password is set, and you are signed in."),
        "da-gui" => {
            say!("Không có thư nào mới: thư của lô này đã được giao từ trước.", "Nothing is new: its messages were handed over before.")
        }
        "tam-dung" => say!("Đã tạm dừng.", "Paused."),
        "tiep" => say!("Đã cho chạy tiếp.", "Going on."),
        "thu-lai" => say!("Đã cho làm lại các mục lỗi.", "What failed is tried again."),
        "giu-so" => say!("Đã giữ số.", "The numbers are reserved."),
        "huy-so" => say!("Đã hủy số.", "The number is void."),
        "vao-so" => say!("Đã vào sổ.", "Entered."),
        "chay" => say!("Đã giao cho bộ phận chạy lịch; kết quả sẽ hiện ở dưới.", "Handed to the scheduler; the result will show below."),
        "duyet" => say!("Đã duyệt.", "Approved."),
        "tu-choi" => say!("Đã từ chối.", "Rejected."),
        "thu-hoi" => say!("Đã thu hồi giấy. Ai kiểm tra cũng thấy.", "The certificate is revoked. Whoever checks it sees that."),
        "thay-the" => say!("Đã ghi giấy thay thế.", "The one that stands for it is noted."),
        "mat-khau" => say!(
            "Đã đổi mật khẩu. Mọi phiên đăng nhập khác của tài khoản đã kết thúc.",
            "The password is changed. Every other login of the account has ended."
        ),
        "ma" => say!("Từ nay đăng nhập sẽ hỏi thêm mã xác thực.", "From now on a one-time code is asked for at the login."),
        "bo-ma" => say!("Đăng nhập không còn hỏi mã xác thực.", "No one-time code is asked for any more."),
        "ra" => say!("Đã đăng xuất.", "Signed out."),
        _ => return None,
    })
}

/// The words and the tone of a state; `kind` is `batch`, `record`, `document`, `delivery`, `occurrence` or `post`.
pub(super) fn state(kind: &str, state: &str) -> Option<(Text, &'static str)> {
    match kind {
        "batch" => BatchState::from_name(state).map(|own| {
            let tone = match own {
                BatchState::Planning | BatchState::Running => "busy",
                BatchState::Paused => "wait",
                BatchState::Cancelled => "off",
                BatchState::Finished => "good",
            };
            (own.text(), tone)
        }),
        "record" => RecordState::from_name(state).map(|own| {
            let tone = match own {
                RecordState::Accepted => "wait",
                RecordState::Rendering => "busy",
                RecordState::Stored => "good",
                RecordState::Failed | RecordState::Quarantined => "bad",
                RecordState::Cancelled => "off",
            };
            (own.text(), tone)
        }),
        "document" => Some(match state {
            "stored" => (say!("có hiệu lực", "valid"), "good"),
            "superseded" => (say!("đã thay thế", "replaced"), "off"),
            "revoked" => (say!("đã thu hồi", "revoked"), "bad"),
            "erased" => (say!("đã xóa nội dung", "erased"), "off"),
            _ => return None,
        }),
        "delivery" => Some(match state {
            "queued" => (say!("chờ gửi", "waiting"), "wait"),
            "leased" | "committing" => (say!("đang gửi", "being sent"), "busy"),
            "sent" => (say!("đã gửi", "sent"), "good"),
            "uncertain" => (say!("chưa rõ đã tới hay chưa", "perhaps sent"), "wait"),
            "needs_operator" => (say!("chờ quyết định", "needs a decision"), "bad"),
            "failed" => (say!("không gửi được", "failed"), "bad"),
            "suppressed" => (say!("không gửi: địa chỉ bị chặn", "not sent: suppressed address"), "off"),
            "cancelled" => (say!("đã hủy", "cancelled"), "off"),
            "bounced" => (say!("bị trả lại", "bounced"), "bad"),
            "complained" => (say!("người nhận báo thư rác", "reported as spam"), "bad"),
            _ => return None,
        }),
        "occurrence" => Some(match state {
            "due" => (say!("đến giờ", "due"), "wait"),
            "running" => (say!("đang chạy", "running"), "busy"),
            "done" => (say!("đã xong", "done"), "good"),
            "failed" => (say!("thất bại", "failed"), "bad"),
            "skipped" => (say!("bỏ qua", "skipped"), "off"),
            _ => return None,
        }),
        "link" => Some(match state {
            "open" => (say!("còn dùng được", "open"), "good"),
            "expired" => (say!("hết hạn", "expired"), "off"),
            "revoked" => (say!("đã thu hồi", "taken back"), "bad"),
            _ => return None,
        }),
        "entry" => Some(match state {
            "taken" => (say!("đã cấp", "taken"), "good"),
            "reserved" => (say!("đang giữ", "reserved"), "wait"),
            "void" => (say!("đã hủy", "void"), "bad"),
            _ => return None,
        }),
        "post" => Some(match state {
            "none" => (say!("không gửi thư", "no mail"), "off"),
            "held" => (say!("thư đang giữ lại", "mail held"), "wait"),
            "pending" => (say!("thư chờ xếp hàng", "mail to be queued"), "busy"),
            "queued" => (say!("thư đã giao gửi", "mail handed over"), "busy"),
            "dropped" => (say!("không gửi thư lô này", "mail given up"), "off"),
            "sending" => (say!("đang gửi thư", "mail being sent"), "busy"),
            "sent" => (say!("đã gửi hết thư", "all mail sent"), "good"),
            "partly" => (say!("đã gửi xong, có thư không tới", "mail sent, some did not arrive"), "wait"),
            "none-queued" => (say!("không có thư nào để gửi", "no mail to send"), "off"),
            _ => return None,
        }),
        "role" => crate::access::Role::from_name(state).map(|role| (role.text(), "off")),
        _ => None,
    }
}

/// The words and the tone of a batch's state: one that is finished is not all well when records of it could not be made.
pub(super) fn batch_state(state: &str, failed: u64) -> Option<(Text, &'static str)> {
    if state == BatchState::Finished.name() && failed > 0 {
        return Some((say!("xong, {failed} không làm được", "finished, {failed} failed"), "wait"));
    }
    self::state("batch", state)
}

/// What the messages of a batch have come to: the name of a state of the kind `post`.
pub(super) fn post_state<'a>(post: &'a str, tally: &[(String, u64)]) -> &'a str {
    if post != "queued" {
        return post;
    }
    let any = |states: &[&str]| tally.iter().any(|(state, count)| *count > 0 && states.contains(&state.as_str()));
    if any(&["queued", "leased", "committing", "uncertain"]) {
        "sending"
    } else if tally.is_empty() {
        "none-queued"
    } else if any(&["needs_operator", "failed", "bounced", "complained", "suppressed", "cancelled"]) {
        "partly"
    } else {
        "sent"
    }
}

/// A person's name by the login; the login where nobody of that name is known.
pub(super) fn person(people: &BTreeMap<String, String>, login: &str) -> String {
    people.get(login).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| login.to_owned())
}

/// Who made a batch: the owner, or what handed it in.
pub(super) fn maker(origin: &str, owner: Option<&str>, people: &BTreeMap<String, String>) -> Text {
    match (owner.map(|owner| person(people, owner)), origin.split_once(':')) {
        (Some(owner), _) => say!("{owner}", "{owner}"),
        (None, Some(("schedule", name))) => say!("lịch {name}", "schedule {name}"),
        (None, _) if origin == "cli" => say!("dòng lệnh", "command line"),
        (None, _) => say!("{origin}", "{origin}"),
    }
}

/// What was done, in the audit log's own name for it.
pub(super) fn action(name: &str) -> Text {
    match name {
        "login" => say!("đăng nhập", "signed in"),
        "account.setup" => say!("thiết lập lần đầu", "first set-up"),
        "account.create" => say!("tạo tài khoản", "created an account"),
        "account.change" => say!("sửa tài khoản", "changed an account"),
        "account.password" => say!("đặt mật khẩu", "set a password"),
        "account.invite" => say!("cấp liên kết đặt mật khẩu", "made a link to choose a password"),
        "account.totp.begin" => say!("bật mã xác thực", "began one-time codes"),
        "account.totp.end" => say!("tắt mã xác thực", "ended one-time codes"),
        "draft.submit" => say!("giao làm bản soạn", "submitted a draft"),
        "draft.ask" => say!("gửi duyệt bản soạn", "asked for approval"),
        "draft.approve" => say!("duyệt bản soạn", "approved a draft"),
        "draft.reject" => say!("trả lại bản soạn", "returned a draft"),
        "draft.clear" => say!("bỏ bản soạn để lâu không dùng", "forgot a draft that was left alone"),
        "draft.withdraw" => say!("rút lại bản soạn", "took a draft back"),
        "batch.pause" => say!("tạm dừng lô", "paused a batch"),
        "mailing.resume" => say!("cho gửi tiếp thư của lô", "let a batch's mailing go on"),
        "batch.resume" => say!("cho lô chạy tiếp", "let a batch go on"),
        "batch.cancel" => say!("hủy lô", "gave a batch up"),
        "batch.fetch" => say!("tải tệp của lô", "fetched a file of a batch"),
        "batch.release" => say!("cho gửi thư của lô", "let the messages of a batch go"),
        "mail.test" => say!("gửi thư thử", "sent a test message"),
        "batch.attach" => say!("đổi cách kèm văn bản", "changed how the document goes"),
        "batch.drop-mail" => say!("thôi không gửi thư của lô", "gave up the messages of a batch"),
        "delivery.readdress" => say!("sửa địa chỉ và gửi lại thư", "sent a message to another address"),
        "draft.delete" => say!("xóa bản soạn", "deleted a draft"),
        "batch.retry" => say!("làm lại các mục lỗi", "tried again what failed"),
        "register.reserve" => say!("giữ trước số", "reserved numbers"),
        "register.void" => say!("hủy số", "voided a number"),
        "register.late" => say!("ghi bổ sung vào sổ", "entered a number late"),
        "register.enter" => say!("ghi bổ sung vào sổ", "entered a number late"),
        "register.export" => say!("xuất sổ", "exported a register"),
        "document.revoke" => say!("thu hồi giấy", "revoked a certificate"),
        "document.replace" => say!("thay thế giấy", "replaced a certificate"),
        "key.publish" => say!("công bố khóa ký", "published a key"),
        "config.change" => say!("sửa cấu hình", "changed the configuration"),
        "template.publish" => say!("công bố lời văn của mẫu", "published a template's words"),
        "document.fetch" => say!("tải văn bản", "fetched the document"),
        "link.new" => say!("tạo liên kết", "made a link"),
        "link.open" => say!("tải bằng liên kết", "fetched by a link"),
        "link.revoke" => say!("thu hồi liên kết", "took a link back"),
        "key.new" => say!("tạo khóa API", "made an API key"),
        "key.rotate" => say!("thay khóa API", "replaced an API key"),
        "key.revoke" => say!("thu hồi khóa API", "revoked an API key"),
        "webhook.new" => say!("thêm webhook", "added a webhook"),
        "webhook.remove" => say!("bỏ webhook", "removed a webhook"),
        "schedule.new" => say!("tạo lịch", "made a schedule"),
        "schedule.remove" => say!("xóa lịch", "removed a schedule"),
        "schedule.run" => say!("chạy lịch ngay", "ran a schedule now"),
        "schedule.pause" => say!("tạm dừng lịch", "paused a schedule"),
        "schedule.resume" => say!("cho lịch chạy tiếp", "let a schedule go on"),
        "delivery.decide" => say!("quyết định về thư", "decided about a message"),
        "backup" => say!("sao lưu", "made a backup"),
        "restore" => say!("khôi phục từ bản sao", "restored a copy"),
        other => say!("{other}", "{other}"),
    }
}
