//! Text for terminals and CI logs.
//!
//! ```text
//! fail  tls13/client_hello/compression_methods@methods=1  on embedded-openssl as server
//!
//!   A compression method besides null ends a TLS 1.3 handshake
//!     A server MUST abort the handshake (illegal_parameter) when a TLS 1.3 ClientHello lists a non-null compression
//!     method next to null. [RFC 9846, 4.2.2: rfc9846-4.2.2-30]
//!
//!   --> scenarios/tls13/client_hello/compression_methods.yaml:9:15
//!    |
//!  9 |   - expect: { reject: illegal_parameter }
//!    |               ^^^^^^^^^^^^^^^^^^^^^^^^^ went on with server_hello
//!
//!   expected:  reject: illegal_parameter
//!   came:      went on with server_hello (server_hello, then left open)
//!   replay:    gauntlet replay tls13/client_hello/compression_methods@methods=1 --target ... --seed 5f1c
//! ```

use crate::paint::Paint;
use crate::run::{Counts, Holds, Outcome, RunData, Standing, Weight, standing};
use crate::{inert, source, words};
use gauntlet_model::result::{CaseResult, TargetLine};
use gauntlet_model::{Kind, Learnt};
use gauntlet_vectors::catalogue::Catalogue;
use std::collections::BTreeMap;

/// So many results of one kind are listed in a summary; the rest is counted.
const LISTED: usize = 50;
/// Columns of wrapped text.
const WIDTH: usize = 110;

/// One plain line for a case: verdict, id, target, time, and what came unless it passed.
pub fn case_line(result: &CaseResult) -> String {
    let mut line =
        format!("{:<6}{}  on {}", result.verdict.name(), inert::line(&result.id), inert::line(&result.target));
    match result.verdict {
        Kind::Pass => {}
        Kind::Skip => line += &format!(": {}", inert::line(&result.reason)),
        _ => line += &format!(": {}, expected {}", came(result), inert::line(&result.expected)),
    }
    if let Standing::Listed(reason) = standing(result) {
        line += &format!(" [in the baseline: {}]", inert::line(reason));
    }
    format!("{line}  ({})", words::duration(result.took_us))
}

/// All about one case that did not pass, with the deciding line of its scenario.
pub fn failure(result: &CaseResult, source: &str, colour: bool) -> String {
    let paint = Paint::new(colour);
    let mut out = format!(
        "{}  {}  on {} as {}\n\n",
        paint.kind(result.verdict, &words::verdict(result)),
        paint.strong(&inert::line(&result.id)),
        paint.strong(&inert::line(&result.target)),
        words::role(result.role),
    );
    out += &format!("  {}\n", inert::line(&result.title));
    for id in &result.requirements {
        out += &requirement(id, paint);
    }
    out.push('\n');
    if let Some(at) = &result.at {
        let label = if result.reason.chars().count() > 60 { "" } else { &result.reason };
        out += &source::excerpt(at, source, label, paint);
        out.push('\n');
    }
    for (name, text) in facts(result) {
        out += &format!("  {:<11}{text}\n", format!("{name}:"));
    }
    out
}

/// What is said of a case below its source, as name and text.
pub(crate) fn facts(result: &CaseResult) -> Vec<(&'static str, String)> {
    let inert = |text: &str| inert::line(text).into_owned();
    let mut facts = vec![("expected", inert(&result.expected)), ("came", came(result))];
    let plain = |value: &Option<String>| value.clone().unwrap_or_default();
    let agreed = &result.negotiated;
    let agreed = [plain(&agreed.version), plain(&agreed.cipher_suite), plain(&agreed.group)];
    let agreed: Vec<&str> = agreed.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    if !agreed.is_empty() {
        facts.push(("agreed", inert(&agreed.join(" "))));
    }
    if !result.reaction.sent.is_empty() || !result.reaction.alerts.is_empty() || !result.reaction.end.is_empty() {
        let data = if result.data { "; data came back" } else { "" };
        facts.push(("reaction", format!("{}{data}", words::reaction(&result.reaction))));
    }
    if let Some(reference) = &result.reference {
        let text = format!("{}: {}", reference.verdict.name(), words::reaction(&reference.reaction));
        facts.push(("reference", text));
    }
    if result.twin == "refused" {
        facts.push(("twin", "refused".to_owned()));
    }
    if let Some(attempts) = words::attempts(result) {
        facts.push(("attempts", attempts));
    }
    if let Some(reason) = &result.expected_by_baseline {
        facts.push(("baseline", inert(reason)));
    }
    if let Some(evidence) = &result.evidence {
        facts.push(("evidence", inert(evidence)));
    }
    facts.push(("replay", words::replay(result)));
    facts
}

