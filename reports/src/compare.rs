//! Two runs compared: what newly broke, what was mended, what else is different.
//!
//! Cases are matched by target, role and id. Where each run has one target, and their names differ, they are matched
//! without it: two versions of one stack.

use crate::markdown::{cell, code};
use crate::paint::Paint;
use crate::run::{Holds, RunData};
use crate::{inert, words};
use askama::Template;
use gauntlet_model::Kind;
use gauntlet_model::result::CaseResult;
use std::collections::BTreeMap;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It came out well, or was not judged, and now fails, crashes, hangs, or can no longer be judged; or it fails in a
    /// worse way. Not where a baseline expects it.
    Broke,
    /// The other way round.
    Mended,
    /// It is another verdict, or another form, that is neither.
    Other,
    /// The old run does not have it.
    Added,
    /// The new run does not have it.
    Gone,
}

impl Change {
    /// All, in order of reports.
    pub const ALL: [Change; 5] = [Change::Broke, Change::Mended, Change::Other, Change::Added, Change::Gone];

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Change::Broke => "newly broken",
            Change::Mended => "mended",
            Change::Other => "otherwise different",
            Change::Added => "new cases",
            Change::Gone => "cases that are gone",
        }
    }
}

/// One case that is different.
#[derive(Clone, Debug)]
pub struct Difference<'a> {
    /// What became of it.
    pub change: Change,
    /// In the old run.
    pub old: Option<&'a CaseResult>,
    /// In the new run.
    pub new: Option<&'a CaseResult>,
}

/// A requirement that does not hold as it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// Its id.
    pub id: String,
    /// Target in the new run.
    pub target: String,
    /// In the old run.
    pub old: Holds,
    /// In the new run.
    pub new: Holds,
}

/// All that is different.
#[derive(Clone, Debug, Default)]
pub struct Comparison<'a> {
    /// Names of the targets in the old run and in the new one, with their versions.
    pub between: (String, String),
    /// Cases that both have.
    pub common: usize,
    /// By change, then in order of the new run.
    pub differences: Vec<Difference<'a>>,
    /// Requirements, by id.
    pub rules: Vec<RuleChange>,
}

impl Comparison<'_> {
    /// How many cases changed so.
    pub fn count(&self, change: Change) -> usize {
        self.differences.iter().filter(|difference| difference.change == change).count()
    }
    /// Whether something newly broke; a new case that fails did not break.
    pub fn broke(&self) -> bool {
        self.count(Change::Broke) > 0
    }
}

/// Compares.
pub fn compare<'a>(old: &'a RunData, new: &'a RunData) -> Comparison<'a> {
    let renamed = renamed(old, new);
    let target = |case: &'a CaseResult| if renamed { "" } else { case.target.as_str() };
    let key = |case: &'a CaseResult| (target(case), case.role.name(), case.id.as_str());
    let mut before: BTreeMap<_, &CaseResult> = old.cases.iter().map(|case| (key(case), case)).collect();
    let mut differences = Vec::new();
    let mut common = 0;
    for case in &new.cases {
        let earlier = before.remove(&key(case));
        common += usize::from(earlier.is_some());
        if let Some(change) = change(earlier, case) {
            differences.push(Difference { change, old: earlier, new: Some(case) });
        }
    }
    let gone = before.into_values().map(|case| Difference { change: Change::Gone, old: Some(case), new: None });
    differences.extend(gone);
    differences.sort_by_key(|difference| difference.change);
    Comparison { between: (names(old), names(new)), common, differences, rules: rules(old, new, renamed) }
}

/// Each has one target, and they differ.
fn renamed(old: &RunData, new: &RunData) -> bool {
    matches!((old.target_names().as_slice(), new.target_names().as_slice()), ([a], [b]) if a != b)
}

fn names(run: &RunData) -> String {
    let named = run.target_names().into_iter().map(|name| {
        let version = run.lines_of(name).next().map(|line| format!(" ({})", line.version)).unwrap_or_default();
        format!("{name}{version}")
    });
    named.collect::<Vec<_>>().join(", ")
}

/// How bad a verdict is.
fn badness(case: &CaseResult) -> u8 {
    match case.verdict {
        Kind::Pass | Kind::Loose => 0,
        Kind::Skip => 1,
        Kind::Fail => 3,
        Kind::Hang => 4,
        Kind::Crash => 5,
        _ => 2,
    }
}

fn change(old: Option<&CaseResult>, new: &CaseResult) -> Option<Change> {
    let Some(old) = old else { return Some(Change::Added) };
    let (before, now) = (badness(old), badness(new));
    if (old.verdict, old.form) == (new.verdict, new.form) {
        return None;
    }
    Some(match () {
        () if now > before && now > 1 && new.expected_by_baseline.is_none() => Change::Broke,
        () if now < before && before > 1 && now != 1 => Change::Mended,
        () => Change::Other,
    })
}

fn rules(old: &RunData, new: &RunData, renamed: bool) -> Vec<RuleChange> {
    let mut found = Vec::new();
    for target in new.target_names() {
        let other = if renamed { old.target_names()[0] } else { target };
        let before = old.requirements(other);
        for (id, now) in new.requirements(target) {
            if let Some(then) = before.get(&id).filter(|then| **then != now) {
                found.push(RuleChange { id, target: target.to_owned(), old: *then, new: now });
            }
        }
    }
    found.sort_by(|a, b| (a.new != Holds::No, &a.id).cmp(&(b.new != Holds::No, &b.id)));
    found
}

