//! Encrypted Client Hello, our client against our server: accepted, rejected, through a HelloRetryRequest; and with
//! something wrong in it, which the other side has to notice.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{flush, flush_with, path, remarks_in};
use gauntlet_crypto::KeyShare;
use gauntlet_model::{Side, What};
use gauntlet_peer::view::{ClientHelloView, extension};
use gauntlet_peer::{Change, Config, Ech, Peer, external_psk};
use gauntlet_wire::{ByteEdit, Context, Edit, Grammar, Plain};
use std::sync::Arc;

struct Talk {
    client: Peer,
    server: Peer,
    events: (Vec<What>, Vec<What>),
}

fn talk(client: Config, server: Config, changes: &[(&str, Change)]) -> Talk {
    let (mut client, mut server) = (Peer::new(client, [1; 32]), Peer::new(server, [2; 32]));
    for _ in 0..10 {
        let bytes = flush_with(&mut client, changes);
        server.receive(&bytes);
        let answer = flush_with(&mut server, changes);
        client.receive(&answer);
        if bytes.is_empty() && answer.is_empty() {
            break;
        }
    }
    let events = (client.take_events(), server.take_events());
    Talk { client, server, events }
}

/// Whether it was accepted, as that side sees it.
fn outcome(events: &[What]) -> Option<bool> {
    events.iter().rev().find_map(|event| if let What::Established { ech, .. } = event { *ech } else { None })
}

fn hellos(events: &[What], inner: bool) -> Vec<ClientHelloView> {
    let bytes = events.iter().filter_map(|event| match event {
        What::Message { from: Side::Us, name, bytes, .. } if !inner && name == "client_hello" => Some(bytes),
        What::Inner { from: Side::Us, bytes } if inner => Some(bytes),
        _ => None,
    });
    bytes.map(|bytes| ClientHelloView::of(&Grammar::tls().decode("Handshake", bytes, &Context::tls13()))).collect()
}

fn key() -> Arc<KeyShare> {
    Arc::new(gauntlet_pki::EchKem::X25519.key().unwrap())
}

fn pair() -> (Config, Config) {
    let configs = gauntlet_pki::EchKem::X25519.config_list().unwrap();
    (
        Config { ech: Ech::Offer(configs.clone()), ..Config::client(&[0x0304]) },
        Config { ech: Ech::Serve { configs, key: Some(key()) }, ..Config::server(&[0x0304]) },
    )
}

fn edit(edits: Vec<Edit>) -> Change {
    Change { edits, ..Change::default() }
}

fn names(list: &[&str]) -> Plain {
    list.iter().copied().collect()
}

/// What the server remarks on a hello that is changed so.
fn server_says(change: Change) -> Vec<String> {
    let (client, server) = pair();
    remarks_in(&talk(client, server, &[("client_hello", change)]).events.1)
}

#[test]
fn the_inner_hello_is_taken() {
    let (client, server) = pair();
    let talk = talk(Config { alpn: vec!["h2".to_owned()], ..client }, server, &[]);
    assert!(talk.client.is_established() && talk.server.is_established());
    assert_eq!((remarks_in(&talk.events.0), remarks_in(&talk.events.1)), (vec![], vec![]));
    assert_eq!((outcome(&talk.events.0), outcome(&talk.events.1)), (Some(true), Some(true)));
    let (outer, inner) = (&hellos(&talk.events.0, false)[0], &hellos(&talk.events.0, true)[0]);
    assert_ne!(outer.random, inner.random);
    assert_eq!((&outer.session_id, &outer.shares), (&inner.session_id, &inner.shares));
    let came =
        talk.events.1.iter().find_map(|event| if let What::Inner { bytes, .. } = event { Some(bytes) } else { None });
    let sent =
        talk.events.0.iter().find_map(|event| if let What::Inner { bytes, .. } = event { Some(bytes) } else { None });
    assert_eq!(came, sent, "decompressed, it is what was meant");
}

#[test]
fn the_inner_hello_is_taken_through_a_retry() {
    let (client, server) = pair();
    let talk = talk(client, Config { groups: vec![23], ..server }, &[]);
    assert_eq!((remarks_in(&talk.events.0), remarks_in(&talk.events.1)), (vec![], vec![]));
    assert_eq!((outcome(&talk.events.0), outcome(&talk.events.1)), (Some(true), Some(true)));
    assert_eq!((hellos(&talk.events.0, false).len(), hellos(&talk.events.0, true).len()), (2, 2));
}

