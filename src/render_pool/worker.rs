//! The worker process: takes one template, then renders records until its input ends.
//!
//! Owns the limits it puts on itself and the thread it works on. It opens no file and no connection: template, fonts
//! and records come through its input.

use std::io::{BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::protocol::{self, Answer, Setup};
use crate::catalog;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::typeset::fonts::Fonts;
use crate::typeset::{Job, Limits, Typesetter};

/// Deep documents need more than a thread's usual stack.
const STACK_BYTES: usize = 16 << 20;

/// Open files: the three pipes and what the runtime needs.
const DESCRIPTORS_MAX: u64 = 64;

/// Runs the worker until its input ends. `arguments` are those after [`super::WORKER_ARGUMENT`].
pub fn run(arguments: &[String]) -> ExitCode {
    let memory_bytes: Option<u64> = arguments.first().and_then(|text| text.parse().ok());
    limit(Resource::As, memory_bytes);
    limit(Resource::Nofile, Some(DESCRIPTORS_MAX));
    limit(Resource::Core, Some(0));
    // The exporter yields to its rayon pool; a pool of this one thread keeps foreign jobs off the stack.
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(|| {
        match rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build() {
            Ok(pool) => pool.install(serve),
            Err(error) => Err(std::io::Error::other(error)),
        }
    });
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) => {
            eprintln!("render worker: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(2),
    }
}

fn limit(resource: Resource, value: Option<u64>) {
    if let Some(value) = value {
        let limit = Rlimit { current: Some(value), maximum: Some(value) };
        if let Err(error) = setrlimit(resource, limit) {
            eprintln!("render worker: cannot set a limit: {error}");
        }
    }
}

fn serve() -> std::io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, std::io::stdin().lock());
    let mut output = std::io::stdout().lock();
    let Some((setup, payload)) = protocol::read::<Setup>(&mut input)? else { return Ok(()) };
    let mut typesetter = match prepare(&setup, &payload) {
        Ok(typesetter) => {
            protocol::write(&mut output, &Answer::Ready, &[])?;
            typesetter
        }
        Err(reason) => return protocol::write(&mut output, &Answer::NotReady(reason), &[]),
    };
    drop(payload);
    while let Some((mut job, record)) = protocol::read::<Job>(&mut input)? {
        job.record = record;
        if !answer(&mut typesetter, &job, &mut output)? {
            break;
        }
    }
    Ok(())
}

fn prepare(setup: &Setup, payload: &[u8]) -> Result<Typesetter, String> {
    let (files, mut fonts) = protocol::unpack_setup(setup, payload).ok_or("garbled set-up")?;
    fonts.extend(catalog::built_in_fonts());
    let terms = &setup.terms;
    let fonts = Fonts::load(&fonts, Some(&terms.families));
    let limits = Limits { text_area: terms.text_area, pages_max: terms.pages_max };
    Ok(Typesetter::new(limits, &terms.main_source, files, fonts, &terms.text_families))
}

/// Renders and answers one record; `false` when this process should end.
fn answer(typesetter: &mut Typesetter, job: &Job, output: &mut impl Write) -> std::io::Result<bool> {
    match catch_unwind(AssertUnwindSafe(|| typesetter.set(job))) {
        Ok(Ok(typeset)) => {
            let (header, payload) = protocol::done(&typeset);
            protocol::write(output, &header, &payload)?;
            Ok(true)
        }
        Ok(Err(diagnostics)) => {
            protocol::write(output, &Answer::Failed { diagnostics, panicked: false }, &[])?;
            Ok(true)
        }
        Err(_) => {
            let diagnostics = vec![
                Diagnostic::error(
                    "engine-panic",
                    say!("bộ dàn trang gặp lỗi bên trong với dữ liệu này", "the typesetter failed inside on this data"),
                )
                .remedy(say!("kiểm tra ký tự lạ trong bản ghi này", "look for unusual characters in this record")),
            ];
            protocol::write(output, &Answer::Failed { diagnostics, panicked: true }, &[])?;
            Ok(false)
        }
    }
}
