//! Plays every single change of every valid flow, and judges them all by one oracle.

use crate::altered::Altered;
use crate::change::{Change, Oracle, orders};
use crate::excess::{Excess, grown};
use crate::field::fields;
use crate::findings::Finding;
use crate::flow::{FLOWS, Flow, case};
use crate::piece::{pieces, with_pieces};
use crate::pool::Pool;
use gauntlet_engine::{AlertPolicy, case_seed, patient, run_case};
use gauntlet_model::{Case, Expect, Kind, LinkError, Role, StepKind, Transcript, Verdict};
use gauntlet_scenario::print;
use gauntlet_target::{Instance, Target};
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What is swept.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Decides all randomness.
    pub seed: u64,
    /// Only flows whose name holds this.
    pub flow: String,
    /// Only order, keys and cuts; no fields.
    pub only_orders: bool,
    /// Ends as soon as something is found.
    pub until_found: bool,
    /// Only every n-th change of a field; 0 and 1: each.
    pub every: usize,
    /// Changes that hold one of these words are played in pairs as well; none: no pairs.
    pub pairs: Vec<String>,
    /// Ends it early when set; what was found is kept.
    pub stop: Arc<AtomicBool>,
}

impl Options {
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What a sweep did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Changed flows that were played.
    pub cases: usize,
    /// Of these, those that could not be carried out, such as keys that there are none of.
    pub unplayable: usize,
    /// Flows that were swept.
    pub flows: Vec<&'static str>,
    /// Flows that the target has not, and why.
    pub skipped: Vec<(&'static str, String)>,
    /// What was found, each confirmed by a second run.
    pub findings: Vec<Finding>,
    /// What is worth a look besides, such as memory that grew.
    pub remarks: Vec<String>,
}

/// Why there is no sweep.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SweepError {
    /// The target does not start.
    #[error("{0}")]
    Unreachable(LinkError),
    /// A flow of ours is no scenario: a mistake of ours.
    #[error("{0}")]
    Flow(String),
}

/// Sweeps a target in one of its roles. `tell` hears of each flow as it begins: name and number of cases.
///
/// # Errors
/// The target does not start, or a changed flow does not load.
pub fn sweep(
    target: &dyn Target,
    role: Role,
    options: &Options,
    tell: &(dyn Fn(&str, usize) + Sync),
) -> Result<Report, SweepError> {
    let mut report = Report::default();
    let flows = FLOWS.iter().filter(|flow| flow.peer.other() == role && flow.name.contains(&options.flow));
    for flow in flows {
        if options.is_stopped() || options.until_found && !report.findings.is_empty() {
            break;
        }
        let plain = case(flow.name, &flow.text("An honest handshake", &[], "accept")).map_err(SweepError::Flow)?;
        if let Err(reason) = target.supports(role, &plain.options) {
            report.skipped.push((flow.name, reason));
            continue;
        }
        let mut instance = target.start(role, &plain.options).map_err(SweepError::Unreachable)?;
        let settings = patient(target, case_seed(options.seed, flow.name));
        match flow.honest(instance.as_mut(), &settings) {
            Err(reason) => report.skipped.push((flow.name, reason)),
            Ok(honest) => {
                let mut changes = orders(&honest);
                if !options.only_orders {
                    changes.extend(fields(&honest).into_iter().step_by(options.every.max(1)));
                }
                let mut tries = singles(flow, &changes).map_err(SweepError::Flow)?;
                tries.extend(pairs(flow, &plain, &changes, &options.pairs).map_err(SweepError::Flow)?);
                tell(flow.name, tries.len());
                report.flows.push(flow.name);
                let stage = Stage {
                    target,
                    flow,
                    plain: &plain,
                    options,
                    pool: Pool::default(),
                    excess: honest.excess,
                    found: AtomicBool::new(false),
                    played: AtomicUsize::new(0),
                    unplayable: AtomicUsize::new(0),
                };
                stage.play(tries, &mut report);
            }
        }
    }
    Ok(report)
}

