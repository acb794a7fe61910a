//! One honest stack in a process of its own, in many moods: it crashes, hangs, wavers, lies, is slow, or leaks, and each
//! is told from the others, as server and as client.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use gauntlet_model::result::read_lines;
use gauntlet_model::{CaseResult, Kind, Line};
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Refused in the clear, with illegal_parameter.
const SERVER: &str = "tls13/client_hello/compression_not_null";
const CLIENT: &str = "tls13/clients/server_hello/cipher_suite_not_offered";
/// Nothing to refuse.
const PLAIN: &str = "title: A handshake completes\nrequirements: [rfc9846-4.4.1-03]\npeer: server\nversion: tls1.3\n\
    flow:\n  - handshake: full\n  - expect: accept\n";

struct Outcome {
    cases: Vec<CaseResult>,
    said: String,
}

fn profile(folder: &Path, mood: &str, role: &str) -> PathBuf {
    let ready = if role == "server" { "\n  ready: {line: READY}\n  instances: 1" } else { "" };
    let exit = if role == "client" { "\n  exit: {accepted: [0], refused: [1]}" } else { "" };
    let command = format!("{{program:gauntlet-moody}} {mood} {role} {{port}} '{}'", folder.join("note").display());
    let file = folder.join("moody.yaml");
    fs::write(&file, format!("name: moody\n{role}:\n  command: >-\n    {command}{ready}{exit}\n")).unwrap();
    file
}

/// Plays scenarios against it in a mood.
fn played(mood: &str, role: &str, select: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let profile = profile(folder.path(), mood, role);
    fs::write(folder.path().join("plain.yaml"), PLAIN).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gauntlet"));
    command.current_dir(folder.path()).args([
        "run",
        select,
        "--jobs",
        "1",
        "--out",
        "out",
        "--no-baseline",
        "--target",
    ]);
    let output = command.arg(profile).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    let file = fs::File::open(folder.path().join("out/results.jsonl")).unwrap_or_else(|_| panic!("{said}"));
    let lines = read_lines(BufReader::new(file)).unwrap();
    let cases = lines.into_iter().filter_map(|line| if let Line::Case(case) = line { Some(*case) } else { None });
    Outcome { cases: cases.collect(), said }
}

fn all_are(mood: &str, role: &str, kind: Kind) {
    let outcome = played(mood, role, if role == "server" { SERVER } else { CLIENT });
    assert!(!outcome.cases.is_empty(), "{mood} {role}: {}", outcome.said);
    for case in outcome.cases {
        assert_eq!(case.verdict, kind, "{mood} {role}: {}: {}", case.id, case.reason);
    }
}

#[test]
fn servers_in_moods_are_told_apart() {
    all_are("honest", "server", Kind::Pass);
    all_are("crashes", "server", Kind::Crash);
    all_are("hangs", "server", Kind::Hang);
    all_are("lies", "server", Kind::Loose);
    // It dies many times while it is asked what it has.
    all_are("frail", "server", Kind::Crash);
}

#[test]
fn a_slow_server_is_waited_for() {
    all_are("sleeps", "server", Kind::Pass);
    all_are("computes", "server", Kind::Pass);
}

#[test]
fn what_happens_once_is_unstable() {
    for (role, select) in [("server", SERVER), ("client", CLIENT)] {
        let cases = played("flaky", role, select).cases;
        let (first, others) = cases.split_first().unwrap();
        assert_eq!(first.verdict, Kind::Unstable, "{role}: {}", first.reason);
        assert!(others.iter().all(|case| case.verdict == Kind::Pass), "{role}");
    }
}

#[test]
fn a_server_that_leaks_is_remarked_on() {
    let remark = |mood| {
        let outcome = played(mood, "server", "tls13/{client_hello,extension,key_share}/**");
        assert!(outcome.cases.iter().filter(|case| case.verdict != Kind::Skip).count() > 300, "too few to tell");
        outcome.said.contains("it may leak")
    };
    assert!(remark("leaks"));
    assert!(!remark("honest"));
}

#[test]
fn clients_in_moods_are_told_apart() {
    all_are("honest", "client", Kind::Pass);
    all_are("crashes", "client", Kind::Crash);
    all_are("hangs", "client", Kind::Hang);
    all_are("sleeps", "client", Kind::Pass);
}

#[test]
fn the_wire_is_believed_rather_than_the_exit_status() {
    all_are("lies", "client", Kind::Pass);
    let taken = played("denies", "client", "plain.yaml");
    let kinds: Vec<Kind> = taken.cases.iter().map(|case| case.verdict).collect();
    assert_eq!(kinds, [Kind::Pass], "what it took is on the wire: {}", taken.said);
}
