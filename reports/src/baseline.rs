//! Baselines: what a target is known to do otherwise, each with a reason.
//!
//! ```yaml
//! target: embedded-openssl                       # or a list, of programs on one library
//! known:
//!   - case: tls13/record/padding@length=*      # an id or a glob; `*` stays within a folder, `**` does not
//!     verdict: fail
//!     reason: records of nothing but padding are let pass, see the issue in its tracker
//!   - scenario: tls12/alert/no_certificate     # all cases of a scenario
//!     verdict: loose                           # or a list
//!     form: no_alert                           # without it, every form
//!     reason: closes without a word
//! ```
//!
//! An entry without a reason does not load. An entry that fits cases which now do something else is stale.

use crate::inert;
use crate::run::RunData;
use gauntlet_model::result::CaseResult;
use gauntlet_model::{Kind, LooseForm};
use gauntlet_yaml::{Diagnostics, File, MapReader, Span, Yaml, did_you_mean};
use globset::{GlobBuilder, GlobMatcher};
use std::collections::BTreeMap;
use std::fmt;

/// What [`write()`] gives as reason, to be replaced by a person.
pub const UNEXPLAINED: &str = "not looked into yet";

/// What can be listed: a pass or a skip needs no excuse.
const LISTABLE: [Kind; 5] = [Kind::Loose, Kind::Fail, Kind::Crash, Kind::Hang, Kind::Error];
const FORMS: [LooseForm; 4] = [LooseForm::NoAlert, LooseForm::OtherAlert, LooseForm::Warning, LooseForm::LeftOpen];

/// One file.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The targets it is for.
    pub targets: Vec<String>,
    /// In order of the file.
    pub known: Vec<Known>,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Known {
    /// What it is about.
    pub subject: Subject,
    /// Any of these.
    pub verdicts: Vec<Kind>,
    /// For `loose`; `None`: any.
    pub form: Option<LooseForm>,
    /// Why.
    pub reason: String,
    /// File and line, for messages.
    pub place: String,
}

/// Which cases an entry is about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Cases by id or glob.
    Case {
        /// As written.
        text: String,
        /// As a glob.
        glob: GlobMatcher,
    },
    /// All cases of a scenario.
    Scenario(String),
}

/// An entry that no longer says what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The baseline's target.
    pub target: String,
    /// Case, glob or scenario, as written.
    pub subject: String,
    /// What it expects.
    pub expects: String,
    /// What its cases do now; empty: the run had none of them.
    pub now: String,
    /// File and line.
    pub place: String,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} for {}, now {}", self.place, self.expects, self.subject, self.now)
    }
}

/// Reads a baseline.
///
/// # Errors
/// All that is wrong with the file, each at its place.
pub fn load(file: &File) -> Result<Baseline, Diagnostics> {
    let root = file.parse()?;
    let mut errors = Diagnostics::default();
    let mut reader = MapReader::new(file, &root, "a baseline", &mut errors);
    reader.require("target", &mut errors);
    reader.require("known", &mut errors);
    let targets = reader.texts("target", &mut errors);
    let entries = reader.list("known", &mut errors).unwrap_or_default();
    let known: Vec<Option<Known>> = entries.iter().map(|entry| read_entry(file, entry, &mut errors)).collect();
    reader.finish(&mut errors);
    match (targets, known.into_iter().collect()) {
        (Some(targets), Some(known)) if !errors.has_errors() => {
            Ok(Baseline { targets: targets.into_iter().map(|(name, _)| name).collect(), known })
        }
        _ => Err(errors),
    }
}

fn read_entry(file: &File, entry: &Yaml, errors: &mut Diagnostics) -> Option<Known> {
    let mut reader = MapReader::new(file, entry, "an entry", errors);
    let subject = read_subject(&mut reader, errors);
    reader.require("verdict", errors);
    let verdicts = reader.texts("verdict", errors);
    let form = reader.take("form").map(|value| (value.as_text().unwrap_or_default(), value.span));
    reader.require("reason", errors);
    let span = reader.take("reason").map_or(entry.span, |value| value.span);
    let reason = reader.text("reason", errors)?;
    reader.finish(errors);
    if reason.trim().is_empty() {
        errors.error(file, span, "the reason is empty", Some("say why this is expected".to_owned()));
    }
    let verdicts: Option<Vec<Kind>> = verdicts?
        .iter()
        .map(|(name, span)| named(file, name, *span, "verdict", &LISTABLE, Kind::name, errors))
        .collect();
    let verdicts = verdicts?;
    let form = match form {
        Some((name, span)) => {
            if !verdicts.contains(&Kind::Loose) {
                errors.error(file, span, "only `loose` has a form", None);
            }
            Some(named(file, &name, span, "form", &FORMS, LooseForm::name, errors)?)
        }
        None => None,
    };
    let (line, _) = file.position(entry.span.start);
    Some(Known { subject: subject?, verdicts, form, reason, place: format!("{}:{line}", file.name) })
}

