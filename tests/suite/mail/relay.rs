//! Configuration of relays, secrets, and the folder of `.eml` files.

use std::os::unix::fs::PermissionsExt as _;

use vanthu::language::Language;
use vanthu::mail::folder::MailFolder;
use vanthu::mail::mailbox::BounceMailbox;
use vanthu::mail::relay::{Rate, Relay};
use vanthu::mail::secret::Secret;
use vanthu::message::address::Address;

use crate::support::Office;

fn relay(text: &str) -> Relay {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

fn codes(text: &str) -> Vec<String> {
    relay(text).problems("chinh").into_iter().map(|problem| problem.code.into_owned()).collect()
}

#[test]
fn the_usual_relay_needs_five_lines() {
    let relay = relay(
        "host = \"smtp.gmail.com\"\naccount = \"a@b.vn\"\npassword_file = \"mk\"\nper_day = 2000\n[domains.\"gov.vn\"]\nper_minute = 20\n",
    );
    assert!(relay.problems("chinh").is_empty());
    assert_eq!((relay.port(), relay.max_message_bytes), (587, 10_000_000));
    assert_eq!(relay.rate(), Rate { per_minute: None, per_day: Some(2000) });
    let limit = Some(("gov.vn", Rate { per_minute: Some(20), per_day: None }));
    assert_eq!(relay.rate_of_domain("hochiminhcity.gov.vn"), limit);
    assert_eq!(relay.rate_of_domain("gov.vn"), limit);
    assert_eq!(relay.rate_of_domain("notgov.vn"), None);
}

#[test]
fn offices_of_the_state_get_twenty_a_minute_unless_it_is_said_otherwise() {
    let rate = |more: &str| relay(&format!("host = \"smtp.gmail.com\"\n{more}")).domain_rates()["gov.vn"];
    assert_eq!(rate(""), Rate { per_minute: Some(20), per_day: None });
    assert_eq!(rate("[domains.\"gov.vn\"]\nper_day = 5"), Rate { per_minute: None, per_day: Some(5) });
    assert_eq!(rate("[domains.\"hue.gov.vn\"]\nper_minute = 5"), Rate { per_minute: Some(20), per_day: None });
}

#[test]
fn each_wrong_key_of_a_relay_is_told_at_once() {
    assert!(toml::from_str::<Relay>("host = \"x.vn\"\nhots = 1").is_err());
    assert_eq!(codes("host = \"x.vn\"\nsecurity = \"none\""), ["relay-plaintext"]);
    assert!(codes("host = \"127.0.0.1\"\nsecurity = \"none\"").is_empty());
    assert!(codes("host = \"10.0.0.5\"\nsecurity = \"none\"\nallow_plaintext = true").is_empty());
    assert_eq!(codes("host = \"x.vn\"\naccount = \"a\""), ["relay-secret"]);
    assert_eq!(codes("host = \"x.vn\"\npassword_file = \"mk\""), ["relay-account"]);
    assert_eq!(
        codes(
            "host = \"x y\"\nport = 0\nhelo = \"a\\r\\nb\"\nmax_message_bytes = 10\nper_day = 0\naccount = \"a\"\npassword_env = \"A\"\npassword_file = \"b\"\n[domains.\"Gov.vn\"]\nper_minute = 0"
        ),
        ["relay-host", "relay-port", "relay-secret", "relay-helo", "relay-size", "relay-rate", "relay-rate", "relay-domain"]
    );
    let problem = &relay("host = \"x.vn\"\nsecurity = \"none\"").problems("chinh")[0];
    assert_eq!(
        problem.describe(Language::Vietnamese),
        "lỗi[relay-plaintext] vanthu.toml [mail.relays.chinh]: gửi không mã hóa chỉ được dùng với máy chủ ngay trên máy này\n    cách sửa: đặt security = \"starttls\" hoặc \"tls\"; nếu mạng nội bộ chắc chắn an toàn: allow_plaintext = true"
    );
}

#[test]
fn a_secret_that_others_can_read_is_refused_and_none_is_ever_printed() {
    let office = Office::new();
    let file = office.write("mk", "bí mật\n");
    let read = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        Secret::read(&file)
    };
    for mode in [0o644, 0o640, 0o604, 0o660] {
        assert_eq!(read(mode).unwrap_err().code, "secret-open", "{mode:o}");
    }
    let secret = read(0o600).unwrap();
    assert_eq!(secret.reveal(), "bí mật");
    assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    office.write("mk", "hai\ndòng");
    assert_eq!(read(0o600).unwrap_err().code, "secret-form");
    office.write("mk", "");
    assert_eq!(read(0o600).unwrap_err().code, "secret-form");
    assert_eq!(Secret::read(&office.path.join("none")).unwrap_err().code, "secret-unreadable");
}

