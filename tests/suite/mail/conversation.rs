//! One conversation with a server that says and does everything it should not.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vanthu::delivery::classify::{Fault, Seen};
use vanthu::delivery::reply::{Phase, ReplyError};
use vanthu::mail::conversation::{Conversation, Deadlines, Outcome, Outgoing};
use vanthu::mail::probe::probe;
use vanthu::mail::relay::{Auth, Endpoint, Login, Security};
use vanthu::mail::secret::Secret;
use vanthu::mail::tls::Trust;
use vanthu::message::address::Address;

use crate::support::certificates::Certificates;
use crate::support::smtp::{Say, Script, SmtpServer};

const BODY: &[u8] = b"Subject: x\r\n\r\none\r\n.two\r\n..three\r\n";

/// Short enough to fail in, long enough for a loaded machine to answer in.
fn deadlines() -> Deadlines {
    let short = Duration::from_millis(1_500);
    Deadlines { connect: short, handshake: short, command: short, data: short, block: short, dot: short, quit: Duration::from_millis(200) }
}

fn endpoint(server: &SmtpServer) -> Endpoint {
    Endpoint {
        host: "127.0.0.1".into(),
        port: server.port,
        security: Security::None,
        login: None,
        trust: Trust::new(None).unwrap(),
        helo: None,
        max_message_bytes: 10_000_000,
    }
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// Sends `bytes` to `recipient`, committing the intent.
async fn send_to(conversation: &mut Conversation, recipient: &str, bytes: &[u8]) -> Outcome {
    let (return_path, recipient) = (address("bounce+1.ab@hoi.vn"), address(recipient));
    let outgoing = Outgoing { return_path: &return_path, recipient: &recipient, bytes };
    conversation.send(outgoing, || async { Ok::<_, Infallible>(true) }).await.unwrap()
}

async fn open(server: &SmtpServer) -> Result<Conversation, Seen> {
    Conversation::open(&endpoint(server), "vanthu.hoi.vn", deadlines()).await
}

/// The whole way with a server of this script.
async fn outcome(script: Script) -> (Outcome, SmtpServer) {
    let server = SmtpServer::start(script).await;
    let outcome = match open(&server).await {
        Ok(mut conversation) => send_to(&mut conversation, "an@vi-du.vn", BODY).await,
        Err(seen) => Outcome::NotAccepted { seen, intended: false },
    };
    (outcome, server)
}

fn broken(phase: Phase, fault: Fault) -> impl Fn(&Seen) -> bool {
    move |seen| matches!(seen, Seen::Broken { phase: at, fault: what, .. } if *at == phase && *what == fault)
}

fn refused(phase: Phase, code: u16) -> impl Fn(&Seen) -> bool {
    move |seen| matches!(seen, Seen::Refused { phase: at, reply } if *at == phase && reply.code == code)
}

#[tokio::test]
async fn a_message_arrives_byte_by_byte_as_it_was_given() {
    let (outcome, server) = outcome(Script::offering(&["SIZE 35882577", "8BITMIME", "ENHANCEDSTATUSCODES", "PIPELINING"])).await;
    let Outcome::Accepted { reply, peer } = outcome else { panic!("{outcome:?}") };
    assert_eq!((reply.code, reply.queue_id()), (250, Some("4F1A2B3C")));
    assert_eq!((peer.address.to_string().as_str(), peer.tls), ("127.0.0.1", None));
    let messages = server.heard(|heard| heard.messages.clone());
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].bytes, BODY);
    assert_eq!(messages[0].from, format!("MAIL FROM:<bounce+1.ab@hoi.vn> SIZE={}", BODY.len()));
    assert_eq!(messages[0].to, "RCPT TO:<an@vi-du.vn>");
    assert_eq!(server.commands("EHLO"), ["EHLO vanthu.hoi.vn"]);
}