fn read_subject(reader: &mut MapReader<'_>, errors: &mut Diagnostics) -> Option<Subject> {
    let (file, map) = (reader.file(), reader.map());
    let span = reader.take("case").map(|value| value.span);
    match (reader.text("case", errors), reader.text("scenario", errors), span) {
        (Some(text), None, Some(span)) if splits_an_id(&text) => {
            let help = "write `\\,` for a comma of an id, or make it two entries";
            let message = "within `{}` a comma separates alternatives, and here it cuts a case's parameters apart";
            errors.error(file, span, message, Some(help.to_owned()));
            None
        }
        (Some(text), None, Some(span)) => match GlobBuilder::new(&text).literal_separator(true).build() {
            Ok(glob) => Some(Subject::Case { glob: glob.compile_matcher(), text }),
            Err(error) => {
                errors.error(file, span, format!("no glob: {}", error.kind()), None);
                None
            }
        },
        (None, Some(scenario), None) => Some(Subject::Scenario(scenario)),
        (Some(_), Some(_), _) => {
            errors.error(file, map.span, "an entry has `case` or `scenario`, not both", None);
            None
        }
        (None, None, None) if map.as_map().is_some() => {
            let span = map.as_map().and_then(|entries| entries.first()).map_or(map.span, |(key, _)| key.span);
            errors.error(file, span, "an entry lacks the key `case` or `scenario`", None);
            None
        }
        _ => None,
    }
}

/// Whether braces hold whole ids, and a comma between the parameters of one of them: `{a@x=1,y=2,b}`.
fn splits_an_id(glob: &str) -> bool {
    let mut rest = glob;
    while let Some((_, behind)) = rest.split_once('{') {
        let (group, after) = behind.split_once('}').unwrap_or((behind, ""));
        let escaped = group.replace("\\,", "");
        let mut alternatives = escaped.split(',');
        let whole = alternatives.clone().any(|one| one.contains('@'));
        if whole && alternatives.any(|one| one.contains('=') && !one.contains('@')) {
            return true;
        }
        rest = after;
    }
    false
}

/// One of a few by its name, with did-you-mean.
fn named<T: Copy>(
    file: &File,
    name: &str,
    span: Span,
    what: &str,
    all: &[T],
    name_of: fn(T) -> &'static str,
    errors: &mut Diagnostics,
) -> Option<T> {
    let found = all.iter().copied().find(|candidate| name_of(*candidate) == name);
    if found.is_none() {
        let names = all.iter().map(|candidate| name_of(*candidate));
        let help = did_you_mean(name, names.clone())
            .unwrap_or_else(|| format!("one of {}", names.collect::<Vec<_>>().join(", ")));
        errors.error(file, span, format!("no {what} that can be listed: `{name}`"), Some(help));
    }
    found
}

impl Baseline {
    /// The reason, if the baseline expects this outcome of this target.
    pub fn matches(&self, result: &CaseResult) -> Option<&str> {
        let is_for = self.targets.contains(&result.target);
        let known = self.known.iter().find(|known| is_for && known.expects(result));
        known.map(|known| known.reason.as_str())
    }

    /// Entries that fit cases of the run, none of which does what they say; skips say nothing.
    pub fn stale(&self, cases: &[CaseResult]) -> Vec<Stale> {
        self.unused(cases).filter(|entry| !entry.now.is_empty()).collect()
    }

    /// Entries that fit no case of the run, which then says nothing about them unless everything was selected.
    pub fn not_run(&self, cases: &[CaseResult]) -> Vec<Stale> {
        self.unused(cases).filter(|entry| entry.now.is_empty()).collect()
    }