#[test]
fn an_endpoint_reads_secret_and_certificates_or_tells_both_faults() {
    let office = Office::new();
    office.write("mk", "x");
    std::fs::set_permissions(office.path.join("mk"), std::fs::Permissions::from_mode(0o644)).unwrap();
    office.write("ca.pem", "không phải chứng thư");
    let relay = relay("host = \"x.vn\"\naccount = \"a\"\npassword_file = \"mk\"\nca_file = \"ca.pem\"");
    let wrong = relay.endpoint("chinh", &office.path, |_| None).unwrap_err();
    assert_eq!(wrong.iter().map(|problem| problem.code.as_ref()).collect::<Vec<_>>(), ["secret-open", "ca-empty"]);
    let relay = self::relay("host = \"x.vn\"\naccount = \"a\"\npassword_env = \"MK\"");
    assert_eq!(relay.endpoint("chinh", &office.path, |_| None).unwrap_err()[0].code, "secret-environment");
    let endpoint = relay.endpoint("chinh", &office.path, |name| Some(format!("giá trị của {name}"))).unwrap();
    assert_eq!(endpoint.login.as_ref().unwrap().secret.reveal(), "giá trị của MK");
    assert!(!format!("{endpoint:?}").contains("giá trị"));
}

#[test]
fn the_bounce_mailbox_has_its_keys_checked_too() {
    let mailbox = |text: &str| toml::from_str::<BounceMailbox>(text).unwrap_or_else(|error| panic!("{error}"));
    let codes = |text: &str| mailbox(text).problems().into_iter().map(|problem| problem.code.into_owned()).collect::<Vec<_>>();
    assert!(codes("host = \"imap.gmail.com\"\naccount = \"a\"\npassword_file = \"mk\"").is_empty());
    assert_eq!(
        codes("host = \"imap gmail\"\naccount = \"\"\ntls = false\nauth = \"login\""),
        ["bounces-host", "bounces-plaintext", "bounces-secret", "bounces-auth", "bounces-account"]
    );
}

#[test]
fn a_message_in_the_folder_is_whole_named_and_there_once() {
    let office = Office::new();
    let folder = MailFolder::open(&office.path.join("thu-di")).unwrap();
    let recipient = Address::parse("o'brien+đ@vi-du.vn").unwrap();
    let path = folder.leave("01JD", &recipient, b"one").unwrap();
    assert_eq!(path.file_name().unwrap().to_str().unwrap(), "01JD-o_brien+đ@vi-du.vn.eml");
    folder.leave("01JD", &recipient, b"one").unwrap();
    let names: Vec<_> = std::fs::read_dir(office.path.join("thu-di")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(std::fs::read(path).unwrap(), b"one");
}

#[test]
fn a_folder_that_cannot_be_written_says_so() {
    let office = Office::new();
    office.write("tep", "");
    let error = MailFolder::open(&office.path.join("tep")).unwrap_err();
    assert!(!error.is_transient());
    assert!(error.to_string().starts_with("cannot write `"), "{error}");
}
