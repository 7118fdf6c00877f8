//! The child: takes an order, transcribes one file, ends.
//!
//! Owns the limits that it puts on itself before it opens the file.

use std::ffi::OsString;
use std::io::{BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::{End, Order};
use crate::data::transcript::transcribe;

/// Deeply nested files need more than a thread's usual stack.
const STACK_BYTES: usize = 16 << 20;
/// Open files: the pipes, the file, what the runtime needs.
const DESCRIPTORS_MAX: u64 = 32;

/// Runs the child. `arguments` are those after [`super::WORKER_ARGUMENT`]: memory in bytes, processor time in seconds, path.
pub fn run(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut number = || arguments.next().and_then(|text| text.to_str()?.parse::<u64>().ok());
    let (memory_bytes, seconds) = (number(), number());
    let Some(path) = arguments.next().map(PathBuf::from) else { return ExitCode::from(2) };
    limit(Resource::As, memory_bytes);
    limit(Resource::Cpu, seconds);
    limit(Resource::Nofile, Some(DESCRIPTORS_MAX));
    // It writes no file.
    limit(Resource::Fsize, Some(0));
    limit(Resource::Core, Some(0));
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || work(&path));
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) | Err(error) => {
            eprintln!("intake worker: {error}");
            ExitCode::from(2)
        }
        Ok(Err(_)) => ExitCode::from(2),
    }
}

fn limit(resource: Resource, value: Option<u64>) {
    if let Some(value) = value
        && let Err(error) = setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
    {
        eprintln!("intake worker: cannot set a limit: {error}");
    }
}

fn work(path: &std::path::Path) -> std::io::Result<()> {
    let mut order = Vec::new();
    std::io::stdin().lock().read_to_end(&mut order)?;
    let Order { name, headings, limits } = serde_json::from_slice(&order)?;
    let mut output = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let mut failure = None;
    let transcribed = transcribe(path, &name, &headings, &limits, &mut |line| match writeln!(output, "{}", line.to_text()) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    writeln!(output, "{}", serde_json::to_string(&End { end: transcribed.err() })?)?;
    output.flush()
}
