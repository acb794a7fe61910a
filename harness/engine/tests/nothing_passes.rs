//! Servers that are none: whatever they do, no case passes against them.

mod common;

use common::{CORPUS, run_into};
use gauntlet_engine::{AlertPolicy, Happening, Options, Select, Summary};
use gauntlet_model::{Kind, LinkError, Role};
use gauntlet_target::own::{Manner, own};
use gauntlet_target::{Instance, Target, embedded};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// OpenSSL for the probe, and then somebody else: all cases that OpenSSL could play are played.
struct Changeling {
    before: Box<dyn Target>,
    after: Box<dyn Target>,
    probed: AtomicBool,
}

impl Changeling {
    fn boxed(after: Box<dyn Target>) -> Box<dyn Target> {
        Box::new(Changeling { before: embedded::openssl(), after, probed: AtomicBool::new(false) })
    }
}

impl Target for Changeling {
    fn name(&self) -> &str {
        self.after.name()
    }
    fn version(&self) -> String {
        String::new()
    }
    fn roles(&self) -> Vec<Role> {
        vec![Role::Server]
    }
    fn supports(&self, _role: Role, _options: &gauntlet_target::Options) -> Result<(), String> {
        Ok(())
    }
    fn options_to_ask(&self, _role: Role, _action: &str) -> Option<gauntlet_target::Options> {
        Some(gauntlet_target::Options::new())
    }
    fn is_memory(&self) -> bool {
        true
    }
    fn instances(&self) -> usize {
        self.before.instances()
    }
    fn start(&self, role: Role, options: &gauntlet_target::Options) -> Result<Box<dyn Instance>, LinkError> {
        match self.probed.swap(true, Ordering::Relaxed) {
            false => self.before.start(role, options),
            true => self.after.start(role, &gauntlet_target::Options::new()),
        }
    }
}

/// Runs the whole corpus.
fn run(target: Box<dyn Target>) -> (Summary, BTreeMap<String, Kind>) {
    let out = tempfile::tempdir().expect("a folder");
    let options = Options { alerts: AlertPolicy::Any, ..run_into(out.path()) };
    let verdicts = Mutex::new(BTreeMap::new());
    let note = |happening: Happening<'_>| {
        if let Happening::Case(result) = happening {
            verdicts.lock().expect("no panics").insert(result.id.clone(), result.verdict);
        }
    };
    let summary =
        gauntlet_engine::run(&CORPUS, &[target], &Select::default(), &options, &AtomicBool::new(false), &note);
    (summary.expect("it runs"), verdicts.into_inner().expect("no panics"))
}

const NONE: [Manner; 4] = [Manner::Wall, Manner::Closer, Manner::Garbage, Manner::Mute];

/// As they are: the probe finds that they have nothing, and the rest is skipped or is an error.
#[test]
fn nothing_passes_against_what_is_no_server() {
    for manner in NONE {
        let (summary, verdicts) = run(own(manner));
        let passed: Vec<_> = verdicts.iter().filter(|(_, kind)| matches!(kind, Kind::Pass | Kind::Loose)).collect();
        assert!(passed.is_empty(), "{}: {passed:#?}", manner.name());
        assert!(verdicts.len() >= CORPUS.scenarios.len() / 2, "{}: {:?}", manner.name(), summary.counts);
    }
}

/// And if they pretended to be all that OpenSSL is while they were asked.
#[test]
fn nothing_passes_against_what_is_no_server_though_the_probe_was_deceived() {
    for manner in NONE {
        let (summary, verdicts) = run(Changeling::boxed(own(manner)));
        let passed: Vec<_> = verdicts.iter().filter(|(_, kind)| matches!(kind, Kind::Pass | Kind::Loose)).collect();
        assert!(passed.is_empty(), "{}: {passed:#?}", manner.name());
        let played = verdicts.values().filter(|kind| **kind != Kind::Skip).count();
        assert!(played > 1000, "{}: {:?}", manner.name(), summary.counts);
    }
}
