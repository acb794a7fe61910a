//! Case → text: the way back from what is typed to a scenario.

use crate::change::{KEYS, SSL2};
use crate::flow::CLOSES;
use gauntlet_model::names::version_name;
use gauntlet_model::{
    Alteration, Case, Condition, Cut, Direction, Ech, Expect, Form, HandshakeOptions, HandshakeStep, MessageChange,
    MessageRef, Mutation, Operation, Plays, Record, RecordItem, Remember, Resume, SendStep, Sequence, Step, StepKind,
    Val, Which,
};
use gauntlet_wire::{Path, Place as ListPlace};
use gauntlet_yaml::{Kind, Yaml};
use std::collections::BTreeMap;

/// The name that the plays of a printed case vary.
const PLAY: &str = "play";

/// A case as the text of a scenario, which loads as the same case: same title, options, steps, wherever they stand.
///
/// Parameters have their values. A chain of ours (`pki`) is taken from the case's own source, since nobody invents one.
pub fn print(case: &Case) -> String {
    let mut entries = Entries::default();
    entries.put("title", Yaml::text(&case.title));
    entries.unless_empty("requirements", texts(&case.requirements));
    if let Some(note) = &case.note {
        entries.put("note", Yaml::text(note));
    }
    entries.unless_empty("tags", texts(&case.tags));
    entries.put("peer", Yaml::text(case.peer.name()));
    entries.put("version", list(case.versions.iter().map(|version| Yaml::text(version_name(*version)))));
    let needs = case.needs.iter().map(|(kind, names)| {
        let value = if names.is_empty() { Yaml::new(Kind::Bool(true)) } else { texts(names) };
        (kind.clone(), value)
    });
    entries.unless_empty("needs", map(needs));
    entries.unless_empty("target", map(case.options.iter().map(|(name, value)| (name.clone(), Yaml::text(value)))));
    if let Some(pki) = source(case).get("pki").filter(|_| case.pki.is_some()) {
        entries.put("pki", pki.clone());
    }
    match &case.plays {
        Plays::Once => {}
        Plays::Times(times) => entries.put("plays", number(*times)),
        Plays::Until { conditions: until, at_most } => {
            let until = [("until".to_owned(), conditions(until)), ("at_most".to_owned(), number(*at_most))];
            entries.put("plays", map(until));
        }
        Plays::Variants(variants) => {
            let variants = map(variants.iter().map(|(name, flow)| (name.clone(), steps(flow))));
            entries.put("plays", map([(PLAY.to_owned(), variants)]));
        }
    }
    let flow = match &case.plays {
        Plays::Variants(_) => list([Yaml::text(format!("${PLAY}"))]),
        _ => steps(&case.steps),
    };
    entries.put("flow", flow);
    if !case.across.is_empty() {
        entries.put("across", conditions(&case.across));
    }
    entries.into_map().to_block()
}

/// The text that a case was loaded from.
fn source(case: &Case) -> Yaml {
    gauntlet_yaml::File::new("source", &case.source).parse().unwrap_or_else(|_| Yaml::new(Kind::Null))
}

/// The entries of a map, in order.
#[derive(Default)]
struct Entries(Vec<(Yaml, Yaml)>);

impl Entries {
    fn put(&mut self, key: &str, value: Yaml) {
        self.0.push((Yaml::text(key), value));
    }

    fn unless_empty(&mut self, key: &str, value: Yaml) {
        if !matches!(&value.kind, Kind::List(items) if items.is_empty())
            && !matches!(&value.kind, Kind::Map(entries) if entries.is_empty())
        {
            self.put(key, value);
        }
    }

    fn into_map(self) -> Yaml {
        Yaml::new(Kind::Map(self.0))
    }
}

fn map(entries: impl IntoIterator<Item = (String, Yaml)>) -> Yaml {
    Yaml::new(Kind::Map(entries.into_iter().map(|(key, value)| (Yaml::text(key), value)).collect()))
}