#[test]
fn every_suite_of_a_configuration_seals() {
    for aead in 1..=3 {
        let suite = Edit::Set(path("extensions.encrypted_client_hello.cipher_suite.aead_id"), Plain::Number(aead));
        let (client, server) = pair();
        let talk = talk(client, server, &[("client_hello", edit(vec![suite]))]);
        assert_eq!((outcome(&talk.events.1), remarks_in(&talk.events.1)), (Some(true), vec![]), "{aead}");
    }
}

#[test]
fn who_has_another_key_goes_on_with_the_outer_hello() {
    let (client, server) = pair();
    let configs = gauntlet_pki::EchKem::X25519.config_list().unwrap();
    let other = Ech::Serve { configs: configs.clone(), key: None };
    for groups in [vec![29, 23], vec![23]] {
        let server = Config { ech: other.clone(), groups, ..server.clone() };
        let talk = talk(Config { requires_ech: true, ..client.clone() }, server, &[]);
        assert!(talk.client.is_established() && talk.server.is_established());
        assert_eq!((outcome(&talk.events.0), outcome(&talk.events.1)), (Some(false), Some(false)));
        let remarks = remarks_in(&talk.events.0);
        assert!(
            remarks[0].starts_with("bad_certificate: certificate chain"),
            "it is not for the public name: {remarks:?}"
        );
        assert_eq!(remarks[1..], ["ech_required: the server took the outer hello"]);
        let said = talk.events.0.iter().find_map(|event| match event {
            What::Message { name, bytes, .. } if name == "encrypted_extensions" => Some(bytes.clone()),
            _ => None,
        });
        assert!(said.unwrap().windows(configs.len()).any(|window| window == configs), "retry configurations");
    }
}

#[test]
fn who_does_not_know_it_takes_the_outer_hello() {
    let (client, server) = pair();
    let talk = talk(client, Config { ech: Ech::Unknown, ..server }, &[]);
    assert_eq!((outcome(&talk.events.0), outcome(&talk.events.1)), (Some(false), None));
    assert_eq!((remarks_in(&talk.events.0), remarks_in(&talk.events.1)), (vec![], vec![]));
}

#[test]
fn grease_is_passed_over_and_repeated() {
    let (client, server) = pair();
    for groups in [vec![29, 23], vec![23]] {
        let server = Config { groups, ..server.clone() };
        let talk =
            talk(Config { ech: Ech::Grease, grease: true, alpn: vec!["h2".to_owned()], ..client.clone() }, server, &[]);
        assert!(talk.client.is_established() && talk.server.is_established());
        assert_eq!((remarks_in(&talk.events.0), remarks_in(&talk.events.1)), (vec![], vec![]));
        let hello = &hellos(&talk.events.0, false)[0];
        assert!(hello.cipher_suites[0] & 0x0f0f == 0x0a0a && hello.groups[0] == hello.shares[0].0, "{hello:?}");
        assert!(hello.versions[0] & 0x0f0f == 0x0a0a && hello.signature_schemes[0] & 0x0f0f == 0x0a0a);
        assert!(hello.alpn.len() == 2 && hello.psk_modes.len() == 2);
        assert_ne!(hello.extensions.first(), hello.extensions.last());
    }
}

#[test]
fn psks_and_early_data_are_for_the_inner_hello() {
    let (client, server) = pair();
    let known = external_psk(b"me".to_vec(), vec![7; 20], 0x1301);
    let client = Config { psks: vec![known.clone()], early_data: Some(b"early".to_vec()), ..client };
    let server = Config { psks: vec![known], max_early_data: 100, ..server };
    let talk = talk(client, server, &[]);
    assert_eq!((remarks_in(&talk.events.0), remarks_in(&talk.events.1)), (vec![], vec![]));
    assert_eq!(outcome(&talk.events.1), Some(true));
    let (outer, inner) = (&hellos(&talk.events.0, false)[0], &hellos(&talk.events.0, true)[0]);
    assert!(outer.extensions.contains(&extension::EARLY_DATA) && inner.extensions.contains(&extension::EARLY_DATA));
    assert_ne!(outer.identities, inner.identities);
    assert_eq!(talk.server.application_data(), 1, "the early data was read");
}

