//! Threats and what stands against each. Every threat that the design names has its test; those that stood nowhere else are here.
//!
//! | Threat | Tests |
//! |---|---|
//! | data that are template | `words::filled_words_are_never_filled_again`, `data::values::text_of_typst_and_handlebars_passes_untouched`, `bad_input::hostile_text_is_printed_as_it_is` |
//! | files read by a page, links out of a folder | `workers::a_page_sees_only_its_own_files`, `source::files::a_link_out_of_the_workspace_is_not_followed`, here `a_link_in_a_template_folder_is_not_followed` |
//! | time and memory taken by a template or by data | `workers` (loop, memory, pages, deadline), `bad_files::a_hundred_thousand_combining_marks`, `drafts::a_file_that_takes_too_much_memory_or_time_costs_only_its_own_process` |
//! | wording as a second language | `words::raw_output_and_partials_are_refused`, `mail_words::values_are_escaped_for_html_alone_and_a_subject_is_one_line` |
//! | file names from data | `naming`, `bad_input::recipients_called_con_or_a_path_get_safe_files`, here `a_name_that_was_sent_is_a_name_and_no_header_or_path` |
//! | paths in archives, names of assets | `data::hostile::entries_with_paths_go_nowhere`, `web::configuration` (pictures), here `paths_that_climb_find_nothing` |
//! | formulas in exports | `data::spreadsheets::a_table_holds_texts_only` |
//! | hostile files | `data::hostile`, `bad_files`, `data::json`, `web::make::bad_uploads_get_a_clear_page_and_lose_nothing` |
//! | foreign ids, links to documents | `web::access::a_clerk_of_another_organisation_finds_nothing_of_this_one`, `web::documents::a_link_shows_a_page_gives_the_file_and_ends`, `links` |
//! | guessed codes | `web::check::a_code_that_nobody_has_and_one_that_is_none_look_alike_and_cost_the_same`, here `ten_thousand_guesses_learn_nothing` |
//! | forged certificates | `verification`, `web::check::a_scanned_address_is_checked_in_the_browser_and_a_forged_one_exposed` |
//! | logins, forged requests | `access`, `web::access`, `web::accounts`, here `the_time_of_a_refusal_does_not_tell_whether_the_name_is_known`, `passwords_are_hashed_two_at_a_time` |
//! | keys of programs | `web::api::a_key_opens_what_its_scopes_say_within_its_organisation_while_it_lives`, `store::api`, here `every_route_of_the_api_refuses_a_key_that_holds_no_more` |
//! | requests into the own network | `source::addresses` (62 spellings, 39 networks), `source::web`, `webhooks::a_refusal_a_redirect_and_a_private_address_are_noted_and_nobody_else_is_called` |
//! | queries of schedules | `source::databases` |
//! | exhaustion over HTTP | `web::headers`, `web::hostile` |
//! | stored scripts | `web::script::what_people_write_is_shown_as_text`, `web::browser::texts_that_would_run_are_shown_and_nothing_so_much_as_tries`, here `every_route_answers_under_the_policy` |
//! | secrets in logs | `web::script::the_log_tells_nothing_of_persons_and_secrets_even_at_its_most_talkative`, `mail::conversation::a_refused_account_is_told_and_no_secret_is_shown`, here `the_log_of_a_mailing_names_nobody` |
//! | the key that signs | `verification::a_key_that_others_can_read_or_that_is_none_makes_no_certificate`, `operations::copies` (no secret in a copy) |
//! | what the program is built from | `Cargo.lock`, `tests/licences` |
//! | a changed audit log | `store::a_changed_audit_line_breaks_the_chain` |

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vanthu::app::App;
use vanthu::app::office::Opening;
use vanthu::config::Workspace;
use vanthu::language::Language;
use vanthu::server::routes::{self, Door};

use super::api::{completed, office, program};
use crate::support::site::{Answer, Browser, PASSWORD, Site, log_of};
use crate::support::{Office, PROGRAM, award_run, people};
use crate::verification::{printed_code, verifying};

/// A path of the router with something in its places.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "01ARZ3NDEKTSV4RRFFQ69G5FAV" } else { part }).collect::<Vec<_>>().join("/")
}

/// Sends what fits a route.
fn ask(browser: &mut Browser, method: &str, door: Door, path: &str) -> Answer {
    match method {
        "GET" => browser.get(path),
        "POST" if door == Door::Page => browser.post(path, &[]),
        method => browser.send(method, path, "Content-Type: application/json\r\n", b"{}"),
    }
}

