//! The embedded OpenSSL, met by an honest OpenSSL and by nonsense.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use common::{Wire, client_context, connect, converse, drain, options, server_context, server_with};
use gauntlet_model::{Close, Ending, LinkError, Received, Role};
use gauntlet_target::Target;
use gauntlet_target::embedded::{openssl, rustls};
use openssl::ssl::{ErrorCode, NameType, Ssl, SslContext, SslStream, SslVersion};
use openssl::x509::X509;
use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::Duration;

/// A plaintext record with a fatal alert in it.
fn fatal(alert: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, alert]
}

fn only(version: SslVersion) -> SslContext {
    client_context(|builder| {
        builder.set_min_proto_version(Some(version)).unwrap();
        builder.set_max_proto_version(Some(version)).unwrap();
    })
}

#[test]
fn echoes_in_both_versions() {
    for target in [openssl(), rustls()] {
        let mut instance = target.start(Role::Server, &options(&[])).unwrap();
        for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
            let mut link = instance.link().unwrap();
            assert_eq!(converse(&only(version), &mut *link, b"hello").unwrap(), b"hello");
        }
    }
}

#[test]
fn several_connections_live_side_by_side() {
    let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
    let mut link = instance.link().unwrap();
    let (one, two) = (link.connect().unwrap(), link.connect().unwrap());
    link.send(one, b"nonsense, and more of it");
    assert_eq!(link.receive(two, Duration::ZERO), Received::Quiet);
    assert_ne!(link.receive(one, Duration::ZERO), Received::Quiet);
}

