//! What is altered about a message, taken apart into pieces that can be left out one by one.

use gauntlet_model::{
    Alteration, Case, MessageChange, MessageRef, Mutation, Place, Record, RecordItem, Remember, Step, StepKind, Val,
};
use gauntlet_wire::Path;
use std::collections::BTreeMap;

/// The smallest thing that `alter` can say about one message.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// It is not sent.
    Omit,
    /// A step ahead of it.
    Before(Step),
    /// A step behind it.
    After(Step),
    /// Steps in its place.
    Instead(Vec<Step>),
    /// A field has another value.
    Set(Path, Val),
    /// A change of a field, or of the whole message.
    Mutate(Mutation),
    /// A computed field is computed otherwise.
    Compute(String, BTreeMap<String, Val>),
    /// It is laid out as in this version.
    Form(u16),
    /// What our own state takes from it.
    Remember(Remember),
    /// It is cut so.
    Records(Vec<RecordItem>),
    /// Each of its records is made so.
    Record(Record),
    /// It shares records with the next message.
    Joined,
    /// It is written to the transport in such parts.
    Segments(Vec<usize>),
}

/// Pieces with the messages that they are about.
pub type Pieces = Vec<(MessageRef, Piece)>;

/// All that a flow alters, in every handshake: the number of the step, the message, the piece.
pub fn pieces(case: &Case) -> Vec<(usize, MessageRef, Piece)> {
    let mut all = Vec::new();
    for (number, step) in case.steps.iter().enumerate() {
        let StepKind::Handshake(handshake) = &step.kind else { continue };
        for (message, change) in &handshake.alter {
            all.extend(of_change(change).into_iter().map(|piece| (number, message.clone(), piece)));
        }
    }
    all
}

/// The same flow with these pieces in place of all that it altered.
pub fn with_pieces(case: &Case, pieces: &[(usize, MessageRef, Piece)]) -> Case {
    let mut case = case.clone();
    for (number, step) in case.steps.iter_mut().enumerate() {
        let StepKind::Handshake(handshake) = &mut step.kind else { continue };
        let own: Pieces =
            pieces.iter().filter(|(at, ..)| *at == number).map(|(_, m, p)| (m.clone(), p.clone())).collect();
        handshake.alter = assemble(&own);
    }
    case
}

/// Pieces as `alter` has them: all about one message together, messages in the order in which they occur first.
pub fn assemble(pieces: &[(MessageRef, Piece)]) -> Vec<(MessageRef, MessageChange)> {
    let mut changes: Vec<(MessageRef, MessageChange)> = Vec::new();
    for (message, piece) in pieces {
        let place = changes.iter().position(|(known, _)| known == message).unwrap_or(changes.len());
        if place == changes.len() {
            changes.push((message.clone(), MessageChange::default()));
        }
        add(piece, &mut changes[place].1);
    }
    changes
}

fn add(piece: &Piece, change: &mut MessageChange) {
    let alteration = &mut change.alteration;
    match piece.clone() {
        Piece::Omit => change.omit = true,
        Piece::Before(step) => change.before.push(step),
        Piece::After(step) => change.after.push(step),
        Piece::Instead(steps) => change.instead = Some(steps),
        // A field is set once; the last word counts.
        Piece::Set(path, value) => {
            alteration.set.retain(|(known, _)| *known != path);
            alteration.set.push((path, value));
        }
        Piece::Mutate(mutation) => alteration.mutate.push(mutation),
        Piece::Compute(name, inputs) => {
            alteration.compute.retain(|(known, _)| *known != name);
            alteration.compute.push((name, inputs));
        }
        Piece::Form(version) => alteration.form = Some(version),
        Piece::Remember(remember) => alteration.remember = remember,
        Piece::Records(records) => alteration.records = records,
        Piece::Record(record) => alteration.record = Some(record),
        Piece::Joined => alteration.joined = true,
        Piece::Segments(sizes) => alteration.segments = sizes,
    }
}

/// What a change is made of; put together again it is the same, but for its place.
pub fn of_change(change: &MessageChange) -> Vec<Piece> {
    let MessageChange { alteration, omit, instead, before, after, place: _ } = change;
    let Alteration { set, mutate, compute, form, remember, records, record, joined, segments } = alteration;
    let mut pieces = Vec::new();
    pieces.extend(form.map(Piece::Form));
    pieces.extend(set.iter().map(|(path, value)| Piece::Set(path.clone(), value.clone())));
    pieces.extend(mutate.iter().cloned().map(Piece::Mutate));
    pieces.extend(compute.iter().map(|(name, inputs)| Piece::Compute(name.clone(), inputs.clone())));
    pieces.extend((*remember != Remember::Sent).then_some(Piece::Remember(*remember)));
    pieces.extend((!records.is_empty()).then(|| Piece::Records(records.clone())));
    pieces.extend(record.clone().map(Piece::Record));
    pieces.extend(joined.then_some(Piece::Joined));
    pieces.extend((!segments.is_empty()).then(|| Piece::Segments(segments.clone())));
    pieces.extend(omit.then_some(Piece::Omit));
    pieces.extend(instead.clone().map(Piece::Instead));
    pieces.extend(before.iter().cloned().map(Piece::Before));
    pieces.extend(after.iter().cloned().map(Piece::After));
    pieces
}

/// A step that stands nowhere.
pub(crate) fn step(kind: StepKind) -> Step {
    Step { kind, place: Place::default(), on: None }
}
