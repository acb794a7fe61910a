//! TLS 1.3 beyond the plain handshake, our client against our server: PSKs, 0-RTT, late authentication, compressed
//! certificates. Each time also with something wrong in it, which the other side has to notice.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{converse, flush, path, remarks, send};
use gauntlet_model::What;
use gauntlet_peer::{Change, Config, Peer, Session, external_psk};
use gauntlet_wire::{ByteEdit, Edit, Place, Plain};

fn messages(peer: &mut Peer) -> Vec<String> {
    let events = peer.take_events().into_iter();
    events
        .filter_map(|event| if let What::Message { name, .. } = event { Some(name.into_owned()) } else { None })
        .collect()
}

fn pair(client: Config, server: Config) -> (Peer, Peer) {
    (Peer::new(client, [1; 32]), Peer::new(server, [2; 32]))
}

/// Completes without a remark on either side.
fn completes(client: Config, server: Config) -> (Peer, Peer) {
    let (mut client, mut server) = pair(client, server);
    converse(&mut client, &mut server);
    let events = (client.take_events(), server.take_events());
    assert!(client.is_established() && server.is_established(), "{events:?}");
    let bad = |event: &&What| matches!(event, What::Remark { .. } | What::NotFollowed { .. });
    assert_eq!(events.0.iter().chain(&events.1).filter(bad).collect::<Vec<_>>(), Vec::<&What>::new());
    (client, server)
}

fn tls13() -> (Config, Config) {
    (Config::client(&[0x0304]), Config::server(&[0x0304]))
}

fn ticket(server: Config) -> Session {
    completes(Config::client(&[0x0304]), server).0.sessions.last().cloned().unwrap()
}

fn psk(name: &str, suite: u16) -> Session {
    external_psk(name.as_bytes().to_vec(), vec![7; 20], suite)
}

#[test]
fn several_psks_are_offered_and_any_can_be_taken() {
    for known in ["one", "two", "three"] {
        let (mut client, mut server) = tls13();
        client.psks = vec![psk("one", 0x1301), psk("two", 0x1301), psk("three", 0x1301)];
        client.session = Some(Session { ticket: b"nobody's".to_vec(), ..ticket(server.clone()) });
        server.psks = vec![psk(known, 0x1301)];
        let (_, mut server) = completes(client, server);
        assert!(!messages(&mut server).contains(&"certificate".to_owned()));
    }
}

#[test]
fn a_psk_serves_without_a_key_exchange() {
    let (client, mut server) = tls13();
    server.psks = vec![psk("me", 0x1301)];
    let client = Config { psks: server.psks.clone(), shares: Vec::new(), ..client };
    let (mut client, mut server) = pair(client, server);
    let modes = Edit::Set(path("extensions.psk_key_exchange_modes.ke_modes"), Plain::List(vec![Plain::Number(0)]));
    send(&mut client, "client_hello", &Change { edits: vec![modes], ..Change::default() });
    converse(&mut client, &mut server);
    assert!(client.is_established() && server.is_established());
    assert_eq!(remarks(&mut server), Vec::<String>::new());
    let events = client.take_events();
    let shared = events
        .iter()
        .any(|e| matches!(e, What::Secret { label, secret, .. } if label == "SHARED_SECRET" && secret.is_empty()));
    assert!(shared, "there is no shared secret without (EC)DHE");
}

#[test]
fn psks_survive_a_retry_if_their_hash_fits() {
    let (client, server) = tls13();
    let psks = vec![psk("long", 0x1302), psk("short", 0x1301)];
    let client = Config { psks: psks.clone(), cipher_suites: vec![0x1301, 0x1302], ..client };
    let server = Config { psks, groups: vec![24], cipher_suites: vec![0x1301], ..server };
    let (mut client, mut server) = pair(client, server);
    converse(&mut client, &mut server);
    assert_eq!(remarks(&mut server), Vec::<String>::new());
    let hellos = client.take_events().into_iter().filter_map(|event| match event {
        What::Message { name, bytes, .. } if name == "client_hello" => Some(bytes),
        _ => None,
    });
    let long = hellos.map(|hello| hello.windows(4).any(|w| w == b"long")).collect::<Vec<_>>();
    assert_eq!(long, [true, false], "only the first hello offers the PSK that the retry has ruled out");
    assert!(client.is_established());
}

/// What the server says of a hello with two PSKs that is changed so; and whether it took one.
fn changed(edits: Vec<Edit>) -> (Vec<String>, bool) {
    let (mut client, mut server) = tls13();
    client.psks = vec![psk("other", 0x1301), psk("me", 0x1301)];
    server.psks = vec![psk("me", 0x1301)];
    let (mut client, mut server) = pair(client, server);
    send(&mut client, "client_hello", &Change { edits, ..Change::default() });
    server.receive(&flush(&mut client));
    let taken = server.due() == Some("server_hello");
    (remarks(&mut server), taken)
}

