//! The command as its users have it: exit status, output, and the files that it leaves.

mod common;

use gauntlet_model::result::read_lines;
use gauntlet_model::{CaseResult, Kind, Line, Side, Transcript, What};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// Scenarios of which it is known how the embedded OpenSSL takes them.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
const ALL: [&str; 10] = [
    "compression@methods=0001",
    "compression@methods=0100",
    "finished@bit=0",
    "finished@bit=255",
    "lacking",
    "legacy_version",
    "plain@run=1",
    "plain@run=2",
    "plain@run=3",
    "plain@run=4",
];

/// A folder of its own to run the command in.
struct Place(TempDir);

/// What a command did.
struct Ended {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Place {
    fn new() -> Place {
        Place(TempDir::new().expect("a folder for the test"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn gauntlet(&self, arguments: &[&str]) -> Ended {
        gauntlet_in(self.path(), arguments)
    }

    /// `run` over the corpus of the tests, without baselines.
    fn run(&self, out: &str, arguments: &[&str]) -> Ended {
        let fixed = ["run", "--corpus", CORPUS, "--no-baseline", "--out", out];
        self.gauntlet(&[&fixed, arguments].concat())
    }

    fn results(&self, out: &str) -> Results {
        Results::read(self.path().join(out))
    }
}

fn gauntlet_in(folder: &Path, arguments: &[&str]) -> Ended {
    let Output { status, stdout, stderr } = common::gauntlet(folder, arguments);
    let text = |bytes| String::from_utf8(bytes).expect("all output is UTF-8");
    Ended { status: status.code().expect("it ends by itself"), stdout: text(stdout), stderr: text(stderr) }
}

impl Ended {
    /// The exit status is as said; all output is shown if not.
    #[track_caller]
    fn with(self, status: i32) -> Ended {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Ended {
        assert!(self.stdout.contains(text), "no `{text}` in stdout:\n{}", self.stdout);
        self
    }

    #[track_caller]
    fn complains(self, text: &str) -> Ended {
        assert!(self.stderr.contains(text), "no `{text}` in stderr:\n{}", self.stderr);
        self
    }
}

/// The results file of a run, and its folder.
struct Results {
    folder: PathBuf,
    lines: Vec<Line>,
}

impl Results {
    fn read(folder: PathBuf) -> Results {
        let path = folder.join("results.jsonl");
        let text = fs::read_to_string(&path).expect("a run leaves its results");
        assert!(text.ends_with('\n'), "the last line is whole");
        let lines = read_lines(BufReader::new(text.as_bytes())).expect("each line is a result");
        assert_eq!(lines.len(), text.lines().count(), "no line is left out");
        Results { folder, lines }
    }

    fn cases(&self) -> BTreeMap<&str, &CaseResult> {
        let cases = self.lines.iter().filter_map(|line| match line {
            Line::Case(case) => Some((case.id.as_str(), &**case)),
            _ => None,
        });
        cases.collect()
    }

    fn case(&self, id: &str) -> &CaseResult {
        self.cases().get(id).unwrap_or_else(|| panic!("no {id}"))
    }

    /// All that must not depend on when, and in which order, something ran.
    fn verdicts(&self) -> Vec<(String, Kind, String, String)> {
        let cases = self.cases().into_values();
        cases.map(|case| (case.id.clone(), case.verdict, case.reason.clone(), format!("{:?}", case.reaction))).collect()
    }

    fn transcript(&self, id: &str) -> Transcript {
        let evidence = self.case(id).evidence.as_ref().expect("it was kept");
        let text = fs::read(self.folder.join(evidence).join("transcript.json")).expect("evidence has a transcript");
        serde_json::from_slice(&text).expect("a transcript")
    }

    /// The first message that we sent.
    fn hello(&self, id: &str) -> Vec<u8> {
        let transcript = self.transcript(id);
        let hello = transcript.events.into_iter().find_map(|event| match event.what {
            What::Message { from: Side::Us, bytes, .. } => Some(bytes),
            _ => None,
        });
        hello.expect("we sent something")
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

// ---- exit status ---------------------------------------------------------------------------------

#[test]
fn a_selection_that_passes_ends_with_0() {
    let place = Place::new();
    place.run("out", &["compression", "finished"]).with(0).says("as expected: 4 cases");
    assert!(place.results("out").cases().values().all(|case| case.verdict == Kind::Pass));
}

#[test]
fn a_broken_must_ends_with_1_and_shows_the_line_that_demands_it() {
    let place = Place::new();
    let ended = place.run("out", &["legacy_version"]).with(1).says("not as expected: 1 of 1 case");
    let shown = format!("--> {CORPUS}/legacy_version.yaml:10:5");
    ended
        .says(&shown)
        .says(" 10 |   - expect: { reject: protocol_version }\n")
        .says("^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ went on with server_hello\n")
        .says("rfc9846-4.2.2-18");
}

#[test]
fn by_the_older_rfc_a_new_rule_binds_nobody() {
    let place = Place::new();
    place.run("newer", &["legacy_version", "finished"]).with(1);
    place.run("older", &["legacy_version", "finished", "--rfc", "8446"]).with(0);
    let results = place.results("older");
    let case = results.case("legacy_version");
    assert_eq!(case.verdict, Kind::Skip);
    assert_eq!(case.reason, "RFC 8446 has no such rule: rfc9846-4.2.2-18 is new in RFC 9846");
    assert!(results.cases().iter().any(|(id, case)| id.starts_with("finished") && case.verdict == Kind::Pass));
    assert!(matches!(&results.lines[0], Line::Run(run) if run.rfc == 8446));
}

#[test]
fn what_the_baseline_lists_ends_with_0_until_it_is_over() {
    let place = Place::new();
    place.run("out", &[]).with(1);
    let written = place.gauntlet(&["baseline", "out"]).with(0).stdout;
    assert!(written.contains("legacy_version"), "{written}");
    fs::write(place.path().join("known.yaml"), &written).expect("written");
    place.run("again", &["--baseline", "known.yaml"]).with(0).says("as expected");
    let results = place.results("again");
    let case = results.case("legacy_version");
    assert_eq!(case.verdict, Kind::Fail, "it is still told");
    assert!(case.expected_by_baseline.is_some());

    let other = written.replace("legacy_version", "finished@bit=0");
    fs::write(place.path().join("other.yaml"), other).expect("written");
    place.run("other", &["--baseline", "other.yaml"]).with(1).says("legacy_version");
}

#[test]
fn mistakes_in_usage_end_with_2_and_say_what_is_wrong() {
    let place = Place::new();
    let told = |arguments: &[&str], text: &str| _ = place.gauntlet(arguments).with(2).complains(text);
    told(&["run", "--no-such-option"], "--no-such-option");
    told(&["run", "--shard", "9/8"], "such as 2/8");
    told(&["run", "--seed", "xyz"], "hex");
    told(&["run", "--date", "tomorrow"], "such as 2026-11-21");
    told(&["run", "tls13/no/such"], "nothing is selected");
    told(&["list", "tls13/no/such"], "nothing is selected");
    told(&["run", "levle(must)"], "did you mean `level`?");
    told(&["run", "--target", "embedded-opensl"], "did you mean `embedded-openssl`?");
    told(&["run", "--target", "192.0.2.1:443"], "not on this machine");
    told(&["run", "no_such_file.yaml"], "no_such_file.yaml");
    told(&["run", "--corpus", "no_such_folder"], "no_such_folder");
    told(&["run", "--baseline", "no_such_file.yaml", "--corpus", CORPUS], "no_such_file.yaml");
    told(&["show", "tls13/no/such"], "there is no case `tls13/no/such`");
    told(&["show", "finished@bit=1", "--corpus", CORPUS], "did you mean `finished@bit=");
    told(&["replay", "finishd@bit=0", "--corpus", CORPUS], "there is no case `finishd@bit=0`");
    told(&["report", "no_such_folder"], "no_such_folder");
    told(&["baseline", "no_such_folder"], "no_such_folder");
    told(&["serve", "no_such_stack"], "no_such_stack");
}

#[test]
fn a_scenario_with_mistakes_is_not_run() {
    let place = Place::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bad/unknown_key.yaml");
    place.gauntlet(&["run", file, "--out", "out"]).with(2).complains("did you mean `version`?");
    assert!(!place.path().join("out/results.jsonl").exists(), "nothing was run");
}

#[test]
fn a_target_that_cannot_be_reached_ends_with_3() {
    let place = Place::new();
    // Nobody listens at port 1, and only the superuser could.
    place.run("out", &["compression", "--target", "127.0.0.1:1"]).with(3).complains("127.0.0.1:1");
    place.gauntlet(&["probe", "127.0.0.1:1"]).with(3).complains("127.0.0.1:1");
}

// ---- results -------------------------------------------------------------------------------------

#[test]
fn results_are_complete() {
    let place = Place::new();
    place.run("out", &[]).with(1);
    let results = place.results("out");
    let [Line::Run(run), Line::Target(target), cases @ .., Line::End(end)] = results.lines.as_slice() else {
        panic!("run, target, cases, end")
    };
    assert_eq!((run.schema, run.seed.as_str(), run.alerts.as_str()), (1, "0000000000000001", "exact"));
    assert_eq!(run.corpus.len(), 64);
    assert_eq!(target.target, "embedded-openssl");
    assert!(target.capabilities.has("versions", "tls1.3"));
    assert!(!end.interrupted);

    assert_eq!(cases.len(), ALL.len(), "each case once");
    assert_eq!(results.cases().into_keys().collect::<Vec<_>>(), ALL);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for case in results.cases().values() {
        *counts.entry(case.verdict.name().to_owned()).or_default() += 1;
        assert_eq!((case.target.as_str(), case.role.name()), ("embedded-openssl", "server"));
        assert!(!case.reason.is_empty(), "{}", case.id);
    }
    assert_eq!(counts, end.counts);
    assert_eq!(counts, BTreeMap::from([("pass".to_owned(), 8), ("fail".to_owned(), 1), ("skip".to_owned(), 1)]));
}

#[test]
fn a_case_says_what_decided_it() {
    let place = Place::new();
    place.run("out", &["legacy_version", "finished", "lacking"]).with(1);
    let results = place.results("out");

    let failed = results.case("legacy_version");
    assert_eq!((failed.verdict, failed.level.as_deref()), (Kind::Fail, Some("MUST")));
    assert_eq!(failed.requirements, ["rfc9846-4.2.2-18"]);
    assert_eq!(
        (failed.expected.as_str(), failed.reason.as_str()),
        ("reject: protocol_version", "went on with server_hello")
    );
    assert_eq!(failed.attempts, [Kind::Fail, Kind::Fail], "a failure is played twice");
    assert_eq!(failed.twin, "accepted");
    assert_eq!(failed.negotiated.version.as_deref(), Some("tls1.3"));
    let at = failed.at.as_ref().expect("a step decided");
    let text = fs::read_to_string(&at.file).expect("the file is named as it was found");
    let line = text.lines().nth(at.line - 1).expect("the line is there");
    assert_eq!(&line[at.column - 1..at.column - 1 + at.width], "expect: { reject: protocol_version }");

    let passed = results.case("finished@bit=255");
    assert_eq!(passed.parameters["bit"], 255);
    assert_eq!(passed.reaction.alerts, ["fatal decrypt_error"]);
    assert_eq!(passed.evidence, None, "what passes is not kept unless asked for");

    let skipped = results.case("lacking");
    assert_eq!((skipped.verdict, skipped.reason.as_str()), (Kind::Skip, "the target has no heartbeat"));
}

#[test]
fn evidence_of_a_failure_can_be_read_and_played_again() {
    let place = Place::new();
    place.run("out", &["legacy_version", "compression"]).with(1);
    let results = place.results("out");
    let evidence = PathBuf::from("out").join(results.case("legacy_version").evidence.as_ref().expect("kept"));
    let transcript = results.transcript("legacy_version");
    assert_eq!(transcript.case, "legacy_version");
    assert!(transcript.events.iter().any(|event| matches!(event.what, What::Established { version: 0x0304, .. })));
    let read = |name: &str| fs::read_to_string(place.path().join(&evidence).join(name)).expect(name);
    assert!(read("ladder.txt").contains("server_hello"));
    assert!(read("transcript.txt").contains("set legacy_version"));
    let keys = read("keys.log");
    for label in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_HANDSHAKE_TRAFFIC_SECRET ", "CLIENT_TRAFFIC_SECRET_0 "] {
        assert!(keys.lines().any(|line| line.starts_with(label) && line.split(' ').count() == 3), "{keys}");
    }
    let scenario = evidence.join("scenario.yaml");
    place.gauntlet(&["lint", &scenario.display().to_string()]).with(0).says("1 scenario, 1 case: no errors");
    let ended = place.gauntlet(&["replay", &scenario.display().to_string()]).with(1);
    ended.says("fail: went on with server_hello");
}

#[test]
fn what_is_kept_can_be_chosen() {
    let place = Place::new();
    place.run("all", &["compression", "--keep", "all"]).with(0);
    place.run("none", &["legacy_version", "--keep", "none"]).with(1);
    let (all, none) = (place.results("all"), place.results("none"));
    assert!(all.cases().values().all(|case| case.evidence.as_ref().is_some_and(|e| all.folder.join(e).is_dir())));
    assert_eq!(none.case("legacy_version").evidence, None);
    assert!(!none.folder.join("evidence").exists());
}

#[test]
fn a_second_run_leaves_nothing_of_the_first() {
    let place = Place::new();
    place.run("out", &["--keep", "all"]).with(1);
    place.run("out", &["compression"]).with(0);
    assert_eq!(place.results("out").cases().len(), 2);
    assert!(!place.path().join("out/evidence").exists());
}

#[test]
fn the_date_decides_which_certificates_are_valid() {
    let place = Place::new();
    let text = "title: A chain of today is taken\nrequirements: [rfc5280-6.1.3-02]\npeer: server\nversion: tls1.3\n\
        pki: { leaf: { not_after: +30d } }\nflow:\n  - handshake: full\n  - expect: accept\n";
    fs::write(place.path().join("plain.yaml"), text).expect("written");
    let verdict = |more: &[&str], status: i32| {
        place.gauntlet(&[&["run", "plain.yaml", "--out", "out"], more].concat()).with(status);
        let results = place.results("out");
        let Some(Line::Run(run)) = results.lines.first() else { panic!("a run") };
        (results.cases().values().next().expect("a case").verdict, run.date.clone())
    };
    let (today, date) = verdict(&[], 0);
    assert_eq!((today, date.len()), (Kind::Pass, 10));
    assert_eq!(verdict(&["--date", &date], 0), (Kind::Pass, date));
    // The client goes by its own clock.
    let (then, date) = verdict(&["--date", "1999-12-31"], 1);
    assert_ne!(then, Kind::Pass);
    assert_eq!(date, "1999-12-31");
    place.gauntlet(&["replay", "plain.yaml"]).with(0);
    place.gauntlet(&["replay", "plain.yaml", "--date", "1999-12-31"]).with(1).says("certificate_expired");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_verdicts_whatever_the_threads() {
    let place = Place::new();
    place.run("one", &["--seed", "7", "--keep", "all", "--jobs", "1"]).with(1);
    place.run("two", &["--seed", "7", "--keep", "all", "--jobs", "4"]).with(1);
    place.run("three", &["--seed", "8", "--keep", "all"]).with(1);
    let [one, two, three] = ["one", "two", "three"].map(|out| place.results(out));
    assert_eq!(one.verdicts(), two.verdicts());
    assert_eq!(one.verdicts(), three.verdicts(), "another seed changes no verdict here");
    let mut hellos = BTreeSet::new();
    for id in one.cases().keys().filter(|id| **id != "lacking") {
        assert_eq!(one.hello(id), two.hello(id), "{id}: same seed, same bytes");
        assert_ne!(one.hello(id), three.hello(id), "{id}: the seed decides them");
        hellos.insert(one.hello(id));
    }
    assert_eq!(hellos.len(), ALL.len() - 1, "each case has random numbers of its own");
}

#[test]
fn shards_share_the_cases_and_come_together_again() {
    let place = Place::new();
    let parts = ["1/3", "2/3", "3/3"].map(|shard| {
        let out = shard.replace('/', "_of_");
        let status = place.run(&out, &["--shard", shard]).status;
        assert!(status <= 2, "{status}");
        out
    });
    let mut seen = Vec::new();
    for part in &parts {
        seen.extend(place.results(part).cases().into_keys().map(str::to_owned));
    }
    seen.sort();
    assert_eq!(seen, ALL, "each case in one shard");
    let [one, two, three] = &parts;
    place.gauntlet(&["report", one, two, three, "--out", "together"]).with(1).says("not as expected: 1 of 10 cases");
    let junit = fs::read_to_string(place.path().join("together/junit.xml")).expect("rendered");
    assert_eq!(junit.matches("<testcase ").count(), ALL.len());
}

#[test]
fn the_first_failure_ends_a_run_if_so_asked() {
    let place = Place::new();
    let ended = place.run("out", &["legacy_version", "plain", "--fail-fast", "--jobs", "1"]).with(1);
    ended.says("legacy_version");
    let results = place.results("out");
    assert_eq!(results.cases().into_keys().collect::<Vec<_>>(), ["legacy_version"]);
}

// ---- reports -------------------------------------------------------------------------------------

#[test]
fn reports_are_rendered_again_byte_for_byte() {
    const RENDERED: [&str; 5] = ["index.html", "junit.xml", "report.sarif", "ctrf.json", "report.md"];
    let place = Place::new();
    place.run("out", &[]).with(1);
    let rendered = || RENDERED.map(|file| place.results("out").file(file));
    let first = rendered();
    RENDERED.iter().for_each(|file| fs::remove_file(place.path().join("out").join(file)).expect("it was written"));
    place.gauntlet(&["report", "out"]).with(1);
    let again = rendered();
    for (file, (first, again)) in RENDERED.iter().zip(first.iter().zip(&again)) {
        assert!(first == again, "{file} is another");
    }
    // It is the results that all of them are made of.
    let results = place.path().join("out/results.jsonl");
    let text = fs::read_to_string(&results).expect("written").replace("went on with server_hello", "went to sleep");
    fs::write(&results, text).expect("written");
    place.gauntlet(&["report", "out"]).with(1);
    for (file, (again, other)) in RENDERED.iter().zip(again.iter().zip(&rendered())) {
        assert!(again != other && other.contains("went to sleep"), "{file} is still the same");
    }
}

#[test]
fn junit_has_each_case_and_the_failing_line() {
    let place = Place::new();
    place.run("out", &[]).with(1);
    let junit = place.results("out").file("junit.xml");
    assert!(junit.starts_with("<?xml"), "{junit}");
    assert!(junit.contains(r#"<testsuite name="embedded-openssl" tests="10" "#), "{junit}");
    assert!(junit.contains(r#"failures="1""#), "{junit}");
    assert_eq!(junit.matches("<testcase ").count(), ALL.len());
    assert_eq!(junit.matches("<failure").count(), 1);
    assert_eq!(junit.matches("<skipped").count(), 1);
    assert!(junit.contains("legacy_version.yaml:10:5"), "{junit}");
}

#[test]
fn the_page_needs_nothing_from_anywhere() {
    let place = Place::new();
    place.run("out", &[]).with(1);
    let page = place.results("out").file("index.html");
    assert!(page.contains("legacy_version") && page.contains("went on with server_hello"));
    for elsewhere in ["src=\"http", "href=\"http://", "@import", "<link", "src=\"//"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

// ---- looking -------------------------------------------------------------------------------------

#[test]
fn list_names_what_a_selection_takes() {
    let place = Place::new();
    let list = |select: &[&str]| -> Vec<String> {
        let ended = place.gauntlet(&[&["list", "--corpus", CORPUS], select].concat()).with(0);
        ended.stdout.lines().filter_map(|line| line.split("  ").next()).map(str::to_owned).collect()
    };
    let mut all = list(&[]);
    all.sort();
    assert_eq!(all, ALL);
    assert_eq!(list(&["finished@bit=0"]), ["finished@bit=0"]);
    assert_eq!(list(&["fin*"]), ["finished@bit=0", "finished@bit=255"]);
    assert_eq!(list(&["rfc(9846/4.5.3)"]), ["finished@bit=0", "finished@bit=255"]);
    assert_eq!(list(&["tag(hello)"]), ["compression@methods=0001", "compression@methods=0100"]);
    assert_eq!(list(&["level(must) & !tag(slow) & !tag(hello) & !fin*"]), ["lacking", "legacy_version"]);
    assert_eq!(list(&["finished@bit=0", "lacking"]).len(), 2, "several selections add up");
}

#[test]
fn the_embedded_scenarios_have_no_mistakes_and_can_be_listed() {
    let place = Place::new();
    let linted = place.gauntlet(&["lint"]).with(0).says("no errors").stdout;
    let listed = place.gauntlet(&["list"]).with(0).stdout;
    let cases = listed.lines().count();
    assert!(cases > 0 && linted.contains(&format!(" {cases} cases")), "{cases} listed, linted: {linted}");
    let ids: BTreeSet<&str> = listed.lines().filter_map(|line| line.split("  ").next()).collect();
    assert_eq!(ids.len(), cases, "each id once");
}

#[test]
fn show_gives_the_rule_and_the_case_with_its_values_in_place() {
    let place = Place::new();
    let ended = place.gauntlet(&["show", "finished@bit=255", "--corpus", CORPUS]).with(0);
    insta::assert_snapshot!("show", ended.stdout);
    let first = place.gauntlet(&["show", "finished", "--corpus", CORPUS]).with(0);
    assert!(first.stdout.starts_with("finished@bit=0\n"), "a scenario's id means its first case:\n{}", first.stdout);
}

#[test]
fn replay_prints_the_ladder_and_the_verdict() {
    let place = Place::new();
    let replay = |id: &str| place.gauntlet(&["replay", id, "--corpus", CORPUS]);
    let passed = replay("compression@methods=0100").with(0).says("pass: refused with illegal_parameter");
    insta::with_settings!({ filters => vec![
        (r"[0-9a-f]{8}\.\. \(32\)", "[random] (32)"),
        (r"at .*/tests/", "at [tests]/"),
    ] }, {
        insta::assert_snapshot!("replay", passed.stdout);
    });
    replay("legacy_version").with(1).says("fail: went on with server_hello").says("legacy_version.yaml:10:5");
    let bytes = place.gauntlet(&["replay", "compression@methods=0100", "--corpus", CORPUS, "--bytes"]).with(0);
    assert!(bytes.stdout.len() > passed.stdout.len(), "all bytes are more than a ladder");
    let file = format!("{CORPUS}/legacy_version.yaml");
    place.gauntlet(&["replay", &file]).with(1).says("fail: went on with server_hello");
}

#[test]
fn probe_tells_what_the_embedded_openssl_has() {
    let place = Place::new();
    let text = place.gauntlet(&["probe", "--role", "server"]).with(0).says("embedded-openssl  OpenSSL 3.").stdout;
    let line = |words: &[&str]| text.lines().any(|line| line.split_whitespace().eq(words.iter().copied()));
    assert!(line(&["TLS", "1.3", "yes"]) && line(&["SSL", "3.0", "no"]), "{text}");
    assert!(line(&["X25519MLKEM768", "yes"]) && line(&["rsa_pss_rsae_sha256", "yes"]), "{text}");
    assert!(line(&["data", "echoed", "yes"]) && line(&["records", "of", "1", "byte", "yes"]), "{text}");
    assert!(!text.contains("as client"), "{text}");
    let both = place.gauntlet(&["probe"]).with(0).stdout;
    assert!(both.contains("as server") && both.contains("as client"), "{both}");
    let json = place.gauntlet(&["probe", "--json"]).with(0).stdout;
    let probed: serde_json::Value = serde_json::from_str(&json).expect("an object for each role");
    assert_eq!((&probed[0]["role"], &probed[1]["role"]), (&"server".into(), &"client".into()));
    let found: gauntlet_model::Capabilities =
        serde_json::from_value(probed[0]["capabilities"].clone()).expect("capabilities");
    assert!(found.has("groups", "x25519") && !found.has("versions", "ssl3.0"));
    assert!(!found.has("signature_schemes_tls1.3", "rsa_pkcs1_sha256"), "only up to TLS 1.2");
    assert!(found.has("signature_schemes_tls1.2", "rsa_pkcs1_sha256"));
    assert!(found.has("records", "16384 bytes") && !found.has("records", "16385 bytes"));
    place.gauntlet(&["probe", "gnutls-serv", "--role", "client"]).with(2).complains("gnutls-serv is no client");
}

#[test]
fn help_and_version_end_with_0() {
    let place = Place::new();
    let help = place.gauntlet(&["--help"]).with(0).stdout;
    for command in
        ["run", "list", "show", "replay", "targets", "probe", "serve", "lint", "selftest", "baseline", "report"]
    {
        assert!(help.contains(&format!("\n  {command} ")), "{command} in\n{help}");
    }
    place.gauntlet(&["--version"]).with(0).says(concat!("gauntlet ", env!("CARGO_PKG_VERSION")));
}

// ---- mistakes in scenarios -----------------------------------------------------------------------

/// Each file in `bad/` has one mistake, or several; what its author is told stands beside it.
#[test]
fn mistakes_in_scenarios_are_told_with_place_and_remedy() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files: Vec<String> = fs::read_dir(tests.join("bad"))
        .expect("the folder")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 9, "{files:?}");
    for name in files {
        let ended = gauntlet_in(&tests, &["lint", &format!("bad/{name}")]).with(2);
        assert_eq!(ended.stdout, "", "{name}");
        insta::with_settings!({ snapshot_path => "bad", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.trim_end_matches(".yaml"), ended.stderr);
        });
    }
}

#[test]
fn all_files_of_a_folder_are_told_about_at_once() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let ended = gauntlet_in(&tests, &["lint", "bad"]).with(2);
    for name in ["several", "unknown_key", "unknown_parameter", "unknown_path", "wrong_type", "yaml_error"] {
        assert!(ended.stderr.contains(&format!(" --> bad/{name}.yaml:")), "{name} in\n{}", ended.stderr);
    }
}
