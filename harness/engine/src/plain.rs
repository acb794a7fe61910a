//! Cases that the engine makes by itself: plain handshakes, and those of the probe.

use gauntlet_model::case::{Direction, Place};
use gauntlet_model::{
    Alteration, Case, Cut, Expect, Form, HandshakeOptions, HandshakeStep, MessageChange, MessageRef, Plays, Record,
    RecordItem, Role, SendStep, Step, StepKind, Val, Which,
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
    handshake_with(form, alteration(set))
}

/// Fields of the ClientHello, by path.
fn alteration(set: &[(&str, Val)]) -> Alteration {
    let set = set.iter().map(|(path, value)| (Path::parse(path).expect("a path of our own parses"), value.clone()));
    Alteration { set: set.collect(), ..Alteration::default() }
}

fn handshake_with(form: Form, alteration: Alteration) -> Step {
    let message = MessageRef { name: "client_hello".to_owned(), which: Which::Nth(0) };
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

/// A hello, and what comes as its answer up to that message, or until nothing more comes.
pub(crate) fn through(answer: &str, versions: &[u16], options: &BTreeMap<String, String>, set: &[(&str, Val)]) -> Case {
    hello_with(answer, versions, options, alteration(set))
}

/// A hello whose bytes come in pieces, and its answer: records of these sizes (the last repeats), or writes.
pub(crate) fn in_pieces(
    versions: &[u16],
    options: &BTreeMap<String, String>,
    records: &[usize],
    segments: &[usize],
) -> Case {
    let record = |size: &usize| RecordItem::Record(Record { size: Some(Cut::Bytes(*size)), ..Record::default() });
    let records = records.iter().map(record).collect();
    let alteration = Alteration { records, segments: segments.to_vec(), ..Alteration::default() };
    hello_with("server_hello", versions, options, alteration)
}

fn hello_with(answer: &str, versions: &[u16], options: &BTreeMap<String, String>, alteration: Alteration) -> Case {
    let answer = MessageRef { name: answer.to_owned(), which: Which::Nth(0) };
    let steps = vec![
        handshake_with(Form::Through(Direction::Received, answer), alteration),
        step(StepKind::Expect(Expect::Messages(vec![]))),
    ];
    case("probe", Role::Client, versions, options, steps)
}

/// A handshake, and application data in one record of that size.
pub(crate) fn long_record(versions: &[u16], options: &BTreeMap<String, String>, size: usize) -> Case {
    let content = Val::Fill { pattern: b"GET / HTTP/1.0\r\n\r\n".to_vec(), length: size };
    let rest = RecordItem::Record(Record { size: Some(Cut::Rest), ..Record::default() });
    let alteration = Alteration { records: vec![rest], ..Alteration::default() };
    let data = SendStep { message: "application_data".to_owned(), alteration, bytes: Some(content) };
    let steps = vec![
        handshake(Form::Full, &[]),
        step(StepKind::Send(Box::new(data))),
        step(StepKind::Expect(Expect::Messages(vec![("application_data".to_owned(), Vec::new())]))),
    ];
    case("probe", Role::Client, versions, options, steps)
}

/// A handshake, and a second one that we begin on the same connection.
pub(crate) fn renegotiation(version: u16, options: &BTreeMap<String, String>) -> Case {
    let end = step(StepKind::Expect(Expect::Messages(vec![])));
    let steps = vec![handshake(Form::Full, &[]), handshake(Form::Full, &[]), end];
    case("probe", Role::Client, &[version], options, steps)
}

/// A handshake in which a client that is asked for its certificate has none.
pub(crate) fn without_certificate(versions: &[u16], options: &BTreeMap<String, String>) -> Case {
    let mut plain = plain_handshake("probe", Role::Client, versions, options, &[]);
    if let Some(StepKind::Handshake(handshake)) = plain.steps.first_mut().map(|step| &mut step.kind) {
        let message = |name: &str| MessageRef { name: name.to_owned(), which: Which::Nth(0) };
        let alteration = alteration(&[("certificate_list", Val::List(Vec::new()))]);
        let omit = MessageChange { omit: true, ..MessageChange::default() };
        handshake.with = vec![
            (message("certificate"), MessageChange { alteration, ..MessageChange::default() }),
            (message("certificate_verify"), omit),
        ];
    }
    plain
}

/// Two connections of TLS 1.3; the second sends early data with the first one's ticket.
pub(crate) fn early_data(options: &BTreeMap<String, String>) -> Case {
    let mut case = resumption("probe", &[0x0304], options);
    for step in case.steps.iter_mut().skip(1) {
        if let StepKind::Handshake(handshake) = &mut step.kind {
            handshake.options.early_data = Some(Val::Bytes(b"GET / HTTP/1.0\r\n\r\n".to_vec()));
        }
    }
    case
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
