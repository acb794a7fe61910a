//! The profiles that come with us, each met by an honest OpenSSL. What is not installed is left out, and said.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use common::{Wire, client_context, connect, converse, drain, options, server_context, server_with};
use gauntlet_model::{Close, Received, Role};
use gauntlet_target::{Target, by_name, profiles};
use openssl::ssl::{Ssl, SslContext, SslStream, SslVersion};
use openssl::x509::X509;
use std::io::{Read, Write};

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

/// The installed profiles that can be servers.
fn servers() -> Vec<Box<dyn Target>> {
    installed(Role::Server)
}

/// The installed profiles that can be clients.
fn clients() -> Vec<Box<dyn Target>> {
    installed(Role::Client)
}

fn installed(role: Role) -> Vec<Box<dyn Target>> {
    let (there, missing): (Vec<_>, Vec<_>) = profiles()
        .into_iter()
        .filter(|listing| listing.roles.contains(&role) && !listing.name.starts_with("embedded-"))
        .partition(|listing| listing.installed);
    for listing in missing {
        drop(writeln!(std::io::stderr(), "not installed: {} ({})", listing.name, listing.install));
    }
    there.iter().map(|listing| by_name(&listing.name).unwrap()).collect()
}

/// Whether the profile's program speaks a version, as far as the profile says.
fn speaks(target: &dyn Target, version: SslVersion) -> bool {
    let supports = |value| target.supports(Role::Server, &options(&[("versions", value)])).is_ok();
    let value = if version == SslVersion::TLS1_2 { "tls1.2" } else { "tls1.3" };
    supports(value) || !supports("tls1.2")
}

fn only(version: SslVersion) -> SslContext {
    client_context(|builder| {
        builder.set_min_proto_version(Some(version)).unwrap();
        builder.set_max_proto_version(Some(version)).unwrap();
    })
}

#[test]
fn our_own_is_always_there() {
    let listed = profiles();
    for name in ["embedded-openssl", "embedded-rustls", "rustls-server"] {
        assert!(listed.iter().any(|listing| listing.name == name && listing.installed), "{name}");
    }
    assert!(listed.iter().all(|listing| listing.name.starts_with("embedded-") || !listing.install.is_empty()));
}

#[test]
fn two_instances_answer_in_both_versions() {
    for target in servers() {
        let name = target.name().to_owned();
        assert!(!target.version().is_empty(), "{name}");
        let mut instances: Vec<_> = (0..2)
            .map(|_| target.start(Role::Server, &options(&[])).unwrap_or_else(|error| panic!("{name}: {error}")))
            .collect();
        for instance in &mut instances {
            let versions = [SslVersion::TLS1_2, SslVersion::TLS1_3].into_iter();
            for version in versions.filter(|version| speaks(target.as_ref(), *version)) {
                let mut link = instance.link().unwrap();
                let answer = converse(&only(version), &mut *link, REQUEST);
                assert!(answer.as_ref().is_ok_and(|answer| !answer.is_empty()), "{name} {version:?}: {answer:?}");
                assert!(link.exit().is_none(), "{name}");
            }
        }
    }
}

#[test]
fn both_chains_are_there() {
    let one_alone = [
        "bearssl",
        "boringssl-bssl",
        "botan",
        "botan-newest",
        "bun-tls",
        "deno-tls",
        "nss-credential",
        "perl-ssl",
        "tlslite-ng",
        "wolfssl",
    ];
    for target in servers().into_iter().filter(|target| !one_alone.contains(&target.name())) {
        let mut instance = target.start(Role::Server, &options(&[])).unwrap();
        for suite in ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"] {
            let context = client_context(|builder| {
                builder.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
                builder.set_cipher_list(suite).unwrap();
            });
            let mut link = instance.link().unwrap();
            let outcome = connect(&context, &mut *link).map(drop);
            assert_eq!(outcome, Ok(()), "{} {suite}", target.name());
        }
    }
}