#[tokio::test]
async fn a_refusal_at_each_command_is_told_with_its_step_and_its_words() {
    for (command, line, phase, code, intended) in [
        ("greeting", "554 5.3.2 no service here", Phase::Greeting, 554, false),
        ("EHLO", "550 5.7.1 not you", Phase::Ehlo, 550, false),
        ("MAIL", "452 4.3.1 disk full", Phase::MailFrom, 452, false),
        ("RCPT", "550 5.1.1 no such user", Phase::RcptTo, 550, false),
        ("DATA", "451 4.3.0 not now", Phase::Data, 451, false),
        (".", "554 5.6.0 spam", Phase::Dot, 554, true),
        ("MAIL", "421 4.3.2 going down", Phase::MailFrom, 421, false),
        (".", "421 4.3.2 going down", Phase::Dot, 421, true),
    ] {
        let (outcome, server) = outcome(Script::default().on(command, [Say::Line(line)])).await;
        let Outcome::NotAccepted { seen, intended: was } = outcome else { panic!("{command}: {outcome:?}") };
        assert!(refused(phase, code)(&seen), "{command}: {seen:?}");
        assert_eq!(was, intended, "{command}");
        assert_eq!(server.heard(|heard| heard.messages.len()), usize::from(command == "."), "{command}");
        let Seen::Refused { reply, .. } = seen else { unreachable!() };
        assert_eq!(reply.to_string(), line);
    }
}

#[tokio::test]
async fn a_lost_connection_is_uncertain_only_after_the_dot() {
    for (command, phase) in
        [("greeting", Phase::Greeting), ("EHLO", Phase::Ehlo), ("MAIL", Phase::MailFrom), ("RCPT", Phase::RcptTo), ("DATA", Phase::Data)]
    {
        let (outcome, _) = outcome(Script::default().on(command, [Say::Close])).await;
        let Outcome::NotAccepted { seen, intended: false } = outcome else { panic!("{command}: {outcome:?}") };
        assert!(broken(phase, Fault::Closed)(&seen), "{command}: {seen:?}");
    }
    let (outcome, server) = outcome(Script::default().on(".", [Say::Close])).await;
    let Outcome::Uncertain { seen } = outcome else { panic!("{outcome:?}") };
    assert!(broken(Phase::Dot, Fault::Closed)(&seen), "{seen:?}");
    // It had it all the time: this is why nobody may call it refused.
    assert_eq!(server.heard(|heard| heard.messages.len()), 1);
}

#[tokio::test]
async fn silence_ends_at_the_deadline_of_its_step() {
    let steps = [
        ("greeting", Phase::Greeting),
        ("EHLO", Phase::Ehlo),
        ("MAIL", Phase::MailFrom),
        ("RCPT", Phase::RcptTo),
        ("DATA", Phase::Data),
        (".", Phase::Dot),
    ];
    let tried = steps.map(|(command, phase)| async move {
        let began = Instant::now();
        let (outcome, _server) = outcome(Script::default().on(command, [Say::Silence])).await;
        assert!(began.elapsed() < Duration::from_secs(10), "{command}");
        let seen = match outcome {
            Outcome::NotAccepted { seen, .. } if phase != Phase::Dot => seen,
            Outcome::Uncertain { seen } if phase == Phase::Dot => seen,
            other => panic!("{command}: {other:?}"),
        };
        assert!(broken(phase, Fault::TimedOut)(&seen), "{command}: {seen:?}");
    });
    futures_util::future::join_all(tried).await;
}

#[tokio::test]
async fn bytes_that_drip_in_do_not_move_the_deadline() {
    let began = Instant::now();
    let (outcome, _server) = outcome(Script::default().on(".", [Say::Drip])).await;
    assert!(began.elapsed() < Duration::from_secs(10));
    let Outcome::Uncertain { seen } = outcome else { panic!("{outcome:?}") };
    assert!(broken(Phase::Dot, Fault::TimedOut)(&seen), "{seen:?}");
}

