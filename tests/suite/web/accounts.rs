//! The first administrator, further people, what they change of themselves.

use crate::support::Office;
use crate::support::site::{PASSWORD, Site};

#[test]
fn the_first_start_prints_a_link_that_makes_one_administrator_and_dies() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut stranger = site.browser();
    assert!(stranger.get("/dang-nhap").text().contains("Chưa có người quản trị"), "there is no default account");
    let path = site.setup_path();
    let mut browser = site.browser();
    assert!(browser.get(&path).text().contains("Tạo người quản trị đầu tiên"));
    let token = path.split("ma=").nth(1).unwrap().to_owned();
    let form = |password: &'static str, again: &'static str| {
        [
            ("ma", token.clone()),
            ("full_name", "Trần Thị Quản".into()),
            ("name", "QuanTri".into()),
            ("password", password.into()),
            ("again", again.into()),
        ]
    };
    let send = |browser: &mut crate::support::site::Browser, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post("/thiet-lap", &fields)
    };
    let weak = send(&mut browser, &form("ngắn", "ngắn"));
    assert_eq!(weak.status, 422);
    assert!(weak.text().contains("mật khẩu phải có ít nhất 10 ký tự"), "{}", weak.text());
    let differ = send(&mut browser, &form(PASSWORD, "khác hẳn với cái kia"));
    assert!(differ.text().contains("hai lần nhập mật khẩu không giống nhau"));
    assert!(differ.text().contains("value=\"Trần Thị Quản\""), "what was typed stays");
    assert_eq!(send(&mut browser, &form(PASSWORD, PASSWORD)).status, 303);
    let first = browser.get("/");
    assert_eq!(first.status, 200, "{}", first.text());
    assert!(first.text().contains("Trần Thị Quản"));
    let again = send(&mut stranger, &form(PASSWORD, PASSWORD));
    assert_eq!(again.status, 410, "the link is dead");
    assert_eq!(stranger.get(&path).status, 410);
    drop(site);
    // A later start knows that there is an administrator.
    let site = Site::start(&office);
    assert!(site.browser().get("/dang-nhap").text().contains("Tên đăng nhập"));
}

#[test]
fn a_user_is_made_by_a_link_that_works_once() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let made = administrator
        .post("/nguoi-dung/moi", &[("name", "An"), ("full_name", "Nguyễn Văn An"), ("role", "clerk"), ("organisation", "hoi")]);
    let link = made.link();
    let path = link.split(&site.address).nth(1).unwrap().to_owned();
    let mut clerk = site.browser();
    assert!(clerk.get(&path).text().contains("Chào Nguyễn Văn An"));
    let token = path.split("ma=").nth(1).unwrap();
    assert_eq!(clerk.post("/moi", &[("ma", token), ("password", PASSWORD), ("again", PASSWORD)]).status, 303);
    assert_eq!(clerk.get(&path).status, 410, "once");
    let own = clerk.get("/tai-khoan").text();
    assert!(own.contains("Hội Khuyến học Phường Thí Điểm") && own.contains("Văn thư"), "{own}");
    assert_eq!(clerk.get("/nguoi-dung").status, 403);
    let taken =
        administrator.post("/nguoi-dung/moi", &[("name", "an"), ("full_name", "Lê Văn An"), ("role", "clerk"), ("organisation", "")]);
    assert!(taken.text().contains("đã có người dùng tên này"), "{}", taken.text());
}

#[test]
fn a_new_password_ends_every_login_of_the_account() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let mut first = site.account(&mut administrator, "an", "clerk", "");
    let mut second = site.browser();
    second.sign_in("an", PASSWORD);
    let new = "một câu khác hẳn câu kia";
    first.get("/tai-khoan");
    let wrong = first.post("/tai-khoan/mat-khau", &[("old", "không phải"), ("password", new), ("again", new)]);
    assert!(wrong.text().contains("mật khẩu hiện tại không đúng"), "{}", wrong.text());
    let before = first.login.clone();
    let changed = first.post("/tai-khoan/mat-khau", &[("old", PASSWORD), ("password", new), ("again", new)]);
    assert_eq!((changed.status, changed.header("location")), (303, Some("/tai-khoan?xong=mat-khau")));
    assert_ne!(first.login, before, "the login is renewed");
    assert_eq!(first.get("/tai-khoan").status, 200);
    assert_eq!(second.get("/tai-khoan").status, 303, "the other login has ended");
    let mut old = site.browser();
    assert_eq!(old.post("/dang-nhap", &[("name", "an"), ("password", PASSWORD)]).status, 401);
}

#[test]
fn a_disabled_account_is_out_at_once_and_the_last_administrator_stays() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let mut clerk = site.account(&mut administrator, "an", "clerk", "");
    let list = administrator.get("/nguoi-dung").text();
    let id_of = |name: &str| {
        let before = list.split(&format!(">{name}</a>")).next().unwrap();
        before.rsplit("/nguoi-dung/").next().unwrap().split('"').next().unwrap().to_owned()
    };
    let clerk_page = format!("/nguoi-dung/{}", id_of("Người an"));
    let version = |page: &str| page.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let seen = version(&administrator.get(&clerk_page).text());
    let fields = |version: String, more: bool| {
        let mut fields = vec![
            ("version", version),
            ("full_name", "Nguyễn An".to_owned()),
            ("role", "clerk".to_owned()),
            ("organisation", String::new()),
        ];
        if more {
            fields.push(("disabled", "on".to_owned()));
        }
        fields
    };
    let mut send = |path: &str, fields: Vec<(&str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        administrator.post(path, &fields)
    };
    assert_eq!(send(&clerk_page, fields(seen.clone(), true)).status, 303);
    assert_eq!(clerk.get("/").status, 303, "out at once");
    assert_eq!(send(&clerk_page, fields(seen, false)).status, 409, "the version is stale");
    let own = format!("/nguoi-dung/{}", id_of("Trần Thị Quản"));
    let answer = send(&own, fields("2".to_owned(), false));
    assert!(answer.text().contains("người quản trị cuối cùng"), "{} {}", answer.status, answer.text());
}

