//! Messages before and after they go: the text for any recipient, and what a server said, in plain words in both languages.

use std::time::{Duration, Instant};

use vanthu::app::App;
use vanthu::config::Workspace;
use vanthu::delivery::state::Event;
use vanthu::language::Language;

use super::batches::{begun, until_over};
use super::make::{draft, onward, value};
use crate::support::site::{Browser, Site};
use crate::support::smtp::{Say, Script, SmtpServer};
use crate::support::{Office, people};

/// A list with an address in each row but the last.
fn list(count: usize) -> String {
    let mut rows = people(count).lines().map(str::to_owned).collect::<Vec<_>>();
    for (row, line) in rows.iter_mut().enumerate() {
        line.push_str(&match row {
            0 => ",Thư điện tử\n".to_owned(),
            row if row == count => ",\n".to_owned(),
            row => format!(",nguoi{row}@vi-du.vn\n"),
        });
    }
    rows.concat()
}

/// Sets the options of a draft with its mail held.
fn held(browser: &mut Browser, path: &str) {
    let options = browser.get(&format!("{path}/tuy-chon"));
    let revision = value(&options, "revision");
    let fields = [
        ("revision", revision.as_str()),
        ("c-so_quyet_dinh", "12/QĐ-HKH"),
        ("c-ngay", "27/12/2019"),
        ("c-phong_trao", "công tác khuyến học"),
        ("thu", "1"),
        ("thu-giu", "1"),
    ];
    onward(&browser.post(&format!("{path}/tuy-chon"), &fields));
}

fn until(browser: &mut Browser, path: &str, mut done: impl FnMut(&str) -> bool) -> String {
    let begun = Instant::now();
    loop {
        let page = browser.get(path).text();
        if done(&page) {
            return page;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{page}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_message_of_any_recipient_is_read_and_its_way_chosen_while_it_is_held() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", config + "\n[service]\nurl = \"https://hoi.example\"\n");
    let mut site = Site::start(&office);
    let mut lan = site.administrator();
    let list = draft(&mut lan, &list(3));
    held(&mut lan, &list);
    let path = begun(&mut lan, &list);
    until_over(&mut lan, &path);
    let page = lan.get(&path).text();
    assert!(
        page.contains(&format!("href=\"{path}/thu?ban-ghi=2\"")) && !page.contains(&format!("href=\"{path}/thu?ban-ghi=3\"")),
        "{page}"
    );
    let first = lan.get(&format!("{path}/thu")).text();
    assert!(first.contains("nguoi1@vi-du.vn") && first.contains(&format!("{path}/thu?ban-ghi=2")), "{first}");
    let second = lan.get(&format!("{path}/thu?ban-ghi=2")).text();
    assert!(
        second.contains("nguoi2@vi-du.vn") && second.contains("Trần Văn An") && second.contains(&format!("{path}/van-ban/2")),
        "{second}"
    );
    let none = lan.get(&format!("{path}/thu?ban-ghi=3"));
    assert!(none.status == 422 && none.text().contains("không có địa chỉ thư"), "{}", none.text());
    assert_eq!(lan.get(&format!("{path}/thu?ban-ghi=99")).status, 404);
    assert!(!second.contains("value=\"lien-ket\" checked"));
    assert_eq!(
        onward(&lan.post(&format!("{path}/kem"), &[("kem", "lien-ket"), ("ban_ghi", "2")])),
        format!("{path}/thu?xong=luu&ban-ghi=2")
    );
    let second = lan.get(&format!("{path}/thu?ban-ghi=2")).text();
    assert!(second.contains("value=\"lien-ket\" checked") && second.contains("bằng liên kết tải về"), "{second}");
    onward(&lan.post(&format!("{path}/thu-nghiem"), &[("ban_ghi", "2"), ("dia_chi", "lan@don-vi.vn")]));
    let batch = path.trim_start_matches("/lo/").to_owned();
    let sent = until(&mut lan, &format!("/thu?lo={batch}"), |page| page.contains("đã để thành tệp"));
    let test = sent.split("href=\"/thu/").nth(1).and_then(|rest| rest.split('"').next()).expect("a message");
    let message = String::from_utf8_lossy(&lan.get(&format!("/thu/{test}/thu.eml")).body).into_owned();
    assert!(message.contains("https://hoi.example/l/") && !message.contains("application/pdf"), "{message}");
    onward(&lan.post(&format!("{path}/gui"), &[]));
    let late = lan.post(&format!("{path}/kem"), &[("kem", "tep")]);
    assert_eq!(late.status, 409, "{}", late.text());
    assert!(late.text().contains("không còn được giữ lại"));
}

#[test]
fn what_the_server_said_of_each_message_is_told_in_plain_words_and_decided() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        // In turn: nobody of that name, a full mailbox, two that are taken, and the last of these with its answer lost.
        let script = Script::offering(&[])
            .on("RCPT", [Say::Line("550 5.1.1 No such user here"), Say::Line("452 4.2.2 Mailbox full"), Say::Line("250 2.1.5 Ok")])
            .on(".", [Say::Line("250 2.0.0 Ok: queued as 1A2B3C"), Say::Close]);
        let server = SmtpServer::start(script).await;
        let office = Office::with_workspace();
        let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
        let mail = format!(
            "{config}\n[mail]\nfrom = \"van-thu@hoi.example\"\nrelay = \"may\"\non_uncertain = \"hold\"\n\
             [mail.relays.may]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nper_day = 500\n",
            server.port
        );
        office.write("vanthu.toml", mail);
        tokio::task::spawn_blocking(move || told(&office)).await.expect("the test");
    });
}

