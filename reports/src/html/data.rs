//! What the page's script renders from, as compact JSON: columns of numbers beside tables of texts.

use super::case::detail;
use super::fields::{Messages, Strings};
use super::{Embedded, Sources, relative};
use crate::coverage::{self, Coverage, Entry};
use crate::run::{Counts, Holds, RunData, Standing, Weight, standing};
use crate::{inert, words};
use gauntlet_model::result::{CaseResult, Cost, TargetLine};
use gauntlet_model::{Kind, Learnt, LooseForm, Role};
use gauntlet_vectors::catalogue::{Catalogue, Requirement};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// So many cases have a page with their ladder; the others have what the results say, and a link to the evidence.
const DETAILS: usize = 1500;

/// All but messages and details.
#[derive(Serialize)]
pub(super) struct Data {
    kinds: [&'static str; Kind::ALL.len()],
    forms: [&'static str; 4],
    targets: Vec<Target>,
    documents: Vec<Document>,
    rules: Vec<Rule>,
    scenarios: Vec<Scenario>,
    strings: Strings,
    cases: Cases,
}

/// One target.
#[derive(Serialize)]
struct Target {
    name: String,
    version: String,
    probes: Vec<Probe>,
    costs: Vec<Cost>,
    reference: Vec<Cost>,
}

/// What it can do in a role.
#[derive(Serialize)]
struct Probe {
    role: String,
    answer_us: u64,
    /// Kind, then name and what is known: `yes`, `no`, or why it is not.
    kinds: Vec<(String, Vec<(String, String)>)>,
}

/// One RFC or draft.
#[derive(Serialize)]
struct Document {
    name: String,
    label: String,
    title: String,
    /// Section, and the numbers of its rules.
    sections: Vec<(String, Vec<usize>)>,
}

/// One requirement.
#[derive(Serialize)]
struct Rule {
    id: String,
    section: String,
    citation: String,
    sentence: String,
    /// `MUST`, `SHOULD`, `derived`, `not scored`.
    weight: &'static str,
    binds: String,
    /// Whether a peer can see it.
    seen: bool,
    /// Where it is counted, or what replaces it.
    instead: Option<String>,
    note: Option<String>,
    /// Why it is not decided.
    why_not: Option<String>,
    /// `decided`, `partly`, ... over all targets; empty: counted elsewhere.
    state: &'static str,
    /// For each target, see [`coverage::code`].
    holds: Vec<u8>,
}

/// What the cases of one scenario share.
#[derive(Serialize)]
struct Scenario {
    id: String,
    title: String,
    level: String,
    rules: Vec<usize>,
    /// Its text, where one of its cases has a page.
    source: Option<String>,
}

/// A column for each property, a row for each case.
#[derive(Default, Serialize)]
struct Cases {
    target: Vec<usize>,
    role: Vec<u8>,
    scenario: Vec<usize>,
    /// What follows the scenario's id; with `=` ahead: the whole id.
    suffix: Vec<String>,
    verdict: Vec<usize>,
    /// 0: none.
    form: Vec<usize>,
    reason: Vec<usize>,
    /// 0 fine, 1 listed, 2 to look at, 3 not expected.
    standing: Vec<u8>,
    took_us: Vec<u64>,
    /// Number of the details from 1; 0: none.
    detail: Vec<usize>,
}

/// The three parts of the page's data.
pub(super) struct Parts {
    pub data: Data,
    pub messages: Messages,
    /// Each as it stands in the page.
    pub details: Vec<String>,
}

const FORMS: [LooseForm; 4] = [LooseForm::NoAlert, LooseForm::OtherAlert, LooseForm::Warning, LooseForm::LeftOpen];

/// Collects all that the page shows. `order` says in which order cases come.
pub(super) fn parts(run: &RunData, sources: &Sources<'_>, covered: &Coverage, order: &[&CaseResult]) -> Parts {
    let names = run.target_names();
    let mut rules = Rules::new(run, covered, &names);
    let mut data = Data {
        kinds: Kind::ALL.map(Kind::name),
        forms: FORMS.map(LooseForm::name),
        targets: names.iter().map(|name| target(run, name)).collect(),
        documents: Vec::new(),
        rules: Vec::new(),
        scenarios: Vec::new(),
        strings: Strings::default(),
        cases: Cases::default(),
    };
    let mut known: HashMap<(&str, &[String]), usize> = HashMap::new();
    let (mut messages, mut details) = (Messages::default(), Vec::new());
    let places: HashMap<&str, usize> = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    for case in order {
        let number = *known.entry((&case.scenario, &case.requirements)).or_insert_with(|| {
            data.scenarios.push(scenario(case, &mut rules));
            data.scenarios.len() - 1
        });
        let worth = !matches!(case.verdict, Kind::Pass | Kind::Skip) && details.len() < DETAILS;
        if worth {
            let transcript = case.evidence.as_deref().and_then(sources.transcript);
            let link = case.evidence.as_deref().map(relative);
            details.push(Embedded(&detail(case, transcript.as_ref(), link, &mut messages)).to_string());
            let text = || (sources.scenario)(&case.scenario).map(|text| inert::lines(&text).into_owned());
            let source = &mut data.scenarios[number].source;
            *source = source.take().or_else(text);
        }
        let place = places.get(case.target.as_str()).copied().unwrap_or_default();
        row(case, place, number, if worth { details.len() } else { 0 }, &mut data);
    }
    (data.documents, data.rules) = (rules.documents(), rules.all);
    Parts { data, messages, details }
}

fn row(case: &CaseResult, target: usize, scenario: usize, detail: usize, data: &mut Data) {
    let cases = &mut data.cases;
    let id = inert::line(&case.id);
    let suffix = case.id.strip_prefix(&case.scenario).filter(|rest| rest.is_empty() || rest.starts_with('@'));
    cases.target.push(target);
    cases.role.push(u8::from(case.role == Role::Server));
    cases.scenario.push(scenario);
    cases.suffix.push(suffix.map_or_else(|| format!("={id}"), |rest| inert::line(rest).into_owned()));
    cases.verdict.push(Kind::ALL.iter().position(|kind| *kind == case.verdict).unwrap_or_default());
    cases.form.push(FORMS.iter().position(|form| Some(*form) == case.form).map_or(0, |place| place + 1));
    cases.reason.push(data.strings.number(if case.verdict == Kind::Pass { "" } else { &case.reason }));
    cases.standing.push(match standing(case) {
        Standing::Fine => 0,
        Standing::Listed(_) => 1,
        Standing::Notable => 2,
        Standing::Unexpected => 3,
    });
    cases.took_us.push(case.took_us);
    cases.detail.push(detail);
}

fn scenario(case: &CaseResult, rules: &mut Rules) -> Scenario {
    let shown = |text: &str| inert::line(text).into_owned();
    Scenario {
        id: shown(&case.scenario),
        title: shown(&case.title),
        level: shown(case.level.as_deref().unwrap_or_default()),
        rules: case.requirements.iter().map(|id| rules.number(id)).collect(),
        source: None,
    }
}

fn target(run: &RunData, name: &str) -> Target {
    let shown = |text: &str| inert::line(text).into_owned();
    let version = run.lines_of(name).next().map(|line| shown(&line.version)).unwrap_or_default();
    let costs = run.lines_of(name).flat_map(|line| &line.costs).map(inert_cost).collect();
    let reference = run.lines_of(name).flat_map(|line| &line.reference_costs).map(inert_cost).collect();
    Target { name: shown(name), version, probes: run.lines_of(name).map(probe).collect(), costs, reference }
}

/// The same; its names are of the results file, which anybody may have written.
fn inert_cost(cost: &Cost) -> Cost {
    let shown = |text: &str| inert::line(text).into_owned();
    Cost {
        version: shown(&cost.version),
        cipher_suite: shown(&cost.cipher_suite),
        group: cost.group.as_deref().map(shown),
        handshake: shown(&cost.handshake),
        ..cost.clone()
    }
}

fn probe(line: &TargetLine) -> Probe {
    let shown = |text: &str| inert::line(text).into_owned();
    let known = |learnt: &Learnt| match learnt {
        Learnt::Yes => "yes".to_owned(),
        Learnt::No => "no".to_owned(),
        Learnt::NotLearnt(why) => format!("? {}", inert::line(why)),
    };
    let kinds = line.capabilities.kinds.iter();
    let roles: Vec<&str> = line.roles.iter().map(|role| words::role(*role)).collect();
    Probe {
        role: roles.join(" and "),
        answer_us: line.capabilities.answer_us,
        kinds: kinds
            .map(|(kind, names)| {
                (shown(kind), names.iter().map(|(name, learnt)| (shown(name), known(learnt))).collect())
            })
            .collect(),
    }
}

/// Requirements: those of the catalogue, then those that it does not have.
struct Rules {
    all: Vec<Rule>,
    places: HashMap<String, usize>,
    documents: usize,
}

impl Rules {
    fn new(run: &RunData, covered: &Coverage, names: &[&str]) -> Rules {
        let holds: Vec<BTreeMap<String, Holds>> = names.iter().map(|name| run.requirements(name)).collect();
        let entries = covered.documents.iter().flat_map(|document| &document.entries);
        let states: HashMap<&str, &Entry> = entries.map(|entry| (entry.id.as_str(), entry)).collect();
        let mut rules = Rules { all: Vec::new(), places: HashMap::new(), documents: 0 };
        for rule in Catalogue::embedded().requirements() {
            rules.add(&rule.id, Some(rule), &holds, states.get(rule.id.as_str()).copied());
        }
        rules.documents = rules.all.len();
        let unknown: BTreeSet<&String> =
            holds.iter().flat_map(BTreeMap::keys).filter(|id| !rules.places.contains_key(*id)).collect();
        for id in unknown {
            rules.add(id, None, &holds, None);
        }
        rules
    }

    fn add(&mut self, id: &str, rule: Option<&Requirement>, holds: &[BTreeMap<String, Holds>], entry: Option<&Entry>) {
        let words = words::rule(id);
        let text = |text: Option<&String>| text.map(|text| inert::line(text).into_owned());
        self.places.insert(id.to_owned(), self.all.len());
        self.all.push(Rule {
            id: words.id,
            section: rule.map(|rule| rule.section().to_owned()).unwrap_or_default(),
            citation: words.citation,
            sentence: words.sentence,
            weight: Weight::of(rule).name(),
            binds: rule.map(|rule| rule.binds.clone()).unwrap_or_default(),
            seen: rule.is_none_or(|rule| rule.observable.starts_with("wire")),
            instead: rule.and_then(|rule| text(rule.same_as.as_ref().or(rule.superseded_by.as_ref()))),
            note: rule.and_then(|rule| text(rule.note.as_ref())),
            why_not: text(entry.and_then(|entry| entry.why_not.as_ref())),
            state: entry.map_or("", |entry| entry.state.name()),
            holds: holds.iter().map(|target| coverage::code(target.get(id))).collect(),
        });
    }

    /// The number of a rule.
    fn number(&mut self, id: &str) -> usize {
        if !self.places.contains_key(id) {
            self.add(id, None, &[], None);
        }
        self.places[id]
    }

    fn documents(&self) -> Vec<Document> {
        let mut documents = Vec::new();
        let mut first = 0;
        for document in Catalogue::embedded().documents() {
            let numbers = first..first + document.requirements.len();
            first = numbers.end;
            let mut sections: BTreeMap<Vec<u64>, (String, Vec<usize>)> = BTreeMap::new();
            for number in numbers {
                let section = &self.all[number].section;
                let found =
                    sections.entry(coverage::section_key(section)).or_insert_with(|| (section.clone(), Vec::new()));
                found.1.push(number);
            }
            documents.push(Document {
                name: document.name.clone(),
                label: coverage::label(&document.name),
                title: document.title.clone(),
                sections: sections.into_values().collect(),
            });
        }
        if self.all.len() > self.documents {
            documents.push(Document {
                name: "others".to_owned(),
                label: "Others".to_owned(),
                title: "not in the catalogue".to_owned(),
                sections: vec![("-".to_owned(), (self.documents..self.all.len()).collect())],
            });
        }
        documents
    }
}

/// Numbers of a target by verdict, for the overview.
pub(super) fn counts(run: &RunData, name: &str) -> Vec<(&'static str, u64)> {
    let counts = Counts::new(run.of_target(name));
    Kind::ALL.map(|kind| (kind.name(), counts.of(kind))).to_vec()
}
