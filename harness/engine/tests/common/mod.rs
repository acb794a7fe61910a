//! The scenarios as they lie on disk, and how they are played here.
#![allow(dead_code, reason = "each test takes what it needs")]

use gauntlet_engine::{AlertPolicy, Keep, case_seed, probe, run_case};
use gauntlet_model::{Capabilities, Case, Role, StepKind, Transcript, Verdict};
use gauntlet_play::Settings;
use gauntlet_scenario::Corpus;
use gauntlet_target::{Options, Target};
use gauntlet_vectors::catalogue::Rules;
use std::path::Path;
use std::sync::LazyLock;

/// All scenarios of the repository.
pub static CORPUS: LazyLock<Corpus> =
    LazyLock::new(|| Corpus::from_folder(Path::new("../../scenarios")).unwrap_or_else(|error| panic!("{error}")));

/// A run of seed 1 that keeps nothing but its results.
pub fn run_into(out: &Path) -> gauntlet_engine::Options {
    gauntlet_engine::Options {
        seed: 1,
        jobs: None,
        alerts: AlertPolicy::Exact,
        rules: Rules::default(),
        out: out.to_owned(),
        keep: Keep::None,
        fail_fast: false,
        shard: None,
        baselines: Vec::new(),
        started: String::new(),
        date: String::new(),
        selected: Vec::new(),
    }
}

/// What a target in memory is found to have.
pub fn capabilities(target: &dyn Target, role: Role) -> Capabilities {
    let options = Options::new();
    let mut instance = target.start(role, &options).expect("it starts");
    probe(instance.as_mut(), role, &options, &Settings::memory(target.name(), [0; 32])).expect("it can be reached")
}

/// All cases that a target with these capabilities can be asked to play, as a run would play them.
pub fn playable(target: &dyn Target, role: Role, capabilities: &Capabilities) -> Vec<Case> {
    let mut all = Vec::new();
    for scenario in &CORPUS.scenarios {
        let expansion = scenario.expand(Some(capabilities)).unwrap_or_else(|error| panic!("{}", error.render(false)));
        for mut case in expansion.cases {
            add_options_to_ask(&mut case, target, role);
            if case.peer.other() == role && target.supports(role, &case.options).is_ok() {
                all.push(case);
            }
        }
    }
    all
}

fn add_options_to_ask(case: &mut Case, target: &dyn Target, role: Role) {
    let asked = case.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Ask(action) => target.options_to_ask(role, action),
        _ => None,
    });
    for (name, value) in asked.flatten() {
        case.options.entry(name).or_insert(value);
    }
}

/// Plays and judges a case against a target in memory, as a run with that seed does.
pub fn play_in_memory(target: &dyn Target, case: &Case, seed: u64) -> (Transcript, Verdict) {
    let mut instance = target.start(case.peer.other(), &case.options).expect("it starts with what it supports");
    let settings = Settings::memory(target.name(), case_seed(seed, &case.id));
    run_case(instance.as_mut(), case, &settings, AlertPolicy::Exact)
}
