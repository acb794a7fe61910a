//! What was found: grouped by cause, the smallest of each group made smaller still, and written down as a scenario.

use crate::altered::Altered;
use crate::change::Oracle;
use crate::minimise::minimise;
use crate::piece::pieces;
use crate::sweep::{Options, any_refusal, expecting, is_finding, try_case};
use gauntlet_model::{Case, Expect, Kind, Role, Transcript};
use gauntlet_scenario::print;
use gauntlet_target::Target;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One changed flow that was not borne as it must be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The flow's name.
    pub flow: &'static str,
    /// What was done.
    pub kind: &'static str,
    /// To what.
    pub what: String,
    /// What should have held.
    pub oracle: Oracle,
    /// How the case ended: `fail`, `crash` or `hang`.
    pub verdict: Kind,
    /// In words.
    pub reason: String,
    /// The scenario.
    pub text: String,
    /// What was played.
    pub case: Case,
    /// What happened.
    pub transcript: Transcript,
}

/// Findings of one cause, the smallest first.
#[derive(Clone, Debug)]
pub struct Group {
    /// `crash: ...`
    pub cause: String,
    /// At least one.
    pub members: Vec<Finding>,
}

/// Groups findings by what was done and what came of it.
pub fn group(findings: Vec<Finding>) -> Vec<Group> {
    let mut groups: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        let subject = finding.what.split([' ', '[']).next().unwrap_or_default().to_owned();
        let done = match finding.verdict {
            // One way to die is one cause, however it was reached.
            Kind::Crash | Kind::Hang => finding.verdict.name().to_owned(),
            _ => format!("{subject} {}", finding.kind),
        };
        groups.entry(format!("{done}: {}", plain(&finding.reason))).or_default().push(finding);
    }
    let smallest_first = |(cause, mut members): (String, Vec<Finding>)| {
        members.sort_by_key(|finding| finding.text.len());
        Group { cause, members }
    };
    groups.into_iter().map(smallest_first).collect()
}

/// So often a smaller flow is tried, and where each try is a long wait.
const TRIES: (usize, usize) = (200, 4);
/// So many members are looked at for one that does not hang on our random values, and so many of these are tried.
const MEMBERS: usize = 8;
const SEEDS: u64 = 16;

/// Makes the smallest member of each group smaller, as long as the target still fails in the same way.
pub fn shrink(groups: &mut [Group], target: &dyn Target, role: Role, options: &Options) {
    let seed = options.seed;
    for group in groups {
        if options.is_stopped() {
            break;
        }
        let shows = |finding: &Finding, case: &Case, seed: u64| {
            let mut instance = target.start(role, &case.options).ok()?;
            let (transcript, verdict) = try_case(target, instance.as_mut(), case, seed);
            let alike = is_finding(finding.oracle, &verdict)
                && verdict.kind == finding.verdict
                && plain(&verdict.reason) == plain(&finding.reason)
                && is_still_forbidden(case, finding.oracle, pieces(&finding.case).len());
            alike.then_some((transcript, verdict.reason))
        };
        // What shows with other random values shows wherever it is played again. Silence is too slow to ask.
        let sure = |finding: &Finding| {
            let mut seeds = (1..=SEEDS).map(|more| seed.wrapping_add(more));
            finding.verdict == Kind::Hang || seeds.all(|seed| shows(finding, &finding.case, seed).is_some())
        };
        let place = group.members.iter().take(MEMBERS).position(sure);
        if let Some(place) = place {
            group.members[..=place].rotate_right(1);
        }
        let Some(first) = group.members.first_mut() else { continue };
        let hangs = first.verdict == Kind::Hang;
        let tries = if hangs { TRIES.1 } else { TRIES.0 };
        let other = place.filter(|_| !hangs).map(|_| seed.wrapping_add(1));
        let mut last = None;
        let small = minimise(&first.case, tries, &mut |case| {
            let shown = if options.is_stopped() { None } else { shows(first, case, seed) };
            let shown = shown.filter(|_| other.is_none_or(|other| shows(first, case, other).is_some()));
            let is_shown = shown.is_some();
            last = shown.or_else(|| last.take());
            is_shown
        });
        if let Some((transcript, reason)) = last {
            let expect = if first.oracle == Oracle::Survives { Expect::Survives } else { any_refusal() };
            first.text = print(&expecting(&small, expect));
            (first.case, first.transcript, first.reason) = (small, transcript, reason);
        }
    }
}

/// What may be taken for good is nothing to find. With all its alterations it was judged before.
fn is_still_forbidden(case: &Case, oracle: Oracle, count: usize) -> bool {
    oracle == Oracle::Survives
        || pieces(case).len() == count && Altered::of_case(case).is_some()
        || Altered::of_case(case).is_some_and(|altered| altered.oracle() == Oracle::Useless)
}

/// A reason without the numbers that differ from run to run, and from flow to flow.
fn plain(reason: &str) -> String {
    let is_number = |word: &str| word.contains("0x") || word.parse::<u64>().is_ok();
    reason.split_whitespace().map(|word| if is_number(word) { "..." } else { word }).collect::<Vec<_>>().join(" ")
}

/// Writes the smallest member of each group as `ID/scenario.yaml`, with its evidence beside it.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, target: &str, groups: &[Group]) -> std::io::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for group in groups {
        let Some(first) = group.members.first() else { continue };
        let id = format!("{}_{}_{}", first.flow, first.kind, first.what);
        let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(90).collect();
        let names = std::iter::once(String::new()).chain((2..).map(|number| format!("_{number}")));
        let mut places = names.map(|number| folder.join(format!("{target}_{id}{number}")));
        let Some(place) = places.find(|place| !written.contains(place)) else { continue };
        let case = Case { source: first.text.as_str().into(), ..first.case.clone() };
        gauntlet_engine::write_evidence(&place, &case, &first.transcript)?;
        std::fs::write(place.join("cause.txt"), format!("{}\n{} members\n", group.cause, group.members.len()))?;
        written.push(place);
    }
    Ok(written)
}