#[test]
fn garbage_is_survived() {
    for target in servers() {
        let mut instance = target.start(Role::Server, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();
        let connection = link.connect().unwrap();
        link.send(connection, &[22, 3, 1, 0, 5, 77, 0, 0, 1, 0]);
        let (_, end) = drain(&mut *link, connection);
        assert!(matches!(end, Received::End(_)), "{}: {end:?}", target.name());
        drop(link);
        let mut link = instance.link().unwrap();
        let answer = converse(&client_context(|_| ()), &mut *link, REQUEST);
        assert!(answer.is_ok(), "{}: {answer:?}", target.name());
        assert!(link.exit().is_none(), "{}", target.name());
    }
}

#[test]
fn client_certificates_can_be_required() {
    let with_certificate = client_context(|builder| {
        let identity = gauntlet_pki::client(gauntlet_pki::KeyKind::P256);
        builder.set_certificate(&X509::from_der(&identity.chain[0]).unwrap()).unwrap();
        builder.add_extra_chain_cert(X509::from_der(&identity.chain[1]).unwrap()).unwrap();
        builder.set_private_key(identity.key.pkey()).unwrap();
    });
    for target in servers() {
        for (mode, context, accepted) in [
            ("none", &client_context(|_| ()), true),
            ("request", &client_context(|_| ()), true),
            ("request", &with_certificate, true),
            ("require", &client_context(|_| ()), false),
            ("require", &with_certificate, true),
        ] {
            if target.supports(Role::Server, &options(&[("client_auth", mode)])).is_err() {
                continue;
            }
            let mut instance = target.start(Role::Server, &options(&[("client_auth", mode)])).unwrap();
            let mut link = instance.link().unwrap();
            let answer = converse(context, &mut *link, REQUEST);
            let got = answer.as_ref().is_ok_and(|answer| !answer.is_empty());
            assert_eq!(got, accepted, "{} {mode}: {answer:?}", target.name());
        }
    }
}

#[test]
fn options_are_understood_by_the_programs() {
    for target in servers() {
        for (name, value, version) in [
            ("versions", "tls1.2", SslVersion::TLS1_2),
            ("versions", "tls1.3", SslVersion::TLS1_3),
            ("versions", "tls1.2-tls1.3", SslVersion::TLS1_3),
            ("groups", "secp384r1,x25519", SslVersion::TLS1_3),
            ("alpn", "http/1.1", SslVersion::TLS1_3),
            ("certificate", "rsa2048", SslVersion::TLS1_3),
            ("certificate", "p256", SslVersion::TLS1_2),
            ("early_data", "yes", SslVersion::TLS1_3),
            ("tickets", "no", SslVersion::TLS1_3),
        ] {
            let options = options(&[(name, value)]);
            if target.supports(Role::Server, &options).is_err() || !speaks(target.as_ref(), version) {
                continue;
            }
            let mut instance = target
                .start(Role::Server, &options)
                .unwrap_or_else(|error| panic!("{} {name}: {error}", target.name()));
            let mut link = instance.link().unwrap();
            let answer = converse(&only(version), &mut *link, REQUEST);
            assert!(answer.is_ok(), "{} {name}: {value}: {answer:?}", target.name());
            if name == "versions" && value != "tls1.2-tls1.3" {
                let other = if version == SslVersion::TLS1_2 { SslVersion::TLS1_3 } else { SslVersion::TLS1_2 };
                drop(link);
                let mut link = instance.link().unwrap();
                assert!(connect(&only(other), &mut *link).is_err(), "{} {name}: {value}", target.name());
            }
        }
    }
}

#[test]
fn clients_ask_verify_and_end() {
    let good = server_context();
    let bad = server_with(gauntlet_pki::client(gauntlet_pki::KeyKind::P256));
    // The first two do not look at the name, or at anything; the third has its own status for all ends.
    let careless = ["boringssl-bssl", "tlslite-ng", "botan"];
    for target in clients().into_iter().filter(|target| !careless.contains(&target.name())) {
        let name = target.name().to_owned();
        assert!(!target.version().is_empty(), "{name}");
        let mut instance = target.start(Role::Client, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();

        let mut stream = SslStream::new(Ssl::new(&good).unwrap(), Wire::new(&mut *link)).unwrap();
        stream.accept().unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut request = [0; 4096];
        let count = stream.read(&mut request).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(request[..count].starts_with(b"GET / HTTP/1."), "{name}: {count}");
        stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
        drop(stream.shutdown());
        let wire = stream.get_mut();
        wire.link.close(wire.connection, Close::Half);
        assert!(matches!(drain(wire.link, wire.connection).1, Received::End(_)), "{name}");
        let exit = wire.link.exit();
        assert!(exit.as_ref().is_some_and(|exit| !exit.crashed && exit.status == Some(0)), "{name}: {exit:?}");
        drop(stream);
        drop(link);

        let mut link = instance.link().unwrap();
        let mut stream = SslStream::new(Ssl::new(&bad).unwrap(), Wire::new(&mut *link)).unwrap();
        let accepted = stream.accept().is_ok() && matches!(stream.read(&mut request), Ok(1..));
        assert!(!accepted, "{name} takes any certificate");
    }
}
