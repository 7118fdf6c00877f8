//! Web addresses that are made to reach what nobody meant them to reach.

use vanthu::source::{Refusal, SourceError, Web};

use super::Desk;

/// Addresses refused for what they are, while `thongke.example.vn` and everything below `mo.example.vn` are allowed.
#[test]
fn an_address_that_says_something_else_than_an_allowed_host_is_refused() {
    let web = Web { allow: vec!["thongke.example.vn".into(), "*.mo.example.vn".into()], allow_private: Vec::new() };
    let host = |host: &str| Refusal::Host(host.into());
    let scheme = |scheme: &str| Refusal::Scheme(scheme.into());
    let cases = [
        // Numbers that are addresses, in every way of writing them.
        ("http://127.0.0.1/", host("127.0.0.1")),
        ("http://127.1/", host("127.0.0.1")),
        ("http://127.0.1/", host("127.0.0.1")),
        ("http://2130706433/", host("127.0.0.1")),
        ("http://0x7f000001/", host("127.0.0.1")),
        ("http://0x7f.0.0.1/", host("127.0.0.1")),
        ("http://017700000001/", host("127.0.0.1")),
        ("http://0177.0.0.01/", host("127.0.0.1")),
        ("http://0/", host("0.0.0.0")),
        ("http://127.0.0.1./", host("127.0.0.1")),
        ("http://１２７.０.０.１/", host("127.0.0.1")),
        ("http://%31%32%37.0.0.1/", host("127.0.0.1")),
        ("http://[::1]/", host("[::1]")),
        ("http://[::]/", host("[::]")),
        ("http://[::ffff:127.0.0.1]/", host("[::ffff:7f00:1]")),
        ("http://[0:0:0:0:0:ffff:7f00:1]/", host("[::ffff:7f00:1]")),
        ("http://169.254.169.254/latest/meta-data/", host("169.254.169.254")),
        ("http://0xa9fea9fe/", host("169.254.169.254")),
        // Names.
        ("http://localhost/", host("localhost")),
        ("http://LOCALHOST./", host("localhost.")),
        ("http://ⓛocalhost/", host("localhost")),
        ("http://thongke.example.vn.evil.example/", host("thongke.example.vn.evil.example")),
        ("http://evilthongke.example.vn/", host("evilthongke.example.vn")),
        ("http://mo.example.vn/", host("mo.example.vn")),
        ("http://.mo.example.vn/", host(".mo.example.vn")),
        ("http://xmo.example.vn/", host("xmo.example.vn")),
        ("http://thongke.example.vn:8080/", host("thongke.example.vn:8080")),
        ("http://thongke.example.vn:22/", host("thongke.example.vn:22")),
        ("http://evil.example/?thongke.example.vn", host("evil.example")),
        ("http://evil.example#thongke.example.vn", host("evil.example")),
        ("http://evil.example/#@thongke.example.vn/", host("evil.example")),
        // A host that two parsers read differently.
        ("http://thongke.example.vn@evil.example/", Refusal::UserInfo),
        ("http://evil.example@thongke.example.vn/", Refusal::UserInfo),
        ("http://@thongke.example.vn/", Refusal::UserInfo),
        ("http://a:b@thongke.example.vn/", Refusal::UserInfo),
        ("http:@thongke.example.vn/", Refusal::UserInfo),
        ("http://thongke.example.vn:80@127.0.0.1:80@evil.example/", Refusal::UserInfo),
        ("http://evil.example\\@thongke.example.vn/", Refusal::Malformed),
        ("http:\\\\thongke.example.vn\\", Refusal::Malformed),
        ("http://thongke.example.vn\t.evil.example/", Refusal::Malformed),
        ("http://thongke.example.vn\r\nHost: evil.example/", Refusal::Malformed),
        (" http://thongke.example.vn/", Refusal::Malformed),
        ("http://thongke.example.vn\u{a0}/", Refusal::Malformed),
        ("http://127.0.0.1%2f@thongke.example.vn/", Refusal::UserInfo),
        ("http://thongke.example.vn%00.evil.example/", Refusal::Malformed),
        ("http://thongke.example.vn:99999/", Refusal::Malformed),
        ("http://256.256.256.256/", Refusal::Malformed),
        ("http://[fe80::1%25eth0]/", Refusal::Malformed),
        ("http:///", Refusal::Malformed),
        ("//thongke.example.vn/", Refusal::Malformed),
        ("thongke.example.vn", Refusal::Malformed),
        ("", Refusal::Malformed),
        // Other schemes, in any case.
        ("file:///etc/passwd", scheme("file")),
        ("FILE:///etc/passwd", scheme("file")),
        ("ftp://thongke.example.vn/", scheme("ftp")),
        ("gopher://thongke.example.vn:80/_GET", scheme("gopher")),
        ("data:text/csv,a", scheme("data")),
        ("jar:http://thongke.example.vn!/", scheme("jar")),
        ("unix:/run/docker.sock", scheme("unix")),
        ("view-source:http://thongke.example.vn/", scheme("view-source")),
    ];
    for (url, expected) in cases {
        assert_eq!(web.check(url).map(|url| url.to_string()), Err(expected), "{url:?}");
    }
}

