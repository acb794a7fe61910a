//! Paths into a transcript: `server_hello.random`, `received.records.fragment`, `connection[0].sent.finished`.

use gauntlet_model::{Event, Side, What};
use gauntlet_wire::{Context, Grammar, Node, Path, Segment};

/// What a path found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A field.
    Node(Node),
    /// A number that is no field.
    Number(u64),
    /// Bytes that are no field.
    Bytes(Vec<u8>),
    /// A word.
    Text(String),
}

impl Item {
    /// As a number, if it is one.
    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Item::Node(node) => node.number(),
            Item::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// As bytes: a field's content, without its length.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Item::Node(node) => node.content(),
            Item::Number(number) => number.to_be_bytes().to_vec(),
            Item::Bytes(bytes) => bytes.clone(),
            Item::Text(text) => text.as_bytes().to_vec(),
        }
    }

    /// For messages: short and readable.
    pub(crate) fn show(&self) -> String {
        match self {
            Item::Node(node) => match (node.number(), node.enum_name()) {
                (_, Some(name)) => name.to_owned(),
                (Some(number), None) => number.to_string(),
                _ => shorten(&hex::encode(node.content())),
            },
            Item::Number(number) => number.to_string(),
            Item::Bytes(bytes) => shorten(&hex::encode(bytes)),
            Item::Text(text) => text.clone(),
        }
    }
}

fn shorten(text: &str) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len() / 2),
        None => text.to_owned(),
    }
}

/// Decodes a message event.
pub(crate) fn decode(content_type: u8, bytes: &[u8], context: &Context) -> Node {
    let type_name = match content_type {
        20 => "ChangeCipherSpec",
        21 => "Alert",
        22 => "Handshake",
        24 => "HeartbeatMessage",
        _ => "ApplicationData",
    };
    Grammar::tls().decode(type_name, bytes, context)
}

/// Everything that a path finds among events (of one play), looked at from a connection.
pub(crate) fn look(events: &[Event], connection: u32, path: &Path) -> Vec<Item> {
    let mut connection = connection;
    let mut side = None;
    let mut segments = path.segments.as_slice();
    if let [Segment::Name(name), Segment::Index(index), rest @ ..] = segments
        && name == "connection"
    {
        connection = u32::try_from(*index).unwrap_or(0);
        segments = rest;
    }
    if let [Segment::Name(name), rest @ ..] = segments {
        side = match name.as_str() {
            "sent" => Some(Side::Us),
            "received" => Some(Side::Target),
            _ => None,
        };
        if side.is_some() {
            segments = rest;
        }
    }
    let events: Vec<&Event> = events.iter().filter(|event| event.connection == connection).collect();
    let Some((Segment::Name(name), rest)) = segments.split_first() else { return Vec::new() };
    match name.as_str() {
        "records" => records(&events, side, rest),
        "secrets" => secrets(&events, rest),
        "established" => established(&events, rest),
        _ => messages(&events, side, name, rest),
    }
}

/// Takes `[n]`, `[-1]` or a condition off a path and picks by it.
fn pick<T>(
    all: Vec<T>,
    rest: &[Segment],
    first_only: bool,
    holds: impl Fn(&T, &str, &str) -> bool,
) -> (Vec<T>, &[Segment]) {
    match rest.split_first() {
        Some((Segment::Index(index), rest)) => {
            let place = if *index < 0 { all.len() as i64 + index } else { *index };
            let one = usize::try_from(place).ok().and_then(|place| all.into_iter().nth(place));
            (one.into_iter().collect(), rest)
        }
        Some((Segment::Where(field, value), rest)) => {
            (all.into_iter().filter(|item| holds(item, field, value)).collect(), rest)
        }
        _ if first_only => (all.into_iter().take(1).collect(), rest),
        _ => (all, rest),
    }
}

fn messages(events: &[&Event], side: Option<Side>, name: &str, rest: &[Segment]) -> Vec<Item> {
    let all: Vec<Node> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::Message { from, name: n, content_type, context, bytes, .. }
                if n == name && side.is_none_or(|side| side == *from) =>
            {
                Some(decode(*content_type, bytes, context))
            }
            _ => None,
        })
        .collect();
    let (picked, rest) = pick(all, rest, true, |node, field, value| {
        node.field(field).is_some_and(|found| {
            found.enum_name() == Some(value) || found.number().is_some_and(|number| number.to_string() == value)
        })
    });
    let path = Path { segments: rest.to_vec() };
    picked.iter().flat_map(|node| in_message(node, &path)).collect()
}