#[test]
fn silence_is_quiet_at_once() {
    for target in [openssl(), rustls()] {
        let mut instance = target.start(Role::Server, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();
        let connection = link.connect().unwrap();
        assert_eq!(link.receive(connection, Duration::from_secs(1_000_000)), Received::Quiet);
        link.send(connection, &[22, 3, 1]);
        assert_eq!(link.receive(connection, Duration::from_secs(1_000_000)), Received::Quiet);
        assert!(link.exit().is_none());
    }
}

#[test]
fn garbage_earns_an_alert_and_the_end() {
    for target in [openssl(), rustls()] {
        let mut instance = target.start(Role::Server, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();
        let connection = link.connect().unwrap();
        link.send(connection, &[22, 3, 1, 0, 5, 77, 0, 0, 1, 0]);
        assert_eq!(drain(&mut *link, connection), (fatal(10), Received::End(Ending::Fin)), "{}", target.name());
        // Further bytes are no error, and change nothing.
        link.send(connection, b"more");
        assert_eq!(link.receive(connection, Duration::ZERO), Received::End(Ending::Fin));
    }
}

#[test]
fn close_notify_is_answered() {
    for target in [openssl(), rustls()] {
        let mut instance = target.start(Role::Server, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();
        let mut stream = connect(&only(SslVersion::TLS1_2), &mut *link).unwrap();
        stream.shutdown().unwrap();
        let error = stream.ssl_read(&mut [0; 16]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ZERO_RETURN);
        let wire = stream.get_mut();
        assert_eq!(wire.link.receive(wire.connection, Duration::ZERO), Received::End(Ending::Fin));
    }
}

#[test]
fn our_end_is_seen() {
    let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
    let mut link = instance.link().unwrap();
    for (how, ending) in [(Close::Half, Ending::Fin), (Close::Fin, Ending::Fin), (Close::Rst, Ending::Rst)] {
        let connection = link.connect().unwrap();
        link.close(connection, how);
        assert_eq!(drain(&mut *link, connection).1, Received::End(ending));
    }
}

#[test]
fn each_certificate_serves() {
    for kind in ["p256", "p384", "p521", "ed25519", "ed448", "rsa2048", "rsapss2048"] {
        let mut instance = openssl().start(Role::Server, &options(&[("certificate", kind)])).unwrap();
        let mut link = instance.link().unwrap();
        let context = client_context(|builder| {
            builder.set_sigalgs_list("ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:ed448:rsa_pss_rsae_sha256:rsa_pss_pss_sha256").unwrap();
        });
        let answer = converse(&context, &mut *link, b"x");
        assert_eq!(answer.as_deref(), Ok(&b"x"[..]), "{kind}");
    }
}

#[test]
fn suites_of_both_families_work_by_default() {
    let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
    for suite in
        ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA", "DHE-RSA-AES128-GCM-SHA256"]
    {
        let context = client_context(|builder| {
            builder.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
            builder.set_cipher_list(suite).unwrap();
        });
        let mut link = instance.link().unwrap();
        let stream = connect(&context, &mut *link).unwrap();
        assert_eq!(stream.ssl().current_cipher().unwrap().name(), suite);
        assert_eq!(stream.ssl().peer_cert_chain().unwrap().len(), 2);
    }
}

#[test]
fn client_certificates_are_asked_for() {
    let with_certificate = client_context(|builder| {
        let identity = gauntlet_pki::client(gauntlet_pki::KeyKind::P256);
        builder.set_certificate(&X509::from_der(&identity.chain[0]).unwrap()).unwrap();
        builder.add_extra_chain_cert(X509::from_der(&identity.chain[1]).unwrap()).unwrap();
        builder.set_private_key(identity.key.pkey()).unwrap();
    });
    let without = client_context(|_| ());
    for (mode, context, accepted) in [
        ("none", &without, true),
        ("request", &without, true),
        ("request", &with_certificate, true),
        ("require", &without, false),
        ("require", &with_certificate, true),
    ] {
        for target in [openssl(), rustls()] {
            let mut instance = target.start(Role::Server, &options(&[("client_auth", mode)])).unwrap();
            let mut link = instance.link().unwrap();
            assert_eq!(converse(context, &mut *link, b"x").is_ok(), accepted, "{mode}");
        }
    }
}

#[test]
fn negotiates_a_protocol() {
    let mut instance = openssl().start(Role::Server, &options(&[("alpn", "h2, http/1.1")])).unwrap();
    for (offer, chosen) in [(&b"\x08http/1.1"[..], Some(&b"http/1.1"[..])), (b"\x03foo", None)] {
        let context = client_context(|builder| builder.set_alpn_protos(offer).unwrap());
        let mut link = instance.link().unwrap();
        let stream = connect(&context, &mut *link);
        assert_eq!(stream.ok().as_ref().and_then(|stream| stream.ssl().selected_alpn_protocol()), chosen);
    }
}

#[test]
fn options_narrow_it() {
    for (name, value, version, accepted) in [
        ("versions", "tls1.2", SslVersion::TLS1_3, false),
        ("versions", "tls1.2", SslVersion::TLS1_2, true),
        ("versions", "tls1.2-tls1.3", SslVersion::TLS1_3, true),
        ("groups", "secp384r1,x25519", SslVersion::TLS1_3, true),
        ("cipher_suites", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", SslVersion::TLS1_3, false),
        ("alpn", "h2,http/1.1", SslVersion::TLS1_2, true),
        ("tickets", "no", SslVersion::TLS1_3, true),
        ("certificate", "p384", SslVersion::TLS1_3, true),
        ("groups", "secp384r1,x25519mlkem768", SslVersion::TLS1_3, true),
        ("cipher_suites", "TLS_AES_128_GCM_SHA256", SslVersion::TLS1_3, true),
        ("cipher_suites", "TLS_RSA_WITH_AES_128_CBC_SHA", SslVersion::TLS1_3, false),
        ("cipher_suites", "TLS_RSA_WITH_AES_128_CBC_SHA", SslVersion::TLS1_2, true),
    ] {
        for target in [openssl(), rustls()] {
            let options = options(&[(name, value)]);
            if target.name() == "embedded-rustls" && target.supports(Role::Server, &options).is_err() {
                continue;
            }
            let mut instance = target.start(Role::Server, &options).unwrap();
            let mut link = instance.link().unwrap();
            let outcome = connect(&only(version), &mut *link).map(drop);
            assert_eq!(outcome.is_ok(), accepted, "{} {name} {value} {version:?}: {outcome:?}", target.name());
        }
    }
}

#[test]
fn unknown_options_are_refused_with_a_reason() {
    for (name, value, reason) in [
        ("colour", "blue", "option `colour: blue`: not known for a server"),
        ("versions", "tls1.4", "option `versions: tls1.4`: no version `tls1.4`"),
        ("client_auth", "maybe", "option `client_auth: maybe`: expected `none`, `request` or `require`"),
        ("groups", "x25518", "openssl does not know all of the groups x25518"),
        ("cipher_suites", "TLS_NO_SUCH", "openssl has no cipher suite TLS_NO_SUCH"),
        ("resumption", "yes", "option `resumption: yes`: not known for a server"),
    ] {
        assert_eq!(openssl().supports(Role::Server, &options(&[(name, value)])), Err(reason.to_owned()));
    }
    assert_eq!(openssl().supports(Role::Server, &options(&[("early_data", "yes")])), Ok(()));
}

#[test]
fn acts_when_asked() {
    let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
    for (version, action) in [
        (SslVersion::TLS1_3, "key_update"),
        (SslVersion::TLS1_3, "key_update_requested"),
        (SslVersion::TLS1_2, "renegotiate"),
    ] {
        let mut link = instance.link().unwrap();
        let mut stream = connect(&only(version), &mut *link).unwrap();
        // Tickets out of the way.
        assert_eq!(stream.ssl_read(&mut [0; 16]).unwrap_err().code(), ErrorCode::WANT_READ);
        let wire = stream.get_mut();
        wire.link.ask(wire.connection, action).unwrap();
        assert!(wire.link.receive(wire.connection, Duration::ZERO) != Received::Quiet, "{action}");
        assert!(wire.link.ask(wire.connection, "dance") == Err(LinkError::NoAction("dance".to_owned())));
    }
}

#[test]
fn rustls_acts_when_asked() {
    let mut instance = rustls().start(Role::Server, &options(&[])).unwrap();
    let mut link = instance.link().unwrap();
    let mut stream = connect(&only(SslVersion::TLS1_3), &mut *link).unwrap();
    let wire = stream.get_mut();
    for action in ["key_update_requested", "data"] {
        assert!(rustls().options_to_ask(Role::Server, action).is_some());
        wire.link.ask(wire.connection, action).unwrap();
    }
    assert_eq!(wire.link.ask(wire.connection, "key_update"), Err(LinkError::NoAction("key_update".to_owned())));
    let mut data = [0; 6];
    stream.read_exact(&mut data).unwrap();
    assert_eq!(&data, b"hello\n");
    let wire = stream.get_mut();
    wire.link.ask(wire.connection, "close").unwrap();
    assert_eq!(stream.ssl_read(&mut data).unwrap_err().code(), ErrorCode::ZERO_RETURN);
}

#[test]
fn rustls_says_what_it_cannot_do() {
    for (name, value, reason) in [
        ("versions", "tls1.0", "rustls has no version below tls1.2"),
        ("groups", "x448", "rustls has no x448"),
        ("cipher_suites", "TLS_RSA_WITH_AES_128_CBC_SHA", "rustls has no TLS_RSA_WITH_AES_128_CBC_SHA"),
        ("certificate", "ed448", "rustls cannot sign with ed448"),
        ("renegotiation", "yes", "rustls never renegotiates"),
    ] {
        assert_eq!(rustls().supports(Role::Server, &options(&[(name, value)])), Err(reason.to_owned()));
    }
}

#[test]
fn data_passes_after_key_updates() {
    let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
    let mut link = instance.link().unwrap();
    let mut stream = connect(&only(SslVersion::TLS1_3), &mut *link).unwrap();
    let wire = stream.get_mut();
    wire.link.ask(wire.connection, "key_update_requested").unwrap();
    stream.write_all(b"still here").unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"still here");
}

#[test]
fn asked_to_close_it_closes_in_order() {
    let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
    let mut link = instance.link().unwrap();
    let mut stream = connect(&only(SslVersion::TLS1_2), &mut *link).unwrap();
    let wire = stream.get_mut();
    wire.link.ask(wire.connection, "close").unwrap();
    assert_eq!(stream.ssl_read(&mut [0; 16]).unwrap_err().code(), ErrorCode::ZERO_RETURN);
}

#[test]
fn sessions_resume_and_early_data_is_echoed() {
    for target in [openssl(), rustls()] {
        early_data_is_echoed(&*target);
    }
}

fn early_data_is_echoed(target: &dyn Target) {
    let mut instance = target.start(Role::Server, &options(&[("early_data", "yes")])).unwrap();
    let (sender, sessions) = mpsc::channel();
    let context = client_context(|builder| {
        builder.set_session_cache_mode(openssl::ssl::SslSessionCacheMode::CLIENT);
        builder.set_new_session_callback(move |_, session| sender.send(session).unwrap());
    });
    let mut link = instance.link().unwrap();
    converse(&context, &mut *link, b"x").unwrap();
    let session = sessions.recv().unwrap();
    assert!(session.max_early_data() > 0);

    let mut ssl = Ssl::new(&context).unwrap();
    // SAFETY: the session belongs to the context.
    unsafe { ssl.set_session(&session).unwrap() };
    // For another name than the session's there is no early data.
    ssl.set_hostname(gauntlet_pki::SERVER_NAME).unwrap();
    ssl.set_connect_state();
    let mut stream = SslStream::new(ssl, Wire::new(&mut *link)).unwrap();
    stream.write_early_data(b"early").unwrap();
    stream.connect().unwrap();
    assert!(stream.ssl().session_reused());
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"early");
}

#[test]
fn the_client_asks_and_closes() {
    let context = server_context();
    for target in [openssl(), rustls()] {
        let mut instance = target.start(Role::Client, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();
        let mut stream = SslStream::new(Ssl::new(&context).unwrap(), Wire::new(&mut *link)).unwrap();
        stream.accept().unwrap();
        assert_eq!(stream.ssl().servername(NameType::HOST_NAME), Some(gauntlet_pki::SERVER_NAME));
        let mut request = [0; 64];
        let count = stream.read(&mut request).unwrap();
        assert_eq!(&request[..count], b"GET / HTTP/1.0\r\n\r\n");
        stream.write_all(b"HTTP/1.0 200 ok\r\n\r\n").unwrap();
        assert_eq!(stream.ssl_read(&mut request).unwrap_err().code(), ErrorCode::ZERO_RETURN);
        let wire = stream.get_mut();
        assert_eq!(wire.link.receive(wire.connection, Duration::ZERO), Received::End(Ending::Fin));
    }
}

#[test]
fn the_client_resumes_if_told() {
    let context = server_context();
    for (target, (resumption, expected)) in
        [openssl, rustls].into_iter().flat_map(|target| [("yes", true), ("no", false)].map(|told| (target(), told)))
    {
        let mut instance = target.start(Role::Client, &options(&[("resumption", resumption)])).unwrap();
        // Another case knows nothing of it.
        for _ in 0..2 {
            let mut link = instance.link().unwrap();
            let mut reused = Vec::new();
            for _ in 0..2 {
                let mut stream = SslStream::new(Ssl::new(&context).unwrap(), Wire::new(&mut *link)).unwrap();
                stream.accept().unwrap();
                stream.write_all(b"answer").unwrap();
                reused.push(stream.ssl().session_reused());
            }
            assert_eq!(reused, [false, expected], "{} {resumption}", target.name());
        }
    }
}

#[test]
fn the_client_asks_early_if_told_and_again_where_that_is_declined() {
    for target in [openssl(), rustls()] {
        asks_early(&*target, true);
        asks_early(&*target, false);
    }
}

fn asks_early(target: &dyn Target, taken: bool) {
    let context = server_context();
    let server = |limit| {
        let mut ssl = Ssl::new(&context).unwrap();
        ssl.set_max_early_data(limit).unwrap();
        ssl.set_accept_state();
        ssl
    };
    let told = options(&[("resumption", "yes"), ("early_data", "yes")]);
    let mut instance = target.start(Role::Client, &told).unwrap();
    let mut link = instance.link().unwrap();
    let mut first = SslStream::new(server(16384), Wire::new(&mut *link)).unwrap();
    first.accept().unwrap();
    first.write_all(b"answer").unwrap();
    // A connection that is cut off takes its session along.
    first.shutdown().unwrap();
    drop(first);

    let mut second = SslStream::new(server(if taken { 16384 } else { 0 }), Wire::new(&mut *link)).unwrap();
    let mut request = [0; 64];
    let mut count = if taken { second.read_early_data(&mut request).unwrap() } else { 0 };
    second.accept().unwrap();
    assert!(second.ssl().session_reused(), "{}", target.name());
    if !taken {
        count = second.read(&mut request).unwrap();
    }
    assert_eq!(&request[..count], b"GET / HTTP/1.0\r\n\r\n", "{}", target.name());
}

#[test]
fn the_client_refuses_a_wrong_name() {
    let context = server_with(gauntlet_pki::client(gauntlet_pki::KeyKind::P256));
    for target in [openssl(), rustls()] {
        let mut instance = target.start(Role::Client, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();
        let mut stream = SslStream::new(Ssl::new(&context).unwrap(), Wire::new(&mut *link)).unwrap();
        assert!(stream.accept().is_err() || stream.read(&mut [0; 16]).is_err(), "{}", target.name());
    }
}

#[test]
fn a_flood_is_bounded() {
    let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
    let mut link = instance.link().unwrap();
    let mut stream = connect(&only(SslVersion::TLS1_3), &mut *link).unwrap();
    let chunk = [7; 16384];
    for _ in 0..600 {
        stream.write_all(&chunk).unwrap();
    }
    let mut echoed = 0;
    let mut buffer = [0; 16384];
    while echoed < 600 * chunk.len() {
        echoed += stream.read(&mut buffer).unwrap();
    }
    let wire = stream.get_mut();
    wire.link.ask(wire.connection, "key_update").unwrap();
}

#[test]
fn the_clock_counts_calls() {
    let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
    let mut link = instance.link().unwrap();
    assert_eq!(link.now(), 0);
    let connection = link.connect().unwrap();
    link.receive(connection, Duration::ZERO);
    assert_eq!(link.now(), 2);
    assert!(link.is_memory());
}

#[test]
fn many_threads_share_a_context() {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
                for _ in 0..20 {
                    let mut link = instance.link().unwrap();
                    assert_eq!(converse(&client_context(|_| ()), &mut *link, b"x").unwrap(), b"x");
                }
            });
        }
    });
}

/// Not a test of anything but speed: `cargo test --release -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stderr, reason = "its result")]
fn speed() {
    let mut instance = openssl().start(Role::Server, &options(&[])).unwrap();
    let context = only(SslVersion::TLS1_3);
    let start = std::time::Instant::now();
    for _ in 0..2000 {
        let mut link = instance.link().unwrap();
        connect(&context, &mut *link).unwrap();
    }
    eprintln!("2000 handshakes, both sides: {:?}", start.elapsed());
    let start = std::time::Instant::now();
    for _ in 0..100_000 {
        let mut link = instance.link().unwrap();
        let connection = link.connect().unwrap();
        link.send(connection, &[22, 3, 1, 0, 5, 77, 0, 0, 1, 0]);
        drain(&mut *link, connection);
    }
    eprintln!("100000 refusals: {:?}", start.elapsed());
}
