//! Clients that hang, never connect, connect twice, crash, or do not mind being asked to end: each gets its verdict, and
//! none is left behind.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use gauntlet_model::result::read_lines;
use gauntlet_model::{CaseResult, Kind, Line};
use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::process::{Command, Stdio};

/// The plainest flow: it is its own twin, so that what the client does is what is judged.
const PLAIN: &str = "title: A handshake completes\nrequirements: [rfc9846-4.4.1-03]\npeer: server\nversion: tls1.3\n\
    flow:\n  - handshake: full\n  - expect: accept\n";

/// Plays it against the misbehaving program in a mode.
fn verdict(folder: &Path, mode: &str) -> CaseResult {
    let note = folder.join("note");
    let profile = format!(
        "name: sample\nclient:\n  command: \"{{program:gauntlet-misbehave}} {mode} {{port}} {}\"\n  ready_within: 2\n",
        note.display()
    );
    fs::write(folder.join("sample.yaml"), profile).unwrap();
    fs::write(folder.join("plain.yaml"), PLAIN).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gauntlet"));
    command.current_dir(folder).args(["run", "plain.yaml", "--target", "sample.yaml"]);
    command.args(["--out", "out", "--no-baseline", "--quiet"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap();
    let file = fs::File::open(folder.join("out/results.jsonl")).unwrap();
    let case = read_lines(BufReader::new(file)).unwrap().into_iter().find_map(|line| match line {
        Line::Case(case) => Some(*case),
        _ => None,
    });
    case.unwrap()
}

/// Processes whose command line has this path in it.
fn left_behind(folder: &Path) -> Vec<String> {
    let lines = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let line = fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines.filter(|line| line.contains(folder.to_str().unwrap())).collect()
}

#[test]
fn each_gets_its_verdict_and_leaves_nothing() {
    let expected = [
        ("clings", Kind::Hang, "nor does it end when its connection is closed"),
        ("falls", Kind::Crash, "signal 6"),
        ("connects", Kind::Fail, ""),
        // It waits for the end of the connection that nobody takes.
        ("twice", Kind::Hang, "nor does it end"),
    ];
    for (mode, kind, words) in expected {
        let folder = tempfile::tempdir().unwrap();
        let case = verdict(folder.path(), mode);
        assert_eq!(case.verdict, kind, "{mode}: {}", case.reason);
        assert!(case.reason.contains(words), "{mode}: {}", case.reason);
        assert_eq!(left_behind(folder.path()), Vec::<String>::new(), "{mode}");
    }
}
