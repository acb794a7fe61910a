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
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is. Numbers are recognised as in YAML 1.2 core (`0x1F`, `12`, `-3`); `yes`, `no`, `012`, `1_000` are text.
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

    /// Parses. Syntax errors, duplicate keys, alias bombs, deep nesting, several documents, tags: diagnostics.
    pub fn parse(&self) -> Result<Yaml, Diagnostics> {
        todo!()
    }

    /// Line and column of an offset, both from 1; the column counts characters.
    pub fn position(&self, _offset: usize) -> (usize, usize) {
        todo!()
    }

    /// The text of a line (from 1), without its end.
    pub fn line(&self, _line: usize) -> &str {
        todo!()
    }
}

impl Yaml {
    /// The value of a key of a map.
    pub fn get(&self, _key: &str) -> Option<&Yaml> {
        todo!()
    }
    /// Text of a scalar, as it would be written plain (numbers and booleans too).
    pub fn as_text(&self) -> Option<String> {
        todo!()
    }
    /// What it is, in words for messages: `a list`, `text`, `a number`, ...
    pub fn describe(&self) -> &'static str {
        todo!()
    }
    /// Written as one line of flow YAML that parses to the same value.
    pub fn to_flow(&self) -> String {
        todo!()
    }
    /// As JSON, for hashing and storing.
    pub fn to_json(&self) -> serde_json::Value {
        todo!()
    }
    /// From JSON (all spans empty).
    pub fn from_json(_value: &serde_json::Value) -> Yaml {
        todo!()
    }
}