/// A changed flow, ready to be played.
struct Try {
    kind: &'static str,
    what: String,
    oracle: Oracle,
    /// As it is kept.
    text: String,
    /// As it is played: what may only be found out by taking it for good expects to be accepted.
    case: Case,
}

fn singles(flow: &Flow, changes: &[Change]) -> Result<Vec<Try>, String> {
    let one = |change: &Change| {
        let text = change.text(flow);
        let played = if change.oracle == Oracle::Useless { change.accepting(flow) } else { text.clone() };
        let case = case(flow.name, &played)?;
        Ok(Try { kind: change.kind, what: change.what.clone(), oracle: change.oracle, text, case })
    };
    changes.par_iter().map(one).collect()
}

/// Every two of the changes that are chosen by a word, where both can be made.
fn pairs(flow: &Flow, plain: &Case, changes: &[Change], words: &[String]) -> Result<Vec<Try>, String> {
    let is_chosen = |change: &&Change| {
        let said = format!("{} {} {}", change.what, change.kind, change.alter.join(" "));
        words.iter().any(|word| said.contains(word.as_str()))
    };
    let chosen: Vec<&Change> = changes.iter().filter(is_chosen).collect();
    let parts = |change: &&Change| case(flow.name, &change.text(flow)).map(|case| pieces(&case));
    let parts = chosen.par_iter().map(parts).collect::<Result<Vec<_>, String>>()?;
    let numbers: Vec<(usize, usize)> =
        (0..chosen.len()).flat_map(|first| (first + 1..chosen.len()).map(move |second| (first, second))).collect();
    let both = |(first, second): &(usize, usize)| {
        let together = [parts[*first].clone(), parts[*second].clone()].concat();
        let mut case = with_pieces(plain, &together);
        // What excludes the other, or is the other, is no pair.
        if pieces(&case).len() < together.len() {
            return None;
        }
        let what = format!(
            "{} {} and {} {}",
            chosen[*first].what, chosen[*first].kind, chosen[*second].what, chosen[*second].kind
        );
        case.title = format!("{what}, in the flow {}", flow.name);
        let oracle = Altered::of_case(&case).map_or(Oracle::Survives, |altered| altered.oracle());
        let text = print(&expecting(&case, if oracle == Oracle::Survives { Expect::Survives } else { any_refusal() }));
        let case = expecting(&case, if oracle == Oracle::Survives { Expect::Survives } else { Expect::Accept });
        Some(Try { kind: "together", what, oracle, text, case })
    };
    Ok(numbers.par_iter().filter_map(both).collect())
}

pub(crate) fn any_refusal() -> Expect {
    Expect::Reject { alerts: Vec::new(), past: Vec::new() }
}

/// The same case with another end.
pub(crate) fn expecting(case: &Case, expect: Expect) -> Case {
    let mut case = case.clone();
    if let Some(last) = case.steps.last_mut() {
        last.kind = StepKind::Expect(expect);
    }
    case
}

/// A flow against a target.
struct Stage<'a> {
    target: &'a dyn Target,
    flow: &'static Flow,
    plain: &'a Case,
    options: &'a Options,
    pool: Pool,
    /// Data that came unasked in the honest flow.
    excess: Excess,
    found: AtomicBool,
    played: AtomicUsize,
    unplayable: AtomicUsize,
}

