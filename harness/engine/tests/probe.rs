//! What the probe learns, of stacks whose make-up is known.

use gauntlet_engine::{patient, probe};
use gauntlet_model::{Capabilities, Learnt, Role};
use gauntlet_target::{Options, Target, embedded, own};

fn probed(target: &dyn Target, role: Role, options: &[(&str, &str)]) -> Capabilities {
    let options: Options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut instance = target.start(role, &options).expect("it starts in memory");
    probe(instance.as_mut(), role, &options, &patient(target, [7; 32])).expect("it has links")
}

fn server(target: &dyn Target, options: &[(&str, &str)]) -> Capabilities {
    probed(target, Role::Server, options)
}

#[test]
fn schemes_are_learnt_from_signatures_of_their_version() {
    for target in [embedded::openssl(), embedded::rustls()] {
        let found = server(target.as_ref(), &[]);
        let has = |version: &str, scheme: &str| found.has(&format!("signature_schemes_{version}"), scheme);
        assert!(has("tls1.3", "ecdsa_secp256r1_sha256") && has("tls1.3", "rsa_pss_rsae_sha512"), "{}", target.name());
        // Both send a ServerHello ahead of finding that they cannot sign, or may not.
        assert!(!has("tls1.3", "rsa_pkcs1_sha256") && !has("tls1.3", "ed25519"), "{}", target.name());
        assert!(has("tls1.2", "rsa_pkcs1_sha256") && !has("tls1.2", "rsa_pkcs1_sha1"), "{}", target.name());
        assert_eq!(found.kinds["signature_schemes"], found.kinds["signature_schemes_tls1.3"], "the newest version's");
    }
}

#[test]
fn lists_are_learnt_whole() {
    let found = server(embedded::rustls().as_ref(), &[]);
    assert_eq!(found.all("groups"), ["x25519", "secp256r1", "secp384r1"]);
    let suites = found.all("cipher_suites");
    assert_eq!(suites.len(), 9, "{suites:?}");
    assert_eq!(found.learnt("cipher_suites", "TLS_RSA_WITH_NULL_SHA"), Some(&Learnt::No));
    assert!(found.has("hello_retry_request", "yes"));

    let old = server(embedded::openssl().as_ref(), &[("versions", "tls1.2")]);
    assert_eq!(old.all("versions"), ["tls1.2"]);
    assert!(old.has("groups", "secp256r1") && !old.has("groups", "ffdhe2048"), "by its ServerKeyExchange");
    assert_eq!(old.kinds["signature_schemes"], old.kinds["signature_schemes_tls1.2"]);
    assert!(old.has("extensions", "encrypt_then_mac") && !old.kinds.contains_key("extensions_tls1.3"));
}

#[test]
fn options_are_seen_from_without() {
    let openssl = embedded::openssl();
    let plain = server(openssl.as_ref(), &[]);
    let asking = server(openssl.as_ref(), &[("client_auth", "request")]);
    let insisting = server(openssl.as_ref(), &[("client_auth", "require")]);
    let client_auth = |found: &Capabilities| found.all("client_auth").join(" ");
    assert_eq!(
        [client_auth(&plain), client_auth(&asking), client_auth(&insisting)],
        ["", "requested", "requested required"]
    );

    let early = server(openssl.as_ref(), &[("early_data", "yes")]);
    assert_eq!(early.all("early_data"), ["allowed_by_tickets", "taken"]);
    assert!(plain.all("early_data").is_empty());

    let protocols = server(openssl.as_ref(), &[("alpn", "http/1.1")]);
    assert_eq!(protocols.all("alpn"), ["http/1.1"]);
    assert!(protocols.has("extensions_tls1.3", "application_layer_protocol_negotiation"));
    assert!(!plain.has("extensions", "application_layer_protocol_negotiation"));

    let without = server(openssl.as_ref(), &[("tickets", "no")]);
    assert!(plain.has("resumption", "tls1.3 ticket") && !without.has("resumption", "tls1.3 ticket"));
}

#[test]
fn records_and_pieces_are_tried() {
    let strict = server(embedded::openssl().as_ref(), &[]);
    assert!(strict.has("records", "16384 bytes") && !strict.has("records", "16385 bytes"));
    assert_eq!(strict.all("reassembly").len(), 4);
    assert!(strict.has("data", "echoed"));

    let lax = own::by_name("pushover").expect("a side of ours");
    assert!(server(lax.as_ref(), &[]).has("records", "16385 bytes"), "it refuses nothing");
}

#[test]
fn who_serves_nothing_is_not_asked_further() {
    for name in ["mute", "wall", "garbage", "closer"] {
        let target = own::by_name(name).expect("a side of ours");
        let found = server(target.as_ref(), &[]);
        assert!(found.all("versions").is_empty(), "{name}");
        assert_eq!(found.kinds.keys().collect::<Vec<_>>(), ["versions"], "{name}");
    }
}

#[test]
fn clients_show_what_they_offer() {
    let found = probed(embedded::rustls().as_ref(), Role::Client, &[]);
    assert_eq!(found.all("versions"), ["tls1.3", "tls1.2"]);
    assert_eq!(found.all("offered_versions"), ["tls1.3", "tls1.2"]);
    assert!(found.has("key_shares", "x25519") && found.has("extensions", "supported_versions"));
    assert!(found.has("post_handshake_auth", "not_offered") && found.has("hello_retry_request", "yes"));
}
