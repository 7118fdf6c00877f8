//! The decree's numbers stand twice: the page library draws by them, the linter judges by them. Neither may drift.

use std::collections::BTreeMap;

use vanthu::lint::DECREE_30;
use vanthu::lint::law::Range;

/// Lower and upper end of each range, by name.
type Ranges = BTreeMap<String, (f64, f64)>;

/// The entries `name: (tu: …, den: …, …)` of the dictionary `nghi-dinh-30`, in mm or pt, by name; other numbers by name too.
fn library() -> (Ranges, BTreeMap<String, Vec<f64>>) {
    let path = format!("{}/report-templates/the-thuc/quy-dinh.typ", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(&path).expect("the rules of the library");
    let from = source.find("#let nghi-dinh-30 = (").expect("the dictionary");
    let to = from + source[from..].find("\n)\n").expect("its end");
    let (mut ranges, mut values) = (BTreeMap::new(), BTreeMap::new());
    for line in source[from..to].lines() {
        let line = line.split("//").next().unwrap_or_default();
        let Some((name, value)) = line.trim().split_once(": ") else {
            continue;
        };
        let name = name.trim_matches('"').to_owned();
        let numbers: Vec<f64> = value.split(['(', ')', ',', ' ']).filter_map(number).collect();
        match (value.contains("tu: "), value.contains("1 / 3")) {
            (true, true) => {
                ranges.insert(name, (1.0 / 3.0, 1.0 / 2.0));
            }
            (true, _) => {
                let end = |key: &str| value.split_once(key).and_then(|(_, rest)| number(rest.split([',', ')']).next()?));
                ranges.insert(name, (end("tu: ").expect("a lower end"), end("den: ").unwrap_or(f64::INFINITY)));
            }
            _ if !numbers.is_empty() => {
                values.insert(name, numbers);
            }
            _ => {}
        }
    }
    (ranges, values)
}

fn number(text: &str) -> Option<f64> {
    text.trim().trim_end_matches("mm").trim_end_matches("pt").parse().ok()
}

#[test]
fn the_linter_and_the_library_know_the_same_decree() {
    let law = DECREE_30;
    let (mut ranges, mut values) = library();
    let single = |value: f64| Range { from: value, to: f64::INFINITY };
    let pairs = [
        ("le-tren", law.margin_top),
        ("le-duoi", law.margin_bottom),
        ("le-trai", law.margin_left),
        ("le-phai", law.margin_right),
        ("so-trang", law.so_trang),
        ("quoc-hieu", law.quoc_hieu),
        ("tieu-ngu", law.tieu_ngu),
        ("co-quan", law.co_quan),
        ("so-ky-hieu", law.so_ky_hieu),
        ("dia-danh", law.dia_danh),
        ("ten-loai", law.ten_loai),
        ("trich-yeu", law.trich_yeu),
        ("trich-yeu-cong-van", law.trich_yeu_cong_van),
        ("noi-dung", law.noi_dung),
        ("kinh-gui", law.noi_dung),
        ("chuc-vu", law.chuc_vu),
        ("ho-ten", law.chuc_vu),
        ("noi-nhan", law.noi_nhan),
        ("noi-nhan-muc", law.noi_nhan_muc),
        ("nguoi-soan", law.nguoi_soan),
        ("phu-luc", law.phu_luc),
        ("kem-theo", law.kem_theo),
        ("dau-khan", law.dau_khan),
        ("dia-chi", law.dia_chi),
        ("ky-so", law.ky_so),
        ("ke", law.short_rule),
        ("cach-doan", single(law.paragraph_gap)),
        // "Single" is 1.15 em of Times New Roman.
        ("gian-dong", Range { from: law.line_pitch_em.from / 1.15, to: law.line_pitch_em.to / 1.15 }),
    ];
    for (name, range) in pairs {
        let (from, to) = ranges.remove(name).unwrap_or_else(|| panic!("{name} is not in the library"));
        let same = |a: f64, b: f64| a == b || (a - b).abs() < 1e-9;
        assert!(same(range.from, from) && same(range.to, to), "{name}: {range:?} and {from}–{to}");
    }
    assert!(ranges.is_empty(), "the linter does not know {:?}", ranges.keys());
    assert_eq!(values.remove("rong").zip(values.remove("cao")), Some((vec![law.paper.0], vec![law.paper.1])));
    assert_eq!(values.remove("thut-dau-dong").map(|numbers| numbers[..2].to_vec()), Some(law.indents.to_vec()));
    assert_eq!(values.remove("cach-trich-yeu-cong-van"), Some(vec![law.trich_yeu_cong_van_gap]));
    for (name, width, height) in law.urgency {
        assert_eq!(values.remove(name), Some(vec![width, height]), "{name}");
    }
}

#[test]
fn the_linter_and_the_library_name_the_same_version() {
    let path = format!("{}/report-templates/the-thuc/quy-dinh.typ", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(&path).expect("the rules of the library");
    let value =
        |key: &str| source.split_once(&format!("{key}: \"")).and_then(|(_, rest)| rest.split('"').next()).expect("a value").to_owned();
    assert_eq!(
        (value("kieu"), value("hieu-luc-tu")),
        (DECREE_30.id.split('-').next().expect("an id").to_owned(), DECREE_30.valid_from.to_owned())
    );
    assert!(DECREE_30.name.ends_with(&value("phien-ban")), "{}", DECREE_30.name);
}