#[test]
fn an_allowed_host_is_the_same_host_however_it_is_written() {
    let web = Web {
        allow: vec!["thongke.example.vn".into(), "*.mo.example.vn".into(), "Hội.example.vn".into(), "noi-bo.example.vn:8443".into()],
        allow_private: Vec::new(),
    };
    for (url, expected) in [
        ("HTTPS://THONGKE.example.VN/Danh-Sach.xlsx", "https://thongke.example.vn/Danh-Sach.xlsx"),
        ("https://thongke.example.vn./", "https://thongke.example.vn./"),
        ("https://thongke.example.vn:443/", "https://thongke.example.vn/"),
        ("http://thongke.example.vn:443/", "http://thongke.example.vn:443/"),
        ("http://thongke.example.vn/a@b", "http://thongke.example.vn/a@b"),
        ("https://a.mo.example.vn/", "https://a.mo.example.vn/"),
        ("https://a.b.mo.example.vn/", "https://a.b.mo.example.vn/"),
        ("https://hội.example.vn/", "https://xn--hi-79s.example.vn/"),
        ("https://noi-bo.example.vn:8443/", "https://noi-bo.example.vn:8443/"),
    ] {
        assert_eq!(web.check(url).map(|url| url.to_string()), Ok(expected.into()), "{url}");
    }
    assert_eq!(web.check("https://noi-bo.example.vn/"), Err(Refusal::Host("noi-bo.example.vn".into())));
}

/// Here the operator allowed the very host; where it leads is refused all the same.
#[test]
fn an_allowed_host_that_leads_into_a_private_network_is_refused_before_it_is_dialled() {
    for (host, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("127.255.255.254", "127.255.255.254"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("10.1.2.3", "10.1.2.3"),
        ("172.16.0.1", "172.16.0.1"),
        ("172.31.255.255", "172.31.255.255"),
        ("192.168.1.1", "192.168.1.1"),
        ("169.254.169.254", "169.254.169.254"),
        ("100.64.0.1", "100.64.0.1"),
        ("100.100.100.200", "100.100.100.200"),
        ("168.63.129.16", "168.63.129.16"),
        ("192.0.0.192", "192.0.0.192"),
        ("192.0.2.1", "192.0.2.1"),
        ("192.88.99.1", "192.88.99.1"),
        ("198.18.0.1", "198.18.0.1"),
        ("198.51.100.1", "198.51.100.1"),
        ("203.0.113.1", "203.0.113.1"),
        ("224.0.0.1", "224.0.0.1"),
        ("240.0.0.1", "240.0.0.1"),
        ("255.255.255.255", "255.255.255.255"),
        ("[::]", "::"),
        ("[::1]", "::1"),
        ("[::127.0.0.1]", "::7f00:1"),
        ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
        ("[::ffff:8.8.8.8]", "::ffff:8.8.8.8"),
        ("[64:ff9b::7f00:1]", "64:ff9b::7f00:1"),
        ("[64:ff9b:1::1]", "64:ff9b:1::1"),
        ("[100::1]", "100::1"),
        ("[2001::1]", "2001::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2002:7f00:1::]", "2002:7f00:1::"),
        ("[3fff::1]", "3fff::1"),
        ("[fc00::1]", "fc00::1"),
        ("[fd00:ec2::254]", "fd00:ec2::254"),
        ("[fe80::1]", "fe80::1"),
        ("[fec0::1]", "fec0::1"),
        ("[ff02::1]", "ff02::1"),
    ] {
        let mut desk = Desk::new();
        desk.web.allow = vec![host.into()];
        let error = desk.fetch(&format!("url = \"http://{host}/\"")).expect_err(host);
        let SourceError::Refused(Refusal::Private { address: found, .. }) = error else { panic!("{host}: {error:?}") };
        assert_eq!(found, address.parse::<std::net::IpAddr>().unwrap(), "{host}");
    }
}

#[test]
fn a_name_is_refused_when_any_of_its_addresses_is_private() {
    for name in ["localhost", "localhost.", "noi-bo.example.vn"] {
        let mut desk = Desk::new();
        desk.web.allow = vec![name.into()];
        desk.hosts.answers.insert(name.into(), vec![vec!["1.1.1.1".parse().unwrap(), "::1".parse().unwrap()]]);
        let error = desk.fetch(&format!("url = \"https://{name}/\"")).expect_err(name);
        assert!(matches!(error, SourceError::Refused(Refusal::Private { .. })), "{error:?}");
    }
}

#[test]
fn public_addresses_are_public() {
    // An address that is public anyway is refused in `allow_private`: so the judgement is seen without dialling.
    for address in
        ["1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "2606:4700::1111", "2400:cb00::1"]
    {
        let web = Web { allow: Vec::new(), allow_private: vec![address.parse().unwrap()] };
        let said: Vec<String> = web.problems().iter().map(|problem| problem.code.to_string()).collect();
        assert_eq!(said, ["fetch-allow-private"], "{address}");
    }
    for address in ["10.1.2.3", "::1", "fd00::1", "192.168.0.1"] {
        let web = Web { allow: Vec::new(), allow_private: vec![address.parse().unwrap()] };
        assert!(web.problems().is_empty(), "{address}");
    }
}