fn told(office: &Office) {
    let mut site = Site::start(office);
    let mut lan = site.administrator();
    // Looked at before anything was sent.
    let planned = draft(&mut lan, &list(3));
    held(&mut lan, &planned);
    let plan = lan.get(&format!("{planned}/bat-dau?ve=1")).text();
    assert!(plan.contains("24 giờ qua đã gửi 0"), "{plan}");
    let list = draft(&mut lan, &list(5));
    held(&mut lan, &list);
    let path = begun(&mut lan, &list);
    until_over(&mut lan, &path);
    onward(&lan.post(&format!("{path}/gui"), &[]));
    let batch = path.trim_start_matches("/lo/").to_owned();
    let of_batch = format!("/thu?lo={batch}");
    let page = until(&mut lan, &of_batch, |page| {
        ["badge good\">đã gửi", "chưa rõ đã tới hay chưa", "badge bad\">không gửi được"].iter().all(|state| page.contains(state))
            && page.contains("hộp thư người nhận đã đầy")
    });
    for told in [
        "không có hộp thư này ở máy chủ người nhận; thư không tới",
        "hộp thư người nhận đã đầy; chương trình sẽ tự gửi lại",
        "mất liên lạc đúng lúc máy chủ nhận thư: có thể đã tới, có thể chưa",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    // What stands there follows by itself, and the plan knows what has gone meanwhile.
    let now = lan.get(&format!("{path}/tien-do")).text();
    assert!(now.contains("\"settled\":false") && now.contains("\"mail\":\"failed 1, queued 1, sent 1, uncertain 1\""), "{now}");
    assert!(!lan.get(&format!("{planned}/bat-dau?ve=1")).text().contains("đã gửi 0"), "the quota is counted anew");
    let id_of = |page: &str, words: &str| {
        let row =
            page.split("<tr>").find(|row| row.contains(words) && row.contains("href=\"/thu/")).unwrap_or_else(|| panic!("{words}: {page}"));
        row.split("href=\"/thu/").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned()
    };
    lan.extra = "Cookie: vanthu-lang=en\r\n".to_owned();
    let refused = id_of(&page, "không có hộp thư này");
    let english = lan.get(&format!("/thu/{refused}")).text();
    lan.extra.clear();
    let vietnamese = lan.get(&format!("/thu/{refused}")).text();
    assert!(vietnamese.contains("không có hộp thư này") && vietnamese.contains("550 5.1.1 No such user here"), "{vietnamese}");
    assert!(english.contains("there is no such mailbox"), "{english}");
    // An uncertain one: no button that cannot do what it says, and the answer is kept.
    let uncertain = id_of(&page, "chưa rõ đã tới hay chưa");
    let shown = lan.get(&format!("/thu/{uncertain}")).text();
    assert!(shown.contains("value=\"da-toi\"") && !shown.contains("value=\"gui-lai\""), "{shown}");
    onward(&lan.post(&format!("/thu/{uncertain}/quyet-dinh"), &[("viec", "da-toi"), ("ly_do", "đã hỏi, có nhận")]));
    let shown = lan.get(&format!("/thu/{uncertain}")).text();
    assert!(shown.contains("badge good\">đã gửi") && shown.contains("đã hỏi, có nhận"), "{shown}");
    // One that was taken comes back.
    let sent = id_of(&page, "badge good\">đã gửi");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let workspace = Workspace::open(&office.path).expect("a workspace");
        let app = App::new(workspace, crate::support::PROGRAM.into(), Language::Vietnamese);
        let beside = app.office_beside().await.expect("an office");
        let report = ("failed", "5.7.25", "550 5.7.25 Reverse DNS and SPF checks failed");
        assert!(beside.store.note_bounce("<1@mta>", &sent, Some(Event::Bounce), report, None).await.expect("noted"));
        beside.store.close().await;
    });
    let page = lan.get(&of_batch).text();
    assert!(page.contains("máy chủ người nhận không tin tên miền gửi (SPF, DKIM, DMARC); thư bị trả lại sau khi gửi"), "{page}");
    let shown = lan.get(&format!("/thu/{sent}")).text();
    assert!(shown.contains("không tin tên miền gửi") && shown.contains("Reverse DNS"), "{shown}");
    let did_not_arrive = lan.get("/thu?tt=refused").text();
    assert!(
        did_not_arrive.contains(&refused) && did_not_arrive.contains(&sent) && !did_not_arrive.contains(&uncertain),
        "{did_not_arrive}"
    );
    let overview = lan.get("/").text();
    assert!(overview.contains("<a href=\"/thu?tt=refused&amp;thang=1\"><b>2</b> thư không tới người nhận trong tháng</a>"), "{overview}");
}
