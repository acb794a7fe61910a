//! Paths into a transcript: `server_hello.random`, `received.records.fragment`, `connection[0].sent.finished`.

use gauntlet_crypto::compress::Compressor;
use gauntlet_model::{Event, Side, What};
use gauntlet_wire::{Context, Grammar, Node, Opened, Path, Segment, der, opened, split_inside};

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
    /// A number with its name, and how many bytes it has on the wire.
    Named(String, u64, usize),
}

impl Item {
    /// As a number, if it is one.
    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Item::Node(node) => node.number(),
            Item::Number(number) | Item::Named(_, number, _) => Some(*number),
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
            Item::Named(_, number, width) => number.to_be_bytes()[8 - width..].to_vec(),
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
            Item::Text(text) | Item::Named(text, ..) => text.clone(),
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
        // Our own hello in the layout of SSL 2.0.
        22 if context.version == Some(0x0002) => "V2ClientHello",
        22 => "Handshake",
        24 => "HeartbeatMessage",
        _ => "ApplicationData",
    };
    Grammar::tls().decode(type_name, bytes, context)
}

/// What paths are looked up in.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    /// Events of the plays before, for `play[n]`.
    pub(crate) earlier: &'a [Event],
    /// Events of the play looked at.
    pub(crate) events: &'a [Event],
    /// The connection looked at.
    pub(crate) connection: u32,
}

/// The number of the play that a path begins with, and the rest.
pub(crate) fn play_of(path: &Path) -> Option<(u32, Path)> {
    let [Segment::Name(name), Segment::Index(index), rest @ ..] = path.segments.as_slice() else { return None };
    let number = u32::try_from(*index).ok().filter(|_| name == "play")?;
    Some((number, Path { segments: rest.to_vec() }))
}

/// Everything that a path finds, in this play or in the one that it names.
pub(crate) fn look(world: World<'_>, path: &Path) -> Vec<Item> {
    let Some((number, rest)) = play_of(path) else { return look_in(world.events, world.connection, path) };
    let all = world.earlier.iter().chain(world.events);
    let events: Vec<Event> = all.filter(|event| event.play == number).cloned().collect();
    look_in(&events, world.connection, &rest)
}

/// Everything that a path finds among events (of one play), looked at from a connection.
fn look_in(events: &[Event], connection: u32, path: &Path) -> Vec<Item> {
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
        "flights" => flights(&events, side, rest),
        "secrets" => secrets(&events, rest),
        "established" => established(&events, rest),
        "said" => said(&events, rest),
        _ => messages(&events, side, name, rest),
    }
}

/// What one side sent without anything of the other's in between: its bytes, or what is in it.
fn flights(events: &[&Event], side: Option<Side>, rest: &[Segment]) -> Vec<Item> {
    let mut all: Vec<(Side, Vec<&Event>)> = Vec::new();
    for event in events {
        let from = match &event.what {
            What::Record { from, .. } | What::Message { from, .. } => *from,
            _ => continue,
        };
        match all.last_mut() {
            Some((last, flight)) if *last == from => flight.push(event),
            _ => all.push((from, vec![event])),
        }
    }
    all.retain(|(from, _)| side.is_none_or(|side| side == *from));
    let (picked, rest) = pick(all, rest, false, |_, _, _| false);
    picked
        .iter()
        .flat_map(|(_, flight)| match rest {
            [] => vec![Item::Bytes(wire_of(flight))],
            [Segment::Name(name)] if name == "length" => vec![Item::Number(wire_of(flight).len() as u64)],
            [Segment::Name(name), rest @ ..] if name == "records" => records(flight, side, rest),
            [Segment::Name(name), rest @ ..] => messages(flight, side, name, rest),
            _ => Vec::new(),
        })
        .collect()
}

/// The records of some events as they were on the wire.
fn wire_of(events: &[&Event]) -> Vec<u8> {
    let records = events.iter().filter_map(|event| match &event.what {
        What::Record { wire, .. } => Some(wire.as_slice()),
        _ => None,
    });
    records.collect::<Vec<_>>().concat()
}

