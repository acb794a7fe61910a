//! A YAML document as a tree in which every value knows where it stands.

use crate::Diagnostics;
use std::sync::Arc;

/// Byte range in the file's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

/// A file's name and text; line and column of a span come from here.
#[derive(Clone, Debug)]
pub struct File {
    /// Name as the user knows it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Yaml {
    /// Where it stands. An alias stands where it is used, what is in it where that was written.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is. Numbers are recognised as in YAML 1.2 core (`0x1F`, `0o17`, `12`, `-3`), but for `+1`, `012`: these
/// are text, as are `1_000`, `1.5`, `yes`, `no`, and a number beyond 128 bits.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number, as written plain.
    Number(i128),
    /// Anything else, and all that is quoted.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// Key → value in order; the key has its own span. Merge keys (`<<`) are applied. Keys are text (numbers as written).
    Map(Vec<(Yaml, Yaml)>),
}

/// Equality of content, wherever it stands.
impl PartialEq for Yaml {
    fn eq(&self, other: &Yaml) -> bool {
        self.kind == other.kind
    }
}

impl File {
    /// Takes a name and a text.
    pub fn new(name: &str, text: &str) -> File {
        File { name: name.into(), text: text.into() }
    }

    /// Takes a name and what was read; bytes that are not UTF-8 are an error at the first of them.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<File, Diagnostics> {
        std::str::from_utf8(bytes).map(|text| File::new(name, text)).map_err(|error| {
            let file = File::new(name, &String::from_utf8_lossy(bytes));
            let start = error.valid_up_to();
            let mut errors = Diagnostics::default();
            let message = format!("byte 0x{:02X} is not UTF-8", bytes[start]);
            errors.error(&file, Span { start, end: start + '\u{FFFD}'.len_utf8() }, message, None);
            errors
        })
    }

    /// Parses. Syntax errors, duplicate keys, alias bombs, deep nesting, several documents, tags: diagnostics.
    /// A text without any value is `Null`.
    pub fn parse(&self) -> Result<Yaml, Diagnostics> {
        crate::parse::parse(self)
    }

    /// Line and column of an offset, both from 1; the column counts characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.floor(offset)];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    /// The text of a line (from 1), without its end.
    pub fn line(&self, line: usize) -> &str {
        let text = self.text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
        text.strip_suffix('\r').unwrap_or(text)
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &str {
        let start = self.floor(span.start);
        &self.text[start..self.floor(span.end).max(start)]
    }

    /// The nearest character's start at or before an offset.
    pub(crate) fn floor(&self, offset: usize) -> usize {
        let mut at = offset.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

impl Span {
    /// The same range for a place with nothing in it.
    pub fn empty(at: usize) -> Span {
        Span { start: at, end: at }
    }
}

impl Yaml {
    /// A value that stands nowhere.
    pub fn new(kind: Kind) -> Yaml {
        Yaml { span: Span::default(), kind }
    }
    /// Text that stands nowhere.
    pub fn text(text: impl Into<String>) -> Yaml {
        Yaml::new(Kind::Text(text.into()))
    }
    /// The value of a key of a map.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        self.entry(key).map(|(_, value)| value)
    }
    /// Key and value of a map.
    pub fn entry(&self, key: &str) -> Option<&(Yaml, Yaml)> {
        self.as_map()?.iter().find(|(found, _)| found.as_str() == Some(key))
    }
    /// The entries of a map.
    pub fn as_map(&self) -> Option<&[(Yaml, Yaml)]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }
    /// The elements of a list.
    pub fn as_list(&self) -> Option<&[Yaml]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }
    /// Text, and only text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
    /// Text of a scalar, as it would be written plain (numbers and booleans too).
    pub fn as_text(&self) -> Option<String> {
        match &self.kind {
            Kind::Null => Some("null".to_owned()),
            Kind::Bool(value) => Some(value.to_string()),
            Kind::Number(value) => Some(value.to_string()),
            Kind::Text(text) => Some(text.clone()),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }
    /// What it is, in words for messages: `a list`, `text`, `a number`, ...
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
    /// Written as one line of flow YAML that parses to the same value.
    pub fn to_flow(&self) -> String {
        crate::write::flow(self)
    }
    /// Written over several lines, for people; what is short stays in flow form. Ends with a line end.
    pub fn to_block(&self) -> String {
        crate::write::block(self)
    }
    /// As JSON, for hashing and storing. A number beyond 64 bits becomes text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(value) => {
                serde_json::Number::from_i128(*value).map_or_else(|| Value::String(value.to_string()), Value::Number)
            }
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => Value::Array(items.iter().map(Yaml::to_json).collect()),
            Kind::Map(entries) => Value::Object(
                entries.iter().map(|(key, value)| (key.as_text().unwrap_or_default(), value.to_json())).collect(),
            ),
        }
    }
    /// From JSON (all spans empty). A fraction becomes text, as it would in YAML.
    pub fn from_json(value: &serde_json::Value) -> Yaml {
        use serde_json::Value;
        Yaml::new(match value {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Bool(*value),
            Value::Number(number) => number.as_i128().map_or_else(|| Kind::Text(number.to_string()), Kind::Number),
            Value::String(text) => Kind::Text(text.clone()),
            Value::Array(items) => Kind::List(items.iter().map(Yaml::from_json).collect()),
            Value::Object(entries) => {
                Kind::Map(entries.iter().map(|(key, value)| (Yaml::text(key), Yaml::from_json(value))).collect())
            }
        })
    }
}

impl Kind {
    /// What a plain (unquoted) scalar means.
    pub(crate) fn of_plain(text: &str) -> Kind {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
            "true" | "True" | "TRUE" => Kind::Bool(true),
            "false" | "False" | "FALSE" => Kind::Bool(false),
            _ => number(text).map_or_else(|| Kind::Text(text.to_owned()), Kind::Number),
        }
    }
}

/// A whole number that fits; `+1` and `012` are none, since a sign or a zero in front is meant to be seen.
fn number(text: &str) -> Option<i128> {
    if let Some(digits) = text.strip_prefix("0x") {
        return unsigned(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return unsigned(digits, 8);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() > 1 && digits.starts_with('0') || !is_digits(digits, 10) {
        return None;
    }
    text.parse().ok()
}

fn unsigned(digits: &str, radix: u32) -> Option<i128> {
    is_digits(digits, radix).then(|| i128::from_str_radix(digits, radix).ok())?
}

fn is_digits(text: &str, radix: u32) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_digit(radix))
}
