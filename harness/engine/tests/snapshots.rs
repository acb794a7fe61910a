//! What OpenSSL does in each scenario's first case, drawn as ladders: one golden file for each folder of scenarios.
//!
//! A scenario's author sees here what really goes over the wire. Whatever is by chance is redacted.

mod common;

use common::{CORPUS, capabilities, play_in_memory, playable};
use gauntlet_model::{Case, Role};
use gauntlet_reports::ladder::{self, ladder};
use gauntlet_target::{Target, embedded};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const DRAWN: ladder::Options = ladder::Options { redact: true, lines: 40 };

/// The first case of each scenario that OpenSSL can play in that role.
fn first_cases(target: &dyn Target, role: Role) -> Vec<Case> {
    let mut cases = playable(target, role, &capabilities(target, role));
    let mut seen = BTreeSet::new();
    cases.retain(|case| seen.insert(case.scenario.clone()));
    cases
}

fn draw(target: &dyn Target, case: &Case, seed: u64) -> String {
    let (transcript, verdict) = play_in_memory(target, case, seed);
    let drawn: String = ladder(&transcript, &DRAWN).lines().map(without_size_by_chance).collect();
    format!("== {}\n{drawn}{}\n\n", case.id, verdict.kind.name())
}

/// How large a ticket is depends on the time and the numbers that are in it, as a signature's size depends on its numbers.
fn without_size_by_chance(line: &str) -> String {
    let by_chance = ["new_session_ticket", "server_key_exchange"].iter().any(|name| line.contains(name));
    let size = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    match line.split(' ').find(size).filter(|_| by_chance) {
        Some(number) => line.replacen(number, &"*".repeat(number.len()), 1) + "\n",
        None => line.to_owned() + "\n",
    }
}

/// Ladders by folder, in order of scenarios.
fn ladders() -> BTreeMap<String, String> {
    let target = embedded::openssl();
    let mut folders: BTreeMap<String, String> = BTreeMap::new();
    for role in [Role::Server, Role::Client] {
        let cases = first_cases(target.as_ref(), role);
        let drawn: Vec<String> = cases.par_iter().map(|case| draw(target.as_ref(), case, 1)).collect();
        for (case, text) in cases.iter().zip(drawn) {
            let folder = case.scenario.rsplit_once('/').map_or("scenarios", |(folder, _)| folder);
            let _ = write!(folders.entry(folder.replace('/', "__")).or_default(), "{text}");
        }
    }
    folders
}

#[test]
fn what_openssl_does_in_each_scenario() {
    let ladders = ladders();
    let drawn: usize = ladders.values().map(|text| text.matches("== ").count()).sum();
    assert!(drawn * 2 > CORPUS.scenarios.len(), "only {drawn} of {} scenarios can be played", CORPUS.scenarios.len());
    let mut wrong = Vec::new();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        for (folder, text) in &ladders {
            // Each that differs is to be seen, not only the first.
            let compared = std::panic::catch_unwind(|| insta::assert_snapshot!(folder.as_str(), text));
            wrong.extend(compared.is_err().then_some(folder));
        }
    });
    assert!(wrong.is_empty(), "not as the golden files say: {wrong:?}");
}

/// What is left of scenarios that are no more would never be looked at again.
#[test]
fn each_golden_file_has_a_folder_of_scenarios() {
    let folder = |id: &str| id.rsplit_once('/').map_or("scenarios", |(folder, _)| folder).replace('/', "__");
    let folders: BTreeSet<String> = CORPUS.scenarios.iter().map(|scenario| folder(&scenario.id)).collect();
    for entry in std::fs::read_dir("tests/snapshots").expect("the golden files") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        // While golden files are written, there are others beside them.
        if let Some(name) = name.strip_suffix(".snap") {
            assert!(folders.contains(name), "{name} is of no folder");
        }
    }
}

/// Nothing that is by chance is in the ladders: OpenSSL's randomness is another each time.
#[test]
fn ladders_have_nothing_in_them_that_is_by_chance() {
    let (first, second) = (ladders(), ladders());
    for (folder, text) in &first {
        for (line, other) in text.lines().zip(second[folder].lines()) {
            assert_eq!(line, other, "{folder}");
        }
        assert_eq!(text.len(), second[folder].len(), "{folder}");
    }
}