#[test]
fn every_route_answers_under_the_policy() {
    let office = verifying("");
    let mut site = Site::start(&office);
    let administrator = site.administrator();
    let mut walked = 0;
    for route in routes::all() {
        for signed_in in [true, false] {
            let mut browser = if signed_in { administrator.clone() } else { site.browser() };
            if route.door == Door::Api && signed_in {
                browser.extra = format!("X-CSRF-Token: {}\r\n", browser.csrf);
            }
            // Signing out would end the walk.
            if signed_in && route.path == "/dang-xuat" {
                continue;
            }
            let answer = ask(&mut browser, route.method.as_str(), route.door, &filled(route.path));
            let place = format!("{} {} ({signed_in}): {}", route.method, route.path, answer.status);
            let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{place} has no policy"));
            for closed in ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors ", "form-action 'self'"] {
                assert!(policy.contains(closed), "{place}: {policy}");
            }
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{place}: {policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{place}");
            assert!(matches!(answer.header("referrer-policy"), Some("same-origin" | "no-referrer")), "{place}");
            assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{place}");
            let kept = answer.header("cache-control").unwrap_or_else(|| panic!("{place} may be kept"));
            let public = matches!(route.path, "/favicon.ico" | "/v/khoa" | "/tep/{digest}/{*name}" | "/api/v1/openapi.json");
            assert!(kept.contains("no-store") || kept.contains("private") || public, "{place}: {kept}");
            walked += 1;
        }
    }
    assert!(walked > 250, "{walked}");
}

/// A known name and an unknown one in pairs, each as often first as second: the median of what the one took of the other's time
/// lies within a twentieth of one. The machine does other things meanwhile, so pairs are added until it does, but not for ever.
#[test]
fn the_time_of_a_refusal_does_not_tell_whether_the_name_is_known() {
    let office = Office::with_workspace();
    let app = App::new(Workspace::open(&office.path).unwrap(), PROGRAM.into(), Language::Vietnamese);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ratio = runtime.block_on(async {
        let opened = app.office(None, Opening::Beside).await.unwrap();
        let token = app.begin_setup(&opened).await.unwrap().expect("a fresh office");
        app.set_up(&opened, &token, "quantri", "Trần Thị Quản", PASSWORD).await.unwrap();
        let refused = async |name: &str| {
            let begun = Instant::now();
            assert!(app.log_in(&opened, name, "sai hoàn toàn rồi").await.unwrap().is_none());
            begun.elapsed().as_secs_f64()
        };
        let mut ratios = Vec::new();
        for pair in 0..500 {
            let (known, unknown) = if pair % 2 == 0 {
                let known = refused("quantri").await;
                (known, refused("khongco").await)
            } else {
                let unknown = refused("khongco").await;
                (refused("quantri").await, unknown)
            };
            ratios.push(known / unknown);
            ratios.sort_by(f64::total_cmp);
            if pair >= 60 && (ratios[ratios.len() / 2] - 1.0).abs() <= 0.05 {
                break;
            }
        }
        ratios[ratios.len() / 2]
    });
    assert!((ratio - 1.0).abs() <= 0.05, "{ratio}");
}

/// Each hash fills 19 MiB: a dozen at a time would be seen.
#[test]
fn passwords_are_hashed_two_at_a_time() {
    let office = Office::with_workspace();
    let config = String::from_utf8(office.read("vanthu.toml")).unwrap();
    office.write("vanthu.toml", format!("{config}\n[service]\nproxies = [\"127.0.0.1\"]\n"));
    let mut site = Site::start(&office);
    site.administrator();
    let guess = |number: usize| {
        let mut browser = site.browser();
        browser.extra = format!("X-Forwarded-For: 203.0.113.{number}\r\n");
        browser.post("/dang-nhap", &[("name", &format!("nguoi{number}")), ("password", "sai hoàn toàn rồi")]).status
    };
    assert_eq!(guess(0), 401);
    let before = site.peak_kib_anew();
    std::thread::scope(|scope| {
        let all: Vec<_> = (1..=16).map(|number| scope.spawn(move || guess(number))).collect();
        assert!(all.into_iter().all(|one| one.join().unwrap() == 401));
    });
    let grown = site.peak_kib().saturating_sub(before) >> 10;
    assert!(grown < 100, "{grown} MiB for 16 logins at once: unbounded they take 304");
}

/// One answer on a connection that is kept open: its status and its body.
fn next_answer(lines: &mut BufReader<TcpStream>) -> (u16, String) {
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
            status = rest[..3].parse().unwrap();
        }
        if let Some(rest) = line.strip_prefix("content-length: ") {
            length = rest.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        assert!(!line.is_empty(), "the connection ended");
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    (status, String::from_utf8(body).unwrap())
}

