//! Makes a flow that shows something smaller, as long as it still shows it: fewer steps, fewer alterations, plainer values.

use crate::piece::{Piece, pieces, step, with_pieces};
use gauntlet_model::{Case, MessageRef, Mutation, Operation, RecordItem, Step, StepKind, Val};

/// A smaller case for which `shows` still holds, after at most so many tries.
pub fn minimise(case: &Case, tries: usize, shows: &mut dyn FnMut(&Case) -> bool) -> Case {
    let mut best = case.clone();
    let mut left = tries;
    // What is smaller in one way may allow to be so in another.
    while let Some(smaller) = first(candidates(&best), &mut left, shows) {
        best = smaller;
    }
    best
}

fn first(candidates: Vec<Case>, left: &mut usize, shows: &mut dyn FnMut(&Case) -> bool) -> Option<Case> {
    candidates.into_iter().find(|candidate| {
        *left = left.saturating_sub(1);
        *left > 0 && shows(candidate)
    })
}

/// What is one notch smaller: without a step, without an alteration, with a plainer value.
fn candidates(case: &Case) -> Vec<Case> {
    let mut all: Vec<Case> =
        (0..case.steps.len().saturating_sub(1)).rev().map(|place| without_step(case, place)).collect();
    let pieces = pieces(case);
    for place in (0..pieces.len()).rev() {
        let mut fewer = pieces.clone();
        fewer.remove(place);
        all.push(with_pieces(case, &fewer));
    }
    for (place, (number, message, piece)) in pieces.iter().enumerate() {
        for plainer in plainer(piece) {
            let mut other: Vec<(usize, MessageRef, Piece)> = pieces.clone();
            other[place] = (*number, message.clone(), plainer);
            all.push(with_pieces(case, &other));
        }
    }
    all
}

fn without_step(case: &Case, place: usize) -> Case {
    let mut case = case.clone();
    case.steps.remove(place);
    case
}

fn plainer(piece: &Piece) -> Vec<Piece> {
    match piece {
        Piece::Before(inner) => plainer_step(inner).into_iter().map(Piece::Before).collect(),
        Piece::After(inner) => plainer_step(inner).into_iter().map(Piece::After).collect(),
        Piece::Instead(steps) => fewer(steps).into_iter().map(Piece::Instead).collect(),
        Piece::Set(path, value) => {
            plainer_value(value).into_iter().map(|value| Piece::Set(path.clone(), value)).collect()
        }
        Piece::Mutate(mutation) => {
            let with = |operation| Piece::Mutate(Mutation { field: mutation.field.clone(), operation });
            plainer_operation(&mutation.operation).into_iter().map(with).collect()
        }
        Piece::Records(items) => {
            let without_steps: Vec<RecordItem> =
                items.iter().filter(|item| !matches!(item, RecordItem::Step(_))).cloned().collect();
            if without_steps.len() < items.len() { vec![Piece::Records(without_steps)] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

fn fewer(steps: &[Step]) -> Vec<Vec<Step>> {
    let one_less = |place: usize| {
        let mut steps = steps.to_vec();
        steps.remove(place);
        steps
    };
    (0..steps.len()).map(one_less).collect()
}

fn plainer_step(inner: &Step) -> Vec<Step> {
    let StepKind::Repeat { times, steps } = &inner.kind else { return Vec::new() };
    let again = |times| step(StepKind::Repeat { times, steps: steps.clone() });
    let mut all: Vec<Step> = [times / 2, times * 3 / 4, times - times.min(&1)]
        .into_iter()
        .filter(|fewer| *fewer > 0 && fewer < times)
        .map(again)
        .collect();
    all.extend(steps.first().filter(|_| steps.len() == 1).cloned());
    all
}

fn plainer_value(value: &Val) -> Vec<Val> {
    match value {
        Val::Number(0) => Vec::new(),
        Val::Number(number) => {
            [0, 1, number / 2, number - 1].into_iter().filter(|plainer| plainer < number).map(Val::Number).collect()
        }
        Val::Name(text) => match hex::decode(text) {
            Ok(bytes) if bytes.len() > 1 => {
                let zeros = Val::Fill { pattern: vec![0], length: bytes.len() };
                vec![Val::Name(hex::encode(&bytes[..bytes.len() / 2])), zeros]
            }
            _ => Vec::new(),
        },
        Val::Random(length) => vec![Val::Fill { pattern: vec![0], length: *length }],
        Val::Fill { pattern, length } => {
            let shorter = [length / 2, length.saturating_sub(1)].into_iter().filter(|shorter| shorter < length);
            shorter.map(|length| Val::Fill { pattern: pattern.clone(), length }).collect()
        }
        Val::List(items) => (0..items.len())
            .map(|place| {
                let mut items = items.clone();
                items.remove(place);
                Val::List(items)
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn plainer_operation(operation: &Operation) -> Vec<Operation> {
    match operation {
        Operation::Append { bytes } => {
            plainer_value(bytes).into_iter().map(|bytes| Operation::Append { bytes }).collect()
        }
        Operation::Insert { offset, bytes } => {
            plainer_value(bytes).into_iter().map(|bytes| Operation::Insert { offset: *offset, bytes }).collect()
        }
        Operation::Add { value, to } => {
            plainer_value(value).into_iter().map(|value| Operation::Add { value, to: to.clone() }).collect()
        }
        Operation::LengthTo(to) if *to > 0 => vec![Operation::LengthTo(to / 2)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::case;

    #[test]
    fn what_does_not_matter_goes_and_what_matters_stays() {
        let text = "
title: T
requirements: [rfc9846-4-03]
peer: client
flow:
  - handshake: full
  - expect: new_session_ticket
  - close: close_notify
  - connect
  - handshake: full
    alter:
      client_hello: { set: { random: { random: 32 }, legacy_session_id: { fill: 'aa', length: 200 } } }
      finished: { after: [{ repeat: 40, steps: [{ send: key_update }] }], mutate: [{ append: { bytes: '00' } }] }
  - expect: survives
";
        let big = case("x", text).expect("it loads");
        let matters = |case: &Case| {
            let text = gauntlet_scenario::print(case);
            let long = pieces(case).iter().any(|(_, _, piece)| match piece {
                Piece::Set(path, Val::Fill { length, .. }) => path.to_string() == "legacy_session_id" && *length > 32,
                _ => false,
            });
            long && text.contains("handshake: full")
        };
        let small = minimise(&big, 1000, &mut |case| matters(case));
        assert!(matters(&small));
        assert_eq!(small.steps.len(), 2, "{}", gauntlet_scenario::print(&small));
        let left = pieces(&small);
        assert_eq!(left.len(), 1);
        assert!(matches!(&left[0].2, Piece::Set(_, Val::Fill { length: 33, .. })), "{left:?}");
    }

    #[test]
    fn tries_are_counted() {
        let big = case(
            "x",
            "
title: T
peer: client
flow: [{ handshake: full, alter: { finished: { omit: true } } }, { expect: survives }]",
        )
        .expect("it loads");
        let mut tried = 0;
        minimise(&big, 2, &mut |_| {
            tried += 1;
            false
        });
        assert!(tried <= 2);
    }
}
