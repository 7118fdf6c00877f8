//! Real servers: what Postfix accepts, returns and refuses, and what Dovecot shows of it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::Duration;

use mail_parser::MessageParser;
use vanthu::delivery::classify::{Fault, Seen};
use vanthu::delivery::reply::Phase;
use vanthu::mail::conversation::{Conversation, Deadlines, Outcome, Outgoing};
use vanthu::mail::mailbox::{BounceMailbox, MailboxError, visit};
use vanthu::mail::relay::{Auth, Endpoint, Login, Security};
use vanthu::mail::secret::Secret;
use vanthu::mail::tls::Trust;
use vanthu::message::address::Address;
use vanthu::message::compose::{Attachment, Composed, Enclosure, Letter, Mailbox, compose};
use vanthu::message::report::{Finding, Report, Said, read};
use vanthu::message::return_path::ReturnPaths;

use crate::support::certificates::Certificates;
use crate::support::servers::{Dovecot, Postfix, Sink};

fn endpoint(port: u16) -> Endpoint {
    Endpoint {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        login: None,
        trust: Trust::new(None).unwrap(),
        helo: None,
        max_message_bytes: 10_000_000,
    }
}

async fn open(port: u16) -> Result<Conversation, Seen> {
    let deadlines = Deadlines { command: Duration::from_secs(20), dot: Duration::from_secs(20), ..Deadlines::default() };
    Conversation::open(&endpoint(port), "vanthu.hoi.test", deadlines).await
}

fn paths() -> ReturnPaths {
    ReturnPaths::new("bounce", "hoi.test", b"the key of this test").unwrap()
}

fn message(id: &str, to: &str, file: &[u8]) -> Composed {
    let mailbox = |name: &str, address: &str| Mailbox { name: Some(name.into()), address: Address::parse(address).unwrap() };
    let (from, to) = (mailbox("Hội Khuyến học", "vanphong@hoi.test"), mailbox("Nguyễn Thị Ánh", to));
    let files = [Attachment { name: "Giấy khen.pdf", media_type: "application/pdf", bytes: file }];
    let letter = Letter {
        id,
        date: "2026-11-22T05:06:07Z".parse().unwrap(),
        from: &from,
        reply_to: None,
        to: &to,
        subject: "Giấy khen của bà",
        plain: "Kính gửi bà,\n.\n..\nvăn bản đính kèm.\n",
        html: Some("<p>Kính gửi bà,</p>"),
        enclosure: Enclosure::Files(&files),
    };
    compose(&letter).unwrap()
}

