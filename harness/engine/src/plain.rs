//! Cases that the engine makes by itself: plain handshakes, and those of the probe.

use gauntlet_model::case::{Direction, Place};
use gauntlet_model::{
    Alteration, Case, Expect, Form, HandshakeOptions, HandshakeStep, MessageChange, MessageRef, Plays, Role, SendStep,
    Step, StepKind, Val, Which,
};
use gauntlet_wire::Path;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A step without a place in a file.
fn step(kind: StepKind) -> Step {
    Step { kind, place: Place::default(), on: None }
}

/// A case that is no scenario's.
fn case(id: &str, peer: Role, versions: &[u16], options: &BTreeMap<String, String>, steps: Vec<Step>) -> Case {
    Case {
        id: id.to_owned(),
        scenario: Arc::from(id),
        title: id.to_owned(),
        note: None,
        tags: Vec::new(),
        parameters: Vec::new(),
        requirements: Vec::new(),
        peer,
        versions: versions.to_vec(),
        options: options.clone(),
        needs: BTreeMap::new(),
        pki: None,
        plays: Plays::Once,
        across: Vec::new(),
        steps,
        source: Arc::from(""),
    }
}

fn handshake(form: Form, set: &[(&str, Val)]) -> Step {
    let message = MessageRef { name: "client_hello".to_owned(), which: Which::Nth(0) };
    let set = set.iter().map(|(path, value)| (Path::parse(path).expect("a path of our own parses"), value.clone()));
    let alteration = Alteration { set: set.collect(), ..Alteration::default() };
    let with = if alteration.is_empty() {
        Vec::new()
    } else {
        vec![(message, MessageChange { alteration, ..MessageChange::default() })]
    };
    step(StepKind::Handshake(Box::new(HandshakeStep {
        form,
        options: HandshakeOptions::default(),
        with,
        alter: Vec::new(),
        alter_options: HandshakeOptions::default(),
    })))
}

/// The plain handshake with data both ways, with some fields of the ClientHello set.
pub fn plain_handshake(
    id: &str,
    peer: Role,
    versions: &[u16],
    options: &BTreeMap<String, String>,
    set: &[(&str, Val)],
) -> Case {
    let steps = vec![handshake(Form::Full, set), step(StepKind::Expect(Expect::Accept))];
    case(id, peer, versions, options, steps)
}

/// A hello, and whatever comes first as its answer.
pub(crate) fn hello(id: &str, versions: &[u16], options: &BTreeMap<String, String>, set: &[(&str, Val)]) -> Case {
    let answer = MessageRef { name: "server_hello".to_owned(), which: Which::Nth(0) };
    let steps = vec![
        handshake(Form::Through(Direction::Received, answer), set),
        step(StepKind::Expect(Expect::Messages(vec![]))),
    ];
    case(id, Role::Client, versions, options, steps)
}

/// Two connections; the second offers the first's session.
pub(crate) fn resumption(id: &str, versions: &[u16], options: &BTreeMap<String, String>) -> Case {
    let mut second = handshake(Form::Full, &[]);
    if let StepKind::Handshake(handshake) = &mut second.kind {
        handshake.options.resume = Some(gauntlet_model::Resume::Last);
    }
    let steps = vec![
        handshake(Form::Full, &[]),
        step(StepKind::Expect(Expect::Accept)),
        step(StepKind::Close(gauntlet_model::Close::CloseNotify)),
        step(StepKind::Connect),
        second,
        step(StepKind::Expect(Expect::Accept)),
    ];
    case(id, Role::Client, versions, options, steps)
}

/// A handshake of TLS 1.2, and a HelloRequest behind it.
pub(crate) fn hello_request(id: &str, options: &BTreeMap<String, String>) -> Case {
    let request = SendStep { message: "hello_request".to_owned(), alteration: Alteration::default(), bytes: None };
    let steps = vec![
        handshake(Form::Full, &[]),
        step(StepKind::Send(Box::new(request))),
        step(StepKind::Expect(Expect::Silence)),
    ];
    case(id, Role::Server, &[0x0303], options, steps)
}
