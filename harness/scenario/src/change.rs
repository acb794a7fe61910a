//! Changes of messages and records.

use crate::names;
use crate::typer::Typer;
use gauntlet_model::names::{COMPUTED, SECRETS, version_number};
use gauntlet_model::{
    Alteration, Cut, KeysOf, MessageChange, Mutation, Operation, Record, RecordItem, Remember, Sequence, Val,
};
use gauntlet_wire::{Path, Place as ListPlace};
use gauntlet_yaml::{Kind, MapReader, Yaml, did_you_mean};
use std::collections::BTreeMap;

/// What a mutation can do, by key.
pub(crate) const OPERATIONS: [&str; 13] = [
    "remove",
    "add",
    "duplicate",
    "move",
    "shuffle",
    "length",
    "flip_bit",
    "xor",
    "replace",
    "insert",
    "append",
    "delete",
    "truncate",
];

/// `form: ssl2.0`.
pub(crate) const SSL2: u16 = 0x0002;

pub(crate) const KEYS: [(&str, KeysOf); 7] = [
    ("none", KeysOf::None),
    ("early", KeysOf::Early),
    ("handshake", KeysOf::Handshake),
    ("application", KeysOf::Application),
    ("previous", KeysOf::Previous),
    ("next", KeysOf::Next),
    ("target", KeysOf::Target),
];