/// A map with one entry.
fn only(key: &str, value: Yaml) -> Yaml {
    map([(key.to_owned(), value)])
}

fn list(items: impl IntoIterator<Item = Yaml>) -> Yaml {
    Yaml::new(Kind::List(items.into_iter().collect()))
}

fn texts(items: &[String]) -> Yaml {
    list(items.iter().map(Yaml::text))
}

fn number(value: impl Into<i128>) -> Yaml {
    Yaml::new(Kind::Number(value.into()))
}

fn size(value: usize) -> Yaml {
    number(i128::try_from(value).unwrap_or(i128::MAX))
}

fn boolean(value: bool) -> Yaml {
    Yaml::new(Kind::Bool(value))
}

fn path(path: &Path) -> Yaml {
    Yaml::text(path.to_string())
}

fn hex(bytes: &[u8]) -> Yaml {
    Yaml::text(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

// ---- steps -------------------------------------------------------------------------------------------

fn steps(steps: &[Step]) -> Yaml {
    list(steps.iter().map(step))
}

fn step(step: &Step) -> Yaml {
    let mut entries = Entries::default();
    match &step.kind {
        StepKind::Connect if step.on.is_none() => return Yaml::text("connect"),
        StepKind::Connect => entries.put("connect", Yaml::new(Kind::Null)),
        StepKind::Handshake(handshake) => put_handshake(handshake, &mut entries),
        StepKind::Send(send) => put_send(send, &mut entries),
        StepKind::Expect(expect) => entries.put("expect", expectation(expect)),
        StepKind::Check(check) => entries.put("check", conditions(check)),
        StepKind::Given(given) => entries.put("given", conditions(given)),
        StepKind::Close(close) => entries.put("close", named(&CLOSES, close)),
        StepKind::Pause { milliseconds } => entries.put("pause", Yaml::text(format!("{milliseconds}ms"))),
        StepKind::Ask(what) => entries.put("ask", Yaml::text(what)),
        StepKind::Repeat { times, steps: inner } => {
            entries.put("repeat", number(*times));
            entries.put("steps", steps(inner));
        }
    }
    if let Some(on) = step.on {
        entries.put("on", size(on));
    }
    entries.into_map()
}

fn named<T: PartialEq>(names: &[(&str, T)], value: &T) -> Yaml {
    Yaml::text(names.iter().find(|(_, known)| known == value).map_or("", |(name, _)| *name))
}

fn put_handshake(handshake: &HandshakeStep, entries: &mut Entries) {
    let mut how = options(&handshake.options);
    let goal = |direction: &Direction, message: &MessageRef| {
        let side = if *direction == Direction::Sent { "sent" } else { "received" };
        Yaml::text(format!("{side}.{}", reference(message)))
    };
    let plain = match &handshake.form {
        Form::Full => "full",
        Form::Rest => "rest",
        Form::Through(direction, message) => {
            how.put("through", goal(direction, message));
            ""
        }
        Form::Before(direction, message) => {
            how.put("before", goal(direction, message));
            ""
        }
    };
    entries.put("handshake", if how.0.is_empty() { Yaml::text(plain) } else { how.into_map() });
    entries.unless_empty("with", changes(&handshake.with));
    let mut alter = Entries::default();
    alter.unless_empty("handshake", options(&handshake.alter_options).into_map());
    if let Kind::Map(messages) = changes(&handshake.alter).kind {
        alter.0.extend(messages);
    }
    entries.unless_empty("alter", alter.into_map());
}

fn changes(all: &[(MessageRef, MessageChange)]) -> Yaml {
    map(all.iter().map(|(message, changed)| (reference(message), change(changed))))
}

/// A message as `alter` names it.
fn reference(message: &MessageRef) -> String {
    match message.which {
        Which::Nth(0) => message.name.clone(),
        Which::Nth(place) => format!("{}[{place}]", message.name),
        Which::Every if message.name == "every" => message.name.clone(),
        Which::Every => format!("{}[every]", message.name),
    }
}

fn options(options: &HandshakeOptions) -> Entries {
    let mut entries = Entries::default();
    match &options.resume {
        None => {}
        Some(Resume::Nothing) => entries.put("resume", Yaml::text("none")),
        Some(Resume::Last) => entries.put("resume", Yaml::text("last")),
        Some(Resume::Ticket(ticket)) => entries.put("resume", path(ticket)),
    }
    let psks = options.psks.iter().map(|(identity, key, hash)| {
        let psk = [("identity", value(identity)), ("key", value(key)), ("hash", Yaml::text(hash))];
        map(psk.map(|(name, value)| (name.to_owned(), value)))
    });
    entries.unless_empty("psks", list(psks));
    if let Some(data) = &options.early_data {
        entries.put("early_data", value(data));
    }
    if let Some(group) = &options.retry {
        entries.put("retry", Yaml::text(group));
    }
    if let Some(ech) = options.ech {
        entries.put(
            "ech",
            match ech {
                Ech::Off => boolean(false),
                Ech::On => boolean(true),
                Ech::Grease => Yaml::text("grease"),
                Ech::Reject => Yaml::text("reject"),
            },
        );
    }
    if let Some(grease) = options.grease {
        entries.put("grease", boolean(grease));
    }
    if let Some(connection) = options.repeat_of {
        entries.put("repeat_of", size(connection));
    }
    entries
}

fn put_send(send: &SendStep, entries: &mut Entries) {
    entries.put("send", Yaml::text(&send.message));
    put_alteration(&send.alteration, entries);
    if let Some(bytes) = &send.bytes {
        entries.put("bytes", value(bytes));
    }
}

fn change(change: &MessageChange) -> Yaml {
    let mut entries = Entries::default();
    put_alteration(&change.alteration, &mut entries);
    if change.omit {
        entries.put("omit", boolean(true));
    }
    if let Some(instead) = &change.instead {
        entries.put("instead", steps(instead));
    }
    entries.unless_empty("before", steps(&change.before));
    entries.unless_empty("after", steps(&change.after));
    entries.into_map()
}

// ---- changes -----------------------------------------------------------------------------------------

fn put_alteration(alteration: &Alteration, entries: &mut Entries) {
    if let Some(form) = alteration.form {
        entries.put("form", Yaml::text(if form == SSL2 { "ssl2.0".to_owned() } else { version_name(form) }));
    }
    entries.unless_empty("set", set(&alteration.set));
    entries.unless_empty("mutate", list(alteration.mutate.iter().map(mutation)));
    entries.unless_empty("compute", map(alteration.compute.iter().map(|(name, how)| (name.clone(), computed(how)))));
    match alteration.remember {
        Remember::Sent => {}
        Remember::Unaltered => entries.put("remember", Yaml::text("unaltered")),
        Remember::Nothing => entries.put("remember", Yaml::text("nothing")),
    }
    entries.unless_empty("records", list(alteration.records.iter().map(record_item)));
    if let Some(each) = &alteration.record {
        entries.put("record", record(each));
    }
    if alteration.joined {
        entries.put("joined", Yaml::text("next"));
    }
    entries.unless_empty("segments", list(alteration.segments.iter().map(|bytes| size(*bytes))));
}

fn set(fields: &[(Path, Val)]) -> Yaml {
    map(fields.iter().map(|(path, val)| (path.to_string(), value(val))))
}

/// Inputs by name; a result alone as it is, unless it could be taken for inputs.
fn computed(inputs: &BTreeMap<String, Val>) -> Yaml {
    map(inputs.iter().map(|(name, val)| (name.clone(), value(val))))
}

fn mutation(mutation: &Mutation) -> Yaml {
    let mut how = Entries::default();
    if let Some(field) = &mutation.field {
        how.put("field", path(field));
    }
    let name = match &mutation.operation {
        Operation::Remove => "remove",
        Operation::Shuffle => "shuffle",
        Operation::Add { value: val, to } => {
            how.put("value", value(val));
            how.put("to", place(to));
            "add"
        }
        Operation::Duplicate { to } => {
            if let Some(to) = to {
                how.put("to", place(to));
            }
            "duplicate"
        }
        Operation::Move { to } => {
            how.put("to", place(to));
            "move"
        }
        Operation::LengthBy(by) => {
            how.put("by", number(*by));
            "length"
        }
        Operation::LengthTo(to) => {
            how.put("to", number(*to));
            "length"
        }
        Operation::FlipBit { bit } => {
            how.put("bit", number(*bit));
            "flip_bit"
        }
        Operation::Xor { offset, bytes } => at_offset("xor", *offset, bytes, &mut how),
        Operation::Replace { offset, bytes } => at_offset("replace", *offset, bytes, &mut how),
        Operation::Insert { offset, bytes } => at_offset("insert", *offset, bytes, &mut how),
        Operation::Append { bytes } => {
            how.put("bytes", value(bytes));
            "append"
        }
        Operation::Delete { offset, count } => {
            how.put("offset", number(*offset));
            how.put("count", number(*count));
            "delete"
        }
        Operation::Truncate { to } => {
            how.put("to", number(*to));
            "truncate"
        }
    };
    only(name, how.into_map())
}

fn at_offset(name: &'static str, offset: i64, bytes: &Val, how: &mut Entries) -> &'static str {
    how.put("offset", number(offset));
    how.put("bytes", value(bytes));
    name
}

fn place(place: &ListPlace) -> Yaml {
    match place {
        ListPlace::First => Yaml::text("first"),
        ListPlace::Last => Yaml::text("last"),
        ListPlace::At(at) => number(*at),
        ListPlace::Before(name) => only("before", Yaml::text(name)),
        ListPlace::After(name) => only("after", Yaml::text(name)),
    }
}

fn record_item(item: &RecordItem) -> Yaml {
    match item {
        RecordItem::Record(piece) if *piece == (Record { size: piece.size, ..Record::default() }) => {
            piece.size.map_or_else(|| Yaml::text("rest"), cut)
        }
        RecordItem::Record(piece) => record(piece),
        RecordItem::Step(inner) => step(inner),
    }
}

fn cut(cut: Cut) -> Yaml {
    match cut {
        Cut::Bytes(bytes) => size(bytes),
        Cut::Rest => Yaml::text("rest"),
    }
}

fn record(record: &Record) -> Yaml {
    let mut entries = Entries::default();
    if let Some(size) = record.size {
        entries.put("size", cut(size));
    }
    if let Some(times) = record.times {
        entries.put("times", number(times));
    }
    if let Some(keys) = &record.keys {
        entries.put("keys", named(&KEYS, keys));
    }
    match record.sequence {
        None => {}
        Some(Sequence::To(to)) => entries.put("sequence", number(to)),
        Some(Sequence::By(by @ 0..)) => entries.put("sequence", Yaml::text(format!("+{by}"))),
        Some(Sequence::By(by)) => entries.put("sequence", number(by)),
    }
    entries.unless_empty("set", set(&record.set));
    entries.unless_empty("mutate", list(record.mutate.iter().map(mutation)));
    entries.into_map()
}

// ---- what is expected --------------------------------------------------------------------------------

fn expectation(expect: &Expect) -> Yaml {
    match expect {
        Expect::Accept => Yaml::text("accept"),
        Expect::Ignored => Yaml::text("ignored"),
        Expect::Closed => Yaml::text("closed"),
        Expect::Silence => Yaml::text("silence"),
        Expect::Survives => Yaml::text("survives"),
        Expect::Messages(messages) => match messages.as_slice() {
            [one] => expected_message(one),
            all => list(all.iter().map(expected_message)),
        },
        Expect::Alert(alerts) => only("alert", texts(alerts)),
        Expect::OneOf(forms) => only("one_of", list(forms.iter().map(expectation))),
        Expect::Reject { alerts, past } => {
            let mut entries = Entries::default();
            entries.put("reject", if alerts.is_empty() { Yaml::text("any") } else { texts(alerts) });
            entries.unless_empty("past", texts(past));
            entries.into_map()
        }
    }
}

fn expected_message((name, found): &(String, Vec<(Path, Condition)>)) -> Yaml {
    if found.is_empty() {
        return Yaml::text(name);
    }
    map([("message".to_owned(), Yaml::text(name)), ("where".to_owned(), conditions(found))])
}

fn conditions(all: &[(Path, Condition)]) -> Yaml {
    map(all.iter().map(|(path, holds)| (path.to_string(), condition(holds))))
}

fn condition(condition: &Condition) -> Yaml {
    if let Condition::Equals(val) = condition {
        return value(val);
    }
    let mut entries = Entries::default();
    put_condition(condition, &mut entries);
    entries.into_map()
}

fn put_condition(holds: &Condition, entries: &mut Entries) {
    match holds {
        Condition::Equals(val) => entries.put("one_of", list([value(val)])),
        Condition::Not(val) => entries.put("not", value(val)),
        Condition::OneOf(all) => entries.put("one_of", list(all.iter().map(value))),
        Condition::NoneOf(all) => entries.put("none_of", list(all.iter().map(value))),
        Condition::Includes(val) => entries.put("includes", value(val)),
        Condition::InOrderOf(other) => entries.put("in_order_of", path(other)),
        Condition::AtLeast(val) => entries.put("at_least", value(val)),
        Condition::AtMost(val) => entries.put("at_most", value(val)),
        Condition::SameAs { path: other, except } => {
            entries.put("same_as", path(other));
            entries.unless_empty("except", list(except.iter().map(path)));
        }
        Condition::SubsetOf(val) => entries.put("subset_of", value(val)),
        Condition::StartsWith(val) => entries.put("starts_with", value(val)),
        Condition::EndsWith(val) => entries.put("ends_with", value(val)),
        Condition::Length(inner) => entries.put("length", condition(inner)),
        Condition::Count(inner) => entries.put("count", condition(inner)),
        Condition::Absent(yes) => entries.put("absent", boolean(*yes)),
        Condition::Distinct(yes) => entries.put("distinct", boolean(*yes)),
        Condition::Same(yes) => entries.put("same", boolean(*yes)),
        Condition::Increasing(yes) => entries.put("increasing", boolean(*yes)),
        Condition::All(all) => all.iter().for_each(|one| put_condition(one, entries)),
    }
}

fn value(val: &Val) -> Yaml {
    match val {
        Val::Number(value) => number(*value),
        Val::Name(text) => Yaml::text(text),
        // Text is the only way to write bytes as bytes; others mean the same as hex.
        Val::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => only("text", Yaml::text(text)),
            Err(_) => hex(bytes),
        },
        Val::Random(length) => only("random", size(*length)),
        Val::Fill { pattern, length } => map([("fill".to_owned(), hex(pattern)), ("length".to_owned(), size(*length))]),
        Val::UpTo(most) => only("up_to", size(*most)),
        Val::Join(parts) => only("join", list(parts.iter().map(value))),
        Val::From { path: seen, plus } => {
            let mut entries = Entries::default();
            entries.put("from", path(seen));
            if *plus != 0 {
                entries.put("plus", number(*plus));
            }
            entries.into_map()
        }
        Val::Pick { path: seen, not } => {
            let mut entries = Entries::default();
            entries.put("pick", path(seen));
            if let Some(not) = not {
                entries.put("not", path(not));
            }
            entries.into_map()
        }
        Val::List(items) => list(items.iter().map(value)),
        Val::Map(fields) => map(fields.iter().map(|(name, field)| (name.clone(), value(field)))),
    }
}
