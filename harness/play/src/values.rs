//! Values of a scenario, worked out, and alterations turned into what the peer carries out.

use crate::look::{Item, World, look};
use gauntlet_model::case::Record;
use gauntlet_model::{Alteration, Mutation, Operation, Val};
use gauntlet_peer::{Change, Peer, RecordChange, plain_bytes};
use gauntlet_wire::{ByteEdit, Edit, Path, Place, Plain, Segment};

/// What values are worked out from.
pub(crate) struct Source<'a> {
    pub(crate) world: World<'a>,
}

impl Source<'_> {
    fn find(&self, path: &Path) -> Result<Vec<Item>, String> {
        let found = look(self.world, path);
        if found.is_empty() { Err(format!("{path} finds nothing")) } else { Ok(found) }
    }

    /// A value as the grammar takes it.
    pub(crate) fn plain(&self, value: &Val, peer: &mut Peer) -> Result<Plain, String> {
        Ok(match value {
            Val::Number(number) => Plain::Number(*number),
            Val::Name(name) => Plain::Name(name.clone()),
            Val::Bytes(bytes) => Plain::Bytes(bytes.clone()),
            Val::Random(length) => Plain::Bytes(peer.random(*length)),
            Val::Fill { pattern, length } => Plain::Bytes(fill(pattern, *length)),
            Val::UpTo(length) => Plain::Bytes(vec![0; *length]),
            Val::Join(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(self.bytes(part, peer)?);
                }
                Plain::Bytes(all)
            }
            Val::From { path, plus } => {
                let item = &self.find(path)?[0];
                match item.number() {
                    Some(number) => Plain::Number(within(number.wrapping_add_signed(*plus), item.bytes().len())),
                    None => Plain::Bytes(item.bytes()),
                }
            }
            Val::Pick { path, not } => self.pick(path, not.as_ref())?,
            Val::List(values) => {
                Plain::List(values.iter().map(|value| self.plain(value, peer)).collect::<Result<_, _>>()?)
            }
            Val::Map(fields) => {
                let mut all = Vec::new();
                for (name, value) in fields {
                    all.push((name.clone(), self.plain(value, peer)?));
                }
                Plain::Map(all)
            }
        })
    }

    fn pick(&self, path: &Path, not: Option<&Path>) -> Result<Plain, String> {
        let list = self.find(path)?;
        let not = not.map(|path| self.find(path)).transpose()?.and_then(|found| found[0].number());
        let elements = list.iter().flat_map(|item| match item {
            Item::Node(node) if node.number().is_none() => {
                node.children().iter().filter_map(gauntlet_wire::Node::number).collect()
            }
            other => other.number().into_iter().collect::<Vec<u64>>(),
        });
        let mut elements = elements.filter(|number| Some(*number) != not);
        elements.next().map(Plain::Number).ok_or_else(|| format!("{path} holds nothing else"))
    }

    /// A value as bytes.
    pub(crate) fn bytes(&self, value: &Val, peer: &mut Peer) -> Result<Vec<u8>, String> {
        let plain = self.plain(value, peer)?;
        plain_bytes(&plain)
    }

    /// An alteration of a message, ready to be carried out.
    pub(crate) fn change(&self, alteration: &Alteration, peer: &mut Peer, into: &mut Change) -> Result<(), String> {
        for (path, value) in &alteration.set {
            let plain = self.plain(value, peer)?;
            leaves(path, &plain, &mut into.given);
            into.words.push(format!("set {path}"));
            into.edits.push(Edit::Set(path.clone(), plain));
        }
        for mutation in &alteration.mutate {
            into.words.push(mutation_words(mutation));
            match &mutation.field {
                Some(field) => {
                    let edit = self.edit(field, &mutation.operation, peer)?;
                    into.edits.push(edit);
                }
                None => into.bytes.push(self.byte_edit(&mutation.operation, peer)?),
            }
        }
        for (field, inputs) in &alteration.compute {
            let mut all = Vec::new();
            for (name, value) in inputs {
                all.push((name.clone(), self.plain(value, peer)?));
            }
            into.compute.push((field.clone(), all));
        }
        into.form = alteration.form.or(into.form);
        if alteration.remember != gauntlet_model::Remember::Sent {
            into.remember = alteration.remember;
        }
        Ok(())
    }

    fn edit(&self, field: &Path, operation: &Operation, peer: &mut Peer) -> Result<Edit, String> {
        let field = field.clone();
        Ok(match operation {
            Operation::Remove => Edit::Remove(field),
            Operation::Add { value, to } => Edit::Add(field, self.plain(value, peer)?, to.clone()),
            Operation::Duplicate { to: Some(to) } => Edit::Duplicate(field, to.clone()),
            Operation::Duplicate { to: None } => {
                let tag = match field.segments.last() {
                    Some(Segment::Name(name)) => Place::After(name.clone()),
                    Some(Segment::Index(index)) if *index >= 0 => Place::At(index + 1),
                    _ => Place::Last,
                };
                Edit::Duplicate(field, tag)
            }
            Operation::Move { to } => Edit::Move(field, to.clone()),
            Operation::Shuffle => {
                let seed = peer.random(8).iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte));
                Edit::Shuffle(field, seed)
            }
            Operation::LengthBy(by) => Edit::LengthBy(field, *by),
            Operation::LengthTo(to) => Edit::LengthTo(field, *to),
            bytes => Edit::Bytes(field, self.byte_edit(bytes, peer)?),
        })
    }

    fn byte_edit(&self, operation: &Operation, peer: &mut Peer) -> Result<ByteEdit, String> {
        Ok(match operation {
            Operation::FlipBit { bit } => ByteEdit::FlipBit { bit: *bit },
            Operation::Xor { offset, bytes } => ByteEdit::Xor { offset: *offset, bytes: self.bytes(bytes, peer)? },
            Operation::Replace { offset, bytes } => {
                ByteEdit::Replace { offset: *offset, bytes: self.bytes(bytes, peer)? }
            }
            Operation::Insert { offset, bytes } => {
                ByteEdit::Insert { offset: *offset, bytes: self.bytes(bytes, peer)? }
            }
            Operation::Append { bytes } => ByteEdit::Append { bytes: self.bytes(bytes, peer)? },
            Operation::Delete { offset, count } => ByteEdit::Delete { offset: *offset, count: *count },
            Operation::Truncate { to } => ByteEdit::Truncate { to: *to },
            other => return Err(format!("{} needs a `field`", other.name())),
        })
    }

    /// What is done to a record, ready to be carried out.
    pub(crate) fn record(&self, record: &Record, peer: &mut Peer) -> Result<RecordChange, String> {
        let mut change = RecordChange { keys: record.keys, sequence: record.sequence, ..RecordChange::default() };
        for (path, value) in &record.set {
            let name = path.to_string();
            match value {
                Val::UpTo(length) if name == "zeros" => change.zeros_up_to = Some(*length),
                value => change.set.push((name, self.plain(value, peer)?)),
            }
        }
        for mutation in &record.mutate {
            match (&mutation.field, &mutation.operation) {
                (_, Operation::LengthBy(by)) => change.length_by = Some(*by),
                (_, Operation::LengthTo(to)) => change.set.push(("length".to_owned(), Plain::Number(*to))),
                (field, operation) => {
                    let name = field.as_ref().map(Path::to_string).unwrap_or_default();
                    change.mutate.push((name, self.byte_edit(operation, peer)?));
                }
            }
        }
        Ok(change)
    }
}

