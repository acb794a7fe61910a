//! The twin is the honest part of a case.

use gauntlet_model::{Case, Close, Expect, Form, StepKind};
use gauntlet_scenario::{Corpus, twin, twin_key};

fn case(flow: &str) -> Case {
    let text = format!("title: T\nrequirements: [rfc9846-4.2.2-30]\npeer: client\nflow:\n{flow}\n");
    let corpus = Corpus::from_files([("x.yaml", text.as_str())], "").unwrap_or_else(|error| panic!("{error}"));
    corpus.scenarios[0].expand(None).expect("expands").cases[0].clone()
}

/// The twin's steps in short.
fn steps(flow: &str) -> Vec<String> {
    twin(&case(flow)).steps.iter().map(|step| short(&step.kind)).collect()
}

fn short(kind: &StepKind) -> String {
    match kind {
        StepKind::Handshake(handshake) => {
            assert!(handshake.alter.is_empty() && handshake.alter_options == Default::default());
            match &handshake.form {
                Form::Full => "full".to_owned(),
                Form::Rest => "rest".to_owned(),
                Form::Through(_, message) => format!("through {}", message.name),
                Form::Before(_, message) => format!("before {}", message.name),
            }
        }
        StepKind::Expect(Expect::Accept) => "accept".to_owned(),
        StepKind::Expect(Expect::Messages(messages)) => messages[0].0.clone(),
        StepKind::Connect => "connect".to_owned(),
        StepKind::Close(Close::CloseNotify) => "close_notify".to_owned(),
        StepKind::Repeat { times, steps } => format!("{times} x {}", short(&steps[0].kind)),
        other => panic!("no step of a twin: {other:?}"),
    }
}

#[test]
fn a_flow_without_handshake_has_the_plain_one() {
    assert_eq!(steps("  - send: client_hello\n  - expect: reject"), ["full", "accept"]);
}

#[test]
fn alterations_options_under_test_and_judgements_go() {
    let flow = "
  - handshake: { resume: last }
    with: { client_hello: { set: { random: '00' } } }
    alter: { handshake: { early_data: '00' }, finished: { omit: true } }
  - send: key_update
  - expect: reject";
    assert_eq!(steps(flow), ["full", "accept"]);
    let twin = twin(&case(flow));
    let StepKind::Handshake(handshake) = &twin.steps[0].kind else { panic!() };
    assert_eq!(handshake.with.len(), 1, "what is legal stays");
    assert!(handshake.options.resume.is_some());
    assert!(twin.requirements.is_empty());
    assert_eq!(twin.id, "x#twin");
}

#[test]
fn earlier_connections_and_their_tickets_stay() {
    let flow = "
  - handshake: full
  - expect: new_session_ticket
  - close: close_notify
  - connect
  - handshake: { resume: last }
    alter: { client_hello: { mutate: [{ truncate: { to: -1 } }] } }
  - expect: reject
  - close: close_notify";
    assert_eq!(steps(flow), ["full", "new_session_ticket", "close_notify", "connect", "full", "accept"]);
}

#[test]
fn a_last_connection_without_a_handshake_gets_the_plain_one() {
    let flow = "  - handshake: full\n  - close: close_notify\n  - connect\n  - send: finished\n  - expect: reject";
    assert_eq!(steps(flow), ["full", "close_notify", "connect", "full", "accept"]);
}

#[test]
fn a_handshake_left_half_way_goes_on() {
    let flow = "
  - handshake: { through: server_hello }
  - send: change_cipher_spec
  - expect: reject";
    assert_eq!(steps(flow), ["through server_hello", "rest", "accept"]);
    let flow = "
  - handshake: { before: sent.finished }
  - expect: silence
  - handshake: rest
    alter: { finished: { set: { verify_data: '00' } } }
  - expect: reject";
    assert_eq!(steps(flow), ["before finished", "rest", "accept"]);
}

#[test]
fn a_renegotiation_stays_only_if_it_is_altered() {
    let flow = "  - handshake: full\n  - handshake: full\n  - expect: { alert: no_renegotiation }";
    assert_eq!(steps(flow), ["full", "accept"]);
    let flow = "  - handshake: full\n  - handshake: full\n    alter: { finished: { set: { verify_data: '00' } } }\n  - expect: reject";
    assert_eq!(steps(flow), ["full", "full", "accept"]);
}

#[test]
fn repeated_connections_stay() {
    let flow = "  - repeat: 3\n    steps: [connect, { send: finished }]\n  - handshake: full\n  - expect: survives";
    assert_eq!(steps(flow), ["3 x connect", "full", "accept"]);
}

#[test]
fn equal_twins_have_equal_keys() {
    let key = |flow: &str| twin_key(&case(flow));
    let plain = key("  - send: client_hello\n  - expect: reject");
    assert_eq!(
        plain,
        key("\n\n  - handshake: full\n    alter: { client_hello: { omit: true } }\n  - expect: survives")
    );
    assert_ne!(plain, key("  - handshake: { ech: true }\n  - expect: survives"));
    assert_ne!(
        plain,
        key("  - handshake: full\n    with: { client_hello: { set: { random: '00' } } }\n  - expect: survives")
    );
    let mut other = case("  - send: client_hello\n  - expect: reject");
    other.versions = vec![0x0303];
    assert_ne!(plain, twin_key(&other));
    other.versions = vec![0x0304];
    assert_eq!(plain, twin_key(&other));
    other.options.insert("client_auth".to_owned(), "require".to_owned());
    assert_ne!(plain, twin_key(&other));
}

#[test]
fn steps_nested_in_changes_do_not_make_keys_differ_by_place() {
    let flow = "  - handshake: full\n    with: { client_hello: { after: [{ send: change_cipher_spec }] } }\n  - expect: accept";
    let lower = format!("\n{flow}");
    assert_eq!(twin_key(&case(flow)), twin_key(&case(&lower)));
}