impl Stage<'_> {
    fn play(&self, tries: Vec<Try>, report: &mut Report) {
        let jobs = if self.target.is_memory() { 0 } else { self.target.instances().clamp(1, 4) };
        let before = self.start().and_then(|instance| instance.memory());
        let all = || tries.par_iter().filter_map(|one| self.one(one)).collect::<Vec<_>>();
        // Zero is as many as there are cores.
        let found = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().map(|pool| pool.install(all));
        report.findings.extend(found.unwrap_or_default());
        report.cases += self.played.load(Ordering::Relaxed);
        report.unplayable += self.unplayable.load(Ordering::Relaxed);
        report.remarks.extend(grown(before, self.pool.memory()).map(|text| format!("{}: {text}", self.flow.name)));
    }

    fn start(&self) -> Option<Box<dyn Instance>> {
        self.target.start(self.plain.peer.other(), &self.plain.options).ok()
    }

    fn one(&self, one: &Try) -> Option<Finding> {
        if self.options.is_stopped() || self.options.until_found && self.found.load(Ordering::Relaxed) {
            return None;
        }
        self.played.fetch_add(1, Ordering::Relaxed);
        let mut instance = self.pool.take(self.target, self.plain.peer.other(), &self.plain.options)?;
        let (_, verdict) = self.attempt(instance.as_mut(), one);
        if verdict.kind == Kind::Error {
            self.unplayable.fetch_add(1, Ordering::Relaxed);
        }
        if !is_finding(one.oracle, &verdict) {
            self.pool.put(&self.plain.options, instance);
            return None;
        }
        // Confirmed on a fresh instance, so that it is not what an earlier case left behind; silence twice, since a
        // busy machine is silent now and then.
        drop(instance);
        let times = if verdict.kind == Kind::Hang { 2 } else { 1 };
        let again = || Some(self.attempt(self.start()?.as_mut(), one));
        let (mut transcript, mut verdict) = again()?;
        for _ in 1..times {
            if is_finding(one.oracle, &verdict) {
                (transcript, verdict) = again()?;
            }
        }
        let confirmed = is_finding(one.oracle, &verdict);
        self.found.fetch_or(confirmed, Ordering::Relaxed);
        confirmed.then(|| Finding {
            flow: self.flow.name,
            kind: one.kind,
            what: one.what.clone(),
            oracle: one.oracle,
            verdict: verdict.kind,
            reason: verdict.reason,
            text: one.text.clone(),
            case: one.case.clone(),
            transcript,
        })
    }

    fn attempt(&self, instance: &mut dyn Instance, one: &Try) -> (Transcript, Verdict) {
        let (transcript, mut verdict) = try_case(self.target, instance, &one.case, self.options.seed);
        if let Some(reason) = self.excess.exceeded_by(&transcript).filter(|_| verdict.kind < Kind::Crash) {
            verdict = Verdict { kind: Kind::Fail, reason, ..verdict };
        }
        (transcript, verdict)
    }
}

/// Plays a case. A stack in our own process that panics is one that crashed.
pub(crate) fn try_case(
    target: &dyn Target,
    instance: &mut dyn Instance,
    case: &Case,
    seed: u64,
) -> (Transcript, Verdict) {
    let settings = patient(target, case_seed(seed, &case.id));
    let played = catch_unwind(AssertUnwindSafe(|| run_case(instance, case, &settings, AlertPolicy::Any)));
    played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
        let verdict = Verdict {
            kind: Kind::Crash,
            form: None,
            at: None,
            expected: String::new(),
            reason: format!("panic: {text}"),
        };
        (Transcript::default(), verdict)
    })
}

/// The oracle: nothing crashes or hangs, nothing is longer than it may be, and what is forbidden leads to no completed
/// handshake and no data.
pub(crate) fn is_finding(oracle: Oracle, verdict: &Verdict) -> bool {
    match verdict.kind {
        Kind::Crash | Kind::Hang => true,
        Kind::Pass | Kind::Loose => oracle == Oracle::Useless,
        Kind::Fail if verdict.reason.starts_with(crate::excess::MORE) => true,
        Kind::Fail => oracle == Oracle::Forbidden && verdict.reason.contains("went on") && !parted(&verdict.reason),
        _ => false,
    }
}

/// Keys that no longer agree are no acceptance: nobody but the harness could have made them agree.
fn parted(reason: &str) -> bool {
    reason.contains("until the keys parted")
}