#[test]
fn ten_thousand_guesses_learn_nothing() {
    let office = verifying("");
    office.write("d.csv", people(1));
    office.must(&award_run("d.csv", "o", &[]));
    let real = printed_code(&office.path.join("o").join(&office.documents("o")[0])).compact();
    let site = Site::start(&office);
    let stream = TcpStream::connect(&site.address).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let mut said: [Option<String>; 2] = [None, None];
    let mut refused = 0;
    for number in 0..10_000_u32 {
        let code = match number {
            0..20 => format!("{number:016}"),
            _ if number % 10 == 0 => real.clone(),
            _ if number % 3 == 0 => "khong-phai-ma".to_owned(),
            _ => format!("{number:016}"),
        };
        // In one piece: a second one would wait for the first to be acknowledged.
        stream.write_all(format!("GET /v/{code} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
        let (status, body) = next_answer(&mut lines);
        // The page names the path that was asked for, and the seconds to wait.
        let body: String = body.replace(&code, "…").chars().filter(|c| !c.is_ascii_digit()).collect();
        let own = match status {
            // The wait was over.
            200 if code == real => continue,
            404 => &mut said[0],
            429 => &mut said[1],
            other => panic!("{number}: {other}"),
        };
        refused += u32::from(status == 429);
        assert_eq!(*own.get_or_insert_with(|| body.clone()), body, "{number}: {code}");
    }
    // Twenty a minute from one address, after which a certificate's code says no more than any other.
    assert!(said[0].is_some() && refused >= 9_900, "{refused} refused");
}

#[test]
fn every_route_of_the_api_refuses_a_key_that_holds_no_more() {
    let office = office("");
    let site = Site::start(&office);
    let mut all = program(&office, &site, "read,configure,administer", None);
    let mut ended = program(&office, &site, "read,make,approve,send,number,schedule,configure,administer", None);
    let keys: Value = serde_json::from_slice(&all.get("/api/v1/keys").body).unwrap();
    let secret = ended.extra.trim().trim_start_matches("Authorization: Bearer ").to_owned();
    let id = keys["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).find(|id| secret.contains(*id)).unwrap();
    assert_eq!(all.send("DELETE", &format!("/api/v1/keys/{id}"), "", b"").status, 204);
    let mut cut = ended.clone();
    cut.extra = format!("Authorization: Bearer {}\r\n", &secret[..secret.len() - 1]);
    let mut basic = ended.clone();
    basic.extra = "Authorization: Basic YTpi\r\n".to_owned();
    let mut walked = 0;
    for route in routes::all().into_iter().filter(|route| route.door == Door::Api && route.rule != routes::Rule::Public) {
        for browser in [&mut ended, &mut cut, &mut basic] {
            let answer = ask(browser, route.method.as_str(), route.door, &filled(route.path));
            assert_eq!(answer.status, 401, "{} {}", route.method, route.path);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", route.path);
            walked += 1;
        }
    }
    assert!(walked > 100, "{walked}");
}

#[test]
fn a_link_in_a_template_folder_is_not_followed() {
    let office = Office::with_workspace();
    office.must(&["template", "new", "thu"]);
    const PAGE: &str = "mau/thu/page.typ";
    let page = String::from_utf8(office.read(PAGE)).unwrap();
    let secret = office.write("bi-mat.txt", "số tài khoản 0123456789");
    std::os::unix::fs::symlink(&secret, office.path.join("mau/thu/ban-sao.txt")).unwrap();
    std::os::unix::fs::symlink("/etc", office.path.join("mau/thu/etc")).unwrap();
    for reach in ["ban-sao.txt", "etc/passwd"] {
        office.write(PAGE, format!("{page}\n#read(\"{reach}\")\n"));
        let said = office.run(&["preview", "thu"]);
        assert_ne!(said.code, 0, "{reach}: {}", said.stdout);
        let told = said.stdout + &said.stderr;
        assert!(told.contains(reach) && !told.contains("0123456789") && !told.contains("root:"), "{told}");
    }
}

#[test]
fn a_name_that_was_sent_is_a_name_and_no_header_or_path() {
    let office = office("");
    let site = Site::start(&office);
    let mut program = program(&office, &site, "read,make", None);
    let names =
        ["../../../etc/cron.d/x", "a\"; filename=\"b.exe", "x\\..\\y", "CON", ".bashrc", "a%0d%0aSet-Cookie: b=c", "<svg onload=alert(1)>"];
    let records: Vec<Value> =
        names.iter().map(|name| json!({ "doi_tuong": "Tập thể", "danh_xung": "", "ho_ten": name, "don_vi": "Chi hội 1" })).collect();
    let list = json!({ "template": "giay-khen", "records": records, "zip": true,
        "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "công tác khuyến học" } });
    let answer = program.send("POST", "/api/v1/batches", "Content-Type: application/json\r\n", list.to_string().as_bytes());
    assert_eq!(answer.status, 202, "{}", answer.text());
    let batch = serde_json::from_slice::<Value>(&answer.body).unwrap()["batch"].as_str().unwrap().to_owned();
    assert_eq!(completed(&mut program, &batch)["records"]["stored"], names.len());
    let found: Value = serde_json::from_slice(&program.get("/api/v1/documents").body).unwrap();
    for document in found["documents"].as_array().unwrap() {
        let file = program.get(&format!("/api/v1/documents/{}/content", document["id"].as_str().unwrap()));
        let how = file.header("content-disposition").unwrap();
        assert!(how.starts_with("attachment; filename=\"") && how.is_ascii(), "{how}");
        let plain = how.split('"').nth(1).unwrap();
        assert!(!plain.contains(['/', '\\', '%', '<']) && !plain.starts_with('.') && plain.ends_with(".pdf"), "{how}");
        assert_eq!(how.matches("filename=").count(), 1, "{how}");
        assert_eq!(file.header("set-cookie"), None);
    }
    let folder = program.get(&format!("/api/v1/batches/{batch}/files/documents.zip"));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(folder.body)).unwrap();
    assert_eq!(archive.len(), names.len());
    for index in 0..archive.len() {
        let entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap();
        assert!(!name.contains(['/', '\\', '"', '<']) && !name.starts_with('.'), "{name}");
    }
}

#[test]
fn paths_that_climb_find_nothing() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let administrator = site.administrator();
    let climbs = [
        "..%2f..%2fvanthu.toml",
        "%2e%2e%2f%2e%2e%2fvanthu.toml",
        "..%5c..%5cvanthu.toml",
        "%00",
        "a%00.pdf",
        "%c0%ae%c0%ae%c0%afvanthu.toml",
        "%ff%fe",
        "....%2f%2fvanthu.toml",
        "%252e%252e%252fvanthu.toml",
    ];
    let mut walked = 0;
    for route in routes::all().into_iter().filter(|route| route.method == "GET" && route.path.contains('{')) {
        for climb in climbs {
            let path: Vec<&str> = route.path.split('/').map(|part| if part.starts_with('{') { climb } else { part }).collect();
            let answer = administrator.clone().get(&path.join("/"));
            // The table of templates and organisations knows no such name; nothing reads a file because a path says so.
            assert!([303, 400, 404, 422].contains(&answer.status), "{} {climb}: {}", route.path, answer.status);
            assert!(!answer.text().contains("[organisations"), "{} {climb}", route.path);
            walked += 1;
        }
    }
    assert!(walked > 300, "{walked}");
}

#[test]
fn the_log_of_a_mailing_names_nobody() {
    let office = office("");
    let site = Site::start_with(&office, &[("VANTHU_LOG", "trace")]);
    let mut program = program(&office, &site, "read,make,send", None);
    let list = "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Thư điện tử\nCá nhân,Bà,Lê Thị Sơn Ca,Chi hội Hải Âu,sonca@vi-du.vn\nCá nhân,Ông,Trần Văn Hoàng Yến,Chi hội Hải Âu,hoangyen@vi-du.vn\n";
    let request = json!({ "template": "giay-khen", "mail": {}, "common": { "so_quyet_dinh": "12/QĐ-HKH", "ngay": "27/12/2019", "phong_trao": "khuyến học" } });
    let body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{request}\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"danh-sach.csv\"\r\n\r\n{list}\r\n--B--\r\n"
    );
    let accepted = program.send("POST", "/api/v1/batches", "Content-Type: multipart/form-data; boundary=B\r\n", body.as_bytes());
    assert_eq!(accepted.status, 202, "{}", accepted.text());
    let begun = Instant::now();
    while !program.get("/api/v1/deliveries?state=sent").text().contains("hoangyen@vi-du.vn") {
        assert!(begun.elapsed() < Duration::from_secs(90), "{}", program.get("/api/v1/deliveries").text());
        std::thread::sleep(Duration::from_millis(100));
    }
    let key = program.extra.trim().trim_start_matches("Authorization: Bearer ").to_owned();
    drop(site);
    let log = log_of(&office);
    assert!(log.contains("http.answered"), "{log}");
    for canary in ["sonca", "hoangyen", "Sơn Ca", "Hoàng Yến", "Hải Âu", "12/QĐ-HKH", "danh-sach.csv", key.as_str()] {
        assert!(!log.contains(canary), "{canary} is in\n{log}");
    }
}
