//! Our client against our server, over memory: both sides of the default handshakes.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use gauntlet_model::{Role, What};
use gauntlet_peer::{Change, Config, Peer};

/// Sends everything that is due.
fn flush(peer: &mut Peer) -> Vec<u8> {
    while let Some(name) = peer.due() {
        let mut draft = peer.draft(name, &Change::default()).unwrap();
        peer.remember(&mut draft);
        while draft.left() > 0 {
            peer.emit(&mut draft, None, None).unwrap();
        }
        peer.sent(&mut draft);
    }
    peer.take_output()
}

/// Everything due both ways, until nothing more is.
fn converse(client: &mut Peer, server: &mut Peer) -> (Vec<u8>, Vec<u8>) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let bytes = flush(client);
        server.receive(&bytes);
        let answer = flush(server);
        client.receive(&answer);
        up.extend_from_slice(&bytes);
        down.extend_from_slice(&answer);
        if bytes.is_empty() && answer.is_empty() {
            break;
        }
    }
    (up, down)
}

fn say(peer: &mut Peer) -> Vec<u8> {
    let mut draft = peer.draft("application_data", &Change::default()).unwrap();
    peer.emit(&mut draft, None, None).unwrap();
    peer.sent(&mut draft);
    peer.take_output()
}

fn remarks(peer: &mut Peer) -> Vec<String> {
    let events = peer.take_events().into_iter();
    events
        .filter_map(|event| match event {
            What::Remark { alert, text } => Some(format!("{alert}: {text}")),
            What::NotFollowed { text } => Some(text),
            _ => None,
        })
        .collect()
}

/// A handshake with data both ways; fails on any remark.
fn handshake(client: Config, server: Config) -> (Peer, Peer) {
    let (mut client, mut server) = (Peer::new(client, [1; 32]), Peer::new(server, [2; 32]));
    converse(&mut client, &mut server);
    assert!(client.is_established(), "client: {:?}", remarks(&mut client));
    assert!(server.is_established(), "server: {:?}", remarks(&mut server));
    server.receive(&say(&mut client));
    client.receive(&say(&mut server));
    assert_eq!((server.application_data(), client.application_data()), (1, 1));
    assert_eq!(remarks(&mut client), Vec::<String>::new());
    assert_eq!(remarks(&mut server), Vec::<String>::new());
    (client, server)
}

#[test]
fn tls13_completes() {
    let (client, _) = handshake(Config::client(&[0x0304]), Config::server(&[0x0304]));
    assert_eq!(client.version(), 0x0304);
    assert_eq!(client.sessions.len(), 1);
}

#[test]
fn tls13_suites_and_groups() {
    for suite in [0x1301, 0x1302, 0x1303, 0x1304, 0x1305] {
        let mut config = Config::client(&[0x0304]);
        config.cipher_suites = vec![suite];
        let server = Config { cipher_suites: vec![suite], ..Config::server(&[0x0304]) };
        handshake(config, server);
    }
    for group in [23, 24, 25, 29, 30, 256, 257, 4587, 4588, 4589] {
        let client = Config { groups: vec![group], shares: vec![group], ..Config::client(&[0x0304]) };
        let server = Config { groups: vec![group], ..Config::server(&[0x0304]) };
        handshake(client, server);
    }
}

#[test]
fn tls13_retries() {
    let client = Config { shares: vec![], ..Config::client(&[0x0304]) };
    handshake(client, Config::server(&[0x0304]));
    let client = Config { shares: vec![23], ..Config::client(&[0x0304]) };
    handshake(client, Config { groups: vec![24], ..Config::server(&[0x0304]) });
}

#[test]
fn tls13_asks_for_a_certificate() {
    let server = Config { request_certificate: true, ..Config::server(&[0x0304]) };
    handshake(Config::client(&[0x0304]), server.clone());
    handshake(Config { identity: None, ..Config::client(&[0x0304]) }, server);
}

#[test]
fn tls13_resumes() {
    let (first, _) = handshake(Config::client(&[0x0304]), Config::server(&[0x0304]));
    let config = Config { session: first.sessions.last().cloned(), ..Config::client(&[0x0304]) };
    let (mut client, mut server) = (Peer::new(config, [3; 32]), Peer::new(Config::server(&[0x0304]), [4; 32]));
    converse(&mut client, &mut server);
    let resumed = client.take_events().into_iter().any(|e| matches!(e, What::Established { resumed: true, .. }));
    assert!(resumed);
    server.receive(&say(&mut client));
    assert_eq!(server.application_data(), 1);
    assert_eq!(remarks(&mut server), Vec::<String>::new());
}

