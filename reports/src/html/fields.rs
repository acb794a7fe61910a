//! Messages for the page: bytes, and the tree of fields with the place of each in them.
//!
//! Many cases send the same certificate; a message is kept once. Names and values are kept once too, so that a row is
//! five numbers: depth, name, first byte, byte behind the last, value (-1: the bytes themselves).

use crate::inert;
use gauntlet_wire::{Context, Grammar, Node, Value};
use serde::Serialize;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Bytes of a message that are kept.
const SHOWN: usize = 4096;
/// Fields of a message that are kept.
const FIELDS: usize = 600;
/// What all messages of a report may take up together, in bytes of JSON, roughly.
const BUDGET: usize = 12 << 20;

/// One message.
#[derive(Serialize)]
struct Message {
    /// Its bytes, or the first of them.
    hex: String,
    /// Of all its bytes.
    size: usize,
    /// Rows of five.
    fields: Vec<i32>,
}

/// All messages of a report.
#[derive(Default, Serialize)]
pub(super) struct Messages {
    strings: Strings,
    messages: Vec<Message>,
    #[serde(skip)]
    places: HashMap<(u64, u64), usize>,
    /// Two hashes, under keys that nobody can know, stand for a message: one of 16 MiB is not kept to be compared.
    #[serde(skip)]
    hashes: (RandomState, RandomState),
    #[serde(skip)]
    spent: usize,
}

/// Texts, each kept once, made inert.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct Strings {
    all: Vec<String>,
    #[serde(skip)]
    places: HashMap<String, usize>,
}

impl Strings {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.all.push(inert::line(text).into_owned());
        self.places.insert(text.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }
}

impl Messages {
    /// The number of a message; `None`: there is no room left for it.
    pub(super) fn number(&mut self, content_type: u8, context: &Context, bytes: &[u8]) -> Option<usize> {
        let message = (bytes, context, content_type);
        let key = (self.hashes.0.hash_one(message), self.hashes.1.hash_one(message));
        if let Some(place) = self.places.get(&key) {
            return Some(*place);
        }
        if self.spent > BUDGET {
            return None;
        }
        let mut fields = Vec::new();
        match (content_type, bytes) {
            (22, _) => self.rows(&Grammar::tls().decode("Handshake", bytes, context), 0, &mut fields),
            (21, [level, description]) => {
                self.row("level", "AlertLevel", *level, 0, &mut fields);
                self.row("description", "AlertDescription", *description, 1, &mut fields);
            }
            _ => {}
        }
        let hex = hex::encode(&bytes[..bytes.len().min(SHOWN)]);
        self.spent += hex.len() + 3 * fields.len();
        fields.shrink_to_fit();
        self.messages.push(Message { hex, size: bytes.len(), fields });
        self.places.insert(key, self.messages.len() - 1);
        Some(self.messages.len() - 1)
    }

    fn row(&mut self, name: &str, kind: &str, byte: u8, at: i32, fields: &mut Vec<i32>) {
        let value = Grammar::tls().name(kind, byte.into()).map_or_else(|| byte.to_string(), str::to_owned);
        let (name, value) = (self.strings.number(name), self.strings.number(&value));
        fields.extend([0, name as i32, at, at + 1, value as i32]);
    }

    fn rows(&mut self, node: &Node, depth: i32, fields: &mut Vec<i32>) {
        if fields.len() >= 5 * FIELDS {
            return;
        }
        let inner = node.through();
        let name = self.strings.number(&title(node)) as i32;
        let value = value(node, inner).map_or(-1, |text| self.strings.number(&text) as i32);
        fields.extend([depth, name, node.span.start as i32, node.span.end as i32, value]);
        for child in inner.children() {
            self.rows(child, depth + 1, fields);
        }
    }
}

/// The name, and the tag of a list's element.
fn title(node: &Node) -> String {
    let tag = matches!(node.value, Value::Struct(_)).then(|| node.tag_name()).flatten();
    match tag {
        Some(tag) => format!("{} {tag}", node.name),
        None if node.name.is_empty() => "-".to_owned(),
        None => node.name.to_owned(),
    }
}

/// What stands beside the name; `None`: the bytes themselves.
fn value(node: &Node, inner: &Node) -> Option<String> {
    let mut text = match &inner.value {
        Value::Number { value, width } => Some(match inner.enum_name() {
            Some(name) => name.to_owned(),
            None if *width <= 3 => value.to_string(),
            None => format!("{value:#x}"),
        }),
        Value::Bytes(bytes) if bytes.is_empty() => Some("empty".to_owned()),
        Value::Bytes(_) | Value::Raw(_) => None,
        Value::List(elements) => Some(crate::words::count(elements.len(), "element")),
        Value::Struct(_) | Value::As(_) => Some(String::new()),
    };
    let mut remark = |words: String| text.get_or_insert_default().push_str(&format!(" ({words})"));
    if let Some(length) = node.length {
        remark(format!("its length says {length}"));
    }
    if let Some(odd) = node.remark.or(inner.remark) {
        remark(odd.name().to_owned());
    }
    text
}