/// A number of so many bytes: what is above begins at 0 again, as a clock does.
fn within(number: u64, bytes: usize) -> u64 {
    if bytes < 8 { number & ((1 << (8 * bytes)) - 1) } else { number }
}

fn fill(pattern: &[u8], length: usize) -> Vec<u8> {
    if pattern.is_empty() { Vec::new() } else { pattern.iter().copied().cycle().take(length).collect() }
}

/// Paths of the leaves that a value gives.
fn leaves(path: &Path, value: &Plain, into: &mut Vec<Path>) {
    let deeper = |segment: Segment| {
        let mut path = path.clone();
        path.segments.push(segment);
        path
    };
    match value {
        Plain::Map(fields) => {
            for (name, value) in fields {
                leaves(&deeper(Segment::Name(name.clone())), value, into);
            }
        }
        Plain::List(values) => {
            for (place, value) in values.iter().enumerate() {
                leaves(&deeper(Segment::Index(place as i64)), value, into);
            }
        }
        _ => into.push(path.clone()),
    }
}

fn mutation_words(mutation: &Mutation) -> String {
    let name = mutation.operation.name();
    match &mutation.field {
        Some(field) => format!("{name} {field}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn numbers_stay_within_their_field() {
        assert_eq!(within(u64::from(u32::MAX).wrapping_add(7), 4), 6);
        assert_eq!(within(0_u64.wrapping_sub(1), 2), 0xffff);
        assert_eq!(within(0x1234, 2), 0x1234);
        assert_eq!(within(u64::MAX, 8), u64::MAX);
    }
}