#[test]
fn binders_cover_whatever_is_changed_ahead_of_them() {
    let bytes = |text: &str| Edit::Bytes(path(text), ByteEdit::Append { bytes: vec![1, 2, 3] });
    let share = Edit::Set(path("extensions.key_share.client_shares[0].key_exchange"), Plain::Bytes(vec![9; 40]));
    let wrong = |edits| changed(edits).0.into_iter().filter(|text| text.contains("binder of")).count();
    assert_eq!(changed(vec![]), (Vec::new(), true));
    assert_eq!(wrong(vec![share.clone()]), 0);
    assert_eq!(wrong(vec![bytes("extensions.pre_shared_key")]), 0);
    assert_eq!(wrong(vec![bytes("extensions.pre_shared_key"), share]), 0);
    let another = Edit::Add(path("extensions.pre_shared_key.binders"), Plain::Bytes(vec![5; 32]), Place::Last);
    assert_eq!(wrong(vec![another]), 0);
    let flip =
        |place| Edit::Bytes(path(&format!("extensions.pre_shared_key.binders[{place}]")), ByteEdit::FlipBit { bit: 3 });
    assert_eq!(wrong(vec![flip(0)]), 0, "nobody looks at the binder of a PSK that is not known");
    assert_eq!(wrong(vec![flip(1)]), 1);
}

fn early(data: &[u8]) -> (Config, Config) {
    let (client, server) = tls13();
    let server = Config { max_early_data: 100, ..server };
    let session = ticket(server.clone());
    assert_eq!(session.max_early_data, 100);
    (Config { session: Some(session), early_data: Some(data.to_vec()), ..client }, server)
}

#[test]
fn early_data_is_taken() {
    let (client, server) = early(b"hello");
    let (mut client, mut server) = pair(client, server);
    converse(&mut client, &mut server);
    let heard: Vec<_> = server.take_events();
    let names: Vec<&str> = heard
        .iter()
        .filter_map(|e| if let What::Message { name, .. } = e { Some(name.as_ref()) } else { None })
        .collect();
    assert!(names.contains(&"end_of_early_data"), "{names:?}");
    assert!(
        heard
            .iter()
            .any(|e| matches!(e, What::Message { name, bytes, .. } if name == "application_data" && bytes == b"hello"))
    );
    assert!(!heard.iter().any(|e| matches!(e, What::Remark { .. })));
    let exporter = |events: &[What]| {
        events.iter().find_map(|e| match e {
            What::Secret { label, secret, .. } if label == "EARLY_EXPORTER_SECRET" => Some(secret.clone()),
            _ => None,
        })
    };
    assert_eq!(exporter(&heard).unwrap().len(), 32);
    assert_eq!(exporter(&heard), exporter(&client.take_events()));
    assert!(client.is_established() && server.is_established());
}

#[test]
fn refused_early_data_is_passed_over() {
    for refusing in [Config::server(&[0x0304]), Config { groups: vec![24], ..Config::server(&[0x0304]) }] {
        let (client, _) = early(&[0x41; 40_000]);
        let (mut client, mut server) = pair(client, refusing);
        converse(&mut client, &mut server);
        assert!(client.is_established() && server.is_established());
        assert!(!messages(&mut client).contains(&"end_of_early_data".to_owned()));
        assert_eq!(remarks(&mut server), Vec::<String>::new());
        send(&mut client, "application_data", &Change::default());
        server.receive(&client.take_output());
        assert_eq!(server.application_data(), 1, "only what came under application keys");
    }
}

#[test]
fn a_missing_end_of_early_data_is_noticed() {
    let (client, server) = early(b"hello");
    let (mut client, mut server) = pair(client, server);
    server.receive(&flush(&mut client));
    client.receive(&flush(&mut server));
    assert_eq!(client.due(), Some("end_of_early_data"));
    client.skip("end_of_early_data");
    server.receive(&flush(&mut client));
    assert!(!server.is_established());
    assert!(remarks(&mut server).iter().any(|text| text.starts_with("bad_record_mac")));
}

