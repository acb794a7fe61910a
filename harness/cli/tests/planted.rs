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
    let text = format!("name: {stack}\nserver:\n  command: {command}\n  instances: 2\n  one_at_a_time: true\n");
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn gauntlet(folder: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(GAUNTLET);
    let output = command.current_dir(folder).args(arguments).stderr(Stdio::inherit()).output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}

/// Sweeps until something is found, and gives what was written: scenario and cause.
fn found(folder: &Path, stack: &str, flow: &str) -> Vec<(PathBuf, String, String)> {
    let target = profile(folder, stack);
    let began = Instant::now();
    let (said, status) =
        gauntlet(folder, &["sweep", "--target", &target, "--flow", flow, "--until-found", "--every", "3"]);
    assert!(began.elapsed() < SOON, "{stack}: {:?}\n{said}", began.elapsed());
    assert_eq!(status, Some(1), "{stack}\n{said}");
    let entries = fs::read_dir(folder.join("findings")).unwrap().map(|entry| entry.unwrap().path());
    let read = |place: PathBuf| {
        let text = |name: &str| fs::read_to_string(place.join(name)).unwrap();
        (place.join("scenario.yaml"), text("scenario.yaml"), text("cause.txt"))
    };
    entries.map(read).collect()
}

/// The verdict on a stack, by the exit status: 1 is as bad as it was found.
fn replayed(folder: &Path, scenario: &Path, stack: &str) -> Option<i32> {
    let target = profile(folder, stack);
    gauntlet(folder, &["run", &scenario.display().to_string(), "--target", &target, "--out", "again", "--quiet"]).1
}

/// Alterations in a scenario: lines of flow YAML, each with its braces.
fn altered(text: &str) -> usize {
    let file = gauntlet_yaml::File::new("scenario.yaml", text);
    let loaded = gauntlet_scenario::Scenario::load("x", file, &Default::default());
    let (scenario, _) = loaded.unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let case = scenario.expand(None).unwrap().cases.remove(0);
    gauntlet_campaign::piece::pieces(&case).len()
}

fn is_caught(stack: &str, flow: &str, cause: &str) {
    let folder = TempDir::new().unwrap();
    let findings = found(folder.path(), stack, flow);
    let of_cause: Vec<_> = findings.iter().filter(|(.., why)| why.contains(cause)).collect();
    assert!(!of_cause.is_empty(), "{findings:#?}");
    for (path, text, _) in of_cause {
        assert!((1..=3).contains(&altered(text)), "{text}");
        assert_eq!(replayed(folder.path(), path, stack), Some(1), "{text}");
        assert_eq!(replayed(folder.path(), path, "strict"), Some(0), "{text}");
    }
}

#[test]
fn a_panic_behind_an_edge_value_is_found() {
    is_caught("planted-server-session_id", "tls13_retry", "crash");
}

#[test]
fn a_finished_out_of_order_is_found() {
    is_caught("planted-server-finished", "tls13_client_auth", "certificate");
}

#[test]
fn an_endless_loop_is_found() {
    is_caught("planted-server-key_updates", "tls13_retry", "hang");
}
