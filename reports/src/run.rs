//! A run as reports see it: the lines of `results.jsonl`, sorted and counted.

use crate::baseline::Stale;
use gauntlet_model::result::{CaseResult, EndLine, Line, RunLine, TargetLine};
use gauntlet_model::{Kind, Role};
use gauntlet_vectors::catalogue::{Catalogue, Level, Requirement};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All of a run, or of the shards of one.
#[derive(Clone, Debug, Default)]
pub struct RunData {
    /// What was run; that of the first shard.
    pub run: Option<RunLine>,
    /// In order of the file.
    pub targets: Vec<TargetLine>,
    /// By target in the order above, then by id.
    pub cases: Vec<CaseResult>,
    /// `None`: the run, or a shard of it, was cut off.
    pub end: Option<EndLine>,
    /// Baseline entries that no longer say what happens; filled by [`crate::baseline::apply`].
    pub stale: Vec<Stale>,
    /// Targets that are sides of our own, which decide no requirement; filled by whoever knows them.
    pub ours: BTreeSet<String>,
}

/// Takes the lines of one results file, or of the files of several shards one behind the other.
pub fn load(lines: Vec<Line>) -> RunData {
    let mut data = RunData::default();
    let mut cases = Vec::new();
    let (mut begun, mut ended) = (0usize, 0usize);
    for line in lines {
        match line {
            Line::Run(run) => {
                begun += 1;
                data.run.get_or_insert(run);
            }
            Line::Target(target) if data.targets.iter().any(|known| same_target(known, &target)) => {}
            Line::Target(target) => data.targets.push(target),
            Line::Case(case) => cases.push(case),
            Line::End(end) => {
                ended += 1;
                data.end = Some(together(data.end.take(), end));
            }
        }
    }
    if ended < begun {
        data.end = None;
    }
    let names = names(&data.targets, cases.iter().map(|case| &*case.target));
    let places: HashMap<String, usize> = names.into_iter().map(str::to_owned).zip(0..).collect();
    let key = |case: &CaseResult| (places[&case.target], case.role == Role::Client);
    // In their boxes still: results are large, and there are many of them.
    cases.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id)));
    // A case that was run twice counts as it came out last.
    cases.reverse();
    cases.dedup_by(|a, b| (&a.target, a.role, &a.id) == (&b.target, b.role, &b.id));
    data.cases = cases.into_iter().rev().map(|case| *case).collect();
    data
}

/// Names of targets in order, then those that have cases but no line of their own.
fn names<'a>(targets: &'a [TargetLine], of_cases: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for target in targets {
        if !names.contains(&target.target.as_str()) {
            names.push(&target.target);
        }
    }
    let known: BTreeSet<&str> = names.iter().copied().collect();
    let others: BTreeSet<&str> = of_cases.collect();
    names.extend(others.difference(&known));
    names
}

/// A target has a line for each of its roles; shards repeat them.
fn same_target(a: &TargetLine, b: &TargetLine) -> bool {
    a.target == b.target && a.roles == b.roles
}

fn together(earlier: Option<EndLine>, mut end: EndLine) -> EndLine {
    let Some(earlier) = earlier else { return end };
    for (kind, count) in earlier.counts {
        *end.counts.entry(kind).or_default() += count;
    }
    end.took_us = end.took_us.max(earlier.took_us);
    end.interrupted |= earlier.interrupted;
    end
}

/// What an outcome means for the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Passed, or skipped.
    Fine,
    /// The baseline expects it, for this reason.
    Listed(&'a str),
    /// `loose`, or a failed SHOULD or MAY: shown, but the run is as expected nevertheless.
    Notable,
    /// Crash, hang, error, or a failed MUST.
    Unexpected,
}

/// Where a result stands.
pub fn standing(result: &CaseResult) -> Standing<'_> {
    let binding = result.level.as_deref().is_none_or(|level| level.starts_with("MUST"));
    match (result.verdict, &result.expected_by_baseline) {
        (Kind::Pass | Kind::Skip, _) => Standing::Fine,
        (_, Some(reason)) => Standing::Listed(reason),
        (Kind::Loose | Kind::Unstable, None) => Standing::Notable,
        (Kind::Fail, None) if !binding => Standing::Notable,
        (Kind::Fail | Kind::Error | Kind::Hang | Kind::Crash, None) => Standing::Unexpected,
    }
}

/// How a whole run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing but what passes, is skipped, is listed, or binds nobody.
    AsExpected,
    /// So many results are unexpected.
    Unexpected(usize),
    /// There is no end line.
    CutOff,
    /// It was interrupted.
    Interrupted,
    /// There is no case.
    Empty,
}

/// Whether a requirement holds, by all cases that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// Only skips and errors.
    Undecided,
    /// All that decided pass.
    Yes,
    /// At least one in another form, none broken.
    Loosely,
    /// At least one fail, crash or hang.
    No,
}

impl Holds {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Holds::Undecided => "undecided",
            Holds::Yes => "holds",
            Holds::Loosely => "loosely",
            Holds::No => "broken",
        }
    }
}

/// How a requirement is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// MUST, MUST NOT.
    Must,
    /// SHOULD, SHOULD NOT.
    Should,
    /// Follows from a definition or another duty: shown apart.
    Derived,
    /// MAY, disputed, superseded, or not in the catalogue: reported, never scored.
    Unscored,
}

impl Weight {
    /// All, in order of reports.
    pub const ALL: [Weight; 4] = [Weight::Must, Weight::Should, Weight::Derived, Weight::Unscored];

