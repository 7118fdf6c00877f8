//! Links and signatures as texts: what may be changed in them, and when they are over.

use vanthu::access::link::{Fault, LIFE_MAX, Link};
use vanthu::access::signature::{TOLERANCE, secret_text, sign, verify};

use crate::support::python;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn link() -> Link {
    Link {
        key: "01JZZZZZZZZZZZZZZZZZZZZZZA".into(),
        id: "01JZZZZZZZZZZZZZZZZZZZZZZB".into(),
        document: "01JZZZZZZZZZZZZZZZZZZZZZZC".into(),
        expires: 1_000_000,
    }
}

#[test]
fn a_link_opens_until_its_end_and_not_a_second_longer() {
    let text = link().seal(SECRET);
    let read = Link::read(&text).expect("a link");
    assert_eq!(read, link());
    assert_eq!(read.verify(&text, SECRET, 999_999), Ok(()));
    assert_eq!(read.verify(&text, SECRET, 1_000_000), Err(Fault::Expired));
    assert_eq!(read.verify(&text, SECRET, 1_000_000 - LIFE_MAX), Ok(()));
    assert_eq!(read.verify(&text, SECRET, 999_999 - LIFE_MAX), Err(Fault::Expired), "seven days at most");
}

#[test]
fn no_letter_of_a_link_can_be_changed() {
    let text = link().seal(SECRET);
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{text}");
    for (place, letter) in text.char_indices() {
        for other in ['A', '0', 'z', '.'] {
            if other == letter {
                continue;
            }
            let forged = format!("{}{other}{}", &text[..place], &text[place + 1..]);
            let fault = Link::read(&forged).map(|link| link.verify(&forged, SECRET, 999_999));
            assert!(matches!(fault, None | Some(Err(Fault::Forged))), "{forged}");
        }
    }
    assert_eq!(link().verify(&link().seal(b"another"), SECRET, 999_999), Err(Fault::Forged));
}

#[test]
fn what_is_no_link_is_not_read_as_one() {
    let text = link().seal(SECRET);
    let (said, _) = text.rsplit_once('.').expect("a tag");
    for wrong in
        ["", ".", "....", "a.b.c.1.pdf.x", said, &format!("{text}."), &format!("{text}.x"), &text.replace("pdf", "zip"), "é.é.é.é.é.é"]
    {
        assert_eq!(Link::read(wrong), None, "{wrong}");
    }
    assert_eq!(Link::read(&text.replace("1000000", "99999999999999999999")), None);
}

#[test]
fn a_call_is_signed_as_its_receiver_computes_it_within_five_minutes() {
    let body = "{\"giá\":1}".as_bytes();
    let signature = sign(SECRET, "lo.1", 1_700_000_000, body);
    let theirs = python(
        "import base64,hashlib,hmac,sys\n\
         key=base64.b64decode(sys.argv[1].split('_',1)[1])\n\
         print('v1,'+base64.b64encode(hmac.new(key,'lo.1.1700000000.{\"giá\":1}'.encode(),hashlib.sha256).digest()).decode())",
        &[std::path::Path::new(&secret_text(SECRET))],
    );
    assert_eq!(signature, theirs.trim());
    let check = |body: &[u8], now: i64| verify(SECRET, "lo.1", 1_700_000_000, body, &signature, now);
    assert!(check(body, 1_700_000_000 + TOLERANCE) && check(body, 1_700_000_000 - TOLERANCE));
    assert!(!check(body, 1_700_000_001 + TOLERANCE) && !check(body, 1_699_999_999 - TOLERANCE));
    assert!(!check(b"{}", 1_700_000_000));
    assert!(verify(SECRET, "lo.1", 1_700_000_000, body, &format!("v1,xx {signature}"), 1_700_000_000), "one of several may be another's");
}
