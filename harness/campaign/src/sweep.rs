//! Plays every single change of every valid flow, and judges them all by one oracle.

use crate::change::{Change, Oracle, orders};
use crate::field::fields;
use crate::findings::Finding;
use crate::flow::{FLOWS, Flow, case};
use gauntlet_engine::{AlertPolicy, case_seed, patient, run_case};
use gauntlet_model::{Case, Kind, LinkError, Role, Transcript, Verdict};
use gauntlet_target::{Instance, Target};
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is swept.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Decides all randomness.
    pub seed: u64,
    /// Only flows whose name holds this.
    pub flow: String,
    /// Only order, keys and cuts; no fields.
    pub only_orders: bool,
    /// Ends behind the first flow in which something is found.
    pub until_found: bool,
    /// Only every n-th change of a field; 0 and 1: each.
    pub every: usize,
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
        if options.until_found && !report.findings.is_empty() {
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
                tell(flow.name, changes.len());
                report.flows.push(flow.name);
                play(target, flow, &plain, changes, options, &mut report)?;
            }
        }
    }
    Ok(report)
}

fn play(
    target: &dyn Target,
    flow: &'static Flow,
    plain: &Case,
    changes: Vec<Change>,
    options: &Options,
    report: &mut Report,
) -> Result<(), SweepError> {
    let unplayable = AtomicUsize::new(0);
    let role = plain.peer.other();
    let start = || target.start(role, &plain.options).ok();
    let one = |instance: &mut Option<Box<dyn Instance>>, change: &Change| -> Result<Option<Finding>, String> {
        let text = change.text(flow);
        let played = if change.oracle == Oracle::Useless { change.accepting(flow) } else { text.clone() };
        let case = case(flow.name, &played)?;
        if instance.is_none() {
            *instance = start();
        }
        let Some(running) = instance else { return Ok(None) };
        let (_, verdict) = try_case(target, running.as_mut(), &case, options.seed);
        if verdict.kind == Kind::Error {
            unplayable.fetch_add(1, Ordering::Relaxed);
        }
        if !is_finding(change.oracle, &verdict) {
            return Ok(None);
        }
        // Confirmed on a fresh instance, so that it is not what an earlier case left behind.
        *instance = None;
        let Some(mut fresh) = start() else { return Ok(None) };
        let (transcript, verdict) = try_case(target, fresh.as_mut(), &case, options.seed);
        Ok(is_finding(change.oracle, &verdict).then(|| finding(flow, change, verdict, text, transcript)))
    };
    report.cases += changes.len();
    let found: Result<Vec<Option<Finding>>, String> = if target.is_memory() {
        changes.par_iter().map_init(start, one).collect()
    } else {
        let mut instance = start();
        changes.iter().map(|change| one(&mut instance, change)).collect()
    };
    report.findings.extend(found.map_err(SweepError::Flow)?.into_iter().flatten());
    report.unplayable += unplayable.into_inner();
    Ok(())
}

fn finding(flow: &Flow, change: &Change, verdict: Verdict, text: String, transcript: Transcript) -> Finding {
    let (kind, what, oracle) = (change.kind, change.what.clone(), change.oracle);
    Finding { flow: flow.name, kind, what, oracle, verdict: verdict.kind, reason: verdict.reason, text, transcript }
}

/// A stack in our own process that panics is one that crashed.
fn try_case(target: &dyn Target, instance: &mut dyn Instance, case: &Case, seed: u64) -> (Transcript, Verdict) {
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

/// The oracle: nothing crashes or hangs, and what is forbidden leads to no completed handshake and no data.
fn is_finding(oracle: Oracle, verdict: &Verdict) -> bool {
    match verdict.kind {
        Kind::Crash | Kind::Hang => true,
        Kind::Pass | Kind::Loose => oracle == Oracle::Useless,
        Kind::Fail => oracle == Oracle::Forbidden && verdict.reason.contains("went on") && !parted(&verdict.reason),
        _ => false,
    }
}

/// Keys that no longer agree are no acceptance: nobody but the harness could have made them agree.
fn parted(reason: &str) -> bool {
    reason.contains("until the keys parted")
}