fn was(case: Option<&CaseResult>) -> String {
    case.map_or_else(|| "not there".to_owned(), |case| format!("{}, {}", words::verdict(case), case.reason))
}

/// As lines for a terminal; the last says whether something broke.
pub fn text(comparison: &Comparison<'_>, colour: bool) -> String {
    let paint = Paint::new(colour);
    let mut out = format!("old  {}\nnew  {}\n", comparison.between.0, comparison.between.1);
    for change in Change::ALL {
        let those: Vec<_> = of(comparison, change).collect();
        if !those.is_empty() {
            out += &format!("\n{}:\n", change.title());
        }
        for difference in those {
            let Some(case) = difference.new.or(difference.old) else { continue };
            out += &format!("  {}  on {}\n", case.id, case.target);
            if difference.old.is_some() {
                out += &format!("      was {}\n", was(difference.old));
            }
            if difference.new.is_some() {
                out += &format!("      is  {}\n", was(difference.new));
            }
        }
    }
    if !comparison.rules.is_empty() {
        out += "\nrequirements:\n";
    }
    for rule in &comparison.rules {
        out += &format!("  {}  on {}: {}, was {}\n", rule.id, rule.target, rule.new.name(), rule.old.name());
    }
    let last = last_line(comparison);
    let last = if comparison.broke() { paint.bad(&last) } else { paint.good(&last) };
    format!("{}\n{last}\n", inert::lines(&out))
}

fn of<'a, 'b>(comparison: &'b Comparison<'a>, change: Change) -> impl Iterator<Item = &'b Difference<'a>> {
    comparison.differences.iter().filter(move |difference| difference.change == change)
}

fn last_line(comparison: &Comparison<'_>) -> String {
    let changes = Change::ALL.into_iter().filter(|change| *change != Change::Broke);
    let others: Vec<String> = changes
        .filter(|change| comparison.count(*change) > 0)
        .map(|change| format!("{} {}", comparison.count(change), change.title()))
        .collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    match comparison.count(Change::Broke) {
        0 => format!("nothing newly broke among {}{others}", words::count(comparison.common, "case")),
        number => format!("{number} of {} newly broke{others}", words::count(comparison.common, "case")),
    }
}

/// As Markdown, for a comment.
pub fn markdown(comparison: &Comparison<'_>) -> String {
    const LISTED: usize = 50;
    let sign = if comparison.broke() { "❌" } else { "✅" };
    let (old, new) = &comparison.between;
    let mut out = format!("### {sign} Gauntlet: {}\n\nold: {}, new: {}\n", last_line(comparison), cell(old), cell(new));
    for change in Change::ALL {
        let those: Vec<_> = of(comparison, change).collect();
        if those.is_empty() {
            continue;
        }
        out +=
            &format!("\n**{}** ({})\n\n| case | target | was | is |\n|---|---|---|---|\n", change.title(), those.len());
        for difference in those.iter().take(LISTED) {
            let Some(case) = difference.new.or(difference.old) else { continue };
            let (then, now) = (cell(&was(difference.old)), cell(&was(difference.new)));
            out += &format!("| {} | {} | {then} | {now} |\n", code(&case.id), cell(&case.target));
        }
        if those.len() > LISTED {
            out += &format!("\nand {} more\n", those.len() - LISTED);
        }
    }
    out
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Page {
    style: &'static str,
    stands: String,
    good: bool,
    old: String,
    new: String,
    parts: Vec<(&'static str, Vec<Row>)>,
    rules: Vec<[String; 5]>,
}

struct Row {
    id: String,
    title: String,
    target: String,
    old: Cell,
    new: Cell,
}

struct Cell {
    kind: &'static str,
    verdict: String,
    reason: String,
}

fn shown(text: &str) -> String {
    inert::line(text).into_owned()
}

fn table_cell(case: Option<&CaseResult>) -> Cell {
    match case {
        Some(case) => Cell { kind: case.verdict.name(), verdict: words::verdict(case), reason: shown(&case.reason) },
        None => Cell { kind: "skip", verdict: "not there".to_owned(), reason: String::new() },
    }
}

/// As one HTML file.
pub fn html(comparison: &Comparison<'_>) -> String {
    let row = |difference: &Difference<'_>| {
        let case = difference.new.or(difference.old)?;
        let (old, new) = (table_cell(difference.old), table_cell(difference.new));
        Some(Row { id: shown(&case.id), title: shown(&case.title), target: shown(&case.target), old, new })
    };
    let parts =
        Change::ALL.into_iter().map(|change| (change.title(), of(comparison, change).filter_map(row).collect()));
    let rules = comparison.rules.iter().map(|rule| {
        let words = words::rule(&rule.id);
        [words.id, words.sentence, shown(&rule.target), rule.old.name().to_owned(), rule.new.name().to_owned()]
    });
    let page = Page {
        style: crate::html::STYLE,
        stands: last_line(comparison),
        good: !comparison.broke(),
        old: shown(&comparison.between.0),
        new: shown(&comparison.between.1),
        parts: parts.filter(|(_, rows): &(_, Vec<Row>)| !rows.is_empty()).collect(),
        rules: rules.collect(),
    };
    page.render().expect("rendering to a String fails only if a filter does, and there is none")
}