#[test]
fn the_inner_hello_can_be_spoiled() {
    let inner = |edits: Vec<Edit>| Change { inner: Some(Box::new(edit(edits))), ..Change::default() };
    let versions = Edit::Set(path("extensions.supported_versions.versions"), names(&["tls1.3", "tls1.2"]));
    assert_eq!(
        server_says(inner(vec![versions])),
        ["illegal_parameter: the inner hello offers a version below TLS 1.3"]
    );
    let none = Edit::Remove(path("extensions.encrypted_client_hello"));
    let said = server_says(inner(vec![none]));
    assert!(said[0].contains("no inner form"), "{said:?}");
    let suites = Edit::Set(path("cipher_suites"), names(&["TLS_CHACHA20_POLY1305_SHA256"]));
    let (client, server) = pair();
    let talk = talk(client, server, &[("client_hello", inner(vec![suites]))]);
    let suite =
        talk.events.0.iter().find_map(|event| {
            if let What::Established { cipher_suite, .. } = event { Some(*cipher_suite) } else { None }
        });
    assert_eq!((suite, remarks_in(&talk.events.0)), (Some(0x1303), vec![]), "it is the inner hello that counts");
}

#[test]
fn the_encoding_of_the_inner_hello_can_be_spoiled() {
    const LIST: &str =
        "extensions.encrypted_client_hello.payload.inside.extensions.ech_outer_extensions.OuterExtensions";
    let list = |list: &[&str]| edit(vec![Edit::Set(path(LIST), names(list))]);
    for (change, words) in [
        (list(&["key_share", "supported_groups"]), "out of order"),
        (list(&["key_share", "key_share"]), "out of order, or twice"),
        (list(&["encrypted_client_hello"]), "names encrypted_client_hello"),
        (list(&["cookie"]), "which the outer hello has not"),
    ] {
        let said = server_says(change);
        assert!(said[0].starts_with("illegal_parameter") && said[0].contains(words), "{said:?}");
    }
    let inside = |field: &str| path(&format!("extensions.encrypted_client_hello.payload.inside.{field}"));
    let zeros = edit(vec![Edit::Set(inside("zeros"), Plain::Bytes(vec![0, 1, 0]))]);
    assert!(server_says(zeros)[0].contains("padding that is not zero"));
    let session = edit(vec![Edit::Set(inside("legacy_session_id"), Plain::Bytes(vec![1]))]);
    assert!(server_says(session)[0].contains("a session id of its own"));
    let lies = edit(vec![Edit::LengthBy(inside("extensions"), 400)]);
    assert!(server_says(lies)[0].starts_with("decode_error"));
}

#[test]
fn what_does_not_open_is_no_offer() {
    let ech = |field: &str| path(&format!("extensions.encrypted_client_hello.{field}"));
    let flip = |field: &str| edit(vec![Edit::Bytes(ech(field), ByteEdit::FlipBit { bit: -1 })]);
    let computed = |name: &str, value: Plain| Change {
        compute: vec![("payload".to_owned(), vec![(name.to_owned(), value)])],
        ..Change::default()
    };
    let wrong_info = computed("info", Plain::Bytes(b"tls ech".to_vec()));
    let wrong_number = computed("sequence", Plain::Number(1));
    let random = Change { bytes: vec![ByteEdit::FlipBit { bit: 8 * 6 }], ..Change::default() };
    let id = edit(vec![Edit::Set(ech("config_id"), Plain::Number(1))]);
    let key = edit(vec![Edit::Set(ech("enc"), Plain::Bytes(vec![0; 32]))]);
    let short = edit(vec![Edit::Set(ech("payload"), Plain::Bytes(vec![7; 5]))]);
    for change in [flip("payload"), flip("enc"), wrong_info, wrong_number, random, id, key, short] {
        let (client, server) = pair();
        let talk = talk(client, server, &[("client_hello", change.clone())]);
        assert_eq!((outcome(&talk.events.0), outcome(&talk.events.1)), (Some(false), Some(false)), "{change:?}");
        assert_eq!((remarks_in(&talk.events.0), remarks_in(&talk.events.1)), (vec![], vec![]));
    }
}

#[test]
fn forms_that_are_none_are_told() {
    let form = |number| Edit::Set(path("extensions.encrypted_client_hello"), Plain::Bytes(vec![number]));
    let (client, server) = pair();
    let client = Config { ech: Ech::Unknown, ..client };
    for (number, words) in [(1, "in the open"), (7, "unknown form")] {
        let talk = talk(client.clone(), server.clone(), &[("client_hello", edit(vec![form(number)]))]);
        let said = remarks_in(&talk.events.1);
        assert!(said.iter().any(|text| text.starts_with("illegal_parameter") && text.contains(words)), "{said:?}");
    }
}

