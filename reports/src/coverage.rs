//! Which requirements are decided, by whom, and which are not.
//!
//! A requirement is decided by a case that ran against a real stack in a role that the requirement binds, and came out
//! as `pass`, `loose` or `fail`. A file that names an id decides nothing; neither does a side of our own.

use crate::run::{Holds, RunData};
use gauntlet_model::{Kind, Role};
use gauntlet_vectors::catalogue::{Catalogue, Document, Level, Requirement};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How far a requirement is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In every role that it binds.
    Decided,
    /// It binds both roles, and only one was decided.
    Partly,
    /// A peer could see it; no case has decided it.
    NotYet,
    /// Only by timing, from within, or not at all.
    NotObservable,
}

impl State {
    /// All, in order of reports.
    pub const ALL: [State; 4] = [State::Decided, State::Partly, State::NotYet, State::NotObservable];

    /// As a column's name.
    pub fn name(self) -> &'static str {
        match self {
            State::Decided => "decided",
            State::Partly => "partly",
            State::NotYet => "not yet",
            State::NotObservable => "not observable",
        }
    }
}

/// How a requirement is counted here; what is superseded, disputed or stated elsewhere is in none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// MUST, MUST NOT.
    Must,
    /// SHOULD, SHOULD NOT.
    Should,
    /// MAY: seen, never failed.
    May,
    /// Not stated as a sentence of the RFC's own.
    Derived,
}

impl Class {
    /// All, in order of reports.
    pub const ALL: [Class; 4] = [Class::Must, Class::Should, Class::May, Class::Derived];

    /// As a row's name.
    pub fn name(self) -> &'static str {
        match self {
            Class::Must => "MUST",
            Class::Should => "SHOULD",
            Class::May => "MAY",
            Class::Derived => "derived",
        }
    }

    /// By the catalogue's counting rules; `None`: counted elsewhere, or not at all.
    pub fn of(rule: &Requirement) -> Option<Class> {
        let elsewhere = rule.disputed || rule.superseded_by.is_some() || rule.same_as.is_some();
        (!elsewhere).then(|| match rule.level {
            _ if !rule.is_stated() => Class::Derived,
            Level::Must | Level::MustNot => Class::Must,
            Level::Should | Level::ShouldNot => Class::Should,
            Level::May => Class::May,
        })
    }
}

/// One requirement.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Section, such as `4.2.2`.
    pub section: String,
    /// How it is counted.
    pub class: Class,
    /// How far it is decided.
    pub state: State,
    /// Names of the targets that decided it.
    pub targets: BTreeSet<String>,
    /// Cases that decided it.
    pub cases: usize,
    /// Why it is open, as far as the catalogue says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// All that is counted of one RFC or draft.
#[derive(Clone, Debug, Serialize)]
pub struct DocumentCoverage {
    /// `rfc9846`.
    pub name: String,
    /// Title.
    pub title: String,
    /// In order of the catalogue.
    pub entries: Vec<Entry>,
}

/// Of the whole catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// Targets that were counted, with their roles.
    pub targets: Vec<String>,
    /// Targets that were not: sides of our own.
    pub left_out: Vec<String>,
    /// By name.
    pub documents: Vec<DocumentCoverage>,
}

/// Numbers by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers([usize; 4]);

impl Numbers {
    /// Counts.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Numbers {
        let mut numbers = Numbers::default();
        for entry in entries {
            numbers.0[entry.state as usize] += 1;
        }
        numbers
    }
    /// Of one state.
    pub fn of(&self, state: State) -> usize {
        self.0[state as usize]
    }
    /// Of what a peer can see.
    pub fn observable(&self) -> usize {
        self.0[..3].iter().sum()
    }
    /// How much of what a peer can see is decided, in per cent, rounded down; nothing to see is all of it.
    pub fn percent(&self) -> usize {
        (100 * self.of(State::Decided)).checked_div(self.observable()).unwrap_or(100)
    }
}

/// What decided a requirement so far.
#[derive(Default)]
struct Seen {
    roles: BTreeSet<&'static str>,
    targets: BTreeSet<String>,
    cases: usize,
}

/// Counts over the cases of runs.
pub fn coverage(run: &RunData) -> Coverage {
    let mut seen: HashMap<&str, Seen> = HashMap::new();
    let mut targets = BTreeSet::new();
    let decides = |kind: Kind| matches!(kind, Kind::Pass | Kind::Loose | Kind::Fail);
    for case in run.cases.iter().filter(|case| !run.ours.contains(&case.target)) {
        targets.insert(format!("{} as {}", case.target, case.role.name()));
        if !decides(case.verdict) {
            continue;
        }
        for rule in case.requirements.iter().filter_map(|id| Catalogue::embedded().resolve(id)) {
            if bound(rule).contains(&case.role) {
                let seen = seen.entry(&rule.id).or_default();
                seen.roles.insert(case.role.name());
                seen.targets.insert(case.target.clone());
                seen.cases += 1;
            }
        }
    }
    let documents = Catalogue::embedded().documents().iter().map(|document| of_document(document, &seen)).collect();
    Coverage { targets: targets.into_iter().collect(), left_out: run.ours.iter().cloned().collect(), documents }
}

/// Roles whose duty it is.
fn bound(rule: &Requirement) -> &'static [Role] {
    match rule.binds.as_str() {
        "client" => &[Role::Client],
        "server" => &[Role::Server],
        _ => &[Role::Client, Role::Server],
    }
}

