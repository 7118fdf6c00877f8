//! Named places at which a test makes the program die, wait or fail.
//!
//! Owns the names' meaning: `VANTHU_FAILPOINTS="object.renamed=kill@3;sender.before_dot=delay:2000"` kills the process at the third
//! passage of one and waits two seconds at each passage of the other. Unarmed, a passage costs one load of a flag. The
//! variable is read by `config` and handed to [`arm`] once, at the start.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

static ARMED: AtomicBool = AtomicBool::new(false);
static POINTS: Mutex<Option<HashMap<String, Point>>> = Mutex::new(None);

#[derive(Debug, Clone)]
struct Point {
    action: Action,
    /// The passage at which it acts; every one when there is none.
    at: Option<u32>,
    passed: u32,
}

#[derive(Debug, Clone, Copy)]
enum Action {
    Kill,
    Fail,
    Delay(Duration),
}

/// Arms the points of `specification`; false when it cannot be understood.
pub fn arm(specification: &str) -> bool {
    let mut points = HashMap::new();
    for part in specification.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, rest)) = part.split_once('=') else { return false };
        let (action, at) = match rest.split_once('@') {
            Some((action, at)) => match at.parse() {
                Ok(at) => (action, Some(at)),
                Err(_) => return false,
            },
            None => (rest, None),
        };
        let action = match action.split_once(':') {
            None if action == "kill" => Action::Kill,
            None if action == "fail" => Action::Fail,
            Some(("delay", milliseconds)) => match milliseconds.parse() {
                Ok(milliseconds) => Action::Delay(Duration::from_millis(milliseconds)),
                Err(_) => return false,
            },
            _ => return false,
        };
        points.insert(name.to_owned(), Point { action, at, passed: 0 });
    }
    ARMED.store(!points.is_empty(), Ordering::Relaxed);
    *POINTS.lock().unwrap_or_else(PoisonError::into_inner) = Some(points);
    true
}

/// Passes the point `name`: dies, waits, or gives the error of a failing disk, if a test wants that here.
pub fn pass(name: &str) -> io::Result<()> {
    if !ARMED.load(Ordering::Relaxed) {
        return Ok(());
    }
    let action = {
        let mut points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(point) = points.as_mut().and_then(|points| points.get_mut(name)) else { return Ok(()) };
        point.passed += 1;
        if point.at.is_some_and(|at| at != point.passed) {
            return Ok(());
        }
        point.action
    };
    match action {
        Action::Kill => {
            // As the machine would: no destructor runs, no buffer is flushed.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            std::process::abort()
        }
        Action::Fail => Err(io::Error::other(format!("failpoint {name}"))),
        Action::Delay(wait) => {
            std::thread::sleep(wait);
            Ok(())
        }
    }
}