async fn send(conversation: &mut Conversation, id: &str, to: &str, bytes: &[u8]) -> Outcome {
    let (return_path, recipient) = (paths().of(id).unwrap(), Address::parse(to).unwrap());
    let outgoing = Outgoing { return_path: &return_path, recipient: &recipient, bytes };
    conversation.send(outgoing, || async { Ok::<_, Infallible>(true) }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sink_of_postfix_fails_at_each_step_and_each_failure_has_its_name() {
    let refused = |phase: Phase, code: u16| move |seen: &Seen| matches!(seen, Seen::Refused { phase: at, reply } if *at == phase && reply.code == code);
    let (hard, soft) = (500, 450);
    for (switches, phase, code) in [
        (["-f", "MAIL"], Phase::MailFrom, hard),
        (["-f", "RCPT"], Phase::RcptTo, hard),
        (["-f", "DATA"], Phase::Data, hard),
        (["-f", "."], Phase::Dot, hard),
        (["-r", "MAIL"], Phase::MailFrom, soft),
        (["-r", "RCPT"], Phase::RcptTo, soft),
        (["-r", "DATA"], Phase::Data, soft),
        (["-r", "."], Phase::Dot, soft),
        (["-Q", "RCPT"], Phase::RcptTo, 421),
    ] {
        let sink = Sink::start(&switches);
        let outcome = send(&mut open(sink.port).await.unwrap(), "1", "an@vi-du.vn", b"x\r\n").await;
        let Outcome::NotAccepted { seen, .. } = outcome else { panic!("{switches:?}: {outcome:?}") };
        assert!(refused(phase, code)(&seen), "{switches:?}: {seen:?}");
    }
    let sink = Sink::start(&["-q", "."]);
    let outcome = send(&mut open(sink.port).await.unwrap(), "1", "an@vi-du.vn", b"x\r\n").await;
    assert!(matches!(&outcome, Outcome::Uncertain { seen: Seen::Broken { phase: Phase::Dot, fault: Fault::Closed, .. } }), "{outcome:?}");
    let sink = Sink::start(&[]);
    let mut conversation = open(sink.port).await.unwrap();
    for _ in 0..20 {
        assert!(matches!(send(&mut conversation, "1", "an@vi-du.vn", b"x\r\n").await, Outcome::Accepted { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postfix_delivers_the_bytes_and_returns_the_lost_one_to_its_own_delivery() {
    let postfix = Postfix::start(&["anh", "bounce"]);
    let mut conversation = open(postfix.port).await.unwrap();
    assert_eq!(conversation.offer().size, Some(500_000));
    assert!(conversation.offer().enhanced_status_codes && conversation.offer().eight_bit_mime);

    let pdf = [b"%PDF-1.7\r\n.\r\n".as_slice(), &[0xe1; 40_000]].concat();
    let sent = message("01JDANH", "anh@hoi.test", &pdf);
    let outcome = send(&mut conversation, "01JDANH", "anh@hoi.test", &sent.bytes).await;
    let Outcome::Accepted { reply, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reply.queue_id().is_some(), "{reply}");
    let lost = message("01JDMAT", "khong-co@hoi.test", b"%PDF-");
    assert!(matches!(send(&mut conversation, "01JDMAT", "khong-co@hoi.test", &lost.bytes).await, Outcome::Accepted { .. }));
    let large = message("01JDTO", "anh@hoi.test", &vec![0; 500_000]);
    assert!(matches!(
        send(&mut conversation, "01JDTO", "anh@hoi.test", &large.bytes).await,
        Outcome::NotAccepted { seen: Seen::TooLarge { limit: 500_000, .. }, .. }
    ));
    conversation.close().await;

    let arrived = postfix.mail("anh", 1);
    assert_eq!(arrived.len(), 1);
    let whole = String::from_utf8(arrived[0].clone()).unwrap().replace('\n', "\r\n");
    // Postfix writes its own headers before ours and nothing else anywhere.
    assert!(whole.ends_with(&String::from_utf8(sent.bytes).unwrap()), "{whole}");
    assert_eq!(MessageParser::default().parse(&arrived[0]).unwrap().attachment(0).unwrap().contents(), pdf);

    let returned = postfix.mail("bounce", 1);
    let Finding::Report(report) = read(&returned[0], &paths()) else { panic!("{}", String::from_utf8_lossy(&returned[0])) };
    assert_eq!((report.delivery.as_str(), report.said), ("01JDMAT", Said::Failed));
    assert_eq!(report.status.unwrap().to_string(), "5.1.1");
    assert!(report.diagnostic.contains("unknown user"), "{}", report.diagnostic);

    bounces_are_read_once_and_only_after_the_commit(&postfix, report).await;
}

/// Dovecot shows the very report that Postfix wrote.
async fn bounces_are_read_once_and_only_after_the_commit(postfix: &Postfix, report: Report) {
    let certificates = Certificates::new();
    let (key, certificate) = certificates.issue("127.0.0.1", false);
    let dovecot = Dovecot::start(&postfix.maildir("bounce"), "mat-khau", &key, &certificate);
    let mailbox = |text: &str| {
        toml::from_str::<BounceMailbox>(&format!("host = \"127.0.0.1\"\naccount = \"bounce\"\npassword_env = \"P\"\n{text}")).unwrap()
    };
    let plain = mailbox(&format!("port = {}\ntls = false", dovecot.port));
    let trust = Trust::new(Some(&certificates.authority())).unwrap();
    let step = Duration::from_secs(20);
    let login = |password: &str| Login { account: "bounce".into(), secret: Secret::new(password), auth: Auth::Plain };

    let refused = visit(&plain, &login("sai"), &trust, step, |_| async { Ok::<_, Infallible>(()) }).await.unwrap_err();
    assert!(matches!(refused, MailboxError::Account { .. }) && !refused.is_transient(), "{refused}");

    let failed = visit(&plain, &login("mat-khau"), &trust, step, |_| async { Err("the database is gone") }).await.unwrap_err();
    assert!(matches!(failed, MailboxError::Caller("the database is gone")), "{failed}");

    // What could not be committed is shown again, over TLS this time; then it is seen, and then gone.
    let over_tls = mailbox(&format!("port = {}\ndelete = true", dovecot.tls_port));
    let found = RefCell::new(Vec::new());
    let count = visit(&over_tls, &login("mat-khau"), &trust, step, |bytes| {
        found.borrow_mut().push(read(&bytes, &paths()));
        async { Ok::<_, Infallible>(()) }
    })
    .await
    .unwrap();
    assert_eq!((count, found.into_inner()), (1, vec![Finding::Report(report)]));
    let again = visit(&plain, &login("mat-khau"), &trust, step, |_| async { Ok::<_, Infallible>(()) }).await.unwrap();
    assert_eq!(again, 0);

    let stranger =
        visit(&over_tls, &login("mat-khau"), &Trust::new(None).unwrap(), step, |_| async { Ok::<_, Infallible>(()) }).await.unwrap_err();
    assert!(matches!(stranger, MailboxError::Connection { .. }), "{stranger}");
}