#[tokio::test]
async fn an_answer_in_single_bytes_is_an_answer() {
    let (outcome, _server) = outcome(Script::default().on(".", [Say::ByteByByte("250 2.0.0 Ok: queued as 12345")])).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
}

#[tokio::test]
async fn endless_lines_and_endless_replies_are_cut() {
    for say in [Say::EndlessLine, Say::TenMegabytes] {
        for (command, phase) in [("RCPT", Phase::RcptTo), (".", Phase::Dot)] {
            let (outcome, _server) = outcome(Script::default().on(command, [say.clone()])).await;
            let seen = match outcome {
                Outcome::NotAccepted { seen, .. } if phase != Phase::Dot => seen,
                Outcome::Uncertain { seen } if phase == Phase::Dot => seen,
                other => panic!("{command}: {other:?}"),
            };
            assert!(broken(phase, Fault::Protocol(ReplyError::TooLong))(&seen), "{command}: {seen:?}");
        }
    }
}

#[tokio::test]
async fn garbage_is_neither_yes_nor_no() {
    for garbage in ["2xx fine", "hello", "250-ok\n550 no", "999 what", "354 again"] {
        let (outcome, _server) = outcome(Script::default().on(".", [Say::Line(garbage)])).await;
        assert!(matches!(outcome, Outcome::Uncertain { .. }), "{garbage}: {outcome:?}");
    }
    for garbage in ["250 in the place of 354", "hello", "355 nearly"] {
        let (outcome, server) = outcome(Script::default().on("DATA", [Say::Line(garbage)])).await;
        let Outcome::NotAccepted { seen, intended: false } = outcome else { panic!("{garbage}: {outcome:?}") };
        assert!(broken(Phase::Data, Fault::Protocol(ReplyError::Garbage))(&seen), "{seen:?}");
        assert_eq!(server.heard(|heard| heard.messages.len()), 0);
    }
}