/// The secret that the page of enrolment shows.
pub(super) fn shown_secret(page: &str) -> String {
    let groups = page.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_else(|| panic!("no secret in {page}"));
    groups.replace(' ', "")
}

fn code_of(secret: &str, later: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    vanthu::access::totp::code_at(secret, i64::try_from(now).unwrap() + later).unwrap()
}

#[test]
fn an_authenticator_is_not_replaced_without_the_password() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let own = shown_secret(&administrator.post("/tai-khoan/ma", &[("password", PASSWORD)]).text());
    assert_eq!(administrator.post("/tai-khoan/ma/xac-nhan", &[("code", &code_of(&own, 0))]).status, 303);
    // Somebody at the open browser, with an authenticator of their own.
    let theirs = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let taken = administrator.post("/tai-khoan/ma/xac-nhan", &[("secret", theirs), ("code", &code_of(theirs, 0))]);
    assert_eq!(taken.status, 422, "{}", taken.text());
    assert!(taken.text().contains("khóa đã hiện không còn dùng được"), "{}", taken.text());
    let mut browser = site.browser();
    browser.post("/dang-nhap", &[("name", "quantri"), ("password", PASSWORD)]);
    assert_eq!(browser.post("/dang-nhap/ma", &[("code", &code_of(theirs, 0))]).status, 401);
    assert_eq!(browser.post("/dang-nhap/ma", &[("code", &code_of(&own, 30_000))]).status, 303, "the old one still counts");
    // What one login was shown, another cannot confirm; and codes are not guessed.
    let fresh = shown_secret(&administrator.post("/tai-khoan/ma", &[("password", PASSWORD)]).text());
    browser.get("/tai-khoan");
    assert!(browser.post("/tai-khoan/ma/xac-nhan", &[("code", &code_of(&fresh, 0))]).text().contains("không còn dùng được"));
    let statuses: Vec<u16> = (0..8).map(|_| administrator.post("/tai-khoan/ma/xac-nhan", &[("code", "000000")]).status).collect();
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

#[test]
fn an_administrator_belongs_to_no_single_organisation() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    let fields = [("name", "an"), ("full_name", "Nguyễn An"), ("role", "administrator"), ("organisation", "hoi")];
    let made = administrator.post("/nguoi-dung/moi", &fields);
    assert_eq!(made.status, 422);
    assert!(made.text().contains("người quản trị không thể chỉ thuộc một đơn vị"), "{}", made.text());
    site.account(&mut administrator, "an", "clerk", "hoi");
    let list = administrator.get("/nguoi-dung").text();
    let id = list.split(">Người an</a>").next().unwrap().rsplit("/nguoi-dung/").next().unwrap().split('"').next().unwrap().to_owned();
    let page = administrator.get(&format!("/nguoi-dung/{id}")).text();
    let version = page.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let raised = [("version", version.as_str()), ("full_name", "An"), ("role", "administrator"), ("organisation", "hoi")];
    assert_eq!(administrator.post(&format!("/nguoi-dung/{id}"), &raised).status, 422);
    let raised = [("version", version.as_str()), ("full_name", "An"), ("role", "administrator"), ("organisation", "")];
    assert_eq!(administrator.post(&format!("/nguoi-dung/{id}"), &raised).status, 303);
}

#[test]
fn one_time_codes_are_asked_for_once_they_are_confirmed_and_count_once() {
    let office = Office::with_workspace();
    let mut site = Site::start(&office);
    let mut administrator = site.administrator();
    assert!(administrator.get("/").text().contains("nên bật mã xác thực"), "enrolment is urged");
    let shown = administrator.post("/tai-khoan/ma", &[("password", PASSWORD)]).text();
    let secret = shown_secret(&shown);
    let code = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        vanthu::access::totp::code_at(&secret, i64::try_from(now).unwrap()).unwrap()
    };
    assert_eq!(administrator.post("/tai-khoan/ma/xac-nhan", &[("code", "000000")]).status, 422);
    let used = code();
    assert_eq!(administrator.post("/tai-khoan/ma/xac-nhan", &[("code", &used)]).status, 303);
    let mut browser = site.browser();
    let begun = browser.post("/dang-nhap", &[("name", "quantri"), ("password", PASSWORD)]);
    assert_eq!(begun.header("location"), Some("/dang-nhap/ma?tiep=/"));
    let half = browser.login.clone();
    assert_eq!(browser.get("/").status, 303, "half a login opens nothing");
    assert_eq!(browser.get("/dang-nhap/ma").status, 200);
    let again = browser.post("/dang-nhap/ma", &[("code", &used)]);
    assert!(again.text().contains("mã không đúng hoặc đã dùng rồi"), "{}", again.text());
    // The code of the next step counts already, since clocks differ.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let next = vanthu::access::totp::code_at(&secret, i64::try_from(now).unwrap() + 30_000).unwrap();
    assert_eq!(browser.post("/dang-nhap/ma", &[("code", &next)]).status, 303);
    assert_ne!(browser.login, half, "the login is renewed");
    assert_eq!(browser.get("/").status, 200);
}
