//! One case: the tree with values in place of parameters, typed.

use crate::Scenario;
use crate::names;
use crate::parameters::{Parameter, Vary};
use crate::substitute::Environment;
use crate::typer::{Checked, Shared, Typer};
use gauntlet_model::{Capabilities, Case, ChainSpec, Needs, Plays, Role, Step, StepKind};
use gauntlet_vectors::catalogue::Catalogue;
use gauntlet_yaml::{Diagnostics, File, Kind, Span, Yaml, did_you_mean};
use std::collections::BTreeMap;
use std::sync::Arc;

/// More requirements than this in one case want a note.
const MANY_REQUIREMENTS: usize = 3;

/// What cases are made of.
pub(crate) struct Build<'a> {
    pub scenario: &'a Scenario,
    pub vary: &'a Vary,
    pub capabilities: Option<&'a Capabilities>,
    /// Paths found right so far; `None`: the scenario has been checked before.
    pub lint: Option<&'a Checked>,
}

/// What was found on the way.
pub(crate) struct Found {
    /// Names of the parameters that occur.
    pub used: Vec<String>,
    pub errors: Diagnostics,
}

/// What the harness plays.
pub(crate) fn peers(file: &File, tree: &Yaml, errors: &mut Diagnostics) -> Vec<Role> {
    let Some(value) = tree.get("peer") else { return vec![Role::Client] };
    match value.as_str() {
        Some("client") => vec![Role::Client],
        Some("server") => vec![Role::Server],
        Some("both") => vec![Role::Client, Role::Server],
        other => {
            let known = ["client", "server", "both"];
            let help = did_you_mean(other.unwrap_or_default(), known)
                .or_else(|| Some("what the harness plays: `client`, `server`, or `both` in turn".to_owned()));
            errors.error(file, value.span, "`peer` must be `client`, `server` or `both`", help);
            vec![Role::Client]
        }
    }
}

impl Build<'_> {
    /// The case with the values of a row. If it is wrong there may be none.
    pub fn case(&self, row: &[usize], role: Role) -> (Option<Case>, Found) {
        let scenario = self.scenario;
        let mut errors = Diagnostics::default();
        let mut environment = Environment::default();
        for (parameter, value) in self.vary.parameters.iter().zip(row) {
            environment.bind(&parameter.name, Some(parameter.values[*value].value.clone()));
        }
        for name in self.vary.broken.iter().cloned().chain(variable(&scenario.tree)) {
            environment.bind(&name, None);
        }
        let entries = scenario.tree.as_map().unwrap_or_default();
        let kept = entries.iter().filter(|(key, _)| !matches!(key.as_str(), Some("vary" | "strength" | "except")));
        let substituted =
            kept.map(|(key, value)| (key.clone(), environment.substitute(&scenario.file, value, false, &mut errors)));
        let tree = Yaml { span: scenario.tree.span, kind: Kind::Map(substituted.collect()) };
        let typer = Typer {
            file: scenario.file.clone(),
            environment,
            shared: &scenario.shared,
            using: Vec::new(),
            role,
            alerts: Vec::new(),
            lint: self.lint,
            has_note: tree.get("note").is_some(),
            judged: false,
            judged_more: false,
            unjudged: Vec::new(),
            errors,
        };
        let mut maker = Maker { build: self, tree: &tree, row, typer };
        let case = maker.case();
        let used = maker.typer.environment.used().map(str::to_owned).collect();
        (case, Found { used, errors: maker.typer.errors })
    }

    fn both(&self) -> bool {
        self.scenario.peers.len() > 1
    }
}

/// The name that `plays` varies.
fn variable(tree: &Yaml) -> Option<String> {
    let entries = tree.get("plays")?.as_map()?;
    let [(key, _)] = entries else { return None };
    key.as_str().filter(|name| *name != "until" && names::is_identifier(name)).map(str::to_owned)
}

/// Whether the flow has its target connect more than once: a client then keeps its sessions.
fn connects_again(plays: &Plays, steps: &[Step]) -> bool {
    let connects = |step: &Step| matches!(step.kind, StepKind::Connect);
    match plays {
        Plays::Variants(variants) => variants.iter().any(|(_, steps)| steps.iter().any(connects)),
        _ => steps.iter().any(connects),
    }
}

