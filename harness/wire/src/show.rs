//! Trees for readers: JSON, indented text, and one line for a diagram.

use crate::grammar::Grammar;
use crate::node::{Node, Remark, Value};
use serde_json::{Map, Value as Json};
use std::fmt::Write;

/// Bytes of an opaque field that `print` shows.
const SHOWN: usize = 32;

/// Characters of a summary.
const LINE: usize = 100;

impl Node {
    /// As JSON: structs as objects, enums by name, bytes as hex.
    ///
    /// What did not fit is an object with `raw` and `remark`; a length that lies stands beside its field, as
    /// `FIELD.length`.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Number { value, .. } => match self.enum_name() {
                Some(name) => Json::from(name),
                None => Json::from(*value),
            },
            Value::Bytes(bytes) => Json::from(hex::encode(bytes)),
            Value::As(inner) => inner.to_json(),
            Value::List(elements) => Json::Array(elements.iter().map(Node::to_json).collect()),
            Value::Raw(bytes) => {
                let remark = self.remark.map_or(Json::Null, |remark| Json::from(remark.name()));
                Json::Object(Map::from_iter([
                    ("raw".to_owned(), Json::from(hex::encode(bytes))),
                    ("remark".to_owned(), remark),
                ]))
            }
            Value::Struct(fields) => {
                let mut object = Map::new();
                for field in fields {
                    object.insert(field.name.to_owned(), field.to_json());
                    if let (Some(length), false) = (field.length, matches!(field.value, Value::Number { .. })) {
                        object.insert(format!("{}.length", field.name), Json::from(length));
                    }
                }
                Json::Object(object)
            }
        }
    }

    /// As indented text, one field a line, bytes shortened.
    pub fn print(&self) -> String {
        let mut text = String::new();
        self.print_into(0, &mut text);
        text
    }

    fn print_into(&self, depth: usize, text: &mut String) {
        let _ = write!(text, "{:indent$}{}: ", "", self.title(), indent = 2 * depth);
        let inner = self.through();
        match &inner.value {
            Value::Number { value, width } => match inner.enum_name() {
                Some(name) => text.push_str(name),
                None if *width == 1 || inner.sizeof().is_some() => text.push_str(&value.to_string()),
                None => {
                    let _ = write!(text, "{value} (0x{value:0digits$x})", digits = 2 * usize::from(*width));
                }
            },
            Value::Bytes(bytes) | Value::Raw(bytes) => text.push_str(&short_hex(bytes, SHOWN)),
            Value::List(elements) => {
                let _ = write!(text, "{} element{}", elements.len(), if elements.len() == 1 { "" } else { "s" });
            }
            Value::Struct(_) | Value::As(_) => {
                let size = self.content_size();
                let _ = write!(text, "{size} byte{}", if size == 1 { "" } else { "s" });
            }
        }
        if let Some(length) = self.length {
            let _ = write!(text, "  <- its length says {length}");
        }
        if let Some(remark) = self.remark.or(inner.remark) {
            let raw = if matches!(inner.value, Value::Raw(_)) { "raw, " } else { "" };
            let _ = write!(text, "  <- {raw}{}", remark.name());
        }
        text.push('\n');
        for child in inner.children() {
            child.print_into(depth + 1, text);
        }
    }

    /// The name, and the tag of a list's element.
    fn title(&self) -> String {
        let tagged = matches!(self.value, Value::Struct(_)).then(|| self.tag_name()).flatten();
        match tagged {
            Some(tag) => format!("{} {tag}", self.name),
            None if self.name.is_empty() => "-".to_owned(),
            None => self.name.to_owned(),
        }
    }

    /// One line for a diagram, such as `client_hello 517 bytes: tls1.3, suites 3, groups x25519,secp256r1`.
    pub fn summary(&self) -> String {
        let mut line = match self.field("msg_type").filter(|_| self.type_id.name() == "Handshake") {
            Some(kind) => self.message_name(kind),
            None => self.name.to_owned(),
        };
        let size = self.size();
        let _ = write!(line, " {size} byte{}", if size == 1 { "" } else { "s" });
        let mut sign = ": ";
        for part in self.highlights() {
            if line.len() + sign.len() + part.len() > LINE {
                continue;
            }
            line.push_str(sign);
            line.push_str(&part);
            sign = ", ";
        }
        line
    }

    fn message_name(&self, kind: &Node) -> String {
        let retry = self.field("random").and_then(Node::bytes).is_some_and(|random| random.starts_with(&RETRY));
        match (kind.enum_name(), retry) {
            (Some("server_hello"), true) => "hello_retry_request".to_owned(),
            (Some(name), _) => name.to_owned(),
            (None, _) => format!("handshake type {}", kind.number().unwrap_or_default()),
        }
    }

    /// What is worth saying of a message, the most interesting first.
    fn highlights(&self) -> Vec<String> {
        let extension =
            |name: &str| self.field("extensions").and_then(|list| list.tagged_content(list.tag_number(name)?));
        let within = |name: &str, field: &str| extension(name).and_then(|content| content.field(field));
        let selected = within("supported_versions", "selected_version");
        let version = within("supported_versions", "versions").or(selected).or(self.field("legacy_version"));
        let counted =
            COUNTED.iter().filter_map(|(label, name)| Some(format!("{label} {}", self.field(name)?.children().len())));
        let nested = [
            ("curve", self.field("curve_params").and_then(|curve| curve.field("namedcurve"))),
            ("group", within("key_share", "selected_group")),
            ("share", within("key_share", "server_share").and_then(|share| share.field("group"))),
            ("groups", within("supported_groups", "named_group_list")),
            ("psk", within("pre_shared_key", "selected_identity")),
            ("alpn", within("application_layer_protocol_negotiation", "protocol_name_list")),
        ];
        let said = |(label, node): (&str, Option<&Node>)| match (label, node?.brief()?) {
            ("", value) => Some(value),
            (label, value) => Some(format!("{label} {value}")),
        };
        let first = [("", version), ("", self.field("cipher_suite"))].into_iter().filter_map(said);
        let last = FIELDS.iter().map(|(label, name)| (*label, self.field(name)));
        let mut parts: Vec<String> =
            first.chain(counted).chain(nested.into_iter().chain(last).filter_map(said)).collect();
        if let Some((node, remark)) = self.first_remark() {
            parts.push(format!("{} at {}", remark.name(), node.name));
        }
        parts
    }

    /// A value in few characters.
    fn brief(&self) -> Option<String> {
        match &self.through().value {
            Value::Number { value, .. } => Some(match (self.through().enum_name(), self.type_id.0.names()) {
                (Some(name), _) => name.to_owned(),
                (None, Some(_)) => format!("{value:#x}"),
                (None, None) => value.to_string(),
            }),
            Value::Bytes(bytes) if !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic) => {
                String::from_utf8(bytes.clone()).ok()
            }
            Value::Bytes(bytes) | Value::Raw(bytes) => Some(short_hex(bytes, 8)),
            Value::List(elements) => {
                let all: Vec<String> =
                    elements.iter().filter(|element| !element.is_grease()).filter_map(Node::brief).collect();
                let more = all.len().saturating_sub(SAMPLE);
                let more = if more > 0 { format!(",+{more}") } else { String::new() };
                Some(all[..all.len().min(SAMPLE)].join(",") + &more)
            }
            _ => None,
        }
    }
}

