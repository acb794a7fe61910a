//! How much of RFC 9846 the corpus decides, and how much of the corpus our own correct side passes: figures that may only
//! grow.

mod common;

use common::gauntlet;
use gauntlet_model::result::read_lines;
use gauntlet_model::{Kind, Line};
use gauntlet_vectors::catalogue::{Catalogue, Level, Requirement};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::io::Write as _;

/// Of the MUSTs and MUST NOTs of RFC 9846 that a peer can see, so many at least are decided by one run against the
/// embedded OpenSSL in both roles: (whom they bind, how many). Raise a figure when more are decided.
const DECIDED: [(&str, usize); 3] = [("server", 196), ("client", 184), ("both", 140)];

/// MUST or MUST NOT, seen by a peer, counted here and nowhere else.
fn counts(rule: &Requirement) -> bool {
    let must = matches!(rule.level, Level::Must | Level::MustNot);
    let elsewhere = rule.same_as.is_some() || rule.superseded_by.is_some() || rule.disputed;
    must && rule.observable.starts_with("wire") && !elsewhere
}

/// The state of each requirement of RFC 9846, by its id.
fn states(coverage: &Value) -> HashMap<&str, &str> {
    let documents = coverage["documents"].as_array().expect("documents");
    let ours = documents.iter().find(|document| document["name"] == "rfc9846").expect("RFC 9846");
    let entries = ours["entries"].as_array().expect("entries").iter();
    entries.map(|entry| (entry["id"].as_str().expect("an id"), entry["state"].as_str().expect("a state"))).collect()
}

#[test]
fn as_many_requirements_are_decided_as_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = gauntlet(folder.path(), &["run", "rfc(9846)", "--keep", "none", "--quiet"]);
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let said = gauntlet(folder.path(), &["coverage", "--json", "--rfc", "9846"]);
    let coverage: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let states = states(&coverage);
    let rules = &Catalogue::embedded().document("rfc9846").expect("RFC 9846").requirements;
    for (binds, least) in DECIDED {
        let all: Vec<&Requirement> = rules.iter().filter(|rule| counts(rule) && rule.binds == binds).collect();
        let is_open = |rule: &&&Requirement| states.get(rule.id.as_str()).is_none_or(|state| *state != "decided");
        let open: Vec<&str> = all.iter().filter(is_open).map(|rule| rule.id.as_str()).collect();
        let decided = all.len() - open.len();
        let percent = 100 * decided / all.len();
        let _ = writeln!(
            std::io::stderr(),
            "{binds}: {decided} of {} decided ({percent} %), at least {least} wanted",
            all.len()
        );
        assert!(decided >= least, "{binds}: {decided} decided, {least} wanted; open are {open:#?}");
    }
}

/// What it does not pass is named in `reports/baselines/strict.yaml`, each with a reason, or the run ends in another status.
#[test]
fn our_own_correct_side_passes_nine_tenths_of_the_corpus() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = gauntlet(folder.path(), &["run", "--target", "strict", "--keep", "none", "--quiet"]);
    let said = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    let file = File::open(folder.path().join("gauntlet-report/results.jsonl")).expect("there are results");
    let verdicts: Vec<Kind> = read_lines(BufReader::new(file))
        .expect("results")
        .iter()
        .filter_map(|line| if let Line::Case(case) = line { Some(case.verdict) } else { None })
        .filter(|verdict| *verdict != Kind::Skip)
        .collect();
    let passed = verdicts.iter().filter(|verdict| **verdict == Kind::Pass).count();
    let _ = writeln!(std::io::stderr(), "{passed} of {} cases pass on strict", verdicts.len());
    assert!(verdicts.len() > 4000, "most of the corpus applies");
    assert!(10 * passed >= 9 * verdicts.len(), "{passed} of {} pass", verdicts.len());
}
