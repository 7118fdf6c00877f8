//! The plug is pulled again and again, from a mailing's list to its last message: everyone has exactly their own paper, or the
//! operator sees by name who may have two and who has none.
//!
//! `VANTHU_TEST_MAILING=10000,100` makes it one mailing of that many certificates with that many kills.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::kills::Dice;
use super::mailing::{Mailing, RECIPIENTS, address, list, names, relay, silenced};
use super::{Scene, configured, side_by_side};
use crate::support::checker::Checker;

/// Mailings and kills of each where the environment asks for nothing else.
const MAILINGS: u64 = 8;
const KILLS: usize = 6;
/// A service that makes no progress for so long is killed as it stands.
const STALLED: Duration = Duration::from_secs(2);
/// Above so many certificates, what holds at any moment is looked at after every tenth kill only.
const LARGE: usize = 500;

/// What came of a mailing.
#[derive(Debug, Default)]
struct Verdict {
    /// Recipients with more than one copy, each of them named to the operator.
    twice: Vec<String>,
    /// Recipients without a copy, each of them left to a person by name.
    none: Vec<String>,
    /// Messages whose outcome was unknown at some time.
    uncertain: usize,
}

/// Certificates and kills that the environment asks for.
fn asked() -> Option<(usize, usize)> {
    let text = std::env::var("VANTHU_TEST_MAILING").ok()?;
    let sizes = text.split_once(',').and_then(|(records, kills)| Some((records.parse().ok()?, kills.parse().ok()?)));
    Some(sizes.unwrap_or_else(|| panic!("VANTHU_TEST_MAILING={text}: CERTIFICATES,KILLS")))
}

/// An office whose list was accepted and that has made nothing yet.
fn accepted(records: usize) -> Scene {
    let scene = Scene::fresh();
    configured(&scene.office, &relay(1));
    scene.office.write("d.csv", list(records));
    scene.ends(&mut scene.command(&["--mail", "--submit"]));
    silenced(scene, records)
}

/// Documents made and messages that came, together.
fn progress(mailing: &Mailing) -> usize {
    let folders = fs::read_dir(mailing.scene.office.path.join("kho")).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let made = files.filter(|file| file.path().extension().is_some_and(|end| end == "pdf")).count();
    made + mailing.server.heard(|heard| heard.messages.len())
}

/// Starts the service and kills it somewhere on its way: about `way` steps further, or while it still recovers.
fn pull(mailing: &Mailing, dice: &mut Dice, way: usize) {
    let mut service = mailing.scene.other(&["serve"]);
    service.env("VANTHU_LISTEN", "127.0.0.1:0").stdout(Stdio::null()).stderr(Stdio::null());
    let mut service = service.spawn().expect("a service");
    if dice.below(4) == 0 {
        std::thread::sleep(dice.time(Duration::from_millis(700)));
    } else {
        let goal = progress(mailing) + dice.below(2 * way + 1);
        let (mut last, mut since) = (0, Instant::now());
        while last < goal && since.elapsed() < STALLED {
            std::thread::sleep(Duration::from_millis(10));
            let now = progress(mailing);
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    }
    service.kill().expect("killed");
    service.wait().expect("gone");
}

/// A mailing that is killed so often and then left to come to its end.
fn pulled(office: &Scene, records: usize, kills: usize, seed: u64) -> Verdict {
    let context = format!("seed {seed}");
    let mut dice = Dice(seed);
    let mailing = Mailing::through(office.copied(), records);
    for kill in 0..kills {
        pull(&mailing, &mut dice, (2 * records).div_ceil(kills.max(1)));
        if records <= LARGE || kill % 10 == 0 {
            let violations = Checker { mail: None, ..mailing.checker() }.violations(false);
            assert!(violations.is_empty(), "{context}, kill {kill}:\n{violations}");
        }
    }
    mailing.scene.ends(&mut mailing.scene.other(&["worker", "--until-idle"]));
    for hours in [0, 2, 4] {
        mailing.sends(hours, &context);
    }
    judged(&mailing, records, &context)
}

/// Holds everybody's copies against what the operator is shown.
fn judged(mailing: &Mailing, records: usize, context: &str) -> Verdict {
    let violations = mailing.checker().violations(true);
    // Killed twice between the intent and the answer: a person decides, and everything else holds.
    let open: Vec<&str> = violations.lines().filter(|line| !line.contains("needs_operator")).collect();
    assert!(open.is_empty(), "{context}:\n{}", open.join("\n"));
    let copies = mailing.copies();
    let shown: BTreeMap<String, (String, u64)> =
        mailing.listed().into_iter().map(|(recipient, state, possible)| (recipient, (state, possible))).collect();
    let mut verdict = Verdict::default();
    for recipient in names(records).into_keys() {
        let (state, possible) = shown.get(&recipient).unwrap_or_else(|| panic!("{context}: {recipient} is not in the outbox"));
        verdict.uncertain += usize::from(*possible > 1 || state == "needs_operator");
        let came = copies.get(&recipient).copied().unwrap_or_default();
        match (came, state.as_str()) {
            (0, "suppressed") => assert_eq!(recipient, address(records), "{context}"),
            (0, state) => {
                assert_eq!(state, "needs_operator", "{context}: {recipient} has none and nobody is asked");
                verdict.none.push(recipient);
            }
            (1, "sent" | "needs_operator") => {}
            (came, state) => {
                assert!(came <= *possible && ["sent", "needs_operator"].contains(&state), "{context}: {recipient} has {came}, {state}");
                verdict.twice.push(recipient);
            }
        }
    }
    verdict
}

#[test]
fn everyone_of_a_killed_mailing_has_their_own_paper_or_is_named() {
    let Some((records, kills)) = asked() else {
        let office = accepted(RECIPIENTS);
        let seeds: Vec<u64> = (1..=MAILINGS).collect();
        return side_by_side(seeds, |seed| drop(pulled(&office, RECIPIENTS, KILLS, seed)));
    };
    let begun = Instant::now();
    let office = accepted(records);
    let Verdict { twice, none, uncertain } = pulled(&office, records, kills, 1);
    let seconds = begun.elapsed().as_secs();
    eprintln!(
        "{records} certificates, {kills} kills, {seconds} s: {} have two copies and are named, {} have none and are named, {uncertain} were uncertain",
        twice.len(),
        none.len()
    );
    eprintln!("two: {}\nnone: {}", twice.join(" "), none.join(" "));
}