/// Makes one case of its substituted tree.
struct Maker<'a> {
    build: &'a Build<'a>,
    tree: &'a Yaml,
    row: &'a [usize],
    typer: Typer<'a>,
}

impl Maker<'_> {
    fn case(&mut self) -> Option<Case> {
        let (requirements, place) = self.requirements();
        let title = self.text("title");
        let note = self.text("note");
        let tags = self.texts("tags");
        let versions = self.versions();
        let mut options = self.options();
        let needs = self.needs();
        let pki = self.pki();
        let across = self.tree.get("across").map(|map| self.typer.conditions(map, "`across`"));
        let flow = self.flow();
        if self.typer.lint.is_some() {
            self.lint(&requirements, place);
        }
        if self.typer.errors.has_errors() {
            return None;
        }
        let (plays, steps) = flow?;
        if self.typer.role == Role::Server && connects_again(&plays, &steps) {
            options.entry("resumption".to_owned()).or_insert_with(|| "yes".to_owned());
        }
        let source = self.source(&requirements).into();
        let parameters = self.build.vary.parameters.iter().zip(self.row);
        Some(Case {
            id: self.id(),
            scenario: self.build.scenario.id.as_str().into(),
            title: title.unwrap_or_default(),
            note,
            tags,
            parameters: parameters.map(|(p, value)| (p.name.clone(), p.values[*value].to_json())).collect(),
            requirements,
            peer: self.typer.role,
            versions,
            options,
            needs,
            pki,
            plays,
            across: across.flatten().unwrap_or_default(),
            steps,
            source,
        })
    }

    /// `tls13/x@peer=client,methods=2`.
    fn id(&self) -> String {
        let mut parts = Vec::new();
        if self.build.both() {
            parts.push(format!("peer={}", self.typer.role.name()));
        }
        for (parameter, value) in self.build.vary.parameters.iter().zip(self.row) {
            parts.push(format!("{}={}", parameter.name, parameter.values[*value].label));
        }
        let id = &self.build.scenario.id;
        if parts.is_empty() { id.clone() } else { format!("{id}@{}", parts.join(",")) }
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let value = self.tree.get(key).filter(|value| value.kind != Kind::Null)?;
        self.typer.text(value, &format!("`{key}`")).map(str::to_owned)
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.tree.get(key).filter(|value| value.kind != Kind::Null) else { return Vec::new() };
        let single = std::slice::from_ref(value);
        let items = value.as_list().unwrap_or(single);
        let what = format!("each of `{key}`");
        items.iter().filter_map(|item| self.typer.text(item, &what)).map(str::to_owned).collect()
    }

    /// Ids that the case decides, and where they stand. Of a scenario for both roles, each case decides what binds
    /// its target.
    fn requirements(&mut self) -> (Vec<String>, Span) {
        let Some(value) = self.tree.get("requirements") else { return (Vec::new(), self.title_span()) };
        let single = std::slice::from_ref(value);
        let items = value.as_list().unwrap_or(single);
        let target = self.typer.role.other().name();
        let mut ids: Vec<String> = Vec::new();
        let mut other_role = Vec::new();
        for item in items {
            let Some(id) = self.typer.text(item, "a requirement") else { continue };
            let Some(requirement) = Catalogue::embedded().requirement(id) else {
                let help = Catalogue::embedded().nearest(id).map(|near| format!("did you mean `{near}`?"));
                self.typer.fail(item, format!("the catalogue has no requirement `{id}`"), help);
                continue;
            };
            if requirement.binds != "both" && requirement.binds != target {
                other_role.push((
                    item,
                    format!("`{id}` binds the {}, but the target is the {target} here", requirement.binds),
                ));
                continue;
            }
            if ids.iter().any(|known| known == id) {
                self.typer.fail(item, format!("the requirement `{id}` stands here twice"), None);
            }
            ids.push(id.to_owned());
            self.typer.alerts.extend(requirement.alert.iter().cloned());
        }
        self.typer.alerts.sort();
        self.typer.alerts.dedup();
        if !self.build.both() || ids.is_empty() {
            let help = "`peer` is what the harness plays; the target plays the other";
            for (item, message) in other_role {
                self.typer.fail(item, message, Some(help.to_owned()));
            }
        }
        (ids, value.span)
    }

    fn title_span(&self) -> Span {
        self.tree.get("title").map_or(self.tree.span, |title| title.span)
    }

    fn versions(&mut self) -> Vec<u16> {
        let Some(value) = self.tree.get("version") else { return vec![0x0304] };
        let single = std::slice::from_ref(value);
        let items = value.as_list().unwrap_or(single);
        if items.is_empty() {
            self.typer.fail(value, "`version` names no version", None);
        }
        items.iter().filter_map(|item| self.typer.version(item)).collect()
    }

    fn options(&mut self) -> BTreeMap<String, String> {
        let mut options = BTreeMap::new();
        let Some(map) = self.tree.get("target") else { return options };
        for (key, value) in self.typer.map(map, "`target`").unwrap_or_default() {
            let name = key.as_text().unwrap_or_default();
            match value.as_text().filter(|_| value.kind != Kind::Null) {
                Some(text) => _ = options.insert(name, text),
                None => self.typer.wrong(value, &format!("the option `{name}`"), "text, a number, `true` or `false`"),
            }
        }
        options
    }

    /// Kind → names; `true` → no names.
    fn needs(&mut self) -> Needs {
        let mut needs = Needs::new();
        let Some(map) = self.tree.get("needs") else { return needs };
        for (key, value) in self.typer.map(map, "`needs`").unwrap_or_default() {
            let kind = key.as_text().unwrap_or_default();
            let known = names::KINDS.iter().map(|(kind, _)| *kind).chain(names::FACTS);
            if !known.clone().any(|known| known == kind)
                && let Some(help) = did_you_mean(&kind, known)
            {
                self.typer.fail(key, format!("the probe finds nothing that is named `{kind}`"), Some(help));
                continue;
            }
            if let Some(names) = self.needed(&kind, value) {
                needs.insert(kind, names);
            }
        }
        needs
    }

    fn needed(&mut self, kind: &str, value: &Yaml) -> Option<Vec<String>> {
        let single = std::slice::from_ref(value);
        let items = match &value.kind {
            Kind::Bool(true) => return Some(Vec::new()),
            Kind::List(items) if !items.is_empty() => items,
            Kind::Text(_) => single,
            _ => {
                self.typer.wrong(value, &format!("`{kind}`"), "`true`, a name or a list of names");
                return None;
            }
        };
        let mut found = Vec::new();
        for item in items {
            let name = self.typer.text(item, &format!("each of `{kind}`"))?;
            let enum_name = names::KINDS.iter().find(|(name, _)| *name == kind).map_or("", |(_, name)| name);
            if kind == "versions" {
                self.typer.version(item)?;
            } else if !enum_name.is_empty() {
                self.typer.enum_name(item, enum_name, kind.replace('_', " ").trim_end_matches('s'))?;
            }
            found.push(name.to_owned());
        }
        Some(found)
    }

    fn pki(&mut self) -> Option<Arc<ChainSpec>> {
        let map = self.tree.get("pki")?;
        self.typer.chain_spec(map).map(Arc::new)
    }

    /// How often the flow is played, and its steps; with variants, those of the first.
    fn flow(&mut self) -> Option<(Plays, Vec<Step>)> {
        let flow = self.tree.get("flow")?;
        let items = self.typer.list(flow, "`flow`")?;
        if items.is_empty() {
            self.typer.fail(flow, "a flow without steps", None);
            return None;
        }
        let Some(plays) = self.tree.get("plays") else {
            return self.typer.steps(flow).map(|steps| (Plays::Once, steps));
        };
        match &plays.kind {
            Kind::Number(_) => {
                let times = self.typer.number(plays, "`plays`");
                let steps = self.typer.steps(flow);
                Some((Plays::Times(times?), steps?))
            }
            Kind::Map(_) if plays.get("until").is_some() => {
                let until = self.typer.reading(plays, "`plays`", |typer, reader| {
                    let conditions = reader.take("until").map(|until| typer.conditions(until, "`until`"));
                    let at_most =
                        reader.require("at_most", &mut typer.errors).map(|most| typer.number(most, "`at_most`"));
                    Some(Plays::Until { conditions: conditions??, at_most: at_most?? })
                });
                let steps = self.typer.steps(flow);
                Some((until?, steps?))
            }
            Kind::Map(entries) if entries.len() == 1 => self.variants(plays, flow),
            _ => {
                let help = "a number, `{ until: ..., at_most: ... }`, or one name with its values";
                self.typer.fail(plays, "`plays` says how often, or names one variable", Some(help.to_owned()));
                None
            }
        }
    }

    fn variants(&mut self, plays: &Yaml, flow: &Yaml) -> Option<(Plays, Vec<Step>)> {
        let file = self.typer.file.clone();
        let variable = Parameter::of_plays(&file, plays, self.build.capabilities, &mut self.typer.errors)?;
        let mut variants = Some(Vec::new());
        for choice in &variable.values {
            self.typer.environment.bind(&variable.name, Some(choice.value.clone()));
            let flow = self.typer.environment.substitute(&file, flow, false, &mut self.typer.errors);
            let steps = self.typer.steps(&flow);
            variants = variants.zip(steps).map(|(mut variants, steps)| {
                variants.push((choice.label.clone(), steps));
                variants
            });
        }
        if !self.typer.environment.used().any(|name| name == variable.name) && !variable.is_times {
            let help = format!("write `${}` where its value belongs", variable.name);
            let message = format!("the variable `{}` of `plays` is never used", variable.name);
            self.typer.errors.error(&file, variable.span, message, Some(help));
        }
        // The source keeps the name in place, and so does all that comes after.
        self.typer.environment.bind(&variable.name, None);
        let variants = variants?;
        let steps = variants.first().map(|(_, steps)| steps.clone()).unwrap_or_default();
        Some((Plays::Variants(variants), steps))
    }

    /// What only the whole shows.
    fn lint(&mut self, requirements: &[String], place: Span) {
        let file = self.typer.file.clone();
        let across = self.tree.get("across").is_some();
        let flow = self.tree.entry("flow").map_or(self.tree.span, |(key, _)| key.span);
        if !self.typer.judged && !across {
            let help = "add an `expect`, a `check` or `across`".to_owned();
            self.typer.errors.error(&file, flow, "a flow that judges nothing", Some(help));
        } else if !across {
            for (file, span) in std::mem::take(&mut self.typer.unjudged) {
                let help = "add an `expect` behind it".to_owned();
                self.typer.errors.error(&file, span, "no step judges what this alters", Some(help));
            }
        }
        let decides = self.typer.judged_more || across;
        if requirements.is_empty()
            && decides
            && self.tree.get("requirements").is_none_or(|list| list.as_list() == Some(&[]))
        {
            let help = "name ids of the catalogue under `requirements`; only `survives` needs none".to_owned();
            self.typer.errors.error(&file, place, "a scenario without a requirement", Some(help));
        }
        if requirements.len() > MANY_REQUIREMENTS && !self.typer.has_note {
            let message = format!("{} requirements in one case", requirements.len());
            let help = "does each case decide all of them? say why in `note`, or split".to_owned();
            self.typer.errors.warning(&file, place, message, Some(help));
        }
    }

    /// The case as a scenario of its own.
    fn source(&self, requirements: &[String]) -> String {
        let entries = self.tree.as_map().unwrap_or_default();
        let replayable = entries.iter().map(|(key, value)| {
            let value = match key.as_str() {
                Some("peer") => Yaml::text(self.typer.role.name()),
                Some("requirements") if self.build.both() => {
                    Yaml::new(Kind::List(requirements.iter().map(Yaml::text).collect()))
                }
                _ => inlined(value, &self.typer.environment, &self.build.scenario.shared),
            };
            (key.clone(), value)
        });
        Yaml::new(Kind::Map(replayable.collect())).to_block()
    }
}

/// The tree with shared steps in place of `use`.
fn inlined(value: &Yaml, environment: &Environment, shared: &Shared) -> Yaml {
    let steps = |name: &Yaml| {
        let (file, steps) = shared.get(name.as_str()?)?;
        let steps = environment.substitute(file, steps, true, &mut Diagnostics::default());
        Some(inlined(&steps, environment, shared))
    };
    let kind = match &value.kind {
        Kind::List(items) => {
            let items = items.iter().flat_map(|item| match item.get("use").and_then(steps).map(|steps| steps.kind) {
                Some(Kind::List(steps)) => steps,
                _ => vec![inlined(item, environment, shared)],
            });
            Kind::List(items.collect())
        }
        Kind::Map(entries) => {
            if let Some(steps) = value.get("use").and_then(steps) {
                return steps;
            }
            Kind::Map(entries.iter().map(|(key, value)| (key.clone(), inlined(value, environment, shared))).collect())
        }
        other => other.clone(),
    };
    Yaml { span: value.span, kind }
}