/// What a path finds in one message.
pub(crate) fn in_message(node: &Node, path: &Path) -> Vec<Item> {
    if path.segments.is_empty() {
        return vec![Item::Node(node.clone())];
    }
    node.find(path).into_iter().map(|found| Item::Node(found.clone())).collect()
}

struct Seen<'a> {
    outer: u8,
    content_type: u8,
    version: u16,
    length: u32,
    padding: u32,
    keys: &'a str,
    sequence: u64,
    content: &'a [u8],
}

impl Seen<'_> {
    fn field(&self, name: &str) -> Option<Item> {
        Some(match name {
            "type" => Item::Text(content_type_name(self.content_type)),
            "opaque_type" => Item::Text(content_type_name(self.outer)),
            "legacy_record_version" => Item::Number(u64::from(self.version)),
            "length" => Item::Number(u64::from(self.length)),
            // Only how long it is: what is behind the header is kept decrypted.
            "fragment" => Item::Bytes(vec![0; self.length as usize]),
            "content" => Item::Bytes(self.content.to_vec()),
            "zeros" => Item::Number(u64::from(self.padding)),
            "keys" => Item::Text(self.keys.to_owned()),
            "sequence" => Item::Number(self.sequence),
            _ => return None,
        })
    }
}

fn content_type_name(number: u8) -> String {
    Grammar::tls().name("ContentType", u64::from(number)).map_or_else(|| number.to_string(), str::to_owned)
}

fn records(events: &[&Event], side: Option<Side>, rest: &[Segment]) -> Vec<Item> {
    let all: Vec<Seen<'_>> =
        events
            .iter()
            .filter_map(|event| match &event.what {
                What::Record {
                    from, outer, version, length, keys, sequence, content_type, content, padding, ..
                } if side.is_none_or(|side| side == *from) => Some(Seen {
                    outer: *outer,
                    content_type: *content_type,
                    version: *version,
                    length: *length,
                    padding: *padding,
                    keys,
                    sequence: *sequence,
                    content,
                }),
                _ => None,
            })
            .collect();
    let (picked, rest) =
        pick(all, rest, false, |record, field, value| record.field(field).is_some_and(|found| found.show() == value));
    match rest {
        [] => picked.iter().map(|record| Item::Bytes(record.content.to_vec())).collect(),
        [Segment::Name(name)] => picked.iter().filter_map(|record| record.field(name)).collect(),
        _ => Vec::new(),
    }
}

fn secrets(events: &[&Event], rest: &[Segment]) -> Vec<Item> {
    let [Segment::Name(wanted)] = rest else { return Vec::new() };
    let label = wanted.to_uppercase();
    let found = events.iter().rev().find_map(|event| match &event.what {
        What::Secret { label: l, secret, .. } if **l == label => Some(Item::Bytes(secret.clone())),
        _ => None,
    });
    found.into_iter().collect()
}

fn established(events: &[&Event], rest: &[Segment]) -> Vec<Item> {
    let [Segment::Name(field)] = rest else { return Vec::new() };
    let found = events.iter().rev().find_map(|event| match &event.what {
        What::Established { version, cipher_suite, group, resumed, alpn } => Some(match field.as_str() {
            "version" => Item::Text(gauntlet_model::names::version_name(*version)),
            "cipher_suite" => Item::Text(enum_text("CipherSuite", *cipher_suite)),
            "group" => Item::Text(enum_text("NamedGroup", *group)),
            "resumed" => Item::Text(resumed.to_string()),
            "alpn" => Item::Text(alpn.clone().unwrap_or_default()),
            _ => return None,
        }),
        _ => None,
    });
    found.into_iter().collect()
}

fn enum_text(enum_name: &str, number: u16) -> String {
    let name = Grammar::tls().name(enum_name, u64::from(number));
    name.map_or_else(|| format!("{number:#06x}"), str::to_owned)
}