#[tokio::test]
async fn words_that_are_not_utf_8_do_not_make_a_yes_uncertain() {
    let (outcome, _server) =
        outcome(Script::default().on(".", [Say::Raw(b"250 2.0.0 \xc4\xe3 nh\xe2n, queued as 77777\r\n".to_vec())])).await;
    let Outcome::Accepted { reply, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(reply.queue_id(), Some("77777"));
}

#[tokio::test]
async fn replies_out_of_step_end_the_conversation() {
    let (outcome, server) = outcome(Script::default().on("RCPT", [Say::Line("250 ok\r\n354 already")])).await;
    let Outcome::NotAccepted { seen, intended: false } = outcome else { panic!("{outcome:?}") };
    assert!(broken(Phase::RcptTo, Fault::Protocol(ReplyError::OutOfStep))(&seen), "{seen:?}");
    assert!(server.commands("DATA").is_empty());
}

#[tokio::test]
async fn a_yes_before_the_dot_is_not_taken_for_a_yes_to_the_dot() {
    let long = [b"Subject: x\r\n\r\n".as_slice(), &b"a line of the body\r\n".repeat(200_000)].concat();
    let server = SmtpServer::start(Script::default().answering_before_the_dot().on(".", [Say::Close])).await;
    let mut conversation = open(&server).await.unwrap();
    let outcome = send_to(&mut conversation, "an@vi-du.vn", &long).await;
    assert!(matches!(outcome, Outcome::Uncertain { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_refuses_in_mid_body_is_heard_and_certainly_did_not_accept() {
    let long = [b"Subject: x\r\n\r\n".as_slice(), &b"a line of the body\r\n".repeat(400_000)].concat();
    let server = SmtpServer::start(Script::default().closing_in_the_body("552 5.3.4 too large after all")).await;
    let mut conversation = open(&server).await.unwrap();
    let outcome = send_to(&mut conversation, "an@vi-du.vn", &long).await;
    let Outcome::NotAccepted { seen, intended: true } = outcome else { panic!("{outcome:?}") };
    // The reset of the connection may swallow the words, never the fact.
    assert!(refused(Phase::Body, 552)(&seen) || broken(Phase::Body, Fault::Closed)(&seen), "{seen:?}");
    assert!(!conversation.is_usable());
}

#[tokio::test]
async fn nothing_of_the_body_is_sent_when_the_intent_was_not_committed() {
    for answer in [Ok(false), Err("the database is gone")] {
        let server = SmtpServer::start(Script::default()).await;
        let mut conversation = open(&server).await.unwrap();
        let (return_path, recipient) = (address("bounce@hoi.vn"), address("an@vi-du.vn"));
        let outcome =
            conversation.send(Outgoing { return_path: &return_path, recipient: &recipient, bytes: BODY }, || async { answer }).await;
        match answer {
            Ok(_) => assert_eq!(outcome, Ok(Outcome::Withheld)),
            Err(error) => assert_eq!(outcome, Err(error)),
        }
        assert!(!conversation.is_usable());
        conversation.close().await;
        // Connecting anew shows that the first conversation is over at the server, too.
        send_to(&mut open(&server).await.unwrap(), "binh@vi-du.vn", BODY).await;
        assert_eq!(server.heard(|heard| (heard.messages.len(), heard.unfinished.len())), (1, 0));
        assert_eq!(server.heard(|heard| heard.messages[0].to.clone()), "RCPT TO:<binh@vi-du.vn>");
    }
}

#[tokio::test]
async fn the_intent_is_asked_for_after_354_and_never_before_it() {
    let asked = AtomicBool::new(false);
    let server = SmtpServer::start(Script::default().on("DATA", [Say::Line("451 4.3.0 not now")])).await;
    let mut conversation = open(&server).await.unwrap();
    let (return_path, recipient) = (address("bounce@hoi.vn"), address("an@vi-du.vn"));
    let outcome = conversation
        .send(Outgoing { return_path: &return_path, recipient: &recipient, bytes: BODY }, || async {
            asked.store(true, Ordering::SeqCst);
            Ok::<_, Infallible>(true)
        })
        .await;
    assert!(matches!(outcome, Ok(Outcome::NotAccepted { intended: false, .. })));
    assert!(!asked.load(Ordering::SeqCst));
}

#[tokio::test]
async fn one_connection_carries_several_messages_also_past_refused_people() {
    let server =
        SmtpServer::start(Script::default().on("RCPT", [Say::Line("250 ok"), Say::Line("550 5.1.1 no such user"), Say::Line("250 ok")]))
            .await;
    let mut conversation = open(&server).await.unwrap();
    assert!(matches!(send_to(&mut conversation, "an@vi-du.vn", BODY).await, Outcome::Accepted { .. }));
    assert!(conversation.is_usable());
    assert!(matches!(send_to(&mut conversation, "binh@vi-du.vn", BODY).await, Outcome::NotAccepted { .. }));
    assert!(conversation.is_usable());
    assert!(matches!(send_to(&mut conversation, "chau@vi-du.vn", BODY).await, Outcome::Accepted { .. }));
    conversation.close().await;
    let (to, connections) =
        server.heard(|heard| (heard.messages.iter().map(|message| message.to.clone()).collect::<Vec<_>>(), heard.connections));
    assert_eq!(to, ["RCPT TO:<an@vi-du.vn>", "RCPT TO:<chau@vi-du.vn>"]);
    assert_eq!((connections, server.commands("RSET").len()), (1, 2));
}

#[tokio::test]
async fn a_connection_that_the_server_has_left_is_not_used_again() {
    let server = SmtpServer::start(Script::default().on(".", [Say::LineAndClose("250 2.0.0 Ok")])).await;
    let mut conversation = open(&server).await.unwrap();
    assert!(matches!(send_to(&mut conversation, "an@vi-du.vn", BODY).await, Outcome::Accepted { .. }));
    // The farewell is on its way; what matters is that the next message is certainly not lost in it.
    let next = send_to(&mut conversation, "binh@vi-du.vn", BODY).await;
    assert!(matches!(next, Outcome::NotAccepted { intended: false, .. }), "{next:?}");
    assert!(!conversation.is_usable());
}

#[tokio::test]
async fn greylisting_passes_on_the_next_attempt() {
    let server = SmtpServer::start(Script::default().on("RCPT", [Say::Line("450 4.2.0 greylisted"), Say::Line("250 ok")])).await;
    let first = send_to(&mut open(&server).await.unwrap(), "an@vi-du.vn", BODY).await;
    assert!(matches!(&first, Outcome::NotAccepted { seen, .. } if refused(Phase::RcptTo, 450)(seen)), "{first:?}");
    assert!(matches!(send_to(&mut open(&server).await.unwrap(), "an@vi-du.vn", BODY).await, Outcome::Accepted { .. }));
}

#[tokio::test]
async fn what_the_server_cannot_take_is_known_before_mail_is_said() {
    let server = SmtpServer::start(Script::offering(&["SIZE 1000", "8BITMIME"])).await;
    let mut conversation = open(&server).await.unwrap();
    let large = send_to(&mut conversation, "an@vi-du.vn", &[b'x'; 1_001]).await;
    assert_eq!(large, Outcome::NotAccepted { seen: Seen::TooLarge { size: 1_001, limit: 1_000 }, intended: false });
    let accented = send_to(&mut conversation, "đạt@vi-du.vn", BODY).await;
    assert_eq!(accented, Outcome::NotAccepted { seen: Seen::NeedsSmtpUtf8, intended: false });
    assert!(server.commands("MAIL").is_empty());
    assert!(matches!(send_to(&mut conversation, "an@vi-du.vn", BODY).await, Outcome::Accepted { .. }));
}

#[tokio::test]
async fn an_accented_address_goes_where_smtputf8_is_offered() {
    let server = SmtpServer::start(Script::offering(&["SIZE 0", "8BITMIME", "SMTPUTF8"])).await;
    let mut conversation = open(&server).await.unwrap();
    assert!(matches!(send_to(&mut conversation, "đạt@vi-du.vn", BODY).await, Outcome::Accepted { .. }));
    assert_eq!(server.commands("MAIL"), [format!("MAIL FROM:<bounce+1.ab@hoi.vn> SIZE={} BODY=8BITMIME SMTPUTF8", BODY.len())]);
    assert_eq!(server.commands("RCPT"), ["RCPT TO:<đạt@vi-du.vn>"]);
}

fn login(auth: Auth) -> Option<Login> {
    Some(Login { account: "vanphong@hoi.vn".into(), secret: Secret::new("mật khẩu"), auth })
}

#[tokio::test]
async fn each_way_to_sign_in_says_what_its_standard_asks() {
    for (auth, says, expected) in [
        (Auth::Plain, vec![Say::Line("235 welcome")], vec!["AUTH PLAIN AHZhbnBob25nQGhvaS52bgBt4bqtdCBraOG6qXU="]),
        (
            Auth::XOAuth2,
            vec![Say::Line("235 welcome")],
            vec!["AUTH XOAUTH2 dXNlcj12YW5waG9uZ0Bob2kudm4BYXV0aD1CZWFyZXIgbeG6rXQga2jhuql1AQE="],
        ),
    ] {
        let server = SmtpServer::start(Script::offering(&["AUTH PLAIN LOGIN XOAUTH2"]).on("AUTH", says)).await;
        Conversation::open(&Endpoint { login: login(auth), ..endpoint(&server) }, "vanthu.hoi.vn", deadlines()).await.unwrap();
        assert_eq!(server.commands("AUTH"), expected);
    }
    let script = Script::offering(&["AUTH=LOGIN"])
        .on("AUTH", [Say::Line("334 VXNlcm5hbWU6")])
        .on("DMFUCGHVBMDAAG9PLNZU", [Say::Line("334 UGFzc3dvcmQ6")])
        .on("BEG6RXQGA2JHUQL1", [Say::Line("235 2.7.0 welcome")]);
    let server = SmtpServer::start(script).await;
    Conversation::open(&Endpoint { login: login(Auth::Login), ..endpoint(&server) }, "vanthu.hoi.vn", deadlines()).await.unwrap();
    assert_eq!(server.heard(|heard| heard.commands[1..].to_vec()), ["AUTH LOGIN", "dmFucGhvbmdAaG9pLnZu", "beG6rXQga2jhuql1"]);
}

#[tokio::test]
async fn a_refused_account_is_told_and_no_secret_is_shown() {
    let script = Script::offering(&["AUTH PLAIN"]).on("AUTH", [Say::Line("535 5.7.8 Username and Password not accepted")]);
    let server = SmtpServer::start(script).await;
    let endpoint = Endpoint { login: login(Auth::Plain), ..endpoint(&server) };
    let seen = Conversation::open(&endpoint, "vanthu.hoi.vn", deadlines()).await.unwrap_err();
    assert!(refused(Phase::Auth, 535)(&seen), "{seen:?}");
    assert!(!format!("{endpoint:?}{seen:?}").contains("mật khẩu"));
    let oauth = Endpoint { login: login(Auth::XOAuth2), ..endpoint };
    let seen = Conversation::open(&oauth, "vanthu.hoi.vn", deadlines()).await.unwrap_err();
    assert!(broken(Phase::Auth, Fault::NoSignIn)(&seen), "{seen:?}");
    // Google and Microsoft give the reason in a challenge first.
    let script = Script::offering(&["AUTH XOAUTH2"])
        .on("AUTH", [Say::Line("334 eyJzdGF0dXMiOiI0MDEifQ==")])
        .on("", [Say::Line("535 5.7.8 expired token")]);
    let server = SmtpServer::start(script).await;
    let seen =
        Conversation::open(&Endpoint { login: login(Auth::XOAuth2), ..self::endpoint(&server) }, "x.vn", deadlines()).await.unwrap_err();
    assert!(refused(Phase::Auth, 535)(&seen), "{seen:?}");
}

#[tokio::test]
async fn tls_is_taken_with_a_certificate_that_holds_and_refused_with_any_other() {
    let certificates = Certificates::new();
    let ours = Trust::new(Some(&certificates.authority())).unwrap();
    let strangers = Trust::new(None).unwrap();
    for (security, host, expired, trust, expected) in [
        (Security::StartTls, "127.0.0.1", false, &ours, None),
        (Security::Tls, "127.0.0.1", false, &ours, None),
        (Security::StartTls, "127.0.0.1", true, &ours, Some("certificate expired")),
        (Security::Tls, "127.0.0.1", true, &ours, Some("certificate expired")),
        (Security::StartTls, "mail.vi-du.vn", false, &ours, Some("not valid for name")),
        (Security::StartTls, "127.0.0.1", false, &strangers, Some("UnknownIssuer")),
        (Security::Tls, "127.0.0.1", false, &strangers, Some("UnknownIssuer")),
    ] {
        let acceptor = certificates.acceptor(host, expired);
        let script = match security {
            Security::Tls => Script::offering(&["AUTH PLAIN"]).implicit_tls(acceptor),
            _ => Script::offering(&[]).starttls(acceptor, &["AUTH PLAIN"]),
        };
        let server = SmtpServer::start(script).await;
        let endpoint = Endpoint { security, trust: trust.clone(), login: login(Auth::Plain), ..endpoint(&server) };
        let opened = Conversation::open(&endpoint, "vanthu.hoi.vn", deadlines()).await;
        match (opened, expected) {
            (Ok(mut conversation), None) => {
                let tls = conversation.peer().tls.clone().unwrap();
                assert_eq!((tls.version.as_str(), tls.certificate_sha256.len()), ("TLS 1.3", 64));
                assert!(matches!(send_to(&mut conversation, "an@vi-du.vn", BODY).await, Outcome::Accepted { .. }));
                assert_eq!(server.heard(|heard| heard.messages[0].bytes.clone()), BODY);
            }
            (Err(seen), Some(reason)) => {
                assert!(broken(Phase::StartTls, Fault::Tls)(&seen), "{seen:?}");
                assert!(seen.describe().en.contains(reason), "{}", seen.describe().en);
                assert!(server.commands("AUTH").is_empty(), "the secret was shown to a stranger");
            }
            (opened, _) => panic!("{security:?} {host} {expired}: {:?}", opened.err()),
        }
    }
}

/// Does the conversation end as it should?
type Verdict = Box<dyn Fn(&Seen) -> bool>;

#[tokio::test]
async fn a_stripped_refused_or_garbled_starttls_ends_before_any_secret() {
    let certificates = Certificates::new();
    let acceptor = certificates.acceptor("127.0.0.1", false);
    let trust = Trust::new(Some(&certificates.authority())).unwrap();
    let injected = Script::offering(&[]).starttls(acceptor.clone(), &[]).on("STARTTLS", [Say::Line("220 go\r\n250 AUTH PLAIN")]);
    let cases: [(&str, Script, Verdict); 4] = [
        ("stripped", Script::offering(&["AUTH PLAIN"]), Box::new(broken(Phase::StartTls, Fault::Tls))),
        (
            "refused",
            Script::offering(&["STARTTLS", "AUTH PLAIN"]).on("STARTTLS", [Say::Line("454 4.7.0 TLS not available")]),
            Box::new(refused(Phase::StartTls, 454)),
        ),
        ("garbled", Script::offering(&["AUTH PLAIN"]).garbled_tls(), Box::new(broken(Phase::StartTls, Fault::Tls))),
        ("injected", injected, Box::new(broken(Phase::StartTls, Fault::Protocol(ReplyError::OutOfStep)))),
    ];
    for (name, script, expected) in cases {
        let server = SmtpServer::start(script).await;
        let endpoint = Endpoint { security: Security::StartTls, trust: trust.clone(), login: login(Auth::Plain), ..endpoint(&server) };
        let seen = Conversation::open(&endpoint, "vanthu.hoi.vn", deadlines()).await.unwrap_err();
        assert!(expected(&seen), "{name}: {seen:?}");
        assert!(server.commands("AUTH").is_empty(), "{name}");
    }
}

#[tokio::test]
async fn nobody_listening_is_the_relay_s_fault() {
    let server = SmtpServer::start(Script::default()).await;
    let mut endpoint = endpoint(&server);
    drop(server);
    endpoint.port = {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        free.local_addr().unwrap().port()
    };
    let seen = Conversation::open(&endpoint, "x.vn", deadlines()).await.unwrap_err();
    assert!(broken(Phase::Connect, Fault::Unreachable)(&seen), "{seen:?}");
}

#[tokio::test]
async fn a_probe_tells_what_the_relay_takes_and_sends_nothing() {
    let server = SmtpServer::start(Script::offering(&["SIZE 5000000", "STARTTLS", "AUTH PLAIN"])).await;
    let endpoint = Endpoint { login: login(Auth::Plain), ..endpoint(&server) };
    let found = probe(&endpoint, "vanthu.hoi.vn", deadlines()).await.unwrap();
    let port = server.port;
    let lines: Vec<String> = found.describe(&endpoint).into_iter().map(|text| text.vi).collect();
    assert_eq!(
        lines,
        [
            format!("đã kết nối 127.0.0.1:{port} (127.0.0.1)").as_str(),
            "không mã hóa",
            "máy chủ có STARTTLS: nên đặt security = \"starttls\"",
            "đã đăng nhập vanphong@hoi.vn",
            "thư đến 5.0 MB, tức tệp PDF đến 3.6 MB; lớn hơn thì gửi liên kết",
            "không nhận địa chỉ có dấu (không có SMTPUTF8)",
        ]
    );
    assert!(server.commands("MAIL").is_empty());
    assert_eq!(server.commands("QUIT").len(), 1);
}
