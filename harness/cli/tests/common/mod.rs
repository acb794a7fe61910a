//! The command as it was built, run in a folder.
#![allow(dead_code, reason = "each test takes what it needs")]

pub mod large;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs it to its end, without colours and with nothing to read.
pub fn gauntlet(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gauntlet"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .expect("the command was built")
}
