//! `just bench-reports`: what all reports of 10,000 cases of each of three targets cost in time and memory, beside reading the
//! same results and no more. It fails if that is more than they may cost.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../tests/common/large.rs"]
mod large;

use gauntlet_model::result::read_lines;
use std::io::BufReader;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
const ROUNDS: usize = 5;
/// What all reports may take, the results read and the page written.
const MOST_TIME: Duration = Duration::from_secs(2);
const MOST_MB: u64 = 200;
/// Argument of a process that only reads the results, as the command does.
const ONLY_READ: &str = "only-read";

type Failed = Box<dyn std::error::Error>;

/// Without arguments the bench; with arguments the command itself, which says at the end what it took.
fn main() -> Result<ExitCode, Failed> {
    if let Some(first) = std::env::args().nth(1) {
        let exit = if first == ONLY_READ { only_read()? } else { tls_gauntlet::main() };
        println!("{} {}", peak_kib()?, processor_ns()?);
        return Ok(exit);
    }
    let folder = tempfile::tempdir()?;
    command(folder.path(), &["run", "--corpus", CORPUS, "--no-baseline", "--quiet", "--out", "real"])?;
    let results = folder.path().join("real/results.jsonl");
    large::multiply(&results);

    let (mut read, mut rendered) = (Duration::MAX, Duration::MAX);
    let (mut busy, mut peak_of_reading, mut peak) = (Duration::MAX, 0, 0);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let lines = std::fs::read_to_string(&results)?;
        let values = lines.lines().map(serde_json::from_str::<serde_json::Value>);
        let cases = values.filter(|value| value.as_ref().is_ok_and(serde_json::Value::is_object)).count();
        read = read.min(began.elapsed());
        assert!(cases > 30_000, "{cases} lines");

        peak_of_reading = peak_of_reading.max(command(folder.path(), &[ONLY_READ])?.0);
        let began = Instant::now();
        let took = command(folder.path(), &["report", "real", "--quiet"])?;
        (peak, busy) = (peak.max(took.0), busy.min(took.1));
        rendered = rendered.min(began.elapsed());
    }
    let page = std::fs::metadata(folder.path().join("real/index.html"))?.len();
    println!("30,000 cases of 3 targets, best of {ROUNDS}:");
    println!("  the results read as JSON, and no more: {:6.2} s", read.as_secs_f64());
    println!(
        "  all reports made of them:              {:6.2} s, {:.1} times as long; {:.2} s of a processor",
        rendered.as_secs_f64(),
        rendered.as_secs_f64() / read.as_secs_f64(),
        busy.as_secs_f64()
    );
    let (peak, peak_of_reading) = (peak / 1024, peak_of_reading / 1024);
    let rendering = peak.saturating_sub(peak_of_reading);
    println!(
        "  memory at most: {peak} MB: {peak_of_reading} MB until the results are read, {rendering} MB more for the reports"
    );
    println!("  index.html: {:.1} MB", page as f64 / 1e6);
    Ok(judged(busy, peak))
}

/// Says what is over its limit; what others do on the machine at the time is none of it.
fn judged(time: Duration, peak: u64) -> ExitCode {
    let mut exit = ExitCode::SUCCESS;
    if time > MOST_TIME {
        println!("TOO SLOW: more than {MOST_TIME:?}");
        exit = ExitCode::FAILURE;
    }
    if peak > MOST_MB {
        println!("TOO LARGE: more than {MOST_MB} MB");
        exit = ExitCode::FAILURE;
    }
    exit
}

/// Holds all results as the reports are made of them.
fn only_read() -> Result<ExitCode, Failed> {
    let file = std::fs::File::open("real/results.jsonl")?;
    let run = gauntlet_reports::load(read_lines(BufReader::new(file))?);
    assert!(run.cases.len() >= 30_000, "{} cases", run.cases.len());
    Ok(ExitCode::SUCCESS)
}

/// Runs this program as the command; the most memory that it took, in KiB, and the time on a processor.
fn command(folder: &Path, arguments: &[&str]) -> Result<(u64, Duration), Failed> {
    let output = Command::new(std::env::current_exe()?).args(arguments).current_dir(folder).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let took =
        text.lines().last().and_then(|line| line.split_once(' ')).ok_or_else(|| format!("{arguments:?}: {text}"))?;
    Ok((took.0.parse()?, Duration::from_nanos(took.1.parse()?)))
}

/// The most memory that this process has had, in KiB.
fn peak_kib() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// How long this thread was on a processor; the command makes its reports in one.
fn processor_ns() -> Result<u64, Failed> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(times.split(' ').next().unwrap_or_default().parse()?)
}
