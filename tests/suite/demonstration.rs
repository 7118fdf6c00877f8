//! The first command of the README, as a newcomer runs it.

use crate::support::{Office, assert_sound, info_of, pages_of, text_of};

#[test]
fn the_demonstration_makes_the_year_of_the_association() {
    let office = Office::new();
    let said = office.must(&["demo"]);
    let expected = [("bang-khen", 59), ("giay-khen", 50), ("giao-ban", 4), ("ky-ket", 1), ("tham-quan", 1), ("tong-ket", 1)];
    for (folder, count) in expected {
        let documents = office.documents(&format!("vanthu-demo/ket-qua/{folder}"));
        assert_eq!(documents.len(), count, "{folder}: {documents:?}");
    }
    assert!(said.stdout.contains("Đã tạo 116 văn bản"), "{}", said.stdout);
    // A slow machine says how far it is.
    let complaints: Vec<&str> = said.stderr.lines().filter(|line| !line.starts_with("… ")).collect();
    assert!(complaints.is_empty(), "a demonstration has nothing to complain about: {complaints:?}");
    let messages = std::fs::read_dir(office.path.join("vanthu-demo/thu-di")).expect("a folder").count();
    assert_eq!(messages, 109, "a message for each certificate");
}

#[test]
fn the_conference_has_34_and_25_diplomas_and_27_and_23_certificates() {
    let office = Office::new();
    office.must(&["demo", "--out", "d"]);
    for (folder, collectives, individuals) in [("bang-khen", 34, 25), ("giay-khen", 27, 23)] {
        let merged = office.path.join(format!("d/ket-qua/{folder}/_tat-ca.pdf"));
        assert_eq!(pages_of(&merged), collectives + individuals);
        let text = text_of(&merged);
        assert_eq!(text.matches("Tập thể").count(), collectives, "{folder}");
        assert_eq!(text.matches("tên người nhận chỉ để minh họa").count(), collectives + individuals, "every sample name is marked");
    }
}

#[test]
fn the_demonstration_runs_again_without_making_anything_twice() {
    let office = Office::new();
    office.must(&["demo", "--out", "d"]);
    let said = office.must(&["demo", "--out", "d", "--json"]);
    let result: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    for batch in result["batches"].as_array().expect("batches") {
        assert_eq!(batch["counts"]["made"], 0, "{batch}");
        assert_eq!(batch["counts"]["kept"], batch["counts"]["accepted"], "{batch}");
    }
}

#[test]
fn the_minutes_and_reports_hold_what_the_meetings_decided() {
    let office = Office::new();
    office.must(&["demo", "--out", "d"]);
    let folder = office.path.join("d/ket-qua");
    let all = |name: &str| -> String {
        office
            .documents(&format!("d/ket-qua/{name}"))
            .iter()
            .map(|file| text_of(&folder.join(name).join(file)))
            .collect::<String>()
            .replace('\u{a0}', " ")
    };
    let minutes = all("giao-ban");
    for fact in ["BIÊN BẢN", "Cụm thi đua 1", "Cụm thi đua 4", "ngày 14 tháng 3 năm 2018", "Hội trường T67", "THƯ KÝ", "CHỦ TỌA", "98"]
    {
        assert!(minutes.contains(fact), "the minutes lack {fact}");
    }
    let summary = all("tong-ket");
    for fact in ["425.000.000", "164.000.000", "+62,8%", "Hình 1.", "Bảng 1.", "70", "8.000"] {
        assert!(summary.contains(fact), "the annual summary lacks {fact}");
    }
    assert!(all("tham-quan").contains("Đông Xuân"));
    assert!(all("ky-ket").contains("16/3/2022"));
}

#[test]
fn every_document_of_the_demonstration_is_sound_and_titled() {
    let office = Office::new();
    office.must(&["demo", "--out", "d"]);
    for folder in ["bang-khen", "giay-khen", "giao-ban", "ky-ket", "tham-quan", "tong-ket"] {
        for document in office.documents(&format!("d/ket-qua/{folder}")).iter().step_by(10) {
            let path = office.path.join("d/ket-qua").join(folder).join(document);
            assert_sound(&path);
            assert!(!info_of(&path, "Title").is_empty(), "{document}");
        }
    }
}
