//! Loading one file.

use crate::build::{self, Build};
use crate::parameters::Vary;
use crate::typer::Checked;
use gauntlet_model::Role;
use gauntlet_yaml::{Diagnostics, File, Kind, MapReader, Yaml};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// One loaded and checked scenario file.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its path under the corpus, without `.yaml`.
    pub id: String,
    /// One sentence that states the rule.
    pub title: String,
    /// Doubts, explanations.
    pub note: Option<String>,
    /// Words to select by.
    pub tags: Vec<String>,
    /// What the harness plays: one role, or both.
    pub peers: Vec<Role>,
    /// All requirement ids that any of its cases decides.
    pub requirements: Vec<String>,
    /// The text.
    pub file: File,
    /// The parsed text.
    pub tree: Yaml,
    /// Shared steps (`use:`), parsed: name → (file, list of steps).
    pub shared: BTreeMap<String, (File, Yaml)>,
}

impl Scenario {
    /// Loads, types and lints one file. Warnings are in the second part.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn load(
        id: &str,
        file: File,
        shared: &BTreeMap<String, (File, Yaml)>,
    ) -> Result<(Scenario, Diagnostics), Diagnostics> {
        let tree = file.parse()?;
        let mut errors = Diagnostics::default();
        check_keys(&file, &tree, &mut errors);
        if tree.as_map().is_none() {
            return Err(errors);
        }
        let vary = Vary::read(&file, &tree, None, &mut errors);
        let peers = build::peers(&file, &tree, &mut errors);
        let mut scenario = Scenario {
            id: id.to_owned(),
            title: tree.get("title").and_then(Yaml::as_text).unwrap_or_default(),
            note: tree.get("note").and_then(Yaml::as_text),
            tags: Vec::new(),
            peers,
            requirements: Vec::new(),
            shared: used_steps(&tree, shared),
            file,
            tree,
        };
        scenario.try_cases(&vary, &mut errors);
        let errors = unique(errors);
        if errors.has_errors() { Err(errors) } else { Ok((scenario, errors)) }
    }

    /// Types cases in which every value occurs, so that what is wrong with any comes out.
    fn try_cases(&mut self, vary: &Vary, errors: &mut Diagnostics) {
        let checked = Checked::default();
        let mut used = BTreeSet::new();
        let mut requirements: Vec<String> = Vec::new();
        for row in vary.sample() {
            for role in &self.peers {
                let build = Build { scenario: self, vary, capabilities: None, lint: Some(&checked) };
                let (case, found) = build.case(&row, *role);
                used.extend(found.used);
                errors.extend(found.errors);
                let Some(case) = case else { continue };
                requirements.extend(case.requirements);
                self.tags = case.tags;
            }
        }
        for parameter in vary.parameters.iter().filter(|p| !p.is_times && !used.contains(&p.name)) {
            let help = format!("write `${}` where its value belongs", parameter.name);
            errors.error(
                &self.file,
                parameter.span,
                format!("the parameter `{}` is never used", parameter.name),
                Some(help),
            );
        }
        let mut seen = HashSet::new();
        requirements.retain(|id| seen.insert(id.clone()));
        self.requirements = requirements;
    }
}

/// The keys of a scenario, in the order in which they are best written.
pub const KEYS: [&str; 15] = [
    "title",
    "requirements",
    "note",
    "tags",
    "peer",
    "version",
    "needs",
    "target",
    "pki",
    "vary",
    "strength",
    "except",
    "plays",
    "flow",
    "across",
];

fn check_keys(file: &File, tree: &Yaml, errors: &mut Diagnostics) {
    let mut reader = MapReader::new(file, tree, "a scenario", errors);
    for key in KEYS {
        let value = match key {
            "title" | "peer" | "flow" => reader.require(key, errors),
            _ => reader.take(key),
        };
        if let Some(value) = value.filter(|value| value.kind == Kind::Null) {
            errors.error(file, value.span, format!("`{key}` has no value"), None);
        }
    }
    reader.finish(errors);
    for (key, needed) in [("strength", "vary"), ("except", "vary")] {
        if let (Some((key, _)), None) = (tree.entry(key), tree.get(needed)) {
            let name = key.as_str().unwrap_or_default();
            errors.error(file, key.span, format!("`{name}` without `{needed}`"), None);
        }
    }
}

/// The shared steps that a tree names, with those that they name.
fn used_steps(tree: &Yaml, shared: &BTreeMap<String, (File, Yaml)>) -> BTreeMap<String, (File, Yaml)> {
    let mut found = BTreeMap::new();
    let mut open = vec![tree];
    while let Some(value) = open.pop() {
        match &value.kind {
            Kind::List(items) => open.extend(items),
            Kind::Map(entries) => {
                let name = value.get("use").and_then(Yaml::as_str).unwrap_or_default();
                if let (Some((file, steps)), false) = (shared.get(name), found.contains_key(name)) {
                    found.insert(name.to_owned(), (file.clone(), steps.clone()));
                    open.push(steps);
                }
                open.extend(entries.iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    found
}

/// Many cases find the same fault; it is said once.
fn unique(errors: Diagnostics) -> Diagnostics {
    let mut seen = HashSet::new();
    let list = errors.list.into_iter().filter(|d| seen.insert((d.file.name.clone(), d.span, d.message.clone())));
    Diagnostics { list: list.collect() }
}