/// Takes `[n]`, `[-1]`, `[every]` and conditions off a path, and picks by one after the other.
fn pick<T>(
    mut all: Vec<T>,
    mut rest: &[Segment],
    first_only: bool,
    holds: impl Fn(&T, &str, &str) -> bool,
) -> (Vec<T>, &[Segment]) {
    let mut picked = false;
    loop {
        match rest {
            [Segment::Index(index), behind @ ..] => {
                let place = if *index < 0 { all.len() as i64 + index } else { *index };
                let one = usize::try_from(place).ok().and_then(|place| all.into_iter().nth(place));
                (all, rest) = (one.into_iter().collect(), behind);
            }
            [Segment::Where(field, value), behind @ ..] => {
                all.retain(|item| value.is_empty() || holds(item, field, value));
                rest = behind;
            }
            _ if first_only && !picked => return (all.into_iter().take(1).collect(), rest),
            _ => return (all, rest),
        }
        picked = true;
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
            What::Inner { from, bytes } if name == "client_hello_inner" && side.is_none_or(|side| side == *from) => {
                Some(decode(22, bytes, &Context::tls13()))
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
    if let Some((outer, inner)) = split_inside(path) {
        return match opened(&outer) {
            Some(Opened::Der(kind)) => {
                node.find(&outer).iter().flat_map(|field| in_der(kind, &field.content(), &inner)).collect()
            }
            Some(Opened::Compressed(kind)) => {
                decompressed(node, &outer, kind).map_or(Vec::new(), |n| in_message(&n, &inner))
            }
            _ => Vec::new(),
        };
    }
    node.find(path).into_iter().map(|found| Item::Node(found.clone())).collect()
}

/// The message in a compressed one of TLS 1.3.
fn decompressed(node: &Node, outer: &Path, kind: &str) -> Option<Node> {
    const LONGEST: usize = 1 << 20;
    let algorithm = Compressor(node.field("algorithm")?.number()? as u16);
    let length = node.field("uncompressed_length")?.number()? as usize;
    let body = algorithm.decompress(&node.at(outer)?.content(), length.min(LONGEST)).ok()?;
    let context = Context { version: Some(0x0304), certificate_type: Some(0), ..Context::unknown() };
    Some(Grammar::tls().decode(kind, &body, &context))
}

/// What a path finds in DER: numbers, text, or the content as bytes.
fn in_der(kind: &str, bytes: &[u8], inner: &Path) -> Vec<Item> {
    let root = der::decode(kind, bytes);
    let item = |element: &der::Element| match (element.number(), element.text()) {
        (Some(number), _) => Item::Number(number),
        (None, Some(text)) => Item::Text(text),
        (None, None) => Item::Bytes(element.content()),
    };
    root.find(inner).into_iter().map(item).collect()
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
    wire: &'a [u8],
}

impl Seen<'_> {
    fn field(&self, name: &str) -> Option<Item> {
        Some(match name {
            "type" => Item::Named(content_type_name(self.content_type), u64::from(self.content_type), 1),
            "opaque_type" => Item::Named(content_type_name(self.outer), u64::from(self.outer), 1),
            "legacy_record_version" => Item::Number(u64::from(self.version)),
            "length" => Item::Number(u64::from(self.length)),
            "fragment" => Item::Bytes(self.wire.get(5..).unwrap_or_default().to_vec()),
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
    let all: Vec<Seen<'_>> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::Record {
                from, outer, version, length, keys, sequence, content_type, content, padding, wire, ..
            } if side.is_none_or(|side| side == *from) => Some(Seen {
                outer: *outer,
                content_type: *content_type,
                version: *version,
                length: *length,
                padding: *padding,
                keys,
                sequence: *sequence,
                content,
                wire,
            }),
            _ => None,
        })
        .collect();
    let (picked, rest) =
        pick(all, rest, false, |record, field, value| record.field(field).is_some_and(|found| found.show() == value));
    match rest {
        [] => picked.iter().map(|record| Item::Bytes(record.wire.to_vec())).collect(),
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

/// What the target said outside of TLS, last.
fn said(events: &[&Event], rest: &[Segment]) -> Vec<Item> {
    let [Segment::Name(wanted)] = rest else { return Vec::new() };
    let found = events.iter().rev().find_map(|event| match &event.what {
        What::Said { name, bytes } if name == wanted => Some(Item::Bytes(bytes.clone())),
        _ => None,
    });
    found.into_iter().collect()
}

fn established(events: &[&Event], rest: &[Segment]) -> Vec<Item> {
    let [Segment::Name(field)] = rest else { return Vec::new() };
    let found = events.iter().rev().find_map(|event| match &event.what {
        What::Established { version, cipher_suite, group, resumed, alpn, ech } => Some(match field.as_str() {
            "version" => Item::Named(gauntlet_model::names::version_name(*version), u64::from(*version), 2),
            "cipher_suite" => Item::Named(enum_text("CipherSuite", *cipher_suite), u64::from(*cipher_suite), 2),
            "group" => Item::Named(enum_text("NamedGroup", *group), u64::from(*group), 2),
            "resumed" => Item::Text(resumed.to_string()),
            "alpn" => Item::Text(alpn.clone().unwrap_or_default()),
            "ech" => Item::Text(if (*ech)? { "accepted" } else { "rejected" }.to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(play: u32, from: Side, content_type: u8, byte: u8) -> Event {
        let what = What::Record {
            from,
            outer: content_type,
            version: 0x0303,
            length: 1,
            keys: "none".into(),
            sequence: 0,
            content_type,
            content: vec![byte],
            padding: 0,
            verified: true,
            wire: vec![content_type, 3, 3, 0, 1, byte],
        };
        Event { play, connection: 0, us: 0, what }
    }

    fn found(events: &[Event], path: &str) -> Vec<Vec<u8>> {
        let (earlier, events) = events.split_at(events.partition_point(|event| event.play < 1));
        let path = Path::parse(path).expect("a path");
        look(World { earlier, events, connection: 0 }, &path).iter().map(Item::bytes).collect()
    }

    fn events() -> Vec<Event> {
        vec![
            record(0, Side::Us, 22, 9),
            record(1, Side::Us, 22, 1),
            record(1, Side::Us, 20, 2),
            record(1, Side::Target, 22, 3),
            record(1, Side::Target, 22, 4),
            record(1, Side::Us, 23, 5),
        ]
    }

    #[test]
    fn a_record_is_its_bytes_on_the_wire() {
        assert_eq!(found(&events(), "sent.records[-1]"), [[23, 3, 3, 0, 1, 5]]);
        assert_eq!(found(&events(), "sent.records[-1].fragment"), [[5]]);
    }

    #[test]
    fn picks_follow_one_another() {
        assert_eq!(found(&events(), "received.records[type=handshake][-1].content"), [[4]]);
        assert_eq!(found(&events(), "received.records[type=alert][-1].content"), Vec::<Vec<u8>>::new());
        assert_eq!(found(&events(), "sent.records[every].content").len(), 3);
    }

    #[test]
    fn flights_end_where_the_other_side_begins() {
        assert_eq!(found(&events(), "sent.flights[0]"), [[22, 3, 3, 0, 1, 1, 20, 3, 3, 0, 1, 2]]);
        assert_eq!(found(&events(), "sent.flights[1].records.content"), [[5]]);
        assert_eq!(found(&events(), "received.flights").len(), 1);
    }

    #[test]
    fn another_play_can_be_named() {
        assert_eq!(found(&events(), "play[0].sent.records.content"), [[9]]);
        assert_eq!(found(&events(), "sent.records[0].content"), [[1]]);
    }

    #[test]
    fn numbers_with_a_name_are_numbers() {
        let item = Item::Named("x25519".to_owned(), 29, 2);
        assert_eq!((item.number(), item.bytes(), item.show()), (Some(29), vec![0, 29], "x25519".to_owned()));
    }
}