fn of_document(document: &Document, seen: &HashMap<&str, Seen>) -> DocumentCoverage {
    let entries = document.requirements.iter().filter_map(|rule| {
        let class = Class::of(rule)?;
        let nothing = Seen::default();
        let seen = seen.get(rule.id.as_str()).unwrap_or(&nothing);
        let state = match seen.roles.len() {
            0 if rule.observable.starts_with("wire") => State::NotYet,
            0 => State::NotObservable,
            number if number == bound(rule).len() => State::Decided,
            _ => State::Partly,
        };
        let (section, targets) = (rule.section().to_owned(), seen.targets.clone());
        let open = matches!(state, State::Partly | State::NotYet);
        let why_not = rule.why_not.clone().filter(|_| open);
        Some(Entry { id: rule.id.clone(), section, class, state, targets, cases: seen.cases, why_not })
    });
    DocumentCoverage { name: document.name.clone(), title: document.title.clone(), entries: entries.collect() }
}

impl DocumentCoverage {
    /// Entries by section, in order of the document.
    pub fn sections(&self) -> Vec<(&str, Vec<&Entry>)> {
        let mut sections: BTreeMap<Vec<u64>, (&str, Vec<&Entry>)> = BTreeMap::new();
        for entry in &self.entries {
            let found = sections.entry(section_key(&entry.section)).or_insert((&entry.section, Vec::new()));
            found.1.push(entry);
        }
        sections.into_values().collect()
    }

    /// Numbers of one class.
    pub fn numbers(&self, class: Class) -> Numbers {
        Numbers::new(self.entries.iter().filter(|entry| entry.class == class))
    }

    /// `RFC 9846`.
    pub fn label(&self) -> String {
        label(&self.name)
    }
}

/// `RFC 9846` for `rfc9846`; drafts keep their name.
pub(crate) fn label(name: &str) -> String {
    name.strip_prefix("rfc").map_or_else(|| name.to_owned(), |number| format!("RFC {number}"))
}

/// `4.10` comes behind `4.9`, and appendices behind all sections.
pub(crate) fn section_key(section: &str) -> Vec<u64> {
    let part = |part: &str| part.parse().unwrap_or_else(|_| 1000 + part.bytes().map(u64::from).sum::<u64>());
    section.split('.').map(part).collect()
}

/// As lines for a terminal: for each document its classes, then its sections. Documents of which nothing was decided
/// take one line. With `ids`, what is open is named.
pub fn text(coverage: &Coverage, only: Option<&str>, ids: bool) -> String {
    let mut out = format!("decided by {}\n", listed(&coverage.targets));
    if !coverage.left_out.is_empty() {
        out += &format!("not counted, sides of our own: {}\n", listed(&coverage.left_out));
    }
    for document in &coverage.documents {
        let wanted = only.is_none_or(|only| document.name == only || document.name == format!("rfc{only}"));
        if wanted {
            out += &of_one(document, ids, only.is_some());
        }
    }
    crate::inert::lines(&out).into_owned()
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

fn of_one(document: &DocumentCoverage, ids: bool, wanted: bool) -> String {
    let mut out = format!("\n{}  {}\n", document.label(), document.title);
    for class in Class::ALL {
        let numbers = document.numbers(class);
        if numbers != Numbers::default() {
            out += &format!("  {:<9}{}\n", class.name(), in_words(&numbers));
        }
    }
    let untouched = document.entries.iter().all(|entry| entry.cases == 0);
    if untouched && !wanted {
        return out;
    }
    for (section, entries) in document.sections() {
        let classes = Class::ALL.into_iter().filter_map(|class| {
            let numbers = Numbers::new(entries.iter().copied().filter(|entry| entry.class == class));
            (numbers.observable() > 0)
                .then(|| format!("{} {}/{}", class.name(), numbers.of(State::Decided), numbers.observable()))
        });
        let classes: Vec<String> = classes.collect();
        if !classes.is_empty() {
            out += &format!("    {section:<10}{}\n", classes.join("  "));
        }
        for state in [State::Partly, State::NotYet].into_iter().filter(|_| ids) {
            let open: Vec<&str> =
                entries.iter().filter(|entry| entry.state == state).map(|entry| entry.id.as_str()).collect();
            if !open.is_empty() {
                out += &format!("              {}: {}\n", state.name(), open.join(" "));
            }
        }
        for entry in entries.iter().filter(|_| ids) {
            if let Some(why_not) = &entry.why_not {
                out += &format!("              {}: {why_not}\n", entry.id);
            }
        }
    }
    out
}

fn in_words(numbers: &Numbers) -> String {
    let hidden = match numbers.of(State::NotObservable) {
        0 => String::new(),
        number => format!("; {number} not observable"),
    };
    if numbers.observable() == 0 {
        return format!("nothing that a peer can see{hidden}");
    }
    format!(
        "{} of {} decided ({} %), {} partly, {} not yet{hidden}",
        numbers.of(State::Decided),
        numbers.observable(),
        numbers.percent(),
        numbers.of(State::Partly),
        numbers.of(State::NotYet),
    )
}

/// Whether a rule holds for a target, as a number for compact tables: 0 not named, 1 undecided, 2 holds, 3 loosely, 4 broken.
pub(crate) fn code(holds: Option<&Holds>) -> u8 {
    match holds {
        None => 0,
        Some(Holds::Undecided) => 1,
        Some(Holds::Yes) => 2,
        Some(Holds::Loosely) => 3,
        Some(Holds::No) => 4,
    }
}