impl Typer<'_> {
    /// What `with` and `alter` say about one message.
    pub fn message_change(&mut self, map: &Yaml, message: &str) -> Option<MessageChange> {
        let place = self.place(map.span);
        self.reading(map, "a change of a message", |typer, reader| {
            let alteration = typer.alteration(reader, message);
            let omit = reader.take("omit").map_or(Some(false), |omit| typer.boolean(omit, "`omit`"));
            let instead = reader.take("instead").map(|steps| typer.steps(steps));
            let before = reader.take("before").map(|steps| typer.steps(steps));
            let after = reader.take("after").map(|steps| typer.steps(steps));
            Some(MessageChange {
                alteration: alteration?,
                omit: omit?,
                instead: optional(instead)?,
                before: optional(before)?.unwrap_or_default(),
                after: optional(after)?.unwrap_or_default(),
                place,
            })
        })
    }

    /// The keys that `send`, `with` and `alter` share.
    pub fn alteration(&mut self, reader: &mut MapReader<'_>, message: &str) -> Option<Alteration> {
        let form = reader.take("form").map(|form| self.layout(form, message));
        // A hello of SSL 2.0 has fields of its own.
        let message = if form == Some(Some(SSL2)) { "V2ClientHello" } else { message };
        let set = reader.take("set").map(|set| self.set(set, message));
        let mutate = reader.take("mutate").map(|mutate| self.mutations(mutate, message));
        let compute = reader.take("compute").map(|compute| self.compute(compute));
        let remember = reader.take("remember").map(|value| {
            let known = [("sent", Remember::Sent), ("unaltered", Remember::Unaltered), ("nothing", Remember::Nothing)];
            self.one_of(value, "`remember`", &known)
        });
        let records = reader.take("records").map(|records| self.records(records));
        let record = reader.take("record").map(|record| self.record(record));
        let joined = reader.take("joined").map(|value| self.one_of(value, "`joined`", &[("next", true)]));
        let segments = reader.take("segments").map(|sizes| {
            let sizes = self.list(sizes, "`segments`")?;
            let sizes: Vec<Option<usize>> = sizes.iter().map(|size| self.number(size, "a size")).collect();
            sizes.into_iter().collect::<Option<Vec<_>>>()
        });
        Some(Alteration {
            set: optional(set)?.unwrap_or_default(),
            mutate: optional(mutate)?.unwrap_or_default(),
            compute: optional(compute)?.unwrap_or_default(),
            form: optional(form)?,
            remember: optional(remember)?.unwrap_or_default(),
            records: optional(records)?.unwrap_or_default(),
            record: optional(record)?,
            joined: optional(joined)?.unwrap_or_default(),
            segments: optional(segments)?.unwrap_or_default(),
        })
    }

    /// What a message is laid out as: a version, of ClientHello `ssl2.0` too.
    fn layout(&mut self, value: &Yaml, message: &str) -> Option<u16> {
        if value.as_str() == Some("ssl2.0") && message == "client_hello" {
            return Some(SSL2);
        }
        self.version(value)
    }

    /// A version's number by its name.
    pub fn version(&mut self, value: &Yaml) -> Option<u16> {
        let name = self.text(value, "a version")?;
        let number = version_number(name);
        if number.is_none() {
            let known = names::of_kind("versions").unwrap_or_default();
            let help = did_you_mean(name, known.iter().copied()).or_else(|| Some(names::listed(known)));
            self.fail(value, format!("unknown version `{name}`"), help);
        }
        number
    }

    fn set(&mut self, map: &Yaml, message: &str) -> Option<Vec<(Path, Val)>> {
        let entries = self.map(map, "`set`")?;
        let read = |typer: &mut Self, (key, value): &(Yaml, Yaml)| {
            let path = typer.field(key, message);
            typer.alert_value(message, key, value);
            let value = typer.value(value);
            Some((path?, value?))
        };
        let set: Vec<_> = entries.iter().map(|entry| read(self, entry)).collect();
        set.into_iter().collect()
    }

    /// Alerts are set by name so often that the names are worth a check.
    fn alert_value(&mut self, message: &str, key: &Yaml, value: &Yaml) {
        let enum_name = match (message, key.as_str()) {
            ("alert", Some("description")) => "AlertDescription",
            ("alert", Some("level")) => "AlertLevel",
            _ => return,
        };
        let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || c == ' ');
        if self.lint.is_some() && value.as_str().is_some_and(|text| !is_hex(text)) {
            self.enum_name(value, enum_name, if enum_name == "AlertLevel" { "alert level" } else { "alert" });
        }
    }

    pub(crate) fn mutations(&mut self, list: &Yaml, message: &str) -> Option<Vec<Mutation>> {
        let items = self.list(list, "`mutate`")?;
        let mutations: Vec<_> = items.iter().map(|item| self.mutation(item, message)).collect();
        mutations.into_iter().collect()
    }

    fn mutation(&mut self, item: &Yaml, message: &str) -> Option<Mutation> {
        let entries = self.map(item, "a mutation")?;
        let [(key, arguments)] = entries else {
            let help = format!("such as `{{ flip_bit: {{ bit: 0 }} }}`; there are {}", names::listed(OPERATIONS));
            self.fail(item, "a mutation has one key, which says what is done", Some(help));
            return None;
        };
        let name = key.as_str().unwrap_or_default();
        if !OPERATIONS.contains(&name) {
            let help =
                did_you_mean(name, OPERATIONS).or_else(|| Some(format!("there are {}", names::listed(OPERATIONS))));
            self.fail(key, format!("unknown mutation `{name}`"), help);
            return None;
        }
        let what = format!("`{name}`");
        self.reading(arguments, &what, |typer, reader| {
            let field = reader.take("field").map(|field| typer.field(field, message));
            let operation = typer.operation(name, key, reader);
            let field = optional(field)?;
            let needs_field = matches!(name, "remove" | "add" | "duplicate" | "move" | "shuffle" | "length");
            if field.is_none() && needs_field && reader.map().get("field").is_none() {
                typer.fail(key, format!("{what} lacks the key `field`"), None);
                return None;
            }
            Some(Mutation { field, operation: operation? })
        })
    }

    fn operation(&mut self, name: &str, key: &Yaml, reader: &mut MapReader<'_>) -> Option<Operation> {
        Some(match name {
            "remove" => Operation::Remove,
            "shuffle" => Operation::Shuffle,
            "add" => {
                let value = self.required("value", key, reader).and_then(|value| self.value(value));
                let to = reader.take("to").map_or(Some(ListPlace::Last), |to| self.list_place(to));
                Operation::Add { value: value?, to: to? }
            }
            "duplicate" => {
                let to = reader.take("to").map(|to| self.list_place(to));
                Operation::Duplicate { to: optional(to)? }
            }
            "move" => Operation::Move { to: self.required("to", key, reader).and_then(|to| self.list_place(to))? },
            "length" => self.length(key, reader)?,
            "flip_bit" => Operation::FlipBit { bit: self.required_number("bit", key, reader)? },
            "append" => Operation::Append { bytes: self.required("bytes", key, reader).and_then(|b| self.value(b))? },
            "truncate" => Operation::Truncate { to: self.required_number("to", key, reader)? },
            "delete" => {
                let offset = self.required_number("offset", key, reader);
                let count = reader.take("count").map_or(Some(1), |count| self.number(count, "`count`"));
                Operation::Delete { offset: offset?, count: count? }
            }
            _ => {
                let offset = self.required_number("offset", key, reader);
                let bytes = self.required("bytes", key, reader).and_then(|bytes| self.value(bytes));
                let (offset, bytes) = (offset?, bytes?);
                match name {
                    "xor" => Operation::Xor { offset, bytes },
                    "replace" => Operation::Replace { offset, bytes },
                    _ => Operation::Insert { offset, bytes },
                }
            }
        })
    }

    fn length(&mut self, key: &Yaml, reader: &mut MapReader<'_>) -> Option<Operation> {
        let by = reader.take("by").map(|by| self.signed(by));
        let to = reader.take("to").map(|to| self.number(to, "`to`"));
        match (by, to) {
            (Some(by), None) => by.map(Operation::LengthBy),
            (None, Some(to)) => to.map(Operation::LengthTo),
            _ => {
                self.fail(
                    key,
                    "`length` has either `by` or `to`",
                    Some("such as `{ field: extensions, by: -1 }`".to_owned()),
                );
                None
            }
        }
    }

    /// A difference: `-1`, `1` or `+1`.
    fn signed(&mut self, value: &Yaml) -> Option<i64> {
        let plus = value.as_str().and_then(|text| text.strip_prefix('+')).and_then(|text| text.parse().ok());
        plus.or_else(|| self.number(value, "a difference"))
    }

    fn required<'y>(&mut self, name: &'static str, key: &Yaml, reader: &mut MapReader<'y>) -> Option<&'y Yaml> {
        let found = reader.take(name);
        if found.is_none() {
            let what = key.as_str().unwrap_or_default();
            self.fail(key, format!("`{what}` lacks the key `{name}`"), None);
        }
        found
    }

    fn required_number(&mut self, name: &'static str, key: &Yaml, reader: &mut MapReader<'_>) -> Option<i64> {
        let value = self.required(name, key, reader)?;
        self.number(value, &format!("`{name}`"))
    }

    /// Where in a list something goes.
    fn list_place(&mut self, value: &Yaml) -> Option<ListPlace> {
        match &value.kind {
            Kind::Number(_) => self.number(value, "a place").map(ListPlace::At),
            Kind::Map(_) => self.reading(value, "a place", |typer, reader| {
                let before = reader.take("before").map(|name| typer.tag(name));
                let after = reader.take("after").map(|name| typer.tag(name));
                match (before, after) {
                    (Some(name), None) => name.map(ListPlace::Before),
                    (None, Some(name)) => name.map(ListPlace::After),
                    _ => {
                        typer.fail(value, "a place has either `before` or `after`", None);
                        None
                    }
                }
            }),
            _ => self
                .one_of(value, "a place", &[("first", 0), ("last", 1)])
                .map(|last| if last == 1 { ListPlace::Last } else { ListPlace::First }),
        }
    }

    fn tag(&mut self, value: &Yaml) -> Option<String> {
        match value.kind {
            Kind::Text(_) | Kind::Number(_) => value.as_text(),
            _ => {
                self.wrong(value, "an element's name", "text");
                None
            }
        }
    }

    /// Field → inputs by name, or a value.
    fn compute(&mut self, map: &Yaml) -> Option<Vec<(String, BTreeMap<String, Val>)>> {
        let entries = self.map(map, "`compute`")?;
        let read = |typer: &mut Self, (key, value): &(Yaml, Yaml)| {
            let name = key.as_text().unwrap_or_default();
            let known = COMPUTED.iter().find(|(field, _)| *field == name).map(|(_, inputs)| *inputs);
            if known.is_none() && !SECRETS.contains(&name.as_str()) {
                let all = || COMPUTED.iter().map(|(field, _)| *field).chain(SECRETS);
                let help = did_you_mean(&name, all()).or_else(|| Some(format!("there are {}", names::listed(all()))));
                typer.fail(key, format!("nothing that is computed is named `{name}`"), help);
                return None;
            }
            let inputs: BTreeMap<String, Val> = match typer.value(value)? {
                Val::Map(inputs) => inputs.into_iter().collect(),
                fixed => BTreeMap::from([("value".to_owned(), fixed)]),
            };
            let is_known = |input: &str| input == "value" || known.is_some_and(|known| known.contains(&input));
            if let Some(input) = inputs.keys().find(|input| !is_known(input)) {
                let known = known.unwrap_or_default().iter().copied();
                let help = did_you_mean(input, known.clone())
                    .or_else(|| Some(format!("it takes bytes, or {}", names::listed(known))));
                typer.fail(value, format!("`{name}` is not computed from `{input}`"), help);
                return None;
            }
            Some((name, inputs))
        };
        let compute: Vec<_> = entries.iter().map(|entry| read(self, entry)).collect();
        compute.into_iter().collect()
    }

    /// `[4, { send: alert }, { size: 0, times: 3 }, rest]`.
    fn records(&mut self, list: &Yaml) -> Option<Vec<RecordItem>> {
        let items = self.list(list, "`records`")?;
        let records: Vec<_> = items.iter().map(|item| self.record_item(item)).collect();
        let lists: Option<Vec<Vec<RecordItem>>> = records.into_iter().collect();
        Some(lists?.into_iter().flatten().collect())
    }

    fn record_item(&mut self, item: &Yaml) -> Option<Vec<RecordItem>> {
        let is_record = |entries: &[(Yaml, Yaml)]| {
            let names = ["size", "times", "keys", "sequence", "set", "mutate"];
            !entries.is_empty() && entries.iter().all(|(key, _)| key.as_str().is_some_and(|key| names.contains(&key)))
        };
        match &item.kind {
            Kind::Number(_) => {
                let size = self.number(item, "a size").map(Cut::Bytes)?;
                Some(vec![RecordItem::Record(Record { size: Some(size), ..Record::default() })])
            }
            Kind::Text(text) if text == "rest" => {
                Some(vec![RecordItem::Record(Record { size: Some(Cut::Rest), ..Record::default() })])
            }
            Kind::Map(entries) if is_record(entries) => Some(vec![RecordItem::Record(self.record(item)?)]),
            Kind::Map(_) | Kind::List(_) => {
                let steps = self.steps(item)?;
                Some(steps.into_iter().map(|step| RecordItem::Step(Box::new(step))).collect())
            }
            _ => {
                self.wrong(item, "a record", "a size, `rest`, a step, or a map such as `{ size: 0, times: 3 }`");
                None
            }
        }
    }

    fn record(&mut self, map: &Yaml) -> Option<Record> {
        self.reading(map, "a record", |typer, reader| {
            let size = reader.take("size").map(|size| match size.as_str() {
                Some("rest") => Some(Cut::Rest),
                _ => typer.number(size, "`size`").map(Cut::Bytes),
            });
            let times = reader.take("times").map(|times| typer.number(times, "`times`"));
            let (keys, sequence) = typer.protection(reader);
            let set = reader.take("set").map(|set| typer.set(set, "record"));
            let mutate = reader.take("mutate").map(|mutate| typer.mutations(mutate, "record"));
            Some(Record {
                size: optional(size)?,
                times: optional(times)?,
                keys: optional(keys)?,
                sequence: optional(sequence)?,
                set: optional(set)?.unwrap_or_default(),
                mutate: optional(mutate)?.unwrap_or_default(),
            })
        })
    }

    /// `keys` and `sequence`.
    pub fn protection(&mut self, reader: &mut MapReader<'_>) -> (Option<Option<KeysOf>>, Option<Option<Sequence>>) {
        let keys = reader.take("keys").map(|keys| self.one_of(keys, "`keys`", &KEYS));
        let sequence = reader.take("sequence").map(|value| match value.kind {
            Kind::Number(0..) => self.number(value, "`sequence`").map(Sequence::To),
            _ => self.signed(value).map(Sequence::By),
        });
        (keys, sequence)
    }
}

/// What is absent is right; what is there may be wrong.
pub(crate) fn optional<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(value) => value.map(Some),
        None => Some(None),
    }
}
