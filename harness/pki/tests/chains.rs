//! OpenSSL's own verifier accepts every chain for its purpose and name, and for no other.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use gauntlet_pki::{CLIENT_NAME, Identity, KeyKind, SERVER_NAME, client, root, server};
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId, X509StoreContext, X509VerifyResult};
use std::collections::BTreeSet;

#[test]
fn servers_verify() {
    for kind in KeyKind::ALL {
        let identity = server(kind);
        for name in [SERVER_NAME, "localhost"] {
            assert_eq!(verify(identity, X509PurposeId::SSL_SERVER, name), X509VerifyResult::OK, "{kind:?} {name}");
        }
        assert!(leaf(identity).public_key().unwrap().public_eq(identity.key.pkey()), "{kind:?}");
    }
}

#[test]
fn clients_verify() {
    for kind in KeyKind::ALL {
        let identity = client(kind);
        assert_eq!(verify(identity, X509PurposeId::SSL_CLIENT, CLIENT_NAME), X509VerifyResult::OK, "{kind:?}");
        assert!(leaf(identity).public_key().unwrap().public_eq(identity.key.pkey()), "{kind:?}");
    }
}

#[test]
fn the_check_would_notice() {
    let wrong_name = verify(server(KeyKind::P256), X509PurposeId::SSL_SERVER, "other.gauntlet.example");
    assert_eq!(wrong_name.error_string(), "hostname mismatch");
    let wrong_purpose = verify(client(KeyKind::P256), X509PurposeId::SSL_SERVER, CLIENT_NAME);
    assert_ne!(wrong_purpose, X509VerifyResult::OK);
}

#[test]
fn subjects_are_distinct() {
    let identities = KeyKind::ALL.map(server).into_iter().chain(KeyKind::ALL.map(client));
    let subjects: BTreeSet<_> = identities.map(|identity| leaf(identity).subject_name().to_der().unwrap()).collect();
    assert_eq!(subjects.len(), 2 * KeyKind::ALL.len());
}

#[test]
fn pem_reads_back() {
    let chain = &server(KeyKind::Rsa2048).chain;
    let pem = gauntlet_pki::certificates_pem(chain);
    let read: Vec<_> = X509::stack_from_pem(pem.as_bytes()).unwrap().iter().map(|c| c.to_der().unwrap()).collect();
    assert_eq!(&read, chain);
}

fn verify(identity: &Identity, purpose: X509PurposeId, name: &str) -> X509VerifyResult {
    let mut chain = Stack::new().unwrap();
    for der in &identity.chain[1..] {
        chain.push(X509::from_der(der).unwrap()).unwrap();
    }
    let mut context = X509StoreContext::new().unwrap();
    let store = store(purpose, name);
    context
        .init(&store, &leaf(identity), &chain, |context| {
            context.verify_cert()?;
            Ok(context.error())
        })
        .unwrap()
}

fn store(purpose: X509PurposeId, name: &str) -> X509Store {
    let mut param = X509VerifyParam::new().unwrap();
    param.set_host(name).unwrap();
    param.set_purpose(purpose).unwrap();
    // A moment within the fixed validity, whatever the machine's clock says.
    param.set_time(1_800_000_000);
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(X509::from_der(root()).unwrap()).unwrap();
    store.set_param(&param).unwrap();
    store.build()
}

fn leaf(identity: &Identity) -> X509 {
    X509::from_der(&identity.chain[0]).unwrap()
}