fn came(result: &CaseResult) -> String {
    match result.form {
        Some(form) => format!("{} ({})", inert::line(&result.reason), form.name()),
        None => inert::line(&result.reason).into_owned(),
    }
}

fn requirement(id: &str, paint: Paint) -> String {
    let rule = words::rule(id);
    let source = if rule.citation.is_empty() { rule.id } else { format!("{}: {}", rule.citation, rule.id) };
    let lines = wrapped(&format!("{} [{source}]", rule.sentence), WIDTH - 4);
    let mut out: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    if !rule.level.is_empty() {
        out = out.replacen(&format!(" {} ", rule.level), &format!(" {} ", paint.strong(rule.level)), 1);
    }
    out
}

/// Broken at spaces; a word longer than a line stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("begins with one");
        if line.is_empty() {
            *line = word.to_owned();
        } else if line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            *line += " ";
            *line += word;
        }
    }
    lines
}

/// The whole run: a table for each target, what is not expected, and as the last line how it stands.
pub fn summary(run: &RunData, colour: bool) -> String {
    let paint = Paint::new(colour);
    let mut out = String::new();
    if let Some(line) = &run.run {
        let select = if line.select.is_empty() { "all".to_owned() } else { line.select.join(" ") };
        let text = format!(
            "gauntlet {}, started {}, seed {}, alerts {}, corpus {}, selected {select}",
            line.version, line.started, line.seed, line.alerts, line.corpus
        );
        out += &format!("{}\n\n", paint.faint(&inert::line(&text)));
    }
    for name in run.target_names() {
        out += &target(run, name, paint);
        out.push('\n');
    }
    out + &last_line(run, paint) + "\n"
}

