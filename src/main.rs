//! The binary: a command line, or with its first argument a render worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let _program = arguments.next();
    if arguments.next().is_some_and(|first| first == vanthu::render_pool::WORKER_ARGUMENT) {
        let rest: Vec<String> = arguments.filter_map(|argument| argument.into_string().ok()).collect();
        return vanthu::render_pool::run_worker(&rest);
    }
    vanthu::cli::run(std::env::args_os())
}
