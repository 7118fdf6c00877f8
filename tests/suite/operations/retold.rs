//! A corrected list made by workers: what stands in the folder is kept, and nobody gets a second copy.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{ask, configure};
use crate::support::running::Running;
use crate::support::servers::await_some;
use crate::support::{Office, award_run};

const AN: &str = "Nguyễn Văn An,Hội A,an@example.com";
const BINH: &str = "Lê Văn Bình,Hội B,binh@example.com";
const CHAU: &str = "Trần Văn Châu,Hội C,chau@example.com";

fn list(people: &[&str]) -> String {
    let rows = people.iter().map(|person| format!("Cá nhân,Ông,{person}\n"));
    "Đối tượng,Danh xưng,Họ và tên,Đơn vị,Email\n".to_owned() + &rows.collect::<String>()
}

/// The message files, sorted.
fn letters(office: &Office) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(office.path.join("thu-di")).into_iter().flatten().flatten();
    let mut letters: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    letters.sort();
    letters
}

#[test]
fn a_corrected_list_that_a_worker_makes_is_mailed_only_to_who_is_new_in_it() {
    let office = Office::with_workspace();
    configure(&office, "[mail]\nfrom = \"van-thu@hoi.example\"\n");
    let made = |people: &[&str]| {
        office.write("d.csv", list(people));
        office.must(&award_run("d.csv", "ra", &["--mail", "--submit"]));
        office.must(&["worker", "--until-idle"]);
        office.must(&["outbox", "send"]);
        letters(&office)
    };
    let first = made(&[AN, BINH]);
    assert_eq!(first.len(), 2);
    let document = ask(&office, "SELECT document_id FROM placed WHERE file LIKE '%An.pdf'");
    let second = made(&[AN, BINH, CHAU]);
    assert_eq!(second.len(), 3, "{second:?}");
    assert!(first.iter().all(|letter| second.contains(letter)), "{second:?}");
    assert_eq!(ask(&office, "SELECT recipient FROM delivery ORDER BY id"), "an@example.com\nbinh@example.com\nchau@example.com");
    assert_eq!(ask(&office, "SELECT document_id FROM placed WHERE file LIKE '%An.pdf'"), document, "the very document stands there");
    assert_eq!(ask(&office, "SELECT SUM(kept), COUNT(*) FROM record WHERE batch_id = (SELECT MAX(id) FROM batch)"), "2|3");
    assert_eq!(office.json("ra/_danh-muc.json")["made"], 3);
    // Made again because somebody took the file away, it is what was sent already.
    for name in office.documents("ra") {
        std::fs::remove_file(office.path.join("ra").join(name)).unwrap();
    }
    assert_eq!(made(&[AN, BINH, CHAU, "Vũ Văn Đạt,Hội D,dat@example.com"]).len(), 4);
    assert_ne!(ask(&office, "SELECT document_id FROM placed WHERE file LIKE '%An.pdf'"), document, "it was made again");
    // A name that is spelled anew is another document, and goes out.
    assert_eq!(made(&["Nguyễn Văn Ân,Hội A,an@example.com", BINH, CHAU]).len(), 5);
}

#[test]
fn a_row_that_is_added_to_the_file_of_a_schedule_reaches_only_its_own_person() {
    let office = Office::with_workspace();
    configure(
        &office,
        "[mail]\nfrom = \"van-thu@hoi.example\"\n[schedules.khen]\ncron = \"0 8 1 1 *\"\ntemplate = \"giay-khen\"\n\
         output = \"ket-qua/{{lich}}/{{tep}}\"\nonly_when_new = true\nmail = true\nsource = { file = \"den/*.csv\", pick = \"all\" }\n\
         [schedules.khen.common]\nso_quyet_dinh = \"12/QĐ-HKH\"\nngay = \"27/12/2019\"\nphong_trao = \"công tác khuyến học\"\n",
    );
    let service = Running::start(&office);
    let arrives = |people: &[&str], count: usize| {
        let path = office.write("den/dot-1.csv", list(people));
        File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        let completed = || ask(&office, "SELECT COUNT(*) FROM batch WHERE completed_at IS NOT NULL AND post = 'queued'");
        let before: u32 = completed().parse().unwrap();
        office.must(&["schedule", "run", "khen"]);
        await_some("a completed batch", || (completed().parse::<u32>().unwrap() > before).then_some(()));
        await_some("messages", || (ask(&office, "SELECT COUNT(*) FROM delivery WHERE state <> 'sent'") == "0").then_some(()));
        assert_eq!(letters(&office).len(), count);
    };
    arrives(&[AN, BINH], 2);
    arrives(&[AN, BINH, CHAU], 3);
    assert_eq!(office.documents("ket-qua/khen/dot-1").len(), 3);
    service.signal("TERM");
    let (code, log) = service.ended(Duration::from_secs(60));
    assert_eq!(code, Some(0), "{log}");
}
