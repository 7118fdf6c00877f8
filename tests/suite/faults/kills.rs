//! Kills at random times: one for each start, again and again until the batch is done.

use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Scene, reference, side_by_side, watched};

/// SplitMix64: numbers that a seed repeats.
pub(super) struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `most`.
    pub(super) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(usize::MAX) % most.max(1)
    }

    /// A time below `most`.
    pub(super) fn time(&mut self, most: Duration) -> Duration {
        Duration::from_micros(self.next() % u64::try_from(most.as_micros()).unwrap_or(1).max(1))
    }
}

fn of_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Kills in all, of which at least `soon` within a second of a start after a kill.
fn kill_at_random(kills: u32, soon: u32, scene: impl Fn() -> Scene + Sync) {
    let kills = kills * of_environment("VANTHU_FAULT_ROUNDS").and_then(|rounds| u32::try_from(rounds).ok()).unwrap_or(1);
    let (done, soon_after) = (AtomicU32::new(0), AtomicU32::new(0));
    let length = reference().time;
    let seeds: Vec<u64> = match of_environment("VANTHU_FAULT_SEED") {
        Some(seed) => vec![seed],
        None => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
            let first = u64::try_from(now % u128::from(u32::MAX)).unwrap_or(0);
            // One for each batch; how many batches the kills are spread over depends on the machine.
            (first..first + u64::from(kills)).collect()
        }
    };
    side_by_side(seeds, |seed| {
        if done.load(Ordering::Relaxed) >= kills {
            return;
        }
        let context = format!("VANTHU_FAULT_SEED={seed}");
        let mut dice = Dice(seed);
        let scene = scene();
        watched(&scene.office.path.join("o"), || {
            let mut after_kill = false;
            for start in 0.. {
                let mut run = scene.start(&mut scene.command(&[]));
                // Every fourth start is killed while it still recovers.
                // A machine that is busy gets more time, so that every batch comes to its end.
                let length = length + length * (start / 8) / 4;
                let wait = if start % 4 == 3 { dice.time(length / 4) } else { dice.time(length) };
                std::thread::sleep(wait);
                run.kill().expect("killed");
                if run.wait().expect("gone").signal() != Some(9) {
                    break;
                }
                done.fetch_add(1, Ordering::Relaxed);
                if after_kill && wait < Duration::from_secs(1) {
                    soon_after.fetch_add(1, Ordering::Relaxed);
                }
                after_kill = true;
                if start % 5 == 0 {
                    scene.holds(&format!("{context}, start {start}"));
                }
                assert!(start < 300, "{context}: no end after {start} starts");
            }
            scene.comes_to_its_end(&context);
        });
    });
    if of_environment("VANTHU_FAULT_SEED").is_none() {
        let (done, soon_after) = (done.into_inner(), soon_after.into_inner());
        assert!(done >= kills && soon_after >= soon, "{done} kills, {soon_after} of them soon after another");
    }
}

#[test]
fn three_hundred_kills_on_sqlite() {
    kill_at_random(300, 50, || Scene::fresh().second_list());
}

#[test]
fn kills_on_either_database_leave_no_gap_in_a_register() {
    kill_at_random(40, 5, || Scene::fresh().numbered().second_list());
    kill_at_random(30, 3, || Scene::on_server().numbered().second_list());
}

#[test]
fn a_hundred_kills_on_postgresql() {
    kill_at_random(100, 20, || Scene::on_server().second_list());
}
