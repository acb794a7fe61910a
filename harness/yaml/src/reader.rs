//! Taking a map apart, key by key, so that nothing unknown passes.

use crate::{Diagnostics, File, Kind, Span, Yaml, did_you_mean};
use std::ops::RangeInclusive;

/// Takes keys out of a map. What was never asked for is an error at `finish`, with did-you-mean.
pub struct MapReader<'a> {
    file: &'a File,
    map: &'a Yaml,
    what: String,
    asked: Vec<&'static str>,
    /// Whether `rest` took what nobody asked for.
    emptied: bool,
}

impl<'a> MapReader<'a> {
    /// For a map; anything else is an error, and the reader then finds nothing and misses nothing.
    pub fn new(file: &'a File, map: &'a Yaml, what: &str, errors: &mut Diagnostics) -> MapReader<'a> {
        if map.as_map().is_none() {
            let message = format!("{what} must be a map, but this is {}", map.describe());
            errors.error(file, map.span, message, None);
        }
        MapReader { file, map, what: what.to_owned(), asked: Vec::new(), emptied: false }
    }
    /// The file it reads.
    pub fn file(&self) -> &'a File {
        self.file
    }
    /// The map it reads.
    pub fn map(&self) -> &'a Yaml {
        self.map
    }
    /// The value of an optional key.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Yaml> {
        self.asked.push(key);
        self.map.get(key)
    }
    /// Key and value of an optional key.
    pub fn take_entry(&mut self, key: &'static str) -> Option<&'a (Yaml, Yaml)> {
        self.asked.push(key);
        self.map.entry(key)
    }
    /// The value of a key that must be there; missing is an error at the map.
    pub fn require(&mut self, key: &'static str, errors: &mut Diagnostics) -> Option<&'a Yaml> {
        let found = self.take(key);
        if let (None, Some(entries)) = (found, self.map.as_map()) {
            // The map's first key says better where it is than all of the map.
            let span = entries.first().map_or(self.map.span, |(first, _)| first.span);
            errors.error(self.file, span, format!("{} lacks the key `{key}`", self.what), None);
        }
        found
    }
    /// Text, or an error. A number or boolean is not text unless quoted.
    pub fn text(&mut self, key: &'static str, errors: &mut Diagnostics) -> Option<String> {
        let value = self.take(key)?;
        text(self.file, value, &format!("`{key}`"), errors).map(str::to_owned)
    }
    /// A whole number within a range, or an error.
    pub fn number(&mut self, key: &'static str, range: RangeInclusive<i128>, errors: &mut Diagnostics) -> Option<i128> {
        let value = self.take(key)?;
        match &value.kind {
            Kind::Number(number) if range.contains(number) => Some(*number),
            Kind::Number(_) => {
                let message = format!("`{key}` must lie within {}..={}", range.start(), range.end());
                errors.error(self.file, value.span, message, None);
                None
            }
            _ => {
                let help = value.as_str().filter(|_| self.file.slice(value.span).starts_with(['"', '\'']));
                let help = help.and_then(number_in).map(|number| format!("write {number} without quotes"));
                self.wrong(key, "a number", value, help, errors);
                None
            }
        }
    }
    /// `true` or `false`, or an error.
    pub fn boolean(&mut self, key: &'static str, errors: &mut Diagnostics) -> Option<bool> {
        let value = self.take(key)?;
        if let Kind::Bool(value) = value.kind {
            return Some(value);
        }
        let meant = match value.as_str().map(str::to_lowercase).as_deref() {
            Some("yes" | "on" | "y" | "true") => Some("write `true`"),
            Some("no" | "off" | "n" | "false") => Some("write `false`"),
            _ => None,
        };
        self.wrong(key, "`true` or `false`", value, meant.map(str::to_owned), errors);
        None
    }
    /// Text or list of texts.
    pub fn texts(&mut self, key: &'static str, errors: &mut Diagnostics) -> Option<Vec<(String, Span)>> {
        let value = self.take(key)?;
        let single = std::slice::from_ref(value);
        let items = match &value.kind {
            Kind::List(items) => items,
            Kind::Text(_) => single,
            _ => {
                self.wrong(key, "text or a list of texts", value, quotes(value), errors);
                return None;
            }
        };
        let what = format!("each of `{key}`");
        let texts: Vec<_> = items
            .iter()
            .filter_map(|item| text(self.file, item, &what, errors).map(|text| (text.to_owned(), item.span)))
            .collect();
        (texts.len() == items.len()).then_some(texts)
    }
    /// The elements of a list, or an error.
    pub fn list(&mut self, key: &'static str, errors: &mut Diagnostics) -> Option<&'a [Yaml]> {
        let value = self.take(key)?;
        if value.as_list().is_none() {
            self.wrong(key, "a list", value, None, errors);
        }
        value.as_list()
    }
    /// The entries of a map, or an error.
    pub fn entries(&mut self, key: &'static str, errors: &mut Diagnostics) -> Option<&'a [(Yaml, Yaml)]> {
        let value = self.take(key)?;
        if value.as_map().is_none() {
            self.wrong(key, "a map", value, None, errors);
        }
        value.as_map()
    }
    /// The entries that nobody has asked for so far, for maps whose keys are free; they count as asked for.
    pub fn rest(&mut self) -> Vec<&'a (Yaml, Yaml)> {
        let rest = self.unasked();
        self.emptied = true;
        rest
    }
    /// Reports every key that nobody asked for.
    pub fn finish(self, errors: &mut Diagnostics) {
        let taken = |name: &&str| self.map.get(name).is_none();
        for (key, _) in self.unasked() {
            let name = key.as_str().unwrap_or_default();
            // What the map has already is not what was meant.
            let near = did_you_mean(name, self.asked.iter().copied().filter(taken));
            let help =
                near.or_else(|| (!self.asked.is_empty()).then(|| format!("{} has {}", self.what, listed(&self.asked))));
            errors.error(self.file, key.span, format!("unknown key `{name}`"), help);
        }
    }

    fn unasked(&self) -> Vec<&'a (Yaml, Yaml)> {
        if self.emptied {
            return Vec::new();
        }
        let entries = self.map.as_map().unwrap_or_default();
        entries.iter().filter(|(key, _)| !self.asked.iter().any(|asked| key.as_str() == Some(asked))).collect()
    }

    fn wrong(&self, key: &str, wanted: &str, got: &Yaml, help: Option<String>, errors: &mut Diagnostics) {
        let message = format!("`{key}` must be {wanted}, but this is {}", got.describe());
        errors.error(self.file, got.span, message, help);
    }
}

fn text<'a>(file: &File, value: &'a Yaml, what: &str, errors: &mut Diagnostics) -> Option<&'a str> {
    if value.as_str().is_none() {
        let message = format!("{what} must be text, but this is {}", value.describe());
        errors.error(file, value.span, message, quotes(value));
    }
    value.as_str()
}

/// Number, boolean and null become text within quotes.
pub(crate) fn quotes(value: &Yaml) -> Option<String> {
    matches!(value.kind, Kind::Bool(_) | Kind::Number(_)).then(|| "put quotes around it".to_owned())
}

fn number_in(text: &str) -> Option<i128> {
    match Kind::of_plain(text) {
        Kind::Number(number) => Some(number),
        _ => None,
    }
}

/// `a`, `b` and `c`; each once, of many the first.
pub(crate) fn listed(names: &[&str]) -> String {
    const MOST: usize = 12;
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.contains(name) {
            unique.push(name);
        }
    }
    let quoted: Vec<String> = unique.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some(_) if unique.len() > MOST => {
            format!("{} and {} more", quoted.join(", "), unique.len() - MOST)
        }
        Some((last, [])) => last.clone(),
        Some((last, most)) => format!("{} and {last}", most.join(", ")),
        None => String::new(),
    }
}
