//! Arguments, progress, exit codes; the scenarios embedded. No TLS here.

mod args;
mod commands;
mod data;
mod progress;

use clap::Parser as _;
use std::process::ExitCode;

/// What a command ends with. [ARCHITECTURE.md, "Results and reports"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// As expected.
    Expected = 0,
    /// Not as expected.
    Unexpected = 1,
    /// Usage or scenario error, or nothing selected.
    Usage = 2,
    /// Target not reachable.
    Unreachable = 3,
    /// Interrupted; the report is written.
    Interrupted = 130,
}

/// An error that ends a command, as people read it.
#[derive(Debug)]
pub struct Failure {
    /// The whole text.
    pub text: String,
    /// The exit status.
    pub exit: Exit,
}

impl Failure {
    fn usage(text: impl Into<String>) -> Failure {
        Failure { text: text.into(), exit: Exit::Usage }
    }
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let arguments = match args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match commands::dispatch(arguments.command()) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            anstream::eprintln!("{}", failure.text.trim_end());
            ExitCode::from(failure.exit as u8)
        }
    }
}
