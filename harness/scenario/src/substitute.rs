//! Parameters in the YAML tree: `$name`, `$name.field`, and both inside text.

use gauntlet_yaml::{Diagnostics, File, Kind, Span, Yaml, did_you_mean};
use std::cell::Cell;

/// The values in force, by name.
#[derive(Default)]
pub(crate) struct Environment {
    bindings: Vec<Binding>,
}

struct Binding {
    name: String,
    /// `None`: known, but to stay as it is for now (the variable of `plays`).
    value: Option<Yaml>,
    used: Cell<bool>,
}

impl Environment {
    /// Gives a name a value; without one, the name is left in place.
    pub fn bind(&mut self, name: &str, value: Option<Yaml>) {
        let used = Cell::new(false);
        match self.bindings.iter_mut().find(|binding| binding.name == name) {
            Some(binding) => binding.value = value,
            None => self.bindings.push(Binding { name: name.to_owned(), value, used }),
        }
    }

    /// Names that occurred since they were bound.
    pub fn used(&self) -> impl Iterator<Item = &str> {
        self.bindings.iter().filter(|binding| binding.used.get()).map(|binding| binding.name.as_str())
    }

    fn find(&self, name: &str) -> Option<&Binding> {
        let binding = self.bindings.iter().find(|binding| binding.name == name)?;
        binding.used.set(true);
        Some(binding)
    }

    /// The tree with values in place. `foreign`: it is of another file than the values, which then take the place of
    /// the text they replace.
    pub fn substitute(&self, file: &File, tree: &Yaml, foreign: bool, errors: &mut Diagnostics) -> Yaml {
        let mut substitution = Substitution { environment: self, file, foreign, errors };
        substitution.value(tree)
    }
}

struct Substitution<'a> {
    environment: &'a Environment,
    file: &'a File,
    foreign: bool,
    errors: &'a mut Diagnostics,
}

impl Substitution<'_> {
    fn value(&mut self, value: &Yaml) -> Yaml {
        let kind = match &value.kind {
            Kind::Text(text) if text.contains('$') => return self.text(text, value.span),
            Kind::List(items) => Kind::List(items.iter().map(|item| self.value(item)).collect()),
            Kind::Map(entries) => Kind::Map(self.entries(entries)),
            other => other.clone(),
        };
        Yaml { span: value.span, kind }
    }

    fn entries(&mut self, entries: &[(Yaml, Yaml)]) -> Vec<(Yaml, Yaml)> {
        let mut out: Vec<(Yaml, Yaml)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let new_key = match &key.kind {
                Kind::Text(text) if text.contains('$') => self.key(text, key.span),
                _ => key.clone(),
            };
            if mentions_yaml(key) && out.iter().any(|(other, _)| *other == new_key) {
                let name = new_key.as_text().unwrap_or_default();
                self.errors.error(self.file, key.span, format!("the key `{name}` stands here twice"), None);
            }
            out.push((new_key, self.value(value)));
        }
        out
    }

    fn key(&mut self, text: &str, span: Span) -> Yaml {
        let value = self.text(text, span);
        match value.as_text() {
            Some(text) => Yaml { span, kind: Kind::Text(text) },
            None => {
                self.errors.error(self.file, span, format!("{} cannot be a key", value.describe()), None);
                Yaml { span, kind: Kind::Text(text.to_owned()) }
            }
        }
    }

    fn text(&mut self, text: &str, span: Span) -> Yaml {
        if let Some(whole) = self.whole(text, span) {
            return whole;
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let name = identifier(&rest[at + 1..]);
            rest = &rest[at + 1 + name.len()..];
            match self.lookup(name, span) {
                Some(Some(value)) => {
                    let (field, after) = self.field(&value, name, rest, span);
                    rest = after;
                    match field.as_text() {
                        Some(text) => out.push_str(&text),
                        None => {
                            let message =
                                format!("`${name}` is {} here, which cannot stand inside text", field.describe());
                            self.errors.error(self.file, span, message, None);
                            out.push('$');
                            out.push_str(name);
                        }
                    }
                }
                _ => {
                    out.push('$');
                    out.push_str(name);
                }
            }
        }
        out.push_str(rest);
        Yaml { span, kind: Kind::Text(out) }
    }

    /// The value that all of a text stands for.
    fn whole(&mut self, text: &str, span: Span) -> Option<Yaml> {
        let rest = text.strip_prefix('$')?;
        let name = identifier(rest);
        let rest = &rest[name.len()..];
        if name.is_empty() || !(rest.is_empty() || rest.starts_with('.')) || rest.contains('$') {
            return None;
        }
        let value = self.environment.find(name)?.value.clone()?;
        let (field, rest) = self.field(&value, name, rest, span);
        rest.is_empty().then(|| if self.foreign { placed(field, span) } else { field })
    }

    /// Follows `.field`s into maps as far as they go; what is left of the text comes back.
    fn field<'t>(&mut self, value: &Yaml, name: &str, mut rest: &'t str, span: Span) -> (Yaml, &'t str) {
        let mut value = value;
        while let (Kind::Map(entries), Some(after)) = (&value.kind, rest.strip_prefix('.')) {
            let field = identifier(after);
            let Some(inner) = value.get(field) else {
                let help = did_you_mean(field, entries.iter().filter_map(|(key, _)| key.as_str()));
                self.errors.error(self.file, span, format!("the value of `${name}` has no `{field}`"), help);
                // What is left in place tells typing that this has been said.
                return (Yaml { span, kind: Kind::Text(format!("${name}")) }, "");
            };
            value = inner;
            rest = &after[field.len()..];
        }
        (value.clone(), rest)
    }

    /// `None`: no such parameter; `Some(None)`: it is to stay.
    fn lookup(&mut self, name: &str, span: Span) -> Option<Option<Yaml>> {
        if name.is_empty() {
            return None;
        }
        if let Some(binding) = self.environment.find(name) {
            return Some(binding.value.clone());
        }
        let help = did_you_mean(name, self.environment.bindings.iter().map(|binding| binding.name.as_str()))
            .or_else(|| Some("parameters are named under `vary` or `plays`".to_owned()));
        self.errors.error(self.file, span, format!("unknown parameter `${name}`"), help);
        None
    }
}

/// Whether a parameter is named in a text.
pub(crate) fn mentions(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| !identifier(&text[at + 1..]).is_empty())
}

fn mentions_yaml(value: &Yaml) -> bool {
    value.as_str().is_some_and(mentions)
}

/// The name that a text begins with.
fn identifier(text: &str) -> &str {
    if !text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') {
        return "";
    }
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// The value as if it stood there.
fn placed(value: Yaml, span: Span) -> Yaml {
    let kind = match value.kind {
        Kind::List(items) => Kind::List(items.into_iter().map(|item| placed(item, span)).collect()),
        Kind::Map(entries) => {
            Kind::Map(entries.into_iter().map(|(key, value)| (placed(key, span), placed(value, span))).collect())
        }
        other => other,
    };
    Yaml { span, kind }
}
