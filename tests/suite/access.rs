//! Passwords, one-time codes, tokens and the throttle, without a server around them.

use vanthu::access::throttle::{Limit, Throttle};
use vanthu::access::{Principal, Right, Role, password, token, totp};

const MINUTE: i64 = 60_000;

#[test]
fn one_time_codes_are_those_of_the_standard() {
    // RFC 6238, appendix B, SHA-1: the last six of the eight digits.
    let secret = totp::secret_text(*b"12345678901234567890");
    assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")] {
        assert_eq!(totp::code_at(&secret, seconds * 1_000).as_deref(), Some(code));
    }
}

#[test]
fn a_code_counts_for_three_steps_and_once() {
    let secret = totp::secret_text(*b"12345678901234567890");
    let now = 1_234_567_890_000;
    let step = totp::verify(&secret, "005924", now, 0).unwrap();
    assert_eq!(totp::verify(&secret, "005 924", now + 30_000, 0), Some(step), "a slow typist, with a blank");
    assert_eq!(totp::verify(&secret, "005924", now - 30_000, 0), Some(step), "a clock that is late");
    assert_eq!(totp::verify(&secret, "005924", now + 90_000, 0), None);
    assert_eq!(totp::verify(&secret, "005924", now, step), None, "it was used");
    assert_eq!(totp::verify("không phải khóa", "005924", now, 0), None);
    assert_eq!(
        totp::address(&secret, "an", "Hội A&B"),
        "otpauth://totp/H%E1%BB%99i%20A%26B:an?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=H%E1%BB%99i%20A%26B&algorithm=SHA1&digits=6&period=30"
    );
}

#[test]
fn a_password_is_the_same_on_every_keyboard_and_nothing_else_is() {
    let kept = password::hash("m\u{1ead}t kh\u{1ea9}u d\u{e0}i", [7; 16]);
    assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"), "{kept}");
    assert!(password::verify("ma\u{323}\u{302}t kha\u{302}\u{309}u da\u{300}i", &kept), "written with separate marks");
    assert!(!password::verify("mat khau dai", &kept) && !password::verify("", &kept));
    assert_ne!(kept, password::hash("m\u{1ead}t kh\u{1ea9}u d\u{e0}i", [8; 16]), "the salt counts");
    for broken in ["", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$", "$argon2id$v=19$m=0,t=0,p=0$BwcH$BwcH", "m\u{1ead}t"] {
        assert!(!password::verify("m\u{1ead}t kh\u{1ea9}u d\u{e0}i", broken), "{broken}");
    }
}

#[test]
fn what_is_short_or_guessed_at_once_is_no_password() {
    let code = |text: &str| password::problem(text, "nguyenvanan").map(|problem| problem.code.into_owned());
    assert_eq!(code("chín ký t"), Some("password-short".to_owned()));
    assert_eq!(code(&"dài".repeat(50)), Some("password-long".to_owned()));
    for weak in ["1234567890", "MatKhau123", "aaaaaaaaaaaa", "NguyenVanAn2026"] {
        assert_eq!(code(weak), Some("password-weak".to_owned()), "{weak}");
    }
    assert_eq!(code("bốn từ không liên quan"), None);
    assert_eq!(password::problem("thanhphoan1", "an"), None, "a short name is in many words");
}

#[test]
fn tries_are_counted_by_name_and_waits_grow_but_end() {
    let mut throttle = Throttle::new(Limit { per_minute: 5, wait_max: 5 * MINUTE, names_max: 100 });
    let mut now = 0;
    for _ in 0..5 {
        assert_eq!(throttle.take("an", now), Ok(()));
    }
    let mut waits = Vec::new();
    for _ in 0..5 {
        let wait = throttle.take("an", now).unwrap_err();
        waits.push(wait / MINUTE);
        assert_eq!(throttle.take("an", now + wait / 2), Err(wait - wait / 2), "what is tried meanwhile makes it no longer");
        assert_eq!(throttle.take("binh", now), Ok(()), "others are not hindered");
        now += wait;
        for _ in 0..5 {
            assert_eq!(throttle.take("an", now), Ok(()), "after the wait it counts anew");
        }
    }
    assert_eq!(waits, [1, 2, 4, 5, 5]);
    now += 20 * MINUTE;
    for _ in 0..5 {
        assert_eq!(throttle.take("an", now), Ok(()));
    }
    assert_eq!(throttle.take("an", now), Err(MINUTE), "quiet is rewarded");
    throttle.forgive("an");
    assert_eq!(throttle.take("an", now), Ok(()));
}