    /// As a row's name.
    pub fn name(self) -> &'static str {
        match self {
            Weight::Must => "MUST",
            Weight::Should => "SHOULD",
            Weight::Derived => "derived",
            Weight::Unscored => "not scored",
        }
    }

    /// By the catalogue's counting rules.
    pub fn of(requirement: Option<&Requirement>) -> Weight {
        let Some(rule) = requirement else { return Weight::Unscored };
        if !rule.is_scored() {
            return Weight::Unscored;
        }
        match rule.level {
            _ if !rule.is_stated() => Weight::Derived,
            Level::Should | Level::ShouldNot => Weight::Should,
            Level::Must | Level::MustNot | Level::May => Weight::Must,
        }
    }
}

/// Numbers of cases by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; Kind::ALL.len()]);

impl Counts {
    /// Counts.
    pub fn new<'a>(cases: impl IntoIterator<Item = &'a CaseResult>) -> Counts {
        let mut counts = Counts::default();
        for case in cases {
            counts.0[case.verdict as usize] += 1;
        }
        counts
    }
    /// Of one verdict.
    pub fn of(&self, kind: Kind) -> u64 {
        self.0[kind as usize]
    }
    /// Of all.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// Values that all unsuccessful cases of a scenario have, and not all of its other cases.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// Scenario id.
    pub scenario: String,
    /// How many cases did not pass.
    pub cases: usize,
    /// Parameter and value.
    pub values: Vec<(String, serde_json::Value)>,
}

impl RunData {
    /// Names of targets in order, those too that have cases but no line of their own.
    pub fn target_names(&self) -> Vec<&str> {
        names(&self.targets, self.cases.iter().map(|case| case.target.as_str()))
    }

    /// Cases of one target.
    pub fn of_target<'a>(&'a self, target: &'a str) -> impl Iterator<Item = &'a CaseResult> {
        self.cases.iter().filter(move |case| case.target == target)
    }

    /// The lines of a results file that holds all of it.
    pub fn to_lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = self.run.iter().cloned().map(Line::Run).collect();
        lines.extend(self.targets.iter().cloned().map(Line::Target));
        lines.extend(self.cases.iter().map(|case| Line::Case(Box::new(case.clone()))));
        lines.extend(self.end.iter().cloned().map(Line::End));
        lines
    }

    /// What is said of a target, a line for each of its roles.
    pub fn lines_of<'a>(&'a self, target: &'a str) -> impl Iterator<Item = &'a TargetLine> {
        self.targets.iter().filter(move |line| line.target == target)
    }

    /// How it stands; what is missing comes before what is bad.
    pub fn outcome(&self) -> Outcome {
        let unexpected = self.cases.iter().filter(|case| standing(case) == Standing::Unexpected).count();
        match &self.end {
            None => Outcome::CutOff,
            Some(end) if end.interrupted => Outcome::Interrupted,
            Some(_) if self.cases.is_empty() => Outcome::Empty,
            Some(_) if unexpected > 0 => Outcome::Unexpected(unexpected),
            Some(_) => Outcome::AsExpected,
        }
    }

    /// Requirement id → whether it holds for a target.
    pub fn requirements(&self, target: &str) -> BTreeMap<String, Holds> {
        let mut found = BTreeMap::new();
        for case in self.of_target(target) {
            let holds = match case.verdict {
                Kind::Pass => Holds::Yes,
                Kind::Loose => Holds::Loosely,
                Kind::Fail | Kind::Hang | Kind::Crash => Holds::No,
                Kind::Skip | Kind::Error | Kind::Unstable => Holds::Undecided,
            };
            for id in &case.requirements {
                let entry = found.entry(one_id(id)).or_insert(holds);
                *entry = holds.max(*entry);
            }
        }
        found
    }

    /// What the unsuccessful cases of each scenario share, where at least two are unsuccessful.
    pub fn shared(&self, target: &str) -> Vec<Shared> {
        let mut scenarios: BTreeMap<&str, (Vec<&CaseResult>, Vec<&CaseResult>)> = BTreeMap::new();
        for case in self.of_target(target) {
            let (bad, good) = scenarios.entry(&case.scenario).or_default();
            match case.verdict {
                Kind::Pass => good.push(case),
                Kind::Fail | Kind::Crash | Kind::Hang | Kind::Loose => bad.push(case),
                Kind::Skip | Kind::Error | Kind::Unstable => {}
            }
        }
        let shared = scenarios.into_iter().filter(|(_, (bad, _))| bad.len() > 1).map(|(scenario, (bad, good))| {
            Shared { scenario: scenario.to_owned(), cases: bad.len(), values: common(&bad, &good) }
        });
        shared.filter(|shared| !shared.values.is_empty()).collect()
    }
}

/// Entries that state the same rule are counted once, under the other's id.
fn one_id(id: &str) -> String {
    Catalogue::embedded().resolve(id).map_or(id, |rule| &rule.id).to_owned()
}

fn common(bad: &[&CaseResult], good: &[&CaseResult]) -> Vec<(String, serde_json::Value)> {
    let Some((first, others)) = bad.split_first() else { return Vec::new() };
    let has = |case: &CaseResult, name: &str, value: &serde_json::Value| case.parameters.get(name) == Some(value);
    let values = first.parameters.iter().filter(|(name, value)| {
        others.iter().all(|case| has(case, name, value)) && good.iter().any(|case| !has(case, name, value))
    });
    values.map(|(name, value)| (name.clone(), value.clone())).collect()
}