#[test]
fn the_second_hello_must_go_with_the_first() {
    let ech = |field: &str| path(&format!("extensions.encrypted_client_hello.{field}"));
    let set = |field: &str, value: Plain| edit(vec![Edit::Set(ech(field), value)]);
    let gone = edit(vec![Edit::Remove(path("extensions.encrypted_client_hello"))]);
    let flip = edit(vec![Edit::Bytes(ech("payload"), ByteEdit::FlipBit { bit: 0 })]);
    for (change, alert) in [
        (gone, "missing_extension"),
        (set("config_id", Plain::Number(9)), "illegal_parameter"),
        (set("cipher_suite.aead_id", Plain::Number(2)), "illegal_parameter"),
        (set("enc", Plain::Bytes(vec![3; 32])), "illegal_parameter"),
        (flip, "decrypt_error"),
    ] {
        let (client, server) = pair();
        let server = Config { groups: vec![23], ..server };
        let (mut client, mut server) = (Peer::new(client, [1; 32]), Peer::new(server, [2; 32]));
        server.receive(&flush(&mut client));
        client.receive(&flush(&mut server));
        assert_eq!(remarks_in(&server.take_events()), Vec::<String>::new());
        server.receive(&flush_with(&mut client, &[("client_hello", change.clone())]));
        let said = remarks_in(&server.take_events());
        assert!(said.first().is_some_and(|text| text.starts_with(alert)), "{change:?}: {said:?}");
    }
}

#[test]
fn a_wrong_confirmation_is_none() {
    let (client, server) = pair();
    let client = Config { requires_ech: true, ..client };
    let flip = |field: &str| edit(vec![Edit::Bytes(path(field), ByteEdit::FlipBit { bit: -1 })]);
    let talk_to = |server: Config, name: &str, change: Change| talk(client.clone(), server, &[(name, change)]);
    let by_hello = talk_to(server.clone(), "server_hello", flip("random"));
    assert_eq!((outcome(&by_hello.events.0), outcome(&by_hello.events.1)), (Some(false), Some(false)));
    assert_eq!(remarks_in(&by_hello.events.0).last().unwrap(), "ech_required: the server took the outer hello");
    let retries = Config { groups: vec![23], ..server };
    let after_retry = talk_to(retries.clone(), "server_hello", flip("random"));
    assert!(remarks_in(&after_retry.events.0)[0].starts_with("illegal_parameter: ECH was accepted by"));
    let by_retry = talk_to(retries, "hello_retry_request", flip("extensions.encrypted_client_hello.confirmation"));
    assert_ne!(outcome(&by_retry.events.0), Some(true));
}

#[test]
fn configurations_that_cannot_be_used_are_passed_over() {
    let good = &gauntlet_pki::EchKem::X25519.config().unwrap()[..];
    let list = |configs: &[&[u8]]| {
        let all = configs.concat();
        [&(all.len() as u16).to_be_bytes()[..], &all].concat()
    };
    let changed = |at: usize, byte: u8| {
        let mut config = good.to_vec();
        config[at] = byte;
        config
    };
    let name = good.windows(6).position(|window| window == b"public").unwrap();
    let extension = |kind: u16| {
        let mut config = good.to_vec();
        let last = config.len() - 2;
        config.truncate(last);
        config.extend([0, 4]);
        config.extend(kind.to_be_bytes());
        config.extend([0, 0]);
        let length = (config.len() - 4) as u16;
        config[2..4].copy_from_slice(&length.to_be_bytes());
        config
    };
    let (_, server) = pair();
    let offered = |configs: Vec<u8>| {
        let client = Config { ech: Ech::Offer(configs), ..Config::client(&[0x0304]) };
        outcome(&talk(client, server.clone(), &[]).events.0)
    };
    assert_eq!(offered(list(&[&changed(1, 0x0a), good])), Some(true), "another version");
    assert_eq!(offered(list(&[&changed(6, 0x77), good])), Some(true), "another KEM");
    assert_eq!(offered(list(&[&changed(name, b'_'), good])), Some(true), "no host name");
    assert_eq!(offered(list(&[&extension(0x8001), good])), Some(true), "a mandatory extension");
    assert_eq!(offered(list(&[&changed(1, 0x0a)])), None);
    // What need not be known is no reason; the server has another configuration then.
    assert_eq!(offered(list(&[&extension(0x7001)])), Some(false));
    assert_eq!(offered(vec![0, 9, 1]), None, "no list at all");
}