#[test]
fn names_without_end_do_not_fill_the_memory_and_do_not_free_who_waits() {
    let mut throttle = Throttle::new(Limit { per_minute: 2, wait_max: 5 * MINUTE, names_max: 50 });
    for _ in 0..3 {
        let _ = throttle.take("an", 0);
    }
    for number in 0..40 {
        assert_eq!(throttle.take(&number.to_string(), 1_000 + number), Ok(()));
    }
    assert!(throttle.take("an", 2_000).is_err());
    for number in 0..10_000 {
        assert_eq!(throttle.take(&format!("x{number}"), 3_000 + number), Ok(()));
    }
    assert!(throttle.take("an", 14_000).is_err(), "a wait is not forgotten for others' names");
}

#[test]
fn no_name_is_kept_however_long_it_is() {
    let mut throttle = Throttle::new(Limit { per_minute: 2, wait_max: 5 * MINUTE, names_max: 50 });
    let long = "liên kết bí mật ".repeat(10_000);
    for _ in 0..2 {
        assert_eq!(throttle.take(&long, 0), Ok(()));
    }
    assert_eq!(throttle.take(&long, 0), Err(MINUTE));
    assert_eq!(throttle.take(&long[1..], 0), Ok(()), "another name");
    let kept = format!("{throttle:?}");
    assert!(kept.len() < 2_000 && !kept.contains("bí mật"), "{} bytes", kept.len());
    throttle.forgive(&long);
    assert_eq!(throttle.take(&long, 0), Ok(()));
}

#[test]
fn tokens_are_told_from_other_texts() {
    let text = token::text([255; 32]);
    assert_eq!(text.len(), 43);
    assert!(token::is_token(&text) && !token::is_token(&text[1..]) && !token::is_token(&format!("{}=", &text[1..])));
    assert_eq!(token::digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "FIPS 180-2");
    let key = token::key_text("01ARZ", [1; 32]);
    assert_eq!(token::key_parts(&key), Some(("01ARZ", key.rsplit('_').next().unwrap())));
    for wrong in ["", "vt_", "vt_01ARZ", "vt_01ARZ_ngắn", "xx_01ARZ_", &key[..key.len() - 1]] {
        assert_eq!(token::key_parts(wrong), None, "{wrong}");
    }
    assert_ne!(token::csrf("s", "an", "1"), token::csrf("s", "binh", "1"));
    assert_ne!(token::csrf("s", "an", "1"), token::csrf("s", "an", "2"));
}

#[test]
fn roles_have_the_rights_of_the_house() {
    assert_eq!(Role::Clerk.rights().into_iter().map(Right::name).collect::<Vec<_>>(), ["read", "make", "send", "number"]);
    assert!(Role::Approver.rights().contains(&Right::Approve) && !Role::Approver.rights().contains(&Right::Configure));
    assert_eq!(Role::Administrator.rights().len(), Right::ALL.len());
    for right in Right::ALL {
        assert_eq!(Right::from_name(right.name()), Some(right));
    }
    let bound = Principal { name: "an".into(), rights: Role::Clerk.rights(), organisation: Some("hoi".into()), account: None };
    assert!(bound.sees(Some("hoi")) && !bound.sees(Some("khac")) && !bound.sees(None));
    assert!(!Principal::anonymous().is_known() && Principal::anonymous().rights.is_empty());
}
