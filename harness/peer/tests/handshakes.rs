//! Our client against our server, over memory: both sides of the default handshakes.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{converse, flush, remarks};
use gauntlet_crypto::suite::{Authentication, KeyExchange};
use gauntlet_crypto::{CipherSuite, Digest, Mac};
use gauntlet_model::{Role, What};
use gauntlet_peer::{Change, Config, Peer, Psk};
use gauntlet_pki::KeyKind;
use gauntlet_wire::{Edit, Path, Plain};

fn say(peer: &mut Peer) -> Vec<u8> {
    let mut draft = peer.draft("application_data", &Change::default()).unwrap();
    peer.emit(&mut draft, None, None).unwrap();
    peer.sent(&mut draft);
    peer.take_output()
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

/// A pair that offers one suite in one version.
fn pair_with(version: u16, suite: u16) -> (Config, Config) {
    let psk = Psk { identity: b"me".to_vec(), key: vec![7; 20], hint: Some(b"hint".to_vec()) };
    let own = |config| Config { cipher_suites: vec![suite], psk: Some(psk.clone()), ..config };
    (own(Config::client(&[version])), own(Config::server(&[version])))
}

#[test]
fn every_suite_completes_in_every_old_version() {
    let mut completed = 0;
    for version in [0x0300, 0x0301, 0x0302, 0x0303] {
        for info in CipherSuite::all().iter().filter(|info| info.is_playable()) {
            let new = info.bulk.is_aead() || matches!(info.mac, Mac::Hmac(Digest::Sha256 | Digest::Sha384));
            let unfit = info.key_exchange == KeyExchange::Tls13 || new && version < 0x0303;
            // We have no DSS keys, and SSL 3.0 no extension to agree on a curve.
            if unfit || info.authentication == Authentication::Dss || info.suite.0 >= 0xc000 && version == 0x0300 {
                continue;
            }
            let (client, server) = pair_with(version, info.suite.0);
            let (client, _) = handshake(client, server);
            assert_eq!(client.version(), version, "{}", info.name);
            completed += 1;
        }
    }
    assert!(completed > 200, "{completed}");
}

#[test]
fn clients_show_certificates_in_every_old_version() {
    for version in [0x0300, 0x0301, 0x0302, 0x0303] {
        for kind in [KeyKind::P256, KeyKind::Rsa2048] {
            let (client, server) = pair_with(version, 0x002f);
            let identity = Some(gauntlet_pki::client(kind).clone());
            let server = Config { request_certificate: true, require_certificate: true, ..server };
            handshake(Config { identity, ..client }, server);
        }
    }
}

#[test]
fn a_group_of_rfc7919_is_agreed_on_by_name() {
    for group in 256..=260 {
        let (client, server) = pair_with(0x0303, 0x009e);
        let groups = vec![29, group];
        let (mut client, _) = {
            let (mut one, mut two) = (
                Peer::new(Config { groups: groups.clone(), ..client }, [1; 32]),
                Peer::new(Config { groups, ..server }, [2; 32]),
            );
            converse(&mut one, &mut two);
            (one, two)
        };
        let named = |what: What| if let What::Established { group, .. } = what { Some(group) } else { None };
        assert_eq!(client.take_events().into_iter().find_map(named), Some(group));
    }
}

#[test]
fn another_psk_is_noticed() {
    let (client, server) = pair_with(0x0303, 0x00a8);
    let psk = Some(Psk { identity: b"you".to_vec(), key: vec![7; 20], hint: None });
    let (mut client, mut server) = (Peer::new(Config { psk, ..client }, [1; 32]), Peer::new(server, [2; 32]));
    converse(&mut client, &mut server);
    assert_eq!(remarks(&mut server), ["unknown_psk_identity: identity 796f75"]);
}

#[test]
fn any_message_can_be_the_first() {
    for version in [0x0300, 0x0302, 0x0303, 0x0304] {
        for name in ["client_key_exchange", "certificate", "certificate_verify", "finished"] {
            for form in [None, Some(0x0303)] {
                let mut peer = Peer::new(Config::client(&[version]), [1; 32]);
                let change = Change { form, ..Change::default() };
                let draft = peer.draft(name, &change).unwrap();
                assert!(draft.bytes.len() > 4, "{name} in {version:#06x}");
            }
        }
    }
}

/// Makes a message, with changes, and puts it on the wire.
fn wire(from: &mut Peer, name: &str, edits: Vec<Edit>) -> Vec<u8> {
    let change = Change { edits, ..Change::default() };
    let mut draft = from.draft(name, &change).unwrap();
    from.remember(&mut draft);
    while draft.left() > 0 {
        from.emit(&mut draft, None, None).unwrap();
    }
    from.sent(&mut draft);
    from.take_output()
}

fn set(path: &str, value: Plain) -> Edit {
    Edit::Set(Path::parse(path).unwrap(), value)
}

#[test]
fn a_heartbeat_is_answered_if_it_was_offered_and_does_not_lie() {
    let (client, server) = pair_with(0x0303, 0x002f);
    let server = Config { heartbeat: true, ..server };
    let (mut one, mut other) = handshake(client.clone(), server.clone());
    other.receive(&wire(&mut one, "heartbeat", vec![]));
    assert_eq!(other.due(), None);
    assert_eq!(remarks(&mut other), ["unexpected_message: record of type 24"]);

    let (mut one, mut other) = (Peer::new(client, [1; 32]), Peer::new(server, [2; 32]));
    let mode = set("extensions.heartbeat.mode", Plain::Number(1));
    other.receive(&wire(&mut one, "client_hello", vec![mode]));
    converse(&mut one, &mut other);
    assert!(other.is_established());
    other.receive(&wire(&mut one, "heartbeat", vec![set("payload_length", Plain::Number(9))]));
    assert_eq!(other.due(), None, "one byte is missing");
    other.receive(&wire(&mut one, "heartbeat", vec![]));
    assert_eq!(other.due(), Some("heartbeat"));
    one.receive(&flush(&mut other));
    let mut came = one.take_events().into_iter().filter_map(|event| match event {
        What::Message { content_type: 24, bytes, .. } => Some(bytes),
        _ => None,
    });
    assert!(came.next_back().unwrap().starts_with(b"\x02\x00\x08gauntlet"));
}

#[test]
fn records_obey_what_was_agreed() {
    let lengths = |set_in_hello: Edit, set_in_answer: Edit| {
        let (client, server) = pair_with(0x0303, 0x002f);
        let (mut one, mut other) = (Peer::new(client, [1; 32]), Peer::new(server, [2; 32]));
        other.receive(&wire(&mut one, "client_hello", vec![set_in_hello]));
        one.receive(&wire(&mut other, "server_hello", vec![set_in_answer]));
        converse(&mut one, &mut other);
        assert!(one.is_established() && other.is_established());
        one.take_events();
        let data = set("data", Plain::Bytes(vec![1; 3000]));
        let sent = |peer: &mut Peer| {
            wire(peer, "application_data", vec![data.clone()]);
            let length = |event| match event {
                What::Record { outer: 23, content, .. } => Some(content.len()),
                _ => None,
            };
            peer.take_events().into_iter().filter_map(length).collect::<Vec<_>>()
        };
        (sent(&mut one), sent(&mut other))
    };
    let fragment = || set("extensions.max_fragment_length.max_fragment_length", Plain::Number(2));
    assert_eq!(lengths(fragment(), fragment()), (vec![1024, 1024, 952], vec![1024, 1024, 952]));
    let limit = |bytes| set("extensions.record_size_limit.record_size_limit", Plain::Number(bytes));
    assert_eq!(lengths(limit(2000), limit(2500)), (vec![2500, 500], vec![2000, 1000]));
}

#[test]
fn a_hello_in_the_layout_of_ssl2_is_remembered_without_its_length() {
    let mut client = Peer::new(Config::client(&[0x0302]), [1; 32]);
    let change = Change { form: Some(0x0002), ..Change::default() };
    let mut draft = client.draft("client_hello", &change).unwrap();
    client.remember(&mut draft);
    client.emit(&mut draft, None, None).unwrap();
    client.sent(&mut draft);
    let bytes = client.take_output();
    let suites = Config::client(&[0x0302]).cipher_suites.len() + 1;
    // msg_length, msg_type, version, three lengths, suites of three bytes, a challenge.
    assert_eq!(bytes.len(), 2 + 1 + 2 + 6 + 3 * suites + 32);
    assert_eq!(usize::from(bytes[0] & 0x7f) << 8 | usize::from(bytes[1]), bytes.len() - 2);
    assert_eq!((bytes[0] & 0x80, &bytes[2..5]), (0x80, &[1, 3, 2][..]));
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