    fn unused<'a>(&'a self, cases: &'a [CaseResult]) -> impl Iterator<Item = Stale> + 'a {
        self.targets.iter().flat_map(move |target| {
            let of_target = cases.iter().filter(move |case| case.target == *target);
            let expected = of_target.clone();
            let unused = self.known.iter().filter(move |known| !expected.clone().any(|case| known.expects(case)));
            unused.map(move |known| known.stale(target, of_target.clone()))
        })
    }
}

impl Known {
    fn expects(&self, result: &CaseResult) -> bool {
        let form = result.verdict != Kind::Loose || self.form.is_none() || self.form == result.form;
        self.verdicts.contains(&result.verdict) && form && self.subject.fits(result)
    }

    fn stale<'a>(&self, target: &str, cases: impl Iterator<Item = &'a CaseResult>) -> Stale {
        let fitting = cases.filter(|case| case.verdict != Kind::Skip && self.subject.fits(case));
        let mut now: Vec<String> = fitting.map(crate::words::verdict).collect();
        now.sort();
        now.dedup();
        Stale {
            target: target.to_owned(),
            subject: self.subject.text().to_owned(),
            expects: self.expectation(),
            now: now.join(", "),
            place: self.place.clone(),
        }
    }

    fn expectation(&self) -> String {
        let names: Vec<&str> = self.verdicts.iter().map(|kind| kind.name()).collect();
        match self.form {
            Some(form) => format!("{} ({})", names.join(" or "), form.name()),
            None => names.join(" or "),
        }
    }
}

impl Subject {
    fn fits(&self, result: &CaseResult) -> bool {
        match self {
            // An id is itself, even where it would mean something else as a glob.
            Subject::Case { text, glob } => *text == result.id || glob.is_match(&result.id),
            Subject::Scenario(scenario) => *scenario == result.scenario,
        }
    }

    /// As written.
    pub fn text(&self) -> &str {
        match self {
            Subject::Case { text, .. } => text,
            Subject::Scenario(scenario) => scenario,
        }
    }
}

/// Notes in a run what baselines expect, and which of their entries are stale.
pub fn apply(baselines: &[Baseline], run: &mut RunData) {
    for case in &mut run.cases {
        if case.expected_by_baseline.is_none() {
            let reason = baselines.iter().find_map(|baseline| baseline.matches(case));
            case.expected_by_baseline = reason.map(str::to_owned);
        }
    }
    run.stale = baselines.iter().flat_map(|baseline| baseline.stale(&run.cases)).collect();
}

/// A baseline of what a target did in a run, to be edited: reasons that were known are kept, others say that
/// nobody has looked yet.
pub fn write(run: &RunData, target: &str) -> String {
    let mut out = format!("# What {} is known to do otherwise, and why.\n", inert::line(target));
    out += &format!("target: {}\n", scalar(target));
    let mut scenarios: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in run.of_target(target).filter(|case| case.verdict != Kind::Skip) {
        scenarios.entry(&case.scenario).or_default().push(case);
    }
    let mut entries = String::new();
    for (scenario, cases) in scenarios {
        match cases.as_slice() {
            [first, _, ..] if cases.iter().all(|case| alike(case, first)) && first.verdict != Kind::Pass => {
                entries += &entry("scenario", scenario, first);
            }
            cases => cases
                .iter()
                .filter(|case| case.verdict != Kind::Pass)
                .for_each(|case| entries += &entry("case", &case.id, case)),
        }
    }
    out + if entries.is_empty() { "known: []\n" } else { "known:\n" } + &entries
}

fn alike(a: &CaseResult, b: &CaseResult) -> bool {
    (a.verdict, a.form, &a.expected_by_baseline) == (b.verdict, b.form, &b.expected_by_baseline)
}

fn entry(key: &str, subject: &str, case: &CaseResult) -> String {
    let reason = case.expected_by_baseline.as_deref().unwrap_or(UNEXPLAINED);
    let mut out = format!("  # {}; expected {}\n", inert::line(&case.reason), inert::line(&case.expected));
    out += &format!("  - {key}: {}\n    verdict: {}\n", scalar(subject), case.verdict.name());
    if let Some(form) = case.form {
        out += &format!("    form: {}\n", form.name());
    }
    out + &format!("    reason: {}\n", scalar(reason))
}

fn scalar(text: &str) -> String {
    Yaml::text(text).to_flow()
}