#[test]
fn tls12_completes() {
    for suite in [0xc02b, 0xc02f, 0xcca9, 0xc009, 0xc013, 0xc00a, 0x009c, 0x002f, 0x0035, 0x003c, 0xc028] {
        for encrypt_then_mac in [false, true] {
            let client = Config { cipher_suites: vec![suite], encrypt_then_mac, ..Config::client(&[0x0303]) };
            let server = Config { cipher_suites: vec![suite], ..Config::server(&[0x0303]) };
            let (client, _) = handshake(client, server);
            assert_eq!(client.version(), 0x0303);
        }
    }
    let client = Config { extended_master_secret: false, ..Config::client(&[0x0303]) };
    handshake(client, Config::server(&[0x0303]));
    let server = Config { request_certificate: true, ..Config::server(&[0x0303]) };
    handshake(Config::client(&[0x0303]), server);
}

#[test]
fn tls12_resumes() {
    let (first, _) = handshake(Config::client(&[0x0303]), Config::server(&[0x0303]));
    let ticket = first.sessions.iter().find(|session| !session.ticket.is_empty()).cloned();
    assert!(ticket.is_some());
    let config = Config { session: ticket, ..Config::client(&[0x0303]) };
    let (mut client, mut server) = (Peer::new(config, [3; 32]), Peer::new(Config::server(&[0x0303]), [4; 32]));
    converse(&mut client, &mut server);
    let resumed = client.take_events().into_iter().any(|e| matches!(e, What::Established { resumed: true, .. }));
    assert!(resumed, "{:?}", remarks(&mut server));
    server.receive(&say(&mut client));
    client.receive(&say(&mut server));
    assert_eq!((server.application_data(), client.application_data()), (1, 1));
}

#[test]
fn the_same_seeds_give_the_same_conversation() {
    let talk = |seed: u8| {
        let mut client = Peer::new(Config::client(&[0x0304]), [seed; 32]);
        let mut server = Peer::new(Config::server(&[0x0304]), [9; 32]);
        let talk = converse(&mut client, &mut server);
        assert!(client.is_established() && server.is_established());
        talk
    };
    assert_eq!(talk(1), talk(1));
    assert_ne!(talk(1), talk(2));
}

#[test]
fn a_spoiled_finished_is_remarked_on() {
    use gauntlet_wire::{ByteEdit, Edit, Path};
    let (mut client, mut server) =
        (Peer::new(Config::client(&[0x0304]), [1; 32]), Peer::new(Config::server(&[0x0304]), [2; 32]));
    server.receive(&flush(&mut client));
    client.receive(&flush(&mut server));
    assert_eq!(remarks(&mut client), Vec::<String>::new());
    while let Some(name) = client.due() {
        let flip = Edit::Bytes(Path::parse("verify_data").unwrap(), ByteEdit::FlipBit { bit: 7 });
        let change = Change { edits: if name == "finished" { vec![flip] } else { vec![] }, ..Change::default() };
        let mut draft = client.draft(name, &change).unwrap();
        assert!(!draft.is_unchanged());
        client.emit(&mut draft, None, None).unwrap();
        client.sent(&mut draft);
    }
    server.receive(&client.take_output());
    assert_eq!(remarks(&mut server), ["decrypt_error: verify_data is wrong"]);
    assert_eq!(server.role(), Role::Server);
}

#[test]
fn any_bytes_are_taken_without_panic_in_bounded_memory() {
    use rand_core::{Rng as _, SeedableRng};
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(7);
    for round in 0..200 {
        let config = if round % 2 == 0 { Config::client(&[0x0304, 0x0303]) } else { Config::server(&[0x0304, 0x0303]) };
        let mut peer = Peer::new(config, [round; 32]);
        flush(&mut peer);
        let mut bytes = vec![0; 40_000];
        rng.fill_bytes(&mut bytes);
        for place in (0..bytes.len()).step_by(97) {
            // Every so often something that looks like a record, so that it gets past the header.
            bytes[place..place + 5].copy_from_slice(&[20 + (place % 5) as u8, 3, 3, 0, 90]);
        }
        for piece in bytes.chunks(1 + usize::from(round) * 7) {
            peer.receive(piece);
            flush(&mut peer);
        }
        assert!(peer.remarks() > 0);
    }
}
