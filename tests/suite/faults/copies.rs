//! Copies of the office that are killed: a copy is whole or absent, and so is a restored office.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use super::{RECORDS, Scene};
use crate::support::checker::Checker;
use crate::support::foreign;

/// An office with documents, of which a batch was cut short.
fn office() -> Scene {
    let scene = Scene::fresh().second_list();
    assert_eq!(scene.armed("object.renamed=kill@2").status().expect("a run").signal(), Some(9));
    scene
}

/// Everything beside the copy that a copy could have left.
fn left_over(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".sao") || name.starts_with(".moi")).collect()
}

#[test]
fn a_killed_copy_is_absent_or_whole_and_the_next_clears_what_it_left() {
    let scene = office();
    for point in ["backup.database", "backup.documents", "backup.rename", "backup.note"] {
        let copy = scene.office.path.join("sao.zip");
        let mut backup = scene.other(&["backup", "sao.zip"]);
        let killed = backup.env("VANTHU_FAILPOINTS", format!("{point}=kill")).status().expect("a copy");
        assert_eq!(killed.signal(), Some(9), "{point}");
        scene.holds(point);
        if copy.exists() {
            foreign("python3", &["-m", "zipfile", "-t", copy.to_str().expect("a path")]);
            assert_eq!(point, "backup.note", "the copy stands, and only its note is missing");
            std::fs::remove_file(&copy).expect("removed");
        }
        scene.ends(&mut scene.other(&["backup", "sao.zip"]));
        assert_eq!(left_over(&scene.office.path), Vec::<String>::new(), "{point}");
        std::fs::remove_file(&copy).expect("the copy");
    }
}

#[test]
fn a_copy_that_fails_says_so_and_leaves_nothing() {
    let scene = office();
    for point in ["backup.database", "backup.documents", "backup.rename"] {
        let output = scene.other(&["backup", "sao.zip"]).env("VANTHU_FAILPOINTS", format!("{point}=fail")).output().expect("a copy");
        assert_eq!(output.status.code(), Some(2), "{point}");
        assert!(!scene.office.path.join("sao.zip").exists(), "{point}");
        assert_eq!(left_over(&scene.office.path), Vec::<String>::new(), "{point}");
    }
}

#[test]
fn a_killed_restore_leaves_no_office_and_the_next_one_is_whole_and_waits() {
    let scene = office();
    scene.ends(&mut scene.other(&["backup", "sao.zip"]));
    let target = scene.office.path.join("moi");
    for point in ["restore.settle", "restore.rename"] {
        let mut restore = scene.other(&["restore", "sao.zip", "--into", "moi"]);
        let killed = restore.env("VANTHU_FAILPOINTS", format!("{point}=kill")).status().expect("a restore");
        assert_eq!(killed.signal(), Some(9), "{point}");
        assert!(!target.exists(), "{point}: a part of an office stands there");
    }
    scene.ends(&mut scene.other(&["restore", "sao.zip", "--into", "moi"]));
    assert_eq!(left_over(&scene.office.path), Vec::<String>::new());
    let mut run = scene.other(&["-C", "moi", "resume"]);
    scene.ends(&mut run);
    // The batch that was cut short goes on in the restored office, once a person has said so.
    scene.ends(&mut scene.other(&["-C", "moi", "batch", "resume", "last"]));
    let options = [&["-C", "moi"][..], &crate::support::award_run("d.csv", "moi/o", &super::OPTIONS)[..]].concat();
    scene.ends(&mut scene.other(&options));
    assert_eq!(scene.office.documents("moi/o").len(), RECORDS);
    assert_eq!(Checker::of_workspace(&target).violations(true), "");
}
