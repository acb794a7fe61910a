//! What we fetch does not change the library context that the rest of the process sees.

use gauntlet_crypto::{Bulk, Mac, Overrides, Protection, RecordKeys, Rng};
use openssl::cipher::Cipher;
use openssl::ssl::{Ssl, SslContext, SslMethod};
use rand_core::SeedableRng;

fn offered_by_default() -> Vec<String> {
    let mut builder = SslContext::builder(SslMethod::tls()).expect("context");
    builder.set_cipher_list("ALL:COMPLEMENTOFALL:@SECLEVEL=0").expect("list");
    let ssl = Ssl::new(&builder.build()).expect("ssl");
    let all: Vec<u8> =
        (0..=0xffffu16).filter(|code| *code != 0x5600 && *code != 0x00ff).flat_map(u16::to_be_bytes).collect();
    let mut known = Vec::new();
    for part in all.chunks(0x4000) {
        if let Ok(lists) = ssl.bytes_to_cipher_list(part, false) {
            known.extend(lists.suites.iter().map(|suite| suite.name().to_owned()));
        }
    }
    known
}

#[test]
fn the_default_context_has_no_legacy_algorithms_after_ours_were_used() {
    let before = offered_by_default();
    let rng = &mut Rng::seed_from_u64(1);
    let cases =
        [(Bulk::Rc4_128, 16, 0), (Bulk::DesCbc, 8, 8), (Bulk::Camellia128Cbc, 16, 16), (Bulk::Aes128Gcm, 16, 4)];
    for (bulk, key, iv) in cases {
        let keys = RecordKeys { key: vec![1; key], iv: vec![2; iv], mac_key: Vec::new() };
        let mut protection = Protection::tls12(0x0301, bulk, Mac::None, false, keys).expect("ours has it");
        protection.seal(0, 23, 0x0301, b"text", &Overrides::default(), rng).expect("sealed");
    }
    for name in ["RC4", "DES-CBC"] {
        assert!(Cipher::fetch(None, name, None).is_err(), "{name} has come into the default context");
    }
    assert!(Cipher::fetch(None, "AES-128-GCM", None).is_ok());
    drop(openssl::error::ErrorStack::get());
    assert_eq!(offered_by_default(), before);
    assert!(!before.is_empty());
}

#[test]
fn refusals_leave_nothing_on_the_error_queue() {
    let keys = RecordKeys { key: vec![1; 16], iv: vec![2; 12], mac_key: Vec::new() };
    let mut protection = Protection::tls13_from_keys(Bulk::Aes128Gcm, keys).expect("keys");
    assert!(protection.open(0, 23, 0x0303, &[0; 40]).is_err());
    let rng = &mut Rng::seed_from_u64(1);
    let key = gauntlet_crypto::PrivateKey::generate("ed25519", rng).expect("key");
    assert!(key.public().verify(gauntlet_crypto::SignatureScheme::ED25519, b"text", &[0; 64], true).is_err());
    assert!(gauntlet_crypto::PrivateKey::from_pem(b"nonsense").is_err());
    for group in [23, 24, 25, 29, 30, 256, 4587, 4588, 4589].map(gauntlet_crypto::NamedGroup) {
        let share = gauntlet_crypto::KeyShare::generate(group, rng).expect("share");
        let _ = share.derive(&[]);
        let _ = share.derive(&vec![0; share.public().len()]);
        let _ = share.derive(&vec![0xff; share.public().len()]);
        let _ = gauntlet_crypto::KeyShare::respond(group, &vec![0xff; share.public().len()], rng);
    }
    assert!(openssl::error::ErrorStack::get().errors().is_empty());
}

#[test]
fn everything_may_go_from_thread_to_thread() {
    fn check<T: Send + Sync>() {}
    check::<Protection>();
    check::<gauntlet_crypto::KeyShare>();
    check::<gauntlet_crypto::PrivateKey>();
    check::<gauntlet_crypto::PublicKey>();
    check::<gauntlet_crypto::Running>();
}
