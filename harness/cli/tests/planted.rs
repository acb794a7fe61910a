//! Faults planted as code in a server of ours are found by the sweep, made small, and replayed from what was written.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const GAUNTLET: &str = env!("CARGO_BIN_EXE_gauntlet");
/// A fault must be found within this.
const SOON: Duration = Duration::from_secs(60);

/// A profile of a side of ours that serves one connection after the other, so that what hangs, hangs for all.
fn profile(folder: &Path, stack: &str) -> String {
    let path = folder.join(format!("{stack}.yaml"));
    let command = format!("{GAUNTLET} serve {stack} --in-turn --listen 127.0.0.1:{{port}}");
    let server = format!("server:\n  command: {command}\n  instances: 4\n  one_at_a_time: true\n");
    fs::write(&path, format!("name: {stack}\n{server}")).unwrap();
    path.display().to_string()
}

/// What is said, and the exit status. A backtrace would take a dying server longer than anybody waits.
fn gauntlet(folder: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(GAUNTLET);
    command.current_dir(folder).args(arguments).env("RUST_BACKTRACE", "0").stderr(Stdio::inherit());
    let output = command.output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}

/// Sweeps a flow, and gives what was written: scenario and cause.
fn found(folder: &Path, target: &str, flow: &str, words: &[&str]) -> Vec<(PathBuf, String, String)> {
    let began = Instant::now();
    let arguments = [&["sweep", "--target", target, "--role", "server", "--flow", flow], words].concat();
    let (said, status) = gauntlet(folder, &arguments);
    assert!(began.elapsed() < SOON, "{target}: {:?}\n{said}", began.elapsed());
    assert_eq!(status, Some(1), "{target}\n{said}");
    let entries = fs::read_dir(folder.join("findings")).unwrap().map(|entry| entry.unwrap().path());
    let read = |place: PathBuf| {
        let text = |name: &str| fs::read_to_string(place.join(name)).unwrap();
        (place.join("scenario.yaml"), text("scenario.yaml"), text("cause.txt"))
    };
    entries.map(read).collect()
}

/// The exit status on a target: 1 is as bad as it was found.
fn replayed(folder: &Path, scenario: &Path, target: &str) -> Option<i32> {
    gauntlet(folder, &["run", &scenario.display().to_string(), "--target", target, "--out", "again", "--quiet"]).1
}

/// Alterations in a scenario: lines of flow YAML, each with its braces.
fn altered(text: &str) -> usize {
    let file = gauntlet_yaml::File::new("scenario.yaml", text);
    let loaded = gauntlet_scenario::Scenario::load("x", file, &Default::default());
    let (scenario, _) = loaded.unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let case = scenario.expand(None).unwrap().cases.remove(0);
    gauntlet_campaign::piece::pieces(&case).len()
}

/// All that is found of a cause is small, and fails again on the planted side, and nowhere else.
fn is_caught(folder: &Path, findings: &[(PathBuf, String, String)], cause: &str, target: &str, strict: &str) {
    let of_cause: Vec<_> = findings.iter().filter(|(.., why)| why.starts_with(cause)).collect();
    assert!(!of_cause.is_empty(), "{findings:#?}");
    for (path, text, _) in of_cause {
        assert!((1..=3).contains(&altered(text)), "{text}");
        assert_eq!(replayed(folder, path, target), Some(1), "{text}");
        assert_eq!(replayed(folder, path, strict), Some(0), "{text}");
    }
}

#[test]
fn a_panic_behind_an_edge_value_is_found() {
    let folder = TempDir::new().unwrap();
    let stack = "planted-server-session_id";
    let findings = found(folder.path(), stack, "tls13_retry", &[]);
    // It takes its process with it, so that is where it is played again.
    let (target, strict) = (profile(folder.path(), stack), profile(folder.path(), "strict"));
    is_caught(folder.path(), &findings, "crash", &target, &strict);
}

#[test]
fn a_finished_out_of_order_is_found() {
    let folder = TempDir::new().unwrap();
    let stack = "planted-server-finished";
    let findings = found(folder.path(), stack, "tls13_client_auth", &["--only-orders"]);
    is_caught(folder.path(), &findings, "finished moved", stack, "strict");
}

#[test]
fn an_endless_loop_is_found() {
    let folder = TempDir::new().unwrap();
    let (target, strict) = (profile(folder.path(), "planted-server-key_updates"), profile(folder.path(), "strict"));
    let findings = found(folder.path(), &target, "tls13_retry", &["--only-orders", "--until-found"]);
    is_caught(folder.path(), &findings, "hang", &target, &strict);
}
