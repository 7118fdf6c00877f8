//! The binary: a command line, or with its first argument a worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let _program = arguments.next();
    match arguments.next() {
        Some(first) if first == vanthu::render_pool::WORKER_ARGUMENT => {
            let rest: Vec<String> = arguments.filter_map(|argument| argument.into_string().ok()).collect();
            return vanthu::render_pool::run_worker(&rest);
        }
        Some(first) if first == vanthu::intake::WORKER_ARGUMENT => return vanthu::intake::run_worker(arguments),
        _ => {}
    }
    vanthu::cli::run(std::env::args_os())
}
