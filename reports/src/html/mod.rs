//! The report as one HTML file: no network, no other files.
//!
//! The overview is plain HTML and needs no script. Everything else (the map of requirements, the table of cases, a page
//! for each case that did not pass, the matrix, the probe) is rendered when it is asked for, from JSON within the page:
//! ten thousand cases are numbers until somebody looks at them.
//!
//! Texts that go into the template are made inert, and the template escapes them. JSON is escaped so that it cannot end its
//! element, and the script puts text into the page as text only.

mod case;
mod data;
mod fields;

use crate::coverage::{Coverage, coverage};
use crate::run::{Holds, Outcome, RunData, Standing, Weight, standing};
use crate::{inert, stream, words};
use askama::Template;
use gauntlet_model::result::CaseResult;
use gauntlet_model::transcript::Transcript;
use gauntlet_model::{Kind, Learnt};
use gauntlet_vectors::catalogue::Catalogue;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

pub(crate) const STYLE: &str = include_str!("../../templates/style.css");
const SCRIPT: &str = include_str!("../../templates/report.js");
/// Scenarios that the overview names.
const FINDINGS: usize = 40;

/// Where the parts that are not in `RunData` come from.
pub struct Sources<'a> {
    /// The text of a scenario by its id.
    pub scenario: &'a dyn Fn(&str) -> Option<String>,
    /// A kept transcript by the evidence folder of its case.
    pub transcript: &'a dyn Fn(&str) -> Option<Transcript>,
}

/// The report.
pub fn html(run: &RunData, sources: &Sources<'_>) -> String {
    stream::text(|out| write(run, sources, out))
}

/// Writes the report.
///
/// # Errors
/// It cannot be written.
pub fn write(run: &RunData, sources: &Sources<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut cases: Vec<&CaseResult> = run.cases.iter().collect();
    cases.sort_by_key(|case| rank(case));
    let covered: Coverage = coverage(run);
    let parts = data::parts(run, sources, &covered, &cases);
    page(run, &cases, &parts).write_into(out)
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    facts: Vec<(&'static str, String)>,
    stands: String,
    good: bool,
    targets: Vec<Target>,
    findings: Vec<Finding>,
    more: usize,
    data: Embedded<'a, data::Data>,
    messages: Embedded<'a, fields::Messages>,
    details: &'a [String],
}

struct Target {
    name: String,
    version: String,
    roles: String,
    /// Verdict, number, and its share in tenths of a per cent.
    counts: Vec<(&'static str, u64, u64)>,
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

/// A scenario with cases that are not as expected.
struct Finding {
    scenario: String,
    title: String,
    target: String,
    kind: &'static str,
    reason: String,
    cases: usize,
    /// Fragment that shows them.
    link: String,
}

/// Shown as JSON that can stand in a `script` element.
struct Embedded<'a, T>(&'a T);

impl<T: Serialize> fmt::Display for Embedded<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut serializer = Serializer::with_formatter(Bytes(formatter), Escaping);
        self.0.serialize(&mut serializer).map_err(|_| fmt::Error)
    }
}

/// Compact JSON; what could end its element, or begin a comment, is escaped. It can only be in texts.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(place) = rest.find(['<', '>', '&']) {
            let (plain, behind) = rest.split_at(place);
            write!(out, "{plain}\\u{:04x}", behind.as_bytes()[0])?;
            rest = &behind[1..];
        }
        out.write_all(rest.as_bytes())
    }
}

/// Takes the bytes of texts, each of them whole.
struct Bytes<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Bytes<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.write_str(text).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn page<'a>(run: &RunData, cases: &[&CaseResult], parts: &'a data::Parts) -> Page<'a> {
    let (findings, more) = findings(cases);
    Page {
        style: STYLE,
        script: SCRIPT,
        facts: run_facts(run),
        stands: stands(run),
        good: run.outcome() == Outcome::AsExpected,
        targets: run.target_names().iter().map(|name| target(run, name)).collect(),
        findings,
        more,
        data: Embedded(&parts.data),
        messages: Embedded(&parts.messages),
        details: &parts.details,
    }
}

/// What is not as expected, by scenario and target, and how many more there are.
fn findings(cases: &[&CaseResult]) -> (Vec<Finding>, usize) {
    let mut found: Vec<(&CaseResult, usize)> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for case in cases.iter().filter(|case| standing(case) == Standing::Unexpected) {
        let place = *places.entry((&case.scenario, &case.target)).or_insert(found.len());
        match found.get_mut(place) {
            Some((_, number)) => *number += 1,
            None => found.push((case, 1)),
        }
    }
    let shown = |text: &str| inert::line(text).into_owned();
    let findings = found.iter().take(FINDINGS).map(|(case, number)| Finding {
        scenario: shown(&case.scenario),
        title: shown(&case.title),
        target: shown(&case.target),
        kind: case.verdict.name(),
        reason: shown(&case.reason),
        cases: *number,
        link: format!("#/cases?q={}&t={}&s=3", encoded(&case.scenario), encoded(&case.target)),
    });
    (findings.collect(), found.len().saturating_sub(FINDINGS))
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
    let line = run.lines_of(name).next();
    let counts = data::counts(run, name);
    let total: u64 = counts.iter().map(|(_, number)| number).sum();
    let shown = |text: &str| inert::line(text).into_owned();
    let mut skips: BTreeMap<&str, usize> = BTreeMap::new();
    for case in run.of_target(name).filter(|case| case.verdict == Kind::Skip) {
        *skips.entry(&case.reason).or_default() += 1;
    }
    let mut skips: Vec<(usize, String)> = skips.into_iter().map(|(reason, number)| (number, shown(reason))).collect();
    skips.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    let capabilities = run.lines_of(name).flat_map(|line| &line.capabilities.kinds);
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
    let roles: Vec<&str> = run.lines_of(name).flat_map(|line| &line.roles).map(|role| words::role(*role)).collect();
    Target {
        name: shown(name),
        version: line.map(|line| shown(&line.version)).unwrap_or_default(),
        roles: roles.join(" and "),
        counts: counts.iter().map(|(name, number)| (*name, *number, (number * 1000).div_ceil(total.max(1)))).collect(),
        total,
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

/// A path below the report as a link that can be nothing else: no scheme, no query, upwards only at its beginning (the
/// evidence of a run that lies beside the report).
fn relative(path: &str) -> String {
    let mut out = String::from(".");
    let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != ".").peekable();
    while parts.next_if(|part| *part == "..").is_some() {
        out += "/..";
    }
    for part in parts.filter(|part| *part != "..") {
        out.push('/');
        out += &encoded(part);
    }
    out + "/"
}

/// As a part of a link; every byte but letters, digits and `-._~` in per cent notation.
fn encoded(part: &str) -> String {
    let mut out = String::new();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_only_a_path() {
        assert_eq!(relative("evidence/a@b=1"), "./evidence/a%40b%3D1/");
        assert_eq!(relative("javascript:alert(1)"), "./javascript%3Aalert%281%29/");
        assert_eq!(relative("../shard-2/evidence/a"), "./../shard-2/evidence/a/");
        assert_eq!(relative("//x/../../..//etc/?x#y\""), "./x/etc/%3Fx%23y%22/");
    }

    #[test]
    fn json_cannot_end_its_element() {
        let text = Embedded(&"</script><!--&").to_string();
        assert_eq!(text, "\"\\u003c/script\\u003e\\u003c!--\\u0026\"");
        assert_eq!(serde_json::from_str::<String>(&text).expect("still JSON"), "</script><!--&");
    }
}
