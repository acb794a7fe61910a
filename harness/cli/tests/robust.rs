//! Targets that are no servers, that die in mid-run, and runs and sweeps that are interrupted.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use gauntlet_model::result::read_lines;
use gauntlet_model::{CaseResult, Kind, Line};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const GAUNTLET: &str = env!("CARGO_BIN_EXE_gauntlet");
/// For everything that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Killed with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A side of ours as a server, and its address.
fn serve(stack: &str) -> (Running, String) {
    let mut child = Command::new(GAUNTLET).args(["serve", stack]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").expect("the first line says where").to_owned();
    (Running(child), address)
}

/// A profile that starts a side of ours; `mark` is on its command line, to find it by.
fn profile(folder: &Path, stack: &str) -> String {
    let path = folder.join("target.yaml");
    let text = format!(
        "name: own\nserver:\n  command: {GAUNTLET} serve {stack} --listen 127.0.0.1:{{port}}\n  instances: 2\n"
    );
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn run(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(GAUNTLET);
    command.current_dir(folder).arg("run").args(arguments).args(["--out", "out", "--no-baseline", "--quiet"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn results(folder: &Path) -> (Vec<CaseResult>, Vec<Line>) {
    let file = fs::File::open(folder.join("out/results.jsonl")).unwrap();
    let lines = read_lines(BufReader::new(file)).unwrap();
    let cases = lines.iter().filter_map(|line| match line {
        Line::Case(case) => Some((**case).clone()),
        _ => None,
    });
    (cases.collect(), lines)
}

/// Processes with all of these words on their command line.
fn processes(words: &[&str]) -> Vec<u32> {
    let numbers =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    numbers
        .filter(|pid| {
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            words.iter().all(|word| line.split('\0').any(|part| part.contains(word)))
        })
        .collect()
}

/// Waits until something is so.
fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "not in time: {what}");
        std::thread::yield_now();
    }
}

fn lines_written(folder: &Path) -> usize {
    fs::read_to_string(folder.join("out/results.jsonl")).map_or(0, |text| text.lines().count())
}

#[test]
fn what_is_no_server_passes_nothing_at_an_address() {
    // Of one that says nothing, nobody knows when to stop waiting: a few cases do.
    let all = ("tls13/client_hello/**", 100);
    for (stack, (select, least)) in [
        ("wall", all),
        ("closer", all),
        ("garbage", all),
        ("mute", ("tls13/client_hello/compression_methods@methods=0001", 0)),
    ] {
        let (_server, address) = serve(stack);
        let folder = TempDir::new().unwrap();
        let status = run(folder.path(), &[select, "--target", &address]).status().unwrap();
        assert_ne!(status.code(), Some(0), "{stack}");
        let (cases, _) = results(folder.path());
        assert!(cases.len() > least, "{stack}: {} cases", cases.len());
        let passed: Vec<&CaseResult> =
            cases.iter().filter(|case| matches!(case.verdict, Kind::Pass | Kind::Loose)).collect();
        assert!(passed.is_empty(), "{stack}: {} passed, such as {}", passed.len(), passed[0].id);
    }
}

#[test]
fn what_is_no_server_passes_nothing_as_a_process() {
    for stack in ["wall", "closer", "garbage", "mute"] {
        let folder = TempDir::new().unwrap();
        let target = profile(folder.path(), stack);
        let status = run(folder.path(), &["tls13/client_hello/**", "--target", &target]).status().unwrap();
        assert_ne!(status.code(), Some(0), "{stack}");
        let (cases, _) = results(folder.path());
        assert!(cases.len() > 100, "{stack}: {} cases", cases.len());
        assert!(cases.iter().all(|case| !matches!(case.verdict, Kind::Pass | Kind::Loose)), "{stack}");
    }
}

#[test]
fn a_target_killed_in_mid_run_costs_its_case() {
    let folder = TempDir::new().unwrap();
    let target = profile(folder.path(), "openssl");
    let mut running = Running(run(folder.path(), &["tls13/**", "--target", &target, "--jobs", "1"]).spawn().unwrap());
    until("some cases", || lines_written(folder.path()) > 30);
    let children = || children_of(running.0.id());
    until("a child", || !children().is_empty());
    for child in children() {
        assert!(Command::new("kill").args(["-9", &child.to_string()]).status().unwrap().success());
    }
    let end = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = running.0.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < end, "the run goes on and on");
        std::thread::yield_now();
    };
    assert!(status.code().is_some(), "{status}");
    let (cases, lines) = results(folder.path());
    let hurt: Vec<&CaseResult> =
        cases.iter().filter(|case| matches!(case.verdict, Kind::Crash | Kind::Error)).collect();
    assert!(
        !hurt.is_empty() && hurt.len() <= 3,
        "{} hurt: {:?}",
        hurt.len(),
        hurt.iter().map(|c| &c.reason).collect::<Vec<_>>()
    );
    assert!(cases.len() > 500, "{} cases", cases.len());
    assert!(matches!(lines.last(), Some(Line::End(end)) if !end.interrupted));
    assert_eq!(children_left(folder.path()), Vec::<u32>::new());
}

#[test]
fn an_interrupted_run_still_writes_its_report() {
    let folder = TempDir::new().unwrap();
    let target = profile(folder.path(), "openssl");
    let mut running = Running(run(folder.path(), &["--target", &target, "--jobs", "1"]).spawn().unwrap());
    until("some cases", || lines_written(folder.path()) > 30);
    assert!(Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap().success());
    let status = running.0.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    let (cases, lines) = results(folder.path());
    assert!(!cases.is_empty());
    assert!(matches!(lines.last(), Some(Line::End(end)) if end.interrupted));
    for report in ["junit.xml", "index.html"] {
        assert!(folder.path().join("out").join(report).exists(), "{report}");
    }
    assert_eq!(children_left(folder.path()), Vec::<u32>::new());
}

#[test]
fn an_interrupted_sweep_says_what_it_found() {
    let folder = TempDir::new().unwrap();
    let target = profile(folder.path(), "openssl");
    let mut command = Command::new(GAUNTLET);
    command.current_dir(folder.path()).args(["sweep", "--target", &target]);
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    // A line is said as each flow begins.
    let mut begun = String::new();
    let mut stderr = BufReader::new(running.0.stderr.take().unwrap());
    stderr.read_line(&mut begun).unwrap();
    assert!(begun.contains("changes"), "{begun}");
    assert!(Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap().success());
    let mut said = String::new();
    running.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(running.0.wait().unwrap().code(), Some(130));
    assert!(said.contains("interrupted") && said.contains("findings in"), "{said}");
    assert_eq!(children_left(folder.path()), Vec::<u32>::new());
}

/// Direct children of a process.
fn children_of(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()).collect()
}

/// Servers of ours whose parent is gone.
fn children_left(_folder: &Path) -> Vec<u32> {
    let orphan = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line == "PPid:\t1")
    };
    processes(&["serve", "openssl"])
        .into_iter()
        .filter(orphan)
        .filter(|pid| processes(&[GAUNTLET]).contains(pid))
        .collect()
}