impl Node {
    /// Whether it is a code point that is there to be ignored [RFC 8701].
    fn is_grease(&self) -> bool {
        self.number().is_some_and(|value| value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff)
    }
}

/// Elements of a list that a summary names.
const SAMPLE: usize = 4;

/// Lists of which a summary gives the length.
const COUNTED: [(&str, &str); 2] = [("suites", "cipher_suites"), ("certificates", "certificate_list")];

/// How the random of a HelloRetryRequest begins.
const RETRY: [u8; 4] = [0xcf, 0x21, 0xad, 0x74];

/// Further fields for a summary, with a label if the value does not speak for itself.
const FIELDS: [(&str, &str); 9] = [
    ("", "level"),
    ("", "description"),
    ("", "request_update"),
    ("", "algorithm"),
    ("lifetime", "ticket_lifetime"),
    ("lifetime", "ticket_lifetime_hint"),
    ("type", "opaque_type"),
    ("type", "type"),
    ("", "legacy_record_version"),
];

fn short_hex(bytes: &[u8], shown: usize) -> String {
    match bytes.len() {
        0 => "(empty)".to_owned(),
        length if length <= shown => hex::encode(bytes),
        length => format!("{}.. ({length} bytes)", hex::encode(&bytes[..shown])),
    }
}

impl Remark {
    /// The remark as one word, lower case.
    pub fn name(self) -> &'static str {
        match self {
            Remark::Truncated => "truncated",
            Remark::Trailing => "trailing",
            Remark::Length => "length",
            Remark::Unknown => "unknown",
        }
    }
}

impl Grammar {
    /// Words for fuzzers, each with a name: code points of all enums of more than one byte, and the tags of
    /// extensions with an empty body.
    pub fn dictionary(&self) -> Vec<(String, Vec<u8>)> {
        let mut words = Vec::new();
        let mut enums: Vec<_> = self.enums.values().collect();
        enums.sort_by_key(|names| names.name);
        for names in enums.into_iter().filter(|names| names.width > 1) {
            let width = usize::from(names.width);
            for (name, number) in &names.names {
                let bytes = number.to_be_bytes()[8 - width..].to_vec();
                if names.name == "ExtensionType" {
                    let mut empty = bytes.clone();
                    empty.extend([0, 0]);
                    words.push((format!("empty_{name}"), empty));
                }
                words.push((format!("{}_{name}", names.name), bytes));
            }
        }
        for name in ["h2", "http/1.1", "localhost", "example.com"] {
            let mut short = vec![name.len() as u8];
            short.extend(name.bytes());
            words.push((format!("name8_{name}"), short.clone()));
            short.insert(0, 0);
            words.push((format!("name16_{name}"), short));
        }
        words
    }
}
