//! The report as one HTML file: no network, no other files, readable without JavaScript.
//!
//! Everything that goes into the template is text made inert; the template escapes it. Nothing is marked safe.

use crate::ladder::{Options, ladder};
use crate::run::{Counts, Holds, Outcome, RunData, Standing, Weight, standing};
use crate::terminal::facts;
use crate::{inert, source, words};
use askama::Template;
use gauntlet_model::result::CaseResult;
use gauntlet_model::transcript::Transcript;
use gauntlet_model::{Kind, Learnt};
use gauntlet_vectors::catalogue::{Catalogue, Requirement};
use std::collections::BTreeMap;

/// So many cases are shown in full; of the others the table names what came and where the evidence lies.
const DETAILS: usize = 1000;
/// Lines of a ladder; there is more room than on a terminal.
const LADDER_LINES: usize = 80;

/// Where the parts that are not in `RunData` come from.
pub struct Sources<'a> {
    /// The text of a scenario by its id.
    pub scenario: &'a dyn Fn(&str) -> Option<String>,
    /// A kept transcript by the evidence folder of its case.
    pub transcript: &'a dyn Fn(&str) -> Option<Transcript>,
}

/// The report.
pub fn html(run: &RunData, sources: &Sources<'_>) -> String {
    page(run, sources).render().expect("rendering to a String fails only if a filter does, and there is none")
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page {
    facts: Vec<(&'static str, String)>,
    stands: String,
    good: bool,
    kinds: Vec<&'static str>,
    targets: Vec<Target>,
    documents: Vec<Document>,
    rows: Vec<Row>,
    details: Vec<Detail>,
    left_out: usize,
}

struct Target {
    name: String,
    version: String,
    roles: String,
    /// Verdict and number.
    counts: Vec<(&'static str, u64)>,
    total: u64,
    time: String,
    weights: Vec<WeightRow>,
    shared: Vec<String>,
    skips: Vec<(usize, String)>,
    stale: Vec<String>,
    not_learnt: Vec<String>,
}

struct WeightRow {
    name: &'static str,
    holds: usize,
    loosely: usize,
    broken: usize,
    undecided: usize,
}

struct Document {
    name: String,
    title: String,
    decided: usize,
    broken: usize,
    /// Requirements that can be seen from outside and that no case of the run names.
    untried: usize,
    rules: Vec<RuleRow>,
}

struct RuleRow {
    section: String,
    id: String,
    level: &'static str,
    sentence: String,
    weight: &'static str,
    /// For each target; empty: no case names it there.
    holds: Vec<&'static str>,
}

struct Row {
    kind: &'static str,
    verdict: String,
    id: String,
    target: String,
    level: String,
    came: String,
    time: String,
    standing: &'static str,
    /// What the text filter searches.
    text: String,
    /// Anchor of the details, if there are any.
    anchor: Option<String>,
    evidence: Option<String>,
}

struct Detail {
    anchor: String,
    kind: &'static str,
    verdict: String,
    id: String,
    target: String,
    text: String,
    title: String,
    rules: Vec<words::Rule>,
    facts: Vec<(&'static str, String)>,
    place: String,
    source: Vec<source::Line>,
    ladder: String,
    evidence: Option<String>,
}

fn page(run: &RunData, sources: &Sources<'_>) -> Page {
    let mut cases: Vec<&CaseResult> = run.cases.iter().collect();
    cases.sort_by_key(|case| rank(case));
    let mut details = Vec::new();
    let mut rows = Vec::new();
    let mut left_out = 0;
    for case in cases {
        let worth = !matches!(case.verdict, Kind::Pass | Kind::Skip);
        let anchor = (worth && details.len() < DETAILS).then(|| format!("case-{}", details.len() + 1));
        left_out += usize::from(worth && anchor.is_none());
        if let Some(anchor) = &anchor {
            details.push(detail(case, anchor, sources));
        }
        rows.push(row(case, anchor));
    }
    let names = run.target_names();
    let targets: Vec<Target> = names.iter().map(|name| target(run, name)).collect();
    let holds: Vec<BTreeMap<String, Holds>> = names.iter().map(|name| run.requirements(name)).collect();
    Page {
        facts: run_facts(run),
        stands: stands(run),
        good: run.outcome() == Outcome::AsExpected,
        kinds: Kind::ALL.map(Kind::name).to_vec(),
        targets,
        documents: documents(&holds),
        rows,
        details,
        left_out,
    }
}

/// What has to be looked at comes first.
fn rank(case: &CaseResult) -> u8 {
    match (standing(case), case.verdict) {
        (Standing::Unexpected, _) => 0,
        (Standing::Notable, _) => 1,
        (Standing::Listed(_), _) => 2,
        (Standing::Fine, Kind::Skip) => 4,
        (Standing::Fine, _) => 3,
    }
}

fn run_facts(run: &RunData) -> Vec<(&'static str, String)> {
    let Some(line) = &run.run else { return Vec::new() };
    let select = if line.select.is_empty() { "all".to_owned() } else { line.select.join(" ") };
    let mut facts = vec![
        ("started", line.started.clone()),
        ("gauntlet", line.version.clone()),
        ("seed", line.seed.clone()),
        ("alerts", line.alerts.clone()),
        ("corpus", line.corpus.clone()),
        ("selected", select),
    ];
    facts.extend(run.end.as_ref().map(|end| ("took", words::duration(end.took_us))));
    facts.into_iter().map(|(name, text)| (name, inert::line(&text).into_owned())).collect()
}

fn stands(run: &RunData) -> String {
    let cases = words::count(run.cases.len(), "case");
    match run.outcome() {
        Outcome::AsExpected => format!("As expected: {cases}"),
        Outcome::Unexpected(number) => format!("Not as expected: {number} of {cases}"),
        Outcome::CutOff => format!("The run was cut off after {cases}"),
        Outcome::Interrupted => format!("The run was interrupted after {cases}"),
        Outcome::Empty => "No case was run".to_owned(),
    }
}

fn target(run: &RunData, name: &str) -> Target {
    let line = run.targets.iter().find(|line| line.target == name);
    let counts = Counts::new(run.of_target(name));
    let shown = |text: &str| inert::line(text).into_owned();
    let mut skips: BTreeMap<&str, usize> = BTreeMap::new();
    for case in run.of_target(name).filter(|case| case.verdict == Kind::Skip) {
        *skips.entry(&case.reason).or_default() += 1;
    }
    let mut skips: Vec<(usize, String)> = skips.into_iter().map(|(reason, number)| (number, shown(reason))).collect();
    skips.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    let capabilities = line.iter().flat_map(|line| &line.capabilities.kinds);
    let not_learnt = capabilities.flat_map(|(kind, names)| {
        names.iter().filter_map(move |(name, learnt)| match learnt {
            Learnt::NotLearnt(why) => Some(format!("{kind} {name} ({why})")),
            Learnt::Yes | Learnt::No => None,
        })
    });
    let shared = run.shared(name).into_iter().map(|shared| {
        let values: Vec<String> = shared.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        shown(&format!("all {} of {} that did not pass have {}", shared.cases, shared.scenario, values.join(", ")))
    });
    Target {
        name: shown(name),
        version: line.map(|line| shown(&line.version)).unwrap_or_default(),
        roles: line
            .map(|line| line.roles.iter().map(|role| words::role(*role)).collect::<Vec<_>>().join(", "))
            .unwrap_or_default(),
        counts: Kind::ALL.map(|kind| (kind.name(), counts.of(kind))).to_vec(),
        total: counts.total(),
        time: words::duration(run.of_target(name).map(|case| case.took_us).sum()),
        weights: weights(&run.requirements(name)),
        shared: shared.collect(),
        skips,
        stale: run.stale.iter().filter(|entry| entry.target == name).map(|entry| shown(&entry.to_string())).collect(),
        not_learnt: not_learnt.map(|text| shown(&text)).collect(),
    }
}

fn weights(holds: &BTreeMap<String, Holds>) -> Vec<WeightRow> {
    let rows = Weight::ALL.into_iter().map(|weight| {
        let of = |wanted: Holds| {
            let those = holds
                .iter()
                .filter(|(id, holds)| Weight::of(Catalogue::embedded().requirement(id)) == weight && **holds == wanted);
            those.count()
        };
        let (holds, loosely, broken, undecided) =
            (of(Holds::Yes), of(Holds::Loosely), of(Holds::No), of(Holds::Undecided));
        WeightRow { name: weight.name(), holds, loosely, broken, undecided }
    });
    rows.filter(|row| row.holds + row.loosely + row.broken + row.undecided > 0).collect()
}

/// Documents that the run has to do with, in order of the catalogue; last what no catalogue has.
fn documents(holds: &[BTreeMap<String, Holds>]) -> Vec<Document> {
    let mut documents = Vec::new();
    let tried = |id: &str| holds.iter().any(|target| target.contains_key(id));
    for document in Catalogue::embedded().documents() {
        let rules: Vec<RuleRow> = document
            .requirements
            .iter()
            .filter(|rule| tried(&rule.id))
            .map(|rule| rule_row(&rule.id, Some(rule), holds))
            .collect();
        let open =
            |rule: &&Requirement| rule.observable.starts_with("wire") && rule.same_as.is_none() && !tried(&rule.id);
        let untried = document.requirements.iter().filter(open).count();
        let name = document.rfc.map_or_else(|| document.name.clone(), |number| format!("RFC {number}"));
        documents.push(summed(name, document.title.clone(), untried, rules));
    }
    let unknown = holds.iter().flat_map(BTreeMap::keys).filter(|id| Catalogue::embedded().requirement(id).is_none());
    let mut unknown: Vec<&String> = unknown.collect();
    unknown.sort();
    unknown.dedup();
    let rules = unknown.into_iter().map(|id| rule_row(id, None, holds)).collect();
    documents.push(summed("Others".to_owned(), "not in the catalogue".to_owned(), 0, rules));
    documents.retain(|document| !document.rules.is_empty());
    documents
}

fn summed(name: String, title: String, untried: usize, rules: Vec<RuleRow>) -> Document {
    let any = |rule: &&RuleRow, wanted: &[Holds]| {
        rule.holds.iter().any(|holds| wanted.iter().any(|one| one.name() == *holds))
    };
    let decided = rules.iter().filter(|rule| any(rule, &[Holds::Yes, Holds::Loosely, Holds::No])).count();
    let broken = rules.iter().filter(|rule| any(rule, &[Holds::No])).count();
    Document { name, title, decided, broken, untried, rules }
}

fn rule_row(id: &str, rule: Option<&Requirement>, holds: &[BTreeMap<String, Holds>]) -> RuleRow {
    let words = words::rule(id);
    RuleRow {
        section: rule.map(|rule| rule.section().to_owned()).unwrap_or_default(),
        level: words.level,
        sentence: words.sentence,
        weight: Weight::of(rule).name(),
        holds: holds.iter().map(|target| target.get(id).map_or("", |holds| holds.name())).collect(),
        id: words.id,
    }
}

fn row(case: &CaseResult, anchor: Option<String>) -> Row {
    let shown = |text: &str| inert::line(text).into_owned();
    Row {
        kind: case.verdict.name(),
        verdict: words::verdict(case),
        id: shown(&case.id),
        target: shown(&case.target),
        level: shown(case.level.as_deref().unwrap_or_default()),
        came: if case.verdict == Kind::Pass { String::new() } else { shown(&case.reason) },
        time: words::duration(case.took_us),
        standing: match standing(case) {
            Standing::Fine => "",
            Standing::Listed(_) => "in the baseline",
            Standing::Notable => "to look at",
            Standing::Unexpected => "not expected",
        },
        text: searched(case),
        anchor,
        evidence: case.evidence.as_deref().map(relative),
    }
}

fn searched(case: &CaseResult) -> String {
    // The id under which a rule is counted finds the cases that name another with the same content.
    let counted =
        case.requirements.iter().filter_map(|id| Catalogue::embedded().resolve(id)).map(|rule| rule.id.as_str());
    let mut ids: Vec<&str> = case.requirements.iter().map(String::as_str).chain(counted).collect();
    ids.sort_unstable();
    ids.dedup();
    let parts = [&case.id, &case.target, &case.title, &case.reason, &ids.join(" ")];
    inert::line(&parts.map(String::as_str).join(" ")).to_lowercase()
}

fn detail(case: &CaseResult, anchor: &str, sources: &Sources<'_>) -> Detail {
    let text = (sources.scenario)(&case.scenario);
    let transcript = case.evidence.as_deref().and_then(sources.transcript);
    let options = Options { redact: false, lines: LADDER_LINES };
    let mut facts = facts(case);
    facts.retain(|(name, _)| *name != "evidence");
    Detail {
        anchor: anchor.to_owned(),
        kind: case.verdict.name(),
        verdict: words::verdict(case),
        id: inert::line(&case.id).into_owned(),
        target: inert::line(&case.target).into_owned(),
        text: searched(case),
        title: inert::line(&case.title).into_owned(),
        rules: case.requirements.iter().map(|id| words::rule(id)).collect(),
        facts,
        place: case
            .at
            .as_ref()
            .map(|at| inert::line(&format!("{}:{}:{}", at.file, at.line, at.column)).into_owned())
            .unwrap_or_default(),
        source: text.map(|text| source::marked(case.at.as_ref(), &text)).unwrap_or_default(),
        ladder: transcript.map(|transcript| ladder(&transcript, &options)).unwrap_or_default(),
        evidence: case.evidence.as_deref().map(relative),
    }
}

/// A path below the report as a link that can be nothing else: no scheme, no query, no way upwards.
fn relative(path: &str) -> String {
    let mut out = String::from(".");
    for part in path.split('/').filter(|part| !part.is_empty() && *part != "." && *part != "..") {
        out.push('/');
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out += &format!("%{byte:02X}");
            }
        }
    }
    out + "/"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_below_the_report() {
        assert_eq!(relative("evidence/a@b=1"), "./evidence/a%40b%3D1/");
        assert_eq!(relative("javascript:alert(1)"), "./javascript%3Aalert%281%29/");
        assert_eq!(relative("/../..//etc/?x#y\""), "./etc/%3Fx%23y%22/");
    }
}
