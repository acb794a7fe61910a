//! `just bench-reports`: what all reports of 10,000 cases of each of three targets cost in time and memory, beside reading the
//! same results as JSON and no more.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../tests/common/large.rs"]
mod large;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
const ROUNDS: usize = 5;

type Failed = Box<dyn std::error::Error>;

/// Without arguments the bench; with arguments the command itself, which says at the end how much memory it took at most.
fn main() -> Result<ExitCode, Failed> {
    if std::env::args().len() > 1 {
        let exit = tls_gauntlet::main();
        println!("{}", peak_kib()?);
        return Ok(exit);
    }
    let folder = tempfile::tempdir()?;
    command(folder.path(), &["run", "--corpus", CORPUS, "--no-baseline", "--quiet", "--out", "real"])?;
    let results = folder.path().join("real/results.jsonl");
    large::multiply(&results);

    let (mut read, mut rendered, mut peak) = (Duration::MAX, Duration::MAX, 0);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let lines = std::fs::read_to_string(&results)?;
        let values = lines.lines().map(serde_json::from_str::<serde_json::Value>);
        let cases = values.filter(|value| value.as_ref().is_ok_and(serde_json::Value::is_object)).count();
        read = read.min(began.elapsed());
        assert!(cases > 30_000, "{cases} lines");

        let began = Instant::now();
        peak = peak.max(command(folder.path(), &["report", "real", "--quiet"])?);
        rendered = rendered.min(began.elapsed());
    }
    let page = std::fs::metadata(folder.path().join("real/index.html"))?.len();
    println!("30,000 cases of 3 targets, best of {ROUNDS}:");
    println!("  the results read as JSON, and no more: {:6.2} s", read.as_secs_f64());
    println!(
        "  all reports made of them:              {:6.2} s, {:.1} times as long",
        rendered.as_secs_f64(),
        rendered.as_secs_f64() / read.as_secs_f64()
    );
    println!("  memory at most: {} MB; index.html: {:.1} MB", peak / 1024, page as f64 / 1e6);
    Ok(ExitCode::SUCCESS)
}

/// Runs this program as the command; the most memory that it took, in KiB.
fn command(folder: &Path, arguments: &[&str]) -> Result<u64, Failed> {
    let output = Command::new(std::env::current_exe()?).args(arguments).current_dir(folder).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().last().unwrap_or_default().parse().map_err(|_| format!("{arguments:?}: {text}"))?)
}

/// The most memory that this process has had, in KiB.
fn peak_kib() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
