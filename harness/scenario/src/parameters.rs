//! Parameters: what `vary` says, and which values a scenario's cases take.
//!
//! ```yaml
//! vary:
//!   methods: [[0, 1], [1, 0]]                     # a list
//!   cut: { range: [1, 4] }                        # numbers
//!   run: { times: 100 }                           # only the seed differs
//!   suite: { all: cipher_suites, where: { key_exchange: rsa } }
//!   between: { data: { send: application_data } } # named values
//! strength: pairs
//! except: [{ suite: "TLS_RSA_*", cut: 4 }]
//! ```

use crate::cover::{self, Strength};
use crate::names;
use gauntlet_model::Capabilities;
use gauntlet_yaml::{Diagnostics, File, Kind, MapReader, Span, Yaml, did_you_mean};

/// Values that a list by `range` or `times` may have at most.
const MOST_VALUES: usize = 100_000;
/// Cases that a scenario may have at most.
const MOST_CASES: u128 = 50_000;

/// One entry of `vary`.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub name: String,
    pub span: Span,
    pub values: Vec<Choice>,
    /// Only the seed differs, so it need not occur in the flow.
    pub is_times: bool,
    /// Values (by place) of which one could be wrong in its own way, for the lint.
    pub sample: Sample,
    /// `{ all: ... }` of which the target has none; the values are then the grammar's.
    pub lacking: Option<String>,
}

/// Which values of a parameter stand for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    Every,
    Ends,
    First,
}

/// One value of a parameter.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// As case ids name it.
    pub label: String,
    /// The author's name for it.
    pub named: bool,
    pub value: Yaml,
}

impl Choice {
    /// As results show it.
    pub fn to_json(&self) -> serde_json::Value {
        if self.named { self.label.clone().into() } else { self.value.to_json() }
    }
}

/// All parameters with what decides on their combinations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vary {
    pub parameters: Vec<Parameter>,
    /// Names of those that are wrong.
    pub broken: Vec<String>,
    strength: Strength,
    except: Vec<Vec<(usize, String)>>,
}

impl Vary {
    /// Reads `vary`, `strength` and `except` of a scenario.
    pub fn read(file: &File, tree: &Yaml, capabilities: Option<&Capabilities>, errors: &mut Diagnostics) -> Vary {
        let mut reader = Reader { file, capabilities, errors };
        let mut vary = Vary::default();
        if let Some(map) = tree.get("vary") {
            vary.parameters = reader.parameters(map, "vary");
            let names = map.as_map().unwrap_or_default().iter().filter_map(|(key, _)| key.as_text());
            vary.broken = names.filter(|name| !vary.parameters.iter().any(|p| p.name == *name)).collect();
        }
        if let Some(text) = tree.get("strength") {
            vary.strength = reader.strength(text);
        }
        if let Some(list) = tree.get("except") {
            vary.except = reader.except(list, &vary.parameters);
        }
        let least = vary.least_rows();
        if least > MOST_CASES {
            let span = tree.get("vary").map_or(tree.span, |v| v.span);
            let message = format!("{least} combinations of values, more than {MOST_CASES}");
            reader.errors.error(file, span, message, Some("use a lower `strength`, or fewer values".to_owned()));
            vary.strength = Strength::Each;
        }
        vary
    }

    /// As many rows as there must be, whatever is excepted.
    fn least_rows(&self) -> u128 {
        let mut sizes: Vec<u128> = self.parameters.iter().map(|p| p.values.len() as u128).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let counted = match self.strength {
            Strength::Each => 1,
            Strength::Pairs => 2,
            Strength::All => sizes.len(),
        };
        sizes.iter().take(counted).fold(1, |product: u128, size| product.saturating_mul(*size))
    }

    /// For each case, which value each parameter takes.
    pub fn rows(&self) -> Vec<Vec<usize>> {
        let sizes: Vec<usize> = self.parameters.iter().map(|p| p.values.len()).collect();
        cover::rows(&sizes, self.strength, &|partial| self.excluded(partial))
    }

    /// Rows in which each value occurs that could be wrong in its own way, for the lint.
    pub fn sample(&self) -> Vec<Vec<usize>> {
        let places: Vec<Vec<usize>> = self.parameters.iter().map(Parameter::sample).collect();
        let sizes: Vec<usize> = places.iter().map(Vec::len).collect();
        let place = |parameter: usize, i: Option<usize>| i.map(|i| places[parameter][i]);
        let rows = cover::rows(&sizes, Strength::Each, &|partial| {
            let values: Vec<_> = partial.iter().enumerate().map(|(parameter, i)| place(parameter, *i)).collect();
            self.excluded(&values)
        });
        rows.into_iter().map(|row| row.iter().zip(&places).map(|(i, places)| places[*i]).collect()).collect()
    }