fn target(run: &RunData, name: &str, paint: Paint) -> String {
    let mut out = format!("{}{}\n", paint.strong(&inert::line(name)), about(run, name));
    out += &table(run, name, paint);
    out += &requirements(run, name);
    let cases = |wanted: fn(&Standing<'_>) -> bool| run.of_target(name).filter(move |case| wanted(&standing(case)));
    let unexpected: Vec<_> = cases(|standing| *standing == Standing::Unexpected).collect();
    let notable: Vec<_> = cases(|standing| *standing == Standing::Notable).collect();
    let listed = cases(|standing| matches!(standing, Standing::Listed(_))).count();
    out += &list("not expected", &unexpected, paint);
    out += &list("to look at", &notable, paint);
    for shared in run.shared(name) {
        let values: Vec<String> = shared.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let text = format!("all {} of {} that did not pass have {}", shared.cases, shared.scenario, values.join(", "));
        out += &format!("  {}\n", inert::line(&text));
    }
    if listed > 0 {
        out += &format!("  as the baseline says: {}\n", words::count(listed, "case"));
    }
    out + &stale(run, name, paint) + &skips(run, name) + &not_learnt(run.lines_of(name))
}

fn about(run: &RunData, name: &str) -> String {
    let Some(line) = run.lines_of(name).next() else { return String::new() };
    let roles: Vec<&str> = run.lines_of(name).flat_map(|line| &line.roles).map(|role| words::role(*role)).collect();
    format!("  {}, as {}", inert::line(&line.version), roles.join(" and "))
}

fn table(run: &RunData, name: &str, paint: Paint) -> String {
    let counts = Counts::new(run.of_target(name));
    let took: u64 = run.of_target(name).map(|case| case.took_us).sum();
    let (mut head, mut row) = (String::from("  "), String::from("  "));
    for kind in Kind::ALL {
        let number = counts.of(kind);
        let width = kind.name().len().max(6) + 1;
        let cell = format!("{number:>width$}");
        head += &format!("{:>width$}", kind.name());
        row += &if number > 0 { paint.kind(kind, &cell) } else { paint.faint(&cell) };
    }
    format!("{head}{:>10}{:>12}\n{row}{:>10}{:>12}\n", "cases", "time", counts.total(), words::duration(took))
}

fn requirements(run: &RunData, name: &str) -> String {
    let mut rows: BTreeMap<Weight, BTreeMap<Holds, usize>> = BTreeMap::new();
    for (id, holds) in run.requirements(name) {
        let weight = Weight::of(Catalogue::embedded().requirement(&id));
        *rows.entry(weight).or_default().entry(holds).or_default() += 1;
    }
    let mut out = String::new();
    for (weight, counts) in rows {
        let of = |holds| counts.get(&holds).copied().unwrap_or(0);
        let decided = of(Holds::Yes) + of(Holds::Loosely) + of(Holds::No);
        out += &format!(
            "  {:<11}{:>4} decided: {} hold, {} loosely, {} broken; {} not decided\n",
            weight.name(),
            decided,
            of(Holds::Yes),
            of(Holds::Loosely),
            of(Holds::No),
            of(Holds::Undecided),
        );
    }
    out
}

fn list(title: &str, cases: &[&CaseResult], paint: Paint) -> String {
    if cases.is_empty() {
        return String::new();
    }
    let mut out = format!("  {title}:\n");
    for case in cases.iter().take(LISTED) {
        let kind = paint.kind(case.verdict, &format!("{:<6}", case.verdict.name()));
        let level = case.level.as_deref().map(|level| format!(" ({level})")).unwrap_or_default();
        out += &format!("    {kind}{}{}: {}\n", inert::line(&case.id), inert::line(&level), came(case));
    }
    if cases.len() > LISTED {
        out += &format!("    and {} more\n", cases.len() - LISTED);
    }
    out
}

fn stale(run: &RunData, name: &str, paint: Paint) -> String {
    let entries: Vec<_> = run.stale.iter().filter(|entry| entry.target == name).collect();
    let mut out = String::new();
    if !entries.is_empty() {
        out += "  no longer so, though in the baseline:\n";
    }
    for entry in entries {
        out += &format!("    {}\n", paint.faint(&inert::line(&entry.to_string())));
    }
    out
}

fn skips(run: &RunData, name: &str) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for case in run.of_target(name).filter(|case| case.verdict == Kind::Skip) {
        *reasons.entry(&case.reason).or_default() += 1;
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(reason, number)| (std::cmp::Reverse(*number), *reason));
    let mut out = String::new();
    if !reasons.is_empty() {
        out += "  skipped:\n";
    }
    for (reason, number) in reasons {
        out += &format!("    {number:>5}  {}\n", inert::line(reason));
    }
    out
}

/// What the probe could not learn: a reason for skips that is not the target's.
fn not_learnt<'a>(lines: impl Iterator<Item = &'a TargetLine>) -> String {
    let mut out = String::new();
    for (kind, names) in lines.flat_map(|line| &line.capabilities.kinds) {
        for (name, learnt) in names {
            if let Learnt::NotLearnt(why) = learnt {
                out += &format!("  not learnt: {}\n", inert::line(&format!("{kind} {name} ({why})")));
            }
        }
    }
    out
}

fn last_line(run: &RunData, paint: Paint) -> String {
    let counts = Counts::new(&run.cases);
    let cases = words::count(run.cases.len(), "case");
    match run.outcome() {
        Outcome::AsExpected if counts.of(Kind::Skip) == counts.total() => {
            paint.good(&format!("as expected, but all of {cases} were skipped"))
        }
        Outcome::AsExpected => paint.good(&format!("as expected: {cases}")),
        Outcome::Unexpected(number) => paint.bad(&format!("not as expected: {number} of {cases}")),
        Outcome::CutOff => paint.bad(&format!("not as expected: cut off after {cases}")),
        Outcome::Interrupted => paint.bad(&format!("not as expected: interrupted after {cases}")),
        Outcome::Empty => paint.bad("not as expected: no case was run"),
    }
}
