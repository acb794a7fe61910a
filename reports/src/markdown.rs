//! Markdown: a comment for a pull request, and the page of one target that is published.
//!
//! What comes from targets and files is made inert for Markdown too: it becomes neither markup, nor a link, nor a mention.

use crate::run::{Counts, Holds, Outcome, RunData, Standing, Weight, standing};
use crate::{inert, words};
use gauntlet_model::Kind;
use gauntlet_model::result::CaseResult;
use gauntlet_vectors::catalogue::Catalogue;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Scenarios that a comment lists; platforms cut comments off at some length.
const LISTED: usize = 30;

/// A summary for people who did not ask for one: how it stands, a table, what is not expected.
pub fn markdown(run: &RunData) -> String {
    let mut out = format!("### Gauntlet: {}\n\n{}\n", stands(run), table(run));
    let unexpected: Vec<&CaseResult> = run.cases.iter().filter(|case| standing(case) == Standing::Unexpected).collect();
    let groups = grouped(&unexpected);
    if !groups.is_empty() {
        out += "| verdict | scenario | target | came | requirement |\n|---|---|---|---|---|\n";
    }
    for cases in groups.iter().take(LISTED) {
        let first = cases[0];
        let rules: Vec<String> = first.requirements.iter().map(|id| citation(id)).collect();
        let times = if cases.len() > 1 { format!(" ({} cases)", cases.len()) } else { String::new() };
        out += &format!(
            "| {} | {}{times} | {} | {} | {} |\n",
            words::verdict(first),
            code(&first.scenario),
            cell(&first.target),
            cell(&first.reason),
            rules.join("; "),
        );
    }
    if groups.len() > LISTED {
        out += &format!("\nand {} more scenarios.\n", groups.len() - LISTED);
    }
    if let Some(case) = unexpected.first() {
        out += &format!("\nSee the first again: {}\n", code(&words::replay(case)));
    }
    out
}

/// The page of one target: version, counts, and every deviation with its requirement.
pub fn published(run: &RunData, target: &str) -> String {
    let mut out = format!("# {}\n\n", cell(target));
    for line in run.lines_of(target) {
        let roles: Vec<&str> = line.roles.iter().map(|role| words::role(*role)).collect();
        out += &format!("{}, as {}. ", cell(&line.version), roles.join(" and "));
    }
    if let Some(line) = &run.run {
        out +=
            &format!("Gauntlet {}, {}.", cell(&line.version), cell(line.started.split('T').next().unwrap_or_default()));
    }
    out += "\n\nMade by `just publish-reports`; what stands here is what was seen, each with the command that shows it again.\n\n";
    out += &format!("{}\n{}\n", counts_table(run, &[target]), requirements_table(run, target));
    let deviating: Vec<&CaseResult> =
        run.of_target(target).filter(|case| !matches!(case.verdict, Kind::Pass | Kind::Skip)).collect();
    for (title, wanted) in [
        ("Broken", [Kind::Fail, Kind::Crash, Kind::Hang].as_slice()),
        ("In another form", [Kind::Loose].as_slice()),
        ("Not judged", [Kind::Error].as_slice()),
        ("Else", &[]),
    ] {
        let rest = |case: &&&CaseResult| match wanted {
            [] => !matches!(case.verdict, Kind::Fail | Kind::Crash | Kind::Hang | Kind::Loose | Kind::Error),
            kinds => kinds.contains(&case.verdict),
        };
        let those: Vec<&CaseResult> = deviating.iter().filter(rest).copied().collect();
        if !those.is_empty() {
            out += &format!("## {title}\n\n");
            grouped(&those).iter().for_each(|cases| out += &deviation(cases));
        }
    }
    out += &skips(run, target);
    out
}

/// The results of one target as JSON: counts, requirements, and each case that did not pass, without times and folders.
pub fn published_json(run: &RunData, target: &str) -> String {
    let counts = Counts::new(run.of_target(target));
    let counts: BTreeMap<&str, u64> = Kind::ALL.into_iter().map(|kind| (kind.name(), counts.of(kind))).collect();
    let holds: BTreeMap<String, &str> =
        run.requirements(target).into_iter().map(|(id, holds)| (id, holds.name())).collect();
    let deviations = run.of_target(target).filter(|case| !matches!(case.verdict, Kind::Pass | Kind::Skip));
    let deviations = deviations.map(|case| {
        json!({
            "id": case.id, "role": case.role.name(), "requirements": case.requirements, "level": case.level,
            "verdict": case.verdict.name(), "form": case.form.map(|form| form.name()), "expected": case.expected,
            "reason": case.reason, "reaction": case.reaction, "baseline": case.expected_by_baseline,
        })
    });
    let page = json!({
        "target": target,
        "versions": run.lines_of(target).map(|line| &line.version).collect::<std::collections::BTreeSet<_>>(),
        "gauntlet": run.run.as_ref().map(|line| &line.version),
        "corpus": run.run.as_ref().map(|line| &line.corpus),
        "counts": counts,
        "requirements": holds,
        "deviations": deviations.collect::<Vec<_>>(),
    });
    format!("{page:#}\n")
}