    /// Whether an `except` forbids it, as far as it is decided.
    fn excluded(&self, partial: &[Option<usize>]) -> bool {
        self.except.iter().any(|entry| {
            !entry.is_empty()
                && entry.iter().all(|(parameter, pattern)| {
                    let Some(value) = partial[*parameter] else { return false };
                    let choice = &self.parameters[*parameter].values[value];
                    names::matches(pattern, &choice.label)
                        || choice.value.as_text().is_some_and(|text| names::matches(pattern, &text))
                })
        })
    }
}

impl Parameter {
    /// Reads the values of the variable of `plays`.
    pub fn of_plays(
        file: &File,
        map: &Yaml,
        capabilities: Option<&Capabilities>,
        errors: &mut Diagnostics,
    ) -> Option<Parameter> {
        Reader { file, capabilities, errors }.parameters(map, "plays").into_iter().next()
    }

    /// Places of the values that the lint looks at.
    pub fn sample(&self) -> Vec<usize> {
        match self.sample {
            Sample::Every => (0..self.values.len()).collect(),
            Sample::Ends if self.values.len() > 1 => vec![0, self.values.len() - 1],
            Sample::Ends | Sample::First => vec![0],
        }
    }
}

struct Reader<'a> {
    file: &'a File,
    capabilities: Option<&'a Capabilities>,
    errors: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn fail(&mut self, at: &Yaml, message: impl Into<String>, help: Option<String>) {
        self.errors.error(self.file, at.span, message, help);
    }

    fn parameters(&mut self, map: &Yaml, what: &str) -> Vec<Parameter> {
        let Kind::Map(entries) = &map.kind else {
            self.fail(map, format!("`{what}` must be a map of names to values, but this is {}", map.describe()), None);
            return Vec::new();
        };
        entries.iter().filter_map(|(key, value)| self.parameter(key, value)).collect()
    }

    fn parameter(&mut self, key: &Yaml, value: &Yaml) -> Option<Parameter> {
        let name = key.as_text().unwrap_or_default();
        if !names::is_identifier(&name) || name == "peer" {
            let help = "lower-case letters, digits and `_`, a letter first; not `peer`".to_owned();
            self.fail(key, format!("`{name}` cannot be a parameter's name"), Some(help));
            return None;
        }
        if let Some(place) = dollar(value) {
            let help = "a parameter's values are taken as they stand".to_owned();
            self.errors.error(self.file, place, "a parameter within a parameter's value", Some(help));
            return None;
        }
        let mut parameter = Parameter {
            name,
            span: key.span,
            values: Vec::new(),
            is_times: false,
            sample: Sample::Every,
            lacking: None,
        };
        match &value.kind {
            Kind::List(items) => parameter.values = self.listed(items),
            Kind::Map(entries) => self.map(value, entries, &mut parameter)?,
            _ => {
                let help = "a list, `{ range: [1, 4] }`, `{ times: 10 }`, `{ all: groups }`, or a map of named values";
                let message =
                    format!("values of `{}` must be a list or a map, but this is {}", parameter.name, value.describe());
                self.fail(value, message, Some(help.to_owned()));
                return None;
            }
        }
        if parameter.values.is_empty() {
            self.fail(value, format!("`{}` has no values", parameter.name), None);
            return None;
        }
        Some(parameter)
    }

    fn listed(&mut self, items: &[Yaml]) -> Vec<Choice> {
        let mut labels: Vec<Option<String>> = items.iter().map(label).collect();
        let mut sorted: Vec<String> =
            labels.iter().enumerate().map(|(i, label)| label.clone().unwrap_or_else(|| (i + 1).to_string())).collect();
        sorted.sort();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            labels.fill(None);
        }
        for (i, item) in items.iter().enumerate() {
            if items[..i].contains(item) {
                self.fail(item, format!("the value {} stands here twice", item.to_flow()), None);
            }
        }
        items
            .iter()
            .zip(labels)
            .enumerate()
            .map(|(i, (value, label))| Choice {
                label: label.unwrap_or_else(|| (i + 1).to_string()),
                named: false,
                value: value.clone(),
            })
            .collect()
    }

    fn map(&mut self, value: &Yaml, entries: &[(Yaml, Yaml)], parameter: &mut Parameter) -> Option<()> {
        let has = |name: &str| entries.iter().any(|(key, _)| key.as_text().as_deref() == Some(name));
        // One of several named values that only looks like another form.
        let others = |known: &[&str]| {
            let stranger =
                entries.iter().find(|(key, _)| !known.contains(&key.as_text().as_deref().unwrap_or_default()));
            stranger.map(|(key, _)| key.as_text().unwrap_or_default())
        };
        let forms: [(&str, &[&str]); 3] =
            [("range", &["range", "step"]), ("times", &["times"]), ("all", &["all", "where"])];
        for (form, known) in forms {
            if let (true, Some(other)) = (has(form), others(known)) {
                let message = format!("`{form}` is no name of a value, since `{{ {form}: ... }}` is a form of its own");
                let help = format!("give it another name, or take `{other}` away");
                self.fail(value, message, Some(help));
                return None;
            }
        }
        if has("range") {
            parameter.sample = Sample::Ends;
            parameter.values = self.range(value)?;
        } else if has("times") {
            parameter.is_times = true;
            parameter.sample = Sample::First;
            let mut reader = MapReader::new(self.file, value, "a repetition", self.errors);
            let times = reader.number("times", 1..=MOST_VALUES as i128, self.errors)?;
            parameter.values = (1..=times).map(|n| number(n, value.span)).collect();
        } else if has("all") {
            parameter.sample = Sample::First;
            (parameter.values, parameter.lacking) = self.all(value)?;
        } else {
            for (key, value) in entries {
                let name = key.as_text().unwrap_or_default();
                if !names::is_label(&name) {
                    let help = "letters, digits, `_`, `.` and `-`".to_owned();
                    self.fail(key, format!("`{name}` cannot be a value's name"), Some(help));
                }
                parameter.values.push(Choice { label: name, named: true, value: value.clone() });
            }
        }
        Some(())
    }

    fn range(&mut self, value: &Yaml) -> Option<Vec<Choice>> {
        let mut reader = MapReader::new(self.file, value, "a range", self.errors);
        let bounds = reader.list("range", self.errors);
        let step = reader.number("step", 1..=i128::from(u32::MAX), self.errors).unwrap_or(1);
        reader.finish(self.errors);
        let bounds = bounds?;
        let [Yaml { kind: Kind::Number(first), .. }, Yaml { kind: Kind::Number(last), .. }] = bounds else {
            self.fail(value, "a range has a first and a last number", Some("write `{ range: [1, 4] }`".to_owned()));
            return None;
        };
        if first > last || (last - first) / step >= MOST_VALUES as i128 {
            self.fail(value, format!("the range from {first} to {last} has no values, or too many"), None);
            return None;
        }
        let count = (last - first) / step;
        Some((0..=count).map(|i| number(first + i * step, value.span)).collect())
    }

    fn all(&mut self, value: &Yaml) -> Option<(Vec<Choice>, Option<String>)> {
        let mut reader = MapReader::new(self.file, value, "`all`", self.errors);
        let kind = reader.text("all", self.errors);
        let conditions = reader.take("where");
        reader.finish(self.errors);
        let kind = kind?;
        let Some(known) = names::of_kind(&kind) else {
            let help = did_you_mean(&kind, names::KINDS.iter().map(|(kind, _)| *kind));
            let place = value.get("all").map_or(value.span, |v| v.span);
            self.errors.error(self.file, place, format!("there is no kind of names `{kind}`"), help);
            return None;
        };
        let conditions = self.conditions(conditions, &kind)?;
        let fits = |name: &str| {
            conditions.iter().all(|(property, patterns, wanted)| {
                let has = names::property(&kind, name, property);
                patterns.iter().any(|pattern| has.as_deref().is_some_and(|has| names::matches(pattern, has))) == *wanted
            })
        };
        let choices = |names: Vec<&str>| -> Vec<Choice> {
            let choice = |name: &str| Choice {
                label: name.to_owned(),
                named: false,
                value: Yaml { span: value.span, kind: Kind::Text(name.to_owned()) },
            };
            names.into_iter().filter(|name| fits(name)).map(choice).collect()
        };
        let from_grammar = choices(known);
        if from_grammar.is_empty() {
            self.fail(value, format!("no name of `{kind}` fits the `where`"), None);
            return None;
        }
        let Some(capabilities) = self.capabilities.filter(|c| names::is_probed(&kind) || c.kinds.contains_key(&kind))
        else {
            return Some((from_grammar, None));
        };
        let found = choices(capabilities.all(&kind));
        if found.is_empty() {
            let narrowed = if conditions.is_empty() { "" } else { " that fit the scenario" };
            let reason = format!("the target has none of the {}{narrowed}", kind.replace('_', " "));
            return Some((from_grammar, Some(reason)));
        }
        Some((found, None))
    }

    /// Property, patterns, and whether one of them must match or none.
    fn conditions(&mut self, map: Option<&Yaml>, kind: &str) -> Option<Vec<(String, Vec<String>, bool)>> {
        let Some(map) = map else { return Some(Vec::new()) };
        let Kind::Map(entries) = &map.kind else {
            self.fail(map, format!("`where` must be a map, but this is {}", map.describe()), None);
            return None;
        };
        let mut conditions = Vec::new();
        for (key, value) in entries {
            let property = key.as_text().unwrap_or_default();
            let known = names::properties(kind);
            if !known.contains(&property.as_str()) {
                let help = did_you_mean(&property, known.iter().copied())
                    .or_else(|| Some(format!("{kind} have {}", names::listed(known.iter().copied()))));
                self.fail(key, format!("{kind} have no property `{property}`"), help);
                return None;
            }
            let (value, wanted) = match &value.kind {
                Kind::Map(_) if value.get("not").is_some() => (value.get("not").unwrap_or(value), false),
                _ => (value, true),
            };
            let patterns = match &value.kind {
                Kind::List(items) => items.iter().filter_map(Yaml::as_text).collect(),
                _ => value.as_text().into_iter().collect::<Vec<_>>(),
            };
            if patterns.is_empty() {
                self.fail(value, format!("`{property}` must be text or a list of texts"), None);
                return None;
            }
            conditions.push((property, patterns, wanted));
        }
        Some(conditions)
    }

    fn strength(&mut self, value: &Yaml) -> Strength {
        match value.as_str() {
            Some("each") => Strength::Each,
            Some("pairs") => Strength::Pairs,
            Some("all") => Strength::All,
            other => {
                let help = did_you_mean(other.unwrap_or_default(), ["each", "pairs", "all"])
                    .or_else(|| Some("`each`, `pairs` or `all`".to_owned()));
                self.fail(value, "unknown strength", help);
                Strength::Each
            }
        }
    }

    fn except(&mut self, list: &Yaml, parameters: &[Parameter]) -> Vec<Vec<(usize, String)>> {
        let Kind::List(items) = &list.kind else {
            self.fail(list, format!("`except` must be a list of maps, but this is {}", list.describe()), None);
            return Vec::new();
        };
        items.iter().map(|item| self.exception(item, parameters)).collect()
    }

    fn exception(&mut self, item: &Yaml, parameters: &[Parameter]) -> Vec<(usize, String)> {
        let Kind::Map(entries) = &item.kind else {
            self.fail(item, format!("an exception must be a map, but this is {}", item.describe()), None);
            return Vec::new();
        };
        let mut exception = Vec::new();
        if entries.is_empty() {
            self.fail(item, "an exception that names no parameter", None);
        }
        for (key, value) in entries {
            let name = key.as_text().unwrap_or_default();
            let Some(place) = parameters.iter().position(|p| p.name == name) else {
                let help = did_you_mean(&name, parameters.iter().map(|p| p.name.as_str()));
                self.fail(key, format!("unknown parameter `{name}`"), help);
                continue;
            };
            match value.as_text() {
                Some(pattern) => exception.push((place, pattern)),
                None => self.fail(value, format!("a pattern must be text, but this is {}", value.describe()), None),
            }
        }
        exception
    }
}

/// The label of a value that is plain enough to be its own.
fn label(value: &Yaml) -> Option<String> {
    value.as_text().filter(|text| names::is_label(text))
}

fn number(value: i128, span: Span) -> Choice {
    Choice { label: value.to_string(), named: false, value: Yaml { span, kind: Kind::Number(value) } }
}

/// Where a `$name` stands in a value.
fn dollar(value: &Yaml) -> Option<Span> {
    match &value.kind {
        Kind::Text(text) => crate::substitute::mentions(text).then_some(value.span),
        Kind::List(items) => items.iter().find_map(dollar),
        Kind::Map(entries) => entries.iter().find_map(|(key, value)| dollar(key).or_else(|| dollar(value))),
        _ => None,
    }
}
