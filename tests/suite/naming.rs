//! File names from any data are safe on every system.

use proptest::prelude::*;
use vanthu::naming::{FILE_NAME_BYTES_MAX, Names, escape_part, file_stem};

#[test]
fn names_of_devices_and_paths_become_plain_names() {
    let cases = [
        ("CON", "_CON"),
        ("nul.pdf", "_nul.pdf"),
        ("Lpt1", "_Lpt1"),
        ("../../x", "x"),
        ("..\\x", "x"),
        ("C:\\x", "C--x"),
        ("/etc/passwd", "etc-passwd"),
        ("a.", "a"),
        ("   ", "khong-ten"),
        ("", "khong-ten"),
        ("Nguyễn\u{200b} Văn\u{202e} A", "Nguyễn Văn A"),
        ("Nguye\u{302}\u{303}n", "Nguyễn"),
        ("hai\n dòng", "hai- dòng"),
    ];
    for (raw, expected) in cases {
        assert_eq!(file_stem(raw), expected, "{raw:?}");
    }
}

#[test]
fn equal_names_are_numbered_whatever_their_case() {
    let mut names = Names::default();
    assert_eq!(names.claim("Nguyễn Văn An"), "Nguyễn Văn An");
    assert_eq!(names.claim("nguyễn văn an"), "nguyễn văn an-2");
    assert_eq!(names.claim("Nguyễn Văn An"), "Nguyễn Văn An-3");
}

#[test]
fn a_long_name_keeps_whole_letters_and_room_for_a_number() {
    let stem = file_stem(&"ế".repeat(255));
    assert!(stem.chars().all(|c| c == 'ế'));
    assert!(stem.len() + "-99999.pdf".len() <= FILE_NAME_BYTES_MAX);
}

proptest! {
    #[test]
    fn no_name_leaves_its_folder(raw in ".*") {
        let stem = file_stem(&raw);
        prop_assert!(!stem.is_empty());
        prop_assert!(stem.len() <= FILE_NAME_BYTES_MAX);
        prop_assert!(!stem.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\0']));
        prop_assert!(!stem.starts_with(['.', ' ']) && !stem.ends_with(['.', ' ']));
        prop_assert_eq!(std::path::Path::new(&stem).components().count(), 1);
        prop_assert_eq!(file_stem(&stem), stem.clone());
    }

    #[test]
    fn a_value_in_a_pattern_adds_no_folder(value in ".*") {
        prop_assert!(!escape_part(&value).contains(['/', '\\']));
    }
}