/// One scenario's cases that came out alike.
fn deviation(cases: &[&CaseResult]) -> String {
    let first = cases[0];
    let mut out = format!("### {}\n\n", cell(&first.title));
    for id in &first.requirements {
        let rule = words::rule(id);
        out += &format!("> {} ({}, {})\n", cell(&rule.sentence), cell(&rule.citation), code(&rule.id));
    }
    let mut line = |name: &str, text: String| writeln!(out, "- {name}: {text}").expect("a String takes all");
    line("verdict", format!("{}, {}", words::verdict(first), words::count(cases.len(), "case")));
    line("expected", cell(&first.expected));
    line("came", cell(&first.reason));
    if let Some(reference) = &first.reference {
        line("the reference", format!("{}: {}", reference.verdict.name(), cell(&words::reaction(&reference.reaction))));
    }
    if let Some(reason) = &first.expected_by_baseline {
        line("why", cell(reason));
    }
    line("again", code(&words::replay(first)));
    out.replace("- verdict", "\n- verdict") + "\n"
}

fn skips(run: &RunData, target: &str) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for case in run.of_target(target).filter(|case| case.verdict == Kind::Skip) {
        *reasons.entry(&case.reason).or_default() += 1;
    }
    let lines: String = reasons.iter().map(|(reason, number)| format!("- {number} × {}\n", cell(reason))).collect();
    if lines.is_empty() { lines } else { format!("## Skipped\n\n{lines}") }
}

/// Cases of one scenario, target, verdict and reason, in order of their first.
fn grouped<'a>(cases: &[&'a CaseResult]) -> Vec<Vec<&'a CaseResult>> {
    let mut groups: Vec<Vec<&CaseResult>> = Vec::new();
    let mut places = BTreeMap::new();
    for case in cases {
        let key = (&case.scenario, &case.target, case.verdict.name(), case.form.map(|form| form.name()));
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(case),
            None => groups.push(vec![case]),
        }
    }
    groups
}

fn stands(run: &RunData) -> String {
    let cases = words::count(run.cases.len(), "case");
    match run.outcome() {
        Outcome::AsExpected => format!("✅ as expected, {cases}"),
        Outcome::Unexpected(number) => format!("❌ {number} of {cases} not as expected"),
        Outcome::CutOff => format!("❌ cut off after {cases}"),
        Outcome::Interrupted => format!("❌ interrupted after {cases}"),
        Outcome::Empty => "❌ no case was run".to_owned(),
    }
}

fn table(run: &RunData) -> String {
    counts_table(run, &run.target_names())
}

fn counts_table(run: &RunData, targets: &[&str]) -> String {
    let used: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| targets.iter().any(|name| Counts::new(run.of_target(name)).of(*kind) > 0))
        .collect();
    let names: Vec<&str> = used.iter().map(|kind| kind.name()).collect();
    let mut out = format!("| target | {} | cases |\n|---|{}---:|\n", names.join(" | "), "---:|".repeat(used.len()));
    for name in targets {
        let counts = Counts::new(run.of_target(name));
        let cells: Vec<String> = used.iter().map(|kind| counts.of(*kind).to_string()).collect();
        out += &format!("| {} | {} | {} |\n", cell(name), cells.join(" | "), counts.total());
    }
    out
}

fn requirements_table(run: &RunData, target: &str) -> String {
    let mut rows: BTreeMap<Weight, [usize; 4]> = BTreeMap::new();
    for (id, holds) in run.requirements(target) {
        let weight = Weight::of(Catalogue::embedded().requirement(&id));
        let place = match holds {
            Holds::Yes => 0,
            Holds::Loosely => 1,
            Holds::No => 2,
            Holds::Undecided => 3,
        };
        rows.entry(weight).or_default()[place] += 1;
    }
    let mut out = "| requirements | hold | loosely | broken | not decided |\n|---|---:|---:|---:|---:|\n".to_owned();
    for (weight, [yes, loosely, no, undecided]) in rows {
        out += &format!("| {} | {yes} | {loosely} | {no} | {undecided} |\n", weight.name());
    }
    out
}

fn citation(id: &str) -> String {
    let rule = words::rule(id);
    if rule.citation.is_empty() { code(&rule.id) } else { format!("{} ({})", cell(&rule.citation), code(&rule.id)) }
}

/// One line of text that stays text, in a table too.
pub(crate) fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in inert::line(text).chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            // A mention or a number of an issue would reach people who have nothing to do with it.
            '@' => out += "@\u{2060}",
            '#' => out += "&#35;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '(' | ')' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // `www.` and schemes become links by themselves.
    out.replace("://", ":\u{2060}//").replace("www.", "www\u{2060}.")
}

/// As code: nothing in it is markup, but a bar would end a table's cell.
pub(crate) fn code(text: &str) -> String {
    let text = inert::line(text).replace('|', "\\|").replace('`', "'");
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let spoken = cell("@everyone see #1 [x](https://e.vil) www.e.vil <b> | `c`");
        for live in ["@e", " #1", "https://", "www.", "<b>", " [x]", "](", " | ", " `"] {
            assert!(!spoken.contains(live), "{live} in {spoken}");
        }
        assert_eq!(code("a`b|c\u{1b}"), "`a'b\\|c\\x1b`");
    }
}