#[test]
fn clients_authenticate_behind_the_handshake() {
    let (client, server) = tls13();
    let (mut client, mut server) = pair(client, server);
    let offer = Edit::Set(path("extensions.post_handshake_auth"), Plain::Map(Vec::new()));
    send(&mut client, "client_hello", &Change { edits: vec![offer], ..Change::default() });
    converse(&mut client, &mut server);
    client.take_events();
    for context in [1_u8, 2] {
        let context = Edit::Set(path("certificate_request_context"), Plain::Bytes(vec![context]));
        send(&mut server, "certificate_request", &Change { edits: vec![context], ..Change::default() });
        converse(&mut client, &mut server);
        let sent = messages(&mut client);
        assert_eq!(sent, ["certificate_request", "certificate", "certificate_verify", "finished"]);
    }
    assert_eq!(remarks(&mut server), Vec::<String>::new());

    send(&mut server, "certificate_request", &Change::default());
    client.receive(&server.take_output());
    send(&mut client, "certificate", &Change::default());
    let flip = Edit::Bytes(path("signature"), ByteEdit::FlipBit { bit: 100 });
    send(&mut client, "certificate_verify", &Change { edits: vec![flip], ..Change::default() });
    server.receive(&flush(&mut client));
    let said = remarks(&mut server);
    assert!(said.iter().any(|text| text.starts_with("decrypt_error: CertificateVerify")), "{said:?}");
}

#[test]
fn nobody_is_asked_who_did_not_offer_it() {
    let (client, server) = tls13();
    let (mut client, mut server) = completes(client, server);
    send(&mut server, "certificate_request", &Change::default());
    client.receive(&server.take_output());
    assert_eq!(remarks(&mut client), ["unexpected_message: post-handshake authentication was not offered"]);
}

fn compressing(algorithm: u64, change: Change) -> Vec<String> {
    let (client, server) = tls13();
    let (mut client, mut server) = pair(client, server);
    let list = Plain::List(vec![Plain::Number(algorithm)]);
    let offer = Edit::Set(path("extensions.compress_certificate.algorithms"), list);
    send(&mut client, "client_hello", &Change { edits: vec![offer], ..Change::default() });
    server.receive(&flush(&mut client));
    while server.due() != Some("certificate") {
        let name = server.due().unwrap();
        send(&mut server, name, &Change::default());
    }
    send(&mut server, "compressed_certificate", &change);
    server.skip("certificate");
    converse(&mut client, &mut server);
    remarks(&mut client)
}

#[test]
fn compressed_certificates_are_opened() {
    for algorithm in [1, 2, 3] {
        assert_eq!(compressing(algorithm, Change::default()), Vec::<String>::new());
    }
    let length = Edit::Set(path("uncompressed_length"), Plain::Number(5));
    let given = vec![path("uncompressed_length")];
    let said = compressing(1, Change { edits: vec![length], given, ..Change::default() });
    assert!(said[0].contains("more than 5 bytes come out of it"), "{said:?}");
    let zeros = vec![("content".to_owned(), Plain::Bytes(vec![0; 1 << 20]))];
    let bomb = vec![("compressed_certificate_message".to_owned(), zeros)];
    let said = compressing(1, Change { compute: bomb, ..Change::default() });
    assert!(!said.is_empty());
}

#[test]
fn compression_is_for_those_who_announced_it() {
    for (announced, sent, said) in [
        (vec![], 1, Some("unexpected_message: compressed_certificate, for which no support was announced")),
        (vec![1, 2], 3, Some("illegal_parameter: certificate compression 3 was not offered")),
        (vec![1, 2], 2, None),
    ] {
        let (client, server) = tls13();
        let server = Config { request_certificate: true, compressors: announced, ..server };
        let (mut client, mut server) = pair(client, server);
        server.receive(&flush(&mut client));
        client.receive(&flush(&mut server));
        while client.due() != Some("certificate") {
            let name = client.due().unwrap();
            send(&mut client, name, &Change::default());
        }
        let algorithm = Edit::Set(path("algorithm"), Plain::Number(sent));
        send(&mut client, "compressed_certificate", &Change { edits: vec![algorithm], ..Change::default() });
        client.skip("certificate");
        server.receive(&flush(&mut client));
        assert_eq!(remarks(&mut server).first().map(String::as_str), said);
    }
}

#[test]
fn more_early_data_than_the_ticket_allows_is_noticed() {
    let (client, server) = early(&[0x41; 101]);
    let (mut client, mut server) = pair(client, server);
    converse(&mut client, &mut server);
    assert_eq!(remarks(&mut server), ["unexpected_message: 101 bytes of early data"]);
}

#[test]
fn key_updates_go_both_ways() {
    let (client, server) = tls13();
    let (mut client, mut server) = completes(client, server);
    let ask = Edit::Set(path("request_update"), Plain::Number(1));
    for _ in 0..3 {
        send(&mut client, "key_update", &Change { edits: vec![ask.clone()], ..Change::default() });
        server.receive(&flush(&mut client));
        client.receive(&flush(&mut server));
    }
    send(&mut client, "application_data", &Change::default());
    server.receive(&client.take_output());
    send(&mut server, "application_data", &Change::default());
    client.receive(&server.take_output());
    assert_eq!((client.application_data(), server.application_data()), (1, 1));
}
